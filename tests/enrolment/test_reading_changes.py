"""What was decided by one reading stands when the office chooses another, also when the start then moves."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import httpx
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.catalogue.condition_rules import check
from programmes.catalogue.reading_rules import Choice, Readings
from programmes.catalogue.rules import Answers, Programme
from programmes.catalogue.services import choose_reading
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.age_rules import as_judged
from programmes.enrolment.leaving import transfer_services
from programmes.people.records import PersonRecord
from tests.catalogue.cast import EDITION
from tests.clock import FrozenClock
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_coordinator, an_application, post_form, sign_in_as, somebody

MOVE = "update cohort_session set starts_at = starts_at + $1::interval, ends_at = ends_at + $1::interval where number = 1"
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


async def born(cohort: CohortFacts, birth_date: date, keys: KeyFolder, now: datetime) -> services.Taken | services.Refused:
    programme = await catalogue.programme(cohort.programme_id)
    application = await an_application(cohort, f"Född {birth_date}")
    answers = replace(application.answers, birth_date=birth_date)
    record = PersonRecord(application.record.name, birth_date.isoformat()) if application.record else None
    answer = await services.apply(replace(application, record=record, answers=answers), programme, keys, now)
    assert isinstance(answer, services.Taken | services.Refused)
    return answer


def eighteen(cohort: CohortFacts, days: int) -> date:
    """The birth date of somebody who has been 18 for so many days on the first day."""
    assert cohort.first_start
    first = local_date(cohort.first_start)
    return date(first.year - 18, first.month, first.day) - timedelta(days=days)


async def read_as(cohort: CohortFacts, keys: set[str], value: bool | int, clock: FrozenClock) -> None:
    """The office chooses another reading, a while after what has been and before what comes."""
    clock.advance(minutes=1)
    programme = await catalogue.programme(cohort.programme_id)
    key = next(one.key for one in programme.interpretations if one.key in keys)
    await choose_reading(programme, key, value, 1, clock.now())
    clock.advance(minutes=1)


async def test_somebody_let_in_at_18_is_judged_by_that_also_when_the_start_moves_and_when_they_move(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), sessions=4, minimum=1, maximum=2)
    later = await a_cohort("2.8", clock.now(), sessions=4, minimum=1, first_in=timedelta(days=70))
    holds = await born(cohort, eighteen(cohort, 20), keys, clock.now())
    await somebody(cohort, keys, clock.now(), "Holm")
    waits = await born(cohort, eighteen(cohort, 21), keys, clock.now())
    assert isinstance(holds, services.Taken)
    assert isinstance(waits, services.Taken)
    await read_as(cohort, {"lower_age_included", "adult_included"}, False, clock)
    assert isinstance(await born(later, eighteen(later, 20), keys, clock.now()), services.Refused)
    await owner.execute(MOVE, timedelta(days=6))
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    person = f"{group}/deltagare/{holds.enrolment_id}"
    for address in (group, person):
        assert "åldern stämmer inte" not in await look(client, address)
    assert 'value="age"' not in await look(client, f"{person}/villkor")
    await worker.drain(the_worker)
    assert (await queries.enrolment(waits.enrolment_id)).skip_reason is None
    plan = await transfer_services.plan(holds.enrolment_id, later.cohort_id, keys, clock.now())
    assert isinstance(plan.decided, transfer_services.Move)
    moved = await transfer_services.transfer(
        holds.enrolment_id, later.cohort_id, plan.seen, kim.staff_id, keys, clock.now(), plan.asked
    )
    assert moved
    await owner.execute(MOVE, timedelta(days=6))
    assert "åldern stämmer inte" not in await look(client, f"/personal/grupper/{later.cohort_id}/deltagare/{moved}")
    # The reading that they were let in by is still one: who is 17 on the new day is flagged, with that age.
    await owner.execute(MOVE, timedelta(days=-100))
    assert "Fyller 18 år först" in await look(client, f"/personal/grupper/{later.cohort_id}/deltagare/{moved}")


async def test_a_kinder_reading_counts_for_those_who_were_there_before_it(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), sessions=4)
    assert cohort.first_start
    await read_as(cohort, {"lower_age_included", "adult_included"}, False, clock)
    nineteen = await born(cohort, eighteen(cohort, 366), keys, clock.now())
    assert isinstance(nineteen, services.Taken)
    await owner.execute(MOVE, timedelta(days=-14))
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert "Fyller 19 år först" in await look(client, group)
    await read_as(cohort, {"lower_age_included", "adult_included"}, True, clock)
    assert "åldern stämmer inte" not in await look(client, group)


async def test_a_child_who_came_alone_is_not_asked_for_a_guardian_by_a_later_reading(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.15", clock.now(), sessions=4)
    form_page = f"/anmalan/{cohort.public_id}"
    names = re.findall(r'name="(v_[a-z_]+)"', (await client.get(form_page)).text)
    alone = dict.fromkeys(names, "ja") | {"v_age": "12_17", "v_guardian_consent": ""}
    assert (await post_form(client, form_page, alone)).status_code == 303
    enrolment_id = await owner.fetchval("select id from enrolment")
    await read_as(cohort, {"guardian_consent_under"}, 18, clock)
    await owner.execute(MOVE, timedelta(days=2))
    await sign_in_as(client, "kim", clock.now())
    staff = f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}/alder"
    for address in ("/min-plats", staff):
        assert "under 12" in (await look(client, address)).lower()
    assert (await post_form(client, "/min-plats/alder", {"v_age": "12_17"}, "/min-plats")).status_code == 303
    assert await owner.fetchval("select declared_for from enrolment") == date(2026, 10, 2)
    await owner.execute(MOVE, timedelta(days=2))
    day = re.findall(r'name="dag" value="([^"]+)"', await look(client, staff))[0]
    assert (await post_form(client, staff, {"v_age": "12_17", "dag": day})).status_code == 303
    # Who applies from now on is asked.
    client.cookies.delete("place")
    refused = await post_form(client, form_page, alone)
    assert (refused.status_code, "vårdnadshavare" in refused.text) == (422, True)


def test_nobody_is_judged_harder_than_when_they_applied_and_a_kinder_reading_counts() -> None:
    sections = {programme.section: programme for programme in EDITION.programmes}
    minutes = st.integers(0, 10).map(lambda found: NOON + timedelta(minutes=found))
    ages = st.builds(Choice, st.sampled_from(["lower_age_included", "adult_included"]), st.booleans(), minutes)
    guardians = st.builds(Choice, st.just("guardian_consent_under"), st.sampled_from([12, 18]), minutes)

    def fits(programme: Programme, answers: Answers) -> bool:
        found = check(programme, answers, NOON.date())
        return all(outcome.met for outcome in found if outcome.condition in {"age", "guardian_consent"})

    @given(
        section=st.sampled_from(["2.8", "2.19", "2.15"]),
        made=st.lists(ages | guardians, max_size=6).map(lambda found: sorted(found, key=lambda choice: choice.chosen_at)),
        applied=minutes,
        years=st.integers(17, 20),
        band=st.sampled_from(["12_17", "under_12"]),
    )
    def holds(section: str, made: list[Choice], applied: datetime, years: int, band: str) -> None:
        readings = Readings(sections[section], tuple(made))
        born_on = NOON.date().replace(year=NOON.year - years)
        answers = Answers(age_band=band) if section == "2.15" else Answers(birth_date=born_on)
        then, now = fits(readings.at(applied), answers), fits(readings.in_force, answers)
        assert fits(as_judged(readings, applied), answers) == (then or now)

    holds()
