"""A small TCP proxy between the web processes and the database, whose network can be slow, silent or cut."""

import asyncio
import contextlib
from pathlib import Path


class Wire:
    """Listens on a port of this machine and passes on to PostgreSQL's socket.

    `delay`: seconds that every piece takes each way. `silent`: nothing passes and nothing is said, as behind a switch that
    has lost its power; new connections are taken and stay silent too. `cut`: connections are reset and none is taken.
    """

    def __init__(self, socket: Path) -> None:
        self.socket, self.port, self.delay = socket, 0, 0.0
        self._passing, self._open = asyncio.Event(), set[asyncio.StreamWriter]()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self._tasks = set[asyncio.Task[None]]()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Reset every connection, and take no new one until `start`."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self, silent: bool) -> None:
        if not silent:
            # What was on the wire is lost; the other end learns of it when it next speaks.
            for writer in list(self._open):
                writer.transport.abort()
        (self._passing.clear if silent else self._passing.set)()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._passing.wait()
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_unix_connection(str(self.socket))
                self._open.add(back)
                try:
                    await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
                finally:
                    self._open.discard(back)
                    back.close()
        except asyncio.CancelledError:
            # The drill is over; asyncio would make a noise of it.
            return
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        # That the other end has gone is not heard either.
        await self._passing.wait()
        writer.close()
