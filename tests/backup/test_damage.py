"""What is damaged, read-only or does not belong together is said first, and keeps nobody from what can still be done."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from programmes.core.rotating import alone_with
from programmes.core.sealing import KeysAway
from programmes.doctor import folders
from programmes.doctor.folder_findings import folder_findings
from programmes.settings import Settings
from tests.backup.installation import Place, Typed
from tests.backup.test_killed_restore import beside


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Mount a folder so, as the system would: nothing in it is opened for writing."""
    really = os.open

    def mount(folder: Path) -> None:
        def refusing(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            inside = str(path).startswith(str(folder)) or (
                dir_fd is not None and os.readlink(f"/proc/self/fd/{dir_fd}").startswith(str(folder))
            )
            if inside and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return really(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", refusing)

    return mount


def _without_backups(own: Settings) -> None:
    """The next one may fall into the same second, and would have the name of the one before."""
    for path in [*own.backup_folder.iterdir(), *own.key_backup_folder.iterdir()]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("held_before", [True, False])
async def test_what_lies_in_a_key_folder_that_cannot_be_written_is_backed_up(
    place: Place, typed: Typed, read_only: Callable[[Path], None], held_before: bool
) -> None:
    own = place.settings
    lock = own.key_folder / ".rotating"
    assert await typed(own, "backup") == (0, "")
    _without_backups(own)
    if not held_before:
        lock.unlink()
    read_only(own.key_folder)
    assert await typed(own, "backup") == (0, "")
    assert lock.exists() == held_before
    # Who would change keys is told that it cannot be.
    with pytest.raises(KeysAway, match="cannot be written"), alone_with(own.key_folder):
        pass
    if held_before:
        _without_backups(own)
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            code, said = await typed(own, "backup")
        assert (code, "Keys are being rotated" in said) == (1, True), said


def test_that_it_cannot_be_written_is_said_before_all_else_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)

    class Mounted:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(folders.os, "statvfs", lambda _: Mounted)
    found = folder_findings("key folder", folders.look_at(tmp_path, None))
    assert (found[0].level, "mounted read-only" in found[0].says) == ("fault", True)
    assert "programmes backup" in found[0].mend
    assert "can be entered by other accounts" in found[1].says


def _broken(line: bytes) -> bytes:
    return b"#" * len(line)


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a last line that is none": lambda lines: [*lines, b"garbage"],
    "a line in the middle": lambda lines: [lines[0], _broken(lines[1]), lines[2]],
    "a line in the middle, cut short": lambda lines: [lines[0], lines[1][:30], lines[2]],
}


@pytest.mark.parametrize("what", DAMAGE)
async def test_damaged_receipts_are_a_fault_of_their_own_that_nobody_is_told_to_confirm(
    what: str, place: Place, typed: Typed
) -> None:
    own, file = place.settings, place.settings.key_folder / "receipts.jsonl"
    for _ in range(3):
        place.keys.destroy("person", place.keys.create("person"), "test", datetime.now(UTC))
    assert (await typed(own, "worker", "--once"))[0] == 0
    _, said = await typed(own, "doctor")
    assert "receipts: What has been erased has its receipts." in said
    file.write_bytes(b"\n".join([*DAMAGE[what](file.read_bytes().splitlines()), b""]))
    _, said = await typed(own, "doctor")
    lines = said.splitlines()
    [at] = [number for number, line in enumerate(lines) if "receipts:" in line]
    assert lines[at] == (
        f"FAULT   receipts: 1 line of {file} is damaged: what was told there would not be erased again after a restore."
    )
    assert "newest whole copy" in lines[at + 1]
    assert "confirm" not in lines[at + 1]
    code, said = await typed(own, "backup")
    assert code == 0
    assert ("made, but with it a damaged receipts.jsonl" in said) == ("cut short" not in what)


async def test_keys_alone_are_not_put_beside_a_database_without_tables(
    place: Place, empty_database: Settings, typed: Typed
) -> None:
    assert await typed(place.settings, "backup") == (0, "")
    new = beside(place.settings, empty_database)
    code, said = await typed(new, "restore", "--identity", place.identity, "--keys", place.copy())
    assert (code, said.count("\n"), "The database has no tables yet" in said) == (1, 1, True), said
    # Whoever starts too early is not led to fill what a backup is to be put back into.
    code, said = await typed(new, "worker", "--once")
    assert (code, "unless a backup is to be put back into it: then leave it empty" in said) == (1, True), said


async def test_a_backup_from_before_an_exchange_of_keys_says_first_what_does_not_open_and_ends_with_1(
    place: Place, empty_database: Settings, typed: Typed
) -> None:
    own = place.settings
    assert await typed(own, "backup") == (0, "")
    before = {path: path.read_bytes() for path in own.key_folder.glob("person/??/*.key")}
    for path in before:
        path.write_bytes(os.urandom(32))
    new = beside(own, empty_database)
    code, said = await typed(new, "restore", place.newest, "--identity", place.identity)
    first, then, *_ = said.splitlines()
    assert (code, "not all of it can be read" in first) == (1, True), said
    assert then.startswith("- 2 protected records do not open with the key that lies there.")
    assert said.count("2 protected records do not open") == 1
    # It is back all the same, and nothing is left in its way.
    assert not place.keys.waits_for_restore()
    for path, key in before.items():
        path.write_bytes(key)
    _, said = await typed(new, "doctor")
    assert "Every protected record that has its key opens." in said
