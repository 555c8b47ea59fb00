"""The `programmes` command."""

import argparse
import asyncio
import errno
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from programmes import stopping
from programmes.core import refusals
from programmes.core.clock import SystemClock
from programmes.core.key_paths import KeysAway
from programmes.settings import Settings, SettingsError, read_settings


def _may_start(database_url: str, key_folder: Path, ballot_key_folder: Path | None = None) -> bool:
    """Whether the database has what this release asks for, is the one that was put back, if one was, and has its folders of
    keys; if not, or if it is a newer release's, it is said."""
    from programmes.core.folder_marks import Folder
    from programmes.upgrading import starting

    folders: dict[Folder, Path] = {"keys": key_folder}
    if ballot_key_folder:
        folders["ballots"] = ballot_key_folder
    if missing := asyncio.run(starting.keys_missing(database_url, folders)):
        print(f"programmes: {missing}.", file=sys.stderr, flush=True)
        return False
    if elsewhere := asyncio.run(starting.put_back_elsewhere(database_url, key_folder)):
        print(f"programmes: {elsewhere}.", file=sys.stderr, flush=True)
        return False
    found = asyncio.run(starting.found_by(database_url))
    if found and (said := starting.in_words(found)):
        print(f"programmes: {said}.", file=sys.stderr, flush=True)
    return not (found and found.lacks)


# As uvicorn says it.
_NOT_STARTED = 3


def _not_to_be_had(host: str, port: int) -> str:
    """Why nothing can be served at an address, which uvicorn would tell in words of its own; empty where it can."""
    try:
        for family, kind, protocol, _name, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tried.bind(address)
    except OSError as error:
        why = "another program serves there" if error.errno == errno.EADDRINUSE else (error.strerror or "no such address")
        return f"nothing can be served at {host}, port {port}: {why}. Name another: --host, --port"
    return ""


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve the web application until stopped."""
    import uvicorn

    from programmes.app import create_app
    from programmes.core import logs
    from programmes.web.head import with_head
    from programmes.web.last_resort import with_last_resort
    from programmes.web.slow_clients import PatientHttpsProtocol, PatientProtocol
    from programmes.web.stoppable import Server

    logs.configure()
    try:
        with refusals.told():
            if not _may_start(settings.web_database_url, settings.key_folder):
                return 1
    except refusals.REFUSED:
        return _NOT_STARTED
    if told := _not_to_be_had(arguments.host, arguments.port):
        print(f"programmes: {told}.", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        with_last_resort(with_head(create_app(settings, SystemClock())), settings.https),
        host=arguments.host,
        port=arguments.port,
        http=PatientHttpsProtocol if settings.https else PatientProtocol,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        # Longer than a proxy keeps an idle connection (two minutes in Caddy, one in nginx): what is sent over one that is
        # being closed at this end is lost.
        timeout_keep_alive=125,
    )
    server = Server(config)
    server.run()
    return 0 if server.started else _NOT_STARTED


def _no_sign_at(sign: Path) -> str:
    """Why no sign of life can be left there, so that whoever looks for it would take the worker for dead; empty where it
    can."""
    folder = sign.absolute().parent
    if not folder.is_dir():
        return f"--sign: there is no folder {folder} to leave a sign of life in. Make it, or name another file"
    if sign.is_dir() or not os.access(sign if sign.exists() else folder, os.W_OK):
        return f"--sign: {sign} cannot be written by this account. Name another file"
    return ""


def _worker(settings: Settings, arguments: argparse.Namespace) -> int:
    """Send notices, close ballot boxes, pass on places that ran out."""
    from programmes import worker
    from programmes.core import logs

    if arguments.sign and (told := _no_sign_at(arguments.sign)):
        print(f"programmes: {told}.", file=sys.stderr)
        return 2
    if not _may_start(settings.worker_database_url, settings.key_folder, settings.ballot_key_folder):
        return 1
    logs.configure()
    try:
        asyncio.run(worker.run(settings, SystemClock(), once=arguments.once, sign=arguments.sign))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # As all else that it says: one object a line, by its own setting.
        own = settings.worker_database_url != settings.database_url
        refusals.tell(error, "PROGRAMMES_WORKER_DATABASE_URL" if own else "DATABASE_URL")
        return 1
    return 0


def _demo(_: Settings | None, arguments: argparse.Namespace) -> int:
    """Start a private PostgreSQL, load a believable municipality, and serve it."""
    from programmes.demo.command import reset, run

    return reset() if arguments.reset else run(arguments.port)


def _port(text: str) -> int:
    """A port from the command line or from PORT."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


# What a command needs is read when it is asked for: a shell that makes ten accounts starts ten times.
_ELSEWHERE = {
    "migrate": ("migrate_commands.add_to", "bring the database to this release, or say what that would do"),
    "staff": ("staff_commands.add_to", "members of staff"),
    "doctor": ("doctor.command.add_to", "say what is wrong with this installation, and how to mend it"),
    "settings": ("settings_command.add_to", "every setting: default, meaning, and where its value comes from"),
    "backup": ("backup.commands.add_to", "the database and the keys that may be backed up, encrypted"),
    "restore": ("backup.restore_commands.add_to", "put a backup back into an empty database, or rehearse that"),
    "keys": ("key_commands.add_to", "the folders of keys"),
    "erase": ("retention_commands.add_erase", "erase what is due by the rules of retention, now instead of in the night"),
    "archive": ("retention_commands.add_archive", "records that the archive takes over before they are erased"),
    "bounce": (
        "bounce_commands.add_to",
        "take a report of failed delivery from standard input, so that staff see it",
    ),
    "clock": ("clock_commands.add_to", "whether the clock is believed, and saying that it is right"),
    "edition": ("edition_commands.add_to", "another edition of the guideline, compared with the one in force, and stored"),
    "audit": ("audit_commands.add_to", "the access log and its chain"),
}
# The demo makes its own; the other shows also what is wrong.
_WITHOUT_SETTINGS = {"demo", "settings"}


def _parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """The parser; of the commands that stand elsewhere `wanted` is whole, or all are."""
    parser = argparse.ArgumentParser(prog="programmes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the web application")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    serve.set_defaults(run=_serve)
    worker = commands.add_parser("worker", help="do the work that waits: notices, closings, deadlines")
    worker.add_argument("--once", action="store_true", help="do what waits and stop")
    worker.add_argument("--sign", type=Path, metavar="FILE", help="touch this file after each round, as a sign of life")
    worker.set_defaults(run=_worker)
    demo = commands.add_parser("demo", help="a private PostgreSQL with a believable municipality, served")
    demo.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    demo.add_argument("--reset", action="store_true", help="stop it and remove its database, keys and mail")
    demo.set_defaults(run=_demo)
    for name, (where, told) in _ELSEWHERE.items():
        command = commands.add_parser(name, help=told)
        if wanted in {None, name}:
            module, _, function = where.rpartition(".")
            getattr(importlib.import_module(f"programmes.{module}"), function)(command)
    return parser


# They ask the database by the worker's address, as the worker does.
_BY_WORKER = {"worker", "backup", "erase", "archive", "bounce", "clock", "keys", "audit"}


# What a shell says of a program that ended by SIGPIPE.
_UNREAD = 128 + signal.SIGPIPE


def _why_away(error: BaseException, command: str, settings: Settings | None) -> str:
    """In words, by the setting that counts for this command; empty where it is another error."""
    told = refusals.sentence(error)
    if settings and command in _BY_WORKER and settings.worker_database_url != settings.database_url:
        return told.replace("DATABASE_URL", "PROGRAMMES_WORKER_DATABASE_URL")
    return told


def _undone(error: BaseException, command: str, settings: Settings | None) -> str:
    """By its class: what a database says may repeat what a row holds."""
    return _why_away(error, command, settings) or (
        f"it could not be done ({type(error).__name__}). Does the database answer? `programmes doctor` looks."
    )


def _nobody_reads() -> bool:
    """Whether who read the output (`head`) has gone. What is still to be said goes nowhere then."""
    out = select.poll()
    try:
        out.register(sys.stdout.fileno(), 0)
        gone = any(event & select.POLLERR for _, event in out.poll(0))
        if gone:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return False
    return gone


# What only reads, looks itself, or has to go on: `keys confirm` says which database is the right one, `restore` fills that,
# `migrate` brings one to this release of which that may be said. All else would write into what is lost.
_ALSO_WHERE_GIVEN_UP = frozenset({
    "serve", "worker", "doctor", "migrate", "restore", "clock", "staff list", "keys confirm", "edition compare",
    "audit verify",
})  # fmt: skip


def _given_up(arguments: argparse.Namespace, settings: Settings | None) -> str:
    """What ends a command that writes, where a backup was put back into another database than it would write into."""
    typed = " ".join(filter(None, (arguments.command, getattr(arguments, "action", None))))
    if settings is None or typed in _ALSO_WHERE_GIVEN_UP:
        return ""
    from programmes.upgrading import starting

    url = settings.worker_database_url if arguments.command in _BY_WORKER else settings.database_url
    return asyncio.run(starting.put_back_elsewhere(url, settings.key_folder, "Nothing was done"))


def _run(arguments: argparse.Namespace, settings: Settings | None) -> int:
    """The command; what it could not do is said in a line."""
    try:
        if told := _given_up(arguments, settings):
            print(f"programmes: {told}.", file=sys.stderr)
            return 1
        code = int(arguments.run(settings, arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError as error:
        if _nobody_reads():
            return _UNREAD
        print(f"programmes: {_undone(error, arguments.command, settings)}", file=sys.stderr)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"programmes: {_undone(error, arguments.command, settings)}", file=sys.stderr)
    except KeysAway as error:
        print(f"programmes: {error}. `programmes doctor` says what to do.", file=sys.stderr)
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(given[0] if given else None).parse_args(given)
    try:
        settings = None if arguments.command in _WITHOUT_SETTINGS else read_settings()
        if settings is not None and not settings.database_url:
            raise SettingsError("DATABASE_URL is not set")
    except SettingsError as error:
        print(f"programmes: {error}", file=sys.stderr)
        return 2
    with stopping.in_a_line(arguments.command):
        return _run(arguments, settings)
    # Only where the signal that it was to die of is held back.
    return 1


if __name__ == "__main__":
    sys.exit(main())
