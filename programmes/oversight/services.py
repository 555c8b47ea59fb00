"""Decisions about starts. They sit above cohorts and enrolments because they touch both, under the cohort's lock."""

from dataclasses import dataclass
from datetime import date, datetime

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohort_queries
from programmes.cohorts import services as cohorts
from programmes.cohorts.clash_services import clash_reasons
from programmes.cohorts.decision_rules import far_later
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import (
    REASONS,
    Reason,
    StartFacts,
    decide_start,
    places_span,
    why_not_fewer,
    why_not_limits,
)
from programmes.cohorts.schedule_rules import Clash, Schedule, seen_digest
from programmes.core.db import transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.desk.changes.duty_told_services import telling_staff
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_services
from programmes.enrolment.queries import Places, places
from programmes.enrolment.queue import services as queue
from programmes.enrolment.records.apart_queries import days_apart
from programmes.enrolment.rules import people_as
from programmes.enrolment.together import queries as together_queries
from programmes.oversight.rules import seen_as

__all__ = ["PEOPLE_CHANGED", "REASONS", "cancel", "change_limits", "plan_again", "postpone", "seen_as", "start"]
PEOPLE_CHANGED = "people_changed"


async def _taken(cohort_id: int, now: datetime) -> Places:
    return (await places([cohort_id], now))[cohort_id]


async def _strands(cohort_id: int, before: int, maximum: int) -> int:
    """How many who wait together for a place each, and could be served before, want more places than there will be."""
    units = await together_queries.units_waiting(cohort_id)
    return sum(size for size in units if maximum < size <= before)


async def _decidable(
    cohort_id: int, seen: str, people: str | None, principal: Principal, now: datetime
) -> tuple[CohortFacts, Places]:
    """Lock it for its coordinator. Raises Conflict when it is no longer as it was seen; NotFound; Forbidden."""
    cohort = await cohorts.coordinated(cohort_id, principal, now)
    if seen_as(cohort.state, cohort.first_start) != seen:
        raise Conflict("cohort_changed")
    taken = await _taken(cohort_id, now)
    if people is not None and people != people_as(taken):
        raise Conflict(PEOPLE_CHANGED)
    return cohort, taken


async def start(
    cohort_id: int,
    with_fewer: bool,
    seen: str,
    principal: Principal,
    now: datetime,
    people: str | None = None,
    why_fewer: str = "",
) -> list[Reason]:
    """Decide that a cohort starts; returns every reason why not, or nothing when it is done. `people`: whom it hits as it
    was shown (`people_as`), None where nobody was shown anything; so with the other decisions. `why_fewer`: a word of the
    fixed list, asked for below the minimum and kept only then.

    Raises:
        NotFound, Forbidden: not theirs to decide.
        Conflict: somebody else has decided or changed the first day; or it hits others by now than was shown.
    """
    async with transaction():
        cohort, taken = await _decidable(cohort_id, seen, people, principal, now)
        programme = await catalogue.programme(cohort.programme_id)
        facts = StartFacts(cohort.section, cohort.state, cohort.minimum, programme.participants_min, cohort.sessions)
        reasons = decide_start(facts, taken.confirmed, with_fewer)
        if all(reason.code == "below_own" for reason in reasons):
            reasons += why_not_fewer(cohort.minimum, taken.confirmed, why_fewer)
        if not reasons:
            why = why_fewer if taken.confirmed < cohort.minimum else ""
            await cohorts.mark_started(cohort, taken.confirmed, principal, now, why)
        return reasons


async def cancel(
    cohort_id: int, reason: str, seen: str, principal: Principal, now: datetime, people: str | None = None
) -> list[Reason]:
    """Decide that a start is cancelled. Everybody is told, who leads too, and may move to the next start before others;
    calendars show it. Returns why not, or nothing when it is done: what has been held stays in no figure of a start that
    did not take place.

    Raises: as `start`.
    """
    async with transaction():
        await first_right_services.one_at_a_time(cohort_id)
        cohort, taken = await _decidable(cohort_id, seen, people, principal, now)
        if refused := await why_not_cancel(cohort_id, cohort.form):
            return refused
        async with telling_staff(cohort_id, principal, now):
            await cohorts.mark_cancelled(cohort, reason, taken.confirmed, principal, now)
            await enrolment.end_all(cohort_id, now)
        if cohort.state != "planned":
            await first_right_services.give(cohort, now)
    return []


async def why_not_cancel(cohort_id: int, form: str) -> list[Reason]:
    """What stands against cancelling a start."""
    held = await cohort_queries.held(cohort_id)
    return [Reason("held_open" if form == "drop_in" else "held_not_to_cancel", "skal", {"n": held})] if held else []


@dataclass(frozen=True)
class Again:
    """The sessions from another first day: what room or leader is taken then, and on which days somebody would meet whom
    they must not; who these are is never said. `far`: the first day, where it is so much later than it was that another year
    may have been meant. `digest` stands for all that there was to see."""

    schedule: Schedule
    clashes: tuple[Clash, ...]
    apart: tuple[date, ...]
    venue_id: int
    far: date | None = None

    @property
    def digest(self) -> str:
        days = seen_digest(self.schedule, self.clashes, self.venue_id, ())
        return "-".join([days, *(f"{day:%y%m%d}" for day in self.apart)])

    @property
    def to_be_meant(self) -> list[Reason]:
        """What has to be ticked as meant."""
        far = [Reason("far_later", "anda", {"day": self.far})] if self.far else []
        return [*far, *clash_reasons(self.clashes), *(Reason("apart", "anda", {"day": day}) for day in self.apart[:1])]


async def plan_again(cohort_id: int, new_first: date, principal: Principal, now: datetime) -> Again:
    """The sessions from another first day; nothing is saved."""
    schedule, clashes = await cohorts.plan_again(cohort_id, new_first, now, principal)
    rooms = [session.venue_id for session in await cohort_queries.sessions(cohort_id) if session.state != "cancelled"]
    times = [(slot.starts_at, slot.ends_at, room) for slot, room in zip(schedule.slots, rooms, strict=False)]
    cohort = await cohort_queries.by_id(cohort_id)
    far = far_later(cohort.first_start, schedule)
    return Again(schedule, tuple(clashes), tuple(await days_apart(cohort_id, times)), cohort.venue_id, far)


async def postpone(
    cohort_id: int,
    new_first: date,
    decide_by: date,
    reason: str,
    seen: str,
    seen_days: str,
    principal: Principal,
    now: datetime,
    people: str | None = None,
    *,
    meant: bool = False,
) -> list[Reason]:
    """Give a start another first day; everybody keeps their place, and who leads is told. Returns why not, or nothing when
    it is done.

    `seen_days` is the digest of the sessions that were shown with what clashes; `meant`: that it may.

    Raises: as `start`; and Conflict when a closure has changed the days.
    """
    async with transaction():
        cohort, taken = await _decidable(cohort_id, seen, people, principal, now)
        again = await plan_again(cohort_id, new_first, principal, now)
        if again.digest != seen_days:
            raise Conflict("schedule_changed")
        if again.to_be_meant and not meant:
            return again.to_be_meant
        async with telling_staff(cohort_id, principal, now):
            return await cohorts.mark_postponed(cohort, new_first, decide_by, reason, taken.confirmed, principal, now)


async def change_limits(
    cohort_id: int, minimum: int, maximum: int, principal: Principal, now: datetime, seen: str = "", stranding: int = 0
) -> list[Reason]:
    """Change the least and most number of places; never past the guideline, never below those who hold one.

    Returns why not, or nothing when it is done. Places that become free go to the queue. `stranding`: so many who wait
    together will want more places than there are, as the coordinator has read and means; more are asked about first.
    `seen`: least and most as they were shown; sent twice, the second changes nothing.

    Raises:
        NotFound, Forbidden: not theirs to decide.
        Conflict: somebody has changed them since to something else, also where the form was sent as it was shown.
    """
    async with transaction():
        cohort = await cohorts.coordinated(cohort_id, principal, now)
        changed = seen and f"{cohort.minimum}-{cohort.maximum}" not in {seen, f"{minimum}-{maximum}"}
        if changed or cohort.state in {"closed", "cancelled"}:
            raise Conflict("cohort_changed")
        programme = await catalogue.programme(cohort.programme_id)
        held = (await _taken(cohort_id, now)).held
        strands = await _strands(cohort_id, cohort.maximum, maximum)
        reasons = why_not_limits(places_span(programme), minimum, maximum, held)
        if not reasons and strands > stranding:
            reasons = [Reason("strands", "anda", {"n": strands, "maximum": maximum})]
        if reasons:
            return reasons
        if maximum < cohort.maximum:
            await enrolment.close_gaps(cohort_id)
        await cohorts.set_limits(cohort_id, minimum, maximum, principal, now)
        if maximum != cohort.maximum:
            await queue.note_maximum(cohort_id, cohort.maximum, maximum, principal.staff_id, now)
        if maximum > cohort.maximum:
            await queue.promote(cohort_id, now)
    return []
