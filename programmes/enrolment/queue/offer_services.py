"""What somebody answered to an offer by telephone or at the desk, noted by staff."""

import uuid
from datetime import datetime

from programmes.catalogue.rules import Programme
from programmes.core import audit
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services


async def answer_for(
    enrolment_id: uuid.UUID, yes: bool, programme: Programme, staff_id: int, keys: KeyFolder, now: datetime
) -> None:
    """Yes or no, as the person said it.

    Raises:
        NotFound: no such enrolment.
        Conflict: there is no offer any more, or it has run out.
    """
    async with transaction():
        if yes:
            await services.accept_offer(enrolment_id, programme, now)
        else:
            await services.decline_offer(enrolment_id, keys, now, staff_id)
        await audit.note(f"offer:{'yes' if yes else 'no'}", f"enrolment/{enrolment_id}", staff_id, now)
