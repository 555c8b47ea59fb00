"""How far it is, for who sits before a terminal; silence for cron."""

import sys
from typing import TextIO


class Progress:
    """A line that is written over, and ended with the block; nothing at all where nobody watches."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._watched = self._stream.isatty()
        self._what, self._done, self._of = "", 0, 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self, what: str, of: int = 0) -> None:
        """Something else is done now, in `of` steps."""
        self.end()
        self._what, self._done, self._of = what, 0, of
        self._show()

    def step(self) -> None:
        """One step more of it."""
        self._done = min(self._done + 1, self._of)
        self._show()

    def end(self) -> None:
        """Nothing is done any more."""
        if self._watched and self._what:
            self._stream.write("\n")
        self._what = ""

    def _show(self) -> None:
        if self._watched and self._what:
            counted = f" {self._done} of {self._of}" if self._of else ""
            self._stream.write(f"\r{self._what}{counted}")
            self._stream.flush()
