"""programmes doctor: what goes wrong with folders of keys is said, with how to mend it, and never a key or a name."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from programmes import clock_commands, worker
from programmes.cli import main
from programmes.core import backup_trace
from programmes.core.clock_trace import Witness
from programmes.core.db import transaction
from programmes.core.jobs import put
from programmes.core.restoring import restoring
from programmes.core.rotating import Rotating, rotating
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.demo.processes import environment
from programmes.doctor import backup_checks, checks, command, database_checks, key_checks, service_key_checks
from programmes.doctor.database_checks import logging_findings
from programmes.doctor.findings import Patient, as_json, as_text, exit_code
from programmes.doctor.folder_findings import folder_findings
from programmes.doctor.folders import FolderFacts
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.text_keys import TextKeys
from programmes.people import rotation_services
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.doctor.words import said
from tests.factories import a_cohort, somebody
from tests.shell import Shell


async def test_a_sound_installation_has_no_fault(patient: Patient) -> None:
    found = await checks.examine(patient)
    assert said(found, "fault") == ""
    assert exit_code(found) == 0
    for told in (
        "All 1 protected records",
        "All 1 entries",
        "All 1 ballot boxes",
        "ends as its folder says",
        "It is the one",
    ):
        assert told in said(found, "ok")
    assert "same volume" in said(found, "warning")


def _only(path: Path, pattern: str) -> Path:
    [found] = [file for file in path.glob(pattern) if not file.name.startswith(".")]
    return found


def _another(folder: Path) -> None:
    shutil.rmtree(folder)
    KeyFolder(folder)


BROKEN: dict[str, tuple[Callable[[Settings], object], str]] = {
    "open folder": (lambda s: s.key_folder.chmod(0o755), "can be entered by other accounts"),
    "open ballot folder": (lambda s: s.ballot_key_folder.chmod(0o750), "can be entered by other accounts"),
    "open log folder": (lambda s: s.log_key_folder.chmod(0o705), "can be entered by other accounts"),
    "no folder": (lambda s: shutil.rmtree(s.key_folder), "is not there"),
    "no ballot folder": (lambda s: shutil.rmtree(s.ballot_key_folder), "is not there"),
    "no log folder": (lambda s: shutil.rmtree(s.log_key_folder), "is not there"),
    "another folder": (lambda s: _another(s.key_folder), "Another folder lies where the keys were"),
    "no person's key": (lambda s: _only(s.key_folder, "person/??/*.key").unlink(), "1 of 1 protected records need a key"),
    "no entry's key": (lambda s: _only(s.key_folder, "entry/??/*.key").unlink(), "1 of 1 entries of working lists need"),
    "no private half": (lambda s: _only(s.ballot_key_folder, "private/*.key").unlink(), "1 of 1 ballot boxes"),
    "no public half": (lambda s: _only(s.key_folder, "ballots/*.pub").unlink(), "public halves of ballot keys: 1 of 1"),
    "no search key": (lambda s: (s.key_folder / "service/search.key").unlink(), "The key `search` is not in the folder"),
    "a damaged key": (
        lambda s: _only(s.key_folder, "person/??/*.key").write_bytes(secrets.token_bytes(31)),
        "1 key file is damaged",
    ),
    "no chain key": (lambda s: (s.log_key_folder / "chain/chain.key").unlink(), "The key of the access log's chain is not"),
    "no head": (lambda s: (s.log_key_folder / "chain/head.json").unlink(), "The head of the access log's chain is not"),
    "another chain": (
        lambda s: (s.log_key_folder / "chain/head.json").write_text(json.dumps({"position": 1, "mac": "00" * 32})),
        "does not end as the folder says",
    ),
    "closed receipts": (lambda s: (s.key_folder / "receipts.jsonl").mkdir(), "receipts of destroyed keys cannot be read"),
}


async def test_what_is_broken_is_said_with_how_to_mend_it(patient: Patient, installation: Path) -> None:
    own = patient.settings
    sound = {
        folder: installation / f"sound-{folder.name}"
        for folder in (own.key_folder, own.ballot_key_folder, own.log_key_folder)
        for folder in (own.key_folder, own.ballot_key_folder, own.log_key_folder)
    }
    for folder, copy in sound.items():
        shutil.copytree(folder, copy)
    ids = [path.stem for path in installation.rglob("*") if path.suffix in {".key", ".pub"} and len(path.stem) == 36]
    for what, (spoil, told) in BROKEN.items():
        spoil(own)
        before = sorted(installation.rglob("*"))
        found = await checks.examine(patient)
        assert told in said(found, "fault"), what
        assert exit_code(found) == 1
        assert all(f.mend for f in found if f.level in {"fault", "warning"}), what
        # Looking makes nothing, and tells no key and nobody.
        assert sorted(installation.rglob("*")) == before
        text = as_text(found) + as_json(found)
        assert not [known for known in (*ids, "Hemlig") if known in text]
        for folder, copy in sound.items():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(copy, folder)
    assert said(await checks.examine(patient), "fault") == ""


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir(mode=0o700)


async def test_a_folder_that_is_away_is_one_fault_and_nothing_asks_to_give_up_what_lies_in_it(patient: Patient) -> None:
    own = patient.settings
    web = replace(patient, part="web", settings=replace(own, database_url=own.web_database_url))
    for folder, named, also in (
        (own.key_folder, "restore, keys of rows, keys open, receipts, service keys", web),
        (own.ballot_key_folder, "ballot keys, small groups", patient),
    ):
        away = folder.with_name("away")
        shutil.copytree(folder, away)
        for spoil, told in (
            (shutil.rmtree, f"{folder} is not there."),
            (_emptied, f"No keys lie in {folder}"),
            (_another, "Another folder lies where the keys were"),
        ):
            spoil(folder)
            for whom in (patient, also):
                found = await checks.examine(whom)
                [fault] = [f for f in found if f.level == "fault"]
                assert told in fault.says
                [note] = [f for f in found if f.check == "keys"]
                assert (note.level, named in note.says) == ("note", True)
                assert not [word for word in ("--yes", "keys adopt", "keys lost") if word in as_text(found)]
                # Nor is anything said of a restore by the marks of another folder.
                assert any(f.check == "restore" for f in found) == (folder == own.ballot_key_folder)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(away, folder)
        shutil.rmtree(away)
    assert "Not looked at" not in as_text(await checks.examine(patient))


async def test_whoever_has_exchanged_keys_is_asked_for_a_backup_until_there_is_one(
    patient: Patient, clock: FrozenClock
) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    await backup_trace.note("backup", clock.now() - timedelta(minutes=1), done=True)

    async def asked() -> bool:
        return "Keys were exchanged" in said([*await backup_checks.backups(patient)], "warning")

    async def at_once(_: float) -> None:
        pass

    await rotation_services.forms(keys, clock)
    assert not await asked()
    await rotation_services.persons(keys, clock, patient.now, pause=at_once)
    assert await asked()
    await backup_trace.note("backup", clock.now() + timedelta(minutes=1), done=False)
    assert await asked()
    await backup_trace.note("backup", clock.now() + timedelta(minutes=1), done=True)
    assert not await asked()
    await rotation_services.search(keys, FrozenClock(clock.now() + timedelta(minutes=2)), pause=at_once)
    assert await asked()


async def test_what_is_missing_of_service_and_log_keys_is_said_with_where_it_lies(patient: Patient) -> None:
    (patient.settings.key_folder / "service/search.key").unlink()
    (patient.settings.log_key_folder / "chain/chain.key").unlink()
    found = {f.check: f.mend for f in await checks.examine(patient) if f.level == "fault"}
    assert "service/search.key in each copy of person keys from before it was lost" in found["service keys"]
    assert "programmes restore --identity - --keys …/persons-….age" in found["service keys"]
    unpacked = f"runuser -u programmes-worker -- tar xz -C {patient.settings.log_key_folder})"
    assert f"…/log-….age | (umask 077; {unpacked}; with containers as in docs/operations.md" in found["log keys"]


@pytest.mark.parametrize(
    ("name", "level", "then"),
    [
        ("csrf", "warning", "forms of the one are refused by the other"),
        ("backup", "warning", "put back only with --keys"),
        ("sign-in", "warning", "begins again"),
        ("search", "fault", "None is made in its place. Until it is back nobody is found"),
        ("second-factor", "fault", "nobody signs in with a code app"),
        ("feed", "fault", "are answered as before. Until it is back no address"),
    ],
)
async def test_of_each_service_key_that_is_away_it_is_said_what_follows(
    patient: Patient, name: str, level: str, then: str
) -> None:
    """Each by itself, and whether or not a row needs it yet."""
    KeyFolder(patient.settings.key_folder).service_key(name)
    [fine] = await service_key_checks.service_keys(patient)
    assert fine.level == "ok"
    key = patient.settings.key_folder / f"service/{name}.key"
    key.rename(key.with_name("aside"))
    [found] = [f for f in await checks.examine(patient) if f.check == "service keys"]
    assert (found.level, f"The key `{name}`" in found.says, then in found.says) == (level, True, True), found.says
    assert (f"service/{name}.key in each copy" in found.mend, key.exists()) == (True, False)


async def test_a_service_key_that_is_lost_for_good_is_made_anew_only_when_somebody_says_so(patient: Patient) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    before = keys.service_key("search")
    (keys.folder / "service/search.key").unlink()
    for typed, code in ((["keys", "lost", "service"], 2), (["keys", "lost", "service", "--yes"], 0)):
        with pytest.raises(KeysAway):
            keys.service_key("search")
        assert await asyncio.to_thread(_in_a_shell, patient.settings, typed) == code
    assert keys.service_key("search") != before
    assert await asyncio.to_thread(_in_a_shell, patient.settings, ["keys", "lost", "service"]) == 0


async def test_small_groups_that_could_be_mixed_and_still_wait_are_said(patient: Patient, owner: asyncpg.Connection) -> None:
    ballots = BallotKeys(patient.settings.ballot_key_folder, patient.settings.key_folder)

    async def a_box(answers: int) -> UUID:
        box = uuid4()
        ballots.create(box)
        await owner.execute(
            """insert into ballot (id, half_year, section, state, created_on, closed_on)
               values ($1, $2, '2.7', 'waiting', '2026-09-01', '2026-09-02')""",
            box,
            str(box),
        )
        await owner.executemany("insert into sealed_answer values ($1, $2, 'x')", [(uuid4(), box) for _ in range(answers)])
        return box

    await a_box(4)
    assert "No small groups wait" in said(await checks.examine(patient), "ok")
    other = await a_box(2)
    assert "enough to be mixed, in 2.7." in said(await checks.examine(patient), "fault")
    # A receipt of the free texts' key from before keys had ids names none.
    texts = TextKeys(patient.settings.ballot_key_folder, patient.settings.key_folder)
    earlier = patient.settings.ballot_key_folder / "text" / "2.7.key"
    earlier.parent.mkdir(exist_ok=True)
    earlier.write_bytes(secrets.token_bytes(32))
    texts.destroy("2.7", None, patient.now)
    ballots.destroy(other, "counted", patient.now)
    assert "looked at" not in said(await checks.examine(patient), "fault")
    assert "enough to be mixed" not in said(await checks.examine(patient), "fault")


async def test_orphans_torn_receipts_rotations_and_waiting_destructions_are_said(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    stray = keys.create("entry")
    person = _only(patient.settings.key_folder, "person/??/*.key")
    keys.destroy("person", keys.create("person"), "five years", patient.now)
    receipts = patient.settings.key_folder / "receipts.jsonl"
    receipts.write_bytes(b'{"key": "torn\n' + receipts.read_bytes())
    person.with_suffix(".next").write_bytes(secrets.token_bytes(32))
    person.with_suffix(".next").chmod(0o644)
    receipts.chmod(0o644)
    old = (patient.now - timedelta(days=2)).timestamp()
    os.utime(patient.settings.key_folder / "entry" / str(stray)[:2] / f"{stray}.key", (old, old))
    await owner.execute(
        "insert into key_destruction (kind, key_id, why, intended_at) values ('entry', $1, 'left', $2)",
        uuid4(),
        patient.now - timedelta(hours=2),
    )
    found = await checks.examine(patient)
    assert "1 keys of entries of working lists are older than a day" in said(found, "note")
    for told in ("1 lines of the receipts", "A rotation was broken off: 1 keys", "2 folders, key files or receipts"):
        assert told in said(found, "warning")
    assert "1 keys that are to be destroyed have waited" in said(found, "fault")
    async with rotating(patient.settings.database_url, patient.settings.key_folder):
        found = await checks.examine(patient)
        assert "A rotation is running: 1 keys" in said(found, "note")
        assert "broken off" not in said(found, "warning")
        with pytest.raises(Rotating):
            async with rotating(patient.settings.worker_database_url, patient.settings.key_folder):
                pass
        arguments = ["keys", "rotate", "forms"]
        code = await asyncio.to_thread(_in_a_shell, patient.settings, arguments)
        assert code == 1


def _in_a_shell(settings: Settings, arguments: list[str]) -> int:
    """A command in a process of its own: its exit code."""
    made = environment(settings, "worker")
    return subprocess.run([sys.executable, "-m", "programmes.cli", *arguments], env=made, check=False).returncode


async def test_a_worker_that_starts_beside_a_restore_erases_nothing(
    patient: Patient, the_worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    again: list[bool] = []
    monkeypatch.setattr(KeyFolder, "destroy_again", lambda _: again.append(True))
    own = replace(the_worker, settings=patient.settings, keys=keys)
    keys.mark_restoring()
    await worker.start_up(own)
    assert again == []
    keys.unmark_restoring()
    await worker.start_up(own)
    assert again == [True]


async def test_another_persons_key_missing_receipts_and_a_roles_own_log_are_found(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    person = _only(patient.settings.key_folder, "person/??/*.key")
    right = person.read_bytes()
    person.write_bytes(secrets.token_bytes(32))
    await owner.execute(
        """insert into erasure_receipt (id, section, form, level, rule, erased_on)
           values ($1, '2.1', 'group', 'held', 'closing', '2026-09-01')""",
        uuid4(),
    )
    (patient.settings.key_folder / "receipts.jsonl").unlink(missing_ok=True)
    here = await owner.fetchval("select quote_ident(current_database())")
    role = await owner.fetchval("select quote_ident($1)", str(urlsplit(patient.settings.web_database_url).username))
    await owner.execute(f"alter role {role} in database {here} set log_min_duration_statement = 0")
    try:
        found = await checks.examine(patient)
    finally:
        await owner.execute(f"alter role {role} in database {here} reset all")
    assert "1 protected record does not open with the key that lies there" in said(found, "fault")
    # A copy is not put over a key that lies there, so that one goes first.
    (mend,) = [f.mend for f in found if "does not open with the key" in f.says]
    assert f"move {patient.settings.key_folder}/person out of the folder" in mend
    assert "programmes restore --identity - --keys" in mend
    assert "receipts.jsonl is not there" in said(found, "fault")
    assert "log_min_duration_statement is 0 for" in said(found, "warning")
    person.write_bytes(right)
    assert "does not open with the key" not in said(await checks.examine(patient), "fault")


async def test_web_is_not_asked_for_what_it_must_not_reach(patient: Patient) -> None:
    web = replace(patient, part="web", settings=replace(patient.settings, database_url=patient.settings.web_database_url))
    shutil.rmtree(patient.settings.ballot_key_folder)
    shutil.rmtree(patient.settings.log_key_folder)
    found = await checks.examine(web)
    assert said(found, "fault") == ""
    assert not any("ballot key folder" in f.check or "log" in f.check for f in found if f.check != "database log")


def test_without_a_database_the_folders_are_looked_at_and_the_rest_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = replace(settings, database_url=f"postgresql://x:y@/none?host={tmp_path}", key_folder=tmp_path / "none")
    monkeypatch.setattr("programmes.cli.read_settings", lambda: away)
    # In a process of its own the pool is its own; here it is the tests'.
    monkeypatch.setattr(command, "_refusal", lambda _: _refused())
    monkeypatch.setattr(command, "close_pool", _refused)
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["worst"] == "fault"
    assert {"key folder", "database"} <= {f["check"] for f in told["findings"] if f["level"] == "fault"}
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "FAULT   database: The database does not answer" in said
    assert "It refuses the password." in said


async def _refused() -> str:
    return "InvalidPasswordError"


def test_what_the_database_writes_into_its_log_is_looked_at() -> None:
    fine = {"log_statement": "none", "log_error_verbosity": "terse", "log_parameter_max_length_on_error": "0"}
    assert [f.level for f in logging_findings(fine)] == ["ok"]
    for name, value in (
        ("log_statement", "all"),
        ("log_error_verbosity", "default"),
        ("log_parameter_max_length_on_error", "-1"),
        ("log_min_duration_statement", "250"),
        ("log_duration", "on"),
    ):
        [found] = logging_findings({**fine, name: value})
        assert (found.level, name in found.says, name in found.mend) == ("warning", True, True)


def test_on_a_volume_of_its_own_nothing_is_said_and_where_it_cannot_be_seen_it_is() -> None:
    assert [f.level for f in folder_findings("x", FolderFacts("/k", same_volume=False))] == ["ok"]
    assert [f.level for f in folder_findings("x", FolderFacts("/k", same_volume=None))] == ["ok", "note"]
    assert [f.level for f in folder_findings("x", FolderFacts("/k", same_volume=True), demo=True)] == ["ok", "note"]
    closed = folder_findings("x", FolderFacts("/k", usable=False, closed=3, of_others=2, same_volume=False))
    assert [f.level for f in closed] == ["warning", "fault"]


async def test_a_worker_with_another_folder_stops_and_touches_nothing(
    patient: Patient, the_worker: Worker, settings: Settings
) -> None:
    from programmes.core.folder_marks import adopt, hold_to

    other = KeyFolder(patient.settings.key_folder.parent / "other")
    with pytest.raises(KeysAway):
        await worker.start_up(replace(the_worker, settings=patient.settings, keys=other))
    await hold_to(other)
    assert not other.usable()
    elsewhere = replace(patient.settings, ballot_key_folder=patient.settings.key_folder.parent / "other-ballots")
    keys = KeyFolder(patient.settings.key_folder)
    with pytest.raises(KeysAway):
        await worker.start_up(replace(the_worker, settings=elsewhere, keys=keys))
    # Who knows that the first is lost says so, and goes on with the other.
    fresh = KeyFolder(patient.settings.key_folder.parent / "other")
    await adopt("keys", fresh.mark, patient.now)
    await hold_to(fresh)
    assert fresh.usable()


async def test_in_a_shell_it_is_the_same(patient: Patient, owner: asyncpg.Connection) -> None:
    """The commands as processes of their own, with the worker's role, after the key folder was lost."""

    async def shell(*command: str) -> tuple[int | None, str]:
        env = environment(patient.settings, "worker")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "programmes.cli", *command, env=env, stdout=PIPE, stderr=PIPE
        )
        said, wrong = await process.communicate()
        return process.returncode, (said + wrong).decode()

    keys, ballots = patient.settings.key_folder, patient.settings.ballot_key_folder
    away = keys.with_name("away")
    keys.rename(away)
    # Nothing lies in its place afterwards, whatever is asked for: it is moved back, and all is as before.
    quick = Shell(environment(patient.settings, "worker"))
    for typed in (
        *(
            ("worker", "--once"),
            ("erase", "--catch-up"),
            ("erase", "--preview"),
            ("archive", "export", "x", "--staff", "kim"),
        ),
        *(("keys", "confirm", "--yes"), ("keys", "rotate", "forms"), ("serve", "--port", "65001"), ("audit", "verify")),
        *(("doctor", "--json"), ("staff", "list"), ("settings",)),
    ):
        code, said = await quick.run(*typed)
        assert ("Traceback" in said, keys.exists()) == (False, False), (typed, said)
        if typed[0] in {"worker", "erase", "archive", "keys", "serve"}:
            assert (code, f"there is no key folder at {keys}" in said) == (1, True), (typed, said)
    # Nor when the database cannot be asked whether this is the first start.
    url = patient.settings.worker_database_url.rpartition("/")[0] + "/no_such_database"
    await quick.close()
    quick = Shell(environment(patient.settings, "worker") | {"DATABASE_URL": url})
    for typed in (("worker",), ("serve", "--port", "65001")):
        code, said = await quick.run(*typed)
        assert (code in {1, 3}, "Traceback" in said, keys.exists()) == (True, False, False), (typed, said)
    await quick.close()
    away.rename(keys)
    ballots.rename(away)
    quick = Shell(environment(patient.settings, "worker"))
    for typed in (("worker", "--once"), ("doctor",)):
        code, said = await quick.run(*typed)
        assert (code, ballots.exists(), "Traceback" in said) == (1, False, False), (typed, said)
    assert f"there is no key folder at {ballots}" in (await quick.run("worker"))[1]
    await quick.close()
    away.rename(ballots)
    shutil.rmtree(keys)
    assert (await shell("keys", "adopt", "keys", "--yes"))[0] == 0
    code, said = await shell("doctor", "--json")
    assert (code, json.loads(said)["worst"]) == (1, "fault")
    assert "1 of 1 protected records need a key" in said
    assert "Another folder" not in said


async def test_a_trace_that_lies_ahead_is_a_fault_here_as_for_the_clock_command_and_no_key_is_rotated(
    patient: Patient, owner: asyncpg.Connection
) -> None:
    await owner.execute("delete from clock_trace")
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, now() + interval '2 days', 'aa', 1)")
    [finding] = await database_checks.clock(patient)
    assert (finding.level, bool(finding.mend)) == ("fault", True)
    assert await clock_commands.show(Witness(patient.settings.clock_standstill), patient.now) == 1
    keys = KeyFolder(patient.settings.key_folder)
    before = keys.service_key("search")
    assert await asyncio.to_thread(_in_a_shell, patient.settings, ["keys", "rotate", "search", "--yes"]) == 1
    assert keys.newest_service_key("search") == before


async def test_no_more_records_are_opened_than_take_a_moment_and_a_wrong_key_among_them_is_found(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    cohort = await a_cohort("2.8", clock.now())
    for _ in range(2):
        await somebody(cohort, keys, clock.now(), "Bo Alm")
    monkeypatch.setattr(key_checks, "MOST_OPENED", 2)
    finding, entries = await key_checks.keys_open(patient)
    assert (finding.level, finding.says) == ("ok", "Each of 2 protected records that has its key opens.")
    assert entries.level == "ok"
    for path in patient.settings.key_folder.glob("*/??/*.key"):
        length = path.stat().st_size
        path.unlink()
        path.write_bytes(secrets.token_bytes(length))
    finding, entries = await key_checks.keys_open(patient)
    assert (entries.level, "2 entries of working lists" in entries.says) == ("fault", True)
    assert (finding.level, "2 protected records of 2 that were looked at" in finding.says) == ("fault", True)


async def test_it_is_said_that_all_waits_for_a_restore_and_for_what_comes_after_it(
    patient: Patient, the_worker: Worker, settings: Settings
) -> None:
    keys = KeyFolder(patient.settings.key_folder)
    assert "restore: The worker waits for no backup" in said(await checks.examine(patient), "ok")
    async with transaction():
        await put("ballot_close", {"ballot": str(uuid4())})
    async with restoring(settings.database_url, keys):
        told = await checks.examine(patient)
        assert "restore: A backup is being put back, or that broke off." in said(told, "fault")
        assert "restore: 1 jobs wait for it." in said(told, "note")
        keys.unmark_restoring()
        keys.unmark_restored()
        assert "the mark of it is not in this key folder" in said(await checks.examine(patient), "fault")
        keys.mark_restoring()
    told = await checks.examine(patient)
    assert "restore: A backup has been put back, and what had been erased since" in said(told, "fault")
    # Also where the database does not answer.
    assert "A backup has been put back" in said(await checks.examine(replace(patient, database=False)), "fault")
    await worker.drain(replace(the_worker, settings=patient.settings, keys=keys))
    assert "restore:" not in said(await checks.examine(patient), "fault")
