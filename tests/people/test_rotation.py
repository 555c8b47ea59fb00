"""Rotating keys: whatever crashes in between and whoever writes meanwhile, everybody's record opens and is found."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from programmes import key_commands
from programmes.cli import main
from programmes.core import key_files
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.key_files import Successor
from programmes.core.key_paths import Spot
from programmes.core.sealing import KeyFolder, KeyGone, Unreadable
from programmes.people import lookup_services, records, rotation_services
from programmes.people.rotation_services import FORMS
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_staff_member

FAR = timedelta(days=9999)


class Crash(BaseException):
    """The process is killed."""


async def at_once(_: float) -> None:
    """Nobody is in the middle of anything."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


async def a_person(keys: KeyFolder, clock: FrozenClock, name: str) -> UUID:
    person_id = keys.create("person")
    async with transaction():
        await records.keep(records.PersonRecord(name, contact=f"{name}@example.se"), False, keys, person_id, clock.now())
    return person_id


async def names(keys: KeyFolder) -> list[str]:
    rows = await fetch("select id, sealed from participant")
    found = [records.read(records.SealedRecord(row["id"], row["sealed"], 1, False), keys, "rewrite") for row in rows]
    return sorted(record.name if record else "gone" for record in found)


def on_disk(folder: Path, *kinds: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for kind in kinds for path in (folder / kind).rglob("*") if path.is_file()}


async def rotate(keys: KeyFolder, clock: FrozenClock, before: datetime | None = None) -> int:
    return await rotation_services.persons(keys, clock, before or clock.now() + FAR, pause=at_once)


async def test_every_record_opens_under_another_key_and_the_old_ones_are_gone_with_receipts(
    db: None, clock: FrozenClock, folder: Path
) -> None:
    keys = KeyFolder(folder)
    for name in "ABC":
        await a_person(keys, clock, name)
    before, rows = on_disk(folder, "person"), await fetch("select id, sealed from participant")
    told: list[tuple[int, int]] = []
    await rotation_services.persons(keys, clock, clock.now() + FAR, lambda *so_far: told.append(so_far), at_once)
    assert await names(KeyFolder(folder)) == ["A", "B", "C"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    after = on_disk(folder, "person")
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    assert [(r["kind"], r["why"]) for r in keys.receipts()] == [("rotated", "rotated")] * 3
    assert not any(str(row["id"]) in str(list(keys.receipts())) for row in rows)
    # What a backup of the database has from before opens with no key that is left, and no receipt erases anybody.
    for row in rows:
        with pytest.raises(Unreadable):
            keys.open("person", row["id"], row["sealed"])
    assert keys.destroy_again() == 0
    assert await fetchval("select count(*) from audit_entry where action = 'keys:rotate'") == 1


def _steps(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Every write to the folder and every statement that changes a row, killed at the nth of them."""
    seen = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == at:
                raise Crash
            return real(*args, **named)

        return step

    for owner, name in ((os, "link"), (os, "replace"), (os, "unlink"), (os, "fsync")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    monkeypatch.setattr(records, "execute", counted(records.execute))
    monkeypatch.setattr(rotation_services, "execute", counted(execute))
    return lambda: seen


async def test_killed_at_any_step_it_is_run_again_and_nothing_is_lost(
    db: None, clock: FrozenClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(folder)
    await a_person(keys, clock, "A")
    kim = (await a_staff_member("kim", "coordinator", clock.now())).staff_id
    sealed = keys.seal_for_service("second-factor", f"staff/{kim}", "SECRET")
    async with transaction():
        await execute(
            "insert into second_factor (staff_id, sealed, last_step, enrolled_at) values ($1, $2, 0, $3)",
            kim,
            sealed,
            clock.now(),
        )

    async def everything(keys: KeyFolder) -> None:
        await rotate(keys, clock)
        await rotation_services.second_factors(keys, clock, pause=at_once)
        await rotation_services.search(keys, clock, pause=at_once)

    async def whole(when: str) -> None:
        again = KeyFolder(folder)
        assert await names(again) == ["A"], when
        assert len(await lookup_services.find("A", again)) == 1, when
        stored = await fetchval("select sealed from second_factor")
        assert again.open_for_service("second-factor", f"staff/{kim}", stored) == "SECRET", when

    for at in range(1, 200):
        with monkeypatch.context() as patched:
            steps = _steps(patched, at)
            try:
                await everything(KeyFolder(folder))
                break
            except Crash:
                pass
        await whole(f"killed at step {at}")
    assert 30 < steps() < 200
    await whole("done")
    # What a crash left of the writing of keys goes with the worker's sweep.
    KeyFolder(folder).drop_replaced(datetime.now(UTC) + FAR, clock.now())
    assert not [name for name in on_disk(folder, "person", "service") if not name.endswith((".key", ".made"))]


async def test_gone_on_with_where_it_was_broken_off(db: None, clock: FrozenClock, folder: Path) -> None:
    keys = KeyFolder(folder)
    first, second = await a_person(keys, clock, "A"), await a_person(keys, clock, "B")
    began = clock.now()
    for person, made in ((first, began + timedelta(hours=1)), (second, began - timedelta(hours=1))):
        os.utime(folder / "person" / str(person)[:2] / f"{person}.key", (made.timestamp(), made.timestamp()))
    before = on_disk(folder, "person")
    assert await rotate(keys, clock, began) == 1
    changed = {name for name, key in on_disk(folder, "person").items() if before[name] != key}
    assert changed == {f"{second}.key"}


async def test_web_reads_and_writes_all_the_while(db: None, clock: FrozenClock, folder: Path) -> None:
    keys, web = KeyFolder(folder), KeyFolder(folder)
    people = [await a_person(keys, clock, f"P{n}") for n in range(6)]
    read_before = await fetch("select id, sealed from participant")
    during: list[int] = []

    async def corrections() -> None:
        for n in range(30):
            person = people[n % len(people)]
            async with transaction():
                await records.change(records.PersonRecord(f"N{n}"), False, web, person, None)
            rows = await fetch("select id, sealed from participant")
            await asyncio.sleep(0)
            for row in rows:
                web.open("person", row["id"], row["sealed"])
            during.append(len(list(folder.rglob("*.next"))))

    async def grace(_: float) -> None:
        # What was read just before the last row was sealed anew opens still.
        for row in read_before:
            web.open("person", row["id"], row["sealed"])
        await asyncio.sleep(0)

    async def rotations() -> None:
        for _ in range(3):
            read_before[:] = await fetch("select id, sealed from participant")  # type: ignore[index]
            await rotation_services.persons(keys, clock, clock.now() + FAR, pause=at_once)

    await rotation_services.persons(keys, clock, clock.now() + FAR, pause=grace)
    await asyncio.gather(corrections(), rotations())
    assert await names(web) == sorted(f"N{n}" for n in range(24, 30))
    assert len(await lookup_services.find("N29", web)) == 1


async def test_an_erasure_in_the_middle_stays_one(
    db: None, clock: FrozenClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(folder)
    person = await a_person(keys, clock, "A")
    begin = Successor.begin

    def erased_just_then(self: Successor) -> None:
        begin(self)
        keys.destroy("person", person, "five years", clock.now())

    with monkeypatch.context() as patched:
        patched.setattr(Successor, "begin", erased_just_then)
        with pytest.raises(KeyGone):
            await rotate(keys, clock)
    assert on_disk(folder, "person") == {}
    assert [receipt["kind"] for receipt in keys.receipts()] == ["person"]
    async with transaction():
        await execute("delete from participant")
    assert await rotate(keys, clock) == 0


async def test_a_writer_who_knows_only_the_old_key_keeps_it_alive_until_the_next_run(
    db: None, clock: FrozenClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the release before: it seals with the key that there is, whatever lies beside it."""
    keys = KeyFolder(folder)
    person = await a_person(keys, clock, "A")
    old = keys.seal("person", person, '{"name": "B", "safe": []}')
    seal_anew = records.seal_anew

    async def overwritten(person_id: UUID, keys: KeyFolder) -> None:
        await seal_anew(person_id, keys)
        await execute("update participant set sealed = $1", old)

    with monkeypatch.context() as patched:
        patched.setattr(records, "seal_anew", overwritten)
        await rotate(keys, clock)
    assert await names(keys) == ["B"]
    await rotate(keys, clock)
    assert await names(keys) == ["B"]
    assert not keys.sealed_by(b"\0" * 32, person.bytes, await fetchval("select sealed from participant"))
    with pytest.raises(Unreadable):
        keys.open("person", person, old)


async def test_forms_and_half_done_sign_ins_get_other_keys_and_calendars_keep_theirs(
    db: None, clock: FrozenClock, folder: Path
) -> None:
    keys = KeyFolder(folder)
    before = {name: keys.service_key(name) for name in (*FORMS, "feed", "installation")}
    assert await rotation_services.forms(keys, clock) == len(FORMS)
    after = {name: keys.service_key(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == set(FORMS)
    assert KeyFolder(folder).usable()


def test_the_worker_clears_up_after_a_rotation_that_was_broken_off(clock: FrozenClock, folder: Path) -> None:
    keys = KeyFolder(folder)
    person = keys.create("person")
    successor = keys.successor("person", person)
    sealed = keys.seal("person", person, "A")
    successor.begin()
    successor.take_over()
    assert keys.open("person", person, sealed) == "A"
    assert keys.drop_replaced(datetime.fromtimestamp(0, clock.now().tzinfo), clock.now()) == 0
    assert keys.drop_replaced(None, clock.now()) == 1
    with pytest.raises(Unreadable):
        keys.open("person", person, sealed)


def test_the_command_says_what_it_costs_before_it_begins(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("programmes.cli.read_settings", lambda: settings)
    assert main(["keys", "rotate", "persons"]) == 2
    assert main(["keys", "adopt", "keys"]) == 2
    told = capsys.readouterr().err
    assert "--yes" in told
    assert "backup" in told
    with pytest.raises(SystemExit):
        main(["keys", "rotate", "feed"])
    assert key_commands._moment("2026-11-28T10:00").tzinfo is not None


def test_no_key_is_rotated_beside_a_restore_nor_before_the_database_is_erased_again(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("programmes.cli.read_settings", lambda: replace(settings, key_folder=folder))
    keys = KeyFolder(folder)
    keys.service_key("csrf")
    before = on_disk(folder, "service")
    keys.mark_restoring()
    assert main(["keys", "rotate", "forms"]) == 1
    keys.unmark_restoring()
    assert main(["keys", "rotate", "forms"]) == 1
    assert capsys.readouterr().err.count("A backup is being put back") == 2
    assert on_disk(folder, "service") == before


def test_a_receipt_of_a_rotation_tells_no_key(clock: FrozenClock, folder: Path) -> None:
    keys = KeyFolder(folder)
    person = keys.create("person")
    [old] = on_disk(folder, "person").values()
    successor = keys.successor("person", person)
    successor.begin()
    successor.take_over()
    keys.drop_replaced(None, clock.now())
    told = (folder / "receipts.jsonl").read_text()
    assert old.hex() not in told
    assert str(person) not in told
    assert key_files.read_key(Spot(folder) / "person" / str(person)[:2] / f"{person}.key") != old


async def test_a_row_is_locked_while_it_is_sealed_anew(
    db: None, clock: FrozenClock, folder: Path, owner: asyncpg.Connection
) -> None:
    """The control of the test above with a writer: without the lock a correction would be lost."""
    keys = KeyFolder(folder)
    person = await a_person(keys, clock, "A")
    async with transaction():
        await records.change(records.PersonRecord("B"), False, keys, person, None)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await owner.execute("begin; set local lock_timeout = '50ms'; update participant set created_at = created_at")
        await owner.execute("rollback")
