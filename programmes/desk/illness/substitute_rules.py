"""Who may be asked to stand in, until when they can answer, and what a yes comes to. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["asked", "yes", "no", "withdrawn", "taken", "over"]
Settled = Literal["session_cancelled", "session_held", "session_over"]
Why = Settled | Literal["session_moved", "taken", "withdrawn", "over", "no_role", "elsewhere", "ill", "said_yes"]
# The mail that asks was refused for good, or given up; or it has been tried, and has not gone yet.
Unheard = Literal["", "refused", "tried"]
_ENDED: Mapping[State, Why] = {"taken": "taken", "withdrawn": "withdrawn"}
# So long before it begins somebody has to know, that the others can be told in time; half of what is left where less is.
LEAST_BEFORE = timedelta(hours=2)
# With less than this there is no time to wait for an answer: cancelling comes first.
SOON = timedelta(hours=1)


@dataclass(frozen=True)
class Standing:
    """Somebody who is to stand at a session, or is `away`. `given`: as a substitute at this one; `works` not, who has no
    account or role for it any more; `asked_for`: somebody was asked to stand in for them, and nobody has said yes;
    `elsewhere`: somebody has said that they are at something else at the same time."""

    staff_id: int
    name: str
    away: bool
    given: bool
    works: bool
    asked_for: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class Request:
    """Somebody was asked to stand in for somebody at a session. `for_start` and `for_end`: when it was to be as they last
    heard of it. `mailed`: whether there is an address to tell them at; `unheard`, why the question has not come there."""

    request_id: int
    session_id: int
    absent_id: int
    absent: str
    asked_id: int
    asked: str
    asked_at: datetime
    answer_by: datetime
    for_start: datetime
    state: State
    mailed: bool = True
    for_end: datetime | None = None
    unheard: Unheard = ""

    def other_time(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether they know of another time than this."""
        return (self.for_start, self.for_end or ends_at) != (starts_at, ends_at)


@dataclass(frozen=True)
class Candidate:
    """Somebody who can be asked; `mailed`: whether there is an address that the question can be sent to."""

    staff_id: int
    name: str
    mailed: bool


def unheard_by_all(waiting: Collection[Request]) -> Unheard:
    """Why none of those whose answer is waited for has got the question; nothing when somebody may have."""
    found = {request.unheard for request in waiting}
    if not found or "" in found:
        return ""
    return "tried" if "tried" in found else "refused"


@dataclass(frozen=True)
class Waiting:
    """Something on Idag: somebody is `asked` and it is the looker (`mine`), or a session waits for a substitute; without a
    `request_id` nobody has been asked, and nobody stands there. `unheard`: why none of those asked has got the question."""

    request_id: int
    session_id: int
    cohort_id: int
    starts_at: datetime
    ends_at: datetime
    answer_by: datetime
    programme_id: int
    mine: bool
    open: bool
    unheard: Unheard = ""


@dataclass(frozen=True)
class Free:
    """Whether somebody may lead the programme as things are, is elsewhere then, and can't come that day."""

    leads: bool
    elsewhere: bool
    ill: bool

    @property
    def can_come(self) -> bool:
        return self.leads and not self.elsewhere and not self.ill


def answer_by(begins: datetime, now: datetime) -> datetime:
    """Until when an answer is waited for, in whole minutes; never before now nor after it begins."""
    before = min(LEAST_BEFORE, max(begins - now, timedelta(0)) / 2)
    return max(now, (begins - before).replace(second=0, microsecond=0))


def why_settled(session_state: str, ends: datetime, now: datetime) -> Settled | None:
    """Why nobody has to stand in any more."""
    if session_state == "cancelled":
        return "session_cancelled"
    if session_state == "held":
        return "session_held"
    return "session_over" if ends <= now else None


def why_not_yes(state: State, settled: Settled | None, moved_since: bool, free: Free) -> Why | None:
    """Why a yes comes to nothing; None when it counts. `moved_since`: the session has another time than was asked about."""
    if ended := _ENDED.get(state):
        return ended
    if settled is not None:
        return settled
    if state == "over" or moved_since:
        return "session_moved" if moved_since else "over"
    if not free.leads:
        return "no_role"
    return "ill" if free.ill else "elsewhere" if free.elsewhere else None


def stand_sign(session_id: int, stand: Iterable[int]) -> str:
    """That these were shown as those who come to a session; goes with the form (decision 80)."""
    return f"{session_id}/{'-'.join(map(str, sorted(stand)))}"


def others_stand(standing: Iterable[Standing], absent_id: int) -> tuple[Standing, ...]:
    """Who is left to hold it without the absent one: not who can't come either, nor who is at two places as it is."""
    return tuple(
        one
        for one in standing
        if one.staff_id != absent_id and not (one.away or one.asked_for or one.elsewhere) and one.works
    )


Stage = Literal["choose", "asking", "nobody", "found", "alone"]


def stage(requests: Collection[Request], away: bool, others: bool, now: datetime) -> Stage:
    """How far it has come with somebody who can't come: nothing yet; waiting for an answer; nobody has said yes in time, or
    all have said no, or no mail server took the question, or the `others` can't either; somebody stands in; or the others
    hold it alone."""
    if any(request.state == "yes" for request in requests):
        return "found"
    if away:
        return "alone" if others else "nobody"
    waiting = [request for request in requests if request.state == "asked"]
    if unheard_by_all(waiting) != "refused" and any(now < request.answer_by for request in waiting):
        return "asking"
    return "nobody" if waiting or any(request.state == "no" for request in requests) else "choose"


def newest(requests: Sequence[Request]) -> list[Request]:
    """The last of each who was asked, in the order in which they were first asked."""
    found: dict[int, Request] = {}
    for request in sorted(requests, key=lambda request: (request.asked_at, request.request_id)):
        found[request.asked_id] = request
    return list(found.values())


def cancels_first(begins: datetime, now: datetime, candidates: int) -> bool:
    """Whether the page's one filled button cancels: there is nobody to ask, or no time to wait for an answer."""
    return not candidates or begins - now < SOON
