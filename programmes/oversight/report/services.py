"""Establishing the year's report."""

from datetime import datetime

from programmes.core import audit
from programmes.core.db import fetchval, transaction
from programmes.oversight.report.rules import LONGEST_WORDS, Report, mark_of, written

__all__ = ["LONGEST_WORDS", "Report", "establish", "mark_of"]


async def establish(report: Report, staff_id: int, now: datetime) -> bool:
    """Keep a report for good; False where there is one of its year already, which stays."""
    async with transaction():
        made = await fetchval(
            """insert into annual_report (year, content, established_at, established_by) values ($1, $2, $3, $4)
               on conflict (year) do nothing returning id""",
            report.year,
            written(report),
            now,
            staff_id,
        )
        if made is None:
            return False
        await audit.note("report:established", f"report/{report.year}", staff_id, now)
    return True
