"""`programmes bounce` in a shell or a mail system's pipe: a report of failed delivery, from standard input."""

import argparse
import asyncio
import sys
from email import message_from_bytes
from email.policy import default
from uuid import UUID

from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.desk.today import staff_bounce_services
from programmes.notices import bounce_services
from programmes.notices.bounce_rules import bounced, sent_to
from programmes.settings import Settings

# A report carries back what was sent, a few kilobytes.
_MOST_BYTES = 1_000_000


async def _note(settings: Settings, number: UUID, to: str) -> bool:
    """To participants, or to staff: one form of number."""
    await open_pool(settings.worker_database_url, 1)
    now = SystemClock().now()
    try:
        return await bounce_services.note(number, now) or await staff_bounce_services.note(number, now, to)
    finally:
        await close_pool()


def _bounce(settings: Settings, _: argparse.Namespace) -> int:
    """Nothing of the report is stored or shown. What is no such report is no error: the mail system would send it back."""
    report = message_from_bytes(sys.stdin.buffer.read(_MOST_BYTES), policy=default)
    number = bounced(report)
    noted = number is not None and asyncio.run(_note(settings, number, sent_to(report)))
    print("Noted: one person was not reached." if noted else "Nothing to note.")
    return 0


def add_to(command: argparse.ArgumentParser) -> None:
    """The command takes nothing but the message."""
    command.set_defaults(run=_bounce)
