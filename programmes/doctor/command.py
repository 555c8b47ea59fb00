"""`programmes doctor` in a shell."""

import argparse
import asyncio
from typing import get_args

import asyncpg

from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, fetchval, open_pool
from programmes.doctor import checks
from programmes.doctor.findings import Finding, Part, Patient, as_json, as_text, exit_code
from programmes.settings import Settings

_PATIENCE_SECONDS = 10.0


async def _connected(settings: Settings) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await open_pool(settings.database_url, 2)
            return bool(await fetchval("select true"))
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def look(settings: Settings, part: Part) -> list[Finding]:
    """Open the database if it answers, and look at everything."""
    try:
        found = await _connected(settings)
        return await checks.examine(Patient(settings, SystemClock().now(), part, found))
    finally:
        await close_pool()


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print what is found; 1 when something is broken."""
    found = asyncio.run(look(settings, arguments.part))
    print(as_json(found) if arguments.json else as_text(found))
    return exit_code(found)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--part",
        choices=get_args(Part),
        default="all",
        help="as which part of the service: web sees one folder of keys only",
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)
