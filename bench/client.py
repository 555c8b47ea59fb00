"""A load generator that costs little itself: keep-alive connections, one request after the other on each."""

import asyncio
import time
from collections.abc import Callable, Sequence
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


async def measure(
    ports: int | Sequence[int], make: Callable[[], bytes], expected: int, seconds: float, clients: int
) -> Figures:
    """Ask for so long with so many clients; of several processes in turns, as many clients at each.

    Raises:
        RuntimeError: an answer has another status than expected; a failing service is no fast one.
    """
    times: list[float] = []
    size = 0
    all_ports = [ports] if isinstance(ports, int) else ports
    until = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal size
        asked = 0.0
        reader, writer = await asyncio.open_connection("127.0.0.1", all_ports[number % len(all_ports)])
        try:
            # Each asks once at least, on however busy a machine.
            while not asked or time.perf_counter() < until:
                asked = time.perf_counter()
                writer.write(make())
                status, size = await _read(reader)
                if status != expected:
                    raise RuntimeError(f"answered {status} instead of {expected}")
                times.append(time.perf_counter() - asked)
        finally:
            writer.close()

    began = time.perf_counter()
    await asyncio.gather(*map(client, range(clients)))
    took = time.perf_counter() - began
    return _figures(times, took, size)


def _figures(times: list[float], took: float, size: int) -> Figures:
    times.sort()
    return Figures(len(times) / took, 1000 * times[len(times) // 2], 1000 * times[int(len(times) * 0.99)], size)


def mean(parts: Sequence[Figures]) -> Figures:
    """Several measures of the same as one."""

    def middle(name: str) -> float:
        return float(sum(getattr(part, name) for part in parts) / len(parts))

    return Figures(middle("rate"), middle("p50"), middle("p99"), parts[0].size)


@dataclass(frozen=True)
class Burst:
    """What became of many who came at once: how long it took until all had an answer (s), how long somebody waited (ms),
    and how many were answered otherwise than they should have been."""

    seconds: float
    p50: float
    p99: float
    refused: int


async def burst(ports: Sequence[int], people: Sequence[Sequence[bytes]], expected: Sequence[int]) -> Burst:
    """Everybody at the same moment, each with a connection of their own and one request after the other (all get the same
    answers, `expected`); what somebody waits is until the last of theirs is answered."""
    ready, times, wrong = asyncio.Barrier(len(people)), [], set()

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports[number % len(ports)])
        try:
            await ready.wait()
            began = time.perf_counter()
            for request, wanted in zip(people[number], expected, strict=True):
                writer.write(request)
                status, _ = await _read(reader)
                if status != wanted:
                    wrong.add(number)
            times.append(time.perf_counter() - began)
        finally:
            writer.close()

    await asyncio.gather(*map(one, range(len(people))))
    times.sort()
    # All began at once, so whoever waited longest tells how long it took.
    return Burst(times[-1], 1000 * times[len(times) // 2], 1000 * times[int(len(times) * 0.99)], len(wrong))


def get(path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/x-www-form-urlencoded"]
    lines += [f"Content-Length: {len(body.encode())}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
