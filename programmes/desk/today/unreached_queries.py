"""Members of staff to whom our mail does not come: the last one failed for good, came back, or was given up, and the address
is the same since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from programmes.core.db import fetch

# As long as what was told to staff is kept.
_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Unreached:
    """Who, and for which sections they have a role; an empty one stands for all."""

    staff_id: int
    name: str
    sections: Sequence[str]


# A log's mail about one day goes on the next.
_UNREACHED = """
select s.id as staff_id, s.display_name as name,
       array(select distinct r.section from staff_role r where r.staff_id = s.id order by 1) as sections
from staff s cross join lateral (
    select max(at) as at from (
        select last_failure as at from staff_message where staff_id = s.id and state = 'failed'
        union all select last_failure from staff_digest where staff_id = s.id and state = 'failed'
        union all select last_failure from log_digest where staff_id = s.id and state = 'failed') one) f
where s.active and s.email is not null and f.at > $1
  and not exists (select from staff_message where staff_id = s.id and state = 'sent' and created_at > f.at)
  and not exists (select from staff_digest where staff_id = s.id and state = 'sent'
                  and day > (f.at at time zone 'Europe/Stockholm')::date)
  and not exists (select from log_digest where staff_id = s.id and state = 'sent'
                  and day >= (f.at at time zone 'Europe/Stockholm')::date)
  and not exists (select from audit_entry where action = 'staff:email' and subject = 'staff/' || s.id and at >= f.at)
order by s.display_name, s.id
"""


async def unreached(now: datetime) -> list[Unreached]:
    """Active staff with an address, to whom nothing has gone since a mail failed for good within a month. Of another
    address nobody knows yet; by name."""
    return [Unreached(**dict(row)) for row in await fetch(_UNREACHED, now - _BACK)]
