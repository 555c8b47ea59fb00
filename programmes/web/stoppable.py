"""uvicorn, which can also be stopped while it waits for the database."""

import signal
from types import FrameType

import uvicorn

from programmes.stopping import Stopped


class Server(uvicorn.Server):
    """uvicorn's own remembers a signal until its start has ended, which may take as long as the database says nothing. There
    is no request to end then, so this one stops at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.started:
            raise Stopped(signal.Signals(sig))
        super().handle_exit(sig, frame)
