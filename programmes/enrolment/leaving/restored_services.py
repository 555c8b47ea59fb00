"""Ways of documented people that a restored backup has brought back, of which the key of the entry has a receipt: they had
ended before the restore, and end again, without anybody being told anew."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import fetch, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving.rules import Standing, ended_as
from programmes.enrolment.leaving.services import forget_kept
from programmes.enrolment.queue.services import note_event, pass_on
from programmes.enrolment.rules import ALIVE


async def end_again(
    cohort_id: int, gone: Collection[UUID], came: Collection[UUID], standing: Standing, keys: KeyFolder, now: datetime
) -> None:
    """End the ways through a cohort whose entry's key is `gone`, forget what is left of them, and pass their places on once
    all have ended. `came` were present once. Again, it changes nothing."""
    async with transaction():
        await queries.lock_gate(cohort_id, now)
        for row in await fetch(
            "select id from enrolment where cohort_id = $1 and key_id = any($2::uuid[]) order by arrival",
            cohort_id,
            list(gone),
        ):
            await _end_again(await queries.enrolment(row["id"]), row["id"] in came, standing, keys, now)
        await pass_on(await queries.lock_gate(cohort_id, now), now)


async def _end_again(facts: queries.EnrolmentFacts, came: bool, standing: Standing, keys: KeyFolder, now: datetime) -> None:
    state = ended_as(facts.state, standing, came)
    if facts.state in ALIVE:
        await services.step_down(facts, state, now)
        await note_event(facts.enrolment_id, "ended_before_restore", now)
    await forget_kept(facts, keys, now)
    await audit.note("enrolment:restored", f"enrolment/{facts.enrolment_id}", None, now)
