"""Summer time begins or ends while somebody has an offer, or an hour to think better of it: what was said holds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from programmes.core.clock import local
from programmes.core.codes import new_token
from programmes.core.days import day_off
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.waiting_rules import offer_until
from tests.clock import FrozenClock
from tests.factories import a_cohort, csrf_of, post_form, somebody

# Fridays at 16 before the clocks go back and forth: four hours are left that day, and twelve on Monday.
AUTUMN, SPRING = datetime(2026, 10, 23, 14, tzinfo=UTC), datetime(2028, 3, 24, 15, tzinfo=UTC)


async def open_in(client: httpx.AsyncClient, who: UUID, clock: FrozenClock) -> None:
    token = new_token()
    async with transaction():
        await place_services.open_session(who, token, clock.now())
    client.cookies.set("place", token)


@pytest.mark.parametrize(("made", "ends"), [
    (AUTUMN, datetime(2026, 10, 26, 19, tzinfo=UTC)),
    (SPRING, datetime(2028, 3, 27, 18, tzinfo=UTC)),
])  # fmt: skip
def test_an_offer_over_the_weekend_of_the_change_ends_at_eight_in_the_evening(made: datetime, ends: datetime) -> None:
    assert offer_until(made, None, day_off) == ends
    assert (local(ends).hour, local(ends).weekday()) == (20, 0)


@pytest.mark.parametrize("made", [AUTUMN, SPRING])
async def test_yes_is_heard_until_the_minute_that_the_page_says_and_refused_in_words_from_then(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, made: datetime
) -> None:
    clock.set(made)
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=2, sessions=3)
    people = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok", "En", "Pil")]
    for who in people[:2]:
        await services.leave(who.enrolment_id, keys, clock.now())
    for who, minutes, heard in ((people[2], -1, True), (people[3], 0, False)):
        until = (await queries.enrolment(who.enrolment_id)).offer_expires_at
        assert until
        clock.set(until + timedelta(minutes=minutes))
        await open_in(client, who.enrolment_id, clock)
        shown = (await client.get("/min-plats")).text
        assert ("20.00" in shown) == ("Ja, jag tar platsen" in shown) == heard
        token = csrf_of(shown)
        answer = await client.post("/min-plats/erbjudande", data={"svar": "ja", "_csrf_token": token})
        assert answer.status_code == (303 if heard else 409)
        assert heard or "Erbjudandet har gått ut" in answer.text
        clock.set(made)


async def test_the_hour_to_undo_is_an_hour_also_in_the_night_that_has_one_more(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    # Half past two, for the first time that night; an hour later it is half past two once more.
    clock.set(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    early, late = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in ("Al", "Bok")]
    for who in (early, late):
        assert await leaving_services.leave(who, keys, clock.now())
    clock.advance(minutes=59)
    assert await leaving_services.undo(early, clock.now()) == "seat"
    await open_in(client, late, clock)
    form = csrf_of((await client.get("/min-plats")).text)
    clock.advance(minutes=1)
    answer = await client.post("/min-plats/angra", data={"_csrf_token": form}, follow_redirects=True)
    assert "Sidan har stängts" in answer.text
    assert (await queries.enrolment(late)).state == "withdrawn"


async def test_a_clock_that_goes_back_ends_no_offer_early_and_brings_no_ended_one_back(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=3)
    first, second, third = [(await somebody(cohort, keys, clock.now(), n)).enrolment_id for n in ("Al", "Bok", "En")]
    await services.leave(first, keys, clock.now())
    until = (await queries.enrolment(second)).offer_expires_at
    assert until
    clock.set(until)
    await services.expire_offers(keys, clock.now())
    clock.advance(days=-3)
    await services.expire_offers(keys, clock.now())
    assert [(await queries.enrolment(who)).state for who in (second, third)] == ["expired", "offered"]
    await open_in(client, third, clock)
    answer = await post_form(client, "/min-plats/erbjudande", {"svar": "ja"}, page="/min-plats")
    assert answer.status_code == 303
    assert (await queries.enrolment(third)).state == "confirmed"
