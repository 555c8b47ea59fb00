"""Reads about retention: rules in force, what is due when, runs and their receipts. Of people ids and numbers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, cast
from uuid import UUID

from programmes.core.clock import at_local, local_date
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.retention import amount_of
from programmes.core.retention_rules import SUBJECTS, Subject, Unit, months_after, years_after
from programmes.desk.closing.queries import LIST_COUNTS_FROM
from programmes.enrolment.person.note_queries import last_notes
from programmes.oversight.retention import rules as rules
from programmes.oversight.retention.rules import RecordFacts, last_note
from programmes.people.hold_queries import holds_of


@dataclass(frozen=True)
class Choice:
    """What the office has decided of a class: how long, by which decision, who entered it and when (UTC)."""

    subject: Subject
    amount: int
    decision: str
    by: str
    chosen_at: datetime


async def choices() -> Mapping[Subject, Sequence[Choice]]:
    """Every choice by class, the one in force first."""
    rows = await fetch(
        """select c.subject, c.amount, c.decision, coalesce(s.display_name, '') as by, c.chosen_at
           from retention_choice c left join staff s on s.id = c.staff_id order by c.id desc"""
    )
    found: dict[Subject, list[Choice]] = {}
    for row in rows:
        if row["subject"] in SUBJECTS:
            found.setdefault(row["subject"], []).append(Choice(**dict(row)))
    return found


# A file counts for a record that is in it as it is: what has been put right since keeps it no longer, but goes to the
# archive too.
_RECEIVED = """
select i.participant_id, max(b.made_at) as at from archive_item i join archive_batch b on b.id = i.batch_id
where b.confirmed_at is not null and i.participant_id = any($1::uuid[]) and not exists (
    select 1 from audit_entry a where a.subject = 'participant/' || i.participant_id and a.at > b.made_at
      and a.action in ('person:correct', 'person:complete'))
group by i.participant_id
"""


def due_of(noted_at: datetime, years: int) -> rules.Due:
    """When a record with its last note at this moment may go, and by when it must have."""
    return rules.due(last_note([noted_at]), years)


def first_day(noted_at: datetime, years: int) -> date:
    """The first local day on which such a record may go."""
    return due_of(noted_at, years).first


async def due_by(day: date, years: int) -> dict[UUID, datetime]:
    """The records whose period has passed by a local day, whatever else stands in the way, with the moment of the last note,
    the oldest first. A record that was made too late for that is not looked at."""
    too_late = at_local(years_after(day, -years) + timedelta(days=2), time())
    found = await last_notes(made_before=too_late)
    return {person: at for person, at in found.items() if first_day(at, years) <= day}


async def due_records(today: date) -> list[UUID]:
    """The records whose period has passed today."""
    return list(await due_by(today, await amount_of("protected_record")))


async def record_facts(people: Sequence[UUID]) -> dict[UUID, RecordFacts]:
    """What decides about these records. Who is gone is left out."""
    found = await last_notes(people)
    holds = await holds_of(list(found))
    received = {row["participant_id"]: row["at"] for row in await fetch(_RECEIVED, list(found))}
    return {one: RecordFacts((at,), holds.get(one, ()), received.get(one)) for one, at in found.items()}


@dataclass(frozen=True)
class Way:
    """Somebody's way through a cohort, the newest: where staff see them, and by which number."""

    person_id: UUID
    enrolment_id: UUID
    cohort_id: int
    cohort: str
    number: int
    sections: frozenset[str]


async def ways(people: Sequence[UUID]) -> list[Way]:
    """The newest way of each of these through a cohort, and the sections of all their ways, in the order of cohorts."""
    rows = await fetch(
        """select distinct on (e.participant_id) e.participant_id as person_id, e.id as enrolment_id, e.cohort_id,
                  c.name as cohort, e.arrival as number,
                  (select array_agg(distinct p.section) from enrolment o join cohort oc on oc.id = o.cohort_id
                   join programme p on p.id = oc.programme_id where o.participant_id = e.participant_id) as sections
           from enrolment e join cohort c on c.id = e.cohort_id where e.participant_id = any($1::uuid[])
           order by e.participant_id, e.applied_at desc, e.id""",
        list(people),
    )
    found = [Way(**{**dict(row), "sections": frozenset(row["sections"])}) for row in rows]
    return sorted(found, key=lambda way: (way.cohort, way.number))


@dataclass(frozen=True)
class Run:
    """A run: its local day, how it stands, how many records were due, are gone, and could not be erased."""

    run_id: int
    night: date
    by_hand: bool
    state: str
    started_at: datetime
    finished_at: datetime | None
    due: int
    gone: int
    failed: int


_RUN = "select id as run_id, night, by_hand, state, started_at, finished_at, due, gone, failed from retention_run"


async def last_night() -> date | None:
    """The local day of the newest nightly run that is over; one that was broken off is taken up again."""
    return cast(
        "date | None", await fetchval("select max(night) from retention_run where not by_hand and state <> 'running'")
    )


async def last_runs(many: int) -> list[Run]:
    """The newest runs, the last first."""
    return [Run(**dict(row)) for row in await fetch(f"{_RUN} order by id desc limit $1", many)]


async def run(run_id: int) -> Run | None:
    """A run by its number."""
    row = await fetchrow(f"{_RUN} where id = $1", run_id)
    return Run(**dict(row)) if row else None


async def last_believed() -> datetime | None:
    """When the last run was that believed its clock, or somebody said later that it is right; before the first one, when
    something was last noted in the trail.

    Not the trail later on: what else the worker does is noted by the same clock that may have jumped.
    """
    return cast(
        "datetime | None",
        await fetchval(
            """select greatest(coalesce((select max(started_at) from retention_run where state not in ('running', 'clock')),
                                        (select max(at) from audit_entry)),
                               (select confirmed_at from clock_trace))"""
        ),
    )


@dataclass(frozen=True)
class Receipt:
    """What went: which class, by which rule, on which local day, how many where that is said. It names no one. `by_hand`:
    somebody ran `programmes erase`."""

    receipt_id: UUID
    subject: str
    amount: int | None
    unit: Unit | None
    gone: int | None
    day: date
    restored: bool
    by_hand: bool


_RECEIPT = """select r.id as receipt_id, r.subject, r.amount, r.unit, r.gone, r.day, r.run_id is null as restored,
                     coalesce(run.by_hand, false) as by_hand
              from retention_receipt r left join retention_run run on run.id = r.run_id"""


async def receipts(first: date, last: date) -> list[Receipt]:
    """The receipts of the local days from the first to the last, the newest first."""
    rows = await fetch(f"{_RECEIPT} where r.day between $1 and $2 order by r.day desc, r.subject, r.id", first, last)
    return [Receipt(**dict(row)) for row in rows]


async def receipt(receipt_id: UUID) -> Receipt | None:
    """A receipt by its id."""
    row = await fetchrow(f"{_RECEIPT} where r.id = $1", receipt_id)
    return Receipt(**dict(row)) if row else None


async def lists_kept() -> list[tuple[str, str, date, date]]:
    """Of each working list: section and name of its cohort, the local day from which it is counted, and that by which it
    has to be gone at the latest; of lists, never of people on them. The longest kept first."""
    rows = await fetch(
        f"""select p.section, c.name, {LIST_COUNTS_FROM} as last
            from cohort c join programme p on p.id = c.programme_id
            where p.doc_level = 'operational' and p.form <> 'drop_in'
              and exists (select 1 from enrolment e where e.cohort_id = c.id) order by last, c.id"""
    )
    days = timedelta(days=await amount_of("working_list"))
    counted = [(row["section"], row["name"], local_date(row["last"])) for row in rows if row["last"]]
    return [(section, name, last, last + days) for section, name, last in counted]


async def lists_due() -> list[date]:
    """By which local day each working list has to be gone at the latest."""
    return [by for _section, _name, _last, by in await lists_kept()]


async def ballots_due(months: int | None = None) -> list[date]:
    """On which local day each box of a small group goes unread, if it cannot be mixed before that: by the rule in force, or
    by another number of months."""
    rows = await fetch(
        """select b.closed_on from ballot b where b.state = 'waiting' and b.closed_on is not null and not exists (
               select 1 from programme p where p.section = b.section and p.data ->> 'evaluation' = 'required')"""
    )
    months = await amount_of("ballots_unread") if months is None else months
    return [months_after(row["closed_on"], months) for row in rows]


async def older_than(subject: Literal["access_log", "audit_entry"], moment: datetime) -> int:
    """How many lines of a log are from before a moment."""
    table = {"access_log": "record_look", "audit_entry": "audit_entry"}[subject]
    return int(await fetchval(f"select count(*) from {table} where at < $1", moment))
