"""Tabs of one browser: none takes a second place unasked, and a family on one phone gets all of theirs."""

import asyncio
from datetime import datetime

import asyncpg
import httpx
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import application_services, browser_queries, browser_rules, place_services, queries, services
from programmes.enrolment.browser_queries import Known
from programmes.enrolment.browser_rules import Browser
from tests.clock import FrozenClock
from tests.enrolment.test_promises_of_the_form import all_ticked
from tests.factories import a_cohort, a_programme, csrf_of, hidden, post_form, somebody

TYPED = {"namn": "Ines", "kontakt": "ines@example.invalid", "saker": "email", "fodd": "19850214"}
ASKED = "Är det någon annan som ska anmälas? Läs igenom och skicka en gång till."


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Each of these writes."""


async def tab(client: httpx.AsyncClient, address: str) -> dict[str, str]:
    """A form filled in, in a tab of its own, with everything but the last button pressed."""
    shown = (await client.get(address)).text
    if 'name="fodd"' in shown:
        shown = (await client.post(address, data={**TYPED, "steg": "1", "_csrf_token": csrf_of(shown)})).text
    return TYPED | all_ticked(shown)


async def taken(cohort: CohortFacts, clock: FrozenClock) -> int:
    return (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held


async def told(client: httpx.AsyncClient, address: str) -> bool:
    """Whether the form says that a place was taken here."""
    return "Du har redan anmält dig här" in (await client.get(address)).text


async def test_two_starts_sent_in_turns_each_know_of_their_own_place(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    starts = [await a_cohort("2.1", clock.now(), sessions=4) for _ in range(2)]
    one, other = [f"/anmalan/{cohort.public_id}" for cohort in starts]
    tabs = [(address, await tab(client, address)) for address in (one, other, one, other)]
    answers = [await client.post(address, data=form) for address, form in tabs]
    assert [answer.status_code for answer in answers] == [303, 303, 409, 409]
    assert all(ASKED in answer.text for answer in answers[2:])
    assert [await taken(cohort, clock) for cohort in starts] == [1, 1]
    assert [await told(client, address) for address in (one, other)] == [True, True]
    # What was closed is forgotten, in both: whoever takes the phone or the library's computer next is told of neither.
    await client.post("/min-plats/stang", data={"_csrf_token": tabs[0][1]["_csrf_token"]})
    assert [await told(client, address) for address in (one, other)] == [False, False]


async def test_the_quick_exit_forgets_what_was_taken_here_and_so_does_half_an_hour(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    assert (await client.post(address, data=await tab(client, address))).status_code == 303
    await client.get("/snabbt")
    assert not await told(client, address)
    assert (await client.post(address, data=await tab(client, address))).status_code == 303
    clock.advance(minutes=31)
    assert not await told(client, address)
    await place_services.forget_old_sessions(clock.now())
    assert await owner.fetchval("select count(*) from place_session") == 0


async def test_the_form_of_a_place_that_was_left_takes_none_beside_another_that_was_taken_since(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    old = await tab(client, address)
    assert (await client.post(address, data=old)).status_code == 303
    await post_form(client, "/min-plats/lamna", {})
    assert (await client.post(address, data=await tab(client, address))).status_code == 303
    assert await taken(cohort, clock) == 1
    asked = await client.post(address, data=old)
    assert (asked.status_code, ASKED in asked.text, await taken(cohort, clock)) == (409, True, 1)
    # It was left by mistake, and somebody else's form is sent: nobody is refused.
    assert (await client.post(address, data=TYPED | all_ticked(asked.text))).status_code == 303
    assert await taken(cohort, clock) == 2


@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_tabs_sent_at_the_same_instant_take_one_place_and_the_others_ask(
    section: str, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort(section, clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    forms = [await tab(client, address) for _ in range(3)]
    answers = await asyncio.gather(*(client.post(address, data=form) for form in forms))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    assert await taken(cohort, clock) == 1
    asked = next(answer for answer in answers if answer.status_code == 409)
    assert ASKED in asked.text
    # A family on one phone: it was somebody else, and pressed once more it is their place.
    assert (await client.post(address, data=TYPED | all_ticked(asked.text) | {"namn": "Olle"})).status_code == 303
    assert await taken(cohort, clock) == 2


async def test_without_the_mark_under_the_lock_the_same_instant_takes_more_than_one_place(
    client: httpx.AsyncClient, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the mark, and that it is looked for under the lock, that the test above sees."""
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    forms = [await tab(client, address) for _ in range(3)]

    async def nothing_is_marked(_browser: Browser, _onces: object, _cohort_id: int, _now: datetime) -> Known:
        return Known({}, frozenset(), frozenset())

    monkeypatch.setattr(browser_queries, "known", nothing_is_marked)
    monkeypatch.setattr(application_services, "unused", lambda offered, used, wanted: [None] * wanted)
    answers = await asyncio.gather(*(client.post(address, data=form) for form in forms))
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert await taken(cohort, clock) == 3


async def test_somebody_on_another_phone_is_never_asked_at_the_same_instant(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    async with httpx.AsyncClient(transport=client._transport, base_url=client.base_url) as another:
        forms = [await tab(client, address), await tab(another, address)]
        answers = await asyncio.gather(client.post(address, data=forms[0]), another.post(address, data=forms[1]))
    assert [answer.status_code for answer in answers] == [303, 303]


async def test_a_mark_opens_nothing_and_links_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    first = await client.post(address, data=await tab(client, address))
    assert first.status_code == 303
    again = await tab(client, address)
    assert hidden((await client.get(address)).text, "redan") == again["redan"]
    assert (await client.post(address, data=again)).status_code == 303
    secret = client.cookies["csrftoken"]
    marks = browser_rules.marks(secret, cohort.cohort_id)
    rows = {row["id"] for row in await owner.fetch("select id from place_session")}
    assert len(rows & set(marks)) == 2
    assert len(set(marks)) == len(marks)
    assert browser_rules.marks("", cohort.cohort_id) == ()
    assert not set(browser_rules.marks(secret, cohort.cohort_id + 1)) & set(marks)
    for guess in (secret, f"{cohort.cohort_id}/0/{secret}", marks[0].hex()):
        client.cookies.set("place", guess[:200])
        assert (
            "Skriv din kod" in (await client.get("/min-plats")).text or 'name="kod"' in (await client.get("/min-plats")).text
        )


def test_each_of_a_form_has_a_mark_of_its_own_and_none_when_none_is_left() -> None:
    marks = browser_rules.marks("hemligt", 1)
    assert browser_rules.unused(marks, {marks[0]}, 2) == [marks[1], marks[2]]
    assert browser_rules.unused(marks, set(marks[1:]), 2) == [marks[0], None]
    assert browser_rules.unused((), (), 1) == [None]


async def test_who_leaves_the_queue_in_a_tab_from_before_an_offer_declines_nothing_that_could_not_be_undone(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    """The page promised an hour to undo it in; of an offer there is none."""
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4)
    holder, waits = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    client.cookies.set("place", waits.token)
    shown = (await client.get("/min-plats/lamna")).text
    assert "Du kan ångra dig i en timme." in shown
    stale = {"_csrf_token": csrf_of(shown), "lamnar": hidden(shown, "lamnar")}
    await services.leave(holder.enrolment_id, keys, clock.now())
    answer = await client.post("/min-plats/lamna", data=stale)
    assert answer.headers["location"] == "/min-plats/lamna?annat=1"
    assert (await queries.enrolment(waits.enrolment_id)).state == "offered"
    again = (await client.get(answer.headers["location"])).text
    assert "Inget är lämnat än" in again
    assert "Det går inte att ångra, och du står inte kvar i kön." in again
    # A place that they hold by now can be left, once that is what was read.
    programme = (await a_programme("2.1"))[1]
    await services.accept_offer(waits.enrolment_id, programme, clock.now())
    assert (await client.post("/min-plats/lamna", data=stale)).headers["location"] == "/min-plats/lamna?annat=1"
    fresh = stale | {"lamnar": hidden((await client.get("/min-plats/lamna")).text, "lamnar")}
    assert (await client.post("/min-plats/lamna", data=fresh)).headers["location"] == "/min-plats"
    assert (await queries.enrolment(waits.enrolment_id)).state == "withdrawn"
