"""Health tells the truth: alive without anything, ready only with database and key folder."""

import dataclasses
import shutil
from pathlib import Path

import asyncpg
import httpx
from litestar import Litestar

from programmes.app import create_app
from programmes.core import lost_keys
from programmes.core.folder_marks import hold_to
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, csrf_of, hidden, sign_in_as, somebody


def _browser(app: Litestar, settings: Settings) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url)


async def test_a_healthy_service_is_live_and_ready_and_sets_no_cookie(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "database": True, "keys": True, "schema": "current", "worker": False, "person_keys": True},
    )
    assert not client.cookies


async def test_the_worker_is_told_of_and_takes_no_web_process_away(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, gen_random_uuid(), 0)", clock.now())
    for minutes, working in ((4, True), (2, False)):
        clock.advance(minutes=minutes)
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["worker"]) == (200, working)


async def test_a_form_that_cannot_be_sent_without_its_keys_says_so_before_it_is_filled_in(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    app = create_app(dataclasses.replace(settings, key_folder=folder), clock, own_pool=False)
    kim = await a_coordinator(clock.now())
    there = [await a_cohort(section, clock.now(), kim) for section in ("2.1", "2.7")]
    public = [f"/anmalan/{cohort.public_id}" for cohort in there]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) as browser:
        await sign_in_as(browser, "kim", clock.now())
        desk = f"/personal/grupper/{there[0].cohort_id}/anmal"
        says = {
            **dict.fromkeys(public, "Det går inte att anmäla sig just nu"),
            desk: "Det går inte att anmäla någon just nu",
        }
        says["/logga-in"] = "Det går inte att logga in just nu"
        for address, told in says.items():
            answer = await browser.get(address)
            assert (answer.status_code, told in answer.text) == (200, False), address
        shutil.rmtree(folder)
        for address, told in says.items():
            answer = await browser.get(address)
            assert (answer.status_code, told in answer.text) == (200, True), address
            assert 'role="alert"' in answer.text
        # What needs no keys goes on.
        assert (await browser.get("/")).status_code == 200
        assert "En del av tjänsten är nere" not in (await browser.get("/insatser/abc")).text


async def test_without_its_key_folder_it_is_live_but_not_ready(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    app = create_app(dataclasses.replace(settings, key_folder=folder), clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) as browser:
        assert (await browser.get("/health/ready")).status_code == 200
        shutil.rmtree(folder)
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["keys"]) == (503, False)
        # Another folder mounted where the keys were is no better, even one that looks like a key folder.
        KeyFolder(folder)
        assert (await browser.get("/health/ready")).status_code == 503
        assert (await browser.get("/health/live")).status_code == 200


async def test_that_only_the_keys_of_peoples_records_are_missing_is_told_and_takes_no_process_away(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    folder = tmp_path / "keys"
    keys = KeyFolder(folder)
    cohort = await a_cohort("2.8", clock.now())
    for name in ("Al", "Bok", "En"):
        await somebody(cohort, keys, clock.now(), name)
    app = create_app(dataclasses.replace(settings, key_folder=folder), clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) as browser:
        assert (await browser.get("/health/ready")).json()["person_keys"] is True
        (folder / "person").rename(tmp_path / "person")
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["keys"], answer.json()["person_keys"]) == (200, True, False)
        # What is known to be lost is no news.
        lost_keys.note(folder, {"persons": [str(row["id"]) for row in await owner.fetch("select id from participant")]})
        assert (await browser.get("/health/ready")).json()["person_keys"] is True


async def test_a_web_process_that_began_on_the_wrong_key_folder_goes_on_when_the_right_one_is_back(
    settings: Settings, clock: FrozenClock, db: None, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    folder, away = tmp_path / "keys", tmp_path / "away"
    right = KeyFolder(folder)
    right.service_key("csrf")
    await owner.execute("insert into key_folder (name, mark, noted_at) values ('keys', $1, $2)", right.mark, clock.now())
    cohort = await a_cohort("2.1", clock.now())
    folder.rename(away)
    KeyFolder(folder)
    before = sorted(folder.rglob("*"))
    app = create_app(dataclasses.replace(settings, key_folder=folder), clock, own_pool=False)
    await hold_to(app.state.key_folder)
    async with _browser(app, settings) as browser:
        page = f"/anmalan/{cohort.public_id}"
        form = (await browser.get(page)).text
        assert (await browser.get("/health/ready")).json()["keys"] is False
        # Not even the key of forms is made in it, or read from it.
        assert sorted(folder.rglob("*")) == before
        shutil.rmtree(folder)
        away.rename(folder)
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["keys"]) == (200, True)
        # A form from meanwhile comes back with what was typed, and is taken when it is sent once more.
        typed = {"name": "Kim", "contact": "", "once": hidden(form, "once"), "_csrf_token": csrf_of(form)}
        assert (await browser.post(page, data=typed)).status_code == 403
    async with (
        _browser(app, settings) as browser,
        _browser(create_app(dataclasses.replace(settings, key_folder=folder), clock, own_pool=False), settings) as beside,
    ):
        # Its forms are those of every other process.
        form = (await browser.get("/logga-in")).text
        beside.cookies = browser.cookies
        answer = await beside.post("/logga-in", data={"_csrf_token": csrf_of(form), "namn": "x", "losen": "y"})
        assert answer.status_code != 403


async def test_a_key_folder_that_the_worker_notes_after_web_began_is_the_one_that_counts(
    settings: Settings, clock: FrozenClock, db: None, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    app = create_app(dataclasses.replace(settings, key_folder=tmp_path / "keys"), clock, own_pool=False)
    await hold_to(app.state.key_folder)
    async with _browser(app, settings) as browser:
        assert (await browser.get("/health/ready")).status_code == 200
        other = KeyFolder(tmp_path / "other").mark
        await owner.execute("insert into key_folder (name, mark, noted_at) values ('keys', $1, $2)", other, clock.now())
        assert (await browser.get("/health/ready")).json()["keys"] is False
        # Somebody says that this one is the right one.
        await owner.execute("update key_folder set mark = $1", KeyFolder(tmp_path / "keys").mark)
        assert (await browser.get("/health/ready")).json()["keys"] is True


async def test_a_service_key_that_is_away_is_named_and_takes_no_web_process_away(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path
) -> None:
    app = create_app(dataclasses.replace(settings, key_folder=tmp_path / "keys"), clock, own_pool=False)
    async with _browser(app, settings) as browser:
        for name in ("search", "csrf"):
            app.state.key_folder.service_key(name)
        assert "missing_keys" not in (await browser.get("/health/ready")).json()
        for name in ("search", "csrf"):
            (tmp_path / "keys/service" / f"{name}.key").unlink()
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["missing_keys"]) == (200, ["csrf", "search"])
        # It goes on with what it has read: who signs in gets a form that is taken.
        form = (await browser.get("/logga-in")).text
        assert (await browser.post("/logga-in", data={"_csrf_token": csrf_of(form), "namn": "x"})).status_code != 403
        shutil.rmtree(tmp_path / "keys")
        assert "missing_keys" not in (await browser.get("/health/ready")).json()
