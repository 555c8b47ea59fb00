"""How long a class of data is kept here, by the newest decision of the office or by default."""

from programmes.core.db import fetchval
from programmes.core.retention_rules import RULES, Subject


async def amount_of(subject: Subject) -> int:
    """How long a class is kept now, in the unit of its rule."""
    chosen: int | None = await fetchval(
        "select amount from retention_choice where subject = $1 order by id desc limit 1", subject
    )
    return RULES[subject].amount if chosen is None else chosen
