"""Leaving, and what somebody who thinks better of it within the hour gets back. Pure (decision 9)."""

from datetime import datetime, timedelta
from typing import Literal

from programmes.enrolment.rules import ALIVE, State

# How long leaving can be undone. What was written stays sealed until then, and no longer.
UNDO = timedelta(hours=1)
LeftFrom = Literal["preliminary", "confirmed", "queued"]
Return = Literal["seat", "queue", "nothing"]
# How far a cohort has come whose ways are judged after a restore: `closed`, its sessions are over and every way had ended.
Standing = Literal["ahead", "begun", "closed"]
# The states of a start to which nobody comes back.
OVER = frozenset({"cancelled", "closed"})


def what(state: State, over: bool = False) -> Literal["place", "offer", "queue", "over"]:
    """What somebody leaves who is in this state, as the page says it; `over`: of a start that is cancelled or closed."""
    if over:
        return "over"
    return "offer" if state == "offered" else "queue" if state == "queued" else "place"


def gives_back(left_from: LeftFrom, seat_free: bool, someone_waits: bool, can_enter: bool, over: bool) -> Return:
    """The seat, if it is free and nobody who waits could be offered it; else the queue, while it leads anywhere.

    Nobody is passed by: whoever has been let in or offered the place meanwhile keeps it. `over`: the cohort is.
    """
    if over:
        return "nothing"
    if left_from != "queued" and seat_free and not (someone_waits and can_enter):
        return "seat"
    return "queue" if can_enter else "nothing"


def may_undo(undo_until: datetime | None, now: datetime) -> bool:
    """Whether leaving can still be undone; on the moment of its end it can't."""
    return undo_until is not None and now < undo_until


def ended_as(state: State, standing: Standing, came: bool) -> State:
    """How a documented way counts that had ended between a backup and its restore; the receipt says only that it had.

    What had ended by the backup keeps its end. Else it is told by what the backup has, as when a cohort is closed: who had a
    place in what had begun has completed or broken off; of anybody else it came to nothing.
    """
    if state not in ALIVE:
        return state
    if state != "confirmed" or standing == "ahead":
        return "expired"
    return "completed" if standing == "closed" and came else "dropped_out"
