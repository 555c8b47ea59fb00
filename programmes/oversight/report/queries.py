"""The reports that have been established."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from programmes.core.clock import local_date
from programmes.core.db import fetch, fetchrow
from programmes.oversight.report.kept_rules import read, settled
from programmes.oversight.report.rules import Report
from programmes.oversight.statistics import queries as statistics
from programmes.oversight.statistics.rules import year_of
from programmes.oversight.statistics.suppression_rules import Given, Year, given

__all__ = ["Established", "Given", "begun", "established", "leaving", "year", "years"]


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


async def year(of: int) -> Year:
    """What is known of a year beforehand: as it was established, or stands beside the next, and whether the service was
    there."""
    own, began = await established(of), await begun()
    if own is not None:
        return Year(settled(own.report))
    if began is None or began.year > of:
        return Year(known=False)
    later = await established(of + 1)
    return Year(settled(later.report, 1) if later else {})


async def leaving(of: int, wanted: Collection[str], now: datetime) -> list[Given]:
    """What leaves the house of sections in a year and the one before: as it was established, where it was."""
    this, before = await year(of), await year(of - 1)
    return [given(section, this, before) for section in await statistics.sections(year_of(of), wanted, now)]


async def begun() -> date | None:
    """The first day of which there is anything to tell: the guideline was in force and the service in use. None before."""
    [found] = await fetch(
        """select (select min(valid_from) from edition) as edition, (select min(starts_at) from cohort_session) as session,
                  (select min(closed_on) from closed_figures) as closed"""
    )
    used = [day for day in (found["closed"], found["session"] and local_date(found["session"])) if day]
    return max(found["edition"], min(used)) if found["edition"] and used else None
