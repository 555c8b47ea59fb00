"""What those who stand at sessions are told when somebody else changes these, or who stands there. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from programmes.desk.today.staff_message_rules import Kind


@dataclass(frozen=True)
class Post:
    """Somebody is to stand at a session. `off`: it is cancelled; `asked`: they stand in by a yes to a question, whose own
    messages follow the session (`settling_services.settle`)."""

    session_id: int
    staff_id: int
    starts_at: datetime
    ends_at: datetime
    venue_id: int
    off: bool
    asked: bool

    @property
    def place(self) -> tuple[datetime, datetime, int]:
        return self.starts_at, self.ends_at, self.venue_id


@dataclass(frozen=True)
class Message:
    """One message to one of staff, about the first of the sessions that it is about."""

    kind: Kind
    staff_id: int
    session_id: int


def messages(before: Iterable[Post], after: Iterable[Post], sessions: Iterable[Post], but: int) -> list[Message]:
    """What is otherwise for whom, one message of a kind to each, but for who has done it. `sessions` are those that there
    are after the change, once each, whoever stands there: what was not there before is in everybody's calendar."""
    was = {(post.session_id, post.staff_id): post for post in before}
    becomes = {(post.session_id, post.staff_id): post for post in after}
    there = {post.session_id: post for post in sessions}
    known = {session_id for session_id, _staff_id in was}
    found: dict[tuple[Kind, int], Post] = {}
    keys = [key for key in {*was, *becomes} if key[0] in there and key[1] != but]
    for key in sorted(keys, key=lambda key: (there[key[0]].starts_at, key)):
        kind = _kind(was.get(key), becomes.get(key), there[key[0]], known)
        if kind is not None:
            found.setdefault((kind, key[1]), there[key[0]])
    return [Message(kind, staff_id, post.session_id) for (kind, staff_id), post in found.items()]


def _kind(was: Post | None, becomes: Post | None, there: Post, known: set[int]) -> Kind | None:
    if (becomes or was or there).asked:
        return None
    if was is not None and becomes is not None:
        if was.off != becomes.off:
            return "called_off" if becomes.off else "brought_back"
        return "new_time" if was.place != becomes.place and not becomes.off else None
    if there.off:
        return None
    if was is not None:
        return "off_duty"
    return "on_duty" if there.session_id in known else None
