"""Who holds a study visit hears by mail at once that somebody else cancels it, or does not come to one that is near."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import visit_services
from programmes.desk.today import staff_message_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.visits import services as visits
from programmes.enrolment.visits import slot_services, step_services
from programmes.oversight import services as decisions
from programmes.oversight.decisions import undo_services
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader
from tests.desk.test_sick import mail, with_mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.mail import Mail
from tests.pools import as_worker

Doing = Callable[[], Awaitable[object]]


@pytest.fixture
async def staff(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> tuple[Principal, Principal]:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    await with_mail(owner, "robin", "kim")
    return robin, kim


def texts(mail: Mail, name: str) -> list[str]:  # noqa: F811
    return [" ".join(text.split()) for text in mail.to(f"{name}@kommun.example")]


async def a_visit(cohort: CohortFacts, holder: Principal, clock: FrozenClock, days: int = 2) -> int:
    begins = clock.now() + timedelta(days=days)
    ends = begins + timedelta(hours=1)
    return await slot_services.add_slot(cohort.cohort_id, begins, ends, cohort.venue_id, holder.staff_id, 3, clock.now())


@pytest.mark.parametrize("by_themselves", [True, False])
async def test_who_holds_a_visit_that_another_cancels_is_written_to(
    by_themselves: bool,
    staff: tuple[Principal, Principal],
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    robin, kim = staff
    cohort = await a_cohort("2.14", clock.now(), robin)
    slot = await a_visit(cohort, robin, clock)
    await visit_services.cancel(cohort.cohort_id, slot, 0, robin if by_themselves else kim, clock.now())
    await mail.work()
    said = texts(mail, "robin")
    assert len(said) == (0 if by_themselves else 1)
    assert all("Det som du skulle leda" in text and "är inställt." in text for text in said)
    assert not any("tudiebesök" in text or cohort.name in text for text in said)
    assert not texts(mail, "kim")


async def test_that_a_start_is_cancelled_and_is_not_after_all_is_told_of_its_visits(
    staff: tuple[Principal, Principal],
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    robin, kim = staff
    cohort = await a_cohort("2.14", clock.now())
    await a_visit(cohort, robin, clock)
    clock.advance(minutes=1)
    await decisions.cancel(
        cohort.cohort_id, "too_few", decisions.seen_as(cohort.state, cohort.first_start), kim, clock.now()
    )
    await mail.work()
    assert ["är inställt." in text for text in texts(mail, "robin")] == [True]
    found = await undo_services.undoable(cohort.cohort_id, clock.now())
    assert found
    assert not await undo_services.undo(cohort.cohort_id, found.decision_id, kim, clock.now())
    await mail.work()
    assert sum("blir av. Du leder det." in text for text in texts(mail, "robin")) == 1


def take_back(slot: int, other: int, somebody_there: UUID, clock: FrozenClock, keys: KeyFolder) -> dict[str, Doing]:
    now = clock.now
    return {
        "cancels": lambda: visits.cancel_booking(somebody_there, now()),
        "moves": lambda: step_services.book_visit(somebody_there, other, now()),
        "leaves": lambda: leaving_services.leave(somebody_there, keys, now()),
    }


@pytest.mark.parametrize("how", ["cancels", "moves", "leaves"])
@pytest.mark.parametrize(("hours", "told"), [(47, True), (49, False)])
@pytest.mark.parametrize(("section", "sessions"), [("2.14", 10), ("2.9", 0)])
async def test_who_holds_a_near_visit_hears_that_nobody_comes_any_more(
    section: str,
    sessions: int,
    hours: int,
    told: bool,
    how: str,
    staff: tuple[Principal, Principal],
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    settings: Settings,
) -> None:
    robin, _kim = staff
    cohort = await a_cohort(section, clock.now(), robin, sessions=sessions)
    slot, other = await a_visit(cohort, robin, clock, 4), await a_visit(cohort, robin, clock, 6)
    somebody_there = (await somebody(cohort, keys, clock.now())).enrolment_id
    await step_services.book_visit(somebody_there, slot, clock.now())
    await mail.work()
    clock.advance(hours=4 * 24 - hours)
    await take_back(slot, other, somebody_there, clock, keys)[how]()
    async with as_worker(settings):
        await mail.work()
    # The daily mail tells of all else.
    said = [text for text in texts(mail, "robin") if "Ingen kommer längre till det som du leder" in text]
    assert len(said) == told
    assert not any("Björk" in text or "tudiebesök" in text or "möte" in text or cohort.name in text for text in said)


@pytest.mark.parametrize("by_the_holder", [True, False])
async def test_who_takes_a_near_visit_back_for_somebody_need_not_be_told(
    by_the_holder: bool,
    staff: tuple[Principal, Principal],
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    robin, kim = staff
    cohort = await a_cohort("2.14", clock.now(), robin)
    slot = await a_visit(cohort, robin, clock, 1)
    somebody_there = (await somebody(cohort, keys, clock.now())).enrolment_id
    await step_services.book_visit(somebody_there, slot, clock.now())
    await visits.cancel_booking(somebody_there, clock.now(), (robin if by_the_holder else kim).staff_id)
    await mail.work()
    assert len(texts(mail, "robin")) == (0 if by_the_holder else 1)


@pytest.mark.parametrize("meanwhile", ["others come", "booked again", "cancelled"])
async def test_the_mail_says_of_a_near_visit_how_it_is_as_it_goes(
    meanwhile: str,
    staff: tuple[Principal, Principal],
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    robin, _kim = staff
    cohort = await a_cohort("2.14", clock.now(), robin)
    slot = await a_visit(cohort, robin, clock, 1)
    first, second = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in ("Björk", "Asp")]
    await step_services.book_visit(first, slot, clock.now())
    if meanwhile == "others come":
        await step_services.book_visit(second, slot, clock.now())
    clock.advance(minutes=1)
    await visits.cancel_booking(first, clock.now())
    async with transaction():
        await staff_message_services.tell_fewer(slot, "as the worker writes it", clock.now())
    clock.advance(minutes=1)
    if meanwhile == "booked again":
        await step_services.book_visit(second, slot, clock.now())
    if meanwhile == "cancelled":
        await visit_services.cancel(cohort.cohort_id, slot, 0, robin, clock.now())
    async with transaction():
        await execute("delete from pgqueuer where entrypoint = 'visit_left'")
    await mail.work()
    said = texts(mail, "robin")
    assert ["Andra kommer." in text for text in said] == [True] * (meanwhile == "others come")


async def test_who_holds_a_visit_of_a_series_without_talks_hears_that_another_cancels_it(
    staff: tuple[Principal, Principal],
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    robin, kim = staff
    cohort = await a_cohort("2.9", clock.now(), robin, sessions=0)
    slot = await a_visit(cohort, robin, clock)
    await visit_services.cancel(cohort.cohort_id, slot, 0, kim, clock.now())
    await mail.work()
    assert ["är inställt." in text for text in texts(mail, "robin")] == [True]
