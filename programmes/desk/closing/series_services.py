"""Starting a series of talks, and ending what runs before its time."""

from datetime import datetime
from uuid import UUID

from programmes.catalogue import queries as catalogue
from programmes.cohorts import ending_services, services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import ends_early
from programmes.cohorts.talk_services import series
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import Conflict, Forbidden
from programmes.core.principal import Principal
from programmes.desk.changes.duty_told_services import telling_staff
from programmes.desk.closing import queries
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_services
from programmes.enrolment.queries import places
from programmes.enrolment.rules import must_show_age, people_as

__all__ = ["cancel_rest", "comes_to_nothing", "ends_now", "series", "somebody_comes", "start_series", "unshown_ages"]


async def somebody_comes(cohort_id: int, now: datetime) -> bool:
    """Whether anybody holds a place there, more than by an offer."""
    taken = (await places([cohort_id], now))[cohort_id]
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
        if not await somebody_comes(cohort_id, now) or not await services.begin_series(cohort_id, principal, now):
            raise Conflict("cohort_changed")


async def ends_now(cohort: CohortFacts, left: int, principal: Principal, now: datetime) -> bool:
    """Whether somebody may cancel what is left: of what runs; or, as its coordinator, decide so that it ends (decision 103),
    even if nothing is left."""
    if cohort.undecided:
        return principal.coordinates(cohort.section) and await queries.to_decide(cohort, now) == "end"
    return left > 0 and ends_early(cohort.state, cohort.form)


def comes_to_nothing(cohort: CohortFacts, left: int) -> bool:
    """Whether a group that was decided to start is over without anything held when so many sessions, all that are left, are
    cancelled: for first rights that is as if it were cancelled (decision 39)."""
    return cohort.form == "group" and not cohort.undecided and 0 < left == cohort.sessions


async def cancel_rest(cohort_id: int, seen: str, principal: Principal, now: datetime, people: str | None = None) -> None:
    """As `ending_services.cancel_rest`; whoever leads what is left hears of it, study visits to come are cancelled with it,
    and who waits is told that the queue is over. Of a group that nobody has decided about and that can't start this is the
    decision that it ends, and who waits may move to the next start before newcomers, as from one that is cancelled; so may
    everybody of a group that comes to nothing, and who was to go first to it goes first to that one.
    `people`: whom it hits as it was shown (`people_as`); None in a form of the release before.

    Raises:
        NotFound: not theirs.
        Forbidden: it is for its coordinator to decide.
        Conflict: as `ending_services.cancel_rest`; whether it starts is to be decided first; or it hits others by now.
    """
    async with transaction():
        await cohorts.mine(principal, local_date(now), cohort_id)
        await first_right_services.one_at_a_time(cohort_id)
        cohort = await cohorts.locked(cohort_id)
        left = len(await cohorts.left(cohort_id, now))
        if not left and not cohort.undecided:
            return
        taken = (await places([cohort_id], now))[cohort_id]
        if people is not None and people != people_as(taken):
            raise Conflict("cohort_changed")
        async with telling_staff(cohort_id, principal, now):
            if cohort.undecided:
                await _decide(cohort, taken.confirmed, seen == str(left), principal, now)
            await ending_services.cancel_rest(cohort_id, seen, principal, now)
            await enrolment.end_rest(cohort_id, now)
        if cohort.undecided or comes_to_nothing(cohort, left):
            await first_right_services.give(cohort, now)


async def _decide(cohort: CohortFacts, confirmed: int, as_seen: bool, principal: Principal, now: datetime) -> None:
    if await queries.to_decide(cohort, now) != "end" or not as_seen:
        raise Conflict("cohort_changed")
    if not principal.coordinates(cohort.section):
        raise Forbidden
    await ending_services.mark_ended(cohort, confirmed, principal, now)
