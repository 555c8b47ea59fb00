"""uvicorn, which can also be stopped while it waits for the database."""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from programmes.stopping import Stopped


class Server(uvicorn.Server):
    """uvicorn's own remembers a signal until its start has ended, which may take as long as the database says nothing. There
    is no request to end then, so this one stops at once. `run` raises Stopped when a signal has ended it."""

    _starting: "tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None" = None
    _stopped_by = 0

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._starting = asyncio.get_running_loop(), task
        try:
            await super().serve(sockets)
        except asyncio.CancelledError:
            if not self._stopped_by:
                raise

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """uvicorn's own would raise the signal again before its loop is closed; here `run` says it, when all is."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit, self._stopped_by = True, sig
        if not self.started and self._starting:
            loop, task = self._starting
            loop.call_soon_threadsafe(task.cancel)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        super().run(sockets)
        if self._stopped_by:
            raise Stopped(self._stopped_by)
