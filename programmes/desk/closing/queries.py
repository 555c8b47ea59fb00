"""Reads for closing: what is done, what is left, and which lists are overdue."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from programmes.attendance import queries as attendance
from programmes.attendance.rules import Kind, kind, unique_bounds
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import OVER_SINCE, UNBOOKED, CohortFacts
from programmes.cohorts.rules import StartFacts, ends_by_decision
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.principal import Principal
from programmes.desk.closing.rules import ClosingFacts, Decision, ErasedList, box_of
from programmes.enrolment.leaving.first_right_queries import is_awaited, promised_until
from programmes.enrolment.queries import places
from programmes.evaluation import queries as evaluation
from programmes.evaluation.rules import needs_box
from programmes.notices.queries import held_until, unfinished
from programmes.notices.right_queries import still_to_hear


@dataclass(frozen=True)
class Receipt:
    """That a working list went. `cohort_id` is None for a series that has dissolved; nobody's name and no number."""

    receipt_id: UUID
    cohort_id: int | None
    section: str
    form: str
    level: Kind
    rule: str
    erased_on: date
    by: str | None


@dataclass(frozen=True)
class Overdue:
    """An exempt cohort whose list should be gone."""

    cohort_id: int
    section: str
    form: str
    level: Kind


@dataclass(frozen=True)
class BroughtBack:
    """A cohort with ways in it whose keys were destroyed. `everybody`: all that have a key; the list as a whole had gone.
    `counted_from` as `LIST_COUNTS_FROM`."""

    cohort_id: int
    exempt: bool
    level: Kind
    everybody: bool
    counted_from: datetime | None


# Of a confirmed transfer `t`: no attendance has been noted or changed since.
STILL_TRUE = """not exists (select 1 from attendance a join cohort_session s on s.id = a.session_id
                             where s.cohort_id = t.cohort_id and a.marked_at > t.confirmed_at)"""


async def facts(cohort: CohortFacts, now: datetime) -> ClosingFacts:
    """How far a cohort is on its way to be closed."""
    cohort_id = cohort.cohort_id
    programme = await catalogue.programme(cohort.programme_id)
    noted = kind(cohort.exempt, programme.figures)
    sessions = [s for s in await cohorts.sessions(cohort_id) if s.state != "cancelled"]
    box = await evaluation.for_cohort(cohort_id)
    coming = {s.session_id for s in sessions if s.ends_at > now and s.state != "held"}
    unnoted = await attendance.unnoted([cohort_id], [cohort_id] if noted == "names" else [], now)
    row = await fetchrow(
        f"""select ended_how,
                   exists (select 1 from case_transfer t where t.cohort_id = c.id and {STILL_TRUE}) as transferred
            from cohort c where id = $1""",
        cohort_id,
    )
    waits = await fetchrow(
        """select count(*) filter (where state in ('queued', 'offered'))::int as queued,
                  coalesce(bool_or(state = 'expired' and left_from = 'queued' and undo_until is not null), false) as reading
           from enrolment where cohort_id = $1""",
        cohort_id,
    )
    assert row
    assert waits
    return ClosingFacts(
        kind=noted,
        form=cohort.form,
        exempt=cohort.exempt,
        state=cohort.state,
        sessions=len(sessions),
        coming=len(coming),
        unnoted=sum(1 for entry in unnoted if entry.session_id not in coming),
        ending=row["ended_how"],
        required=programme.evaluation == "required",
        box=box_of(needs_box(programme.evaluation), cohort.form, box.state if box else None),
        own_words=bool(box and box.own_words),
        unique=await attendance.unique_participants(cohort_id),
        bounds=unique_bounds([entry.count for entry in await attendance.counts(cohort_id)]),
        transferred=row["transferred"],
        waiting=await unfinished(cohort_id) + await still_to_hear(cohort_id, now),
        unended=await unended(cohort),
        first_right_until=await is_awaited(cohort.cohort_id, now),
        promised_until=await promised_until(cohort.cohort_id, now),
        held_until=await held_until(cohort_id, now),
        erased=(await gone_by_itself([cohort_id] if cohort.exempt else [])).get(cohort_id),
        decision=await to_decide(cohort, now),
        queued=waits["queued"],
        reading=waits["reading"],
        least=programme.sessions_min if cohort.form == "individual" else None,
    )


async def to_decide(cohort: CohortFacts, now: datetime) -> Decision:
    """What is to be decided about a cohort before it can be closed; nothing where it is decided, or nobody decides."""
    if not cohort.undecided:
        return ""
    required = (await catalogue.programme(cohort.programme_id)).participants_min
    start = StartFacts(cohort.section, cohort.state, cohort.minimum, required, cohort.sessions)
    confirmed = (await places([cohort.cohort_id], now))[cohort.cohort_id].confirmed
    return "end" if ends_by_decision(start, confirmed, await cohorts.held(cohort.cohort_id) > 0) else "start"


# SQL, of a row of `enrolment`: whether closing has it left to erase or to end. Who moved from a queue leaves a row to which
# neither a code nor a record belongs.
UNENDED = "({exempt} or {row}.key_id is not null)"


async def unended(cohort: CohortFacts) -> bool:
    """Whether anybody stands on a cohort's list, or, where people are documented, still has a place code."""
    found: bool = await fetchval(
        f"""select exists (select 1 from enrolment e
                           where cohort_id = $1 and {UNENDED.format(exempt="$2::bool", row="e")})""",
        cohort.cohort_id,
        cohort.exempt,
    )
    return found


async def came(cohort_id: int) -> int:
    """How many of those who have a confirmed place were present at one session at least."""
    found: int = await fetchval(
        """select count(*) from enrolment e where e.cohort_id = $1 and e.state = 'confirmed'
             and exists (select 1 from attendance a where a.enrolment_id = e.id and a.mark = 'present')""",
        cohort_id,
    )
    return found


_RECEIPT = """
select r.id as receipt_id, r.cohort_id, r.section, r.form, r.level, r.rule, r.erased_on, s.display_name as by
from erasure_receipt r left join staff s on s.id = r.staff_id
"""


async def receipt(receipt_id: UUID) -> Receipt | None:
    """A receipt by its id."""
    row = await fetchrow(f"{_RECEIPT} where r.id = $1", receipt_id)
    return Receipt(**dict(row)) if row else None


async def receipts_of(cohort_id: int) -> list[Receipt]:
    """The receipts of a cohort that still exists, newest first."""
    rows = await fetch(f"{_RECEIPT} where r.cohort_id = $1 order by r.erased_on desc, r.id", cohort_id)
    return [Receipt(**dict(row)) for row in rows]


async def gone_by_itself(cohort_ids: Collection[int]) -> dict[int, ErasedList]:
    """Of these cohorts those whose list went without anybody closing them, and in which nobody stands since. Without cohorts
    nothing is asked."""
    if not cohort_ids:
        return {}
    rows = await fetch(
        """select distinct on (r.cohort_id) r.cohort_id, r.id, r.erased_on, r.rule from erasure_receipt r
           where r.cohort_id = any($1::int[]) and r.staff_id is null
             and not exists (select from enrolment e where e.cohort_id = r.cohort_id)
           order by r.cohort_id, r.erased_on desc, r.id""",
        list(cohort_ids),
    )
    return {row["cohort_id"]: ErasedList(row["id"], row["erased_on"], row["rule"]) for row in rows}


async def receipts_between(first: date, last: date) -> list[Receipt]:
    """The receipts of lists of the local days from the first to the last, the newest first."""
    rows = await fetch(
        f"{_RECEIPT} where r.erased_on between $1 and $2 order by r.erased_on desc, r.section, r.id", first, last
    )
    return [Receipt(**dict(row)) for row in rows]


async def my_receipt(principal: Principal, today: date, receipt_id: UUID) -> Receipt | None:
    """A receipt, for who erased, who coordinates the programme, or who works with the cohort."""
    found = await receipt(receipt_id)
    if found is None:
        return None
    by = await fetchval("select staff_id from erasure_receipt where id = $1", receipt_id)
    if by == principal.staff_id or principal.coordinates(found.section) or principal.has("manager"):
        return found
    if found.cohort_id is None:
        return None
    await cohorts.mine(principal, today, found.cohort_id)
    return found


# SQL: from when the days are counted that the list of a cohort `c`, of the programme `p`, may be kept: its last session, or
# what stands for it. A series of talks of which none is booked has none: there it is the last cancelling, or the last
# application (decision 28).
LIST_COUNTS_FROM = f"""case when {UNBOOKED} then greatest(
        (select max(s.cancelled_at) from cohort_session s where s.cohort_id = c.id),
        (select max(e.applied_at) from enrolment e where e.cohort_id = c.id))
    else {OVER_SINCE} end"""


async def overdue(now: datetime, kept: timedelta) -> list[Overdue]:
    """Exempt cohorts whose last session, or whose cancelling, is so long ago that their list must be gone; and series that
    nobody has booked a talk of for as long."""
    rows = await fetch(
        f"""select c.id, c.programme_id, p.section, p.form from cohort c join programme p on p.id = c.programme_id
            where p.doc_level = 'operational' and exists (select 1 from enrolment e where e.cohort_id = c.id)
              and {LIST_COUNTS_FROM} <= $1
            order by c.id""",
        now - kept,
    )
    programmes = await catalogue.programmes({row["programme_id"] for row in rows})
    return [
        Overdue(row["id"], row["section"], row["form"], kind(True, programmes[row["programme_id"]].figures)) for row in rows
    ]


async def brought_back(gone: Collection[UUID]) -> list[BroughtBack]:
    """Cohorts in which there are ways again whose keys are gone: `database_marks.came_back` asks whether there are any."""
    rows = await fetch(
        f"""select c.id, c.programme_id, p.doc_level = 'operational' as exempt,
                  bool_and(e.key_id = any($1::uuid[])) as everybody, {LIST_COUNTS_FROM} as counted_from
           from cohort c join programme p on p.id = c.programme_id join enrolment e on e.cohort_id = c.id
           where e.key_id is not null
           group by c.id, p.id having bool_or(e.key_id = any($1::uuid[])) order by c.id""",
        list(gone),
    )
    programmes = await catalogue.programmes({row["programme_id"] for row in rows})
    return [
        BroughtBack(
            row["id"],
            row["exempt"],
            kind(row["exempt"], programmes[row["programme_id"]].figures),
            row["everybody"],
            row["counted_from"],
        )
        for row in rows
    ]


async def mark_of_noted(cohort_id: int) -> str:
    """What tells what is noted of a cohort's sessions and confirmed places now from what it was before.
    Whoever is about to confirm something of them has seen one state, and another must not be confirmed by that."""
    found: str = await fetchval(
        """select md5(coalesce(string_agg(line, ';' order by line), '')) from (
             select concat_ws(',', 'marked', a.session_id, a.enrolment_id, a.mark) as line
             from attendance a join cohort_session s on s.id = a.session_id where s.cohort_id = $1
             union all select concat_ws(',', 'counted', h.session_id, h.women, h.men, h.other)
             from head_count h join cohort_session s on s.id = h.session_id where s.cohort_id = $1
             union all select concat_ws(',', 'unique', women, men, other) from unique_participants where cohort_id = $1
             union all select concat_ws(',', 'session', id, state) from cohort_session where cohort_id = $1
             union all select concat_ws(',', 'place', id) from enrolment where cohort_id = $1 and state = 'confirmed'
             union all select concat_ws(',', 'ended', ended_how) from cohort where id = $1
           ) as noted""",
        cohort_id,
    )
    return found
