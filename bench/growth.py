"""A municipality and a county, asked of one, two and four web processes beside as many floors."""

import itertools
import re
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import asyncpg

from bench import calendars, municipality
from bench.client import Burst, Figures, burst, get, mean, measure, post
from bench.municipality import Evening, Place
from bench.record import Recorder, Scenario
from bench.recorded import Recorded
from bench.several import PROCESSES, Running, both, of_database
from bench.town import wait_in
from programmes.settings import Settings

CLIENTS, ROUNDS = 16, 2
# How many apply at 08.00, and one in so many presses twice.
RUSH, TWICE = 500, 10
# Of how many groups the floor knows the statements: it does them in turns.
KNOWN = 200
MARKS = ("present", "no_show")


@dataclass(frozen=True)
class Known:
    """What is asked, how somebody applies, and what all leaders send tonight."""

    scenarios: list[Scenario]
    queued: Scenario
    apply: Callable[[str], bytes]
    evening: Callable[[], list[list[bytes]]]


def forms_token(page: str) -> str:
    found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


async def known(recorder: Recorder, place: Place, queued: Scenario) -> Known:
    """Asks once for everything, in this process."""
    tags = [await calendars.tag_of(each, recorder.keys, recorder.clock.now()) for each in place.subscribers]
    title = f"a poll of one of {len(place.subscribers):,} calendars, nothing changed"
    poll = await calendars.polled(recorder, "poll", title, place.subscribers, tags)
    first = place.evenings[0]
    shown = await recorder.browser.get(_address(first), headers={"Cookie": f"staff={first.token}"})
    assert shown.status_code == 200, shown.text
    token = forms_token(shown.text)
    recorder.browser.cookies.clear()
    opened, saved = await _opened(recorder, place), await _saved(recorder, place, token)
    turn = itertools.count()

    def evening() -> list[list[bytes]]:
        mark = MARKS[next(turn) % 2]
        return [[_open(one), _save(one, mark, token)] for one in place.evenings]

    page = await recorder.read("page", "the public page of a programme", place.page, {})
    return Known([page, poll, opened, saved], queued, _apply_like(queued), evening)


def _apply_like(recorded: Scenario) -> Callable[[str], bytes]:
    """The same form as was recorded, of somebody else and for another group."""

    def make(public_id: str) -> bytes:
        return re.sub(rb"^POST /anmalan/\S+", f"POST /anmalan/{public_id}".encode(), recorded.make())

    return make


def _address(one: Evening) -> str:
    return f"/personal/traffar/{one.session_id}/narvaro"


def _open(one: Evening) -> bytes:
    return get(_address(one), Cookie=f"staff={one.token}")


def _form(one: Evening, mark: str, token: str) -> str:
    return "&".join([*(f"{person}={mark}" for person in one.people), f"_csrf_token={token}"])


def _save(one: Evening, mark: str, token: str) -> bytes:
    return post(_address(one), _form(one, mark, token), Cookie=f"staff={one.token}; csrftoken={token}")


async def _opened(recorder: Recorder, place: Place) -> Scenario:
    found = [await recorder.record(_address(one), {"Cookie": f"staff={one.token}"}) for one in place.evenings[:KNOWN]]
    turn = itertools.cycle(place.evenings)
    title = f"a roll call of {municipality.EACH} people is opened"
    recorded = replace(found[-1], others=[other.statements for other in found[:-1]])
    return Scenario("open", title, lambda: _open(next(turn)), recorded)


async def _saved(recorder: Recorder, place: Place, token: str) -> Scenario:
    asked, found = place.evenings[:KNOWN], []
    # The first time the session begins to be held, which costs more and is not what the floor can do again.
    for mark in (MARKS[1], *MARKS):
        found += [await _save_once(recorder, one, mark, token) for one in asked]
    found = found[len(asked) :]
    turn, each = itertools.count(), len(place.evenings)

    def make() -> bytes:
        at = next(turn)
        return _save(place.evenings[at % each], MARKS[at // each % 2], token)

    recorded = replace(found[-1], others=[other.statements for other in found[:-1]])
    return Scenario("save", "it is saved", make, recorded)


async def _save_once(recorder: Recorder, one: Evening, mark: str, token: str) -> Recorded:
    headers = {
        "Cookie": f"staff={one.token}; csrftoken={token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return await recorder.record_post(_address(one), _form(one, mark, token), headers)


class Growth:
    """What is measured of one place, and the lines that say so."""

    def __init__(self, owner: asyncpg.Connection, found: Known, size: float, seconds: float, now: datetime) -> None:
        self.owner, self.found, self.seconds, self.now = owner, found, seconds, now
        self.rush = max(20, round(RUSH * min(1, size)))

    async def run(self, ours: Running, floor: Running) -> None:
        print("| what | processes | statements | a second | p50 ms | p99 ms | MB each ", end="")
        print("| floor, a second | p50 ms | p99 ms | MB each | times the floor |\n|---|" + "--:|" * 11, flush=True)
        for scenario in self.found.scenarios:
            for many in PROCESSES:
                print(await self._rate(scenario, ours, floor, many), flush=True)
        print("\n| what | processes | statements | all have an answer, s | p50 ms | p99 ms | turned away | MB each ", end="")
        print("| floor, s | p50 ms | p99 ms | times the floor |\n|---|" + "--:|" * 11, flush=True)
        for many in PROCESSES:
            print(await self._rush(ours, floor, many), flush=True)
        for many in PROCESSES:
            print(await self._evening(ours, floor, many), flush=True)

    async def _rate(self, scenario: Scenario, ours: Running, floor: Running, many: int) -> str:
        status = scenario.recorded.status
        found: tuple[list[Figures], list[Figures]] = ([], [])
        # The first turn only warms up.
        for turn in range(ROUNDS + 1):
            seconds = self.seconds if turn else self.seconds / 4
            mine = await measure(ours.ports[:many], scenario.make, status, seconds, CLIENTS)
            bare = await measure(floor.ports[:many], lambda: scenario.floor, status, seconds, CLIENTS)
            if turn:
                found[0].append(mine)
                found[1].append(bare)
        mine, bare = mean(found[0]), mean(found[1])
        return (
            f"| {scenario.title} | {many} | {scenario.recorded.count} | {_rate_of(mine)} | {ours.memory(many):.0f} | "
            f"{_rate_of(bare)} | {floor.memory(many):.0f} | {bare.rate / mine.rate:.2f} |"
        )

    async def _rush(self, ours: Running, floor: Running, many: int) -> str:
        found: tuple[list[Burst], list[Burst]] = ([], [])
        for turn in range(ROUNDS + 1):
            groups = await municipality.rushed(self.owner, f"r{many}x{turn}x", self.now)
            public = [
                row["public_id"]
                for row in await self.owner.fetch("select public_id from cohort where id = any($1::int[])", groups)
            ]
            people = [[self.found.apply(public[n % len(public)])] for n in range(self.rush)]
            # At another process, where there is one.
            twice = people[1::TWICE]
            found[0].append(await burst(ours.ports[:many], [*people, *twice], [303]))
            await self._all_right(groups)
            posts = [[self.found.queued.floor] for _ in (*people, *twice)]
            found[1].append(await burst(floor.ports[:many], posts, [303]))
        title = f"{self.rush} people apply for {municipality.RUSHED} groups at once, {len(twice)} press twice"
        return _burst_line(title, many, self.found.queued.recorded.count, found, ours)

    async def _all_right(self, groups: Sequence[int]) -> None:
        """Everybody is there once, and no place more is given than there is."""
        row = await self.owner.fetchrow(
            """select count(*) as people, count(distinct once_digest) as forms, count(s.id) as seats,
                      count(distinct (e.cohort_id, e.arrival)) as arrivals, max(e.arrival) as last
               from enrolment e left join seat s on s.enrolment_id = e.id where e.cohort_id = any($1::int[])""",
            groups,
        )
        places = min(self.rush, municipality.PLACES_EACH * len(groups))
        right = (self.rush, self.rush, places, self.rush, self.rush // len(groups))
        if tuple(row) != right:
            raise RuntimeError(f"the rush left {dict(row)} instead of {right}")

    async def _evening(self, ours: Running, floor: Running, many: int) -> str:
        found: tuple[list[Burst], list[Burst]] = ([], [])
        opened, saved = self.found.scenarios[-2:]
        for _ in range(ROUNDS + 1):
            people = self.found.evening()
            found[0].append(await burst(ours.ports[:many], people, [200, 303]))
            asked = [[get("/open"), post("/save", "")] for _ in people]
            found[1].append(await burst(floor.ports[:many], asked, [200, 303]))
        title = f"{len(people):,} leaders open and save a roll call in the same second"
        return _burst_line(title, many, opened.recorded.count + saved.recorded.count, found, ours)


def _rate_of(figures: Figures) -> str:
    return f"{figures.rate:,.0f} | {figures.p50:.1f} | {figures.p99:.1f}"


def _burst_line(title: str, many: int, count: int, found: tuple[list[Burst], list[Burst]], ours: Running) -> str:
    """The first of each only warms up, but nobody may have been turned away then either."""
    refused = sum(one.refused for one in found[0])
    if any(one.refused for one in found[1]):
        raise RuntimeError("the floor failed")

    def middle(bursts: list[Burst], name: str) -> float:
        return float(sum(getattr(one, name) for one in bursts[1:]) / len(bursts[1:]))

    mine, bare = ([middle(part, name) for name in ("seconds", "p50", "p99")] for part in found)
    return (
        f"| {title} | {many} | {count} | {mine[0]:.2f} | {mine[1]:,.0f} | {mine[2]:,.0f} | {refused} | "
        f"{ours.memory(many):.0f} | {bare[0]:.2f} | {bare[1]:,.0f} | {bare[2]:,.0f} | {mine[0] / bare[0]:.2f} |"
    )


async def run(
    owner: asyncpg.Connection, settings: Settings, folder: Path, recorder: Recorder, many: int, size: float, seconds: float
) -> None:
    """Build it, measure it, and print the tables."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    now = recorder.clock.now()
    place = await municipality.build(owner, recorder.keys, now, many, size)
    print(f"bench: built in {place.seconds:.0f} s\n", *await municipality.sizes(owner), "", sep="\n", flush=True)
    full = [*await municipality.rushed(owner, "f", now), *await municipality.rushed(owner, "g", now)]
    await wait_in(owner, full, now, 5)
    found = await known(recorder, place, await recorder.enrolment("rush", "an application that has to wait", full))
    recordings = {one.name: one.recorded for one in (*found.scenarios, found.queued)}
    async with both(settings, recordings, folder) as (ours, floor):
        await Growth(owner, found, size, seconds, now).run(ours, floor)
        count, memory = of_database(folder / "pg")
    print(f"\nbench: PostgreSQL had {count} processes and {memory:,.0f} MB\n", *await municipality.sizes(owner), sep="\n")
