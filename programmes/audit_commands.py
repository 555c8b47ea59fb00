"""`programmes audit` in a shell: the access log and its chain."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

import asyncpg

from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.oversight.log import chain_queries, chain_services
from programmes.oversight.log.anchor import Anchor
from programmes.oversight.log.chain_rules import FAULTS, STOPS, shown
from programmes.settings import Settings

Run = Callable[[Settings, argparse.Namespace], int]


def _command(work: Callable[[Anchor], Awaitable[int]]) -> Run:
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


async def _verify(anchor: Anchor) -> int:
    """Walk along the whole chain; 1 when something does not fit, and that stands from then on, as what the worker finds."""
    verdict = await chain_services.verify(anchor)
    for loss in await chain_queries.losses():
        print(f"Lines {loss.first} to {loss.last - 1} were lost; the chain was taken up again at {loss.last}.")
    if verdict.waiting_since is not None:
        print(f"Some lines have no place in the chain yet, the oldest from {verdict.waiting_since.isoformat()}.")
    standing = await chain_services.standing(anchor)
    if verdict.first is None and standing:
        first = standing[0]
        print(
            f"The chain fits now, but was found broken at line {first.position}: {FAULTS[first.fault]}. That stands, and"
            " nothing goes by the rule of retention, until somebody has looked: then programmes audit resume.",
            file=sys.stderr,
        )
        return 1
    if verdict.first is None:
        print(f"The chain is whole up to line {verdict.head.position}. Its head is {shown(verdict.head.mac)}.")
        return 0
    stands = await _stand(anchor, verdict)
    print(f"The chain first breaks at line {verdict.first.position}: {FAULTS[verdict.first.fault]}.", file=sys.stderr)
    if more := len(verdict.breaks) - 1:
        print("1 more place does not fit." if more == 1 else f"{more} more places do not fit.", file=sys.stderr)
    print(stands, file=sys.stderr)
    return 1


async def _stand(anchor: Anchor, verdict: chain_services.Verdict) -> str:
    """Have what was found stand; returns what is to be said of that. Whose folder has no key looks from beside the service:
    that it is missing there says nothing of the log."""
    if verdict.first is None or verdict.first.fault == "no_key":
        return "Nothing was noted: is the worker's log key folder mounted here?"
    try:
        await chain_services.note("all", anchor, verdict, SystemClock().now())
    except (OSError, asyncpg.InsufficientPrivilegeError) as error:
        return (
            f"That could not be noted here ({type(error).__name__}). The worker notes what it finds itself, of the newest"
            " lines once an hour, of all once a day: leave everything as it is until then."
        )
    return "That stands, and nothing goes by the rule of retention, until somebody has looked: then programmes audit resume."


async def _resume(anchor: Anchor) -> int:
    """Take the chain up again, where it stopped; what was lost stands in it. Somebody has looked at every fault."""
    verdict, now = await chain_services.verify(anchor), SystemClock().now()
    stops = any(found.fault in STOPS for found in verdict.breaks)
    if not (stops or verdict.breaks or await chain_services.standing(anchor)):
        print("The chain ends as it was left: there is nothing to take up again.", file=sys.stderr)
        return 1
    if not await chain_services.has_its_key(anchor):
        print(
            "The folder has not this chain's key. Is it the right one, and mounted? Nothing was changed.",
            file=sys.stderr,
        )
        return 1
    if not stops:
        await chain_services.resolve(anchor, verdict.breaks, now)
        print("What was found is resolved. It stays written in the folder, and lines that were changed show as changed.")
        print("If one of them is changed again, that is found.")
        return 0
    head = await chain_services.resume(anchor)
    await chain_services.resolve(anchor, verdict.breaks, now)
    print(f"The chain goes on at line {head.position}. That lines before it were lost stands in it from now on.")
    return 0


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("verify", help="check the whole chain, and say which line first breaks it").set_defaults(
        run=_command(_verify)
    )
    actions.add_parser(
        "resume",
        help="after somebody has looked at what does not fit: take the chain up again, and let its rule of retention go on",
    ).set_defaults(run=_command(_resume))
