"""The office says how many starts a year it wants of a programme."""

from datetime import datetime

from programmes.cohorts.rules import Reason
from programmes.cohorts.year_rules import most_a_year, number_fits
from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Forbidden
from programmes.core.principal import Principal


async def set_number(section: str, required: int | None, number: int, principal: Principal, now: datetime) -> list[Reason]:
    """Set it, never below what the guideline requires; where it requires none, 0 takes the number away.

    Raises:
        Forbidden: they do not coordinate the programme.
    """
    if not principal.coordinates(section):
        raise Forbidden
    if not number_fits(required, number):
        return [
            Reason("starts_a_year", "antal", {"least": required or 0, "most": most_a_year(required), "section": section})
        ]
    async with transaction():
        if number == (required or 0):
            changed = await execute("delete from yearly_starts where section = $1 returning 1", section)
        else:
            changed = await execute(
                """insert into yearly_starts as y (section, number, staff_id, set_at) values ($1, $2, $3, $4)
                   on conflict (section) do update
                   set number = excluded.number, staff_id = excluded.staff_id, set_at = excluded.set_at
                   where y.number <> excluded.number returning 1""",
                section,
                number,
                principal.staff_id,
                now,
            )
        if changed:
            await audit.note("office:starts_a_year", f"programme/{section}", principal.staff_id, now)
    return []
