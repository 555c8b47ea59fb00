"""Closures: which sessions lie in one is shown before it is entered and after, and other closures of the days are named."""

import re
from dataclasses import replace
from datetime import date, time, timedelta

import httpx
import pytest

from programmes.cohorts import queries
from programmes.cohorts.closure_rules import (
    Days,
    Entered,
    Lying,
    closed_already,
    closing,
    met_by,
    to_be_meant,
    why_not_close,
)
from programmes.cohorts.closure_services import closures
from programmes.cohorts.meant_rules import signs
from programmes.core.clock import at_local, local_date
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, box, post_form
from tests.lists import lines_of

CLOSURES = "/personal/stangningar"


@pytest.fixture
async def kim(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    """A coordinator of everything, signed in."""
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return kim


async def enter(client: httpx.AsyncClient, days: dict[str, object]) -> httpx.Response:
    """Enter a closure in which sessions lie, after a look at them."""
    asked = await post_form(client, CLOSURES, days)
    assert asked.status_code == 422
    return await post_form(client, CLOSURES, {**days, "anda": box(asked.text)})


async def test_a_closure_is_entered_shown_with_what_lies_in_it_and_taken_away(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_cohort("2.8", clock.now())
    week = {"namn": "Höstlov", "forsta": "2026-10-26", "sista": "2026-10-30", "lokal": ""}
    answer = await enter(client, week)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{CLOSURES}?klart=inlagd")
    shown = (await client.get(answer.headers["location"])).text
    assert "Stängningen är inlagd." in shown
    assert "26 oktober–30 oktober 2026. Alla lokaler." in shown
    assert "1 träff ligger redan då." in shown
    closure = shown.split("/personal/stangningar/")[1].split("/")[0]
    address = f"{CLOSURES}/{closure}/ta-bort"
    assert f'href="{address}"' in shown
    assert f'action="{address}"' not in shown
    sure = (await client.get(address)).text
    for words in ("Höstlov", "26 oktober–30 oktober 2026. Alla lokaler.", "Ja, ta bort", "Behåll"):
        assert words in sure
    assert "Höstlov" in (await client.get(CLOSURES)).text
    answer = await post_form(client, address, {})
    gone = (await client.get(answer.headers["location"])).text
    assert ("Stängningen är borttagen." in gone, "Höstlov" in gone) == (True, False)
    assert (await client.get(address)).status_code == 404
    assert (await post_form(client, address, {}, CLOSURES)).status_code == 404


async def test_who_leads_the_group_sees_which_of_its_sessions_lie_in_one(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), await a_leader(clock.now()))
    sessions = await queries.sessions(cohort.cohort_id)
    day = local_date(sessions[3].starts_at).isoformat()
    await enter(client, {"namn": "Takrenovering", "forsta": day, "sista": day, "lokal": str(cohort.venue_id)})
    await sign_in_as(client, "robin", clock.now())
    shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
    assert shown.count("Takrenovering") == shown.count("Stängt då") == 1
    assert "Takrenovering" in shown.split(f'id="t{sessions[3].session_id}"')[1].split("</li>")[0]
    # So do the group's own page and the list that is taken home.
    overview = (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert overview.count("Takrenovering") == overview.count("Stängt då") == 1
    lines = await lines_of(client, f"/personal/grupper/{cohort.cohort_id}/traffar.csv")
    assert [line[-1] for line in lines] == ["", "", "", "Takrenovering", "", "", "", "", "", ""]
    clock.set(sessions[3].ends_at)
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(f"/personal/grupper/{cohort.cohort_id}")).status_code == 200
    assert "Stängt då" not in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    lines = await lines_of(client, f"/personal/grupper/{cohort.cohort_id}/traffar.csv")
    assert {line[-1] for line in lines} == {""}


def test_a_closure_of_one_room_closes_no_other() -> None:
    day, elsewhere = date(2026, 10, 26), date(2026, 10, 28)
    entered = [Entered(1, Days(day, day, 7), "Golv", "Linden"), Entered(2, Days(elsewhere, elsewhere), "Lov", "")]
    assert closing(at_local(day, time(0)), 7, entered) == entered[0]
    assert closing(at_local(day, time(23, 59)), 8, entered) is None
    assert closing(at_local(day + timedelta(days=1), time(0)), 7, entered) is None
    assert closing(at_local(elsewhere, time(18)), 8, entered) == entered[1]


async def test_a_wrong_closure_is_kept_and_explained(kim: Principal, client: httpx.AsyncClient) -> None:
    week = {"namn": "Lov", "forsta": "2026-10-26", "sista": "2026-10-30", "lokal": ""}
    for changes, message in (
        ({"sista": "2026-10-01"}, "Sista dagen kan inte vara före den första."),
        ({"sista": "2027-09-01"}, "En stängning är högst fyra månader."),
        ({"forsta": "2026-06-01", "sista": "2026-08-01"}, "De dagarna har redan varit. Sista dagen kan tidigast vara idag."),
        ({"forsta": "2199-06-01", "sista": "2199-08-01"}, "Välj en dag inom två år."),
        ({"namn": ""}, "Skriv vad det är"),
        ({"lokal": "4711"}, "Välj en lokal."),
    ):
        answer = await post_form(client, CLOSURES, {**week, **changes})
        assert answer.status_code == 422
        assert message in answer.text
        assert f'value="{changes.get("sista", week["sista"])}"' in answer.text
    assert "Inga stängningar än" in (await client.get(CLOSURES)).text


async def test_only_coordinators_enter_closures(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    for address in (CLOSURES, f"{CLOSURES}/1/ta-bort"):
        assert (await client.get(address)).status_code == 403
    assert f'<a href="{CLOSURES}">' not in (await client.get("/personal/idag")).text


async def test_coordinators_find_closures_at_the_foot_of_every_page(kim: Principal, client: httpx.AsyncClient) -> None:
    assert f'<a href="{CLOSURES}">Stängningar</a>' in (await client.get("/personal/idag")).text


async def test_the_same_closure_is_entered_once(kim: Principal, client: httpx.AsyncClient) -> None:
    wish: dict[str, object] = {"forsta": "2027-02-22", "sista": "2027-02-26", "namn": "Sportlov", "lokal": ""}
    assert (await post_form(client, "/personal/stangningar", wish)).status_code == 303
    again = await post_form(client, "/personal/stangningar", wish)
    assert again.status_code == 422
    assert "De dagarna är redan stängda där." in again.text


HELD = Days(date(2027, 2, 22), date(2027, 2, 26))
SPORTLOV = Entered(1, HELD, "Sportlov", "")


def test_a_closure_meets_those_of_its_days_in_its_room_or_in_every_room() -> None:
    room = Entered(2, replace(HELD, venue_id=7), "Målning", "Linden")
    for days, met in (
        (Days(date(2027, 2, 26), date(2027, 3, 5)), [SPORTLOV, room]),
        (Days(date(2027, 2, 27), date(2027, 3, 5)), []),
        (Days(date(2027, 2, 1), date(2027, 2, 21)), []),
        (Days(date(2027, 2, 1), date(2027, 2, 22), 7), [SPORTLOV, room]),
        (Days(date(2027, 2, 1), date(2027, 2, 22), 8), [SPORTLOV]),
    ):
        assert met_by(days, [SPORTLOV, room]) == met, days
    assert [one.code for one in closed_already(HELD, [SPORTLOV])] == ["closed_already"]
    assert closed_already(replace(HELD, venue_id=7), [SPORTLOV]) == []


def test_what_is_asked_stands_for_every_session_and_every_closure(clock: FrozenClock) -> None:
    lies = Lying(1, 1, "Gruppen", "group", 3, clock.now(), clock.now() + timedelta(hours=2))
    asked = to_be_meant(HELD, [SPORTLOV], [lies])
    assert [one.code for one in asked] == ["closed_in_part", "sessions_stay"]
    assert to_be_meant(HELD, [], []) == []
    for other in ([lies, replace(lies, session_id=2)], [replace(lies, starts_at=clock.now() + timedelta(days=1))]):
        assert not signs(to_be_meant(HELD, [SPORTLOV], other)) <= signs(asked)


def test_a_closure_that_ends_before_it_begins_is_not_also_said_to_be_over() -> None:
    found = why_not_close(Days(date(2027, 2, 22), date(2026, 2, 26)), "Sportlov", date(2026, 9, 1))
    assert [one.code for one in found] == ["ends_before"]


async def test_a_closure_is_called_by_nothing_that_leads_to_somebody(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    week = {"forsta": "2026-10-26", "sista": "2026-10-30", "lokal": ""}
    for language, told in (("sv", "Skriv vad det är som stänger"), ("en", "Write what closes")):
        client.cookies.set("lang", language)
        for words in ("Anna 850214-1234 sjuk", "ring 070-174 06 05", "Anna född 850214", "Storgatan 5"):
            answer = await post_form(client, CLOSURES, {**week, "namn": words})
            assert (answer.status_code, told in answer.text) == (422, True), words
    assert await closures(date(2026, 9, 1)) == []
    # As the release before sends it.
    assert (await post_form(client, CLOSURES, {**week, "namn": "Höstlov 2026, v. 44"})).status_code == 303


async def test_which_sessions_lie_in_it_is_shown_before_it_is_entered_and_after(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), sessions=4)
    days: dict[str, object] = {"namn": "Ombyggnad", "forsta": "2026-09-14", "sista": "2026-10-30", "lokal": ""}
    sessions = await queries.sessions(cohort.cohort_id)
    lines = [
        f'href="/personal/grupper/{cohort.cohort_id}/traffar#t{session.session_id}">{cohort.name}' for session in sessions
    ]
    asked = await post_form(client, CLOSURES, days)
    assert asked.status_code == 422
    assert "Inga stängningar än" in asked.text
    assert "4 träffar ligger redan då och ligger kvar tills ni flyttar dem. Ändra, eller kryssa i" in asked.text
    assert [line in asked.text for line in lines] == [True] * 4
    assert "Onsdag 30 september 2026 10.00–12.00. Träff 1." in asked.text
    assert "Inget som är bokat ändras." in asked.text
    entered = await post_form(client, CLOSURES, {**days, "anda": box(asked.text)})
    shown = (await client.get(entered.headers["location"])).text
    assert [line in shown for line in lines] == [True, True, True, False]
    more = re.search(r'href="(/personal/stangningar/[0-9]+)">Och 1 till', shown)
    assert more
    every = (await client.get(more[1])).text
    assert [line in every for line in lines] == [True] * 4
    assert await queries.sessions(cohort.cohort_id) == sessions
    # What is over or has begun lies nowhere any more: nobody can move it.
    clock.advance(days=29)
    await sign_in_as(client, "kim", clock.now())
    assert "3 träffar ligger redan då." in (await client.get(more[1])).text


async def test_many_sessions_are_folded_before_it_is_entered(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    for _ in range(3):
        await a_cohort("2.8", clock.now(), sessions=4)
    days: dict[str, object] = {"namn": "Ombyggnad", "forsta": "2026-09-14", "sista": "2026-10-30", "lokal": ""}
    asked = (await post_form(client, CLOSURES, days)).text
    first, rest = asked.split("<summary>Och 2 till</summary>")
    assert (first.count("/traffar#t"), rest.count("/traffar#t")) == (10, 2)


async def test_a_page_of_the_release_before_is_asked_and_a_session_that_came_meanwhile_too(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_cohort("2.8", clock.now(), sessions=1)
    days: dict[str, object] = {"namn": "Ombyggnad", "forsta": "2026-09-14", "sista": "2026-10-30", "lokal": ""}
    asked = await post_form(client, CLOSURES, days)
    assert (asked.status_code, 'value="Ombyggnad"' in asked.text, "1 träff ligger" in asked.text) == (422, True, True)
    await a_cohort("2.7", clock.now(), sessions=1)
    again = await post_form(client, CLOSURES, {**days, "anda": box(asked.text)})
    assert (again.status_code, "2 träffar ligger redan då" in again.text) == (422, True)
    assert (await post_form(client, CLOSURES, {**days, "anda": box(again.text)})).status_code == 303


async def test_a_closure_that_others_have_days_of_names_them_and_an_empty_one_is_entered_at_once(
    kim: Principal, client: httpx.AsyncClient
) -> None:
    week: dict[str, object] = {"namn": "Sportlov", "forsta": "2027-02-22", "sista": "2027-02-26", "lokal": ""}
    entered = await post_form(client, CLOSURES, week)
    assert entered.status_code == 303
    assert "Inga träffar i era insatser ligger då." in (await client.get(CLOSURES)).text
    later = {**week, "namn": "Renovering", "forsta": "2027-02-26", "sista": "2027-03-03"}
    asked = await post_form(client, CLOSURES, later)
    met = "Dagar i den är redan stängda: Sportlov, 22 februari–26 februari 2027 (alla lokaler)."
    assert (asked.status_code, met in asked.text) == (422, True)
    assert (await post_form(client, CLOSURES, {**later, "anda": box(asked.text)})).status_code == 303


async def test_who_coordinates_one_programme_sees_its_sessions_only(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    mine, other = await a_cohort("2.8", clock.now(), sessions=1), await a_cohort("2.7", clock.now(), sessions=1)
    await a_coordinator(clock.now(), "kim", "2.8")
    await sign_in_as(client, "kim", clock.now())
    days: dict[str, object] = {"namn": "Ombyggnad", "forsta": "2026-09-14", "sista": "2026-10-30", "lokal": ""}
    asked = await post_form(client, CLOSURES, days)
    assert "1 träff ligger redan då" in asked.text
    assert f"/personal/grupper/{mine.cohort_id}/traffar" in asked.text
    assert f"/personal/grupper/{other.cohort_id}/traffar" not in asked.text


async def test_more_closures_and_sessions_need_no_more_statements(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, queries_log: object
) -> None:
    counts = []
    for number in range(3):
        await a_cohort("2.8", clock.now(), sessions=4)
        week = {"namn": "Lov", "forsta": f"2026-09-{14 + 7 * number}", "sista": f"2026-10-{14 + number}", "lokal": ""}
        await enter(client, dict(week))
        queries_log.clear()  # type: ignore[attr-defined]
        assert (await client.get(CLOSURES)).text.count("ligger redan då") == number + 1
        counts.append(len(queries_log.statements))  # type: ignore[attr-defined]
    assert len(set(counts)) == 1, counts


async def test_closures_are_a_file_too(kim: Principal, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_cohort("2.8", clock.now())
    wish: dict[str, object] = {"forsta": "2026-10-26", "sista": "2026-10-30", "namn": "=Höstlov", "lokal": ""}
    assert (await enter(client, wish)).status_code == 303
    assert await lines_of(client, f"{CLOSURES}.csv") == [["'=Höstlov", "2026-10-26", "2026-10-30", "Alla lokaler", "1"]]
    assert f'href="{CLOSURES}.csv"' in (await client.get(CLOSURES)).text
