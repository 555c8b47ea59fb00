"""A release out of git beside this one, each as processes of their own, on one private server and one set of keys."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from programmes.demo import processes
from programmes.demo.place import Place
from programmes.demo.processes import Part
from programmes.private_server import PrivateServer
from programmes.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_FILLING_SECONDS = 180


class NotHere(Exception):
    """The release before can't be had from this clone; the message says how to get it."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def check_out(ref: str, folder: Path) -> str:
    """The files of a commit, without its history; returns the whole name of the commit.

    Raises:
        NotHere: this clone does not have it.
    """
    asked = subprocess.run(
        ["git", "rev-parse", "--verify", f"{ref}^{{commit}}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise NotHere(
            f"This copy has no commit {ref}. In a shallow clone: git fetch --unshallow. Without git "
            "this cannot be rehearsed; the recorded statements of the release before are tried by make test"
        )
    packed = subprocess.run(["git", "archive", asked.stdout.strip()], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as files:
        files.extractall(folder, filter="data")
    return asked.stdout.strip()


@dataclass(frozen=True)
class Release:
    """A tree of files that is run by this Python, with its locked packages or newer ones."""

    name: str
    tree: Path

    def environment(self, settings: Settings, part: Part) -> dict[str, str]:
        """What its processes are told. A setting that this release does not know would stop its start."""
        known = (self.tree / "programmes" / "settings.py").read_text(encoding="utf-8")
        told = processes.environment(settings, part)
        kept = {name: value for name, value in told.items() if not name.startswith("PROGRAMMES_") or name in known}
        return kept | {"PYTHONPATH": str(self.tree)}

    async def start(self, settings: Settings, log: Path, part: Part, *arguments: str) -> asyncio.subprocess.Process:
        with log.open("ab") as out:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "programmes.cli", part, *arguments,
                cwd=self.tree, env=self.environment(settings, part), stdout=out, stderr=out,
                stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    async def run(self, settings: Settings, part: Part, *arguments: str) -> tuple[int, str]:
        """A command of it, to its end: its exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "programmes.cli", *arguments,
            cwd=self.tree, env=self.environment(settings, part), stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await process.communicate()
        return process.returncode or 0, told.decode()

    def migrations(self) -> list[str]:
        folder = self.tree / "programmes" / "piccolo_migrations"
        return sorted(path.stem for path in folder.glob("programmes_*.py"))


async def filled_demo(release: Release, log: Path) -> dict[str, Any]:
    """Let a release make its demo, and stop it again; what the demo's file tells."""
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "programmes.cli", "demo", "--port", str(free_port()),
            cwd=release.tree, env={**os.environ, "PYTHONPATH": str(release.tree)}, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    told = release.tree / ".data" / "demo.json"
    for _ in range(_FILLING_SECONDS * 2):
        if told.exists() or process.returncode is not None:
            break
        await asyncio.sleep(0.5)
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.wait()
    if not told.exists():
        raise NotHere(f"The demo of {release.name} could not be filled; what it said is in {log}")
    found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return found


def settings_of(release: Release, server: PrivateServer, port: int) -> Settings:
    """As its demo has them: keys and mail beside its files."""
    return Place(release.tree).settings(server, "programmes", port)


def newest(stem: str) -> str:
    """The day and time of a migration's file."""
    return re.sub(r"^programmes_|_000001$", "", stem)
