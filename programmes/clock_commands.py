"""`programmes clock` in a shell: whether the clock is believed enough to erase by, and saying that it is right."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime

from programmes.core import audit, clock_trace
from programmes.core.clock import SystemClock, local, local_date
from programmes.core.clock_trace import WHY, Witness
from programmes.core.db import close_pool, open_pool, transaction
from programmes.settings import Settings


def _run(settings: Settings, work: Callable[[Witness, datetime], Awaitable[int]]) -> int:
    async def do() -> int:
        await open_pool(settings.worker_database_url, 2)
        try:
            return await work(Witness(settings.clock_standstill), SystemClock().now())
        finally:
            await close_pool()

    return asyncio.run(do())


def _said(moment: datetime) -> str:
    return f"{local(moment):%A %Y-%m-%d %H:%M}"


async def show(witness: Witness, now: datetime) -> int:
    """Say what each clock says; 1 when this one is not believed."""
    trace = await clock_trace.last()
    print(f"This machine:  {_said(now)}")
    print(f"The database:  {_said(await witness.database())}")
    print(f"The worker was last at work with a clock that was believed:  {_said(trace.at) if trace else 'never'}")
    why = await witness.against(now)
    if why is None:
        print("The clock is believed.")
        return 0
    print(f"{WHY[why]} Nothing is ended or erased by it meanwhile.", file=sys.stderr)
    print("Put a wrong clock right. If it is right: programmes clock confirm, with the date of today.", file=sys.stderr)
    return 1


async def confirm(witness: Witness, now: datetime, today: date) -> int:
    """Somebody says what day it is; if this machine and the database agree, that is the time from now on."""
    if today != local_date(now):
        print(f"This machine says {_said(now)}. Put its clock right; nothing was changed.", file=sys.stderr)
        return 1
    async with transaction():
        if not await witness.confirm(now):
            print(f"The database says {_said(await witness.database())}. Put its clock right first.", file=sys.stderr)
            return 1
        await audit.note("clock:confirm", "clock/1", None, now)
    print("The clock is believed. The worker goes on at its next tick.")
    return 0


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's actions."""
    parser.set_defaults(run=lambda settings, _: _run(settings, show))
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    right = actions.add_parser("confirm", help="say that the clock is right, by the date of today")
    right.add_argument("today", type=date.fromisoformat, metavar="YYYY-MM-DD")
    right.set_defaults(run=lambda settings, given: _run(settings, lambda witness, now: confirm(witness, now, given.today)))
