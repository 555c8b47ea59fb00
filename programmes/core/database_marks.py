"""Whether the database is the one that it was a moment ago, or one that was put back, by whatever means.

A random mark lies in the database and in the key folder, and is another one whenever something has been destroyed, and every
ten minutes. A database from before has an older mark than the folder. What was destroyed since the mark is looked for by
itself. Beside the mark lies a digest of the receipts: by it an older or emptied file of them shows.

It holds no time and no number: it says nothing of who came and went (promise 2).
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from programmes.core import lock_numbers
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.key_files import away_when_refused
from programmes.core.key_paths import Spot
from programmes.core.sealing import KeyFolder

log = structlog.get_logger()
EVERY = timedelta(minutes=10)
_FILE = "database.json"


@dataclass(frozen=True)
class _Noted:
    """What the folder knows: the mark, the one before while a new one is being written, when, and the receipts then."""

    marks: tuple[str, ...] = ()
    at: str = ""
    receipts: str = ""


def _read(folder: Path) -> _Noted:
    try:
        found = json.loads((Spot(folder) / _FILE).read())
        return _Noted(tuple(str(mark) for mark in found["marks"]), _moment(found["at"]), str(found["receipts"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return _Noted()


def _moment(at: object) -> str:
    """When it was noted, with its zone; empty where that cannot be read, so that it is noted anew."""
    try:
        return datetime.fromisoformat(str(at)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


def _write(folder: Path, noted: _Noted) -> None:
    """Replace it whole, on disk before returning. A folder that is away is not made anew by it. Raises KeysAway."""
    with away_when_refused():
        if not folder.is_dir():
            raise FileNotFoundError(folder.name)
        (Spot(folder) / _FILE).replace(
            json.dumps({"marks": noted.marks, "at": noted.at, "receipts": noted.receipts}).encode()
        )


async def _marks() -> list[str]:
    return [str(row["mark"]) for row in await fetch("select mark from restore_mark")]


async def is_known(keys: KeyFolder) -> bool:
    """Whether the database is the one that this folder was beside last."""
    return _fits(await _marks(), _read(keys.folder))


def _fits(found: Sequence[str], noted: _Noted) -> bool:
    if not found and not noted.marks:
        # Both new, or from before there were marks.
        return True
    return len(found) == 1 and found[0] in noted.marks


def is_mark_of(folder: Path, mark: str) -> bool:
    """Whether the database with this mark is the one that the folder was beside last."""
    return mark in _read(folder).marks


async def is_as_it_was(keys: KeyFolder) -> bool:
    """The same, and nothing is there that was destroyed since the mark was made. What a crash left of a new mark is
    settled."""
    if not await _settle(keys):
        return False
    return keys.written_receipts.state() == _read(keys.folder).receipts or not await came_back(keys)


async def _settle(keys: KeyFolder) -> bool:
    """Whether they fit; then the folder knows no mark but the database's."""
    async with transaction():
        await execute("select pg_advisory_xact_lock($1)", lock_numbers.MARK)
        found, noted = await _marks(), _read(keys.folder)
        if not _fits(found, noted):
            return False
        if len(noted.marks) > 1:
            _write(keys.folder, _Noted(tuple(found), noted.at, noted.receipts))
    return True


async def came_back(keys: KeyFolder) -> bool:
    """Whether any row is there whose key has a receipt."""
    erased = [uuid.UUID(receipt["key"]) for receipt in keys.receipts() if receipt["kind"] in {"entry", "person"}]
    return bool(
        await fetchval(
            """select exists (select from participant where id = any($1::uuid[]))
                   or exists (select from partner_record where id = any($1::uuid[]))
                   or exists (select from enrolment where key_id = any($1::uuid[]))""",
            erased,
        )
    )


async def renew(keys: KeyFolder, now: datetime, anew: bool = False) -> None:
    """Mark the database anew, if something was destroyed since the last time or that is ten minutes ago; `anew` at once.
    The folder knows both marks until the new one has committed. The receipts are noted, unless the file is an older one
    than was noted before: that stays noted until somebody says that it is all there is (`accept_receipts`)."""
    noted, receipts = _read(keys.folder), keys.written_receipts
    state = receipts.state()
    recent = noted.at and abs(now - datetime.fromisoformat(noted.at)) < EVERY
    if noted.marks and recent and state == noted.receipts and not anew:
        return
    async with transaction():
        await execute("select pg_advisory_xact_lock($1)", lock_numbers.MARK)
        mark, before = str(uuid.uuid4()), await _marks()
        kept: bytes | None = await fetchval("select receipts from restore_mark limit 1")
        if kept is not None and not receipts.begins_as(kept):
            log.error("receipts_are_older")
        else:
            kept = receipts.digest()
        _write(keys.folder, _Noted((mark, *before), now.isoformat(), state))
        await execute("delete from restore_mark")
        await execute("insert into restore_mark (mark, receipts) values ($1, $2)", uuid.UUID(mark), kept)
    await _settle(keys)


async def receipts_are_older(keys: KeyFolder) -> bool:
    """Whether the file of receipts is an older one than the database knows of, an emptied or another one."""
    kept: bytes | None = await fetchval("select receipts from restore_mark limit 1")
    return kept is not None and not keys.written_receipts.begins_as(kept)


async def accept_receipts(keys: KeyFolder) -> None:
    """Somebody says that the receipts that there are, are all that is left of them: where there is no file, one with none
    lies there from then on, by which it is known. Raises KeysAway when one is damaged."""
    list(keys.receipts())
    keys.written_receipts.begin()
    async with transaction():
        await execute("update restore_mark set receipts = $1", keys.written_receipts.digest())
