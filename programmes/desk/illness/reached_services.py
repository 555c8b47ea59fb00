"""Who has heard of a changed session, an urgent call, and what came of it."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.illness import reached_queries as queries
from programmes.desk.illness.reached_rules import Heard, Notice, Person, heard, may_be_rung
from programmes.enrolment import place_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.roster import label_of
from programmes.enrolment.rules import HOLDING
from programmes.notices.change_services import tell_changes
from programmes.notices.leaving_rules import NOW, Leaving
from programmes.notices.leaving_services import leaving, leaving_before
from programmes.notices.queries import all_told
from programmes.notices.reach_services import avoiding, standing
from programmes.people.looks import Look

# A button that is pressed twice is one call.
_ONE_CALL = timedelta(seconds=30)


async def people(
    cohort: CohortFacts, session: SessionFacts, keys: KeyFolder, look: Look | None, now: datetime
) -> list[Person]:
    """Everybody with a place whom the change concerns; without a look nobody is named. Nobody of a group that is over, nor
    who believes what is so, since a later change has brought that back."""
    if cohort.state == "closed":
        return []
    changed_at = session.cancelled_at or session.revised_at
    notices = await queries.newest(cohort.cohort_id, session, now)
    being_written = await queries.being_written(cohort.cohort_id)
    goes = await leaving(cohort.cohort_id, keys, now)
    found = []
    for facts in await enrolments.enrolments(cohort.cohort_id, tuple(HOLDING)):
        notice = notices.get(facts.enrolment_id)
        if being_written and notice and notice.created_at and notice.created_at < changed_at:
            notice = None  # What it said was of before.
        if notice is None and ((facts.place_since or facts.applied_at) > changed_at or not being_written):
            continue  # They took their place with the session as it is now, or know it as that.
        how = standing(facts, keys)
        waits = goes.get(notice.notice_id, NOW) if notice else _unwritten(facts, session, keys, now)
        avoid = avoiding(facts, keys, look, now)
        found.append(
            Person(
                facts.enrolment_id,
                label_of(facts, keys, look) if look else "",
                facts.protected,
                heard(notice, how, waits),
                notice,
                how not in {"none", "unwanted"},
                facts.language,
                may_be_sent=how in {"mail", "text"} and not facts.contact_bounced,
                until=waits.at,
                avoid=avoid.words,
                avoided=avoid.now,
            )
        )
    return found


async def changed_together(
    session: SessionFacts, keys: KeyFolder, who: Principal, now: datetime
) -> list[tuple[CohortFacts, SessionFacts, list[Person]]]:
    """What the same tap cancelled, as far as it is theirs to see, and whether those with a place have heard; nobody is
    named."""
    found = []
    for session_id in await queries.cancelled_with(session):
        with suppress(NotFound):
            cohort, other = await cohorts.my_session(who, local_date(now), session_id)
            found.append((cohort, other, await people(cohort, other, keys, None, now)))
    return found


def _unwritten(facts: EnrolmentFacts, session: SessionFacts, keys: KeyFolder, now: datetime) -> Leaving:
    """When what is still to be written about a change may go."""
    acts = [moment for moment in (session.was_at, session.starts_at) if moment and moment > now]
    return leaving_before(facts, keys, min(acts, default=None), now)


async def _one_of(
    session_id: int, enrolment_id: UUID, keys: KeyFolder, who: Principal, now: datetime
) -> tuple[CohortFacts, EnrolmentFacts, Heard, Notice | None]:
    """Somebody of a session that this person works with, and whether they have heard of which message. Raises NotFound."""
    cohort, session = await cohorts.my_session(who, local_date(now), session_id)
    facts = await enrolments.enrolment(enrolment_id)
    if facts.cohort_id != cohort.cohort_id or facts.state not in HOLDING:
        raise NotFound
    notice = (await queries.newest(cohort.cohort_id, session, now)).get(enrolment_id)
    return cohort, facts, heard(notice, standing(facts, keys)), notice


async def reveal(session_id: int, enrolment_id: UUID, keys: KeyFolder, who: Principal, now: datetime) -> str:
    """The channel of somebody nobody knows, for a call about this change; shown once, and noted with its reason.

    Raises:
        NotFound: not of a session of theirs, or somebody who is documented (their own page shows it).
        Conflict: `heard_already`; or `session_over`, then there is nothing to tell any more.
    """
    cohort, *_ = await _one_of(session_id, enrolment_id, keys, who, now)
    if not cohort.exempt:
        raise NotFound
    # Whoever is rung hears how it is: what has been changed is written first, or it would outrun what they were told.
    await tell_changes(cohort.cohort_id, keys, now)
    _cohort, facts, how, notice = await _one_of(session_id, enrolment_id, keys, who, now)
    if notice is None or not notice.of_use:
        raise Conflict("session_over")
    if not may_be_rung(how):
        raise Conflict("heard_already")
    async with transaction():
        # Whoever asks rings: unless they say that nobody answered, the person may have heard, and an undo is theirs to hear.
        await execute(
            """update notice set handed_over_at = coalesce(handed_over_at, $2)
               where id = any($1::uuid[]) and sent_at is null and state in ('no_channel', 'failed')""",
            [notice.notice_id, *notice.told_with],
            now,
        )
        return await place_services.reveal_contact(facts, "changed", keys, who.staff_id, now)


async def called(
    session_id: int,
    enrolment_id: UUID,
    notice_id: UUID,
    reached: bool,
    keys: KeyFolder,
    who: Principal,
    now: datetime,
    told_with: frozenset[UUID] = frozenset(),
    mark: str = "",
) -> None:
    """Somebody rang, or told them at the door: they were reached, or not. Exactly what was shown is settled: the message,
    and those that were told with it.

    Again it changes nothing. What waits to be sent is not sent once somebody has said it. `mark`: of which words stood there
    (`Notice.mark`); a page of the release before sends none. Changes that nobody has been told of are written first
    (decision 66), and stay written also where this is refused.

    Raises:
        NotFound: not of a session of theirs, or no message about it.
        Conflict: `told_changed`, other words are true by now than those that were said.
    """
    async with transaction():
        cohort, _session = await cohorts.my_session(who, local_date(now), session_id)
        await cohorts.locked(cohort.cohort_id)
        await tell_changes(cohort.cohort_id, keys, now)
        _cohort, facts, how, notice = await _one_of(session_id, enrolment_id, keys, who, now)
        refused = await _why_not_called(notice, notice_id, mark)
        if notice and notice.notice_id == notice_id and not refused and may_be_rung(how):
            await _note_call(facts, notice, reached, told_with, who, now)
    if refused:
        raise refused


async def _why_not_called(notice: Notice | None, notice_id: UUID, mark: str) -> Exception | None:
    """Whether what is true by now is otherwise than was said; not where that has been told all the same."""
    if mark and (notice is None or (notice.notice_id, notice.mark) != (notice_id, mark)):
        return None if await all_told([notice_id]) else Conflict("told_changed")
    return NotFound() if notice is None or notice.notice_id != notice_id else None


async def _note_call(
    facts: EnrolmentFacts, notice: Notice, reached: bool, told_with: frozenset[UUID], who: Principal, now: datetime
) -> None:
    """What came of it, of the message and of those of `told_with` that are still told with it."""
    if not reached and await queries.rung_since(notice.notice_id, now - _ONE_CALL):
        return
    await execute("insert into notice_call (notice_id, at, reached) values ($1, $2, $3)", notice.notice_id, now, reached)
    if not reached:
        await execute(
            "update notice set handed_over_at = null where id = any($1::uuid[]) and state = 'no_channel'",
            [notice.notice_id, *(told_with & notice.told_with)],
        )
    if reached:
        await execute(
            """update notice set sent_at = $2, state = case when state = 'waiting' then 'failed' else state end
               where id = any($1::uuid[]) and sent_at is null and state <> 'sent'""",
            [notice.notice_id, *(told_with & notice.told_with)],
            now,
        )
    action = "notice:told" if reached else "notice:rung_in_vain"
    await audit.note(action, f"enrolment/{facts.enrolment_id}", who.staff_id, now)
