"""Where cohorts are on their way from announcement to erasure: the same few statements for one and for a thousand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from programmes.attendance import queries as attendance
from programmes.attendance.queries import Unnoted
from programmes.attendance.rules import kind
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts.queries import LAST_OF_SESSIONS, MINE, access, last_end
from programmes.cohorts.rules import asks_of_people
from programmes.core.clock import local_date
from programmes.core.days import day_off
from programmes.core.db import fetch
from programmes.core.principal import Principal
from programmes.core.retention import amount_of
from programmes.desk.closing.queries import STILL_TRUE, UNENDED, gone_by_itself
from programmes.enrolment.kept_queries import leads_somewhere
from programmes.enrolment.rules import asked_texts
from programmes.enrolment.waiting_rules import offer_until, undecided_until
from programmes.evaluation.rules import needs_box
from programmes.oversight.checklist.rules import Due as Due
from programmes.oversight.checklist.rules import Step as Step
from programmes.oversight.checklist.rules import Way as Way
from programmes.oversight.checklist.rules import end_of_week as end_of_week
from programmes.oversight.checklist.rules import steps as steps
from programmes.oversight.checklist.rules import week as week

# A list that is gone needs nobody; neither does a closed cohort whose people are documented.
_WAYS = f"""
with mine as materialized (
    select c.id, c.name, p.section, p.form, p.doc_level = 'operational' as exempt, c.programme_id, c.state, c.enrol_from,
           c.decide_by, c.visit_days, c.closed_at, c.last_entry_session, c.ended_how
    from cohort c join programme p on p.id = c.programme_id
    where p.form in ('group', 'individual') and {MINE}
      and case when $4::int is null then c.state in ('planned', 'open', 'postponed', 'started', 'cancelled')
               else c.id = $4 end)
select m.*, s.first_start, {last_end("m", "m.form")} as last_end, coalesce(e.held, 0) as held,
       coalesce(e.visits_left, 0) as visits_left, coalesce(e.to_agree, 0) as to_agree, coalesce(e.people, false) as people,
       coalesce(e.records, false) as records,
       m.form = 'group' and m.state in ('open', 'postponed') and coalesce(e.queued, 0) > 0
         and s.sessions > 0 and s.begun >= least(m.last_entry_session, s.sessions) as waits_in_vain,
       b.state as box, exists (select 1 from case_transfer t where t.cohort_id = m.id and {STILL_TRUE}) as transferred,
       coalesce(e.alive, false) as alive,
       m.state in ('started', 'closed') and exists (
           select 1 from start_decision d where d.cohort_id = m.id and d.decision = 'cancel' and d.undone_at is null)
         as ended,
       exists (select 1 from first_right r where r.from_cohort_id = m.id and r.until > $5 and {leads_somewhere("$5")})
         as first_right,
       m.state = 'cancelled' and exists (
           select 1 from cohort o join programme op on op.id = o.programme_id
           where op.section = m.section and o.id <> m.id and o.state in ('open', 'postponed')
             and (select min(starts_at) from cohort_session os where os.cohort_id = o.id and os.state <> 'cancelled') > $5)
         as another,
       array(select p.display_name from cohort_staff w join staff p on p.id = w.staff_id
             where w.cohort_id = m.id and w.role = 'leader' and (w.until is null or w.until >= $2)
             order by p.display_name) as leaders
from mine m
left join (select cohort_id, min(starts_at) filter (where state <> 'cancelled') as first_start, {LAST_OF_SESSIONS},
                  count(*) filter (where state <> 'cancelled') as sessions,
                  count(*) filter (where state <> 'cancelled' and starts_at <= $5) as begun from cohort_session
           where cohort_id in (select id from mine) group by cohort_id) s on s.cohort_id = m.id
left join (select x.cohort_id, count(*) filter (where x.state in ('preliminary', 'confirmed')) as held,
                  count(*) filter (where x.state = 'preliminary' and v.id is null) as visits_left,
                  count(*) filter (where x.state = 'preliminary') as to_agree,
                  bool_or(x.state in ('preliminary', 'confirmed', 'queued')) as alive,
                  count(*) filter (where x.state = 'queued') as queued,
                  bool_or(x.participant_id is not null) as records,
                  bool_or({UNENDED.format(exempt="w.exempt", row="x")}) as people
           from enrolment x join mine w on w.id = x.cohort_id
           left join study_visit v on v.enrolment_id = x.id and v.state = 'attended'
           group by x.cohort_id) e on e.cohort_id = m.id
left join ballot b on b.cohort_id = m.id
where $4::int is not null or m.state <> 'cancelled' or coalesce(e.people, false)
order by m.decide_by, m.id
"""


async def ways(principal: Principal, now: datetime, cohort_id: int | None = None) -> list[Way]:
    """Every cohort that this person works with and that is not at its end, or one of them wherever it is."""
    rows = await fetch(_WAYS, *access(principal, local_date(now)), cohort_id, now)
    programmes = await catalogue.programmes({row["programme_id"] for row in rows})
    named = [row["id"] for row in rows if _by_name(row, programmes)]
    running = [row["id"] for row in rows if _runs(row)]
    lacking: dict[int, list[Unnoted]] = {}
    for entry in await attendance.unnoted(running, named, now) if running else ():
        lacking.setdefault(entry.cohort_id, []).append(entry)
    # When records are erased stands on the checklist of one cohort only.
    years = await amount_of("protected_record") if cohort_id is not None else 0
    gone = await gone_by_itself([row["id"] for row in rows if row["exempt"] and not row["people"] and _is_over(row, now)])
    found = [_way(row, programmes[row["programme_id"]], lacking.get(row["id"], []), years, now) for row in rows]
    return [replace(way, list_gone=gone.get(way.cohort_id)) for way in found]


def _is_over(row: Any, now: datetime) -> bool:
    """Before that no list goes by itself."""
    return bool(row["state"] != "planned" and (row["last_end"] is None or row["last_end"] <= now))


def _runs(row: Any) -> bool:
    """A group whose start nobody has decided owes no note of a day that was to be its first: it owes the decision."""
    return bool(row["state"] == "started" or (row["state"] == "open" and row["form"] != "group"))


def _by_name(row: Any, programmes: dict[int, Programme]) -> bool:
    return kind(row["exempt"], programmes[row["programme_id"]].figures) == "names"


def _as_long_as_a_right(cancelled_at: datetime) -> datetime:
    """When the first right of those of a cancelled start would have ended at the latest."""
    return offer_until(cancelled_at, None, day_off) or cancelled_at


def _way(row: Any, programme: Programme, unnoted: Sequence[Unnoted], kept_years: int, now: datetime) -> Way:
    asks = asks_of_people(row["ended_how"])
    without_right = row["state"] == "cancelled" and row["alive"] and not row["first_right"]
    return Way(
        cohort_id=row["id"],
        name=row["name"],
        section=row["section"],
        form=row["form"],
        state=row["state"],
        exempt=row["exempt"],
        by_name=kind(row["exempt"], programme.figures) == "names",
        enrol_from=row["enrol_from"],
        decide_by=row["decide_by"],
        visit_days=row["visit_days"],
        first_start=row["first_start"],
        last_end=row["last_end"],
        closed_at=row["closed_at"],
        study_visit=programme.study_visit,
        agreements=bool(asked_texts(programme)),
        held=row["held"],
        visits_left=row["visits_left"] if asks else 0,
        to_agree=row["to_agree"] if asks else 0,
        unnoted=len(unnoted),
        unnoted_since=unnoted[0].starts_at if unnoted else None,
        evaluated=row["form"] == "group" and needs_box(programme.evaluation),
        box_open=row["box"] in {"preparing", "open"} or (row["box"] is None and row["ended_how"] != "ended_early"),
        transferred=row["transferred"],
        people=row["people"],
        may_move=row["alive"] and row["first_right"],
        leaders=tuple(row["leaders"]),
        records=row["records"],
        kept_years=kept_years,
        can_be_moved=without_right and row["another"] and now < _as_long_as_a_right(row["closed_at"]),
        nowhere=without_right and not row["another"],
        queue_until=local_date(undecided_until(row["last_end"])) if row["waits_in_vain"] else None,
        ended=row["ended"],
    )
