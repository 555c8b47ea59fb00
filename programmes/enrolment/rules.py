"""Who gets a place, who waits, until when an offer holds, and what is still to be done. Pure decisions over facts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID

from programmes.core.clock import at_local, local

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
Remaining = Literal["book_visit", "attend_visit", "rebook_visit", "accept"]

OFFER_HOURS = 16
_OPENS, _CLOSES = time(8), time(20)
# So that an offer can be answered, and passed on, before the session that it is for.
_BEFORE_SESSION = timedelta(hours=2)


@dataclass(frozen=True)
class Entry:
    """Whether, and how, one may still enter a cohort. Times are aware; `last_entry` is when the last session one may
    join at begins, None when no session is planned."""

    state: str
    enrol_from: date
    last_entry: datetime | None


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
    """A booked study visit."""

    slot_id: int
    starts_at: datetime
    ends_at: datetime
    venue: str
    address: str
    state: Literal["booked", "attended", "missed"]


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
    partner_consent: bool | None
    declared_for: date | None
    visit: Visit | None
    accepted: frozenset[int]


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
    kind: Literal["conditions", "rules"]
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
    if facts.last_entry is None or now >= facts.last_entry:
        return NotOpen("too_late")
    return None


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


def offer_until(now: datetime, next_session: datetime | None, day_off: Callable[[date], object]) -> datetime:
    """When an offer ends: 16 counted hours from now (8 to 20 on weekdays that are no holidays), never so late that the
    next session could not be joined by somebody else."""
    left = timedelta(hours=OFFER_HOURS)
    day = local(now).date()
    end = now
    while left > timedelta(0):
        if day.weekday() < 5 and not day_off(day):
            opens, closes = _window(day)
            begins = max(now, opens)
            if begins < closes:
                used = min(left, closes - begins)
                left -= used
                end = begins + used
        day += timedelta(days=1)
    if next_session is not None:
        end = max(now, min(end, next_session - _BEFORE_SESSION))
    return end


@dataclass(frozen=True)
class Steps:
    """What a programme asks for between the application and a confirmed place, and how far one person has come.

    `visit` is None without a booking. `accepted` means the newest version of every text that is asked for.
    """

    visit_needed: bool = False
    accept_needed: bool = False
    visit: Literal["booked", "attended", "missed"] | None = None
    accepted: bool = False


def remaining(steps: Steps) -> tuple[Remaining, ...]:
    """What is still to be done, in order. The place is confirmed when nothing is (2.7, 2.8)."""
    left: list[Remaining] = []
    if steps.visit_needed and steps.visit != "attended":
        by_visit: dict[str | None, Remaining] = {None: "book_visit", "booked": "attend_visit", "missed": "rebook_visit"}
        left.append(by_visit[steps.visit])
    if steps.accept_needed and not steps.accepted:
        left.append("accept")
    return tuple(left)
