"""Destroying keys: whatever crashes in between, no receipt is lost, and what had gone does not come back (promise 2)."""

import resource
import shutil
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from programmes.core import erasure
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder, KeyGone, KeysAway, Receipts, Spot
from tests.clock import FrozenClock
from tests.planting import plant


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def destroyed(keys: KeyFolder) -> list[str]:
    return [receipt["key"] for receipt in keys.receipts()]


async def intend(keys: KeyFolder, key_id: UUID, clock: FrozenClock) -> None:
    async with transaction():
        await erasure.destroy_key(keys, "entry", key_id, "left", clock.now())


async def test_a_key_goes_with_its_receipt_and_the_intent_is_forgotten(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path
) -> None:
    keys = KeyFolder(folder)
    key_id = keys.create("entry")
    await intend(keys, key_id, clock)
    assert not keys.exists("entry", key_id)
    assert list(keys.receipts()) == [{"key": str(key_id), "kind": "entry", "why": "entry", "when": "2026"}]
    assert await owner.fetchval("select count(*) from key_destruction") == 0


async def test_a_crash_between_unlinking_and_the_receipt_loses_no_receipt(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(folder)
    key_id = keys.create("entry")

    def crash(self: Receipts, receipt: dict[str, str]) -> None:
        raise SystemError

    with monkeypatch.context() as patched:
        patched.setattr(Receipts, "append", crash)
        with pytest.raises(SystemError):
            await intend(keys, key_id, clock)
    assert (keys.exists("entry", key_id), destroyed(keys)) == (False, [])
    for _ in range(2):
        await erasure.replay(KeyFolder(folder), clock.now())
        assert destroyed(keys) == [str(key_id)]
    assert await owner.fetchval("select count(*) from key_destruction") == 0


@pytest.mark.parametrize("before", [0, 2])
async def test_a_disk_that_gets_full_in_the_middle_of_a_receipt_loses_none(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path, before: int
) -> None:
    keys = KeyFolder(folder)
    for _ in range(before):
        await intend(keys, keys.create("entry"), clock)
    key_id = keys.create("entry")
    receipts = folder / "receipts.jsonl"
    receipts.touch(mode=0o600)
    unlimited, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As a full disk: it takes the beginning of what is to be written, and says how much.
    resource.setrlimit(resource.RLIMIT_FSIZE, (receipts.stat().st_size + 60, hard))
    try:
        await intend(keys, key_id, clock)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, hard))
    assert receipts.read_bytes().splitlines()[before]
    assert await owner.fetchval("select key_id from key_destruction") == key_id
    assert (keys.exists("entry", key_id), len(destroyed(keys))) == (False, before)
    assert await erasure.replay(keys, clock.now()) == 1
    assert destroyed(keys)[before:] == [str(key_id)]
    assert await owner.fetchval("select count(*) from key_destruction") == 0


async def test_keys_that_are_away_undo_nothing_of_what_was_asked_for_and_go_later(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path
) -> None:
    keys = KeyFolder(folder)
    key_id = keys.create("entry")
    folder.rename(folder.with_name("away"))
    await intend(keys, key_id, clock)
    assert await owner.fetchval("select key_id from key_destruction") == key_id
    with pytest.raises(KeysAway):
        await erasure.replay(keys, clock.now())
    folder.with_name("away").rename(folder)
    assert keys.exists("entry", key_id)
    assert await erasure.replay(keys, clock.now()) == 1
    assert not keys.exists("entry", key_id)


@pytest.mark.parametrize(
    "planted", ["file", "link", "file for a day", "link for a day", "link for a kind", "folder for a key"]
)
async def test_what_lies_aside_and_is_none_of_ours_holds_up_no_erasure(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path, tmp_path: Path, planted: str
) -> None:
    """A `.DS_Store` of whoever looked at the volume, or what web's account has put there (decision 70)."""
    keys = KeyFolder(folder)
    key_id, second = keys.create("entry"), keys.create("entry")
    aside, elsewhere = folder / "aside", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if planted == "link":
        aside.symlink_to(elsewhere)
    else:
        keys.set_aside("entry", second, clock.now().date())
        day = aside / "2026-01-01"
        if planted == "file":
            (aside / ".DS_Store").touch()
        elif planted == "file for a day":
            day.touch()
        elif planted == "link for a day":
            day.symlink_to(elsewhere)
        elif planted == "link for a kind":
            day.mkdir()
            (day / "entry").symlink_to(elsewhere)
        else:
            (day / "entry" / f"{key_id}.key" / "x").mkdir(parents=True)
    (elsewhere / f"{key_id}.key").touch()
    for going in (key_id, second):
        await intend(keys, going, clock)
    assert not list(folder.rglob(f"entry/??/{key_id}.*"))
    assert not list(folder.rglob(f"{second}.*"))
    assert destroyed(keys) == [str(key_id), str(second)]
    assert await owner.fetchval("select count(*) from key_destruction") == 0
    assert (elsewhere / f"{key_id}.key").exists()


async def test_a_key_goes_also_where_a_day_aside_cannot_be_looked_into_and_is_told_of_when_it_can(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(folder)
    key_id = keys.create("entry")
    names = Spot.names

    def closed(self: Spot) -> list[str]:
        if self.parts[:1] == ("aside",) and len(self.parts) > 1:
            raise PermissionError
        return names(self)

    (folder / "aside" / "2026-01-01").mkdir(parents=True)
    with monkeypatch.context() as patched:
        patched.setattr(Spot, "names", closed)
        await intend(keys, key_id, clock)
        assert (keys.exists("entry", key_id), destroyed(keys)) == (False, [])
        assert await erasure.replay(keys, clock.now()) == 0
    assert await erasure.replay(keys, clock.now()) == 1
    assert destroyed(keys) == [str(key_id)]


@pytest.mark.parametrize("planted", ["link", "folder"])
async def test_what_stands_in_the_way_of_one_key_stands_in_the_way_of_no_other(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path, tmp_path: Path, planted: str
) -> None:
    keys = KeyFolder(folder)
    first, second = keys.create("entry"), keys.create("entry")
    while str(second)[:2] == str(first)[:2]:
        second = keys.create("entry")
    letters = folder / "entry" / str(first)[:2]
    for key_id in (first, second):
        await owner.execute(
            "insert into key_destruction (kind, key_id, why, intended_at) values ('entry', $1, 'left', $2)",
            key_id,
            clock.now(),
        )
    letters.rename(tmp_path / "letters")
    if planted == "link":
        letters.symlink_to(tmp_path / "letters")
    else:
        (letters / f"{first}.key" / "x").mkdir(parents=True)
    assert await erasure.replay(keys, clock.now()) == 1
    assert destroyed(keys) == [str(second)]
    assert [row["key_id"] for row in await owner.fetch("select key_id from key_destruction")] == [first]
    clock.advance(seconds=61)
    assert await erasure.is_late(clock.now())
    # It is tried again every time, and goes when what was in the way is gone.
    assert await erasure.replay(keys, clock.now()) == 0
    shutil.rmtree(letters) if planted == "folder" else letters.unlink()
    (tmp_path / "letters").rename(letters)
    assert await erasure.replay(keys, clock.now()) == 1
    assert not (letters / f"{first}.key").exists()
    assert not await erasure.is_late(clock.now())


@pytest.mark.parametrize("planted", ["link", "folder", "pipe", "socket"])
@pytest.mark.parametrize("suffix", [".key", ".next", ".last"])
async def test_nothing_is_said_to_be_destroyed_while_something_else_lies_in_the_place_of_its_key(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path, tmp_path: Path, planted: str, suffix: str
) -> None:
    keys, moved = KeyFolder(folder), tmp_path / "moved"
    first, second = keys.create("entry"), keys.create("entry")
    at = keys._path("entry", first).path.with_suffix(suffix)
    if suffix != ".key":
        keys._path("entry", first).with_suffix(suffix).write(b"0" * 32)
    content = at.read_bytes()
    plant(planted, at, moved)
    async with transaction():
        for key_id in (first, second):
            await erasure.destroy_key(keys, "entry", key_id, "left", clock.now())
    assert destroyed(keys) == [str(second)]
    assert moved.read_bytes() == content
    assert at.is_symlink() == (planted == "link")
    assert await erasure.replay(keys, clock.now()) == 0
    assert destroyed(keys) == [str(second)]
    assert keys.destroy_again() == 0
    clock.advance(seconds=61)
    assert await erasure.is_late(clock.now())
    # The key is put back in its place, and goes there.
    shutil.rmtree(at) if planted == "folder" else at.unlink()
    moved.rename(at)
    assert await erasure.replay(keys, clock.now()) == 1
    assert destroyed(keys) == [str(second), str(first)]
    assert not at.exists()
    assert not await erasure.is_late(clock.now())


async def test_what_a_restored_folder_brings_back_goes_also_where_one_key_cannot(clock: FrozenClock, folder: Path) -> None:
    keys = KeyFolder(folder)
    both = keys.create("person"), keys.create("person")
    for key_id in both:
        keys.destroy("person", key_id, "five years", clock.now())
        (folder / "person" / str(key_id)[:2] / f"{key_id}.key").touch()
    first = folder / "person" / str(both[0])[:2] / f"{both[0]}.key"
    first.unlink()
    (first / "x").mkdir(parents=True)
    # Something lies there by its name, so that it is looked for.
    first.with_suffix(".next").touch()
    assert keys.destroy_again() == 1
    assert not (folder / "person" / str(both[1])[:2] / f"{both[1]}.key").exists()
    assert not first.with_suffix(".next").exists()


async def test_an_intent_of_no_kind_is_forgotten_and_reaches_nothing(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, folder: Path
) -> None:
    keys = KeyFolder(folder)
    key_id = keys.create("entry")
    await owner.execute(
        "insert into key_destruction (kind, key_id, why, intended_at) values ('ballots', $1, 'x', $2)", key_id, clock.now()
    )
    await erasure.replay(keys, clock.now())
    assert (keys.exists("entry", key_id), list(keys.receipts())) == (True, [])
    assert await owner.fetchval("select count(*) from key_destruction") == 0


async def test_a_torn_last_line_stops_no_erasure_and_is_made_good(db: None, clock: FrozenClock, folder: Path) -> None:
    keys = KeyFolder(folder)
    first, second = keys.create("entry"), keys.create("entry")
    (folder / "receipts.jsonl").write_text('{"key": "' + str(first) + '", "ki', encoding="utf-8")
    assert destroyed(keys) == []
    await intend(keys, second, clock)
    await intend(keys, first, clock)
    assert destroyed(keys) == [str(second), str(first)]


async def test_two_that_carry_out_the_same_intent_write_one_receipt(clock: FrozenClock, folder: Path) -> None:
    web, worker = KeyFolder(folder), KeyFolder(folder)
    key_id = web.create("person")
    for keys in (web, worker):
        keys.destroy("person", key_id, "five years", clock.now())
    assert list(web.receipts()) == [
        {"key": str(key_id), "kind": "person", "why": "five years", "when": clock.now().isoformat()}
    ]


async def test_with_nothing_pending_the_receipts_are_not_read(
    db: None, clock: FrozenClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(folder)
    keys.destroy("entry", keys.create("entry"), "left", clock.now())

    def read(self: object) -> bytes:
        raise AssertionError(self)

    monkeypatch.setattr(Spot, "read", read)
    monkeypatch.setattr(Receipts, "read", read)
    assert await erasure.replay(keys, clock.now()) == 0


async def test_a_key_that_a_restored_folder_brings_back_goes_again(clock: FrozenClock, folder: Path, tmp_path: Path) -> None:
    keys = KeyFolder(folder)
    gone, kept = keys.create("person"), keys.create("person")
    shutil.copytree(folder / "person", tmp_path / "backup")
    keys.destroy("person", gone, "five years", clock.now())
    shutil.copytree(tmp_path / "backup", folder / "person", dirs_exist_ok=True)
    # It lies there, and opens nothing.
    assert list(folder.glob(f"person/*/{gone}.key"))
    with pytest.raises(KeyGone):
        keys.seal("person", gone, "Anna")
    assert keys.destroy_again() == 1
    assert not list(folder.glob(f"person/*/{gone}.key"))
    assert (keys.exists("person", gone), keys.exists("person", kept)) == (False, True)
    assert keys.destroy_again() == 0
