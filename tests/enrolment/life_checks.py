"""What must hold in the database after every step of a cohort's life, whatever has happened."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import asyncpg
from hypothesis.stateful import RuleBasedStateMachine, invariant

from programmes.core.db import engine
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from tests.clock import FrozenClock
from tests.enrolment.life_model import HOLDING, Cohort

_ROWS = """
select e.id, e.cohort_id, e.state, e.arrival, e.turn, e.offer_expires_at, e.key_id, e.code_digest, e.skip_reason,
       e.asked_to_come, e.undo_until, e.together_id, s.number, coalesce(v.state, '') as visit
from enrolment e left join seat s on s.enrolment_id = e.id left join study_visit v on v.enrolment_id = e.id order by e.turn
"""


@dataclass(frozen=True)
class World:
    """What the tests' fixtures give, and the loop that they live in."""

    loop: asyncio.AbstractEventLoop
    owner: asyncpg.Connection
    keys: KeyFolder
    clock: FrozenClock
    workers: asyncpg.Pool


class Checked(RuleBasedStateMachine):
    """The cohorts of a life with their models, held beside each other after every step."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.ids: list[int] = []
        self.models: list[Cohort] = []
        self.before: dict[Any, str] = {}
        self.came_back: set[Any] = set()
        self.queues: list[list[Any]] = [[], []]

    def run(self, work: Awaitable[Any]) -> Any:
        return self.world.loop.run_until_complete(work)

    def run_as_worker(self, work: Awaitable[Any]) -> None:
        """With the rights of the worker, who alone erases."""
        webs, engine().pool = engine().pool, self.world.workers
        try:
            self.run(work)
        finally:
            engine().pool = webs

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
        self.before = {row["id"]: row["state"] for row in rows}
        self.came_back.clear()
        self._as_the_model_says(rows)
        self.run(self._positions(rows))

    def _nobody_is_passed_by(self, rows: list[Any], state: str) -> None:
        """Since the last step: offers went to those who stand first, and no newcomer got in past somebody who could."""
        was = {r["id"]: self.before.get(r["id"], "") for r in rows}
        # Who had let go of a place or a turn, and has come back to the queue, is passed by nobody who got it meanwhile.
        stayed = {one for one, state in was.items() if state in {"queued", ""}} - self.came_back
        stay = [r for r in rows if r["state"] == "queued" and r["id"] in stayed]
        waiting = [r["turn"] for r in stay if not r["skip_reason"] and not r["asked_to_come"] and not r["together_id"]]
        if not waiting or state == "cancelled":
            return
        offered = [r["turn"] for r in rows if r["state"] == "offered" and was[r["id"]] in {"queued", ""}]
        assert max(offered, default=0) < min(waiting), "an offer has passed somebody by"
        newcomers = [r["turn"] for r in rows if r["state"] in HOLDING and not was[r["id"]]]
        assert max(newcomers, default=0) < min(waiting), "a newcomer has passed somebody by"

    def _as_the_model_says(self, rows: list[Any]) -> None:
        """Everybody who was ever acknowledged is where the model has them, with seat and deadline, and nobody else is."""
        expected = {
            p.enrolment_id: (
                which,
                p.arrival,
                p.state,
                p.seat,
                p.until,
                p.kept,
                p.undo,
                p.skipped,
                p.asked,
                p.visit,
                p.family is not None,
            )
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
                r["undo_until"],
                r["skip_reason"],
                r["asked_to_come"],
                r["visit"],
                r["together_id"] is not None,
            )
            for r in rows
        }
        assert found == expected

    async def _positions(self, rows: list[Any]) -> None:
        """They wait in the order that the model has, and are told a number from 1 on, without gaps. Asked again only when
        a queue has changed."""
        for which, cohort_id in enumerate(self.ids):
            queue = [r for r in rows if r["cohort_id"] == cohort_id and r["state"] == "queued"]
            line = [r["id"] for r in queue]
            assert line == [p.enrolment_id for p in self.models[which].waiting], "somebody has lost their turn"
            if line != self.queues[which]:
                positions = [await queries.queue_position(cohort_id, r["turn"]) for r in queue]
                assert positions == list(range(1, len(line) + 1))
                self.queues[which] = line
