"""Starts a private PostgreSQL, the service and the floor beside it, and measures them in turns."""

import asyncio
import contextlib
import io
import os
import pickle
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")

import asyncpg
import httpx

from bench.client import Figures, get, measure
from bench.client import once as ask_once
from bench.record import PASSWORD, STAFF, Log, Recorder, Scenario
from bench.town import build
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
# The edition and the roles come with migrate; the database's address is the web role's, as in production.
DATABASE = "bench"


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
    def line(self) -> str:
        statements = sum(not s.upper().startswith(("BEGIN", "COMMIT")) for s, _ in self.scenario.recorded.statements)
        return (
            f"| {self.scenario.title} | {statements} | {self.ours.size:,} | {self.ours.rate:,.0f} | {self.ours.p50:.1f} | "
            f"{self.ours.p99:.1f} | {self.floor.rate:,.0f} | {self.ratio:.2f} |"
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _mean(parts: list[Figures]) -> Figures:
    def middle(values: list[float]) -> float:
        return sum(values) / len(values)

    return Figures(
        middle([p.rate for p in parts]), middle([p.p50 for p in parts]), middle([p.p99 for p in parts]), parts[0].size
    )


async def _prepare(server: private_server.PrivateServer, folder: Path) -> tuple[Settings, list[Scenario]]:
    """Tables, a thousand cohorts, and what is to be measured."""
    await private_server.ensure_database(server, DATABASE)
    settings = Settings(
        server.url(DATABASE), server.web_url(DATABASE), server.worker_url(DATABASE), key_folder=folder / "keys"
    )
    clock, log = SystemClock(), Log()
    with contextlib.redirect_stdout(io.StringIO()):
        await migrate(settings, clock.now())
    await open_pool(settings.web_database_url, 4, log)
    try:
        staff_id = await add_staff(STAFF, "Bänk", PASSWORD, [("coordinator", "")], clock.now())
        owner = await asyncpg.connect(settings.database_url)
        town = await build(owner, staff_id, clock.now())
        await owner.close()
        app = create_app(settings, clock, own_pool=False)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
            recorder = Recorder(browser, log, KeyFolder(settings.key_folder), clock, town)
            return settings, await recorder.scenarios()
    finally:
        await close_pool()


async def _start_floor(port: int, settings: Settings, scenarios: list[Scenario], folder: Path) -> asyncio.subprocess.Process:
    file = folder / "recorded"
    file.write_bytes(pickle.dumps((settings.web_database_url, {s.name: s.recorded for s in scenarios})))
    floor = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.floor", str(port), str(file))
    for _ in range(200):
        with contextlib.suppress(OSError):
            await ask_once(port, get("/bare"))
            return floor
        await asyncio.sleep(0.05)
    raise RuntimeError("the floor does not start")


async def _compare(scenario: Scenario, ours: int, floor: int) -> Result:
    """Both in turns, so that what else the machine does falls on both."""
    status = scenario.recorded.status
    found: dict[int, list[Figures]] = {ours: [], floor: []}
    for turn in range(ROUNDS + 1):
        for port, make in ((ours, scenario.make), (floor, lambda: scenario.floor)):
            figures = await measure(port, make, status, SECONDS if turn else SECONDS / 4, CLIENTS)
            # The first turn only warms up.
            if turn:
                found[port].append(figures)
    return Result(scenario, _mean(found[ours]), _mean(found[floor]))


async def _run(folder: Path) -> None:
    server = await private_server.start(folder / "pg")
    running: list[asyncio.subprocess.Process] = []
    try:
        print(
            f"bench: loading (measures of {SECONDS:g} s, {ROUNDS} rounds, {CLIENTS} clients, one process each)", flush=True
        )
        settings, scenarios = await _prepare(server, folder)
        port, floor = _free_port(), _free_port()
        running.append(await processes.start(settings, folder, "serve", "--port", str(port)))
        running.append(await _start_floor(floor, settings, scenarios, folder))
        await processes.wait_until_ready(f"http://127.0.0.1:{port}", running[0])
        bare = await measure(floor, lambda: get("/bare"), 200, SECONDS, CLIENTS)
        print(f"bench: a bare Litestar route without a database: {bare.rate:,.0f} a second\n", flush=True)
        print("| what | statements | bytes | a second | p50 ms | p99 ms | floor, a second | times the floor |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
        for scenario in scenarios:
            print((await _compare(scenario, port, floor)).line, flush=True)
    finally:
        await processes.stop(running)
        private_server.remove(folder / "pg")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="programmes-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        asyncio.run(_run(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
