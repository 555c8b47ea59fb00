"""Key files that are cut short: a copy's are put in their place, and a backup is made beside them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from programmes.core import service_keys
from programmes.core.key_files import drop_drafts
from tests.backup.installation import Place, Typed


def _person(place: Place, number: int) -> Path:
    person = place.people[number]
    return place.settings.key_folder / f"person/{str(person)[:2]}/{person}.key"


async def test_a_copys_keys_are_put_in_the_place_of_damaged_ones(
    place: Place, typed: Typed, owner: asyncpg.Connection
) -> None:
    own, service = place.settings, place.settings.key_folder / "service"
    assert (await typed(own, "worker", "--once"))[0] == 0
    assert await typed(own, "backup") == (0, "")
    given = ("restore", "--identity", place.identity, "--keys", place.copy())
    cut = [service / "search.key", _person(place, 0), service / "installation.key"]
    whole = [path.read_bytes() for path in cut]
    for path in cut:
        path.write_bytes(b"cut")
    code, said = await typed(own, *given)
    assert (code, "Keys put back: 3." in said) == (0, True), said
    assert [path.read_bytes() for path in cut] == whole
    assert "search was damaged: the copy's lies there now." in said
    assert "Of those 1 lie in the place of damaged key files." in said
    # What lay there is kept: of the service, until somebody removes it.
    asides = service_keys.kept_aside(own.key_folder)
    assert sorted(name.partition(".")[0] for name in asides) == ["installation", "search"]
    assert all((service / name).read_bytes() == b"cut" and f"service/{name}" in said for name in asides)
    # Of a person, whose key may be in it, for an hour or two, and no longer than that key.
    [beside] = [path for path in _person(place, 0).parent.iterdir() if path.read_bytes() == b"cut"]
    _, said = await typed(own, "doctor")
    assert ("Damaged keys lie aside: service/" in said, "among the keys" in said) == (True, False), said
    drop_drafts(own.key_folder, datetime.now(UTC) + timedelta(minutes=1))
    assert not beside.exists()
    # One that is damaged again goes with its key, and is not brought back.
    _person(place, 0).write_bytes(b"cut")
    await typed(own, *given)
    place.keys.destroy("person", place.people[0], "test", datetime.now(UTC))
    assert not [path for path in own.key_folder.rglob("*") if str(place.people[0]) in path.name]


async def test_a_damaged_key_that_no_copy_has_is_a_fault_after_putting_back(place: Place, typed: Typed) -> None:
    own = place.settings
    assert await typed(own, "backup") == (0, "")
    place.keys.service_key("feed")
    for path in (own.key_folder / "service/feed.key", own.key_folder / f"person/00/{'0' * 8}-0000-4000-8000-{'0' * 12}.key"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    code, said = await typed(own, "restore", "--identity", place.identity, "--keys", place.copy())
    assert (code, "Keys put back: 0." in said) == (1, True), said
    assert "service/feed.key" in said
    assert "programmes keys lost service" in said
    assert "1 key file is damaged" in said


async def test_a_copy_from_after_a_key_was_lost_says_so_when_it_is_made_and_when_it_is_put_back(
    place: Place, typed: Typed, tmp_path: Path
) -> None:
    own, at = place.settings, place.settings.key_folder / "service/feed.key"
    place.keys.service_key("feed")
    right = at.read_bytes()
    assert await typed(own, "backup") == (0, "")
    older = tmp_path / "older.age"
    older.write_bytes(place.copy().read_bytes())
    for path in own.backup_folder.iterdir():
        if path.is_dir():
            path.rename(path.with_name("20200101T000000Z"))
    at.unlink()
    code, said = await typed(own, "backup")
    assert (code, "without feed" in said, "older copies" in said) == (0, True, True), said
    code, said = await typed(own, "restore", "--identity", place.identity, "--keys", place.copy())
    assert (code, "Away still, for this copy has them not: feed." in said) == (1, True), said
    code, said = await typed(own, "restore", "--identity", place.identity, "--keys", older)
    assert (code, "Away still" in said, at.read_bytes() == right) == (0, False, True), said


async def test_a_backup_is_made_beside_damaged_keys_and_its_copy_is_put_back(place: Place, typed: Typed) -> None:
    own = place.settings
    assert await typed(own, "backup") == (0, "")
    for path in own.backup_folder.iterdir():
        if path.is_dir():
            path.rename(path.with_name("20200101T000000Z"))
    (own.key_folder / "service/backup.key").write_bytes(b"cut")
    (own.key_folder / "service/search.key").write_bytes(b"cut")
    code, said = await typed(own, "backup")
    assert code == 0, said
    [aside] = service_keys.kept_aside(own.key_folder)
    assert aside.startswith("backup.damaged-")
    lost = _person(place, 1)
    lost.unlink()
    code, said = await typed(own, "restore", "--identity", place.identity, "--keys", place.copy())
    assert ("Keys put back: 1." in said, lost.exists()) == (True, True), said


async def test_a_backup_beside_a_damaged_mark_says_what_is_damaged(place: Place, typed: Typed) -> None:
    (place.settings.key_folder / "service/installation.key").write_bytes(b"")
    code, said = await typed(place.settings, "backup")
    assert (code, "service/installation.key of the key folder" in said, "There is no key folder" in said) == (1, True, False)
