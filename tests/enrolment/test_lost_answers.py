"""A form whose answer was lost and is sent again, a page that was read before a start was cancelled, and a second turn taken
by mistake: what was received is never denied, and nothing is promised or replaced unseen."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.core.codes import new_token
from programmes.core.sealing import KeyFolder
from programmes.enrolment import code_queries, place_services, queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.services import Refused, Taken
from programmes.enrolment.visits import step_services
from tests.clock import FrozenClock
from tests.enrolment.test_promises_of_the_form import all_ticked
from tests.enrolment.test_siblings import family, fields, states
from tests.factories import (
    a_cohort,
    a_leader,
    a_programme,
    an_application,
    csrf_of,
    hidden,
    post_form,
    sign_in_as,
    somebody,
)

CANCEL = "update cohort set state = 'cancelled' where id = $1"


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Each of these writes."""


async def test_the_same_form_again_after_entry_has_closed_leads_to_what_came_of_it(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=1, first_in=timedelta(minutes=10))
    address = f"/anmalan/{cohort.public_id}"
    form = all_ticked((await client.get(address)).text)
    assert (await client.post(address, data=form)).status_code == 303
    client.cookies.delete("place")
    clock.advance(minutes=20)
    again = await client.post(address, data=form)
    assert again.headers["location"] == "/min-plats"
    assert "Du har en plats" in (await client.get("/min-plats")).text
    # Another form is too late, and so is this one once what it took has been left.
    new = await client.post(address, data=form | {"once": new_token()})
    assert (new.status_code, "Det är för sent att komma med" in new.text) == (409, True)
    await post_form(client, "/min-plats/lamna", {})
    left = await client.post(address, data=form)
    assert (left.status_code, "Det är för sent att komma med" in left.text) == (409, True)


async def test_staff_too_are_led_to_the_person_whom_the_form_entered(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), await a_leader(clock.now()), sessions=4)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    form = all_ticked((await client.get(address)).text)
    first = await client.post(address, data=form)
    await owner.execute(CANCEL, cohort.cohort_id)
    assert (await client.post(address, data=form)).headers["location"] == first.headers["location"]


async def test_a_form_that_was_received_is_not_judged_again_and_one_that_was_left_is(
    keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, programme = await a_cohort("2.1", clock.now(), sessions=4), (await a_programme("2.1"))[1]
    sent = await an_application(cohort, "Ines")
    first = await services.apply(sent, programme, keys, clock.now())
    assert isinstance(first, Taken)
    by_another_reading = replace(sent, answers=replace(sent.answers, residency=False))
    again = await services.apply(by_another_reading, programme, keys, clock.now())
    assert isinstance(again, Taken)
    assert (again.enrolment_id, again.repeated) == (first.enrolment_id, True)
    await services.leave(first.enrolment_id, keys, clock.now())
    refused = await services.apply(by_another_reading, programme, keys, clock.now())
    assert isinstance(refused, Refused)
    assert [outcome.condition for outcome in refused.outcomes] == ["residency"]
    assert await owner.fetchval("select count(*) from enrolment") == 1


async def test_that_a_place_is_open_here_is_said_only_when_min_plats_shows_it(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    elsewhere = await somebody(await a_cohort("2.1", clock.now(), sessions=4), keys, clock.now())
    address = f"/anmalan/{cohort.public_id}"
    other_tab = all_ticked((await client.get(address)).text)
    await client.post(address, data=all_ticked((await client.get(address)).text))
    assert "Anmälan är öppen i den här webbläsaren" in (await client.get(address)).text
    for shown in (None, elsewhere.token):
        client.cookies.delete("place")
        if shown:
            client.cookies.set("place", shown)
        page = (await client.get(address)).text
        assert "Din plats är öppen" not in page
        assert "har skickats från den här webbläsaren den senaste halvtimmen" in page
        assert 'href="/min-plats?byt"' in page
        assert "Fick du ingen kod, ring oss på" in page
        asked = await client.post(address, data=other_tab)
        assert (asked.status_code, "Fick du ingen kod, ring oss på" in asked.text) == (409, True)
        client.cookies.delete("place")


@pytest.mark.parametrize("others", ["wait together", "wait alone", "have places"])
async def test_a_child_added_to_a_form_that_was_sent_is_never_parted_from_the_others_unasked(
    others: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=3)
    for _ in range(1 if others == "have places" else 3):
        await somebody(cohort, keys, clock.now())
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    two = fields(shown) | {"namn": "Lo", "namn_2": "Kim"} | ({} if others == "wait alone" else {"tillsammans": "ja"})
    assert (await client.post(address, data=two)).status_code == 303
    more = (await client.post(address, data=two | {"syskon": "fler"})).text
    three = fields(more) | {"namn": "Lo", "namn_2": "Kim", "namn_3": "Bo", "tillsammans": "ja"}
    asked = await client.post(address, data=three)
    assert asked.status_code == 422
    assert "De andra är redan anmälda" in asked.text
    assert await owner.fetchval("select count(*) from enrolment where applied_at >= $1", clock.now()) == (
        3 if others == "have places" else 5
    )
    three.pop("tillsammans")
    assert (await client.post(address, data=three)).status_code == 303
    last = await owner.fetchrow("select state, together_id from enrolment order by arrival desc limit 1")
    assert last
    assert tuple(last) == ("queued", None)


async def test_with_places_for_all_of_them_a_child_who_is_added_gets_one_with_the_others(
    keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort, once = await a_cohort("2.15", clock.now(), minimum=1, maximum=3), new_token()
    await family(cohort, keys, clock, 2, once=once)
    assert await states(await family(cohort, keys, clock, 3, once=once)) == ["confirmed"] * 3
    with pytest.raises(AssertionError, match="too_many=True"):
        await family(cohort, keys, clock, 4, once=once)


async def test_who_leaves_a_start_that_was_cancelled_meanwhile_reads_first_that_it_is_for_good(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    client.cookies.set("place", taken.token)
    shown = (await client.get("/min-plats/lamna")).text
    assert "Du kan ångra dig i en timme." in shown
    stale = {"_csrf_token": csrf_of(shown), "lamnar": hidden(shown, "lamnar")}
    await owner.execute(CANCEL, cohort.cohort_id)
    answer = await client.post("/min-plats/lamna", data=stale)
    assert answer.headers["location"] == "/min-plats/lamna?annat=1"
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"
    again = (await client.get(answer.headers["location"])).text
    assert "Inget är lämnat än" in again
    assert "Starten är inställd, så det finns ingenting att komma tillbaka till. Det går inte att ångra." in again
    assert "Du kan ångra dig i en timme" not in again
    gone = await client.post("/min-plats/lamna", data=stale | {"lamnar": hidden(again, "lamnar")})
    assert gone.headers["location"] == "/min-plats/klart"
    assert (await queries.enrolment(taken.enrolment_id)).sealed is None


async def test_the_page_to_undo_on_promises_no_hour_once_the_start_is_cancelled(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    client.cookies.set("place", taken.token)
    await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    assert "Ångrar du dig går det till klockan" in (await client.get("/min-plats")).text
    await owner.execute(CANCEL, cohort.cohort_id)
    shown = (await client.get("/min-plats")).text
    assert "Det finns inte längre någon plats eller kö att komma tillbaka till." in shown
    assert "Ångrar du dig" not in shown


async def test_who_applied_again_and_undoes_with_the_old_code_is_asked_before_there_are_two(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    await client.post(address, data=all_ticked((await client.get(address)).text))
    first = await code_queries.open_place(client.cookies["place"], clock.now())
    assert first
    code = place_services.unseal(await queries.enrolment(first), keys).code
    await post_form(client, "/min-plats/lamna", {})
    stale = {"_csrf_token": csrf_of((await client.get("/min-plats")).text), "redan": ""}
    clock.advance(minutes=1)
    await client.post(address, data=all_ticked((await client.get(address)).text))
    await post_form(client, "/min-plats", {"kod": code}, "/min-plats?byt")
    assert (await client.post("/min-plats/angra", data=stale)).headers["location"] == "/min-plats"
    assert (await queries.enrolment(first)).state == "withdrawn"
    shown = (await client.get("/min-plats")).text
    assert "Det har kommit en ny anmälan härifrån" in shown
    # It was somebody else in the family: nobody is refused.
    undone = await client.post("/min-plats/angra", data=stale | {"redan": hidden(shown, "redan")})
    assert undone.headers["location"] == "/min-plats?angrat=seat"


async def test_a_sibling_who_undoes_is_asked_nothing(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    address = f"/anmalan/{(await a_cohort('2.15', clock.now())).public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    await client.post(address, data=fields(shown) | {"namn": "Lo", "namn_2": "Kim"})
    await post_form(client, "/min-plats/lamna", {})
    shown = (await client.get("/min-plats")).text
    assert "Det har kommit en ny anmälan härifrån" not in shown
    undone = await client.post("/min-plats/angra", data={"_csrf_token": csrf_of(shown)})
    assert undone.headers["location"] == "/min-plats?angrat=seat"


async def test_a_tab_from_before_another_visit_was_booked_replaces_none_unseen(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    slots = []
    for days in (3, 4):
        starts = clock.now() + timedelta(days=days)
        ends = starts + timedelta(hours=1)
        slots.append(
            await step_services.add_slot(cohort.cohort_id, starts, ends, cohort.venue_id, robin.staff_id, 1, clock.now())
        )
    taken = await somebody(cohort, keys, clock.now())
    client.cookies.set("place", taken.token)
    shown = (await client.get("/min-plats")).text
    form = {"_csrf_token": csrf_of(shown), "sett": hidden(shown, "sett")}
    assert (await client.post("/min-plats/studiebesok", data=form | {"tid": str(slots[0])})).status_code == 303
    late = await client.post("/min-plats/studiebesok", data=form | {"tid": str(slots[1])})
    assert (late.status_code, "Studiebesöket har ändrats" in late.text) == (409, True)
    visit = (await queries.enrolment(taken.enrolment_id)).visit
    assert visit
    assert visit.slot_id == slots[0]
    # The same press twice is one booking.
    assert (await client.post("/min-plats/studiebesok", data=form | {"tid": str(slots[0])})).status_code == 303
