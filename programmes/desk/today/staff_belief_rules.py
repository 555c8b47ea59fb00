"""What a member of staff believes of sessions: as they last heard of them, or saw them. Pure.

A message about who leads what and when carries that (`staff_message.believed`), as the messages to participants do. Its
words are made as it is sent, of what is otherwise by then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True)
class Stand:
    """A session to one of staff: when and where it is, whether it takes place (`on`), and whether they lead it. `away`: they
    have said that they can't come to what they were to lead."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int
    on: bool
    leads: bool
    away: bool = False

    @property
    def comes(self) -> bool:
        """Whether they come to it."""
        return self.on and self.leads

    def same_for_them(self, other: "Stand") -> bool:
        """Whether they do the same by both, and know of what they can't come to whether somebody has to be there."""
        return self._to_them == other._to_them

    @property
    def _to_them(self) -> tuple[datetime, datetime, int] | bool:
        return (self.starts_at, self.ends_at, self.venue_id) if self.comes else self.away and not self.on


# That nobody has said yes for somebody who can't come; `again`, of those asked somebody was asked before.
Sought = Literal["", "sought", "again"]


@dataclass(frozen=True)
class AsItIs:
    """A session as it is to somebody. `covered`: somebody stands in for them there."""

    stand: Stand
    covered: bool = False
    sought: Sought = ""


# By session; a study visit by its number below zero, which the release before takes for a session that is gone.
Believed = Mapping[int, Stand]


@dataclass(frozen=True)
class Became:
    """A session as somebody believes that it is for them, and as it is; `covered` and `sought` as `AsItIs`. `over`: as it
    is, its day has been, and nobody is told of that day."""

    was: Stand
    now: Stand
    covered: bool
    over: bool = False
    sought: Sought = ""


# As what they believe is stored, where it says whether they lead: the release before takes it for that they do.
_AWAY = "away"


def written(believed: Believed) -> str:
    """As it is stored."""
    return json.dumps(
        {
            str(session_id): [
                one.starts_at.isoformat(),
                one.ends_at.isoformat(),
                one.venue_id,
                one.on,
                _AWAY if one.away else one.leads,
            ]
            for session_id, one in sorted(believed.items())
        }
    )


def read(text: str) -> Believed:
    """What was stored."""
    found: dict[str, list[Any]] = json.loads(text)
    return {int(key): _stand(*entry) for key, entry in found.items()}


def _stand(starts_at: str, ends_at: str, venue_id: int, on: bool, leads: bool | str) -> Stand:
    starts, ends = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    return Stand(starts, ends, venue_id, on, leads is True, leads == _AWAY)


def left_of(believed: Believed, now_is: Mapping[int, AsItIs], sure: bool, now: datetime) -> tuple[Became, ...]:
    """What is left to tell, the first first: what is otherwise than they believe and not over. Not `sure`: a server may have
    taken the message before, so they may believe what was so then, and hear how it is in any case."""
    found = [
        Became(was, there.stand, there.covered, there.stand.ends_at <= now, there.sought)
        for session_id, was in believed.items()
        if (there := now_is.get(session_id)) and not (sure and was.same_for_them(there.stand))
    ]
    # Whoever did not come, to what has been by now, did not: unless a message may have told them of a day in between.
    coming = [one for one in found if max(one.was.ends_at, one.now.ends_at) > now
              and not (sure and one.over and not one.was.comes)]  # fmt: skip
    return tuple(sorted(coming, key=lambda one: (one.now.starts_at, one.was.starts_at)))


def merged(older: Believed, newer: Believed) -> Believed:
    """What somebody believes who has heard of neither of two changes."""
    return {**newer, **older}
