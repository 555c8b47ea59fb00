"""`programmes staff`: accounts, as an administrator makes and ends them. Nobody has one before that."""

import argparse
import asyncio
import getpass
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

from programmes.catalogue.queries import sections
from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Role
from programmes.people import account_services as accounts
from programmes.people import queries
from programmes.people.services import add_staff
from programmes.settings import ROLES, Settings

_WHY: dict[accounts.Weakness, str] = {
    "short": f"it must have at least {accounts.SHORTEST} characters",
    "long": f"it may have at most {accounts.LONGEST} characters",
    "own": "it holds the person's or the municipality's name",
    "common": "it holds common words",
    "repeat": "it repeats itself",
    "sequence": "it holds a sequence such as abc or 123",
    "keyboard": "it holds keys that lie side by side",
    "date": "it holds a date or a year",
    "guessable": "it is too easy to guess",
}
Work = Callable[[datetime], Awaitable[str]]


class _Refused(Exception):
    """The command cannot be carried out; the message says why."""


def _role(text: str) -> tuple[Role, str]:
    """`coordinator`, or `coordinator/2.8` for one section."""
    role, _, section = text.partition("/")
    for known in ROLES:
        if role == known:
            return known, section  # type: ignore[return-value]
    raise argparse.ArgumentTypeError(f"a role is one of {', '.join(ROLES)}, or one with a section, such as leader/2.8")


def _email(text: str) -> str:
    """An address from the command line."""
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", text):
        raise argparse.ArgumentTypeError(f"an address looks like kim@example.se, not {text!r}")
    return text


def _password(settings: Settings, *about: str) -> str:
    """The new password: asked for twice, or the first line of standard input. Weak ones are refused with every reason."""
    asked = sys.stdin.isatty()
    try:
        password = getpass.getpass("Password: ") if asked else sys.stdin.readline().rstrip("\n")
        # What nobody sees may hold a slip of the finger, which nobody could repeat.
        if asked and getpass.getpass("Once more: ") != password:
            raise _Refused("The two are not the same. Nothing was done.")
    except EOFError:
        raise _Refused("No password was given. Nothing was done.") from None
    weak = accounts.weaknesses(password, (*about, settings.municipality, settings.office))
    if weak:
        raise _Refused(f"That password is not strong enough: {'; '.join(_WHY[reason] for reason in weak)}.")
    return password


def _carry_out(settings: Settings, username: str, work: Work) -> int:
    async def run() -> str:
        await open_pool(settings.database_url, 2)
        try:
            return await work(SystemClock().now())
        finally:
            await close_pool()

    try:
        print(asyncio.run(run()))
    except NotFound:
        print(f"There is nobody called {username}.", file=sys.stderr)
        return 1
    except Conflict:
        print(f"There is already somebody called {username}.", file=sys.stderr)
        return 1
    except accounts.AccountEnded:
        print(f"The account of {username} has been ended: programmes staff activate {username}", file=sys.stderr)
        return 1
    except _Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _must_have_sections(roles: Sequence[tuple[Role, str]]) -> None:
    """A role in a section that no programme has would be a right to nothing, unseen."""
    known = await sections()
    if unknown := sorted({section for _, section in roles if section} - known):
        raise _Refused(f"No programme has the section {', '.join(unknown)}.")


def _told(roles: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{role}/{section}" if section else role for role, section in roles)


def _add(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make a member of staff. With a second factor required by a role they set it up at their first sign-in."""
    try:
        password = _password(settings, arguments.username, arguments.name)
    except _Refused as error:
        print(error, file=sys.stderr)
        return 2

    async def work(now: datetime) -> str:
        await _must_have_sections(arguments.role)
        with suppress(NotFound):
            if (await accounts.is_ended(arguments.username))[0]:
                raise accounts.AccountEnded
        await add_staff(arguments.username, arguments.name, password, arguments.role, now, arguments.email or "")
        return f"{arguments.username} can sign in."

    return _carry_out(settings, arguments.username, work)


def line(one: queries.StaffFacts) -> str:
    """Somebody's line of the list."""
    how = "single sign-on" if one.single_sign_on else "password and code" if one.second_factor else "password"
    state = "active" if one.active else "deactivated"
    return "\t".join((one.username, state, ",".join(one.roles) or "-", how, one.name))


def _list(settings: Settings, _: argparse.Namespace) -> int:
    """Everybody, one a line, with tabs between: user name, state, roles, how they sign in, name."""

    async def work(_: datetime) -> str:
        return "\n".join(map(line, await queries.all_staff())) or "There is nobody yet: programmes staff add"

    return _carry_out(settings, "", work)


def _roles(settings: Settings, arguments: argparse.Namespace) -> int:
    """Give somebody exactly these roles."""

    async def work(now: datetime) -> str:
        await _must_have_sections(arguments.role)
        if not await accounts.change_roles(arguments.username, arguments.role, now):
            raise _Refused(f"{arguments.username} signs in by single sign-on: their roles follow their groups there.")
        return f"{arguments.username} is now: {_told(arguments.role)}. If that is a change, they are signed out."

    return _carry_out(settings, arguments.username, work)


def _deactivate(settings: Settings, arguments: argparse.Namespace) -> int:
    """End somebody's account."""

    async def work(now: datetime) -> str:
        await accounts.deactivate(arguments.username, now)
        return f"{arguments.username} cannot sign in any more and is signed out everywhere."

    return _carry_out(settings, arguments.username, work)


def _activate(settings: Settings, arguments: argparse.Namespace) -> int:
    """Open an account again that has been ended. The password of before counts no more."""

    async def work(now: datetime) -> str:
        ended, elsewhere = await accounts.is_ended(arguments.username)
        if not ended:
            raise _Refused(f"The account of {arguments.username} has not been ended.")
        password = "" if elsewhere else _password(settings, arguments.username)
        roles = await accounts.activate(arguments.username, password, now)
        if elsewhere:
            return f"{arguments.username} can sign in again; their roles follow their groups."
        return f"{arguments.username} can sign in again, with the new password, as: {_told(roles) or 'nothing yet'}."

    return _carry_out(settings, arguments.username, work)


def _reset_password(settings: Settings, arguments: argparse.Namespace) -> int:
    """Give somebody another password."""
    try:
        password = _password(settings, arguments.username)
    except _Refused as error:
        print(error, file=sys.stderr)
        return 2

    async def work(now: datetime) -> str:
        if not await accounts.reset_password(arguments.username, password, now):
            raise _Refused(f"{arguments.username} signs in by single sign-on and has no password here.")
        return f"{arguments.username} has the new password and is signed out everywhere."

    return _carry_out(settings, arguments.username, work)


def _change_email(settings: Settings, arguments: argparse.Namespace) -> int:
    """Say where somebody gets mail from the service."""

    async def work(now: datetime) -> str:
        address = arguments.address or ""
        await accounts.change_email(arguments.username, address, now)
        return f"{arguments.username} gets mail at {address}." if address else f"{arguments.username} gets no mail any more."

    return _carry_out(settings, arguments.username, work)


def _reset_factor(settings: Settings, arguments: argparse.Namespace) -> int:
    """Take somebody's second factor away, when phone and recovery codes are lost. Make sure first that it is them."""

    async def work(now: datetime) -> str:
        if not await accounts.reset_factor(arguments.username, now):
            raise _Refused(f"{arguments.username} has no second factor.")
        return f"{arguments.username} has no second factor any more and is signed out everywhere."

    return _carry_out(settings, arguments.username, work)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The actions of `programmes staff`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    role = {"action": "append", "type": _role, "required": True, "metavar": "ROLE", "help": "leader, coordinator/2.8, …"}

    def action(name: str, run: Callable[[Settings, argparse.Namespace], int], told: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=told)
        made.set_defaults(run=run)
        if name != "list":
            made.add_argument("username")
        return made

    add = action("add", _add, "make a member of staff; the password is asked for, or read from standard input")
    add.add_argument("--name", required=True, help="as shown on screen")
    add.add_argument("--role", **role)  # type: ignore[arg-type]
    add.add_argument("--email", help="where they get mail from the service", type=_email)
    action("list", _list, "everybody, with roles and how they sign in")
    action("roles", _roles, "give somebody exactly these roles; a change signs them out").add_argument("--role", **role)  # type: ignore[arg-type]
    action("activate", _activate, "open an account again that has been ended; a new password is asked for")
    action("deactivate", _deactivate, "end an account and sign it out everywhere")
    action("password", _reset_password, "give somebody another password and sign them out everywhere")
    where = action("email", _change_email, "where somebody gets mail from the service; without an address they get none")
    where.add_argument("address", nargs="?", type=_email)
    factor = actions.add_parser("second-factor", help="somebody's second factor").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    reset = factor.add_parser("reset", help="take it away, when phone and recovery codes are lost")
    reset.add_argument("username")
    reset.set_defaults(run=_reset_factor)
