"""A file of one of the service's own keys is cut short: it is as one that is away, and is never overwritten."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from programmes import worker
from programmes.app import create_app
from programmes.backup import archives
from programmes.core import service_keys
from programmes.core.key_files import KeyDamaged
from programmes.core.sealing import KeyFolder, ServiceKeyAway
from programmes.people import rotation_services
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody
from tests.operations.test_service_keys_away import AWAY, search_key

__all__ = ["search_key"]
_LASTING, _ANEW = sorted(service_keys.LASTING), ("csrf", "sign-in", "backup")


def _cut(folder: Path, name: str, end: str = "key") -> Path:
    at = folder / "service" / f"{name}.{end}"
    at.write_bytes(b"cut short")
    return at


@pytest.mark.parametrize("name", _LASTING)
@pytest.mark.parametrize("end", ["key", "next", "last"])
def test_a_damaged_key_that_is_never_made_anew_is_one_that_is_away(tmp_path: Path, name: str, end: str) -> None:
    keys = KeyFolder(tmp_path)
    key = keys.service_key(name)
    at = _cut(tmp_path, name, end)
    with pytest.raises(ServiceKeyAway, match=f"the key `{name}` is damaged"):
        keys.service_keys(name)
    assert (keys.missing_service_keys(), service_keys.damaged(tmp_path)) == ([name], {name: [at.name]})
    assert at.read_bytes() == b"cut short"
    # Somebody says that it is lost. What is whole of it stays, and what was damaged lies beside it.
    service_keys.give_up(tmp_path, [name])
    assert (keys.service_key(name) == key, keys.missing_service_keys()) == (end != "key", [])
    [aside] = service_keys.kept_aside(tmp_path)
    assert (tmp_path / "service" / aside).read_bytes() == b"cut short"


@pytest.mark.parametrize("name", _ANEW)
@pytest.mark.parametrize("end", ["key", "next"])
def test_a_damaged_key_that_is_made_anew_is_kept_under_another_name(tmp_path: Path, name: str, end: str) -> None:
    keys = KeyFolder(tmp_path)
    keys.service_key(name)
    _cut(tmp_path, name, end)
    assert keys.missing_service_keys() == [name]
    assert len(keys.newest_service_key(name)) == 32
    [aside] = service_keys.kept_aside(tmp_path)
    assert aside.startswith(f"{name}.damaged-")
    assert (tmp_path / "service" / aside).read_bytes() == b"cut short"
    # It is in no copy, is no key, and nothing is missing any more.
    assert f"service/{aside}" not in archives.unpacked(archives.person_keys(tmp_path)).keys
    assert keys.missing_service_keys() == []


def test_what_another_process_has_put_right_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyFolder(tmp_path)
    at = _cut(tmp_path, "csrf")
    meanwhile = service_keys.set_aside

    def late(spot: service_keys.Spot) -> list[str]:
        at.write_bytes(b"k" * 32)
        return meanwhile(spot)

    monkeypatch.setattr(service_keys, "set_aside", late)
    assert keys.service_key("csrf") == b"k" * 32
    assert service_keys.kept_aside(tmp_path) == []


def test_a_damaged_successor_never_becomes_the_key(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    before = keys.service_key("search")
    _cut(tmp_path, "search", "next")
    with pytest.raises(ServiceKeyAway):
        keys.service_successor("search")
    person = keys.create("person")
    successor = keys.successor("person", person)
    (tmp_path / f"person/{str(person)[:2]}/{person}.next").write_bytes(b"")
    with pytest.raises(KeyDamaged):
        successor.begin()
    assert (tmp_path / "service/search.key").read_bytes() == before


async def test_other_keys_for_forms_are_made_over_a_damaged_successor(tmp_path: Path, clock: FrozenClock, db: None) -> None:
    keys = KeyFolder(tmp_path)
    before = keys.service_key("csrf")
    _cut(tmp_path, "csrf", "next")
    await rotation_services.forms(keys, clock)
    assert keys.service_key("csrf") != before
    assert len(service_keys.kept_aside(tmp_path)) == 1


def test_a_copy_that_was_made_beside_damaged_keys_is_put_back(tmp_path: Path) -> None:
    before = KeyFolder(tmp_path / "before")
    person, cut = before.create("person"), before.create("person")
    for name in ("search", "feed"):
        before.service_key(name)
    _cut(tmp_path / "before", "search")
    (tmp_path / f"before/person/{str(cut)[:2]}/{cut}.key").write_bytes(b"")
    now = archives.person_keys(tmp_path / "before")
    # As the release before packed them.
    spots = [*archives._person_files(tmp_path / "before")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archives, "KEY_BYTES", -1)
        patch.setattr(archives, "_KEY", archives.re.compile("none"))
        earlier = archives._packed(spots)
    for copy in (archives.unpacked(now), archives.unpacked(earlier)):
        assert f"person/{str(person)[:2]}/{person}.key" in copy.keys
        assert "service/feed.key" in copy.keys
        assert all(len(key) == 32 for key in copy.keys.values())


async def test_a_worker_starts_beside_a_damaged_key_of_searching_and_finds_records_once_it_is_back(
    the_worker: worker.Worker, clock: FrozenClock, owner: asyncpg.Connection, search_key: tuple[Path, Path]
) -> None:
    key, aside = search_key
    await somebody(await a_cohort("2.8", clock.now()), the_worker.keys, clock.now(), "Kim Ask")
    await owner.execute("delete from person_lookup")
    key.rename(aside)
    key.write_bytes(b"")
    the_worker.indexed.clear()
    the_worker.keys.mark_restored()
    with capture_logs() as lines:
        await worker.start_up(the_worker)
    assert [line["key"] for line in lines if line["event"] == AWAY] == ["search"]
    assert not the_worker.keys.waits_for_restore()
    assert key.read_bytes() == b""
    aside.replace(key)
    clock.advance(seconds=5)
    await worker.tick(the_worker)
    assert await owner.fetchval("select count(distinct participant_id) from person_lookup") == 1


async def test_a_web_process_starts_beside_a_damaged_key_of_forms(
    settings: Settings, clock: FrozenClock, db: None, tmp_path: Path
) -> None:
    own = replace(settings, key_folder=tmp_path / "keys")
    KeyFolder(own.key_folder).service_key("csrf")
    _cut(own.key_folder, "csrf")
    app = create_app(own, clock, own_pool=False)
    async with app.lifespan():
        # What a load balancer is told until the first form is asked for.
        assert app.state.key_folder.missing_service_keys() == ["csrf"]
        assert len(bytes.fromhex(app.state.form_secret.now())) == 32
    assert len(service_keys.kept_aside(own.key_folder)) == 1
    assert app.state.key_folder.missing_service_keys() == []


async def test_readiness_names_a_damaged_key(client: httpx.AsyncClient, keys: KeyFolder) -> None:
    whole = keys.service_key("feed")
    at = _cut(keys.folder, "feed")
    try:
        answer = await client.get("/health/ready")
        assert answer.json()["missing_keys"] == ["feed"]
    finally:
        at.write_bytes(whole)
