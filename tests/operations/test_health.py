"""Health tells the truth: alive without anything, ready only with database and key folder."""

import dataclasses
import shutil
from pathlib import Path

import asyncpg
import httpx

from programmes.app import create_app
from programmes.core import lost_keys
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, sign_in_as, somebody


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
