"""What did not reach somebody is sent again, to the address or number that they have given since."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_services
from programmes.desk.group.calls_rules import to_send_again
from programmes.notices import again_services


async def send_again(cohort_id: int, shown: Collection[UUID], who: Principal, keys: KeyFolder, now: datetime) -> bool:
    """Of what was shown, what did not go to the address or number that its receiver has now, and is still of use. Whether
    anything was. Again, it changes nothing.

    Raises:
        NotFound: not theirs.
    """
    async with transaction():
        await cohorts.mine(who, local_date(now), cohort_id)
        await cohorts.lock(cohort_id)
        found = to_send_again(await calls_services.calls([cohort_id], keys, None, now))
        wanted = [one & frozenset(shown) for one in found.together]
        for enrolment_id in await again_services.send_again(wanted):
            await audit.note("notice:again", f"enrolment/{enrolment_id}", who.staff_id, now)
    return bool(found.notices)


async def may_send_again(cohort_id: int, enrolment_id: UUID, keys: KeyFolder, now: datetime) -> bool:
    """Whether something that somebody has not heard, and that still holds, can go to the address or number that they have
    given since."""
    found = await calls_services.calls([cohort_id], keys, None, now)
    return any(call.again for call in found if call.about.enrolment_id == enrolment_id)
