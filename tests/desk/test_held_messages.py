"""A message that waits for its hour: said as that, with until when; and who is to be rung knows the times to avoid."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.enrolment.records import details_services
from programmes.notices.change_services import tell_changes
from programmes.notices.rules import KINDS, OF_DECISIONS
from programmes.people.records import PersonRecord
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.desk.test_reached import line_of, look
from tests.factories import a_cohort, a_leader, an_application, sign_in_as

# Two in the afternoon in the municipality, of a day in summer.
TWO = datetime(2026, 9, 2, 12, 2, tzinfo=UTC)


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    clock.advance(seconds=(TWO - clock.now()).total_seconds())
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def a_place(cohort: CohortFacts, record: PersonRecord, keys: KeyFolder, now: datetime) -> UUID:
    application = replace(await an_application(cohort), record=record)
    taken = await enrolment.apply(application, await catalogue.programme(cohort.programme_id), keys, now)
    assert isinstance(taken, enrolment.Taken)
    return taken.enrolment_id


def anna(avoid: str, contact: str = "anna@example.invalid") -> PersonRecord:
    return PersonRecord("Anna Ask", "1985-02-14", "", contact, ("sms",) if contact.startswith("+") else ("email",), avoid)


async def cancelled(cohort: CohortFacts, keys: KeyFolder, who: Principal, now: datetime) -> int:
    """Its first session is cancelled, and the messages are written; no worker has looked at them."""
    session = (await session_ids(cohort))[0]
    assert not await session_services.cancel_session(session, False, who, now)
    await tell_changes(cohort.cohort_id, keys, now)
    return session


async def test_whom_no_message_may_reach_in_time_is_to_be_rung_before_the_worker_has_looked(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(hours=3))
    await a_place(cohort, anna("efter 12"), keys, clock.now())
    await a_place(cohort, replace(anna(""), name="Bo Bok", contact="bo@example.invalid"), keys, clock.now())
    await worker.drain(the_worker)
    session = await cancelled(cohort, keys, robin, clock.now())
    page = await look(client, f"/personal/traffar/{session}/besked")
    assert "0 av 2 är nådda. Till 1 är beskedet på väg. 1 behöver ni nå själva." in page
    assert "Ni ringer" in (line := line_of(page, "Anna Ask"))
    # What to keep in mind stands beside it, in the person's own words.
    assert "Tider att undvika: efter 12. Just nu är det en tid som personen vill undvika." in line
    assert "På väg" in (line := line_of(page, "Bo Bok"))
    assert "undvika" not in line
    assert "Ni ringer" in await look(client, f"/personal/traffar/{session}/besked/nu")
    calls = await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    assert "Till 1 person är besked på väg. Till 1 person kan besked inte gå i tid." in calls
    assert "1 person är inte nådd." in await look(client, f"/personal/grupper/{cohort.cohort_id}/andrat")
    # The worker finds the same, and the list says what the page said.
    await worker.drain(the_worker)
    calls = await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    assert "skriv till den" in calls
    assert "Tider att undvika: efter 12. Just nu är det en tid som personen vill undvika." in calls


async def test_of_who_is_protected_only_that_it_is_such_a_time_is_said(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(hours=3))
    await a_place(cohort, anna("efter 12"), keys, clock.now())
    session = await cancelled(cohort, keys, robin, clock.now())
    await owner.execute("update participant set protected_identity = true")
    page = await look(client, f"/personal/traffar/{session}/besked")
    assert "efter 12" not in page
    assert "Just nu är det en tid som personen vill undvika." in page


async def test_what_waits_for_its_hour_is_said_to_wait_and_until_when(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=3))
    await a_place(cohort, anna("efter 12"), keys, clock.now())
    await worker.drain(the_worker)
    session = await cancelled(cohort, keys, robin, clock.now())
    for _ in range(2):  # Before the worker has looked, and after.
        page = await look(client, f"/personal/traffar/{session}/besked")
        assert "0 av 1 är nådda. Till 1 väntar beskedet tills det får gå." in page
        assert "Väntar till i morgon klockan 08.00, men hinner före." in line_of(page, "Anna Ask")
        group = f"/personal/grupper/{cohort.cohort_id}"
        done = await look(client, f"{group}/andrat")
        assert "1 besked väntar till i morgon klockan 08.00." in done
        assert "Alla har inte fått veta än" in done
        for address in ("ring", "besked"):
            page = await look(client, f"{group}/{address}")
            assert "Till 1 person väntar besked till i morgon klockan 08.00." in page
            assert "på väg" not in page
        assert "1 väntar till i morgon klockan 08.00." in page
        await worker.drain(the_worker)


async def test_times_that_are_taken_away_release_what_waits_for_them_and_nothing_newer_comes_before(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=3))
    who = await a_place(cohort, anna("efter 12"), keys, clock.now())
    session = await cancelled(cohort, keys, robin, clock.now())
    await worker.drain(the_worker)
    waits = "select state, look_again_at is not null as held from notice where kind = 'session_cancelled'"
    assert [tuple(row) for row in await owner.fetch(waits)] == [("waiting", True)]
    clock.advance(minutes=1)
    await details_services.correct(who, anna(""), False, robin.staff_id, keys, clock.now())
    assert [tuple(row) for row in await owner.fetch(waits)] == [("waiting", False)]
    await worker.drain(the_worker)
    assert [tuple(row) for row in await owner.fetch(waits)] == [("sent", False)]
    assert (await enrolments.enrolment(who)).cohort_id == cohort.cohort_id
    assert "Nådd" in line_of(await look(client, f"/personal/traffar/{session}/besked"), "Anna Ask")


async def test_what_is_held_is_looked_at_again_in_the_minute_in_which_it_may_go(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=3))
    await a_place(cohort, anna("före 14.15"), keys, clock.now())
    clock.advance(minutes=3)
    await cancelled(cohort, keys, robin, clock.now())
    await worker.drain(the_worker)
    # A quarter past two, not fifteen minutes after it was held: what is written in between would overtake it.
    again = await owner.fetchval("select look_again_at from notice where kind = 'session_cancelled'")
    assert again == TWO.replace(minute=15)


def test_only_what_tells_of_a_decision_waits_for_that_to_be_taken_back() -> None:
    assert {kind for kind in KINDS if kind.startswith("cohort_")} == OF_DECISIONS
    assert not re.search("cohort_", "".join(sorted(set(KINDS) - OF_DECISIONS)))
