"""`programmes edition` in a shell: another edition of the guideline from a file, compared with the one that it follows."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from programmes.catalogue import queries
from programmes.catalogue.edition_file import Edition
from programmes.catalogue.edition_rules import differences
from programmes.catalogue.rules import Programme
from programmes.catalogue.services import EditionError, load_edition, read_edition
from programmes.core.clock import SystemClock, local_date
from programmes.core.db import close_pool, open_pool
from programmes.oversight.compliance.edition_wording_rules import fact_words, value_words
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
    """Say fact by fact what is otherwise than in the edition that is in force the day before; store nothing."""
    before = [p for _id, p in await queries.in_force(min(today, edition.valid_from))]
    _say(before, edition)
    return 0


def _say(before: list[Programme], edition: Edition) -> None:
    found = differences(before, edition.programmes)
    print(f"Edition {edition.diary_number}, in force from {edition.valid_from}: {len(found)} facts are otherwise.")
    for one in found:
        print(f"  {one.section}  {fact_words(one.fact)}")
        print(f"      was: {value_words(one.fact, one.before)}")
        print(f"      is:  {value_words(one.fact, one.after)}")


async def load(edition: Edition, today: date) -> int:
    """Store it; it takes effect on its day. Cohorts keep the edition that they were opened under."""
    if edition.digest in await queries.digests():
        print("This edition is stored already.")
        return 0
    if edition.valid_from <= today:
        print(
            f"programmes edition: it would be in force since {edition.valid_from}. What has been decided since then was"
            " decided by the one before; give it a day to come.",
            file=sys.stderr,
        )
        return 1
    _say([p for _id, p in await queries.in_force(edition.valid_from)], edition)
    await load_edition(edition, SystemClock().now())
    print("Stored. Managers see what it changes, and for which cohorts, under Efterlevnad.")
    return 0


def add_to(command: argparse.ArgumentParser) -> None:
    """The command's own commands."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, work, told in (
        ("compare", compare, "say fact by fact what a file changes; nothing is stored"),
        ("load", load, "store the edition in a file; it takes effect on its day"),
    ):
        action = actions.add_parser(name, help=told)
        action.add_argument(
            "file", type=Path, metavar="FILE", help="a data file like those in programmes/catalogue/editions"
        )
        action.set_defaults(run=_run(work))
