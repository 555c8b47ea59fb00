"""Reads about enrolments: places taken, the queue, one person's way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import cast, get_args
from uuid import UUID

import asyncpg

from programmes.catalogue.rules import Programme, ResidencyException
from programmes.cohorts.queries import UNBOOKED, CohortFacts
from programmes.core.clock import local_date
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.errors import Conflict, NotFound
from programmes.enrolment.kept_queries import kept_places
from programmes.enrolment.rules import (
    ALIVE,
    Entry,
    State,
    VisitState,
    acceptable,
    asked_texts,
)
from programmes.enrolment.rules import AgreementText as AgreementText
from programmes.enrolment.rules import EnrolmentFacts as EnrolmentFacts
from programmes.enrolment.rules import Slot as Slot
from programmes.enrolment.rules import Visit as Visit
from programmes.enrolment.rules import still_to_do as still_to_do
from programmes.enrolment.rules import unaccepted as unaccepted
from programmes.enrolment.rules import ways_to_end as ways_to_end
from programmes.enrolment.visits.rules import marking as marking
from programmes.enrolment.visits.rules import seen_visit as seen_visit


@dataclass(frozen=True)
class Places:
    """How many seats of a cohort are held, by state, and how many people queue. `someone_waits`: one of them is offered a
    free place before a newcomer. `kept`: so many of those that nobody holds are kept until `kept_until` for people whose
    start was cancelled, and are called free nowhere."""

    confirmed: int = 0
    preliminary: int = 0
    offered: int = 0
    queued: int = 0
    someone_waits: bool = False
    kept: int = 0
    kept_until: datetime | None = None

    @property
    def held(self) -> int:
        return self.confirmed + self.preliminary + self.offered

    def free(self, maximum: int) -> int:
        """How many of so many nobody holds and are kept for nobody."""
        return max(0, maximum - self.held - self.kept)


@dataclass(frozen=True)
class Gate:
    """What decides about an application, read under the cohort's lock. `taken` are seat numbers.

    `someone_waits`: somebody who can be offered a place now. Who is passed over for a reason holds nobody back, nor do
    siblings who wait for more places than are free; `waits_aside` says whether anybody waits whom others may pass so.
    `first_start` is None when no session is booked, or every one is cancelled. `kept`: so many places are kept for those who
    had applied to a cancelled start, before all who applied here since `kept_since`.
    """

    cohort_id: int
    maximum: int
    taken: frozenset[int]
    someone_waits: bool
    entry: Entry
    next_session: datetime | None
    waits_aside: bool = False
    first_start: datetime | None = None
    kept: int = 0
    kept_since: datetime | None = None

    @property
    def not_for_newcomers(self) -> frozenset[int]:
        """Seats that nobody who applies now can have: those that are taken, and the last of the free ones that are kept."""
        free = [number for number in range(1, self.maximum + 1) if number not in self.taken]
        return self.taken | frozenset(free[max(0, len(free) - self.kept) :])


# SQL: until when who still waits for the cohort `c`, which has ended, was promised a first right to another start. Also
# where that one is started or cancelled since: taken back, the right is there again, and so they have to be (decision 40).
_FIRST_UNTIL = "(select r.until from first_right r where r.from_cohort_id = c.id)"


def can_be_offered(free: str) -> str:
    """SQL: whether `e` waits and can be offered a place when so many are free (an expression). Nobody can who is passed
    over or has yet to say that they come; siblings can only when there is a place for each of them."""
    return f"""e.state = 'queued' and e.skip_reason is null and not e.asked_to_come
               and (e.together_id is null or (
                   select count(*) <= {free} and not bool_or(o.skip_reason is not null or o.asked_to_come)
                   from enrolment o where o.together_id = e.together_id and o.state = 'queued'))"""


_FREE = "($4 - (select count(*) from seat where cohort_id = $1))"


async def places(cohort_ids: Iterable[int], now: datetime) -> dict[int, Places]:
    """Places of several cohorts in one statement; never from a cache."""
    wanted = sorted(set(cohort_ids))
    rows = await fetch(
        f"""with seats as (select c.id, c.maximum - (select count(*) from seat where cohort_id = c.id) as free,
                                 {kept_places("$2")}
                          from cohort c where c.id = any($1::int[]))
           select seats.id as cohort_id, count(*) filter (where e.state = 'confirmed') as confirmed,
                  count(*) filter (where e.state = 'preliminary') as preliminary,
                  count(*) filter (where e.state = 'offered') as offered,
                  count(*) filter (where e.state = 'queued') as queued,
                  coalesce(bool_or({can_be_offered("seats.free")}), false)
                    or seats.kept > 0 and seats.free <= seats.kept as someone_waits,
                  greatest(0, least(seats.kept, seats.free))::int as kept,
                  case when seats.kept > 0 and seats.free > 0 then seats.kept_until end as kept_until
           from seats left join enrolment e on seats.id = e.cohort_id
           group by seats.id, seats.free, seats.kept, seats.kept_until""",
        wanted,
        now,
    )
    found = {row["cohort_id"]: Places(*list(row)[1:]) for row in rows}
    return {cohort_id: found.get(cohort_id, Places()) for cohort_id in wanted}


# SQL: when the last session of the cohort `c` ends, if it is a group.
_LAST_END = """(select max(s.ends_at) from cohort_session s join programme p on p.id = c.programme_id
                where s.cohort_id = c.id and s.state <> 'cancelled' and p.form = 'group')"""
# SQL: from when nothing is left of the cohort `c`, once it is said how it ended.
_OVER_FROM = """(case when c.ended_how is not null then coalesce((
                     select max(s.ends_at) from cohort_session s where s.cohort_id = c.id and s.state <> 'cancelled'),
                     c.created_at) end)"""


async def lock_gate(cohort_id: int, now: datetime) -> Gate:
    """Lock the cohort until the transaction ends, and read what decides about its places. Raises NotFound."""
    cohort = await fetchrow(
        "select state, maximum, enrol_from, last_entry_session, started_at from cohort where id = $1 for update", cohort_id
    )
    if cohort is None:
        raise NotFound
    # A statement of its own, after the lock is held: only then does it see what the one before has committed.
    row = await fetchrow(
        f"""select array(select number from seat where cohort_id = $1) as taken,
                  exists (select 1 from enrolment e where cohort_id = $1 and {can_be_offered(_FREE)}) as someone_waits,
                  exists (select 1 from enrolment where cohort_id = $1 and state = 'queued'
                          and (together_id is not null or asked_to_come)) as waits_aside,
                  (select min(starts_at) from cohort_session
                   where cohort_id = $1 and state <> 'cancelled') as first_start,
                  (select starts_at from cohort_session where cohort_id = $1 and number = least($2, (
                       select max(number) from cohort_session where cohort_id = $1))) as last_entry,
                  (select min(starts_at) from cohort_session
                   where cohort_id = $1 and state <> 'cancelled' and starts_at > $3) as next_session,
                  (select {UNBOOKED} from cohort c where c.id = $1) as unbooked,
                  (select {_LAST_END} from cohort c where c.id = $1) as last_end,
                  (select {_OVER_FROM} from cohort c where c.id = $1) as over_from,
                  (select {_FIRST_UNTIL} from cohort c where c.id = $1) as first_until,
                  k.kept, k.kept_since
            from (select {kept_places("$3")} from cohort c where c.id = $1) k""",
        cohort_id,
        cohort["last_entry_session"],
        now,
        cohort["maximum"],
    )
    assert row is not None
    return Gate(
        cohort_id,
        cohort["maximum"],
        frozenset(row["taken"]),
        row["someone_waits"],
        Entry(
            cohort["state"],
            cohort["enrol_from"],
            row["last_entry"],
            row["unbooked"],
            cohort["started_at"],
            row["last_end"],
            row["over_from"],
            row["first_until"],
        ),
        row["next_session"],
        row["waits_aside"],
        row["first_start"],
        row["kept"],
        row["kept_since"],
    )


def last_day_of(cohort: CohortFacts) -> date | None:
    """The day of a group's last session; None for talks, which are done when they are, and where no session is left."""
    return local_date(cohort.last_end) if cohort.form == "group" and cohort.last_end else None


async def age_checked(people: Iterable[UUID], first_start: datetime | None) -> bool:
    """Whether the ages of documented people are of the day on which the first session is by now."""
    if first_start is None:
        return True
    unchecked = await fetchval(
        """select true from enrolment where id = any($1::uuid[]) and participant_id is not null
             and declared_for <> $2 and age_checked_for is distinct from $2 limit 1""",
        list(people),
        local_date(first_start),
    )
    return unchecked is None


async def applied_since(people: Iterable[UUID], moment: datetime | None) -> bool:
    """Whether any of these applied after a moment."""
    return bool(
        await fetchval(
            "select true from enrolment where id = any($1::uuid[]) and applied_at > $2 limit 1", list(people), moment
        )
    )


async def kept_from(people: Sequence[UUID], free: int, kept: int, since: datetime | None) -> bool:
    """Whether all that is free is kept for those who come from a cancelled start and had applied before these."""
    return free <= kept and await applied_since(people, since)


async def lock_cohort(cohort_id: int) -> None:
    """Lock the cohort until the transaction ends."""
    await fetch("select 1 from cohort where id = $1 for update", cohort_id)


async def entry_facts(cohort_id: int) -> Entry:
    """Whether one may enter, read without a lock, for showing. Raises NotFound."""
    facts, _received = await form_facts(cohort_id, None)
    return facts


async def form_facts(cohort_id: int, once_digest: bytes | None) -> tuple[Entry, bool]:
    """The same, and whether what was sent with a form, by the stored form of its once-number, was received and is alive.
    Raises NotFound."""
    row = await fetchrow(
        f"""select state, enrol_from, started_at,
                   (select starts_at from cohort_session s where s.cohort_id = c.id and s.number = least(
                   c.last_entry_session, (select max(number) from cohort_session where cohort_id = c.id))) as last_entry,
                   {UNBOOKED} as unbooked, {_LAST_END} as last_end, {_OVER_FROM} as over_from,
                   {_FIRST_UNTIL} as first_until,
                   exists (select 1 from enrolment where once_digest = $2 and state = any($3::text[])) as received
            from cohort c where id = $1""",
        cohort_id,
        once_digest,
        sorted(ALIVE),
    )
    if row is None:
        raise NotFound
    columns = ("state", "enrol_from", "last_entry", "unbooked", "started_at", "last_end", "over_from", "first_until")
    return Entry(*(row[name] for name in columns)), row["received"]


_ENROLMENT = """
select e.id as enrolment_id, e.cohort_id, e.participant_id, coalesce(p.protected_identity, false) as protected, e.state,
       p.protection_asked_at is not null as protection_asked,
       e.arrival, e.applied_at, e.confirmed_at, e.offer_expires_at, e.skip_reason, s.number as seat, e.key_id, e.sealed,
       p.sealed as record, e.proof_checked_at, e.proof_ticked, e.partner_consent, e.guardian_ticked, e.declared_for,
       e.age_checked_for,
       (select max(m.counted_for) from condition_met m where m.enrolment_id = e.id) as counted_for,
       e.only_waited, e.turn, e.order_reason, e.passed_at, e.asked_to_come, e.visit_cancelled_at, e.place_since,
       e.visit_anew_since, e.language, e.contact_bounced,
       e.undo_until, e.left_from, e.left_slot_id, e.together_id, e.consent_withdrawn_at, v.person_goes_on, v.staff_goes_on,
       v.slot_id, v.state as visit_state, vs.starts_at as visit_starts, vs.ends_at as visit_ends, vn.name as visit_venue,
       vn.address as visit_address, array(select text_id from agreement a where a.enrolment_id = e.id) as accepted
from enrolment e left join participant p on p.id = e.participant_id left join seat s on s.enrolment_id = e.id
left join study_visit v on v.enrolment_id = e.id left join visit_slot vs on vs.id = v.slot_id
left join venue vn on vn.id = vs.venue_id
"""
_VISIT_COLUMNS = (
    "slot_id",
    "visit_state",
    "visit_starts",
    "visit_ends",
    "visit_venue",
    "visit_address",
    "person_goes_on",
    "staff_goes_on",
)


def _enrolment(row: asyncpg.Record) -> EnrolmentFacts:
    values = {name: value for name, value in row.items() if name not in _VISIT_COLUMNS}
    visit = None
    if row["slot_id"] is not None:
        visit = Visit(
            row["slot_id"],
            row["visit_starts"],
            row["visit_ends"],
            row["visit_venue"],
            row["visit_address"],
            cast(VisitState, row["visit_state"]),
            row["person_goes_on"],
            row["staff_goes_on"],
        )
    return EnrolmentFacts(**{**values, "visit": visit, "accepted": frozenset(row["accepted"])})


async def lock_alive(enrolment_id: UUID, now: datetime) -> EnrolmentFacts:
    """Lock the cohort of somebody whose place, or wait for one, is not over, and read how they stand.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`.
    """
    await lock_gate((await enrolment(enrolment_id)).cohort_id, now)
    facts = await enrolment(enrolment_id)
    if facts.state not in ALIVE:
        raise Conflict("enrolment_over")
    return facts


async def enrolment(enrolment_id: UUID) -> EnrolmentFacts:
    """One enrolment. Raises NotFound."""
    row = await fetchrow(f"{_ENROLMENT} where e.id = $1", enrolment_id)
    if row is None:
        raise NotFound
    return _enrolment(row)


async def enrolments(cohort_id: int, states: Iterable[State]) -> list[EnrolmentFacts]:
    """A cohort's enrolments in these states: seats first by number, then in the order of the queue."""
    rows = await fetch(
        f"{_ENROLMENT} where e.cohort_id = $1 and e.state = any($2::text[]) order by s.number nulls last, e.turn",
        cohort_id,
        sorted(states),
    )
    return [_enrolment(row) for row in rows]


async def several(enrolment_ids: Iterable[UUID]) -> list[EnrolmentFacts]:
    """Enrolments by their ids, of whatever cohorts, in one statement."""
    return [_enrolment(row) for row in await fetch(f"{_ENROLMENT} where e.id = any($1::uuid[])", list(enrolment_ids))]


async def queue_position(cohort_id: int, turn: Decimal) -> int:
    """How many wait up to and including this turn: 1 is next."""
    row = await fetchrow(
        "select count(*) as n from enrolment where cohort_id = $1 and state = 'queued' and turn <= $2", cohort_id, turn
    )
    return int(row["n"]) if row else 0


async def slots(cohort_id: int, now: datetime) -> list[Slot]:
    """Study visits still to come and not cancelled, with how many more may come to each."""
    rows = await fetch(
        """select s.id as slot_id, s.starts_at, s.ends_at, v.name as venue, v.address, p.display_name as leader,
                  (s.capacity - (select count(*) from study_visit b where b.slot_id = s.id))::int as left
           from visit_slot s join venue v on v.id = s.venue_id left join staff p on p.id = s.staff_id
           where s.cohort_id = $1 and s.starts_at > $2 and s.cancelled_at is null order by s.starts_at, s.id""",
        cohort_id,
        now,
    )
    return [Slot(**dict(row)) for row in rows]


async def texts_to_accept(section: str, today: date) -> list[AgreementText]:
    """The newest version in force of each text of a programme: conditions, then rules."""
    rows = await fetch(
        """select distinct on (kind) id, kind, version, valid_from, lines_sv, lines_en from agreement_text
           where section = $1 and valid_from <= $2 order by kind, version desc""",
        section,
        today,
    )
    return [
        AgreementText(
            row["id"],
            row["kind"],
            row["version"],
            row["valid_from"],
            tuple(row["lines_sv"].splitlines()),
            tuple(row["lines_en"].splitlines()),
        )
        for row in rows
    ]


async def texts_for(programme: Programme, today: date) -> tuple[AgreementText, ...]:
    """What somebody accepts to be let in, in the versions in force; empty also while a text that is asked for is missing."""
    return acceptable(programme, await texts_to_accept(programme.section, today)) if asked_texts(programme) else ()


async def residency_exception(enrolment_id: UUID) -> tuple[str, datetime] | None:
    """The exception from the condition on residency that the office made for somebody, and when; or None."""
    row = await fetchrow(
        "select condition, met_at from condition_met where enrolment_id = $1 and condition = any($2::text[])",
        enrolment_id,
        list(get_args(ResidencyException)),
    )
    return (row["condition"], row["met_at"]) if row else None
