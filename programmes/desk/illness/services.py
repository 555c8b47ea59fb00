"""Cancelling what somebody can't hold: several sessions at once, or none, with everybody written to in the same moment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from programmes.cohorts import queries as cohorts
from programmes.cohorts.change_queries import latest
from programmes.cohorts.change_services import one_tap
from programmes.cohorts.meant_rules import signs
from programmes.cohorts.rules import Reason
from programmes.cohorts.session_rules import begun
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as change_services
from programmes.desk.illness.substitute_queries import coordinators, stand_at, standing
from programmes.desk.illness.substitute_rules import stand_sign, why_settled
from programmes.desk.today.staff_message_services import tell
from programmes.notices.change_services import tell_changes


@dataclass(frozen=True)
class Cancelling:
    """A session that is to be cancelled. `seen` is the sequence that was shown; `add` one at the end in its stead, at a time
    that was `shown` (the signs of all that were); None where none was."""

    session_id: int
    seen: int
    add: bool
    shown: frozenset[str] | None = None


class _Refused(Exception):
    def __init__(self, found: Sequence[Reason]) -> None:
        super().__init__()
        self.found = found


async def cancel(
    wanted: Sequence[Cancelling],
    keys: KeyFolder,
    who: Principal,
    now: datetime,
    stood: Collection[str] = (),
    meant: Collection[str] = (),
) -> list[Reason]:
    """Cancel all of these, or none; returns why not. They are undone as one. Messages to those with a place, and to the
    coordinators, are written in the same transaction, so that who has heard of it can be followed from the first moment on.
    `stood`: the signs of who was shown as coming to each; where somebody else does by now, that is asked first.
    `meant`: the signs of what an added one meets and is ticked all the same (`meant_rules.signs`).

    Raises:
        NotFound: one of them is not theirs.
        Conflict: one of them has changed since it was seen, or is over.
    """
    try:
        async with transaction():
            # Cohorts are locked in the order of their ids, so that two who do this at once wait for each other.
            ordered = await _in_order(wanted, who, now)
            shown, made = _shown(ordered), []
            for cohort_id, one in ordered:
                days = shown.get(cohort_id) if one.add else None
                if days is not None and len(days) == 1:
                    # Of a group's the page of the release before shows the first alone, for whichever of its sessions.
                    del shown[cohort_id]
                await _as_shown(cohort_id, one, stood)
                made.append(await _cancel_one(replace(one, shown=days), keys, who, now, meant))
            await one_tap(made)
    except _Refused as refused:
        return list(refused.found)
    return []


def _shown(ordered: Sequence[tuple[int, Cancelling]]) -> dict[int, frozenset[str]]:
    """The times that were shown, by cohort."""
    found: dict[int, frozenset[str]] = {}
    for cohort_id, one in ordered:
        if one.shown is not None:
            found[cohort_id] = found.get(cohort_id, frozenset()) | one.shown
    return found


async def _in_order(wanted: Sequence[Cancelling], who: Principal, now: datetime) -> list[tuple[int, Cancelling]]:
    """Each with its cohort."""
    found = []
    for one in {one.session_id: one for one in wanted}.values():
        cohort, session = await cohorts.my_session(who, local_date(now), one.session_id)
        if why_settled("", session.ends_at, now):
            raise Conflict("session_over")
        found.append((cohort.cohort_id, session.starts_at, one))
    return [(cohort_id, one) for cohort_id, _starts_at, one in sorted(found, key=lambda entry: entry[:2])]


async def _as_shown(cohort_id: int, one: Cancelling, stood: Collection[str]) -> None:
    """Under the lock: a yes to stand in comes before, and is asked about, or finds that it is cancelled."""
    await cohorts.locked(cohort_id)
    session = next(s for s in await cohorts.sessions(cohort_id) if s.session_id == one.session_id)
    if session.state == "cancelled" or session.sequence != one.seen:
        return  # That is said of itself.
    stand = (await stand_at([one.session_id]))[one.session_id]
    if any(sign.startswith(f"{one.session_id}/") for sign in stood):
        otherwise = stand_sign(one.session_id, stand) not in stood
    else:
        # A page of the release before says nothing of who comes.
        otherwise = any(there.given and not there.away for there in await standing(one.session_id))
    if stand and otherwise:
        raise _Refused([Reason("led_by_now", "sedan", {"at": session.starts_at, "who": tuple(stand.values())})])


async def _cancel_one(one: Cancelling, keys: KeyFolder, who: Principal, now: datetime, ticked: Collection[str]) -> int:
    cohort, session = await cohorts.my_session(who, local_date(now), one.session_id)
    # That it has begun is what this is for: it is neither asked nor said beside what is.
    over = begun(session.slot, now)
    meant = signs(over) | set(ticked)
    refused = await change_services.cancel(one.session_id, one.add, who, now, meant=meant, seen=one.seen, shown=one.shown)
    if refused:
        raise _Refused([reason for reason in refused if reason not in over])
    cohort, session = await cohorts.my_session(who, local_date(now), one.session_id)
    await tell_changes(cohort.cohort_id, keys, now)
    await tell("cancelled", await coordinators(cohort.section, [who.staff_id]), one.session_id, str(session.sequence), now)
    return await latest(cohort.cohort_id)
