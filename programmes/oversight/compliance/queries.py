"""What has to be in order, counted for managers: groups and lists, never who is in them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from programmes.catalogue import queries as catalogue
from programmes.catalogue.edition_rules import Difference, differences, of_all_sections, sections_touched
from programmes.cohorts.queries import OVER_SINCE, UNBOOKED
from programmes.core.clock import at_local, local_date
from programmes.core.db import fetch
from programmes.desk.closing.queries import UNENDED
from programmes.oversight.checklist.rules import CLOSED_WITHIN
from programmes.oversight.log import review_queries
from programmes.oversight.retention.queries import lists_kept


@dataclass(frozen=True)
class Late:
    """A group or series that should be closed, or whose working list should be gone: since which local day. `undecided`:
    nobody has decided whether it starts. `called_off`: all of it was cancelled."""

    section: str
    name: str
    since: date
    undecided: bool = False
    called_off: bool = False


@dataclass(frozen=True)
class Coming:
    """An edition to come: its day, its diary number, what it changes, and the groups that go on under the one before.

    `touched`: section and name of each group of a section that it changes, with a session on that day or later, and of each
    series that has talks left to book. `uncompared`: an older release has stored one of the two without what it says for
    all sections, so that a difference in that is not among the changes.
    """

    day: date
    diary_number: str
    changes: tuple[Difference, ...]
    touched: tuple[tuple[str, str], ...]
    uncompared: bool


@dataclass(frozen=True)
class Compliance:
    """All of it. `undecided`: section and name of exemptions that rest on no known decision. `unsigned`: months."""

    undecided: tuple[tuple[str, str], ...]
    open_past: tuple[Late, ...]
    lists: tuple[Late, ...]
    unsigned: tuple[date, ...]
    coming: tuple[Coming, ...]


# Whatever its state: what nobody has decided about, or what is cancelled and of which somebody has a code or stands on the
# list, is as little closed as what ran.
_UNENDED = UNENDED.format(exempt="p.doc_level = 'operational'", row="e")
_OPEN_PAST = f"""
select p.section, c.name, {OVER_SINCE} as last,
       c.state in ('planned', 'open', 'postponed') and p.form = 'group' as undecided,
       not exists (select from cohort_session s where s.cohort_id = c.id and s.state <> 'cancelled') as called_off
from cohort c join programme p on p.id = c.programme_id
where p.form <> 'drop_in' and {OVER_SINCE} < $1
  and (c.state in ('planned', 'open', 'postponed', 'started') or c.state = 'cancelled' and exists (
           select from enrolment e where e.cohort_id = c.id and {_UNENDED}))
order by last, c.id
"""
# A series of talks goes on when none is booked for then either, as long as it may have more (`CohortFacts.books_next`).
_TOUCHED = f"""
select p.section, c.name, c.id from cohort c join programme p on p.id = c.programme_id
cross join lateral (select count(*) as n, max(s.starts_at) as last from cohort_session s
                    where s.cohort_id = c.id and s.state <> 'cancelled') s
where c.state in ('planned', 'open', 'postponed', 'started') and p.section = any($2)
  and (s.last >= $1 or {UNBOOKED} or c.one_at_a_time and c.ended_how is null
       and s.n < coalesce((p.data ->> 'sessions_max')::int, s.n + 1)) order by p.section, c.id
"""


async def compliance(now: datetime) -> Compliance:
    """As it is now."""
    today = local_date(now)
    in_force = [p for _id, p in await catalogue.in_force(today)]
    return Compliance(
        undecided=tuple(
            (p.section, p.short_name)
            for p in in_force
            if p.exempt and p.form != "catalogue_only" and p.reading("board_decision") == ""
        ),
        open_past=await _open_past(_midnight(today, -CLOSED_WITHIN.days)),
        lists=tuple(Late(section, name, last) for section, name, last, by in await lists_kept() if by < today),
        unsigned=tuple(m.month for m in await review_queries.months() if m.signed_at is None),
        coming=await _coming(today),
    )


def _midnight(day: date, later: int = 0) -> datetime:
    return at_local(day + timedelta(days=later), time(0))


async def _open_past(before: datetime) -> tuple[Late, ...]:
    rows = await fetch(_OPEN_PAST, before)
    return tuple(
        Late(row["section"], row["name"], local_date(row["last"]), row["undecided"], row["called_off"]) for row in rows
    )


async def _coming(today: date) -> tuple[Coming, ...]:
    found, before, said = [], [p for _id, p in await catalogue.in_force(today)], await catalogue.guideline(today)
    for day, diary_number, programmes, says in await catalogue.coming(today):
        changes = (*of_all_sections(said, says), *differences(before, programmes))
        rows = await fetch(_TOUCHED, _midnight(day), sections_touched(changes, (p.section for p in before)))
        touched = tuple((row["section"], row["name"]) for row in rows)
        found.append(Coming(day, diary_number, changes, touched, bool(before) and None in (said, says)))
        before, said = programmes, says
    return tuple(found)
