"""Who may be asked to stand in, until when they can answer, and what a yes comes to. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["asked", "yes", "no", "withdrawn", "taken", "over"]
Why = Literal[
    "session_cancelled", "session_held", "session_over", "session_moved", "taken", "withdrawn", "over", "no_role", "elsewhere",
    "ill",
]  # fmt: skip
# So long before it begins somebody has to know, that the others can be told in time; half of what is left where less is.
LEAST_BEFORE = timedelta(hours=2)
# With less than this there is no time to wait for an answer: cancelling comes first.
SOON = timedelta(hours=1)


@dataclass(frozen=True)
class Standing:
    """Somebody who is to stand at a session, or is `away`. `given`: as a substitute at this one; `works` not, who has no
    account or role for it any more."""

    staff_id: int
    name: str
    away: bool
    given: bool
    works: bool


@dataclass(frozen=True)
class Request:
    """Somebody was asked to stand in for somebody at a session."""

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


def answer_by(begins: datetime, now: datetime) -> datetime:
    """Until when an answer is waited for, in whole minutes; never before now nor after it begins."""
    before = min(LEAST_BEFORE, max(begins - now, timedelta(0)) / 2)
    return max(now, (begins - before).replace(second=0, microsecond=0))


def why_settled(session_state: str, ends: datetime, now: datetime) -> Why | None:
    """Why nobody has to stand in any more."""
    if session_state == "cancelled":
        return "session_cancelled"
    if session_state == "held":
        return "session_held"
    return "session_over" if ends <= now else None


def why_not_yes(
    state: State, settled: Why | None, moved_since: bool, leads: bool, elsewhere: bool, ill: bool
) -> Why | None:
    """Why a yes comes to nothing; None when it counts. `moved_since`: the session has another time than was asked about."""
    if state in {"taken", "withdrawn"}:
        return "taken" if state == "taken" else "withdrawn"
    if settled is not None:
        return settled
    if state == "over":
        return "over"
    if moved_since:
        return "session_moved"
    if not leads:
        return "no_role"
    if ill:
        return "ill"
    return "elsewhere" if elsewhere else None


def others_stand(standing: Iterable[Standing], absent_id: int) -> tuple[Standing, ...]:
    """Who is left to hold it without the absent one."""
    return tuple(one for one in standing if one.staff_id != absent_id and not one.away and one.works)


def may_be_absent(standing: Iterable[Standing]) -> tuple[Standing, ...]:
    """Of whom somebody may say that they can't come."""
    return tuple(one for one in standing if not one.away)


Stage = Literal["choose", "asking", "nobody", "found", "alone"]


def stage(requests: Collection[Request], away: bool, now: datetime) -> Stage:
    """How far it has come with somebody who can't come: nothing yet; waiting for an answer; nobody has said yes in time, or
    all have said no; somebody stands in; or the others hold it alone."""
    if any(request.state == "yes" for request in requests):
        return "found"
    if away:
        return "alone"
    waiting = [request for request in requests if request.state == "asked"]
    if any(now < request.answer_by for request in waiting):
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
