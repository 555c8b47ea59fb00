"""Keys that are lost for good are a fault until somebody says that it is known; those that go missing later are one."""

import json
import shutil
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from uuid import uuid4

import asyncpg
import pytest

from programmes.core import lost_keys
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.doctor import checks, row_keys
from programmes.doctor.findings import Patient, exit_code
from programmes.evaluation.keys import BallotKeys
from tests.doctor.words import said


async def _shell(patient: Patient, *words: str) -> tuple[int | None, str]:
    """A command as a process of its own, with the worker's role."""
    command = (sys.executable, "-m", "programmes.cli", *words)
    process = await create_subprocess_exec(*command, env=environment(patient.settings, "worker"), stdout=PIPE, stderr=PIPE)
    out, wrong = await process.communicate()
    return process.returncode, (out + wrong).decode()


async def _lose(patient: Patient, owner: asyncpg.Connection) -> None:
    """Everything that no copy holds: the ballots' folder, the keys of entries, and a free text's."""
    shutil.rmtree(patient.settings.key_folder / "entry")
    shutil.rmtree(patient.settings.key_folder / "ballots")
    for name in ("private", "text"):
        shutil.rmtree(patient.settings.ballot_key_folder / name, ignore_errors=True)
    await owner.execute(
        """insert into held_text (id, section, question, group_tag, blob, state, key_id)
           values ($1, '2.8', 'more', $1, 'x', 'held', $1)""",
        uuid4(),
    )


async def test_what_is_lost_is_a_note_once_it_is_known_and_a_new_loss_a_fault(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    await _lose(patient, owner)
    faults = said(await checks.examine(patient), "fault")
    for told in (
        "1 of 1 entries of working lists need a key",
        "ballot keys: 1 of 1 ballot boxes",
        "public halves of ballot keys: 1 of 1 ballot boxes",
        "Free texts of 1 programmes have no key",
        "programmes keys lost entries --yes",
        "programmes keys lost ballots --yes",
    ):
        assert told in faults
    # Asked first, it notes nothing.
    code, told = await _shell(patient, "keys", "lost", "entries")
    assert (code, "1 entries of working lists. Whom leaders" in told, "say --yes" in told) == (2, True, True), told
    assert "entries of working lists need" in said(await checks.examine(patient), "fault")
    for what in ("entries", "ballots"):
        code, told = await _shell(patient, "keys", "lost", what, "--yes")
        assert (code, "Known as lost from now on" in told) == (0, True), told
    assert await _shell(patient, "keys", "lost", "persons", "--yes") == (0, "No such key is missing.\n")
    found = await checks.examine(patient)
    assert (said(found, "fault"), exit_code(found)) == ("", 0)
    notes = said(found, "note")
    for told in (
        "Of 1 of 1 entries of working lists the key is lost",
        "Of 1 of 1 ballot boxes",
        "Of free texts of 1 programmes",
    ):
        assert told in notes
    assert "let them ask again for what is needed" in notes
    # By ids alone, and nothing of it is erased.
    written = (patient.settings.key_folder / "lost.json").read_text()
    assert set(json.loads(written)) == {"entries", "persons", "ballots", "texts"}
    assert "Hemlig" not in written
    assert await owner.fetchval("select count(*) from enrolment where key_id is not null and sealed is not null") == 1
    assert await owner.fetchval("select count(*) from audit_entry where action = 'keys:lost'") == 3
    # What goes missing from now on is a fault beside it.
    ballots = BallotKeys(patient.settings.ballot_key_folder, patient.settings.key_folder)
    box = uuid4()
    ballots.create(box)
    await owner.execute(
        "insert into ballot (id, half_year, section, state, created_on) values ($1, '2026-2', '2.8', 'open', '2026-09-01')",
        box,
    )
    assert said(await checks.examine(patient), "fault") == ""
    shutil.rmtree(patient.settings.ballot_key_folder / "private")
    shutil.rmtree(patient.settings.key_folder / "person")
    faults = said(await checks.examine(patient), "fault")
    assert "ballot keys: 1 of 2 ballot boxes" in faults
    assert "public halves" not in faults
    assert "entries" not in faults
    assert "1 of 1 protected records need a key" in faults
    assert "programmes restore --identity - --keys" in faults


async def test_a_box_whose_private_half_is_there_is_never_noted_as_lost(patient: Patient) -> None:
    shutil.rmtree(patient.settings.key_folder / "ballots")
    box = next((patient.settings.ballot_key_folder / "private").iterdir()).stem
    # As the release before noted it, by the public half alone.
    lost_keys.note(patient.settings.key_folder, {"ballots": {box}})
    faults = said(await checks.examine(patient), "fault")
    assert "1 of 1 ballot boxes that are not counted have no public half" in faults
    assert "Start the worker" in faults
    assert "keys lost" not in faults
    (patient.settings.key_folder / "lost.json").unlink()
    assert await _shell(patient, "keys", "lost", "ballots", "--yes") == (0, "No such key is missing.\n")
    code, told = await _shell(patient, "keys", "confirm", "--yes")
    assert (code, "Known as lost" in told) == (0, False), told
    assert not lost_keys.known(patient.settings.key_folder)["ballots"]


async def test_small_groups_do_not_wait_for_one_whose_key_is_known_to_be_lost(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    ballots = BallotKeys(patient.settings.ballot_key_folder, patient.settings.key_folder)
    boxes = {uuid4(): answers for answers in (4, 2)}
    for box, answers in boxes.items():
        ballots.create(box)
        await owner.execute(
            """insert into ballot (id, half_year, section, state, created_on, closed_on)
               values ($1, $2, '2.7', 'waiting', '2026-09-01', '2026-09-02')""",
            box,
            str(box),
        )
        await owner.executemany("insert into sealed_answer values ($1, $2, 'x')", [(uuid4(), box) for _ in range(answers)])
    (patient.settings.ballot_key_folder / "private" / f"{next(iter(boxes))}.key").unlink()
    assert "Small groups wait" in said(await checks.examine(patient), "fault")
    await row_keys.acknowledge(patient, row_keys.NEVER_COPIED)
    assert said(await checks.examine(patient), "fault") == ""


async def test_a_key_that_is_back_is_one_as_before(patient: Patient) -> None:
    kept = shutil.copytree(patient.settings.key_folder / "entry", patient.settings.key_folder.parent / "found")
    shutil.rmtree(patient.settings.key_folder / "entry")
    await row_keys.acknowledge(patient, row_keys.NEVER_COPIED)
    assert "entries of working lists the key is lost" in said(await checks.examine(patient), "note")
    shutil.copytree(kept, patient.settings.key_folder / "entry")
    assert "All 1 entries" in said(await checks.examine(patient), "ok")


@pytest.mark.parametrize("folder", ["key_folder", "ballot_key_folder"])
async def test_nothing_is_taken_for_lost_where_another_folder_lies_or_a_backup_is_put_back(
    patient: Patient, folder: str
) -> None:
    at = getattr(patient.settings, folder)
    at.rename(at.with_name("away"))
    for words in (("keys", "lost", "entries", "--yes"), ("keys", "lost", "ballots", "--yes")):
        code, told = await _shell(patient, *words)
        assert (code, "another folder lies where the keys were, or none" in told) == (1, True), told
    assert not at.exists()
    at.with_name("away").rename(at)
    KeyFolder(patient.settings.key_folder).mark_restored()
    code, told = await _shell(patient, "keys", "lost", "entries", "--yes")
    assert (code, "Start the worker first" in told or "start the worker first" in told) == (1, True), told
    assert not any(lost_keys.known(patient.settings.key_folder).values())


async def test_what_is_written_of_lost_keys_is_never_a_reason_to_fail(patient: Patient) -> None:
    at = patient.settings.key_folder / "lost.json"
    for written in (b"", b"[]", b'{"entries": 1}', b"\xff"):
        at.write_bytes(written)
        assert not any(lost_keys.known(patient.settings.key_folder).values())
        assert said(await checks.examine(patient), "fault") == ""


async def test_who_confirms_the_database_knows_of_what_no_copy_holds_and_of_persons_is_told(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    await _lose(patient, owner)
    shutil.rmtree(patient.settings.key_folder / "person")
    keys = KeyFolder(patient.settings.key_folder)
    keys.mark_restored()
    keys.unmark_restored()
    code, told = await _shell(patient, "keys", "confirm")
    assert (code, "those of working lists and ballots that are missing are taken for lost" in told) == (2, True), told
    code, told = await _shell(patient, "keys", "confirm", "--yes")
    assert (code, "Known as lost from now on" in told, "1 entries of working lists" in told) == (0, True, True), told
    faults = said(await checks.examine(patient), "fault")
    assert faults.count(" need a key") == 1
    assert "1 of 1 protected records" in faults
