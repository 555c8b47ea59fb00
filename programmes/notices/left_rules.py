"""What is left to tell of messages that have not reached somebody: what of what they believe is otherwise. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from programmes.notices.belief_rules import Belief, Known, is_coming, taken, unless_over


@dataclass(frozen=True)
class Left:
    """What is left to tell of a message: each session as somebody believes that it is, and as it is. `taken`: another
    session has got the time of one of them. `places`: by its number what each place is called. That is no part of the mark,
    which a page of another release may have made."""

    sessions: tuple[tuple[Known | None, Known | None], ...]
    taken: bool
    places: Mapping[int, str] = field(default_factory=dict, compare=False, repr=False)


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
    another; with what of them together is left to tell. `kind`: by which of their kinds it is said what is new to them, the
    same on every page that settles them; empty where no one does for all."""

    messages: frozenset[UUID]
    left: Left | None
    kind: str = ""


def kind_of_all(kinds: Collection[str]) -> str:
    """What comes instead of what is cancelled is said so with the sentence before it, whichever message told of it."""
    every = set(kinds)
    if "session_cancelled" in every:
        return "session_cancelled"
    return every.pop() if len(every) == 1 else ""


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
        becomes = None if new in known_times and (was is None or _is_sure(was)) else unless_over(new, now)
        if was != becomes and is_coming(was, becomes, now):
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
