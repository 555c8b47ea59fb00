"""After a backup was put back: what had been erased is erased again, and it is found what is lost and what is to be done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from programmes import worker
from programmes.backup import BackupError
from programmes.core import audit, backup_trace, folder_marks
from programmes.core.clock import Clock
from programmes.core.connecting import connect
from programmes.core.db import WORKER, close_pool, fetchval, open_pool, transaction
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.desk.closing.queries import brought_back
from programmes.doctor import checks, row_keys
from programmes.doctor.findings import Patient
from programmes.evaluation.keys import BallotKeys
from programmes.people.queries import StaffFacts, all_staff
from programmes.settings import Settings


@dataclass(frozen=True)
class Again:
    """What had been erased since a backup and is erased again: protected records, partners' records (2.14), and groups of
    whose working list all or a part had gone. How many stood on a list is not said."""

    records: int
    partners: int
    lists: int


@dataclass(frozen=True)
class After:
    """What was erased again, who has an account, what is lost, what is there and does not open, and what is to be done
    now."""

    again: Again
    staff: Sequence[StaffFacts]
    lost: list[str]
    shut: list[str]
    advice: list[str]


async def afterwards(
    settings: Settings, keys: KeyFolder, lost: frozenset[str], name: str, made_at: datetime, clock: Clock
) -> After:
    """Of the backup of a name and a moment. Raises BackupError when a folder of keys is not the right one."""
    await open_pool(settings.worker_database_url, 2, limits=WORKER)
    try:
        again = await _erase_again(settings, keys, lost, name, made_at, clock)
        gone = await _lost_with_keys(Patient(settings, clock.now()), lost)
        return After(again, await all_staff(), gone, *await advice(settings, clock))
    finally:
        await close_pool()


async def _lost_with_keys(patient: Patient, lost: frozenset[str]) -> list[str]:
    """What no key opens any more. Of folders that were said to be lost that is known from now on; of the others somebody
    says so when they confirm the database."""
    known = [kind for name in _IN_FOLDER if name in lost for kind in _IN_FOLDER[name]]
    await row_keys.acknowledge(patient, known)
    return row_keys.in_words(await row_keys.absent(patient, dict.fromkeys([*row_keys.NEVER_COPIED, *known])))


async def _erase_again(
    settings: Settings, keys: KeyFolder, lost: frozenset[str], name: str, made_at: datetime, clock: Clock
) -> Again:
    """As the worker does when it starts; returns what went."""
    connection = await connect(settings.worker_database_url)
    try:
        if "keys" in lost:
            await folder_marks.adopt("keys", keys.mark, clock.now())
        if "ballots" in lost:
            ballots = BallotKeys(settings.ballot_key_folder, settings.key_folder)
            await folder_marks.adopt("ballots", ballots.mark, clock.now())
        records, partners, lists = await _kept(), await _kept_partners(), await _lists_again(keys)
        await worker.start_up(worker.Worker(settings, clock, keys, connection))
        async with transaction():
            await audit.note("backup:restore", f"backup/{name.lower()}", None, clock.now())
        # The backup was made before it had gone well: its own trace does not know that yet.
        await backup_trace.note("backup", made_at, done=True)
        return Again(records - await _kept(), partners - await _kept_partners(), lists - await _lists_again(keys))
    except KeysAway as error:
        raise BackupError(f"The database is back, but {error}. What had been erased goes when the worker starts.") from error
    finally:
        await connection.close()


async def _kept() -> int:
    return int(await fetchval("select count(*) from participant"))


async def _kept_partners() -> int:
    return int(await fetchval("select count(*) from partner_record"))


async def _lists_again(keys: KeyFolder) -> int:
    """How many groups have somebody on their working list of whom there is a receipt. Where people are documented none is
    erased: the place ends again, and the record goes or stays by itself."""
    gone = [UUID(receipt["key"]) for receipt in keys.receipts() if receipt["kind"] == "entry"]
    return sum(found.exempt for found in await brought_back(gone))


# Which keys are lost with a folder, by the name of `--lost`.
_IN_FOLDER = {"keys": (*row_keys.NAMED["entries"], *row_keys.NAMED["persons"]), "ballots": row_keys.NAMED["ballots"]}
# That neither worker nor web is at work is as it should be, just now: the list is of what is done before they are started.
# So it is that the next backup comes then, and that what was fetched from elsewhere does not lie in its folder.
_STOPPED = {"worker", "base address", "backup files", "key copies"}
# There is nothing to be done: told as lost.
_LOST = frozenset(row_keys.NO_BACKUP.values())


# What was put back and cannot be read, as with keys that have been exchanged since: no restore that went well.
_SHUT = {"records", "entries", "keys of persons"}


async def advice(settings: Settings, clock: Clock) -> tuple[list[str], list[str]]:
    """What `programmes doctor` finds broken now, and how to mend it: what does not open, and the rest."""
    patient = Patient(replace(settings, database_url=settings.worker_database_url), clock.now())
    found = await checks.examine(patient)
    faults = [fault for fault in found if fault.level == "fault" and fault.check not in _STOPPED]
    shut = [fault for fault in faults if fault.check in _SHUT]
    rest = [fault for fault in faults if fault not in shut and fault.mend not in _LOST]
    return [f"{fault.says} {fault.mend}" for fault in shut], [f"{fault.says} {fault.mend}" for fault in rest]
