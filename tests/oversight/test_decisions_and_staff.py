"""Whoever leads hears of a decision about a start, and of its taking back; nobody stands before a group without a leader."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.substitute_queries import without_leader
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.desk.test_sick import mail, request_to, standing, with_mail  # noqa: F401
from tests.desk.test_who_leads_then import texts
from tests.factories import a_cohort, a_coordinator, a_leader, hidden, post_form, sign_in_as
from tests.notices.mail import Mail
from tests.oversight.test_undo import decide
from tests.oversight.test_undo_told import take_back

Staff = tuple[CohortFacts, Principal, Principal, Principal]


@pytest.fixture
async def staff(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> Staff:
    now = clock.now()
    robin, kim, love = await a_leader(now), await a_coordinator(now), await a_leader(now, "love")
    await a_coordinator(now, "mia")
    await with_mail(owner, "robin", "kim", "love", "mia")
    return await a_cohort("2.1", now, robin, minimum=1, sessions=4), robin, kim, love


@pytest.mark.parametrize("what", ["cancel", "postpone"])
async def test_a_substitute_who_was_told_not_to_come_is_asked_again_when_the_decision_is_taken_back(
    what: str,
    staff: Staff,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort, robin, kim, love = staff
    first = (await session_ids(cohort))[0]
    await substitutes.ask(first, robin.staff_id, [love.staff_id], robin, clock.now())
    assert await substitutes.answer(await request_to(owner, love), True, love, clock.now()) is None
    await mail.work()
    clock.advance(minutes=20)
    await decide(what, cohort, kim, clock)
    await mail.work()
    assert len(texts(mail, "love", "Du behöver inte hoppa in")) == 1
    expected = texts(mail, "mia", "flyttat till en annan dag: onsdag 21 oktober")
    assert len(expected) == (1 if what == "postpone" else 0)
    await take_back(cohort, kim, clock)
    await mail.work()
    assert len(texts(mail, "love", "Kan du hoppa in onsdag 30 september")) == 1
    assert await standing(owner, first) == {"robin": False}
    assert [found[0] for found in await without_leader(cohort.cohort_id, clock.now())] == [first]
    # Whoever can't come hears that it takes place, and that nobody is there for them yet.
    moved = "Det som du leder onsdag 21 oktober 10.00–12.00 är flyttat: onsdag 30 september"
    off = "Det som var inställt onsdag 30 september 10.00–12.00 blir av."
    assert len(texts(mail, "robin", moved if expected else off)) == 1
    assert len(texts(mail, "mia", "Ingen har sagt ja till att hoppa in onsdag 30 september")) == len(expected)


async def test_before_a_substitute_was_told_otherwise_they_stay(
    staff: Staff,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort, robin, kim, love = staff
    first = (await session_ids(cohort))[0]
    await substitutes.ask(first, robin.staff_id, [love.staff_id], robin, clock.now())
    assert await substitutes.answer(await request_to(owner, love), True, love, clock.now()) is None
    await decide("postpone", cohort, kim, clock)
    await take_back(cohort, kim, clock)
    await mail.work()
    assert await standing(owner, first) == {"robin": True, "love": False}
    assert not texts(mail, "love", "Du behöver inte hoppa in")


@pytest.mark.parametrize("what", ["cancel", "postpone"])
async def test_who_leads_hears_by_mail_of_a_decision_that_somebody_else_made_and_of_its_taking_back(
    what: str,
    staff: Staff,
    client: httpx.AsyncClient,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    cohort, _robin, kim, _love = staff
    await sign_in_as(client, "kim", clock.now())
    address = {"cancel": "stall-in", "postpone": "skjut-upp"}[what]
    shown = (await client.get(f"/personal/starter/{cohort.cohort_id}/{address}")).text
    assert "E-post, på Idag och i deras kalender" in shown
    await decide(what, cohort, kim, clock)
    await mail.work()
    known = {"cancel": "Det som du skulle leda onsdag 30 september 10.00–12.00 är inställt"}.get(
        what, "Det som du leder onsdag 30 september 10.00–12.00 är flyttat: onsdag 21 oktober"
    )
    assert len(texts(mail, "robin", known)) == 1
    assert not texts(mail, "kim", "Något") + texts(mail, "kim", "leder")
    await take_back(cohort, kim, clock)
    await mail.work()
    back = {"cancel": "Det som var inställt onsdag 30 september 10.00–12.00 blir av. Du leder det."}.get(
        what, "Det som du leder onsdag 21 oktober 10.00–12.00 är flyttat: onsdag 30 september"
    )
    assert len(texts(mail, "robin", back)) == 1


async def test_who_leads_reads_of_no_day_that_is_over_when_a_late_postponement_is_taken_back(
    staff: Staff,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    cohort, _robin, kim, _love = staff
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(days=1))
    await decide("postpone", cohort, kim, clock)
    await mail.work()
    assert len(texts(mail, "robin", "flyttat: onsdag 21 oktober")) == 1
    await take_back(cohort, kim, clock)
    await mail.work()
    assert not texts(mail, "robin", "flyttat: onsdag 30 september")
    assert len(texts(mail, "robin", "Du leder inte längre det som är onsdag 21 oktober")) == 1


async def test_nobody_is_told_of_a_start_that_is_only_planned(
    staff: Staff,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort, _robin, kim, _love = staff
    await owner.execute("update cohort set state = 'planned' where id = $1", cohort.cohort_id)
    await decide("cancel", await cohorts.by_id(cohort.cohort_id), kim, clock)
    await take_back(cohort, kim, clock)
    await mail.work()
    assert not texts(mail, "robin", "inställt")


async def test_who_leads_hears_by_mail_when_a_coordinator_ends_the_group_early(
    staff: Staff,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    _cohort, robin, _kim, _love = staff
    cohort, _people = await a_running("2.1", clock, keys, robin, sessions=4)
    clock.advance(hours=3)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/avsluta/i-fortid"
    shown = (await client.get(address)).text
    assert "E-post, på Idag och i deras kalender" in shown
    assert (await post_form(client, address, {"sett": hidden(shown, "sett")}, address)).status_code == 303
    await mail.work()
    assert len(texts(mail, "robin", "Det som du skulle leda")) == 1
    assert not texts(mail, "kim", "skulle leda") + texts(mail, "love", "skulle leda")
