"""No log says anything of a person: markers in every input of every address, and nothing of them in what the processes
and the database wrote down, whatever went wrong (promise 2)."""

import asyncio
import base64
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes.core.clock import SystemClock
from programmes.core.sealing import KeyFolder
from programmes.demo import processes
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.factories import a_cohort, a_coordinator, a_leader, csrf_of, hidden, sign_in_as, somebody
from tests.hostile.test_every_address import addresses, field_names
from tests.operations.test_topology import eventually, free_port

MARK = "ZQMARKER"


def mark(where: str) -> str:
    """What a person may have typed there."""
    return f"{MARK}{where}"


def leaks(text: str) -> list[str]:
    """Lines in which a marker can be read, also as it is written in addresses, in hex or in base64."""
    raw = MARK.encode()
    forms = [
        MARK,
        raw.hex(),
        quote(MARK),
        *(base64.b64encode(b"\0" * n + raw)[4 if n else 0 :][:8].decode() for n in range(3)),
    ]
    return [line for line in text.splitlines() if any(form.lower() in line.lower() for form in forms)]


@dataclass(frozen=True)
class Running:
    """A web process that writes what it has to say into a file."""

    base: str
    settings: Settings
    said: Path


async def _run(settings: Settings, folder: Path, *command: str) -> asyncio.subprocess.Process:
    part = "worker" if command[0] == "worker" else "serve"
    with (folder / "said").open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "programmes.cli", *command, cwd=folder, env=processes.environment(settings, part),
            stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip


@pytest.fixture
async def running(settings: Settings, tmp_path: Path, db: None) -> AsyncIterator[Running]:
    port = free_port()
    own = replace(
        settings,
        key_folder=tmp_path / "keys",
        ballot_key_folder=tmp_path / "ballots",
        log_key_folder=tmp_path / "log",
        # Nobody listens there: every mail fails, and says to whom.
        mail_url=f"smtp://127.0.0.1:{free_port()}",
    )
    KeyFolder(own.key_folder)
    web = await _run(own, tmp_path, "serve", "--port", str(port))
    try:
        await processes.wait_until_ready(f"http://127.0.0.1:{port}", web)
        yield Running(f"http://127.0.0.1:{port}", own, tmp_path / "said")
    finally:
        await processes.stop([web])


async def _crawl(browser: httpx.AsyncClient, app: Litestar, token: str, staff: bool) -> set[int]:
    """Every address with markers in path, query, headers, cookies and fields; the statuses that came of it."""
    names, statuses = field_names(), set()
    headers = {
        name: mark(name)
        for name in (
            "user-agent",
            "referer",
            "accept-language",
            "x-forwarded-for",
            "x-request-id",
            "origin",
            "if-none-match",
        )
    }
    form = {**{name: mark(name) for name in names}, "_csrf_token": token, "kontakt": f"{MARK}@example.se"}
    for pattern, methods, _ in addresses(app, {}, ()):
        if pattern == "/logga-ut" or pattern.startswith("/personal") != staff:
            continue
        address = re.sub(r"\{[^}]+\}", lambda _: mark("path"), pattern)
        one = re.sub(r"\{[^}]+\}", "1", pattern)
        answers = []
        if "GET" in methods:
            answers.append(await browser.get(f"{address}?{MARK}=1&till=/{MARK}&for={MARK}", headers=headers))
        if "POST" in methods:
            answers.append(await browser.post(one, data=form, headers=headers))
            answers.append(await browser.post(address, files={mark("name"): (mark("file"), MARK)}, headers=headers))
            answers.append(await browser.post(address, json={MARK: MARK}, headers={**headers, "x-csrftoken": token}))
        statuses |= {answer.status_code for answer in answers}
    return statuses


async def _nonsense(base: str) -> None:
    """What is no HTTP, or too much of it."""
    for sent in (
        f"{MARK} / HTTP/1.1\r\nhost: {MARK}\r\n\r\n",
        f"GET /{MARK} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n",
        f"GET / HTTP/1.1\r\nhost: {MARK}:{MARK}\r\nconnection: upgrade\r\nupgrade: {MARK}\r\n\r\n",
        f"GET /{MARK}\r\n\r\n",
        f"POST /min-plats HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {MARK}\r\n\r\n",
        f"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n{MARK}: {MARK * 20_000}\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rsplit(":", 1)[1]))
        writer.write(sent.encode())
        try:
            async with asyncio.timeout(2):
                await reader.read(200)
        except (TimeoutError, ConnectionError):
            pass
        writer.close()


async def _faults(browser: httpx.AsyncClient, running: Running, owner: asyncpg.Connection, apply: str) -> set[int]:
    """The same forms while a table is missing, while the keys are away, and twice at once."""
    statuses = set()

    async def form(name: str) -> dict[str, str]:
        shown = (await browser.get(apply)).text
        typed = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja") | {"namn": mark(name), "fragad": "age"}
        # The form says which places this browser has by now, or it would be asked about.
        had = dict(re.findall(r'type="hidden" name="(redan)" value="([^"]*)"', shown))
        sent = {"kontakt": f"{MARK}{name}@example.se", "once": hidden(shown, "once"), "_csrf_token": csrf_of(shown)}
        return typed | had | sent

    async def send(typed: dict[str, str]) -> None:
        statuses.add((await browser.post(f"{apply}?{MARK}={MARK}", data=typed)).status_code)

    twice = await form("twice")
    await asyncio.gather(send(twice), send(twice))
    broken, away = await form("broken"), await form("away")
    await owner.execute("alter table queue_event rename to elsewhere")
    try:
        await send(broken)
    finally:
        await owner.execute("alter table elsewhere rename to queue_event")
    folder = running.settings.key_folder
    folder.rename(folder.with_name("moved"))
    try:
        await send(away)
        statuses.add((await browser.get(f"{apply}?{MARK}")).status_code)
    finally:
        folder.with_name("moved").rename(folder)
    statuses.add((await browser.get("/", headers={"host": mark(".example")})).status_code)
    statuses.add((await browser.post("/min-plats", data={"kod": MARK * 60_000})).status_code)
    return statuses


async def _refused_by_the_database(settings: Settings) -> None:
    """Statements of web that the database refuses, with a person's words among their parameters."""
    web = await asyncpg.connect(settings.web_database_url)
    try:
        for statement, *parameters in (
            ("insert into audit_entry (at, action, subject) values (now(), $1, 'cohort/1')", mark("check")),
            ("insert into venue (name, address, id) select $1, $1, id from venue limit 1", mark("unique")),
            ("insert into venue (name, address) values ($1, null)", mark("null")),
            ("select 1 / (length($1::text) - length($1::text))", mark("division")),
        ):
            with pytest.raises(asyncpg.PostgresError):
                await web.execute(statement, *parameters)
    finally:
        await web.close()


async def test_no_log_of_web_worker_or_database_says_anything_that_anybody_typed(
    running: Running, app: Litestar, owner: asyncpg.Connection, server: PrivateServer
) -> None:
    now, keys = SystemClock().now(), KeyFolder(running.settings.key_folder)
    cohort = await a_cohort("2.1", now, await a_leader(now), sessions=4)
    await a_coordinator(now)
    documented = await a_cohort("2.8", now, sessions=4)
    await somebody(documented, keys, now, mark("name"), f"{MARK}@example.se")
    log = server.home / "server.log"
    before = log.stat().st_size
    async with httpx.AsyncClient(base_url=running.base, timeout=30) as browser:
        token = csrf_of((await browser.get("/logga-in")).text)
        statuses = await _crawl(browser, app, token, staff=False)
        await sign_in_as(browser, "kim", now)
        browser.cookies.set("place", MARK)
        statuses |= await _crawl(browser, app, token, staff=True)
        statuses |= await _faults(browser, running, owner, f"/anmalan/{cohort.public_id}")
    await _nonsense(running.base)
    await _refused_by_the_database(running.settings)
    worker = await _run(running.settings, running.said.parent, "worker", "--once")
    assert await worker.wait() == 0
    # Everything that was meant to go wrong did, or nothing is shown by this.
    assert {200, 303, 403, 404, 413, 421, 500, 503} <= statuses
    said = running.said.read_text(encoding="utf-8")
    # One object a line, and by what is shown on a page of an error its line is found.
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"unexpected_error", "unavailable", "library"} <= {line["event"] for line in lines}
    assert {line["library"] for line in lines if line["event"] == "library"} >= {"uvicorn.error"}
    assert all(line["number"] for line in lines if line["event"] == "unexpected_error" or line.get("route"))
    assert all({"timestamp", "level"} <= line.keys() for line in lines)
    assert await owner.fetchval("select count(*) from notice where state = 'waiting'") > 0
    assert leaks(said) == []
    written = log.read_text(encoding="utf-8", errors="replace")[before:]
    assert "violates check constraint" in written
    assert "violates not-null constraint" in written
    assert leaks(written) == []


async def test_a_marker_in_the_databases_log_would_be_seen(
    owner: asyncpg.Connection, server: PrivateServer, db: None
) -> None:
    """The control: without the settings of `private_server` the row that was refused is written down."""
    log = server.home / "server.log"
    await owner.execute("set log_error_verbosity = 'default'")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(
                "insert into audit_entry (at, action, subject) values (now(), $1, 'cohort/1')", mark("control")
            )
    finally:
        await owner.execute("reset log_error_verbosity")
    assert await eventually(lambda: any("control" in line for line in leaks(log.read_text(errors="replace"))), 5)
