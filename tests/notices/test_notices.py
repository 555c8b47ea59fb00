"""From an event to a message: who is told, once, in their language, and what staff see of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core import jobs
from programmes.core.codes import grouped, normalised
from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.notices import queries, rules
from programmes.notices import services as notices
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, an_application, confirm, somebody
from tests.notices.mail import Mail, states, text_of
from tests.notices.peer import Peer


async def put(event: str, **payload: int | str) -> None:
    async with transaction():
        await jobs.put(event, payload)


async def session_of(cohort: CohortFacts, number: int) -> int:
    return next(s.session_id for s in await cohorts.sessions(cohort.cohort_id) if s.number == number)


async def move(session_id: int, by: timedelta, clock: FrozenClock) -> None:
    async with transaction():
        await execute(
            """update cohort_session set moved_from = coalesce(moved_from, starts_at), starts_at = starts_at + $2::interval,
                      ends_at = ends_at + $2::interval, state = 'moved', sequence = sequence + 1, revised_at = $3
               where id = $1""",
            session_id,
            by,
            clock.now(),
        )
        await jobs.put("session_moved", {"session": session_id})


async def test_a_new_place_is_told_with_a_link_that_opens_it(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    (message,) = mail.all()
    assert message["Subject"] == "Om ditt möte"
    assert message["From"] == "noreply@example.invalid"
    text = text_of(message)
    assert "Du har en plats." in text
    assert "Första mötet är onsdag 30 september 10.00–12.00." in text
    link = next(line for line in text.splitlines() if line.startswith("http"))
    address, code = link.split("#")
    assert address == "http://testserver.local/min-plats"
    opened = normalised(grouped(code))
    assert opened
    assert await states(cohort) == [("place_held", "sent")]
    programme = cohort.name.split(",")[0]
    assert programme.lower() not in message.as_string().lower()
    assert "karlshamn" not in f"{message['From']}{message['Subject']}".lower()


async def test_nothing_is_said_twice_however_often_the_event_comes(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    for _ in range(3):
        await put("place_held", enrolment=str(taken.enrolment_id))
        await mail.work()
    assert len(mail.all()) == 1
    assert await states(cohort) == [("place_held", "sent")]


async def test_two_workers_at_once_make_one_notice(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock) -> None:
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    tell = notices.tell_one
    await asyncio.gather(*(tell("place_held", taken.enrolment_id, keys, clock.now()) for _ in range(5)))
    assert await states(cohort) == [("place_held", "waiting")]


async def test_the_queue_is_told_its_position_and_the_offer_until_when(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    first = await somebody(cohort, keys, clock.now())
    await somebody(cohort, keys, clock.now())
    await somebody(cohort, keys, clock.now(), contact="kim@example.invalid")
    await mail.work()
    assert ["som nummer 1" in text for text in mail.to("kim@example.invalid")] == [True]
    await enrolment.leave(first.enrolment_id, keys, clock.now())
    await mail.work()
    offer = next(text for text in mail.to("kim@example.invalid") if "ledig, och den är din" in text)
    assert "Svara med länken senast torsdag 3 september 14.00." in offer


async def test_who_has_left_is_told_nothing_and_the_key_is_gone(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await enrolment.leave(taken.enrolment_id, keys, clock.now())
    await put("place_left", enrolment=str(taken.enrolment_id))
    await mail.work()
    assert mail.all() == []
    assert await states(cohort) == []


async def test_everybody_with_a_seat_hears_of_a_moved_session_and_nobody_else(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    for name in ("lisa", "kim", "waiting"):
        await somebody(cohort, keys, clock.now(), contact=f"{name}@example.invalid")
    await mail.work()
    session_id = await session_of(cohort, 2)
    await move(session_id, timedelta(days=1), clock)
    await mail.work()
    for name in ("lisa", "kim"):
        (text,) = [t for t in mail.to(f"{name}@example.invalid") if "flyttat" in t]
        assert "Mötet som skulle vara onsdag 7 oktober 10.00 är flyttat." in text
        assert "Ny tid: torsdag 8 oktober 10.00–12.00." in text
    assert not [t for t in mail.to("waiting@example.invalid") if "flyttat" in t]
    told = [notice.session_id for notice in await queries.reached(cohort.cohort_id)]
    assert told.count(session_id) == 2


async def test_a_session_moved_twice_before_anybody_was_told_is_told_once(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    session_id = await session_of(cohort, 2)
    await move(session_id, timedelta(days=1), clock)
    await move(session_id, timedelta(days=1), clock)
    await mail.work()
    (text,) = [t for t in mail.to("lisa@example.invalid") if "flyttat" in t]
    assert "fredag 9 oktober" in text


async def test_what_waits_is_outrun_by_what_happened_after_it(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, peer: Peer
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url=peer.url))
    peer.behaviour = "defer"
    session_id = await session_of(cohort, 2)
    await move(session_id, timedelta(days=1), clock)
    await mail.work()
    async with transaction():
        await execute(
            """update cohort_session set state = 'cancelled', number = null, sequence = sequence + 1, revised_at = $2,
                      cancelled_at = $2 where id = $1""",
            session_id,
            clock.now(),
        )
        await jobs.put("session_cancelled", {"session": session_id})
    peer.behaviour = "accept"
    clock.advance(hours=1)
    await mail.work()
    texts = [text_of(message) for message in peer.taken]
    assert len(texts) == 1
    assert "Mötet torsdag 8 oktober 10.00–12.00 är inställt." in texts[0]
    assert "Nästa möte" not in texts[0]
    assert "Första mötet är onsdag 30 september" in texts[0]


async def test_a_cancelled_session_says_which_one_makes_up_for_it(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    kim = await a_coordinator(clock.now())
    for number, added in ((2, True), (1, False)):
        clock.advance(minutes=1)
        assert not await session_services.cancel_session(await session_of(cohort, number), added, kim, clock.now())
        await mail.work()
    letters = {"7 oktober" in text: text for text in mail.to("lisa@example.invalid") if "är inställt" in text}
    assert "Ett nytt möte är tillagt sist: onsdag 21 oktober 10.00–12.00." in letters[True]
    assert "tillagt" not in letters[False], "nothing makes up for the other one"


async def test_that_a_start_is_postponed_or_cancelled_is_told_to_the_queue_too(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    for name in ("lisa", "kim", "waiting"):
        await somebody(cohort, keys, clock.now(), contact=f"{name}@example.invalid")
    await mail.work()
    for event in ("cohort_started", "cohort_postponed", "cohort_cancelled"):
        await put(event, cohort=cohort.cohort_id)
    await mail.work()
    kinds = [r.kind for r in await queries.reached(cohort.cohort_id)]
    assert {kind: kinds.count(kind) for kind in ("cohort_started", "cohort_postponed", "cohort_cancelled")} == {
        "cohort_started": 2,
        "cohort_postponed": 3,
        "cohort_cancelled": 3,
    }
    waiting = "\n".join(mail.to("waiting@example.invalid"))
    assert "Alla möten är inställda" in waiting
    [postponed] = [text for text in mail.to("waiting@example.invalid") if "framflyttad" in text]
    assert "Starten är framflyttad. Du har kvar din plats i kön." in postponed
    assert "behöver inte göra något" not in postponed
    assert "Kan du de nya dagarna? Svara gärna på Min plats." in postponed


async def test_a_second_postponement_is_told_again(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    staff = await owner.fetchval(
        """insert into staff (username, display_name, password_hash, active, created_at)
           values ('kim', 'Kim', '', true, $1) returning id""",
        clock.now(),
    )
    for _ in range(2):
        await owner.execute(
            """insert into start_decision (cohort_id, decision, reason, confirmed, staff_id, decided_at)
               values ($1, 'postpone', '', 0, $2, $3)""",
            cohort.cohort_id,
            staff,
            clock.now(),
        )
        await put("cohort_postponed", cohort=cohort.cohort_id)
        await mail.work()
    assert [text.count("framflyttad") for text in mail.to("lisa@example.invalid")].count(1) == 2


async def test_a_telephone_number_and_nothing_at_all_are_no_channel(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    await somebody(cohort, keys, clock.now(), contact="+46700000000")
    await somebody(cohort, keys, clock.now())
    await mail.work()
    assert mail.all() == []
    assert await states(cohort) == [("place_held", "no_channel")] * 2


async def record_of(contact: str, safe: tuple[str, ...], keys: KeyFolder, clock: FrozenClock) -> tuple[CohortFacts, UUID]:
    """Somebody with a protected record in a programme that is documented for each person."""
    cohort = await a_cohort("2.7", clock.now(), minimum=5, maximum=8)
    application = replace(await an_application(cohort), record=PersonRecord("Lisa", "1985-02-14", "", contact, safe))
    taken = await enrolment.apply(application, await programme_of(cohort), keys, clock.now())
    assert isinstance(taken, enrolment.Taken)
    return cohort, taken.enrolment_id


async def programme_of(cohort: CohortFacts) -> Programme:
    return await catalogue.programme(cohort.programme_id)


async def test_a_protected_record_is_mailed_only_where_mail_is_safe_and_the_look_leaves_a_trace(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    unsafe, _ = await record_of("lisa@example.invalid", ("sms", "call"), keys, clock)
    _, enrolment_id = await record_of("kim@example.invalid", ("email",), keys, clock)
    await mail.work()
    assert [message["To"] for message in mail.all()] == ["kim@example.invalid"]
    assert await states(unsafe) == [("place_held", "no_channel")]
    assert "vad som är kvar innan den är klar" in mail.to("kim@example.invalid")[0]
    person = await owner.fetchval("select participant_id from enrolment where id = $1", enrolment_id)
    assert await owner.fetchval("select count(*) from audit_entry where subject = $1", f"participant/{person}") == 1
    await confirm(enrolment_id, clock.now())
    await put("place_confirmed", enrolment=str(enrolment_id))
    await enrolment.leave(enrolment_id, keys, clock.now())
    await put("place_left", enrolment=str(enrolment_id))
    await mail.work()
    left = [text for text in mail.to("kim@example.invalid") if "avslutad" in text]
    assert len(left) == 1
    assert "min-plats" not in left[0]


async def test_each_person_is_told_in_the_language_they_chose(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    application = replace(await an_application(cohort, contact="lisa@example.invalid"), language="en")
    await enrolment.apply(application, await programme_of(cohort), keys, clock.now())
    await mail.work()
    (message,) = mail.all()
    assert message["Content-Language"] == "en"
    assert "Wednesday 30 September 10:00" in text_of(message)


async def test_every_kind_is_answered_and_an_event_about_nothing_is_nothing(mail: Mail, cohort: CohortFacts) -> None:
    for kind in rules.KINDS:
        assert kind in worker.handlers()
    await put("place_held", enrolment="6d3f6f0a-0000-4000-8000-000000000001")
    await put("session_moved", session=999_999)
    await put("cohort_started", cohort=999_999)
    await mail.work()
    assert mail.all() == []


async def test_that_all_that_was_left_is_cancelled_is_told_once_and_again_when_it_happens_again(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    for _ in range(2):
        clock.advance(minutes=1)
        async with transaction():
            await execute("update cohort_session set cancelled_at = $1, state = 'cancelled', number = null", clock.now())
        await put("rest_cancelled", cohort=cohort.cohort_id)
        await put("rest_cancelled", cohort=cohort.cohort_id)
        await mail.work()
    assert await states(cohort) == [("place_held", "sent"), ("rest_cancelled", "sent"), ("rest_cancelled", "sent")]
    assert sum("De möten som var kvar är inställda." in text_of(message) for message in mail.all()) == 2


async def test_who_ticked_an_age_for_another_first_day_is_asked_to_do_it_again(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    children = await a_cohort("2.15", clock.now())
    await somebody(children, keys, clock.now(), contact="ea@example.invalid")
    await mail.work()
    await put("cohort_postponed", cohort=children.cohort_id)
    await mail.work()
    assert not any("Åldern räknas" in text for text in mail.to("ea@example.invalid")), "the first day is the same"
    await owner.execute(
        """update cohort_session set starts_at = starts_at + interval '7 days', ends_at = ends_at + interval '7 days'
           where cohort_id = $1""",
        children.cohort_id,
    )
    first = await owner.fetchval(
        """update cohort_session set state = 'moved', moved_from = starts_at - interval '7 days', sequence = 1
           where cohort_id = $1 and number = 1 returning id""",
        children.cohort_id,
    )
    await put("session_moved", session=first)
    await mail.work()
    (told,) = [text for text in mail.to("ea@example.invalid") if "är flyttat" in text]
    assert "Åldern räknas den första dagen" in told


async def test_mails_about_siblings_at_one_address_say_by_its_code_which_place_is_meant(
    mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now())
    both = [await somebody(cohort, keys, clock.now(), name, "lisa@example.invalid") for name in ("Lo", "Kim")]
    await mail.work()
    texts, starts = mail.to("lisa@example.invalid"), set()
    for taken in both:
        code = grouped(place_services.unseal(await enrolments.enrolment(taken.enrolment_id), keys).code)
        told = f"Det här gäller platsen vars kod börjar med {code[:4]}."
        assert [told in text for text in texts].count(True) == 1
        starts.add(code[:4])
    assert len(starts) == 2
    assert {str(message["Subject"]) for message in mail.all()} == {"Om ditt möte"}
    assert not any(name in text for text in texts for name in ("Lo", "Kim", "barn", "syskon"))
    html = [str(body.get_content()) for message in mail.all() if (body := message.get_body(("html",)))]
    assert all(any(f"börjar med {start}." in one for one in html) for start in starts)
