"""Who is told what, when it is tried again, and what an answer of the mail server means. No I/O."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args
from uuid import UUID, uuid5

from programmes.core.contacts import address, is_texted
from programmes.enrolment.rules import ALIVE, HOLDING, EnrolmentFacts, VisitState
from programmes.enrolment.rules import State as EnrolmentState

Kind = Literal[
    "place_held",
    "queued",
    "place_offered",
    "offer_expired",
    "place_confirmed",
    "place_left",
    "place_refused",
    "place_back",
    "place_moved",
    "queue_ended",
    "place_free",
    "visit_booked",
    "visit_unbooked",
    "visit_cancelled",
    "visit_reminder",
    "soon_visit",
    "soon_evaluation",
    "accept_new",
    "place_expired",
    "session_moved",
    "session_cancelled",
    "talk_booked",
    "rest_cancelled",
    "rest_moved",
    "change_undone",
    "cohort_started",
    "cohort_cancelled",
    "cohort_postponed",
]
State = Literal["waiting", "sent", "failed", "no_channel"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_OVER: frozenset[EnrolmentState] = frozenset(
    {"withdrawn", "declined", "expired", "completed", "dropped_out", "transferred", "refused"}
)
# In which states of the enrolment a message is still true. Who waits in the queue is not told of
# single sessions, but of the start: that it is later, or that nothing comes of it; and that it is not later after all, if
# they may know that (`rest_moved`).
AUDIENCE: dict[Kind, frozenset[EnrolmentState]] = {
    "place_held": frozenset({"preliminary", "confirmed"}),
    "queued": frozenset({"queued"}),
    "place_offered": frozenset({"offered"}),
    "offer_expired": frozenset({"expired"}),
    "place_confirmed": frozenset({"confirmed"}),
    "place_left": _OVER,
    "place_refused": frozenset({"refused"}),
    "place_back": ALIVE,
    "place_moved": ALIVE,
    "queue_ended": frozenset({"queued"}),
    "place_free": frozenset({"queued"}),
    "visit_booked": HOLDING,
    "visit_unbooked": HOLDING,
    "visit_cancelled": HOLDING,
    "visit_reminder": frozenset({"preliminary"}),
    "soon_visit": HOLDING,
    "soon_evaluation": frozenset({"confirmed"}),
    "accept_new": frozenset({"confirmed"}),
    "place_expired": frozenset({"expired"}),
    "session_moved": HOLDING,
    "session_cancelled": HOLDING,
    "talk_booked": HOLDING,
    "rest_cancelled": HOLDING,
    "rest_moved": ALIVE,
    "change_undone": HOLDING,
    "cohort_started": HOLDING,
    "cohort_cancelled": ALIVE,
    "cohort_postponed": ALIVE,
}

# Reminders of what people know already: nobody has to be rung about them.
REMINDERS: frozenset[Kind] = frozenset({"soon_visit", "soon_evaluation"})
# What tells of a decision about a start. It waits as long as the decision can be taken back.
TELLS_OF: dict[str, Kind] = {"start": "cohort_started", "cancel": "cohort_cancelled", "postpone": "cohort_postponed"}
OF_DECISIONS: frozenset[Kind] = frozenset(TELLS_OF.values())
# What is about somebody's own place and says when the first or next session is.
NAMES_A_DAY: frozenset[Kind] = frozenset({"place_held", "place_confirmed", "place_offered", "place_moved", "place_back",
                                          "place_free"})  # fmt: skip
# That somebody's time ran out: what happened stands on Min plats for a day afterwards.
RAN_OUT: frozenset[Kind] = frozenset({"offer_expired", "place_expired", "queue_ended"})
# What changes when somebody should come. About a session that is near it is urgent.
CHANGES_A_SESSION: frozenset[Kind] = frozenset({"session_moved", "session_cancelled", "talk_booked", "rest_cancelled",
                                                "cohort_cancelled", "cohort_postponed", "rest_moved",
                                                "change_undone", "visit_cancelled", "visit_unbooked"})  # fmt: skip
# What tells of sessions that are otherwise, each of use as long as the receiver believes something else of one to come.
OF_CHANGES: frozenset[Kind] = frozenset({"session_moved", "session_cancelled", "rest_moved", "change_undone", "talk_booked"})
# What tells of a change of all sessions that are left: whoever hears it needs no word of what became of a single one before.
OF_ALL: frozenset[Kind] = frozenset({"cohort_cancelled", "cohort_postponed", "rest_cancelled"})
# Of what staff did to somebody's study visit only the last is told.
BY_STAFF: frozenset[Kind] = frozenset({"visit_booked", "visit_unbooked"})
# In which states of the visit a message about it is still true; None is no visit.
_VISIT: dict[Kind, frozenset[VisitState | None]] = {
    "visit_booked": frozenset({"booked"}),
    "soon_visit": frozenset({"booked"}),
    "visit_unbooked": frozenset({None}),
    "visit_cancelled": frozenset({"cancelled"}),
    "visit_reminder": frozenset({None, "missed"}),
}

# How long a message that may not go yet is left alone before that is looked at again.
HELD_FOR = timedelta(minutes=15)
_PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440))
MOST_FAILURES = len(_PAUSES)
_NAMESPACE = UUID("1c8c1f6e-3a0e-5c52-9a53-0b7f3f0d6f52")


Medium = Literal["mail", "text"]


@dataclass(frozen=True)
class Channel:
    """By what a message goes, to which address or number; `avoid` as the person wrote it."""

    medium: Medium
    to: str
    avoid: str = ""


@dataclass(frozen=True)
class Waiting:
    """A notice that is not sent yet: how often it has been tried in vain, and when last."""

    notice_id: UUID
    failures: int
    last_failure: datetime | None


def notice_id(kind: Kind, enrolment_id: UUID, subject: str) -> UUID:
    """The id, and with it the Message-ID, of one message to one person: the same however often the event is handled.

    `subject` tells one event from the next of its kind: a session's sequence, a decision, an offer's end, a visit's time.
    """
    return uuid5(_NAMESPACE, f"{kind}/{enrolment_id}/{subject}")


def of_texts(text_ids: Iterable[int]) -> str:
    """The subject of a message about versions of texts."""
    return ",".join(str(text_id) for text_id in sorted(text_ids))


def subject_of(kind: Kind, facts: EnrolmentFacts) -> str:
    """What tells a message about somebody's own place from the next of its kind: an offer's end, since when the place has
    been theirs, when it was confirmed, until when a refusal can be read."""
    moments = {
        "place_offered": facts.offer_expires_at,
        "place_held": facts.place_since,
        "place_confirmed": facts.confirmed_at,
        "place_refused": facts.undo_until,
    }
    moment = moments.get(kind)
    return moment.isoformat() if moment else ""


class Tried(Protocol):
    """A message that waits: how often it was tried in vain, and when last."""

    @property
    def failures(self) -> int: ...

    @property
    def last_failure(self) -> datetime | None: ...


def is_due(waiting: Tried, now: datetime) -> bool:
    """Pauses grow from a minute to a day. A try that lies ahead was noted by a wrong clock: it holds nothing."""
    if waiting.last_failure is None or waiting.failures == 0 or waiting.last_failure > now:
        return True
    pause = _PAUSES[min(waiting.failures, len(_PAUSES)) - 1]
    return now >= waiting.last_failure + pause


@dataclass(frozen=True)
class GatewayTrouble:
    """The gateway for texts does not answer as agreed: since when, with how many texts it was tried, when last."""

    since: datetime
    tries: int
    last_try: datetime

    def tried_again_at(self, now: datetime) -> datetime:
        """When one text may try it again: after the pauses of a message. What lies ahead was noted by a wrong clock."""
        return now if self.last_try > now else self.last_try + _PAUSES[min(self.tries, len(_PAUSES)) - 1]


def gives_up(failures: int) -> bool:
    """After nine tries, about two days, staff have to reach the person some other way."""
    return failures > MOST_FAILURES


def channel_unnamed(contact: str) -> Channel | None:
    """How a message goes to somebody nobody knows; not to a number that they gave for calls only."""
    if is_texted(contact):
        return Channel("text", address(contact))
    return Channel("mail", contact) if "@" in contact else None


def channel_of_record(contact: str, safe: Collection[str], avoid: str) -> Channel | None:
    """How a message goes to somebody who is documented: only on what they said is safe."""
    if "@" in contact:
        return Channel("mail", contact, avoid) if "email" in safe else None
    return Channel("text", contact, avoid) if contact and "sms" in safe else None


def is_current(
    kind: Kind,
    enrolment_state: EnrolmentState,
    session_state: str,
    session_ends: datetime,
    now: datetime,
    visit: VisitState | None = None,
) -> bool:
    """Whether the message is still true and still of use. What the person did or what happened since may have outrun it."""
    if enrolment_state not in AUDIENCE[kind]:
        return False
    if kind in _VISIT:
        return visit in _VISIT[kind]
    if kind in {"session_moved", "talk_booked", "soon_evaluation"}:
        return session_state in {"planned", "moved"} and session_ends > now
    if kind == "session_cancelled":
        return session_state == "cancelled" and session_ends > now
    return True
