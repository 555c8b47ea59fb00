"""What is decided without a database: whether a manifest is whole and ours, what others see of an address, what is told."""

import errno
import io
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.backup import BackupError, afterwards, archives, files, manifest, restore_commands, restoring
from programmes.backup.manifest import Here, Manifest
from programmes.backup.postgres import address_of, in_database
from programmes.backup.progress import Progress
from programmes.core import backup_files
from programmes.core.backup_files import FileFacts
from programmes.core.backup_trace import Seen
from programmes.doctor.backup_checks import absent_findings, backup_set, exchange_findings, key_copies, trace_findings
from programmes.doctor.findings import Finding, Patient
from programmes.people.queries import StaffFacts
from programmes.settings import Settings
from tests.clock import FrozenClock

KEY = b"k" * 32
SOUND = Manifest(
    "2026-11-29T02:00:00+00:00",
    "0.1.0",
    "2026-11-28T22:00:00:000001",
    18,
    {"keys": "ab" * 32, "ballots": "cd" * 32},
    ["owner", "web"],
    {name: FileFacts(1000, "0" * 64) for name in manifest.FILES},
)
WRITTEN = manifest.write(SOUND, KEY)
HERE = Here("0.1.0", frozenset({SOUND.migration}), 18, frozenset({"owner", "web", "worker"}))


def test_a_manifest_is_read_as_it_was_written_and_known_by_the_installations_key_alone() -> None:
    found, seal = manifest.read(WRITTEN)
    assert found == SOUND
    assert manifest.is_ours(found, seal, KEY)
    assert not manifest.is_ours(found, seal, b"x" * 32)
    assert not manifest.is_ours(replace(found, postgresql=17), seal, KEY)
    assert list(manifest.obstacles(found, HERE)) == []


def test_a_restore_says_what_it_erased_what_is_forgotten_and_whom_to_look_through() -> None:
    robin = StaffFacts("robin", "Robin Ek", active=False, roles=("leader",), single_sign_on=False, second_factor=True)
    again = afterwards.Again(records=3, partners=2, lists=1)
    done = restoring.Restored(SOUND, 7, 90, again, [robin], keys=archives.PutBack(5), advice=["Look."])
    lines = list(restore_commands._told(done, with_keys=True))
    assert lines[0] == "Keys put back: 5."
    said = " ".join(lines)
    for words in (
        "Put back: 90 rows of 7 tables, as many as the backup of 2026-11-29 02:00 UTC says.",
        "Protected records that had been erased since, and are erased again: 3.",
        "Partners' records (2.14) that had been erased since, and are erased again: 2.",
        "Groups of whose working list all or a part had been erased since, and is erased again: 1.",
        "What was written after 2026-11-29 02:00 UTC is not there: places, marks, votes.",
        "consents that were taken back (2.14; where a partner's record was erased with it, the consent counts as taken"
        " back), protected identity, who must not meet whom, and holds.",
        "Let those who lead and coordinate say what they know, before anybody is written to or called.",
        "Accounts, passwords, roles and second factors are those of 2026-11-29 02:00 UTC too, and nobody is signed in.",
        "Who was deactivated since can sign in again, and passwords and recovery codes that were given up count again.",
        "- robin\tdeactivated\tleader\tpassword and code\tRobin Ek Before web is started: programmes staff deactivate,"
        " roles, password, second-factor reset, where they are not as they should be.",
        "To be done before web is started: - Look.",
        "programmes keys confirm --yes. Until then no key goes that has no row",
    ):
        assert words in said
    alone = list(restore_commands._told(replace(done, staff=[], advice=[]), with_keys=False))
    assert "- none" in alone
    assert not any("Keys put back" in line or "To be done" in line for line in alone)


@given(st.integers(0, len(WRITTEN) - 1), st.binary(max_size=3))
def test_whatever_is_altered_in_a_manifest_is_refused_in_words(at: int, instead: bytes) -> None:
    changed = WRITTEN[:at] + instead + WRITTEN[at + 1 :]
    try:
        found, seal = manifest.read(changed)
    except BackupError:
        return
    assert found == SOUND if manifest.is_ours(found, seal, KEY) else True


@pytest.mark.parametrize(
    "told", [b"", b"null", b"[]", b'{"format": 1}', b"\xff\xfe", b'{"format": 1, "seal": 1, "files": []}']
)
def test_what_is_no_manifest_is_refused_in_words(told: bytes) -> None:
    with pytest.raises(BackupError):
        manifest.read(told)


@given(st.integers(0, 200))
def test_of_a_cut_copy_of_keys_nothing_is_put_back(length: int) -> None:
    with pytest.raises(BackupError):
        archives.unpacked(io.BytesIO(b"\x1f\x8b\x08" + bytes(length)).getvalue())


def test_every_reason_is_said_at_once() -> None:
    newer = replace(SOUND, release="0.2", postgresql=19, roles=["owner", "reader"])
    said = list(manifest.obstacles(newer, HERE))
    assert [part in told for part, told in zip(("release 0.2", "PostgreSQL 19", "reader"), said, strict=True)] == [True] * 3
    # An older one may be put back, into a newer server too.
    assert list(manifest.obstacles(replace(SOUND, release="0.0.9"), replace(HERE, postgresql=19, release="0.10"))) == []
    assert manifest.differing({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 0}) == ["b", "c"]


@given(st.text(min_size=1, max_size=20), st.booleans())
def test_a_password_is_handed_over_whole_and_stands_in_no_list_of_processes(password: str, as_parameter: bool) -> None:
    secret = quote(f"§{password}§", safe="")
    before, after = ("", f"?password={secret}&sslmode=require") if as_parameter else (f":{secret}", "?sslmode=require")
    found = address_of(f"postgresql://kim{before}@a:5432,b:5433/programmes{after}")
    assert found.password == f"§{password}§"
    assert found.shown == "postgresql://kim@a:5432,b:5433/programmes?sslmode=require"


def test_another_database_of_the_same_server_is_named() -> None:
    assert in_database("postgresql://k:p@a,b/x?host=/s&port=1", "y") == "postgresql://k:p@a,b/y?host=/s&port=1"
    assert address_of("postgresql://k:p@/x?host=/run/a b&port=1").shown == "postgresql://k@/x?host=%2Frun%2Fa%20b&port=1"


def test_the_doctor_says_when_there_was_a_backup_and_when_one_was_put_back() -> None:
    now = datetime(2026, 11, 29, 8, tzinfo=UTC)

    def level(name: str, seen: Seen | None, demo: bool = False) -> str:
        found = {f.check: f for f in trace_findings({name: seen} if seen else {}, now, demo)}
        one = found["last backup" if name == "backup" else "last restore drill"]
        assert bool(one.mend) == (one.level in {"warning", "fault"})
        return one.level

    def ago(**time: float) -> Seen:
        return Seen(now - timedelta(**time), now - timedelta(**time))

    assert [level("backup", s) for s in (None, ago(hours=25), ago(hours=27), ago(days=8))] == [
        "warning",
        "ok",
        "warning",
        "fault",
    ]
    assert [level("drill", s) for s in (None, ago(days=99), ago(days=101))] == ["warning", "ok", "warning"]
    for failed in (Seen(now, None), Seen(now, now - timedelta(hours=1))):
        assert level("backup", failed) == level("drill", failed) == "fault"
    assert level("backup", None, demo=True) == "note"


def test_after_an_exchange_of_keys_the_doctor_asks_for_a_backup() -> None:
    now = datetime(2026, 11, 29, 8, tzinfo=UTC)

    def told(exchanged: datetime | None, backup: Seen | None, demo: bool = False) -> list[tuple[str, str]]:
        return [(f.level, f.mend) for f in exchange_findings(exchanged, backup, demo)]

    before, after = (Seen(at, at) for at in (now - timedelta(hours=1), now + timedelta(hours=1)))
    asked = [("warning", "Run programmes backup now (docs/operations.md, Other keys).")]
    assert told(now, before) == told(now, replace(before, tried_at=after.tried_at)) == asked
    assert told(now, after) == told(None, before) == told(now, None) == told(now, before, demo=True) == []


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_and_cron_hears_nothing() -> None:
    for stream, said in (
        (_Terminal(), "\rTables 0 of 2\rTables 1 of 2\rTables 2 of 2\rTables 2 of 2\n"),
        (io.StringIO(), ""),
    ):
        shown = Progress(stream)
        shown.begin("Tables", 2)
        for _ in range(3):
            shown.step()
        shown.end()
        assert stream.getvalue() == said


@pytest.mark.parametrize("size", [0, 50, 1000, 65_536, 70_000, 200_000])
def test_a_disk_that_refuses_any_byte_of_a_file_is_heard(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyrage itself is silent about the last block, which is all of a small file."""
    to, write = [pyrage.x25519.Identity.generate().to_public()], os.write
    whole = files.seal_bytes(bytes(size), tmp_path / "whole.age", to)
    assert backup_files.seems_sealed(tmp_path / "whole.age")
    # age adds a stanza of random length, below 600 bytes.
    for number, room in enumerate((0, 100, max(whole.size - 700, 0))):
        left = [room]

        def some(handle: int, block: memoryview, left: list[int] = left) -> int:
            if not left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left[0] -= (written := write(handle, block[: left[0]]))
            return written

        path = tmp_path / f"{number}.age"
        with monkeypatch.context() as patch:
            patch.setattr(files.os, "write", some)
            with pytest.raises(OSError, match="No space left"):
                files.seal_bytes(bytes(size), path, to)
    # What is kept back and never comes to lie there is heard too.
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "write", lambda _, block: len(block))
        with pytest.raises(OSError, match="not as long"):
            files.seal_bytes(bytes(size), tmp_path / "none.age", to)


def test_what_a_full_disk_left_is_seen_without_opening_it(tmp_path: Path) -> None:
    path, to = tmp_path / "persons-20261129T011500Z.age", [pyrage.x25519.Identity.generate().to_public()]
    files.seal_bytes(b"keys", path, to)
    content = path.read_bytes()
    facts = backup_files.facts_of(path)
    header = content.index(b"\n", content.index(b"\n--- ") + 5) + 1
    # As the release before leaves it, without a list: a header and something behind it.
    assert backup_files.seems_whole(path)
    for left in (0, 20, 100, header, header + 31):
        path.write_bytes(content[:left])
        assert not backup_files.seems_whole(path), left
    path.write_bytes(b"x" * 500)
    assert not backup_files.seems_whole(path)
    assert not backup_files.seems_whole(tmp_path / "none.age")
    # By its list every byte counts.
    backup_files.list_of(path).write_bytes(backup_files.written_list({path.name: facts}))
    path.write_bytes(content)
    assert backup_files.seems_whole(path)
    for other in (content[:-1], content + b"x", content[:-1] + bytes([content[-1] ^ 1])):
        path.write_bytes(other)
        assert not backup_files.seems_whole(path)
    backup_files.list_of(path).write_bytes(b"[")
    path.write_bytes(content)
    assert backup_files.seems_whole(path)


async def test_the_doctor_tells_of_copies_and_backups_that_are_empty_and_the_newest_whole_one_counts(tmp_path: Path) -> None:
    own = Settings(backup_folder=tmp_path / "backups", key_backup_folder=tmp_path / "copies")
    patient = Patient(own, datetime.now(UTC))
    assert [*await key_copies(patient), *await backup_set(patient)] == []
    to = [pyrage.x25519.Identity.generate().to_public()]
    for day in ("20261128", "20261129"):
        at = own.backup_folder / f"{day}T011500Z"
        at.mkdir(parents=True)
        own.key_backup_folder.mkdir(exist_ok=True)
        for kind in ("persons", "log"):
            files.seal_bytes(b"keys", own.key_backup_folder / f"{kind}-{day}T011500Z.age", to)
        written = {name: files.seal_bytes(b"rows", at / name, to) for name in manifest.FILES}
        (at / "manifest.json").write_bytes(manifest.write(replace(SOUND, files=written), KEY))

    async def levels() -> list[str]:
        found = [*await key_copies(patient), *await backup_set(patient)]
        assert all(f.mend for f in found if f.level in {"warning", "fault"})
        return [f.level for f in found]

    assert await levels() == ["ok", "ok"]
    # An older one that is empty, and then the newest.
    (own.key_backup_folder / "log-20261128T011500Z.age").write_bytes(b"")
    assert await levels() == ["warning", "ok"]
    (own.key_backup_folder / "persons-20261129T011500Z.age").write_bytes(b"")
    [person, log] = await key_copies(patient)
    assert (person.level, log.level) == ("fault", "warning")
    assert "persons-20261129T011500Z.age" in person.says
    assert "the newest whole one is of 2026-11-28 02:15" in person.says
    (own.key_backup_folder / "persons-20261128T011500Z.age").write_bytes(b"")
    assert "none is whole" in (await key_copies(patient))[0].says
    # Of the backup itself each file; and what a killed run has left.
    for name in manifest.FILES:
        path = own.backup_folder / "20261129T011500Z" / name
        content = path.read_bytes()
        for left in (b"", content[:-1]):
            path.write_bytes(left)
            [found] = await backup_set(patient)
            assert (found.level, name in found.says) == ("fault", True)
            assert "seems whole is of 2026-11-28" in found.says
        path.write_bytes(content)
    (own.backup_folder / ".part-20261130T011500Z").mkdir()
    [whole, draft] = await backup_set(patient)
    assert (whole.level, draft.level, "1 files or folders of a backup that is not finished" in draft.says) == (
        "ok",
        "warning",
        True,
    )
    # A draft that is left holds person keys too.
    left_over = own.key_backup_folder / ".part-persons-20261101T011500Z.age"
    left_over.touch()
    os.utime(left_over, (0, 0))
    assert "1 copies of person keys are older than seven days" in (await key_copies(patient))[0].says


async def test_what_is_to_be_done_before_web_is_started_does_not_ask_for_web(monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine(patient: Patient) -> list[Finding]:
        checks = ("base address", "worker", "clock", "records")
        return [Finding(check, "fault", f"{check} is wrong.", "Mend it.") for check in checks]

    monkeypatch.setattr(afterwards.checks, "examine", examine)
    clock = FrozenClock(datetime(2026, 11, 29, 8, tzinfo=UTC))
    assert await afterwards.advice(Settings(), clock) == (["records is wrong. Mend it."], ["clock is wrong. Mend it."])


def test_copies_of_keys_that_have_gone_for_their_age_are_not_missed(tmp_path: Path) -> None:
    own = Settings(backup_folder=tmp_path / "backups", key_backup_folder=tmp_path / "copies")
    now = datetime(2026, 11, 30, 8, tzinfo=UTC)

    def told(days: float, of: Settings = own) -> list[tuple[str, str]]:
        return [(f.check, f.level) for f in absent_findings(Patient(of, now), now - timedelta(days=days))]

    missed = ("key copies", "fault")
    assert told(1) == [("backup files", "fault"), missed, missed]
    assert told(6) == [("backup files", "fault"), missed]
    assert {level for _, level in told(1, replace(own, demo=True))} == {"note"}
    # The trace is of its end, the name of its beginning.
    (own.backup_folder / "20261129T011500Z").mkdir(parents=True)
    own.key_backup_folder.mkdir()
    for kind in ("persons", "log"):
        (own.key_backup_folder / f"{kind}-20261129T011500Z.age").touch()
    ended = now - datetime(2026, 11, 29, 9, tzinfo=UTC)
    assert told(ended / timedelta(days=1)) == []
    assert len(told(0)) == 3
