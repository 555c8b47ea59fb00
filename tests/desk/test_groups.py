"""The list of groups and one group's overview: only theirs, the next step first, the queue with its reasons, paper."""

import re
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortState
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_venue, confirm, sign_in_as, somebody
from tests.lists import lines_of


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def look(client: httpx.AsyncClient, clock: FrozenClock, address: str, name: str = "robin") -> str:
    await sign_in_as(client, name, clock.now())
    answer = await client.get(address)
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", answer.text)


@pytest.mark.parametrize(("section", "waits"), [("3.1", False), ("2.7", True)])
async def test_only_where_somebody_can_wait_is_there_a_way_to_the_queue(
    section: str, waits: bool, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort(section, clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}"
    page = await look(client, clock, address)
    assert 'id="nasta"' in page
    assert (f'href="{address}/ko"' in page) == waits
    assert (await client.get(f"{address}/ko")).status_code == (200 if waits else 404)


async def test_somebody_without_groups_is_told_how_they_come(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    page = await look(client, clock, "/personal/grupper")
    assert "Samordnaren lägger till dig som gruppledare." in page
    assert "Ny grupp" not in page


async def test_only_ones_own_groups_are_listed_and_the_coordinators_are_their_programmes(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    mine = await a_cohort("2.7", clock.now(), robin)
    other = await a_cohort("2.8", clock.now())
    await a_coordinator(clock.now(), section="2.8")
    page = await look(client, clock, "/personal/grupper")
    assert f'href="/personal/grupper/{mine.cohort_id}"' in page
    assert f'href="/personal/grupper/{other.cohort_id}"' not in page
    page = await look(client, clock, "/personal/grupper", "kim")
    assert f'href="/personal/grupper/{mine.cohort_id}"' not in page
    assert f'href="/personal/grupper/{other.cohort_id}"' in page
    assert "Ny grupp" in page
    await sign_in_as(client, "robin", clock.now())
    for path in ("", "/utskrifter", "/avsluta"):
        assert (await client.get(f"/personal/grupper/{other.cohort_id}{path}")).status_code == 404


async def test_the_list_is_filtered_by_state_and_turned_at_fifty(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    venue = await a_venue()
    for number in range(53):
        state, first_in = "closed" if number == 0 else "open", timedelta(days=28 + number)
        await a_cohort("2.7", clock.now(), robin, venue_id=venue, sessions=1, state=state, first_in=first_in)
    page = await look(client, clock, "/personal/grupper")
    assert "Aktuella (52)" in page
    assert "Avslutade (1)" in page
    assert "Inställda" not in page
    assert "1–50 av 52 grupper" in page
    assert page.count('role="rowheader"') == 50
    assert (await look(client, clock, "/personal/grupper?sida=2")).count('role="rowheader"') == 2
    assert (await look(client, clock, "/personal/grupper?sida=99&visa=hittepå")).count('role="rowheader"') == 2
    assert (await look(client, clock, "/personal/grupper?visa=avslutade")).count('role="rowheader"') == 1
    first, *others = await lines_of(client, "/personal/grupper.csv")
    assert len(others) == 51
    assert first[0] == "Internt, sekretess"
    assert (first[1], first[4], first[6]) == ("2.7", "Öppen för anmälan", "0 klara av 8.")
    assert len(await lines_of(client, "/personal/grupper.csv?visa=avslutade")) == 1


async def test_where_people_are_not_counted_the_file_of_groups_has_no_number_of_them(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    for section, state in (("2.15", "open"), ("2.15", "closed"), ("2.1", "open")):
        cohort = await a_cohort(section, clock.now(), robin)
        await somebody(cohort, keys, clock.now())
        async with transaction():
            await execute("update cohort set state = $2 where id = $1", cohort.cohort_id, state)
    await look(client, clock, "/personal/grupper")
    places = {}
    for shown in ("", "?visa=avslutade"):
        places |= {(row[1], row[4]): row[6] for row in await lines_of(client, f"/personal/grupper.csv{shown}")}
    assert places.pop(("2.1", "Öppen för anmälan")).endswith(" av 8.")
    assert places == {("2.15", "Öppen för anmälan"): "", ("2.15", "Avslutad"): "Listan är raderad"}


async def test_a_documented_group_shows_who_has_something_left_and_the_queue_with_its_reasons(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    names = ("Björk", "Ek", "Sälg", "Asp", "Hassel", "Lönn", "Tall", "Lind", "Rönn", "Gran", "Alm")
    taken = [await somebody(cohort, keys, clock.now(), name) for name in names]
    for person in taken[:5]:
        await confirm(person.enrolment_id, clock.now())
    async with transaction():
        await execute("update enrolment set skip_reason = 'clash' where id = $1", taken[8].enrolment_id)
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}")
    assert "<strong>5 klara</strong>, 3 preliminära, 0 lediga." in page
    assert "Har något kvar, 3" in page
    assert "Visa de 5 som är klara" in page
    assert "<h3>3 personer väntar</h3>" in page
    assert "har fått ett erbjudande" not in page
    assert page.index("Rönn") < page.index("Gran") < page.index("Alm")
    assert "Skäl: <strong>krock</strong>" in page
    assert "Näst på tur." in page[page.index("Gran") : page.index("Alm")]
    await enrolment.leave(taken[7].enrolment_id, keys, clock.now())
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}")
    assert "2 preliminära, 1 erbjuden, 0 lediga." in page
    assert "Har fått erbjudande" in page
    assert "Svarar senast" in page
    queue = page[page.index('<h2 id="ko">') :]
    for title in ("1 person har fått ett erbjudande", "2 personer väntar"):
        start = queue.index(f"<h3>{title}</h3>")
        assert queue[start : queue.index("</ol>", start)].count("<li>") == int(title[0])
    listed = await look(client, clock, "/personal/grupper")
    assert "5 klara, 2 preliminära, 1 erbjuden av 8. 2 i kö." in listed


async def test_the_next_step_of_an_undecided_group_is_the_coordinators_and_says_the_rule(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    for name in ("Björk", "Ek"):
        await confirm((await somebody(cohort, keys, clock.now(), name)).enrolment_id, clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}"
    page = await look(client, clock, address, "kim")
    assert "Nästa steg, senast söndag 20 september (om 18 dagar)" in page
    assert "2 av minst 5 är klara, saknar 3." in page
    assert "Ta beslut" in page
    page = await look(client, clock, address)
    assert "Samordnaren beslutar." in page
    assert "Ta beslut" not in page
    other = await a_cohort("2.1", clock.now(), robin, minimum=6)
    page = await look(client, clock, f"/personal/grupper/{other.cohort_id}")
    assert "0 klara. Er egen gräns är 6, riktlinjen har ingen." in page


async def test_the_next_step_of_a_running_group_is_its_oldest_missing_note_then_its_end(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, _ = await a_running("2.16", clock, keys, robin, ("Igelkott",), sessions=2)
    first, second = await session_ids(cohort)
    address = f"/personal/grupper/{cohort.cohort_id}"
    assert "Nästa tillfälle" in await look(client, clock, address)
    clock.advance(days=8)
    page = await look(client, clock, address)
    assert "Skriv om träff 1 hölls" in page
    assert f'href="/personal/traffar/{first}/narvaro"' in page
    async with transaction():
        await execute("update cohort_session set state = 'held' where cohort_id = $1", cohort.cohort_id)
    page = await look(client, clock, address)
    assert "Till avslutet" in page
    assert f'href="{address}/narvaro"' in page
    assert (await client.get(f"{address}/narvaro")).headers["location"] == f"/personal/traffar/{second}/narvaro"


async def test_an_exempt_group_shows_aliases_and_whether_the_last_notice_arrived(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin, maximum=12)
    bjork = await somebody(cohort, keys, clock.now(), "Björk")
    await somebody(cohort, keys, clock.now(), "Kaffe")
    await owner.execute(
        """insert into notice (id, enrolment_id, kind, state, created_at)
           values (gen_random_uuid(), $1, 'place_held', 'sent', $2),
                  (gen_random_uuid(), $1, 'session_moved', 'failed', $3)""",
        bjork.enrolment_id, clock.now(), clock.now() + timedelta(minutes=1),
    )  # fmt: skip
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}")
    assert "I den här gruppen sparar vi inte vem någon är" in page
    assert "Björk" in page
    assert "Kaffe" in page
    assert "Inte nådd" in page[page.index("Björk") : page.index("Kaffe")]
    assert "Inget skickat" in page[page.index("Kaffe") :]
    assert f"/deltagare/{bjork.enrolment_id}" in page
    assert await owner.fetchval("select count(*) from record_look") == 0


async def test_protected_people_are_marked_before_anything_else_and_have_no_name(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, _ = await a_running("2.7", clock, keys, robin, ("Astrid",))
    await owner.execute("update participant set protected_identity = true")
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}")
    assert "Skyddade uppgifter" in page
    assert "Astrid" not in page
    assert "Astrid" not in await look(client, clock, f"/personal/grupper/{cohort.cohort_id}/utskrifter")


async def test_moved_and_cancelled_sessions_are_told_in_words(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.7", clock.now(), robin, sessions=3)
    first, second, _third = [s.session_id for s in await cohorts.sessions(cohort.cohort_id)]
    await owner.execute(
        """update cohort_session set moved_from = starts_at, state = 'moved', starts_at = starts_at + interval '1 day',
                  ends_at = ends_at + interval '1 day' where id = $1""",
        first,
    )
    await owner.execute("update cohort_session set state = 'cancelled', number = null where id = $1", second)
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}")
    assert '<span class="hidden">Tidigare tid </span>ons 30 sep</del>' in page
    assert '<span class="hidden">Ny tid </span>tors 1 okt</ins>' in page
    assert "Inställd" in page


async def test_a_list_to_sign_off_is_paper_without_the_programmes_name_and_leaves_a_trace(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort, _ = await a_running("2.8", clock, keys, robin, sessions=12)
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}/utskrifter")
    assert page.count("<table") == 2
    sheet = page[page.index('class="sheet') :]
    assert "Onsdagsgruppen" in sheet
    assert "Återfall" not in sheet
    assert "Hägg" in sheet
    assert await owner.fetchval("select count(*) from record_look where page = 'print'") == 6


async def test_where_heads_are_counted_the_paper_has_no_names_and_where_not_even_that_there_is_none(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    start = clock.now()
    cohort, _ = await a_running("2.12", clock, keys, robin, ("Ugglan",))
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}/utskrifter")
    assert "Antal per träff" in page
    assert "Ugglan" not in page
    clock.set(start)
    cohort, _ = await a_running("2.15", clock, keys, robin, ("Ugglan",))
    page = await look(client, clock, f"/personal/grupper/{cohort.cohort_id}/utskrifter")
    assert "Inget att skriva ut" in page
    assert "<table" not in page
    assert "Ugglan" not in page


async def test_a_group_with_more_people_needs_no_more_statements(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, queries_log: object
) -> None:
    few, _ = await a_running("2.1", clock, keys, robin, ("Al",))
    counts = []
    for _ in range(2):
        await look(client, clock, f"/personal/grupper/{few.cohort_id}")
        queries_log.clear()  # type: ignore[attr-defined]
        await client.get(f"/personal/grupper/{few.cohort_id}")
        counts.append(len(queries_log.statements))  # type: ignore[attr-defined]
        async with transaction():
            await execute("update cohort set last_entry_session = 4 where id = $1", few.cohort_id)
        for name in ("Bok", "En", "Oxel"):
            await somebody(few, keys, clock.now(), name)
    assert counts[0] == counts[1] <= 14


@pytest.mark.parametrize("section", ["2.1", "2.8"])
async def test_a_cancelled_group_says_so_and_has_neither_free_places_nor_a_queue(
    section: str, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort(section, clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Björk")
    address = f"/personal/grupper/{cohort.cohort_id}"
    assert "lediga" in await look(client, clock, address)
    await owner.execute("update cohort set state = 'cancelled', closed_at = $1", clock.now())
    page = await look(client, clock, address)
    assert "Här finns varken platser eller kö." in page
    assert "Björk" in page
    for words in ("ledig", "Blir gruppen full", 'id="ko"', 'id="platser"', "Anmäl någon"):
        assert words not in page
    assert "av 8" not in await look(client, clock, "/personal/grupper?visa=installda")


async def test_a_place_where_people_just_come_is_open_and_has_no_places(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("3.1", clock.now(), robin)
    for address in ("/personal/grupper", f"/personal/grupper/{cohort.cohort_id}"):
        page = await look(client, clock, address)
        assert "Öppet" in page
        assert "Öppen för anmälan" not in page
    assert 'id="platser"' not in page


async def test_nobody_is_enrolled_where_it_is_too_late_and_the_page_says_so(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}"
    await sign_in_as(client, "kim", clock.now())
    assert f'href="{address}/anmal"' in (await client.get(address)).text
    assert cohort.first_start
    clock.set(cohort.first_start)
    await sign_in_as(client, "kim", clock.now())
    page = (await client.get(address)).text
    assert f'href="{address}/anmal"' not in page
    assert "Det är för sent att komma med" in page


async def test_who_stands_twice_on_the_list_is_marked_for_staff_and_nobody_is_refused_for_it(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=2)
    for name in ("Anna Ask", "Bo Bok", "anna ask"):
        await somebody(cohort, keys, clock.now(), name)
    page = (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert page.count("Kan stå här två gånger") == 2, "one with a place, one in the queue"
    alone = await a_cohort("2.8", clock.now())
    await somebody(alone, keys, clock.now(), "Anna Ask")
    assert "två gånger" not in (await client.get(f"/personal/grupper/{alone.cohort_id}")).text


@pytest.mark.parametrize(("section", "state"), [("2.8", "open"), ("2.8", "started"), ("2.18", "started"), ("3.1", "open")])
async def test_every_page_of_a_group_has_the_same_tabs(
    section: str, state: CohortState, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort(section, clock.now(), state=state, minimum=1)
    group = f"/personal/grupper/{cohort.cohort_id}"
    pages = [group, f"{group}/traffar", f"{group}/utskrifter", f"{group}/avsluta"]
    pages += [f"{group}/utvardering"] if cohort.form == "group" else []
    found = set()
    for address in pages:
        shown = (await client.get(address)).text
        tabs = re.search(r'<nav class="subnav".*?</nav>', shown, re.DOTALL)
        assert tabs, address
        assert tabs[0].count('aria-current="page"') == 1, address
        found.add(tuple(re.findall(r'href="([^"]+)"', tabs[0])))
    assert len(found) == 1, found
    (addresses,) = found
    assert (f"{group}/studiebesok" in addresses) == (section == "2.8" and state == "open")
    assert (f"{group}/narvaro" in addresses) == (state == "started" or section == "3.1")
    for address in addresses:
        answer = await client.get(address, follow_redirects=True)
        assert answer.status_code == 200, address


async def test_who_has_ended_is_still_found_on_the_groups_page_where_people_are_documented(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    for section, shown in (("2.8", True), ("2.1", False)):
        cohort = await a_cohort(section, clock.now(), sessions=4)
        gone = await somebody(cohort, keys, clock.now(), "Hagtorn")
        await enrolment.end_by_staff(gone.enrolment_id, "declined", 1, keys, clock.now())
        await sign_in_as(client, "kim", clock.now())
        page = (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
        assert ("Har slutat (1)" in page) == shown
        assert (f"deltagare/{gone.enrolment_id}" in page) == shown
        assert ("Gick inte vidare" in page) == shown
