"""The demo's web and worker, as processes of their own with their own database roles."""

import asyncio
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from programmes.demo.place import DemoError
from programmes.settings import Settings

# A slow machine with other work needs a minute to read everything in.
_PATIENCE_SECONDS, _USUAL_SECONDS = 120.0, 15.0
Part = Literal["serve", "worker", "migrate"]


def ensure_port_free(port: int) -> None:
    """Raises DemoError when something listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(f"Port {port} is taken. Choose another one: make demo PORT={port % 60000 + 1}") from None


def environment(settings: Settings, part: Part) -> dict[str, str]:
    """What one part of the service may know: its own database role, and only the worker where the ballot keys and the
    key of the log lie."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROGRAMMES_", "DATABASE_URL"))}
    kept |= {
        "PROGRAMMES_BASE_URL": settings.base_url,
        "PROGRAMMES_KEY_FOLDER": str(settings.key_folder),
        "PROGRAMMES_MAIL_URL": settings.mail_url,
        "PROGRAMMES_SMS_URL": settings.sms_url,
        "PROGRAMMES_BOARD_DECISION": settings.board_decision,
        "PROGRAMMES_DEMO": "1" if settings.demo else "",
        "PROGRAMMES_BURST_MOST": str(settings.burst_most),
        "PROGRAMMES_GUESS_MOST": str(settings.guess_most),
        "PROGRAMMES_SECOND_FACTOR": ",".join(settings.second_factor) or "none",
        "PYTHONUNBUFFERED": "1",
    }
    if part == "serve":
        return kept | {"DATABASE_URL": settings.web_database_url}
    if part == "worker":
        own = {
            "PROGRAMMES_BALLOT_KEY_FOLDER": str(settings.ballot_key_folder),
            "PROGRAMMES_LOG_KEY_FOLDER": str(settings.log_key_folder),
        }
        return kept | own | {"DATABASE_URL": settings.worker_database_url}
    return kept | {
        "DATABASE_URL": settings.database_url,
        "PROGRAMMES_WEB_DATABASE_URL": settings.web_database_url,
        "PROGRAMMES_WORKER_DATABASE_URL": settings.worker_database_url,
    }


async def start(settings: Settings, folder: Path, part: Part, *arguments: str) -> asyncio.subprocess.Process:
    """Start `programmes <part>` in a folder. A session of its own keeps Ctrl-C away: who started it stops it, in order."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "programmes.cli",
        part,
        *arguments,
        cwd=folder,
        env=environment(settings, part),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


def _ready(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _silent(text: str) -> None:
    """Says nothing."""


async def wait_until_ready(
    base_url: str,
    process: asyncio.subprocess.Process,
    say: Callable[[str], None] = _silent,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Return when the service says that it is ready. `say` is told once when it takes longer than usual.

    Raises:
        DemoError: the process ended, or did not get ready in time.
    """
    begun, said = now(), False
    while not await asyncio.to_thread(_ready, base_url):
        if process.returncode is not None:
            raise DemoError("The web process ended before it was ready; what it said stands above.")
        waited = now() - begun
        if waited > _PATIENCE_SECONDS:
            raise DemoError(
                f"The web process did not get ready in {_PATIENCE_SECONDS:.0f} seconds; anything that it said stands above."
            )
        if waited > _USUAL_SECONDS and not said:
            say(f"It takes longer than usual to get ready. Waiting for up to {_PATIENCE_SECONDS:.0f} seconds.")
            said = True
        await asyncio.sleep(0.1)


async def stop(processes: list[asyncio.subprocess.Process], patience_seconds: float = 10) -> None:
    """Ask every process to stop, and end those that do not."""
    running = [process for process in processes if process.returncode is None]
    for process in running:
        process.terminate()
    if not running:
        return
    waiting = [asyncio.create_task(process.wait()) for process in running]
    await asyncio.wait(waiting, timeout=patience_seconds)
    for process in running:
        if process.returncode is None:
            process.kill()
    await asyncio.gather(*waiting)
