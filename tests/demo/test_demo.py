"""`programmes demo` as people start it: from nothing to a populated service, stopped, gone on with, and removed."""

import asyncio
import json
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from programmes import private_server
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.demo import command, past
from tests.factories import hidden, post_form

PATIENCE = 240


@dataclass
class Demo:
    """A folder with a demo in it, and what the last run printed."""

    folder: Path
    port: int
    lines: list[str] = field(default_factory=list)

    async def command(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "programmes.cli",
            "demo",
            *arguments,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def start(self) -> asyncio.subprocess.Process:
        """Start it, and return when it says that it is ready."""
        process = await self.command("--port", str(self.port))
        self.lines.clear()
        assert process.stdout
        async with asyncio.timeout(PATIENCE):
            while line := (await process.stdout.readline()).decode():
                self.lines.append(line)
                if "Stop with Ctrl-C" in line:
                    return process
        pytest.fail("".join(self.lines))

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run it to its end: exit code and what it printed."""
        process = await self.command(*arguments)
        told, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return process.returncode, told.decode()

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ".data/demo.json").read_text(encoding="utf-8"))
        return found


async def stop(process: asyncio.subprocess.Process, how: signal.Signals) -> str:
    process.send_signal(how)
    return await ended_by_itself(process)


async def ended_by_itself(process: asyncio.subprocess.Process) -> str:
    """What it printed to the end; it ends well."""
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, told.decode()
    return told.decode()


async def ended(process: asyncio.subprocess.Process) -> int:
    """The exit code. `wait` would also wait for its children, to whom it has handed on its output."""
    async with asyncio.timeout(60):
        while process.returncode is None:
            await asyncio.sleep(0.1)
    return process.returncode


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    made = Demo(tmp_path, port)
    yield made
    assert (await made.run("--reset"))[0] == 0
    assert not (tmp_path / ".data").exists()
    assert not private_server.home_for(tmp_path).exists()


def taking_place(calendar: str) -> int:
    """How many events of a calendar are not cancelled."""
    events = re.findall(r"BEGIN:VEVENT.*?END:VEVENT", calendar, re.DOTALL)
    return sum("STATUS:CANCELLED" not in event for event in events)


async def test_from_nothing_to_a_populated_service_and_again(demo: Demo) -> None:
    await stopped_while_it_loads(demo)
    process = await demo.start()
    assert any("loading 1 " in line for line in demo.lines), "half a municipality is none: it begins anew"
    first = demo.manifest
    check_cohorts(first)
    async with httpx.AsyncClient(base_url=first["base_url"], timeout=30) as browser:
        await look_around(browser, first)
        kept = await use_it(browser, first)
    process.kill()
    await ended(process)

    # Killed, it left its processes behind; the next start finds them, and goes on.
    again = await demo.start()
    assert not any("loading" in line for line in demo.lines)
    check_what_was_done_stays(first, demo.manifest, kept)
    code, told = await demo.run("--port", str(demo.port))
    assert (code, told.count("\n")) == (1, 1)
    assert "runs here already" in told
    code, told = await demo.run("--reset")
    assert code == 0, told
    # What it is asked to do is what Ctrl-C asks: its processes end, and then it does.
    assert "stopped" in await ended_by_itself(again)


async def stopped_while_it_loads(demo: Demo) -> None:
    process = await demo.command("--port", str(demo.port))
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        while "loading 2" not in (line := await process.stdout.readline()).decode():
            assert line
    assert "stopped" in await stop(process, signal.SIGTERM)
    assert not (demo.folder / ".data/demo.json").exists()


def check_cohorts(manifest: dict[str, Any]) -> None:
    assert {(c["programme"], c["state"]) for c in manifest["cohorts"]} >= {
        ("2.1", "closed"), ("2.1", "open"), ("2.1", "started"), ("2.7", "started"), ("2.8", "open"), ("2.12", "open"),
        ("2.14", "started"), ("2.15", "open"), ("2.17", "open"), ("2.18", "open"), ("3.1", "open"),
    }  # fmt: skip
    assert sum(c["programme"] == "3.2" and c["state"] != "closed" for c in manifest["cohorts"]) == 5
    full = [c for c in manifest["cohorts"] if c["programme"] == "2.8" and c["free"] == 0 and c["state"] == "open"]
    assert len(full) == 1
    assert {c["programme"] for c in manifest["cohorts"] if c["free"]}.isdisjoint({"2.14", "3.1", "3.2"}), "not on the web"
    assert {c["state"] for c in manifest["cohorts"] if c["free"]} == {"open"}


def check_what_was_done_stays(first: dict[str, Any], second: dict[str, Any], kept: str) -> None:
    """The same accounts; one place less in the cohort `kept`; one code less, and the others still good."""
    assert second["accounts"] == first["accounts"]
    assert second["feeds"] == first["feeds"]
    codes = [set(ballot["codes"]) for ballot in first["ballots"]]
    assert [set(ballot["codes"]) for ballot in second["ballots"]] == [
        codes[0] - {first["ballots"][0]["codes"][0]},
        *codes[1:],
    ]
    free = {c["enrol_url"]: c["free"] for c in first["cohorts"]}
    free[kept] -= 1
    assert {c["enrol_url"]: c["free"] for c in second["cohorts"]} == free


async def look_around(browser: httpx.AsyncClient, manifest: dict[str, Any]) -> None:
    assert (await browser.get("/health/ready")).status_code == 200
    for cohort in manifest["cohorts"]:
        answer = await browser.get(cohort["enrol_url"], follow_redirects=True)
        assert answer.status_code == 200
        assert ("<form" in answer.text.partition("<main")[2]) or not cohort["free"], cohort
    assert {feed["discreet"] for feed in manifest["feeds"]} == {True, False}
    for feed in manifest["feeds"]:
        answer = await browser.get(feed["url"])
        assert answer.status_code == 200
        assert taking_place(answer.text) == feed["sessions"]
    for account in manifest["accounts"]:
        async with httpx.AsyncClient(base_url=manifest["base_url"], timeout=30) as own:
            answer = await post_form(own, "/logga-in", {"anv": account["user"], "losen": account["password"]})
            assert answer.status_code == 303, account
            assert (await own.get("/personal/idag")).status_code == 200
            if account["role"] == "manager":
                await take_the_report_home(own)


async def take_the_report_home(manager: httpx.AsyncClient) -> None:
    """The last year that is over is there to read, as a draft; established it is there to take home, on half a page too."""
    page = "/personal/rapport"
    text = (await manager.get(page)).text
    year = int(re.findall(r"Verksamhetsberättelse (\d{4})", text)[0])
    assert "Utkast" in text
    assert f"<h1>Siffror som får lämnas ut, {year}</h1>" in (await manager.get("/personal/statistik/utlamning")).text
    told = dict(re.findall(r'<span class="muted">([\d.]+)</span>.*?</h3>\s*<p>(.*?)</p>', text))
    assert {"2.1", "2.7", "2.8", "2.12", "3.1", "3.2"} <= set(told)
    assert "personer deltog" in told["2.1"]
    assert re.match(r"Det blev \d starter under året\.", told["2.8"])
    assert f"jämfört med {year - 1}" in text
    assert b"Utkast" in (await manager.get(f"{page}?ar={year - 1}")).content
    answer = await post_form(manager, f"{page}?ar={year}", {"ar": str(year), "sedd": hidden(text, "sedd"), "ord": "Ett år."})
    assert answer.status_code == 303, answer.text
    for name in (f"{year}.pdf", f"{year}.xlsx", f"{year}-kort.pdf"):
        assert (await manager.get(f"{page}/{name}")).status_code == 200, name


async def use_it(browser: httpx.AsyncClient, manifest: dict[str, Any]) -> str:
    """Take a place and vote; returns the address of the cohort in which a place was taken."""
    parents = next(c for c in manifest["cohorts"] if (c["programme"], c["state"]) == ("2.1", "open"))
    form = (await browser.get(parents["enrol_url"])).text
    names = set(re.findall(r'name="(v_[a-z_]+)"', form))
    answer = await post_form(browser, parents["enrol_url"], dict.fromkeys(names, "ja") | {"fragad": "age"})
    assert answer.status_code == 303, answer.text
    ballot = manifest["ballots"][0]
    assert len(ballot["codes"]) >= 5
    page = await browser.get(ballot["evaluate_url"])
    assert page.status_code == 200
    asked = await browser.post(ballot["evaluate_url"], data={"kod": ballot["codes"][0]})
    scales = set(re.findall(r'type="radio" name="([a-z_]+)"', asked.text))
    assert len(scales) == 4, asked.text
    vote = {"kod": ballot["codes"][0], "steg": "svar", "gor": "skicka"} | dict.fromkeys(scales, "4")
    assert (await browser.post(ballot["evaluate_url"], data=vote)).status_code in {200, 303}
    return str(parents["enrol_url"])


def test_the_edition_for_earlier_years_says_what_it_is_and_is_there_only_where_it_is_needed() -> None:
    shipped = min((read_edition(path) for path in EDITIONS.glob("*.toml")), key=lambda one: one.valid_from)
    made = past.earlier(shipped, date(2026, 11, 29))
    assert made is not None
    assert (made.valid_from, made.diary_number) == (date(2024, 1, 1), "Demo, före den första utgåvan")
    assert made.programmes == shipped.programmes
    assert made.digest != shipped.digest
    # It is never the newer one.
    assert past.earlier(shipped, date(2029, 1, 2)) is None


async def test_a_port_that_is_taken_is_said_in_one_line(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", demo.port)):
        code, told = await demo.run("--port", str(demo.port))
    assert (code, told) == (1, f"demo: Port {demo.port} is taken. Choose another one: make demo PORT={demo.port + 1}\n")


@pytest.mark.parametrize("port", ["0", "65536", "eight", "-1"])
async def test_a_port_that_cannot_be_is_said(tmp_path: Path, port: str) -> None:
    code, told = await Demo(tmp_path, 0).run(f"--port={port}")
    assert code == 2
    assert "a port is a number from 1 to 65535" in told


def test_a_database_that_an_earlier_copy_left_is_found_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project, home = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    (home / "data").mkdir(parents=True)
    monkeypatch.setattr(private_server, "home_for", lambda _: home)
    monkeypatch.setattr(command, "_until_stopped", pytest.fail)
    # The port is not looked at before: no number is free here.
    assert command.run(70_000, project) == 1
    told = capsys.readouterr().out
    assert str(home) in told
    assert "make reset" in told
    assert command.reset(project) == 0
    assert not home.exists()
    # One that this copy made itself, also one that was broken off while it was loaded, is gone on with.
    place = command.Place(project)
    place.data.mkdir()
    place.take_home()
    (home / "data").mkdir(parents=True)
    place.take_home()
