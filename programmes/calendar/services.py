"""Making, renaming, renewing, revoking and handing out feeds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from programmes.calendar import queries, rules, text
from programmes.calendar.rules import Feed, FeedKind
from programmes.cohorts import queries as cohorts
from programmes.core.db import execute, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.naming_rules import more_than_an_alias
from programmes.core.sealing import KeyFolder, KeyGone, ServiceKeyAway, Unreadable


@dataclass(frozen=True)
class Served:
    """A calendar as handed out. `etag` is without quotes; `last_modified` is in whole seconds and never goes back. Not
    `by_time`: nobody who asks by a moment alone is told that it is as it was."""

    body: bytes
    etag: str
    last_modified: datetime
    by_time: bool = True


@dataclass(frozen=True)
class Gone:
    """The address was revoked more than eight weeks ago."""


def feed_address(feed: Feed, keys: KeyFolder) -> str:
    """The path of a feed, `/k/<token>.ics`. It can always be shown again, though the token is stored nowhere."""
    return f"/k/{rules.token(feed.feed_id, feed.generation, keys.service_key('feed'))}.ics"


def _digest(feed_id: UUID, generation: int, keys: KeyFolder) -> bytes:
    return queries.token_digest(rules.token(feed_id, generation, keys.service_key("feed")))


async def participant_calendar(
    enrolment_id: UUID, keys: KeyFolder, base_url: str, now: datetime
) -> rules.ParticipantCalendar:
    """What `calendar/_participant.html` shows of somebody's calendar, as `page.calendar`. While the key of addresses is away
    that is said, and the rest of the page is shown: a place that was just taken has its code there."""
    try:
        feed = await participant_feed(enrolment_id, keys, now)
        if feed is None:
            return rules.ParticipantCalendar("", None)
        address, seen = rules.Address(base_url + feed_address(feed, keys)), address_sign(feed, keys)
    except ServiceKeyAway:
        return rules.ParticipantCalendar("", None, away=True)
    title = own_title(feed.sealed_title, feed.key_id, keys) or text.default_title()
    return rules.ParticipantCalendar(title, address, seen=seen)


def address_sign(feed: Feed, keys: KeyFolder) -> str:
    """By what a form says which address it has shown; it leads to no calendar."""
    return hashlib.sha256(feed_address(feed, keys).encode()).hexdigest()[:16]


async def participant_feed(enrolment_id: UUID, keys: KeyFolder, now: datetime, asked_for: bool = False) -> Feed | None:
    """A participant's feed, made when first asked about.

    None for somebody with protected identity, and for who has closed theirs, until they ask for one (`asked_for`).
    """
    found = await queries.of_enrolment(enrolment_id)
    if found is None and not asked_for and await queries.has_none(enrolment_id):
        return None
    return found or await _make("participant", keys, now, enrolment_id=enrolment_id)


async def cohort_feed(cohort_id: int, staff_id: int, keys: KeyFolder, now: datetime) -> Feed:
    """The feed of a cohort that one of staff has, made when first asked about: it shows nothing once they no longer work
    with the cohort, and is nobody else's. Of a drop-in place a public one that names it. Raises NotFound."""
    if (await cohorts.by_id(cohort_id)).form == "drop_in":
        return await queries.of_cohort(cohort_id) or await _make("drop_in", keys, now, cohort_id=cohort_id)
    found = await queries.of_member(cohort_id, staff_id)
    return found or await _make("group", keys, now, group=(cohort_id, staff_id))


async def open_calendars(
    cohort_ids: Sequence[int], keys: KeyFolder, base_url: str, now: datetime
) -> dict[int, rules.Address]:
    """The public addresses of drop-in places by cohort, each made when first asked about; none while their key is away."""
    if not cohort_ids:
        return {}
    found = await queries.of_cohorts(cohort_ids)
    try:
        for cohort_id in set(cohort_ids) - set(found):
            found[cohort_id] = await _make("drop_in", keys, now, cohort_id=cohort_id)
        return {cohort_id: rules.Address(base_url + feed_address(feed, keys)) for cohort_id, feed in found.items()}
    except ServiceKeyAway:
        return {}


async def leader_feed(staff_id: int, keys: KeyFolder, now: datetime) -> Feed:
    """All sessions and study visits of a member of staff, made when first asked about."""
    return await queries.of_staff(staff_id) or await _make("leader", keys, now, staff_id=staff_id)


async def _make(
    kind: FeedKind,
    keys: KeyFolder,
    now: datetime,
    enrolment_id: UUID | None = None,
    cohort_id: int | None = None,
    staff_id: int | None = None,
    group: tuple[int, int] = (0, 0),
) -> Feed:
    """A new feed, or the one that somebody else made a moment ago."""
    feed_id = uuid4()
    async with transaction():
        await execute(
            """insert into feed (id, kind, cohort_id, staff_id, enrolment_id, generation, token_digest,
                                 created_at, revised_at, group_id, member_id)
               values ($1, $2, $3, $4, $5, 1, $6, $7, $7, nullif($8, 0), nullif($9, 0)) on conflict do nothing""",
            feed_id,
            kind,
            cohort_id,
            staff_id,
            enrolment_id,
            _digest(feed_id, 1, keys),
            now,
            *group,
        )
        if kind == "participant":
            await _take_title_over(feed_id, now)
    found = await queries.of_member(*group) if kind == "group" else await _existing(enrolment_id, cohort_id, staff_id)
    if found is None:
        raise NotFound
    return found


async def _take_title_over(feed_id: UUID, now: datetime) -> None:
    """In the caller's transaction: who had turned their calendar off finds their own title in the new one, only there."""
    await execute(
        """with before as (
               select o.id, o.sealed_title from feed o join feed n on n.enrolment_id = o.enrolment_id
               where n.id = $1 and o.id <> n.id and o.sealed_title is not null order by o.revoked_at desc limit 1)
           update feed f set title_revision = case when f.id = $1 then 1 else 0 end,
                  titled_at = case when f.id = $1 then $2::timestamptz end,
                  sealed_title = case when f.id = $1 then before.sealed_title end
           from before where f.id in ($1, before.id)""",
        feed_id,
        now,
    )


async def _existing(enrolment_id: UUID | None, cohort_id: int | None, staff_id: int | None) -> Feed | None:
    if enrolment_id is not None:
        return await queries.of_enrolment(enrolment_id)
    if cohort_id is not None:
        return await queries.of_cohort(cohort_id)
    return None if staff_id is None else await queries.of_staff(staff_id)


def own_title(sealed: bytes | None, key_id: UUID | None, keys: KeyFolder) -> str:
    """A participant's own title, sealed under their enrolment's key; empty without one, or when it can't be read."""
    if sealed is None or key_id is None:
        return ""
    try:
        return keys.open("entry", key_id, sealed)
    except (KeyGone, Unreadable):
        return ""


async def set_title(feed_id: UUID, typed: str, keys: KeyFolder, now: datetime) -> str | None:
    """What a participant's sessions are called from now on; empty is the neutral word. Returns it as it was kept, or None
    where it leads to somebody and nobody may be documented: what a title may be is there what an alias may be (promise 2).

    It may say anything about the person, so it lies sealed with the rest that they wrote.
    """
    title = rules.clean_title(typed)
    if more_than_an_alias(title) and await queries.of_exempt(feed_id):
        return None
    async with transaction():
        feed = await queries.locked(feed_id)
        if feed.key_id is None or title == own_title(feed.sealed_title, feed.key_id, keys):
            return title
        await execute(
            """update feed set sealed_title = $2, title_revision = title_revision + 1, titled_at = $3
               where id = $1 and kind = 'participant'""",
            feed_id,
            keys.seal("entry", feed.key_id, title) if title else None,
            now,
        )
    return title


async def say_anew(enrolment_id: UUID, now: datetime) -> None:
    """Somebody is written to in another language, and what was said in the old one is said again: calendars that ignore a
    change without a raised SEQUENCE read it too."""
    async with transaction():
        await execute(
            """update feed set title_revision = title_revision + 1, titled_at = $2
               where enrolment_id = $1 and kind = 'participant' and revoked_at is null""",
            enrolment_id,
            now,
        )


async def renew(feed_id: UUID, keys: KeyFolder, now: datetime, seen: int | None = None) -> Feed | None:
    """Give a feed a new address. The old one is served as revoked. Raises NotFound for a feed that is revoked itself.

    `seen` is the generation that was shown: one that has got a new address since keeps that, and None is returned.
    """
    async with transaction():
        feed = await queries.locked(feed_id)
        if seen is not None and seen != feed.generation:
            return None
        renewed = replace(feed, generation=feed.generation + 1)
        digest = _digest(feed_id, renewed.generation, keys)
        # The old token moves to a row of its own that knows nothing but that it is over.
        old_digest = await fetchval("select token_digest from feed where id = $1", feed_id)
        await execute(
            "update feed set generation = $2, token_digest = $3 where id = $1", feed_id, renewed.generation, digest
        )
        await execute(
            """insert into feed (id, kind, generation, token_digest, created_at, revised_at, revoked_at)
               values ($1, $2, 0, $3, $4, $4, $4)""",
            uuid4(),
            feed.kind,
            old_digest,
            _day(now),
        )
    return renewed


_REVOKE = """update feed set revoked_at = $1, sealed_title = null, titled_at = null, title_revision = 0, created_at = $1,
                    revised_at = $1, body_digest = null,
                    enrolment_id = null, cohort_id = null, staff_id = null, group_id = null, member_id = null
             where revoked_at is null and"""


async def revoke(feed_id: UUID, now: datetime) -> None:
    """End a feed: an empty calendar for eight weeks, then gone. What it was for is forgotten at once."""
    async with transaction():
        await execute(f"{_REVOKE} id = $2", _day(now), feed_id)


async def close(feed_id: UUID, now: datetime) -> None:
    """End a participant's own feed because they want none. Whose it was stays known, or Min plats would make another; so
    does their own title, for the one that they may want again, until their place is over."""
    async with transaction():
        await execute(
            """update feed set revoked_at = $1, titled_at = null, title_revision = 0,
                   created_at = date_trunc('day', created_at, 'UTC'), revised_at = $1, body_digest = null
               where revoked_at is null and id = $2 and kind = 'participant'""",
            _day(now),
            feed_id,
        )


async def end_protected(person_id: UUID, now: datetime) -> None:
    """Somebody's identity is protected from now on: every calendar that they had ends, also of a place that has been moved
    since, and another is made when they ask."""
    for enrolment_id in await queries.enrolments_of(person_id):
        await end_protected_of(enrolment_id, now)


async def end_protected_of(enrolment_id: UUID, now: datetime) -> None:
    """The same for one place."""
    found = await queries.of_enrolment(enrolment_id)
    async with transaction():
        if found is not None:
            await revoke(found.feed_id, now)
        await execute(
            "update feed set sealed_title = null where enrolment_id = $1 and sealed_title is not null", enrolment_id
        )


async def revoke_for_cohort(cohort_id: int, now: datetime) -> None:
    """End every participant's feed of a cohort in the caller's transaction, before its enrolments are deleted.

    They end with the month: as many rows of the day on which a group closed would say how many they were (promise 2).

    Raises:
        RuntimeError: no transaction is open.
    """
    end = _day(now + timedelta(days=31 - now.day) + timedelta(days=1)).replace(day=1)
    theirs = "select id from enrolment where cohort_id = $1"
    await execute(
        f"update feed set sealed_title = null where revoked_at is not null and enrolment_id in ({theirs})", cohort_id
    )
    await execute(f"{_REVOKE} enrolment_id in (select id from enrolment where cohort_id = $2)", end, cohort_id)


async def follow(old: UUID, new: UUID) -> None:
    """In the caller's transaction: the calendar of a place that was moved goes on with the new one, at the same address.

    So does the wish to have none.

    Raises:
        RuntimeError: no transaction is open.
    """
    await execute("update feed set enrolment_id = $2 where enrolment_id = $1", old, new)


async def revoke_ended(now: datetime) -> None:
    """End the feeds of places that were left, run out or deleted without a word: their titles must not outlive them."""
    async with transaction():
        await execute(
            f"""{_REVOKE} kind = 'participant' and (enrolment_id is null or enrolment_id in (
                select e.id from feed g join enrolment e on e.id = g.enrolment_id
                where g.revoked_at is null and e.undo_until is null and e.state <> all($2::text[])))""",
            _day(now),
            sorted(rules.WITH_DATES | rules.WAITING),
        )
        # Of one that they had turned off themselves the title had stayed.
        await execute(
            """update feed f set sealed_title = null where f.revoked_at is not null and f.sealed_title is not null
                 and not exists (select 1 from enrolment e where e.id = f.enrolment_id
                                 and (e.undo_until is not null or e.state = any($1::text[])))""",
            sorted(rules.WITH_DATES | rules.WAITING),
        )


def _day(now: datetime) -> datetime:
    """Only the day is kept: moments could be matched with what else was written at closing."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


async def forget_old(now: datetime) -> None:
    """Drop the last trace of feeds that ended a year ago; their addresses are then unknown."""
    async with transaction():
        await execute("delete from feed where revoked_at <= $1", now - rules.GONE_FOR)


async def serve(token: str, keys: KeyFolder, now: datetime) -> Served | Gone | None:
    """The calendar behind a token; None for an unknown one.

    Writes only when the calendar differs from what was handed out before: then Last-Modified moves on.
    """
    facts = await queries.facts(token)
    if facts is None:
        return None
    if rules.standing(facts, now) == "gone":
        return Gone()
    if rules.ended(facts):
        return await _serve_ended(facts, now)
    facts = replace(facts, title=own_title(facts.sealed_title, facts.key_id, keys))
    body = text.write(facts, rules.events(facts, now))
    digest = hashlib.sha256(body).digest()
    modified: datetime | None = facts.revised_at
    if facts.body_digest != digest:
        modified = await _hand_out(facts.feed_id, digest, now)
    return Served(body, digest.hex()[:32], modified.replace(microsecond=0)) if modified else None


# The server's own Date may be that old, and nothing was last modified after it (RFC 9110, 8.8.2.1).
_DATE_LAGS = timedelta(seconds=1)


async def _serve_ended(facts: rules.FeedFacts, now: datetime) -> Served:
    """The empty calendar. When it was fetched is written nowhere: so many phones would be a group that is erased.

    Who asks by time alone always gets it whole, since no moment is kept that it could be held against.
    """
    if facts.revoked_at is None:
        await revoke(facts.feed_id, now)
    body = text.write(rules.emptied(facts), [])
    return Served(body, hashlib.sha256(body).hexdigest()[:32], (now - _DATE_LAGS).replace(microsecond=0), by_time=False)


async def _hand_out(feed_id: UUID, digest: bytes, now: datetime) -> datetime | None:
    """Note what is handed out. Two changes in one second, or two readers at once, still get two different moments.

    None when the feed has gone with its group since it was read.
    """
    async with transaction():
        modified: datetime | None = await fetchval(
            """update feed set body_digest = $2, revised_at = case
                 when body_digest is null then greatest(revised_at, $3)
                 when body_digest = $2 then revised_at
                 else greatest(date_trunc('second', revised_at) + interval '1 second', $3) end
               where id = $1 returning revised_at""",
            feed_id,
            digest,
            now - _DATE_LAGS,
        )
    return modified
