"""Several web processes of the service, and as many floors, on the same database; asked in turns, as by a proxy."""

import asyncio
import contextlib
import pickle
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.client import get
from bench.client import once as ask_once
from bench.recorded import Recorded
from programmes.demo import processes
from programmes.settings import Settings

PROCESSES = (1, 2, 4)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Running:
    """The processes of one kind, with their ports in the same order."""

    processes: Sequence[asyncio.subprocess.Process]
    ports: Sequence[int]

    def memory(self, many: int) -> float:
        """The resident memory of one process in MB, the largest of the first so many."""
        return max(_resident(process.pid) for process in self.processes[:many])


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def of_database(home: Path) -> tuple[int, float]:
    """How many processes PostgreSQL has, and their memory in MB: what they share is counted once."""
    first = int((home / "data" / "postmaster.pid").read_text().split()[0])
    found = [first, *_children(first)]
    shares = [_proportional(pid) for pid in found]
    return len(found), sum(shares)


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in listed.split()]


def _proportional(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


async def start_floor(port: int, url: str, recordings: dict[str, Recorded], folder: Path) -> asyncio.subprocess.Process:
    """A floor that is ready to be asked."""
    file = folder / "recorded"
    file.write_bytes(pickle.dumps((url, recordings)))
    floor = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.floor", str(port), str(file))
    for _ in range(400):
        with contextlib.suppress(OSError):
            await ask_once(port, get("/bare"))
            return floor
        await asyncio.sleep(0.05)
    raise RuntimeError("the floor does not start")


async def _start_web(settings: Settings, folder: Path, port: int) -> asyncio.subprocess.Process:
    """As behind a proxy on this machine that says of nobody where they come from: no limit is by address then."""
    web = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "programmes.cli",
        "serve",
        "--port",
        str(port),
        cwd=folder,
        env=processes.environment(settings, "serve") | {"PROGRAMMES_TRUSTED_PROXIES": "127.0.0.1"},
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    await processes.wait_until_ready(f"http://127.0.0.1:{port}", web)
    return web


@contextlib.asynccontextmanager
async def both(settings: Settings, recordings: dict[str, Recorded], folder: Path) -> AsyncIterator[tuple[Running, Running]]:
    """As many of both as are ever asked. Yields the service's and the floor's."""
    most = max(PROCESSES)
    started: list[asyncio.subprocess.Process] = []
    ports, floors = [free_port() for _ in range(most)], [free_port() for _ in range(most)]
    try:
        for port in ports:
            started.append(await _start_web(settings, folder, port))
        for port in floors:
            started.append(await start_floor(port, settings.web_database_url, recordings, folder))
        yield Running(started[:most], ports), Running(started[most:], floors)
    finally:
        await processes.stop(started)
