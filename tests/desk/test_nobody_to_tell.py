"""Where nobody is told, no page speaks of messages; where nobody is to be rung, none leads to whom."""

from datetime import timedelta

import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries
from programmes.desk.group.calls_services import told
from programmes.desk.public.pages import off_lines
from tests.clock import FrozenClock
from tests.cohorts.test_views import typed
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody
from tests.notices.conftest import mail as mail  # noqa: PLC0414 - a fixture
from tests.notices.mail import Mail

NOBODY, NEUTRAL = (
    "Besökare får inget besked: vi vet inte vilka som tänkte komma.",
    "Beskedet säger bara vilken tid som ändras",
)


@pytest.mark.parametrize("page", ["flytta", "stall-in", "sjuk"])
@pytest.mark.parametrize("section", ["3.1", "2.1"])
async def test_before_an_opening_is_changed_nothing_is_said_of_messages(
    client: httpx.AsyncClient, clock: FrozenClock, section: str, page: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort(section, clock.now(), sessions=3, state="started")
    first = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    shown = (await client.get(f"/personal/traffar/{first}/{page}")).text
    open_to_all = section == "3.1"
    assert (NOBODY in shown, NEUTRAL in shown) == (open_to_all, not open_to_all)
    assert ("säg till alla" in shown) == (page == "sjuk" and not open_to_all)


@pytest.mark.parametrize("section", ["3.1", "2.1"])
async def test_after_an_opening_was_changed_no_page_leads_to_messages_that_there_are_not(
    client: httpx.AsyncClient, clock: FrozenClock, section: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort(section, clock.now(), sessions=3, state="started", first_in=timedelta(days=5))
    first = (await cohorts.sessions(cohort.cohort_id))[0].session_id
    assert (await typed(client, f"/personal/traffar/{first}/flytta", dag="2026-09-08")).status_code == 303
    done = (await client.get(f"/personal/grupper/{cohort.cohort_id}/andrat")).text
    open_to_all = section == "3.1"
    assert "Du kan ångra till" in done
    assert ("Den som har fått besked får ett till" in done, "Besked som har gått ut" in done) == (
        not open_to_all,
        not open_to_all,
    )


@pytest.mark.parametrize("hours", [1, 48])
async def test_before_a_whole_place_is_closed_down_nothing_is_said_of_messages_seats_or_a_queue(
    client: httpx.AsyncClient, clock: FrozenClock, hours: int
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("3.1", clock.now(), sessions=3, first_in=timedelta(hours=hours))
    shown = (await client.get(f"/personal/starter/{cohort.cohort_id}/stall-in")).text
    assert "Inget besked går ut till besökare: vi vet inte vilka som tänkte komma." in shown
    assert ("Det går att ångra i tio minuter." in shown) == (hours == 48)
    for untrue in ("Beskeden går", "har plats", "står i kö", "söka igen", "starten"):
        assert untrue not in shown, untrue
    group = await a_cohort("2.1", clock.now(), first_in=timedelta(hours=hours))
    assert "Beskeden går" in (await client.get(f"/personal/starter/{group.cohort_id}/stall-in")).text


async def test_when_nobody_is_to_be_rung_the_page_of_messages_says_so_and_leads_to_no_empty_list(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, sessions=3)
    ringing = await somebody(cohort, keys, clock.now(), contact="+46701740605")
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1].session_id
    assert not await session_services.cancel_session(second, False, kim, clock.now())
    await mail.work()
    page, ring = f"/personal/grupper/{cohort.cohort_id}/besked", f"/personal/grupper/{cohort.cohort_id}/ring"
    shown = (await client.get(page)).text
    assert (f'href="{ring}"' in shown, "Ingen behöver ringas nu." in shown) == (True, False)
    notices = [one.notice_id for one in await calls_queries.untold([cohort.cohort_id], clock.now())]
    await told(cohort.cohort_id, ringing.enrolment_id, notices, keys, kim, clock.now())
    assert f'href="{ring}"' not in (await client.get(page)).text


async def test_who_sees_it_on_min_plats_only_is_nobody_to_ring(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, sessions=3)
    await somebody(cohort, keys, clock.now())
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1].session_id
    assert not await session_services.cancel_session(second, False, kim, clock.now())
    await mail.work()
    shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/besked")).text
    assert "Inte nådd" in shown
    assert (f'{cohort.cohort_id}/ring"' in shown, "Ingen behöver ringas nu." in shown) == (False, True)


async def test_a_cancelled_opening_is_told_to_who_leads_asks_no_ages_and_stands_as_long_as_days_are_listed(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    robin = await a_leader(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("3.1", clock.now(), robin, sessions=8, first_in=timedelta(days=2))
    every = await cohorts.sessions(cohort.cohort_id)
    # The first of all, and one that is four weeks ahead.
    shown = (await client.get(f"/personal/traffar/{every[0].session_id}/stall-in")).text
    assert "Åldern räknas" not in shown
    assert "Gruppledare" in shown
    for one in (every[0], every[4]):
        answer = await post_form(client, f"/personal/traffar/{one.session_id}/stall-in", {"sedd": "0"})
        assert answer.status_code == 303
        done = (await client.get(answer.headers["location"])).text
        assert "De som leder får veta det med e-post, besökare får inget besked." in done
    public = (await client.get(f"/insatser/{cohort.slug}")).text
    for one in (every[0], every[4]):
        assert off_lines([one])[0] in public
    assert off_lines([every[3]])[0] not in public


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("alone", [1, 2])
async def test_of_who_sees_it_on_min_plats_only_all_pages_say_the_same_and_none_that_they_have_heard(
    alone: int, others: bool, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, sessions=3)
    for name in ("Al", "Bo")[:alone]:
        await somebody(cohort, keys, clock.now(), name)
    if others:
        await somebody(cohort, keys, clock.now(), "Ek", "ek@example.invalid")
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1].session_id
    assert not await session_services.cancel_session(second, False, kim, clock.now())
    await mail.work()
    group = f"/personal/grupper/{cohort.cohort_id}"
    only = "1 person ser det bara på Min plats." if alone == 1 else "2 personer ser det bara på Min plats."
    done, ring = [(await client.get(f"{group}/{page}")).text for page in ("andrat", "ring")]
    for page in (done, ring):
        assert only in page
        assert "Ingen behöver ringas" in page
        assert "fått veta" not in page
        assert "inte nådd" not in page
    assert f'href="{group}/ring"' not in done
    assert ("1 person har fått besked." in done) == others
    heard = f"{int(others)} av {alone + others} är nådd"
    assert heard in (await client.get(f"/personal/traffar/{second}/besked")).text
    # Somebody to ring stands there as before, and the others beside.
    await somebody(cohort, keys, clock.now(), "Lind", "+46701740605")
    clock.advance(minutes=1)
    third = (await cohorts.sessions(cohort.cohort_id))[2].session_id
    assert not await session_services.cancel_session(third, False, kim, clock.now())
    await mail.work()
    done, ring = [(await client.get(f"{group}/{page}")).text for page in ("andrat", "ring")]
    for page in (done, ring):
        assert only in page
        assert "Ingen behöver ringas" not in page
    assert "1 person är inte nådd." in done
    assert f'href="{group}/ring"' in done
    assert "Lind" in ring
