"""Every check, in the order in which they are shown. A new one is written beside its kind and named here."""

import asyncio
from collections.abc import Sequence

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
# These ask the database, and are left out when it does not answer.
ASKING: tuple[Check, ...] = (
    server_checks.server,
    server_checks.migrations,
    server_checks.roles,
    clock_checks.database_zone,
    right_folders.right_folders,
    row_keys.keys_of_rows,
    key_checks.keys_open,
    key_checks.receipts,
    key_checks.service_keys,
    key_checks.search_key,
    key_checks.aside,
    row_keys.ballot_keys,
    key_checks.small_groups,
    key_checks.log_keys,
    key_checks.destructions,
    key_checks.waiting_jobs,
    database_checks.database_log,
    database_checks.archiver,
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


async def examine(patient: Patient, found: list[Finding] | None = None) -> list[Finding]:
    """Everything that is found, put into a list as it is found. Reads only, and makes nothing: not even a folder that is
    missing."""
    found = [] if found is None else found
    if not patient.database:
        found.append(server_checks.away_finding(patient.refusal, patient.settings))
    waiting: list[str] = []
    for check in (*WITHOUT, *(ASKING if patient.database else ())):
        for finding in await _one(check, patient):
            if finding.says == _NOT_YET:
                waiting.append(finding.check)
            else:
                found.append(finding)
    if waiting:
        # One reason, said once.
        told = f"{_NOT_YET} Not looked at until then: {', '.join(waiting)}."
        found.append(Finding("database", "fault", told, "programmes migrate"))
    return found
