"""The way of a cohort from announcement to erasure: one step is next, somebody owes it, and it has a day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.oversight import services
from programmes.oversight.checklist.rules import Way, end_of_week, next_of, steps, week
from tests.attendance.cast import a_running
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_coordinator, a_leader, confirm, sign_in_as, somebody
from tests.lists import lines_of

NOW = datetime(2026, 9, 2, 8, tzinfo=UTC)
PLANNED = Way(
    1, "G", "2.8", "group", "planned", False, True, date(2026, 9, 3), date(2026, 10, 1), 7,
    NOW + timedelta(days=40), NOW + timedelta(days=110), None, True, True, 0, 0, 0, 0, None, True, True, False, False, False,
)  # fmt: skip


def key(way: Way, now: datetime = NOW) -> str:
    step = next_of(way, now)
    return step.key if step else ""


def test_the_next_step_follows_the_way_of_the_cohort() -> None:
    opened = replace(PLANNED, state="open", held=5, visits_left=2, to_agree=3)
    assert key(PLANNED) == "announce"
    assert key(opened) == "visits"
    assert key(replace(opened, visits_left=0)) == "agree"
    ready = replace(opened, visits_left=0, to_agree=0)
    assert key(ready) == "decide"
    running = replace(ready, state="started")
    assert key(running) == "hold"
    assert key(replace(running, unnoted=1, unnoted_since=NOW)) == "note"
    after = NOW + timedelta(days=111)
    assert key(running, after) == "evaluate"
    assert key(replace(running, box_open=False), after) == "transfer"
    last = next_of(replace(running, box_open=False, transferred=True), after)
    assert last is not None
    assert (last.key, last.due) == ("close", (NOW + timedelta(days=140)).date())
    assert key(replace(running, state="closed", box_open=False), after) == ""


def test_what_somebody_has_left_is_not_done_after_the_start_either() -> None:
    running = replace(PLANNED, state="started", held=5, visits_left=1, to_agree=2)
    found = {step.key: step.state for step in steps(running, NOW)}
    assert (found["visits"], found["agree"], found["decide"]) == ("next", "later", "done")
    assert key(replace(running, visits_left=0)) == "agree"
    # A session that lacks its note goes first.
    assert key(replace(running, unnoted=1, unnoted_since=NOW)) == "note"
    assert key(replace(running, visits_left=0, to_agree=0)) == "hold"
    assert key(replace(running, state="closed")) == ""


def test_of_a_cancelled_start_people_move_on_and_then_the_list_goes() -> None:
    off = replace(PLANNED, state="cancelled", closed_at=NOW, people=True, may_move=True)
    assert key(off) == "move_on"
    assert key(replace(off, may_move=False)) == "close"
    assert key(replace(off, may_move=False, people=False)) == ""


@given(
    st.sampled_from(["planned", "open", "postponed", "started", "closed", "cancelled"]),
    st.sampled_from(["group", "individual"]),
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 8), st.integers(0, 8), st.integers(0, 3),
    st.integers(-200, 200),
)  # fmt: skip
def test_one_step_at_the_most_is_next_and_what_is_closed_has_none(
    state: str, form: str, visits: bool, agree: bool, box: bool, moved: bool, held: int, left: int, unnoted: int, day: int
) -> None:
    way = replace(
        PLANNED, state=state, form=form, study_visit=visits, agreements=agree, box_open=box, transferred=moved, held=held,
        visits_left=left, to_agree=left, unnoted=unnoted, closed_at=NOW,
    )  # fmt: skip
    found = steps(way, NOW + timedelta(days=day))
    upcoming = [step for step in found if step.state == "next"]
    assert len({step.key for step in found}) == len(found)
    assert len(upcoming) == int(any(step.state != "done" for step in found))


def test_a_week_begins_with_what_is_late_and_ends_on_sunday() -> None:
    late = replace(PLANNED, cohort_id=2, enrol_from=date(2026, 8, 1))
    far = replace(PLANNED, cohort_id=3, enrol_from=date(2026, 12, 1))
    assert [due.way.cohort_id for due in week([far, PLANNED, late], NOW)] == [2, 1, 3]
    assert [due.way.cohort_id for due in week([far, PLANNED, late], NOW, end_of_week(NOW.date()))] == [2, 1]
    assert end_of_week(date(2026, 9, 6)) == date(2026, 9, 6)
    assert end_of_week(date(2026, 9, 7)) == date(2026, 9, 13)


@pytest.fixture
async def robin(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def test_the_checklist_says_who_owes_the_next_step_by_when_and_keeps_the_decisions(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    for number in range(2):
        await confirm((await somebody(cohort, keys, clock.now(), f"P{number}")).enrolment_id, clock.now())
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/checklista"
    assert address in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    text = (await client.get(address)).text
    assert "Beslut om start" in text
    assert f'href="/personal/starter/{cohort.cohort_id}/starta"' in text
    assert text.count("Nästa steg") == 1
    assert "Överföring till verksamhetssystemet" in text
    await services.cancel(cohort.cohort_id, "too_few", services.seen_as(cohort.state, cohort.first_start), kim, clock.now())
    text = (await client.get(address)).text
    assert "För få deltagare. 2 av minst 5 var klara." in text
    assert (await client.get("/personal/grupper/999999/checklista")).status_code == 404


async def test_the_week_has_only_ones_own_groups_and_as_many_statements_for_many_as_for_few(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, queries_log: QueryLog,
    owner: asyncpg.Connection,
) -> None:  # fmt: skip
    mine, _people = await a_running("2.7", clock, keys, robin)
    foreign = await a_cohort("2.8", clock.now())
    await sign_in_as(client, "robin", clock.now())
    text = (await client.get("/personal/veckan")).text
    assert mine.name in text
    assert foreign.name not in text
    [line] = await lines_of(client, "/personal/veckan.csv")
    assert line[0] == "Internt, sekretess"
    assert line[2:4] == ["2.7", mine.name]
    queries_log.clear()
    await client.get("/personal/veckan")
    few = len(queries_log.statements)
    for section in ("2.1", "2.16", "2.8", "2.12", "2.7"):
        await a_running(section, clock, keys, robin, ("Al", "Bok"))
    await sign_in_as(client, "robin", clock.now())
    await client.get("/personal/veckan")
    queries_log.clear()
    assert (await client.get("/personal/veckan")).status_code == 200
    assert len(queries_log.statements) == few
