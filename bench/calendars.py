"""Ten thousand people who subscribe to the dates of their group: eight in each of 1,250 groups with ten sessions."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg

from bench.client import get
from bench.record import Recorder, Scenario
from bench.town import OPEN
from programmes.calendar import services
from programmes.calendar.queries import token_digest
from programmes.calendar.rules import token
from programmes.core.clock import local_date
from programmes.core.db import execute, fetchrow, transaction
from programmes.core.sealing import KeyFolder

GROUPS, EACH, SESSIONS, LED = 1250, 8, 10, 20
SUBSCRIBERS = GROUPS * EACH
PLACES = """
insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, confirmed_at, key_id, sealed, code_digest,
                       once_digest, language, only_waited)
select gen_random_uuid(), c.id, 'confirmed', n, n, $1, $1, gen_random_uuid(), decode(repeat('ab', 80), 'hex'),
       sha256(('code' || c.id || '/' || n)::bytea), sha256(('once' || c.id || '/' || n)::bytea), 'sv', false
from unnest($3::int[]) c (id), generate_series(1, $2::int) n returning id
"""
FEEDS = """
insert into feed (id, kind, enrolment_id, generation, token_digest, created_at, revised_at)
select f, 'participant', e, 1, d, $4, $4 from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as made (f, e, d)
"""


@dataclass(frozen=True)
class Subscribers:
    """The tokens of everybody's calendar, one group, and somebody who leads twenty."""

    tokens: list[str]
    cohort_id: int
    staff_id: int


async def build_subscribers(owner: asyncpg.Connection, staff_id: int, keys: KeyFolder, now: datetime) -> Subscribers:
    """Straight into the tables, as nobody would wait for ten thousand applications."""
    venue = await owner.fetchval("insert into venue (name, address) values ('Bänken', 'Mätgatan 1') returning id")
    programme_id = await owner.fetchval("select id from programme where section = '2.1'")
    today = local_date(now)
    await owner.execute(OPEN, "c", programme_id, venue, EACH, today, today + timedelta(days=10), now, GROUPS, SESSIONS)
    cohorts = [row["id"] for row in await owner.fetch("select id from cohort order by id")]
    places = [row["id"] for row in await owner.fetch(PLACES, now, EACH, cohorts)]
    feeds = [uuid4() for _ in places]
    tokens = [token(feed, 1, keys.service_key("feed")) for feed in feeds]
    await owner.execute(FEEDS, feeds, places, [token_digest(one) for one in tokens], now)
    # Groups begin a day after each other, and nobody can lead two at once: every seventh is so much later.
    await owner.execute(
        """update cohort_session s set starts_at = starts_at + late, ends_at = ends_at + late
           from unnest($1::int[]) with ordinality as led (id, n), lateral (select (n - 1) / 7 * interval '3 hours') l (late)
           where s.cohort_id = led.id""",
        cohorts[:LED],
    )
    await owner.executemany(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')",
        [(cohort_id, staff_id) for cohort_id in cohorts[:LED]],
    )
    await owner.execute("analyze")
    return Subscribers(tokens, cohorts[0], staff_id)


async def scenarios(recorder: Recorder, town: Subscribers) -> list[Scenario]:
    """What programs ask for. Half of the subscribers have fetched theirs before, the other half never."""
    keys, now = recorder.keys, recorder.clock.now()
    half = SUBSCRIBERS // 2
    known, new, one = town.tokens[:half], town.tokens[half:-1], town.tokens[-1]
    tags = [await tag_of(each, keys, now) for each in known]
    group = services.feed_address(await services.cohort_feed(town.cohort_id, town.staff_id, keys, now), keys)
    leader = services.feed_address(await services.leader_feed(town.staff_id, keys, now), keys)
    titled = await _titled(one, recorder)
    return [
        await polled(recorder, "poll", "a subscriber's poll, nothing changed (304)", known, tags),
        await polled(recorder, "whole", "the same by a program that sends no tag", known, []),
        await polled(recorder, "changed", "a poll that finds a change, or the first one", new, []),
        await recorder.read("titled", "somebody's with a title of their own", titled, {}),
        await recorder.read("group", "a group's", group, {}),
        await recorder.read("leader", f"a leader's of {LED} groups", leader, {}),
    ]


async def tag_of(one: str, keys: KeyFolder, now: datetime) -> str:
    served = await services.serve(one, keys, now)
    assert isinstance(served, services.Served)
    return served.etag


async def _titled(one: str, recorder: Recorder) -> str:
    """The address of a calendar that now has a title, sealed under a key that is on disk like anybody's."""
    row = await fetchrow(
        "select f.id, e.id as enrolment_id from feed f join enrolment e on e.id = f.enrolment_id where token_digest = $1",
        token_digest(one),
    )
    assert row is not None
    key_id = recorder.keys.create("entry")
    async with transaction():
        await execute("update enrolment set key_id = $2 where id = $1", row["enrolment_id"], key_id)
    await services.set_title(row["id"], "Kör", recorder.keys, recorder.clock.now())
    return f"/k/{one}.ics"


async def polled(recorder: Recorder, name: str, title: str, tokens: Sequence[str], tags: Sequence[str]) -> Scenario:
    """Each subscriber in turn, so that nothing is warm because the same one asks again."""
    requests = [
        get(f"/k/{one}.ics", **({"If-None-Match": f'"{tags[at]}"'} if tags else {})) for at, one in enumerate(tokens)
    ]
    turn = itertools.cycle(requests)
    headers = {"If-None-Match": f'"{tags[-1]}"'} if tags else {}
    recorded = await recorder.record(f"/k/{tokens[-1]}.ics", headers)
    return Scenario(name, title, lambda: next(turn), recorded)


def worked_out(rate: float, changed: float) -> list[str]:
    """What the measured rates (requests a second of one process) mean for everybody's calendar, as lines of a table."""
    lines = [
        "| ten thousand subscribers | requests a second | of one process |",
        "|---|--:|--:|",
    ]
    for how, seconds in (("every four hours, as the calendar asks", 14400), ("every hour", 3600), ("every quarter", 900)):
        asked = SUBSCRIBERS / seconds
        lines.append(f"| {how} | {asked:.1f} | {asked / rate:.1%} |")
    lines.append(f"| all at the same moment | – | {SUBSCRIBERS / rate:.0f} s until the last has its answer |")
    lines.append(f"| the same, and everybody's dates changed | – | {SUBSCRIBERS / changed:.0f} s |")
    return lines
