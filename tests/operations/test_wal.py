"""The archive of the write-ahead log, and its bases: the two scripts of deploy/postgresql, with an `age` of our own."""

import fcntl
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy/postgresql"
# `age -R FILE -o FILE`, with the library that `programmes backup` encrypts with.
AGE = f"""#!{sys.executable}
import sys, pyrage
recipients, target = sys.argv[sys.argv.index("-R") + 1], sys.argv[sys.argv.index("-o") + 1]
to = [pyrage.x25519.Recipient.from_str(line) for line in open(recipients).read().split()]
open(target, "wb").write(pyrage.encrypt(sys.stdin.buffer.read(), to))
"""
SEGMENT = "00000001000000000000000A"
DAY = 86400


class Archive:
    """The folders of one database server, and programs in front of its own."""

    def __init__(self, home: Path) -> None:
        self.wal, self.bases, self.programs = home / "wal", home / "base", home / "programs"
        for folder in (self.wal, self.bases, self.programs):
            folder.mkdir()
        self.identity = pyrage.x25519.Identity.generate()
        self.recipients = home / "recipients"
        self.recipients.write_text(f"{self.identity.to_public()}\n")
        self.program("age", AGE)

    def program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def run(self, script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPTS / script, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "WAL_FOLDER": str(self.wal),
                "BASE_FOLDER": str(self.bases),
                "WAL_RECIPIENTS": str(self.recipients),
            },
        )

    def opened(self, file: Path) -> bytes:
        return gzip.decompress(pyrage.decrypt(file.read_bytes(), [self.identity]))

    def put(self, folder: Path, name: str, days_ago: float) -> Path:
        (folder / name).write_bytes(b"x")
        then = (folder / name).stat().st_mtime - days_ago * DAY
        os.utime(folder / name, (then, then))
        return folder / name


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    """A file of the log that ended early, as most do in a quiet hour."""
    file = tmp_path / SEGMENT
    file.write_bytes(os.urandom(1000) + bytes(2**20))
    return file


def test_a_file_of_the_log_is_put_away_small_and_sealed(archive: Archive, segment: Path) -> None:
    assert archive.run("programmes-wal", segment, SEGMENT).returncode == 0
    assert sorted(file.name for file in archive.wal.iterdir()) == [f"{SEGMENT}.age", f"{SEGMENT}.sum"]
    sealed = archive.wal / f"{SEGMENT}.age"
    assert archive.opened(sealed) == segment.read_bytes()
    assert sealed.stat().st_size < segment.stat().st_size / 100
    assert not sealed.stat().st_mode & 0o077


def test_the_same_file_once_more_is_done_and_another_of_its_name_refused(archive: Archive, segment: Path) -> None:
    """The server asks twice when it fell between the two: an archive that then says no stands still for ever."""
    archive.run("programmes-wal", segment, SEGMENT)
    before = (archive.wal / f"{SEGMENT}.age").read_bytes()
    assert archive.run("programmes-wal", segment, SEGMENT).returncode == 0
    segment.write_bytes(b"of another server")
    refused = archive.run("programmes-wal", segment, SEGMENT)
    assert (refused.returncode, "something else" in refused.stderr) == (1, True)
    assert (archive.wal / f"{SEGMENT}.age").read_bytes() == before


@pytest.mark.parametrize("program", ["age", "gzip", "sync", "sha256sum"])
def test_what_fails_half_way_has_no_name_and_is_made_anew(archive: Archive, segment: Path, program: str) -> None:
    archive.program(program, "#!/bin/sh\necho half; exit 1\n")
    assert archive.run("programmes-wal", segment, SEGMENT).returncode != 0
    assert not [file for file in archive.wal.iterdir() if not file.name.startswith(".")]
    (archive.programs / program).unlink()
    archive.program("age", AGE)
    assert archive.run("programmes-wal", segment, SEGMENT).returncode == 0
    assert archive.opened(archive.wal / f"{SEGMENT}.age") == segment.read_bytes()


def test_a_base_removes_what_nothing_needs_any_more(archive: Archive) -> None:
    archive.program("pg_basebackup", "#!/bin/sh\nprintf base\n")
    old, kept = (archive.put(archive.bases, f"2026{day}T020000Z.tar.age", ago) for day, ago in (("0901", 40), ("1001", 8)))
    gone = [archive.put(archive.wal, f"{SEGMENT[:-1]}{n}.{end}", 9) for n in "12" for end in ("age", "sum")]
    stay = [archive.put(archive.wal, f"{SEGMENT[:-1]}3.age", 7), archive.put(archive.wal, "00000002.history.age", 50)]
    assert archive.run("programmes-base", 30).returncode == 0
    assert not any(file.exists() for file in [old, *gone])
    assert all(file.exists() for file in [kept, *stay])
    [made] = [file for file in archive.bases.glob("*.tar.age") if file != kept]
    assert archive.opened(made) == b"base"


def test_a_base_that_fails_removes_nothing(archive: Archive) -> None:
    archive.program("pg_basebackup", "#!/bin/sh\nprintf ba\nexit 1\n")
    old = archive.put(archive.bases, "20260901T020000Z.tar.age", 40)
    log = archive.put(archive.wal, f"{SEGMENT}.age", 41)
    assert archive.run("programmes-base").returncode != 0
    assert [file for file in archive.bases.iterdir() if not file.name.startswith(".")] == [old]
    assert log.exists()
    archive.program("pg_basebackup", "#!/bin/sh\nprintf base\n")
    assert archive.run("programmes-base").returncode == 0
    assert [file.name for file in archive.bases.iterdir() if file.name.startswith(".")] == [".lock"]


def test_two_bases_are_not_made_at_once(archive: Archive) -> None:
    (archive.bases / ".lock").touch()
    with (archive.bases / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = archive.run("programmes-base")
    assert (refused.returncode, "another one" in refused.stderr) == (1, True)
