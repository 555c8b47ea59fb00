"""In which language somebody is written to: their own word, whoever filled in the form (decision 96)."""

from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.i18n import Language
from programmes.core.jobs import put
from programmes.enrolment import queries


async def write_in(enrolment_id: UUID, wanted: Language, staff_id: int | None, now: datetime) -> None:
    """Messages to them are in this language from now on, also those that wait to be sent. Said again, it changes nothing.

    `staff_id` is None when the person said it on Min plats.

    Raises:
        NotFound: no such enrolment.
        Conflict: `enrolment_over`.
    """
    async with transaction():
        cohort_id = (await queries.lock_alive(enrolment_id, now)).cohort_id
        if await change(enrolment_id, wanted):
            await audit.note("enrolment:language", f"cohort/{cohort_id}", staff_id, now)


async def change(enrolment_id: UUID, wanted: Language) -> bool:
    """The same in the caller's transaction, for who notes it themselves; whether it was another one. The words of their
    calendar change with it, which the worker sees to."""
    changed = await execute(
        "update enrolment set language = $2 where id = $1 and language <> $2 returning 1", enrolment_id, wanted
    )
    if changed:
        await put("language_changed", {"enrolment": str(enrolment_id)})
    return bool(changed)
