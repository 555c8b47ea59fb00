"""A database that is given up: once a backup was put back into another one, who still runs on it takes nothing any more."""

import argparse
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from programmes import cli, worker
from programmes.app import create_app
from programmes.backup import NotBegun
from programmes.backup.restoring import no_other_keys
from programmes.core import database_marks
from programmes.core.restore_marks import confirmed_in, put_back_into
from programmes.core.restoring import restoring
from programmes.core.rotating import Rotating, rotating
from programmes.core.sealing import KeyFolder
from programmes.core.which_database import which
from programmes.demo import processes
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from programmes.upgrading import starting
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_leader, somebody
from tests.pools import as_worker
from tests.shell import Shell


@pytest.fixture
async def other(server: PrivateServer) -> AsyncIterator[str]:
    """Another database on the same server: its owner's address."""
    name = f"put_back_{os.getpid()}"
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f'create database "{name}"')
    yield server.url(name)
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


async def id_of(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return await which(connection.fetchval)
    finally:
        await connection.close()


@pytest.fixture
async def running(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, KeyFolder]]:
    """A web process that runs on the old database, and its key folder."""
    own = replace(settings, key_folder=tmp_path / "keys")
    app = create_app(own, clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=own.base_url) as browser:
        yield browser, app.state.key_folder


async def test_a_web_process_on_the_database_that_is_given_up_is_not_ready_and_takes_nothing(
    running: tuple[httpx.AsyncClient, KeyFolder], other: str, settings: Settings
) -> None:
    browser, keys = running
    assert (await browser.get("/health/ready")).json()["status"] == "ready"
    keys.mark_restored()
    keys.note_put_back(await id_of(other))
    with capture_logs() as lines:
        ready = await browser.get("/health/ready")
        assert (ready.status_code, ready.json()["status"], ready.json()["put_back"]) == (503, "not ready", "elsewhere")
        assert (await browser.get("/health/live")).status_code == 200
        for answer in (
            await browser.get("/"),
            await browser.post("/logga-in", data={"namn": "robin", "losenord": "x"}),
            await browser.post("/min-plats", data={"kod": "ABCD-EFGH"}),
            await browser.post("/u", data={"kod": "ABCD-EFGH"}),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
            assert "är nere" in answer.text or "/u" in str(answer.url)
        sent = (await browser.post("/min-plats", data={"kod": "ABCD-EFGH"})).text
        assert "Det du skickade är inte sparat." in sent
        slip = (await browser.post("/u", data={"kod": "ABCD-EFGH"})).text
        assert "Det du skickade är inte sparat." in slip
        asked_for = (await browser.get("/u")).text
        assert "inte sparat" not in asked_for
        # What was saved since the backup may well be gone, and a minute mends nothing.
        for text in (sent, slip, asked_for, shown := (await browser.get("/")).text):
            assert "lapp gäller fortfarande" not in text
            assert "Det som sparades efter att kopian gjordes kan vara borta." in text
            assert "Inget som var sparat är borta" not in text
            assert "inget som var sparat är borta" not in text
            assert "Vänta någon minut" not in text
        assert "inte sparat" not in shown
        assert (await browser.get("/static/app.css")).status_code in {200, 404}
    [told] = [line for line in lines if line["event"] == "database_given_up"]
    assert "another database" in told["says"]
    assert "--instead" in told["do"]
    # Somebody says that this is the right one after all, and it goes on without being started anew.
    keys.confirm_restored(await id_of(settings.database_url))
    assert (await browser.get("/health/ready")).status_code == 200
    assert (await browser.get("/")).status_code == 200


WRITES = {
    "staff": ("add", "roles", "activate", "deactivate", "password", "email", "second-factor"),
    "keys": ("rotate", "adopt", "lost"),
    "edition": ("load", "remove"),
    "archive": ("export", "confirm"),
    "clock": ("confirm",),
    "audit": ("resume",),
    "backup": (), "erase": (), "bounce": (),
}  # fmt: skip
TYPED = (
    "staff add kim --name Kim --role coordinator", "staff roles kim --role leader", "staff activate kim",
    "staff deactivate kim", "staff password kim", "staff email kim kim@example.se", "staff second-factor reset kim",
    "keys rotate forms", "keys adopt keys --yes", "keys lost entries --yes", "keys lost entries", "edition load FILE",
    "edition remove 2099-01-01", "archive export FOLDER --staff kim", "archive confirm 0 none --staff kim",
    "clock confirm 2026-11-30",
    "audit resume", "backup", "erase", "bounce",
)  # fmt: skip
READS = ("staff list", "clock", "edition compare FILE", "audit verify", "doctor")


def _actions() -> set[tuple[str, str]]:
    """Every command of the program with its actions."""
    [commands] = (one for one in cli._parser()._actions if isinstance(one, argparse._SubParsersAction))
    found = set()
    for name, command in commands.choices.items():
        below = [one for one in command._actions if isinstance(one, argparse._SubParsersAction)]
        found |= {(name, action) for one in below for action in one.choices} or {(name, "")}
        if "run" in command._defaults:
            found.add((name, ""))
    return found


def test_each_command_is_known_to_write_or_not() -> None:
    writes = {(name, action) for name, actions in WRITES.items() for action in actions or ("",)}
    free = {tuple(f"{typed} ".split(" ")[:2]) for typed in cli._ALSO_WHERE_GIVEN_UP}
    without = {(name, "") for name in cli._WITHOUT_SETTINGS}
    assert not writes & free
    assert writes | free | without == _actions()
    typed = {(words[0], words[1] if WRITES[words[0]] else "") for words in (line.split() for line in (*TYPED, "backup -"))}
    assert typed == writes


async def test_a_command_that_writes_ends_in_a_line_on_the_database_that_is_given_up(
    db: None, settings: Settings, other: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    own = replace(settings, key_folder=tmp_path / "keys")
    keys = KeyFolder(own.key_folder)
    keys.mark_restored()
    keys.unmark_restored()
    keys.note_put_back(await id_of(other))
    (tmp_path / "edition.toml").write_text("", encoding="utf-8")
    name = await owner.fetchval("select current_database()")
    shell = Shell(processes.environment(own, "worker"))
    wrong = []
    for typed in (*TYPED, *READS):
        words = typed.replace("FILE", str(tmp_path / "edition.toml")).replace("FOLDER", str(tmp_path)).split()
        code, said = await shell.run(*words, typed="solros-på-taket-42")
        held = said.startswith(
            f"programmes: {name} is the old database: a backup was put back into another database than this one. Nothing"
        )
        if (code, held, said.count("\n")) != (1, True, 1) if typed in TYPED else held:
            wrong.append(f"{typed}: {code} {said}")
    await shell.close()
    assert not wrong, "\n".join(wrong)
    assert await owner.fetchval("select count(*) from staff") == 0


async def test_no_page_asks_the_database_more_than_before_and_the_right_one_goes_on(
    running: tuple[httpx.AsyncClient, KeyFolder], settings: Settings, queries_log: QueryLog
) -> None:
    browser, keys = running

    async def asked() -> int:
        queries_log.clear()
        assert (await browser.get("/")).status_code == 200
        return len(queries_log.statements)

    await asked()
    usual = await asked()
    keys.mark_restored()
    keys.note_put_back(await id_of(settings.database_url))
    # Which one this is it asks once.
    assert await asked() == usual + 1
    assert await asked() == usual
    assert (await browser.get("/health/ready")).status_code == 200


async def test_the_worker_of_the_database_that_is_given_up_works_no_more(
    the_worker: worker.Worker, other: str, clock: FrozenClock, owner: asyncpg.Connection, tmp_path: Path, settings: Settings
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    own = replace(the_worker, settings=replace(settings, key_folder=keys.folder), keys=keys)
    cohort = await a_cohort("2.1", clock.now(), await a_leader(clock.now()))
    await somebody(cohort, keys, clock.now())
    await worker.drain(own)
    waiting = "select count(*) from pgqueuer"
    await somebody(cohort, keys, clock.now())
    before = await owner.fetchval(waiting)
    assert before > 0
    mark = "select mark from restore_mark"
    seen = await owner.fetchval(mark)
    keys.mark_restored()
    keys.unmark_restored()
    keys.note_put_back(await id_of(other))
    clock.advance(minutes=20)
    with capture_logs() as lines:
        await worker.drain(own)
        await worker.drain(own)
    assert await owner.fetchval(waiting) == before
    assert await owner.fetchval(mark) == seen
    assert len([line for line in lines if line["event"] == "database_given_up"]) == 1
    keys.confirm_restored(await id_of(settings.database_url))
    clock.advance(minutes=1)
    await worker.drain(own)
    assert await owner.fetchval(mark) != seen


async def test_it_is_given_up_from_the_beginning_of_a_restore_and_not_by_one_that_failed(
    running: tuple[httpx.AsyncClient, KeyFolder], other: str
) -> None:
    browser, keys = running

    async def fails() -> None:
        async with restoring(other, keys):
            assert put_back_into(keys.folder) == await id_of(other)
            assert (await browser.get("/")).status_code == 503
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert (put_back_into(keys.folder), keys.is_restoring()) == ("", True)
    assert (await browser.get("/")).status_code == 200
    async with restoring(other, keys):
        pass
    assert (await browser.get("/")).status_code == 503


@pytest.mark.parametrize("marked", [True, False], ids=["its mark is older", "nothing marked"])
async def test_who_was_not_stopped_stays_away_from_it_after_the_other_was_confirmed(
    running: tuple[httpx.AsyncClient, KeyFolder],
    the_worker: worker.Worker,
    other: str,
    settings: Settings,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    marked: bool,
) -> None:
    browser, keys = running
    own = replace(the_worker, settings=replace(settings, key_folder=keys.folder), keys=keys)
    if marked:
        async with as_worker(settings):
            await database_marks.renew(keys, clock.now(), anew=True)
        # What the worker does on the one that was put back.
        (keys.folder / "database.json").write_text('{"marks": ["of the other"], "at": "", "receipts": ""}')
    async with restoring(other, keys):
        pass
    keys.unmark_restored()
    keys.confirm_restored(await id_of(other))
    assert not keys.is_unconfirmed()
    assert (await browser.get("/")).status_code == 503
    assert (await browser.get("/health/ready")).json()["put_back"] == "elsewhere"
    assert await starting.put_back_elsewhere(settings.database_url, keys.folder)
    lying = (keys.folder / "database.json").read_bytes() if marked else b""
    clock.advance(minutes=20)
    await worker.drain(own)
    assert not keys.is_unconfirmed()
    assert not keys.waits_for_restore()
    assert not marked or (keys.folder / "database.json").read_bytes() == lying
    # Another restore goes wrong: that one is the right one all the same.
    with pytest.raises(ZeroDivisionError):
        async with restoring(settings.database_url, keys):
            raise ZeroDivisionError
    assert (await browser.get("/")).status_code == 503


async def test_the_confirmed_one_on_another_server_since_is_known_by_its_mark(
    running: tuple[httpx.AsyncClient, KeyFolder],
    the_worker: worker.Worker,
    settings: Settings,
    clock: FrozenClock,
    queries_log: QueryLog,
) -> None:
    browser, keys = running
    own = replace(the_worker, settings=replace(settings, key_folder=keys.folder), keys=keys)
    keys.confirm_restored("an older server/1")
    assert (await browser.get("/")).status_code == 503
    async with as_worker(settings):
        await database_marks.renew(keys, clock.now(), anew=True)
    assert (await browser.get("/")).status_code == 200
    assert not await starting.put_back_elsewhere(settings.database_url, keys.folder)
    queries_log.clear()
    assert (await browser.get("/health/live")).status_code == 200
    assert (await browser.get("/")).status_code == 200
    assert not [asked for asked in queries_log.statements if "pg_control_system" in str(asked)]
    await worker.drain(own)
    assert confirmed_in(keys.folder) == await id_of(settings.database_url)
    # As long as nobody has confirmed it, the mark says nothing: the one that is given up has it too.
    keys.mark_restored()
    keys.note_put_back("another/2")
    assert (await browser.get("/")).status_code == 503


async def test_keys_are_not_rotated_while_a_backup_is_put_back_and_not_put_back_while_they_are(
    settings: Settings, db: None, other: str, tmp_path: Path
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    async with rotating(settings.worker_database_url, keys.folder):
        with (
            pytest.raises(NotBegun, match="Keys are being rotated"),
            no_other_keys(replace(settings, key_folder=keys.folder)),
        ):
            pass
    with no_other_keys(replace(settings, key_folder=keys.folder)), pytest.raises(Rotating):
        async with rotating(other, keys.folder):
            pass
    async with rotating(other, keys.folder):
        pass
