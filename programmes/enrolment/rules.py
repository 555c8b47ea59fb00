"""Who gets a place, who waits, until when an offer holds, and what is still to be done. Pure decisions over facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol
from uuid import UUID

from programmes.catalogue.rules import Programme
from programmes.core.clock import local
from programmes.core.i18n import Language

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
StaffEnding = Literal["completed", "dropped_out", "declined"]

# So few keys without a row are always what a crash has left.
_FEW = 3


@dataclass(frozen=True)
class Entry:
    """Whether, and how, one may still enter a cohort. Times are aware; `last_entry` is when the last session one may
    join at begins, None when no session is planned. `unbooked`: a series of talks whose first is booked later.
    `started_at`: when its start was decided. `last_end`: when the last session of a group ends; None for talks, whose start
    nobody decides. `over_from`: from when nothing is left of it; None until it is said how it ended. `first_until`: until
    when who waits for what has ended may move to another start before newcomers; None where they have no such right."""

    state: str
    enrol_from: date
    last_entry: datetime | None
    unbooked: bool = False
    started_at: datetime | None = None
    last_end: datetime | None = None
    over_from: datetime | None = None
    first_until: datetime | None = None


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


class Placed(Protocol):
    """How many of a cohort have what."""

    @property
    def confirmed(self) -> int: ...
    @property
    def preliminary(self) -> int: ...
    @property
    def offered(self) -> int: ...
    @property
    def queued(self) -> int: ...


def people_as(placed: Placed) -> str:
    """What a form about a start said of people: how many have what."""
    return f"{placed.confirmed}.{placed.preliminary}.{placed.offered}.{placed.queued}"
