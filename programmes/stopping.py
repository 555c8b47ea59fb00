"""What a command does when it is told to stop: it ends in order, says so in a line, and dies of the signal.

Whoever started it then sees by which: 130 and 143 in a shell; for systemd an end by SIGTERM is a good one, and an exit code
of 143 would be none. The first process of a container dies of none, and ends with 0 or with 128 and the number. What has a
way of its own to stop, once it works (`serve`, `worker`, `demo`), takes that.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

# A name server or a database that says nothing may keep what is open from being closed: then it ends without.
_PATIENCE_SECONDS = 10
_UNTIL_STOPPED = frozenset({"serve", "worker"})


class Stopped(KeyboardInterrupt):
    """The signal by which something that stops in its own way was told to."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _die_of(number: int, command: str, cut_short: bool = False) -> NoReturn:
    sys.stderr.write(f"programmes {command}: stopped ({signal.Signals(number).name}).\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # Still here: the first process of a container dies of no signal that it sends itself. What serves until it is stopped
    # has ended well; of anything else the number says, as in a shell, that it did not end its work.
    raise SystemExit(0 if command in _UNTIL_STOPPED and not cut_short else 128 + number)


def _cut_short(command: str) -> None:
    try:
        _die_of(signal.SIGTERM, command, cut_short=True)
    except SystemExit as ended:
        # What is open does not let itself be closed, and would not for this either.
        os._exit(int(ended.code or 0))


@contextmanager
def in_a_line(command: str) -> Iterator[None]:
    """Do it inside; Ctrl-C and SIGTERM end the process without a traceback. Only the main thread hears of them: in another
    one this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []

    def at_once(_: int, __: FrameType | None) -> None:
        _cut_short(command)

    def stop(number: int, frame: FrameType | None) -> None:
        """As Ctrl-C, whose handler is asyncio's where a loop runs; between two steps of the loop. An exception raised in the
        middle of one would take away what is to be done next, and what is to be closed would be waited for in vain."""
        told.append(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):
            # Ignored, as in a shell's background.
            return at_once(number, frame)
        signal.alarm(_PATIENCE_SECONDS)
        try:
            asyncio.get_running_loop().call_soon_threadsafe(interrupt, signal.SIGINT, None)
        except RuntimeError:
            interrupt(signal.SIGINT, frame)
        return None

    before = {number: signal.signal(number, does) for number, does in ((signal.SIGTERM, stop), (signal.SIGALRM, at_once))}
    try:
        yield
        if told:
            _die_of(told[0], command)
    except Stopped as stopped:
        _die_of(stopped.number, command)
    except KeyboardInterrupt:
        _die_of(told[0] if told else signal.SIGINT, command)
    finally:
        signal.alarm(0)
        for number, does in before.items():
            signal.signal(number, does)
