"""A backup is whole or not there, holds no key that must not be kept, and comes back as it was, but for who was erased."""

import asyncio
import errno
import fcntl
import gzip
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pyrage
import pytest

from programmes.backup import BackupError, archives, drilling, files, making, manifest, postgres, restoring
from programmes.backup.progress import Progress
from programmes.core import backup_files, backup_trace, lock_numbers
from programmes.core.db import transaction
from programmes.core.rotating import rotating
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.doctor.backup_checks import backup_set
from programmes.doctor.findings import Patient
from programmes.enrolment.records import partner_services
from programmes.people import session_services
from programmes.people.records import PartnerRecord
from programmes.people.rules import Browser
from programmes.settings import Settings
from programmes.upgrading import starting
from tests.backup.installation import IDENTITY, Place, Typed, variables
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody


async def rights(connection: asyncpg.Connection) -> list[tuple[str, str]]:
    """Who may do what with every table, sequence, column and function. Nothing written down is what PostgreSQL gives to
    begin with, so that it's the same whether a right was never touched or was written down as it already was."""
    rows = await connection.fetch(
        """with given (name, rights) as (
             select relname::text,
                    coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))
             from pg_class where relnamespace = 'public'::regnamespace
             union all select oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
             from pg_proc where pronamespace = 'public'::regnamespace
             union all select attrelid::regclass::text || '.' || attname, attacl from pg_attribute
             join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace and attacl is not null)
           select name, r::text as granted from given, unnest(rights) r order by 1, 2"""
    )
    return [(row["name"], row["granted"]) for row in rows]


async def test_a_backup_comes_back_whole_and_who_was_erased_since_stays_erased(
    place: Place, empty_database: Settings, owner: asyncpg.Connection, typed: Typed, tmp_path: Path
) -> None:
    own, [kept, erased] = place.settings, place.people
    place.keys.service_key("search")
    [robin] = await owner.fetch("select id, username, display_name from staff")
    async with transaction():
        await session_services.begin(robin["id"], Browser(), datetime.now(UTC), None)
        await session_services.begin_half(robin["id"], "code", Browser(), datetime.now(UTC))
    (own.log_key_folder / "chain").mkdir(parents=True)
    (own.log_key_folder / "chain" / "head.json").write_text("{}")
    await owner.execute(
        """insert into ballot (id, half_year, section, state, created_on)
           values (gen_random_uuid(), '2026-2', '2.14', 'waiting', '2026-09-01')"""
    )
    assert await typed(own, "backup") == (0, "")
    name = place.newest.name
    assert place.lies() == sorted(
        [name, *manifest.FILES, "manifest.json", f"keys-{name}.json", f"log-{name}.age", f"persons-{name}.age"]
    )  # nothing half done
    # Nobody else reads it, nor who has no identity; and what must never be kept is not in it.
    written = [path for folder in (own.backup_folder, own.key_backup_folder) for path in folder.rglob("*.age")]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    copy = restoring.read_copy(place.copy(), [IDENTITY])
    assert set(map(str, place.people)) == {Path(key).stem for key in copy.keys if key.startswith("person/")}
    assert str(place.entry) not in "".join(copy.keys)
    assert not any(key.startswith(("entry", "ballots")) for key in copy.keys)
    assert b"head.json" in gzip.decompress(files.open_bytes(place.copy("log"), [IDENTITY]))
    assert json.loads(files.open_bytes(place.newest / "counts.age", [IDENTITY]))["participant"] == 2
    assert "participant" not in (place.newest / "manifest.json").read_text()

    # What could not begin was no rehearsal, and has not failed.
    for slip in (
        ("--identity", tmp_path / "mistyped"),
        ("--identity", _another(tmp_path)),
        ("--identity", place.identity, "--keys", tmp_path / "none"),
        ("--identity", place.identity, tmp_path / "20260101T011500Z"),
    ):
        assert (await typed(own, "restore", "--drill", *slip))[0] == 1
        assert "drill" not in await backup_trace.seen()
    # A rehearsal beside the running system, by the newest backup; it leaves a trace and no database.
    place.keys.destroy("person", erased, "five years", datetime.now(UTC))
    code, said = await typed(own, "restore", "--drill", "--identity", place.identity)
    assert code == 0, said
    assert "opened with the copy of keys: 2" in said
    assert "a restore would erase again: 1" in said
    assert await owner.fetch(backup_trace.REHEARSALS) == []
    assert {name for name, seen in (await backup_trace.seen()).items() if not seen.failed} == {"backup", "drill"}

    # The machine is lost, with all keys: what is left are the backup and the copy of keys from before the erasure, and a
    # newer backup, which knows of it.
    await making.make(own, datetime.now(UTC) + timedelta(hours=1), Progress())
    new = replace(
        own,
        **{url: getattr(empty_database, url) for url in ("database_url", "web_database_url", "worker_database_url")},
        key_folder=tmp_path / "new-keys",
        ballot_key_folder=tmp_path / "new-ballots",
    )
    old = own.backup_folder / name
    given = ("restore", old, "--identity", place.identity)
    code, said = await typed(new, *given)
    assert (code, "There is no key folder" in said, new.key_folder.exists()) == (1, True, False)
    given = (*given, "--keys", own.key_backup_folder / f"persons-{name}.age")
    code, said = await typed(new, *given)
    assert (code, "--lost ballots" in said, new.key_folder.exists()) == (1, True, False), said
    # Addresses that do not belong together are found before anything is written.
    for wrong, told in (
        ({"web_database_url": own.web_database_url}, "PROGRAMMES_WEB_DATABASE_URL leads to another database"),
        ({"worker_database_url": own.worker_database_url}, "PROGRAMMES_WORKER_DATABASE_URL leads to another database"),
        ({"web_database_url": new.worker_database_url}, "name one account"),
    ):
        code, said = await typed(replace(new, **wrong), *given, "--lost", "ballots")
        assert (code, told in said, new.key_folder.exists()) == (1, True, False), said
    code, said = await typed(new, *given, "--lost", "ballots")
    assert code == 0, said
    assert "as many as the backup of" in said
    assert "erased again: 1." in said
    assert "programmes keys confirm --yes" in said
    assert "has ever gone well" not in said
    assert "last at work" not in said
    # Nobody can do anything about the keys that no copy holds: what is lost is told as lost, and is known afterwards.
    lost, _, to_do = said.partition("Lost with keys")[2].partition("To be done before web is started:")
    assert "2 entries of working lists." in lost
    assert "1 ballot boxes that are not counted." in lost
    assert "need a key that is not in the folder" not in said
    assert "not in its folder" not in to_do
    # Who may sign in is as it was then, so it is to be looked at.
    assert f"- robin\tactive\tleader\tpassword\t{robin['display_name']}" in said
    assert "programmes staff deactivate" in said
    assert "consents that were taken back" in said
    keys = KeyFolder(new.key_folder)
    assert keys.is_unconfirmed()
    assert not keys.waits_for_restore()
    # Nobody goes on with the database that was given up: not web, not worker, and it is not confirmed by mistake.
    given_up = replace(own, key_folder=new.key_folder, ballot_key_folder=new.ballot_key_folder)
    assert "another database than this one" in await starting.put_back_elsewhere(own.web_database_url, new.key_folder)
    for words in (("worker", "--once"), ("keys", "confirm", "--yes"), ("doctor",)):
        code, said = await typed(given_up, *words)
        assert (code, "another database than this one" in said) == (1, True), said
    assert await starting.put_back_elsewhere(new.web_database_url, new.key_folder) == ""
    assert (keys.exists("person", kept), keys.exists("person", erased)) == (True, False)
    connection = await asyncpg.connect(new.database_url)
    try:
        [row] = await connection.fetch("select id, sealed from participant")
        assert row["id"] == kept
        assert "Hemlig" in keys.open("person", kept, row["sealed"])
        assert await connection.fetchval("select count(*) from enrolment") == 2
        for table in ("staff_session", "half_sign_in"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0
        assert await rights(connection) == await rights(owner)
        assert await connection.fetchval("select mark from key_folder where name = 'ballots'") is not None
    finally:
        await connection.close()
    code, said = await typed(new, "keys", "confirm", "--yes")
    assert (code, "is the right one from now on" in said, keys.is_unconfirmed()) == (0, True, False), said
    _, said = await typed(new, "doctor")
    assert "Of 2 of 2 entries of working lists the key is lost, as somebody has said." in said
    assert "Of 1 of 1 ballot boxes that are not counted the key is lost" in said
    assert "need a key that is not in the folder" not in said
    # Over a filled one nothing is put back.
    code, said = await typed(new, *given, "--lost", "ballots")
    assert (code, "The database is not empty" in said) == (1, True)


async def test_a_restore_says_what_it_erased_again_of_records_partners_and_working_lists(
    place: Place, empty_database: Settings, owner: asyncpg.Connection, typed: Typed, clock: FrozenClock
) -> None:
    own, keys = place.settings, place.keys
    sections = ("2.1", "2.1", "2.14")
    whole, partly, talks = [await a_cohort(section, clock.now()) for section in sections]
    all_of_it = [(await somebody(whole, keys, clock.now())).enrolment_id for _ in range(3)]
    [one, _] = [(await somebody(partly, keys, clock.now())).enrolment_id for _ in range(2)]
    for name in ("Anna Ask", "Bo Berg"):
        taken = await somebody(talks, keys, clock.now(), name)
        partner = PartnerRecord("Pia Ek", "pia@example.invalid", ("email",))
        await partner_services.keep(taken.enrolment_id, partner, 1, keys, clock.now())
    [last] = await owner.fetch("select id from partner_record where enrolment_id = $1", taken.enrolment_id)
    await making.make(own, datetime.now(UTC), Progress())
    # Of documented people too, whose places end: those are no working lists.
    keys_of = "select key_id from enrolment where id = any($1::uuid[]) or participant_id = any($2::uuid[])"
    for gone in await owner.fetch(keys_of, [*all_of_it, one], place.people):
        keys.destroy("entry", gone["key_id"], "closed", datetime.now(UTC))
    for person in (*place.people, last["id"]):
        keys.destroy("person", person, "test", datetime.now(UTC))
    urls = {url: getattr(empty_database, url) for url in ("database_url", "web_database_url", "worker_database_url")}
    new = replace(own, **urls)
    code, said = await typed(new, "restore", place.newest, "--identity", place.identity)
    assert code == 0, said
    assert "Protected records that had been erased since, and are erased again: 2." in said
    assert "Partners' records (2.14) that had been erased since, and are erased again: 1." in said
    assert "Groups of whose working list all or a part had been erased since, and is erased again: 2." in said
    # And it has been, before web or worker are started; the consent beside the partner's record is no yes any more.
    async with restoring.connected(new.database_url) as connection:
        assert await connection.fetchval("select count(*) from enrolment where id = any($1::uuid[])", [*all_of_it, one]) == 0
        assert await connection.fetchval("select count(*) from partner_record") == 1
        consent = await connection.fetchval("select partner_consent from enrolment where id = $1", taken.enrolment_id)
        assert consent is False


def _bit(path: Path, where: float) -> None:
    content = bytearray(path.read_bytes())
    content[min(int(len(content) * where), len(content) - 1)] ^= 1
    path.write_bytes(content)


def _rewritten(folder: Path, **others: object) -> None:
    """The manifest written anew by somebody who has not the installation's keys, its checksums right."""
    told = json.loads((folder / "manifest.json").read_text()) | others
    told["files"] = {name: vars(files.facts_of(folder / name)) for name in told["files"]}
    (folder / "manifest.json").write_text(json.dumps(told))


def _forged(folder: Path) -> None:
    """Another content, encrypted to the recipient as anybody can, with a manifest to go with it."""
    (folder / "database.age").unlink()
    files.seal_bytes(b"PGDMP", folder / "database.age", [IDENTITY.to_public()])
    _rewritten(folder)


def _linked(path: Path) -> None:
    """What lies elsewhere, whole, and a link to it here."""
    elsewhere = path.parent.parent / path.name
    elsewhere.unlink(missing_ok=True)
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


ALTERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "header": (lambda at: _bit(at / "database.age", 0), "database.age is cut short or altered"),
    "middle": (lambda at: _bit(at / "database.age", 0.5), "database.age is cut short or altered"),
    "last byte": (lambda at: _bit(at / "database.age", 1), "database.age is cut short or altered"),
    "cut": (lambda at: os.truncate(at / "database.age", 70_000), "database.age is cut short or altered"),
    "counts": (lambda at: _bit(at / "counts.age", 0.9), "counts.age is cut short or altered"),
    "receipts gone": (lambda at: (at / "receipts.age").unlink(), "receipts.age is not there"),
    "no manifest": (lambda at: (at / "manifest.json").unlink(), "is no whole backup"),
    "half a manifest": (lambda at: os.truncate(at / "manifest.json", 300), "manifest is cut short or altered"),
    "a digit in the manifest": (lambda at: _rewritten(at, release="0.0.9"), "manifest has been altered"),
    "a migration of the future": (lambda at: _rewritten(at, migration="2099"), "manifest has been altered"),
    "forged": (_forged, "manifest has been altered"),
    "of another installation": (
        lambda at: _rewritten(at, marks={"keys": "00" * 32}),
        "of another installation, or the key folder is",
    ),
    "a link": (lambda at: _linked(at / "counts.age"), "counts.age is a link"),
    "a link to what it should be": (lambda at: _linked(at / "database.age"), "database.age is a link"),
    "a link of a manifest": (lambda at: _linked(at / "manifest.json"), "manifest.json is a link"),
    "of a later format": (lambda at: _rewritten(at, format=2), "another format"),
}


async def test_what_is_cut_short_altered_or_elsewheres_is_refused_and_the_database_stays_empty(
    place: Place, empty_database: Settings, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await making.make(place.settings, datetime.now(UTC), Progress())
    urls = {url: getattr(empty_database, url) for url in ("database_url", "web_database_url", "worker_database_url")}
    new, sound = replace(place.settings, **urls), place.newest

    async def refused(because: str, *arguments: object, settings: Settings = new) -> None:
        code, said = await typed(settings, "restore", "--identity", place.identity, *arguments)
        assert (code, because in said, "Traceback" in said) == (1, True, False), (because, said)
        async with restoring.connected(new.database_url) as connection:
            assert not await postgres.is_filled(connection)
        assert not place.keys.is_restoring()

    at = tmp_path / "altered" / sound.name
    for alter, because in ALTERED.values():
        shutil.rmtree(at.parent, ignore_errors=True)
        shutil.copytree(sound, at)
        alter(at)
        await refused(because, at)
    await refused("was never finished", shutil.copytree(sound, at.with_name(f".part-{sound.name}")))
    # A backup that is whole, and does not fit here.
    here, seal = making.release(), place.keys.service_key("backup")
    told, _ = manifest.read((sound / "manifest.json").read_bytes())
    for change, because in (
        ({"release": f"{here}.1"}, f"It is of release {here}.1"),
        ({"migration": "2099-01-01T00:00:00:000001"}, "Its tables are of a newer release"),
        ({"postgresql": 99}, "It is of PostgreSQL 99"),
        ({"roles": ["nobody_of_ours"]}, "roles that are not here: nobody_of_ours"),
    ):
        shutil.rmtree(at)
        shutil.copytree(sound, at)
        (at / "manifest.json").write_bytes(manifest.write(replace(told, **change), seal))
        await refused(because, at)
    await refused("does not open with this identity", sound, "--identity", _another(tmp_path))
    await refused("no private key of age", sound, "--identity", sound / "manifest.json")
    await refused("There is no file", sound, "--keys", tmp_path / "none")
    await refused("no whole copy of person keys", sound, "--keys", place.copy("log"))
    other = replace(new, key_folder=tmp_path / "other")
    KeyFolder(other.key_folder)
    await refused("of another installation, or the key folder is", sound, settings=other)
    await refused("lies another key folder", sound, "--keys", place.copy(), settings=other)
    async with restoring.connected(new.database_url):
        await refused("Stop web and worker first", sound)
    async with restoring.alone(new.database_url):
        await refused("Another restore or rehearsal is running", sound)
    # pg_restore breaks off in the middle: all of it is taken back, and nothing is erased until a restore has gone well.
    with monkeypatch.context() as patch:
        patch.setattr(postgres.Running, "write", _broken_off(postgres.Running.write))
        code, said = await typed(new, "restore", sound, "--identity", place.identity)
    assert (code, "cut short or altered" in said, place.keys.is_restoring()) == (1, True, True)
    async with restoring.connected(new.database_url) as connection:
        assert not await postgres.is_filled(connection)


def _another(folder: Path) -> Path:
    (folder / "another.txt").write_text(str(pyrage.x25519.Identity.generate()))
    return folder / "another.txt"


def _broken_off(write: Callable[[postgres.Running, bytes], int]) -> Callable[[postgres.Running, bytes], int]:
    def some(self: postgres.Running, block: bytes) -> int:
        self.read = getattr(self, "read", 0) + len(block)
        if self.read > 300_000:
            raise OSError(errno.EIO, "the disk cannot be read any more")
        return write(self, block)

    return some


def _full(after: int, folder: Path = Path("/")) -> Callable[[int, memoryview], int]:
    """A disk that is full once so many bytes have been written below a folder."""
    write, room = os.write, [after]

    def some(handle: int, block: memoryview) -> int:
        below = Path(f"/proc/self/fd/{handle}").readlink().is_relative_to(folder)
        room[0] -= len(block) if below else 0
        if below and room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, block)

    return some


def _programs(folder: Path, major: int, then: str) -> Path:
    """PostgreSQL's programs as a machine may have them."""
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        told = f'if [ "$1" = --version ]; then echo "{name} (PostgreSQL) {major}.1"; exit; fi'
        (folder / name).write_text(f"#!/bin/sh\n{told}\n{then}\n")
        (folder / name).chmod(0o755)
    return folder


async def test_a_backup_that_cannot_be_made_says_why_and_leaves_nothing_and_the_ones_before(
    place: Place, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: asyncpg.Connection
) -> None:
    own, now = place.settings, datetime.now(UTC) - timedelta(hours=1)
    await making.make(own, now, Progress())
    before = place.lies()

    async def refused(because: str, settings: Settings = own) -> None:
        with pytest.raises(BackupError) as wrong:
            await making.make(settings, datetime.now(UTC), Progress())
        assert because in str(wrong.value)
        assert place.lies() == before

    await refused("PROGRAMMES_BACKUP_RECIPIENT is not set", replace(own, backup_recipients=()))
    await refused("a sign of it is wrong", replace(own, backup_recipients=(f"age1{'q' * 58}",)))
    await refused("must be apart", replace(own, key_backup_folder=own.backup_folder / "keys"))
    await refused("must be apart", replace(own, backup_folder=own.key_folder / "backups"))
    # Whenever the disk is full: in the rows, in the copies of keys, in what is written last. age adds to each file a stanza
    # of random length, so that the next backup may be some hundred bytes shorter.
    size = sum(path.stat().st_size for path in place.newest.iterdir())
    copies = sum(path.stat().st_size for path in own.key_backup_folder.iterdir())
    for room in (0, 100_000, size - 4000, size + copies - 1500):
        with monkeypatch.context() as patch:
            patch.setattr(files.os, "write", _full(room))
            await refused("is full. Make room")
    # The disk of the copies alone, which are small: pyrage does not say that the last block was refused.
    for room in (0, 200):
        with monkeypatch.context() as patch:
            patch.setattr(files.os, "write", _full(room, own.key_backup_folder))
            await refused(f"The disk of {own.key_backup_folder} is full. Make room")
            code, said = await typed(own, "backup")
        assert (code, "is full. Make room" in said, place.lies()) == (1, True, before)
        assert (await backup_trace.seen())["backup"].failed
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _no_right)
        await refused("may not write in")
    old, broken = (
        _programs(tmp_path / "old", 15, "exit 1"),
        "echo 'pg_dump: error: server went away' >&2; echo PGDMP; exit 1",
    )
    await refused("only version 15 is here", replace(own, postgres_programs=old))
    await refused("none is here", replace(own, postgres_programs=tmp_path / "nowhere"))
    failing = _programs(tmp_path / "failing", 18, broken)
    await refused("pg_dump failed: server went away", replace(own, postgres_programs=failing))
    await refused("may not read every table", replace(own, worker_database_url=own.web_database_url))
    async with rotating(own.worker_database_url, own.key_folder):
        await refused("Keys are being rotated")
    with (own.backup_folder / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        await refused("Another backup is running")
    place.keys.mark_restoring()
    await refused("A backup is being put back")
    place.keys.unmark_restoring()
    await refused("no key folder", replace(own, key_folder=tmp_path / "none"))
    KeyFolder(tmp_path / "other")
    await refused("not the one that the database's rows", replace(own, key_folder=tmp_path / "other"))
    # Nothing was made in it.
    assert [path.name for path in (tmp_path / "other").rglob("*") if path.is_file()] == ["installation.key"]
    # As it is typed: a line, 1, and a trace.
    code, said = await typed(replace(own, key_folder=tmp_path / "other"), "backup")
    assert (code, said.startswith("programmes backup: The key folder is not the one")) == (1, True)
    seen = (await backup_trace.seen())["backup"]
    assert (seen.failed, seen.done_at) == (True, None)
    # What a killed run has left goes with the next; so do copies of person keys after six days, old backups after thirty.
    (own.backup_folder / ".part-20260101T000000Z").mkdir()
    (own.backup_folder / ".part-20260101T000000Z" / "database.age").touch()
    for days, kind in ((6, "persons"), (5, "persons"), (6, "log")):
        (own.key_backup_folder / f"{kind}-{manifest.name_of(now - timedelta(days=days))}.age").touch()
    shutil.copytree(place.newest, own.backup_folder / manifest.name_of(now - timedelta(days=30)))
    assert await typed(own, "backup") == (0, "")
    assert [path.name for path in own.backup_folder.glob(".part*")] == []
    assert len(backup_files.sets_in(own.backup_folder)) == 2
    ages = [(now - backup_files.made_at(path)).days for path in backup_files.key_copies_in(own.key_backup_folder, "persons")]
    assert ages == [5, 0, -1]
    assert not (await backup_trace.seen())["backup"].failed


async def test_of_a_run_that_is_killed_the_doctor_tells_and_the_next_one_clears(
    place: Place, typed: Typed, tmp_path: Path
) -> None:
    """A process of its own, killed in the middle of the rows."""
    own = place.settings
    hanging = replace(own, postgres_programs=_programs(tmp_path / "hanging", 18, "echo PGDMP; exec sleep 600"))
    env = {**environment(hanging, "migrate"), **variables(hanging)}
    env["PROGRAMMES_POSTGRES_PROGRAMS"] = str(hanging.postgres_programs)
    command = (sys.executable, "-m", "programmes.cli", "backup")
    process = await asyncio.create_subprocess_exec(*command, env=env, start_new_session=True)
    try:
        async with asyncio.timeout(60):
            while not [*own.backup_folder.glob(".part-*/database.age")]:
                await asyncio.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert process.returncode == -signal.SIGKILL
    patient = Patient(own, datetime.now(UTC))
    [found] = await backup_set(patient)
    assert (found.level, "is not finished are there: one runs, or was killed" in found.says) == ("warning", True)
    assert await typed(own, "backup") == (0, "")
    [found] = await backup_set(patient)
    assert (found.level, found.says.startswith("The newest backup")) == ("ok", True)
    assert [*own.backup_folder.glob(".part-*")] == []


def _no_right(*_: object) -> None:
    raise OSError(errno.EACCES, "no")


async def test_backups_that_lie_there_no_more_are_a_fault_though_the_last_one_went_well(place: Place, typed: Typed) -> None:
    own = place.settings
    assert await typed(own, "backup") == (0, "")
    as_it_was = ("backup files: The backup of", "key copies: The copy of")

    async def faults(of: Settings = own, *words: str) -> list[str]:
        _, told = await typed(of, "doctor", *words)
        return [line for line in told.splitlines() if line.startswith("FAULT") and any(one in line for one in as_it_was)]

    assert await faults() == []
    kept = {at: shutil.copytree(at, at.with_name(f"kept-{at.name}")) for at in (own.backup_folder, own.key_backup_folder)}
    for at in kept:
        for path in at.iterdir():
            files.remove(path)
    [backup, persons, log] = await faults()
    assert "no backup is there" in backup
    assert "The copy of person keys of" in persons
    assert "no copy of log keys is there" in log
    # Web sees neither folder, and nobody can say more than they see.
    assert await faults(own, "--part", "web") == []
    for at in kept:
        at.rmdir()
    assert all("the folder is not there" in line for line in await faults())
    assert len(await faults()) == 3
    # An older one in the place of the newest is not it.
    for at, copy in kept.items():
        at.mkdir()
        for path in copy.iterdir():
            path.rename(at / re.sub(r"\d{8}T", "20260101T", path.name))
    assert all("the newest there is of 2026-01-01" in line for line in await faults())
    assert len(await faults()) == 3
    assert await typed(own, "backup") == (0, "")
    assert await faults() == []


async def test_a_rehearsal_fails_where_keys_do_not_belong_and_what_a_killed_one_left_goes(
    place: Place, typed: Typed, owner: asyncpg.Connection
) -> None:
    own = place.settings
    await making.make(own, datetime.now(UTC), Progress())
    # What killed rehearsals have left, one of the release before; and what another municipality's has on the same server.
    here, other = (
        await owner.fetchval("select oid from pg_database where datname = current_database()"),
        "programmes_drill_0_1",
    )
    killed = (f"programmes_drill_{here}_killed", f"programmes_drill_{os.getpid():012x}")
    for database in (*killed, other):
        await owner.execute(f'create database "{database}"')
    assert sorted(row["datname"] for row in await owner.fetch(backup_trace.REHEARSALS)) == sorted(killed)
    # Another key of the same person than the one that its row lies under.
    [path] = own.key_folder.glob(f"person/??/{place.people[0]}.key")
    path.write_bytes(os.urandom(32))
    wrong = own.key_backup_folder / "persons-20990101T000000Z.age"
    files.seal_bytes(archives.person_keys(own.key_folder), wrong, [IDENTITY.to_public()])
    code, said = await typed(own, "restore", "--drill", "--identity", place.identity, "--keys", wrong)
    assert (code, "1 of 2 protected records do not open with the copy of keys" in said) == (1, True), said
    assert await owner.fetch(backup_trace.REHEARSALS) == []
    await owner.execute(f'drop database "{other}"')
    assert (await backup_trace.seen())["drill"].failed
    assert not place.keys.is_restoring()
    # An owner who may not make databases reads how to mend that; who is none, as whom to run it.
    nobody = replace(own, database_url=own.worker_database_url)
    code, said = await typed(nobody, "restore", "--drill", "--identity", place.identity)
    assert (code, "The role programmes_worker is not the owner" in said, "createdb" in said) == (1, True, False), said
    assert "programmes-as restore restore --drill" in said
    row = await owner.fetchrow(drilling._WHO)
    assert row["owner"]
    assert f"alter role {row['who']} createdb;" in drilling.no_database_for(row["who"], row["owner"])
    # One at a time.
    async with restoring.connected(own.database_url) as other:
        await other.execute("select pg_advisory_lock($1)", lock_numbers.BACKUP_READ)
        code, said = await typed(own, "restore", "--drill", "--identity", place.identity)
    assert (code, "Another restore or rehearsal is running" in said) == (1, True)
    # A key that is lost comes back from the copy, one that was destroyed does not, and one that is there stays as it is.
    place.keys.destroy("person", place.people[1], "five years", datetime.now(UTC))
    path.unlink()
    wrong.unlink()
    code, said = await typed(own, "restore", "--identity", place.identity, "--keys", place.copy())
    assert (code, "Keys put back: 1." in said) == (0, True), said
    assert [place.keys.exists("person", person) for person in place.people] == [True, False]
    assert await typed(own, "restore", "--identity", place.identity) == (
        2,
        "programmes restore: name a backup, or with --keys a copy of keys, or --drill.\n",
    )


async def test_a_service_key_that_is_another_one_in_the_copy_is_told_of(place: Place, typed: Typed) -> None:
    own = place.settings
    place.keys.service_key("feed")
    assert await typed(own, "backup") == (0, "")
    given = ("restore", "--identity", place.identity, "--keys", place.copy())
    assert "Not as in the copy" not in (await typed(own, *given))[1]
    (own.key_folder / "service/feed.key").write_bytes(b"f" * 32)
    assert "Not as in the copy: feed. What lies there stays." in (await typed(own, *given))[1]
    assert place.keys.service_key("feed") == b"f" * 32


async def test_keys_that_are_put_back_alone_and_open_no_record_are_told_of(place: Place, typed: Typed) -> None:
    own = place.settings
    persons = own.key_folder / "person"
    assert await typed(own, "backup") == (0, "")
    right = place.copy()
    given = ("restore", "--identity", place.identity, "--keys")
    shutil.rmtree(persons)
    code, said = await typed(own, *given, right)
    assert (code, "open with what lies there now: 2 of 2 that were tried." in said) == (0, True), said
    # A copy from after an exchange of keys, for a database from before it: every key is there, and none fits.
    for path in persons.glob("??/*.key"):
        path.unlink()
        path.write_bytes(os.urandom(32))
    later = own.key_backup_folder / "persons-20990101T000000Z.age"
    files.seal_bytes(archives.person_keys(own.key_folder), later, [IDENTITY.to_public()])
    shutil.rmtree(persons)
    code, said = await typed(own, *given, later)
    assert (code, "Keys put back: 2." in said, "lies there now: 0 of 2 that were tried." in said) == (1, True, True), said
    assert "2 protected records do not open with the key that lies there." in said
    assert f"move {persons} out of the folder" in said
    assert len([*persons.glob("??/*.key")]) == 2
    # What the copy lacks is told too.
    shutil.rmtree(persons)
    later.unlink()
    files.seal_bytes(archives.person_keys(own.key_folder), later, [IDENTITY.to_public()])
    code, said = await typed(own, *given, later)
    assert (code, "Keys put back: 0." in said) == (1, True), said
    assert "2 of 2 protected records need a key that is not in the folder." in said
