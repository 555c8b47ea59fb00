"""What looking at a group leaves behind."""

from datetime import datetime

from programmes.core.audit import note
from programmes.core.db import transaction


async def printed(cohort_id: int, staff_id: int, now: datetime) -> None:
    """A list of names was shown for printing: it may lie about, so it has an entry of its own in the trail."""
    async with transaction():
        await note("roster:print", f"cohort/{cohort_id}", staff_id, now)
