"""What the demo's access log tells can have been."""

from datetime import timedelta
from types import SimpleNamespace

import asyncpg
import pytest

from programmes.core.sealing import KeyFolder
from programmes.demo import looks
from programmes.people.look_rules import LookPage
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody


@pytest.mark.parametrize("page", ["group", "roll_call", "person"])
async def test_nobody_is_looked_at_before_they_have_applied(
    page: LookPage, db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=9)
    await somebody(cohort, keys, clock.now(), "Asp")
    between = clock.now() + timedelta(days=1)
    await somebody(cohort, keys, clock.now() + timedelta(days=2), "Björk")
    town = SimpleNamespace(staff={"kim": kim}, keys=keys)
    await looks._look(town, "kim", page, cohort, between)  # type: ignore[arg-type]
    seen = await owner.fetch(
        """select e.applied_at from record_look l join enrolment e on e.participant_id = l.participant_id
           where l.page = $1""", page,
    )  # fmt: skip
    assert [row["applied_at"] for row in seen] == [clock.now()]
