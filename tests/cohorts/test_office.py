"""Who works with a cohort, and rooms: coordinators decide, and access ends when it is said to."""

from datetime import date

import httpx
import pytest

from programmes.cohorts import queries
from programmes.cohorts.office_rules import Worker, may_take_home
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, box, post_form
from tests.lists import lines_of


@pytest.fixture
async def kim(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    """A coordinator of everything, signed in."""
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return kim


async def sees(who: Principal, cohort: CohortFacts, clock: FrozenClock) -> bool:
    try:
        await queries.mine(who, local_date(clock.now()), cohort.cohort_id)
    except NotFound:
        return False
    return True


async def test_a_substitute_sees_the_group_until_the_last_day(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin, love = await a_leader(clock.now()), await a_leader(clock.now(), "love")
    cohort = await a_cohort("2.8", clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}/ledare"
    wanted = {"vem": str(love.staff_id), "roll": "vikarie", "till": "2026-09-10"}
    assert (await post_form(client, address, wanted)).status_code == 303
    assert "Vikarie till och med 10 september 2026" in (await client.get(address)).text
    assert await sees(love, cohort, clock)
    clock.advance(days=8)
    assert await sees(love, cohort, clock)
    clock.advance(days=1)
    assert not await sees(love, cohort, clock)


async def test_a_group_always_has_a_leader_and_who_is_taken_out_sees_it_no_more(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin, mika = await a_leader(clock.now()), await a_leader(clock.now(), "mika")
    cohort = await a_cohort("2.8", clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}/ledare"
    refused = await post_form(client, address, {"bort": str(robin.staff_id)})
    assert refused.status_code == 422
    assert "Det är gruppens enda gruppledare." in refused.text
    assert (await post_form(client, address, {"vem": str(mika.staff_id), "roll": "ledare"})).status_code == 303
    assert (await post_form(client, address, {"bort": str(robin.staff_id)})).status_code == 303
    assert not await sees(robin, cohort, clock)
    assert await sees(mika, cohort, clock)


async def test_wrong_choices_are_explained_and_others_may_not_choose(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}/ledare"
    me = str(robin.staff_id)
    for sent, message in (
        ({"vem": "4711", "roll": "ledare"}, "Välj vem."),
        ({"vem": me, "roll": ""}, "Välj gruppledare eller vikarie."),
        ({"vem": me, "roll": "vikarie", "till": ""}, "Skriv ett datum som finns"),
        ({"vem": me, "roll": "vikarie", "till": "2026-01-01"}, "Tiden har redan varit."),
        ({"vem": me, "roll": "ledare"}, "Personen är redan gruppledare här."),
        ({"bort": "4711"}, "Välj ett av alternativen."),
    ):
        answer = await post_form(client, address, sent)
        assert answer.status_code == 422
        assert message in answer.text
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(address)).status_code == 403
    await a_coordinator(clock.now(), "annan", "2.1")
    await sign_in_as(client, "annan", clock.now())
    assert (await client.get(address)).status_code == 404


async def test_a_room_is_renamed_and_every_session_there_counts_as_changed(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort, other = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now())
    shown = (await client.get("/personal/lokaler")).text
    assert (cohort.venue in shown, "10 kommande tider." in shown) == (True, True)
    named = {"lokal": cohort.venue_id, "namn": "  Nya   Eken "}
    for changes, message in (
        ({"namn": ""}, "Skriv vad lokalen heter nu."),
        ({"namn": cohort.venue}, "Den heter redan så."),
        ({"namn": other.venue}, "En annan lokal heter så."),
        ({"namn": f" {other.venue.upper().replace(' ', '  ')} "}, "En annan lokal heter så."),
        ({"namn": "x" * 81}, "Skriv högst 80 tecken."),
        ({"lokal": "4711"}, "Välj en lokal."),
        ({"namn": "Anna Svensson 19121212-1212"}, "Personnummer, telefonnummer och e-post får inte stå här."),
    ):
        answer = await post_form(client, "/personal/lokaler", {**named, **changes})
        assert (answer.status_code, message in answer.text) == (422, True), message
    assert {s.sequence for s in await queries.sessions(cohort.cohort_id)} == {0}
    answer = await post_form(client, "/personal/lokaler", named)
    assert "Lokalen har ett nytt namn." in (await client.get(answer.headers["location"])).text
    after = await queries.sessions(cohort.cohort_id)
    assert {(s.venue, s.sequence, s.revised_at) for s in after} == {("Nya Eken", 1, clock.now())}
    assert {s.sequence for s in await queries.sessions(other.cohort_id)} == {0}


async def test_letting_somebody_in_who_leads_elsewhere_then_says_so_first(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    await a_cohort("2.7", clock.now(), robin, sessions=2)
    page = f"/personal/grupper/{cohort.cohort_id}/ledare"
    form = {"vem": robin.staff_id, "roll": "ledare"}
    answer = await post_form(client, page, form)
    assert (answer.status_code, "Krock: Robin har" in answer.text, 'name="anda"' in answer.text) == (422, True, True)
    # Until before the clash there is none.
    until = {"vem": robin.staff_id, "roll": "vikarie", "till": "2026-09-29"}
    assert (await post_form(client, page, until)).status_code == 303
    assert (await post_form(client, page, {**form, "anda": box(answer.text)})).status_code == 303


async def test_rooms_are_a_file_too(kim: Principal, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    [room] = [line for line in await lines_of(client, "/personal/lokaler.csv") if line[0] == cohort.venue]
    assert room == [cohort.venue, cohort.address, "10"]
    assert 'href="/personal/lokaler.csv"' in (await client.get("/personal/lokaler")).text


def test_a_groups_lists_are_taken_home_by_its_leaders_and_its_coordinators_only() -> None:
    present = [Worker(1, "Robin", "leader", None), Worker(2, "Love", "substitute", date(2026, 10, 1))]
    for who, may in (
        (Principal(1, "Robin", {"leader": frozenset()}), True),
        (Principal(2, "Love", {"leader": frozenset()}), False),
        (Principal(3, "Mika", {"leader": frozenset()}), False),
        (Principal(4, "Kim", {"coordinator": frozenset({"2.8"})}), True),
        (Principal(5, "Ali", {"coordinator": frozenset({"2.1"})}), False),
    ):
        assert may_take_home(present, who, "2.8") is may, who.name
