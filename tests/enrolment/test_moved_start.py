"""A start that moves is a new fact: staff are warned of ages that no longer fit it, and nothing happens by itself."""

from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import AgeFacts, Answers, Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.age_rules import age_after_move
from programmes.enrolment.queue import order_services
from programmes.enrolment.services import Taken
from programmes.oversight import services as decisions
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.conftest import START
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_coordinator, a_programme, an_application, sign_in_as, somebody

days = st.dates(date(2026, 9, 1), date(2027, 9, 1))


@pytest.fixture
async def adults(db: None) -> Programme:
    return (await a_programme("2.8"))[1]


def of_age(programme: Programme, youngest: int | None, oldest: int | None) -> Programme:
    return replace(programme, interpretations=(), age_facts=AgeFacts("participant", "", youngest, oldest, "yes", "yes"))


async def test_only_another_day_than_the_judged_one_is_judged_anew(adults: Programme) -> None:
    @given(born=st.dates(date(2007, 1, 1), date(2010, 12, 31)), judged=days, first=days, limit=st.sampled_from(["<", ">"]))
    def holds(born: date, judged: date, first: date, limit: str) -> None:
        programme = of_age(adults, 18, None) if limit == ">" else of_age(adults, None, 17)
        found = age_after_move(programme, born, judged, first)
        years = first.year - born.year - ((first.month, first.day) < (born.month, born.day))
        fits = years >= 18 if limit == ">" else years < 18
        assert (found is None) == (fits or first == judged)
        hidden = age_after_move(programme, born, judged, first, protected=True)
        assert (hidden is None) == (found is None)
        assert hidden is None or hidden.params == {"on": first}

    holds()
    assert age_after_move(adults, None, None, START.date()) is None
    assert age_after_move(adults, date(2009, 1, 1), None, None) is None


async def just_of_age(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, protected: bool = False) -> Taken:
    """Somebody who turns 18 on the day of the first session."""
    programme = await catalogue.programme(cohort.programme_id)
    assert cohort.first_start
    first = local_date(cohort.first_start)
    born = date(first.year - 18, first.month, first.day)
    application = await an_application(cohort, "Ung")
    answers = replace(application.answers, birth_date=born)
    found = replace(application, record=PersonRecord("Ung", born.isoformat()), answers=answers, protected=protected)
    taken = await services.apply(found, programme, keys, clock.now())
    assert isinstance(taken, Taken)
    return taken


@pytest.mark.parametrize("protected", [False, True])
async def test_staff_are_warned_on_both_pages_and_nothing_happens_by_itself(
    protected: bool, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), sessions=4)
    taken = await just_of_age(cohort, keys, clock, protected)
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    pages = (group, f"{group}/deltagare/{taken.enrolment_id}")
    for address in pages:
        assert "åldern stämmer inte" not in await look(client, address)
    await owner.execute("update cohort_session set starts_at = starts_at - $1::interval where number = 1", timedelta(days=7))
    for address in pages:
        shown = await look(client, address)
        assert "åldern stämmer inte" in shown
        assert "starten är" in shown
        assert "riktlinjen 2.8, ålder" in shown
        assert ("Fyller 18 år först 30 september 2026" in shown) == (not protected)
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.seat) == ("preliminary", 1)
    await owner.execute("update cohort_session set starts_at = starts_at + $1::interval where number = 1", timedelta(days=7))
    assert "åldern stämmer inte" not in await look(client, group)


async def test_before_the_first_session_is_moved_or_cancelled_staff_read_what_that_means_for_ages(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    for section, said in (("2.8", "markerar vi på gruppens sida"), ("2.15", "får alla säga sin ålder igen"), ("2.17", "")):
        cohort = await a_cohort(section, clock.now(), sessions=3)
        first, second = await owner.fetch(
            "select id from cohort_session where cohort_id = $1 order by starts_at limit 2", cohort.cohort_id
        )
        for change in ("flytta", "stall-in"):
            assert (said in await look(client, f"/personal/traffar/{first['id']}/{change}")) or not said
            assert ("Åldern räknas" in await look(client, f"/personal/traffar/{first['id']}/{change}")) == bool(said)
            assert "Åldern räknas" not in await look(client, f"/personal/traffar/{second['id']}/{change}")


async def test_that_a_start_is_postponed_is_said_to_whom_knew_the_other_days_and_to_nobody_who_came_afterwards(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    before = await somebody(cohort, keys, clock.now(), "Alm")
    clock.advance(minutes=5)
    new_first = local_date(clock.now()) + timedelta(days=42)
    digest = (await decisions.plan_again(cohort.cohort_id, new_first, kim, clock.now())).digest
    seen = decisions.seen_as(cohort.state, cohort.first_start)
    asked = (cohort.cohort_id, new_first, new_first - timedelta(days=7), "too_few", seen, digest)
    assert await decisions.postpone(*asked, kim, clock.now()) == []
    clock.advance(minutes=5)
    after = await somebody(await cohorts.by_id(cohort.cohort_id), keys, clock.now(), "Bok")
    for person, told in ((before, True), (after, False)):
        client.cookies.set("place", person.token)
        assert ("Starten är framflyttad" in await look(client, "/min-plats")) == told


@pytest.mark.parametrize(("before", "after", "states"), [
    (True, False, ("confirmed", "preliminary")),
    (False, True, ("preliminary", "confirmed")),
    (True, True, ("confirmed", "confirmed")),
    (False, False, ("preliminary", "preliminary")),
])  # fmt: skip
async def test_a_guardians_consent_that_is_said_anew_counts_for_the_place(
    before: bool, after: bool, states: tuple[str, str], keys: KeyFolder, clock: FrozenClock,
    owner: asyncpg.Connection, the_worker: worker.Worker,
) -> None:  # fmt: skip
    cohort, programme = await a_cohort("2.10", clock.now(), sessions=4), (await a_programme("2.10"))[1]
    asked = await an_application(cohort, "Lo")
    asked = replace(asked, answers=replace(asked.answers, age_band="12_17", guardian_consent=before))
    taken = await services.apply(asked, programme, keys, clock.now())
    assert isinstance(taken, Taken), taken
    assert (await queries.enrolment(taken.enrolment_id)).state == states[0]
    await owner.execute("update cohort_session set starts_at = starts_at + '1 day', ends_at = ends_at + '1 day'")
    first = local_date((await cohorts.by_id(cohort.cohort_id)).first_start or clock.now())
    told = "select count(*) from pgqueuer where entrypoint in ('place_held', 'place_confirmed')"
    told_before = await owner.fetchval(told)
    said = Answers(age_band="12_17", guardian_consent=after)
    asked = frozenset({"age", "guardian_consent"})
    assert await services.declare_again(taken.enrolment_id, said, programme, first, asked, clock.now()) == ()
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, facts.seat, facts.guardian_ticked) == (states[1], 1, after)
    assert await owner.fetchval(told) - told_before == (states[0] != states[1])
    # It is another message than the first one, which was about the place when it was given.
    await worker.drain(the_worker)
    if states == ("confirmed", "preliminary"):
        assert await owner.fetchval("select count(*) from notice where kind = 'place_held'") == 2


async def test_whoever_decides_about_a_start_reads_that_ages_are_of_another_day(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    adults, children = await a_cohort("2.8", clock.now()), await a_cohort("2.15", clock.now(), minimum=1)
    await just_of_age(adults, keys, clock)
    await somebody(children, keys, clock.now(), "Alva")
    await somebody(children, keys, clock.now(), "Bo")
    said = {
        adults.cohort_id: "Den vars ålder inte passar längre är markerad på gruppens sida.",
        children.cohort_id: "2 personer har inte sagt sin ålder för den nya första dagen.",
    }
    for moved in (False, True):
        cockpit = await look(client, "/personal/starter")
        for cohort_id, sentence in said.items():
            assert (sentence in await look(client, f"/personal/starter/{cohort_id}/starta")) == moved
            assert (sentence in cockpit) == moved
        await owner.execute("update cohort_session set starts_at = starts_at + '1 day', ends_at = ends_at + '1 day'")


async def test_whoever_does_not_meet_the_age_on_the_new_day_is_passed_over_with_that_reason_until_it_fits(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), sessions=4, minimum=1, maximum=1)
    holder = await somebody(cohort, keys, clock.now(), "Holm")
    young = await just_of_age(cohort, keys, clock)
    next_one = await somebody(cohort, keys, clock.now(), "Nästa")
    move = "update cohort_session set starts_at = starts_at + $1::interval where number = 1"
    await owner.execute(move, timedelta(days=-7))
    # Before anybody has looked, nobody is offered a place: not the one, and not those behind.
    await services.leave(holder.enrolment_id, keys, clock.now())
    assert [(await queries.enrolment(p.enrolment_id)).state for p in (young, next_one)] == ["queued", "queued"]
    await worker.drain(the_worker)
    facts = await queries.enrolment(young.enrolment_id)
    assert (facts.state, facts.skip_reason) == ("queued", "age")
    assert (await queries.enrolment(next_one.enrolment_id)).state == "offered"
    kinds = "select kind, reason, staff_id from queue_event where enrolment_id = $1 order by id"
    assert [tuple(row) for row in await owner.fetch(kinds, young.enrolment_id)][1:] == [("skipped", "age", None)]
    client.cookies.set("place", young.token)
    assert "din ålder stämmer inte den nya dagen (riktlinjen, avsnitt 2.8)" in await look(client, "/min-plats")
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{young.enrolment_id}"
    assert "åldern stämmer inte den nya dagen" in await look(client, person)
    # It fits again: their turn counts as before, also when the worker looks twice.
    await owner.execute(move, timedelta(days=7))
    for _ in range(2):
        await worker.drain(the_worker)
    assert (await queries.enrolment(young.enrolment_id)).skip_reason is None
    await owner.execute(move, timedelta(days=-7))
    await worker.drain(the_worker)
    assert (await queries.enrolment(young.enrolment_id)).skip_reason == "age"
    # Or staff decide otherwise, and that stands.
    await order_services.skip(young.enrolment_id, None, kim.staff_id, clock.now())
    await worker.drain(the_worker)
    assert (await queries.enrolment(young.enrolment_id)).skip_reason is None
    await services.decline_offer(next_one.enrolment_id, keys, clock.now())
    assert (await queries.enrolment(young.enrolment_id)).state == "offered"


async def test_a_record_that_cannot_be_read_holds_up_its_own_queue_only(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    waiting = {}
    for name in ("damaged", "whole"):
        cohort = await a_cohort("2.8", clock.now(), sessions=4, minimum=1, maximum=1)
        holder = await somebody(cohort, keys, clock.now(), "Holm")
        waiting[name] = await just_of_age(cohort, keys, clock), await somebody(cohort, keys, clock.now(), "Nästa")
        await services.leave(holder.enrolment_id, keys, clock.now() - timedelta(days=1))
    damaged = waiting["damaged"][0].enrolment_id
    await owner.execute("update cohort_session set starts_at = starts_at - $1::interval where number = 1", timedelta(days=7))
    await owner.execute("update enrolment set state = 'queued', offer_expires_at = null where state = 'offered'")
    await owner.execute("delete from seat where enrolment_id in (select id from enrolment where state = 'queued')")
    await owner.execute(
        "update participant set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)"
        " where id = (select participant_id from enrolment where id = $1)",
        damaged,
    )
    await worker.drain(the_worker)
    states = {
        name: [(await queries.enrolment(person.enrolment_id)).state for person in people] for name, people in waiting.items()
    }
    assert states == {"damaged": ["queued", "queued"], "whole": ["queued", "offered"]}
