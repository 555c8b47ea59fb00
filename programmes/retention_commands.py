"""`programmes erase` and `programmes archive`: what falls due by the rules of retention, from a shell."""

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from programmes.core import erasure, folder_marks, refusals
from programmes.core.clock import Clock, SystemClock, local_date
from programmes.core.clock_trace import Witness
from programmes.core.db import close_pool, open_pool
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.core.retention import amount_of
from programmes.core.sealing import KeyFolder
from programmes.enrolment.queue.holding_queries import held_records
from programmes.oversight.retention import archive_services as archive
from programmes.oversight.retention import queries
from programmes.oversight.retention import services as retention
from programmes.people.looks import looking
from programmes.people.queries import principal_named
from programmes.settings import Settings

# What a run that did not erase says, and what to do about it.
_WHY = {
    "no_keys": "The key folder is gone, read-only or another one. Nothing more was erased; mend it and run this again.",
    "restoring": "A backup is being put back, or that broke off. Nothing was erased; end the restore and run this again.",
    "clock": "The clock stands more than 60 days ahead of the last run. Nothing was erased; if the"
    " clock is right, run this again with --catch-up.",
}
_KEYS_WAIT = (
    "Keys that were to be destroyed lie in the key folder still: what they sealed can be read in a backup. The worker tries"
    " again every minute; `programmes doctor` says what is in the way."
)
_DOUBTED = "The clock is doubted. Nothing was erased; `programmes clock` says what does not fit, and what to do."


@dataclass(frozen=True)
class Hands:
    """What the commands work with, as the worker does."""

    settings: Settings
    clock: Clock
    keys: KeyFolder
    witness: Witness | None = None


Work = Callable[[Hands, argparse.Namespace], Awaitable[int]]


def _command(work: Work) -> Callable[[Settings, argparse.Namespace], int]:
    """A command with the worker's rights."""

    def run(settings: Settings, arguments: argparse.Namespace) -> int:
        async def do() -> int:
            await open_pool(settings.worker_database_url, 2)
            try:
                keys = KeyFolder.there(settings.key_folder)
                # Another folder, where the right one is not mounted, would take receipts for keys that are still there.
                await folder_marks.hold_to(keys)
                return await work(Hands(settings, SystemClock(), keys, Witness(settings.clock_standstill)), arguments)
            finally:
                await close_pool()

        try:
            return asyncio.run(do())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if refusals.sentence(error):
                # Nothing was begun.
                raise
            print(
                f"It did not end well ({type(error).__name__}). What was begun is carried out when the worker runs, or when"
                " this is run again.",
                file=sys.stderr,
            )
            return 1

    return run


async def _erase(hands: Hands, arguments: argparse.Namespace) -> int:
    """Erase what is due now; 1 when something that is due could not be erased."""
    if arguments.hold_status:
        return await _hold_status(hands)
    if arguments.preview:
        return await _preview(hands)
    if hands.witness and not await _believed(hands.witness, hands.clock.now(), arguments.catch_up):
        print(_DOUBTED, file=sys.stderr)
        return 1
    run = await retention.run_now(hands, arguments.catch_up)
    if await erasure.waits():
        print(f"{_records(run.gone, 'is', 'are')} out of the database.")
        print(_KEYS_WAIT, file=sys.stderr)
        return 1
    print(f"{_records(run.gone, 'has', 'have')} been erased.")
    wrong = _WHY.get(run.state, "")
    if not wrong and run.failed:
        wrong = f"{_records(run.failed)} could not be erased: the log says why. The next run tries again."
    if wrong:
        print(wrong, file=sys.stderr)
    return int(bool(wrong))


async def _believed(witness: Witness, now: datetime, catch_up: bool) -> bool:
    """Whether the clock is believed; with `catch_up` somebody says so, and the database's clock has to agree."""
    return await witness.confirm(now) if catch_up else await witness.against(now) is None


async def _preview(hands: Hands) -> int:
    """What would be erased now, and what stands in the way of the rest. Nothing is changed; nobody is named."""
    years, now = await amount_of("protected_record"), hands.clock.now()
    due = await queries.due_records(local_date(now))
    found = Counter[str]((await retention.fates(due, hands.settings.archive, hands.keys, now)).values())
    years_old = "1 year" if years == 1 else f"{years} years"
    print(f"{_records(found['erase'])} would be erased now: more than {years_old} have passed since the last note.")
    for fate, one, several in (
        ("archive", "waits for the archive: programmes archive export", "wait for the archive: programmes archive export"),
        (
            "unknown_day",
            "waits for a birth date, so that it is known whether it goes to the archive",
            "wait for a birth date, so that it is known whether they go to the archive",
        ),
        ("held", "is held back", "are held back"),
        ("unreadable", "cannot be read", "cannot be read"),
    ):
        if found[fate]:
            print(f"{found[fate]} {one if found[fate] == 1 else several}.")
    return 0


async def _hold_status(hands: Hands) -> int:
    """Every hold in force, by cohort and number: a line with tabs between."""
    held = await held_records(local_date(hands.clock.now()))
    for one in held:
        until = one.until.isoformat() if one.until else "until lifted"
        day = local_date(one.set_at).isoformat()
        print("\t".join((one.cohort, f"number {one.number}", one.reason, until, f"set {day}", one.by)))
    print(f"{_records(len({(one.cohort_id, one.number) for one in held}), 'is', 'are')} held back.")
    return 0


def _records(n: int, one: str = "", several: str = "") -> str:
    """`1 record is`, `2 records are`."""
    return " ".join(part for part in (f"{n} record" if n == 1 else f"{n} records", one if n == 1 else several) if part)


async def _staff(username: str) -> Principal:
    found = await principal_named(username)
    if found is None:
        raise NotFound
    return found


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


async def _export(hands: Hands, arguments: argparse.Namespace) -> int:
    """Write the file for the archive. Every record in it becomes a line of the access log, under the name that was given."""
    try:
        who = await _staff(arguments.staff)
    except NotFound:
        print(f"There is nobody called {arguments.staff} who may sign in.", file=sys.stderr)
        return 2
    if not who.has("coordinator"):
        print(f"{arguments.staff} coordinates nothing: a coordinator hands records over.", file=sys.stderr)
        return 2
    if arguments.file.exists():
        print(f"{arguments.file} is there already; nothing was written.", file=sys.stderr)
        return 2
    now = hands.clock.now()
    people = await archive.for_archive(who, hands.settings, hands.keys, now)
    if not people:
        print("No record waits for the archive.")
        return 0
    async with looking(who, "archive", now) as look:
        batch_id, content = await archive.make(people, look, hands.settings, hands.keys, now)
    _write(arguments.file, content)
    batch = await archive.mine(batch_id, who)
    here = "It stays" if len(people) == 1 else "They stay"
    print(f"{_records(len(people), 'is', 'are')} in {arguments.file}. {here} here until the archive has received the file:")
    print(f"programmes archive confirm {batch_id} {batch.digest.hex()} --staff {arguments.staff}")
    return 0


async def _confirm(hands: Hands, arguments: argparse.Namespace) -> int:
    """Note that the archive has received a file."""
    try:
        fits = await archive.confirm(
            UUID(arguments.batch), arguments.checksum, await _staff(arguments.staff), hands.clock.now()
        )
    except (NotFound, ValueError):
        print("There is no such file of that person's.", file=sys.stderr)
        return 2
    if not fits:
        print("That is the checksum of another file. Nothing was noted.", file=sys.stderr)
        return 1
    print("Noted. The next run erases the records that were in the file.")
    return 0


def add_erase(erase: argparse.ArgumentParser) -> None:
    """What `programmes erase` is told."""
    erase.add_argument("--preview", action="store_true", help="say what would be erased, and change nothing")
    erase.add_argument("--hold-status", action="store_true", help="list what is held back, by cohort and number")
    erase.add_argument("--catch-up", action="store_true", help="also when the last run is more than 60 days ago")
    erase.set_defaults(run=_command(_erase))


def add_archive(parser: argparse.ArgumentParser) -> None:
    """The actions of `programmes archive`."""
    action = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    staff = {"required": True, "metavar": "USERNAME", "help": "who hands the file over; the access log names them"}
    export = action.add_parser("export", help="write the file for the archive")
    export.add_argument("file", type=Path)
    export.add_argument("--staff", **staff)  # type: ignore[arg-type]
    export.set_defaults(run=_command(_export))
    confirm = action.add_parser("confirm", help="note that the archive has received a file, by its checksum")
    confirm.add_argument("batch")
    confirm.add_argument("checksum")
    confirm.add_argument("--staff", **staff)  # type: ignore[arg-type]
    confirm.set_defaults(run=_command(_confirm))
