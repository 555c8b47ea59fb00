"""Who hears of it when a decision about a start is taken back: only who has been told of other days in between."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_long, speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries
from programmes.enrolment import services as enrolment
from programmes.notices import services as notices
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.mail import Mail, text_of
from tests.oversight.test_undo import decide, decided


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


def day(moment: datetime | None) -> str:
    assert moment
    with speaking("sv"):
        return day_long(local_date(moment))


def again(mail: Mail, name: str, first: datetime | None) -> bool:  # noqa: F811
    """Whether somebody has been told that the days are others, and that the first is this one."""
    texts = [" ".join(text.split()) for text in mail.to(f"{name}@example.invalid")]
    return any("har fått nya tider" in text and f"Första mötet är {day(first)}" in text for text in texts)


async def take_back(cohort: CohortFacts, kim: Principal, clock: FrozenClock) -> None:
    clock.advance(minutes=2)
    assert not await undo_services.undo(cohort.cohort_id, await decided(cohort, clock), kim, clock.now())


async def an_hour(mail: Mail, clock: FrozenClock) -> None:  # noqa: F811
    for _ in range(4):
        await mail.work()
        clock.advance(minutes=15)


@pytest.mark.parametrize("written", [True, False])
async def test_who_was_told_of_other_days_in_between_hears_which_days_hold_and_nobody_else(
    written: bool,
    kim: Principal,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=4, sessions=4)
    _old, gone, told, *_ = [
        (await somebody(cohort, keys, clock.now(), name, f"{name}@example.invalid")).enrolment_id
        for name in ("old", "gone", "confirmed", "full", "waits", "stays")
    ]
    await mail.work()
    await decide("postpone", cohort, kim, clock)
    other = (await cohorts.by_id(cohort.cohort_id)).first_start
    if written:
        await mail.work()
    clock.advance(minutes=2)
    # One applies, one who waited is offered a place, and one is told that theirs is confirmed.
    await enrolment.leave(gone, keys, clock.now())
    await somebody(await cohorts.by_id(cohort.cohort_id), keys, clock.now(), "last", "last@example.invalid")
    await notices.tell_one("place_confirmed", told, keys, clock.now())
    if written:
        await mail.work()
    else:
        await owner.execute("delete from pgqueuer where entrypoint like 'cohort%'")
        await mail.work()
    await take_back(cohort, kim, clock)
    await an_hour(mail, clock)
    first = (await cohorts.by_id(cohort.cohort_id)).first_start
    assert first == cohort.first_start != other
    told_so = {name for name in ("old", "confirmed", "full", "waits", "stays", "last") if again(mail, name, first)}
    assert told_so == {"confirmed", "waits"}
    # Nobody has heard that it was to be later, and nobody has to be rung about that.
    assert not [text for message in mail.all() if "framflyttad" in (text := text_of(message))]
    assert not await calls_queries.untold([cohort.cohort_id], clock.now())


async def test_who_applied_in_between_hears_which_days_hold(
    kim: Principal,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=4, sessions=4)
    await decide("postpone", cohort, kim, clock)
    clock.advance(minutes=2)
    await somebody(await cohorts.by_id(cohort.cohort_id), keys, clock.now(), "new", "new@example.invalid")
    await mail.work()
    await take_back(cohort, kim, clock)
    await an_hour(mail, clock)
    assert again(mail, "new", cohort.first_start)


async def test_an_earlier_change_that_the_decision_had_outrun_is_told_after_all(
    kim: Principal,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=4, sessions=4)
    await somebody(cohort, keys, clock.now(), "old", "old@example.invalid")
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    later = timedelta(days=1)
    assert not await session_services.move_session(
        second.session_id, second.starts_at + later, second.ends_at + later, second.venue_id, kim, clock.now(), meant=True
    )
    await decide("postpone", await cohorts.by_id(cohort.cohort_id), kim, clock)
    await mail.work()
    await take_back(cohort, kim, clock)
    await an_hour(mail, clock)
    held, moved = sorted(mail.to("old@example.invalid"), key=len)
    assert "Du har en plats." in held + moved
    assert f"Ny tid: {day(second.starts_at + later)}" in held + moved
