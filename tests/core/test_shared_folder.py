"""Web and worker as two accounts: a key folder that is given to their group stays usable to both, and closed to others."""

import errno
import os
import stat
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from programmes.core.key_files import Receipts
from programmes.core.sealing import KeyFolder
from programmes.doctor.folder_findings import folder_findings
from programmes.doctor.folders import FolderFacts, look_at

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture(autouse=True)
def closed_umask() -> Iterator[None]:
    """As in the units: what is not said is for the owner only."""
    before = os.umask(0o077)
    yield
    assert os.umask(before) == 0o077


def a_folder(path: Path, mode: int) -> KeyFolder:
    path.mkdir()
    path.chmod(mode)
    keys = KeyFolder(path)
    keys.destroy("entry", keys.create("entry"), "left", NOW)
    keys.set_aside("entry", keys.create("entry"), NOW.date())
    keys.successor("person", keys.create("person")).begin()
    return keys


def modes(folder: Path, folders: bool) -> set[int]:
    found = [path for path in folder.rglob("*") if path.is_dir() is folders]
    assert len(found) > 4
    return {stat.S_IMODE(path.stat().st_mode) for path in found}


def test_what_is_made_in_a_folder_that_is_given_to_a_group_is_the_groups_too(tmp_path: Path) -> None:
    a_folder(tmp_path / "shared", 0o2770)
    assert modes(tmp_path / "shared", folders=False) == {0o660}
    assert modes(tmp_path / "shared", folders=True) == {0o2770}
    a_folder(tmp_path / "own", 0o700)
    assert modes(tmp_path / "own", folders=False) == {0o600}
    assert modes(tmp_path / "own", folders=True) == {0o700}


def test_group_bits_without_the_setgid_bit_give_a_folder_to_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    a_folder(folder, 0o770)
    assert modes(folder, folders=False) == {0o600}
    assert "can be entered by other accounts" in folder_findings("key folder", look_at(folder, None))[0].says


def test_the_doctor_takes_a_shared_folder_as_meant_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    a_folder(folder, 0o2770)
    assert {f.level for f in folder_findings("key folder", look_at(folder, None), rotating=True)} <= {"ok", "note"}
    [fault] = [f for f in folder_findings("ballot key folder", look_at(folder, None)) if f.level == "fault"]
    assert "only the worker's own account" in fault.says
    Receipts(folder).append({"key": str(uuid4()), "kind": "entry", "why": "entry", "when": "2026"})
    (folder / "receipts.jsonl").chmod(0o600)
    [fault] = [f for f in folder_findings("key folder", look_at(folder, None)) if f.level == "fault"]
    assert "1 folders, key files or receipts" in fault.says
    folder.chmod(0o2775)
    assert "can be entered" in folder_findings("key folder", look_at(folder, None))[0].says


def test_a_third_account_in_the_group_is_a_fault() -> None:
    facts = FolderFacts("/k", mode=0o2770, same_volume=False, group="keys", members=("web", "worker"))
    assert [f.level for f in folder_findings("key folder", facts)] == ["ok"]
    facts = FolderFacts("/k", mode=0o2770, same_volume=False, group="keys", members=("kim", "web", "worker"))
    [found] = folder_findings("key folder", facts)
    assert (found.level, "kim, web, worker" in found.says) == ("fault", True)


def _acl(*entries: tuple[int, int, int]) -> bytes:
    """An access control list as the kernel has it: version 2, and for each entry tag, rights and id."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@pytest.mark.parametrize("name", ["system.posix_acl_access", "system.posix_acl_default"])
def test_an_access_list_that_lets_a_third_account_in_is_a_fault(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    a_folder(folder, 0o2770)
    nobody = 0xFFFFFFFF
    third = _acl((1, 7, nobody), (2, 7, 4242), (4, 7, nobody), (16, 7, nobody), (32, 0, nobody))
    try:
        os.setxattr(folder / "service", name, third)
    except OSError:
        # A file system that knows no lists: then what the kernel would say of one is said here.
        def of_a_list(path: Path, asked: str, **_: object) -> bytes:
            if path == folder / "service" and asked == name:
                return third
            raise OSError(errno.ENODATA, "No data available")

        monkeypatch.setattr(os, "getxattr", of_a_list)
    [fault] = [f for f in folder_findings("key folder", look_at(folder, None)) if f.level == "fault"]
    assert "1 folders or files" in fault.says
    assert "access control lists" in fault.says


def test_a_list_is_asked_for_and_a_file_system_that_knows_none_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    a_folder(folder, 0o2770)

    def unknown(*_: object, **__: object) -> bytes:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "getxattr", unknown)
    assert look_at(folder, None).listed == 0
    monkeypatch.setattr(os, "getxattr", lambda path, name, **_: b"" if path == folder and "default" in name else unknown())
    assert look_at(folder, None).listed == 1


def test_a_group_without_a_name_is_said_and_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "keys"
    a_folder(folder, 0o2770)

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("programmes.doctor.sharing.grp.getgrgid", unknown)
    [found] = [f for f in folder_findings("key folder", look_at(folder, None), rotating=True) if f.level == "warning"]
    assert "has no name here" in found.says
