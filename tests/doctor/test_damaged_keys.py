"""Damaged keys and a lost mark are named with commands that mend them, and what somebody has said is lost is no fault."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from programmes.core import lost_keys
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.doctor import checks, folder_findings, key_checks, right_folders, row_keys, service_key_checks
from programmes.doctor.findings import Patient
from programmes.doctor.folders import look_at
from programmes.settings import Settings
from tests.doctor.test_service_keys_lost import _lost
from tests.doctor.words import said


def _keys(settings: Settings, *more: str) -> subprocess.CompletedProcess[str]:
    typed = [sys.executable, "-m", "programmes.cli", "keys", *more]
    return subprocess.run(typed, env=environment(settings, "worker"), check=False, capture_output=True, text=True)


async def test_a_damaged_service_key_is_named_once_with_what_follows_and_the_command_that_mends_it(patient: Patient) -> None:
    (patient.settings.key_folder / "service/search.key").write_bytes(b"")
    faults = [found for found in await checks.examine(patient) if found.level == "fault"]
    [fault] = [found for found in faults if "search" in found.says]
    assert "service/search.key has another length than a key" in fault.says
    assert "None is made in its place. Until it is back nobody is found" in fault.says
    assert "programmes restore --identity - --keys …/persons-….age" in fault.mend
    # Without the database too.
    alone = await key_checks.key_folder(replace(patient, database=False))
    assert "service/search.key" in said(list(alone), "fault")


async def test_a_damaged_service_key_can_be_said_to_be_lost(patient: Patient) -> None:
    at = patient.settings.key_folder / "service/search.key"
    at.write_bytes(b"cut")
    told = await asyncio.to_thread(_lost, patient.settings)
    assert (told.returncode, "Missing, or damaged: search." in told.stderr, at.read_bytes()) == (2, True, b"cut"), told
    # No word of calendars, of which none is touched.
    assert "calendar" not in told.stderr
    told = await asyncio.to_thread(_lost, patient.settings, "--yes")
    assert (told.returncode, len(at.read_bytes())) == (0, 32), told
    assert "Restart the web processes" not in told.stdout
    [note] = [found for found in await service_key_checks.service_keys(patient) if found.level == "note"]
    assert "service/search.damaged-" in note.says


async def test_what_follows_for_calendars_and_forms_is_said_of_their_keys(patient: Patient) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    for name in ("feed", "csrf"):
        keys.service_key(name)
        (keys.folder / f"service/{name}.key").unlink()
    told = await asyncio.to_thread(_lost, patient.settings)
    assert "Every calendar gets another address then." in told.stderr
    told = await asyncio.to_thread(_lost, patient.settings, "--yes")
    assert (told.returncode, "Restart the web processes." in told.stdout) == (0, True), told


@pytest.mark.parametrize("damaged", [False, True])
async def test_a_mark_that_alone_is_away_is_named_with_the_command_that_mends_it(patient: Patient, damaged: bool) -> None:
    at = patient.settings.key_folder / "service/installation.key"
    at.write_bytes(b"") if damaged else at.unlink()
    fault = (await right_folders.right_folders(patient))[0]
    assert (fault.level, "service/installation.key" in fault.says, "No keys lie" in fault.says) == ("fault", True, False)
    assert "programmes restore --identity - --keys …/persons-….age" in fault.mend
    # Where nothing else lies either, a volume is not mounted.
    for path in patient.settings.key_folder.rglob("*.key"):
        path.unlink()
    fault = (await right_folders.right_folders(patient))[0]
    assert ("No keys lie in" in fault.says, "Mount the right one" in fault.mend) == (True, True)


async def test_of_a_damaged_key_of_a_person_there_is_one_fault_and_a_command_that_finds_it(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    [at] = patient.settings.key_folder.glob("person/??/*.key")
    at.write_bytes(b"cut")
    faults = [found for found in await checks.examine(patient) if found.level == "fault"]
    assert len(faults) == 1, said(faults, "fault")
    assert faults[0].says.startswith("1 key file is damaged")
    assert "programmes restore --identity - --keys …/persons-….age puts the copy's in the place" in faults[0].mend
    command = faults[0].mend.partition(" says which")[0]
    shown = await asyncio.to_thread(subprocess.run, command, shell=True, check=True, capture_output=True, text=True)
    assert shown.stdout.splitlines() == [str(at)]


def test_of_keys_that_no_copy_has_no_copy_is_spoken_of(tmp_path: Path) -> None:
    at = tmp_path / "private" / f"{uuid4()}.key"
    at.parent.mkdir()
    at.write_bytes(b"")
    [fault] = [
        found
        for found in folder_findings.folder_findings("ballot key folder", look_at(tmp_path, None))
        if "damaged" in found.says
    ]
    assert ("programmes keys lost ballots --yes" in fault.mend, "restore" in fault.mend) == (True, False)


async def test_records_whose_own_keys_are_lost_need_no_other_hashes(patient: Patient, owner: asyncpg.Connection) -> None:
    await owner.execute("update person_lookup set made_under = 'x'")
    assert (await service_key_checks.search_key(patient))[0].level == "fault"
    [at] = patient.settings.key_folder.glob("person/??/*.key")
    at.unlink()
    await row_keys.acknowledge(patient, ("persons",))
    assert lost_keys.known(patient.settings.key_folder)["persons"]
    assert (await service_key_checks.search_key(patient))[0].level == "ok"


async def test_that_receipts_are_lost_is_a_note_once_somebody_has_said_so(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "insert into retention_receipt (id, subject, gone, day) values (gen_random_uuid(), 'protected_record', 1, now())"
    )
    file = patient.settings.key_folder / "receipts.jsonl"
    file.unlink(missing_ok=True)
    [fault] = await key_checks.receipts(patient)
    assert (fault.level, "programmes keys confirm --yes" in fault.mend) == ("fault", True)
    told = await asyncio.to_thread(_keys, patient.settings, "confirm", "--yes")
    assert told.returncode == 0, told
    [note] = await key_checks.receipts(patient)
    assert (note.level, "as somebody has said" in note.says) == ("note", True)
    # Emptied by no such word it is a fault as before.
    await owner.execute("update restore_mark set receipts = 'x'")
    [fault] = await key_checks.receipts(patient)
    assert fault.level == "fault"
