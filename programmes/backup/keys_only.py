"""Putting back the keys alone, where the database is as it should be; and whether its records open with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from programmes.backup import BackupError, NotBegun, archives, files
from programmes.backup.archives import Copy, PutBack
from programmes.backup.restoring import connected, database_in_words, may_be_put_back, no_other_keys
from programmes.core.clock import Clock
from programmes.core.db import WORKER, close_pool, open_pool
from programmes.core.sealing import KeyFolder
from programmes.doctor import key_checks, row_keys
from programmes.doctor.findings import Finding, Patient
from programmes.doctor.folder_findings import damaged_findings
from programmes.doctor.folders import look_at
from programmes.doctor.key_checks import Tried
from programmes.settings import Settings


@dataclass(frozen=True)
class KeysBack:
    """Which keys were put back, how many protected records were tried with what lies there now, and what is wrong with
    those that don't open; and which long-lived keys are other ones in the copy, and were not taken from it.
    A copy from after an exchange of keys has every key, and not one of them opens what is older."""

    back: PutBack
    tried: Tried
    faults: Sequence[Finding]
    others: Sequence[str] = ()
    # Long-lived keys that are away or damaged still: the copy, too, was made without them.
    lacking: Sequence[str] = ()


async def keys_alone(settings: Settings, copy: Copy, clock: Clock) -> KeysBack:
    """Put back the keys that are missing or damaged, for the database as it is. They stay also where no record opens with
    them.

    Raises:
        BackupError: the copy, or the folder that lies there, is another installation's.
    """
    with database_in_words():
        async with connected(settings.worker_database_url) as connection:
            if await connection.fetchval("select to_regclass('key_folder') is null"):
                raise NotBegun(
                    "The database has no tables yet, so no keys belong to it. Name the right one in the address, or put a "
                    "backup back into this one, and the keys with it: programmes restore BACKUP --identity … --keys …"
                )
            known = await connection.fetchval("select mark from key_folder where name = 'keys'")
    if known not in {None, copy.mark}:
        raise BackupError("The copy of keys is of another installation than the database's rows.")
    may_be_put_back(settings, copy)
    with no_other_keys(settings), files.disk_in_words(settings.key_folder):
        back = archives.put_back(copy, settings.key_folder)
        others = archives.other_service_keys(copy, settings.key_folder)
        lacking = KeyFolder.there(settings.key_folder).lasting_keys_away()
    with database_in_words():
        await open_pool(settings.worker_database_url, 2, limits=WORKER)
        try:
            found = await _looked_at(back, Patient(settings, clock.now()))
            return replace(found, others=others, lacking=lacking)
        finally:
            await close_pool()


async def _looked_at(back: PutBack, patient: Patient) -> KeysBack:
    tried, opening = await key_checks.records_open(patient)
    # Of those that the copy has not; folders of other keys are not looked at.
    still = damaged_findings(look_at(patient.settings.key_folder, None))
    found = [*await row_keys.persons_missing(patient), opening, *still]
    return KeysBack(back, tried, [finding for finding in found if finding.level == "fault"])
