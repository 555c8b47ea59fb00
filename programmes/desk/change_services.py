"""Changes of sessions as staff make them: whom they reach is counted before, whoever must be kept apart is asked for."""

from datetime import datetime

from programmes.calendar.queries import fetched
from programmes.cohorts import rest_services, session_services
from programmes.cohorts.clash_services import clash_reasons
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rest_services import Rest, Wanted
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.change_rules import Whom, counted
from programmes.enrolment.queries import enrolments
from programmes.enrolment.rules import HOLDING
from programmes.notices.reach_services import way


async def whom(cohort: CohortFacts, keys: KeyFolder) -> Whom:
    """How many of those with a place are told in which way; nobody is named."""
    people = await enrolments(cohort.cohort_id, HOLDING)
    return counted([(facts.enrolment_id, way(facts, keys)) for facts in people], await fetched(cohort.cohort_id))


async def move(
    session_id: int,
    slot: Slot,
    venue_id: int,
    principal: Principal,
    now: datetime,
    *,
    meant: bool = False,
    seen: int | None = None,
) -> list[Reason]:
    """As `session_services.move_session`."""
    return await session_services.move_session(
        session_id, slot.starts_at, slot.ends_at, venue_id, principal, now, meant=meant, seen=seen
    )


async def plan_rest(
    cohort: CohortFacts, session: SessionFacts, wanted: Wanted, principal: Principal, now: datetime
) -> tuple[Rest, list[Reason]]:
    """As `rest_services.plan_rest`, and where somebody would meet whom they are kept apart from."""
    return await rest_services.plan_rest(cohort, session, wanted, principal, now), []


async def move_rest(session_id: int, wanted: Wanted, seen: str, principal: Principal, now: datetime) -> list[Reason]:
    """As `rest_services.move_rest`."""
    return await rest_services.move_rest(session_id, wanted, seen, principal, now)


async def at_end(cohort: CohortFacts, principal: Principal) -> list[Reason]:
    """What a session that makes up for a cancelled one would meet."""
    return clash_reasons(await session_services.clashes_at_end(cohort, principal))


async def cancel(
    session_id: int,
    add_at_end: bool,
    principal: Principal,
    now: datetime,
    *,
    meant: bool = False,
    seen: int | None = None,
) -> list[Reason]:
    """As `session_services.cancel_session`."""
    return await session_services.cancel_session(session_id, add_at_end, principal, now, meant=meant, seen=seen)
