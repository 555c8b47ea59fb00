"""What a message says, read when it is sent: how everything it is about is now, or that it is no longer true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import SessionFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.age_rules import to_say_again
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.place_services import unseal
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.queue import deadline_queries, order_queries
from programmes.enrolment.queue.deadline_rules import too_short
from programmes.enrolment.records import apart_queries
from programmes.enrolment.rules import Visit
from programmes.enrolment.texts import agreement_queries
from programmes.notices import belief_rules, change_queries, queries, rules
from programmes.notices.belief_rules import Known
from programmes.notices.letter_fact_rules import Became, Facts, Slot
from programmes.notices.queries import NoticeFacts
from programmes.notices.rules import Kind
from programmes.settings import Settings

Differs = Mapping[int, tuple[Known | None, Known | None]]


@dataclass(frozen=True)
class _Changed:
    """By session what the person believes and how it is now, where the two differ; `taken`: another session has got the
    time of one of them. Nothing of a message that is about no change."""

    differs: Differs = field(default_factory=dict)
    taken: bool = False


async def words_of(
    facts: NoticeFacts, person: EnrolmentFacts, settings: Settings, keys: KeyFolder, now: datetime
) -> Facts | None:
    """What the message is made of, or None if it is no longer true."""
    sessions = await cohorts.sessions(person.cohort_id)
    about = _about(facts, sessions)
    changed = await _changed(facts, person, about, now)
    if changed is None:
        return None
    book_by = await deadline_queries.last_day(person) if facts.kind == "visit_reminder" else None
    if await _outrun(facts, person, book_by, now):
        return None
    code, visit = unseal(person, keys).code, person.visit
    words = Facts(
        facts.kind,
        person.state,
        answer_by=person.offer_expires_at,
        visit=Slot(visit.starts_at, visit.ends_at) if visit and _is_news(facts.kind, visit, now) else None,
        book_by=book_by,
        link=f"{settings.base_url}/min-plats#{code}" if code else "",
        phone=settings.phone,
    )
    counted = [s for s in sessions if s.state != "cancelled"]
    words = _with_sessions(words, facts, about, sessions, now)
    words = _with_changes(words, about, changed, [s for s in counted if s.starts_at > now])
    return await _with_first_day(await _with_queue(words, person, now), person, counted)


def _is_news(kind: Kind, visit: Visit, now: datetime) -> bool:
    """Whether a message says of a study visit: that all which was left is cancelled, only of one that was to come."""
    return kind != "rest_cancelled" or (visit.state == "cancelled" and visit.starts_at > now)


async def _changed(facts: NoticeFacts, person: EnrolmentFacts, about: SessionFacts | None, now: datetime) -> _Changed | None:
    """What is otherwise than the person believes; None when the message is of no use any more."""
    if facts.believed is not None and facts.kind in rules.OF_CHANGES:
        now_is = await change_queries.as_they_are(person.cohort_id)
        if person.state not in rules.AUDIENCE[facts.kind] or not belief_rules.is_of_use(facts.believed, now_is, now):
            return None
        differs = belief_rules.still_different(facts.believed, now_is, now)
        old = {session_id: believed for session_id, (believed, _is) in differs.items()}
        return _Changed(differs, belief_rules.taken(old, now_is))
    state, ends = (about.state, about.ends_at) if about else ("", now)
    visit = person.visit.state if person.visit else None
    return _Changed() if rules.is_current(facts.kind, person.state, state, ends, now, visit) else None


def _with_sessions(
    words: Facts,
    facts: NoticeFacts,
    about: SessionFacts | None,
    sessions: Sequence[SessionFacts],
    now: datetime,
) -> Facts:
    """With when it meets: the session that it is about, what was added or booked with it, and the next."""
    counted = [s for s in sessions if s.state != "cancelled"]
    coming = next((s for s in counted if s.starts_at > now), None)
    return replace(
        words,
        next=Slot(coming.starts_at, coming.ends_at) if coming else None,
        is_first=bool(counted) and coming == counted[0],
        session=_as_known(facts, about),
        was_at=about.was_at if about else None,
        soonest=min((s.starts_at for s in sessions if s.starts_at > now), default=None),
        added=_added(facts, about, counted),
        booked=_booked_with(facts, about, counted) if facts.kind == "talk_booked" else 1,
    )


def _with_changes(words: Facts, about: SessionFacts | None, changed: _Changed, coming: Sequence[SessionFacts]) -> Facts:
    """With what has become of the sessions that a change was about, and which of those to come are as they were."""
    differs = changed.differs
    return replace(
        words,
        became=tuple(_became(*pair) for pair in differs.values()),
        moved=_became(*differs[about.session_id]) if about and about.session_id in differs else None,
        taken=changed.taken,
        same_places=all(belief_rules.same_place(*pair) for pair in differs.values()),
        tangled=any(belief_rules.is_tangled(*pair) for pair in differs.values()),
        unchanged=max((s.starts_at for s in coming if s.session_id not in differs), default=None),
    )


async def _with_queue(words: Facts, person: EnrolmentFacts, now: datetime) -> Facts:
    """With the place in the queue and where it leads, and until when newcomers have to wait."""
    queued = person.state == "queued" and words.kind in {"queued", "place_moved", "place_back"}
    theirs = await first_right_queries.is_theirs(person.enrolment_id)
    right = await first_right_queries.of_start(person.cohort_id, now) if theirs else None
    return replace(
        words,
        position=await enrolments.queue_position(person.cohort_id, person.turn) if queued else 0,
        say_coming=queued and person.asked_to_come,
        by_word=queued and await order_queries.where_waiting_leads(person.cohort_id, now) == "word",
        first_until=right.until if right else None,
        first_by_phone=bool(right and await apart_queries.days_of(person.enrolment_id, right.cohort_id)),
        had_offer=words.kind == "queue_ended" and person.enrolment_id in await order_queries.offers_ended(person.cohort_id),
        first_over=theirs
        and words.kind in {"queue_ended", "cohort_cancelled", "rest_cancelled"}
        and right is None
        and await first_right_queries.promised_until(person.cohort_id, now) is not None
        and person.enrolment_id in await queries.told_before(words.kind, person.cohort_id, now),
        kept_until=await first_right_queries.kept_before(person.cohort_id, person.applied_at, now) if queued else None,
    )


async def _with_first_day(words: Facts, person: EnrolmentFacts, counted: Sequence[SessionFacts]) -> Facts:
    """With whether an age was ticked, or years counted, for another first day than there is now."""
    if (person.declared_for is None and person.counted_for is None) or not counted:
        return words
    cohort = await cohorts.by_id(person.cohort_id)
    asked = to_say_again(person, await catalogue.programme(cohort.programme_id), local_date(counted[0].starts_at))
    return replace(words, age_again="age" in asked, years_again=bool(asked - {"age", "guardian_consent"}))


async def _outrun(facts: NoticeFacts, person: EnrolmentFacts, book_by: date | None, now: datetime) -> bool:
    """Whether what the message is about is no longer so, or no longer that."""
    match facts.kind:
        case "visit_reminder":  # The day has moved since, or is too near by now: they are reminded of the new one.
            other = facts.notice_id != rules.notice_id(facts.kind, person.enrolment_id, str(book_by))
            return other or (book_by is not None and too_short(book_by, now))
        case "visit_booked":
            return person.visit is None or person.visit.ends_at <= now
        case "accept_new":  # They have accepted it, or there is a newer version.
            cohort = await cohorts.by_id(person.cohort_id)
            programme = await catalogue.programme(cohort.programme_id)
            texts = await agreement_queries.to_accept_again(programme, person, cohort.first_start, local_date(now))
            asked = rules.of_texts(text.text_id for text in texts)
            return facts.notice_id != rules.notice_id(facts.kind, person.enrolment_id, asked)
        case "place_refused" | "offer_expired" | "place_expired":  # There is nothing left to read.
            return person.sealed is None
        case "place_free":  # Somebody has taken it, or stands before them now, or it can be offered after all.
            return person.enrolment_id not in await order_queries.next_by_word(person.cohort_id, now)
    return False


def _became(old: Known | None, now_is: Known | None) -> Became:
    """By what the person may believe that is not so; who believes what is, or knows of none, is told how it is as well."""
    was, or_was = (*belief_rules.wrong_days(old, now_is), None, None)[:2]
    return Became(_slot(was), _slot(now_is), _slot(or_was))


def _slot(known: Known | None) -> Slot | None:
    return Slot(known.starts_at, known.ends_at) if known else None


def _added(facts: NoticeFacts, about: SessionFacts | None, counted: Sequence[SessionFacts]) -> Slot | None:
    """The session at the end that was added when this one was cancelled, or when what was added for it was."""
    new = {session_id for session_id, known in (facts.believed or {}).items() if known is None}
    # One that has been told of by itself since is left to that.
    known = facts.believed
    found = [s for s in counted if about and about.cancelled_at and s.makes_up_for == about.session_id
             and (known is None or s.session_id in known)]  # fmt: skip
    found += [s for s in counted if about and about.cancelled_at and s.session_id in new]
    return Slot(found[0].starts_at, found[0].ends_at) if found else None


def _about(facts: NoticeFacts, sessions: Sequence[SessionFacts]) -> SessionFacts | None:
    """The session that a message is about; of several that were booked at once the first that stands."""
    if facts.kind == "talk_booked" and facts.believed:
        return next((s for s in sessions if s.session_id in facts.believed and s.state in {"planned", "moved"}), None)
    return next((s for s in sessions if s.session_id == facts.session_id), None)


def _as_known(facts: NoticeFacts, about: SessionFacts | None) -> Slot | None:
    """When it is; of one that is cancelled when the person believes that it is."""
    if about is None:
        return None
    known = (facts.believed or {}).get(about.session_id) if about.state == "cancelled" else None
    return _slot(known) or Slot(about.starts_at, about.ends_at)


def _booked_with(facts: NoticeFacts, about: SessionFacts | None, counted: Sequence[SessionFacts]) -> int:
    """How many talks were booked at once with this one; what has been changed since has had a message of its own."""
    if facts.believed:
        return sum(1 for s in counted if s.session_id in facts.believed)
    return sum(1 for s in counted if about and s.revised_at == about.revised_at and s.sequence == about.sequence)
