"""Closing a cohort: its figures are kept, its people are let go (promise 2). All in one transaction, under its lock."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID, uuid4

from programmes.attendance import queries as attendance
from programmes.attendance.figure_services import keep_figures
from programmes.attendance.rules import Kind
from programmes.attendance.services import OutOfBounds, count_unique
from programmes.calendar.services import revoke_for_cohort
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.services import name_anew
from programmes.core.audit import note
from programmes.core.clock import at_local, local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import execute, fetch, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import queries
from programmes.desk.closing.rules import (
    ENDINGS,
    KEPT,
    ClosingFacts,
    Ending,
    Rule,
    endings,
    erased_again_by,
    half_year_day,
    may_close,
)
from programmes.enrolment.leaving.closing_services import complete_cohort, erase_cohort
from programmes.enrolment.leaving.restored_services import end_again
from programmes.enrolment.leaving.rules import Standing
from programmes.enrolment.queue.services import promote
from programmes.evaluation.rules import half_year
from programmes.hands import Hands
from programmes.notices.services import forget_events

__all__ = ["ENDINGS", "Closed", "ClosingFacts", "NotReady", "OutOfBounds", "close", "count_unique", "may_close"]

_CLOSED = "working list: the cohort was closed"
_CANCELLED = "working list: the start was cancelled"
_OVERDUE = "working list: 30 days after the last session"
_RESTORED = "working list: erased before the backup was restored"
_COMPLETED = "place code: the cohort was closed"


@dataclass(frozen=True)
class NotReady:
    """Something is still to be done, or what is noted is no longer what was seen; nothing has changed."""

    facts: ClosingFacts


@dataclass(frozen=True)
class Closed:
    """It is done. `receipt_id` is None where nobody's list had to go: people are documented, or it had gone by itself."""

    receipt_id: UUID | None


async def set_ending(cohort_id: int, ending: Ending, principal: Principal, now: datetime) -> None:
    """Say how a running cohort ended, from the fixed list; can be changed until it is closed.

    Raises:
        NotFound: not theirs.
        Conflict: it is not running, or nobody has decided about it; or the ending does not fit: completed, though every
            session was cancelled.
    """
    async with transaction():
        cohort = await _running(cohort_id, principal, now)
        facts = await queries.facts(cohort, now)
        if ending not in endings(facts.sessions, facts.least):
            raise Conflict("cohort_changed")
        await execute("update cohort set ended_how = $2 where id = $1", cohort_id, ending)
        await note("cohort:ending", f"cohort/{cohort_id}", principal.staff_id, now)


async def confirm_transfer(cohort_id: int, principal: Principal, now: datetime, seen: str | None = None) -> None:
    """Confirm that attendance was moved to the case system, where people are documented. Again changes nothing; after
    attendance has been changed it is confirmed anew. `seen` is the `mark_of_noted` what was shown, None to confirm
    whatever is noted by now.

    Raises:
        NotFound: not theirs, or nothing of it is to be moved anywhere.
        Conflict: it is not running, or nobody has decided about it; `too_early`, attendance is not all noted yet;
            `noted_since`, something else is noted by now than was shown.
    """
    async with transaction():
        cohort = await _running(cohort_id, principal, now)
        if cohort.exempt:
            raise NotFound
        facts = await queries.facts(cohort, now)
        if facts.coming or facts.unnoted:
            raise Conflict("too_early")
        if seen is not None and seen != await queries.mark_of_noted(cohort_id):
            raise Conflict("noted_since")
        if facts.transferred:
            return
        await execute(
            """insert into case_transfer (cohort_id, confirmed_at, staff_id) values ($1, $2, $3)
               on conflict (cohort_id) do update set confirmed_at = excluded.confirmed_at, staff_id = excluded.staff_id""",
            cohort_id,
            now,
            principal.staff_id,
        )
        await note("cohort:transfer", f"cohort/{cohort_id}", principal.staff_id, now)


async def take_back_transfer(cohort_id: int, principal: Principal, now: datetime) -> None:
    """Attendance was not moved after all, until the cohort is closed. Not confirmed, nothing changes.

    Raises:
        NotFound: not theirs.
        Conflict: it is not running.
    """
    async with transaction():
        await _running(cohort_id, principal, now)
        if await execute("delete from case_transfer where cohort_id = $1 returning 1", cohort_id):
            await note("cohort:transfer_back", f"cohort/{cohort_id}", principal.staff_id, now)


async def close(
    cohort_id: int, receipt_id: UUID, principal: Principal, keys: KeyFolder, now: datetime, seen: str | None = None
) -> Closed | NotReady:
    """Close a cohort, or let the list of a cancelled start go. Sent again with the same receipt, it is done already. `seen`
    as in `confirm_transfer`.

    Raises:
        NotFound: not theirs.
        Conflict: the receipt is another's.
    """
    async with transaction():
        if done := await _done(cohort_id, receipt_id):
            return done
        try:
            await cohorts.mine(principal, local_date(now), cohort_id)
            cohort = await cohorts.locked(cohort_id)
        except NotFound:
            # A series that somebody else has just closed is gone, but its receipt isn't.
            if done := await _done(cohort_id, receipt_id):
                return done
            raise
        if done := await _done(cohort_id, receipt_id):
            return done
        facts = await queries.facts(cohort, now)
        if cohort.state == "closed" or (cohort.state == "cancelled" and not facts.unended):
            return Closed(None)
        if not may_close(facts) or (seen is not None and seen != await queries.mark_of_noted(cohort_id)):
            return NotReady(facts)
        return await _close(cohort, facts, receipt_id, principal, keys, now)


async def _done(cohort_id: int, receipt_id: UUID) -> Closed | None:
    """What was answered before; also while waiting for the lock. Raises Conflict for a receipt of another cohort."""
    receipt = await queries.receipt(receipt_id)
    if receipt is None:
        return None
    if receipt.cohort_id not in {None, cohort_id}:
        raise Conflict("cohort_changed")
    return Closed(receipt_id)


async def _close(
    cohort: CohortFacts, facts: ClosingFacts, receipt_id: UUID, principal: Principal, keys: KeyFolder, now: datetime
) -> Closed:
    await revoke_for_cohort(cohort.cohort_id, now)
    # Of a list that has its receipt no other one says that it went. With a series its talks go now.
    received = had_list(cohort) and (facts.erased is None or cohort.form == "individual")
    if had_list(cohort):
        rule: Rule = "cancelled" if cohort.state == "cancelled" else "closing"
        await _let_go(cohort, facts.kind, keys, _CANCELLED if rule == "cancelled" else _CLOSED, now)
        if received:
            await _receive(cohort, facts.kind, receipt_id, rule, principal, now)
    elif not cohort.exempt:
        # What ended before its time was completed by nobody but those of whom staff have said so.
        came = await attendance.present_once(cohort.cohort_id) if facts.ending == "completed" else []
        await complete_cohort(cohort.cohort_id, came, keys, _COMPLETED, now, started=_began(cohort))
        await name_anew(cohort)
    await _finish(cohort, facts, principal, now)
    return Closed(receipt_id if received else None)


def _began(cohort: CohortFacts) -> bool:
    """Whether there was anything to take part in: not where the start, or every session, was cancelled."""
    return cohort.state != "cancelled" and cohort.first_start is not None


def had_list(cohort: CohortFacts) -> bool:
    """Whether a cohort has a working list that must go: exempt, and not a place where people just come."""
    return cohort.exempt and cohort.form != "drop_in"


def _day(now: datetime) -> datetime:
    """Only the day, at noon: the moment would tie what carries it to the cohort that closed just then."""
    return at_local(local_date(now), time(12))


async def _running(cohort_id: int, principal: Principal, now: datetime) -> CohortFacts:
    await cohorts.mine(principal, local_date(now), cohort_id)
    cohort = await cohorts.locked(cohort_id)
    if cohort.state not in {"open", "started"} or cohort.undecided:
        raise Conflict("cohort_changed")
    return cohort


async def _let_go(cohort: CohortFacts, kind: Kind, keys: KeyFolder, why: str, now: datetime) -> None:
    """Everything that is about the people of an exempt cohort, and every number that would still say how many they were.

    What the audit trail has about them goes too: each entry is one of them. That the list went is noted apart.
    """
    await execute("select forget_trail($1)", cohort.cohort_id)
    await forget_events(cohort.cohort_id)
    await erase_cohort(cohort.cohort_id, keys, why, _day(now))
    await execute("update cohort set arrivals = 0 where id = $1", cohort.cohort_id)
    await name_anew(cohort)
    await execute("update start_decision set confirmed = 0 where cohort_id = $1", cohort.cohort_id)
    if kind == "held":
        await execute("update ballot set slips = 0 where cohort_id = $1", cohort.cohort_id)


async def _receive(
    cohort: CohortFacts, kind: Kind, receipt_id: UUID, rule: Rule, principal: Principal | None, now: datetime
) -> None:
    dissolves = cohort.form == "individual" and principal is not None
    await execute(
        """insert into erasure_receipt (id, cohort_id, section, form, level, rule, erased_on, staff_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        receipt_id,
        None if dissolves else cohort.cohort_id,
        cohort.section,
        cohort.form,
        kind,
        rule,
        local_date(now),
        principal.staff_id if principal else None,
    )


async def _finish(cohort: CohortFacts, facts: ClosingFacts, principal: Principal, now: datetime) -> None:
    """The cohort itself: an exempt series dissolves into its programme's figures, any other is marked as closed."""
    await note("cohort:close", f"cohort/{cohort.cohort_id}", principal.staff_id, now)
    if cohort.exempt and cohort.form == "individual":
        await _dissolve(cohort, facts, now)
    elif cohort.state != "cancelled":
        await execute("update cohort set state = 'closed', closed_at = $2 where id = $1", cohort.cohort_id, now)
        await keep_figures([cohort.cohort_id])


async def _dissolve(cohort: CohortFacts, facts: ClosingFacts, now: datetime) -> None:
    held = [local_date(s.starts_at) for s in await cohorts.sessions(cohort.cohort_id) if s.state == "held"]
    await execute(
        """insert into period_total as t (section, half_year, form, ended_how, series, talks, updated_at)
           values ($1, $2, $3, $4, 1, $5, $6)
           on conflict (section, half_year, form, ended_how) do update
           set series = t.series + 1, talks = t.talks + excluded.talks, updated_at = excluded.updated_at""",
        cohort.section,
        half_year(half_year_day(held, local_date(now))),
        cohort.form,
        facts.ending or "cancelled",
        len(held),
        _day(now),
    )
    await execute("delete from cohort where id = $1", cohort.cohort_id)


@by_a_sure_clock
async def erase_overdue(worker: Hands) -> None:
    """The worker's tick: 30 days after the last session a working list goes even if nobody closed the cohort.

    That is the limit: it goes even if a message about it could not be sent until then.
    """
    now = worker.clock.now()
    for found in await queries.overdue(now, KEPT):
        with suppress(NotFound):
            await _erase_overdue(found, worker.keys, now)


async def _erase_overdue(found: queries.Overdue, keys: KeyFolder, now: datetime) -> None:
    """Raises NotFound when a series has been closed, and with it is gone, just now."""
    async with transaction():
        cohort = await cohorts.locked(found.cohort_id)
        if not await fetch("select 1 from enrolment where cohort_id = $1 limit 1", found.cohort_id):
            return
        await revoke_for_cohort(found.cohort_id, now)
        await _let_go(cohort, found.level, keys, _OVERDUE, now)
        await _receive(cohort, found.level, uuid4(), "overdue", None, now)
        await note("cohort:erase", f"cohort/{found.cohort_id}", None, now)


async def erase_restored(worker: Hands) -> None:
    """When the worker starts: entries that a restored backup of the database has brought back go again. Where identity is
    recorded the way ends and stays; else rows and all.

    Their keys have receipts, so nobody can read them; but a row is a place, and a number. Who left is told nothing anew. The
    receipt of a list that goes as a whole is lost with what was written after the backup: it gets another one.
    """
    now = worker.clock.now()
    gone = [UUID(receipt["key"]) for receipt in worker.keys.receipts() if receipt["kind"] == "entry"]
    for found in await queries.brought_back(gone):
        if found.exempt:
            await _erase_restored(found, gone, worker.keys, now)
        else:
            standing = _standing(await cohorts.by_id(found.cohort_id), found.everybody, now)
            came = await attendance.present_once(found.cohort_id)
            await end_again(found.cohort_id, gone, came, standing, worker.keys, now)


def _standing(cohort: CohortFacts, everybody: bool, now: datetime) -> Standing:
    if not _began(cohort) or cohort.first_start is None or cohort.first_start > now:
        return "ahead"
    return "closed" if everybody and cohort.last_end is not None and cohort.last_end <= now else "begun"


async def _erase_restored(found: queries.BroughtBack, gone: Collection[UUID], keys: KeyFolder, now: datetime) -> None:
    async with transaction():
        cohort = await cohorts.locked(found.cohort_id)
        if found.everybody:
            await revoke_for_cohort(found.cohort_id, now)
            await _let_go(cohort, found.level, keys, _RESTORED, now)
            over = cohort.last_end is not None and cohort.last_end <= now
            if rule := erased_again_by(cohort.state, found.counted_from, over, now):
                await _receive(cohort, found.level, uuid4(), rule, None, now)
        else:
            await execute(
                "delete from enrolment where cohort_id = $1 and key_id = any($2::uuid[])", found.cohort_id, list(gone)
            )
        await note("cohort:erase", f"cohort/{found.cohort_id}", None, now)
    await promote(found.cohort_id, now)


TICKS = [erase_overdue]
