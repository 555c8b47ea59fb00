"""Who gets a place, who waits, until when an offer holds, and what is still to be done. Pure decisions over facts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from programmes.catalogue.rules import Programme
from programmes.core.clock import at_local, local
from programmes.core.i18n import Language
from programmes.core.retention_rules import RULES
from programmes.enrolment.queue.ran_out_rules import LONGEST

State = Literal[
    "preliminary",
    "confirmed",
    "queued",
    "offered",
    "completed",
    "dropped_out",
    "withdrawn",
    "declined",
    "expired",
    "transferred",
    "refused",
]
HOLDING: frozenset[State] = frozenset({"preliminary", "confirmed", "offered"})
ALIVE: frozenset[State] = HOLDING | {"queued"}
Remaining = Literal[
    "show_age", "book_visit", "attend_visit", "rebook_visit", "go_on", "accept", "accept_new", "age_again", "years_again"
]
VisitState = Literal["booked", "attended", "missed", "cancelled"]
TextKind = Literal["conditions", "rules"]
Leads = Literal["offer", "word", "nowhere"]
StaffEnding = Literal["completed", "dropped_out", "declined"]

OFFER_HOURS = 16
# An offer that nobody has the time to see and answer takes the place in the queue from whoever gets it. Two hours of a
# day, not of a night: who is asleep answers nothing.
LEAST_TO_ANSWER = timedelta(hours=2)
_OPENS, _CLOSES = time(8), time(20)
# So that an offer can be answered, and passed on, before the session that it is for.
BEFORE_SESSION = timedelta(hours=2)
# How long those who wait are kept after the last session of entry: with the start decided, and of talks without.
_AFTER_START, _TALKS = timedelta(days=1), timedelta(days=7)
# Those of a group whose start nobody has decided wait for the decision, until as long after its last session as leaves them
# time to read that nothing came of it before a working list goes (decision 101).
_UNDECIDED = timedelta(days=RULES["working_list"].amount) - LONGEST

# So few keys without a row are always what a crash has left.
_FEW = 3


@dataclass(frozen=True)
class Entry:
    """Whether, and how, one may still enter a cohort. Times are aware; `last_entry` is when the last session one may
    join at begins, None when no session is planned. `unbooked`: a series of talks whose first is booked later.
    `started_at`: when its start was decided. `last_end`: when the last session of a group ends; None for talks, whose start
    nobody decides."""

    state: str
    enrol_from: date
    last_entry: datetime | None
    unbooked: bool = False
    started_at: datetime | None = None
    last_end: datetime | None = None


@dataclass(frozen=True)
class Applied:
    """A place at once: seat number, and whether everything asked for is done already."""

    seat: int
    confirmed: bool


@dataclass(frozen=True)
class Queued:
    """No place now: the person waits."""


@dataclass(frozen=True)
class NotOpen:
    """No entry: `not_yet`, `too_late` (the last session of entry has begun), `cancelled` or `closed`."""

    code: Literal["not_yet", "too_late", "cancelled", "closed"]


@dataclass(frozen=True)
class Visit:
    """A booked study visit. `cancelled`: by the office. What each side wishes afterwards is None until it is said."""

    slot_id: int
    starts_at: datetime
    ends_at: datetime
    venue: str
    address: str
    state: VisitState
    person_goes_on: bool | None = None
    staff_goes_on: bool | None = None

    @property
    def goes_on(self) -> bool:
        """Whether nobody has said no. Silence is none: the person's yes is accepting the texts."""
        return self.person_goes_on is not False and self.staff_goes_on is not False


@dataclass(frozen=True)
class EnrolmentFacts:
    """One person's enrolment. Nothing here says who: that is sealed."""

    enrolment_id: UUID
    cohort_id: int
    participant_id: UUID | None
    protected: bool
    state: State
    arrival: int
    applied_at: datetime
    confirmed_at: datetime | None
    offer_expires_at: datetime | None
    skip_reason: str | None
    seat: int | None
    key_id: UUID | None
    sealed: bytes | None
    record: bytes | None
    proof_checked_at: datetime | None
    proof_ticked: bool | None
    only_waited: bool
    partner_consent: bool | None
    guardian_ticked: bool | None
    declared_for: date | None
    age_checked_for: date | None
    visit: Visit | None
    accepted: frozenset[int]
    turn: Decimal = Decimal(0)
    order_reason: str | None = None
    passed_at: datetime | None = None
    visit_cancelled_at: datetime | None = None
    consent_withdrawn_at: datetime | None = None
    place_since: datetime | None = None
    visit_anew_since: datetime | None = None
    undo_until: datetime | None = None
    left_from: str | None = None
    left_slot_id: int | None = None
    asked_to_come: bool = False
    together_id: UUID | None = None
    # `protected` because a record elsewhere with the same number is; their coordinator has not decided yet.
    protection_asked: bool = False
    # For which first day it was said that something was at most some years ago.
    counted_for: date | None = None
    # In which language they are written to.
    language: Language = "sv"
    # Mail to the address that is kept has come back.
    contact_bounced: bool = False


@dataclass(frozen=True)
class Slot:
    """A study visit that can be booked. `left` is how many more may come."""

    slot_id: int
    starts_at: datetime
    ends_at: datetime
    venue: str
    address: str
    leader: str | None
    left: int


@dataclass(frozen=True)
class AgreementText:
    """The newest version of a text to accept."""

    text_id: int
    kind: TextKind
    version: int
    valid_from: date
    lines_sv: tuple[str, ...]
    lines_en: tuple[str, ...]


def entry(facts: Entry, now: datetime) -> NotOpen | None:
    """Why one cannot enter now, or None when one can (DESIGN 3: until the last session of entry begins)."""
    if facts.state == "cancelled":
        return NotOpen("cancelled")
    if facts.state in {"closed", "planned"}:
        return NotOpen("closed" if facts.state == "closed" else "not_yet")
    if local(now).date() < facts.enrol_from:
        return NotOpen("not_yet")
    if facts.last_entry is None:
        return None if facts.unbooked else NotOpen("too_late")
    return NotOpen("too_late") if now >= facts.last_entry else None


def lowest_free(taken: Collection[int], maximum: int) -> int | None:
    """The lowest free seat, or None when all are held."""
    return next((number for number in range(1, maximum + 1) if number not in taken), None)


def decide_application(taken: Collection[int], maximum: int, someone_waits: bool, asks_for_more: bool) -> Applied | Queued:
    """A free seat is held at once; while anyone waits, newcomers wait too, so that nobody is passed by."""
    seat = lowest_free(taken, maximum)
    if seat is None or someone_waits:
        return Queued()
    return Applied(seat, confirmed=not asks_for_more)


def _window(day: date) -> tuple[datetime, datetime]:
    return at_local(day, _OPENS), at_local(day, _CLOSES)


def _every_day(day: date) -> bool:
    return True


def _passed(now: datetime, hours: timedelta, counts: Callable[[date], bool]) -> datetime:
    """When so many hours have passed between 8 and 20 on days that count."""
    left = hours
    day = local(now).date()
    end = now
    while left > timedelta(0):
        if counts(day):
            opens, closes = _window(day)
            begins = max(now, opens)
            if begins < closes:
                used = min(left, closes - begins)
                left -= used
                end = begins + used
        day += timedelta(days=1)
    return end


def offer_until(now: datetime, next_session: datetime | None, day_off: Callable[[date], object]) -> datetime | None:
    """When an offer that is made now ends: after 16 counted hours (8 to 20 on weekdays that are no holidays), never so
    late that the next session could not be joined by somebody else.

    None when that would leave less than `LEAST_TO_ANSWER`: then none is made, and who is first stays so.
    """
    end = _passed(now, timedelta(hours=OFFER_HOURS), lambda day: day.weekday() < 5 and not day_off(day))
    if next_session is None:
        return end
    latest = next_session - BEFORE_SESSION
    return None if latest < _passed(now, LEAST_TO_ANSWER, _every_day) else min(end, latest)


def leads(facts: Entry, next_session: datetime | None, day_off: Callable[[date], object], now: datetime) -> Leads:
    """To what waiting leads: an `offer`; a `word`, when no offer could be answered before the next session, so that who is
    first gets a free place by saying yes to staff; or `nowhere`, when the last session of entry has begun.

    While entry hasn't begun, or the cohort is over otherwise, it is not for this to say: `offer`.
    """
    closed = entry(facts, now)
    if closed is not None:
        return "nowhere" if closed.code == "too_late" and facts.last_entry is not None else "offer"
    return "offer" if offer_until(now, next_session, day_off) else "word"


def capped_again(now: datetime, until: datetime, next_session: datetime | None) -> datetime:
    """When an open offer ends once its next session has been moved: earlier, but with the least time to answer if there
    is that much before the session, else until the session. Said again, it changes nothing."""
    if next_session is None:
        return until
    fair = max(next_session - BEFORE_SESSION, _passed(now, LEAST_TO_ANSWER, _every_day))
    return min(until, next_session, fair)


def undecided_until(last_end: datetime) -> datetime:
    """Until when those who wait for a group are kept whose start nobody decides, by when its last session ends."""
    return last_end + _UNDECIDED


def queue_over(facts: Entry, now: datetime) -> bool:
    """Whether nobody who waits will get a place any more.

    Not at once when the last session of entry begins: a session that is cancelled that day, or a start that is
    postponed when too few came, opens entry again for those who wait. Nor because nobody has decided about a start: whoever
    cancels or postpones it late finds them there, with their turn and their first right.
    """
    closed = entry(facts, now)
    if closed is None or closed.code == "not_yet":
        return False
    if closed.code != "too_late":
        return True
    if facts.last_entry is None:
        return False
    if facts.state != "started":
        return now >= (undecided_until(facts.last_end) if facts.last_end else facts.last_entry + _TALKS)
    # A start that is decided late can be taken back too, and then they wait as before.
    return now >= max(facts.last_entry, facts.started_at or facts.last_entry) + _AFTER_START


@dataclass(frozen=True)
class Steps:
    """What a programme asks for between the application and a confirmed place, and how far one person has come.

    `age_to_show` is for a child who comes without a guardian's consent (2.10). `visit` is None
    without a booking. `goes_on`: nobody has said no after the visit. `accepted` means the newest version of a text of
    every kind that is asked for.
    """

    age_to_show: bool = False
    visit_needed: bool = False
    accept_needed: bool = False
    visit: VisitState | None = None
    goes_on: bool = True
    accepted: bool = False


def remaining(steps: Steps) -> tuple[Remaining, ...]:
    """What is still to be done, in order. The place is confirmed when nothing is (2.7, 2.8).

    A no after the visit stands in the way until it is taken back or the place is left: never is it lost silently.
    """
    left: list[Remaining] = ["show_age"] if steps.age_to_show else []
    if steps.visit_needed and steps.visit != "attended":
        by_visit: dict[VisitState | None, Remaining] = {None: "book_visit", "booked": "attend_visit"}
        left.append(by_visit.get(steps.visit, "rebook_visit"))
    elif steps.visit_needed and not steps.goes_on:
        left.append("go_on")
    if steps.accept_needed and not steps.accepted:
        left.append("accept")
    return tuple(left)


def asked_texts(programme: Programme) -> frozenset[TextKind]:
    """Which kinds of text somebody has to accept (2.7, 2.8: conditions, and to follow the rules)."""
    asked: list[tuple[TextKind, bool]] = [("conditions", programme.accept_conditions), ("rules", programme.rules_commitment)]
    return frozenset(kind for kind, wanted in asked if wanted)


# Talks about violence: whoever sees a message may be who did the harm. Nothing is sent unless the person asked for it.
_TOLD_BY_WISH = frozenset({"2.2", "2.14"})


def told_by_wish(programme: Programme) -> bool:
    """Whether nothing is sent by default, only by the person's explicit wish."""
    return programme.section in _TOLD_BY_WISH


def must_show_age(programme: Programme, guardian_agreed: bool | None) -> bool:
    """Whether age has to be shown, not only on request: from 12 without a guardian's consent (2.10, DESIGN 3)."""
    return programme.proof_kind == "age_mandatory_when_no_guardian_consent" and not guardian_agreed


def asks_for_more(programme: Programme, guardian_agreed: bool | None = None) -> bool:
    """Whether anything is left to do after the application before a place is confirmed."""
    return programme.study_visit or bool(asked_texts(programme)) or must_show_age(programme, guardian_agreed)


def acceptable(programme: Programme, texts: Sequence[AgreementText]) -> tuple[AgreementText, ...]:
    """The texts to accept, once there is one of every kind that is asked for; half of them accepted is nothing done."""
    asked = asked_texts(programme)
    found = tuple(text for text in texts if text.kind in asked)
    return found if {text.kind for text in found} == asked else ()


def unaccepted(facts: EnrolmentFacts, texts: Sequence[AgreementText]) -> tuple[AgreementText, ...]:
    """Which of the texts somebody has still to accept: what was accepted stands, whatever else is asked for again."""
    return tuple(text for text in texts if text.text_id not in facts.accepted)


def still_to_do(programme: Programme, facts: EnrolmentFacts, texts: Sequence[AgreementText]) -> tuple[Remaining, ...]:
    """What is left before the place is confirmed, in order. `texts` are the newest versions in force."""
    asked = asked_texts(programme)
    accepted = {text.kind for text in texts if text.text_id in facts.accepted}
    return remaining(
        Steps(
            age_to_show=must_show_age(programme, facts.guardian_ticked) and not facts.proof_ticked,
            visit_needed=programme.study_visit,
            accept_needed=bool(asked),
            visit=facts.visit.state if facts.visit else None,
            goes_on=facts.visit is None or facts.visit.goes_on,
            accepted=asked <= accepted,
        )
    )


def doubles(people: Mapping[UUID, tuple[str, str, str]]) -> frozenset[UUID]:
    """Who may be on a list twice, by number, name and birth date: the same number, or the same name and birth date where
    not both have given a number."""
    by_number: dict[str, set[UUID]] = {}
    by_name: dict[tuple[str, str], set[UUID]] = {}
    for one, (number, name, born) in people.items():
        if number:
            by_number.setdefault(number, set()).add(one)
        by_name.setdefault((_plain(name), born), set()).add(one)
    unsure = [group for group in by_name.values() if any(not people[one][0] for one in group)]
    groups = [group for group in [*by_number.values(), *unsure] if len(group) > 1]
    return frozenset().union(*groups)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def may_drop_out(state: State, first_start: datetime | None, now: datetime) -> bool:
    """To drop out is to leave something that one takes part in: with a place of one's own, and after the start."""
    return state in {"preliminary", "confirmed"} and first_start is not None and now >= first_start


def ways_to_end(
    state: State, first_start: datetime | None, now: datetime, last_day: date | None = None
) -> tuple[StaffEnding, ...]:
    """How staff may say that somebody's way ended. Completed is only what was confirmed and has begun; of a group, whose
    last session is on `last_day`, from that day on."""
    if not may_drop_out(state, first_start, now):
        return ("declined",)
    done = state == "confirmed" and (last_day is None or local(now).date() >= last_day)
    return ("completed", "dropped_out", "declined") if done else ("dropped_out", "declined")


def strays(on_disk: Collection[UUID], known: Collection[UUID]) -> frozenset[UUID] | None:
    """Which keys no row has. None when most have none: then it is the rows that are missing (an empty database, an old
    backup), and removing the keys would erase what another backup brings back."""
    left = frozenset(on_disk) - frozenset(known)
    return None if len(left) > _FEW and 2 * len(left) > len(on_disk) else left
