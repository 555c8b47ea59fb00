"""From events to messages: one notice for each person who is reached. `sending_services` sends them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.core import audit, jobs
from programmes.core.db import execute, transaction
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import due_queries
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.queue import order_queries
from programmes.enrolment.rules import ALIVE
from programmes.notices import queries, rules
from programmes.notices.reach_services import may_be_written_to
from programmes.notices.rules import Kind

SEND = "send_notices"


@dataclass(frozen=True)
class Event:
    """What happened. `subject` tells it from the next of its kind; `believed` what a change of sessions outruns
    (`belief_rules.written`). `of_start`: it tells of a decision about the start, or that one was taken back, so that it
    waits as long as the decision that stands can be taken back."""

    kind: Kind
    subject: str = ""
    session_id: int | None = None
    believed: str | None = None
    of_start: bool = False


async def tell_one(kind: Kind, enrolment_id: UUID, keys: KeyFolder, now: datetime, subject: str = "") -> None:
    """A message about somebody's own place; `subject` tells one event from the next of its kind.

    Somebody who has gone since, with all that was written, is not told.
    """
    with suppress(NotFound):
        async with transaction():
            await cohorts.locked((await enrolments.enrolment(enrolment_id)).cohort_id)
            facts = await enrolments.enrolment(enrolment_id)
            if kind == "visit_booked":
                subject = await queries.booking(enrolment_id)
            await _tell(
                Event(kind, subject or rules.subject_of(kind, facts)),
                [facts] if facts.state in rules.AUDIENCE[kind] else [],
                keys,
                now,
            )


async def tell_about_session(kind: Kind, session_id: int, keys: KeyFolder, now: datetime) -> None:
    """A message to everybody with a seat about one session that is otherwise without a change that was written down
    (`change_services`), as the release before tells it. Of one that has been cancelled since only that is told."""
    with suppress(NotFound):
        async with transaction():
            cohort_id = await queries.cohort_of_session(session_id)
            await cohorts.locked(cohort_id)
            if kind != "session_cancelled" and await queries.is_cancelled(session_id):
                return
            event = Event(kind, f"{session_id}/{await queries.sequence(session_id)}", session_id)
            await _tell(event, await _audience(kind, cohort_id), keys, now)


async def tell_cohort(kind: Kind, cohort_id: int, keys: KeyFolder, now: datetime) -> None:
    """A message to everybody with a seat about the start; that it is called off, also to those who queue."""
    with suppress(NotFound):
        async with transaction():
            await cohorts.locked(cohort_id)
            event = Event(kind, str(await _LATEST.get(kind, queries.latest_decision)(cohort_id)))
            await _tell(event, await _audience(kind, cohort_id), keys, now)


async def tell_of_free_places(keys: KeyFolder, now: datetime) -> None:
    """A message to who is next in a queue beside a free place that no offer could be answered for, once before each session.
    Safe to run twice, and late."""
    for cohort_id in await due_queries.waiting_beside_a_place():
        with suppress(NotFound):
            people = await order_queries.next_by_word(cohort_id, now)
            upcoming = [
                s.starts_at for s in await cohorts.sessions(cohort_id) if s.state != "cancelled" and s.starts_at > now
            ]
            for enrolment_id in people:
                await tell_one("place_free", enrolment_id, keys, now, min(upcoming).isoformat())


_LATEST: Mapping[Kind, Callable[[int], Awaitable[object]]] = {
    "rest_cancelled": queries.latest_cancelling,
    "rest_moved": queries.latest_change,
    "change_undone": queries.latest_change,
}


async def forget_events(cohort_id: int) -> None:
    """In the caller's transaction, before the people go: nobody is left to be told, and no id of theirs stays behind."""
    await execute(f"delete from {queries.EVENTS}", cohort_id, list(rules.KINDS))


async def forget_decision(cohort_id: int, decision: str, since: datetime) -> None:
    """In the caller's transaction, under the lock: a decision about a start is taken back before anybody has heard of it.
    Its messages, and the events that would write them, go; those of an earlier decision stay. What its receiver believed
    stays, since it may have outrun an earlier change: as a message that is sent only where that is otherwise than it is
    (`change_services`)."""
    kinds = [rules.TELLS_OF[decision]]
    await execute(f"delete from {queries.EVENTS}", cohort_id, kinds)
    await execute(
        """delete from notice n using enrolment e where e.id = n.enrolment_id and e.cohort_id = $1
           and n.kind = any($2::text[]) and n.created_at >= $3 and n.state <> 'sent'
           and (n.believed is null or n.believed = '{}' or e.state <> all($4::text[]))""",
        cohort_id,
        kinds,
        since,
        sorted(ALIVE),
    )
    await execute(
        """update notice n set kind = 'rest_moved', look_again_at = null from enrolment e
           where e.id = n.enrolment_id and e.cohort_id = $1 and n.kind = any($2::text[]) and n.created_at >= $3
             and n.state <> 'sent'""",
        cohort_id,
        kinds,
        since,
    )


async def forget_sent(moment: datetime) -> int:
    """In the caller's transaction, drop that messages were sent to documented people before a moment, where the group is
    closed: nothing is told there any more, so nothing is told twice. Returns how many. Of others it goes with the list."""
    return await execute(
        """delete from notice n using enrolment e join cohort c on c.id = e.cohort_id
           where e.id = n.enrolment_id and e.participant_id is not null and c.state = 'closed' and n.state <> 'waiting'
             and greatest(n.created_at, n.sent_at) < $1 returning 1""",
        moment,
    )


async def _audience(kind: Kind, cohort_id: int) -> list[EnrolmentFacts]:
    return await enrolments.enrolments(cohort_id, rules.AUDIENCE[kind])


async def _tell(event: Event, people: Sequence[EnrolmentFacts], keys: KeyFolder, now: datetime) -> None:
    """Write a notice for each, and wake the sending, in the caller's transaction. Doing it again changes nothing.

    The caller holds the cohort's lock and has read the people under it: whoever erases the list comes before or after.
    """
    made = [await note(event, facts, keys, now) for facts in people]
    if any(made):
        await wake()


async def wake() -> None:
    """In the open transaction: ask for the sending."""
    await jobs.put(SEND, {}, dedupe=SEND)


async def note(event: Event, facts: EnrolmentFacts, keys: KeyFolder, now: datetime) -> bool:
    """Write one person's notice, as `_tell`; whether there is a new one."""
    if facts.key_id is None and facts.participant_id is None:
        return False  # The key went when the place was left (DESIGN 6): nobody is there to be told.
    reachable = may_be_written_to(facts, keys)
    if event.session_id is not None and event.kind not in rules.REMINDERS:
        # What was not sent yet about the same session is outrun by this.
        await execute(
            """delete from notice where enrolment_id = $1 and session_id = $2 and state = 'waiting' and believed is null
               and id <> $3""",
            facts.enrolment_id,
            event.session_id,
            rules.notice_id(event.kind, facts.enrolment_id, event.subject),
        )
    if event.kind in rules.BY_STAFF:
        await execute(
            "delete from notice where enrolment_id = $1 and kind = any($2::text[]) and state = 'waiting' and id <> $3",
            facts.enrolment_id,
            sorted(rules.BY_STAFF),
            rules.notice_id(event.kind, facts.enrolment_id, event.subject),
        )
    made = await execute(
        """insert into notice (id, enrolment_id, session_id, kind, state, created_at, believed, look_again_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning 1""",
        rules.notice_id(event.kind, facts.enrolment_id, event.subject),
        facts.enrolment_id,
        event.session_id,
        event.kind,
        "waiting" if reachable else "no_channel",
        now,
        event.believed,
        await queries.held_to_undo(facts.cohort_id) if event.of_start or event.kind in rules.OF_DECISIONS else None,
    )
    if made and facts.participant_id is not None:
        await audit.note("person:notify", f"participant/{facts.participant_id}", None, now)
    return bool(made)
