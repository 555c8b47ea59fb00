"""One of the service's own keys is away: what needs none of it goes on."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from programmes import worker
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody

AWAY = "records_wait_for_key"


@pytest.fixture
def search_key(the_worker: worker.Worker, settings: Settings) -> Iterator[tuple[Path, Path]]:
    """Where the key of searching lies, which was there once, and where it is moved to. It is put back."""
    the_worker.keys.service_key("search")
    key = settings.key_folder / "service/search.key"
    aside = key.with_name("search.aside")
    yield key, aside
    if aside.exists():
        aside.replace(key)


async def _found(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("select count(distinct participant_id) from person_lookup"))


async def test_a_worker_starts_without_the_key_of_searching_and_finds_records_once_it_is_back(
    the_worker: worker.Worker, clock: FrozenClock, owner: asyncpg.Connection, search_key: tuple[Path, Path]
) -> None:
    key, aside = search_key
    await somebody(await a_cohort("2.8", clock.now()), the_worker.keys, clock.now(), "Kim Ask")
    await owner.execute("delete from person_lookup")
    key.rename(aside)
    the_worker.indexed.clear()
    # As after a restore, when all waits until it has been erased again.
    the_worker.keys.mark_restored()
    with capture_logs() as lines:
        await worker.start_up(the_worker)
    assert [line["key"] for line in lines if line["event"] == AWAY] == ["search"]
    assert not the_worker.keys.waits_for_restore()
    for _ in range(2):
        clock.advance(seconds=5)
        the_worker.swept.clear()
        with capture_logs() as lines:
            await worker.tick(the_worker)
        failed = [(line["tick"], line.get("key")) for line in lines if line["event"] == "tick_failed"]
        assert failed == [("_find_records", "search")]
        assert (the_worker.swept, key.exists(), await _found(owner)) == ([clock.now()], False, 0)
    aside.replace(key)
    clock.advance(seconds=5)
    with capture_logs() as lines:
        await worker.tick(the_worker)
    assert ([line for line in lines if line["event"] == "tick_failed"], await _found(owner)) == ([], 1)


async def test_keys_are_swept_also_while_the_key_of_searching_is_away(
    the_worker: worker.Worker, clock: FrozenClock, search_key: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, aside = search_key
    key.rename(aside)
    dropped = []
    monkeypatch.setattr(type(the_worker.keys), "drop_replaced", lambda *about: dropped.append(about))
    the_worker.swept.clear()
    await worker.tick(the_worker)
    assert len(dropped) == 1
