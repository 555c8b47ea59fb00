"""Reads of the monthly review. No name of a participant is among them: who manages sees numbers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from programmes.core.db import fetch, fetchrow
from programmes.core.errors import NotFound
from programmes.oversight.log.chain_rules import Line
from programmes.oversight.log.review_rules import MANY_REVEALS, Kind, Outcome, span
from programmes.oversight.log.review_rules import Judged as Judged
from programmes.oversight.log.review_rules import Looked as Looked
from programmes.oversight.log.review_rules import Month as Month
from programmes.people.look_rules import NOBODY

_MONTHS = """
select r.month, r.lines, count(l.id) filter (where m.outcome is not null)::int as judged,
       count(l.id) filter (where m.outcome is null)::int as left_over, s.at as signed_at,
       coalesce(p.display_name, '') as signed_by
from look_review r left join look_review_line l on l.month = r.month
left join lateral (select outcome from look_review_mark where line_id = l.id order by id desc limit 1) m on true
left join look_review_signed s on s.month = r.month left join staff p on p.id = s.staff_id
"""


async def months(wanted: date | None = None) -> list[Month]:
    """Every month that there is to go through, or one, the newest first."""
    rows = await fetch(
        f"""{_MONTHS} where $1::date is null or r.month = $1
            group by r.month, s.at, p.display_name order by r.month desc""",
        wanted,
    )
    return [Month(r["month"], r["lines"], r["judged"], r["left_over"], r["signed_at"], r["signed_by"]) for r in rows]


async def month(wanted: date) -> Month:
    """One month. Raises NotFound while it has not ended, or when it is not kept any more."""
    found = await months(wanted)
    if not found:
        raise NotFound
    return found[0]


async def judged(wanted: date) -> list[Judged]:
    """All that there is to judge of a month, in the order in which it was found; two statements, whatever its size."""
    rows = await fetch(
        """select l.id, l.kind, l.staff_id, coalesce(p.display_name, '') as staff, coalesce(c.name, '') as cohort,
                  l.look_ids, m.outcome, m.staff_id as judged_by
           from look_review_line l left join staff p on p.id = l.staff_id left join cohort c on c.id = l.cohort_id
           left join lateral (select outcome, staff_id from look_review_mark where line_id = l.id
                              order by id desc limit 1) m on true
           where l.month = $1 order by l.id""",
        wanted,
    )
    looks = await _looks({look_id for row in rows for look_id in row["look_ids"]})
    return [
        Judged(
            r["id"],
            cast(Kind, r["kind"]),
            r["staff_id"],
            r["staff"],
            r["cohort"],
            tuple(looks[look_id] for look_id in r["look_ids"] if look_id in looks),
            cast("Outcome | None", r["outcome"]),
            r["judged_by"],
        )
        for r in rows
    ]


async def _looks(look_ids: Collection[int]) -> Mapping[int, Looked]:
    rows = await fetch(
        """select l.id as look_id, k.position, l.at, l.page, l.reason, coalesce(c.name, '') as cohort, l.protected,
                  l.own_name, l.participant_id = $2 as of_nobody,
                  (select min(e.arrival) from enrolment e
                   where e.participant_id = l.participant_id and e.cohort_id = l.cohort_id) as number
           from record_look l left join look_link k on k.look_id = l.id left join cohort c on c.id = l.cohort_id
           where l.id = any($1::bigint[])""",
        sorted(look_ids),
        NOBODY,
    )
    return {row["look_id"]: Looked(**dict(row)) for row in rows}


async def lines_of(month: date) -> list[Line]:
    """The lines that were written in a local month."""
    names = ", ".join(f"l.{'id as look_id' if name == 'look_id' else name}" for name in Line.__dataclass_fields__)
    rows = await fetch(f"select {names} from record_look l where l.at >= $1 and l.at < $2 order by l.id", *span(month))
    return [Line(**dict(row)) for row in rows]


async def oldest_line() -> datetime | None:
    """When the oldest line that is kept was written."""
    row = await fetchrow("select min(at) as at from record_look")
    return row["at"] if row else None


async def newest_month() -> date | None:
    """The last month that was drawn."""
    row = await fetchrow("select max(month) as month from look_review")
    return row["month"] if row else None


@dataclass(frozen=True)
class Access:
    """Who works with which cohorts now, and until when; who coordinates which programmes, '' for all."""

    works: Mapping[tuple[int, int], date | None]
    coordinates: Collection[tuple[int, str]]
    sections: Mapping[int, str]

    def may_look(self, line: Line, on: date) -> bool:
        """Whether who looked works with the cohort, or coordinates its programme; a substitute until their last day."""
        if {(line.staff_id, ""), (line.staff_id, self.sections.get(line.cohort_id, "?"))} & set(self.coordinates):
            return True
        known = (line.staff_id, line.cohort_id) in self.works
        until = self.works.get((line.staff_id, line.cohort_id))
        return known and (until is None or until >= on)


async def access_to(cohort_ids: Iterable[int]) -> Access:
    """Who may look at the people of some cohorts, three statements for all of them."""
    wanted = sorted(set(cohort_ids))
    works = await fetch("select staff_id, cohort_id, until from cohort_staff where cohort_id = any($1::int[])", wanted)
    roles = await fetch(
        """select r.staff_id, r.section from staff_role r join staff p on p.id = r.staff_id
           where r.role = 'coordinator' and p.active"""
    )
    sections = await fetch(
        "select c.id, p.section from cohort c join programme p on p.id = c.programme_id where c.id = any($1::int[])", wanted
    )
    return Access(
        {(r["staff_id"], r["cohort_id"]): r["until"] for r in works},
        {(r["staff_id"], r["section"]) for r in roles},
        {r["id"]: r["section"] for r in sections},
    )


async def revealed_often(month: date) -> Sequence[tuple[int, int]]:
    """Who showed contacts of which working lists more than a few times in a month, of the lists that still are."""
    rows = await fetch(
        """select a.staff_id, e.cohort_id from audit_entry a join enrolment e on a.subject = 'enrolment/' || e.id
           where a.action like 'contact:reveal:%' and a.at >= $1 and a.at < $2
           group by a.staff_id, e.cohort_id having count(*) > $3 order by a.staff_id, e.cohort_id""",
        *span(month),
        MANY_REVEALS,
    )
    return [(row["staff_id"], row["cohort_id"]) for row in rows]
