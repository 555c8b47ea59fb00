"""Saying no, leaving, and what is said when there is nothing left to answer: in words that fit how it stands."""

import re

import asyncpg
import httpx
import pytest

from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.services import Taken
from programmes.oversight import services as oversight
from programmes.oversight.rules import seen_as
from tests.clock import FrozenClock
from tests.enrolment.test_siblings import family
from tests.enrolment.test_visit_changes import look, open_in
from tests.factories import a_cohort, a_coordinator, a_leader, hidden, post_form, sign_in_as, somebody

LEAVE, OFFER = "/min-plats/lamna", "/min-plats/erbjudande"


async def an_offer(keys: KeyFolder, clock: FrozenClock) -> tuple[Taken, Taken]:
    """Somebody with an offer of a cohort's one place, and who waits next."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4)
    holder, first, second = [await somebody(cohort, keys, clock.now(), name) for name in "ABC"]
    await services.leave(holder.enrolment_id, keys, clock.now())
    assert (await queries.enrolment(first.enrolment_id)).state == "offered"
    return first, second


async def test_no_is_explained_and_confirmed_before_it_is_final(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    first, second = await an_offer(keys, clock)
    await open_in(client, first, keys)
    page = await look(client, "/min-plats")
    assert re.search(rf'<a [^>]*href="{LEAVE}">Nej tack</a>', page)
    assert 'value="nej"' not in page
    unexplained = await post_form(client, OFFER, {"svar": "nej"}, "/min-plats")
    assert (unexplained.status_code, unexplained.headers["location"]) == (303, LEAVE)
    assert (await queries.enrolment(first.enrolment_id)).state == "offered"
    page = await look(client, LEAVE)
    for words in (
        "Vill du tacka nej till platsen?",
        "Den går till nästa i kön.",
        "Det går inte att ångra",
        "för att svara ja",
    ):
        assert words in page
    for words in ("lämna din plats", "Dagarna försvinner", "ångra dig i en timme"):
        assert words not in page
    confirmed = {"svar": "nej", "bekraftat": hidden(page, "bekraftat")}
    assert (await post_form(client, OFFER, confirmed, LEAVE)).headers["location"] == "/min-plats/klart"
    assert (await queries.enrolment(first.enrolment_id)).state == "declined"
    assert (await queries.enrolment(second.enrolment_id)).state == "offered"


@pytest.mark.parametrize(
    ("state", "heading", "calendar"),
    [("confirmed", "Vill du lämna din plats?", True), ("queued", "Vill du lämna kön?", False)],
)
async def test_leaving_a_place_and_leaving_the_queue_have_words_of_their_own(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, state: str, heading: str, calendar: bool
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4)
    people = dict(zip(("confirmed", "queued"), [await somebody(cohort, keys, clock.now(), n) for n in "AB"], strict=True))
    await open_in(client, people[state], keys)
    page = await look(client, LEAVE)
    assert heading in page
    assert ("Dagarna försvinner ur din kalender" in page) == calendar
    assert "ångra dig i en timme" in page
    assert "tacka nej" not in page


async def test_siblings_who_wait_together_are_told_that_they_say_no_together(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    for holder in holders:
        await services.leave(holder.enrolment_id, keys, clock.now())
    await open_in(client, pair[0], keys)
    page = await look(client, LEAVE)
    assert "Vill ni tacka nej till platserna?" in page
    assert "båda syskonen" in page
    assert (await post_form(client, OFFER, {"svar": "nej", "bekraftat": "ja"}, LEAVE)).status_code == 303
    for one in pair:
        assert (await queries.enrolment(one.enrolment_id)).state == "declined"


@pytest.mark.parametrize("answer", ["ja", "nej"])
async def test_an_answer_to_an_offer_that_is_no_more_is_met_by_words_that_fit(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, answer: str
) -> None:
    first, _second = await an_offer(keys, clock)
    await open_in(client, first, keys)
    form = {"svar": answer, "bekraftat": "ja"}
    await owner.execute("delete from seat where enrolment_id = $1", first.enrolment_id)
    await owner.execute("update enrolment set state = 'queued', offer_expires_at = null where id = $1", first.enrolment_id)
    waits = await post_form(client, OFFER, form, "/min-plats")
    assert waits.status_code == 409
    assert "Du står kvar i kön och har kvar din tur." in waits.text
    assert 'href="/min-plats"' in waits.text
    assert "anmäla dig igen" not in waits.text
    cohort_id = (await queries.enrolment(first.enrolment_id)).cohort_id
    await owner.execute("update cohort set state = 'cancelled' where id = $1", cohort_id)
    cancelled = await post_form(client, OFFER, form, "/min-plats")
    assert cancelled.status_code == 409
    assert "Starten är inställd." in cancelled.text


async def test_min_plats_of_a_cancelled_group_is_short_and_says_how_long_the_code_opens_it(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    await open_in(client, taken, keys)
    page = await look(client, "/min-plats")
    assert "Spara koden." in page
    assert "Dina dagar" in page
    seen = seen_as(cohort.state, cohort.first_start)
    assert not await oversight.cancel(cohort.cohort_id, "too_few", seen, kim, clock.now())
    page = await look(client, "/min-plats")
    assert "Spara koden." not in page
    assert "Koden öppnar den här sidan tills listan raderas." in page
    folded = re.search(r"<details><summary>Visa 4 dagar</summary>(.*?)</details>", page)
    assert folded
    assert folded[1].count("Inställd") == 4
    assert page.replace(folded[0], "").count("timeline__head") == 0


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def test_what_staff_cannot_take_back_is_explained_before_its_button(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    slots = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    form = {"dag": "2026-09-10", "fran": "15:00", "till": "16:00", "antal": "2", "ledare": str(robin.staff_id)}
    assert (await post_form(client, slots, form)).status_code == 303
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    for address, action, words in (
        (slots, "ta-bort", "går inte att få tillbaka"),
        (person, f"{person}/kod", "Den gamla koden slutar att gälla"),
    ):
        page = await look(client, address)
        folded = [part for part in re.findall(r"<details[^>]*>.*?</details>", page) if action in part]
        assert len(folded) == 1
        assert words in folded[0]
        assert not re.search(rf'action="[^"]*{action}"', page.replace(folded[0], ""))
    old = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    assert (await post_form(client, f"{person}/kod", {}, person)).status_code == 200
    assert await place_services.open_by_code(old, clock.now()) is None
