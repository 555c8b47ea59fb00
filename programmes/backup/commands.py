"""`programmes backup` in a shell. It says nothing where nobody watches and all went well, as cron likes it."""

import argparse
import sys

from programmes.backup import making
from programmes.backup.progress import Progress
from programmes.backup.tracing import traced
from programmes.core.clock import SystemClock
from programmes.core.sealing import KeyFolder
from programmes.doctor.folders import receipt_lines
from programmes.settings import Settings


def _backup(settings: Settings, arguments: argparse.Namespace) -> int:
    async def work() -> None:
        with Progress() as progress:
            made = await making.make(settings, SystemClock().now(), progress)
        if sys.stdout.isatty() or arguments.verbose:
            print(f"{made.folder}: {made.rows} rows of {made.tables} tables, {_size(made.size)}. Keys apart:")
            print(f"{settings.key_backup_folder}, gone within seven days.")
        if receipt_lines(settings.key_folder).damaged:
            told = "programmes backup: made, but with it a damaged receipts.jsonl: programmes doctor says what to do."
            print(told, file=sys.stderr)
        if lacking := KeyFolder.there(settings.key_folder).lasting_keys_away():
            told = (
                f"programmes backup: made, but without {', '.join(lacking)} of service/, which are away or damaged. Put them"
            )
            told += " back from older copies of person keys before those go (programmes doctor says how)."
            print(told, file=sys.stderr)

    return traced(settings, "backup", work)


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--verbose", action="store_true", help="say what was made, also where nobody watches (cron)")
    parser.set_defaults(run=_backup)
