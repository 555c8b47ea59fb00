"""Health tells the truth: alive without anything, ready only with database and key folder."""

import dataclasses
import shutil
from pathlib import Path

import asyncpg
import httpx

from programmes.app import create_app
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from tests.clock import FrozenClock


async def test_a_healthy_service_is_live_and_ready_and_sets_no_cookie(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "database": True, "keys": True, "schema": "current", "worker": False},
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
