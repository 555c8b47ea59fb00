"""Every check, in the order in which they are shown. A new one is written beside its kind and named here."""

from collections.abc import Sequence

import asyncpg

from programmes.doctor import backup_checks, database_checks, key_checks
from programmes.doctor.findings import Check, Finding, Patient

# These need nothing but the disk.
ON_DISK: tuple[Check, ...] = (
    key_checks.key_folder,
    key_checks.ballot_key_folder,
    key_checks.log_key_folder,
    key_checks.restore,
    backup_checks.key_copies,
)
# These ask the database, and are left out when it does not answer.
ASKING: tuple[Check, ...] = (
    key_checks.right_folders,
    key_checks.keys_of_rows,
    key_checks.keys_open,
    key_checks.receipts,
    key_checks.service_keys,
    key_checks.search_key,
    key_checks.aside,
    key_checks.ballot_keys,
    key_checks.small_groups,
    key_checks.log_keys,
    key_checks.destructions,
    key_checks.waiting_jobs,
    database_checks.database_log,
    database_checks.clock,
    database_checks.text_gateway,
    database_checks.rights_to_staff,
    backup_checks.backups,
)


def _name(check: Check) -> str:
    return getattr(check, "__name__", "check").replace("_", " ")


async def _one(check: Check, patient: Patient) -> Sequence[Finding]:
    """A check that fails itself says so, by the class of the error: its words may repeat what a row holds."""
    try:
        return await check(patient)
    except asyncpg.InsufficientPrivilegeError:
        return [
            Finding(_name(check), "note", "This account of the database may not look at that.", "Run it as the worker does.")
        ]
    except asyncpg.UndefinedTableError:
        return [Finding(_name(check), "fault", "The database is not at this release.", "programmes migrate")]
    except Exception as error:
        return [Finding(_name(check), "fault", f"It could not be looked at ({type(error).__name__}).")]


async def examine(patient: Patient) -> list[Finding]:
    """Everything that is found. Reads only, and makes nothing: not even a folder that is missing."""
    found: list[Finding] = []
    for check in (*ON_DISK, *(ASKING if patient.database else ())):
        found += await _one(check, patient)
    if not patient.database:
        found.append(
            Finding(
                "database",
                "fault",
                "The database does not answer, so that nothing in it could be looked at.",
                "See that it runs, and that DATABASE_URL is right.",
            )
        )
    return found
