"""Whether the room or those who lead are somewhere else at the same time, asked before a schedule is saved."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg

from programmes.cohorts import schedule_queries
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Clash, Slot, clashes
from programmes.core.clock import local_date
from programmes.core.errors import Conflict
from programmes.core.principal import Principal


@contextmanager
def room_taken() -> Iterator[None]:
    """Around the statement that takes a room: somebody who has taken it since it was asked is said, and nothing is written.

    Raises:
        Conflict: `room_taken`.
    """
    try:
        yield
    except asyncpg.ExclusionViolationError as error:
        raise Conflict("room_taken") from error


async def clashes_of(cohort: CohortFacts, slots: Sequence[Slot], venue_id: int, principal: Principal) -> list[Clash]:
    """Where sessions of a cohort would meet those of others, in the order of the days. Nothing is said of a group that the
    asker does not coordinate but that it is there."""
    if not slots:
        return []
    first, last = min(slot.starts_at for slot in slots), max(slot.ends_at for slot in slots)
    staff = await schedule_queries.staff_of(cohort.cohort_id, local_date(first))
    booked = await schedule_queries.bookings(venue_id, list(staff), first, last, principal, cohort.cohort_id)
    return clashes(slots, venue_id, frozenset(staff.values()), booked)


def clash_reasons(found: Sequence[Clash]) -> list[Reason]:
    """Each room or person that is taken, once; with a tick beside that it is meant."""
    seen: dict[str, Clash] = {}
    for clash in found:
        seen.setdefault(clash.who, clash)
    return [
        Reason(
            "leader_taken" if clash.who else "room_taken",
            "anda",
            {"who": clash.who, "cohort": clash.cohort, "day": clash.day, "until": clash.until},
        )
        for clash in seen.values()
    ]


def shared(slots: Sequence[Slot], found: Sequence[Clash]) -> list[bool]:
    """Of each session whether it shares its room with another group, by what was found."""
    taken = {clash.day for clash in found if not clash.who}
    return [local_date(slot.starts_at) in taken for slot in slots]
