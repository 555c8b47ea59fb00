"""Many applications from one address within minutes: never refused, never losing their turn, asked to say that they come."""

import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes import worker
from programmes.app import create_app
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.queue import coming_services, order_services
from programmes.enrolment.queue import services as queue_services
from programmes.settings import Settings
from programmes.web.bursts import Bursts
from tests.clock import FrozenClock
from tests.desk.cast import everything
from tests.factories import a_cohort, a_coordinator, an_application, csrf_of, post_form, sign_in_as, somebody

From = Callable[..., "httpx.AsyncClient"]


@pytest.fixture(scope="module")
def service(settings: Settings, run_clock: FrozenClock) -> Litestar:
    """An application that counts as production does, built once."""
    ours = (ip_network("172.30.252.0/24"),)
    return create_app(replace(settings, burst_most=6, trusted_proxies=ours), run_clock, own_pool=False)


@pytest.fixture
async def browser(service: Litestar, settings: Settings, clock: FrozenClock, db: None) -> AsyncIterator[From]:
    """Browsers of that application, each from the address that it says; it has counted nobody yet."""
    app, counted = service, service.state.settings
    app.state.bursts = Bursts(counted.burst_most, timedelta(minutes=counted.burst_minutes))
    made: list[httpx.AsyncClient] = []

    def one(address: str = "192.0.2.7", forwarded: str = "") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(address, 40_000))
        headers = {"x-forwarded-for": forwarded} if forwarded else {}
        made.append(httpx.AsyncClient(transport=transport, base_url=settings.base_url, headers=headers))
        return made[-1]

    yield one
    for client in made:
        await client.aclose()


async def apply(client: httpx.AsyncClient, cohort: CohortFacts, answer: str = "ja") -> str:
    """Fill in the form; what the page that follows says first."""
    shown = (await client.get(f"/anmalan/{cohort.public_id}")).text
    form = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), answer)
    form |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
    sent = await client.post(f"/anmalan/{cohort.public_id}", data=form)
    assert sent.status_code in {303, 422}
    return heading((await client.get("/min-plats")).text) if sent.status_code == 303 else "refused"


def heading(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text)
    assert found
    return found[1]


async def test_a_form_that_is_refused_or_sent_again_makes_no_room_for_the_next(browser: From, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=30, sessions=4)
    first = browser()
    shown = (await first.get(f"/anmalan/{cohort.public_id}")).text
    form = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja")
    form |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
    assert (await first.post(f"/anmalan/{cohort.public_id}", data=form)).status_code == 303
    assert [await apply(browser(), cohort) for _ in range(5)] == ["Du har en plats"] * 5
    for _ in range(8):
        assert await apply(browser(), cohort, "") == "refused"
        assert (await first.post(f"/anmalan/{cohort.public_id}", data=form)).status_code == 303
        assert (await apply(browser(), cohort)).startswith("Du står i kö")
        clock.advance(seconds=5)


async def test_a_family_or_a_library_has_its_places_at_once_with_no_way_to_be_reached(
    browser: From, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=30, sessions=4)
    assert [await apply(browser(), cohort) for _ in range(6)] == ["Du har en plats"] * 6
    library = []
    for _ in range(12):
        library.append(await apply(browser("192.0.2.8"), cohort))
        clock.advance(minutes=2)
    assert library == ["Du har en plats"] * 12


async def test_the_surplus_queues_in_order_is_offered_nothing_and_is_not_in_the_way_of_others(
    browser: From, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    said = [await apply(browser(), cohort) for _ in range(9)]
    assert said == ["Du har en plats"] * 6 + [f"Du står i kö, som nummer {n}" for n in (1, 2, 3)]
    await worker.drain(the_worker)
    await queue_services.promote_waiting(clock.now())
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held == 6
    # A place that somebody leaves is not theirs either.
    holder = (await queries.enrolments(cohort.cohort_id, ["confirmed"]))[0]
    await services.leave(holder.enrolment_id, keys, clock.now())
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held == 5
    # Somebody from elsewhere has a place at once, also when they say that they are from the same address.
    assert await apply(browser("198.51.100.1", forwarded="192.0.2.7"), cohort) == "Du har en plats"
    waiting = [f.arrival for f in await queries.enrolments(cohort.cohort_id, ["queued"]) if f.asked_to_come]
    assert waiting == [7, 8, 9]
    clock.advance(minutes=11)
    assert await apply(browser(), cohort) == "Du har en plats"


async def test_one_button_gives_the_place_when_it_is_their_turn_and_else_they_wait_like_everybody(
    browser: From, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=7, sessions=4)
    for _ in range(6):
        await apply(browser(), cohort)
    first, second = browser(), browser()
    await apply(first, cohort)
    await apply(second, cohort)
    page = (await second.get("/min-plats")).text
    assert "Säg till att du kommer" in page
    for word in ("misstänk", "missbruk", "robot", "fusk"):
        assert word not in page
    # The one before has not said anything: the place is for who has.
    for _ in range(2):
        said = await second.post("/min-plats/kommer", data={"_csrf_token": csrf_of(page)})
        assert said.status_code == 303
    assert heading((await second.get("/min-plats")).text) == "Du har en plats"
    token = csrf_of((await first.get("/min-plats")).text)
    await first.post("/min-plats/kommer", data={"_csrf_token": token})
    page = (await first.get("/min-plats")).text
    assert heading(page) == "Du står i kö, som nummer 1"
    assert "Säg till att du kommer" not in page
    holder = (await queries.enrolments(cohort.cohort_id, ["confirmed"]))[0]
    await services.leave(holder.enrolment_id, keys, clock.now())
    assert heading((await first.get("/min-plats")).text) == "Du har fått ett erbjudande om plats"
    rows = await owner.fetch("select kind from queue_event order by id")
    assert [row["kind"] for row in rows][6:] == [
        "applied_queue", "asked_to_come", "applied_queue", "asked_to_come", "coming", "passed_asked", "seated",
        "coming", "left", "offered"]  # fmt: skip


async def test_staff_tick_it_by_telephone_or_at_the_door_and_what_they_enter_is_never_counted(
    browser: From, clock: FrozenClock, keys: KeyFolder
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.16", clock.now(), maximum=30, sessions=4)
    staff = browser()
    await sign_in_as(staff, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    for _ in range(8):
        shown = (await staff.get(address)).text
        names = re.findall(r'type="checkbox" name="(v_[a-z_]+)"', shown) + re.findall(r'name="(v_[a-z_]+)"', shown)
        form = dict.fromkeys(names, "ja")
        form |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
        form["v_age"] = (await catalogue.programme(cohort.programme_id)).age_bands[-1].key
        sent = await staff.post(address, data=form)
        assert sent.status_code == 303, sent.text
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held == 8
    programme = await catalogue.programme(cohort.programme_id)
    application = replace(await an_application(cohort, "Al"), among_many=True)
    taken = await services.apply(application, programme, keys, clock.now())
    assert isinstance(taken, services.Taken)
    assert not taken.held
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Ska säga att den kommer" in (await staff.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert "Personen kommer" in (await staff.get(person)).text
    assert (await post_form(staff, f"{person}/kommer", {}, person)).status_code == 303
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"
    # Who is passed over besides stays so.
    other = await services.apply(replace(await an_application(cohort, "Bok"), among_many=True), programme, keys, clock.now())
    assert isinstance(other, services.Taken)
    await order_services.skip(other.enrolment_id, "wait", kim.staff_id, clock.now())
    await coming_services.coming(other.enrolment_id, programme, clock.now())
    assert (await queries.enrolment(other.enrolment_id)).state == "queued"


async def test_spoofed_headers_neither_hide_a_burst_nor_blame_it_on_somebody_else(browser: From, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=60, sessions=4)
    # Straight to the service, each time with another invented address.
    said = [await apply(browser(forwarded=f"203.0.113.{n}"), cohort) for n in range(8)]
    assert said[:6] == ["Du har en plats"] * 6
    assert all("i kö" in words for words in said[6:])
    # Through our proxy, with inventions to the left of what the proxy adds.
    through = [await apply(browser("172.30.252.5", f"203.0.113.{n}, 198.51.100.1"), cohort) for n in range(8)]
    assert sum(words == "Du har en plats" for words in through) == 6
    # Behind the same proxy, whoever was named falsely is untouched.
    assert await apply(browser("172.30.252.5", "203.0.113.1"), cohort) == "Du har en plats"
    # One household, many addresses.
    house = [await apply(browser(f"2001:db8:7:8::{n:x}"), cohort) for n in range(1, 9)]
    assert sum(words == "Du har en plats" for words in house) == 6


async def test_a_refused_form_and_one_sent_twice_are_not_counted(browser: From, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), maximum=30, sessions=4)
    client = browser()
    assert [await apply(client, cohort, "") for _ in range(9)] == ["refused"] * 9
    shown = (await client.get(f"/anmalan/{cohort.public_id}")).text
    form = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja")
    form |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
    for _ in range(9):
        assert (await client.post(f"/anmalan/{cohort.public_id}", data=form)).status_code == 303
    said = [await apply(browser(), cohort) for _ in range(6)]
    assert said == ["Du har en plats"] * 5 + ["Du står i kö, som nummer 1"]


async def test_documented_programmes_are_not_counted_and_the_database_knows_neither_them_nor_holders(
    browser: From, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    application = replace(await an_application(cohort, "Al"), among_many=True)
    taken = await services.apply(application, programme, keys, clock.now())
    assert isinstance(taken, services.Taken)
    assert taken.held
    exempt = await somebody(await a_cohort("2.1", clock.now()), keys, clock.now())
    for who in (taken, exempt):
        with pytest.raises(asyncpg.CheckViolationError, match="asked_to_come_holds_no_place"):
            await owner.execute("update enrolment set asked_to_come = true where id = $1", who.enrolment_id)


async def test_the_address_is_in_no_table_and_in_no_log(
    browser: From, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker,
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    with caplog.at_level(logging.DEBUG):
        for _ in range(8):
            await apply(browser("192.0.2.77", forwarded="192.0.2.78"), cohort)
        await worker.drain(the_worker)
    written = capsys.readouterr()
    assert "192.0.2.7" not in f"{written.out}{written.err}{caplog.text}"
    assert not any("192.0.2.7" in row for rows in (await everything(owner)).values() for row in rows)


async def test_the_letter_to_who_is_asked_says_what_to_do(
    browser: From, clock: FrozenClock, keys: KeyFolder, settings: Settings, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    programme = await catalogue.programme(cohort.programme_id)
    application = replace(await an_application(cohort, "Al", "al-burst@example.invalid"), among_many=True)
    await services.apply(application, programme, keys, clock.now())
    await worker.drain(the_worker)
    folder = settings.key_folder.parent / "mail"
    letters = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
    mine = next(text for text in letters if "al-burst@example.invalid" in text)
    assert "Jag kommer" in mine
