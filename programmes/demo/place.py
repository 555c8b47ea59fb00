"""Where a demo lives: everything under `.data/` of the folder it is started in, but PostgreSQL where it can run."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from programmes import private_server
from programmes.settings import Settings


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """The folders and files of one demo."""

    project: Path

    @property
    def data(self) -> Path:
        return self.project / ".data"

    @property
    def home(self) -> Path:
        return private_server.home_for(self.project)

    @property
    def manifest(self) -> Path:
        """What outside tools read (DESIGN 10)."""
        return self.data / "demo.json"

    @property
    def secrets(self) -> Path:
        """What only this demo knows and no database can tell: its password and the slips that were printed."""
        return self.data / "demo-secrets.json"

    def settings(self, server: private_server.PrivateServer, database: str, port: int) -> Settings:
        """Settings as in production: three roles, and key folders apart."""
        return Settings(
            database_url=server.url(database),
            web_database_url=server.web_url(database),
            worker_database_url=server.worker_url(database),
            base_url=f"http://127.0.0.1:{port}",
            key_folder=self.data / "keys",
            ballot_key_folder=self.data / "ballot-keys",
            log_key_folder=self.data / "log-keys",
            mail_url=f"folder://{self.data / 'mail'}",
            # Text messages lie beside the mails.
            sms_url=f"folder://{self.data / 'mail'}",
            board_decision="Demobeslut 2026-000",
            demo=True,
            second_factor=(),
            # Everybody who tries it out comes from one computer; whoever wants to see a burst says so.
            burst_most=int(given) if (given := os.environ.get("PROGRAMMES_BURST_MOST", "")).isdecimal() else 0,
        )

    def take_home(self) -> None:
        """Note that PostgreSQL's folder is this demo's, where it lies outside the project and so outlives it.

        Raises:
            DemoError: an earlier copy of the project, in the same place, left its database there. The keys and sign-ins that
                belong to it went with that copy.
        """
        mark = self.data / "postgres-home"
        if self.home.is_relative_to(self.data):
            return
        if (self.home / "data").exists() and not mark.exists() and not self.secrets.exists():
            raise DemoError(
                f"An earlier copy of this folder left its database in {self.home}. Its keys and sign-ins are gone, so the"
                " demo cannot go on with it. Remove it with: make reset. Then start again: make demo"
            )
        mark.write_text(f"{self.home}\n", encoding="utf-8")

    def clear(self) -> None:
        """Remove keys, mail and manifest; the database is the caller's to drop."""
        for folder in (self.data / "keys", self.data / "ballot-keys", self.data / "log-keys", self.data / "mail"):
            shutil.rmtree(folder, ignore_errors=True)
        self.manifest.unlink(missing_ok=True)
        self.secrets.unlink(missing_ok=True)


@dataclass(frozen=True)
class Claim:
    """The right to run the demo of a place. Held by a lock that goes with the process, however it ends."""

    handle: int

    def write(self, processes: list[int]) -> None:
        """Note who runs: this process, then its children, so that a later start finds those that a kill left behind."""
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, json.dumps([os.getpid(), *processes]).encode(), 0)


def _running(place: Place) -> list[int]:
    try:
        found = json.loads((place.data / "demo.lock").read_text(encoding="utf-8") or "[]")
    except (OSError, ValueError):
        return []
    return [int(number) for number in found]


def _is_ours(process: int) -> bool:
    """Whether a process that a lock file names is still one of this programme, and not another with its number."""
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=False)
    return "programmes" in shown.stdout


def _sweep(place: Place) -> None:
    """Stop what a killed demo left running, and wait until it is gone."""
    left = [process for process in _running(place)[1:] if _is_ours(process)]
    for process in left:
        os.kill(process, signal.SIGTERM)
    until = time.monotonic() + 10
    while any(_is_ours(process) for process in left) and time.monotonic() < until:
        time.sleep(0.2)


@contextmanager
def claim(place: Place) -> Iterator[Claim]:
    """Be the only demo here.

    Raises:
        DemoError: another one runs.
    """
    place.data.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(place.data / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = next(iter(_running(place)), 0)
            raise DemoError(
                f"A demo runs here already (process {who}). Stop it with Ctrl-C there, or with: make reset"
            ) from None
        _sweep(place)
        yield Claim(handle)
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def stop_other(place: Place, patience_seconds: float = 30) -> None:
    """Ask a running demo of this place to stop, and wait until it has.

    Raises:
        DemoError: it does not.
    """
    until = time.monotonic() + patience_seconds
    asked = False
    while time.monotonic() < until:
        try:
            with claim(place):
                return
        except DemoError:
            if not asked and (running := _running(place)) and _is_ours(running[0]):
                os.kill(running[0], signal.SIGTERM)
                asked = True
            time.sleep(0.2)
    raise DemoError("The running demo does not stop. End it by hand and try again.")
