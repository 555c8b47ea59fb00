"""A form that was shown before something changed says so, and nothing that somebody meant is swallowed."""

import re
from datetime import timedelta

import asyncpg
import httpx

from programmes.catalogue.services import choose_reading
from programmes.cohorts.rules import Span, places_span
from programmes.core.clock import local_date
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.queue import deadline_queries
from programmes.enrolment.services import Refused, Taken
from tests.clock import FrozenClock
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    a_programme,
    an_application,
    csrf_of,
    sign_in_as,
    somebody,
)

MOVE = """update cohort_session set starts_at = starts_at + $2::interval, ends_at = ends_at + $2::interval
          where cohort_id = $1 and number = 1"""


def filled(shown: str, **typed: str) -> dict[str, str]:
    """The form as a browser sends it, with everything ticked."""
    form = dict(re.findall(r'type="hidden" name="([a-z_0-9]+)" value="([^"]*)"', shown))
    ticks = re.findall(r'type="(?:checkbox|radio)" name="(v_[a-z_0-9]+)" value="ja"', shown)
    return form | dict.fromkeys(ticks, "ja") | typed


async def test_a_form_that_said_another_first_day_is_shown_again_and_then_counts_for_the_new_day(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.12", clock.now(), sessions=9)
    address = f"/anmalan/{cohort.public_id}"
    stale = filled((await client.get(address)).text, namn="Lo")
    await owner.execute(MOVE, cohort.cohort_id, timedelta(days=2))
    answer = await client.post(address, data=stale)
    assert answer.status_code == 409
    assert "Första träffen har flyttats" in answer.text
    assert 'value="Lo"' in answer.text
    assert await owner.fetchval("select count(*) from enrolment") == 0
    assert (await client.post(address, data=filled(answer.text, namn="Lo"))).status_code == 303
    assert "Säg till om det stämmer även då." not in (await client.get("/min-plats")).text


async def test_sent_again_after_the_move_the_place_that_was_taken_before_is_the_answer(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.12", clock.now(), sessions=9)
    address = f"/anmalan/{cohort.public_id}"
    form = filled((await client.get(address)).text)
    assert (await client.post(address, data=form)).status_code == 303
    await owner.execute(MOVE, cohort.cohort_id, timedelta(days=2))
    assert (await client.post(address, data=form)).status_code == 303
    assert await owner.fetchval("select count(*) from enrolment") == 1


async def test_under_the_lock_a_day_that_has_just_moved_is_seen(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for section in ("2.1", "2.8"):
        cohort = await a_cohort(section, clock.now())
        application = await an_application(cohort)
        await owner.execute(MOVE, cohort.cohort_id, timedelta(days=-1))
        answer = await services.apply(application, (await a_programme(section))[1], keys, clock.now())
        assert isinstance(answer, Refused)
        assert answer.moved
    assert await owner.fetchval("select count(*) from enrolment") == 0


async def test_an_answer_about_age_on_an_old_page_is_asked_for_again(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.12", clock.now(), sessions=9)
    address = f"/anmalan/{cohort.public_id}"
    await client.post(address, data=filled((await client.get(address)).text))
    await owner.execute(MOVE, cohort.cohort_id, timedelta(days=2))
    page = (await client.get("/min-plats")).text
    stale = {"_csrf_token": csrf_of(page), "v_age": "ja"}
    stale["dag"] = re.findall(r'name="dag" value="([^"]+)"', page)[0]
    await owner.execute(MOVE, cohort.cohort_id, timedelta(days=3))
    answer = await client.post("/min-plats/alder", data=stale)
    assert answer.status_code == 422
    assert "Den första dagen har flyttats en gång till." in answer.text
    fresh = stale | {"dag": re.findall(r'name="dag" value="([^"]+)"', answer.text)[0]}
    assert (await client.post("/min-plats/alder", data=fresh)).status_code == 303
    assert 'name="dag"' not in (await client.get("/min-plats")).text


async def test_one_form_for_two_people_says_so_and_pressed_once_more_it_is_the_second_ones(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.12", clock.now(), sessions=9)
    address = f"/anmalan/{cohort.public_id}"
    form = filled((await client.get(address)).text, namn="Ask")
    assert (await client.post(address, data=form)).status_code == 303
    answer = await client.post(address, data=form | {"namn": "Björk"})
    assert answer.status_code == 409
    assert "Formuläret är redan skickat, för någon annan" in answer.text
    assert await owner.fetchval("select count(*) from enrolment") == 1
    assert (await client.post(address, data=filled(answer.text, namn="Björk"))).status_code == 303
    assert await owner.fetchval("select count(*) from seat") == 2


async def test_the_same_form_for_two_named_people_is_two_applications_too(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.17", clock.now())
    programme = (await a_programme("2.17"))[1]
    anna = await an_application(cohort, "Anna Ask", once="samma")
    bertil = await an_application(cohort, "Bertil Björk", once="samma")
    assert isinstance(await services.apply(anna, programme, keys, clock.now()), Taken)
    answer = await services.apply(bertil, programme, keys, clock.now())
    assert isinstance(answer, Refused)
    assert answer.sent_for_another
    assert await owner.fetchval("select count(*) from participant") == 1


async def test_whoever_is_moved_has_a_week_of_their_own_to_book_a_visit(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    here, there = [await a_cohort("2.8", clock.now(), minimum=1, maximum=1, first_in=timedelta(days=60)) for _ in range(2)]
    await somebody(here, keys, clock.now())
    waiting = await somebody(here, keys, clock.now())
    clock.advance(days=20)
    await owner.execute(
        "update cohort set decide_by = $2, visit_days = 1 where id = $1", there.cohort_id, local_date(clock.now())
    )
    plan = await transfer_services.plan(waiting.enrolment_id, there.cohort_id, keys, clock.now())
    assert isinstance(plan.decided, transfer_services.Move)
    moved = await transfer_services.transfer(
        waiting.enrolment_id, there.cohort_id, plan.seen, kim.staff_id, keys, clock.now()
    )
    assert moved
    last = await deadline_queries.last_day(await queries.enrolment(moved))
    assert last == local_date(clock.now()) + timedelta(days=7)


# Exceptions from residency, which the office makes in a conversation


async def refused(client: httpx.AsyncClient, address: str, shown: str, **typed: str) -> str:
    answer = await client.post(address, data=filled(shown, v_residency="nej", **typed))
    assert answer.status_code == 422
    return answer.text


async def conditions(client: httpx.AsyncClient, address: str, **typed: str) -> str:
    """The second step of the staff's form for a named programme."""
    first = filled((await client.get(address)).text, namn="Anna Ask", fodd="19850214", **typed)
    return (await client.post(address, data=first)).text


async def test_someone_from_a_neighbouring_municipality_comes_by_agreement_which_the_coordinator_refers_to(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    cohort = await a_cohort("2.5", clock.now(), robin, minimum=1, maximum=2)
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    await sign_in_as(client, "kim", clock.now())
    shown = await conditions(client, address)
    assert 'name="undantag"' not in shown
    assert "folkbokförd" in await refused(client, address, shown, undantag="neighbouring_agreement")
    programme = (await a_programme("2.5"))[1]
    await choose_reading(programme, "neighbouring_agreement", "Ronneby, ON 2026/12", kim.staff_id, clock.now())
    shown = await conditions(client, address)
    assert "Ronneby, ON 2026/12" in shown
    answer = await client.post(address, data=filled(shown, v_residency="nej", undantag="neighbouring_agreement"))
    assert answer.status_code == 303
    page = (await client.get(answer.headers["location"])).text
    assert "uppdrag från en grannkommun, enligt överenskommelse (Ronneby, ON 2026/12)" in page
    # Who would turn the person down for residency is reminded that an exception was made.
    assert "uppdrag från en grannkommun" in (await client.get(answer.headers["location"] + "/villkor")).text
    kept = await owner.fetch("select condition from condition_met where enrolment_id = (select id from enrolment)")
    assert "neighbouring_agreement" in {row["condition"] for row in kept}
    assert "residency" not in {row["condition"] for row in kept}
    # A leader can't: the exception is the coordinator's.
    await sign_in_as(client, "robin", clock.now())
    shown = await conditions(client, address)
    assert 'name="undantag"' not in shown
    await refused(client, address, shown, undantag="neighbouring_agreement")


async def test_somebody_with_protected_details_may_be_registered_elsewhere(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.2", clock.now(), robin, minimum=1, maximum=2)
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    await sign_in_as(client, "robin", clock.now())
    assert 'name="undantag"' not in await conditions(client, address)
    shown = await conditions(client, address, skydd="ja")
    answer = await client.post(
        address, data=filled(shown, v_residency="nej", undantag="protected_registration") | {"skydd": "ja"}
    )
    assert answer.status_code == 303
    shown = await conditions(client, address)
    await refused(client, address, shown, undantag="protected_registration")


async def test_on_the_web_nobody_makes_an_exception(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    await choose_reading(
        (await a_programme("2.5"))[1], "neighbouring_agreement", "Ronneby, ON 2026/12", kim.staff_id, clock.now()
    )
    cohort = await a_cohort("2.17", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    first = filled((await client.get(address)).text, namn="Anna", fodd="19850214", kontakt="a@example.se", saker="email")
    shown = (await client.post(address, data=first)).text
    await refused(client, address, shown, undantag="neighbouring_agreement", skydd="ja")


async def test_a_mediation_has_a_place_for_each_party(client: httpx.AsyncClient, clock: FrozenClock, db: None) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert "Samtal för båda parter, två platser" in (await client.get("/personal/grupper/ny?insats=2.13")).text
    assert places_span((await a_programme("2.13"))[1]) == Span(1, 2)
    assert places_span((await a_programme("2.14"))[1]) == Span(1, 1)


async def test_staff_see_whose_age_is_to_be_said_again_and_write_what_the_person_says(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.15", clock.now(), robin, sessions=4)
    someone = await somebody(cohort, keys, clock.now(), "Lo")
    await sign_in_as(client, "robin", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{someone.enrolment_id}"
    assert f"{person}/alder" not in (await client.get(person)).text
    assert (await client.get(f"{person}/alder")).status_code == 303
    await owner.execute(MOVE, cohort.cohort_id, timedelta(days=2))
    assert "Säga om åldern stämmer den nya dagen" in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert f"{person}/alder" in (await client.get(person)).text
    page = (await client.get(f"{person}/alder")).text
    stale = {"_csrf_token": csrf_of(page), "dag": re.findall(r'name="dag" value="([^"]+)"', page)[0], "v_age": "12_17"}
    wrong = await client.post(f"{person}/alder", data=stale | {"v_age": "outside"})
    assert wrong.status_code == 422
    assert "2.15" in wrong.text
    assert (await client.post(f"{person}/alder", data=stale | {"dag": "skräp"})).status_code == 422
    await owner.execute(MOVE, cohort.cohort_id, timedelta(days=2))
    moved = await client.post(f"{person}/alder", data=stale)
    assert moved.status_code == 422
    assert "en gång till" in moved.text
    fresh = stale | {"dag": re.findall(r'name="dag" value="([^"]+)"', moved.text)[0]}
    assert (await client.post(f"{person}/alder", data=fresh)).status_code == 303
    assert f"{person}/alder" not in (await client.get(person)).text
    assert await owner.fetchval("select count(*) from audit_entry where action = 'enrolment:declare_again'") == 1
