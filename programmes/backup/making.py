"""Making a backup: one moment of the database, and after it the keys, so that every row of it has its key or was erased."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg
from pyrage.x25519 import Recipient

from programmes.backup import BackupError, archives, files, manifest, places, postgres
from programmes.backup.manifest import Manifest
from programmes.backup.progress import Progress
from programmes.core.backup_files import DRAFT, FileFacts, written_list
from programmes.core.connecting import connect
from programmes.core.db import WORKER
from programmes.core.rotating import Rotating, rotating
from programmes.core.sealing import KeyFolder, is_begun
from programmes.settings import Settings

_SEAL = "backup"
_OTHERS = "The key folder is not the one that the database's rows belong to. Mount the right one."
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


def _keys(settings: Settings) -> KeyFolder:
    if not is_begun(settings.key_folder):
        raise BackupError(f"There is no key folder at {settings.key_folder}: a backup without its keys could not be read.")
    keys = KeyFolder.there(settings.key_folder)
    if keys.is_restoring():
        raise BackupError("A backup is being put back, or that broke off: there is nothing whole to back up yet.")
    return keys


async def _must_be_the_databases(settings: Settings, keys: KeyFolder) -> None:
    """Before anything is made in the folder, be it a lock. Raises BackupError when it is another installation's."""
    connection = await connect(settings.worker_database_url)
    try:
        mark = await connection.fetchval("select mark from key_folder where name = 'keys'")
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        # What that means is said when the rows are read.
        return
    finally:
        await connection.close()
    if mark not in {None, keys.mark}:
        raise BackupError(_OTHERS)


@asynccontextmanager
async def _one_moment(settings: Settings) -> AsyncIterator[tuple[postgres.Facts, str]]:
    """What the database holds at one moment, and the name of that moment for pg_dump. No key is exchanged meanwhile."""
    try:
        async with rotating(settings.worker_database_url, settings.key_folder, reads=True):
            connection = await connect(settings.worker_database_url, server_settings=_LIMITS)
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    yield await postgres.facts_of(connection), await connection.fetchval("select pg_export_snapshot()")
            finally:
                await connection.close()
    except Rotating:
        raise BackupError(
            "Keys are being rotated, or another backup is running or being put back. Let that end, and run this again."
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
    places.must_be_apart(settings)
    with places.alone(settings.backup_folder):
        places.tidy(settings, now)
        keys, draft = _keys(settings), places.Draft(settings, now)
        await _must_be_the_databases(settings, keys)
        try:
            made = await _made(_Run(settings, keys, draft, recipients, progress), now)
        except BaseException:
            draft.drop()
            raise
        places.forget_old(settings, now)
    return made


@dataclass(frozen=True)
class _Run:
    """What one run works with."""

    settings: Settings
    keys: KeyFolder
    draft: places.Draft
    recipients: list[Recipient]
    progress: Progress


async def _made(run: _Run, now: datetime) -> Made:
    async with _one_moment(run.settings) as (facts, snapshot):
        if facts.marks.get("keys", run.keys.mark.hex()) != run.keys.mark.hex():
            raise BackupError(_OTHERS)
        # Made at the first backup, before the keys are copied, so that every copy has it.
        run.keys.service_key(_SEAL)
        dumped = await asyncio.to_thread(_dump, run, facts, snapshot)
        # After the rows, and before any key may be exchanged again.
        packed = _packed(run.settings)
    written = await asyncio.to_thread(_finish, run, packed, facts, dumped, now)
    size = sum(found.size for found in written.values())
    return Made(run.draft.take_names(), size, len(facts.counts), sum(facts.counts.values()))


def _dump(run: _Run, facts: postgres.Facts, snapshot: str) -> FileFacts:
    programs = postgres.find_programs(run.settings.postgres_programs, facts.postgresql)
    address = postgres.address_of(run.settings.worker_database_url)
    arguments = ["--format=custom", "--schema=public", "--no-password", f"--snapshot={snapshot}", "--lock-wait-timeout=60s"]
    run.progress.begin("Tables", len(facts.counts))
    with files.disk_in_words(run.settings.backup_folder):
        run.draft.folder.mkdir(mode=0o700)
        with postgres.running(programs.folder / "pg_dump", arguments, address, run.progress.step) as work:
            found = files.seal(work.output, run.draft.folder / "database.age", run.recipients)
            work.finish(tells=True)
    run.progress.end()
    return found


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


def _copy_keys(run: _Run, packed: _Packed) -> None:
    """Copies of keys, and a list of their sizes and checksums beside them. In the manifest, which goes elsewhere, the sizes
    would tell who reaches backups only how many protected records there are."""
    made = {}
    for content, draft in ((packed.persons, run.draft.persons), (packed.log, run.draft.log)):
        made[draft.name.removeprefix(DRAFT)] = files.seal_bytes(content, draft, run.recipients)
    files.write_whole(run.draft.list, written_list(made))


def _finish(run: _Run, packed: _Packed, facts: postgres.Facts, dumped: FileFacts, now: datetime) -> dict[str, FileFacts]:
    """Copies of keys, receipts, counts and the manifest; returns what was written of the database."""
    with files.disk_in_words(run.settings.key_backup_folder):
        _copy_keys(run, packed)
    at, written = run.draft.folder, {"database.age": dumped}
    with files.disk_in_words(run.settings.backup_folder):
        counts = json.dumps(dict(facts.counts), sort_keys=True).encode()
        written["receipts.age"] = files.seal_bytes(packed.receipts, at / "receipts.age", run.recipients)
        written["counts.age"] = files.seal_bytes(counts, at / "counts.age", run.recipients)
        marks = {"keys": run.keys.mark.hex(), **facts.marks}
        told = Manifest(now.isoformat(), release(), facts.migration, facts.postgresql, marks, facts.roles, written)
        files.write_whole(at / "manifest.json", manifest.write(told, run.keys.service_key(_SEAL)))
    return written
