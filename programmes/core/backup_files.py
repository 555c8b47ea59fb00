"""Backups and copies of keys as they lie on a disk: which there are, and which can be whole, without opening any."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

SET_NAME = re.compile(r"\d{8}T\d{6}Z")
KEY_COPY = re.compile(r"(persons|log)-(\d{8}T\d{6}Z)\.age")
# How the name of what is not finished begins.
DRAFT = ".part-"
_BLOCK = 1 << 20
# A header of age, by its specification: a line that names the format, the recipients, and a line with a MAC.
_FIRST, _LAST = b"age-encryption.org/v1\n", b"\n--- "
_HEADER_MOST = 1 << 16
# What even nothing takes behind it: a nonce and a tag.
_LEAST = 32


@dataclass(frozen=True)
class FileFacts:
    """A file as it was written."""

    size: int
    sha256: str


def facts_of(path: Path) -> FileFacts:
    """A file as it lies there. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as found:
        while block := found.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return FileFacts(size, digest.hexdigest())


def sets_in(folder: Path) -> list[Path]:
    """The finished backups in a folder, the oldest first."""
    return sorted(path for path in folder.glob("*") if SET_NAME.fullmatch(path.name) and path.is_dir())


def key_copies_in(folder: Path, kind: str) -> list[Path]:
    """Copies of keys (`persons` or `log`), the oldest first."""
    return sorted(p for p in folder.glob(f"{kind}-*.age") if KEY_COPY.fullmatch(p.name))


def made_at(path: Path) -> datetime:
    """When a copy of keys or a backup was made, by its name (UTC)."""
    found = KEY_COPY.fullmatch(path.name)
    return datetime.strptime(f"{found[2] if found else path.name}+0000", "%Y%m%dT%H%M%SZ%z")


def list_of(path: Path) -> Path:
    """Where a copy of keys has its size and checksum."""
    found = KEY_COPY.fullmatch(path.name)
    return path.with_name(f"keys-{found[2] if found else path.name}.json")


def written_list(facts: Mapping[str, FileFacts]) -> bytes:
    """Sizes and checksums of the copies that are made together, by their names."""
    return json.dumps({name: asdict(found) for name, found in facts.items()}, sort_keys=True, indent=1).encode()


def _listed(path: Path) -> FileFacts | None:
    """What the list says of a copy; None where there is none, as from the release before, or it tells nothing of it."""
    try:
        return FileFacts(**json.loads(list_of(path).read_bytes())[path.name])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def seems_sealed(path: Path) -> bool:
    """Whether it can be read, begins as age begins, and is longer than its header: what a full disk leaves is not. Nor is a
    link, which a restore refuses."""
    if path.is_symlink():
        return False
    try:
        with path.open("rb") as found:
            start, size = found.read(_HEADER_MOST), os.fstat(found.fileno()).st_size
    except OSError:
        return False
    mac = start.find(_LAST)
    end = start.find(b"\n", mac + len(_LAST))
    return start.startswith(_FIRST) and mac > 0 and end > 0 and size > end + _LEAST


def seems_whole(path: Path) -> bool:
    """Whether a copy of keys is as it was written, as far as it tells without being opened."""
    return seems_sealed(path) and _listed(path) in {None, facts_of(path)}


def broken_in(folder: Path) -> list[str]:
    """The files of a finished backup that are not there, links, or not as long as its manifest says. By their sizes and how
    they begin: a restore reads all of them."""
    try:
        told = {name: found["size"] for name, found in json.loads((folder / "manifest.json").read_bytes())["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ["manifest.json"]
    found = {name: folder / Path(name).name for name in told}
    return sorted(name for name, path in found.items() if not seems_sealed(path) or path.stat().st_size != told[name])
