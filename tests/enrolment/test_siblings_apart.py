"""Siblings of whom one was away while something happened to the other: an offer, a skip, a word that they come."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.codes import new_token
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import refusal_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.person import reached_services
from programmes.enrolment.queue import coming_services, order_services
from programmes.enrolment.services import Taken
from tests.clock import FrozenClock
from tests.enrolment.test_siblings import family, kinds, states
from tests.factories import a_cohort, a_leader, a_programme, an_application, sign_in_as, somebody


async def a_pair_that_waits(
    keys: KeyFolder, clock: FrozenClock, maximum: int = 3
) -> tuple[CohortFacts, list[Taken], tuple[Taken, ...]]:
    """A full group, and siblings who wait together for places in it."""
    cohort = await a_cohort("2.15", clock.now(), await a_leader(clock.now()), minimum=1, maximum=maximum)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(maximum)]
    return cohort, holders, await family(cohort, keys, clock, 2)


async def free(holder: Taken, keys: KeyFolder, clock: FrozenClock) -> None:
    await services.leave(holder.enrolment_id, keys, clock.now())


@pytest.mark.parametrize("answer", ["runs out", "no", "yes"])
async def test_an_offer_that_one_sibling_got_alone_is_never_the_others_when_they_are_back(
    answer: str, db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    _cohort, holders, (first, second) = await a_pair_that_waits(keys, clock)
    programme = (await a_programme("2.15"))[1]
    await refusal_services.refuse(second.enrolment_id, ["age"], programme, 1, clock.now())
    await free(holders[0], keys, clock)
    assert await states((first, second)) == ["offered", "refused"]
    clock.advance(hours=3)
    await refusal_services.take_back(second.enrolment_id, 1, clock.now())
    assert await states((first, second)) == ["offered", "queued"]
    await free(holders[1], keys, clock)
    older, newer = [(await queries.enrolment(one.enrolment_id)).offer_expires_at for one in (first, second)]
    assert older
    assert newer
    assert older < newer
    if answer == "runs out":
        await services.expire_offers(keys, older)
        assert await states((first, second)) == ["expired", "offered"]
    elif answer == "no":
        await services.decline_offer(first.enrolment_id, keys, clock.now())
        assert await states((first, second)) == ["declined", "offered"]
    else:
        await services.accept_offer(second.enrolment_id, programme, clock.now())
        assert await states((first, second)) == ["offered", "confirmed"]


async def test_those_who_were_offered_together_while_a_third_was_away_still_have_one_answer(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=3)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(3)]
    three = await family(cohort, keys, clock, 3)
    await leaving_services.leave(three[1].enrolment_id, keys, clock.now())
    for holder in holders[:2]:
        await free(holder, keys, clock)
    assert await leaving_services.undo(three[1].enrolment_id, clock.now()) == "queue"
    await free(holders[2], keys, clock)
    assert await states(three) == ["offered", "offered", "offered"]
    await services.decline_offer(three[0].enrolment_id, keys, clock.now())
    assert await states(three) == ["declined", "offered", "declined"]


async def waits_to_be_asked(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock) -> tuple[Taken, ...]:
    """Siblings who wait together and have yet to say that they come, beside free places."""
    token = new_token()
    two = [await an_application(cohort, f"Barn {n}", once=services.sibling_once(token, n), among_many=True) for n in (1, 2)]
    answer = await services.apply_all(two, (await a_programme("2.15"))[1], keys, clock.now(), together=True)
    assert not isinstance(answer, services.Refused)
    return answer


@pytest.mark.parametrize("speaker", [0, 1])
async def test_who_is_passed_over_for_conditions_is_never_let_in_by_a_sibling_who_was_away(
    speaker: int, db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.15", clock.now(), robin, minimum=1, maximum=3)
    pair = await waits_to_be_asked(cohort, keys, clock)
    await leaving_services.leave(pair[1].enrolment_id, keys, clock.now())
    await order_services.skip(pair[0].enrolment_id, "conditions", robin.staff_id, clock.now())
    await leaving_services.undo(pair[1].enrolment_id, clock.now())
    await coming_services.coming(pair[speaker].enrolment_id, (await a_programme("2.15"))[1], clock.now())
    assert await states(pair) == ["queued", "queued"]
    # No longer passed over, both have what they have said that they want.
    await order_services.skip(pair[1].enrolment_id, None, robin.staff_id, clock.now())
    assert await states(pair) == ["offered", "offered"]


async def test_one_who_is_not_passed_over_themselves_never_speaks_for_one_who_is(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """A skip that was noted of one only, as the releases before did while the other was away."""
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=3)
    pair = await waits_to_be_asked(cohort, keys, clock)
    await owner.execute("update enrolment set skip_reason = 'conditions' where id = $1", pair[0].enrolment_id)
    await coming_services.coming(pair[1].enrolment_id, (await a_programme("2.15"))[1], clock.now())
    assert await states(pair) == ["queued", "queued"]


async def test_a_skip_that_holds_both_is_said_to_both_and_to_staff_and_lifted_from_either(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, holders, (first, second) = await a_pair_that_waits(keys, clock, 2)
    await owner.execute("update enrolment set skip_reason = 'conditions' where id = $1", first.enrolment_id)
    token = new_token()
    async with transaction():
        await place_services.open_session(second.enrolment_id, token, clock.now())
    client.cookies.set("place", token)
    mine = (await client.get("/min-plats")).text
    assert "ett syskon har blivit överhoppat. Skälet är: uppfyller inte villkoren (riktlinjen 2.15)." in mine
    assert "Villkoren i riktlinjen, avsnitt 2.15" in mine
    await sign_in_as(client, "robin", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{second.enrolment_id}"
    for address in (f"/personal/grupper/{cohort.cohort_id}", f"/personal/grupper/{cohort.cohort_id}/ko", person):
        assert (
            "väntar tillsammans med ett syskon som hoppas över: uppfyller inte villkoren" in (await client.get(address)).text
        ), address
    for holder in holders:
        await free(holder, keys, clock)
    assert await states((first, second)) == ["queued", "queued"]
    await order_services.skip(second.enrolment_id, None, 1, clock.now())
    assert await states((first, second)) == ["offered", "offered"]
    assert "lifted" not in await kinds(owner, second.enrolment_id)


async def test_who_is_reached_is_so_for_a_sibling_who_is_away_and_for_one_who_alone_was_passed_over(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    _cohort, holders, (first, second) = await a_pair_that_waits(keys, clock, 2)
    programme = (await a_programme("2.15"))[1]
    await refusal_services.refuse(second.enrolment_id, ["age"], programme, 1, clock.now())
    await order_services.skip(first.enrolment_id, "unreachable", 1, clock.now())
    await reached_services.opened(first.enrolment_id, clock.now())
    await refusal_services.take_back(second.enrolment_id, 1, clock.now())
    assert [(await queries.enrolment(one.enrolment_id)).skip_reason for one in (first, second)] == [None, None]
    await owner.execute("update enrolment set skip_reason = 'unreachable' where id = $1", first.enrolment_id)
    for holder in holders:
        await free(holder, keys, clock)
    clock.advance(seconds=timedelta(minutes=1).total_seconds())
    await reached_services.opened(second.enrolment_id, clock.now())
    assert await states((first, second)) == ["offered", "offered"]
