"""The worker's care for the access log: its lines become a chain, which is checked, and loses its old end by the rule.

Lines are chained in the order in which the worker comes upon them, so that one that commits late has its place too, and
gaps in their numbers mean nothing. Places have no gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog

from programmes.core import lock_numbers
from programmes.core.clock import at_local, local_date
from programmes.core.clock_trace import is_doubted
from programmes.core.db import execute, fetchval, transaction
from programmes.hands import Hands
from programmes.oversight.log import chain_queries as queries
from programmes.oversight.log.anchor import Anchor, NoAnchor
from programmes.oversight.log.chain_rules import (
    Break,
    Checkpoint,
    Head,
    Line,
    Walk,
    checkpoint_mac,
    link_mac,
    loss_mac,
    other_days,
    provably_older,
    unresolved,
)

log = structlog.get_logger()
_NEWEST = 1_000
_HOURLY, _DAILY = timedelta(hours=1), timedelta(hours=24)


@dataclass(frozen=True)
class Verdict:
    """What a walk along the whole chain, or its newest part, has found: what does not fit, in order, and where it ends."""

    breaks: tuple[Break, ...]
    head: Head
    waiting_since: datetime | None

    @property
    def first(self) -> Break | None:
        return self.breaks[0] if self.breaks else None


async def tend(worker: Hands) -> None:
    """The worker's tick: chain what is new; once an hour look at the newest part, once a day at all of it.

    While the clock is doubted no day ends, and nothing goes for its age.
    """
    anchor, now = Anchor(worker.settings.log_key_folder), worker.clock.now()
    checks = await queries.checks()
    hourly = _due(checks.get("newest"), now, _HOURLY)
    stopped = await extend(anchor, everywhere=hourly)
    sure = not await is_doubted()
    if stopped is None and sure:
        await end_day(anchor, now)
    known = checks["newest"].fault if "newest" in checks else None
    if hourly or (stopped is not None and known is None):
        await note("newest", anchor, await verify(anchor, newest=True), now)
    if _due(checks.get("all"), now, _DAILY):
        await note("all", anchor, await verify(anchor), now)
    if hourly and stopped is None and sure and not await standing(anchor):
        await retire(anchor, now)


def _due(check: queries.Check | None, now: datetime, every: timedelta) -> bool:
    return check is None or abs(now - check.at) >= every


async def _locked() -> None:
    """Whoever changes the chain holds this until the end of the transaction: two workers then never make one place twice."""
    await execute("select pg_advisory_xact_lock($1)", lock_numbers.CHAIN)


async def extend(anchor: Anchor, everywhere: bool = False) -> Break | None:
    """Give every line that has none its link; `everywhere` also those that committed very late.

    Returns why nothing can be added, if the chain does not end as it was left: then lines wait until somebody has looked
    (`programmes audit resume`). The head is written down after the commit: a crash between leaves it behind, never ahead.
    """
    while True:
        async with transaction():
            await _locked()
            end = await _end(anchor)
            if isinstance(end, Break):
                return end
            lines = await queries.unchained(everywhere)
            head = await _add(lines, end, anchor.key()) if lines else end
        anchor.advance(head)
        if len(lines) < queries.AT_ONCE:
            return None


async def _end(anchor: Anchor) -> Head | Break:
    """Where the chain goes on: at the end that was written down, or after it if a crash kept that from being written."""
    stored = await queries.last_link()
    try:
        if stored.position == 0:
            anchor.begin()
        key, anchored = anchor.key(), anchor.head()
    except NoAnchor as gone:
        return Break("no_key" if gone.what == "key" else "no_end", stored.position)
    if stored.position < anchored.position:
        return Break("end_gone", stored.position + 1)
    same = await queries.head_at(anchored.position)
    if same is not None and same.mac != anchored.mac:
        return Break("other_end", anchored.position)
    if same is None:
        # Retention has gone past it: the last checkpoint is where the chain begins.
        same = await _last_checkpoint()
    walk = Walk(key, same)
    async for links in queries.links_after(same.position):
        walk.links(links)
    return walk.breaks[0] if walk.breaks else walk.head


async def _last_checkpoint() -> Head:
    found = await queries.checkpoints()
    return Head(found[-1].through_position, found[-1].head) if found else Head()


async def _add(lines: Sequence[Line], head: Head, key: bytes) -> Head:
    places, macs = [], []
    for line in lines:
        head = Head(head.position + 1, link_mac(key, head.mac, head.position + 1, line))
        places.append(head.position)
        macs.append(head.mac)
    await execute(
        "insert into look_link (position, look_id, mac) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])",
        places,
        [line.look_id for line in lines],
        macs,
    )
    return head


async def standing(anchor: Anchor) -> tuple[Break, ...]:
    """What was found once and nobody has resolved, whether or not it would be found again."""
    kept, _resolved = anchor.faults()
    noted = (Break(c.fault, c.broken_at) for c in (await queries.checks()).values() if c.fault and c.broken_at is not None)
    return tuple(dict.fromkeys([*kept, *noted]))


async def resolve(anchor: Anchor, found: Sequence[Break], now: datetime) -> None:
    """Somebody has looked at every fault that stands, and at those that a walk has `found`, as they lie there: they stand no
    longer, and hold back neither the chain nor its rule of retention. Another change at such a place is found anew. What was
    found and when it was resolved stays in the folder."""
    anchor.stand(found, now)
    anchor.resolve(found, now)
    async with transaction():
        await execute("update chain_check set broken_at = null, fault = null")


async def resume(anchor: Anchor) -> Head:
    """Take the chain up again that does not end as it was left, as after restoring a backup. That places were lost, and
    which, stands in the chain from then on; they are never given again.

    Only a person decides this, who knows why: `programmes audit resume`.
    """
    async with transaction():
        await _locked()
        stored = await queries.last_link()
        anchor.begin()
        try:
            anchored = anchor.head()
        except NoAnchor:
            anchored = stored
        lost_from = stored.position + 1
        place = max(stored.position, anchored.position) + 1
        head = Head(place, loss_mac(anchor.key(), stored.mac, place, lost_from))
        await execute(
            "insert into look_link (position, lost_from, mac) values ($1, $2, $3)", head.position, lost_from, head.mac
        )
    anchor.advance(head)
    return head


async def _along(walk: Walk, newest: bool) -> int:
    """Walk along the stored chain, or its newest part, in the open transaction; returns how many links there were."""
    checkpoints = await queries.checkpoints()
    start = max(0, (await queries.last_link()).position - _NEWEST) if newest else 0
    known = await queries.head_at(start) if start else None
    if known is not None and known.position > (checkpoints[-1].through_position if checkpoints else 0):
        walk.head = known
    else:
        walk.checkpoints(checkpoints)
    seen = 0
    async for links in queries.links_after(walk.head.position):
        walk.links(links)
        seen += len(links)
    return seen


async def has_its_key(anchor: Anchor) -> bool:
    """Whether the folder's key has made any of the newest links: to go on with another would break the chain for good."""
    try:
        key = anchor.key()
    except NoAnchor:
        return False
    walk = Walk(key)
    async with transaction():
        links = await _along(walk, newest=True)
    # Beside a gap nothing is compared, so such a link is no witness for the key.
    unfit = sum(one.fault in {"changed", "link_gone", "line_gone"} for one in walk.breaks)
    return unfit < links or not (links or walk.breaks)


async def verify(anchor: Anchor, newest: bool = False) -> Verdict:
    """Walk along the chain, all of it or its newest part, and the heads of days, and say everything that does not fit.

    The end is read before the walk begins, and the walk sees the database as it is at one moment.
    """
    try:
        walk, anchored = _walk_of(anchor)
    except NoAnchor as gone:
        stored = await queries.last_link()
        fault = Break("no_key" if gone.what == "key" else "no_end", stored.position)
        new = gone.what == "key" and stored.position == 0
        return Verdict(() if new else (fault,), stored, await queries.waiting_since())
    async with transaction():
        await execute("set transaction isolation level repeatable read")
        await _along(walk, newest)
        waiting, days = await queries.waiting_since(), await queries.all_days()
    walk.end(anchored)
    return Verdict((*walk.breaks, *other_days(days, anchor.days())), walk.head, waiting)


def _walk_of(anchor: Anchor) -> tuple[Walk, Head]:
    """A walk that holds the chain against what was written down outside the database, and the end that it must come to.
    Raises NoAnchor."""
    key, anchored = anchor.key(), anchor.head()
    return Walk(key, kept={*anchor.days().values(), anchored}), anchored


async def note(scope: str, anchor: Anchor, verdict: Verdict, now: datetime) -> None:
    """What a look has found, the worker's or one in a shell with its rights and its folder. A fault that stands is taken
    back by no later look: who changes a line may change it back, or let it go."""
    found = unresolved(verdict.breaks, anchor.faults()[1])
    first = found[0] if found else None
    if first is not None:
        log.error("access_log_broken", scope=scope, fault=first.fault, position=first.position)
        anchor.stand(found, now)
    async with transaction():
        await execute(
            """insert into chain_check as known (scope, at, through, head, broken_at, fault, waiting_since)
               values ($1, $2, $3, $4, $5, $6, $7)
               on conflict (scope) do update set at = excluded.at, through = excluded.through, head = excluded.head,
                   broken_at = case when known.fault is null then excluded.broken_at else known.broken_at end,
                   fault = coalesce(known.fault, excluded.fault), waiting_since = excluded.waiting_since""",
            scope,
            now,
            verdict.head.position,
            verdict.head.mac,
            first.position if first else None,
            first.fault if first else None,
            verdict.waiting_since,
        )


async def end_day(anchor: Anchor, now: datetime) -> None:
    """When a local day has ended, write down its head: outside the database, and for the page and the mail. What the worker
    chained too late, after lines of the next day, is the next day's."""
    yesterday = local_date(now) - timedelta(days=1)
    last = await queries.last_day()
    if last is not None and last.day >= yesterday:
        return
    known = Head(last.position, last.head) if last else None
    head = await queries.gone_before(at_local(local_date(now), time())) or known
    if head is None:
        return
    head = anchor.end_day(yesterday, head)
    async with transaction():
        await execute(
            "insert into look_day (day, position, head, lines, made_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
            yesterday,
            head.position,
            head.mac,
            head.position - (last.position if last else 0),
            now,
        )


async def retire(anchor: Anchor, now: datetime) -> Checkpoint | None:
    """Let go what is older than the rule says, in whole months, from the old end of the chain. A signed checkpoint stands
    for it, so that the rest can still be proved; with it go the days and reviews of those months.

    How many lines went is no secret: the log holds documented people only (promise 2).

    What goes is what was in its place when a day before those months had ended, by the heads outside the database, and not
    what the lines say of their time. Before anything goes the whole chain is walked, in the transaction that deletes: with a
    fault that nobody has resolved nothing does, as no checkpoint may stand for what was changed.

    Raises:
        NoAnchor: the key or the head is not there.
    """
    first = local_date(now).replace(day=1)
    before = first.replace(year=first.year - await queries.years_kept("access_log"))
    cutoff = at_local(before, time())
    if not await fetchval("select exists (select from record_look where at < $1)", cutoff):
        return None
    # Before the transaction sees the database: the end is written down after what is chained has committed.
    walk, anchored = _walk_of(anchor)
    async with transaction():
        # What was walked over is what is deleted: a line that somebody changes meanwhile ends this with an error.
        await execute("set transaction isolation level repeatable read")
        await _locked()
        head = await _goes(anchor, before, cutoff)
        if head is None:
            return None
        await _along(walk, newest=False)
        walk.end(anchored)
        found = unresolved(walk.breaks, anchor.faults()[1])
        if found:
            log.error("access_log_stays", fault=found[0].fault, position=found[0].position)
            anchor.stand(found, now)
            return None
        return await _let_go(anchor, head, before, now)


async def _goes(anchor: Anchor, before: date, cutoff: datetime) -> Head | None:
    """The last place that goes: older than the rule says by its line, and by what was written down when days had ended."""
    by_lines = await queries.gone_before(cutoff)
    proved = provably_older(anchor.days(), before)
    if by_lines is None or by_lines.position <= proved:
        return by_lines
    start = (await _last_checkpoint()).position
    return await queries.last_until(proved) if proved > start else None


async def _let_go(anchor: Anchor, head: Head, before: date, now: datetime) -> Checkpoint:
    """Sign a checkpoint for every place up to a head, and delete what it stands for, in the open transaction."""
    start = (await _last_checkpoint()).position + 1
    mac = checkpoint_mac(anchor.key(), start, head, before, now)
    made = Checkpoint(start, head.position, head.mac, before, now, mac)
    await execute(
        """insert into look_checkpoint (from_position, through_position, head, before, made_at, mac)
           values ($1, $2, $3, $4, $5, $6)""",
        made.from_position,
        made.through_position,
        made.head,
        made.before,
        made.made_at,
        made.mac,
    )
    await execute("select forget_looks()")
    await execute("delete from look_review where month < $1", before)
    await execute("delete from look_day where day < $1", before)
    await execute("delete from log_digest where day < $1", before)
    return made


TICKS = [tend]
