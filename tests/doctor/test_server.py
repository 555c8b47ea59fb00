"""programmes doctor: the database server, roles and migrations, clocks; and that it never hangs."""

import asyncio
import json
import os
import threading
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from programmes import migrate
from programmes.core import refusals, schema
from programmes.core.clock_trace import Machine, Trace
from programmes.core.db import engine, fetch
from programmes.demo.processes import environment
from programmes.doctor import checks, clock_checks, command, database_checks, server_checks, work_checks
from programmes.doctor.findings import Check, Finding, Patient
from programmes.doctor.server_checks import Role
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.pools import WORKERS, a_pool
from tests.shell import Shell

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def levels(found: object) -> list[str]:
    return [f.level for f in found]  # type: ignore[attr-defined]


@pytest.fixture
async def patient(settings: Settings, db: None) -> AsyncIterator[Patient]:
    """As the worker sees it."""
    webs = engine().pool
    own = replace(settings, database_url=settings.worker_database_url)
    async with a_pool(settings.worker_database_url, WORKERS) as engine().pool:
        yield Patient(own, datetime.now(UTC))
    engine().pool = webs


def test_the_server_is_judged_by_version_encoding_and_what_it_keeps() -> None:
    assert levels(server_checks.version_findings(180006, "UTF8")) == ["ok"]
    assert levels(server_checks.version_findings(170002, "UTF8")) == ["fault"]
    assert levels(server_checks.version_findings(190001, "UTF8")) == ["note"]
    assert levels(server_checks.version_findings(180001, "SQL_ASCII")) == ["ok", "fault"]
    kept = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "remote_apply"}
    assert levels(server_checks.kept_findings(kept)) == ["ok"]
    for name in kept:
        assert levels(server_checks.kept_findings({**kept, name: "off"})) == ["fault"]
        assert levels(server_checks.kept_findings({**kept, name: "off"}, demo=True)) == ["note"]
    assert levels(server_checks.connection_findings(79, 100)) == ["ok"]
    assert levels(server_checks.connection_findings(80, 100)) == ["warning"]


async def test_the_server_of_the_tests_is_seen_as_it_is(patient: Patient) -> None:
    found = await server_checks.server(patient)
    assert {"PostgreSQL 18" in f.says for f in found if f.check == "database version"} == {True}
    assert "fsync is off" in "".join(f.says for f in found)


WEB, WORKER = Role("web"), Role("worker", ballots=True)


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ([WEB, WORKER], ""),
        ([replace(WEB, powers=("superuser", "createdb")), WORKER], "web is superuser, createdb"),
        ([replace(WEB, rewrites=True), WORKER], "change or remove"),
        ([replace(WEB, ballots=True), WORKER], "web and worker may read the ballot boxes"),
        ([WEB, replace(WORKER, closed=2)], "cannot read 2 tables"),
        ([WORKER], "no roles of their own"),
    ],
)
def test_roles_that_may_too_much_or_too_little_are_faults(roles: list[Role], says: str) -> None:
    found = [*server_checks.role_findings(roles, owner=False, patient_is_web=True)]
    assert [(f.level, says in f.says, bool(f.mend)) for f in found] == [("fault" if says else "ok", True, bool(says))]
    if not says:
        rented = [replace(role, counters=True) for role in roles]
        assert levels(server_checks.role_findings(rented, owner=False, patient_is_web=True)) == ["note", "ok"]
        owners = [*server_checks.role_findings(roles, owner=True, patient_is_web=True)]
        assert levels(owners) == ["fault"]
        assert levels(server_checks.role_findings(roles, owner=True, patient_is_web=False)) == ["ok"]


async def test_rights_are_read_from_the_database_itself(
    patient: Patient, settings: Settings, owner: asyncpg.Connection
) -> None:
    assert levels(await server_checks.roles(patient)) == ["ok"]
    web = await owner.fetchval("select quote_ident($1)", str(urlsplit(settings.web_database_url).username))
    for what, undo, says in (
        ("grant select on slip to {}", "revoke select on slip from {}", "may read the ballot boxes"),
        ("grant delete on record_look to {}", "revoke delete on record_look from {}", "change or remove"),
        ("revoke select on cohort from {}", "grant select on cohort to {}", "cannot read 1 tables"),
    ):
        await owner.execute(what.format(web))
        try:
            found = await server_checks.roles(patient)
        finally:
            await owner.execute(undo.format(web))
        assert says in "".join(f.says for f in found if f.level == "fault")
    assert levels(await server_checks.roles(patient)) == ["ok"]


def test_what_the_doctor_holds_roles_to_is_what_migrate_gives_them() -> None:
    assert set(server_checks.BALLOTS) == set(migrate._HIDDEN_FROM_WEB)
    assert set(server_checks.ADDED_ONLY) <= set(migrate._WRITTEN_ONCE)


async def test_a_database_behind_or_ahead_of_the_program_is_said(patient: Patient, owner: asyncpg.Connection) -> None:
    assert levels(await server_checks.migrations(patient)) == ["ok"]
    known = list(schema.known())
    [behind] = server_checks.migration_findings(known[:-2], known)
    assert ("2 migrations have not been run" in behind.says, "programmes migrate" in behind.mend) == (True, True)
    [ahead] = server_checks.migration_findings([*known, "2099"], known)
    assert (ahead.level, "newer than this program" in ahead.says) == ("fault", True)
    assert levels(server_checks.migration_findings([*known[1:], "2099"], known)) == ["fault", "fault"]


async def test_each_of_several_hosts_is_looked_at(patient: Patient, settings: Settings, tmp_path: Path) -> None:
    assert await server_checks.database_hosts(patient) == []
    [(folder, port)] = server_checks.hosts(settings.worker_database_url)
    two = settings.worker_database_url.replace(f"host={folder}", f"host={tmp_path},{folder}")
    assert two != settings.worker_database_url
    own = replace(patient.settings, database_url=two)
    [found] = await server_checks.database_hosts(replace(patient, settings=own))
    assert (found.level, f"{tmp_path}:{port} does not answer" in found.says) == ("warning", True)
    # The rest is looked at through the one that answers.
    connection = await asyncpg.connect(two)
    await connection.close()


def test_hosts_that_are_all_there_and_two_primaries() -> None:
    assert levels(server_checks.host_findings([("a:1", "primary"), ("b:1", "standby")])) == ["ok"]
    assert levels(server_checks.host_findings([("a:1", "primary"), ("b:1", "primary")])) == ["fault"]
    assert levels(server_checks.host_findings([("a:1", "primary"), ("b:1", "TimeoutError")])) == ["warning"]


@pytest.mark.parametrize("error", [*refusals._REASONS, "SomethingElse"])
def test_why_the_database_does_not_answer_is_said_with_how_to_mend_it(error: str) -> None:
    found = server_checks.away_finding(error, Settings(database_url="postgresql://x:y@h/z"))
    assert (found.level, bool(found.mend)) == ("fault", True)
    assert len(found.says) > len("The database does not answer, so that nothing in it could be looked at.")


def test_a_database_that_does_not_exist_is_named_with_its_owner() -> None:
    kind = "InvalidCatalogNameError"
    own = Settings(
        database_url="postgresql://kim:pass@h/nonesuch?sslmode=require",
        web_database_url="postgresql://web:pass@h/nonesuch",
        worker_database_url="postgresql://worker:pass@h/nonesuch",
    )
    mend = server_checks.away_finding(kind, own).mend
    assert mend == "Correct the name in DATABASE_URL; or make it: create database nonesuch owner kim;"
    # Who has one address only may be web or the worker, whose role owns nothing.
    one = replace(own, web_database_url=own.database_url, worker_database_url=own.database_url)
    mend = server_checks.away_finding(kind, one).mend
    assert "create database nonesuch owner kim; Where web and worker have roles of their own" in mend
    odd = replace(own, database_url="postgresql://k%40m:pass@h/St%C3%B6d%22")
    assert 'create database "Stöd""" owner "k@m";' in server_checks.away_finding(kind, odd).mend
    assert "programmes_owner" not in "".join(refusals.in_words(kind))


async def test_the_refusal_of_a_real_server_is_told_by_its_class(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(url: str) -> str | None:
        async def open_one(dsn: str, size: int) -> None:
            await (await asyncpg.connect(dsn)).close()

        monkeypatch.setattr(command, "open_pool", open_one)
        return await command._refusal(Settings(database_url=url))

    good = settings.worker_database_url
    assert await refused(good.replace(urlsplit(good).password or "", "wrong")) == "InvalidPasswordError"
    assert await refused(good.replace(urlsplit(good).path, "/none")) == "InvalidCatalogNameError"
    assert await refused("postgresql://a:b@127.0.0.1:1/x") == "ConnectionRefusedError"
    assert await refused("postgresql://a:b@nowhere.invalid/x") == "gaierror"
    assert {"InvalidPasswordError", "InvalidCatalogNameError", "gaierror"} <= set(refusals._REASONS)


def test_a_zone_that_is_missing_or_of_another_age_is_a_fault() -> None:
    hours = timedelta(hours=1)
    assert levels(clock_checks.zone_findings("x", hours, 2 * hours, "m")) == ["ok"]
    assert levels(clock_checks.zone_findings("x", None, None, "m")) == ["fault"]
    assert levels(clock_checks.zone_findings("x", hours, hours, "m")) == ["fault"]


async def test_this_machine_and_the_database_know_the_zone(patient: Patient) -> None:
    assert levels(await clock_checks.time_zone(patient)) == ["ok"]
    assert levels(await clock_checks.database_zone(patient)) == ["ok"]


def test_a_clock_that_nobody_keeps_is_a_warning() -> None:
    assert levels(clock_checks.kept_findings(500_000)) == ["ok"]
    assert levels(clock_checks.kept_findings(16_000_000)) == ["warning"]
    assert levels(clock_checks.kept_findings(16_000_000, demo=True)) == ["note"]
    assert levels(clock_checks.kept_findings(None)) == ["note"]
    bound = clock_checks.kernels_bound()
    assert bound is None or 0 <= bound <= 16_000_000 * 1000


def test_a_worker_that_is_silent_is_a_fault() -> None:
    there = Trace(NOW - timedelta(minutes=2), Machine())
    assert levels(work_checks.worker_findings(there, NOW)) == ["ok"]
    assert levels(work_checks.worker_findings(there, NOW + timedelta(minutes=4))) == ["fault"]
    assert levels(work_checks.worker_findings(None, NOW)) == ["warning"]
    assert levels(work_checks.worker_findings(replace(there, doubt="step"), NOW + timedelta(hours=1))) == []


NOTHING = {"jobs": 0, "jobs_late": 0, "messages_late": 0, "offers_late": 0, "lists_due": 0, "records_due": 0}


@pytest.mark.parametrize(
    ("more", "minutes", "held", "expected"),
    [
        ({}, 0, 0, ["ok"]),
        ({"jobs": 9}, 3, 0, ["ok"]),
        ({"jobs": 9, "jobs_late": 2}, 20, 0, ["warning"]),
        ({"jobs": 9, "jobs_late": 2}, 70, 0, ["fault"]),
        ({}, 0, 3, ["warning"]),
        ({"messages_late": 1, "lists_due": 1}, 0, 0, ["warning", "note", "ok"]),
    ],
)
def test_what_waits_is_judged_by_number_and_age(more: dict[str, int], minutes: int, held: int, expected: list[str]) -> None:
    found = work_checks.queue_findings({**NOTHING, **more}, timedelta(minutes=minutes), held)
    assert levels(found) == expected


async def test_jobs_that_wait_and_that_are_held_are_counted(patient: Patient, owner: asyncpg.Connection) -> None:
    assert levels(await work_checks.waiting(patient)) == ["ok"]
    for status in ("queued", "failed"):
        await owner.execute(
            """insert into pgqueuer (priority, status, entrypoint, payload, created, execute_after)
               values (0, $1::text::pgqueuer_status, 'notice', '', now() - interval '3 hours', now() - interval '61 min')""",
            status,
        )
    late, held = await work_checks.waiting(patient)
    assert (late.level, "1 jobs wait, the oldest for 61 minutes" in late.says) == ("fault", True)
    assert (held.level, "1 jobs have failed" in held.says) == ("warning", True)


async def test_accounts_and_decisions_of_the_board_are_looked_at(patient: Patient) -> None:
    [found] = await work_checks.accounts(patient)
    assert (found.level, "programmes staff add" in found.mend) == ("warning", True)
    assert levels(work_checks.account_findings(0, 1, False)) == ["ok"]
    assert levels(work_checks.account_findings(0, 0, True)) == ["ok"]
    sections, reference = await work_checks.board_decisions(patient)
    assert ("2.12" in sections.says, "PROGRAMMES_BOARD_DECISION" in reference.mend) == (True, True)
    assert levels(work_checks.decision_findings([], "Dnr 1")) == ["ok"]
    assert levels(work_checks.decision_findings(["2.8"], "", demo=True)) == ["note", "note"]


def test_room_and_values_of_the_example_are_looked_at() -> None:
    def on(what: str, disk: int, free: int) -> work_checks.Room:
        return work_checks.Room(what, f"/{what}", disk, free)

    assert levels(work_checks.room_findings([on("key", 1, 9 << 30), on("backup", 2, 2 << 30)])) == ["ok"]
    [few] = work_checks.room_findings([on("key", 1, 9 << 30), on("backup", 2, 1 << 29)])
    assert (few.level, "/backup" in few.says, "/key" in few.says, "gets a place" in few.says) == (
        "warning",
        True,
        False,
        False,
    )
    assert ("no backup" in few.says, "copy keys" in few.mend) == (True, False)
    # The folders of one disk are told of together, each with what follows for it.
    [full] = work_checks.room_findings([on(what, 1, 1 << 20) for what in ("key", "ballot_key", "key_backup")])
    assert (full.level, "nobody gets a place" in full.says, "ballot" in full.says, "copy of keys" in full.says) == (
        *("fault", True, True, True),
    )
    assert ("/key and /ballot_key and /key_backup" in full.says, "copy keys" in full.mend) == (True, True)
    chosen = Settings(phone="0454-1", key_folder=Path("/srv/k"), backup_folder=Path("/srv/b"))
    assert levels(work_checks.example_findings(chosen)) == []
    assert levels(work_checks.example_findings(Settings())) == ["warning", "warning"]
    assert levels(work_checks.example_findings(replace(chosen, backup_folder=Path("b")), worker=False)) == []
    password = replace(chosen, database_url="postgresql://programmes_web:CHANGE-WEB@database/programmes")
    [found] = work_checks.example_findings(password)
    assert (found.level, "CHANGE-WEB" in repr(found)) == ("fault", False)
    assert levels(work_checks.example_findings(Settings(demo=True))) == []


async def test_a_check_that_does_not_end_is_left_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(patient: Patient) -> list[Finding]:
        await asyncio.sleep(30)
        return []

    async def fine(patient: Patient) -> list[Finding]:
        return [Finding("fine", "ok", "Fine.")]

    monkeypatch.setattr(checks, "A_CHECK_SECONDS", 0.1)
    monkeypatch.setattr(checks, "WITHOUT", (hangs, fine))
    found = await checks.examine(Patient(Settings(), NOW, database=False, refusal="TimeoutError"))
    assert [(f.check, f.level) for f in found] == [("database", "fault"), ("hangs", "fault"), ("fine", "ok")]
    assert "did not end within" in found[1].says


def test_a_disk_that_hangs_does_not_hold_the_doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release = threading.Event()

    async def stuck(settings: Settings, part: str, found: list[Finding], mail_to: str) -> None:
        found.append(Finding("key folder", "ok", "Fine."))
        release.wait(30)

    class Left(Exception):
        pass

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(command, "look", stuck)
    monkeypatch.setattr(command, "LIMIT_SECONDS", 0.2)
    monkeypatch.setattr(command.os, "_exit", leave)
    with pytest.raises(Left, match="1"):
        command.run(Settings(), Namespace(part="all", json=False, mail_to=""))
    release.set()
    said = capsys.readouterr().out
    assert "FAULT   doctor: It did not end within" in said
    assert "The last that was looked at: key folder." in said


async def test_an_archive_of_the_log_that_does_not_go_on_is_a_fault(patient: Patient) -> None:
    now = patient.now
    found = [*database_checks.archive_findings("on", now - timedelta(hours=2), now)]
    assert (levels(found), "cannot archive its log" in found[0].says, bool(found[0].mend)) == (["fault"], True, True)
    assert "it never could" in next(database_checks.archive_findings("always", None, now)).says
    assert levels(database_checks.archive_findings("on", None, now, demo=True)) == ["note"]
    # One that failed before, and nothing to archive yet.
    assert levels(database_checks.archive_findings("on", now, now - timedelta(hours=2))) == ["ok"]
    assert levels(database_checks.archive_findings("on", None, None)) == ["ok"]
    # Where there is none nothing is said; asked by the worker's role, of a real server.
    assert await database_checks.archiver(patient) == []


async def test_before_the_first_migrate_one_reason_is_said_once(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def behind(_: Patient) -> Sequence[Finding]:
        await fetch("select * from not_made_yet")
        return []

    async def sound(_: Patient) -> Sequence[Finding]:
        return [Finding("sound", "ok", "It is.")]

    names = ("worker", "waiting")
    monkeypatch.setattr(checks, "WITHOUT", ())
    monkeypatch.setattr(checks, "ASKING", (*(_named(behind, name) for name in names), sound))
    ok, found = await checks.examine(patient)
    assert (ok.check, found.level, found.mend) == ("sound", "fault", "programmes migrate")
    assert found.says == "The database is not at this release. Not looked at until then: worker, waiting."


async def test_of_an_empty_database_it_says_what_goes_before_what_and_nothing_else(
    patient: Patient, server: PrivateServer, owner: asyncpg.Connection
) -> None:
    name = f"empty_{os.getpid()}"
    await owner.execute(f'create database "{name}"')
    try:
        shell = Shell(environment(patient.settings, "worker") | {"DATABASE_URL": server.url(name)})
        code, said = await shell.run("doctor", "--json")
        found = json.loads(said)["findings"]
        [told] = [one for one in found if one["check"] == "tables"]
        assert (code, told["level"]) == (1, "fault")
        restore, migrate = told["mend"].index("programmes restore"), told["mend"].index("programmes migrate")
        assert migrate < told["mend"].index("If a backup is to be put back") < restore
        # To migrate is the advice of none, nor is anything said that nobody can know yet.
        assert [one["check"] for one in found if "migrate" in one["mend"] or "release" in one["says"]] == ["tables"]
        assert not {"database roles", "folder of keys", "worker"} & {one["check"] for one in found}
        assert {"database version", "database durability"} <= {one["check"] for one in found}
        await shell.close()
    finally:
        await owner.execute(f'drop database "{name}" with (force)')


def _named(check: Check, name: str) -> Check:
    async def one(patient: Patient) -> Sequence[Finding]:
        return await check(patient)

    one.__name__ = name
    return one
