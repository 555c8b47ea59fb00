"""The monthly review: the worker draws it once, managers judge it line by line and sign it off."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from programmes.core import audit, lock_numbers
from programmes.core.clock import local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.days import working_day
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.hands import Hands
from programmes.oversight.log import review_queries as queries
from programmes.oversight.log.review_rules import (
    OUTCOMES,
    Finding,
    Outcome,
    Sent,
    last_month,
    month_of,
    next_month,
    sample,
    unusual,
    weigh,
)

__all__ = ["OUTCOMES", "Outcome", "Sent", "Waits", "draw", "judge", "next_month", "opened", "sign"]


@by_a_sure_clock
async def draw_due(worker: Hands) -> None:
    """The worker's tick: draw every month that has ended and is not drawn."""
    now = worker.clock.now()
    # An hour later, so that a line that commits late is there.
    ended = last_month(month_of(local_date(now - timedelta(hours=1))))
    newest = await queries.newest_month()
    if newest is not None and newest >= ended:
        return
    oldest = await queries.oldest_line()
    if oldest is None:
        return
    month = next_month(newest) if newest else month_of(local_date(oldest))
    while month <= ended:
        await draw(month, now)
        month = next_month(month)


async def draw(month: date, now: datetime) -> None:
    """Draw a month: a sample by a seed that is kept, and everything unusual. Drawn already, it stays as it is.

    Contacts shown often are of working lists: they are said without number and go with the list (`forget_trail`).
    """
    lines = await queries.lines_of(month)
    # A search that found nobody says nothing by itself: of those only many are worth a look.
    of_people = [line for line in lines if not line.of_nobody]
    access = await queries.access_to(line.cohort_id for line in lines)
    seed = secrets.token_hex(16)
    found = [
        *unusual(lines, working_day, lambda line: access.may_look(line, local_date(line.at))),
        *(Finding("reveals", staff_id, cohort_id, ()) for staff_id, cohort_id in await queries.revealed_often(month)),
        *sample(of_people, seed),
    ]
    async with transaction():
        if not await execute(
            """insert into look_review (month, seed, lines, made_at) values ($1, $2, $3, $4)
               on conflict do nothing returning 1""",
            month,
            seed,
            len(of_people),
            now,
        ):
            return
        for one in found:
            await execute(
                """insert into look_review_line (month, kind, staff_id, cohort_id, look_ids)
                   values ($1, $2, $3, $4, $5::bigint[])""",
                month,
                one.kind,
                one.staff_id,
                one.cohort_id,
                list(one.look_ids),
            )


async def opened(month: date, staff_id: int, now: datetime) -> None:
    """Note that a manager went through a month: looking at the log leaves a trace too."""
    async with transaction():
        await audit.note("review:read", f"review/{month:%Y-%m}", staff_id, now)


async def judge(month: date, sent: Sent, staff_id: int, now: datetime) -> tuple[int, ...]:
    """Keep how somebody judged lines on an open page, where they chose something else than it showed. Returns the lines that
    somebody else has judged meanwhile, so that nothing was kept of them. Lines that are not of this month are none.

    Raises:
        NotFound: there is no such month.
        Conflict: it has been signed off.
    """
    async with transaction():
        await _unsigned(month)
        found = weigh(await queries.judged(month), sent, staff_id)
        if found.new:
            await execute(
                """insert into look_review_mark (line_id, outcome, staff_id, at)
                   select *, $3, $4 from unnest($1::int[], $2::text[])""",
                list(found.new),
                list(found.new.values()),
                staff_id,
                now,
            )
            await audit.note("review:judge", f"review/{month:%Y-%m}", staff_id, now)
    return found.crossed


@dataclass(frozen=True)
class Waits:
    """Why nothing is signed: so many lines are not judged, or these stand in another way than who signs has them."""

    left: int = 0
    changed: tuple[int, ...] = ()


async def sign(month: date, sent: Sent, staff_id: int, now: datetime) -> Waits | None:
    """Sign a month off, for good, as it stands on an open page whose choices `judge` has kept; None when it is signed.

    Raises:
        NotFound: there is no such month.
        Conflict: it has been signed off already.
    """
    async with transaction():
        found = await _unsigned(month)
        other = weigh(await queries.judged(month), sent, staff_id)
        if changed := (*other.new, *other.crossed, *other.unseen):
            return Waits(changed=changed)
        if found.left:
            return Waits(found.left)
        try:
            async with transaction():
                await execute(
                    "insert into look_review_signed (month, staff_id, at) values ($1, $2, $3)", month, staff_id, now
                )
        except asyncpg.UniqueViolationError as error:
            raise Conflict("review_signed") from error
        await audit.note("review:sign", f"review/{month:%Y-%m}", staff_id, now)
    return None


async def _unsigned(month: date) -> queries.Month:
    """Until the end of the transaction nobody else judges or signs."""
    await execute("select pg_advisory_xact_lock($1)", lock_numbers.REVIEW)
    found = await queries.month(month)
    if found.signed_at is not None:
        raise Conflict("review_signed")
    return found


TICKS = [draw_due]
