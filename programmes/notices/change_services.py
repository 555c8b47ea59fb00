"""From changes of sessions to messages: each person hears what is otherwise than they believe, and nothing else."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from programmes.cohorts import queries as cohorts
from programmes.core.db import execute, transaction
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.rules import ALIVE
from programmes.notices import change_queries, queries, rules
from programmes.notices.belief_rules import (
    ALWAYS,
    Outcome,
    Pending,
    heard_by_the_way,
    outcome,
    without_what_is_over,
    written,
)
from programmes.notices.change_queries import Untold
from programmes.notices.rules import Kind
from programmes.notices.services import Event, note, wake

_ABOUT_ONE: frozenset[Kind] = frozenset({"session_moved", "session_cancelled", "talk_booked"})
# What a change is called where its message is about all sessions.
_OF_ALL: Mapping[str, Kind] = {
    "postpone": "cohort_postponed",
    "cancel_rest": "rest_cancelled",
    "cancel_start": "cohort_cancelled",
}


async def tell_changes(cohort_id: int, keys: KeyFolder, now: datetime) -> None:
    """Write the messages of all changes of a cohort that nobody has been told of yet, in their order, whichever event asked
    for it. Again, it changes nothing. May be called in the transaction that makes the change, which holds the lock."""
    with suppress(NotFound):
        async with transaction():
            await cohorts.locked(cohort_id)
            made = False
            stands = await cohorts.postponed_at(cohort_id)
            for change in await change_queries.untold(cohort_id):
                audience = ALIVE if change.of_start else rules.AUDIENCE[_OF_ALL.get(change.kind, "session_moved")]
                for facts in await enrolments.enrolments(cohort_id, audience):
                    made |= await _tell_one(change, facts, stands, keys, now)
                await execute("update session_change set untold = false where id = $1", change.change_id)
            if made:
                await wake()


async def of_session(session_id: int) -> int:
    """The cohort of a session that an event is about; 0, which none is, when it is gone."""
    try:
        return await queries.cohort_of_session(session_id)
    except NotFound:
        return 0


async def _tell_one(change: Untold, facts: EnrolmentFacts, stands: datetime | None, keys: KeyFolder, now: datetime) -> bool:
    since = facts.place_since or facts.applied_at
    if (facts.applied_at if change.of_start or change.kind in ALWAYS else since) > change.made_at:
        return False  # They applied, or took their place, with the sessions as the change had made them.
    pending = await change_queries.pending(facts.enrolment_id)
    found = await _outcome(change, facts, since, pending)
    if change.kind not in ALWAYS:
        # By when it was made: who came in vain because nobody wrote in time was not told, and that is to be seen.
        found = without_what_is_over(found, change.after, pending, change.made_at)
    await _narrow(found, pending)
    if found.kind is None:
        return False
    # Who waits for a place hears of the sessions as a whole.
    kind: Kind = found.kind if facts.state in rules.AUDIENCE[found.kind] else "rest_moved"
    if change.of_start and change.undoes_from and await _is_still_to_hear(facts, stands):
        kind = "cohort_postponed"
    session_id = _first(change, found) if kind in _ABOUT_ONE else None
    event = Event(kind, f"change/{change.change_id}", session_id, written(found.told), change.of_start)
    return await note(event, facts, keys, now)


async def _is_still_to_hear(facts: EnrolmentFacts, stands: datetime | None) -> bool:
    """Whether the postponing that stands again, since a later decision was taken back, was never told to them: that had
    outrun its message. They hear of it in its own words."""
    return (
        stands is not None
        and facts.applied_at <= stands
        and not await change_queries.told_since(facts.enrolment_id, "cohort_postponed", stands)
    )


async def _outcome(change: Untold, facts: EnrolmentFacts, since: datetime, pending: list[Pending]) -> Outcome:
    knew = change.undoes_from is None or since <= change.undoes_from
    if change.of_start and change.undoes_from is not None:
        if await change_queries.named_a_day(facts.enrolment_id, change.undoes_from, change.made_at):
            return heard_by_the_way(change.before, change.after, pending)
        if not knew and facts.state == "queued":
            return Outcome((), None, {})  # No message has told them of any day.
    elif change.undoes_from is not None and knew:
        # What is undone may have put back what nobody had been written to about: then no message of it has ever been.
        knew = await change_queries.told_of_sessions(facts.enrolment_id, change.before, change.undoes_from)
    return outcome(change.kind, change.before, change.after, pending, knew=knew)


def _first(change: Untold, found: Outcome) -> int | None:
    """The session that a message about one is about: the cancelled one rather than what makes up for it, the first that was
    booked."""
    if found.kind == "session_cancelled":
        off = [session_id for session_id in found.told if change.after.get(session_id) is None]
        heard_of = [session_id for session_id in off if found.told[session_id] is not None]
        return next(iter([*heard_of, *off, *found.told]))
    starts = {session_id: known.starts_at for session_id in found.told if (known := change.after.get(session_id))}
    return min(starts, key=lambda one: (starts[one], one)) if starts else next(iter(found.told))


_NEVER_TRIED = """
delete from notice n where n.id = $1 and not exists (
    select from notice_attempt a where a.notice_id = n.id and a.error not in ('Outdated', 'TimesToAvoid')) returning 1
"""


async def _narrow(found: Outcome, pending: list[Pending]) -> None:
    """What is outrun altogether goes; what was tried in vain, or may have been received, stays as that."""
    sure = {entry.notice_id for entry in pending if entry.sure}
    for notice_id, believed in found.narrowed:
        if not believed and notice_id in sure and await execute(_NEVER_TRIED, notice_id):
            continue
        await execute(
            """update notice set believed = $2,
                      session_id = case when session_id is null or session_id = any($3::int[]) then session_id
                                        else coalesce($4, session_id) end where id = $1""",
            notice_id,
            written(believed),
            list(believed),
            min(believed, default=None),
        )
