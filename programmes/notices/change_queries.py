"""Changes of sessions that nobody has been told of yet, and the messages that they outrun."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.notices.belief_rules import (
    OF_START,
    Belief,
    Change,
    Pending,
    differing,
    known_of,
    read,
)
from programmes.notices.left_rules import Told, kind_of_all, left_together
from programmes.notices.rules import NAMES_A_DAY, OF_ALL, OF_CHANGES, Kind


@dataclass(frozen=True)
class Untold:
    """A change whose messages are to be written: of the sessions that it is about, how they were and became. `undoes_from`:
    when what it undoes was made. `of_start`: it is a decision about the start or takes one back, which those who wait hear
    of too."""

    change_id: int
    kind: Change
    made_at: datetime
    before: Belief
    after: Belief
    undoes_from: datetime | None = None
    of_start: bool = False


async def untold(cohort_id: int) -> list[Untold]:
    """Of one cohort, the first first."""
    rows = await fetch(
        """select id, kind, made_at, before::jsonb -> 'sessions' as was, after::jsonb -> 'sessions' as became,
                  undone.since as undoes_from, kind = any($2::text[]) or coalesce(undone.of_start, false) as of_start
           from session_change c
           cross join lateral (
               select min(u.made_at) as since, bool_or(u.kind = any($2::text[])) as of_start
               from session_change u where c.kind = 'undo' and u.cohort_id = c.cohort_id
                 and u.undone_at = c.made_at and u.id < c.id) undone
           where cohort_id = $1 and untold order by id""",
        cohort_id,
        sorted(OF_START),
    )
    found = []
    for row in rows:
        was, became = (known_of(json.loads(row[side] or "null") or ()) for side in ("was", "became"))
        before = differing(was, became)
        after = {session_id: became.get(session_id) for session_id in before}
        found.append(Untold(row["id"], row["kind"], row["made_at"], before, after, row["undoes_from"], row["of_start"]))
    return found


async def named_a_day(enrolment_id: UUID, since: datetime, until: datetime) -> bool:
    """Whether a message about somebody's own place, which names the first day as it is then, may have reached them between
    two moments."""
    rows = await fetch(
        """select 1 from notice where enrolment_id = $1 and kind = any($2::text[])
             and coalesce(sent_at, handed_over_at) > $3 and coalesce(handed_over_at, sent_at) <= $4 limit 1""",
        enrolment_id,
        sorted(NAMES_A_DAY),
        since,
        until,
    )
    return bool(rows)


async def told_since(enrolment_id: UUID, kind: Kind, since: datetime) -> bool:
    """Whether a message of a kind, written since, has reached somebody, or may have."""
    rows = await fetch(
        """select 1 from notice where enrolment_id = $1 and kind = $2 and created_at >= $3
             and coalesce(sent_at, handed_over_at, shown_at) is not null limit 1""",
        enrolment_id,
        kind,
        since,
    )
    return bool(rows)


async def told_of_sessions(enrolment_id: UUID, sessions: Collection[int], since: datetime) -> bool:
    """Whether a message about what became of any of these sessions, written since, has reached somebody, or may have."""
    rows = await fetch(
        """select 1 from notice where enrolment_id = $1 and kind = any($2::text[]) and created_at >= $3
             and coalesce(sent_at, handed_over_at, shown_at) is not null
             and (believed is null or believed::jsonb ?| $4::text[]) limit 1""",
        enrolment_id,
        sorted(OF_CHANGES | OF_ALL),
        since,
        [str(session_id) for session_id in sessions],
    )
    return bool(rows)


async def pending(enrolment_id: UUID) -> list[Pending]:
    """What has not reached somebody of changes that are still theirs to hear of, the oldest first, or may have without
    anybody knowing: it is with a server, or that did not say, or somebody was to ring about it. In a transaction; none of
    them can be handed over until its end."""
    rows = await fetch(
        """select n.id, n.kind, n.believed, coalesce(n.handed_over_at, n.shown_at) is null as sure,
                   n.state = 'failed' as given_up
           from notice n where n.enrolment_id = $1 and n.believed is not null and n.believed <> '{}'
             and n.sent_at is null and n.state <> 'sent' order by n.created_at, n.id for update""",
        enrolment_id,
    )
    return [Pending(row["id"], row["kind"], read(row["believed"]) or {}, row["sure"], row["given_up"]) for row in rows]


async def left_by_message(cohort_ids: Collection[int], now: datetime) -> dict[UUID, Told]:
    """Of each message about changes that has not reached somebody, whatever became of it, what is left to tell, and with
    which others it is told as one: what somebody believes is what all of theirs say. A decision about a start or about all
    that is left is told by itself. Of no cohort, without a statement."""
    if not cohort_ids:
        return {}
    rows = await fetch(
        """select e.cohort_id, n.enrolment_id, n.id, n.kind, n.believed
           from notice n join enrolment e on e.id = n.enrolment_id
           where e.cohort_id = any($1::int[]) and n.kind = any($2::text[]) and n.believed is not null
             and n.believed <> '{}' and n.sent_at is null and n.state <> 'sent' order by n.created_at, n.id""",
        sorted(set(cohort_ids)),
        sorted(OF_CHANGES),
    )
    now_is, places = await _as_they_are({row["cohort_id"] for row in rows})
    theirs = dict[tuple[int, UUID], dict[UUID, Belief]]()
    for row in rows:
        theirs.setdefault((row["cohort_id"], row["enrolment_id"]), {})[row["id"]] = read(row["believed"]) or {}
    found = dict[UUID, Told]()
    for (cohort_id, _), messages in theirs.items():
        found |= left_together(messages, now_is[cohort_id], now)
    kinds = {row["id"]: str(row["kind"]) for row in rows}
    return {
        one: replace(
            told,
            kind=kind_of_all([kinds[other] for other in told.messages]),
            left=replace(told.left, places=places) if told.left else None,
        )
        for one, told in found.items()
    }


async def as_they_are(cohort_id: int) -> Belief:
    """The sessions of a cohort that are to be, or are cancelled; held ones apart."""
    return (await all_as_they_are([cohort_id]))[cohort_id]


async def all_as_they_are(cohort_ids: Collection[int]) -> dict[int, Belief]:
    """The same of several cohorts, in one statement; of none without one."""
    return (await _as_they_are(cohort_ids))[0]


async def _as_they_are(cohort_ids: Collection[int]) -> tuple[dict[int, Belief], dict[int, str]]:
    """The same, and by its number what each place is called."""
    if not cohort_ids:
        return {}, {}
    rows = await fetch(
        """select s.id, s.cohort_id, s.state, s.starts_at, s.ends_at, s.venue_id, v.name || ', ' || v.address as place
           from cohort_session s join venue v on v.id = s.venue_id
           where s.cohort_id = any($1::int[]) and s.state <> 'held'""",
        sorted(set(cohort_ids)),
    )
    found: dict[int, Belief] = {
        cohort_id: known_of(
            {**row, "starts_at": row["starts_at"].isoformat(), "ends_at": row["ends_at"].isoformat()}
            for row in rows
            if row["cohort_id"] == cohort_id
        )
        for cohort_id in cohort_ids
    }
    return found, {row["venue_id"]: row["place"] for row in rows}
