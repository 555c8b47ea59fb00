"""What the form says is what comes of it; and when something else comes of it, that is said."""

import re

import httpx
import pytest

from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import services as leaving_services
from tests.clock import FrozenClock
from tests.enrolment.test_siblings import family
from tests.factories import a_cohort, a_coordinator, csrf_of, hidden, sign_in_as, somebody


def all_ticked(text: str) -> dict[str, str]:
    """The form of an exempt programme as a browser sends it with every condition ticked."""
    form = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', text))
    return form | dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', text), "ja") | {"_csrf_token": csrf_of(text)}


async def test_places_that_siblings_leave_to_the_next_are_free_on_every_page(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=4)
    for _ in range(2):
        await somebody(cohort, keys, clock.now())
    await family(cohort, keys, clock, 3)
    taken = (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id]
    assert (taken.held, taken.queued, taken.someone_waits) == (2, 3, False)
    form = (await client.get(f"/anmalan/{cohort.public_id}")).text
    assert "Det finns lediga platser." in form
    assert hidden(form, "visat") == "plats"
    assert "Det finns lediga platser" in (await client.get(f"/insatser/{cohort.slug}")).text
    assert (await somebody(cohort, keys, clock.now())).held
    # Somebody who waits alone is offered a place before any newcomer.
    for _ in range(2):
        await somebody(cohort, keys, clock.now())
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].someone_waits
    assert "Gruppen är full." in (await client.get(f"/anmalan/{cohort.public_id}")).text


async def test_who_finds_the_last_place_taken_on_pressing_the_button_is_told(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    form = all_ticked((await client.get(address)).text)
    await somebody(cohort, keys, clock.now())
    answer = await client.post(address, data=form)
    assert answer.headers["location"] == "/min-plats?fullt=1"
    assert "Den sista platsen hann bli tagen" in (await client.get("/min-plats?fullt=1")).text
    # Of a double click the browser shows the second answer.
    assert (await client.post(address, data=form)).headers["location"] == "/min-plats?fullt=1"
    client.cookies.delete("place")
    # Whom the form has told so is not told again.
    answer = await client.post(address, data=all_ticked((await client.get(address)).text))
    assert answer.headers["location"] == "/min-plats"


async def test_going_back_to_the_form_says_that_a_place_is_open_already_and_only_in_that_group(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort, other = [await a_cohort("2.1", clock.now(), sessions=4) for _ in range(2)]
    address = f"/anmalan/{cohort.public_id}"
    assert "Du har redan anmält dig här" not in (await client.get(address)).text
    assert (await client.post(address, data=all_ticked((await client.get(address)).text))).status_code == 303
    assert "Du har redan anmält dig här" in (await client.get(address)).text
    assert "Du har redan anmält dig här" not in (await client.get(f"/anmalan/{other.public_id}")).text
    # Staff enter others all day.
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert "Du har redan anmält dig här" not in (await client.get(f"/personal/grupper/{cohort.cohort_id}/anmal")).text


@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_a_form_in_a_second_tab_takes_no_other_place_before_it_has_asked(
    section: str, db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort(section, clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    typed = {"namn": "Ines", "kontakt": "ines@example.invalid", "saker": "email", "fodd": "19850214"}

    async def filled_in() -> dict[str, str]:
        shown = (await client.get(address)).text
        if section == "2.8":
            shown = (await client.post(address, data={**typed, "steg": "1", "_csrf_token": csrf_of(shown)})).text
        return typed | all_ticked(shown)

    async def taken() -> int:
        return (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held

    first, second, third = [await filled_in() for _tab in range(3)]
    assert (await client.post(address, data=first)).status_code == 303
    # The same form once more is the same place, and the page still shows it.
    assert (await client.post(address, data=first)).status_code == 303
    asked = await client.post(address, data=second)
    assert asked.status_code == 409
    assert "Är det någon annan som ska anmälas? Läs igenom och skicka en gång till." in asked.text
    assert await taken() == 1
    # It is somebody else: what was typed is there to be sent. A tab that knew only of the first place asks again.
    assert (await client.post(address, data=typed | all_ticked(asked.text))).status_code == 303
    assert await taken() == 2
    assert (await client.post(address, data=third | {"redan": hidden(asked.text, "redan")})).status_code == 409
    assert await taken() == 2


@pytest.mark.parametrize("section", ["2.8", "2.15", "2.1"])
async def test_another_language_in_the_middle_of_the_form_keeps_what_was_typed(
    section: str, db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort(section, clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    typed = {"namn": "Ines", "kontakt": "ines@example.invalid", "saker": "email", "fodd": "19850214", "steg": "1"}
    shown = (await client.get(address)).text
    step = re.search(r'name="sprak" value="([0-2])"', shown)
    assert step
    english = await client.post(
        f"{address}?lang=en", data={**typed, "sprak": step[1], "antal": "1", "_csrf_token": csrf_of(shown)}
    )
    assert english.status_code == 200
    assert '<html lang="en"' in english.text
    assert 'value="Ines"' in english.text
    assert 'value="ines@example.invalid"' in english.text
    assert "field--error" not in english.text
    # The language is kept from then on.
    assert '<html lang="en"' in (await client.get(address)).text
    if section == "2.8":
        second = await client.post(address, data={**typed, "_csrf_token": csrf_of(english.text)})
        assert 'name="sprak" value="2"' in second.text
        back = {**typed, "steg": "2", "v_residency": "ja", "sprak": "2", "tolk": "so"}
        swedish = (await client.post(f"{address}?lang=sv", data={**back, "_csrf_token": csrf_of(second.text)})).text
        assert "Stämmer det här på dig?" in swedish
        assert re.search(r'name="v_residency" value="ja"[^>]* checked', swedish)
        assert hidden(swedish, "tolk") == "so"
        # What is no step of the form leads to its beginning.
        odd = await client.post(f"{address}?lang=sv", data={"sprak": "9", "_csrf_token": csrf_of(second.text)})
        assert odd.status_code == 200
        assert "Vem är du?" in odd.text


async def test_who_is_put_before_others_by_coming_back_is_told_to_those_behind(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=1)
    first, second, third = [await somebody(cohort, keys, clock.now(), name) for name in ("Ask", "Bok", "Cid")]
    assert await leaving_services.leave(first.enrolment_id, keys, clock.now())
    client.cookies.set("place", third.token)
    assert "Du står i kö, som nummer 1" in (await client.get("/min-plats")).text
    clock.advance(minutes=5)
    assert await leaving_services.undo(first.enrolment_id, clock.now()) == "queue"
    shown = (await client.get("/min-plats")).text
    assert "Du står i kö, som nummer 2" in shown
    assert "Någon som anmälde sig före dig är tillbaka i kön" in shown
    await services.decline_offer(second.enrolment_id, keys, clock.now())
    later = await somebody(cohort, keys, clock.now(), "Dal")
    client.cookies.set("place", later.token)
    assert "är tillbaka i kön" not in (await client.get("/min-plats")).text


async def test_siblings_who_are_more_than_the_places_left_are_told_that_and_not_that_the_last_was_taken(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=4)
    for _ in range(2):
        await somebody(cohort, keys, clock.now())
    children = await family(cohort, keys, clock, 3)
    client.cookies.set("place", children[0].token)
    page = (await client.get("/min-plats?fullt=1")).text
    assert "Så många platser är inte lediga nu" in page
    assert "hann bli tagen" not in page
