"""A series of talks that is booked as it goes on: the next one, several by a pattern, and what bears that none is yet."""

import asyncio
import re
from datetime import date, time, timedelta
from html import unescape

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.calendar import services as calendars
from programmes.catalogue import queries as catalogue
from programmes.cohorts import ending_services, queries, session_services, talk_services
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.schedule_rules import Pattern, slot_on
from programmes.core.clock import at_local, local, local_date
from programmes.core.codes import new_token
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk import closing_queries, closing_services
from programmes.desk.closing_rules import endings
from programmes.enrolment import place_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, a_venue, an_application, hidden, post_form, somebody
from tests.owner import as_owner

SERIES = ("2.2", "2.3", "2.4", "2.6", "2.9", "2.10", "2.11", "2.13", "2.14", "2.18")


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    """A leader, signed in, who also coordinates in the tests that ask for it."""
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def a_series(
    section: str, clock: FrozenClock, leader: Principal, sessions: int = 0, state: str = "open"
) -> CohortFacts:
    """A series that is booked one talk at a time, with weekly talks to begin with from four weeks ahead."""
    return await a_cohort(
        section, clock.now(), leader, minimum=1, maximum=1, sessions=sessions, state=state, one_at_a_time=True
    )


def said(answer: httpx.Response) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


async def look(client: httpx.AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address)
    assert answer.status_code == status, (address, answer.headers.get("location"), answer.text[-600:])
    return said(answer)


def booking(cohort: CohortFacts, **changes: str) -> dict[str, object]:
    """The form for one talk, filled in."""
    usual = {"dag": "2026-10-05", "fran": "13.00", "till": "14.00", "lokal": str(cohort.venue_id)}
    return {**usual, **changes}


async def open_place(taken: enrolment.Taken, clock: FrozenClock) -> str:
    """The token of Min plats, opened anew."""
    token = new_token()
    async with transaction():
        await place_services.open_session(taken.enrolment_id, token, clock.now())
    return token


async def days_of(cohort: CohortFacts) -> list[tuple[int | None, date, str]]:
    return [(s.number, local_date(s.starts_at), s.state) for s in await queries.sessions(cohort.cohort_id)]


async def numbers(owner: asyncpg.Connection, sql: str, *args: object) -> int:
    return int(await owner.fetchval(sql, *args))


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
    assert answer.headers["location"] == f"{base}/traffar?klart=bokat"
    assert "Samtalet är bokat." in await look(client, answer.headers["location"])
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


# Booking one.


async def test_the_suggestion_is_a_week_after_the_last_at_the_same_time(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.18", clock, robin)
    assert await talk_services.book_talk(
        cohort.cohort_id, slot_on(date(2026, 12, 17), time(9, 15), time(10)), cohort.venue_id, robin, clock.now()
    ) == []  # fmt: skip
    shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/boka")).text
    # Christmas Eve and New Year's Eve are Thursdays that year.
    assert re.search(r'name="dag"[^>]*value="2027-01-07"', shown)
    assert re.search(r'name="fran"[^>]*value="09:15"', shown)
    assert re.search(r'name="till"[^>]*value="10:00"', shown)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dag": "2026-02-31"}, "Skriv ett datum som finns"),
        ({"dag": ""}, "Skriv ett datum som finns"),
        ({"dag": "2026-09-01"}, "Tiden har redan varit."),
        ({"dag": "2029-10-05"}, "Välj en dag inom två år."),
        ({"fran": "15.00"}, "Sluttiden måste vara efter starttiden."),
        ({"fran": "05.00"}, "Skriv en tid från 6.00 till 23.00."),
        ({"fran": "06.00", "till": "15.00"}, "Ett samtal är högst åtta timmar."),
        ({"lokal": "999999"}, "Välj en lokal."),
        ({"lokal": "1 or 1=1"}, "Välj en lokal."),
        ({"dag": "2026-09-30", "fran": "11.00", "till": "12.30"}, "Det finns redan ett samtal då."),
        ({"dag": "2026-12-24"}, "Julafton, helgdag. Välj en annan dag, eller kryssa i att det är meningen."),
    ],
)
async def test_what_cannot_be_booked_is_kept_and_explained(
    changes: dict[str, str], message: str, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin, sessions=1)
    answer = await post_form(client, f"/personal/grupper/{cohort.cohort_id}/boka", booking(cohort, **changes))
    assert answer.status_code == 422
    assert message in said(answer)
    assert len(await queries.sessions(cohort.cohort_id)) == 1
    for name, value in changes.items():
        assert name == "lokal" or not value or f'value="{value}"' in answer.text


async def test_a_day_off_and_a_clash_are_asked_about_and_booked_when_meant(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    room = await a_venue()
    other = await a_cohort("2.1", clock.now(), robin, venue_id=room)
    cohort = await a_series("2.3", clock, robin)
    address = f"/personal/grupper/{cohort.cohort_id}/boka"
    (busy, *_rest) = await queries.sessions(other.cohort_id)
    taken = {"dag": local_date(busy.starts_at).isoformat(), "fran": "11.00", "till": "12.30", "lokal": str(room)}
    asked = await post_form(client, address, booking(cohort, **taken))
    assert asked.status_code == 422
    assert "Krock: lokalen är bokad av en annan grupp" in said(asked)
    assert "Krock: Robin har en annan grupp" in said(asked)
    assert 'name="anda"' in asked.text
    assert await queries.sessions(cohort.cohort_id) == []
    meant = await post_form(client, address, booking(cohort, **taken, anda="ja"))
    assert meant.status_code == 303
    eve = await post_form(client, address, booking(cohort, dag="2026-12-24", anda="ja"))
    assert eve.status_code == 303
    assert [day for _n, day, _state in await days_of(cohort)] == [date(2026, 9, 30), date(2026, 12, 24)]
    # Pressed twice, there is one.
    again = await post_form(client, address, booking(cohort, dag="2026-12-24", anda="ja"))
    assert (again.status_code, "Det finns redan ett samtal då." in said(again)) == (422, True)


async def test_only_who_works_with_a_series_books_in_it(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, group = await a_series("2.3", clock, robin), await a_cohort("2.1", clock.now(), robin)
    form = (await client.get(f"/personal/grupper/{cohort.cohort_id}/boka")).text
    token = hidden(form, "_csrf_token")
    for page in ("boka", "boka-flera"):
        address = f"/personal/grupper/{group.cohort_id}/{page}"
        assert (await client.get(address)).status_code == 404
        assert (await client.post(address, data={**booking(group), "_csrf_token": token})).status_code == 404
    await a_leader(clock.now(), "ronja")
    await sign_in_as(client, "ronja", clock.now())
    for page in ("boka", "boka-flera"):
        address = f"/personal/grupper/{cohort.cohort_id}/{page}"
        assert (await client.get(address)).status_code == 404
        assert (await client.post(address, data={**booking(cohort), "_csrf_token": token})).status_code == 404
    assert await queries.sessions(cohort.cohort_id) == []
    await owner.execute("update cohort set state = 'closed' where id = $1", cohort.cohort_id)
    await sign_in_as(client, "robin", clock.now())
    closed = await client.get(f"/personal/grupper/{cohort.cohort_id}/boka")
    assert "Samtalen är avslutade eller inställda" in said(closed)
    slot = slot_on(date(2026, 10, 5), time(13), time(14))
    (reason,) = await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now())
    assert reason.code == "cohort_over"


# The edition's number.


async def fill(cohort: CohortFacts, count: int, robin: Principal, clock: FrozenClock) -> None:
    pattern = Pattern(date(2026, 10, 5), frozenset({0}), time(13), time(14))
    planned = await talk_services.plan_talks(cohort, pattern, count, cohort.venue_id, robin, clock.now())
    assert await talk_services.book_talks(
        cohort.cohort_id, pattern, count, cohort.venue_id, planned.digest, robin, clock.now()
    ) == []  # fmt: skip


@pytest.mark.parametrize(("section", "most"), [("2.3", 10), ("2.18", 12), ("2.14", 20), ("2.6", 1)])
async def test_there_are_never_more_talks_than_the_edition_says(
    section: str, most: int, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_series(section, clock, robin)
    await fill(cohort, most, robin, clock)
    base = f"/personal/grupper/{cohort.cohort_id}"
    full = f"Riktlinjen {section} säger högst {most} samtal, och så många är redan hållna eller bokade."
    for page in ("/boka", "/boka-flera", "/traffar"):
        assert full in await look(client, f"{base}{page}")
    slot = slot_on(date(2027, 5, 25), time(13), time(14))
    reasons = await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now(), meant=True)
    assert [reason.code for reason in reasons] == ["talks_full"]
    # By the database too, whoever writes, also by numbers that are none.
    for number in (most + 1, 0, -5):
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            async with transaction():
                await execute(
                    """insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added,
                                                   sequence, revised_at)
                       values ($1, $2, $3, $4, $5, '', 'planned', false, 0, $6)""",
                    cohort.cohort_id,
                    number,
                    slot.starts_at,
                    slot.ends_at,
                    cohort.venue_id,
                    clock.now(),
                )
        assert refused.value.constraint_name == "talks_within_edition"
    # Cancelling one makes room for one; that it is cancelled stays.
    first = (await queries.sessions(cohort.cohort_id))[0]
    assert await session_services.cancel_session(first.session_id, False, robin, clock.now()) == []
    listed = await client.get(f"{base}/traffar?klart=installd")
    assert "Ett nytt samtal i stället" in said(listed)
    assert "Boka en ny tid" in said(listed)
    assert f'href="{base}/boka"' in listed.text
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []
    found = await days_of(cohort)
    assert [number for number, _day, _state in found if number] == list(range(1, most + 1))
    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction():
            await execute(
                "update cohort_session set state = 'planned', number = $2 where id = $1", first.session_id, most + 1
            )


async def test_a_cancelled_talk_that_is_made_up_for_at_the_end_stays_within_the_number(
    robin: Principal, clock: FrozenClock
) -> None:
    cohort = await a_series("2.18", clock, robin)
    await fill(cohort, 12, robin, clock)
    first = (await queries.sessions(cohort.cohort_id))[0]
    assert await session_services.cancel_session(first.session_id, True, robin, clock.now()) == []
    assert [number for number, _d, state in await days_of(cohort) if state != "cancelled"] == list(range(1, 13))


async def test_of_two_who_book_the_last_talk_at_once_one_is_told_that_there_are_no_more(
    robin: Principal, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin)
    await fill(cohort, 9, robin, clock)
    slots = [slot_on(date(2027, 5, 25) + timedelta(days=n), time(13), time(14)) for n in range(3)]
    answers = await asyncio.gather(
        *(talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) for slot in slots)
    )
    assert sorted([reason.code for reason in found] for found in answers) == [[], ["talks_full"], ["talks_full"]]
    assert len(await queries.sessions(cohort.cohort_id)) == 10


async def test_a_series_without_a_number_in_the_edition_goes_on(robin: Principal, clock: FrozenClock) -> None:
    cohort = await a_series("2.2", clock, robin)
    await fill(cohort, 30, robin, clock)
    assert (await talk_services.counted(cohort)).left is None


# Several by a pattern.


async def test_several_are_booked_as_they_were_seen_and_told_once(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_series("2.3", clock, robin)
    await somebody(cohort, keys, clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/boka-flera"
    shown = await client.get(address)
    assert "Boka 4 samtal" in said(shown)
    form = {**booking(cohort, dag="2026-12-10"), "antal": "3", "monster": "vecka", "sett": hidden(shown.text, "sett")}
    unseen = await post_form(client, address, form)
    assert (unseen.status_code, "Titta på dagarna igen" in said(unseen)) == (422, True)
    assert await queries.sessions(cohort.cohort_id) == []
    assert "Julafton, helgdag." in said(unseen)
    seen = {**form, "sett": hidden(unseen.text, "sett")}
    answer = await post_form(client, address, seen)
    assert answer.headers["location"] == f"/personal/grupper/{cohort.cohort_id}/traffar?klart=bokade"
    days = [date(2026, 12, 10), date(2026, 12, 17), date(2027, 1, 7)]
    assert [day for _n, day, _state in await days_of(cohort)] == days
    told = await owner.fetch("select convert_from(payload, 'utf8') as p from pgqueuer where entrypoint = 'talk_booked'")
    first = (await queries.sessions(cohort.cohort_id))[0]
    assert [row["p"] for row in told] == [f'{{"session": {first.session_id}}}']
    assert await numbers(owner, "select count(*) from audit_entry where action = 'session:book'") == 3
    # Sent again, nothing is there twice.
    again = await post_form(client, address, seen)
    assert (again.status_code, "Det finns redan ett samtal då." in said(again)) == (422, True)
    assert len(await queries.sessions(cohort.cohort_id)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"antal": "8"}, "Riktlinjen 2.3 säger högst 10 samtal. 7 till kan bokas."),
        ({"antal": "0"}, "Skriv ett tal från 1 till 52."),
        ({"antal": "1e9"}, "Skriv ett tal från 1 till 52."),
        ({"monster": "flera"}, "Välj ett av alternativen."),
        ({"dag": "2026-08-31"}, "Tiden har redan varit."),
        ({"dag": "2026-09-30", "fran": "10.30", "till": "11.00"}, "Det finns redan ett samtal då."),
        ({"till": "12.00"}, "Sluttiden måste vara efter starttiden."),
    ],
)
@pytest.mark.parametrize("show", [True, False])
async def test_a_pattern_that_cannot_be_is_explained_before_and_when_it_is_sent(
    show: bool, changes: dict[str, str], message: str, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin, sessions=3)
    form = {**booking(cohort), "antal": "4", "monster": "varannan", "sett": "", **changes, **({"visa": "1"} if show else {})}
    answer = await post_form(client, f"/personal/grupper/{cohort.cohort_id}/boka-flera", form)
    assert (answer.status_code, message in said(answer)) == (422, True), said(answer)[:3000]
    assert len(await queries.sessions(cohort.cohort_id)) == 3


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
