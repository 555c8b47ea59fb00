"""A damaged record of destroyed keys stops everything that would rest on it, in words that name the file."""

import asyncio
import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import structlog

from programmes import worker
from programmes.app import create_app
from programmes.core import database_marks
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.demo.processes import environment
from programmes.doctor import checks
from programmes.doctor.findings import Patient
from programmes.settings import Settings
from tests.clock import FrozenClock

DAMAGE: dict[str, Callable[[Path], object]] = {
    "a number": lambda file: file.write_text('{"key": 5}\n'),
    "no kind": lambda file: file.write_text(f'{{"key": "{uuid4()}"}}\n'),
    "no object": lambda file: file.write_text("[]\n"),
    "a folder": lambda file: file.mkdir(),
}


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return dataclasses.replace(settings, key_folder=tmp_path / "keys")


@pytest.mark.parametrize("what", DAMAGE)
async def test_damaged_receipts_are_told_and_nothing_is_done_by_guess(
    what: str, own: Settings, clock: FrozenClock, the_worker: worker.Worker
) -> None:
    keys = KeyFolder(own.key_folder)
    person = keys.create("person")
    sealed = keys.seal("person", person, "Kim")
    file = own.key_folder / "receipts.jsonl"
    app = create_app(own, clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=own.base_url) as browser:
        assert (await browser.get("/health/ready")).status_code == 200
        DAMAGE[what](file)
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["keys"]) == (503, False)
    for asked in (
        lambda: keys.open("person", person, sealed),
        lambda: keys.exists("person", person),
        lambda: keys.destroy("person", person, "test", clock.now()) if file.is_dir() else keys.destroy_again(),
    ):
        with pytest.raises(KeysAway):
            asked()
    with pytest.raises(KeysAway, match="a link, or something else that is no file" if file.is_dir() else str(file)):
        await database_marks.accept_receipts(keys)
    ours = dataclasses.replace(the_worker, settings=own, keys=keys)
    with structlog.testing.capture_logs() as logs:
        await worker.tick(ours)
        keys.mark_restored()
        await worker.tick(ours)
        keys.unmark_restored()
    named = [
        (entry["tick"], str(file) in entry["why"] or (file.is_dir() and "no file" in entry["why"]))
        for entry in logs
        if "tick" in entry and "why" in entry
    ]
    assert named == [("restoring", True), ("erase_again", True)]
    found = await checks.examine(Patient(own, clock.now()))
    assert not [one for one in found if "could not be looked at" in one.says]
    [told] = [one for one in found if one.check == "receipts"]
    assert (told.level, str(file) in told.says or (file.is_dir() and "no file" in told.says)) == ("fault", True)
    # Mended, all goes on.
    shutil.rmtree(file) if file.is_dir() else file.unlink()
    assert keys.usable()


async def test_a_worker_that_finds_damaged_receipts_ends_with_their_name(own: Settings, the_worker: worker.Worker) -> None:
    keys = KeyFolder(own.key_folder)
    await the_worker.connection.execute("update key_folder set mark = $1 where name = 'keys'", keys.mark)
    (own.key_folder / "receipts.jsonl").write_text('{"key": 5}\n')
    command = [sys.executable, "-m", "programmes.cli", "worker", "--once"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment(own, "worker"), check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"programmes: {own.key_folder / 'receipts.jsonl'} is damaged: a line of it is no receipt." in done.stderr
    assert "Traceback" not in done.stderr
