"""What breaks under a running service: keys that go away, clocks that jump, somebody removed, a provider that never ends.
Each ends in a clear page, and nothing is lost or shown."""

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from programmes import worker
from programmes.app import create_app
from programmes.cohorts import queries as cohorts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.people import account_services as accounts
from programmes.people import attempt_services as attempts
from programmes.people import provider_services
from programmes.people.attempt_rules import PASSWORD_WAIT
from programmes.people.factor_rules import STEPS_AHEAD, matching_step, new_secret
from programmes.people.provider_services import Provider, ProviderAway, ProviderLied
from programmes.people.queries import load_principal
from programmes.people.rules import session_alive
from programmes.settings import Settings, SingleSignOn
from programmes.worker import ClockWatch, Worker
from tests.clock import FrozenClock
from tests.conftest import START
from tests.factories import a_cohort, a_coordinator, a_leader, csrf_of, hidden, post_form, sign_in_as, somebody
from tests.hostile.headers import judge_headers
from tests.owner import as_owner
from tests.planting import plant

APPLY = dict.fromkeys(("v_residency", "v_age", "v_own_wish", "v_no_more_extensive_need"), "ja") | {"fragad": "age"}


@pytest.fixture
async def own(settings: Settings, clock: FrozenClock, db: None, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a service whose key folder is its own."""
    app = create_app(dataclasses.replace(settings, key_folder=tmp_path / "keys"), clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) as browser:
        yield browser


async def test_while_the_keys_are_away_every_kind_of_page_says_so_and_afterwards_all_is_there(
    own: httpx.AsyncClient, clock: FrozenClock, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    keys, robin = KeyFolder(tmp_path / "keys"), await a_leader(clock.now())
    open_to_all = await a_cohort("2.1", clock.now(), robin)
    documented = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(documented, keys, clock.now(), "Kim Hemlig")
    form = (await own.get(f"/anmalan/{open_to_all.public_id}")).text
    typed = APPLY | {"once": hidden(form, "once"), "_csrf_token": csrf_of(form)}
    assert (await own.post(f"/anmalan/{open_to_all.public_id}", data=typed)).status_code == 303
    place = (await own.get("/min-plats")).text
    titled = {"rubrik": "Träning", "_csrf_token": typed["_csrf_token"]}
    assert (await own.post("/min-plats/kalender", data=titled)).status_code == 303
    [calendar] = set(re.findall(r"/k/[a-z0-9]+\.ics", (await own.get("/min-plats")).text))
    assert "Träning" in (await own.get(calendar)).text
    await sign_in_as(own, "robin", clock.now())
    person = f"/personal/grupper/{documented.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Kim Hemlig" in (await own.get(person)).text
    form = (await own.get(f"/anmalan/{open_to_all.public_id}")).text
    again = typed | {"once": hidden(form, "once"), "redan": hidden(form, "redan")}
    rows = await owner.fetch("select id, state, key_id from enrolment order by id")

    (tmp_path / "keys").rename(tmp_path / "away")
    assert (await own.get("/health/ready")).json()["keys"] is False
    for method, address, data in (
        ("GET", "/min-plats", None),
        ("GET", person, None),
        # Not an empty calendar, which would take every session out of people's own.
        ("GET", calendar, None),
        ("GET", f"/personal/grupper/{documented.cohort_id}", None),
        ("POST", f"/anmalan/{open_to_all.public_id}", again),
        ("POST", "/personal/sok", {"vem": "Kim Hemlig", "_csrf_token": typed["_csrf_token"]}),
    ):
        answer = await own.request(method, address, data=data)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "60"), address
        assert "Det går inte just nu" in answer.text
        assert "Hemlig" not in answer.text
        judge_headers(answer)
    # What needs no key goes on.
    for address in ("/", f"/insatser/{open_to_all.slug}", "/kontakt", "/logga-in", "/api/v1/starts", "/personal/idag"):
        assert (await own.get(address)).status_code == 200, address
    assert not (tmp_path / "keys").exists()
    assert await owner.fetch("select id, state, key_id from enrolment order by id") == rows

    (tmp_path / "away").rename(tmp_path / "keys")
    assert (await own.get("/health/ready")).status_code == 200
    assert "Kim Hemlig" in (await own.get(person)).text
    assert "Träning" in (await own.get(calendar)).text
    assert (await own.get("/min-plats")).text.count("<h1>") == place.count("<h1>")
    # The form that failed is good still.
    assert (await own.post(f"/anmalan/{open_to_all.public_id}", data=again)).status_code == 303


@pytest.mark.parametrize("planted", ["link", "folder", "pipe", "socket"])
@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_what_lies_in_the_place_of_one_key_holds_up_nobody_else_in_the_group(
    own: httpx.AsyncClient, clock: FrozenClock, tmp_path: Path, section: str, planted: str
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await a_coordinator(clock.now())
    cohort = await a_cohort(section, clock.now())
    taken = [await somebody(cohort, keys, clock.now(), name, contact="kim@example.invalid") for name in ("Ask", "Björk")]
    kind = "entry" if section == "2.1" else "person"
    [key, *_] = sorted((tmp_path / "keys" / kind).rglob("*.key"), key=lambda at: at.stat().st_ino)
    plant(planted, key, tmp_path / "moved.key")
    await sign_in_as(own, "kim", clock.now())
    [session, *_] = await cohorts.sessions(cohort.cohort_id)
    group = f"/personal/grupper/{cohort.cohort_id}"
    people = [f"{group}/deltagare/{one.enrolment_id}" for one in taken]
    changes = [f"/personal/traffar/{session.session_id}/{way}" for way in ("stall-in", "flytta", "sjuk")]
    decisions = [f"/personal/starter/{cohort.cohort_id}/{way}" for way in ("stall-in", "starta")]
    for address in (group, *people, *changes, *decisions):
        assert (await own.get(address)).status_code == 200, address
    shown = (await own.get(group)).text
    assert ("Björk" in shown, "Ask" in shown) in {(True, False), (False, True)}


async def test_leaving_while_the_keys_are_away_is_done_and_the_key_goes_when_they_are_back(
    own: httpx.AsyncClient, clock: FrozenClock, tmp_path: Path, the_worker: Worker
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    form = (await own.get(f"/anmalan/{cohort.public_id}")).text
    await own.post(f"/anmalan/{cohort.public_id}", data=APPLY | {"once": hidden(form, "once"), "_csrf_token": csrf_of(form)})
    [key] = list((tmp_path / "keys/entry").rglob("*.key"))
    left = await post_form(own, "/min-plats/lamna", {})
    assert left.status_code == 303
    keys, away = the_worker.keys, KeyFolder(tmp_path / "keys")
    (tmp_path / "keys").rename(tmp_path / "away")
    clock.advance(hours=2)
    await worker.drain(dataclasses.replace(the_worker, keys=away))
    (tmp_path / "away").rename(tmp_path / "keys")
    assert key.exists()
    await worker.drain(dataclasses.replace(the_worker, keys=KeyFolder(tmp_path / "keys")))
    assert not key.exists()
    assert keys is the_worker.keys


class TestClocks:
    async def test_a_clock_that_ran_ahead_locks_nobody_out_and_keeps_nobody_in(
        self, client: httpx.AsyncClient, clock: FrozenClock
    ) -> None:
        await a_coordinator(clock.now())
        counter = b"c" * 32
        clock.set(START + timedelta(days=3650))
        for _ in range(12):
            await attempts.take(counter, clock.now())
        assert await attempts.take(counter, clock.now()) > 0
        await sign_in_as(client, "kim", clock.now())
        ahead = client.cookies["staff"]
        clock.set(START)
        assert await attempts.take(counter, clock.now()) == 0
        assert await load_principal(ahead, clock.now()) is None
        assert (await client.get("/personal/idag")).headers["location"].startswith("/logga-in")
        await sign_in_as(client, "kim", clock.now())
        assert (await client.get("/personal/idag")).status_code == 200
        # A little off, as two machines are, is nothing.
        clock.advance(minutes=-3)
        assert (await client.get("/personal/idag")).status_code == 200

    def test_a_code_that_was_taken_in_the_future_opens_now_and_one_that_was_taken_now_does_not(self) -> None:
        secret, now = new_secret(), START
        code, step = pyotp.TOTP(secret).at(now), int(now.timestamp()) // 30
        assert matching_step(secret, code, now, 0) == step
        assert matching_step(secret, code, now, step) is None
        assert matching_step(secret, code, now, step + STEPS_AHEAD) is None
        assert matching_step(secret, code, now, step + 10_000_000) == step

    async def test_min_plats_is_shut_for_who_opened_it_while_the_clock_ran_ahead_and_the_place_stays(
        self, client: httpx.AsyncClient, clock: FrozenClock
    ) -> None:
        cohort = await a_cohort("2.1", clock.now())
        form = (await client.get(f"/anmalan/{cohort.public_id}")).text
        clock.advance(days=20)
        await client.post(
            f"/anmalan/{cohort.public_id}", data=APPLY | {"once": hidden(form, "once"), "_csrf_token": csrf_of(form)}
        )
        assert "Du har en plats" in (await client.get("/min-plats")).text
        clock.advance(days=-20)
        assert "Du har en plats" not in (await client.get("/min-plats")).text
        assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held == 1

    @given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(-(10**9), 10**9))
    def test_a_worker_believes_a_clock_that_runs_and_doubts_one_that_jumps(self, pauses: list[int], jump: int) -> None:
        watch, wall, mono = ClockWatch(), datetime(2026, 9, 2, tzinfo=UTC), 100.0
        for seconds in pauses:
            assert watch.believes(wall, mono)
            wall, mono = wall + timedelta(seconds=seconds), mono + seconds
        assert watch.believes(wall, mono)
        wall, mono = wall + timedelta(seconds=jump), mono + 5
        steady = abs(jump - 5) <= 300
        assert watch.believes(wall, mono) == steady
        for later in (60, 500, 541):
            steady = steady or later > 540
            wall, mono = wall + timedelta(seconds=later), mono + later
            believed = watch.believes(wall, mono)
            if mono - 105 - sum(pauses) >= 600:
                assert believed

    async def test_a_jump_of_the_clock_erases_nothing_until_it_has_been_doubted(
        self, the_worker: Worker, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cohort = await a_cohort("2.1", clock.now())
        await somebody(cohort, the_worker.keys, clock.now())
        ticked: list[datetime] = []
        pauses = 0

        async def tick(who: Worker) -> None:
            ticked.append(who.clock.now())

        async def pause(_: float) -> None:
            nonlocal pauses
            pauses += 1
            if pauses == 2:
                clock.advance(days=3650)
            if pauses == 4:
                raise asyncio.CancelledError

        monkeypatch.setattr(worker, "tick", tick)
        monkeypatch.setattr(asyncio, "sleep", pause)
        with pytest.raises(asyncio.CancelledError):
            await worker._tick_for_ever(the_worker)
        assert ticked == [START, START]

    def test_a_session_from_the_future_has_ended(self) -> None:
        assert session_alive(START, START, START)
        assert session_alive(START + timedelta(minutes=59), START, START)
        assert not session_alive(START + timedelta(minutes=61), START, START)
        assert not session_alive(START, START + timedelta(days=1), START)
        assert timedelta(minutes=5) > PASSWORD_WAIT


async def test_who_is_removed_in_the_middle_of_a_form_is_told_and_what_they_sent_changes_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    token = csrf_of((await client.get("/personal/stangningar")).text)
    async with as_owner():
        await accounts.deactivate("kim", clock.now())
    for address in ("/personal/stangningar", "/personal/grupper/ny", "/personal/konto/losenord", "/personal/sok"):
        sent = await client.post(
            address, data={"_csrf_token": token, "orsak": "Lov", "fran": "2026-10-01", "till": "2026-10-02"}
        )
        assert (sent.status_code, "ut=form" in sent.headers["location"]) == (303, True), address
    page = (await client.get(sent.headers["location"])).text
    assert "Det du skrev sist är inte sparat" in page
    assert await owner.fetchval("select count(*) from closure") == 0


class _Endless(httpx.AsyncByteStream):
    """Bytes that never end: a few now and then, or many at once."""

    def __init__(self, part: bytes, pause: float) -> None:
        self._part, self._pause = part, pause

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield self._part
            await asyncio.sleep(self._pause)


@pytest.mark.parametrize(
    ("part", "pause", "error"), [(b" ", 0.01, ProviderAway), (b" " * 100_000, 0, ProviderLied)], ids=["drips", "floods"]
)
async def test_a_provider_whose_answer_never_ends_is_left(
    part: bytes, pause: float, error: type[Exception], monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    monkeypatch.setattr(provider_services, "_WHOLE_SECONDS", 0.3)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Endless(part, pause)))
    about = SingleSignOn("https://login.example.se", "stod", "", "konto", "groups", (("a", "leader", ""),))
    provider = Provider(about, "https://stod.example.se", transport)
    with pytest.raises(error):
        await provider.way_there(provider_services.Flow.fresh(), clock.now(), False)


async def test_a_web_process_with_another_key_folder_than_the_database_knows_is_not_ready_and_writes_nothing(
    settings: Settings, clock: FrozenClock, db: None, owner: asyncpg.Connection, tmp_path: Path, app: Litestar
) -> None:
    from programmes.core.folder_marks import hold_to

    await owner.execute("insert into key_folder (name, mark, noted_at) values ('keys', $1, $2)", b"m" * 32, clock.now())
    cohort = await a_cohort("2.1", clock.now())
    other = create_app(dataclasses.replace(settings, key_folder=tmp_path / "new"), clock, own_pool=False)
    await hold_to(other.state.key_folder)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=other), base_url=settings.base_url) as browser:
        assert (await browser.get("/health/ready")).status_code == 503
        form = (await browser.get(f"/anmalan/{cohort.public_id}")).text
        typed = APPLY | {"once": hidden(form, "once"), "_csrf_token": csrf_of(form)}
        assert (await browser.post(f"/anmalan/{cohort.public_id}", data=typed)).status_code == 503
    assert await owner.fetchval("select count(*) from enrolment") == 0
