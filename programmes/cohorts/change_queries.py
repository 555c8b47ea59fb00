"""What is written down of the changes of a cohort's sessions."""

import json
from dataclasses import dataclass
from datetime import datetime

from programmes.core.db import fetch, fetchrow, fetchval

OF_STAFF = frozenset({"leader", "leader_rest"})


@dataclass(frozen=True)
class First:
    """The first of the changes that one tap made in a cohort: most often the only one."""

    change_id: int
    made_at: datetime
    before: str


async def first_of_tap(cohort_id: int, change_id: int) -> First | None:
    """The first of the changes that were made with this one; None where it is none of this cohort's."""
    row = await fetchrow(
        """select f.id as change_id, f.made_at, f.before from session_change c
           join session_change f on f.cohort_id = c.cohort_id and (f.id = c.id or f.tap = c.tap)
           where c.id = $1 and c.cohort_id = $2 order by f.id limit 1""",
        change_id,
        cohort_id,
    )
    return First(**dict(row)) if row else None


async def made_at(cohort_id: int, change_id: int) -> datetime | None:
    """When a change was made; None where it is none of this cohort's."""
    first = await first_of_tap(cohort_id, change_id)
    return first.made_at if first else None


async def latest(cohort_id: int) -> int:
    """The number of a cohort's last change; 0 if there is none."""
    return int(await fetchval("select coalesce(max(id), 0) from session_change where cohort_id = $1", cohort_id))


async def only_staff_last(cohort_id: int) -> bool:
    """Whether a cohort's last change made neither time nor place another one, only who stands there: also when it undid
    such a change."""
    row = await fetchrow(
        "select kind, before, after from session_change where cohort_id = $1 order by id desc limit 1", cohort_id
    )
    if row is None or row["kind"] in OF_STAFF:
        return row is not None
    return row["kind"] == "undo" and _times(row["before"]) == _times(row["after"])


def _times(state: str) -> list[tuple[object, ...]]:
    keys = ("id", "state", "starts_at", "ends_at", "venue_id")
    return sorted(
        (tuple(one[key] for key in keys) for one in json.loads(state)["sessions"] or ()), key=lambda one: str(one[0])
    )


async def brought_back(cohort_id: int, change_id: int) -> list[tuple[datetime, datetime]]:
    """Of what a change and its tap cancelled in a cohort, which times undoing it brings back; in order."""
    rows = await fetch(
        """select distinct s.starts_at, s.ends_at from session_change c
           join session_change o on o.cohort_id = c.cohort_id and (o.id = c.id or o.tap = c.tap)
           cross join lateral jsonb_to_recordset(o.before::jsonb -> 'sessions') as was (id int, state text)
           join cohort_session s on s.id = was.id and s.state = 'cancelled' and was.state <> 'cancelled'
           where c.id = $1 and c.cohort_id = $2 order by s.starts_at""",
        change_id,
        cohort_id,
    )
    return [(row["starts_at"], row["ends_at"]) for row in rows]


async def changed_by(change_id: int, session_id: int) -> bool:
    """Whether a change, or another of the same tap in its cohort, is about this session: it was otherwise before, or not
    there."""
    return bool(
        await fetchval(
            """select bool_or(was is distinct from now_is) from session_change k
               join session_change c on c.cohort_id = k.cohort_id and (c.id = k.id or c.tap = k.tap)
               left join lateral (select s as was from jsonb_path_query(c.before::jsonb, '$.sessions[*]') s
                                  where (s ->> 'id')::int = $2) b on true
               left join lateral (select s as now_is from jsonb_path_query(c.after::jsonb, '$.sessions[*]') s
                                  where (s ->> 'id')::int = $2) a on true
               where k.id = $1""",
            change_id,
            session_id,
        )
    )
