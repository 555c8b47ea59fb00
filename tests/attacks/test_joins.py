"""Attack: join every pair of tables, dead rows and the write-ahead log too, by whatever two rows may have in common:
transactions, places, sequences, times, values. A vote must belong to nothing but its box."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from programmes.core import codes
from programmes.core.sealing import KeyFolder
from tests.attacks.conftest import Boxes
from tests.attacks.disk import BOX, Disk, Tuple, apart
from tests.attacks.weakened import weakened
from tests.clock import FrozenClock
from tests.evaluation.conftest import GLAD, Groups
from tests.factories import a_cohort, sign_in_as, somebody


@dataclass
class Seen:
    """What somebody has who copies the disk before and after every vote."""

    elsewhere: set[str]
    votes: set[int]
    log: dict[int, set[str]]


async def _others(disk: Disk, since: int) -> tuple[list[Tuple], Any]:
    """All that is touched outside the box, and where every sequence stands."""
    sequences = await disk.owner.fetch("select sequencename, last_value from pg_sequences order by 1")
    return [row for row in await disk.tuples(since) if row.table not in BOX], sequences


def _transactions(rows: Iterable[Tuple], since: int) -> set[int]:
    """Those that have written the box since then."""
    return {number for row in rows if row.table in BOX for number in (row.made, row.gone) if number >= since}


async def _vote_by_vote(disk: Disk, codes_: list[str], send: Any, between: Any = None) -> Seen:
    """Send each vote, and look at the whole disk right before and after it."""
    since = await disk.transaction_now()
    seen = Seen(set(), set(), {})
    for code in codes_:
        if between:
            await between()
        before, start = await _others(disk, since), await disk.log_position()
        known = _transactions(await disk.tuples(since), since)
        await send(code)
        end, after = await disk.log_position(), await _others(disk, since)
        seen.elsewhere |= {row.table for row in set(before[0]) ^ set(after[0])}
        seen.elsewhere |= {"a sequence"} if before[1] != after[1] else set()
        seen.votes |= _transactions(await disk.tuples(since), since) - known
        for number, touched in (await disk.log_records(start, end)).items():
            seen.log[number] = seen.log.get(number, set()) | touched
    everywhere = await disk.tuples(since)
    seen.elsewhere |= {row.table for row in everywhere if {row.made, row.gone} & seen.votes} - BOX
    return seen


async def findings(disk: Disk, seen: Seen) -> set[str]:
    """What ties a vote to anything, in words."""
    owner, found = disk.owner, {f"elsewhere: {name}" for name in seen.elsewhere}
    of_box = {r["relname"] for r in await owner.fetch(
        """select c.relname::text from pg_class c left join pg_index i on i.indexrelid = c.oid
           where coalesce(i.indrelid, c.oid) in ('slip'::regclass, 'sealed_answer'::regclass)""")}  # fmt: skip
    for number, touched in seen.log.items():
        if number == 0:
            # The server's own tidying, which no transaction asked for.
            continue
        allowed = of_box | {"COMMIT"} if number in seen.votes else of_box | {"pg_", "MESSAGE"}
        if any(name.islower() for name in touched) or number in seen.votes:
            found |= {f"log: {name}" for name in apart(touched, allowed) if not name.isupper() or number in seen.votes}
    columns = await owner.fetch(
        """select table_name || '.' || column_name as name from information_schema.columns
           where table_schema = 'public' and table_name = any($1::text[])""",
        list(BOX),
    )
    expected = {"slip.id", "slip.ballot_id", "sealed_answer.id", "sealed_answer.ballot_id", "sealed_answer.blob"}
    found |= {f"column: {row['name']}" for row in columns} - {f"column: {name}" for name in expected}
    answers = await owner.fetch("select id, blob, xmin::text as made, xmax::text as gone from sealed_answer order by ctid")
    if len({row["made"] for row in answers}) > 1:
        found.add("order: by transaction")
    if {row["gone"] for row in answers} != {"0"}:
        found.add("locked by a transaction")
    ids: list[UUID] = [row["id"] for row in answers]
    if ids != sorted(ids):
        found.add("order: by place")
    if {one.version for one in ids} != {4}:
        found.add("order: by id")
    if len({len(row["blob"]) for row in answers}) > 1:
        found.add("length")
    return found


async def test_nothing_joins_a_vote_to_a_person_a_session_a_time_or_another_vote(
    groups: Groups, disk: Disk, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    """Sent as browsers do that are also signed in, and have a place open; staff and people are at work in between."""
    _cohort, slips = await groups.with_slips(4)
    taken = await somebody(await a_cohort("2.1", clock.now()), keys, clock.now(), "Ask")
    await disk.owner.execute("truncate sealed_answer")

    async def send(code: str) -> None:
        clock.advance(seconds=7)
        sent = await client.post("/u?lang=ar", data={"kod": code, "steg": "svar", "safety": "4", "good": "Fikat"})
        assert sent.status_code == 303
        assert (await client.post("/u", data={"kod": code, "steg": "svar", "safety": "4"})).status_code == 409
        assert (await client.get("/u/tack")).status_code == 200

    async def between() -> None:
        await sign_in_as(client, "robin", clock.now())
        assert (await client.get("/personal/idag")).status_code == 200
        client.cookies.set("place", taken.token)
        assert "Din platskod" in (await client.get("/min-plats")).text
        clock.advance(minutes=1)

    async with disk.nothing_is_cleaned_away():
        seen = await _vote_by_vote(disk, slips[:3], send, between)
        assert len(seen.votes) == 3, "each vote is one transaction, and nothing else writes the box"
        assert await findings(disk, seen) == set()
        # What docs/evaluation.md admits: in dead rows a used slip and the answer that came with it lie side by side, both
        # unreadable. The digest of a slip says nothing to who has no slip, and the answer nothing to who has no key.
        rows = await disk.tuples(0)
        used = {row.gone: row.data for row in rows if row.table == "slip" and row.gone in seen.votes}
        assert len(used) == 3
        assert all(any(codes.digest(code) in data for data in used.values()) for code in slips[:3])
    await disk.owner.execute("vacuum slip, sealed_answer")
    left = [row for row in await disk.tuples(0) if row.table in BOX]
    assert {(row.table, row.gone) for row in left} == {("slip", 0), ("sealed_answer", 0)}
    assert len([row for row in left if row.table == "sealed_answer"]) == 3
    assert await disk.owner.fetchval("show track_commit_timestamp") == "off", "transactions would have times"


WEAKER = {
    "only adds": "order: by transaction",
    "keeps the order": "order: by place",
    "time in the ids": "order: by id",
    "an audit entry": "elsewhere: audit_entry",
    "a foreign key": "elsewhere: ballot",
    "when": "column: sealed_answer.voted_at",
    "a number": "elsewhere: a sequence",
}


async def test_control_each_weaker_box_is_joined(boxes: Boxes, disk: Disk) -> None:
    for how, what in WEAKER.items():
        # Eight ids that are drawn lie in the order of arrival once in forty thousand times.
        _box, slips = await boxes.open(9)
        await disk.owner.execute("truncate sealed_answer")

        async def send(code: str) -> None:
            await boxes.cast([code], [GLAD])

        async with weakened(disk.owner, how), disk.nothing_is_cleaned_away():
            await boxes.cast(slips[:7], [GLAD] * 7)
            found = await findings(disk, await _vote_by_vote(disk, slips[7:], send))
        assert what in found, how
        assert how != "an audit entry" or "log: audit_entry" in found
