"""Idag: what happens today, what is missing, what needs the person who looks; never more statements for more groups."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal, Role
from programmes.core.sealing import KeyFolder
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, confirm, sign_in_as, somebody

Look = Callable[[], Awaitable[str]]


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def look(client: httpx.AsyncClient, clock: FrozenClock, name: str = "robin") -> str:
    await sign_in_as(client, name, clock.now())
    answer = await client.get("/personal/idag")
    assert answer.status_code == 200
    return answer.text


async def put(statement: str, cohort: CohortFacts, *values: object) -> None:
    async with transaction():
        await execute(statement, cohort.cohort_id, *values)


async def test_an_empty_day_says_what_is_next(robin: Principal, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    assert "Du har inga grupper än" in await look(client, clock)
    await a_cohort("2.1", clock.now(), robin)
    page = await look(client, clock)
    assert "Inga träffar idag" in page
    assert "Nästa är onsdag 30 september 10.00. Inget väntar på dig." in page


async def test_todays_sessions_say_what_is_missing_until_it_is_there(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    page = await look(client, clock)
    assert "<title>Idag" in page
    assert "En träff idag. Inget väntar på dig." in page
    assert "Närvaro saknas" in page
    await attendance.mark(first, dict.fromkeys(people[:4], "present"), robin, clock.now())
    assert "2 kvar att markera" in await look(client, clock)
    await attendance.mark(first, dict.fromkeys(people, "present"), robin, clock.now())
    page = await look(client, clock)
    assert "Närvaro sparad" in page
    assert "Klart idag" in page
    assert "btn--main" not in page


async def test_before_a_session_begins_nothing_is_missing_and_half_an_hour_before_it_can_be_noted(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    address = f"/personal/traffar/{first}/narvaro"
    clock.advance(hours=-2)
    page = await look(client, clock)
    assert "Börjar 10.00" in page
    assert "Närvaro saknas" not in page
    assert address not in page
    refused = await client.get(address)
    assert "Från onsdag 30 september 9.30 går det." in refused.text.replace("09.30", "9.30")
    answer = await attendance.mark(first, dict.fromkeys(people, "present"), robin, clock.now())
    assert answer is not None
    clock.advance(minutes=95)
    page = await look(client, clock)
    assert address in page
    assert "Närvaro saknas" not in page


async def test_each_kind_is_asked_for_in_its_own_words(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    start = clock.now()
    for section in ("2.12", "2.16", "2.2"):
        clock.set(start)
        cohort, _ = await a_running(section, clock, keys, robin, ("Al",))
    page = await look(client, clock)
    for words in ("Antal saknas", "Skriv antal", "Inte antecknad", "Träffen hölls", "samtal 1 av 4"):
        assert words in page
    assert page.count("btn--main") == 1
    assert cohort.form == "individual"


async def test_what_was_forgotten_yesterday_needs_somebody(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.1", clock, keys, robin)
    first, *_ = await session_ids(cohort)
    clock.advance(days=1)
    page = await look(client, clock)
    assert f'href="/personal/traffar/{first}/narvaro"' in page
    assert "Skriv antal för träff 1 i" in page
    await attendance.count(first, Count(3, 3, 0), robin, clock.now())
    assert f'href="/personal/traffar/{first}/narvaro"' not in await look(client, clock)


async def test_decisions_due_within_two_weeks_are_the_coordinators(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    await a_cohort("2.7", clock.now(), robin, first_in=timedelta(days=24))
    await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=50))
    page = await look(client, clock, "kim")
    assert "Besluta om" in page
    assert "0 av minst 5 är klara." in page
    assert "14 dagar kvar" in page
    assert page.count("Besluta om") == 1
    assert "Besluta om" not in await look(client, clock, "robin")


async def test_a_start_that_was_never_opened_for_applications_has_a_decision_too(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    """As on the cockpit. Before its decision is near it needs nothing here."""
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin, first_in=timedelta(days=24), state="planned")
    far = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=50), state="planned")
    page = await look(client, clock, "kim")
    assert f"Besluta om {cohort.name} startar" in page
    assert "Den är inte öppen för anmälan än." in page
    assert far.name not in page
    assert "Fyll på" not in page


async def test_also_after_the_start_it_is_said_who_has_no_study_visit(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.7", clock.now(), robin, first_in=timedelta(days=20))
    await confirm((await somebody(cohort, keys, clock.now(), "Al")).enrolment_id, clock.now())
    await somebody(cohort, keys, clock.now(), "Bok")
    await owner.execute("update cohort set state = 'started', started_at = $1", clock.now())
    page = await look(client, clock)
    assert "Lägg till tider för studiebesök i" in page
    assert "1 person väntar på att kunna boka, och ingen tid är ledig." in page
    clock.advance(days=20, hours=1)
    page = await look(client, clock)
    assert "1 person har inte gjort studiebesöket, och träffarna har börjat." in page
    assert "Lägg till tider" not in page


async def test_a_start_short_of_people_says_how_many_on_how_many_days(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin, first_in=timedelta(days=30))
    for name in ("Al", "Bok", "En"):
        await confirm((await somebody(cohort, keys, clock.now(), name)).enrolment_id, clock.now())
    assert "2 till behövs på 20 dagar." in await look(client, clock, "kim")


async def test_a_group_that_is_over_asks_to_be_closed(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.16", clock, keys, robin)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=2))
    page = await look(client, clock)
    assert f'href="/personal/grupper/{cohort.cohort_id}/avsluta"' in page
    assert "Listan raderas senast fredag 20 november." in page


async def test_a_series_that_nobody_decides_upon_asks_to_be_closed_too(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.9", clock, keys, robin, ("Familjen",))
    await put("update cohort set state = 'open' where id = $1", cohort)
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=2))
    page = await look(client, clock)
    assert f'href="/personal/grupper/{cohort.cohort_id}/avsluta"' in page
    assert "samtal 1" in page


@pytest.mark.parametrize(("section", "sessions"), [("2.7", 10), ("2.9", 0)])
async def test_study_visits_to_come_and_to_mark_are_told_without_names(
    section: str, sessions: int, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    """Also those of a series of which no talk is booked yet, where an edition asks for a visit before one."""
    cohort = await a_cohort(section, clock.now(), robin, first_in=timedelta(days=60), sessions=sessions)
    taken = await somebody(cohort, keys, clock.now(), "Tall")
    await put("update enrolment set state = 'preliminary' where cohort_id = $1", cohort)
    tomorrow = clock.now() + timedelta(days=1)
    await put(
        """with slot as (insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity)
                         values ($1, $2, $3, $4, 2) returning id)
           insert into study_visit (slot_id, enrolment_id, state, booked_at) select id, $5, 'booked', $2 from slot""",
        cohort, tomorrow, tomorrow + timedelta(hours=1), cohort.venue_id, taken.enrolment_id,
    )  # fmt: skip
    page = await look(client, clock)
    assert "1 person kommer." in page
    assert "Tall" not in page
    clock.advance(days=2)
    assert "Anteckna studiebesök i" in await look(client, clock)
    await put(
        "update study_visit set state = 'missed' where slot_id in (select id from visit_slot where cohort_id = $1)", cohort
    )
    assert "Boka nytt studiebesök i" in await look(client, clock)


async def test_who_was_not_reached_by_the_last_notice_needs_somebody(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Sjuan")
    add = """insert into notice (id, enrolment_id, kind, state, created_at)
             select gen_random_uuid(), $2, 'session_moved', $3, $4 from cohort where id = $1"""
    await put(add, cohort, taken.enrolment_id, "failed", clock.now())
    assert "1 person fick inte det senaste beskedet." in await look(client, clock)
    await put(add, cohort, taken.enrolment_id, "sent", clock.now() + timedelta(minutes=1))
    assert "fick inte det senaste beskedet" not in await look(client, clock)


async def test_more_groups_need_no_more_statements(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, queries_log: QueryLog
) -> None:
    start = clock.now()
    await a_running("2.7", clock, keys, robin)
    await look(client, clock)
    counts = []
    for sections in (("2.1",), ("2.1", "2.16", "2.8", "2.12", "2.7")):
        for section in sections:
            clock.set(start)
            await a_running(section, clock, keys, robin, ("Al", "Bok"))
        await look(client, clock)
        queries_log.clear()
        assert (await client.get("/personal/idag")).status_code == 200
        counts.append(len(queries_log.statements))
    assert counts[0] == counts[1] <= 17


async def test_a_substitute_sees_the_group_until_their_last_day(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    love = await a_leader(clock.now(), "love")
    cohort, _ = await a_running("2.7", clock, keys, robin)
    await put(
        "insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, 'substitute', $3)",
        cohort, love.staff_id, clock.now().date(),
    )  # fmt: skip
    assert "Närvaro saknas" in await look(client, clock, "love")
    clock.advance(days=1)
    assert "Du har inga grupper än" in await look(client, clock, "love")


async def test_the_guidance_on_concern_is_read_without_a_trace(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, queries_log: QueryLog
) -> None:
    await sign_in_as(client, "robin", clock.now())
    queries_log.clear()
    answer = await client.get("/personal/orosanmalan")
    assert answer.status_code == 200
    assert "Ring 112" in answer.text
    assert not [s for s in queries_log.statements if not s.lower().startswith("select")]


@pytest.mark.parametrize(
    ("role", "says"), [("manager", "Läs gallringsprotokollen"), ("administrator", "programmes staff add")]
)
async def test_a_manager_and_an_administrator_are_told_what_their_role_can_do(
    role: Role, says: str, db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_staff_member("love", role, clock.now())
    page = await look(client, clock, "love")
    assert says in page
    assert "lägger till dig som gruppledare" not in page
    assert "lägger till dig som gruppledare" not in (await client.get("/personal/grupper")).text
    for address in ("/personal/tolkningar", "/uppgifter"):
        assert f'href="{address}"' in page
        assert (await client.get(address)).status_code == 200


async def test_a_coordinator_without_groups_is_shown_the_way_to_the_first(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    page = await look(client, clock, "kim")
    assert "lägger till dig som gruppledare" not in page
    assert 'href="/personal/grupper/ny"' in page
