"""Leaving gives the place on at once and can be undone for an hour; nobody who came meanwhile is passed by."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.calendar import services as calendar
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import transaction
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.enrolment import application_services, place_services, queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.leaving.rules import LeftFrom, gives_back, may_undo
from programmes.enrolment.services import Taken
from tests.clock import FrozenClock
from tests.desk.cast import everything, holding
from tests.enrolment.test_visit_changes import look, open_in
from tests.factories import a_cohort, a_coordinator, a_programme, an_application, confirm, post_form, sign_in_as, somebody


async def one_place(clock: FrozenClock, section: str = "2.1") -> CohortFacts:
    return await a_cohort(section, clock.now(), minimum=1, maximum=1, sessions=4)


async def state_of(taken: Taken) -> tuple[str, int | None]:
    facts = await queries.enrolment(taken.enrolment_id)
    return facts.state, facts.seat


@given(
    left_from=st.sampled_from(["preliminary", "confirmed", "queued"]),
    free=st.booleans(),
    waits=st.booleans(),
    can_enter=st.booleans(),
    over=st.booleans(),
)
def test_what_undoing_gives_passes_nobody_by(
    left_from: LeftFrom, free: bool, waits: bool, can_enter: bool, over: bool
) -> None:
    given_back = gives_back(left_from, free, waits, can_enter, over)
    if given_back == "seat":
        assert free
        assert not over
        assert left_from != "queued"
        assert not (waits and can_enter), "somebody who waits would be passed by"
    elif given_back == "queue":
        assert can_enter
        assert not over
    else:
        assert over or not can_enter


def test_the_hour_ends_on_the_minute() -> None:
    now = datetime(2026, 9, 2, 8, tzinfo=UTC)
    assert may_undo(now + timedelta(microseconds=1), now)
    assert not may_undo(now, now)
    assert not may_undo(None, now)


@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_undone_while_nobody_waits_it_is_as_if_nothing_had_happened(
    db: None, keys: KeyFolder, clock: FrozenClock, section: str
) -> None:
    cohort = await one_place(clock, section)
    taken = await somebody(cohort, keys, clock.now())
    if section == "2.8":
        await confirm(taken.enrolment_id, clock.now())
    before = await queries.enrolment(taken.enrolment_id)
    assert await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    assert await leaving_services.leave(taken.enrolment_id, keys, clock.now()), "said again it changes nothing"
    assert await state_of(taken) == ("withdrawn", None)
    clock.advance(minutes=59)
    for _ in range(2):
        assert await leaving_services.undo(taken.enrolment_id, clock.now()) == "seat"
    assert await queries.enrolment(taken.enrolment_id) == before


async def test_the_next_is_offered_the_place_at_once_and_undoing_leads_to_the_queue_by_the_first_application(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    first, second, third = [await somebody(cohort, keys, clock.now(), name) for name in "ABC"]
    await leaving_services.leave(first.enrolment_id, keys, clock.now())
    assert await state_of(second) == ("offered", 1)
    assert await leaving_services.undo(first.enrolment_id, clock.now()) == "queue"
    assert await state_of(first) == ("queued", None)
    assert await state_of(second) == ("offered", 1)
    arrival = (await queries.enrolment(first.enrolment_id)).arrival
    assert await queries.queue_position(cohort.cohort_id, arrival) == 1
    await services.decline_offer(second.enrolment_id, keys, clock.now())
    assert await state_of(first) == ("offered", 1)
    assert await state_of(third) == ("queued", None)


async def test_who_left_the_queue_comes_back_to_the_same_place_in_it(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await one_place(clock)
    _holder, second, third = [await somebody(cohort, keys, clock.now(), name) for name in "ABC"]
    await leaving_services.leave(second.enrolment_id, keys, clock.now())
    assert await queries.queue_position(cohort.cohort_id, 3) == 1
    assert await leaving_services.undo(second.enrolment_id, clock.now()) == "queue"
    assert [await queries.queue_position(cohort.cohort_id, n) for n in (2, 3)] == [1, 2]
    assert await state_of(third) == ("queued", None)


async def test_after_entry_has_closed_the_seat_comes_back_though_somebody_waits_in_vain(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    holder, waiting = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
    clock.advance(days=29)
    await leaving_services.leave(holder.enrolment_id, keys, clock.now())
    assert await leaving_services.undo(holder.enrolment_id, clock.now()) == "seat"
    assert await state_of(holder) == ("confirmed", 1)
    await leaving_services.leave(waiting.enrolment_id, keys, clock.now())
    with pytest.raises(Conflict, match="undo_nothing"):
        await leaving_services.undo(waiting.enrolment_id, clock.now())


async def test_an_offer_that_is_left_is_left_for_good(db: None, keys: KeyFolder, clock: FrozenClock) -> None:
    cohort = await one_place(clock)
    first, second = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
    await leaving_services.leave(first.enrolment_id, keys, clock.now())
    assert await leaving_services.leave(second.enrolment_id, keys, clock.now()) is False
    assert (await queries.enrolment(second.enrolment_id)).key_id is None
    with pytest.raises(Conflict, match="undo_over"):
        await leaving_services.undo(second.enrolment_id, clock.now())
    # Nobody holds it any more: who left first gets it back.
    assert await leaving_services.undo(first.enrolment_id, clock.now()) == "seat"


@pytest.mark.parametrize("by", ["worker", "person"])
async def test_nothing_about_a_place_that_was_left_outlives_the_hour_where_nobody_is_known(
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    by: str,
) -> None:
    cohort = await a_cohort("2.15", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now(), "Ugglan", "uggla@example.invalid")
    await worker.drain(the_worker)
    await open_in(client, taken, keys)
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    key_id = (await queries.enrolment(taken.enrolment_id)).key_id
    assert key_id
    assert (await post_form(client, "/min-plats/lamna", {})).headers["location"] == "/min-plats"
    await worker.drain(the_worker)
    assert keys.exists("entry", key_id)
    if by == "person":
        assert (await post_form(client, "/min-plats/radera", {}, "/min-plats")).headers["location"] == "/min-plats/klart"
    else:
        clock.advance(hours=1)
        assert await place_services.open_by_code(code, clock.now()) is None, "also while the worker is down"
        for _ in range(2):
            await worker.drain(the_worker)
    assert not keys.exists("entry", key_id)
    row = await owner.fetchrow("select * from enrolment")
    said = {name for name, value in row.items() if value not in {None, False}}
    assert said == {"id", "cohort_id", "state", "arrival", "turn", "applied_at", "ended_at", "language"}
    tables = holding(await everything(owner), str(taken.enrolment_id))
    assert tables == {"enrolment", "queue_event"}, "what proves the order of the queue while the cohort lives"
    assert "Ugglan" not in str(await everything(owner))
    with pytest.raises(Conflict, match="undo_over"):
        await leaving_services.undo(taken.enrolment_id, clock.now())


async def test_staff_see_neither_name_nor_channel_of_who_has_left(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now(), "Ugglan", "uggla@example.invalid")
    await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Ugglan" not in await look(client, person)
    answer = await post_form(client, f"{person}/kontakt", {"varfor": "asked"}, "/personal/grupper")
    assert "uggla@" not in answer.text


async def test_the_page_says_until_when_and_what_undoing_gives_before_and_after(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    taken = await somebody(cohort, keys, clock.now())
    await open_in(client, taken, keys)
    assert "Du kan ångra dig i en timme." in await look(client, "/min-plats/lamna")
    for gives, before, after in (
        ("seat", "Platsen är fortfarande ledig. Du får tillbaka den.", "Du är tillbaka på din plats"),
        ("queue", "Någon annan väntar på platsen eller har redan fått den.", "Du är tillbaka i kön"),
    ):
        if gives == "queue":
            await somebody(cohort, keys, clock.now(), "Nästa")
        assert (await post_form(client, "/min-plats/lamna", {})).headers["location"] == "/min-plats"
        page = await look(client, "/min-plats")
        for words in ("Du har lämnat din plats", "Ångra (till klockan 11.00)", "Radera direkt", before):
            assert words in page, words
        assert not re.search(r"ABC|Alla barn", re.search(r"<title>.*?</title>", page)[0])  # type: ignore[index]
        answer = await post_form(client, "/min-plats/angra", {}, "/min-plats")
        assert answer.headers["location"] == f"/min-plats?angrat={gives}"
        assert after in await look(client, answer.headers["location"])
    assert "Du är tillbaka på din plats" not in await look(client, "/min-plats?angrat=seat"), "only what is so is said"


async def test_with_the_code_it_can_be_undone_in_another_browser_and_after_the_hour_it_is_said_that_it_cannot(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    taken = await somebody(cohort, keys, clock.now())
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    assert (await post_form(client, "/min-plats", {"kod": code})).status_code == 303
    assert (await post_form(client, "/min-plats/angra", {}, "/min-plats")).status_code == 303
    assert await state_of(taken) == ("confirmed", 1)
    await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    clock.advance(minutes=45)
    assert (await post_form(client, "/min-plats", {"kod": code}, "/min-plats?byt=1")).status_code == 303
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', await look(client, "/min-plats"))
    assert token
    clock.advance(minutes=15)
    late = await client.post("/min-plats/angra", data={"_csrf_token": token[1]})
    assert late.headers["location"] == "/min-plats?stangd=1"
    assert await state_of(taken) == ("withdrawn", None)


async def test_a_calendar_is_empty_while_leaving_can_be_undone_and_has_its_dates_again_afterwards(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker
) -> None:
    cohort = await one_place(clock)
    taken = await somebody(cohort, keys, clock.now())
    feed = await calendar.participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    address = calendar.feed_address(feed, keys)
    seen = []
    for step in (leaving_services.leave(taken.enrolment_id, keys, clock.now()), None):
        seen.append((await client.get(address)).text.count("BEGIN:VEVENT"))
        if step:
            await step
        await worker.drain(the_worker)
        seen.append((await client.get(address)).text.count("BEGIN:VEVENT"))
    await leaving_services.undo(taken.enrolment_id, clock.now())
    seen.append((await client.get(address)).text.count("BEGIN:VEVENT"))
    assert seen == [4, 0, 0, 0, 4]
    await leaving_services.leave(taken.enrolment_id, keys, clock.now())
    clock.advance(hours=1)
    await worker.drain(the_worker)
    assert (await client.get(address)).text.count("BEGIN:VEVENT") == 0
    assert await calendar.participant_feed(taken.enrolment_id, keys, clock.now()) != feed


async def held(owner: asyncpg.Connection, cohort: CohortFacts) -> int:
    found: int = await owner.fetchval("select count(*) from seat where cohort_id = $1", cohort.cohort_id)
    return found


async def test_undoing_and_applying_at_once_the_place_is_held_by_one_and_the_other_waits(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for _ in range(6):
        cohort = await one_place(clock)
        left = await somebody(cohort, keys, clock.now())
        await leaving_services.leave(left.enrolment_id, keys, clock.now())
        given_back, taken = await asyncio.gather(
            leaving_services.undo(left.enrolment_id, clock.now()), somebody(cohort, keys, clock.now(), "Nästa")
        )
        assert await held(owner, cohort) == 1
        assert taken.held == (given_back == "queue"), "both were told what is so"
        assert {await state_of(left), await state_of(taken)} == {("confirmed", 1), ("queued", None)}


async def test_undoing_and_accepting_the_offer_at_once_takes_the_place_from_nobody(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    programme = (await a_programme("2.1"))[1]
    for _ in range(4):
        cohort = await one_place(clock)
        left, offered = [await somebody(cohort, keys, clock.now(), name) for name in "AB"]
        await leaving_services.leave(left.enrolment_id, keys, clock.now())
        given_back, _none = await asyncio.gather(
            leaving_services.undo(left.enrolment_id, clock.now()),
            services.accept_offer(offered.enrolment_id, programme, clock.now()),
        )
        assert given_back == "queue"
        assert await held(owner, cohort) == 1
        assert await state_of(offered) == ("confirmed", 1)


async def test_control_without_the_lock_both_are_told_that_the_place_is_theirs_but_for_the_constraint(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await one_place(clock)
    left = await somebody(cohort, keys, clock.now())
    await leaving_services.leave(left.enrolment_id, keys, clock.now())
    gate = queries.lock_gate
    seen = await in_a_transaction(gate, cohort.cohort_id, clock.now())
    both_have_read = asyncio.Barrier(2)

    async def no_lock(cohort_id: int, now: datetime) -> Any:
        return seen

    take = application_services.take_seat

    async def wait_then_take(*args: Any) -> None:
        await both_have_read.wait()
        await take(*args)

    monkeypatch.setattr(queries, "lock_gate", no_lock)
    monkeypatch.setattr(application_services, "take_seat", wait_then_take)
    monkeypatch.setattr(leaving_services, "take_seat", wait_then_take)
    answers: list[Any] = await asyncio.gather(
        leaving_services.undo(left.enrolment_id, clock.now()),
        somebody(cohort, keys, clock.now(), "Nästa"),
        return_exceptions=True,
    )
    assert [type(a) for a in answers if isinstance(a, Exception)] == [asyncpg.UniqueViolationError]
    assert await held(owner, cohort) == 1


async def in_a_transaction(gate: Any, cohort_id: int, now: datetime) -> Any:
    async with transaction():
        return await gate(cohort_id, now)


async def test_undoing_at_the_end_of_the_hour_is_done_or_refused_and_never_half(
    db: None, keys: KeyFolder, clock: FrozenClock
) -> None:
    for late in (timedelta(minutes=59), timedelta(hours=1)):
        cohort = await one_place(clock)
        left = await somebody(cohort, keys, clock.now())
        await leaving_services.leave(left.enrolment_id, keys, clock.now())
        now = clock.now() + late
        answers: list[Any] = await asyncio.gather(
            leaving_services.undo(left.enrolment_id, now),
            leaving_services.leave_for_good(left.enrolment_id, keys, now),
            leaving_services.forget_left(keys, now),
            return_exceptions=True,
        )
        facts = await queries.enrolment(left.enrolment_id)
        if answers[0] == "seat":
            assert (facts.state, facts.seat, facts.sealed is None) == ("confirmed", 1, False)
            assert keys.exists("entry", facts.key_id)  # type: ignore[arg-type]
        else:
            assert isinstance(answers[0], Conflict)
            assert (facts.state, facts.seat, facts.sealed, facts.undo_until) == ("withdrawn", None, None, None)


async def test_the_database_itself_keeps_undoing_to_places_that_were_left(
    db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    taken = await somebody(await one_place(clock), keys, clock.now())
    for wrong in ("undo_until = applied_at", "left_from = 'confirmed'", "undo_until = applied_at, left_from = 'offered'"):
        with pytest.raises(asyncpg.CheckViolationError, match="kept_is_for_what_has_ended"):
            await owner.execute(f"update enrolment set {wrong} where id = $1", taken.enrolment_id)


@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_the_form_of_a_place_that_was_left_and_taken_back_gives_no_second_place(
    db: None, keys: KeyFolder, clock: FrozenClock, section: str
) -> None:
    cohort = await a_cohort(section, clock.now(), sessions=3)
    programme = await catalogue.programme(cohort.programme_id)
    form = await an_application(cohort)
    first = await services.apply(form, programme, keys, clock.now())
    assert isinstance(first, services.Taken)
    await leaving_services.leave(first.enrolment_id, keys, clock.now())
    await leaving_services.undo(first.enrolment_id, clock.now())
    again = await services.apply(form, programme, keys, clock.now())
    assert isinstance(again, services.Taken)
    assert (again.enrolment_id, again.repeated) == (first.enrolment_id, True)
    # Left and not taken back it is a new application, and what was left can be taken back still; the form is the new one's.
    await leaving_services.leave(first.enrolment_id, keys, clock.now())
    anew = await services.apply(form, programme, keys, clock.now())
    assert isinstance(anew, services.Taken)
    assert (anew.enrolment_id != first.enrolment_id, anew.repeated) == (True, False)
    once_more = await services.apply(form, programme, keys, clock.now())
    assert isinstance(once_more, services.Taken)
    assert once_more.enrolment_id == anew.enrolment_id
