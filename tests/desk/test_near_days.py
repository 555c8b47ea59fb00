"""A day of the next year is called as any other that is near, on every page; one that is far off carries its year."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from programmes.core.sealing import KeyFolder
from programmes.oversight import services as decisions
from tests.clock import FrozenClock
from tests.desk.undecided import min_plats, with_address, words
from tests.factories import a_cohort, a_coordinator, sign_in_as

pytestmark = pytest.mark.usefixtures("db")
DECEMBER = datetime(2026, 12, 14, 9, tzinfo=UTC)


def years(page: str) -> set[str]:
    """The years that days carry there."""
    return set(re.findall(r"\d (?:januari|februari|mars|april|maj|juni|juli|augusti) (20\d\d)", page))


@pytest.mark.parametrize(("days", "said"), [(40, set()), (400, {"2028"})])
async def test_the_year_is_said_of_what_is_far_off(
    days: int, said: set[str], client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    clock.set(DECEMBER)
    kim = await a_coordinator(clock.now())
    soon = await a_cohort("2.8", clock.now(), first_in=timedelta(days=30), sessions=2)
    start = await a_cohort("2.8", clock.now(), first_in=timedelta(days=days), sessions=2)
    there, moves = await with_address(start, 1, clock, keys), await with_address(soon, 2, clock, keys)
    await decisions.cancel(soon.cohort_id, "too_few", decisions.seen_as(soon.state, soon.first_start), kim, clock.now())
    clock.advance(minutes=11)
    assert years(await min_plats(client, there, keys)) == said, "Dina dagar"
    await min_plats(client, moves, keys)
    assert years(await words(client, "/min-plats/flytta")) == said
    assert years(await words(client, "/insatser/aterfallsprevention")) == said
    await sign_in_as(client, "kim", clock.now())
    assert years(await words(client, f"/personal/grupper/{soon.cohort_id}/deltagare/{moves}/flytta")) == said
    assert years(await words(client, "/personal/veckan")) == said
