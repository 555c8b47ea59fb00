"""Where the figures of a year's report come from: every edition by which something was counted, and none by which nothing
was; nor is one named where that would tell that somebody was there."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from programmes.catalogue import queries as catalogue
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.services import load_edition
from programmes.oversight.report import views
from programmes.oversight.statistics.rules import Counted, gathered, year_of
from programmes.oversight.statistics.suppression_rules import given
from tests.clock import FrozenClock
from tests.desk.test_transfer_again import editions_left_as_they_were
from tests.factories import a_cohort
from tests.oversight.test_statistics_rules import EDITION
from tests.owner import as_owner

__all__ = ["editions_left_as_they_were"]
pytestmark = pytest.mark.usefixtures("db")
BOTH = "(i de utgåvor som gällde 30 september 2026 och 31 december 2026)"
EARLIER, LATER = "(i den utgåva som gällde 30 september 2026)", "(i den utgåva som gällde 31 december 2026)"


async def source_of(section: str) -> str:
    report = await views._draft(2026, "Karlshamns kommun", datetime(2027, 2, 3, 9, tzinfo=UTC))
    return next(part.source for part in report.parts if part.section == section)


async def test_every_edition_by_which_something_was_counted_is_named(
    clock: FrozenClock, owner: asyncpg.Connection, editions_left_as_they_were: None
) -> None:
    first, second = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=days), state="started") for days in (20, 40)]
    file = read_edition(EDITIONS / "2026-04-01.toml")
    async with as_owner():
        await load_edition(dataclasses.replace(file, valid_from=date(2026, 10, 1), digest=b"later"), clock.now())
    assert await source_of("2.8") == f"Riktlinjen, avsnitt 2.8 {EARLIER}."
    [later] = [i for i, p in await catalogue.in_force(date(2026, 12, 1)) if p.section == "2.8"]
    await owner.execute("update cohort set programme_id = $2 where id = $1", second.cohort_id, later)
    assert await source_of("2.8") == f"Riktlinjen, avsnitt 2.8 {BOTH}."
    await owner.execute("update cohort set programme_id = $2 where id = $1", first.cohort_id, later)
    assert await source_of("2.8") == f"Riktlinjen, avsnitt 2.8 {LATER}."
    # Whether anybody was in a series where nobody is documented is told by nothing: both were in force.
    days = views._days("2.2", None, {1: ("2.2", date(2026, 9, 30)), 2: ("2.2", date(2026, 12, 31))}, year_of(2026))
    assert days == [date(2026, 9, 30), date(2026, 12, 31)]


def test_an_edition_is_named_by_what_is_never_hidden_alone() -> None:
    editions = {1: EDITION["2.8"], 2: EDITION["2.8"], 3: EDITION["2.1"], 4: EDITION["2.1"], 5: EDITION["3.1"]}
    counted = [
        Counted(1, "", 0, "people", 3), Counted(1, "", 0, "starts", 0), Counted(2, "", 1, "starts", 1),
        Counted(3, "", 0, "people", 9), Counted(5, "", 0, "occasions", 2),
    ]  # fmt: skip
    found = {s.section: given(s).editions for s in gathered(editions, counted, year_of(2026))}
    assert found == {"2.8": {2}, "2.1": None, "3.1": {5}}
