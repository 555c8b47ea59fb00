"""Whoever leads hears of a decision about a start, and of its taking back; nobody stands before a group without a leader."""

import asyncpg
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.substitute_queries import without_leader
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.desk.test_sick import mail, request_to, standing, with_mail  # noqa: F401
from tests.desk.test_who_leads_then import texts
from tests.factories import a_cohort, a_coordinator, a_leader
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
    back = "onsdag 21 oktober 10.00–12.00 är flyttat: onsdag 30 september" if expected else "onsdag 30 september"
    assert len(texts(mail, "robin", f"Det som du leder {back}" if expected else f"Du leder det som är {back}")) == 1
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
