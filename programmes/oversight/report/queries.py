"""The reports that have been established."""

from dataclasses import dataclass
from datetime import datetime

from programmes.core.db import fetch, fetchrow
from programmes.oversight.report.rules import Report, read


@dataclass(frozen=True)
class Established:
    """A report, when it was established and by whom (a member of staff's display name)."""

    report: Report
    at: datetime
    by: str


async def established(year: int) -> Established | None:
    """The report of a year; None while there is only a draft."""
    row = await fetchrow(
        """select r.content, r.established_at, s.display_name from annual_report r
           join staff s on s.id = r.established_by where r.year = $1""",
        year,
    )
    return Established(read(row["content"]), row["established_at"], row["display_name"]) if row else None


async def years() -> frozenset[int]:
    """The years of which there is one."""
    return frozenset(row["year"] for row in await fetch("select year from annual_report"))
