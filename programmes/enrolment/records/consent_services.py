"""Consent to contact with the partner (2.14), taken back and given again by the participant, or noted by staff.

Nobody is told, by mail or otherwise: what reached somebody's phone could be read by whom it concerns. Staff see it on Idag
and in the group.
"""

from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.records.partner_queries import brought_back
from programmes.enrolment.records.partner_rules import PARTNER_CONTACT
from programmes.enrolment.records.partner_services import erase_without_consent
from programmes.enrolment.rules import ALIVE


async def _locked(enrolment_id: UUID, now: datetime) -> queries.EnrolmentFacts:
    facts = await queries.lock_alive(enrolment_id, now)
    if facts.partner_consent is None:
        raise Conflict("enrolment_over")
    return facts


async def withdraw_partner_consent(enrolment_id: UUID, staff_id: int | None, keys: KeyFolder, now: datetime) -> None:
    """The person no longer agrees that their partner is contacted. What is kept about the partner is erased with it.

    `staff_id` is None when the person said it on Min plats. Said again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: it is over, or no consent was ever asked for.
    """
    async with transaction():
        facts = await _locked(enrolment_id, now)
        if facts.partner_consent:
            await _take_back(facts, now)
            await erase_without_consent(enrolment_id, keys, now)
            await audit.note("consent:withdraw", f"enrolment/{enrolment_id}", staff_id, now)


async def erase_restored(keys: KeyFolder, now: datetime) -> None:
    """When the worker starts: partners' records whose keys were destroyed, and that a restored backup brought back, go
    again. The consent beside each counts as taken back until somebody has asked the person (decision 100)."""
    erased = [UUID(receipt["key"]) for receipt in keys.receipts() if receipt["kind"] == "person"]
    for partner_id, enrolment_id in await brought_back(erased):
        async with transaction():
            if enrolment_id is not None:
                await _doubt(enrolment_id, now)
            await execute("delete from partner_record where id = $1", partner_id)


async def _doubt(enrolment_id: UUID, now: datetime) -> None:
    await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
    facts = await queries.enrolment(enrolment_id)
    if facts.state in ALIVE and facts.partner_consent:
        await _take_back(facts, now)
        await audit.note("consent:restored", f"enrolment/{enrolment_id}", None, now)


async def _take_back(facts: queries.EnrolmentFacts, now: datetime) -> None:
    """In the open transaction. Who notes it for the person has seen it, but the others who lead have not."""
    await execute(
        "update enrolment set partner_consent = false, consent_withdrawn_at = $2 where id = $1", facts.enrolment_id, now
    )
    await execute(
        "delete from condition_met where enrolment_id = $1 and condition = $2", facts.enrolment_id, PARTNER_CONTACT
    )
    await _tell_where_it_was(facts, now)


async def _tell_where_it_was(facts: queries.EnrolmentFacts, now: datetime) -> None:
    """Who led the starts that the person was moved from may have been in contact with the partner."""
    await execute(
        """update enrolment e set consent_withdrawn_at = $2 from cohort c
           where c.id = e.cohort_id and c.state not in ('closed', 'cancelled') and e.state = 'transferred'
             and e.participant_id = $1 and e.partner_consent is not true
             and exists (select 1 from condition_met m where m.enrolment_id = e.id and m.condition = $3)""",
        facts.participant_id,
        now,
        PARTNER_CONTACT,
    )


async def give_partner_consent(enrolment_id: UUID, staff_id: int | None, now: datetime) -> None:
    """The person agrees again. What was erased does not come back. Said again, it changes nothing. Raises as above."""
    async with transaction():
        facts = await _locked(enrolment_id, now)
        if not facts.partner_consent:
            await execute(
                "update enrolment set partner_consent = true, consent_withdrawn_at = null where id = $1", enrolment_id
            )
            await execute(
                """insert into condition_met (enrolment_id, condition, met_at) values ($1, $2, $3)
                   on conflict (enrolment_id, condition) do nothing""",
                enrolment_id,
                PARTNER_CONTACT,
                now,
            )
            await audit.note("consent:give", f"enrolment/{enrolment_id}", staff_id, now)


async def note_seen(enrolment_id: UUID, staff_id: int, now: datetime) -> None:
    """A leader has seen that the consent was taken back: it no longer stands on Idag. Raises NotFound."""
    async with transaction():
        await queries.lock_gate((await queries.enrolment(enrolment_id)).cohort_id, now)
        seen = await execute(
            """update enrolment set consent_withdrawn_at = null where id = $1 and consent_withdrawn_at is not null
               returning 1""",
            enrolment_id,
        )
        if seen:
            await audit.note("consent:seen", f"enrolment/{enrolment_id}", staff_id, now)
