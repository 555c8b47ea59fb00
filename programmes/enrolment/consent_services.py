"""Taking back a consent that was given when a place was taken."""

from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.rules import ALIVE


async def withdraw_partner_consent(enrolment_id: UUID, staff_id: int, now: datetime) -> None:
    """The person no longer agrees that their partner is contacted (2.14). Nobody is told; staff see it at once.

    Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over, or no consent was ever given.
    """
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        facts = await queries.enrolment(enrolment_id)
        if facts.state not in ALIVE or facts.partner_consent is None:
            raise Conflict("cohort_changed")
        if facts.partner_consent:
            await execute("update enrolment set partner_consent = false where id = $1", enrolment_id)
            await audit.note("consent:withdraw", f"enrolment/{enrolment_id}", staff_id, now)
