"""Starting a series of talks, and ending what runs before its time."""

from datetime import datetime
from uuid import UUID

from programmes.catalogue import queries as catalogue
from programmes.cohorts import ending_services, services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.rules import ends_early
from programmes.cohorts.talk_services import series
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.desk.changes.duty_told_services import telling_staff
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queries import places
from programmes.enrolment.rules import must_show_age

__all__ = ["cancel_rest", "ends_early", "series", "somebody_comes", "start_series", "unshown_ages"]


async def somebody_comes(cohort_id: int) -> bool:
    """Whether anybody holds a place there, more than by an offer."""
    taken = (await places([cohort_id]))[cohort_id]
    return taken.confirmed + taken.preliminary > 0


async def unshown_ages(cohort_id: int) -> list[UUID]:
    """Who holds a place there and has not shown the age that must be shown."""
    programme = await catalogue.programme((await cohorts.by_id(cohort_id)).programme_id)
    return [
        facts.enrolment_id
        for facts in await enrolments.enrolments(cohort_id, ["preliminary"])
        if must_show_age(programme, facts.guardian_ticked) and not facts.proof_ticked
    ]


async def start_series(cohort_id: int, principal: Principal, now: datetime) -> None:
    """Somebody holds the place of a series, and the talks begin. Again, it changes nothing.

    Raises:
        NotFound: not theirs, or no series.
        Conflict: nobody holds the place, or it is over.
    """
    async with transaction():
        await series(cohort_id, principal, now)
        cohort = await cohorts.locked(cohort_id)
        if cohort.state == "started":
            return
        if not await somebody_comes(cohort_id) or not await services.begin_series(cohort_id, principal, now):
            raise Conflict("cohort_changed")


async def cancel_rest(cohort_id: int, seen: str, principal: Principal, now: datetime) -> None:
    """As `ending_services.cancel_rest`; whoever leads what is left hears of it."""
    async with transaction():
        await cohorts.mine(principal, local_date(now), cohort_id)
        await cohorts.locked(cohort_id)
        async with telling_staff(cohort_id, principal, now):
            await ending_services.cancel_rest(cohort_id, seen, principal, now)
