"""A web process that the database stops from starting says why: a wrong password is told from a server that is away."""

import asyncio
import json
import re
import socket
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from programmes import cli, worker
from programmes.core import logs, refusals
from programmes.core.connecting import DatabaseAway
from programmes.demo import processes
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.operations.test_topology import free_port

ROOT = Path(__file__).resolve().parents[2]


async def _events(own: Settings) -> list[dict[str, str]]:
    """What `serve` writes down before it ends, which it does by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "programmes.cli", "serve", "--port", str(free_port()),
        env=processes.environment(own, "serve"), stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    out, wrong = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 3
    assert b"Traceback" not in out + wrong
    assert b"wrong-word" not in out + wrong
    return [json.loads(line) for line in out.decode().splitlines()]


async def test_serve_tells_why_the_database_lets_it_not_in(settings: Settings, server: PrivateServer, db: None) -> None:
    wrong = re.sub(r":[^:@/]+@", ":wrong-word@", settings.web_database_url, count=1)
    cases = {
        wrong: ("InvalidPasswordError", "It refuses the password."),
        server.web_url("no_such_database"): ("InvalidCatalogNameError", "There is no such database."),
        f"postgresql://web:wrong-word@127.0.0.1:{free_port()}/x": ("ConnectionRefusedError", "Nothing listens there."),
    }
    found = await asyncio.gather(*(_events(replace(settings, web_database_url=url)) for url in cases))
    for events, (error, says) in zip(found, cases.values(), strict=True):
        [told] = [event for event in events if event["event"] == "database_away"]
        assert (told["level"], told["error"], told["says"], bool(told["do"])) == ("error", error, says, True)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (asyncpg.InterfaceError("connection is closed"), "The database does not answer."),
        (asyncpg.AdminShutdownError("x"), "The database does not answer."),
        (DatabaseAway("ConnectionRefusedError"), "Nothing listens there."),
    ],
)
def test_a_worker_whose_database_is_shut_down_says_so_in_a_line_of_its_log(
    error: Exception, says: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(worker, "run", run)
    monkeypatch.setattr(cli, "_may_start", lambda *_: True)
    monkeypatch.setattr(logs, "configure", lambda: None)
    for name, value in processes.environment(settings, "worker").items():
        monkeypatch.setenv(name, value)
    with capture_logs() as lines:
        assert cli.main(["worker"]) == 1
    assert capsys.readouterr() == ("", "")
    [line] = lines
    assert (line["event"], line["log_level"], line["says"], bool(line["do"])) == ("database_away", "error", says, True)
    assert line["error"] == refusals.kind_of(error)
    assert " closed" not in json.dumps(line)


@pytest.mark.parametrize("kind", ["TooManyConnectionsError", "CannotConnectNowError", "ConnectionRefusedError"])
def test_what_the_last_host_answered_is_told_also_when_none_did(kind: str) -> None:
    assert refusals.kind_of(DatabaseAway(kind)) == kind
    assert refusals.kind_of(DatabaseAway("SomethingElse")) == "DatabaseAway"


def test_the_page_of_what_goes_wrong_names_the_event() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "`database_away`" in page.partition("## When it goes wrong")[2].partition("\n## ")[0]


async def test_serve_says_in_a_line_that_another_program_serves_there(settings: Settings, db: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "programmes.cli", "serve", "--port", str(port),
            env=processes.environment(settings, "serve"), stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        out, wrong = await asyncio.wait_for(process.communicate(), 90)
    assert (process.returncode, out) == (1, b"")
    [line] = wrong.decode().splitlines()
    assert f"port {port}: another program serves there" in line
