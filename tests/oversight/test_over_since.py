"""Since when a cohort is past its end: one answer on its checklist, in the week, for managers and for its working list."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import OVER_SINCE
from programmes.core.clock import local_date
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import series_services
from programmes.oversight import services
from programmes.oversight.checklist import queries as checklist
from programmes.oversight.compliance.queries import compliance
from programmes.oversight.retention.queries import lists_kept
from tests.clock import FrozenClock
from tests.desk.talk_cast import look
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, sign_in_as, somebody

pytestmark = pytest.mark.usefixtures("db")


async def over_since(cohort_id: int) -> object:
    return await fetchval(
        f"select {OVER_SINCE} from cohort c join programme p on p.id = c.programme_id where c.id = $1", cohort_id
    )


async def test_a_series_whose_talks_are_all_cancelled_is_to_be_closed_on_every_page(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    series = await a_cohort("2.18", clock.now(), robin, minimum=1, maximum=1, sessions=3)
    await somebody(series, keys, clock.now())
    number, off = series.cohort_id, clock.now()
    await series_services.cancel_rest(number, "3", robin, off)
    assert (await cohorts.by_id(number)).last_end == await over_since(number) == off
    [way] = await checklist.ways(kim, clock.now(), number)
    left = {step.key: step for step in checklist.steps(way, clock.now())}
    assert [(step.key, step.state) for step in left.values()][-4:-1] == [
        ("note", "done"), ("transfer", "next"), ("close", "later"),
    ]  # fmt: skip
    assert left["hold"].state == "done"
    assert left["hold"].due == local_date(off)
    by = local_date(off) + timedelta(days=30)
    assert left["transfer"].due == left["close"].due == by
    [due] = checklist.week(await checklist.ways(kim, clock.now()), clock.now())
    assert (due.step.key, due.step.due) == ("transfer", by)
    assert "Samtalen är inställda" in await look(client, f"/anmalan/{series.public_id}")
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"/personal/grupper/{number}")
    assert "Öppen för anmälan" not in page
    assert "Ska avslutas" in page
    talks = await look(client, f"/personal/grupper/{number}/traffar")
    assert ("Ska avslutas" in talks, "Öppen för anmälan" in talks) == (True, False)
    assert "Ska avslutas" in await look(client, "/personal/grupper")
    assert "Alla tillfällen är inställda." in await look(client, f"/personal/grupper/{number}/checklista")
    clock.advance(days=150)
    await sign_in_as(client, "robin", clock.now())
    today = await look(client, "/personal/idag")
    assert "120 dagar för sent" in today
    assert "Alla tillfällen är inställda." in today
    assert "Sista tillfället var" not in today
    assert "120 dagar för sent" in await look(client, "/personal/veckan")
    [late] = (await compliance(clock.now())).open_past
    assert (late.section, late.since, late.called_off) == ("2.18", local_date(off), True)
    await a_staff_member("sasha", "manager", clock.now())
    await sign_in_as(client, "sasha", clock.now())
    assert f"2.18 {series.name} Ställdes in 2 september 2026" in await look(client, "/personal/efterlevnad")
    await sign_in_as(client, "kim", clock.now())
    assert "skjut-upp" not in await look(client, f"/personal/grupper/{number}/traffar")


async def test_a_series_of_which_none_is_booked_goes_on(clock: FrozenClock) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    series = await a_cohort("2.18", clock.now(), robin, minimum=1, maximum=1, sessions=0, one_at_a_time=True)
    assert await over_since(series.cohort_id) is None
    assert not (await cohorts.by_id(series.cohort_id)).called_off
    [way] = await checklist.ways(kim, clock.now() + timedelta(days=90), series.cohort_id)
    assert next(s.key for s in checklist.steps(way, clock.now()) if s.state == "next") == "hold"
    assert (await compliance(clock.now() + timedelta(days=90))).open_past == ()


@pytest.mark.parametrize("state", ["planned", "open", "postponed", "started"])
async def test_what_is_not_closed_is_named_whatever_its_state(
    state: str, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    group = await a_cohort("2.8", clock.now(), sessions=2, state=state)
    last = await owner.fetchval("select max(ends_at) from cohort_session")
    clock.set(last + timedelta(days=30))
    assert (await compliance(clock.now())).open_past == ()
    clock.advance(days=1)
    [late] = (await compliance(clock.now())).open_past
    assert (late.name, late.since, late.undecided) == (group.name, local_date(last), state != "started")
    await a_staff_member("sasha", "manager", clock.now())
    await sign_in_as(client, "sasha", clock.now())
    assert ("och starten är inte beslutad" in await look(client, "/personal/efterlevnad")) == late.undecided


@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_a_cancelled_start_is_not_closed_as_long_as_somebody_stands_there(
    section: str, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    empty, group = [await a_cohort(section, clock.now(), robin) for _ in range(2)]
    await somebody(group, keys, clock.now())
    off = clock.now()
    for one in (empty, group):
        await services.cancel(one.cohort_id, "too_few", services.seen_as(one.state, one.first_start), kim, off)
    clock.advance(days=30)
    assert (await compliance(clock.now())).open_past == ()
    clock.advance(days=1)
    [late] = (await compliance(clock.now())).open_past
    assert (late.name, late.since, late.called_off) == (group.name, local_date(off), True)
    assert [since for _section, _name, since, _by in await lists_kept()] == ([local_date(off)] if section == "2.1" else [])
    [way] = await checklist.ways(kim, clock.now(), group.cohort_id)
    close = checklist.steps(way, clock.now())[-1]
    assert close.due == local_date(off) + timedelta(days=30)
    await owner.execute("delete from enrolment")
    assert (await compliance(clock.now())).open_past == ()
