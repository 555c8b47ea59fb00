"""That a talk is booked is told once, in neutral words, by the way the person chose; where none was chosen staff tell it."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services, talk_services
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.schedule_rules import Pattern, slot_on
from programmes.core.clock import local_date
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from programmes.notices import services
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader
from tests.factories import ADULT, a_cohort, an_application, somebody
from tests.notices.mail import Mail, states

DAY = date(2026, 10, 5)


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def a_series(section: str, clock: FrozenClock, leader: Principal) -> CohortFacts:
    return await a_cohort(section, clock.now(), leader, minimum=1, maximum=1, sessions=0, one_at_a_time=True)


async def book(cohort: CohortFacts, day: date, robin: Principal, clock: FrozenClock) -> None:
    slot = slot_on(day, time(13), time(14))
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []


async def test_one_talk_is_told_with_its_time_and_several_at_once_with_one_message(
    mail: Mail, robin: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_series("2.4", clock, robin)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    before = len(mail.all())
    await book(cohort, DAY, robin, clock)
    await mail.work()
    await mail.work()
    texts = mail.to("lisa@example.invalid")
    assert len(texts) == before + 1
    (told,) = [text for text in texts if "bokad" in text]
    assert "En tid är bokad: måndag 5 oktober 13.00–14.00." in told
    assert not any(word in told.lower() for word in ("samtal", "bekymring", "oro", "robin", "hamngatan", "linden"))
    pattern = Pattern(DAY + timedelta(weeks=1), frozenset({0}), time(13), time(14))
    clock.advance(minutes=5)
    planned = await talk_services.plan_talks(cohort, pattern, 3, cohort.venue_id, robin, clock.now())
    assert not await talk_services.book_talks(
        cohort.cohort_id, pattern, 3, cohort.venue_id, planned.digest, robin, clock.now()
    )
    await mail.work()
    texts = mail.to("lisa@example.invalid")
    assert len(texts) == before + 2
    (several,) = [text for text in texts if "3 tider är bokade. Den första är måndag 12 oktober 13.00–14.00." in text]
    assert "Alla tider står på Min plats." in several
    assert [state for state in await states(cohort) if state[0] == "talk_booked"] == [("talk_booked", "sent")] * 2


async def test_a_talk_that_is_cancelled_before_anybody_was_told_is_not_told_as_booked(
    mail: Mail, robin: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_series("2.4", clock, robin)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    await book(cohort, DAY, robin, clock)
    (session,) = await cohorts.sessions(cohort.cohort_id)
    assert await session_services.cancel_session(session.session_id, False, robin, clock.now()) == []
    await mail.work()
    texts = mail.to("lisa@example.invalid")
    assert not any("En tid är bokad" in text for text in texts)
    assert any("är inställt" in text for text in texts)
    # In whatever order the two are answered.
    clock.advance(minutes=1)
    await services.tell_about_session("talk_booked", session.session_id, keys, clock.now())
    assert "talk_booked" not in {kind for kind, state in await states(cohort) if state == "waiting"}


@pytest.mark.parametrize("section", ["2.2", "2.14"])
async def test_by_default_nobody_is_written_to_about_talks_on_violence(
    section: str, mail: Mail, robin: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_series(section, clock, robin)
    record = PersonRecord("Björk", ADULT.isoformat(), "", "bjork@example.invalid")
    application = await an_application(cohort, today=local_date(clock.now()))
    programme = await catalogue.programme(cohort.programme_id)
    for wish, state in (((), "no_channel"), (("email",), "sent")):
        asked = replace(application, record=replace(record, safe=wish), once=f"once{len(wish)}")
        answer = await enrolment.apply(asked, programme, keys, clock.now())
        assert isinstance(answer, enrolment.Taken)
        await book(cohort, DAY + timedelta(weeks=len(wish)), robin, clock)
        await mail.work()
        assert ("talk_booked", state) in await states(cohort)
        await enrolment.leave(answer.enrolment_id, keys, clock.now())
        (talk,) = [s for s in await cohorts.sessions(cohort.cohort_id) if s.state != "cancelled"]
        assert await session_services.cancel_session(talk.session_id, False, robin, clock.now()) == []
    booked = [text for text in mail.to("bjork@example.invalid") if "En tid är bokad" in text]
    assert len(booked) == 1
