"""Without a study visit by its day the place goes on, after a reminder that arrived and a fair chance; never otherwise."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import at_local, local_date
from programmes.core.errors import Conflict
from programmes.core.i18n import day_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import refusal_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import deadline_services
from programmes.enrolment.queue.deadline_rules import (
    TO_BOOK,
    Around,
    Chance,
    Holder,
    could_book,
    releases,
    reminds,
    visit_by,
)
from programmes.enrolment.services import Taken
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.notices.deadline_services import hold_to_deadlines
from tests.clock import FrozenClock
from tests.conftest import START
from tests.enrolment.test_visit_changes import PHONE, a_slot, look, open_in, reachable
from tests.factories import a_cohort, a_leader, a_programme, post_form, sign_in_as, somebody
from tests.notices.mail import Mail

NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
FIRST = NOW + timedelta(days=28)
AROUND = Around(date(2026, 9, 20), 7, FIRST)
MAIL = "mejl@example.invalid"


def holder(**other: Any) -> Holder:
    return Holder(**{"state": "preliminary", "visit": None, "office_cancelled": False, "since": NOW, **other})


@pytest.fixture
def mail(the_worker: worker.Worker, tmp_path: Path) -> Mail:
    folder = tmp_path / "mail"
    return Mail(replace(the_worker, settings=replace(the_worker.settings, mail_url=f"folder://{folder}")), folder)


def with_words(mail: Mail, words: str) -> list[str]:
    """What Anna has got with these words."""
    return [text for text in mail.to(MAIL) if words in re.sub(r"\s+", " ", text)]


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


@pytest.mark.parametrize(
    ("since", "decide_by", "days", "first", "last"),
    [
        (NOW, date(2026, 9, 20), 7, FIRST, date(2026, 9, 13)),
        (NOW, date(2026, 9, 20), 0, FIRST, date(2026, 9, 20)),
        # Late: a week of their own.
        (NOW + timedelta(days=9), date(2026, 9, 20), 7, FIRST, date(2026, 9, 18)),
        # So late that it would not be before the first session, or there is none.
        (NOW + timedelta(days=21), date(2026, 9, 20), 7, FIRST, None),
        (NOW, date(2026, 9, 20), 7, None, None),
    ],
)
def test_the_last_day(since: datetime, decide_by: date, days: int, first: datetime | None, last: date | None) -> None:
    assert visit_by(holder(since=since), Around(decide_by, days, first)) == last


ROOM = [Chance(NOW, FIRST - timedelta(days=3), 1)]


@pytest.mark.parametrize(
    ("other", "chances", "hours", "reminded"),
    [
        ({}, ROOM, -1, False),
        ({}, ROOM, 0, True),
        ({}, ROOM, 24 * 12, True),
        ({"visit": "missed"}, ROOM, 0, True),
        ({"visit": "booked"}, ROOM, 0, False),
        ({"visit": "attended"}, ROOM, 0, False),
        ({"visit": "cancelled", "office_cancelled": True}, ROOM, 0, False),
        ({"office_cancelled": True}, ROOM, 0, False),
        ({"state": "confirmed"}, ROOM, 0, False),
        ({"state": "offered"}, ROOM, 0, False),
        ({}, [], 0, False),
        ({}, [Chance(NOW, FIRST, 0)], 0, False),
        ({}, [Chance(NOW, NOW, 3)], 0, False),
    ],
)
def test_who_is_reminded_and_when(other: dict[str, Any], chances: list[Chance], hours: int, reminded: bool) -> None:
    begins = at_local(date(2026, 9, 8), datetime.min.time().replace(hour=8))
    assert reminds(holder(**other), AROUND, chances, begins + timedelta(hours=hours)) == reminded


moments = st.integers(0, 40 * 24).map(lambda hours: NOW + timedelta(hours=hours))
chance = st.builds(Chance, st.none() | moments, moments, st.integers(0, 2))


@given(
    visit=st.sampled_from([None, "booked", "attended", "missed", "cancelled"]),
    office=st.booleans(),
    since=moments,
    chances=st.lists(chance, max_size=4),
    told=st.none() | moments,
    now=moments,
)
def test_nobody_loses_a_place_without_a_reminder_and_a_time_to_book(
    visit: Any, office: bool, since: datetime, chances: list[Chance], told: datetime | None, now: datetime
) -> None:
    who = holder(visit=visit, office_cancelled=office, since=since)
    last = visit_by(who, AROUND)
    if not releases(who, AROUND, chances, told, now):
        return
    assert visit in {None, "missed"}
    assert not office
    assert told is not None
    assert now - told >= TO_BOOK
    assert last is not None
    assert last < local_date(now)
    assert now < FIRST
    assert local_date(now) - local_date(since) > timedelta(days=7)
    # In every such case there was one whole stretch, after the reminder, in which a time could have been booked.
    assert any(c.left and max(told, c.free_since or told) + TO_BOOK <= min(c.starts_at, now) for c in chances)
    # And a day later it is so still, unless the first session has begun: the tick may be late.
    later = now + timedelta(days=1)
    assert releases(who, AROUND, chances, told, later) == (later < FIRST)


def test_a_time_that_was_given_back_this_morning_was_no_chance_yesterday() -> None:
    now = NOW + timedelta(days=10)
    assert could_book([Chance(NOW, now + timedelta(days=5), 1)], NOW, now)
    assert not could_book([Chance(now - timedelta(hours=2), now + timedelta(days=5), 1)], NOW, now)
    assert not could_book([Chance(None, now + timedelta(days=5), 0)], NOW, now)
    assert not could_book([Chance(None, NOW + timedelta(days=2), 1)], NOW, now)


async def full(clock: FrozenClock, keys: KeyFolder, robin: Principal) -> tuple[CohortFacts, Taken, Taken]:
    """One place, held by somebody with an address, and one who waits. The last day to book is 13 September."""
    cohort = await a_cohort("2.8", clock.now(), robin, minimum=1, maximum=1)
    return cohort, await reachable(cohort, keys, clock, "Anna Ask", MAIL), await somebody(cohort, keys, clock.now(), "Bo")


async def test_reminded_once_then_the_place_goes_to_the_next_and_the_person_is_told(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort, anna, bo = await full(clock, keys, robin)
    await a_slot(cohort, clock, robin, 15)
    await open_in(client, anna, keys)
    assert "Boka senast söndag 13 september." in await look(client, "/min-plats")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{anna.enrolment_id}"
    assert "Ska vara bokat senast söndag 13 september." in await look(client, person)
    for days in (5, 1, 1, 3):
        clock.advance(days=days)
        await worker.drain(the_worker)
        assert (await queries.enrolment(anna.enrolment_id)).state == "preliminary"
    reminders = await owner.fetch("select state, sent_at from notice where kind = 'visit_reminder'")
    assert [(r["state"], local_date(r["sent_at"])) for r in reminders] == [("sent", date(2026, 9, 8))]
    clock.set(at_local(date(2026, 9, 14), datetime.min.time()))
    for _ in range(2):
        await worker.drain(the_worker)
    facts = await queries.enrolment(anna.enrolment_id)
    assert (facts.state, facts.seat, facts.left_from) == ("expired", None, "preliminary")
    assert ((await queries.enrolment(bo.enrolment_id)).state) == "offered"
    assert await owner.fetchval("select state from notice where kind = 'place_expired'") == "sent"
    await sign_in_as(client, "robin", clock.now())
    assert "Platsen gick ut" in await look(client, person)


@pytest.mark.parametrize("late", ["worker", "slot", "sending"])
async def test_who_hears_of_the_last_day_too_late_has_a_week_and_no_message_names_a_day_that_has_been(
    late: str,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,
) -> None:
    cohort, anna, bo = await full(clock, keys, robin)
    if late != "slot":
        await a_slot(cohort, clock, robin, 25)
    if late == "sending":
        clock.advance(days=7)
        await hold_to_deadlines(keys, clock.now())
    clock.set(START + timedelta(days=12, hours=4))
    if late == "slot":
        await mail.work()
        await a_slot(cohort, clock, robin, 13)
    await open_in(client, anna, keys)
    said = await look(client, "/min-plats")
    assert "Boka så snart du kan." in said
    assert "Boka senast" not in said
    await mail.work()
    assert with_words(mail, "första möte senast") == []
    assert "Boka senast måndag 21 september" in await look(client, "/min-plats")
    for _ in range(7):
        clock.advance(days=1)
        await mail.work()
        assert (await queries.enrolment(anna.enrolment_id)).state == "preliminary"
    assert len(with_words(mail, "första möte senast måndag 21 september")) == 1
    clock.advance(days=1)
    await mail.work()
    assert (await queries.enrolment(anna.enrolment_id)).state == "expired"
    assert (await queries.enrolment(bo.enrolment_id)).state == "offered"


async def test_who_books_who_had_no_time_to_book_and_whose_visit_we_cancelled_keep_the_place(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.7", clock.now(), robin)
    booked, cancelled = [await reachable(cohort, keys, clock, name, MAIL) for name in ("Anna Ask", "Bo Bok")]
    other = await a_cohort("2.7", clock.now(), robin)
    without = await reachable(other, keys, clock, "Cia Ceder", MAIL)
    for person, day in ((booked, 17), (cancelled, 16)):
        slot = await a_slot(cohort, clock, robin, day)
        await step_services.book_visit(person.enrolment_id, slot, clock.now())
    await visit_services.cancel_slot(cohort.cohort_id, slot, 1, robin.staff_id, clock.now())
    for _ in range(14):
        clock.advance(days=1)
        await worker.drain(the_worker)
    for person in (booked, cancelled, without):
        assert (await queries.enrolment(person.enrolment_id)).state == "preliminary"
    # Booked anew and taken back by themselves: it is still the office that began it.
    await step_services.book_visit(cancelled.enrolment_id, await a_slot(cohort, clock, robin, 3), clock.now())
    await visit_services.cancel_booking(cancelled.enrolment_id, clock.now())
    await a_slot(other, clock, robin, 1)
    for _ in range(4):
        clock.advance(days=1)
        await worker.drain(the_worker)
    for person in (cancelled, without):
        assert (await queries.enrolment(person.enrolment_id)).state == "preliminary"


@pytest.mark.parametrize("how", ["person", "staff", "missed", "left", "refused"])
async def test_who_loses_a_visit_that_was_booked_has_a_week_and_a_reminder_for_the_next(
    how: str, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    anna = await reachable(cohort, keys, clock, "Anna Ask", MAIL)
    one = anna.enrolment_id
    slot, _another = await a_slot(cohort, clock, robin, 14), await a_slot(cohort, clock, robin, 25)
    clock.advance(days=7)
    await worker.drain(the_worker)
    await step_services.book_visit(one, slot, clock.now())
    # Three days after the last day, shortly before the visit.
    clock.set(START + timedelta(days=13, hours=23, minutes=40))
    await worker.drain(the_worker)
    programme = (await a_programme("2.8"))[1]
    if how in {"person", "staff"}:
        await visit_services.cancel_booking(one, clock.now(), robin.staff_id if how == "staff" else None)
    elif how == "missed":
        clock.advance(hours=1)
        for _again in range(2):
            await step_services.mark_visit(one, "missed", robin.staff_id, programme, clock.now())
            clock.advance(minutes=10)
    elif how == "left":
        await leaving_services.leave(one, keys, clock.now())
        clock.advance(minutes=40)
        await leaving_services.undo(one, clock.now())
    else:
        await refusal_services.refuse(one, ["residency"], programme, robin.staff_id, clock.now())
        clock.advance(minutes=40)
        await refusal_services.take_back(one, robin.staff_id, clock.now())
    lost = local_date(clock.now())
    await worker.drain(the_worker)
    assert (await queries.enrolment(one)).state == "preliminary"
    await open_in(client, anna, keys)
    assert f"Boka senast {day_long(lost + timedelta(days=7))}" in await look(client, "/min-plats")
    for _ in range(7):
        clock.advance(days=1)
        await worker.drain(the_worker)
        assert (await queries.enrolment(one)).state == "preliminary"
    # Nothing was booked in that week either, of which there was a reminder.
    for _ in range(2):
        clock.advance(days=1)
        await worker.drain(the_worker)
    assert (await queries.enrolment(one)).state == "expired"


async def test_who_has_only_a_telephone_loses_the_place_only_after_somebody_has_rung(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    ring, nowhere = await reachable(cohort, keys, clock, "Tel Ask", PHONE), await somebody(cohort, keys, clock.now(), "Tyst")
    await worker.drain(the_worker)
    await a_slot(cohort, clock, robin, 25, 5)
    for days in (13, 3, 2):
        clock.advance(days=days)
        await worker.drain(the_worker)
    await sign_in_as(client, "robin", clock.now())
    calls = f"/personal/grupper/{cohort.cohort_id}/ring"
    page = await look(client, calls)
    assert "Behöver boka ett studiebesök." in page
    assert "Tyst" not in page
    found = re.search(r'name="vem" value="([0-9a-f-]+)"', page)
    assert found
    told = re.findall(r'name="besked" value="([0-9a-f-]+)"', page)
    assert (await post_form(client, calls, {"vem": found[1], "besked": told})).status_code == 303
    await worker.drain(the_worker)
    assert (await queries.enrolment(ring.enrolment_id)).state == "preliminary"
    clock.advance(days=3)
    await worker.drain(the_worker)
    assert (await queries.enrolment(ring.enrolment_id)).state == "expired"
    assert (await queries.enrolment(nowhere.enrolment_id)).state == "preliminary"
    await worker.drain(the_worker)
    await sign_in_as(client, "robin", clock.now())
    assert "Bokade inget studiebesök i tid" in await look(client, calls)


async def test_another_day_asks_for_another_reminder(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort, anna, _bo = await full(clock, keys, robin)
    await a_slot(cohort, clock, robin, 25)
    clock.advance(days=7)
    await worker.drain(the_worker)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    assert "Boka senast söndag 13 september" in await look(client, address)
    assert (await post_form(client, f"{address}/senast", {"dagar": "61"}, address)).status_code == 422
    has_been = await post_form(client, f"{address}/senast", {"dagar": "12"}, address)
    assert "Då blir sista dagen tisdag 8 september, och den har redan varit." in has_been.text
    assert (await post_form(client, f"{address}/senast", {"dagar": "2"}, address)).status_code == 303
    assert "Boka senast fredag 18 september" in await look(client, address)
    clock.advance(days=6)
    await worker.drain(the_worker)
    assert (await queries.enrolment(anna.enrolment_id)).state == "preliminary"
    assert await owner.fetchval("select count(*) from notice where kind = 'visit_reminder' and state = 'sent'") == 2
    with pytest.raises(asyncpg.CheckViolationError, match="visit_days_sensible"):
        await owner.execute("update cohort set visit_days = 61")


async def at_the_last_moment(clock: FrozenClock, keys: KeyFolder, robin: Principal) -> tuple[Taken, int, date, datetime]:
    """Somebody whose day is over, with a time that can still be booked, and when they were reminded."""
    cohort, anna, _bo = await full(clock, keys, robin)
    slot = await a_slot(cohort, clock, robin, 25)
    told = clock.now() + timedelta(days=6)
    clock.advance(days=12)
    return anna, slot, date(2026, 9, 13), told


async def test_booking_at_the_moment_the_place_goes_on_is_one_or_the_other(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    start = clock.now()
    for _ in range(4):
        clock.set(start)
        anna, slot, last, told = await at_the_last_moment(clock, keys, robin)
        answers: list[Any] = await asyncio.gather(
            step_services.book_visit(anna.enrolment_id, slot, clock.now()),
            deadline_services.release(anna.enrolment_id, last, told, keys, clock.now()),
            return_exceptions=True,
        )
        facts = await queries.enrolment(anna.enrolment_id)
        if answers[1] is True:
            assert isinstance(answers[0], Conflict)
            assert (facts.state, facts.visit, facts.seat) == ("expired", None, None)
        else:
            assert answers == [None, False]
            assert (facts.state, facts.seat) == ("preliminary", 1)


async def test_control_without_the_lock_a_booked_visit_and_the_lost_place_are_both_acknowledged(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, slot, last, told = await at_the_last_moment(clock, keys, robin)
    gate, read, booked = queries.lock_gate, asyncio.Event(), asyncio.Event()
    end = services.end

    async def no_lock(cohort_id: int, now: datetime) -> Any:
        return await gate(cohort_id, now) if booked.is_set() else None

    async def late(*args: Any) -> None:
        read.set()
        await booked.wait()
        await end(*args)

    monkeypatch.setattr(queries, "lock_gate", no_lock)
    monkeypatch.setattr(services, "end", late)
    releasing = asyncio.create_task(deadline_services.release(anna.enrolment_id, last, told, keys, clock.now()))
    await read.wait()
    await step_services.book_visit(anna.enrolment_id, slot, clock.now())
    booked.set()
    assert await releasing is True
    assert (await queries.enrolment(anna.enrolment_id)).state == "expired"
