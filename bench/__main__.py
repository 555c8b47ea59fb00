"""Starts a private PostgreSQL, the service and the floor beside it, and measures them in turns."""

import asyncio
import contextlib
import io
import itertools
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, cast

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")

import asyncpg
import httpx

from bench import ballots, calendars, decade, growth
from bench.client import Figures, get, mean, measure
from bench.record import PASSWORD, STAFF, Log, Recorder, Scenario
from bench.several import free_port, start_floor
from bench.town import build, build_queues
from programmes import private_server
from programmes.app import create_app
from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.core.sealing import KeyFolder
from programmes.demo import processes
from programmes.migrate import migrate
from programmes.people.services import add_staff
from programmes.settings import Settings

SECONDS, ROUNDS, CLIENTS = float(os.environ.get("BENCH_SECONDS", "3")), 2, 8
# Each part has a database of its own. The edition and the roles come with migrate, the address is the web role's.
Part = Literal["service", "queues", "calendars", "ballots", "decade", "municipality", "county"]
PARTS: tuple[Part, ...] = ("service", "queues", "calendars", "ballots", "decade", "municipality", "county")
# How many municipalities there are, and which share of its rows each has.
PLACES, SIZE = {"municipality": 1, "county": 30}, float(os.environ.get("BENCH_SIZE", "1"))
# Only when it is asked for by name.
LONG: tuple[Part, ...] = ("county",)


@dataclass(frozen=True)
class Result:
    """The same thing asked of the service and of the floor."""

    scenario: Scenario
    ours: Figures
    floor: Figures

    @property
    def ratio(self) -> float:
        """How many times the floor's time a request takes."""
        return self.floor.rate / self.ours.rate

    @property
    def statements(self) -> int:
        return self.scenario.recorded.count

    @property
    def line(self) -> str:
        return (
            f"| {self.scenario.title} | {self.statements} | {self.ours.size:,} | {self.ours.rate:,.0f} | "
            f"{self.ours.p50:.1f} | {self.ours.p99:.1f} | {self.floor.rate:,.0f} | {self.ratio:.2f} |"
        )

    def calendar_line(self, bare: float) -> str:
        """As a line of the calendars' table, beside a route that does nothing too."""
        return (
            f"| {self.scenario.title} | {self.statements} | {self.ours.size:,} | {self.ours.rate:,.0f} | "
            f"{self.ours.p50:.1f} | {self.ours.p99:.1f} | {self.ratio:.2f} | {bare / self.ours.rate:.2f} |"
        )

    def queue_line(self, empty: "Result") -> str:
        """As a line of the queues' table, beside the empty queue too."""
        return (
            f"| {self.scenario.title} | {self.statements} | {self.ours.rate:,.0f} | {self.ours.p50:.1f} | "
            f"{self.ours.p99:.1f} | {self.floor.rate:,.0f} | {self.ratio:.2f} | {empty.ours.rate / self.ours.rate:.2f} |"
        )


async def _settings(server: private_server.PrivateServer, folder: Path, part: Part | Literal["tenth"]) -> Settings:
    database = f"bench_{part}"
    await private_server.ensure_database(server, database)
    return Settings(
        server.url(database),
        server.web_url(database),
        server.worker_url(database),
        key_folder=folder / f"keys-{part}",
        ballot_key_folder=folder / f"ballot-keys-{part}",
        log_key_folder=folder / "log-keys",
        # All come from this machine, and not one of them is a suspected burst.
        burst_most=0,
        trusted_proxies=(ip_network("127.0.0.1"),),
    )


@contextlib.asynccontextmanager
async def _recorder(settings: Settings, log: Log) -> AsyncIterator[Recorder]:
    """The application in this process, on a database that has its tables."""
    clock = SystemClock()
    await open_pool(settings.web_database_url, 4, log)
    try:
        transport = httpx.ASGITransport(app=cast(Any, create_app(settings, clock, own_pool=False)))
        async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
            yield Recorder(browser, log, KeyFolder(settings.key_folder), clock)
    finally:
        await close_pool()


async def _migrate(settings: Settings) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        await migrate(settings, SystemClock().now())


async def _prepare(settings: Settings, part: Part) -> list[Scenario]:
    """Tables, what fills them, and what is to be measured."""
    now = SystemClock().now()
    await _migrate(settings)
    await open_pool(settings.database_url, 1)
    staff_id = await add_staff(STAFF, "Bänk", PASSWORD, [("coordinator", ""), ("leader", "")], now)
    await close_pool()
    owner = await asyncpg.connect(settings.database_url)
    try:
        async with _recorder(settings, Log()) as recorder:
            if part == "queues":
                return await recorder.queues(await build_queues(owner, now))
            if part == "calendars":
                subscribers = await calendars.build_subscribers(owner, staff_id, recorder.keys, now)
                return await calendars.scenarios(recorder, subscribers)
            return await recorder.service(await build(owner, staff_id, now))
    finally:
        await owner.close()


async def _compare(scenarios: Sequence[Scenario], ours: int, floor: int) -> list[Result]:
    """All in turns, so that what else the machine does falls on all."""
    found: dict[tuple[str, int], list[Figures]] = defaultdict(list)
    for turn, scenario in itertools.product(range(ROUNDS + 1), scenarios):
        for port, make in ((ours, scenario.make), (floor, lambda scenario=scenario: scenario.floor)):
            seconds = SECONDS if turn else SECONDS / 4
            figures = await measure(port, make, scenario.recorded.status, seconds, CLIENTS)
            # The first turn only warms up.
            if turn:
                found[scenario.name, port].append(figures)
    return [Result(s, mean(found[s.name, ours]), mean(found[s.name, floor])) for s in scenarios]


async def _run(folder: Path, parts: Sequence[Part]) -> None:
    server = await private_server.start(folder / "pg")
    try:
        print(f"bench: measures of {SECONDS:g} s, {ROUNDS} rounds, {CLIENTS} clients, one process each", flush=True)
        for part in parts:
            began, load = time.perf_counter(), os.getloadavg()[0]
            if part == "decade":
                await _decade(server, folder)
            elif part in PLACES:
                await _grow(server, folder, part)
            else:
                await (_ballots(server, folder) if part == "ballots" else _measure(server, folder, part))
            took = time.perf_counter() - began
            print(f"\nbench: {part} took {took:.0f} s; the machine's load when it began: {load:.1f}", flush=True)
        if not set(LONG) & set(parts):
            print("bench: a county is measured only when it is asked for: make bench PART=county")
    finally:
        private_server.remove(folder / "pg")


async def _measure(server: private_server.PrivateServer, folder: Path, part: Part) -> None:
    running: list[asyncio.subprocess.Process] = []
    try:
        settings = await _settings(server, folder, part)
        scenarios = await _prepare(settings, part)
        port, floor = free_port(), free_port()
        recordings = {scenario.name: scenario.recorded for scenario in scenarios}
        running.append(await processes.start(settings, folder, "serve", "--port", str(port)))
        running.append(await start_floor(floor, settings.web_database_url, recordings, folder))
        await processes.wait_until_ready(f"http://127.0.0.1:{port}", running[0])
        await {"service": _service, "queues": _queues, "calendars": _calendars}[part](scenarios, port, floor)
    finally:
        await processes.stop(running)


async def _grow(server: private_server.PrivateServer, folder: Path, part: Part) -> None:
    print(f"\nbench: a {part}, {SIZE:g} of its rows", flush=True)
    settings = await _settings(server, folder, part)
    await _migrate(settings)
    owner = await asyncpg.connect(settings.database_url)
    try:
        async with _recorder(settings, Log()) as recorder:
            await growth.run(owner, settings, folder, recorder, PLACES[part], SIZE, SECONDS)
    finally:
        await owner.close()


async def _ballots(server: private_server.PrivateServer, folder: Path) -> None:
    running: list[asyncio.subprocess.Process] = []
    settings, now = await _settings(server, folder, "ballots"), SystemClock().now()
    await _migrate(settings)
    await open_pool(settings.database_url, 1)
    await add_staff(STAFF, "Bänk", PASSWORD, [("coordinator", ""), ("leader", "")], now)
    await close_pool()
    owner = await asyncpg.connect(settings.database_url)
    try:
        found, port = await ballots.classes(settings, owner, now), free_port()
        running.append(await processes.start(settings, folder, "serve", "--port", str(port)))
        await processes.wait_until_ready(f"http://127.0.0.1:{port}", running[0])
        print(f"\nbench: ballots, {ballots.CLASSES} classes of {ballots.CLASS} in turns\n")
        print(*await ballots.measured(settings, found, port, now), sep="\n", flush=True)
    finally:
        await owner.close()
        await processes.stop(running)


async def _decade(server: private_server.PrivateServer, folder: Path) -> None:
    print("\n| cohorts | enrolments | marks | figures kept, s | statement, ms | ", end="")
    print(" | ".join(f"{name}, p50 ms" for name in decade.ADDRESSES), "|\n|--:|--:|--:|--:|--:|--:|--:|")
    found = []
    for part, cohorts in (("tenth", decade.COHORTS // 10), ("decade", decade.COHORTS)):
        found.append(await _decade_of(server, folder, "tenth" if part == "tenth" else "decade", cohorts))
        print(found[-1].line, flush=True)
    for name in decade.ADDRESSES:
        print(f"bench: {name}: {found[1].pages[name].p50 / found[0].pages[name].p50:.2f} times the time at a tenth")
    if "plan" in sys.argv[1:]:
        print("", *found[1].plan, sep="\n")


async def _decade_of(
    server: private_server.PrivateServer, folder: Path, part: Literal["tenth", "decade"], cohorts: int
) -> decade.Measured:
    running: list[asyncio.subprocess.Process] = []
    settings, now = await _settings(server, folder, part), SystemClock().now()
    await _migrate(settings)
    await open_pool(settings.database_url, 1)
    owner = await asyncpg.connect(settings.database_url)
    try:
        await add_staff(STAFF, "Bänk", PASSWORD, [("coordinator", ""), ("leader", "")], now)
        await decade.build(owner, now, cohorts)
        kept, port = await decade.keep(owner), free_port()
        running.append(await processes.start(settings, folder, "serve", "--port", str(port)))
        await processes.wait_until_ready(f"http://127.0.0.1:{port}", running[0])
        return await decade.measured(owner, port, kept, SECONDS, SystemClock().now())
    finally:
        await owner.close()
        await close_pool()
        await processes.stop(running)


async def _service(scenarios: Sequence[Scenario], port: int, floor: int) -> None:
    bare = await measure(floor, lambda: get("/bare"), 200, SECONDS, CLIENTS)
    print(f"bench: a bare Litestar route without a database: {bare.rate:,.0f} a second\n", flush=True)
    print("| what | statements | bytes | a second | p50 ms | p99 ms | floor, a second | times the floor |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    for scenario in scenarios:
        [result] = await _compare([scenario], port, floor)
        print(result.line, flush=True)


async def _queues(scenarios: Sequence[Scenario], port: int, floor: int) -> None:
    results = await _compare(scenarios, port, floor)
    print(
        "\n| waiting for the group | statements | a second | p50 ms | p99 ms | floor, a second | times the floor | ", end=""
    )
    print("times the empty queue |\n|--:|--:|--:|--:|--:|--:|--:|--:|")
    for result in results:
        print(result.queue_line(results[0]), flush=True)


async def _calendars(scenarios: Sequence[Scenario], port: int, floor: int) -> None:
    bare = await measure(floor, lambda: get("/bare"), 200, SECONDS, CLIENTS)
    results = {result.scenario.name: result for result in await _compare(scenarios, port, floor)}
    print(f"\nbench: calendars; a bare Litestar route without a database: {bare.rate:,.0f} a second\n")
    print("| a calendar | statements | bytes | a second | p50 ms | p99 ms | times the floor | times a bare route |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for result in results.values():
        print(result.calendar_line(bare.rate))
    print("", *calendars.worked_out(results["poll"].ours.rate, results["changed"].ours.rate), sep="\n", flush=True)


def main() -> None:
    """`python -m bench` measures everything but the county, `python -m bench calendars` (or another part) only that; with
    `plan` beside `decade` the plan of the year's statistics is printed too."""
    named = [part for part in PARTS if part in sys.argv[1:]]
    parts = named or [part for part in PARTS if part not in LONG]
    folder = Path(tempfile.mkdtemp(prefix="programmes-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        asyncio.run(_run(folder, parts))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
