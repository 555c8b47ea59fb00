"""A start that moves is a new fact: staff are warned of ages that no longer fit it, and nothing happens by itself."""

from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import AgeFacts, Programme
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.age_rules import age_after_move
from programmes.enrolment.services import Taken
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.conftest import START
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_coordinator, a_programme, an_application, sign_in_as

days = st.dates(date(2026, 9, 1), date(2027, 9, 1))


@pytest.fixture
async def adults(db: None) -> Programme:
    return (await a_programme("2.8"))[1]


def of_age(programme: Programme, youngest: int | None, oldest: int | None) -> Programme:
    return replace(programme, interpretations=(), age_facts=AgeFacts("participant", "", youngest, oldest, "yes", "yes"))


async def test_only_another_day_than_the_judged_one_is_judged_anew(adults: Programme) -> None:
    @given(born=st.dates(date(2007, 1, 1), date(2010, 12, 31)), judged=days, first=days, limit=st.sampled_from(["<", ">"]))
    def holds(born: date, judged: date, first: date, limit: str) -> None:
        programme = of_age(adults, 18, None) if limit == ">" else of_age(adults, None, 17)
        found = age_after_move(programme, born, judged, first)
        years = first.year - born.year - ((first.month, first.day) < (born.month, born.day))
        fits = years >= 18 if limit == ">" else years < 18
        assert (found is None) == (fits or first == judged)
        hidden = age_after_move(programme, born, judged, first, protected=True)
        assert (hidden is None) == (found is None)
        assert hidden is None or hidden.params == {"on": first}

    holds()
    assert age_after_move(adults, None, None, START.date()) is None
    assert age_after_move(adults, date(2009, 1, 1), None, None) is None


async def just_of_age(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, protected: bool = False) -> Taken:
    """Somebody who turns 18 on the day of the first session."""
    programme = await catalogue.programme(cohort.programme_id)
    assert cohort.first_start
    first = local_date(cohort.first_start)
    born = date(first.year - 18, first.month, first.day)
    application = await an_application(cohort, "Ung")
    answers = replace(application.answers, birth_date=born)
    found = replace(application, record=PersonRecord("Ung", born.isoformat()), answers=answers, protected=protected)
    taken = await services.apply(found, programme, keys, clock.now())
    assert isinstance(taken, Taken)
    return taken


@pytest.mark.parametrize("protected", [False, True])
async def test_staff_are_warned_on_both_pages_and_nothing_happens_by_itself(
    protected: bool, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), sessions=4)
    taken = await just_of_age(cohort, keys, clock, protected)
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    pages = (group, f"{group}/deltagare/{taken.enrolment_id}")
    for address in pages:
        assert "åldern stämmer inte" not in await look(client, address)
    await owner.execute("update cohort_session set starts_at = starts_at - $1::interval where number = 1", timedelta(days=7))
    for address in pages:
        shown = await look(client, address)
        assert "åldern stämmer inte" in shown
        assert "starten är" in shown
        assert "riktlinjen 2.8, ålder" in shown
        assert ("Fyller 18 år först 30 september 2026" in shown) == (not protected)
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.seat) == ("preliminary", 1)
    await owner.execute("update cohort_session set starts_at = starts_at + $1::interval where number = 1", timedelta(days=7))
    assert "åldern stämmer inte" not in await look(client, group)


async def test_a_reading_that_changes_is_no_moved_start(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), sessions=4)
    await just_of_age(cohort, keys, clock)
    key = next(
        i.key
        for i in (await catalogue.programme(cohort.programme_id)).interpretations
        if i.key in {"lower_age_included", "adult_included"}
    )
    await owner.execute(
        "insert into interpretation_choice (section, key, value, chosen_by, chosen_at) values ('2.8', $1, 'false', 1, $2)",
        key,
        clock.now(),
    )
    limit = (await catalogue.programme(cohort.programme_id)).age
    assert limit
    assert limit.youngest == 19
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert "åldern stämmer inte" not in await look(client, group)
    await owner.execute("update cohort_session set starts_at = starts_at - interval '7 days' where number = 1")
    assert "åldern stämmer inte" in await look(client, group)
