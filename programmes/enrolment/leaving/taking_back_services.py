"""Staff take back what they noted about somebody by mistake: that proof was shown, and an acceptance on paper."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.enrolment import queries
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.texts.agreement_rules import on_paper_just_now
from programmes.enrolment.visits import step_services


async def take_back_proof(enrolment_id: uuid.UUID, staff_id: int, programme: Programme, now: datetime) -> None:
    """Nothing was shown after all. For who is documented the trail keeps that it was noted and taken back; of others nothing
    is left (DESIGN 3). Again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`.
    """
    async with transaction():
        facts = await step_services.locked(enrolment_id, now)
        if not facts.proof_ticked and facts.proof_checked_at is None:
            return
        await execute(
            "update enrolment set proof_ticked = null, proof_checked_at = null, proof_checked_by = null where id = $1",
            enrolment_id,
        )
        if facts.participant_id is not None:
            await audit.note("proof:taken_back", f"enrolment/{enrolment_id}", staff_id, now)
        await _undone(enrolment_id, programme, now)


async def take_back_paper(
    enrolment_id: uuid.UUID, text_ids: Sequence[int], staff_id: int, programme: Programme, now: datetime
) -> None:
    """What was last noted as accepted on paper was not: within the hour, and before the start. `text_ids` are the versions
    that were shown as such. The trail keeps both. Again, it changes nothing.

    Raises:
        NotFound: no such enrolment.
        Conflict: `note_settled`, the hour is over, or it has started; `enrolment_over`.
    """
    async with transaction():
        facts = await step_services.locked(enrolment_id, now)
        if not facts.accepted & set(text_ids):
            return
        first_start = (await cohorts.by_id(facts.cohort_id)).first_start
        noted = [(one.text.text_id, one.how, one.accepted_at) for one in await agreement_queries.accepted(enrolment_id)]
        wrong = on_paper_just_now(noted, first_start, now)
        if not wrong or wrong != set(text_ids):
            raise Conflict("note_settled")
        await execute(
            "delete from agreement where enrolment_id = $1 and text_id = any($2::int[])", enrolment_id, sorted(wrong)
        )
        await audit.note("agreement:taken_back", f"enrolment/{enrolment_id}", staff_id, now)
        await _undone(enrolment_id, programme, now)


async def _undone(enrolment_id: uuid.UUID, programme: Programme, now: datetime) -> None:
    """A confirmed place that was so by what is taken back is preliminary again, and the person is told. Not after the start;
    nor of who accepted an older version, and is only asked for the new one once more."""
    facts = await queries.enrolment(enrolment_id)
    first_start = (await cohorts.by_id(facts.cohort_id)).first_start
    if facts.state != "confirmed" or (first_start is not None and now >= first_start):
        return
    texts = await queries.texts_for(programme, local_date(now))
    left = queries.still_to_do(programme, facts, texts)
    again = await agreement_queries.to_accept_again(programme, facts, first_start, local_date(now))
    if left and not (left == ("accept",) and len(again) == len(queries.unaccepted(facts, texts))):
        await step_services.unconfirm(enrolment_id, now)
