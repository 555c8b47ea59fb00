"""What must hold in the database after every step of a cohort's life, whatever has happened."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import asyncpg
from hypothesis.stateful import RuleBasedStateMachine, invariant

from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from tests.clock import FrozenClock
from tests.enrolment.life_model import HOLDING, Cohort

_ROWS = """
select e.id, e.cohort_id, e.state, e.arrival, e.offer_expires_at, e.key_id, e.code_digest, s.number
from enrolment e left join seat s on s.enrolment_id = e.id
"""


@dataclass(frozen=True)
class World:
    """What the tests' fixtures give, and the loop that they live in."""

    loop: asyncio.AbstractEventLoop
    owner: asyncpg.Connection
    keys: KeyFolder
    clock: FrozenClock


@dataclass(frozen=True)
class Kept:
    """A row as the invariants see it."""

    cohort: int
    state: str
    arrival: int


class Checked(RuleBasedStateMachine):
    """The cohorts of a life with their models, held beside each other after every step."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.ids: list[int] = []
        self.models: list[Cohort] = []
        self.before: dict[Any, Kept] = {}
        self.queues: list[list[int]] = [[], []]

    def run(self, work: Awaitable[Any]) -> Any:
        return self.world.loop.run_until_complete(work)

    @invariant()
    def the_database_is_right(self) -> None:
        rows = self.run(self.world.owner.fetch(_ROWS))
        seats = self.run(self.world.owner.fetch("select cohort_id, number, enrolment_id from seat"))
        limits = {row["id"]: row for row in self.run(self.world.owner.fetch("select id, maximum, state from cohort"))}
        holders = [row["enrolment_id"] for row in seats]
        assert len(holders) == len(set(holders)), "somebody holds two seats"
        assert len(seats) == len({(s["cohort_id"], s["number"]) for s in seats}), "a seat has two holders"
        assert all(1 <= s["number"] <= limits[s["cohort_id"]]["maximum"] for s in seats), "a seat beyond the last"
        assert set(holders) == {r["id"] for r in rows if r["state"] in HOLDING}, "a place without a seat, or a seat without"
        for which, cohort_id in enumerate(self.ids):
            held = sum(s["cohort_id"] == cohort_id for s in seats)
            assert held <= limits[cohort_id]["maximum"] <= self.models[which].span[1]
            self._nobody_is_passed_by([r for r in rows if r["cohort_id"] == cohort_id], limits[cohort_id]["state"])
        self.before = {row["id"]: Kept(row["cohort_id"], row["state"], row["arrival"]) for row in rows}
        self._as_the_model_says(rows)
        self.run(self._positions(rows))

    def _nobody_is_passed_by(self, rows: list[Any], state: str) -> None:
        """Since the last step: offers went to those who came first, and no newcomer got in while somebody waited."""
        waiting = [r["arrival"] for r in rows if r["state"] == "queued"]
        if not waiting or state == "cancelled":
            return
        was = {r["id"]: self.before[r["id"]].state if r["id"] in self.before else "" for r in rows}
        offered = [r["arrival"] for r in rows if r["state"] == "offered" and was[r["id"]] in {"queued", ""}]
        assert max(offered, default=0) < min(waiting), "an offer has passed somebody by"
        newcomers = [r["arrival"] for r in rows if r["state"] in HOLDING and not was[r["id"]]]
        assert max(newcomers, default=0) < min(waiting), "a newcomer has passed somebody by"

    def _as_the_model_says(self, rows: list[Any]) -> None:
        """Everybody who was ever acknowledged is where the model has them, with seat and deadline, and nobody else is."""
        expected = {
            p.enrolment_id: (which, p.arrival, p.state, p.seat, p.until, p.alive)
            for which, model in enumerate(self.models)
            for p in model.people
            if p.state != "erased"
        }
        keys = self.world.keys
        found = {
            r["id"]: (
                self.ids.index(r["cohort_id"]),
                r["arrival"],
                r["state"],
                r["number"],
                r["offer_expires_at"],
                r["key_id"] is not None and r["code_digest"] is not None and keys.exists("entry", r["key_id"]),
            )
            for r in rows
        }
        assert found == expected

    async def _positions(self, rows: list[Any]) -> None:
        """Whoever waits is told a number from 1 on, without gaps. Asked again only when a queue has changed."""
        for which, cohort_id in enumerate(self.ids):
            arrivals = sorted(r["arrival"] for r in rows if r["cohort_id"] == cohort_id and r["state"] == "queued")
            if arrivals != self.queues[which]:
                positions = [await queries.queue_position(cohort_id, arrival) for arrival in arrivals]
                assert positions == list(range(1, len(arrivals) + 1))
                self.queues[which] = arrivals
