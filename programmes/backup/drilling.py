"""Rehearsing a restore beside the running system: in a database of its own on the same server, which goes afterwards.

Nothing of the running system is touched: no row, no key, no mark. What has been erased since the backup is in that database
again for as long as the rehearsal takes, without a key.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import asyncpg
from pyrage.x25519 import Identity

from programmes.backup import BackupError, NotBegun, archives, postgres, restoring
from programmes.backup.archives import Copy
from programmes.backup.manifest import Manifest
from programmes.backup.progress import Progress
from programmes.core.backup_files import sets_in
from programmes.core.backup_trace import REHEARSALS
from programmes.core.clock import Clock
from programmes.core.sealing import KeyFolder, Receipts, is_begun
from programmes.settings import Settings

# Of more records a random part is opened, another one each time.
_MOST_OPENED = 500


@dataclass(frozen=True)
class Drilled:
    """A rehearsal that went well. `opened` protected records were tried with the copy of keys, or None without one; `erased`
    have been erased since, and would be again."""

    manifest: Manifest
    tables: int
    rows: int
    opened: int | None
    erased: int


def newest(settings: Settings) -> Path:
    """The newest backup. Raises NotBegun when there is none."""
    found = sets_in(settings.backup_folder)
    if not found:
        raise NotBegun(f"There is no backup in {settings.backup_folder}.")
    return found[-1]


def copy_of(settings: Settings, folder: Path) -> Path | None:
    """The copy of person keys that was made with a backup; None once its days are over."""
    found = settings.key_backup_folder / f"persons-{folder.resolve().name}.age"
    return found if found.exists() else None


async def drill(
    settings: Settings, folder: Path, identities: list[Identity], copy: Copy | None, clock: Clock, progress: Progress
) -> Drilled:
    """Put a backup back beside the running system, hold it to what it says, bring it to this release, and remove it.

    Raises:
        BackupError: it could not be put back. Nothing is left of it.
    """
    if not is_begun(settings.key_folder):
        raise NotBegun(f"There is no key folder at {settings.key_folder}: only with it is a backup known as ours.")
    keys = KeyFolder.there(settings.key_folder)
    found = restoring.look_through(folder, identities, progress)
    restoring.must_be_ours(found, keys.mark, archives.seal_of(settings.key_folder))
    if copy and copy.mark != keys.mark:
        raise BackupError("The copy of keys is of another installation than the backup.")
    with restoring.database_in_words():
        async with restoring.alone(settings.database_url), restoring.connected(settings.database_url) as connection:
            await restoring.must_fit(found, connection)
            major = await postgres.major_of(connection)
            async with _scratch(connection) as name:
                there = _elsewhere(settings, name)
                await asyncio.to_thread(restoring.fill, there, there.database_url, major, found, identities, progress)
                await restoring.must_count(there.database_url, found)
                opened, erased = await _records(there.database_url, keys, copy)
                progress.begin("Bringing it to this release")
                await restoring.brought_forward(there, clock)
    return Drilled(found.manifest, len(found.counts), sum(found.counts.values()), opened, erased)


def _elsewhere(settings: Settings, name: str) -> Settings:
    return replace(
        settings,
        database_url=postgres.in_database(settings.database_url, name),
        web_database_url=postgres.in_database(settings.web_database_url, name),
        worker_database_url=postgres.in_database(settings.worker_database_url, name),
    )


_WHO = """
select quote_ident(current_user) as who, exists (select from pg_class where relowner = current_user::regrole
  and relnamespace = 'public'::regnamespace) as owner
"""


def no_database_for(who: str, owner: bool) -> str:
    """What to do when a role may not make the database of a rehearsal. Web's and worker's never get that right."""
    if owner:
        return f"The owner may not make a database for the rehearsal: alter role {who} createdb;"
    return (
        f"The role {who} is not the owner of this database, and makes none for a rehearsal. Run it with the owner's "
        "address: programmes-as restore restore --drill … (docs/operations.md)"
    )


@asynccontextmanager
async def _scratch(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """An empty database, removed with the block; and what killed rehearsals have left goes before."""
    for row in await connection.fetch(REHEARSALS):
        await _drop(connection, row["datname"])
    own = await connection.fetchval("select oid from pg_database where datname = current_database()")
    name = f"programmes_drill_{own}_{secrets.token_hex(6)}"
    try:
        await connection.execute(f'create database "{name}" template template0')
    except asyncpg.InsufficientPrivilegeError:
        row = await connection.fetchrow(_WHO)
        raise NotBegun(no_database_for(row["who"], row["owner"])) from None
    try:
        yield name
    finally:
        await _drop(connection, name)


async def _drop(connection: asyncpg.Connection, name: str) -> None:
    await connection.execute(f'drop database if exists "{name}" with (force)')


async def _records(url: str, keys: KeyFolder, copy: Copy | None) -> tuple[int | None, int]:
    """How many protected records opened with the copy of keys, and how many have been erased since."""
    gone = {receipt["key"] for receipt in keys.receipts() if receipt["kind"] == "person"}
    every = "select id, sealed from participant union all select id, sealed from partner_record"
    async with restoring.connected(url) as connection:
        erased = await connection.fetchval(
            f"select count(*) from ({every}) as kept where id = any($1::uuid[])", [UUID(key) for key in gone]
        )
        rows = await connection.fetch(f"select id, sealed from ({every}) as kept order by random() limit $1", _MOST_OPENED)
    return (_opened(rows, keys, copy) if copy else None), int(erased)


def _opened(rows: Sequence[asyncpg.Record], keys: KeyFolder, copy: Copy) -> int:
    """How many open. Raises BackupError when one neither opens nor had been erased when the copy was made."""
    gone = {receipt["key"] for receipt in Receipts.parsed(copy.receipts)}
    kept = [row for row in rows if str(row["id"]) not in gone]
    opened = sum(any(keys.sealed_by(key, row["id"].bytes, row["sealed"]) for key in copy.keys_of(row["id"])) for row in kept)
    if opened < len(kept):
        told = f"{len(kept) - opened} of {len(kept)} protected records do not open with the copy of keys"
        raise BackupError(f"{told}: it does not belong to this backup. Make a new backup, and rehearse that one.")
    return opened
