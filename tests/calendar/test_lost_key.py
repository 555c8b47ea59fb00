"""The key of calendars' addresses is lost for good: every calendar gets another address, which works."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx

from programmes.calendar import astray_services
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.settings import Settings
from tests.calendar.ics import events
from tests.calendar.test_staff_page import PAGE, addresses
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, sign_in_as


def _lost(settings: Settings, *more: str) -> subprocess.CompletedProcess[str]:
    typed = [sys.executable, "-m", "programmes.cli", "keys", "lost", "service", *more]
    return subprocess.run(typed, env=environment(settings, "worker"), check=False, capture_output=True, text=True)


async def test_every_calendar_that_is_shown_is_answered_after_its_key_was_lost_for_good(
    client: httpx.AsyncClient, settings: Settings, clock: FrozenClock, keys: KeyFolder
) -> None:
    leader = await a_leader(clock.now())
    await a_cohort("2.1", clock.now(), leader, sessions=3)
    await sign_in_as(client, "robin", clock.now())
    before = addresses((await client.get(PAGE)).text)
    (settings.key_folder / "service/feed.key").unlink()
    told = await asyncio.to_thread(_lost, settings, "--yes")
    assert (told.returncode, "2 calendars have another address" in told.stdout) == (0, True), told
    after = addresses((await client.get(PAGE)).text)
    assert not set(before) & set(after)
    for old, new in zip(before, after, strict=True):
        assert len(events((await client.get(new)).content)) == 3
        # As one that was renewed: empty for a while.
        answer = await client.get(old)
        assert (answer.status_code, events(answer.content)) == (200, [])
    assert "No such key is missing." in (await asyncio.to_thread(_lost, settings)).stdout


async def test_calendars_whose_key_was_made_anew_already_get_an_address_too(
    client: httpx.AsyncClient, settings: Settings, clock: FrozenClock, keys: KeyFolder
) -> None:
    """By the release before, or with a key folder that was adopted, or broken off in between."""
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    await client.get(PAGE)
    (settings.key_folder / "service/feed.key").write_bytes(b"k" * 32)
    [shown] = addresses((await client.get(PAGE)).text)
    assert (await client.get(shown)).status_code == 404
    asked = await asyncio.to_thread(_lost, settings)
    assert (asked.returncode, "1 calendars have an address under another key" in asked.stderr) == (2, True), asked
    assert (await asyncio.to_thread(_lost, settings, "--yes")).returncode == 0
    [shown] = addresses((await client.get(PAGE)).text)
    assert ((await client.get(shown)).status_code, await astray_services.astray(keys)) == (200, [])


async def test_nothing_is_made_beside_another_key_folder(
    settings: Settings, db: None, clock: FrozenClock, owner: asyncpg.Connection, tmp_path: Path, keys: KeyFolder
) -> None:
    other = KeyFolder(tmp_path / "other").mark
    await owner.execute("insert into key_folder (name, mark, noted_at) values ('keys', $1, $2)", other, clock.now())
    keys.service_key("feed")
    key = settings.key_folder / "service/feed.key"
    content = key.read_bytes()
    key.unlink()
    try:
        told = await asyncio.to_thread(_lost, settings, "--yes")
        assert (told.returncode, key.exists()) == (1, False)
        assert "not the one that the database's rows belong to" in told.stderr
    finally:
        key.write_bytes(content)
