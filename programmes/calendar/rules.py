"""What a calendar shows, decided from stored facts. Nothing here reads, writes or knows of HTTP."""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from programmes.core.clock import local_date
from programmes.core.i18n import Language

# `group`: of one group, for one of staff. `cohort`: one for all of staff, as releases before made; its address outlived
# whoever had it, and it is over (decision 25).
FeedKind = Literal["group", "cohort", "leader", "participant", "drop_in"]
Standing = Literal["live", "empty", "gone"]

KEPT_CANCELLED = timedelta(days=30)
EMPTY_FOR = timedelta(weeks=8)
GONE_FOR = timedelta(days=365)
LOOKS_BACK = timedelta(days=366)
TITLE_MOST = 40

# Enrolments whose dates stand in the calendar; who queues or is offered a place has no dates yet, and who has just left
# has none while that can be undone.
WITH_DATES = frozenset({"preliminary", "confirmed", "completed"})
WAITING = frozenset({"queued", "offered", "leaving"})
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Feed:
    """A calendar that can be subscribed to. Its address is derived from `feed_id` and `generation`, never stored."""

    feed_id: UUID
    kind: FeedKind
    generation: int
    sealed_title: bytes | None = None
    key_id: UUID | None = None


def token(feed_id: UUID, generation: int, key: bytes) -> str:
    """160 bits that only the key and these two can make again, as lower-case base 32."""
    made = hmac.new(key, f"{feed_id}/{generation}".encode(), hashlib.sha256).digest()
    return base64.b32encode(made[:20]).decode("ascii").lower()


@dataclass(frozen=True)
class Address:
    """Where a calendar is: `full` to paste, `subscribe` for a device to open in its calendar."""

    full: str

    @property
    def subscribe(self) -> str:
        return "webcal://" + self.full.split("://", 1)[1]


@dataclass(frozen=True)
class ParticipantCalendar:
    """What Min plats shows. `address` is None until somebody with protected identity asks for one.
    `away`: the key of addresses is, so that none can be shown.
    `wrong`: why the title that was typed is not kept; `seen`, a sign of the address, goes with the form that changes it."""

    title: str
    address: Address | None
    wrong: str = ""
    seen: str = ""
    away: bool = False


@dataclass(frozen=True)
class Occasion:
    """What is stored of one session or study visit, and what its name is made of.

    `cancelled_at` is the session's own; `called_off_at` that of its whole cohort. `until` is a substitute's last day.
    `pattern_no` is which of its group's patterns it follows, and `first_start` when that has it (decision 79).
    `added`: it makes up for one that was cancelled.
    `attended`: a leader whose calendar it is stands there; otherwise it only says what the group is called.
    """

    key: str
    what: Literal["session", "visit"]
    cohort_id: int
    form: str
    first_start: datetime
    starts_at: datetime
    ends_at: datetime
    sequence: int
    revised_at: datetime
    cancelled_at: datetime | None = None
    called_off_at: datetime | None = None
    until: date | None = None
    place: str = ""
    added: bool = False
    attended: bool = True
    pattern_no: int = 0


@dataclass(frozen=True)
class FeedFacts:
    """A feed as stored, with every occasion it may show. `body_digest` is that of what was last handed out.

    `title` is the opened `sealed_title`; empty until somebody with the key has opened it.
    """

    feed_id: UUID
    kind: FeedKind
    title: str
    title_revision: int
    titled_at: datetime | None
    revised_at: datetime
    revoked_at: datetime | None
    body_digest: bytes | None
    enrolment_state: str | None
    staff_active: bool
    language: Language
    occasions: tuple[Occasion, ...] = ()
    sealed_title: bytes | None = None
    key_id: UUID | None = None


@dataclass(frozen=True)
class Event:
    """One VEVENT, but for its words."""

    uid: UUID
    occasion: Occasion
    cancelled: bool
    sequence: int
    revised_at: datetime


def ended(facts: FeedFacts) -> bool:
    """Whether the feed's reason is over, also when nobody said so: a place left, rows gone, a leader no longer active."""
    if facts.revoked_at is not None or facts.kind == "cohort":
        return True
    if facts.kind in {"leader", "group"} and not facts.staff_active:
        return True
    return facts.kind == "participant" and facts.enrolment_state not in WITH_DATES | WAITING


def emptied(facts: FeedFacts) -> FeedFacts:
    """A feed that is over: no events, nobody's title, nobody's language."""
    return replace(facts, title="", language="sv", occasions=())


def standing(facts: FeedFacts, now: datetime) -> Standing:
    """Revoked: an empty calendar for eight weeks, so that subscribed calendars are emptied too; then gone."""
    if not ended(facts):
        return "live"
    return "gone" if facts.revoked_at is not None and now >= facts.revoked_at + EMPTY_FOR else "empty"


def events(facts: FeedFacts, now: datetime) -> list[Event]:
    """What the feed shows now, in order of time."""
    if ended(facts) or facts.enrolment_state in WAITING:
        return []
    shown = [_event(facts, occasion) for occasion in facts.occasions if _is_shown(facts.kind, occasion, now)]
    return sorted(shown, key=lambda event: (event.occasion.starts_at, event.occasion.key))


def _off_since(occasion: Occasion) -> datetime | None:
    return occasion.cancelled_at or occasion.called_off_at


def _is_shown(kind: FeedKind, occasion: Occasion, now: datetime) -> bool:
    off = _off_since(occasion)
    # Until so long after it was to be: whoever looks in the week of it has to see it.
    if off is not None and now >= max(off, occasion.ends_at) + KEPT_CANCELLED:
        return False
    if not occasion.attended:
        return False
    if occasion.until is not None and local_date(occasion.starts_at) > occasion.until:
        return False
    # Those of a group end with it; the others would grow for ever.
    return kind not in {"leader", "drop_in"} or occasion.ends_at > now - LOOKS_BACK


def _event(facts: FeedFacts, occasion: Occasion) -> Event:
    """SEQUENCE is the stored one, raised by what else changes the event's words: many calendars ignore any other change."""
    sequence, revised = occasion.sequence, occasion.revised_at
    if occasion.cancelled_at is None and occasion.called_off_at is not None:
        sequence, revised = sequence + 1, max(revised, occasion.called_off_at)
    if facts.kind == "participant" and facts.titled_at is not None:
        sequence, revised = sequence + facts.title_revision, max(revised, facts.titled_at)
    return Event(uuid5(facts.feed_id, occasion.key), occasion, _off_since(occasion) is not None, sequence, revised)


def usual_weekday(occasions: Sequence[Occasion]) -> int:
    """The weekday (Monday is 0) on which most sessions of a pattern are to be; of several the first.

    Neither moves nor added sessions rename a group: calendars would not be told of the new name in the others.
    """
    planned = [o for o in occasions if not o.added] or occasions
    days = [local_date(o.first_start).weekday() for o in sorted(planned, key=lambda o: (o.first_start, o.key))]
    return max(days, key=lambda day: (days.count(day), -days.index(day)))


def clean_title(typed: str) -> str:
    """A title that can stand on one calendar line: at most 40 characters, no control or direction characters."""
    plain = _UNWANTED.sub(" ", unicodedata.normalize("NFC", typed))
    return " ".join(plain.split())[:TITLE_MOST].rstrip()
