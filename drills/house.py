"""An installation of its own in a temporary folder: PostgreSQL, two web processes, a worker, a mail server and a gateway.

Like a supervisor, it starts again what has ended: web and worker after a second (systemd's `Restart=always`).
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from programmes import private_server
from programmes.demo import processes
from programmes.settings import Settings
from tests.notices.gateway import Gateway
from tests.notices.peer import Peer

RESTARTS_AFTER = 1.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@dataclass
class Part:
    """A process that is started again whenever it ends, until it is stopped."""

    command: tuple[str, ...]
    folder: Path
    environment: Callable[[], dict[str, str]]
    said: Path
    process: asyncio.subprocess.Process | None = None
    started: int = 0
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            with self.said.open("ab") as out:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", *self.command, cwd=self.folder, env=self.environment(),
                    stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                )  # fmt: skip
            self.started += 1
            await self.process.wait()
            await asyncio.sleep(RESTARTS_AFTER)

    def kill(self) -> None:
        """As `kill -9` does."""
        if self.process and self.process.returncode is None:
            self.process.kill()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self.process:
            await processes.stop([self.process])

    async def restart(self) -> None:
        """Stop and start, as after a change of settings."""
        await self.stop()
        self.start()


@dataclass
class House:
    """All of it. `extra` are more variables of the environment, read whenever a part starts."""

    folder: Path
    server: private_server.PrivateServer
    settings: Settings
    peer: Peer
    gateway: Gateway
    webs: list[Part] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    worker: Part | None = None

    @property
    def parts(self) -> list[Part]:
        return [*self.webs, *([self.worker] if self.worker else [])]

    def _environment(self, part: processes.Part) -> dict[str, str]:
        more = {"PROGRAMMES_TRUSTED_PROXIES": "127.0.0.1/32", "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        return processes.environment(self.settings, part) | more

    def _part(self, name: str, part: processes.Part, *command: str) -> Part:
        return Part(("drills.clocked", *command), self.folder, lambda: self._environment(part), self.folder / f"{name}.said")

    async def open(self) -> None:
        """Start two web processes and a worker, and wait until both answer."""
        for number in (1, 2):
            port = free_port()
            self.bases.append(f"http://127.0.0.1:{port}")
            self.webs.append(self._part(f"web{number}", "serve", "serve", "--port", str(port)))
        self.worker = self._part("worker", "worker", "worker")
        for part in self.parts:
            part.start()
        await self.ready()

    async def ready(self, patience: float = 60) -> None:
        """Return when both web processes are ready."""
        until = time.monotonic() + patience
        for base in self.bases:
            while not await asyncio.to_thread(processes._ready, base):
                if time.monotonic() > until:
                    raise RuntimeError(f"{base} does not get ready: {self.last_words()}")
                await asyncio.sleep(0.1)

    async def restart(self) -> None:
        await asyncio.gather(*(part.restart() for part in self.parts))
        await self.ready()

    async def close(self) -> None:
        await asyncio.gather(*(part.stop() for part in self.parts))
        await self.peer.stop()
        await self.gateway.stop()

    def last_words(self) -> str:
        return "\n".join(f"{part.said.name}: {part.said.read_text()[-600:]}" for part in self.parts if part.said.exists())


def postgres(home: Path) -> list[int]:
    """Every process of the PostgreSQL whose data lie in a home: the one that was started, and its children."""
    try:
        first = int((home / "data" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return []
    children = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{first}\n" in status.read_text():
                children.append(int(status.parent.name))
    return [first, *children]


def signal_postgres(home: Path, number: signal.Signals) -> None:
    """To every process of it. The first comes first, so that it starts no other meanwhile."""
    for process in postgres(home):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
