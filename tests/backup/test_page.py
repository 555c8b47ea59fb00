"""docs/operations.md says what the commands say, and names settings and options that there are."""

import re
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from programmes.backup.commands import add_to as add_backup
from programmes.backup.places import KEPT_KEYS
from programmes.backup.restore_commands import add_to as add_restore
from programmes.settings_command import TABLE, told

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CHAPTER = PAGE.partition("## Backup and restore")[2].partition("\n## ")[0]


def test_what_it_is_said_to_say_it_says() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "programmes" / "backup").glob("*.py"))
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", CHAPTER.partition("| it says |")[2], re.MULTILINE)
    assert len(rows) >= 9
    for phrase in (part.strip(" .") for row in rows for part in re.split("…,?", row)):
        assert phrase.lower() in source.lower(), phrase


def _parser(add: Callable[[ArgumentParser], None]) -> ArgumentParser:
    parser = ArgumentParser()
    add(parser)
    return parser


def test_its_settings_and_options_exist() -> None:
    known = {one.name for one in told(TABLE.read_text(encoding="utf-8"), {})}
    assert set(re.findall(r"\b(?:PROGRAMMES_[A-Z_]+|DATABASE_URL)\b", CHAPTER)) <= known
    options = "".join(_parser(add).format_help() for add in (add_backup, add_restore))
    for option in re.findall(r"(?<=[ `])--(?:drill|identity|keys|lost|verbose)\b", CHAPTER):
        assert option in options
    assert KEPT_KEYS.days == 6
    assert "six days" in CHAPTER


def test_with_containers_nothing_that_is_run_as_the_worker_starts_migrate_before_it() -> None:
    """Compose starts what a service depends on again, and `migrate` would fill the database that is to stay empty."""
    typed = re.sub(r"\\\n\s*", "", PAGE)
    lines = [line for line in re.findall(r"docker compose run [^`\n]*", typed) if re.search(r"\b(?:worker|web)\b", line)]
    assert len(lines) >= 4
    assert [line for line in lines if "--no-deps" not in line] == []
    assert not re.search(r"docker compose run [^`\n]*worker [^`\n]*--drill", typed)


def test_what_is_unpacked_into_a_folder_of_keys_becomes_the_workers() -> None:
    """As root it would be root's, and the worker could neither read nor add to it."""
    unpacked = re.findall(r"^.*tar xz -C /\S*log-keys.*$", PAGE, re.MULTILINE)
    assert len(unpacked) == 4
    for line in unpacked:
        by_worker = "umask 077; runuser -u programmes-worker -- tar xz -C /srv/log-keys" in line
        in_container = "tar xz -C /log-keys'" in line and ("into '" in line or "worker -c 'umask 077; " in line)
        assert by_worker or in_container, line
    assert "install -o programmes-worker -g programmes-keys -m 660 receipts.jsonl /srv/keys/" in PAGE


def test_a_restore_without_an_identity_is_no_restore(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parser(add_restore).parse_args(["x"])
    assert "--identity" in capsys.readouterr().err
