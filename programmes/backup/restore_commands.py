"""`programmes restore` in a shell: for real, as a rehearsal, or the keys alone."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from pyrage.x25519 import Identity

from programmes.backup import BackupError, NotBegun, drilling, files, keys_only, restoring
from programmes.backup.progress import Progress
from programmes.backup.tracing import traced
from programmes.core.clock import SystemClock
from programmes.doctor.findings import as_text, exit_code
from programmes.settings import Settings
from programmes.staff_commands import line


def _identities(given: str) -> list[Identity]:
    """From a file, or from standard input so that no private key comes to lie on this machine."""
    if given == "-":
        return files.identities_of(sys.stdin.read())
    try:
        return files.identities_of(Path(given).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise NotBegun(f"The identity in {given} cannot be read.") from None


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.drill:
        return traced(settings, "drill", lambda: _drill(settings, arguments))
    if arguments.backup is None:
        return _keys_alone(settings, arguments)

    shut = False

    async def work() -> None:
        nonlocal shut
        identities = _identities(arguments.identity)
        copy = restoring.read_copy(arguments.keys, identities) if arguments.keys else None
        lost = frozenset(arguments.lost)
        with Progress() as progress:
            done = await restoring.restore(settings, arguments.backup, identities, copy, lost, SystemClock(), progress)
        shut = bool(done.shut)
        print("\n".join(_told(done, bool(copy))))

    # It is back, and as with the keys alone (`_keys_alone`) not as it should be.
    return traced(settings, "restore", work) or int(shut)


def _told(done: restoring.Restored, with_keys: bool) -> Iterator[str]:
    """What was put back, what of it is gone again, what is not there, and what is to be done before it is gone on with."""
    made = f"{done.manifest.moment:%Y-%m-%d %H:%M} UTC"
    if done.shut:
        yield "It is back, but not all of it can be read. First of all, before web or worker is started:"
        yield from (f"- {told}" for told in done.shut)
    if with_keys:
        yield f"Keys put back: {done.keys.number}."
        yield from done.keys.in_words()
    yield f"Put back: {done.rows} rows of {done.tables} tables, as many as the backup of {made} says."
    yield f"Protected records that had been erased since, and are erased again: {done.again.records}."
    yield f"Partners' records (2.14) that had been erased since, and are erased again: {done.again.partners}."
    yield f"Groups of whose working list all or a part had been erased since, and is erased again: {done.again.lists}."
    yield f"What was written after {made} is not there: places, marks, votes. Tell the leaders."
    yield "Nor are decisions about people: consents that were taken back (2.14; where a partner's record was erased"
    yield "with it, the consent counts as taken back), protected identity, who must not meet whom, and holds."
    yield "Let those who lead and coordinate say what they know, before anybody is written to or called."
    yield f"Accounts, passwords, roles and second factors are those of {made} too, and nobody is signed in. Who was"
    yield "deactivated since can sign in again, and passwords and recovery codes that were given up count again. These are"
    yield "the accounts, as programmes staff list says them:"
    yield from [f"- {line(one)}" for one in done.staff] or ["- none"]
    yield "Before web is started: programmes staff deactivate, roles, password, second-factor reset, where they are not"
    yield "as they should be."
    if done.lost:
        yield "Lost with keys that are not in their folder, and that nobody can bring back:"
        yield from (f"- {told}" for told in done.lost)
    if done.advice:
        yield "To be done before web is started:"
        yield from (f"- {told}" for told in done.advice)
    yield "Then start worker and web, and run programmes doctor. Is everybody there who should be? Then say so:"
    yield "programmes keys confirm --yes. Until then no key goes that has no row, should this be the wrong backup."


async def _drill(settings: Settings, arguments: argparse.Namespace) -> None:
    identities = _identities(arguments.identity)
    folder = arguments.backup or drilling.newest(settings)
    keys = arguments.keys or drilling.copy_of(settings, folder)
    copy = restoring.read_copy(keys, identities) if keys else None
    with Progress() as progress:
        done = await drilling.drill(settings, folder, identities, copy, SystemClock(), progress)
    made = f"{done.manifest.moment:%Y-%m-%d %H:%M} UTC"
    print(f"Rehearsed: {done.rows} rows of {done.tables} tables, as many as the backup of {made} says. It is removed again.")
    if done.opened is None:
        print("No copy of keys belongs to this backup any more, so no record was opened. Rehearse a newer one.")
    else:
        print(f"Protected records that opened with the copy of keys: {done.opened}, all that were tried.")
    print(f"Records that have been erased since, and that a restore would erase again: {done.erased}.")


def _keys_alone(settings: Settings, arguments: argparse.Namespace) -> int:
    """Only the keys: the database is as it should be."""
    if arguments.keys is None:
        print("programmes restore: name a backup, or with --keys a copy of keys, or --drill.", file=sys.stderr)
        return 2
    try:
        identities = _identities(arguments.identity)
        copy = restoring.read_copy(arguments.keys, identities)
        done = asyncio.run(keys_only.keys_alone(settings, copy, SystemClock()))
    except BackupError as error:
        print(f"programmes restore: {error}", file=sys.stderr)
        return 1
    print(f"Keys put back: {done.back.number}. What was there and whole, and what has been destroyed, stays as it is.")
    for told in done.back.in_words():
        print(told)
    print(
        f"Protected records that open with what lies there now: {done.tried.opened} of {done.tried.looked} that were tried."
    )
    if done.others:
        print(
            f"Not as in the copy: {', '.join(done.others)}. What lies there stays. To take the copy's, move service/NAME.key"
            " away and run this again: what was made with the other one since does not open then."
        )
    if done.faults:
        print(as_text(done.faults), file=sys.stderr)
    if done.lacking:
        print(
            f"Away still, for this copy has them not: {', '.join(done.lacking)}. It was made after they were lost: an older"
            " one may have them. Take the newest that has. Copies go after their days. Only if none has them: programmes"
            " keys lost service.",
            file=sys.stderr,
        )
    return exit_code(done.faults) or int(bool(done.lacking))


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("backup", nargs="?", type=Path, metavar="BACKUP", help="the folder of a backup")
    parser.add_argument(
        "--identity", required=True, metavar="FILE", help="the private key as age-keygen wrote it; - reads standard input"
    )
    parser.add_argument("--keys", type=Path, metavar="FILE", help="a copy of person keys (persons-….age), put back first")
    parser.add_argument(
        "--lost",
        choices=("keys", "ballots"),
        action="append",
        default=[],
        help="this folder of keys is gone for good, and with it what only it opens",
    )
    parser.add_argument(
        "--drill",
        action="store_true",
        help="rehearse beside the running system, by default the newest backup; nothing stays",
    )
    parser.set_defaults(run=_restore)
