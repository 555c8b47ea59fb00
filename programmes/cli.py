"""The `programmes` command."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence

import uvicorn

from programmes import key_commands, retention_commands, staff_commands
from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.core.sealing import KeysAway
from programmes.doctor import command as doctor
from programmes.oversight import chain_queries, chain_services
from programmes.oversight.anchor import Anchor
from programmes.oversight.chain_rules import FAULTS, STOPS, shown
from programmes.settings import Settings, SettingsError, read_settings

Run = Callable[[Settings, argparse.Namespace], int]


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve the web application until stopped."""
    from programmes.app import create_app
    from programmes.web.head import with_head
    from programmes.web.slow_clients import PatientProtocol

    uvicorn.run(
        with_head(create_app(settings, SystemClock())),
        host=arguments.host,
        port=arguments.port,
        http=PatientProtocol,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        # Longer than a proxy keeps an idle connection (two minutes in Caddy, one in nginx): what is sent over one that is
        # being closed at this end is lost.
        timeout_keep_alive=125,
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


def _audit(work: Callable[[Anchor], Awaitable[int]]) -> Run:
    """A command on the chain over the access log, with the worker's rights and its folder."""

    def run(settings: Settings, _: argparse.Namespace) -> int:
        async def do() -> int:
            await open_pool(settings.worker_database_url, 2)
            try:
                return await work(Anchor(settings.log_key_folder))
            finally:
                await close_pool()

        return asyncio.run(do())

    return run


async def _audit_verify(anchor: Anchor) -> int:
    """Walk along the whole chain; 1 when something does not fit."""
    verdict = await chain_services.verify(anchor)
    for loss in await chain_queries.losses():
        print(f"Lines {loss.first} to {loss.last - 1} were lost; the chain was taken up again at {loss.last}.")
    if verdict.waiting_since is not None:
        print(f"Some lines have no place in the chain yet, the oldest from {verdict.waiting_since.isoformat()}.")
    if verdict.first is None:
        print(f"The chain is whole up to line {verdict.head.position}. Its head is {shown(verdict.head.mac)}.")
        return 0
    print(f"The chain first breaks at line {verdict.first.position}: {FAULTS[verdict.first.fault]}.", file=sys.stderr)
    if len(verdict.breaks) > 1:
        print(f"{len(verdict.breaks) - 1} more places do not fit.", file=sys.stderr)
    return 1


async def _audit_resume(anchor: Anchor) -> int:
    """Take the chain up again; what was lost stands in it."""
    verdict = await chain_services.verify(anchor)
    if not any(found.fault in STOPS for found in verdict.breaks):
        print("The chain ends as it was left: there is nothing to take up again.", file=sys.stderr)
        return 1
    head = await chain_services.resume(anchor)
    print(f"The chain goes on at line {head.position}. That lines before it were lost stands in it from now on.")
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
    staff_commands.add_to(commands.add_parser("staff", help="members of staff"))
    doctor.add_to(commands.add_parser("doctor", help="say what is wrong with this installation, and how to mend it"))
    key_commands.add_to(commands.add_parser("keys", help="the folders of keys"))
    retention_commands.add_to(commands)
    audit = commands.add_parser("audit", help="the access log and its chain").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    audit.add_parser("verify", help="check the whole chain, and say which line first breaks it").set_defaults(
        run=_audit(_audit_verify)
    )
    audit.add_parser(
        "resume", help="take the chain up again after a restored backup; the loss stands in it for good"
    ).set_defaults(run=_audit(_audit_resume))
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
    try:
        return int(arguments.run(settings, arguments))
    except KeysAway as error:
        print(f"programmes: {error}. `programmes doctor` says what to do.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
