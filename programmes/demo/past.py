"""The two calendar years before this one, of which the year's report tells (decision 86).

The shipped edition of the guideline is younger than they are, and of what was before the first edition nothing is told. So
the demo has an earlier edition of its own, of the same content, whose diary number says what it is.
"""

import hashlib
from dataclasses import replace
from datetime import date, time, timedelta

from programmes.attendance.rules import Count
from programmes.catalogue.edition_file import Edition
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.services import load_edition
from programmes.demo.finished import close_group, counted, documented
from programmes.demo.running import head_count, roll_call
from programmes.demo.starts import noon, visits
from programmes.demo.town import Plan, Town

YEARS = 2
DIARY_NUMBER = "Demo, före den första utgåvan"


def first_day(today: date) -> date:
    """From when on the demo tells of anything."""
    return date(today.year - YEARS, 1, 1)


def earlier(shipped: Edition, today: date) -> Edition | None:
    """The demo's edition for the years before the shipped one; None where that is old enough."""
    day = first_day(today)
    if shipped.valid_from <= day:
        return None
    mark = hashlib.sha256(shipped.digest + day.isoformat().encode()).digest()
    return replace(shipped, valid_from=day, revised_on=day, diary_number=DIARY_NUMBER, digest=mark)


async def edition(town: Town) -> None:
    """An edition that is in force from the first of the two years."""
    oldest = min((read_edition(path) for path in EDITIONS.glob("*.toml")), key=lambda one: one.valid_from)
    if found := earlier(oldest, town.today):
        await load_edition(found, town.clock.now())


async def year_before_last(town: Town) -> None:
    """So much that the last year has something to stand beside."""
    year = town.today.year - 2
    await town.work(noon(date(year, 1, 2)))
    await _parents(town, year, "våren", 2, Count(women=5, men=3, other=0), answers=6)
    await _treatment(town, "2.8", f"Återfallsprevention, våren {year}", _weekday(year, 2, 3), 6)
    await _open_house(town, year, 18, 9)


async def last_year(town: Town) -> None:
    """Groups of every kind, series of talks and an open place; nobody has established its report."""
    year = town.today.year - 1
    await town.work(noon(date(year, 1, 2)))
    await _parents(town, year, "våren", 2, Count(women=6, men=4, other=0), answers=6)
    await _parents(town, year, "hösten", 9, Count(women=5, men=4, other=0), answers=5)
    await _relatives(town, year, "våren", 3, Count(women=7, men=3, other=0), answers=6)
    await _treatment(town, "2.8", f"Återfallsprevention, våren {year}", _weekday(year, 2, 3), 7, answers=6)
    await _treatment(town, "2.7", f"Till spelfriheten!, hösten {year}", _weekday(year, 8, 2), 6)
    await _talks(town, year)
    await _open_house(town, year, 24, 11)


def _weekday(year: int, month: int, weekday: int) -> date:
    """The first such weekday (Monday is 0) after a month's first week, when holidays and New Year are over."""
    day = date(year, month, 8)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


async def _parents(town: Town, year: int, half: str, month: int, came: Count, answers: int) -> None:
    plan = Plan(
        "2.1", f"ABC, {half} {year}", _weekday(year, month, 1), time(18), time(20, 30), "robin", "Biblioteket, grupprummet",
        maximum=12,
    )  # fmt: skip
    await counted(town, plan, came, answers)


async def _relatives(town: Town, year: int, half: str, month: int, came: Count, answers: int) -> None:
    plan = Plan(
        "2.12", f"LFT, {half} {year}", _weekday(year, month, 0), time(17, 30), time(19, 30), "mika", "Linden",
        minimum=6, maximum=12,
    )  # fmt: skip
    await counted(town, plan, came, answers)


async def _treatment(town: Town, section: str, name: str, first: date, how_many: int, answers: int = 0) -> None:
    plan = Plan(
        section, name, first, time(18), time(20), "mika", "Linden", visits=visits(first - timedelta(weeks=2), capacity=8)
    )  # fmt: skip
    await documented(town, plan, how_many, answers)


async def _talks(town: Town, year: int) -> None:
    """2.3: a series in the spring; when it ends only what it adds to its half-year is left of it."""
    first = _weekday(year, 3, 3)
    plan = Plan("2.3", f"Anhörigstöd, våren {year}", first, time(10), time(11), "mika", "Ateljén", count=5)
    opened = noon(first - timedelta(weeks=2))
    cohort = await town.open(plan, opened)
    person = await town.apply(cohort, opened + timedelta(days=2), "mika")
    await town.start(cohort, opened + timedelta(days=3))
    await roll_call(town, cohort, [person], "mika")
    ended = (await town.past(cohort))[-1].ends_at + timedelta(minutes=20)
    await close_group(town, cohort, "mika", ended)


async def _open_house(town: Town, year: int, times: int, most: int) -> None:
    """3.1: people just come, and heads are counted."""
    first = _weekday(year, 1, 2)
    plan = Plan(
        "3.1", f"Mötesplatsen {year}", first, time(13), time(16), "love", "Mötesplatsen", count=times,
        weekdays=frozenset({2}),
    )  # fmt: skip
    cohort = await town.open(plan, noon(first - timedelta(days=5)))
    await head_count(town, cohort, most, "love")
    ended = (await town.past(cohort))[-1].ends_at + timedelta(minutes=20)
    await close_group(town, cohort, "love", ended)
