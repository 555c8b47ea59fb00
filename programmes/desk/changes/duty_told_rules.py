"""What those who stand at sessions are told when somebody else changes these, or who stands there. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from programmes.desk.today.staff_belief_rules import Stand
from programmes.desk.today.staff_message_rules import Kind


@dataclass(frozen=True)
class Post:
    """Somebody is to stand at a session. `off`: it is cancelled; `asked`: they stand in by a yes to a question, whose own
    messages follow the session (`settling_services.settle`); `away`: they were to, and can't come. A study visit has its
    number below zero."""

    session_id: int
    staff_id: int
    starts_at: datetime
    ends_at: datetime
    venue_id: int
    off: bool
    asked: bool
    away: bool = False

    @property
    def place(self) -> tuple[datetime, datetime, int]:
        return self.starts_at, self.ends_at, self.venue_id

    def stand(self, leads: bool) -> Stand:
        """To them, or to somebody who does not lead it."""
        return Stand(self.starts_at, self.ends_at, self.venue_id, not self.off, leads and not self.away, self.away and leads)


@dataclass(frozen=True)
class Message:
    """What one of staff believed of sessions that are otherwise for them now. `kind` is what the release before calls the
    first of it."""

    kind: Kind
    staff_id: int
    believed: Mapping[int, Stand]


def messages(
    before: Iterable[Post], after: Iterable[Post], sessions: Iterable[Post], known: Collection[int]
) -> list[Message]:
    """What is otherwise for whom. `sessions` are those that there are after the change, once each, whoever stands there; of
    them those that were not `known` before are in everybody's calendar."""
    was = {(post.session_id, post.staff_id): post for post in before}
    becomes = {(post.session_id, post.staff_id): post for post in after}
    there = {post.session_id: post for post in sessions}
    kinds: dict[int, Kind] = {}
    found: dict[int, dict[int, Stand]] = {}
    keys = [key for key in {*was, *becomes} if key[0] in there and key[0] in known]
    for key in sorted(keys, key=lambda key: (there[key[0]].starts_at, key)):
        session_id, staff_id = key
        kind = _kind(was.get(key), becomes.get(key), there[session_id])
        if kind is not None:
            kinds.setdefault(staff_id, kind)
            found.setdefault(staff_id, {})[session_id] = (
                was[key].stand(True) if key in was else there[session_id].stand(False)
            )
    return [Message(kinds[staff_id], staff_id, believed) for staff_id, believed in found.items()]


def _kind(was: Post | None, becomes: Post | None, there: Post) -> Kind | None:
    if (becomes or was or there).asked:
        return None
    if was is not None and becomes is not None and was.off != becomes.off:
        return "called_off" if becomes.off else "brought_back"
    stood, stands = (post is not None and not post.away for post in (was, becomes))
    if was and becomes and stood and stands:
        return "new_time" if was.place != becomes.place else None
    return None if stood == stands else "off_duty" if stood else "on_duty"


def changed(before: Iterable[Post], after: Iterable[Post]) -> set[int]:
    """The sessions that are otherwise, or at which others stand."""
    return {post.session_id for post in {*before} ^ {*after}}
