"""Sessions that were added for a cancelled one which takes place after all. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class _Session(Protocol):
    @property
    def session_id(self) -> int: ...

    @property
    def state(self) -> str: ...

    @property
    def makes_up_for(self) -> int | None: ...


S = TypeVar("S", bound=_Session)


def that_matter(sessions: Sequence[S]) -> list[S]:
    """Without those: undone, they say nothing to anybody, and would be an eleventh of ten. Calendars keep them as cancelled,
    since they have shown them."""
    take_place = {session.session_id for session in sessions if session.state != "cancelled"}
    return [session for session in sessions if session.state != "cancelled" or session.makes_up_for not in take_place]
