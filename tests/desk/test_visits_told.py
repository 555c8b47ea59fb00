"""Who holds a study visit that somebody else cancels hears by mail at once; not of what they cancel themselves."""

from datetime import timedelta

import asyncpg
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.desk.group import visit_services
from programmes.enrolment.visits import slot_services
from programmes.oversight import services as decisions
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader
from tests.desk.test_sick import mail, with_mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator
from tests.notices.mail import Mail


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
