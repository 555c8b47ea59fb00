"""A database that is put back by hand, while the worker runs: it is recognised, erased again, and costs nobody a key."""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import structlog

from programmes import key_commands, worker
from programmes.core import database_marks
from programmes.core.db import fetchval, transaction
from programmes.core.sealing import KeyFolder, KeyGone
from programmes.core.which_database import which
from programmes.demo.processes import environment
from programmes.doctor import key_checks, row_keys, service_key_checks
from programmes.doctor.findings import Finding, Patient
from programmes.enrolment.records import key_services
from programmes.people import lookup_services, records, session_services
from programmes.people.look_rules import Purpose
from programmes.people.queries import half_sign_in, load_principal
from programmes.people.rules import Browser
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody

_WHOLE = ("restore_mark", "participant", "person_lookup", "enrolment", "seat")
REWRITE: Purpose = "rewrite"


class Backup:
    """What pg_dump and pg_restore do to these tables: they know of no mark, and of no lock of ours."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self._owner = owner

    async def make(self) -> None:
        for table in _WHOLE:
            await self._owner.execute(f"create temp table kept_{table} as select * from public.{table}")

    async def put_back(self) -> None:
        async with self._owner.transaction():
            await self._owner.execute("set local session_replication_role = replica")
            for table in _WHOLE:
                await self._owner.execute(f"delete from public.{table}")
                await self._owner.execute(f"insert into public.{table} select * from kept_{table}")

    async def forget(self) -> None:
        for table in _WHOLE:
            await self._owner.execute(f"drop table if exists kept_{table}")


@pytest.fixture
async def backup(owner: asyncpg.Connection):  # type: ignore[no-untyped-def]
    made = Backup(owner)
    yield made
    await made.forget()


async def people(owner: asyncpg.Connection) -> list[UUID]:
    return [row["id"] for row in await owner.fetch("select id from participant order by created_at, id")]


async def erase(person: UUID, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    """As it is done: the rows first, the key and its receipt once that has committed."""
    await owner.execute("delete from enrolment where participant_id = $1", person)
    await owner.execute("delete from participant where id = $1", person)
    keys.destroy("person", person, "person: test", clock.now())


def age(settings: Settings, clock: FrozenClock) -> None:
    made = (clock.now() - timedelta(days=2)).timestamp()
    for path in settings.key_folder.glob("*/??/*.key"):
        os.utime(path, (made, made))


def only_these(settings: Settings) -> None:
    """The folder of keys without what other tests left there."""
    for kind in ("entry", "person", "aside"):
        shutil.rmtree(settings.key_folder / kind, ignore_errors=True)


def patient(settings: Settings, clock: FrozenClock) -> Patient:
    return Patient(settings, clock.now())


async def test_a_plain_restore_while_the_worker_runs_is_seen_and_erased_again(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection, backup: Backup
) -> None:
    keys = the_worker.keys
    cohort = await a_cohort("2.8", clock.now())
    for name in ("Anna Ask", "Bo Berg"):
        await somebody(cohort, keys, clock.now(), name)
    await worker.drain(the_worker)
    erased, kept = await people(owner)
    sealed = await owner.fetchval("select sealed from participant where id = $1", erased)
    [file] = (settings.key_folder / "person").glob(f"*/{erased}.key")
    key = file.read_bytes()
    await backup.make()
    await erase(erased, keys, clock, owner)
    clock.advance(seconds=5)
    await worker.drain(the_worker)
    await backup.put_back()
    assert await people(owner) == [erased, kept]
    # Its key brought back too, as somebody might who reads that rows miss theirs.
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(key)
    with pytest.raises(KeyGone):
        keys.open("person", erased, sealed)
    assert not keys.exists("person", erased)
    found = await row_keys.keys_of_rows(patient(settings, clock))
    told = [one.says for one in found if one.level == "fault"]
    assert len(told) == 2
    assert not any("need a key that is not in the folder" in one for one in told)
    clock.advance(seconds=5)
    await worker.drain(the_worker)
    assert await people(owner) == [kept]
    assert not file.exists()
    assert keys.is_unconfirmed()
    # What is loaded after that comes to nothing either: rows are held against receipts, not the mark alone.
    await owner.execute("set session_replication_role = replica")
    await owner.execute("insert into participant select * from kept_participant where id = $1", erased)
    await owner.execute("set session_replication_role = default")
    clock.advance(minutes=2)
    await worker.drain(the_worker)
    assert await people(owner) == [kept]


async def test_a_real_pg_restore_beside_the_worker_brings_nobody_back(
    the_worker: worker.Worker,
    settings: Settings,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    server: PrivateServer,
    tmp_path: Path,
) -> None:
    def run(program: str, *arguments: str) -> None:
        command = [str(server.binaries / program), *arguments]
        subprocess.run(command, check=True, capture_output=True)

    keys, dump = the_worker.keys, str(tmp_path / "backup")
    await somebody(await a_cohort("2.8", clock.now()), keys, clock.now(), "Anna Ask")
    await worker.drain(the_worker)
    [anna] = await people(owner)
    await asyncio.to_thread(run, "pg_dump", "--format=custom", f"--file={dump}", settings.database_url)
    await erase(anna, keys, clock, owner)
    clock.advance(seconds=5)
    await worker.drain(the_worker)
    restore = ("--clean", "--if-exists", f"--dbname={settings.database_url}", dump)
    await asyncio.to_thread(run, "pg_restore", *restore)
    assert await people(owner) == [anna]
    clock.advance(seconds=5)
    await worker.drain(the_worker)
    assert await people(owner) == []
    assert keys.is_unconfirmed()


_OPEN = """select (select count(*) from staff_session) as staff, (select count(*) from half_sign_in) as halves,
                  (select count(*) from place_session) as places"""


async def test_nobody_is_signed_in_of_a_database_that_was_put_back(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection, backup: Backup
) -> None:
    """Who was signed in when it was made may have been signed out, or deactivated, since."""
    keys = the_worker.keys
    cohort = await a_cohort("2.8", clock.now(), await a_leader(clock.now()))
    await somebody(cohort, keys, clock.now(), "Anna Ask")
    await somebody(cohort, keys, clock.now(), "Bo Berg")
    erased, _ = await people(owner)
    staff_id = await owner.fetchval("select id from staff")
    async with transaction():
        await session_services.begin(staff_id, Browser(), clock.now(), clock.now())
        await session_services.begin_half(staff_id, "code", Browser(), clock.now())
    # A worker that is started anew, as each day, signs nobody out.
    await worker.start_up(the_worker)
    await worker.drain(the_worker)
    assert tuple(await owner.fetchrow(_OPEN)) == (1, 1, 2)
    await backup.make()
    await erase(erased, keys, clock, owner)
    clock.advance(seconds=5)
    await worker.drain(the_worker)
    await backup.put_back()
    await worker.drain(the_worker)
    assert keys.is_unconfirmed()
    assert tuple(await owner.fetchrow(_OPEN)) == (0, 0, 0)
    [told] = await key_checks.restore(patient(settings, clock))
    assert told.level == "warning"
    assert (
        "Accounts, passwords, roles and second factors are those of its moment: who was deactivated since may" in told.says
    )
    assert (
        "programmes staff list: deactivate who has left (programmes staff deactivate), and give new passwords" in told.mend
    )
    assert "Then: programmes keys confirm --yes." in told.mend
    # Whoever signs in then stays so.
    async with transaction():
        await session_services.begin(staff_id, Browser(), clock.now(), clock.now())
    clock.advance(minutes=2)
    await worker.drain(the_worker)
    assert (await owner.fetchrow(_OPEN))["staff"] == 1


@pytest.mark.parametrize("confirmed", [False, True])
async def test_who_was_signed_in_is_signed_out_also_where_the_row_is_loaded_after_the_restore_was_seen(
    confirmed: bool,
    the_worker: worker.Worker,
    settings: Settings,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    backup: Backup,
) -> None:
    """`pg_restore` beside the worker: the table of marks is there, and that of sessions comes later."""
    keys = the_worker.keys
    await somebody(await a_cohort("2.8", clock.now(), await a_leader(clock.now())), keys, clock.now(), "Anna Ask")
    staff_id = await owner.fetchval("select id from staff")
    await worker.drain(the_worker)
    async with transaction():
        await session_services.begin(staff_id, Browser(), clock.now(), clock.now())
        await session_services.begin_half(staff_id, "code", Browser(), clock.now())
    rows = {table: await owner.fetch(f"table {table}") for table in ("staff_session", "half_sign_in", "place_session")}
    for table in rows:
        await owner.execute(f"delete from {table}")
    await backup.make()
    clock.advance(minutes=11)
    await worker.drain(the_worker)
    slow = await asyncpg.connect(settings.database_url)
    try:
        async with slow.transaction():
            # Tables are filled before they are held to each other.
            await slow.execute("set local session_replication_role = replica")
            for table, [row] in rows.items():
                await slow.copy_records_to_table(table, records=[tuple(row)])
            await backup.put_back()
            await worker.drain(the_worker)
            assert keys.is_unconfirmed()
    finally:
        await slow.close()
    assert tuple(await owner.fetchrow(_OPEN)) == (1, 1, 1)
    if confirmed:
        keys.confirm_restored(await which(fetchval))
    clock.advance(seconds=5)
    async with transaction():
        new = await session_services.begin(staff_id, Browser(), clock.now(), clock.now())
        half = await session_services.begin_half(staff_id, "code", Browser(), clock.now())
    await worker.drain(the_worker)
    assert tuple(await owner.fetchrow(_OPEN)) == (1, 1, 0)
    assert await load_principal(new, clock.now())
    assert await half_sign_in(half, clock.now())
    # The clock was wrong by a day when it was seen: whoever signs in after it has been put right stays so.
    keys.note_signed_out(clock.now() + timedelta(days=1))
    await worker.drain(the_worker)
    clock.advance(seconds=5)
    async with transaction():
        new = await session_services.begin(staff_id, Browser(), clock.now(), clock.now())
    await worker.drain(the_worker)
    assert await load_principal(new, clock.now())


async def test_a_restore_right_after_an_erasure_is_seen_too(
    the_worker: worker.Worker, clock: FrozenClock, owner: asyncpg.Connection, backup: Backup
) -> None:
    """Before any tick could make another mark."""
    keys = the_worker.keys
    await somebody(await a_cohort("2.8", clock.now()), keys, clock.now(), "Anna Ask")
    await worker.drain(the_worker)
    [erased] = await people(owner)
    await backup.make()
    await erase(erased, keys, clock, owner)
    await backup.put_back()
    await worker.drain(the_worker)
    assert await people(owner) == []


async def test_the_wrong_backup_costs_nobody_their_key(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection, backup: Backup
) -> None:
    keys = the_worker.keys
    only_these(settings)
    cohort = await a_cohort("2.8", clock.now())
    for name in "ABCDE":
        await somebody(cohort, keys, clock.now(), name)
    await worker.drain(the_worker)
    yesterday = Backup(owner)
    await yesterday.make()
    clock.advance(days=1)
    await somebody(cohort, keys, clock.now(), "Eva Ek")
    await worker.drain(the_worker)
    newest = set(await people(owner))
    [eva] = newest - {row["id"] for row in await owner.fetch("select id from kept_participant")}
    sealed = await owner.fetchval("select sealed from participant where id = $1", eva)
    await owner.execute("create temp table right_one as select * from public.participant")
    await yesterday.put_back()
    await yesterday.forget()
    age(settings, clock)
    the_worker.swept.clear()
    await worker.drain(the_worker)
    assert keys.exists("person", eva)
    told = await key_checks.restore(patient(settings, clock))
    assert [(one.level, "programmes keys confirm" in one.mend) for one in told] == [("warning", True)]
    # Somebody says it is the right one all the same: the key is aside, and comes back when its row does.
    keys.confirm_restored(await which(fetchval))
    clock.advance(hours=2)
    await worker.drain(the_worker)
    assert not keys.exists("person", eva)
    assert eva in {key for _day, _kind, key in keys.aside()}
    assert (await key_checks.aside(patient(settings, clock)))[0].level == "note"
    await owner.execute("set session_replication_role = replica")
    await owner.execute("insert into participant select * from right_one where id = $1", eva)
    await owner.execute("set session_replication_role = default")
    await owner.execute("drop table right_one")
    clock.advance(hours=2)
    await worker.drain(the_worker)
    record = records.read(records.SealedRecord(eva, sealed, 0, protected=False), keys, REWRITE)
    assert record is not None
    assert record.name == "Eva Ek"


async def test_a_key_whose_row_never_was_goes_after_its_days_and_an_erased_one_at_once(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys = the_worker.keys
    only_these(settings)
    cohort = await a_cohort("2.8", clock.now())
    for name in "ABC":
        await somebody(cohort, keys, clock.now(), name)
    stray, other = keys.create("entry"), keys.create("person")
    age(settings, clock)
    days = settings.key_quarantine_days
    assert await key_services.sweep(keys, clock.now(), days) == 2
    keys.destroy("person", other, "person: test", clock.now())
    assert {key for _day, _kind, key in keys.aside()} == {stray}
    await key_services.sweep(keys, clock.now() + timedelta(days=days), days)
    assert {key for _day, _kind, key in keys.aside()} == {stray}
    await key_services.sweep(keys, clock.now() + timedelta(days=days + 1), days)
    assert keys.aside() == []
    assert not list(settings.key_folder.rglob(f"{stray}*"))


async def test_somebody_confirms_and_an_emptied_file_of_receipts_is_told(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys, file = the_worker.keys, settings.key_folder / "receipts.jsonl"
    keys.destroy("person", keys.create("person"), "person: test", clock.now())
    await worker.drain(the_worker)

    async def state() -> Finding:
        [found] = await key_checks.receipts(patient(settings, clock))
        return found

    assert (await state()).level == "ok"
    whole = file.read_bytes()
    try:
        for content in (b"", whole[: whole[:-1].rfind(b"\n") + 1]):
            file.write_bytes(content)
            clock.advance(hours=1)
            await worker.drain(the_worker)
            assert (await state()).level == "fault"
        file.write_bytes(whole + b'{"key": "torn')
        assert (await state()).level == "ok"
        file.write_bytes(b"")
        assert (await database_marks.receipts_are_older(keys)) is True
        keys.mark_restored()
        keys.unmark_restored()
        assert key_commands._confirm(settings, argparse.Namespace(yes=False)) == 2
        assert keys.is_unconfirmed()
        command, env = [sys.executable, "-m", "programmes.cli", "keys", "confirm", "--yes"], environment(settings, "worker")
        done = await asyncio.to_thread(subprocess.run, command, env=env, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert not keys.is_unconfirmed()
        assert (await state()).level == "ok"
    finally:
        file.write_bytes(whole)


async def test_hashes_from_before_the_search_key_was_rotated_are_told_and_made_anew(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    keys = the_worker.keys
    await somebody(await a_cohort("2.8", clock.now()), keys, clock.now(), "Anna Ask")
    [anna] = await people(owner)
    assert await lookup_services.find("Anna Ask", keys) == [anna]
    await owner.execute("update person_lookup set made_under = 'another', digest = sha256(digest)")
    assert await lookup_services.find("Anna Ask", keys) == []
    [told] = await service_key_checks.search_key(patient(settings, clock))
    assert told.level == "fault"
    await worker.drain(the_worker)
    assert await lookup_services.find("Anna Ask", keys) == [anna]
    [told] = await service_key_checks.search_key(patient(settings, clock))
    assert told.level == "ok"


@pytest.mark.parametrize("broken", ["yesterday", "2026-09-01T08:00:00", "9999-12-31T23:59:59-12:00", 7, None])
async def test_a_note_of_the_database_whose_time_cannot_be_read_stops_nothing(
    broken: object, the_worker: worker.Worker, settings: Settings
) -> None:
    await worker.tick(the_worker)
    note = settings.key_folder / "database.json"
    note.write_text(json.dumps({**json.loads(note.read_bytes()), "at": broken}))
    with structlog.testing.capture_logs() as logs:
        await worker.tick(the_worker)
        await worker.tick(the_worker)
    assert [line for line in logs if line["event"] == "tick_failed"] == []
    assert await database_marks.is_known(the_worker.keys)


@pytest.mark.parametrize("instead", ["an empty folder", "nothing"])
async def test_a_key_folder_that_is_away_is_no_database_that_was_put_back(
    instead: str,
    the_worker: worker.Worker,
    settings: Settings,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    await somebody(await a_cohort("2.8", clock.now()), the_worker.keys, clock.now(), "Anna Ask")
    await worker.drain(the_worker)
    before = await owner.fetch("table restore_mark")
    away = settings.key_folder.with_name("away")
    settings.key_folder.rename(away)
    if instead != "nothing":
        settings.key_folder.mkdir()
    try:
        clock.advance(hours=2)
        with structlog.testing.capture_logs() as logged:
            await worker.tick(the_worker)
        assert {line["event"] for line in logged} == {"keys_away"}
        assert instead == "nothing" or list(settings.key_folder.iterdir()) == []
    finally:
        if instead != "nothing":
            settings.key_folder.rmdir()
        away.rename(settings.key_folder)
    assert await owner.fetch("table restore_mark") == before
    with structlog.testing.capture_logs() as logged:
        await worker.tick(the_worker)
    assert logged == []
    assert not the_worker.keys.is_unconfirmed()
