"""A load generator that costs little itself: keep-alive connections, one request after the other on each."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Requests a second, and times in milliseconds."""

    rate: float
    p50: float
    p99: float
    size: int


async def _read(reader: asyncio.StreamReader) -> tuple[int, int]:
    """One answer: its status and how long its body was."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, length = int(head[9:12]), 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    if length:
        await reader.readexactly(length)
    return status, length


async def once(port: int, request: bytes) -> tuple[int, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await _read(reader)
    finally:
        writer.close()


async def measure(port: int, make: Callable[[], bytes], expected: int, seconds: float, clients: int) -> Figures:
    """Ask for so long with so many clients.

    Raises:
        RuntimeError: an answer has another status than expected; a failing service is no fast one.
    """
    times: list[float] = []
    size = 0
    until = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal size
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while (began := time.perf_counter()) < until:
                writer.write(make())
                status, size = await _read(reader)
                if status != expected:
                    raise RuntimeError(f"answered {status} instead of {expected}")
                times.append(time.perf_counter() - began)
        finally:
            writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    took = time.perf_counter() - began
    times.sort()
    return Figures(len(times) / took, 1000 * times[len(times) // 2], 1000 * times[int(len(times) * 0.99)], size)


def get(path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/x-www-form-urlencoded"]
    lines += [f"Content-Length: {len(body.encode())}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
