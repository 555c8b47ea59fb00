"""Destroying keys: whatever crashes in between, no receipt is lost, and what had gone does not come back (promise 2)."""

import shutil
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from programmes.core import erasure
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder, KeyGone, KeysAway, Receipts, Spot
from tests.clock import FrozenClock


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
