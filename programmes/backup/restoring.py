"""Putting a backup back: everything is looked at first, then the database is filled in one transaction, or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
from pyrage.x25519 import Identity

from programmes import migrate
from programmes.backup import BackupError, NotBegun, archives, files, making, manifest, postgres
from programmes.backup.afterwards import Again, afterwards
from programmes.backup.archives import Copy, PutBack
from programmes.backup.manifest import Here, Manifest
from programmes.backup.progress import Progress
from programmes.core import backup_files, lock_numbers, refusals, schema
from programmes.core.backup_files import DRAFT
from programmes.core.clock import Clock
from programmes.core.connecting import connect
from programmes.core.restoring import restoring
from programmes.core.rotating import Rotating, alone_with
from programmes.core.sealing import KeyFolder
from programmes.core.which_database import which
from programmes.people.queries import StaffFacts
from programmes.settings import Settings
from programmes.upgrading.errors import UpgradeError


@dataclass(frozen=True)
class Whole:
    """A backup that was looked through: every file is what the manifest says."""

    folder: Path
    manifest: Manifest
    seal: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Restored:
    """What was put back, and erased `again`. `staff`: the accounts that it brought; `lost`: what no key opens any more;
    `shut`: what does not open with the keys that lie there, and might with others."""

    manifest: Manifest
    tables: int
    rows: int
    again: Again
    staff: Sequence[StaffFacts]
    keys: PutBack = field(default_factory=lambda: PutBack(0))
    lost: list[str] = field(default_factory=list)
    shut: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def look_through(folder: Path, identities: list[Identity], progress: Progress) -> Whole:
    """Hold every file to the manifest, and open the small ones.

    Raises:
        BackupError: it is cut short, altered, or no whole backup.
        NotBegun: nothing lies there, or it is for another identity.
    """
    if folder.name.startswith(DRAFT):
        raise BackupError("This backup was never finished. Take another one.")
    files.must_be_no_link(folder / "manifest.json")
    try:
        told, seal = manifest.read((folder / "manifest.json").read_bytes())
    except OSError:
        kind = BackupError if folder.is_dir() else NotBegun
        raise kind(f"{folder} is no whole backup: its manifest is not there, or cannot be read.") from None
    progress.begin("Files", len(told.files))
    for name, facts in told.files.items():
        if files.facts_of(folder / name) != facts:
            raise BackupError(f"{name} is cut short or altered: it is not what the manifest says. Take another backup.")
        progress.step()
    progress.end()
    return Whole(folder, told, seal, _counts(files.open_bytes(folder / "counts.age", identities)))


def _counts(written: bytes) -> dict[str, int]:
    try:
        found: dict[str, int] = {str(name): int(number) for name, number in json.loads(written).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise BackupError("counts.age is altered: it holds no counts. Take another backup.") from None
    return found


def must_be_ours(found: Whole, mark: bytes, seal: bytes | None) -> None:
    """It is this installation's, by the mark of its key folder, and nobody wrote the manifest anew. Raises BackupError."""
    if found.manifest.marks.get("keys") != mark.hex():
        raise BackupError(
            "The backup is of another installation, or the key folder is: what is sealed in it does not open with these. "
            "Mount the right key folder, or put its copy back (--keys)."
        )
    if seal is None or not manifest.is_ours(found.manifest, found.seal, seal):
        raise BackupError("The manifest has been altered: it is not as this installation wrote it. Take another backup.")


def read_copy(path: Path, identities: list[Identity]) -> Copy:
    """A copy of person keys. Raises BackupError when it is none, or not whole; NotBegun when it is not there."""
    if not path.is_file():
        raise NotBegun(f"There is no file {path}.")
    return archives.unpacked(files.open_bytes(path, identities))


def may_be_put_back(settings: Settings, copy: Copy) -> None:
    """No other key folder lies in the way. Raises BackupError."""
    if archives.mark_of(settings.key_folder) not in {None, copy.mark}:
        raise BackupError(f"At {settings.key_folder} lies another key folder. Name an empty one in PROGRAMMES_KEY_FOLDER.")


@contextmanager
def no_other_keys(settings: Settings) -> Iterator[None]:
    """No keys are exchanged inside, whichever database their rows are in. Raises NotBegun while they are."""
    try:
        with alone_with(settings.key_folder):
            yield
    except Rotating:
        raise NotBegun("Keys are being rotated, or a backup is being made or put back. Let that end.") from None


async def _here(connection: asyncpg.Connection) -> Here:
    roles = [row[0] for row in await connection.fetch("select rolname from pg_roles")]
    return Here(making.release(), frozenset(schema.known()), await postgres.major_of(connection), frozenset(roles))


async def must_fit(found: Whole, connection: asyncpg.Connection, coming: frozenset[str] = frozenset()) -> None:
    """Release, migrations, server and roles are such that it can be put back; `coming` are roles that will be made before.

    Raises:
        BackupError: they are not; every reason is told.
    """
    here = await _here(connection)
    if reasons := list(manifest.obstacles(found.manifest, replace(here, roles=here.roles | coming))):
        raise BackupError("\n".join(reasons))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[asyncpg.Connection]:
    """One restore or rehearsal at a time; the lock ends with the process. Raises NotBegun while another one runs."""
    async with connected(url) as connection, connection.transaction():
        await connection.execute("set local idle_in_transaction_session_timeout = 0")
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", lock_numbers.BACKUP_READ):
            raise NotBegun("Another restore or rehearsal is running. Let it end.")
        yield connection


async def _must_be_empty(connection: asyncpg.Connection) -> None:
    if await postgres.is_filled(connection):
        raise BackupError("The database is not empty. Make a new one (createdb) and name it in the three addresses.")
    if others := await postgres.others_in(connection):
        raise BackupError(f"Others are connected to this database ({others}). Stop web and worker first.")


async def _make_roles(settings: Settings) -> None:
    try:
        await migrate.make_roles(settings)
    except UpgradeError as error:
        raise BackupError(f"{error}.") from None


async def _must_lead_here(settings: Settings, connection: asyncpg.Connection) -> None:
    """Web's and worker's addresses name this database, by accounts of their own. Raises BackupError."""
    here = await which(connection.fetchval)
    addresses = {
        "PROGRAMMES_WEB_DATABASE_URL": settings.web_database_url,
        "PROGRAMMES_WORKER_DATABASE_URL": settings.worker_database_url,
    }
    for name, address in addresses.items():
        try:
            async with connected(address) as theirs:
                found = await which(theirs.fetchval)
        except asyncpg.InvalidAuthorizationSpecificationError:
            raise BackupError(f"{name}: the database lets nobody in by this address. Is its password right?") from None
        if found != here:
            raise BackupError(
                f"{name} leads to another database than DATABASE_URL. Name the new one in all three addresses."
            )


def fill(settings: Settings, url: str, major: int, found: Whole, identities: list[Identity], progress: Progress) -> None:
    """The database's content, in one transaction: whole, or nothing."""
    programs = postgres.find_programs(settings.postgres_programs, major)
    arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--schema=public", "--no-password"]
    progress.begin("Tables", len(found.counts))
    with postgres.running(programs.folder / "pg_restore", arguments, postgres.address_of(url), progress.step) as work:
        try:
            files.open_into(found.folder / "database.age", work, identities)
        except BackupError:
            if not work.ended_early:
                raise
        work.finish(tells=False)
    progress.end()


async def must_count(url: str, found: Whole) -> None:
    async with connected(url) as connection:
        counts = await postgres.counts_of(connection)
    if wrong := manifest.differing(found.counts, counts):
        raise BackupError(
            f"The rows of {', '.join(wrong)} are not as many as the backup says. Drop the database, and take another backup."
        )


async def restore(
    settings: Settings,
    folder: Path,
    identities: list[Identity],
    copy: Copy | None,
    lost: frozenset[str],
    clock: Clock,
    progress: Progress,
) -> Restored:
    """Put a backup back into an empty database, bring it to this release, and erase again what had been erased since.

    `lost` names folders of keys that are gone for good: the rows get the folder that lies here instead.

    Raises:
        BackupError: it cannot be done. Unless the message says otherwise the database is still empty.
    """
    found = look_through(folder, identities, progress)
    _must_have_keys(settings, found, copy, lost)
    with no_other_keys(settings), database_in_words():
        async with alone(settings.database_url) as connection:
            await _must_be_empty(connection)
            await must_fit(found, connection, _coming(settings))
            major = await postgres.major_of(connection)
            receipts = [files.open_bytes(kept, identities) for kept in _receipts(folder)]
            await _make_roles(settings)
            await _must_lead_here(settings, connection)
            with files.disk_in_words(settings.key_folder):
                written = archives.put_back(copy, settings.key_folder) if copy else PutBack(0)
                for kept in receipts:
                    archives.merge_receipts(settings.key_folder, kept)
            keys = KeyFolder(settings.key_folder)
            async with restoring(settings.database_url, keys):
                await asyncio.to_thread(fill, settings, settings.database_url, major, found, identities, progress)
                await must_count(settings.database_url, found)
                progress.begin("Bringing it to this release")
                await brought_forward(settings, clock)
                keys.note_put_back(await which(connection.fetchval))
        progress.begin("Erasing again what had been erased")
        after = await afterwards(settings, keys, lost, folder.resolve().name, found.manifest.moment, clock)
    return Restored(found.manifest, len(found.counts), sum(found.counts.values()), keys=written, **vars(after))


def _coming(settings: Settings) -> frozenset[str]:
    """The roles that `make_roles` makes."""
    urls = (settings.web_database_url, settings.worker_database_url)
    return frozenset(unquote(name) for url in urls if (name := urlsplit(url).username))


async def brought_forward(settings: Settings, clock: Clock) -> None:
    """Run the migrations that are newer than the backup. Raises BackupError when one fails."""
    try:
        await migrate.migrate(settings, clock.now())
    except UpgradeError as error:
        raise BackupError(f"The backup is back, but could not be brought to this release: {error}.") from error


def _receipts(folder: Path) -> Iterator[Path]:
    """The receipts of this backup, and the newest beside it that seem whole: what those tell of has been erased since."""
    beside = [path / "receipts.age" for path in backup_files.sets_in(folder.resolve().parent)]
    newest = [path for path in beside if backup_files.seems_sealed(path)][-1:]
    yield from dict.fromkeys([folder.resolve() / "receipts.age", *newest])


def _must_have_keys(settings: Settings, found: Whole, copy: Copy | None, lost: frozenset[str]) -> None:
    """The folders of keys are those that the rows belong to, or said to be lost. Nothing is written. Raises BackupError."""
    if copy:
        may_be_put_back(settings, copy)
    if "keys" not in lost:
        mark = copy.mark if copy else archives.mark_of(settings.key_folder)
        if mark is None:
            raise BackupError(
                f"There is no key folder at {settings.key_folder}. Mount it, or put its newest copy back: --keys "
                "persons-….age. If all copies are lost: --lost keys, and protected records cannot be read any more."
            )
        must_be_ours(found, mark, copy.seal if copy else archives.seal_of(settings.key_folder))
    if "ballots" not in lost and found.manifest.marks.get("ballots") not in {None, _ballot_mark(settings)}:
        raise BackupError(
            "The ballot key folder is not the one that the rows belong to, and it is never backed up. Mount the right one. "
            "If it is lost: --lost ballots, and answers of boxes that were not counted cannot be read any more."
        )


def _ballot_mark(settings: Settings) -> str:
    mark = archives.mark_of(settings.ballot_key_folder)
    return mark.hex() if mark else ""


@contextmanager
def database_in_words() -> Iterator[None]:
    """What a database refuses, as a BackupError that says what to do and repeats no row."""
    try:
        yield
    except asyncpg.InsufficientPrivilegeError:
        raise BackupError(
            "This account of the database may not do that. DATABASE_URL must be the owner's: roles and databases are made."
        ) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if refusals.sentence(error):
            raise
        raise BackupError(
            f"The database refuses ({type(error).__name__}). Does it answer? programmes doctor looks."
        ) from error
