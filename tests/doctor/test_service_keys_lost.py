"""Service keys that are away without a mark that they were there, and what lies under one that was lost."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg

from programmes import worker
from programmes.app import create_app
from programmes.backup import archives
from programmes.core import service_keys
from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder, is_begun
from programmes.demo.processes import environment
from programmes.doctor import checks, service_key_checks
from programmes.doctor.findings import Patient
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.doctor.words import said
from tests.factories import a_staff_member


def _lost(settings: Settings, *more: str) -> subprocess.CompletedProcess[str]:
    typed = [sys.executable, "-m", "programmes.cli", "keys", "lost", "service", *more]
    return subprocess.run(typed, env=environment(settings, "worker"), check=False, capture_output=True, text=True)


def _of_another_release(folder: Path) -> None:
    """A key that lies there and was never noted."""
    (folder / "service/feed.key").write_bytes(b"f" * 32)
    assert not (folder / "service/feed.made").exists()


async def test_a_worker_that_starts_notes_the_keys_that_lie_there(patient: Patient, the_worker: Worker) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    _of_another_release(keys.folder)
    await worker.start_up(replace(the_worker, settings=patient.settings, keys=keys))
    (keys.folder / "service/feed.key").unlink()
    assert keys.missing_service_keys() == ["feed"]


async def test_a_web_process_that_starts_notes_the_keys_that_lie_there(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path
) -> None:
    app = create_app(replace(settings, key_folder=tmp_path / "keys"), clock, own_pool=False)
    _of_another_release(tmp_path / "keys")
    async with app.lifespan():
        (tmp_path / "keys/service/feed.key").unlink()
        assert app.state.key_folder.missing_service_keys() == ["feed"]


def test_what_a_copy_brings_into_an_empty_folder_is_noted(tmp_path: Path) -> None:
    before = KeyFolder(tmp_path / "before")
    before.service_key("search")
    copy = archives.unpacked(archives.person_keys(tmp_path / "before"))
    archives.put_back(copy, tmp_path / "after")
    assert is_begun(tmp_path / "after")
    (tmp_path / "after/service/search.key").unlink()
    assert service_keys.missing(tmp_path / "after") == ["search"]


async def test_doctor_and_the_command_agree_on_a_key_that_only_rows_tell_of(patient: Patient) -> None:
    folder = patient.settings.key_folder
    for end in ("key", "made"):
        (folder / f"service/search.{end}").unlink()
    [found] = await service_key_checks.service_keys(patient)
    assert (found.level, "whoever needs it first makes another one" in found.says) == ("fault", True)
    assert "None is made" not in found.says
    told = await asyncio.to_thread(_lost, patient.settings)
    assert (told.returncode, "Missing, or damaged: search." in told.stderr) == (2, True), told
    assert (await asyncio.to_thread(_lost, patient.settings, "--yes")).returncode == 0
    assert (folder / "service/search.key").exists()


async def test_who_signs_in_with_a_code_app_under_a_lost_key_is_named_until_it_is_reset(
    patient: Patient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    kim = (await a_staff_member("kim", "coordinator", clock.now())).staff_id
    sealed = keys.seal_for_service("second-factor", f"staff/{kim}", "SECRET")
    async with transaction():
        await execute(
            "insert into second_factor (staff_id, sealed, last_step, enrolled_at) values ($1, $2, 0, $3)",
            kim, sealed, clock.now(),
        )  # fmt: skip
    assert (await service_key_checks.factor_key(patient))[0].level == "ok"
    (keys.folder / "service/second-factor.key").unlink()
    told = await asyncio.to_thread(_lost, patient.settings, "--yes")
    assert (told.returncode, "programmes staff second-factor reset" in told.stdout, "  kim" in told.stdout) == (
        0,
        True,
        True,
    )
    assert "1 accounts have a code app" in said(await checks.examine(patient), "warning")
    # And whoever asks again.
    assert "  kim" in (await asyncio.to_thread(_lost, patient.settings)).stdout
    await owner.execute("delete from second_factor")
    assert (await service_key_checks.factor_key(patient))[0].level == "ok"


async def test_calendars_under_another_key_are_a_fault(patient: Patient, owner: asyncpg.Connection) -> None:
    KeyFolder(patient.settings.key_folder).service_key("feed")
    await owner.execute(
        """insert into feed (id, kind, generation, token_digest, created_at, revised_at)
           values (gen_random_uuid(), 'cohort', 1, 'x', now(), now())"""
    )
    assert "1 calendars have an address under another key" in said(await checks.examine(patient), "fault")
