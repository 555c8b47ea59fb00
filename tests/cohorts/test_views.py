"""The pages about sessions: what is typed wrong is kept and explained, and nobody reaches another's group."""

import re

import httpx
import pytest

from programmes.cohorts import queries
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, box, hidden, post_form
from tests.lists import lines_of

Cast = tuple[CohortFacts, Principal]


@pytest.fixture
async def group(client: httpx.AsyncClient, clock: FrozenClock) -> Cast:
    """A started group led by Robin, who is signed in."""
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin, state="started")
    await sign_in_as(client, "robin", clock.now())
    return cohort, robin


async def first_session(cohort: CohortFacts) -> int:
    return (await queries.sessions(cohort.cohort_id))[0].session_id


async def typed(client: httpx.AsyncClient, address: str, **changes: str) -> httpx.Response:
    """The form as it is shown, with changes, sent."""
    shown = (await client.get(address)).text
    values: dict[str, object] = {"sedd": hidden(shown, "sedd")}
    for name in ("dag", "fran", "till"):
        if found := re.search(rf'name="{name}"[^>]* value="([^"]+)"', shown):
            values[name] = found[1]
    if found := re.search(r'<option value="(\d+)" selected', shown):
        values["lokal"] = found[1]
    return await post_form(client, address, values | changes)


async def test_the_list_has_every_session_with_its_ways_to_change_it(group: Cast, client: httpx.AsyncClient) -> None:
    cohort, _ = group
    shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
    assert shown.count("/flytta") == 10
    assert "onsdagar" in shown
    assert shown.count("Nästa") == 1
    assert "Öppna för anmälan" not in shown


async def test_moving_tells_that_it_is_done_and_shows_old_and_new(group: Cast, client: httpx.AsyncClient) -> None:
    cohort, _ = group
    answer = await typed(client, f"/personal/traffar/{await first_session(cohort)}/flytta", dag="2026-10-01")
    assert answer.status_code == 303
    shown = (await client.get(answer.headers["location"])).text
    assert "Träffen är flyttad." in shown
    shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
    assert '<del><span class="hidden">Tidigare tid </span>ons 30 sep</del>' in shown
    assert '<ins><span class="hidden">Ny tid </span>tors 1 okt</ins>' in shown


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("dag", "2026-08-01", "Tiden har redan varit."),
        ("dag", "2026-13-01", "Skriv ett datum som finns"),
        ("dag", "2199-01-01", "Välj en dag inom två år."),
        ("till", "09:00", "Sluttiden måste vara efter starttiden."),
        ("fran", "hej", "Skriv en tid, till exempel 18.00."),
        ("fran", "05:00", "Skriv en tid från 6.00 till 23.00."),
        ("lokal", "4711", "Välj en lokal."),
    ],
)
async def test_what_is_typed_wrong_is_kept_and_explained(
    field: str, value: str, message: str, group: Cast, client: httpx.AsyncClient
) -> None:
    cohort, _ = group
    answer = await typed(client, f"/personal/traffar/{await first_session(cohort)}/flytta", **{field: value})
    assert answer.status_code == 422
    assert "<title>Fel:" in answer.text
    assert message in answer.text
    assert field == "lokal" or f'value="{value}"' in answer.text
    assert (await queries.sessions(cohort.cohort_id))[0].sequence == 0


async def test_a_holiday_is_asked_about_before_it_is_taken(group: Cast, client: httpx.AsyncClient) -> None:
    cohort, _ = group
    address = f"/personal/traffar/{await first_session(cohort)}/flytta"
    answer = await typed(client, address, dag="2026-12-24")
    assert "Julafton, helgdag." in answer.text
    assert (await typed(client, address, dag="2026-12-24", anda=box(answer.text))).status_code == 303


async def test_the_sessions_are_a_file_too_as_they_were_to_be_and_as_they_are(
    group: Cast, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort, _ = group
    address = f"/personal/grupper/{cohort.cohort_id}/traffar"
    assert f'href="{address}.csv"' in (await client.get(address)).text
    await typed(client, f"/personal/traffar/{await first_session(cohort)}/flytta", dag="2026-10-01")
    first, second, *_others = lines = await lines_of(client, f"{address}.csv")
    assert len(lines) == 10
    starts, ends = first[2:4]
    assert first == [
        "Internt, sekretess", "2026-10-01", starts, ends, f"2026-09-30 {starts}", "Träff 1", cohort.venue, "Flyttad", "",
    ]  # fmt: skip
    assert second == ["Internt, sekretess", "2026-10-07", starts, ends, "", "Träff 2", cohort.venue, "Planerad", ""]


async def test_cancelling_adds_one_at_the_end_unless_told_otherwise(group: Cast, client: httpx.AsyncClient) -> None:
    cohort, _ = group
    address = f"/personal/traffar/{await first_session(cohort)}/stall-in"
    shown = (await client.get(address)).text
    assert "Den nya blir onsdag 9 december" in shown
    answer = await post_form(
        client, address, {"sedan": "till", "sedd": hidden(shown, "sedd"), "nytt": hidden(shown, "nytt")}
    )
    assert answer.headers["location"].endswith("klart=ersatt")
    assert "en ny är tillagd sist" in (await client.get(answer.headers["location"])).text
    after = (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
    assert "Inställd" in after
    assert "Tillagd" in after
    again = (await client.get(address)).text
    assert "Träffen är redan inställd." in again
    assert 'name="sedan"' not in again


async def test_a_form_from_an_older_tab_changes_nothing(group: Cast, client: httpx.AsyncClient) -> None:
    cohort, _ = group
    address = f"/personal/traffar/{await first_session(cohort)}/stall-in"
    move = f"/personal/traffar/{await first_session(cohort)}/flytta"
    assert (await typed(client, move, dag="2026-10-01")).status_code == 303
    answer = await post_form(client, address, {"sedan": "till", "sedd": "0"})
    assert answer.status_code == 409
    assert "Den har ändrats sedan sidan visades" in answer.text
    assert (await post_form(client, address, {"sedan": "till", "sedd": "x"})).status_code == 409


async def test_somebody_elses_group_is_not_found(group: Cast, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort, _ = group
    session_id = await first_session(cohort)
    await a_coordinator(clock.now(), "annan", "2.1")
    await sign_in_as(client, "annan", clock.now())
    for address in (
        f"/personal/grupper/{cohort.cohort_id}/traffar",
        f"/personal/traffar/{session_id}/flytta",
        f"/personal/traffar/{session_id}/stall-in",
        "/personal/traffar/99999999999999/flytta",
    ):
        assert (await client.get(address)).status_code == 404
    client.cookies.clear()
    assert (await client.get(f"/personal/traffar/{session_id}/flytta")).status_code == 303


async def test_a_planned_group_is_announced_by_its_coordinator_only(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin, state="planned")
    address, page = f"/personal/grupper/{cohort.cohort_id}/oppna", f"/personal/grupper/{cohort.cohort_id}/traffar"
    await sign_in_as(client, "robin", clock.now())
    assert "Öppna för anmälan" not in (await client.get(page)).text
    assert (await post_form(client, address, {}, page)).status_code == 403
    await sign_in_as(client, "kim", clock.now())
    answer = await post_form(client, address, {}, page)
    assert answer.headers["location"].endswith("klart=oppnad")
    assert (await post_form(client, address, {}, page)).status_code == 409


async def test_a_drop_in_occasion_is_cancelled_without_a_new_one(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("3.1", clock.now(), robin, minimum=1, maximum=200)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/traffar/{await first_session(cohort)}/stall-in"
    shown = (await client.get(address)).text
    assert "Ställ in öppettillfälle 1" in shown
    assert "lägg till en träff sist" not in shown
    assert (await post_form(client, address, {"sedd": hidden(shown, "sedd")})).status_code == 303
    assert len([s for s in await queries.sessions(cohort.cohort_id) if s.number]) == 9


@pytest.mark.parametrize(("section", "theirs", "others"), [("2.14", "samtal", "träff"), ("3.1", "tillfälle", "träff")])
async def test_talks_and_openings_are_called_what_they_are(
    section: str, theirs: str, others: str, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort(section, clock.now(), robin, state="open", sessions=3)
    await sign_in_as(client, "robin", clock.now())
    session = f"/personal/traffar/{await first_session(cohort)}"
    for address in (f"/personal/grupper/{cohort.cohort_id}/traffar", f"{session}/flytta", f"{session}/stall-in"):
        shown = (await client.get(address)).text
        words = re.sub(r"<[^>]+>", " ", shown.partition("<main")[2].partition("</main>")[0]).lower()
        assert theirs in words, address
        assert not re.search(rf"\b{others}(en|ar|arna)?\b", words), address
