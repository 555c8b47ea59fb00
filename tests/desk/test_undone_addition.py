"""What was to make up for a session that takes place after all is no eleventh of ten on any page; calendars keep it."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.attendance import figure_services
from programmes.cohorts import change_services, queries, session_services
from programmes.cohorts.undone_rules import that_matter
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.desk.place.pages import day_lines
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, sign_in_as


async def test_what_was_added_and_undone_stands_nowhere_but_in_calendars(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=10)
    first = (await queries.sessions(cohort.cohort_id))[0].session_id
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/traffar"
    assert not await session_services.cancel_session(first, True, kim, clock.now())
    cancelled = await queries.sessions(cohort.cohort_id)
    assert len(that_matter(cancelled)) == 11, "one is cancelled, one has come instead"
    assert "Skulle ha varit träff 1" in (await client.get(address)).text
    found = await change_services.undoable(cohort.cohort_id, kim, clock.now())
    assert found
    assert not await change_services.undo(cohort.cohort_id, found.change_id, kim, clock.now())
    every = await queries.sessions(cohort.cohort_id)
    assert [one.state for one in every].count("cancelled") == 1, "calendars still have it"
    page = (await client.get(address)).text
    assert "Träff 10" in page
    assert "Skulle ha varit" not in page
    assert len(day_lines(every, cohort.form, clock.now(), None)) == 10
    group = (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert "Träff 10" in group
    assert "Inställd" not in group
    whole = await queries.sessions_between(kim, local_date(clock.now()), clock.now(), clock.now() + timedelta(days=365))
    assert [session.state for _cohort, session in whole] == ["planned"] + ["planned"] * 9


@pytest.mark.parametrize("undone", [True, False])
async def test_what_was_added_and_undone_is_no_cancelled_session_in_the_figures(
    undone: bool, db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=9, sessions=10)
    first = (await queries.sessions(cohort.cohort_id))[0].session_id
    assert not await session_services.cancel_session(first, True, kim, clock.now())
    if undone:
        found = await change_services.undoable(cohort.cohort_id, kim, clock.now())
        assert found
        assert not await change_services.undo(cohort.cohort_id, found.change_id, kim, clock.now())
    await owner.execute("update cohort set state = 'closed', closed_at = $2 where id = $1", cohort.cohort_id, clock.now())
    async with transaction():
        await figure_services.keep_figures([cohort.cohort_id])
    assert await owner.fetchval("select cancelled_sessions from closed_figures") == (0 if undone else 1)
