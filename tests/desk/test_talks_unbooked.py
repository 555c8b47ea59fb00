"""What bears that no talk of a series is booked yet, what counts of those that are, and how it ends."""

from datetime import date, time, timedelta

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.calendar import services as calendars
from programmes.catalogue import queries as catalogue
from programmes.cohorts import ending_services, queries, session_services, talk_services
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.schedule_rules import slot_on
from programmes.core.clock import at_local, local, local_date
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import queries as closing_queries
from programmes.desk.closing import services as closing_services
from programmes.desk.closing.rules import endings
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, sign_in_as
from tests.desk.talk_cast import a_series, booking, look, numbers, open_place, robin, said
from tests.factories import an_application, hidden, post_form, somebody
from tests.owner import as_owner

SERIES = ("2.2", "2.3", "2.4", "2.6", "2.9", "2.10", "2.11", "2.13", "2.14", "2.18")
__all__ = ["robin"]


# What bears a series of which none is booked yet.


@pytest.mark.parametrize("section", SERIES)
async def test_a_series_without_any_talk_is_borne_by_every_page_and_every_tick(
    section: str,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_series(section, clock, robin)
    taken, waits = await somebody(cohort, keys, clock.now()), await somebody(cohort, keys, clock.now(), "Alm")
    assert (taken.held, waits.held) == (True, False)
    called_off = await a_series(section, clock, robin, sessions=1)
    (only,) = await queries.sessions(called_off.cohort_id)
    await session_services.cancel_session(only.session_id, False, robin, clock.now())
    assert (await queries.by_id(called_off.cohort_id)).unbooked
    for who, states in (("robin", ("started",)), ("kim", ("planned", "open", "started"))):
        await sign_in_as(client, who, clock.now())
        for state in states:
            await owner.execute("update cohort set state = $1", state)
            for address in addresses(state, who, cohort, called_off):
                await look(client, address)
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare"
    for one in (taken, waits):
        for address in (f"{person}/{one.enrolment_id}", f"{person}/{one.enrolment_id}/flytta"):
            await look(client, address)
    to = f"{person}/{waits.enrolment_id}/flytta?till={called_off.cohort_id}"
    assert "Ingen tid bokad än" in await look(client, f"{person}/{waits.enrolment_id}/flytta")
    assert "Personen får plats 1" in await look(client, to)
    sessions = await client.get(f"/personal/grupper/{cohort.cohort_id}/narvaro")
    assert sessions.headers["location"] == f"/personal/grupper/{cohort.cohort_id}/traffar"
    await owner.execute("update cohort set state = 'open'")
    await public_pages_say_that_the_time_is_agreed_upon(client, cohort)
    for person in (taken, waits):
        client.cookies.set("place", person.token)
        shown = await look(client, "/min-plats")
        assert ("Inget är bokat just nu." in shown) == person.held
        assert "Inställd" not in shown
        await look(client, "/min-plats/lamna")
    feed = await calendars.participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    assert events((await client.get(calendars.feed_address(feed, keys))).content) == []
    async with as_owner():
        for tick in worker.ticks():
            await tick(the_worker)
    assert (await enrolments.enrolment(waits.enrolment_id)).state == "queued"
    assert (await enrolments.enrolment(taken.enrolment_id)).state in {"preliminary", "confirmed"}


def addresses(state: str, who: str, *found: CohortFacts) -> list[str]:
    """Every page about these series in this state that this person has, and those that have them in a list."""
    pages = ["", "/traffar", "/utskrifter", "/besked", "/ring", "/ko", "/boka", "/boka-flera", "/besked"]
    pages += ["/avsluta", "/anmal"] if state != "planned" else []
    pages += ["/ledare"] if who == "kim" else []
    starts = ["skjut-upp", "stall-in"] if who == "kim" and state != "started" else []
    return [
        *(f"/personal/grupper/{one.cohort_id}{page}" for one in found for page in pages),
        *(f"/personal/starter/{one.cohort_id}/{page}" for one in found for page in starts),
        *("/personal/idag", "/personal/grupper", "/personal/kalender", "/personal/starter", "/personal/tolkningar"),
        *(f"/insatser/{found[0].slug}", "/", "/api/v1/programmes", f"/api/v1/programmes/{found[0].slug}", "/api/v1/starts"),
    ]


async def public_pages_say_that_the_time_is_agreed_upon(client: httpx.AsyncClient, cohort: CohortFacts) -> None:
    if (await catalogue.programme(cohort.programme_id)).way_in != "web":
        return
    assert "Ni bestämmer tiden tillsammans" in await look(client, f"/anmalan/{cohort.public_id}")
    assert "Efter överenskommelse" in await look(client, f"/insatser/{cohort.slug}")
    starts = (await client.get("/api/v1/starts")).json()["starts"]
    assert [start["first_session"] for start in starts] == [None, None]


async def test_idag_and_the_group_lead_to_booking_once_somebody_has_the_place(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_series("2.3", clock, robin)
    base = f"/personal/grupper/{cohort.cohort_id}"
    empty = await look(client, base)
    assert "Boka det första samtalet" not in empty
    assert "Anmäl någon" in empty
    assert "Det är för sent" not in empty
    assert "Boka nästa samtal i" not in await look(client, "/personal/idag")
    await somebody(cohort, keys, clock.now())
    shown = await look(client, base)
    assert "Boka det första samtalet" in shown
    assert "0 av 5–10 samtal hållna, inget bokat." in shown
    assert "Samtalen bokas ett i taget." in shown
    assert f"Boka nästa samtal i {cohort.name}" in await look(client, "/personal/idag")
    form = await client.get(f"{base}/boka")
    assert hidden(form.text, "_csrf_token")
    answer = await post_form(client, f"{base}/boka", booking(cohort))
    assert answer.headers["location"] == f"{base}/traffar?klart=bokat-ring"
    booked = await look(client, answer.headers["location"])
    assert "Samtalet är bokat. Ingen har fått veta det av sig själv." in booked
    assert f'href="{base}/ring">Ring eller säg till' in (await client.get(answer.headers["location"])).text
    assert "0 av 5–10 samtal hållna, 1 bokat." in await look(client, base)
    assert "Boka nästa samtal i" not in await look(client, "/personal/idag")
    assert "Platsen är tagen. Första samtalet är måndag 5 oktober 13.00." in await look(client, base)
    # The talk is over and no other is booked: the next one, not the end.
    (first,) = await queries.sessions(cohort.cohort_id)
    clock.set(first.ends_at + timedelta(hours=1))
    await sign_in_as(client, "robin", clock.now())
    (person,) = await enrolments.enrolments(cohort.cohort_id, ["preliminary", "confirmed"])
    assert await attendance.mark(first.session_id, {person.enrolment_id: "present"}, robin, clock.now()) is None
    shown = await look(client, base)
    assert "1 av 5–10 samtal hållet, inget bokat." in shown
    assert "Boka nästa samtal" in shown
    assert "Avsluta gruppen" not in shown
    today = await look(client, "/personal/idag")
    assert f"Boka nästa samtal i {cohort.name}" in today
    assert f"Avsluta {cohort.name}" not in today


# What counts.


async def test_a_talk_that_nobody_came_to_is_not_said_to_be_held_but_takes_its_number(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_series("2.18", clock, robin, sessions=3)
    taken = await somebody(cohort, keys, clock.now())
    sessions = await queries.sessions(cohort.cohort_id)
    for session, mark in zip(sessions, ("present", "no_show", ""), strict=True):
        clock.set(session.starts_at)
        if mark:
            assert await attendance.mark(session.session_id, {taken.enrolment_id: mark}, robin, clock.now()) is None
    await sign_in_as(client, "robin", clock.now())
    base = f"/personal/grupper/{cohort.cohort_id}"
    assert "1 av 12 samtal hållet, 1 uteblivet, 1 bokat." in await look(client, base)
    assert "1 av 12 samtal hållet, 1 uteblivet, 1 bokat." in await look(client, f"{base}/boka")
    client.cookies.set("place", await open_place(taken, clock))
    assert "Du har haft 1 av 12 samtal. 1 blev inte av. 1 är bokat." in await look(client, "/min-plats")
    assert (await talk_services.counted(cohort)).left == 9


async def test_ending_below_the_least_is_ending_before_its_time(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_series("2.3", clock, robin, sessions=4, state="started")
    taken = await somebody(await queries.by_id(cohort.cohort_id), keys, clock.now())
    for session in await queries.sessions(cohort.cohort_id):
        clock.set(session.ends_at)
        assert await attendance.mark(session.session_id, {taken.enrolment_id: "present"}, robin, clock.now()) is None
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/avsluta"
    shown = await client.get(address)
    assert "Riktlinjen 2.3 säger minst 5 samtal, och här räknas 4. Det är därför avslutat i förtid." in said(shown)
    assert 'value="completed"' not in shown.text
    with pytest.raises(Conflict):
        await closing_services.set_ending(cohort.cohort_id, "completed", robin, clock.now())
    await closing_services.set_ending(cohort.cohort_id, "ended_early", robin, clock.now())
    assert "Avslutades i förtid" in await look(client, address)
    # It goes on after all: then nothing is said of how it ended.
    slot = slot_on(local_date(clock.now()) + timedelta(days=7), time(13), time(14))
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []
    assert (await queries.by_id(cohort.cohort_id)).ended_how is None
    assert endings(5, 5)[0] == "completed"
    assert "completed" not in endings(4, 5)


async def test_a_series_that_is_ended_before_its_first_talk_is_over_and_not_one_to_book_in(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_series("2.3", clock, robin, sessions=2)
    taken = await somebody(cohort, keys, clock.now())
    await ending_services.cancel_rest(cohort.cohort_id, "2", robin, clock.now())
    after = await queries.by_id(cohort.cohort_id)
    assert (after.ended_how, after.unbooked) == ("cancelled", False)
    client.cookies.set("place", taken.token)
    assert "Samtalen är inställda" in await look(client, "/min-plats")
    assert "Boka nästa samtal i" not in await look(client, "/personal/idag")
    assert f"Avsluta {cohort.name}" in await look(client, "/personal/idag")


# Enrolment and age.


async def test_age_counts_on_the_day_of_applying_and_again_on_the_first_talks(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_series("2.10", clock, robin)
    programme = await catalogue.programme(cohort.programme_id)
    today = local_date(clock.now())
    wrong = await an_application(cohort, today=today + timedelta(days=300))
    assert await enrolment.apply(wrong, programme, keys, clock.now()) == enrolment.Refused(moved=True)
    taken = await somebody(cohort, keys, clock.now())
    facts = await enrolments.enrolment(taken.enrolment_id)
    assert facts.declared_for == today
    client.cookies.set("place", taken.token)
    assert "Första dagen har ändrats" not in await look(client, "/min-plats")
    slot = slot_on(today + timedelta(days=20), time(13), time(14))
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []
    assert "Åldern räknas den första dagen. Säg till om det stämmer även då." in await look(client, "/min-plats")


async def test_the_form_on_the_web_and_at_the_desk_takes_somebody_without_a_first_day(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin)
    for address in (f"/anmalan/{cohort.public_id}", f"/personal/grupper/{cohort.cohort_id}/anmal"):
        shown = await client.get(address)
        assert "Samtalen bokas ett i taget. Hamngatan 4," in said(shown)
        assert hidden(shown.text, "dag") == local_date(clock.now()).isoformat()


# Being told, and the calendar.


async def test_the_person_is_told_and_the_calendar_has_the_talk_with_sequence_0(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_series("2.10", clock, robin)
    taken = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    feed = await calendars.participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    address = calendars.feed_address(feed, keys)
    assert events((await client.get(address)).content) == []
    slot = slot_on(date(2026, 10, 5), time(13), time(14))
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []
    (one,) = events((await client.get(address)).content)
    assert one["sequence"] == 0
    assert one.decoded("dtstart") == at_local(date(2026, 10, 5), time(13))
    (session,) = await queries.sessions(cohort.cohort_id)
    moved = local(slot.starts_at) + timedelta(days=1)
    assert await session_services.move_session(
        session.session_id, moved, moved + timedelta(hours=1), cohort.venue_id, robin, clock.now()
    ) == []  # fmt: skip
    (other,) = events((await client.get(address)).content)
    assert (other["uid"], other["sequence"]) == (one["uid"], 1)


async def test_a_list_goes_thirty_days_after_the_last_talk_or_after_nobody_booked_any(
    robin: Principal, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker, owner: asyncpg.Connection
) -> None:
    cohort = await a_series("2.10", clock, robin)
    await somebody(cohort, keys, clock.now())
    left = "select count(*) from enrolment where cohort_id = $1"
    clock.advance(days=29, hours=23)
    await closing_services.erase_overdue(the_worker)
    assert await numbers(owner, left, cohort.cohort_id) == 1
    slot = slot_on(local_date(clock.now()) + timedelta(days=14), time(13), time(14))
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []
    for until, people in ((slot.ends_at + timedelta(days=29), 1), (slot.ends_at + timedelta(days=31), 0)):
        clock.set(until)
        await closing_services.erase_overdue(the_worker)
        assert await numbers(owner, left, cohort.cohort_id) == people
    other = await a_series("2.11", clock, robin)
    await somebody(other, keys, clock.now())
    clock.advance(days=31)
    assert [found.cohort_id for found in await closing_queries.overdue(clock.now(), timedelta(days=30))] == [other.cohort_id]
    await closing_services.erase_overdue(the_worker)
    assert await numbers(owner, left, other.cohort_id) == 0
