"""Sending what waits, one message at a time: by mail or as a text, when it may go, and what becomes of it."""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr

import structlog

from programmes.core.clock import Clock
from programmes.core.clock_trace import Witness
from programmes.core.db import execute, fetchval, transaction
from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.enrolment import queries as enrolments
from programmes.notices import (
    belief_rules,
    bounce_services,
    change_queries,
    hours_rules,
    letter_rules,
    mail_rules,
    queries,
    rules,
    text_rules,
)
from programmes.notices.change_services import tell_changes
from programmes.notices.letter_fact_rules import Facts
from programmes.notices.post_services import Deferred, Post, Refused
from programmes.notices.queries import NoticeFacts
from programmes.notices.reach_services import channel_of
from programmes.notices.rules import Channel
from programmes.notices.text_post_services import NoGateway, NotAsAgreed, TextMessage, TextPost
from programmes.notices.words_services import words_of
from programmes.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True)
class Carriers:
    """Who takes mails, and who takes text messages."""

    post: Post
    texts: TextPost


@dataclass(frozen=True)
class _Ready:
    """A message with what it says and where it goes, as of `at`; of a change, with how the sessions were then. `before`:
    after that it is of no use."""

    facts: NoticeFacts
    channel: Channel
    words: Facts
    before: datetime | None
    at: datetime
    now_is: belief_rules.Belief = field(default_factory=dict)


async def send_due(
    post: Post,
    settings: Settings,
    keys: KeyFolder,
    clock: Clock,
    texts: TextPost | None = None,
    witness: Witness | None = None,
) -> int:
    """Send what is due, one message at a time, so that a crash repeats at most the one in flight. Returns how many went.

    When the server or the gateway itself is away, what would go by it is left for the next tick; when the gateway does not
    answer as agreed, until it may be tried again, with one text at a time (`rules.GatewayTrouble`). While `witness` doubts
    the clock nothing is given up by it, and what may not go at every hour waits; without one the clock is believed.
    """
    carriers, away, sent = Carriers(post, texts or NoGateway()), set[rules.Medium](), 0
    for waiting in await queries.waiting(clock.now()):
        if not rules.is_due(waiting, clock.now()):
            continue
        facts = await queries.notice(waiting.notice_id)
        if facts is None:
            continue
        try:
            current = await _up_to_date(facts, keys, clock.now())
            if current is None:
                continue
            facts = current
            sure = witness is None or await witness.believes(clock.now())
            ready = await _ready(facts, settings, keys, clock.now(), sure)
            if ready is None or ready.channel.medium in away or not await _may_go(ready, clock.now(), sure):
                continue
            sent += await _try(ready, carriers, settings, clock, away, sure)
        except Exception as error:
            # One message that cannot be written must not keep the others from going. Of whom nothing can be read staff know
            # at once: no later try finds out how they are reached, and what it is about may be tomorrow.
            await _failed(facts, type(error).__name__, isinstance(error, Unreadable), clock.now(), sure)
    return sent


async def _up_to_date(facts: NoticeFacts, keys: KeyFolder, now: datetime) -> NoticeFacts | None:
    """A message about sessions, once all their changes are told; None when it has been outrun by one. It is sent as things
    are, so a change that is told later would take them for known as they never were."""
    if facts.believed is None:
        return facts
    await tell_changes((await enrolments.enrolment(facts.enrolment_id)).cohort_id, keys, now)
    return await queries.notice(facts.notice_id)


async def _try(
    ready: _Ready, carriers: Carriers, settings: Settings, clock: Clock, away: set[rules.Medium], sure: bool
) -> bool:
    """Hand one over, and note what became of it; a server or gateway that is away joins `away`. Whether it went.

    That it is handed over is noted first: whatever happens then, whoever may have received it is known.
    """
    if ready.channel.medium == "text" and await _waits_for_gateway(ready, clock.now(), sure):
        return False
    if not await _noted(ready.facts, clock.now()):
        return False
    try:
        await _hand_over(ready, carriers, settings, clock)
    except Deferred as deferred:
        if isinstance(deferred, NotAsAgreed):
            await _gateway_failed(clock.now())
        if deferred.maybe:
            async with transaction():
                await _may_know(ready)
        else:
            await _not_taken(ready.facts)
        await _failed(ready.facts, deferred.name, False, clock.now(), sure)
        if deferred.away:
            away.add(ready.channel.medium)
        return False
    except Refused as refused:
        await _refused(ready, refused, clock.now())
        return False
    await _taken(ready, clock.now())
    return True


async def _ready(facts: NoticeFacts, settings: Settings, keys: KeyFolder, now: datetime, sure: bool) -> _Ready | None:
    """What is true now; None, and noted, if the message no longer is, or has nowhere to go. By a clock that is doubted
    (not `sure`) it may only seem so, and nothing is noted."""
    person = await enrolments.enrolment(facts.enrolment_id)
    words = await words_of(facts, person, settings, keys, now)
    channel = channel_of(person, keys)
    if words is None or channel is None:
        if sure:
            await _failed(facts, "Outdated", True, now)
        return None
    if facts.believed:
        now_is = await change_queries.as_they_are(person.cohort_id)
        return _Ready(facts, channel, words, belief_rules.acts_at(facts.believed, now_is, now), now, now_is)
    return _Ready(facts, channel, words, _of_use_until(words, now), now)


def _of_use_until(words: Facts, now: datetime) -> datetime | None:
    """Until when it helps to hear of it: before the session that it changes, the time to answer by, or the visit."""
    moments = [words.answer_by if words.kind == "place_offered" else None, words.was_at]
    moments += [slot.starts_at if slot else None for slot in (words.session, words.visit)]
    if words.kind == "place_free" and words.next:
        moments.append(words.next.starts_at)
    if words.kind in rules.CHANGES_A_SESSION and words.session is None and words.visit is None:
        # That a right to another start is over is about no session of this one.
        moments.append(None if words.first_over else words.soonest)
    return min((moment for moment in moments if moment and moment > now), default=None)


async def _may_go(ready: _Ready, now: datetime, sure: bool) -> bool:
    """Whether it may leave now. Held for the night or for times to avoid it waits; what would come too late by then, or
    whose times to avoid can't be kept, is left to staff at once. While the clock is doubted (not `sure`) it may be any hour:
    only mail to who avoids none goes then."""
    if not sure:
        return ready.channel.medium == "mail" and not ready.channel.avoid.strip()
    urgent = ready.facts.kind in rules.CHANGES_A_SESSION and hours_rules.is_urgent(ready.before, now)
    channel = ready.channel
    leaves = hours_rules.leaves_at(now, channel.avoid, channel.medium == "text", urgent, ready.before)
    if leaves == now:
        return True
    if leaves is None:
        await _failed(ready.facts, "TimesToAvoid", True, now)
    else:
        async with transaction():
            await execute(
                "update notice set look_again_at = $2 where id = $1 and state = 'waiting'",
                ready.facts.notice_id,
                min(leaves, now + rules.HELD_FOR),
            )
    return False


async def _waits_for_gateway(ready: _Ready, now: datetime, sure: bool) -> bool:
    """Whether this text waits until the gateway, which does not answer as agreed, is tried again. What would come too late
    by then is left to staff at once, and everything once it has been tried as often as a message is."""
    trouble = await queries.gateway_trouble()
    if trouble is None or trouble.tried_again_at(now) <= now:
        return False
    if sure and ((ready.before and ready.before <= trouble.tried_again_at(now)) or rules.gives_up(trouble.tries)):
        await _failed(ready.facts, "TextWithoutReceipt", True, now)
    return True


async def _gateway_failed(now: datetime) -> None:
    async with transaction():
        await execute(
            """insert into text_gateway as g (id, since, tries, last_try) values (1, $1, 1, $1)
               on conflict (id) do update set tries = g.tries + 1, last_try = excluded.last_try""",
            now,
        )
    log.error("text_gateway_not_as_agreed")


async def _gateway_answers() -> None:
    async with transaction():
        await execute("delete from text_gateway")


async def _hand_over(ready: _Ready, carriers: Carriers, settings: Settings, clock: Clock) -> None:
    """Write it in the person's language and hand it over. Raises Deferred or Refused."""
    with speaking(ready.facts.language, clock.now()):
        if ready.channel.medium == "text":
            body = text_rules.text(ready.words, settings.phone)
            message = TextMessage(ready.facts.notice_id, ready.channel.to, body, clock.now())
            try:
                await carriers.texts.send(message)
            except Refused:
                await _gateway_answers()
                raise
            await _gateway_answers()
            return
        sender = parseaddr(settings.mail_from)[1]
        number = f"<{ready.facts.notice_id}@{sender.rpartition('@')[2]}>"
        envelope = mail_rules.Envelope(sender, ready.channel.to, number, clock.now())
        letter = letter_rules.letter(ready.words, settings.municipality, settings.phone)
        mail = mail_rules.compose(letter, envelope)
    await carriers.post.send(mail)


async def _noted(facts: NoticeFacts, now: datetime) -> bool:
    """That it is handed over from now on; not what a change has outrun or taken away since it was read."""
    async with transaction():
        return bool(
            await execute(
                """update notice set handed_over_at = coalesce(handed_over_at, $2)
                   where id = $1 and state = 'waiting' and believed::jsonb is not distinct from $3::text::jsonb
                   returning 1""",
                facts.notice_id,
                now,
                None if facts.believed is None else belief_rules.written(facts.believed),
            )
        )


async def _not_taken(facts: NoticeFacts) -> None:
    """It is certain that this try was in vain; of one before that may not be."""
    async with transaction():
        await execute("update notice set handed_over_at = $2 where id = $1", facts.notice_id, facts.handed_over_at)


async def _refused(ready: _Ready, refused: Refused, now: datetime) -> None:
    """It is not taken, for good; and nobody counts on the next one where that is said of the address or the number."""
    async with transaction():
        await _not_taken(ready.facts)
        await _failed(ready.facts, refused.name, True, now)
        if refused.of_address:
            await bounce_services.mark(ready.facts.enrolment_id, ready.at)


async def _taken(ready: _Ready, now: datetime) -> None:
    """It went. Mail to an address from which mail has come back may have arrived, and nobody counts on it: it is left to
    staff, as what has surely failed is."""
    notice_id, enrolment_id = ready.facts.notice_id, ready.facts.enrolment_id
    async with transaction():
        await _may_know(ready)
        await execute(
            """insert into carrier_trace (medium, took_at) values ($1, $2)
               on conflict (medium) do update set took_at = excluded.took_at""",
            ready.channel.medium,
            now,
        )
        if ready.channel.medium == "text":
            await bounce_services.took(enrolment_id)
        elif await fetchval("select contact_bounced from enrolment where id = $1", enrolment_id):
            await _failed(ready.facts, bounce_services.BOUNCED_BEFORE, True, now)
            return
        await execute("update notice set state = 'sent', sent_at = $2 where id = $1 and state = 'waiting'", notice_id, now)


async def _may_know(ready: _Ready) -> None:
    """In the open transaction, before anything of it is locked: by what has come, or may have, they know others by more than
    those say."""
    if not ready.facts.believed:
        return
    pending = [
        one for one in await change_queries.pending(ready.facts.enrolment_id) if one.notice_id != ready.facts.notice_id
    ]
    for notice_id, believed in belief_rules.left_standing(ready.facts.believed, ready.now_is, pending):
        await execute("update notice set believed = $2 where id = $1", notice_id, belief_rules.written(believed))


async def _failed(facts: NoticeFacts, name: str, for_good: bool, now: datetime, sure: bool = True) -> None:
    """Note a try by the name of its error; given up, staff see that the person was not reached. By a clock that is doubted
    (not `sure`) the pauses may not have passed, so their number gives nothing up."""
    async with transaction():
        still_there = await fetchval("select 1 from notice where id = $1 for update", facts.notice_id)
        if not still_there:
            return
        await execute(
            "insert into notice_attempt (notice_id, failed_at, error) values ($1, $2, $3)", facts.notice_id, now, name
        )
        for_good = for_good or (sure and rules.gives_up(facts.failures + 1))
        if for_good:
            await execute("update notice set state = 'failed' where id = $1 and state = 'waiting'", facts.notice_id)
    log.warning("notice_not_sent", kind=facts.kind, error=name, given_up=for_good)
