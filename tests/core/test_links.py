"""Attack: with web's account somebody puts links into the folder that it shares with the worker, who is to follow them."""

import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from programmes.backup import archives
from programmes.core.key_files import Receipts
from programmes.core.sealing import KeyFolder, KeysAway, Spot, read_key
from programmes.doctor.folder_findings import folder_findings
from programmes.doctor.folders import keys_in, look_at
from programmes.evaluation.keys import BallotKeys
from tests.planting import plant

NOW = datetime(2026, 11, 29, tzinfo=UTC)
BALLOT = UUID("abababab-abab-4bab-abab-abababababab")


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = tmp_path / "keys"
    folder.mkdir()
    folder.chmod(0o2770)
    return KeyFolder(folder)


@pytest.fixture
def private(tmp_path: Path, keys: KeyFolder) -> Path:
    """The private half of a ballot's key, in the worker's folder."""
    BallotKeys(tmp_path / "ballot-keys", keys.folder).create(BALLOT)
    return tmp_path / "ballot-keys" / "private" / f"{BALLOT}.key"


def attempt(keys: KeyFolder, what: str) -> None:
    day = date(2026, 11, 1)
    {
        "destroy": lambda: keys.destroy("entry", BALLOT, "left", NOW),
        "discard": lambda: keys.discard("entry", BALLOT),
        "set_aside": lambda: keys.set_aside("entry", BALLOT, day),
        "seal": lambda: keys.seal("entry", BALLOT, "text"),
        "rotate": lambda: keys.successor("entry", BALLOT),
    }[what]()


@pytest.mark.parametrize("what", ["destroy", "discard", "set_aside", "seal", "rotate"])
@pytest.mark.parametrize("linked", ["kind", "letters", "file"])
def test_no_key_of_another_folder_is_reached_through_a_link(keys: KeyFolder, private: Path, what: str, linked: str) -> None:
    """`file` is the link itself: it may be moved aside, where it opens nothing, and what it leads to stays."""
    entry = keys.folder / "entry"
    letters = entry / str(BALLOT)[:2]
    if linked == "kind":
        (private.parent / letters.name).symlink_to(private.parent)
        entry.symlink_to(private.parent)
    else:
        entry.mkdir()
        letters.symlink_to(private.parent) if linked == "letters" else letters.mkdir()
    if linked == "file":
        (letters / private.name).symlink_to(private)
    before = private.read_bytes()
    if linked != "file" or what != "set_aside":
        with pytest.raises(KeysAway):
            attempt(keys, what)
    else:
        attempt(keys, what)
    assert private.read_bytes() == before
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert str(BALLOT) not in str(list(keys.receipts()))


def test_lists_of_keys_leave_out_what_lies_behind_links(keys: KeyFolder, private: Path) -> None:
    mine = keys.create("person")
    (keys.folder / "person" / "ab").symlink_to(private.parent)
    (keys.folder / "aside").symlink_to(private.parent.parent)
    assert list(keys.made_before("person", datetime(2100, 1, 1, tzinfo=UTC))) == [mine]
    assert str(BALLOT) not in str(archives.unpacked(archives.person_keys(keys.folder)).keys)
    (keys.folder / "person" / str(mine)[:2] / f"{BALLOT}.key").symlink_to(private)
    assert str(BALLOT) not in str(archives.unpacked(archives.person_keys(keys.folder)).keys)


@pytest.mark.parametrize("by", ["link", "second name", "pipe"])
def test_receipts_are_added_to_no_other_file(keys: KeyFolder, tmp_path: Path, by: str) -> None:
    chain, receipts = tmp_path / "chain.key", keys.folder / "receipts.jsonl"
    chain.write_bytes(b"\1" * 32)
    chain.chmod(0o600)
    if by == "link":
        receipts.symlink_to(chain)
    elif by == "second name":
        receipts.hardlink_to(chain)
    else:
        os.mkfifo(receipts)
    with pytest.raises(KeysAway):
        Receipts(keys.folder).append({"key": str(uuid4()), "kind": "entry", "why": "entry", "when": "2026"})
    assert (chain.read_bytes(), stat.S_IMODE(chain.stat().st_mode)) == (b"\1" * 32, 0o600)


def test_a_pipe_in_the_place_of_a_key_holds_nobody_up(keys: KeyFolder) -> None:
    os.mkfifo(keys.folder / "pipe.key")
    with pytest.raises(KeysAway):
        read_key(Spot(keys.folder) / "pipe.key")


def test_publishing_the_public_half_opens_no_other_file(keys: KeyFolder, private: Path) -> None:
    public = keys.folder / "ballots" / f"{BALLOT}.pub"
    public.unlink()
    public.symlink_to(private)
    with pytest.raises(KeysAway):
        BallotKeys(private.parent.parent, keys.folder).create(BALLOT)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_marks_and_drafts_are_written_to_no_other_file(keys: KeyFolder, tmp_path: Path) -> None:
    (keys.folder / "restored").symlink_to(tmp_path / "made")
    with pytest.raises(KeysAway):
        keys.mark_restored()
    assert not (tmp_path / "made").exists()
    for name in ("../x", "a/b", "..", "."):
        with pytest.raises(ValueError, match=name):
            Spot(keys.folder) / name


def test_a_link_above_the_folder_is_the_administrators(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "keys").symlink_to(tmp_path / "volume")
    keys = KeyFolder(tmp_path / "keys")
    key_id = keys.create("entry")
    assert keys.open("entry", key_id, keys.seal("entry", key_id, "Anna")) == "Anna"
    keys.destroy("entry", key_id, "left", NOW)
    assert not keys.exists("entry", key_id)


@pytest.mark.parametrize("what", ["link", "pipe", "second name"])
def test_the_doctor_reports_what_is_no_file(keys: KeyFolder, tmp_path: Path, what: str) -> None:
    keys.destroy("entry", keys.create("entry"), "left", NOW)
    assert not look_at(keys.folder, None).strange
    if what == "link":
        (keys.folder / "entry" / "ab").symlink_to(tmp_path)
    elif what == "pipe":
        os.mkfifo(keys.folder / "pipe")
    else:
        (tmp_path / "other").hardlink_to(keys.folder / "receipts.jsonl")
    [fault] = [f for f in folder_findings("key folder", look_at(keys.folder, None)) if f.level == "fault"]
    assert "1 links" in fault.says


@pytest.mark.parametrize(
    "planted",
    ["aside/.DS_Store", "aside/2026-01-01/x", "aside/x/", "entry/x", "person/ab/x.key", "aside/2026-01-01/entry/x"],
)
def test_the_doctor_reports_what_lies_among_the_keys_and_is_none(keys: KeyFolder, planted: str) -> None:
    for kind in ("entry", "person"):
        keys.successor(kind, keys.create(kind)).begin()
        keys.set_aside(kind, keys.create(kind), date(2026, 11, 1))
    (keys.folder / "entry" / "ab").mkdir(exist_ok=True)
    (keys.folder / "entry" / "ab" / f".{BALLOT}.key.0123456789abcdef").touch()
    assert not look_at(keys.folder, None).stray
    at = keys.folder / planted
    at.parent.mkdir(parents=True, exist_ok=True)
    at.mkdir() if planted.endswith("/") else at.touch()
    assert look_at(keys.folder, None).stray == 1
    told = [found.says for found in folder_findings("key folder", look_at(keys.folder, None))]
    assert any("1 files or folders lie among the keys" in text for text in told)


@pytest.mark.parametrize("what", ["link", "folder", "pipe", "socket"])
@pytest.mark.parametrize("suffix", [".key", ".next"])
def test_the_doctor_says_that_something_else_lies_in_the_place_of_a_key(
    keys: KeyFolder, tmp_path: Path, what: str, suffix: str
) -> None:
    key_id = keys.create("person")
    keys.successor("person", key_id).begin()
    plant(what, keys._path("person", key_id).path.with_suffix(suffix), tmp_path / "moved")
    facts = look_at(keys.folder, None)
    assert (facts.in_place, facts.damaged) == (1, 0)
    # What lies in that folder, and who may enter it, is another matter.
    assert what == "folder" or (facts.stray, facts.open_to_others) == (0, 0)
    [told] = [found for found in folder_findings("key folder", facts) if "in the place of a key" in found.says]
    assert (told.level, "damaged" in told.says) == ("fault", False)
    on_disk, _old = keys_in(keys.folder, "person/??/*.key", NOW)
    assert (key_id in on_disk) == (suffix != ".key")
