"""From events to messages: one notice for each person who is reached, and sending what waits, one at a time."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from uuid import UUID

import structlog

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import SessionFacts
from programmes.core import audit, jobs
from programmes.core.clock import Clock, local_date
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder
from programmes.enrolment import agreement_queries, deadline_queries
from programmes.enrolment import queries as enrolments
from programmes.enrolment.place_services import unseal
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.rules import asks_age_again
from programmes.notices import letter_rules, queries, rules
from programmes.notices.post_services import Deferred, Post, Refused
from programmes.notices.queries import NoticeFacts
from programmes.notices.reach_services import address_of, may_be_written_to
from programmes.notices.rules import Kind
from programmes.settings import Settings

log = structlog.get_logger()
SEND = "send_notices"


@dataclass(frozen=True)
class _Event:
    """What happened. `subject` tells it from the next of its kind."""

    kind: Kind
    subject: str = ""
    session_id: int | None = None


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
                _Event(kind, subject or rules.subject_of(kind, facts)),
                [facts] if facts.state in rules.AUDIENCE[kind] else [],
                keys,
                now,
            )


async def tell_about_session(kind: Kind, session_id: int, keys: KeyFolder, now: datetime) -> None:
    """A message to everybody with a seat about one session. Moved twice before anybody was told, it is told once."""
    with suppress(NotFound):
        async with transaction():
            cohort_id = await queries.cohort_of_session(session_id)
            await cohorts.locked(cohort_id)
            event = _Event(kind, f"{session_id}/{await queries.sequence(session_id)}", session_id)
            await _tell(event, await _audience(kind, cohort_id), keys, now)


async def tell_cohort(kind: Kind, cohort_id: int, keys: KeyFolder, now: datetime) -> None:
    """A message to everybody with a seat about the start; that it is called off, also to those who queue."""
    with suppress(NotFound):
        async with transaction():
            await cohorts.locked(cohort_id)
            latest = queries.latest_cancelling if kind == "rest_cancelled" else queries.latest_decision
            event = _Event(kind, str(await latest(cohort_id)))
            await _tell(event, await _audience(kind, cohort_id), keys, now)


async def forget_events(cohort_id: int) -> None:
    """In the caller's transaction, before the people go: nobody is left to be told, and no id of theirs stays behind."""
    await execute(f"delete from {queries.EVENTS}", cohort_id, list(rules.KINDS))


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


async def _tell(event: _Event, people: Sequence[EnrolmentFacts], keys: KeyFolder, now: datetime) -> None:
    """Write a notice for each, and wake the sending, in the caller's transaction. Doing it again changes nothing.

    The caller holds the cohort's lock and has read the people under it: whoever erases the list comes before or after.
    """
    made = [await _note(event, facts, keys, now) for facts in people]
    if any(made):
        await jobs.put(SEND, {}, dedupe=SEND)


async def _note(event: _Event, facts: EnrolmentFacts, keys: KeyFolder, now: datetime) -> bool:
    if facts.key_id is None and facts.participant_id is None:
        return False  # The key went when the place was left (DESIGN 6): nobody is there to be told.
    reachable = may_be_written_to(facts, keys)
    if event.session_id is not None:
        # What was not sent yet about the same session is outrun by this.
        await execute(
            "delete from notice where enrolment_id = $1 and session_id = $2 and state = 'waiting' and id <> $3",
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
        """insert into notice (id, enrolment_id, session_id, kind, state, created_at) values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing returning 1""",
        rules.notice_id(event.kind, facts.enrolment_id, event.subject),
        facts.enrolment_id,
        event.session_id,
        event.kind,
        "waiting" if reachable else "no_channel",
        now,
    )
    if made and facts.participant_id is not None:
        await audit.note("person:notify", f"participant/{facts.participant_id}", None, now)
    return bool(made)


async def send_due(post: Post, settings: Settings, keys: KeyFolder, clock: Clock) -> int:
    """Send what is due, one message at a time, so that a crash repeats at most the one in flight. Returns how many went.

    When the server itself is away, the others are left for the next tick.
    """
    sent = 0
    for waiting in await queries.waiting():
        if not rules.is_due(waiting, clock.now()):
            continue
        facts = await queries.notice(waiting.notice_id)
        if facts is None:
            continue
        try:
            sent += await _send_one(facts, post, settings, keys, clock)
        except Deferred as deferred:
            await _failed(facts, deferred.name, False, clock.now())
            if deferred.away:
                break
        except Refused as refused:
            await _failed(facts, refused.name, True, clock.now())
        except Exception as error:
            # One message that cannot be written must not keep the others from going.
            await _failed(facts, type(error).__name__, False, clock.now())
    return sent


async def _send_one(facts: NoticeFacts, post: Post, settings: Settings, keys: KeyFolder, clock: Clock) -> int:
    """Compose from what is true now, hand over, note. Raises Deferred or Refused."""
    person = await enrolments.enrolment(facts.enrolment_id)
    words = await _words(facts, person, settings, keys, clock.now())
    to = address_of(person, keys)
    if words is None or not to:
        await _failed(facts, "Outdated", True, clock.now())
        return 0
    sender = parseaddr(settings.mail_from)[1]
    envelope = letter_rules.Envelope(sender, to, f"<{facts.notice_id}@{sender.rpartition('@')[2]}>", clock.now())
    with speaking(facts.language):
        letter = letter_rules.letter(words, settings.municipality, settings.phone)
        message = letter_rules.compose(letter, envelope)
    await post.send(message)
    async with transaction():
        await execute(
            "update notice set state = 'sent', sent_at = $2 where id = $1 and state = 'waiting'",
            facts.notice_id,
            clock.now(),
        )
    return 1


async def _words(
    facts: NoticeFacts, person: EnrolmentFacts, settings: Settings, keys: KeyFolder, now: datetime
) -> letter_rules.Facts | None:
    """What the message is made of, or None if it is no longer true."""
    sessions = await cohorts.sessions(person.cohort_id)
    about = next((s for s in sessions if s.session_id == facts.session_id), None)
    visit = person.visit
    about_state, about_ends = (about.state, about.ends_at) if about else ("", now)
    if not rules.is_current(facts.kind, person.state, about_state, about_ends, now, visit.state if visit else None):
        return None
    book_by = await deadline_queries.last_day(person) if facts.kind == "visit_reminder" else None
    if await _outrun(facts, person, str(book_by), now):
        return None
    counted = [s for s in sessions if s.state != "cancelled"]
    coming = next((s for s in counted if s.ends_at > now), None)
    code = unseal(person, keys).code
    queued = person.state == "queued" and facts.kind in {"queued", "place_moved", "place_back"}
    return letter_rules.Facts(
        facts.kind,
        person.state,
        next=letter_rules.Slot(coming.starts_at, coming.ends_at) if coming else None,
        is_first=bool(counted) and coming == counted[0],
        session=letter_rules.Slot(about.starts_at, about.ends_at) if about else None,
        was_at=about.was_at if about else None,
        added=_made_up_for(about, counted),
        position=await enrolments.queue_position(person.cohort_id, person.turn) if queued else 0,
        answer_by=person.offer_expires_at,
        say_coming=queued and person.asked_to_come,
        age_again=await _age_again(person, counted),
        visit=letter_rules.Slot(visit.starts_at, visit.ends_at) if visit else None,
        book_by=book_by,
        # Once this is sent, the code opens nothing any more.
        link=f"{settings.base_url}/min-plats#{code}" if code and facts.kind != "queue_ended" else "",
    )


async def _outrun(facts: NoticeFacts, person: EnrolmentFacts, book_by: str, now: datetime) -> bool:
    """Whether what the message is about is no longer so, or no longer that."""
    match facts.kind:
        case "visit_reminder":  # The day has moved since: they are reminded of the new one.
            return facts.notice_id != rules.notice_id(facts.kind, person.enrolment_id, book_by)
        case "visit_booked":
            return person.visit is None or person.visit.ends_at <= now
        case "accept_new":  # They have accepted it, or there is a newer version.
            cohort = await cohorts.by_id(person.cohort_id)
            programme = await catalogue.programme(cohort.programme_id)
            texts = await agreement_queries.to_accept_again(programme, person, cohort.first_start, local_date(now))
            asked = rules.of_texts(text.text_id for text in texts)
            return facts.notice_id != rules.notice_id(facts.kind, person.enrolment_id, asked)
        case "place_refused":  # There is nothing left to read.
            return person.sealed is None
    return False


def _made_up_for(about: SessionFacts | None, counted: Sequence[SessionFacts]) -> letter_rules.Slot | None:
    """The session at the end that was added when this one was cancelled; of several the last."""
    if about is None or about.cancelled_at is None:
        return None
    found = [s for s in counted if s.added and s.revised_at and s.revised_at >= about.cancelled_at]
    return letter_rules.Slot(found[-1].starts_at, found[-1].ends_at) if found else None


async def _age_again(person: EnrolmentFacts, counted: Sequence[SessionFacts]) -> bool:
    """Whether an age was ticked for another first day than there is now."""
    if person.declared_for is None or not counted:
        return False
    cohort = await cohorts.by_id(person.cohort_id)
    return asks_age_again(person, await catalogue.programme(cohort.programme_id), local_date(counted[0].starts_at))


async def _failed(facts: NoticeFacts, name: str, for_good: bool, now: datetime) -> None:
    """Note a try by the name of its error; given up, staff see that the person was not reached."""
    async with transaction():
        still_there = await fetchval("select 1 from notice where id = $1 for update", facts.notice_id)
        if not still_there:
            return
        await execute(
            "insert into notice_attempt (notice_id, failed_at, error) values ($1, $2, $3)", facts.notice_id, now, name
        )
        if for_good or rules.gives_up(facts.failures + 1):
            await execute("update notice set state = 'failed' where id = $1 and state = 'waiting'", facts.notice_id)
    log.warning("mail_not_sent", kind=facts.kind, error=name, given_up=for_good)
