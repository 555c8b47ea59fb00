"""Whoever cancels a session with one added in its stead gets the day that they were shown, or is shown another first."""

from datetime import timedelta

import httpx
import pytest

from programmes.cohorts import queries, session_services
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.desk.illness import services as illness
from programmes.desk.illness.services import Cancelling
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, csrf_of, hidden


@pytest.mark.parametrize("way", ["stall-in", "sjuk"])
async def test_another_day_than_was_shown_is_said_and_shown_before_anything_is_cancelled(
    way: str, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    await sign_in_as(client, "robin", clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=6)
    _first, second, third, *_rest = await queries.sessions(cohort.cohort_id)
    address = f"/personal/traffar/{second.session_id}/{way}"
    shown = (await client.get(address)).text
    assert "11 november 10.00" in shown
    form = {"sedan": "till", "sedd": hidden(shown, "sedd"), "nytt": hidden(shown, "nytt"), "_csrf_token": csrf_of(shown)}
    # Somebody else takes the day.
    assert await session_services.cancel_session(third.session_id, True, kim, clock.now()) == []
    refused = await client.post(address, data=form)
    assert refused.status_code == 422
    assert "Den nya skulle nu bli onsdag 18 november" in refused.text
    assert (await queries.sessions(cohort.cohort_id))[1].state == "planned"
    form["nytt"] = hidden(refused.text, "nytt")
    assert (await client.post(address, data=form)).status_code == 303
    added = [local_date(s.starts_at).isoformat() for s in await queries.sessions(cohort.cohort_id) if s.added]
    assert added == ["2026-11-11", "2026-11-18"]


async def test_without_one_added_no_day_is_asked_about(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    robin = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=3)
    first = (await queries.sessions(cohort.cohort_id))[0]
    address = f"/personal/traffar/{first.session_id}/stall-in"
    shown = (await client.get(address)).text
    form = {"sedan": "inte", "sedd": "0", "nytt": "x", "_csrf_token": csrf_of(shown)}
    assert (await client.post(address, data=form)).status_code == 303


async def test_of_several_in_a_group_the_first_that_is_added_is_the_one_that_was_shown(
    clock: FrozenClock, db: None, keys: KeyFolder
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=4)
    first, second, *_rest = await queries.sessions(cohort.cohort_id)
    shown = await session_services.slot_at_end(cohort)
    assert shown
    both = [Cancelling(second.session_id, 0, True, frozenset({shown.sign})), Cancelling(first.session_id, 0, True)]
    assert await illness.cancel(both, keys, robin, clock.now()) == []
    added = [s.starts_at for s in await queries.sessions(cohort.cohort_id) if s.added]
    assert added == [shown.starts_at, shown.starts_at + timedelta(weeks=1)]
    third = (await queries.sessions(cohort.cohort_id))[2]
    late = [Cancelling(third.session_id, 0, True, frozenset({shown.sign}))]
    assert [reason.code for reason in await illness.cancel(late, keys, robin, clock.now())] == ["added_changed"]
