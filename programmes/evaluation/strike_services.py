"""Striking words that are shown and point to somebody: blanked in their place, by functions that can do nothing else."""

from datetime import datetime

from programmes.core.db import fetchval, transaction
from programmes.evaluation.strike_queries import Shown


async def strike(section: str, found: Shown, staff_id: int, now: datetime) -> bool:
    """Strike these words for good, with an entry of the audit trail that says neither them nor whose they were. False when
    they aren't there any more, or this person doesn't coordinate the programme. Figures stay as they are."""
    async with transaction():
        if found.kind == "comment":
            return bool(await fetchval("select strike_comment($1, $2, $3, $4)", section, found.comment_id, staff_id, now))
        return bool(
            await fetchval(
                "select strike_own_words($1, $2, $3, $4, $5)", section, found.release_id, found.words, staff_id, now
            )
        )
