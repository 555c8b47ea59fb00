"""While a decision about a start can be taken back, nobody is rung about it: who rings one ends that for all."""

import re
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.oversight import services
from programmes.oversight.decisions.undo_services import undoable
from tests.clock import FrozenClock
from tests.desk.test_calls import PHONE, look, tell_the_first
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def test_who_is_to_be_rung_is_rung_when_the_decision_can_no_longer_be_taken_back(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1)
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await worker.drain(the_worker)
    seen = services.seen_as(cohort.state, cohort.first_start)
    assert not await services.cancel(cohort.cohort_id, "too_few", seen, kim, clock.now())
    await worker.drain(the_worker)
    clock.advance(minutes=1)
    calls = f"/personal/grupper/{cohort.cohort_id}/ring"
    decided = await undoable(cohort.cohort_id, clock.now())
    assert decided
    shown = await look(client, calls)
    wait = re.search(r"Ring efter \d\d\.\d\d\.", shown)
    assert wait
    assert "Har fått veta" not in shown
    assert wait[0] in await look(client)
    # A page of the release before had a button, and did not say what it had shown.
    notice = await owner.fetchrow("select id, enrolment_id from notice where kind = 'cohort_cancelled'")
    sent = {"vem": str(notice["enrolment_id"]), "besked": [str(notice["id"])]}
    answer = await post_form(client, calls, sent, "/personal/idag")
    assert answer.status_code == 409
    assert "Vänta med att ringa" in answer.text
    assert await undoable(cohort.cohort_id, clock.now()) == decided
    clock.advance(minutes=9)
    after = await look(client, calls)
    assert "Ring efter" not in after + await look(client)
    await tell_the_first(client, calls, after)
    assert "Alla har fått veta" in await look(client, calls)


async def test_the_coordinator_reads_from_when_to_ring(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1, first_in=timedelta(days=20))
    await somebody(cohort, keys, clock.now(), "Ek", PHONE)
    await worker.drain(the_worker)
    await sign_in_as(client, "kim", clock.now())
    own = f"/personal/starter/{cohort.cohort_id}"
    for page in ("starta", "skjut-upp", "stall-in"):
        assert "Till dess går det att ångra. Ring först då." in await look(client, f"{own}/{page}")
    source = await look(client, f"{own}/stall-in")
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', source)[1] for name in ("sett", "vilka")}  # type: ignore[index]
    answer = await post_form(client, f"{own}/stall-in", fields | {"skal": "too_few"}, f"{own}/stall-in")
    done = await look(client, answer.headers["location"])
    assert re.search(r"De som ska ringas står på Idag\. Ring efter \d\d\.\d\d\.", done)
