"""What one browser has taken in one start, so that no second tab takes another place unasked. Pure (decision 30)."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

# So many places of one start are told apart in one browser; more than any family sends in half an hour.
_MOST = 20


@dataclass(frozen=True)
class Browser:
    """The browser that a form came from. `marks` are where what it takes is marked, `opened` the digests of what is open in
    it, and `said` the places that its page has named: those are not asked about again."""

    marks: Sequence[bytes] = ()
    opened: Sequence[bytes] = ()
    said: frozenset[UUID] = frozenset()


def marks(secret: str, cohort_id: int) -> tuple[bytes, ...]:
    """Where a browser's places in a start are marked, in the order in which they are taken; none without its `secret`, which
    only the browser keeps. Two marks have nothing in common for others, and no token of Min plats is opened by one."""
    if not secret:
        return ()
    return tuple(hmac.digest(b"taken here", f"{cohort_id}/{n}/{secret}".encode(), "sha256") for n in range(_MOST))


def unused(offered: Sequence[bytes], used: Collection[bytes], wanted: int) -> list[bytes | None]:
    """A mark for each of so many, of those that are not in use; None for whom there is none left."""
    free = [mark for mark in offered if mark not in used][:wanted]
    return [*free, *[None] * (wanted - len(free))]
