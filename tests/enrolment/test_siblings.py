"""Siblings in one form: each with a place of their own, and together or not at all if they say so (2.15, 2.16)."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.catalogue.rules import OUTSIDE_BANDS
from programmes.cohorts.queries import CohortFacts
from programmes.core.codes import new_token
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import refusal_services, transfer_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import coming_services, order_services
from programmes.enrolment.queue import services as queue_services
from programmes.enrolment.roster import turned_down
from programmes.enrolment.rules import Applied, Queued
from programmes.enrolment.services import Refused, Taken
from programmes.enrolment.together import services as together_services
from programmes.enrolment.together.rules import MOST_SIBLINGS, decide_together, takes_siblings
from programmes.people.looks import Look
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    a_programme,
    an_application,
    csrf_of,
    hidden,
    sign_in_as,
    somebody,
)


async def family(
    cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, size: int, together: bool = True, once: str = ""
) -> tuple[Taken, ...]:
    """Siblings who were let in, to places or to the queue."""
    token = once or new_token()
    applications = [
        await an_application(cohort, f"Barn {n}", once=services.sibling_once(token, n)) for n in range(1, size + 1)
    ]
    programme = (await a_programme(cohort.section))[1]
    answer = await services.apply_all(applications, programme, keys, clock.now(), together)
    assert not isinstance(answer, Refused), answer
    return answer


async def states(people: tuple[Taken, ...]) -> list[str]:
    return [(await queries.enrolment(taken.enrolment_id)).state for taken in people]


def all_keys(keys: KeyFolder, clock: FrozenClock) -> set[UUID]:
    return set(keys.made_before("entry", clock.now() + timedelta(days=999)))


async def kinds(owner: asyncpg.Connection, enrolment_id: UUID) -> list[str]:
    rows = await owner.fetch("select kind from queue_event where enrolment_id = $1 order by id", enrolment_id)
    return [row["kind"] for row in rows]


@given(
    taken=st.frozensets(st.integers(1, 12)),
    maximum=st.integers(1, 12),
    waits=st.booleans(),
    asks=st.lists(st.booleans(), min_size=1, max_size=MOST_SIBLINGS),
    together=st.booleans(),
)
def test_together_is_all_or_none_and_nobody_ever_gets_a_seat_that_is_held(
    taken: frozenset[int], maximum: int, waits: bool, asks: list[bool], together: bool
) -> None:
    decided = decide_together(taken, maximum, waits, asks, together)
    seats = [one.seat for one in decided if isinstance(one, Applied)]
    free = len([n for n in range(1, maximum + 1) if n not in taken])
    assert len(decided) == len(asks)
    assert len(set(seats)) == len(seats)
    assert not taken & set(seats)
    assert all(1 <= seat <= maximum for seat in seats)
    if together:
        assert len(seats) == (len(asks) if free >= len(asks) and not waits else 0)
    else:
        assert len(seats) == (0 if waits else min(free, len(asks)))
        assert all(isinstance(one, Queued) for one in decided[len(seats) :])


async def test_only_the_childrens_groups_take_siblings(db: None) -> None:
    sections = ["2.1", "2.7", "2.8", "2.10", "2.12", "2.15", "2.16", "2.17", "2.18"]
    assert [s for s in sections if takes_siblings((await a_programme(s))[1])] == ["2.15", "2.16"]


async def test_siblings_get_a_seat_and_a_code_each_and_nothing_says_that_they_belong_together(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), maximum=8)
    found = await family(cohort, keys, clock, 3)
    assert [taken.held for taken in found] == [True, True, True]
    rows = await owner.fetch("select number from seat order by number")
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert await owner.fetchval("select count(distinct code_digest) from enrolment") == 3
    assert await owner.fetchval("select count(together_id) from enrolment") == 0


async def test_too_few_places_for_all_and_they_wait_together_or_each_takes_what_there_is(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for together, expected in ((True, ["queued", "queued"]), (False, ["confirmed", "queued"])):
        cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
        await somebody(cohort, keys, clock.now())
        found = await family(cohort, keys, clock, 2, together)
        assert await states(found) == expected
        together_ids = await owner.fetchval(
            "select count(distinct together_id) from enrolment where cohort_id = $1", cohort.cohort_id
        )
        assert together_ids == int(together)


async def test_whoever_wants_fewer_than_are_free_goes_first_and_the_siblings_keep_their_turn_and_all_are_told(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    first, second = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    alone = await somebody(cohort, keys, clock.now())
    await services.leave(first.enrolment_id, keys, clock.now())
    assert await states((*pair, alone)) == ["queued", "queued", "offered"]
    assert "passed_together" in await kinds(owner, pair[0].enrolment_id)
    assert "passed_together" not in await kinds(owner, alone.enrolment_id)
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    for shown in (f"/personal/grupper/{cohort.cohort_id}", f"/personal/grupper/{cohort.cohort_id}/ko"):
        assert (await client.get(shown)).text.count("gick en plats till nästa: för få var lediga på en gång.") == 2
    programme = (await a_programme("2.15"))[1]
    await services.accept_offer(alone.enrolment_id, programme, clock.now())
    for one in (second, alone):
        await services.leave(one.enrolment_id, keys, clock.now())
    assert await states(pair) == ["offered", "offered"]


async def test_one_answer_is_for_all_who_wait_together(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    programme = (await a_programme("2.15"))[1]
    for answer in ("yes", "no", "none"):
        cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
        holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
        pair, others = await family(cohort, keys, clock, 2), await family(cohort, keys, clock, 2)
        for holder in holders:
            await services.leave(holder.enrolment_id, keys, clock.now())
        assert await states((*pair, *others)) == ["offered", "offered", "queued", "queued"]
        if answer == "yes":
            await services.accept_offer(pair[1].enrolment_id, programme, clock.now())
            assert await states((*pair, *others)) == ["confirmed", "confirmed", "queued", "queued"]
            rows = await owner.fetch("select together_id from enrolment where id = $1", pair[0].enrolment_id)
            assert rows[0]["together_id"] is None
            continue
        if answer == "no":
            await services.decline_offer(pair[1].enrolment_id, keys, clock.now())
        else:
            late = clock.now() + timedelta(days=9)
            await services.expire_offers(keys, late)
        # Both seats are passed on as one: a pair that waits behind is not passed by for want of the second seat.
        ended = "declined" if answer == "no" else "expired"
        assert await states((*pair, *others)) == [ended, ended, "offered", "offered"]


async def test_one_sibling_can_leave_and_the_other_waits_on_alone(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=1)
    holder = await somebody(cohort, keys, clock.now())
    with pytest.raises(AssertionError, match="too_many=True"):
        await family(cohort, keys, clock, 2)
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    await leaving_services.leave(pair[0].enrolment_id, keys, clock.now())
    await services.leave(holders[0].enrolment_id, keys, clock.now())
    assert await states(pair) == ["withdrawn", "offered"]
    assert await leaving_services.undo(pair[0].enrolment_id, clock.now()) == "queue"
    assert (await queries.enrolment(holder.enrolment_id)).state == "confirmed"


async def test_undoing_within_the_hour_they_wait_together_again(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    await leaving_services.leave(pair[0].enrolment_id, keys, clock.now())
    await leaving_services.undo(pair[0].enrolment_id, clock.now())
    await services.leave(holders[0].enrolment_id, keys, clock.now())
    assert await states(pair) == ["queued", "queued"]
    await services.leave(holders[1].enrolment_id, keys, clock.now())
    assert await states(pair) == ["offered", "offered"]


async def test_they_can_take_places_one_by_one_after_all_and_get_what_is_free_at_once(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    first, _second = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    await services.leave(first.enrolment_id, keys, clock.now())
    assert await states(pair) == ["queued", "queued"]
    await together_services.one_by_one(pair[1].enrolment_id, clock.now())
    await together_services.one_by_one(pair[1].enrolment_id, clock.now())
    assert await states(pair) == ["offered", "queued"]
    assert (await kinds(owner, pair[1].enrolment_id)).count("apart") == 1


async def test_who_no_longer_waits_together_cannot_part_when_they_have_been_offered(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    for holder in holders:
        await services.leave(holder.enrolment_id, keys, clock.now())
    with pytest.raises(Conflict):
        await together_services.one_by_one(pair[0].enrolment_id, clock.now())


async def test_a_newcomer_takes_a_place_that_is_too_few_for_those_who_wait_together(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, queries_log: QueryLog
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    await somebody(cohort, keys, clock.now())
    pair = await family(cohort, keys, clock, 2)
    queries_log.clear()
    newcomer = await somebody(cohort, keys, clock.now())
    assert newcomer.held
    assert len(queries_log.statements) <= 12, queries_log.statements
    assert await kinds(owner, pair[0].enrolment_id) == ["applied_queue", "passed_together"]
    # Of two who wait for as many, who came first goes first.
    later = await family(cohort, keys, clock, 2)
    assert await states(later) == ["queued", "queued"]


async def test_what_staff_do_in_the_queue_is_for_all_who_wait_together(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    alone, pair = await somebody(cohort, keys, clock.now()), await family(cohort, keys, clock, 2)
    ids = [taken.enrolment_id for taken in pair]
    assert await order_services.move_before(cohort.cohort_id, ids[1], alone.enrolment_id, "together", kim, clock.now())
    line = [facts.enrolment_id for facts in await queries.enrolments(cohort.cohort_id, ["queued"])]
    assert line == [*ids, alone.enrolment_id]
    assert (await queries.enrolment(alone.enrolment_id)).passed_at is not None
    assert (await queries.enrolment(ids[0])).passed_at is None
    assert not await order_services.move_before(cohort.cohort_id, ids[1], ids[0], "together", kim, clock.now())
    await order_services.skip(ids[0], "wait", kim.staff_id, clock.now())
    for holder in holders:
        await services.leave(holder.enrolment_id, keys, clock.now())
    assert await states((*pair, alone)) == ["queued", "queued", "offered"]
    await order_services.restore(cohort.cohort_id, ids[0], kim, clock.now())
    assert [(await queries.enrolment(one)).order_reason for one in ids] == [None, None]


async def test_one_says_that_they_come_for_all(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=3)
    programme = (await a_programme("2.15"))[1]
    token = new_token()
    applications = [
        await an_application(cohort, f"Barn {n}", once=services.sibling_once(token, n), among_many=True) for n in (1, 2)
    ]
    answer = await services.apply_all(applications, programme, keys, clock.now(), together=True)
    assert not isinstance(answer, Refused)
    await queue_services.promote_waiting(clock.now())
    assert await states(answer) == ["queued", "queued"]
    await coming_services.coming(answer[1].enrolment_id, programme, clock.now())
    assert await states(answer) == ["confirmed", "confirmed"]


async def test_who_says_that_they_come_or_is_moved_here_has_the_seat_that_is_too_little_for_siblings_before_them(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for how in ("comes", "moved"):
        cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
        other = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
        programme = (await a_programme("2.15"))[1]
        assert (await somebody(cohort, keys, clock.now())).held
        pair = await family(cohort, keys, clock, 2)
        assert await states(pair) == ["queued", "queued"]
        clock.advance(minutes=1)
        if how == "comes":
            asked = await services.apply(await an_application(cohort, "Q", among_many=True), programme, keys, clock.now())
            assert isinstance(asked, Taken)
            await coming_services.coming(asked.enrolment_id, programme, clock.now())
            who = asked.enrolment_id
        else:
            there = await somebody(other, keys, clock.now())
            planned = await transfer_services.plan(there.enrolment_id, cohort.cohort_id, keys, clock.now())
            moved = await transfer_services.transfer(
                there.enrolment_id, cohort.cohort_id, planned.seen, 1, keys, clock.now()
            )
            assert moved
            who = moved
        assert (await queries.enrolment(who)).state == "confirmed"
        assert await states(pair) == ["queued", "queued"]
        # They are told that somebody went before.
        ids = [one.enrolment_id for one in pair]
        told = "select count(*) from queue_event where enrolment_id = any($1::uuid[]) and kind = 'passed_together'"
        assert await owner.fetchval(told, ids) == 2


async def test_sent_twice_at_once_there_is_one_family(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, once = await a_cohort("2.15", clock.now()), new_token()
    before = all_keys(keys, clock)
    first, second = await asyncio.gather(*(family(cohort, keys, clock, 3, once=once) for _ in range(2)))
    assert [taken.enrolment_id for taken in first] == [taken.enrolment_id for taken in second]
    assert await owner.fetchval("select count(*) from enrolment") == 3
    assert len(all_keys(keys, clock) - before) == 3


async def test_sent_again_with_one_more_only_that_one_is_new(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, once = await a_cohort("2.15", clock.now()), new_token()
    before = await family(cohort, keys, clock, 2, once=once)
    after = await family(cohort, keys, clock, 3, once=once)
    assert [taken.enrolment_id for taken in after[:2]] == [taken.enrolment_id for taken in before]
    assert [taken.repeated for taken in after] == [True, True, False]
    assert await owner.fetchval("select count(*) from seat") == 3


async def test_a_race_of_families_for_the_last_seats_ends_with_all_or_none_of_each(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=5)
    found = await asyncio.gather(*(family(cohort, keys, clock, 2) for _ in range(6)))
    held = [sum(taken.held for taken in people) for people in found]
    assert sorted(held) == [0, 0, 0, 0, 2, 2]
    assert await owner.fetchval("select count(*) from seat") == 4


# On screen


def fields(shown: str) -> dict[str, str]:
    """Every hidden field of the form, and all ticks ticked; ages: the oldest band."""
    form = dict(re.findall(r'type="hidden" name="([a-z_0-9]+)" value="([^"]*)"', shown))
    form |= dict.fromkeys(re.findall(r'type="checkbox" name="(v_[a-z_0-9]+)"', shown), "ja")
    for name, value in re.findall(r'type="radio" name="(v_age[_0-9]*)" value="([^"]*)"', shown):
        if value != OUTSIDE_BANDS:
            form[name] = value
    return form


async def test_on_the_web_a_sibling_is_added_taken_away_and_what_was_typed_stays(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.get(address)).text
    assert "Lägg till ett syskon" in shown
    typed = fields(shown) | {"namn": "Lo", "kontakt": "lo@example.se"}
    two = await client.post(address, data=typed | {"syskon": "fler"})
    assert two.status_code == 200
    assert 'value="Lo"' in two.text
    assert 'id="barn-2"' in two.text
    form = fields(two.text) | {"namn": "Lo", "namn_2": "Kim", "kontakt": "lo@example.se"}
    without_first = (await client.post(address, data=form | {"bort": "1"})).text
    assert 'value="Kim"' in without_first
    assert 'value="Lo"' not in without_first
    assert 'value="lo@example.se"' in without_first
    assert 'id="barn-2"' not in without_first
    assert await owner.fetchval("select count(*) from enrolment") == 0


async def test_on_the_web_every_reason_says_which_child_and_nothing_is_written(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    form = fields(shown) | {"antal": "2"}
    form.pop("v_residency_2")
    answer = await client.post(address, data=form)
    assert answer.status_code == 422
    assert "Barn 2: " in answer.text
    assert 'href="#v_residency_2"' in answer.text
    assert "Barn 1: " not in answer.text
    assert await owner.fetchval("select count(*) from enrolment") == 0


async def test_on_min_plats_one_changes_between_the_siblings_and_closing_closes_all(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    form = fields(shown) | {"namn": "Lo", "namn_2": "Kim", "tillsammans": "ja"}
    assert (await client.post(address, data=form)).status_code == 303
    mine = (await client.get("/min-plats")).text
    assert "Du står i kö, som nummer 1" in mine
    assert "Ni vill ha 2 platser samtidigt." in mine
    assert "Kim" in mine
    codes = re.findall(r'class="num">([0-9A-Z-]{19})<', mine)
    assert len(set(codes)) == 2
    await client.post("/min-plats/syskon", data={"_csrf_token": csrf_of(mine), "plats": "2"})
    other = (await client.get("/min-plats")).text
    assert "Du står i kö, som nummer 2" in other
    for holder in holders:
        await services.leave(holder.enrolment_id, keys, clock.now())
    offered = (await client.get("/min-plats")).text
    assert "Ett svar gäller för båda." in offered
    await client.post("/min-plats/erbjudande", data={"_csrf_token": csrf_of(offered), "svar": "ja"})
    assert await owner.fetchval("select count(*) from enrolment where state = 'confirmed'") == 2
    await client.post("/min-plats/stang", data={"_csrf_token": csrf_of(offered)})
    assert await owner.fetchval("select count(*) from place_session") == 0
    assert "Syskonen i samma anmälan" not in (await client.get("/min-plats")).text


async def test_when_one_sibling_has_left_min_plats_goes_on_to_the_next(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    await client.post(address, data=fields(shown) | {"namn": "Lo", "namn_2": "Kim"})
    token = csrf_of((await client.get("/min-plats")).text)
    await client.post("/min-plats/lamna", data={"_csrf_token": token})
    gone = await client.post("/min-plats/radera", data={"_csrf_token": token})
    assert "Till syskonens platser" in (await client.get(gone.headers["location"])).text
    assert (await client.get("/min-plats")).status_code == 303
    assert "Du har en plats" in (await client.get("/min-plats")).text


async def test_staff_enrol_siblings_on_the_phone_and_hand_over_every_code(
    client: httpx.AsyncClient, clock: FrozenClock, the_worker: worker.Worker
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.16", clock.now(), robin)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    sent = await client.post(address, data=fields(shown) | {"namn": "Lo", "namn_2": "Kim"})
    first = (await client.get(sent.headers["location"])).text
    assert "Platskod, visas bara nu" in first
    other = re.search(r'<li><a href="(/personal/grupper/[^"]+)">Kim</a>', first)
    assert other
    assert "Platskod, visas bara nu" in (await client.get(other[1])).text
    clock.advance(minutes=11)
    assert "Platskod, visas bara nu" not in (await client.get(other[1])).text


async def two_on_screen(client: httpx.AsyncClient, cohort: CohortFacts) -> str:
    """Lo and Kim apply in one form; Min plats as it then is."""
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    await client.post(address, data=fields(shown) | {"namn": "Lo", "namn_2": "Kim"})
    return (await client.get("/min-plats")).text


async def test_what_was_meant_for_one_sibling_never_happens_to_the_other_in_another_tab(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    mine = await two_on_screen(client, await a_cohort("2.15", clock.now()))
    meant = hidden((leave := (await client.get("/min-plats/lamna")).text), "denna")
    assert "Det gäller bara Lo." in leave
    await client.post("/min-plats/syskon", data={"_csrf_token": csrf_of(mine), "plats": "2"})
    for form in ("lamna", "angra", "radera", "erbjudande", "alder", "kommer", "kalender", "var-for-sig"):
        answer = await client.post(f"/min-plats/{form}", data={"_csrf_token": csrf_of(mine), "denna": meant, "svar": "nej"})
        assert answer.status_code == 409, form
        assert "En annan plats visas nu" in answer.text
    assert await owner.fetchval("select count(*) from seat") == 2
    await client.post("/min-plats/syskon", data={"_csrf_token": csrf_of(mine), "plats": "1"})
    assert (await client.post("/min-plats/lamna", data={"_csrf_token": csrf_of(mine), "denna": meant})).status_code == 303
    left = (await client.get("/min-plats")).text
    assert "Lo: Du har lämnat din plats" in left
    assert "Kim" in left


async def test_siblings_wait_together_again_when_staff_take_back_that_one_did_not_meet_the_conditions(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin, programme = await a_leader(clock.now()), (await a_programme("2.15"))[1]
    cohort = await a_cohort("2.15", clock.now(), robin, minimum=1, maximum=2)
    holders = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    pair = await family(cohort, keys, clock, 2)
    await refusal_services.refuse(pair[0].enrolment_id, ["age"], programme, robin.staff_id, clock.now())
    look = Look(robin, "group", None)
    assert [label for _one, label, _until in await turned_down(cohort.cohort_id, keys, look, clock.now())] == ["Barn 1"]
    await refusal_services.take_back(pair[0].enrolment_id, robin.staff_id, clock.now())
    assert await turned_down(cohort.cohort_id, keys, look, clock.now()) == []
    await services.leave(holders[0].enrolment_id, keys, clock.now())
    assert await states(pair) == ["queued", "queued"]


async def test_nobody_whose_fields_were_sent_is_left_out_whatever_the_form_says_of_how_many(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    shown = (await client.post(address, data=fields((await client.get(address)).text) | {"syskon": "fler"})).text
    for wrong in ("", "1", "99", "-1", "abc", "٣"):
        form = fields(shown) | {"antal": wrong}
        form.pop("v_residency_2")
        answer = await client.post(address, data=form)
        assert answer.status_code == 422, wrong
        assert "Barn 2: " in answer.text
    assert await owner.fetchval("select count(*) from enrolment") == 0


async def test_staff_see_on_the_groups_page_too_who_waits_with_whom(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    for _ in range(3):
        await somebody(cohort, keys, clock.now())
    await family(cohort, keys, clock, 2)
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    for address in ("", "/ko"):
        shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}{address}")).text
        assert shown.count("Syskon, tillsammans: 2, 3") == 2


@pytest.mark.parametrize("meanwhile", ["they go before others", "another goes before them", "somebody is moved here"])
async def test_nobody_comes_to_stand_between_siblings_while_one_is_away_and_is_passed_by_them(
    meanwhile: str, db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """Else who came back would be offered a place with their sibling, past somebody who waits and was told of no reason."""
    start = clock.now()
    kim = await a_coordinator(start)
    elsewhere, cohort = [await a_cohort("2.15", start, minimum=1, maximum=2) for _ in range(2)]
    for _ in range(2):
        await somebody(cohort, keys, start)
    others = [await somebody(elsewhere, keys, start) for _ in range(3)]
    clock.advance(minutes=1)
    singles = [await somebody(cohort, keys, clock.now()) for _ in range(2)]
    children = await family(cohort, keys, clock, 2)
    last = await somebody(cohort, keys, clock.now())
    first, second = [child.enrolment_id for child in children]
    assert await leaving_services.leave(first, keys, clock.now())
    if meanwhile == "they go before others":
        before = singles[0].enrolment_id
        assert await order_services.move_before(cohort.cohort_id, second, before, "office_error", kim, clock.now())
        order = [first, second, *(one.enrolment_id for one in singles), last.enrolment_id]
    elif meanwhile == "another goes before them":
        await order_services.move_before(cohort.cohort_id, last.enrolment_id, second, "office_error", kim, clock.now())
        order = [*(one.enrolment_id for one in singles), last.enrolment_id, first, second]
    else:
        for one in singles:
            await services.leave(one.enrolment_id, keys, clock.now())
        waits = others[2].enrolment_id
        plan = await transfer_services.plan(waits, cohort.cohort_id, keys, clock.now())
        moved = await transfer_services.transfer(waits, cohort.cohort_id, plan.seen, kim.staff_id, keys, clock.now())
        assert plan.seen == "ko-1"
        assert moved
        order = [moved, first, second, last.enrolment_id]
    assert await leaving_services.undo(first, clock.now()) == "queue"
    waiting = await queries.enrolments(cohort.cohort_id, ["queued"])
    assert [facts.enrolment_id for facts in waiting] == order
    await owner.execute("update cohort set maximum = 5 where id = $1", cohort.cohort_id)
    await queue_services.promote(cohort.cohort_id, clock.now())
    offered = await queries.enrolments(cohort.cohort_id, ["offered"])
    assert [facts.enrolment_id for facts in offered] == order[:3]


async def test_what_others_were_given_is_said_with_its_own_reason_and_not_any_more_once_that_has_gone(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """Somebody went before them while they had yet to say that they come, and there was room for both of them."""
    cohort = await a_cohort("2.15", clock.now(), minimum=1, maximum=2)
    for _ in range(2):
        await somebody(cohort, keys, clock.now())
    pair = await family(cohort, keys, clock, 2)
    await owner.execute("update enrolment set asked_to_come = true where together_id is not null")
    await owner.execute(
        "insert into queue_event (enrolment_id, at, kind) values ($1, $2, 'passed_asked')", pair[0].enrolment_id, clock.now()
    )
    client.cookies.set("place", pair[0].token)
    shown = (await client.get("/min-plats")).text
    assert shown.count("Senast hände det") == 1
    assert shown.index('id="kommer"') < shown.index("Senast hände det") < shown.index('id="tillsammans"')
    await owner.execute("update enrolment set asked_to_come = false")
    shown = (await client.get("/min-plats")).text
    assert 'id="tillsammans"' in shown
    assert "Senast hände det" not in shown
