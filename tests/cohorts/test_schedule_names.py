"""Another group that a schedule meets is named to who coordinates or leads it, and to nobody else."""

from datetime import timedelta

import asyncpg

from programmes.cohorts import office_services as office
from programmes.cohorts import queries, schedule_queries
from programmes.core.clock import local_date
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader


async def test_who_leads_the_other_group_reads_its_name(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    now = clock.now()
    robin, sam, ali = [await a_leader(now, name) for name in ("robin", "sam", "ali")]
    kim, elsewhere = await a_coordinator(now), await a_coordinator(now, "noor", "2.7")
    other = await a_cohort("2.1", now, robin, sessions=1)
    assert not await office.let_in(other.cohort_id, sam.staff_id, local_date(now) + timedelta(days=60), kim, now)
    (session,) = await queries.sessions(other.cohort_id)

    async def named(asker: Principal) -> set[str]:
        found = await schedule_queries.bookings(other.venue_id, [robin.staff_id], session.starts_at, session.ends_at, asker)
        return {one.cohort for one in found}

    assert await named(robin) == await named(kim) == {other.name}
    # A substitute for some days, who leads nothing of it, and who coordinates another programme.
    for asker in (sam, ali, elsewhere):
        assert await named(asker) == {""}
    # Leading it, and no longer a leader.
    await owner.execute("delete from staff_role where staff_id = $1", robin.staff_id)
    assert await named(robin) == {""}
