"""Moving somebody to another cohort, with the calendar that they subscribe to."""

import uuid
from collections.abc import Collection
from datetime import datetime

from programmes.calendar.services import follow
from programmes.cohorts import queries as cohorts
from programmes.cohorts.rules import Reason
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import transfer_services as services
from programmes.enrolment.leaving.transfer_services import Move, Plan, Refused
from programmes.enrolment.records import apart_queries, apart_services
from programmes.enrolment.rules import ALIVE

__all__ = ["Move", "Plan", "Refused", "plan", "transfer"]


async def _theirs(enrolment_id: uuid.UUID, source: int, target: int, principal: Principal, now: datetime) -> None:
    """Both cohorts must be this person's to work with. Raises NotFound."""
    for cohort_id in (source, target):
        await cohorts.mine(principal, local_date(now), cohort_id)
    if (await enrolments.enrolment(enrolment_id)).cohort_id != source:
        raise NotFound


async def plan(
    enrolment_id: uuid.UUID, source: int, target: int, principal: Principal, keys: KeyFolder, now: datetime
) -> Plan:
    """What would happen if somebody were moved now.

    Raises:
        NotFound: not theirs, or another programme.
        Conflict: the enrolment is over.
    """
    await _theirs(enrolment_id, source, target, principal, now)
    return await services.plan(enrolment_id, target, keys, now)


async def moved_before(
    enrolment_id: uuid.UUID, source: int, target: int, principal: Principal, now: datetime
) -> uuid.UUID | None:
    """Where somebody is in the target whom the same form has moved there already, as it was sent twice; None otherwise. The
    time of the application went along.

    Raises:
        NotFound: not theirs, or another programme.
    """
    await _theirs(enrolment_id, source, target, principal, now)
    facts = await enrolments.enrolment(enrolment_id)
    if facts.state != "transferred":
        return None
    found = [one.enrolment_id for one in await enrolments.enrolments(target, ALIVE) if one.applied_at == facts.applied_at]
    return found[0] if len(found) == 1 else None


async def clashes(enrolment_id: uuid.UUID, target: int) -> list[Reason]:
    """Where somebody would meet whom they are kept apart from if they were moved; of whom, is never said."""
    days = await apart_queries.days_of(enrolment_id, target)
    return [Reason("apart", "anda", {"day": day}) for day in days[:1]]


async def transfer(
    enrolment_id: uuid.UUID,
    source: int,
    target: int,
    seen: str,
    principal: Principal,
    keys: KeyFolder,
    now: datetime,
    met: Collection[str] = (),
) -> uuid.UUID | None:
    """Move somebody as it was shown; returns the new enrolment, or None when it would be otherwise by now or what is asked
    anew there was not answered with yes (`met`).

    Raises:
        NotFound: not theirs, or another programme.
        Conflict: the enrolment is over.
    """
    await _theirs(enrolment_id, source, target, principal, now)
    async with transaction():
        new = await services.transfer(enrolment_id, target, seen, principal.staff_id, keys, now, met)
        if new is not None:
            await follow(enrolment_id, new)
            await apart_services.follow(enrolment_id, new)
    return new
