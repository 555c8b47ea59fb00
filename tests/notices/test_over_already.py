"""Of a session that is over before and after a change nobody is told; of one that comes instead everybody is."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.notices.belief_rules import Known, Outcome, Pending, without_what_is_over
from programmes.oversight.status import metrics_queries
from tests.clock import FrozenClock
from tests.desk.test_calls import look
from tests.factories import a_cohort, a_coordinator, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move

HOUR = timedelta(hours=1)


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


@pytest.fixture
async def begun(kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection) -> CohortFacts:
    """A group of three with a person each by mail and by telephone, an hour after its first session."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    for contact in ("lisa@example.invalid", "+46700000001"):
        await somebody(cohort, keys, clock.now(), contact=contact)
    await mail.work()
    await owner.execute("update cohort set state = 'started'")
    clock.set((await cohorts.sessions(cohort.cohort_id))[0].ends_at + HOUR)
    return cohort


async def cancel(cohort: CohortFacts, add: bool, who: Principal, clock: FrozenClock) -> int:
    first = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    assert not await session_services.cancel_session(first, add, who, clock.now(), meant=True)
    return first


async def test_nobody_is_told_that_what_is_over_is_cancelled_and_nobody_counts_as_missed(
    begun: CohortFacts, kim: Principal, mail: Mail, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "kim", clock.now())
    written = await owner.fetchval("select count(*) from notice")
    first = await cancel(begun, False, kim, clock)
    await mail.work()
    assert await owner.fetchval("select count(*) from notice") == written
    assert (await metrics_queries.waiting(clock.now())).counts["messages_failed"] == 0
    reached = await look(client, f"/personal/traffar/{first}/besked")
    assert "Träffen har redan varit. Ingen får besked." in reached
    assert "nådda" not in reached
    assert "Träffen har redan varit." in await look(client, f"/personal/traffar/{first}/besked/nu")
    done = await look(client, f"/personal/grupper/{begun.cohort_id}/andrat")
    assert "Ingen behöver få besked" in done
    assert "Alla har fått veta" not in done


async def test_the_preview_says_that_nobody_is_told_of_what_is_over(
    begun: CohortFacts, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "kim", clock.now())
    first, second, last = (await cohorts.sessions(begun.cohort_id))[:3]
    page = await look(client, f"/personal/traffar/{first.session_id}/stall-in")
    assert "Träffen har redan varit. Läggs en ny till får de veta det, annars får ingen besked." in page
    assert "1 med e-postadress" in page
    assert "har redan varit. Läggs" not in await look(client, f"/personal/traffar/{second.session_id}/stall-in")
    clock.set(last.ends_at + 20 * timedelta(days=1))
    await sign_in_as(client, "kim", clock.now())
    page = await look(client, f"/personal/traffar/{first.session_id}/stall-in")
    assert "Träffen har redan varit." in page
    assert "Ingen får besked" in page
    assert "E-post direkt" not in page


async def test_what_comes_instead_of_what_is_over_is_told(
    begun: CohortFacts, kim: Principal, mail: Mail, clock: FrozenClock
) -> None:
    told = len(mail.to("lisa@example.invalid"))
    await cancel(begun, True, kim, clock)
    await mail.work()
    assert len(mail.to("lisa@example.invalid")) == told + 1
    await move(begun, 1, timedelta(days=1), kim, clock)
    await mail.work()
    assert len(mail.to("lisa@example.invalid")) == told + 2


async def test_what_is_over_and_gets_a_time_to_come_is_told_by_the_day_that_they_know(
    begun: CohortFacts, kim: Principal, mail: Mail, clock: FrozenClock
) -> None:
    await move(begun, 0, timedelta(days=2), kim, clock)
    await mail.work()
    assert any("onsdag 30 september" in text and "fredag 2 oktober" in text for text in mail.to("lisa@example.invalid"))


def test_a_message_about_what_is_over_goes_on_knowing_what_its_receiver_believes(clock: FrozenClock) -> None:
    now, number = clock.now(), uuid4()
    past, then = Known(now - 3 * HOUR, now - 2 * HOUR, 1), Known(now + HOUR, now + 2 * HOUR, 1)
    pending = [Pending(number, "rest_moved", {1: past, 2: then}, True)]
    found = Outcome(((number, {2: then}),), "session_cancelled", {1: past})
    assert without_what_is_over(found, {1: None}, pending, now) == Outcome((), None, {})
    both = Outcome(((number, {}),), "session_cancelled", {1: past})
    assert without_what_is_over(both, {1: None}, pending, now) == Outcome(((number, {1: past}),), None, {})
    assert without_what_is_over(found, {1: then}, pending, now) == found
