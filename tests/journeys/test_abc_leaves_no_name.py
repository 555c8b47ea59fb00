"""ABC, the whole way, with marker words planted wherever anything can be typed.

Four sessions; after closing the markers are nowhere: not in a dump of the database, not in its files, the key folders, the
logs, nor on any page or in any file that staff can ask for. No row of any enrolment is left. What is kept is head count
and sex per session and the unique participants by sex, and the evaluation's sums. A backup of the day before, restored,
shows nobody, and loses its list again when the worker starts.
"""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Page, expect

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import engine
from programmes.core.sealing import KeyFolder, KeyGone
from programmes.private_server import PrivateServer, ensure_database
from programmes.settings import Settings
from programmes.worker import Worker
from tests.access.table import TABLE
from tests.clock import FrozenClock
from tests.conftest import settings_for
from tests.factories import a_coordinator, a_leader
from tests.journeys.acts import (
    head_count,
    open_cohort,
    open_place,
    place_code,
    print_slips,
    shown_in,
    sign_in,
    take_place,
    vote,
    yes_to_all,
)
from tests.journeys.conftest import NewContext
from tests.pools import WORKERS, a_pool

MARKER = "zqxmarkor"
RESTORED = "restored_after_closing"
_PEOPLE_TABLES = (
    "enrolment",
    "seat",
    "condition_met",
    "place_session",
    "study_visit",
    "agreement",
    "notice",
    "notice_attempt",
)


async def apply_with_markers(new_context: NewContext, public_id: str, n: int) -> tuple[Page, str]:
    """A parent whose alias, contact, address line and browser all say the marker."""
    context = await new_context("phone", user_agent=f"Mozilla/5.0 {MARKER}agent{n}")
    page = await context.new_page()
    await page.goto(f"/anmalan/{public_id}?utm={MARKER}query{n}")
    await page.get_by_label("Vad ska vi kalla dig?").fill(f"{MARKER}alias{n}")
    await page.get_by_label("Hur når vi dig").fill(f"{MARKER}mail{n}@example.invalid")
    await yes_to_all(page)
    await take_place(page)
    await expect(page.get_by_role("heading", name="Du har en plats")).to_be_visible()
    await page.get_by_label("Rubrik i kalendern").fill(f"{MARKER}rubrik{n}")
    await page.get_by_role("button", name="Spara rubriken").click()
    return page, await place_code(page)


def dump(server: PrivateServer, settings: Settings) -> str:
    """Everything in the database, as SQL."""
    command = [str(server.binaries / "pg_dump"), settings.database_url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def restored(backup: str, server: PrivateServer, work_folder: Path) -> Settings:
    """A database of its own from a backup, before anything has been started on it."""
    await ensure_database(server, RESTORED)
    settings = settings_for(server, RESTORED, work_folder)
    command = [str(server.binaries / "psql"), "-q", "-v", "ON_ERROR_STOP=1", settings.database_url]
    subprocess.run(command, input=backup, text=True, capture_output=True, check=True)
    return settings


async def check_that_a_restored_backup_erases_again(
    backup: str, server: PrivateServer, work_folder: Path, keys: KeyFolder, clock: FrozenClock
) -> None:
    """Its people are rows that nobody can read, until the worker starts; then they are gone."""
    settings = await restored(backup, server, work_folder)
    connection = await asyncpg.connect(settings.database_url)
    pool = await a_pool(settings.worker_database_url, WORKERS)
    shared, engine().pool = engine().pool, pool
    try:
        sealed = await connection.fetch("select key_id, sealed from enrolment")
        assert len(sealed) == 6
        for row in sealed:
            with pytest.raises(KeyGone):
                keys.open("entry", row["key_id"], row["sealed"])
        await worker.start_up(Worker(settings, clock, keys, connection))
        for table in _PEOPLE_TABLES:
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table
        assert await connection.fetchval("select count(*) from head_count") == 4
    finally:
        engine().pool = shared
        await pool.close()
        await connection.close()
    assert MARKER not in dump(server, settings)


async def all_that_staff_can_ask_for(desk: Page, cohort: CohortFacts, session_id: int) -> list[str]:
    """Every page and file about this cohort, as whoever is signed in gets it now."""
    ids = {"cohort_id": str(cohort.cohort_id), "session_id": str(session_id), "public_id": cohort.public_id}
    addresses = [route.removeprefix("GET ") for route in TABLE if route.startswith("GET /")]
    asked = [re.sub(r"\{(\w+)[^}]*\}", lambda found: ids.get(found[1], found[0]), address) for address in addresses]
    asked = [address for address in asked if "{" not in address]
    found = [await desk.request.get(address, max_redirects=0) for address in asked]
    assert sum(answer.ok for answer in found) > 20
    return [await answer.text() for answer in found]


async def close_the_cohort(room: Page, cohort_id: int) -> None:
    """Down the checklist, step by step, to the erasure record."""
    await room.goto(f"/personal/grupper/{cohort_id}/avsluta")
    await room.get_by_label("Genomförd som planerat").check()
    await room.get_by_role("button", name="Spara").first.click()
    await room.get_by_label("Kvinnor", exact=True).fill("4")
    await room.get_by_label("Män", exact=True).fill("2")
    await room.locator("#unique button.btn--main").click()
    await room.goto(f"/personal/grupper/{cohort_id}/avsluta")
    await room.locator('a[href$="/avsluta/radera"]').click()
    await room.get_by_role("button", name="Ja, avsluta och radera listan").click()
    await expect(room.get_by_role("heading", level=1)).to_have_text("Listan är raderad")


async def test_nothing_that_names_a_person_outlives_the_closing(
    new_context: NewContext,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: Worker,
    server: PrivateServer,
    settings: Settings,
    work_folder: Path,
    keys: KeyFolder,
    capfd: pytest.CaptureFixture[str],
) -> None:
    await a_leader(clock.now())
    await a_coordinator(clock.now())
    desk = await sign_in(await new_context("desktop"), "kim")
    typed = {"beslut": "2026-09-18", "min": "5", "max": "12"}
    cohort = await open_cohort(desk, "2.1", "2026-09-29", **typed)
    people = [await apply_with_markers(new_context, cohort.public_id, n) for n in range(6)]
    await worker.drain(the_worker)
    assert shown_in(work_folder, f"{MARKER}mail0".encode()), "the mail goes out; the markers can be seen before closing"

    keys_before = [row["key_id"] for row in await owner.fetch("select key_id from enrolment")]

    clock.advance(days=10)
    desk = await sign_in(await new_context("desktop"), "kim")
    await desk.goto("/personal/starter")
    await desk.get_by_role("link", name=f"Starta {cohort.name}").click()
    await desk.get_by_role("button", name="Starta").click()
    await worker.drain(the_worker)
    for session in await cohorts.sessions(cohort.cohort_id):
        clock.set(session.starts_at + timedelta(minutes=30))
        room = await sign_in(await new_context("phone"), "robin")
        await head_count(room, session.session_id, women=4, men=2 if session.number == 1 else 1)
    codes = await print_slips(room, cohort.cohort_id)
    assert len(codes) == 6
    phone = await new_context("phone")
    for n, code in enumerate(codes):
        await vote(phone, code, step=4, words=f"Bra kurs {n}")
    await room.goto(f"/personal/grupper/{cohort.cohort_id}/utvardering/stang")
    await room.get_by_role("button", name="Ja, stäng utvärderingen").click()
    await worker.drain(the_worker)
    backup = dump(server, settings)
    await close_the_cohort(room, cohort.cohort_id)
    await worker.drain(the_worker)

    for table in _PEOPLE_TABLES:
        assert await owner.fetchval(f"select count(*) from {table}") == 0, table
    counts = await owner.fetch("select women, men, other from head_count order by session_id")
    assert [tuple(row) for row in counts] == [(4, 2, 0), (4, 1, 0), (4, 1, 0), (4, 1, 0)]
    assert tuple(await owner.fetchrow("select women, men, other from unique_participants")) == (4, 2, 0)
    text = dump(server, settings)
    assert "head_count" in text
    assert MARKER not in text
    await owner.execute("checkpoint")
    assert not shown_in(server.home / "data", MARKER.encode())
    assert not shown_in(settings.key_folder, MARKER.encode())
    assert MARKER not in (server.home / "server.log").read_text()
    assert MARKER not in "".join(capfd.readouterr())
    desk = await sign_in(await new_context("desktop"), "kim")
    pages = await all_that_staff_can_ask_for(desk, cohort, session.session_id)
    assert not any(MARKER in page for page in pages)
    assert keys_before
    assert not any((settings.key_folder / "entry" / str(k)[:2] / f"{k}.key").exists() for k in keys_before)
    page, code = people[0]
    await open_place(page, code)
    await expect(page.get_by_role("alert")).to_contain_text("Koden stämmer inte")
    await check_that_a_restored_backup_erases_again(backup, server, work_folder, keys, clock)
