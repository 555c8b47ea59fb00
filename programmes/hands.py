"""What whoever does the worker's work brings along: the worker itself, or a command in a shell."""

from typing import Protocol

from programmes.core.clock import Clock
from programmes.core.clock_trace import Witness
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings


class Hands(Protocol):
    """What jobs and ticks are handed. The pool of this process is open, with the worker's rights."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def keys(self) -> KeyFolder: ...
    @property
    def witness(self) -> Witness | None: ...
