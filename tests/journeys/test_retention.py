"""A coordinator hands somebody's record over to the archive, on a phone, and a manager sees that it went."""

from pathlib import Path

import asyncpg
from playwright.async_api import expect

from programmes import worker
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.factories import a_coordinator, a_staff_member
from tests.journeys.acts import sign_in
from tests.journeys.conftest import NewContext
from tests.journeys.test_accessibility import faults
from tests.oversight.retention_cast import NIGHT, a_past, alive, wake


async def test_from_the_list_of_who_is_due_by_way_of_the_archive_to_a_receipt_that_names_no_one(
    new_context: NewContext,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    await a_coordinator(clock.now())
    await a_staff_member("sasha", "manager", clock.now())
    await a_past(owner, keys, clock.now(), {"Anna Ask": "1985-02-15", "Bo Ek": "1990-07-02"})
    clock.set(NIGHT)
    await wake(owner, NIGHT)
    narrow = {"width": 320, "height": 720}
    desk = await sign_in(await new_context("phone", viewport=narrow, reduced_motion="reduce"), "kim")
    wrong = await faults(desk, "/personal/gallras")
    await expect(desk.get_by_role("link", name="Anna Ask")).to_be_visible()
    await desk.get_by_role("button", name="Gör en fil till arkivet").click()
    await expect(desk.get_by_role("heading", name="Fil till arkivet")).to_be_visible()
    wrong += await faults(desk, desk.url)
    async with desk.expect_download() as taking:
        await desk.get_by_role("link", name="Ta hem filen").click()
    file = tmp_path / "arkiv.zip"
    await (await taking.value).save_as(file)
    assert file.read_bytes().startswith(b"PK")
    await desk.get_by_label("Kontrollsumma från arkivet").fill(await desk.locator("p.code").inner_text())
    await desk.get_by_role("button", name="Arkivet har tagit emot filen").click()
    await expect(desk.get_by_text("Arkivet tog emot filen")).to_be_visible()
    await worker.drain(the_worker)
    assert await alive(owner) == set()
    clock.advance(minutes=1)
    office = await sign_in(await new_context("phone", viewport=narrow, reduced_motion="reduce"), "sasha")
    wrong += await faults(office, "/personal/gallring")
    await office.get_by_role("link", name="Uppgifter om deltagare som dokumenteras").last.click()
    await expect(office.get_by_text("2 personers uppgifter", exact=True)).to_be_visible()
    wrong += await faults(office, office.url)
    assert wrong == [], "\n".join(wrong)
