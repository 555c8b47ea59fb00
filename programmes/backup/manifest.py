"""What a backup says of itself, and whether it may be put back here. Pure."""

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from programmes.backup import BackupError
from programmes.core.backup_files import FileFacts

FORMAT = 1
FILES = ("database.age", "receipts.age", "counts.age")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def name_of(moment: datetime) -> str:
    """The name of a backup made at a moment (UTC)."""
    return f"{moment:%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True)
class Manifest:
    """`made_at` is ISO 8601 in UTC; `migration` the newest in the database; `postgresql` the server's major version; `marks`
    tell the folders of keys (hexadecimal, `folder_marks`); `roles` are those that the dump's rights name."""

    made_at: str
    release: str
    migration: str
    postgresql: int
    marks: dict[str, str]
    roles: list[str]
    files: dict[str, FileFacts]

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def _told(manifest: Manifest) -> bytes:
    return json.dumps({"format": FORMAT, **asdict(manifest)}, sort_keys=True, indent=1).encode()


def seal_of(manifest: Manifest, key: bytes) -> str:
    """What only who has the installation's keys can make of this manifest (HMAC-SHA-256)."""
    return hmac.new(key, b"programmes/backup/1\0" + _told(manifest), sha256).hexdigest()


def write(manifest: Manifest, key: bytes) -> bytes:
    """The manifest as a file, with its seal."""
    return json.dumps({**json.loads(_told(manifest)), "seal": seal_of(manifest, key)}, sort_keys=True, indent=1).encode()


def read(written: bytes) -> tuple[Manifest, str]:
    """The manifest and its seal, which `is_ours` judges.

    Raises:
        BackupError: it is cut short or altered, or of a format that this release does not know.
    """
    try:
        found: dict[str, Any] = json.loads(written)
        if found.pop("format") != FORMAT:
            raise BackupError(
                "The manifest has another format than this release knows. Use the release that made the backup."
            )
        seal = found.pop("seal")
        files = {name: FileFacts(**facts) for name, facts in found.pop("files").items()}
        manifest = Manifest(files=files, **found)
        whole = (
            set(files) == set(FILES)
            and all(type(f.size) is int and _DIGEST.fullmatch(f.sha256) for f in files.values())
            and all(_DIGEST.fullmatch(mark) for mark in manifest.marks.values())
            and set(manifest.marks) <= {"keys", "ballots"}
            and all(type(told) is str for told in (seal, manifest.release, manifest.migration, *manifest.roles))
            and type(manifest.postgresql) is int
            and manifest.moment.tzinfo is not None
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise BackupError("The manifest is cut short or altered: this is no whole backup. Take another one.")
    return manifest, seal


def is_ours(manifest: Manifest, seal: str, key: bytes) -> bool:
    """Whether the manifest was made with the installation's own keys, and is as it was then."""
    return hmac.compare_digest(seal.encode(), seal_of(manifest, key).encode())


@dataclass(frozen=True)
class Here:
    """Where a backup is to be put back: this release, the migrations that it knows, the server, and its roles."""

    release: str
    migrations: frozenset[str]
    postgresql: int
    roles: frozenset[str]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def obstacles(manifest: Manifest, here: Here) -> Iterator[str]:
    """Every reason why it may not be put back here."""
    if _version(manifest.release) > _version(here.release):
        yield f"It is of release {manifest.release}, and this is {here.release}: install that release, or a newer one."
    elif manifest.migration not in here.migrations:
        yield f"Its tables are of a newer release (migration {manifest.migration}): install that release, or a newer one."
    if manifest.postgresql > here.postgresql:
        yield (
            f"It is of PostgreSQL {manifest.postgresql}, and this server is {here.postgresql}: "
            f"put it back into {manifest.postgresql} or newer."
        )
    if missing := sorted(set(manifest.roles) - here.roles):
        yield (
            f"Its rights name roles that are not here: {', '.join(missing)}. Use the same names in DATABASE_URL and "
            "PROGRAMMES_WEB_ and _WORKER_DATABASE_URL, or make the role first (create role …)."
        )


def differing(told: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """The tables whose number of rows is another one than the backup says."""
    return sorted(name for name in {*told, *found} if told.get(name) != found.get(name))
