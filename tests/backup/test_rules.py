"""What is decided without a database: whether a manifest is whole and ours, what others see of an address, what is told."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.backup import BackupError, archives, manifest
from programmes.backup.manifest import FileFacts, Here, Manifest
from programmes.backup.postgres import address_of, in_database
from programmes.backup.progress import Progress
from programmes.core.backup_trace import Seen
from programmes.doctor.backup_checks import trace_findings

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
