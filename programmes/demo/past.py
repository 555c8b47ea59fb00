"""The two calendar years before this one, of which the year's report tells (decision 86).

The shipped edition of the guideline is younger than they are, and of what was before the first edition nothing is told. So
the demo has an earlier edition of its own, of the same content, whose diary number says what it is.

What is over leaves nothing but what it came to. That is written down here as closing would have left it: to tell two years
person by person, as the other stories are told, takes a minute, and leaves no more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from programmes.attendance.rules import Count
from programmes.catalogue import queries as catalogue
from programmes.catalogue.edition_file import Edition
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.services import load_edition
from programmes.core.clock import at_local, local_date
from programmes.core.codes import new_token
from programmes.core.db import execute, fetchval, transaction
from programmes.demo.town import VENUES, Town

YEARS = 2
DIARY_NUMBER = "Demo, före den första utgåvan"


@dataclass(frozen=True)
class Over:
    """A group that went to its end, or a place that was open for so many weeks. `came` to each session; `people`: how many
    different ones, where that is kept; `answers` to the evaluation."""

    section: str
    name: str
    first: date
    sessions: int
    venue: str
    came: Count
    people: Count | None = None
    answers: int = 0


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


async def years(town: Town) -> None:
    """Groups of every kind, series of talks and open places; nobody has established a report of them. The year before last
    has a little less, so that the last has something to stand beside."""
    for year in (town.today.year - 2, town.today.year - 1):
        more = year == town.today.year - 1
        for one in _of(year, more):
            await _write(one)
        await _series("2.9", year, [(6, 31), (7, 38)] if more else [(5, 27)])
        await _series("2.6", year, [(9, 9), (8, 8)] if more else [(7, 7)])


def _of(year: int, more: bool) -> Sequence[Over]:
    library, n = "Biblioteket, grupprummet", int(more)
    found = [
        Over("2.1", f"ABC, våren {year}", _day(year, 2, 1), 4, library, Count(6, 4, 0), Count(8 + n, 5, 0), 9 + n),
        Over("2.1", f"ABC, hösten {year}", _day(year, 9, 1), 4, library, Count(7, 5, 0), Count(9, 6, 0), 8 + n),
        Over("2.12", f"LFT, hösten {year}", _day(year, 9, 0), 6, "Linden", Count(8, 5, 0), Count(10 + n, 6, 0), 7 + n),
        Over("2.8", f"Återfallsprevention, våren {year}", _day(year, 2, 2), 10, "Linden", Count(0, 0, 7), None, 6),
        Over("2.8", f"Återfallsprevention, hösten {year}", _day(year, 9, 2), 10, "Linden", Count(0, 0, 6 + n), None, 5),
        Over("2.7", f"Till spelfriheten!, hösten {year}", _day(year, 9, 3), 10, "Ateljén", Count(0, 0, 6), None, 5),
        Over("3.1", f"Mötesplatsen {year}", _day(year, 1, 4), 44 + 2 * n, "Mötesplatsen", Count(13 + n, 12, 0)),
        Over("3.2", f"Träffpunkt Ekbacken {year}", _day(year, 1, 1), 40 + n, "Ekbacken", Count(9, 6 + n, 0)),
        Over("3.2", f"Träffpunkt Lindhaga {year}", _day(year, 1, 2), 38 + n, "Lindhaga", Count(11, 5, 0)),
    ]
    if more:
        found += [
            Over("2.12", f"LFT, våren {year}", _day(year, 3, 0), 6, "Linden", Count(7, 5, 0), Count(9, 5, 0), 8),
            Over("2.7", f"Till spelfriheten!, våren {year}", _day(year, 2, 3), 10, "Ateljén", Count(0, 0, 6), None, 6),
        ]
    return found


def _day(year: int, month: int, weekday: int) -> date:
    """The first such weekday (Monday is 0) after a month's first week."""
    day = date(year, month, 8)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


async def _write(one: Over) -> None:
    """The group, its sessions, and what it came to."""
    programme_id, programme = next((i, p) for i, p in await catalogue.in_force(one.first) if p.section == one.section)
    opened = at_local(one.first - timedelta(weeks=5), time(12))
    ended = at_local(one.first + timedelta(weeks=one.sessions - 1), time(20, 20))
    async with transaction():
        venue_id = await fetchval(
            """insert into venue (name, address) values ($1, $2)
               on conflict (name) do update set name = excluded.name returning id""",
            one.venue,
            VENUES[one.venue],
        )
        cohort_id = await fetchval(
            """insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                                   created_at, started_at, closed_at, ended_how)
               values ($1, $2, $3, 'closed', $4, 1, 20, $5, $6, $7, $7, $8, 'completed') returning id""",
            new_token()[:12],
            programme_id,
            one.name,
            venue_id,
            local_date(opened),
            one.first,
            opened,
            ended,
        )
        await _sessions(cohort_id, one, venue_id)
        if one.people:
            people = one.people
            sql = "insert into unique_participants (cohort_id, women, men, other) values ($1, $2, $3, $4)"
            await execute(sql, cohort_id, people.women, people.men, people.other)
        elif programme.doc_level == "individual":
            await _figures(cohort_id, one, ended)
        if one.answers:
            await execute(
                """insert into release (section, form_version, half_year, answers, slips, results, released_on)
                   values ($1, 1, $2, $3, $4, '{}', $5)""",
                one.section,
                _half(local_date(ended)),
                one.answers,
                one.answers + 2,
                local_date(ended),
            )


async def _sessions(cohort_id: int, one: Over, venue_id: int) -> None:
    """Weekly ones, all held; heads are counted where nobody is documented, one more or fewer now and then."""
    days = [one.first + timedelta(weeks=n) for n in range(one.sessions)]
    await execute(
        """insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence,
                                       revised_at, shares_room)
           select $1, n, starts, starts + interval '2 hours', $3, '', 'held', false, 0, starts, true
           from unnest($2::timestamptz[]) with ordinality as t (starts, n)""",
        cohort_id,
        [at_local(day, time(18)) for day in days],
        venue_id,
    )
    if not one.came.other:
        await execute(
            """insert into head_count (session_id, women, men, other, counted_at)
               select id, $2::int + number % 3 - 1, $3::int + number % 2, 0, ends_at
               from cohort_session where cohort_id = $1""",
            cohort_id,
            one.came.women,
            one.came.men,
        )


async def _figures(cohort_id: int, one: Over, ended: datetime) -> None:
    """What a group of documented people came to: one broke off, each was away now and then."""
    people = one.came.other
    await execute(
        """insert into closed_figures (cohort_id, closed_on, held, cancelled_sessions, people, women, men, other, visits,
               excused, no_shows, completed, dropped_out, waited, waited_days, study_visits, led_on)
           values ($1, $2, $3, 0, $4, 0, 0, $4, $5, $6, 5, $7, 1, $4, $8, $9, $4)""",
        cohort_id,
        local_date(ended),
        one.sessions,
        people,
        people * one.sessions - people - 11,
        people + 1,
        people - 1,
        23 * people,
        people + 2,
    )


async def _series(section: str, year: int, halves: Sequence[tuple[int, int]]) -> None:
    """Series of talks where nobody is documented: how many, and of how many talks, of each half-year."""
    async with transaction():
        for number, (series, talks) in enumerate(halves, start=1):
            await execute(
                """insert into period_total (section, half_year, form, ended_how, series, talks, updated_at)
                   values ($1, $2, 'individual', 'completed', $3, $4, $5)""",
                section,
                f"{year}-{number}",
                series,
                talks,
                at_local(date(year, 6 * number, 28), time(12)),
            )


def _half(day: date) -> str:
    return f"{day.year}-{1 if day.month < 7 else 2}"
