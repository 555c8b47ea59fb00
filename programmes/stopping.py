"""What a command does when it is told to stop: it ends in order, says so in a line, and dies of the signal.

Whoever started it then sees by which: 130 and 143 in a shell; for systemd an end by SIGTERM is a good one, and an exit code
of 143 would be none. What has a way of its own to stop, once it works (`serve`, `worker`, `demo`), takes that.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Stopped(KeyboardInterrupt):
    """The signal that has come. A loop of asyncio lets it through from wherever it came, and closes what is open."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop(number: int, _: FrameType | None) -> NoReturn:
    """A handler of signals: raises Stopped wherever the main thread is."""
    raise Stopped(number)


def _die_of(number: int, command: str) -> None:
    sys.stderr.write(f"programmes {command}: stopped ({signal.Signals(number).name}).\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@contextmanager
def in_a_line(command: str) -> Iterator[None]:
    """Do it inside; Ctrl-C and SIGTERM end the process without a traceback. Only the main thread hears
    of them: in another one this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except Stopped as stopped:
        _die_of(stopped.number, command)
    except KeyboardInterrupt:
        _die_of(signal.SIGINT, command)
    finally:
        signal.signal(signal.SIGTERM, before)
