"""Cancelling a study visit, of which whoever holds it hears."""

from datetime import datetime

from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.desk.changes.duty_told_services import telling_staff
from programmes.enrolment.visits import services


async def cancel(cohort_id: int, slot_id: int, seen: int, who: Principal, now: datetime) -> None:
    """As `visits.services.cancel_slot`, which says what it raises. Who holds it is told by mail at once, if somebody else
    cancels it."""
    async with transaction(), telling_staff(cohort_id, who, now):
        await services.cancel_slot(cohort_id, slot_id, seen, who.staff_id, now)
