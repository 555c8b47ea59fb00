"""Handing over what waits, one after another: what all mails to staff share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import TypeVar

from programmes.core.clock import Clock
from programmes.notices import rules
from programmes.notices.post_services import Deferred, Post, Refused

T = TypeVar("T", bound=rules.Tried)


@dataclass(frozen=True)
class Failure:
    """A try that was in vain, and when it had failed. `maybe`: it may have been taken all the same."""

    at: datetime
    for_good: bool
    maybe: bool = False


@dataclass(frozen=True)
class Ready:
    """A message as it goes, and how it is noted what became of it."""

    message: EmailMessage
    sent: Callable[[], Awaitable[None]]
    failed: Callable[[Failure], Awaitable[None]]


async def hand_over(
    waiting: Sequence[T], ready: Callable[[T, datetime], Awaitable[Ready | None]], post: Post, clock: Clock
) -> int:
    """Send what is due; returns how many went. `ready` is None, and has noted it, for what need not go any more. A server
    that is away is tried with one message, and the others wait for the next round: each would take as long."""
    sent = 0
    for one in waiting:
        now = clock.now()
        if not rules.is_due(one, now):
            continue
        found = await ready(one, now)
        if found is None:
            continue
        try:
            await post.send(found.message)
        except Deferred as deferred:
            # The pause is counted from when it had failed: what hangs may have taken longer than that.
            await found.failed(Failure(clock.now(), False, deferred.maybe))
            if deferred.away:
                break
        except Refused:
            await found.failed(Failure(clock.now(), True))
        else:
            await found.sent()
            sent += 1
    return sent
