"""Whatever is decided about a start and taken back, between whatever else is done to its sessions: what somebody has
received is true in the end, or they are among those to ring."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import SessionFacts
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries
from programmes.oversight import services
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.desk.test_sick import mail  # noqa: F401
from tests.notices import test_change_chains as chains
from tests.notices.mail import Mail

_ACTS = (
    "move", "rest", "cancel", "replace", "undo", "undo", "send", "send", "night", "postpone", "postpone", "take back",
    "take back", "take back", "wait", "cancel start",
)  # fmt: skip
# These say of all sessions at once how they are.
_OF_ALL = ("framflyttad", "Alla möten är inställda")


class Decisions(chains.Play):
    async def compare(self) -> None:
        found = await calls_queries.untold([self.cohort.cohort_id], self.clock.now())
        # Who has not heard of a decision is rung about all of it.
        if not any(about.kind in {"cohort_cancelled", "cohort_postponed"} for about in found):
            await super().compare()

    async def _do(self, name: str, session: SessionFacts | None, now: datetime) -> object:
        cohort = await cohorts.by_id(self.cohort.cohort_id)
        seen, open_ = services.seen_as(cohort.state, cohort.first_start), cohort.state in {"open", "postponed"}
        match name:
            case "postpone" if open_ and cohort.first_start:
                first = (cohort.first_start + timedelta(days=self.chance.choice([7, 8, 21]))).date()
                days = (await services.plan_again(cohort.cohort_id, first, self.kim, now)).digest
                by, about = first - timedelta(days=8), (cohort.cohort_id, first)
                return await services.postpone(*about, by, "no_venue", seen, days, self.kim, now, meant=True)
            case "cancel start" if open_ and self.chance.random() < 0.5:
                return await services.cancel(cohort.cohort_id, "too_few", seen, self.kim, now)
            case "take back":
                found = await undo_services.undoable(cohort.cohort_id, now)
                return found and await undo_services.undo(cohort.cohort_id, found.decision_id, self.kim, now)
            case "wait":
                self.clock.advance(minutes=self.chance.choice([9, 11, 61]))
        return None if cohort.state == "cancelled" else await super()._do(name, session, now)


@pytest.mark.parametrize(("seed", "faults"), [(6, 0.0), (27, 0.0), (16, 0.3), (53, 0.6), (152, 0.6)])
async def test_what_somebody_has_received_of_a_decision_and_its_taking_back_is_true_or_they_are_rung(
    seed: int,
    faults: float,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chains, "Play", Decisions)
    monkeypatch.setattr(chains, "_ACTS", _ACTS)
    monkeypatch.setattr(chains, "_ALL_STAND_THERE", (*chains._ALL_STAND_THERE, *_OF_ALL))
    await chains.test_who_believes_what_is_not_so_is_rung_about_it(
        seed, faults, False, mail, keys, clock, owner, monkeypatch
    )
