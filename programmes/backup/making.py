"""Making a backup: one moment of the database, and after it the keys, so that every row of it has its key or was erased."""

import asyncio
import fcntl
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path

import asyncpg
from pyrage.x25519 import Recipient

from programmes.backup import BackupError, archives, files, manifest, postgres
from programmes.backup.manifest import NAME, FileFacts, Manifest
from programmes.backup.progress import Progress
from programmes.core.db import WORKER
from programmes.core.rotating import Rotating, rotating
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings

# With a run a day no copy of a person's key reaches seven days (DESIGN 6).
KEPT_KEYS = timedelta(days=6)
KEY_COPY = re.compile(r"(persons|log)-(\d{8}T\d{6}Z)\.age")
_SEAL = "backup"
# The database may take its time, and stands still in one transaction meanwhile.
_LIMITS = {**WORKER, "idle_in_transaction_session_timeout": "0"}


@dataclass(frozen=True)
class Made:
    """A backup that is whole."""

    folder: Path
    size: int
    tables: int
    rows: int


def release() -> str:
    """The release of this program."""
    return version("programmes")


def sets_in(folder: Path) -> list[Path]:
    """The whole backups in a folder, the oldest first."""
    return sorted(path for path in folder.glob("*") if NAME.fullmatch(path.name) and path.is_dir())


def key_copies_in(folder: Path, kind: str) -> list[Path]:
    """Copies of keys, the oldest first."""
    return sorted(p for p in folder.glob(f"{kind}-*.age") if KEY_COPY.fullmatch(p.name))


def made_at(path: Path) -> datetime:
    """When a copy of keys or a backup was made, by its name (UTC)."""
    found = KEY_COPY.fullmatch(path.name)
    return datetime.strptime(f"{found[2] if found else path.name}+0000", "%Y%m%dT%H%M%SZ%z")


def _must_be_apart(settings: Settings) -> None:
    """Whoever takes home one folder must not have the other with it, and keys never lie where they are backed up from."""
    named = {
        "PROGRAMMES_BACKUP_FOLDER": settings.backup_folder.resolve(),
        "PROGRAMMES_KEY_BACKUP_FOLDER": settings.key_backup_folder.resolve(),
        "PROGRAMMES_KEY_FOLDER": settings.key_folder.resolve(),
        "PROGRAMMES_BALLOT_KEY_FOLDER": settings.ballot_key_folder.resolve(),
        "PROGRAMMES_LOG_KEY_FOLDER": settings.log_key_folder.resolve(),
    }
    for own in ("PROGRAMMES_BACKUP_FOLDER", "PROGRAMMES_KEY_BACKUP_FOLDER"):
        for other, path in named.items():
            if own != other and (named[own] == path or path in named[own].parents or named[own] in path.parents):
                raise BackupError(f"{own} and {other} must be apart, neither inside the other.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time; the lock ends with the process."""
    with files.disk_in_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("Another backup is running. Let it end.") from None
        yield
    finally:
        os.close(handle)


def _tidy(settings: Settings, now: datetime) -> None:
    """What killed runs have left, and copies of person keys that are old enough: they go also when nothing new comes, as
    they must not outlive an erasure by more than seven days. Of the log's keys the newest always stays."""
    for folder in (settings.backup_folder, settings.key_backup_folder):
        with files.disk_in_words(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in folder.glob(f"{files.DRAFT}*"):
                files.remove(left)
    with files.disk_in_words(settings.key_backup_folder):
        for path in [
            *key_copies_in(settings.key_backup_folder, "persons"),
            *key_copies_in(settings.key_backup_folder, "log")[:-1],
        ]:
            if now - made_at(path) >= KEPT_KEYS:
                files.remove(path)


def _keys(settings: Settings) -> KeyFolder:
    if archives.mark_of(settings.key_folder) is None:
        raise BackupError(f"There is no key folder at {settings.key_folder}: a backup without its keys could not be read.")
    keys = KeyFolder(settings.key_folder)
    if keys.is_restoring():
        raise BackupError("A backup is being put back, or that broke off: there is nothing whole to back up yet.")
    # Made at the first backup, before the keys are copied, so that every copy has it.
    keys.service_key(_SEAL)
    return keys


@asynccontextmanager
async def _one_moment(settings: Settings) -> AsyncIterator[tuple[postgres.Facts, str]]:
    """What the database holds at one moment, and the name of that moment for pg_dump. No key is exchanged meanwhile."""
    try:
        async with rotating(settings.worker_database_url):
            connection = await asyncpg.connect(settings.worker_database_url, server_settings=_LIMITS)
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    yield await postgres.facts_of(connection), await connection.fetchval("select pg_export_snapshot()")
            finally:
                await connection.close()
    except Rotating:
        raise BackupError(
            "Keys are being rotated, or another backup is running. Let that end, and run this again."
        ) from None
    except asyncpg.InsufficientPrivilegeError:
        raise BackupError(
            "This account of the database may not read every table. Use the worker's, or the owner's."
        ) from None
    except asyncpg.UndefinedTableError:
        raise BackupError("The database is not at this release: programmes migrate") from None


async def make(settings: Settings, now: datetime, progress: Progress) -> Made:
    """A whole backup, with copies of the keys that belong to it.

    Raises:
        BackupError: it cannot be done. Nothing of it is left then, and earlier backups are as they were.
    """
    if not settings.backup_recipients:
        raise BackupError("PROGRAMMES_BACKUP_RECIPIENT is not set: to whom shall it be encrypted? (docs/operations.md)")
    recipients = files.recipients_of(settings.backup_recipients)
    _must_be_apart(settings)
    with _alone(settings.backup_folder):
        _tidy(settings, now)
        keys = _keys(settings)
        name = manifest.name_of(now)
        draft = settings.backup_folder / f"{files.DRAFT}{name}"
        copies = [settings.key_backup_folder / f"{kind}-{name}.age" for kind in ("persons", "log")]
        if (settings.backup_folder / name).exists():
            raise BackupError("There is a backup of this very second.")
        try:
            async with _one_moment(settings) as (facts, snapshot):
                if facts.marks.get("keys", keys.mark.hex()) != keys.mark.hex():
                    raise BackupError(
                        "The key folder is not the one that the database's rows belong to. Mount the right one."
                    )
                programs = postgres.find_programs(settings.postgres_programs, facts.postgresql)
                with files.disk_in_words(settings.backup_folder):
                    draft.mkdir(mode=0o700)
                    progress.begin("Tables", len(facts.counts))
                    dump = partial(_dump, settings, programs, snapshot, draft / "database.age", recipients, progress)
                    written = {"database.age": await asyncio.to_thread(dump)}
                # After the rows, and before any key may be exchanged again.
                packed = _packed(settings)
            counts = json.dumps(dict(facts.counts), sort_keys=True).encode()
            of = partial(_manifest, keys, facts, now)
            await asyncio.to_thread(_finish, settings, packed, counts, written, draft, copies, recipients, of)
        except BaseException:
            _drop(draft, *(_draft_of(copy) for copy in copies))
            raise
        _forget_old(settings, now)
    size = sum(found.size for found in written.values())
    return Made(settings.backup_folder / name, size, len(facts.counts), sum(facts.counts.values()))


def _dump(
    settings: Settings,
    programs: postgres.Programs,
    snapshot: str,
    path: Path,
    recipients: list[Recipient],
    progress: Progress,
) -> FileFacts:
    address = postgres.address_of(settings.worker_database_url)
    arguments = ["--format=custom", "--schema=public", "--no-password", f"--snapshot={snapshot}", "--lock-wait-timeout=60s"]
    with postgres.running(programs.folder / "pg_dump", arguments, address, progress.step) as work:
        found = files.seal(work.output, path, recipients)
        work.finish(tells=True)
    progress.end()
    return found


def _draft_of(copy: Path) -> Path:
    return copy.with_name(f"{files.DRAFT}{copy.name}")


@dataclass(frozen=True)
class _Packed:
    """What is backed up of the folders of keys, in memory."""

    persons: bytes
    log: bytes
    receipts: bytes


def _packed(settings: Settings) -> _Packed:
    try:
        return _Packed(
            archives.person_keys(settings.key_folder),
            archives.log_keys(settings.log_key_folder),
            archives.receipts(settings.key_folder),
        )
    except OSError as error:
        told = f"The folders of keys cannot be read ({type(error).__name__}). Run it as the account of the worker."
        raise BackupError(told) from error


def _manifest(keys: KeyFolder, facts: postgres.Facts, now: datetime, written: dict[str, FileFacts]) -> bytes:
    marks = {"keys": keys.mark.hex(), **facts.marks}
    told = Manifest(now.isoformat(), release(), facts.migration, facts.postgresql, marks, facts.roles, written)
    return manifest.write(told, keys.service_key(_SEAL))


def _finish(
    settings: Settings,
    packed: _Packed,
    counts: bytes,
    written: dict[str, FileFacts],
    draft: Path,
    copies: list[Path],
    recipients: list[Recipient],
    manifest_of: Callable[[dict[str, FileFacts]], bytes],
) -> None:
    """Copies of keys, receipts, counts and the manifest; only then all get their names, the backup itself last."""
    with files.disk_in_words(settings.key_backup_folder):
        for content, copy in zip((packed.persons, packed.log), copies, strict=True):
            files.seal_bytes(content, _draft_of(copy), recipients)
    with files.disk_in_words(settings.backup_folder):
        for name, content in (("receipts.age", packed.receipts), ("counts.age", counts)):
            written[name] = files.seal_bytes(content, draft / name, recipients)
        files.write_whole(draft / "manifest.json", manifest_of(written))
    with files.disk_in_words(settings.key_backup_folder):
        for copy in copies:
            files.take_name(_draft_of(copy), copy)
    with files.disk_in_words(settings.backup_folder):
        files.take_name(draft, draft.with_name(draft.name.removeprefix(files.DRAFT)))


def _drop(*paths: Path) -> None:
    for path in paths:
        try:
            files.remove(path)
        except OSError:
            # The next run removes it; its name says that it is no backup.
            continue


def _forget_old(settings: Settings, now: datetime) -> None:
    """Backups of the database whose days are over, the newest never."""
    with files.disk_in_words(settings.backup_folder):
        for path in sets_in(settings.backup_folder)[:-1]:
            if now - made_at(path) >= timedelta(days=settings.backup_days):
                files.remove(path)
