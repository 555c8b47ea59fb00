"""Whom staff must tell themselves, with the names they go by, and that it is done."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries as queries
from programmes.desk.group.calls_rules import Call, Untold
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.queue import order_queries
from programmes.enrolment.roster import label_of
from programmes.notices.change_services import tell_changes
from programmes.notices.queries import all_told
from programmes.notices.reach_rules import Way
from programmes.notices.reach_services import avoiding, way
from programmes.people.looks import Look


async def calls(
    cohort_ids: Iterable[int], keys: KeyFolder, look: Look | None, now: datetime, everybody: bool = False
) -> list[Call]:
    """Whom to ring or to tell. Of those with an offer, or of `everybody`, the names are read; without a look of nobody.

    Who gave neither address nor telephone number sees what changes on Min plats, and is rung only about an offer. What was
    to be told to somebody stays to be told when they are reached otherwise since: nothing goes again by itself.
    """
    found = await _still_so(await queries.untold(cohort_ids, now), now)
    people = await _people(found)
    made = []
    for (enrolment_id, offered), news in _by_person(found):
        facts = people[enrolment_id]
        how = way(facts, keys)
        if untold := _to_tell(news, how, offered):
            shown = everybody or offered
            label = label_of(facts, keys, look) if shown and look else ""
            avoid = avoiding(facts, keys, look if shown else None, now)
            made.append(Call(untold, how, label, facts.protected, facts.language, avoid.words, avoid.now))
    return made


async def alone(cohort_id: int, keys: KeyFolder, now: datetime) -> frozenset[UUID]:
    """Who sees on Min plats alone what they have not heard: they want no messages, or gave nothing to reach them by. They
    are not rung, and nobody knows whether they have seen it."""
    found = await _still_so(await queries.untold([cohort_id], now), now)
    people = await _people(found)
    return frozenset(
        enrolment_id
        for (enrolment_id, offered), news in _by_person(found)
        if not _to_tell(news, way(people[enrolment_id], keys), offered)
    )


async def _people(found: Sequence[Untold]) -> dict[UUID, EnrolmentFacts]:
    if not found:
        return {}
    return {facts.enrolment_id: facts for facts in await enrolments.several(one.enrolment_id for one in found)}


def _to_tell(news: tuple[Untold, ...], how: Way, offered: bool) -> tuple[Untold, ...]:
    """What of it staff tell somebody themselves."""
    return news if how != "place" or offered else tuple(one for one in news if one.failed)


async def unreached(now: datetime) -> int:
    """How many people of all groups a message did not reach that still holds, and nobody has told them since."""
    found = await _still_so(await queries.untold(await queries.with_unreached(), now), now)
    return len({one.enrolment_id for one in found if one.failed})


async def _still_so(found: list[Untold], now: datetime) -> list[Untold]:
    """Without those who were next to a free place and no longer are."""
    cohort_ids = {one.cohort_id for one in found if one.kind == "place_free"}
    takes = frozenset[UUID]().union(*[await order_queries.next_by_word(cohort_id, now) for cohort_id in cohort_ids])
    return [one for one in found if one.kind != "place_free" or one.enrolment_id in takes]


def _by_person(found: Iterable[Untold]) -> Iterator[tuple[tuple[UUID, bool], tuple[Untold, ...]]]:
    """Whom it is about, whether it is an offer, and all of it; in the order in which they come."""
    for key, news in groupby(found, lambda about: (about.enrolment_id, about.kind == "place_offered")):
        yield key, tuple(news)


async def told(
    cohort_id: int,
    enrolment_id: UUID,
    notices: Collection[UUID],
    keys: KeyFolder,
    who: Principal,
    now: datetime,
    marks: Mapping[UUID, str] | None = None,
) -> None:
    """A member of staff has told somebody what no mail could: exactly these notices, which they had before them. What has
    come since stays untold; what waits to be sent and was told with it is not sent. Again, it changes nothing. Changes that
    nobody has been told of are written first (decision 66), and stay written also where this is refused.

    `marks`: of which words stood there, by the notice (`Untold.mark`); a page of the release before sends none.

    Raises:
        NotFound: not theirs, or nobody of that cohort.
        Conflict: `told_changed`, other words are true by now than those that were said; `told_too_early`, the decision that
            it is about can still be taken back.
    """
    async with transaction():
        await cohorts.mine(who, local_date(now), cohort_id)
        await cohorts.lock(cohort_id)
        if (await enrolments.enrolment(enrolment_id)).cohort_id != cohort_id:
            raise NotFound
        await tell_changes(cohort_id, keys, now)
        refused = await _why_not_told(cohort_id, enrolment_id, notices, marks or {}, now)
        if not refused:
            await _say(enrolment_id, notices, who, now)
    if refused:
        raise Conflict(refused)


async def _say(enrolment_id: UUID, notices: Collection[UUID], who: Principal, now: datetime) -> None:
    # Of what mail could not carry, `sent_at` is when a member of staff said it.
    new = await execute(
        """update notice set sent_at = $2, state = case when state = 'waiting' then 'failed' else state end
           where enrolment_id = $1 and id = any($3::uuid[]) and sent_at is null
             and (state in ('failed', 'no_channel') or state = 'waiting' and believed is not null)
           returning 1""",
        enrolment_id,
        now,
        list(notices),
    )
    if new:
        await audit.note("notice:told", f"enrolment/{enrolment_id}", who.staff_id, now)


async def _why_not_told(
    cohort_id: int, enrolment_id: UUID, notices: Collection[UUID], marks: Mapping[UUID, str], now: datetime
) -> str:
    """Whether it is otherwise than it was shown, or whoever decided about the start can still take that back: to tell one
    person would end that for all. Empty where neither is so."""
    found = await _still_so(await queries.untold([cohort_id], now), now)
    left = {one.notice_id: one for one in found if one.enrolment_id == enrolment_id}
    if any(one.not_before for number, one in left.items() if number in notices):
        return "told_too_early"
    others = [number for number, mark in marks.items() if number not in left or left[number].mark != mark]
    return "told_changed" if others and not await all_told(others) else ""
