"""Every check, in the order in which they are shown. A new one is written beside its kind and named here."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence

import asyncpg

from programmes.doctor import (
    backup_checks,
    clock_checks,
    database_checks,
    key_checks,
    reach_checks,
    right_folders,
    row_keys,
    server_checks,
    service_key_checks,
    work_checks,
)
from programmes.doctor.findings import Check, Finding, Patient

# A check that has not ended by then is left, and said.
A_CHECK_SECONDS = 15.0
# These need no database.
WITHOUT: tuple[Check, ...] = (
    work_checks.example_values,
    clock_checks.time_zone,
    clock_checks.clock_is_kept,
    key_checks.key_folder,
    key_checks.ballot_key_folder,
    key_checks.log_key_folder,
    key_checks.restore,
    backup_checks.key_copies,
    backup_checks.backup_set,
    work_checks.room,
    reach_checks.base_address,
    reach_checks.trusted_proxies,
    reach_checks.mail,
    reach_checks.text_address,
    server_checks.database_hosts,
)
# What rows are sealed with, and whether it lies where it should.
_OF_KEYS: tuple[Check, ...] = (
    row_keys.keys_of_rows,
    key_checks.keys_open,
    key_checks.receipts,
    service_key_checks.service_keys,
    service_key_checks.search_key,
    service_key_checks.feed_key,
    service_key_checks.factor_key,
    key_checks.aside,
    row_keys.ballot_keys,
    key_checks.small_groups,
)
# These ask the server, and need no table of ours.
_OF_SERVER: tuple[Check, ...] = (
    server_checks.tables,
    server_checks.server,
    clock_checks.database_zone,
    database_checks.database_log,
    database_checks.archiver,
)
# These ask the database, and are left out when it does not answer.
ASKING: tuple[Check, ...] = (
    *_OF_SERVER,
    server_checks.migrations,
    server_checks.roles,
    right_folders.right_folders,
    *_OF_KEYS,
    key_checks.log_keys,
    key_checks.destructions,
    key_checks.waiting_jobs,
    database_checks.clock,
    database_checks.text_gateway,
    database_checks.rights_to_staff,
    work_checks.worker,
    work_checks.waiting,
    work_checks.accounts,
    work_checks.board_decisions,
    backup_checks.backups,
    backup_checks.backups_lie,
)


# What there is to be seen in a folder of keys only where it is there, and the right one: beside the one cause each of these
# would be a fault of its own, and say how to give up what only waits for its volume.
_IN_FOLDER: Mapping[str, tuple[Check, ...]] = {
    right_folders.KEYS: (
        key_checks.restore,
        *_OF_KEYS,
        key_checks.destructions,
        key_checks.waiting_jobs,
    ),
    right_folders.BALLOTS: (row_keys.ballot_keys, key_checks.small_groups),
}
_SLOW = "See whether the database, or what lies between, hangs; then look again."


_BEHIND = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
_NOT_YET = "The database is not at this release."


def _name(check: Check) -> str:
    return getattr(check, "__name__", "check").replace("_", " ")


async def _one(check: Check, patient: Patient) -> Sequence[Finding]:
    """A check that fails itself says so, by the class of the error: its words may repeat what a row holds."""
    try:
        async with asyncio.timeout(A_CHECK_SECONDS):
            return await check(patient)
    except TimeoutError:
        return [Finding(_name(check), "fault", f"It did not end within {A_CHECK_SECONDS:.0f} seconds, and was left.", _SLOW)]
    except asyncpg.InsufficientPrivilegeError:
        return [
            Finding(_name(check), "note", "This account of the database may not look at that.", "Run it as the worker does.")
        ]
    except _BEHIND:
        return [Finding(_name(check), "fault", _NOT_YET, "programmes migrate")]
    except Exception as error:
        told = f"It could not be looked at ({type(error).__name__})."
        return [Finding(_name(check), "fault", told, "Mend what else is wrong, and look again.")]


def _missing(patient: Patient) -> set[str]:
    """Which folders are not there at all, by the names in `_IN_FOLDER`. That is said of the folder itself."""
    settings = patient.settings
    folders = {right_folders.KEYS: settings.key_folder}
    if patient.worker:
        folders[right_folders.BALLOTS] = settings.ballot_key_folder
    return {name for name, folder in folders.items() if not os.path.isdir(folder)}


class _Waiting:
    """What is not looked at until a cause is mended that is said by itself: one line, instead of a fault for each."""

    def __init__(self, patient: Patient) -> None:
        self._away = _missing(patient)
        self._empty = False
        self._release: list[str] = []
        self._folder: list[str] = []

    def skips(self, check: Check) -> bool:
        """Whether there is nothing for it to see."""
        if self._empty and check in ASKING and check not in _OF_SERVER:
            return True
        skipped = any(check in _IN_FOLDER[name] for name in self._away)
        if skipped:
            self._folder.append(_name(check))
        return skipped

    def takes(self, finding: Finding) -> bool:
        """Whether it needs no line of its own."""
        # That one line says what to do, and to bring it to this release is what must not be done before a restore.
        self._empty = self._empty or finding.check == server_checks.TABLES
        if finding.says == _NOT_YET:
            self._release.append(finding.check)
            return True
        said = finding.check in self._away
        if finding.check in _IN_FOLDER and finding.level == "fault":
            self._away.add(finding.check)
        return said

    def lines(self) -> Iterator[Finding]:
        if self._folder:
            told = "A folder of keys is away, closed or another one, as is said of it. Not looked at until that is mended:"
            yield Finding("keys", "note", f"{told} {', '.join(self._folder)}.")
        if self._release:
            told = f"{_NOT_YET} Not looked at until then: {', '.join(self._release)}."
            yield Finding("database", "fault", told, "programmes migrate")


async def examine(patient: Patient, found: list[Finding] | None = None) -> list[Finding]:
    """Everything that is found, put into a list as it is found. Reads only, and makes nothing: not even a folder that is
    missing."""
    found = [] if found is None else found
    if not patient.database:
        found.append(server_checks.away_finding(patient.refusal, patient.settings))
    waiting = _Waiting(patient)
    asked = (*WITHOUT, *(ASKING if patient.database else ()))
    # What others do not look at is known before them.
    first = (server_checks.tables, right_folders.right_folders)
    for check in sorted(asked, key=lambda check: first.index(check) if check in first else len(first)):
        if not waiting.skips(check):
            found += [finding for finding in await _one(check, patient) if not waiting.takes(finding)]
    found += waiting.lines()
    return found
