"""`programmes migrate` in a shell."""

import argparse
import asyncio
import sys
from importlib.metadata import version

from programmes.catalogue.services import editions_to_come
from programmes.core.clock import SystemClock
from programmes.core.connecting import connect
from programmes.core.db import close_pool, open_pool
from programmes.migrate import migrate, must_be_two, must_own, queue_to_come, rights_to_come, sign_on_to_come
from programmes.settings import Settings
from programmes.upgrading.errors import UpgradeError
from programmes.upgrading.looking import look
from programmes.upgrading.plan import PENDING, REFUSED, Plan, in_words

_READ_ONLY = {"default_transaction_read_only": "on"}


async def check(settings: Settings) -> Plan:
    """What `migrate` would do, over connections that cannot write. Raises UpgradeError when it would be refused at once."""
    must_be_two(settings)
    await must_own(settings)
    await open_pool(settings.database_url, 2, limits=_READ_ONLY)
    try:
        connection = await connect(settings.database_url, server_settings=_READ_ONLY)
        try:
            others = [
                *await editions_to_come(),
                *await queue_to_come(connection),
                *await sign_on_to_come(connection, settings),
                *await rights_to_come(connection, settings),
            ]
        finally:
            await connection.close()
        return await look(version("programmes"), tuple(others))
    finally:
        await close_pool()


def _say(line: str) -> None:
    print(line, flush=True)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Bring the database to this release, or say what that would do."""
    try:
        if arguments.check:
            plan = asyncio.run(check(settings))
            print(in_words(plan, arguments.statements))
            return plan.code
        narrowed = asyncio.run(migrate(settings, SystemClock().now(), _say))
    except UpgradeError as error:
        print(f"programmes migrate: {error}.", file=sys.stderr)
        return REFUSED
    print("The database is at this release.")
    if not narrowed:
        print("Web may still write staff and roles, as the release before does. When all web processes are of this release:")
        print("  programmes migrate")
    return 0


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.description = (
        "Bring the database to this release: tables, the job queue, roles and rights, the guideline's edition. Ends with 0, "
        "or with 1 and why. It can be run again at any time, and goes on where it was broken off."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"say what would be done and write nothing; ends with 0: nothing, {PENDING}: something, {REFUSED}: it would be "
        "refused",
    )
    parser.add_argument("--statements", action="store_true", help="with --check, each statement too")
    parser.set_defaults(run=run)
