"""A real gateway for text messages, in the form of 46elks, that behaves as it is told."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Gateway:
    """`behaviour`: accept, hang, drop (before its answer), drop_after (having taken the message), mumble (200 without a
    receipt), failed (200, but not sent), moved (a redirect to itself), or a status as text. A message that it has had under
    the same key counts once when `remembers`."""

    behaviour: str = "accept"
    remembers: bool = False
    taken: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    url: str = ""
    _server: Any = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/a1/sms"

    async def stop(self) -> None:
        self._over.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = (await reader.readexactly(int(lines["content-length"]))).decode()
        self.asked += 1
        raw = next(line for line in head.splitlines() if line.lower().startswith("authorization: basic "))
        account = base64.b64decode(raw.split()[-1]).decode()
        message = {**dict(parse_qsl(body)), "account": account, "key": lines["idempotency-key"]}
        await self._answer(message, head, writer)
        writer.close()

    async def _answer(self, message: dict[str, str], head: str, writer: asyncio.StreamWriter) -> None:
        if self.behaviour == "hang":
            await self._over.wait()
            return
        if self.behaviour == "drop":
            return
        if self.behaviour in {"accept", "drop_after", "mumble"}:
            assert head.startswith("POST /a1/sms HTTP/1.1")
            if not (self.remembers and message["key"] in {before["key"] for before in self.taken}):
                self.taken.append(message)
        if self.behaviour == "drop_after":
            return
        status = {"accept": "200", "mumble": "200", "failed": "200", "moved": "307"}.get(self.behaviour, self.behaviour)
        receipt = {"id": "s1", "to": message["to"], "status": "failed" if self.behaviour == "failed" else "created"}
        body = json.dumps(receipt) if status == "200" and self.behaviour != "mumble" else f"no good: {message['to']}"
        more = f"location: {self.url}\r\n" if status == "307" else ""
        writer.write(f"HTTP/1.1 {status} x\r\n{more}content-length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
