"""`programmes edition` in a shell: another edition of the guideline from a file, compared with the one that it follows."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

from programmes.catalogue import queries
from programmes.catalogue.edition_file import Edition
from programmes.catalogue.edition_rules import differences, not_its_day, of_all_sections
from programmes.catalogue.file_services import EditionError, read_edition
from programmes.catalogue.removing_services import remove_edition
from programmes.catalogue.services import load_edition
from programmes.core.clock import SystemClock, local_date
from programmes.core.db import close_pool, open_pool
from programmes.oversight.compliance.edition_wording_rules import Told, told
from programmes.settings import Settings

Run = Callable[[Settings, argparse.Namespace], int]


def _run(work: Callable[[Edition, date], Awaitable[int]]) -> Run:
    """A command about a file, with the owner's rights: neither web nor worker may store an edition."""

    def run(settings: Settings, arguments: argparse.Namespace) -> int:
        try:
            edition = read_edition(arguments.file)
        except OSError as error:
            print(f"programmes edition: {arguments.file} cannot be read ({error.strerror}).", file=sys.stderr)
            return 1
        except (EditionError, UnicodeDecodeError) as error:
            print(f"programmes edition: this is no edition: {error}", file=sys.stderr)
            return 1

        async def do() -> int:
            await open_pool(settings.database_url, 2)
            try:
                return await work(edition, local_date(SystemClock().now()))
            finally:
                await close_pool()

        return asyncio.run(do())

    return run


async def compare(edition: Edition, today: date) -> int:
    """Say fact by fact what is otherwise than in the edition that is in force the day before, and whether it would be
    refused; store nothing. What is stored already has been let in."""
    stored = edition.digest in await queries.digests()
    if not stored and await _refused_for_its_day(edition, today):
        return 1
    await _compared(edition, today)
    why = "" if stored else await _not_now(edition, today)
    if why:
        print(f"programmes edition: loading it would be refused: {why}", file=sys.stderr)
    return 1 if why else 0


async def _not_now(edition: Edition, today: date) -> str:
    """Why a file whose day can be meant is not stored all the same; empty where it is."""
    if edition.valid_from <= today:
        return (
            f"it would be in force since {edition.valid_from}. What has been decided since then was decided by the one"
            " before; give it a day to come."
        )
    if any(day == edition.valid_from for day, *_rest in await queries.coming(today)):
        return (
            f"another one is stored for {edition.valid_from}. Take that back first: programmes edition remove"
            f" {edition.valid_from}"
        )
    return ""


async def _refused_for_its_day(edition: Edition, today: date) -> bool:
    """Says why the file's first day cannot be meant, if so. What is stored already has been let in with its day."""
    why = not_its_day(edition.valid_from, today, await queries.in_force_since(today))
    if why:
        print(f"programmes edition: this is no edition: {why}", file=sys.stderr)
    return bool(why)


async def _compared(edition: Edition, today: date) -> None:
    day = edition.valid_from - timedelta(days=1) if edition.valid_from > today else today
    before, said = [p for _id, p in await queries.in_force(day)], await queries.guideline(day)
    _say(told((*of_all_sections(said, edition.facts), *differences(before, edition.programmes))), edition)
    if before and said is None:
        print(
            "  What is said for all sections could not be compared: an older release stored the edition before without it."
            " Load that one's file again first: programmes edition load FILE"
        )


def _say(found: list[Told], edition: Edition) -> None:
    how_many = "1 fact is" if len(found) == 1 else f"{len(found)} facts are"
    print(f"Edition {edition.diary_number}, in force from {edition.valid_from}: {how_many} otherwise.")
    if found:
        print("What was stands after -, what becomes of it after +, in the words of the edition.")
    for one in found:
        print(f"  {one.section}  {one.what}")
        print(f"      - {one.before}")
        print(f"      + {one.after}")


async def load(edition: Edition, today: date) -> int:
    """Store it; it takes effect on its day. Cohorts keep the edition that they were opened under."""
    if edition.digest in await queries.digests():
        await load_edition(edition, SystemClock().now())
        print("This edition is stored already. What an older release had left out of it, if any, is stored now too.")
        return 0
    if await _refused_for_its_day(edition, today):
        return 1
    if why := await _not_now(edition, today):
        print(f"programmes edition: {why}", file=sys.stderr)
        return 1
    await _compared(edition, today)
    await load_edition(edition, SystemClock().now())
    print("Stored. Managers see what it changes, and for which cohorts, under Efterlevnad.")
    return 0


def _remove(settings: Settings, arguments: argparse.Namespace) -> int:
    """Take back an edition that was stored and is not in force yet."""

    async def do() -> int:
        await open_pool(settings.database_url, 2)
        try:
            return await remove(arguments.day, local_date(SystemClock().now()))
        finally:
            await close_pool()

    return asyncio.run(do())


async def remove(day: date, today: date) -> int:
    """Take back the edition that is to be in force from a day."""
    try:
        number = await remove_edition(day, today)
    except EditionError as error:
        print(f"programmes edition: {error}", file=sys.stderr)
        return 1
    print(f"Edition {number}, that would have been in force from {day}, is removed.")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, like 2027-01-01") from None


def add_to(command: argparse.ArgumentParser) -> None:
    """The command's own commands."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, work, help_text in (
        ("compare", compare, "say fact by fact what a file changes; nothing is stored"),
        ("load", load, "store the edition in a file; it takes effect on its day"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument(
            "file", type=Path, metavar="FILE", help="a data file like those in programmes/catalogue/editions"
        )
        action.set_defaults(run=_run(work))
    action = actions.add_parser("remove", help="take back an edition that is stored and not in force yet")
    action.add_argument("day", type=_day, metavar="DAY", help="the day from which it would be in force, like 2027-01-01")
    action.set_defaults(run=_remove)
