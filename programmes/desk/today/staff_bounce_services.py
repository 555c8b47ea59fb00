"""A mail to a member of staff that comes back after the mail server had taken it, of whatever kind it was."""

from datetime import datetime
from uuid import UUID

from programmes.core.db import execute, transaction

# Each kind of mail has a table, and one form of number: what has to be forgotten with it, and from when on it can have gone.
_TABLES = {
    "staff_message": ("handed_over_at = null, ", "m.created_at"),
    "staff_digest": ("", "m.day::timestamp at time zone 'Europe/Stockholm'"),
    "log_digest": ("", "m.day::timestamp at time zone 'Europe/Stockholm'"),
}
# That no mail comes to somebody is said of the address that they have: what went to the one before has failed, no more.
_CAME_BACK = """
update {table} m set {forgotten}state = 'failed',
       last_failure = case when lower(s.email) is distinct from nullif($3, '') and exists (
           select from audit_entry where action = 'staff:email' and subject = 'staff/' || s.id and at >= {since})
                           then m.last_failure else $2 end
from staff s where m.id = $1 and s.id = m.staff_id and m.state = 'sent' returning 1
"""


async def note(number: UUID, now: datetime, to: str) -> bool:
    """What counted as sent to an address (empty where the report doesn't say which) has come back; false for a mail that is
    not known, or has failed already."""
    async with transaction():
        for table, (forgotten, since) in _TABLES.items():
            if await execute(_CAME_BACK.format(table=table, forgotten=forgotten, since=since), number, now, to.lower()):
                return True
    return False
