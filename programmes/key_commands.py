"""`programmes keys` in a shell: other keys for what is kept, and taking a folder for the right one."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from programmes.core import audit, database_marks, folder_marks
from programmes.core.clock import SystemClock
from programmes.core.clock_trace import Witness
from programmes.core.db import close_pool, fetchval, open_pool, transaction
from programmes.core.restore_marks import put_back_into, restore_of
from programmes.core.restoring import Restoring, held_off
from programmes.core.rotating import Rotating, alone_with, rotating
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.core.which_database import put_back_elsewhere, which
from programmes.doctor import row_keys
from programmes.doctor.findings import Patient
from programmes.evaluation.keys import BallotKeys
from programmes.people import rotation_services as rotation
from programmes.service_key_commands import lost_of_service
from programmes.settings import Settings

_WARNING = """\
Every process of the service must be of this release. When this is done, backups of the database from before can be read
only together with a backup of the keys from before: make a new backup of both. Say --yes to go on."""
_AFTERWARDS = {
    "persons": "Make a new backup of the database and of the person keys now.",
    "second-factor": "Make a new backup of the database and of the service keys now.",
    "search": "Make a new backup of the database and of the service keys now.",
    "forms": "Restart the web processes. Forms that were open have to be loaded again. Who has signed in by single sign-on"
    " is asked by the provider whom to sign out, when they do.",
}


class _ClockDoubted(Exception):
    """By it nothing is destroyed, and no time is written (decision 24)."""


def _moment(text: str) -> datetime:
    """A moment as ISO text; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a moment looks like 2026-11-28T10:00:00, not {text!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _progress(done: int, of: int) -> None:
    if done == of or done % 50 == 0:
        print(f"  {done} of {of}", flush=True)


def _with_database(settings: Settings, work: Callable[[], Awaitable[None]]) -> int:
    async def do() -> None:
        keys, now = KeyFolder.there(settings.key_folder), SystemClock().now()
        if keys.waits_for_restore():
            raise Restoring
        # One connection holds restores off meanwhile.
        await open_pool(settings.worker_database_url, 3)
        try:
            if await Witness(settings.clock_standstill).against(now) is not None:
                raise _ClockDoubted
            await folder_marks.note("keys", keys.mark, now)
            async with held_off(keys) as free, rotating(settings.worker_database_url, keys.folder):
                if not free:
                    raise Restoring
                await work()
        finally:
            await close_pool()

    try:
        asyncio.run(do())
    except _ClockDoubted:
        told = "The clock is doubted. Nothing was rotated; `programmes clock` says what does not fit, and what to do."
        print(told, file=sys.stderr)
        return 1
    except Restoring:
        # A row that is not put back yet would come back sealed under a key that is gone by then.
        told = "A backup is being put back, or that broke off, or the worker has not erased again yet. Nothing was rotated."
        print(told, file=sys.stderr)
        return 1
    except Rotating:
        told = "A rotation is running, or a backup is being made or put back. Let it end; then run this again if needed."
        print(told, file=sys.stderr)
        return 1
    return 0


def _rotate(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.what != "forms" and not arguments.yes:
        print(_WARNING, file=sys.stderr)
        return 2
    clock = SystemClock()
    before = arguments.made_before or clock.now()

    async def work() -> None:
        keys = KeyFolder.there(settings.key_folder)
        print(f"Rotating {arguments.what}. The old keys go a minute after the last row.", flush=True)
        if arguments.what == "persons":
            print(f"Should it be broken off, go on with --made-before {before.isoformat(timespec='seconds')}", flush=True)
            number = await rotation.persons(keys, clock, before, _progress)
        elif arguments.what == "second-factor":
            number = await rotation.second_factors(keys, clock, _progress)
        elif arguments.what == "search":
            number = await rotation.search(keys, clock, _progress)
        else:
            number = await rotation.forms(keys, clock)
        print(f"Done: {number}. {_AFTERWARDS[arguments.what]}")

    return _with_database(settings, work)


def _adopt(settings: Settings, arguments: argparse.Namespace) -> int:
    """From now on these folders are the database's. What only the lost ones could open stays lost."""
    if not arguments.yes:
        print("What only the lost folder could open is lost for good with this. Say --yes to go on.", file=sys.stderr)
        return 2

    async def do() -> None:
        await open_pool(settings.worker_database_url, 2)
        try:
            now = SystemClock().now()
            if arguments.folder == "keys":
                await folder_marks.adopt("keys", KeyFolder(settings.key_folder).mark, now)
            else:
                await folder_marks.adopt("ballots", BallotKeys(settings.ballot_key_folder, settings.key_folder).mark, now)
            async with transaction():
                await audit.note("keys:adopt", f"folder/{arguments.folder}", None, now)
        finally:
            await close_pool()

    asyncio.run(do())
    print("This folder is the right one from now on. Restart the service; programmes doctor counts what is lost.")
    return 0


class _Elsewhere(Exception):
    """A backup was put back into another database than this one, whose name it is."""


class _NotYet(Exception):
    """Why this database cannot be confirmed yet, in words."""


_KNOWN = "Known as lost from now on, with the keys that are missing:"


_SERVICE = "service"


def _lost(settings: Settings, arguments: argparse.Namespace) -> int:
    """What only keys could open that are not there any more is lost, and that is known: no fault to `doctor` any longer."""
    if arguments.what == _SERVICE:
        return lost_of_service(settings, arguments.yes)
    kinds = row_keys.NAMED[arguments.what]

    async def do() -> list[str]:
        await open_pool(settings.worker_database_url, 2)
        try:
            patient = Patient(settings, SystemClock().now())
            found = await (row_keys.acknowledge if arguments.yes else row_keys.absent)(patient, kinds)
            return row_keys.in_words(found)
        finally:
            await close_pool()

    try:
        if restore_of(settings.key_folder):
            raise KeysAway("what a backup brought back is not erased again yet: start the worker first")
        told = asyncio.run(do())
    except KeysAway as error:
        print(f"Nothing was noted: {error}.", file=sys.stderr)
        return 1
    if not told:
        print("No such key is missing.")
        return 0
    if arguments.yes:
        print("\n".join([_KNOWN, *told]))
        return 0
    print("\n".join(["Their keys are missing:", *told, "If those are lost for good: say --yes."]), file=sys.stderr)
    return 2


def _confirm(settings: Settings, arguments: argparse.Namespace) -> int:
    """The database that was put back is the right one, and these receipts are all that there are."""
    if not arguments.yes:
        print(
            "Keys that have no row in this database will go after their days aside, and those of working lists and ballots"
            " that are missing are taken for lost. Is everybody there who should be? Say --yes to go on.",
            file=sys.stderr,
        )
        return 2
    keys = KeyFolder.there(settings.key_folder)
    # Who says that another one is given up must not say it beside a restore that fills that.
    alone = alone_with(settings.key_folder) if arguments.instead else contextlib.nullcontext()
    try:
        with alone:
            name, lost = asyncio.run(_take_for_right(settings, keys, arguments.instead))
    except Rotating:
        print("Keys are being rotated, or a backup is being made or put back. Let that end, or end it.", file=sys.stderr)
        return 1
    except _NotYet as why:
        print(why, file=sys.stderr)
        return 1
    except _Elsewhere as elsewhere:
        print(
            f"{elsewhere} is the old database: a backup was put back into another database than this one."
            " PROGRAMMES_WORKER_DATABASE_URL, or the worker's DATABASE_URL, must name the new one. If"
            f" {elsewhere} is the right one after all: --instead as well.",
            file=sys.stderr,
        )
        return 1
    print("\n".join([f"This database, {name}, is the right one from now on.", *([_KNOWN, *lost] if lost else [])]))
    if keys.waits_for_restore():
        print(_STILL_TO_ERASE)
    return 0


_STILL_TO_ERASE = (
    "Start the worker: before anything else it erases what is there again of what had been erased, and signs everybody out."
)
_BROKE_OFF = (
    "A backup is being put back, or that broke off. Let it end, or put it back anew. To go on with the database from before"
    " instead: name that one in the address, and say --instead as well."
)
_START_FIRST = "What the backup brought back is not erased again yet. Start the worker first."


async def _must_be_over(settings: Settings, keys: KeyFolder, name: str, number: str, instead: bool) -> None:
    """No restore stands in the way of confirming this database. One that was begun into another one, and was killed there,
    does not where `instead` was said: what it marked of erasing again stays, and the worker does it.

    Raises:
        _Elsewhere, _NotYet: one does.
    """
    elsewhere = await put_back_elsewhere(fetchval, settings.key_folder)
    if elsewhere and not instead:
        raise _Elsewhere(name)
    broke_off_elsewhere = keys.is_restoring() and put_back_into(settings.key_folder) != number
    if keys.waits_for_restore() and not (instead and (elsewhere or broke_off_elsewhere)):
        raise _NotYet(_BROKE_OFF if keys.is_restoring() else _START_FIRST)


async def _take_for_right(settings: Settings, keys: KeyFolder, instead: bool) -> tuple[str, list[str]]:
    """Note in the database and in the key folder that they belong together; its name, and what is lost for good.

    Raises:
        _Elsewhere: a backup was put back into another one, and `instead` was not said.
        _NotYet: a restore stands in the way.
    """
    await open_pool(settings.worker_database_url, 2)
    try:
        name, number = str(await fetchval("select current_database()")), await which(fetchval)
        await _must_be_over(settings, keys, name, number, instead)
        now = SystemClock().now()
        await folder_marks.note("keys", keys.mark, now)
        await database_marks.accept_receipts(keys)
        async with transaction():
            await audit.note("keys:confirm", "database/1", None, now)
        lost: list[str] = []
        with contextlib.suppress(KeysAway):
            # Where the ballots' folder is another one, `doctor` says so.
            lost = row_keys.in_words(await row_keys.acknowledge(Patient(settings, now), row_keys.NEVER_COPIED))
        keys.confirm_restored(number)
        if keys.is_restoring():
            # Last: killed before, this is said again.
            keys.unmark_restoring()
        return name, lost
    finally:
        await close_pool()


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser("rotate", help="seal what is kept under other keys, and destroy the old ones")
    rotate.add_argument("what", choices=sorted(_AFTERWARDS))
    rotate.add_argument("--made-before", type=_moment, help="of persons: keys made before this moment only (default: now)")
    rotate.add_argument("--yes", action="store_true", help="a new backup follows")
    rotate.set_defaults(run=_rotate)
    adopt = actions.add_parser(
        "adopt", help="take a folder for the one that the database's rows belong to: the other is lost"
    )
    adopt.add_argument("folder", choices=("keys", "ballots"))
    adopt.add_argument("--yes", action="store_true", help="the other one is lost for good")
    adopt.set_defaults(run=_adopt)
    lost = actions.add_parser(
        "lost", help="say that it is known which keys are lost, and with them what only they could open"
    )
    lost.add_argument("what", choices=sorted([*row_keys.NAMED, _SERVICE]))
    lost.add_argument("--yes", action="store_true", help="they are lost for good")
    lost.set_defaults(run=_lost)
    confirm = actions.add_parser("confirm", help="say that the database that was put back is the right one")
    confirm.add_argument("--yes", action="store_true", help="everybody is there who should be")
    confirm.add_argument("--instead", action="store_true", help="this one, though another was put back: that is given up")
    confirm.set_defaults(run=_confirm)
