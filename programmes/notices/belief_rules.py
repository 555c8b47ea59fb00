"""What somebody believes of the sessions that a message is about: as they last heard of them. Pure.

Each message about a change of sessions carries that (`Notice.believed`). So a later change, or an undo, takes back exactly
what it outruns; and how urgent it is follows from when somebody would act on what they believe.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from programmes.notices.rules import Kind


@dataclass(frozen=True)
class Known:
    """When and where somebody comes to a session."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int


# By session; None where nobody comes: it is cancelled, or they know of none.
Belief = Mapping[int, Known | None]
Change = Literal["move", "move_rest", "cancel", "replace", "undo", "book", "postpone", "cancel_rest", "cancel_start"]

_KINDS: Mapping[Change, Kind] = {
    "move": "session_moved", "move_rest": "rest_moved", "cancel": "session_cancelled", "replace": "session_cancelled",
    "undo": "change_undone", "book": "talk_booked", "postpone": "cohort_postponed", "cancel_rest": "rest_cancelled",
    "cancel_start": "cohort_cancelled",
}  # fmt: skip
# These are told whatever somebody knows of single sessions.
ALWAYS: frozenset[Change] = frozenset({"postpone", "cancel_rest", "cancel_start"})
# A message that tells of sessions which are new to somebody says of each when it is at the moment it is sent.
_TELLS_OF_NEW: frozenset[Kind] = frozenset({"talk_booked", "session_cancelled"})


def written(belief: Belief) -> str:
    """As it is stored."""
    return json.dumps(
        {
            str(session_id): [known.starts_at.isoformat(), known.ends_at.isoformat(), known.venue_id] if known else None
            for session_id, known in sorted(belief.items())
        }
    )


def read(text: str | None) -> Belief | None:
    """What was stored; None for a message that is about no change of sessions."""
    if text is None:
        return None
    found: dict[str, list[Any] | None] = json.loads(text)
    return {
        int(key): Known(datetime.fromisoformat(entry[0]), datetime.fromisoformat(entry[1]), entry[2]) if entry else None
        for key, entry in found.items()
    }


def known_of(sessions: Iterable[Mapping[str, Any]]) -> dict[int, Known | None]:
    """The sessions of a cohort as a change wrote them down."""
    return {
        int(entry["id"]): None
        if entry["state"] == "cancelled"
        else Known(
            datetime.fromisoformat(entry["starts_at"]), datetime.fromisoformat(entry["ends_at"]), int(entry["venue_id"])
        )
        for entry in sessions
    }


def differing(before: Belief, after: Belief) -> dict[int, Known | None]:
    """Of the sessions that somebody comes to at another time, or no longer or now for the first time, how they were."""
    return {
        session_id: before.get(session_id)
        for session_id in sorted({*before, *after})
        if before.get(session_id) != after.get(session_id)
    }


@dataclass(frozen=True)
class Pending:
    """A message that has not reached somebody. `sure`: it can't have; a server that has not answered may have taken it."""

    notice_id: UUID
    kind: Kind
    believed: Belief
    sure: bool


@dataclass(frozen=True)
class Outcome:
    """What a change means to one person: what their pending messages are about from now on, and what a new one tells, of
    which sessions; None where nothing has to be told. `narrowed` is empty for a message that is outrun altogether. `unsure`:
    it outruns what may have been received, so that they may believe something else than it says that they do, and an undoing
    of it has to be told whether it is received or not."""

    narrowed: tuple[tuple[UUID, Belief], ...]
    kind: Kind | None
    told: Belief
    unsure: bool = False


def outcome(change: Change, before: Belief, after: Belief, pending: Sequence[Pending], *, knew: bool = True) -> Outcome:
    """`before` and `after` are of the sessions that the change is about, as `differing`. `knew` not, who came after what is
    undone: to them that is a change like any other.

    Who has not heard what is outrun believes what was before that. Where it is so again, nothing is told.
    """
    about = {entry.notice_id: dict(entry.believed) for entry in pending}
    told: dict[int, Known | None] = {}
    unheard, unsure = not knew, False
    for session_id, was in before.items():
        holder = next((entry for entry in pending if session_id in entry.believed), None)
        now_is = after.get(session_id)
        unsure |= holder is not None and not holder.sure
        if holder is None:
            told[session_id] = was
            continue
        believed = holder.believed[session_id]
        new_to_them = believed is None and holder.kind in _TELLS_OF_NEW
        if new_to_them and now_is is not None:
            continue
        del about[holder.notice_id][session_id]
        if not holder.sure or (holder.kind == "talk_booked" and new_to_them and change != "undo"):
            # They may have heard of it all the same, of talks also by their calendar.
            told[session_id] = was
        elif believed != now_is:
            told[session_id], unheard = believed, True
    narrowed = tuple((entry.notice_id, about[entry.notice_id]) for entry in pending
                     if about[entry.notice_id] != dict(entry.believed))  # fmt: skip
    if not told and change not in ALWAYS:
        return Outcome(narrowed, None, {})
    return Outcome(narrowed, _kind(change, told, after, unheard), told, unsure)


def _kind(change: Change, told: Belief, after: Belief, unheard: bool) -> Kind:
    """Whom the change that is undone had not reached hears what stands by an earlier one, not that anything is undone."""
    if change != "undo" or not unheard:
        return _KINDS[change]
    if len(told) > 1:
        return "rest_moved"
    return "session_cancelled" if after.get(next(iter(told))) is None else "session_moved"


def acts_at(believed: Belief, now_is: Belief, now: datetime) -> datetime | None:
    """The earliest moment to come at which somebody would act on what they believe: they would come to what is no longer
    then, or not come to what is. By this it is judged how urgent a message is, and until when it is of use."""
    moments = [
        known.starts_at
        for session_id, old in believed.items()
        for known in (old, now_is.get(session_id))
        if known is not None and old != now_is.get(session_id) and known.starts_at > now
    ]
    return min(moments, default=None)


def still_different(believed: Belief, now_is: Belief, now: datetime) -> dict[int, tuple[Known | None, Known | None]]:
    """What about what somebody believes is not so, and still to come or not yet over: as they believe it, and as it is."""
    return {
        session_id: (old, now_is.get(session_id))
        for session_id, old in believed.items()
        if old != now_is.get(session_id)
        and any(known is not None and known.ends_at > now for known in (old, now_is.get(session_id)))
    }


def is_of_use(believed: Belief, now_is: Belief, now: datetime) -> bool:
    """Whether anything of that is left to tell."""
    return bool(still_different(believed, now_is, now))
