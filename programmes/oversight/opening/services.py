"""Opening a cohort together with its study visits, in one transaction."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from programmes.cohorts.opening_services import open_cohort
from programmes.cohorts.queries import by_id
from programmes.cohorts.rules import Opening, Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.core.db import execute, fetchval, transaction
from programmes.core.principal import Principal
from programmes.enrolment.visits.queries import Doubt, doubts, held_by, visits_among
from programmes.enrolment.visits.step_services import add_slot
from programmes.oversight.rules import Visit
from programmes.oversight.rules import why_not_visits as visit_reasons

__all__ = [
    "Doubt",
    "Opening",
    "Visit",
    "address_of",
    "open_with_visits",
    "opened_as",
    "visit_clashes",
    "visit_doubts",
    "visit_reasons",
    "visits_beside",
]


async def visit_clashes(visits: Sequence[Visit], leaders: Sequence[int]) -> list[Reason]:
    """The visits whose time the first leader, who holds them, has given to another group's visit."""
    if not leaders:
        return []
    return [
        Reason("visit_held", f"besok{visit.row}")
        for visit in visits
        if await held_by(leaders[0], visit.slot.starts_at, visit.slot.ends_at)
    ]


async def visits_beside(
    slots: Sequence[Slot], leaders: Sequence[int], venue_id: int | None
) -> list[tuple[datetime, datetime, str]]:
    """The study visits that are at the same time as one of the sessions, of a leader's or in the room."""
    return await visits_among(leaders, venue_id, [(slot.starts_at, slot.ends_at) for slot in slots])


async def visit_doubts(
    visits: Sequence[Visit], wanted: Opening, venue_id: int | None, principal: Principal
) -> list[tuple[Visit, Doubt]]:
    """What is worth a look about visits that the first leader would hold, in the room with this id (None: a new one)."""
    holder = wanted.leaders[0] if wanted.leaders else None
    return [
        (visit, doubt)
        for visit in visits
        for doubt in await doubts((visit.slot.starts_at, visit.slot.ends_at), venue_id, holder, wanted.decide_by, principal)
    ]


async def open_with_visits(wanted: Opening, visits: Sequence[Visit], principal: Principal, now: datetime) -> int:
    """Save a cohort, its sessions, leaders and study visits, all or nothing; returns its id.

    Raises:
        NotFound, Forbidden, NotAllowed, Conflict: as `open_cohort`.
    """
    async with transaction():
        cohort_id = await open_cohort(wanted, principal, now)
        venue_id = (await by_id(cohort_id)).venue_id
        for visit in visits:
            await add_slot(
                cohort_id, visit.slot.starts_at, visit.slot.ends_at, venue_id, wanted.leaders[0], visit.capacity, now
            )
    return cohort_id


# What a form says about itself, not about the cohort: seen, meant, and the number by which it is known.
_OF_THE_FORM = frozenset({"once", "sett", "anda", "visa", "_csrf_token"})


def address_of(once: str, principal: Principal, values: Mapping[str, Sequence[str]]) -> str:
    """The public id of the cohort that a form makes: the same for one person's same form (`once`, unguessable) with the same
    content, so that a button which is pressed twice opens one."""
    said = sorted((name, tuple(given)) for name, given in values.items() if name not in _OF_THE_FORM)
    digest = hashlib.sha256(repr((once, principal.staff_id, said)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:12]


async def opened_as(public_id: str) -> int | None:
    """The cohort that a form has made already, or None. To be called in the transaction that makes it: of two that are sent
    at once the other waits until the first is saved."""
    await execute("select pg_advisory_xact_lock(hashtextextended('opening/' || $1, 0))", public_id)
    found: int | None = await fetchval("select id from cohort where public_id = $1", public_id)
    return found
