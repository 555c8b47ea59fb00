"""Whom a change of a group's sessions reaches, and what came of it, counted. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from programmes.cohorts.meant_rules import TICK
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.notices.hours_rules import is_urgent
from programmes.notices.reach_rules import Away, Reach, Way
from programmes.notices.reach_rules import counted as reach_of


@dataclass(frozen=True)
class Whom:
    """How many are told in which way. `calendar`: whom no message reaches, but whose calendar has been fetched; `nobody`
    learns it from us."""

    reach: Reach
    calendar: int = 0
    nobody: int = 0


def counted(ways: Iterable[tuple[UUID, Way]], fetched: Collection[UUID], away: Away) -> Whom:
    """Each person once. `away`: which messages do not get through just now."""
    known = list(ways)
    n = Counter(way for _who, way in known)
    calendar = sum(1 for who, way in known if way == "place" and who in fetched)
    return Whom(replace(reach_of(n), place=0, away=away), calendar, n["place"] - calendar)


def soon(slot: Slot, state: str, form: str, now: datetime) -> list[Reason]:
    """That a session begins so soon that no calendar can be counted on to show in time what becomes of it, and who is not
    told by a message has to be rung at once. Of what is only planned nobody knows."""
    if state == "planned" or not is_urgent(slot.starts_at, now):
        return []
    return [Reason("soon", TICK, {"open": form == "drop_in", "starts_at": slot.starts_at})]


@dataclass(frozen=True)
class Told:
    """What has come of the messages about a change. `pending`: the worker has not written all of them yet. `held`: they wait
    for a time at which they may go, the last `until` then. `alone`: how many see it on Min plats alone, and are rung by
    nobody."""

    sent: int = 0
    waiting: int = 0
    missed: int = 0
    by_staff: int = 0
    pending: bool = False
    held: int = 0
    until: datetime | None = None
    alone: int = 0
