"""At most five years in Sweden (2.19): counted to the first talk, asked with its days, and again when that is later."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programmes.catalogue.condition_rules import check, earliest_within, turns
from programmes.catalogue.wording import questions, refusal_text
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, roster
from programmes.enrolment.leaving import transfer_services
from tests.catalogue.cast import EDITION, fitting
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.conftest import mail as mail  # noqa: PLC0414
from tests.notices.mail import Mail

SECTION = next(programme for programme in EDITION.programmes if programme.section == "2.19")
KEY = "arrived_within_five_years"
ON = date(2026, 12, 14)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(1, 20))
@example(date(2028, 2, 29), 5)
@example(date(2029, 3, 1), 5)
def test_no_more_than_so_many_years_have_passed_from_that_day_and_more_from_the_day_before(on: date, years: int) -> None:
    first = earliest_within(years, on)
    assert turns(first, years) >= on > turns(first - timedelta(days=1), years)


def test_the_question_and_the_refusal_name_the_days() -> None:
    [asked] = [q for q in questions(SECTION, "sv", "Karlshamn", ON) if q.condition == KEY]
    assert "räknat till 14 december 2026" in asked.question
    assert "kom du 14 december 2021 eller senare?" in asked.question
    good = fitting(SECTION)
    no = replace(good, declarations={**good.declarations, KEY: False})
    [unmet] = [outcome for outcome in check(SECTION, no, ON) if not outcome.met]
    assert "före 14 december 2021" in refusal_text(unmet, SECTION, "sv", "Karlshamn").sentence


async def asked(cohort: CohortFacts, enrolment_id: object) -> Sequence[str]:
    [facts] = [f for f in await queries.enrolments(cohort.cohort_id, ["confirmed"]) if f.enrolment_id == enrolment_id]
    return sorted(roster.to_say_again(facts, SECTION, (await cohorts.by_id(cohort.cohort_id)).first_start))


async def move(owner: asyncpg.Connection, cohort: CohortFacts, days: int) -> None:
    await owner.execute(
        "update cohort_session set starts_at = starts_at + $2, ends_at = ends_at + $2 where cohort_id = $1",
        cohort.cohort_id,
        timedelta(days=days),
    )


@pytest.mark.parametrize(("days", "again"), [(7, [KEY]), (-7, [])])
async def test_it_is_asked_again_when_the_first_talk_is_later_and_not_when_it_is_earlier(
    keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, days: int, again: list[str], db: None
) -> None:
    cohort = await a_cohort("2.19", clock.now(), minimum=1, maximum=1, sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    assert await asked(cohort, taken.enrolment_id) == []
    await move(owner, cohort, days)
    assert await asked(cohort, taken.enrolment_id) == again


async def test_staff_see_it_and_write_what_the_person_says_and_a_no_changes_nothing(
    keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, client: httpx.AsyncClient, mail: Mail
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.19", clock.now(), minimum=1, maximum=1, sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    await move(owner, cohort, 7)
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    person = f"{group}/deltagare/{taken.enrolment_id}"
    assert "Säga om tiden i Sverige stämmer den nya dagen" in (await client.get(group)).text
    assert "ett villkor ska sägas igen" in (await client.get(person)).text
    first = (await cohorts.by_id(cohort.cohort_id)).first_start
    assert first
    day = local_date(first)
    shown = (await client.get(f"{person}/alder")).text
    assert f"{day.year - 5} eller senare" in shown
    no = await post_form(client, f"{person}/alder", {"dag": day.isoformat()}, f"{person}/alder")
    assert no.status_code == 422
    assert await asked(cohort, taken.enrolment_id) == [KEY]
    yes = await post_form(client, f"{person}/alder", {"dag": day.isoformat(), f"v_{KEY}": "ja"}, f"{person}/alder")
    assert yes.status_code == 303
    assert await asked(cohort, taken.enrolment_id) == []
    assert (await queries.enrolment(taken.enrolment_id)).declared_for != day, "the age is judged by the birth date"


async def test_a_move_to_a_later_series_asks_before(keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    source, target = [await a_cohort("2.19", clock.now(), minimum=1, maximum=1, sessions=4) for _ in range(2)]
    taken = await somebody(source, keys, clock.now())
    await move(owner, target, 7)
    plan = await transfer_services.plan(taken.enrolment_id, target.cohort_id, keys, clock.now())
    assert plan.asked == (KEY,)
    new = await transfer_services.transfer(taken.enrolment_id, target.cohort_id, plan.seen, 1, keys, clock.now(), [KEY])
    assert new
    assert await asked(target, new) == []
