"""The audit trail: `source:subject:action` with ids, written in the transaction of what it tells of."""

from datetime import datetime

from programmes.core.db import execute


async def note(action: str, subject: str, staff_id: int | None, now: datetime) -> None:
    """Append an entry, such as `cohort:start`, `cohort/12`, by whom. Never a name, never a text.

    Raises:
        RuntimeError: no transaction is open.
    """
    await execute(
        "insert into audit_entry (at, staff_id, action, subject) values ($1, $2, $3, $4)", now, staff_id, action, subject
    )


async def forget_before(moment: datetime) -> int:
    """In the open transaction, drop what was noted before a moment, by the rule of retention; returns how many entries."""
    return await execute("delete from audit_entry where at < $1 returning 1", moment)
