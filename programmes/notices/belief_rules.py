"""What somebody believes of the sessions that a message is about: as they last heard of them. Pure.

Each message about a change of sessions carries that (`Notice.believed`). So a later change, or an undo, takes back exactly
what it outruns; and how urgent it is follows from when somebody would act on what they believe.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
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
    undone: to them that is a change like any other.

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
    """What about what somebody believes is not so, and still to come or not yet over: as they believe it, and as it is."""
    return {
        session_id: (old, now_is.get(session_id))
        for session_id, old in believed.items()
        if old != now_is.get(session_id) and _is_coming(old, now_is.get(session_id), now)
    }


def _is_coming(old: Known | None, now_is: Known | None, now: datetime) -> bool:
    return any(known is not None and known.ends_at > now for known in (*readings(old), now_is))


def is_of_use(believed: Belief, now_is: Belief, now: datetime) -> bool:
    """Whether anything of that is left to tell."""
    return bool(still_different(believed, now_is, now))


@dataclass(frozen=True)
class Left:
    """What is left to tell of a message: each session as somebody believes that it is, and as it is. `taken`: another
    session has got the time of one of them."""

    sessions: tuple[tuple[Known | None, Known | None], ...]
    taken: bool


def mark_of(*said: object) -> str:
    """A sign of what somebody is told: another when any of it is another. A page that was shown sends it along."""
    return sha256(repr(said).encode()).hexdigest()[:16]


def left_of(believed: Belief, now_is: Belief, now: datetime) -> Left | None:
    """None where everything is as they believe, or over. Whom to ring, what they are told and what is counted go by this.

    Who comes knows times, not which session is when: one that they believe in, at which there is another session by now, is
    as they believe.
    """
    return _left(believed, _by_time(believed, now_is)[0], now_is, now)


@dataclass(frozen=True)
class Told:
    """Messages to one person that are told as one, since a session of one has got the time by which they know a session of
    another; with what of them together is left to tell."""

    messages: frozenset[UUID]
    left: Left | None


def left_together(messages: Mapping[UUID, Belief], now_is: Belief, now: datetime) -> dict[UUID, Told]:
    """The same of everything that has not reached one person, by message: what they believe is all of it joined."""
    believed = {session_id: known for belief in messages.values() for session_id, known in belief.items()}
    by_time, swaps = _by_time(believed, now_is)
    together = _together([*(list(belief) for belief in messages.values()), *map(list, swaps)])
    found = dict[UUID, Told]()
    for sessions in together:
        ids = [notice_id for notice_id, belief in messages.items() if sessions & belief.keys()]
        # As much as concerns these sessions; the others are as they are.
        here = {session_id: known for session_id, known in believed.items() if session_id in sessions}
        times = {session_id: by_time.get(session_id) if session_id in sessions else known
                 for session_id, known in {**dict.fromkeys(sessions), **now_is}.items()}  # fmt: skip
        found |= dict.fromkeys(ids, Told(frozenset(ids), _left(here, times, now_is, now)))
    return found


def _together(groups: Iterable[Collection[int]]) -> list[set[int]]:
    """Sessions that belong together because something is about both."""
    found = list[set[int]]()
    for group in groups:
        met = [one for one in found if one & set(group)]
        found = [one for one in found if not any(one is other for other in met)]
        found.append(set(group).union(*met))
    return found


def _left(believed: Belief, by_time: Belief, now_is: Belief, now: datetime) -> Left | None:
    """What is otherwise of each time in which they believe, and what they know nothing of."""
    there = {known for known in now_is.values() if known is not None}
    known_times = {known for known in believed.values() if _is_sure(known)}
    every: dict[int, Known | None] = {**{s: None for s in by_time if by_time[s] != now_is.get(s)}, **believed}
    found = dict[int, tuple[Known | None, Known | None]]()
    for session_id, old in every.items():
        new = by_time.get(session_id)
        was = None if _is_sure(old) and old in there else old
        becomes = None if new in known_times and (was is None or _is_sure(was)) else new
        if was != becomes and _is_coming(was, becomes, now):
            found[session_id] = (was, becomes)
    if not found:
        return None
    return Left(tuple(found.values()), taken({session_id: was for session_id, (was, _new) in found.items()}, by_time))


def _is_sure(known: Known | None) -> bool:
    return known is not None and not known.others and not known.unheard


def _by_time(believed: Belief, now_is: Belief) -> tuple[Belief, tuple[tuple[int, int], ...]]:
    """The sessions as they are, with each time that is surely believed in at the session that it is believed of; and which
    have changed places for that."""
    found, swaps, settled = dict(now_is), list[tuple[int, int]](), set[int]()
    for session_id, old in sorted(believed.items()):
        if old is None or not _is_sure(old):
            continue
        there = next((other for other, known in found.items() if known == old and other not in settled), session_id)
        if found.get(there) == old:
            settled.add(session_id)
        if there != session_id:
            found[there], found[session_id] = found.get(session_id), found.get(there)
            swaps.append((there, session_id))
    return found, tuple(swaps)


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
