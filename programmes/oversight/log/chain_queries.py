"""Reads of the access log and its chain."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import cast

import asyncpg

from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.retention_rules import Subject, within_law
from programmes.oversight.log.chain_rules import Check as Check
from programmes.oversight.log.chain_rules import Checkpoint, Fault, Head, Line, Link
from programmes.oversight.log.chain_rules import Day as Day
from programmes.oversight.log.chain_rules import Loss as Loss

_LINE = "l.id as look_id, l.at, l.staff_id, l.participant_id, l.cohort_id, l.page, l.reason, l.protected, l.own_name"
# A line that commits late has a lower number than some that are chained: so far back it is looked for at every tick.
NEAR = 10_000
AT_ONCE = 1_000


def _line(row: asyncpg.Record) -> Line:
    return Line(**{name: row[name] for name in Line.__dataclass_fields__})


async def last_link() -> Head:
    """Where the chain in the database ends: its last link, or the last checkpoint if every line has gone."""
    row = await fetchrow(
        """select position, mac from look_link union all select through_position, head from look_checkpoint
           order by position desc limit 1"""
    )
    return Head(row["position"], bytes(row["mac"])) if row else Head()


async def head_at(position: int) -> Head | None:
    """The chain's head at a place, from its link or from a checkpoint that ends there."""
    if position == 0:
        return Head()
    mac = await fetchval(
        """select mac from look_link where position = $1
           union all select head from look_checkpoint where through_position = $1""",
        position,
    )
    return Head(position, bytes(mac)) if mac is not None else None


async def checkpoints() -> list[Checkpoint]:
    """All of them, in order."""
    rows = await fetch(
        """select from_position, through_position, head, before, made_at, mac from look_checkpoint
           order by through_position"""
    )
    return [
        Checkpoint(r["from_position"], r["through_position"], bytes(r["head"]), r["before"], r["made_at"], bytes(r["mac"]))
        for r in rows
    ]


async def links_after(position: int) -> AsyncIterator[list[Link]]:
    """The links after a place with their lines, a thousand at once."""
    while True:
        rows = await fetch(
            f"""select k.position, k.mac, k.lost_from, {_LINE} from look_link k left join record_look l on l.id = k.look_id
                where k.position > $1 order by k.position limit $2""",
            position,
            AT_ONCE,
        )
        if not rows:
            return
        yield [
            Link(r["position"], bytes(r["mac"]), _line(r) if r["look_id"] is not None else None, r["lost_from"])
            for r in rows
        ]
        position = rows[-1]["position"]


async def unchained(everywhere: bool) -> list[Line]:
    """Lines that no link names, by number; `everywhere` also those that committed very late."""
    rows = await fetch(
        f"""select {_LINE} from record_look l
            where l.id > case when $1 then 0 else coalesce((select max(look_id) from look_link), 0) - {NEAR} end
              and not exists (select from look_link k where k.look_id = l.id) order by l.id limit {AT_ONCE}""",
        everywhere,
    )
    return [_line(row) for row in rows]


async def waiting_since() -> datetime | None:
    """When the oldest line was written that waits for its link."""
    found: datetime | None = await fetchval(
        "select min(l.at) from record_look l where not exists (select from look_link k where k.look_id = l.id)"
    )
    return found


async def checks() -> dict[str, Check]:
    """The last check of each scope."""
    rows = await fetch("select scope, at, through, head, broken_at, fault, waiting_since from chain_check")
    return {
        r["scope"]: Check(
            r["scope"], r["at"], r["through"], bytes(r["head"]), r["broken_at"], cast(Fault, r["fault"]), r["waiting_since"]
        )
        for r in rows
    }


async def losses() -> list[Loss]:
    """Places lost with a restored database, in order."""
    rows = await fetch("select lost_from, position from look_link where lost_from is not null order by position")
    return [Loss(r["lost_from"], r["position"]) for r in rows]


async def days(first: date, last: date) -> list[Day]:
    """The days from one to another, the newest first."""
    rows = await fetch(
        "select day, position, head, lines from look_day where day between $1 and $2 order by day desc", first, last
    )
    return [Day(r["day"], r["position"], bytes(r["head"]), r["lines"]) for r in rows]


async def all_days() -> list[Day]:
    """Every day of which a head is kept: as many as the rule of retention leaves, a row each."""
    return await days(date.min, date.max)


async def last_day() -> Day | None:
    """The newest day that has ended."""
    row = await fetchrow("select day, position, head, lines from look_day order by day desc limit 1")
    return Day(row["day"], row["position"], bytes(row["head"]), row["lines"]) if row else None


async def gone_before(cutoff: datetime) -> Head | None:
    """The last place up to which every line is older than a moment; None when there is none."""
    row = await fetchrow(
        """select k.position, k.mac from look_link k
           where k.position < coalesce((select min(n.position) from look_link n join record_look l on l.id = n.look_id
                                        where l.at >= $1), 9223372036854775807)
           order by k.position desc limit 1""",
        cutoff,
    )
    return Head(row["position"], bytes(row["mac"])) if row else None


async def last_until(position: int) -> Head | None:
    """The last link at or before a place; None when there is none."""
    row = await fetchrow("select position, mac from look_link where position <= $1 order by position desc limit 1", position)
    return Head(row["position"], bytes(row["mac"])) if row else None


async def years_kept(subject: Subject) -> int:
    """How many years the rule of retention keeps something (`retention_rule`); never fewer than the law, nor more."""
    return within_law(subject, int(await fetchval("select years from retention_rule where subject = $1", subject)))
