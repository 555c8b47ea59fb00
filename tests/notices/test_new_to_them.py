"""What somebody has never heard of stays new to them, however often it is cancelled, brought back and made up for."""

from datetime import date, time, timedelta

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services, talk_services
from programmes.cohorts.schedule_rules import slot_on
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move_rest, undo
from tests.notices.test_talks_booked import a_series

LISA = "lisa@example.invalid"


def said(mail: Mail) -> list[str]:
    return [" ".join(text.split("Öppna")[0].split()) for text in mail.to(LISA)]


async def test_what_makes_up_for_what_made_up_for_a_session_is_told_with_it(
    db: None, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    assert not await session_services.cancel_session(second.session_id, True, kim, clock.now())
    clock.advance(minutes=1)
    added = next(s for s in await cohorts.sessions(cohort.cohort_id) if s.added)
    assert not await session_services.cancel_session(added.session_id, True, kim, clock.now())
    await mail.work()
    (told,) = [text for text in said(mail) if "inställt" in text]
    assert "Mötet onsdag 7 oktober 10.00–12.00 är inställt." in told
    assert "Ett nytt möte är tillagt sist: onsdag 4 november 10.00–12.00." in told


async def test_a_talk_that_is_cancelled_and_brought_back_before_it_was_told_is_told(
    db: None, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    series = await a_series("2.4", clock, kim)
    await somebody(series, keys, clock.now(), contact=LISA)
    await mail.work()
    slot = slot_on(date(2026, 10, 5), time(13), time(14))
    assert not await talk_services.book_talk(series.cohort_id, slot, series.venue_id, kim, clock.now())
    clock.advance(minutes=1)
    (talk,) = await cohorts.sessions(series.cohort_id)
    assert not await session_services.cancel_session(talk.session_id, False, kim, clock.now())
    clock.advance(minutes=1)
    await undo(series, kim, clock)
    await mail.work()
    assert any("En tid är bokad: måndag 5 oktober 13.00–14.00." in text for text in said(mail))


async def test_a_day_that_another_session_has_got_is_not_said_to_be_cancelled(
    db: None, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact=LISA)
    await mail.work()
    await move_rest(cohort, timedelta(weeks=1), kim, clock)
    clock.advance(minutes=1)
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    assert not await session_services.cancel_session(second.session_id, False, kim, clock.now())
    await mail.work()
    assert not any("7 oktober 10.00–12.00 är inställt" in text for text in said(mail))
    assert any("Alla tider står på Min plats. Första mötet är onsdag 7 oktober" in text for text in said(mail))
