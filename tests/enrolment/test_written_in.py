"""In which language somebody is written to: their own word, whoever filled in the form, and until they change it."""

import re
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.notices import services as notices
from tests.calendar.ics import events
from tests.calendar.test_staff_page import addresses
from tests.clock import FrozenClock
from tests.enrolment.test_details import put_right
from tests.enrolment.test_promises_of_the_form import all_ticked
from tests.enrolment.test_views import DETAILS
from tests.factories import a_cohort, a_coordinator, confirm, csrf_of, hidden, post_form, sign_in_as, somebody
from tests.notices.conftest import mail as mail  # noqa: PLC0414 - a fixture
from tests.notices.mail import Mail

CHOICE = re.compile(r'<select class="input" id="besked" name="besked".*?</select>', re.DOTALL)


async def language_of(enrolment_id: UUID) -> str:
    return str(await fetchval("select language from enrolment where id = $1", enrolment_id))


async def entered(client: httpx.AsyncClient, address: str, chosen: dict[str, str]) -> str:
    """The language of whom staff enter where nobody is documented, with what was chosen in the form."""
    form = all_ticked((await client.get(address)).text) | chosen
    answer = await client.post(address, data=form)
    assert answer.status_code == 303
    return await language_of(UUID(answer.headers["location"].rpartition("/")[2]))


@pytest.mark.parametrize("page", ["sv", "en"])
async def test_staff_say_it_and_the_language_of_their_own_pages_says_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, page: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    client.cookies.set("lang", page)
    address = f"/personal/grupper/{(await a_cohort('2.1', clock.now(), sessions=4)).cohort_id}/anmal"
    (choice,) = CHOICE.findall((await client.get(address)).text)
    assert re.findall(r'value="(\w+)"( selected)?>(\w+)', choice) == [("sv", " selected", "Svenska"), ("en", "", "English")]
    assert await entered(client, address, {"besked": "sv"}) == "sv"
    assert await entered(client, address, {"besked": "en"}) == "en"
    # The form of the release before asks nothing.
    assert await entered(client, address, {}) == "sv"


@pytest.mark.parametrize("section", ["2.1", "2.8"])
@pytest.mark.parametrize("public", [True, False])
async def test_what_is_no_language_is_said_so_beside_its_field_and_enters_nobody(
    client: httpx.AsyncClient, clock: FrozenClock, section: str, public: bool
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort(section, clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}" if public else f"/personal/grupper/{cohort.cohort_id}/anmal"
    form = all_ticked((await client.get(address)).text) | ({} if section == "2.1" else {**DETAILS, "steg": "1"})
    answer = await client.post(address, data=form | {"besked": "tlh"})
    assert answer.status_code == 422
    assert answer.text.count("Välj ett av alternativen.") == (1 if public else 2), "above, and beside the field"
    assert await fetchval("select count(*) from enrolment") == 0


async def test_the_choice_is_carried_through_both_steps_where_people_are_documented(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    assert CHOICE.search((await client.get(address)).text)
    assert not CHOICE.search((await client.get(f"/anmalan/{cohort.public_id}")).text)
    second = await post_form(client, address, {**DETAILS, "besked": "en", "steg": "1"})
    assert hidden(second.text, "besked") == "en"
    data = {**DETAILS, **all_ticked(second.text), "steg": "2"}
    answer = await client.post(address, data=data)
    assert answer.status_code == 303
    assert await language_of(UUID(answer.headers["location"].rpartition("/")[2])) == "en"
    shown = (await client.get(answer.headers["location"])).text
    assert re.search(r"<dt>Språk i besked</dt><dd>English</dd>", shown)


async def test_who_fills_it_in_themselves_is_written_to_in_the_language_of_the_page(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    client.cookies.set("lang", "en")
    page = (await client.get(address)).text
    assert not CHOICE.search(page)
    assert (await client.post(address, data=all_ticked(page) | {"besked": "sv"})).status_code == 303
    assert await fetchval("select language from enrolment") == "en"


async def test_it_is_put_right_with_the_details_and_an_older_form_keeps_what_was(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    right = {"namn": "Anna Ask", "kontakt": "anna@example.invalid", "saker": "email", "fodd": "19900214"}
    assert hidden((await client.get(page)).text, "besked_sett") == "sv"
    assert (await put_right(client, page, {**right, "besked": "en", "besked_sett": "sv"})).status_code == 303
    assert await language_of(taken.enrolment_id) == "en"
    (choice,) = CHOICE.findall((await client.get(page)).text)
    assert 'value="en" selected' in choice
    # The release before doesn't ask.
    assert (await put_right(client, page, right)).status_code == 303
    assert await language_of(taken.enrolment_id) == "en"
    # The person has changed it since the page was shown, which only another name was typed on.
    assert (await put_right(client, page, {**right, "besked": "sv", "besked_sett": "sv"})).status_code == 303
    assert await language_of(taken.enrolment_id) == "en"


async def test_where_nobody_is_documented_it_is_changed_on_the_persons_page(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Språk i besked: Svenska" in (await client.get(person)).text
    for _ in range(2):
        assert (await post_form(client, f"{person}/sprak", {"besked": "en"}, person)).status_code == 303
    assert "Språk i besked: English" in (await client.get(person)).text
    # Once, and nobody is named where nobody is documented.
    noted = await owner.fetch("select staff_id, subject from audit_entry where action = 'enrolment:language'")
    assert [tuple(one) for one in noted] == [(kim.staff_id, f"cohort/{cohort.cohort_id}")]
    # What is no language is said, and changes nothing.
    wrong = await post_form(client, f"{person}/sprak", {"besked": "tlh", "besked_sett": "en"}, person)
    assert (wrong.status_code, "Välj ett av alternativen." in wrong.text) == (422, True)
    assert await language_of(taken.enrolment_id) == "en"
    # A page that was shown before somebody else changed it changes nothing back.
    assert hidden((await client.get(person)).text, "besked_sett") == "en"
    assert (await post_form(client, f"{person}/sprak", {"besked": "sv", "besked_sett": "sv"}, person)).status_code == 303
    assert await language_of(taken.enrolment_id) == "en"
    assert (await post_form(client, f"{person}/sprak", {"besked": "sv", "besked_sett": "en"}, person)).status_code == 303
    assert await language_of(taken.enrolment_id) == "sv"


async def test_an_old_page_of_min_plats_changes_no_language_back_and_what_is_none_is_said(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    client.cookies.set("place", taken.token)
    assert hidden((await client.get("/min-plats")).text, "besked_sett") == "sv"
    await post_form(client, "/min-plats/sprak", {"besked": "en", "besked_sett": "sv"}, "/min-plats")
    again = await post_form(client, "/min-plats/sprak", {"besked": "sv", "besked_sett": "sv"}, "/min-plats")
    assert (again.headers["location"], await language_of(taken.enrolment_id)) == ("/min-plats", "en")
    wrong = await post_form(client, "/min-plats/sprak", {"besked": "tlh"}, "/min-plats")
    assert wrong.status_code == 422
    assert "Välj ett av alternativen." in wrong.text or "Choose one of the options" in wrong.text


async def test_what_is_no_language_is_said_with_the_other_details(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    right = {"namn": "Anna Ask", "kontakt": "anna@example.invalid", "saker": "email", "fodd": "19900214"}
    wrong = await put_right(client, page, {**right, "besked": "tlh", "besked_sett": "sv"})
    assert (wrong.status_code, "Välj ett av alternativen." in wrong.text) == (422, True)


async def test_the_person_changes_it_on_min_plats_and_the_calendar_follows(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await confirm(taken.enrolment_id, clock.now())
    await mail.work()
    client.cookies.set("place", taken.token)
    page = (await client.get("/min-plats")).text
    assert "Språk i besked: Svenska" in page
    (calendar,) = addresses(page)
    before = events((await client.get(calendar)).content)
    answer = await post_form(client, "/min-plats/sprak", {"besked": "en"}, "/min-plats")
    assert answer.headers["location"] == "/min-plats?klart=sprak"
    page = (await client.get("/min-plats?klart=sprak")).text
    assert "Språket i besked till dig är ändrat" in page
    assert "Språk i besked: English" in page
    await mail.work()
    after = events((await client.get(calendar)).content)
    assert [(e["SUMMARY"], e["SEQUENCE"]) for e in before] == [("Möte", 0)] * 3
    assert [(e["SUMMARY"], e["SEQUENCE"]) for e in after] == [("Meeting", 1)] * 3


async def test_who_is_sent_nothing_is_not_asked_in_which_language(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    taken = await somebody(await a_cohort("2.1", clock.now(), sessions=3), keys, clock.now())
    client.cookies.set("place", taken.token)
    assert "Språk i besked" not in (await client.get("/min-plats")).text


async def test_a_message_that_waited_is_written_in_the_language_of_when_it_leaves(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    """It is put into words when it is sent, not when it was queued."""
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await notices.tell_one("place_held", taken.enrolment_id, keys, clock.now())
    assert await fetchval("select state from notice") == "waiting"
    client.cookies.set("place", taken.token)
    await post_form(client, "/min-plats/sprak", {"besked": "en"}, "/min-plats")
    await mail.work()
    (message,) = mail.all()
    assert message["Content-Language"] == "en"


async def test_it_ends_with_the_place(client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    token = csrf_of((await client.get(person)).text)
    await post_form(client, f"{person}/avsluta", {"slut": "declined"}, person)
    answer = await client.post(f"{person}/sprak", data={"besked": "en", "_csrf_token": token})
    assert (answer.status_code, await language_of(taken.enrolment_id)) == (409, "sv")
