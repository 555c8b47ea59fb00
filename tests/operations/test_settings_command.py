"""`programmes settings` tells of every setting, of no secret, and of what keeps the service from starting."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import settings_command
from programmes.cli import main
from programmes.settings import read_settings
from programmes.settings_command import TABLE, masked, told

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(settings_command.os.environ):
        if name.startswith("PROGRAMMES_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)


def test_every_setting_is_told_with_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROGRAMMES_POOL_SIZE", "7")
    monkeypatch.setenv("PROGRAMMES_SMS_PASSWORD", "hemligt")
    monkeypatch.setenv("DATABASE_URL", "postgresql://kim:hemligt@db/x")
    assert main(["settings", "--json"]) == 0
    said = capsys.readouterr().out
    found = {one["name"]: one for one in json.loads(said)}
    assert "hemligt" not in said
    assert len(found) == TABLE.read_text(encoding="utf-8").count("\n| `")
    assert all(one["meaning"] and one["default"] for one in found.values())
    assert (found["PROGRAMMES_POOL_SIZE"]["value"], found["PROGRAMMES_POOL_SIZE"]["source"]) == ("7", "environment")
    assert (found["PROGRAMMES_BACKUP_DAYS"]["value"], found["PROGRAMMES_BACKUP_DAYS"]["source"]) == ("30", "default")
    assert found["DATABASE_URL"]["value"] == "postgresql://kim:***@db/x"
    assert main(["settings", "PROGRAMMES_POOL_SIZE", "PROGRAMMES_MAIL_URL"]) == 0
    said = capsys.readouterr().out
    assert "PROGRAMMES_POOL_SIZE = 7   [from the environment]\n    Database connections of one web process." in said
    assert "PROGRAMMES_MAIL_URL = (none)   [default]" in said
    assert "](" not in said
    assert main(["settings", "PROGRAMMES_COLOUR"]) == 2


@pytest.mark.parametrize(("name", "value"), [("PROGRAMMES_COLOUR", "blue"), ("PROGRAMMES_POOL_SIZE", "many")])
def test_what_would_stop_the_start_is_said_beside_the_rest(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kim@db/x")
    monkeypatch.setenv(name, value)
    assert main(["settings"]) == 2
    said = capsys.readouterr()
    assert name in said.err
    assert "PROGRAMMES_BASE_URL" in said.out
    assert main(["worker", "--once"]) == 2
    assert name in capsys.readouterr().err


@given(st.text(st.characters(codec="utf-8"), min_size=4, max_size=20), st.sampled_from(["front", "raw", "parameter"]))
def test_no_password_in_an_address_is_shown_however_it_is_written(password: str, how: str) -> None:
    secret = f"Q{password}Q" if how == "raw" else quote(f"Q{password}Q", safe="")
    for name in ("DATABASE_URL", "PROGRAMMES_MAIL_URL"):
        url = {
            "front": f"postgresql://kim:{secret}@a:1,b:2/x?y=1",
            "raw": f"smtp://kim:{secret}@host:587",
            "parameter": f"postgresql://kim@a/x?Password={secret}&y=1",
        }[how]
        assert secret not in masked(name, url)
    assert masked("PROGRAMMES_OIDC_CLIENT_SECRET", secret) == "***"


def test_what_holds_no_secret_is_shown_as_it_is() -> None:
    for name, value in (
        ("PROGRAMMES_BASE_URL", "https://stod.example.se"),
        ("PROGRAMMES_MAIL_URL", "folder:///tmp/mail"),
        ("DATABASE_URL", "postgresql://@/x?host=/run&port=5432"),
        ("PROGRAMMES_MUNICIPALITY", "A: B@C"),
    ):
        assert masked(name, value) == value


def test_nothing_of_how_the_table_is_written_is_left_in_what_is_told() -> None:
    table = TABLE.read_text(encoding="utf-8")
    found = {one.name: one for one in told(table, {})}
    first = found["DATABASE_URL"].meaning
    assert "Signs as / # ? [ in a password are written %2F %23 %3F %5B." in first
    assert "within seconds (decision 51). Behind the ? may stand" in first
    code, links, pairs = re.compile(r"`[^`]*`"), re.compile(r"\]\([^)]*\)"), {"(": ")", "[": "]"}
    for line in table.splitlines():
        name, *cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if name.strip(" `") not in found:
            continue
        one = found[name.strip(" `")]
        for shown, written in ((one.default, cells[0]), (one.meaning, cells[1].removesuffix(" |"))):
            assert not re.search(r"`|\]\(|\*\*|\.md\b", shown), one.name
            # Every word is there, in its order, and nothing else but the targets of links is gone.
            assert re.findall(r"[\w[]+", shown) == re.findall(r"[\w[]+", _without_links(written)), one.name
            # Brackets are balanced but for those that the table itself shows as code.
            for opens, closes in pairs.items():
                loose = sum(part.count(opens) - part.count(closes) for part in code.findall(links.sub("]", written)))
                assert shown.count(opens) - shown.count(closes) == loose, one.name


def _without_links(written: str) -> str:
    """By steps instead of a pattern: from `](` back to its bracket, and on to where its parenthesis ends."""
    while (middle := written.find("](")) >= 0:
        begins, ends = written.rindex("[", 0, middle), written.index(")", middle)
        written = written[:begins] + written[begins + 1 : middle] + written[ends + 1 :]
    return written


def test_the_container_has_the_table_too() -> None:
    assert "COPY docs/settings.md docs/settings.md" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert next(told(TABLE.read_text(encoding="utf-8"), {})).name == "DATABASE_URL"


@pytest.mark.parametrize("name", ["DATABASE_URL", "PROGRAMMES_WEB_DATABASE_URL", "PROGRAMMES_WORKER_DATABASE_URL"])
@pytest.mark.parametrize(
    "password", ["sec/ret", "123/ret", "sec#ret", "123#ret", "sec?ret", "1?r=et", "se[cret", "sec]ret", "s/e:c@r"]
)
@pytest.mark.parametrize("rest", ["127.0.0.1/programmes", "a:5432,b:5433/x?target_session_attrs=read-write"])
def test_a_password_that_ends_its_address_is_said_and_never_repeated(
    name: str, password: str, rest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kim@db/x")
    monkeypatch.setenv(name, f"postgresql://programmes_web:{password}@{rest}")
    for command in (["settings", "DATABASE_URL"], ["serve"], ["worker", "--once"], ["migrate", "--check"], ["doctor"]):
        assert main(command) == 2
        said = capsys.readouterr()
        assert (said.err.count("\n"), "%2F %23 %3F" in said.err, name in said.err) == (1, True, True), said.err
        assert not any(part in said.out + said.err for part in (password, "sec/", "ret@", "cret", "r=et"))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://kim:a%2Fb%23c%3Fd%5B@127.0.0.1/x",
        "postgresql://kim:a@b@host:5432/x",
        "postgresql://kim@/x?host=/run/postgresql&port=5433",
        "postgresql://@/x?host=/run&port=5432",
        "postgres://kim:pw@[::1]:5432,b,c:1/x?target_session_attrs=primary&sslmode=require",
        "postgresql:///x?host=a,b&port=1,2&user=k&password=a%40b&target_session_attrs=read-write",
        "postgresql://x:y@/none?host=/tmp/a b",
    ],
)
def test_an_address_that_can_be_is_taken(address: str) -> None:
    assert read_settings({"DATABASE_URL": address}).worker_database_url == address


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", "", "DATABASE_URL must be set"),
        ("PROGRAMMES_WEB_DATABASE_URL", "", "PROGRAMMES_WEB_DATABASE_URL must be set"),
        ("PROGRAMMES_MUNICIPALITY", " ", "PROGRAMMES_MUNICIPALITY must be set"),
        ("programmes_pool_size", "5", "programmes_pool_size (is PROGRAMMES_POOL_SIZE meant? Names are in capital letters.)"),
        ("Programmes_Colour", "5", "Programmes_Colour (Names are in capital letters.)"),
        ("PROGRAMMES_FOO", "5", "unknown setting: PROGRAMMES_FOO. With"),
        ("PROGRAMMES_DEMOS", "5", "unknown setting: PROGRAMMES_DEMOS. With"),
        ("PROGRAM_POOLSIZE", "5", "PROGRAM_POOLSIZE (is PROGRAMMES_POOL_SIZE meant?)"),
        ("DATABASE_URL", "postgresql://kim@db:70000/x", "has a port that cannot be"),
    ],
)
def test_what_is_empty_or_written_small_is_said(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kim@db/x")
    monkeypatch.setenv(name, value)
    assert main(["settings", "DATABASE_URL"]) == 2
    assert told in capsys.readouterr().err
