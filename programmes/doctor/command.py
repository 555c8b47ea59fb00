"""`programmes doctor` in a shell."""

import argparse
import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from typing import get_args

from programmes.core import refusals
from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, fetchval, open_pool
from programmes.doctor import checks, reach_checks
from programmes.doctor.findings import Finding, Part, Patient, as_json, as_text, exit_code
from programmes.settings import Settings

_PATIENCE_SECONDS = 10.0
# A disk that hangs can't be left by the one who waits for it: the whole ends by then, whatever happens.
LIMIT_SECONDS = 120.0


async def _refusal(settings: Settings) -> str | None:
    """Why the database does not answer, by the class of the error; None when it does."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await open_pool(settings.database_url, 2)
            await fetchval("select true")
    except refusals.REFUSED as error:
        return refusals.kind_of(error)
    return None


async def look(settings: Settings, part: Part, found: list[Finding], mail_to: str = "") -> None:
    """Open the database if it answers, and look at everything; with `mail_to` send a mail there too."""
    if mail_to:
        found.append(await reach_checks.a_test_mail(settings, mail_to, SystemClock().now()))
    try:
        refusal = await _refusal(settings)
        await checks.examine(Patient(settings, SystemClock().now(), part, refusal is None, refusal or ""), found)
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await close_pool()


def _within(seconds: float, work: Callable[[], None]) -> bool:
    """Do it beside the main thread, and say whether it has ended by then."""
    doing = threading.Thread(target=work, daemon=True)
    doing.start()
    doing.join(seconds)
    return not doing.is_alive()


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print what is found; 1 when something is broken."""
    found: list[Finding] = []
    ended = _within(LIMIT_SECONDS, lambda: asyncio.run(look(settings, arguments.part, found, arguments.mail_to)))
    if not ended:
        told = f"It did not end within {LIMIT_SECONDS:.0f} seconds; what follows was not looked at."
        last = f" The last that was looked at: {found[-1].check}." if found else ""
        found.append(Finding("doctor", "fault", f"{told}{last}", "See whether a disk or the database hangs."))
    print(as_json(found) if arguments.json else as_text(found), flush=True)
    if not ended:
        # The thread that hangs would be waited for.
        os._exit(1)
    return exit_code(found)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--part",
        choices=get_args(Part),
        default="all",
        help="as which part of the service: web sees one folder of keys only",
    )
    parser.add_argument("--mail-to", default="", metavar="ADDRESS", help="send a test mail there, and look at all else")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)
