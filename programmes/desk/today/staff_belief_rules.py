"""What a member of staff believes of sessions: as they last heard of them, or saw them. Pure.

A message about who leads what and when carries that (`staff_message.believed`), as the messages to participants do. Its
words are made as it is sent, of what is otherwise by then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Stand:
    """A session to one of staff: when and where it is, whether it takes place (`on`), and whether they lead it."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int
    on: bool
    leads: bool

    @property
    def comes(self) -> bool:
        """Whether they come to it."""
        return self.on and self.leads

    def same_for_them(self, other: "Stand") -> bool:
        """Whether they do the same by both."""
        if self.comes and other.comes:
            return (self.starts_at, self.ends_at, self.venue_id) == (other.starts_at, other.ends_at, other.venue_id)
        return self.comes == other.comes


# By session; a study visit by its number below zero, which the release before takes for a session that is gone.
Believed = Mapping[int, Stand]


@dataclass(frozen=True)
class Became:
    """A session as somebody believes that it is for them, and as it is. `covered`: somebody stands in for them there.
    `over`: as it is, its day has been, and nobody is told of that day."""

    was: Stand
    now: Stand
    covered: bool
    over: bool = False


def written(believed: Believed) -> str:
    """As it is stored."""
    return json.dumps(
        {
            str(session_id): [one.starts_at.isoformat(), one.ends_at.isoformat(), one.venue_id, one.on, one.leads]
            for session_id, one in sorted(believed.items())
        }
    )


def read(text: str) -> Believed:
    """What was stored."""
    found: dict[str, list[Any]] = json.loads(text)
    return {
        int(key): Stand(datetime.fromisoformat(entry[0]), datetime.fromisoformat(entry[1]), *entry[2:])
        for key, entry in found.items()
    }


def left_of(believed: Believed, now_is: Mapping[int, tuple[Stand, bool]], sure: bool, now: datetime) -> tuple[Became, ...]:
    """What is left to tell, the first first: what is otherwise than they believe and not over. `now_is`: with whether it is
    covered. Not `sure`: a server may have taken the message before, so they may believe what was so then, and hear how it is
    in any case."""
    found = [
        Became(was, *now_is[session_id], over=now_is[session_id][0].ends_at <= now)
        for session_id, was in believed.items()
        if session_id in now_is and not (sure and was.same_for_them(now_is[session_id][0]))
    ]
    # Whoever did not come, to what has been by now, did not: unless a message may have told them of a day in between.
    coming = [one for one in found if max(one.was.ends_at, one.now.ends_at) > now
              and not (sure and one.over and not one.was.comes)]  # fmt: skip
    return tuple(sorted(coming, key=lambda one: (one.now.starts_at, one.was.starts_at)))


def merged(older: Believed, newer: Believed) -> Believed:
    """What somebody believes who has heard of neither of two changes."""
    return {**newer, **older}
