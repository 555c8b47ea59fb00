"""The demo's series of talks have a leader and a room for themselves."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pytest

from programmes.demo import running
from programmes.demo.town import Plan


async def test_no_two_series_have_a_room_or_a_leader_at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = list[Plan]()

    async def nothing(*_: Any) -> None:
        return None

    async def opened(plan: Plan, _moment: datetime) -> None:
        plans.append(plan)

    monday = date(2026, 11, 30)
    town = SimpleNamespace(
        day=lambda weeks, weekday: monday + timedelta(weeks=weeks, days=weekday),
        real_now=datetime(2026, 11, 30, 12, tzinfo=UTC),
        staff={"mika": None, "robin": None},
        open=opened,
        apply=nothing,
        start=nothing,
        work=nothing,
    )
    monkeypatch.setattr(running, "roll_call", nothing)
    monkeypatch.setattr(running, "_one_talk_at_a_time", nothing)
    await running.series(town)  # type: ignore[arg-type]
    assert len(plans) == 5
    for one, other in combinations(plans, 2):
        same_day = one.first.weekday() == other.first.weekday()
        same = one.venue == other.venue or one.leader == other.leader
        assert not (same_day and same and one.starts < other.ends and other.starts < one.ends), (one.name, other.name)
