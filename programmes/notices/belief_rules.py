"""What somebody believes of the sessions that a message is about: as they last heard of them. Pure.

Each message about a change of sessions carries that (`Notice.believed`). So a later change, or an undo, takes back exactly
what it outruns; and how urgent it is follows from when somebody would act on what they believe.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from programmes.notices.rules import Kind


@dataclass(frozen=True)
class Known:
    """When and where somebody comes to a session. `unheard`: no message has told them of it, but their calendar may have.
    `others`: what they may believe of it instead, since nobody knows which messages they have received; None is that nobody
    comes. What is so, and what they surely heard, has none."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int
    unheard: bool = False
    others: tuple["Known | None", ...] = ()


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
# Decisions about a start, of which those who wait for a place hear too.
OF_START: frozenset[Change] = frozenset({"postpone", "cancel_start"})
# A message that tells of sessions which are new to somebody says of each when it is at the moment it is sent.
_TELLS_OF_NEW: frozenset[Kind] = frozenset({"talk_booked", "session_cancelled"})


def readings(known: Known | None) -> tuple[Known | None, ...]:
    """All that somebody may believe of a session: most often one thing."""
    return (replace(known, others=()), *known.others) if known else (None,)


def either(*believed: Known | None) -> Known | None:
    """What somebody believes who has heard one of these, nobody knows which; the one that was heard first first."""
    every = dict.fromkeys(reading for known in believed for reading in readings(known))
    if len(every) == 1:
        return next(iter(every))
    every = dict.fromkeys(replace(reading, unheard=False) if reading else None for reading in every)
    first = next(reading for reading in every if reading)
    return replace(first, others=tuple(reading for reading in every if reading != first))


def same_place(old: Known | None, now_is: Known | None) -> bool:
    """Whether a session is where somebody believes that it is, whatever they may have heard."""
    return all(known and now_is and known.venue_id == now_is.venue_id for known in readings(old))


def written(belief: Belief) -> str:
    """As it is stored."""
    return json.dumps({str(session_id): _entry(known) for session_id, known in sorted(belief.items())})


def read(text: str | None) -> Belief | None:
    """What was stored; None for a message that is about no change of sessions."""
    if text is None:
        return None
    found: dict[str, list[Any] | None] = json.loads(text)
    return {int(key): _known(entry) for key, entry in found.items()}


def _entry(known: Known | None) -> list[Any] | None:
    if known is None:
        return None
    entry = [known.starts_at.isoformat(), known.ends_at.isoformat(), known.venue_id]
    if known.others:
        return [*entry, known.unheard, [_entry(other) for other in known.others]]
    return [*entry, True] if known.unheard else entry


def _known(entry: list[Any] | None) -> Known | None:
    if entry is None:
        return None
    starts_at, ends_at, venue_id, *more = entry
    others = more[1] if len(more) > 1 else []
    return Known(
        datetime.fromisoformat(starts_at),
        datetime.fromisoformat(ends_at),
        venue_id,
        bool(more and more[0]),
        tuple(_known(other) for other in others),
    )


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
    """A message that has not reached somebody. `sure`: it can't have; a server that has not answered may have taken it.
    `given_up`: nobody tries it any more."""

    notice_id: UUID
    kind: Kind
    believed: Belief
    sure: bool
    given_up: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a change means to one person: what their pending messages are about from now on, and what a new one tells, of
    which sessions; None where nothing has to be told. `narrowed` is empty for a message that is outrun altogether. What may
    have been received, and is outrun, leaves two readings of what they believe (`Known.others`): both are told of."""

    narrowed: tuple[tuple[UUID, Belief], ...]
    kind: Kind | None
    told: Belief


def outcome(change: Change, before: Belief, after: Belief, pending: Sequence[Pending], *, knew: bool = True) -> Outcome:
    """`before` and `after` are of the sessions that the change is about, as `differing`. `knew` not, who came after what is
    undone, or was never written to about it: to them that is a change like any other.

    Who has not heard what is outrun believes what was before that. Where it is so again, nothing is told. What they have
    never heard of stays new to them, however often it is cancelled and brought back; and what makes up for a session that
    they never heard of is told with what that was to make up for.
    """
    about = {entry.notice_id: dict(entry.believed) for entry in pending}
    told: dict[int, Known | None] = {}
    unheard = not knew
    new_talks, in_its_stead = set[int](), dict[int, Known | None]()
    for session_id, was in before.items():
        holder = next((entry for entry in pending if session_id in entry.believed), None)
        if holder is None:
            told[session_id] = was
            continue
        left, now_is = about[holder.notice_id], after.get(session_id)
        if _stays(holder, session_id, now_is):
            in_its_stead = left if now_is is None and change == "replace" else in_its_stead
            continue
        del left[session_id]
        known = _last_heard(holder, session_id, was, now_is, change)
        if known != now_is:
            told[session_id] = known
            unheard |= holder.sure and known == holder.believed[session_id]
            new_talks |= {session_id} if known is None and _is_talk(holder, session_id) else set()
    if in_its_stead and all(known is None for known in told.values()):
        in_its_stead |= told
        told = {}
    _clear(about.values(), before, after)
    narrowed = tuple((entry.notice_id, about[entry.notice_id]) for entry in pending
                     if about[entry.notice_id] != dict(entry.believed))  # fmt: skip
    if not told and change not in ALWAYS:
        return Outcome(narrowed, None, {})
    return Outcome(narrowed, _kind(change, told, after, unheard, new_talks), told)


def heard_by_the_way(before: Belief, after: Belief, pending: Sequence[Pending]) -> Outcome:
    """As `outcome` of an undo, for whom a message about their own place has told how it was in between: whatever waits about
    these sessions is outrun, and they hear how it is."""
    narrowed = tuple(
        (entry.notice_id, {session_id: known for session_id, known in entry.believed.items() if session_id not in before})
        for entry in pending
        if before.keys() & entry.believed.keys()
    )
    return replace(outcome("undo", before, after, (), knew=False), narrowed=narrowed)


def without_what_is_over(found: Outcome, after: Belief, pending: Sequence[Pending], now: datetime) -> Outcome:
    """The same, where all that there is to tell is over before and after: nobody is written to about it. Messages that are
    about it stay about it, since a later change may give it a time to come."""
    if not found.told or is_of_use(found.told, after, now):
        return found
    believed = {entry.notice_id: entry.believed for entry in pending}
    kept = {
        notice_id: {s: known for s, known in believed[notice_id].items() if s in left or s in found.told}
        for notice_id, left in found.narrowed
    }
    narrowed = tuple((notice_id, left) for notice_id, left in kept.items() if left != dict(believed[notice_id]))
    return Outcome(narrowed, None, {})


def left_standing(said: Belief, now_is: Belief, pending: Sequence[Pending]) -> tuple[tuple[UUID, Belief], ...]:
    """What other messages to somebody are about once one that is about `said` has come, or may have; only those that are
    about something else by that. A time by which they knew a session, at which there is another by now, is not said to be
    none: they go on coming then, or have seen on Min plats which session it is. So they may know that one by it, beside the
    day by which they knew it before, and what becomes of it has to be told by both."""
    stands = {
        other: so
        for session_id, old in said.items()
        for other, so in now_is.items()
        if so and other not in said and so != now_is.get(session_id) and so in readings(old)
    }
    found = []
    for entry in pending:
        about = {one: either(known, stands[one]) if one in stands else known for one, known in entry.believed.items()}
        if about != dict(entry.believed):
            found.append((entry.notice_id, about))
    return tuple(found)


def _last_heard(holder: Pending, session_id: int, was: Known | None, now_is: Known | None, change: Change) -> Known | None:
    """How somebody knows a session whose message is outrun."""
    believed = holder.believed[session_id]
    if not holder.sure:
        return either(believed, was)
    if holder.kind == "talk_booked" and believed is None and was is not None and now_is is None and change != "undo":
        return replace(was, unheard=True)  # They may have seen it in their calendar.
    return None if believed is not None and believed.unheard and now_is is not None else believed


def _is_talk(holder: Pending, session_id: int) -> bool:
    """Whether it is a talk that nobody has told somebody of."""
    believed = holder.believed[session_id]
    return holder.sure and (believed.unheard if believed else holder.kind == "talk_booked")


def _clear(about: Iterable[dict[int, Known | None]], before: Belief, after: Belief) -> None:
    """A message of which only sessions are left that nobody knew of and that are cancelled now says nothing."""
    for left in about:
        if all(
            known is None and session_id in before and after.get(session_id) is None for session_id, known in left.items()
        ):
            left.clear()


def _stays(holder: Pending, session_id: int, now_is: Known | None) -> bool:
    """Whether a message goes on being about a session that is new to somebody: it says of it how it is as it is sent, and
    nothing as long as it is cancelled. Of a talk that is told apart: they may have seen it in their calendar. So is what it
    may have told of before: it would not say that the time is another."""
    if holder.given_up or not holder.sure or holder.believed[session_id] is not None:
        return False
    if now_is is not None:
        return holder.kind in _TELLS_OF_NEW
    return holder.kind != "talk_booked"


def _kind(change: Change, told: Belief, after: Belief, unheard: bool, new_talks: Collection[int]) -> Kind:
    """Whom the change that is undone had not reached hears what stands by an earlier one, not that anything is undone; and
    that something is cancelled hears who knew of it."""
    if new_talks and set(told) == set(new_talks):
        return "talk_booked"
    off = [session_id for session_id, known in told.items() if known is not None and after.get(session_id) is None]
    by_name = off if _KINDS[change] == "session_cancelled" else change != "undo" or not (unheard or new_talks)
    if by_name:
        return _KINDS[change]
    if len(told) > 1:
        return "rest_moved"
    return "session_cancelled" if off else "session_moved"


def acts_at(believed: Belief, now_is: Belief, now: datetime) -> datetime | None:
    """The earliest moment to come at which somebody would act on what they believe: they would come to what is no longer
    then, or not come to what is. By this it is judged how urgent a message is, and until when it is of use."""
    moments = [
        known.starts_at
        for session_id, old in believed.items()
        for reading in readings(old)
        for known in (reading, now_is.get(session_id))
        if known is not None and reading != now_is.get(session_id) and known.starts_at > now
    ]
    return min(moments, default=None)


def still_different(believed: Belief, now_is: Belief, now: datetime) -> dict[int, tuple[Known | None, Known | None]]:
    """What about what somebody believes is not so, and still to come or not yet over: as they believe it, and as it is. What
    was brought back to a day that is over is to nobody a meeting to come to."""
    return {
        session_id: (old, unless_over(now_is.get(session_id), now))
        for session_id, old in believed.items()
        if old != now_is.get(session_id) and is_coming(old, now_is.get(session_id), now)
    }


def unless_over(known: Known | None, now: datetime) -> Known | None:
    """Nothing in place of what is over."""
    return known if known and known.ends_at > now else None


def is_coming(old: Known | None, now_is: Known | None, now: datetime) -> bool:
    """Whether it is still to come or not yet over, as they believe it or as it is."""
    return any(known is not None and known.ends_at > now for known in (*readings(old), now_is))


def is_of_use(believed: Belief, now_is: Belief, now: datetime) -> bool:
    """Whether anything of that is left to tell."""
    return bool(still_different(believed, now_is, now))


def taken(believed: Belief, now_is: Belief) -> bool:
    """Whether one of the times by which somebody knows these sessions is another session's by now: then a word of that day
    would be taken for a word of the other."""
    starts = {known.starts_at: session_id for session_id, known in now_is.items() if known}
    return any(
        known and starts.get(known.starts_at, session_id) != session_id
        for session_id, old in believed.items()
        for known in readings(old)
    )


def wrong_days(old: Known | None, now_is: Known | None) -> tuple[Known, ...]:
    """What somebody may believe of a session that is not so, by which it has to be named to them; one for each
    time, the one that they heard first first."""
    found: dict[tuple[datetime, datetime], Known] = {}
    for known in readings(old):
        if known and known != now_is:
            found.setdefault((known.starts_at, known.ends_at), known)
    return tuple(found.values())


def is_tangled(old: Known | None, now_is: Known | None) -> bool:
    """Whether no sentence names a session to everybody who may come to it: there are more than two days, or on one of two
    it is, only elsewhere."""
    days = wrong_days(old, now_is)
    same = now_is is not None and any((day.starts_at, day.ends_at) == (now_is.starts_at, now_is.ends_at) for day in days)
    return len(days) > 2 or (len(days) > 1 and same)
