"""Planning a cohort and saving it: what was shown is what is kept."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import schedule_queries
from programmes.cohorts.clash_services import as_said, shared
from programmes.cohorts.naming_services import name_of_series
from programmes.cohorts.pattern_rules import BY_HAND
from programmes.cohorts.room_rules import same_name
from programmes.cohorts.rules import Defaults, Opening, Reason, defaults, named_by_us, why_not_open
from programmes.cohorts.schedule_rules import (
    Clash,
    Pattern,
    Schedule,
    clashes,
    plan_by_hand,
    plan_sessions,
    plan_weeks,
    seen_digest,
)
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import CannotGoOn, Conflict, Forbidden, NotFound
from programmes.core.principal import Principal
from programmes.people.queries import StaffName, leaders

__all__ = [
    "NotAllowed",
    "Opening",
    "Preview",
    "choices",
    "known_venue",
    "open_cohort",
    "preview",
    "programme_for",
    "start_from",
]


class NotAllowed(CannotGoOn):
    """What was asked for breaks rules that `preview` tells beforehand; `reasons` has them all."""

    def __init__(self, reasons: list[Reason]) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Preview:
    """What saving would give: every day, what stands in the way, and what is worth a look."""

    programme: Programme
    schedule: Schedule
    reasons: list[Reason]
    clashes: list[Clash]
    digest: str


@dataclass(frozen=True)
class Choices:
    """What the form for a new cohort offers."""

    venues: list[schedule_queries.Venue]
    leaders: list[StaffName]


async def choices(section: str) -> Choices:
    """Rooms, and leaders of the programme with this section, to choose from."""
    return Choices(await schedule_queries.venues(), list(await leaders(section)))


async def programme_for(principal: Principal, section: str, today: date) -> tuple[int, Programme]:
    """The programme of a section in force, for somebody who may open it.

    Raises:
        NotFound: there is none, or nothing to open in it (home services).
        Forbidden: it is not theirs to open.
    """
    for programme_id, programme in await catalogue.in_force(today):
        if programme.section == section and programme.form != "catalogue_only":
            if not principal.coordinates(section):
                raise Forbidden
            return programme_id, programme
    raise NotFound


async def start_from(programme: Programme, today: date) -> Defaults:
    """What the form is filled with."""
    return defaults(programme, today, await schedule_queries.closures(None, today))


async def _programme(wanted: Opening, principal: Principal, today: date) -> Programme:
    section = (await catalogue.programme(wanted.programme_id)).section
    programme_id, programme = await programme_for(principal, section, today)
    if programme_id != wanted.programme_id:
        raise NotFound
    return programme


async def _plan(programme: Programme, wanted: Opening, today: date) -> Schedule:
    closures = await schedule_queries.closures(wanted.venue_id, min(wanted.first, today))
    if wanted.chosen:
        return plan_by_hand(wanted.chosen, wanted.starts, wanted.ends, closures)
    weekdays = wanted.weekdays or frozenset({wanted.first.weekday()})
    pattern = Pattern(wanted.first, weekdays, wanted.starts, wanted.ends, wanted.every, wanted.other)
    count = max(0, min(wanted.count, 100))
    return (plan_weeks if programme.form == "drop_in" else plan_sessions)(pattern, count, closures)


async def preview(wanted: Opening, principal: Principal, now: datetime) -> Preview:
    """Plan a cohort without saving anything.

    Raises:
        NotFound: no such programme.
        Forbidden: not theirs to open.
    """
    today = local_date(now)
    programme = await _programme(wanted, principal, today)
    offered = await choices(programme.section)
    wanted = known_venue(wanted, offered.venues)
    schedule = await _plan(programme, wanted, today)
    reasons = why_not_open(programme, wanted, schedule, [leader.staff_id for leader in offered.leaders], now)
    if wanted.venue_id is not None and wanted.venue_id not in {venue.venue_id for venue in offered.venues}:
        reasons.append(Reason("venue_missing", "lokal"))
    names = {leader.staff_id: leader.name for leader in offered.leaders if leader.staff_id in wanted.leaders}
    found: list[Clash] = []
    if schedule.slots:
        booked = await schedule_queries.bookings(
            wanted.venue_id, wanted.leaders, schedule.slots[0].starts_at, schedule.slots[-1].ends_at, principal
        )
        found = clashes(schedule.slots, wanted.venue_id, names, booked)
    return Preview(programme, schedule, reasons, found, seen_digest(schedule, found, wanted.venue_id, wanted.leaders))


def known_venue(wanted: Opening, venues: list[schedule_queries.Venue]) -> Opening:
    """A new venue with the name of one that exists is that one (as `_venue` will have it), with its closures and clashes."""
    named = [venue.venue_id for venue in venues if wanted.new_venue and same_name(venue.name, wanted.new_venue[0])]
    return replace(wanted, venue_id=named[0]) if named else wanted


async def open_cohort(wanted: Opening, principal: Principal, now: datetime) -> int:
    """Save a cohort with its sessions and leaders, open for enrolment or only planned; returns its id.

    Raises:
        NotFound: no such programme.
        Forbidden: not theirs to open.
        NotAllowed: a rule is broken; nothing is saved.
        Conflict: the days or the clashes are no longer those that were seen (`wanted.seen`).
    """
    async with transaction():
        planned = await preview(wanted, principal, now)
        if planned.reasons:
            raise NotAllowed(planned.reasons)
        if wanted.seen and wanted.seen != planned.digest:
            raise Conflict("schedule_changed")
        if named_by_us(planned.programme):
            first = next((local_date(slot.starts_at) for slot in planned.schedule.slots), None)
            wanted = replace(wanted, name=await name_of_series(planned.programme, first))
        wanted = replace(wanted, venue_id=await _venue(wanted))
        cohort_id = await _write_cohort(wanted, now)
        async with as_said(cohort_id, planned.clashes):
            await _write_sessions(cohort_id, wanted, planned, now)
            await execute(
                """insert into cohort_staff (cohort_id, staff_id, role)
                   select $1, leader, 'leader' from unnest($2::int[]) as leader""",
                cohort_id,
                sorted(set(wanted.leaders)),
            )
        action = "cohort:open" if wanted.announce else "cohort:plan"
        await audit.note(action, f"cohort/{cohort_id}", principal.staff_id, now)
    return cohort_id


async def _venue(wanted: Opening) -> int:
    """The chosen room, or the new one; a new one with the name of one that exists is that one."""
    known = known_venue(wanted, await schedule_queries.venues()) if wanted.new_venue else wanted
    if wanted.new_venue is None or known.venue_id is not None:
        assert known.venue_id is not None
        return known.venue_id
    name, address = wanted.new_venue
    await execute("insert into venue (name, address) values ($1, $2) on conflict (name) do nothing", name, address)
    return int(await fetchval("select id from venue where name = $1", name))


async def _write_cohort(wanted: Opening, now: datetime) -> int:
    return int(
        await fetchval(
            """insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                                   last_entry_session, arrivals, created_at, every_weeks,
                                   one_at_a_time)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13) returning id""",
            wanted.public_id or new_token()[:12],
            wanted.programme_id,
            wanted.name,
            "open" if wanted.announce else "planned",
            wanted.venue_id,
            wanted.minimum,
            wanted.maximum,
            wanted.enrol_from,
            wanted.decide_by,
            wanted.last_entry,
            now,
            BY_HAND if wanted.chosen or wanted.one_at_a_time else wanted.every,
            wanted.one_at_a_time,
        )
    )


async def _write_sessions(cohort_id: int, wanted: Opening, planned: Preview, now: datetime) -> None:
    slots = planned.schedule.slots
    await execute(
        """insert into cohort_session
               (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at, shares_room)
           select $1, row_number() over (order by given.starts), given.starts, given.ends, $2, '', 'planned', false, 0, $5,
                  given.shares
           from unnest($3::timestamptz[], $4::timestamptz[], $6::boolean[]) as given (starts, ends, shares)""",
        cohort_id,
        wanted.venue_id,
        [slot.starts_at for slot in slots],
        [slot.ends_at for slot in slots],
        now,
        shared(slots, planned.clashes),
    )
