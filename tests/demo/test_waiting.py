"""A machine that is slow is waited for, and one is told so."""

from asyncio.subprocess import Process
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import cast

import pytest

from programmes.demo import processes
from programmes.demo.place import DemoError

RUNNING = cast(Process, SimpleNamespace(returncode=None))


def clock(step: float) -> Callable[[], float]:
    """Each look at it is so many seconds later."""
    ticks = count()
    return lambda: next(ticks) * step


async def test_who_waits_longer_than_usual_is_told_so_once_and_it_gets_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, told = iter([False] * 5 + [True]), list[str]()
    monkeypatch.setattr(processes, "_ready", lambda _address: next(answers))
    monkeypatch.setattr(processes.asyncio, "sleep", _no_time)
    await processes.wait_until_ready("http://127.0.0.1:9", RUNNING, told.append, clock(20))
    assert told == ["It takes longer than usual to get ready. Waiting for up to 120 seconds."]


async def test_what_never_gets_ready_ends_with_how_long_it_was_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_ready", lambda _address: False)
    monkeypatch.setattr(processes.asyncio, "sleep", _no_time)
    with pytest.raises(DemoError, match="did not get ready in 120 seconds"):
        await processes.wait_until_ready("http://127.0.0.1:9", RUNNING, now=clock(50))


async def _no_time(_seconds: float) -> None:
    """Waits for nothing."""
