"""The `programmes` command."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Sequence

import uvicorn

from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.core.errors import Conflict
from programmes.core.principal import Role
from programmes.settings import Settings, SettingsError, read_settings

ROLES: tuple[Role, ...] = ("leader", "coordinator", "manager", "administrator")


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve the web application until stopped."""
    from programmes.app import create_app
    from programmes.web.head import with_head

    uvicorn.run(
        with_head(create_app(settings, SystemClock())),
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
    )
    return 0


def _worker(settings: Settings, arguments: argparse.Namespace) -> int:
    """Send notices, close ballot boxes, pass on places that ran out."""
    from programmes import worker

    asyncio.run(worker.run(settings, SystemClock(), once=arguments.once))
    return 0


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database to this release."""
    from programmes.migrate import migrate

    asyncio.run(migrate(settings, SystemClock().now()))
    print("The database is at this release.")
    return 0


def _demo(_: Settings | None, arguments: argparse.Namespace) -> int:
    """Start a private PostgreSQL, load a believable municipality, and serve it."""
    from programmes.demo.command import reset, run

    return reset() if arguments.reset else run(arguments.port)


def _staff_add(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make a member of staff; the password is asked for, or read from the first line of standard input."""
    from programmes.people.services import add_staff

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < 12:
        print("The password must have at least 12 characters.", file=sys.stderr)
        return 2
    roles: list[tuple[Role, str]] = [(role, "") for role in arguments.role]

    async def add() -> None:
        await open_pool(settings.database_url, 2)
        try:
            await add_staff(arguments.username, arguments.name, password, roles, SystemClock().now())
        finally:
            await close_pool()

    try:
        asyncio.run(add())
    except Conflict:
        print(f"There is already somebody called {arguments.username}.", file=sys.stderr)
        return 1
    print(f"{arguments.username} can sign in.")
    return 0


def _port(text: str) -> int:
    """A port from the command line or from PORT."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="programmes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the web application")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    serve.set_defaults(run=_serve)
    worker = commands.add_parser("worker", help="do the work that waits: notices, closings, deadlines")
    worker.add_argument("--once", action="store_true", help="do what waits and stop")
    worker.set_defaults(run=_worker)
    commands.add_parser("migrate", help="bring the database to this release").set_defaults(run=_migrate)
    demo = commands.add_parser("demo", help="a private PostgreSQL with a believable municipality, served")
    demo.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    demo.add_argument("--reset", action="store_true", help="stop it and remove its database, keys and mail")
    demo.set_defaults(run=_demo)
    staff = commands.add_parser("staff", help="members of staff").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    add = staff.add_parser("add", help="make a member of staff")
    add.add_argument("username")
    add.add_argument("--name", required=True, help="as shown on screen")
    add.add_argument("--role", action="append", choices=ROLES, required=True)
    add.set_defaults(run=_staff_add)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        settings = None if arguments.command == "demo" else read_settings()
        if settings is not None and not settings.database_url:
            raise SettingsError("DATABASE_URL is not set")
    except SettingsError as error:
        print(f"programmes: {error}", file=sys.stderr)
        return 2
    return int(arguments.run(settings, arguments))


if __name__ == "__main__":
    sys.exit(main())
