"""How long a class of data is kept here, by the newest decision of the office or by default."""

from programmes.core.db import fetchval
from programmes.core.retention_rules import RULES, Subject, within_law


async def amount_of(subject: Subject) -> int:
    """How long a class is kept now, in the unit of its rule; never outside what law and design allow, whatever rows say."""
    chosen: int | None = await fetchval(
        "select amount from retention_choice where subject = $1 order by id desc limit 1", subject
    )
    return RULES[subject].amount if chosen is None else within_law(subject, chosen)
