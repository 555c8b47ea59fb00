"""Every look at a documented person leaves a line, whatever page it is on (promise 6)."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.errors import NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.leaving import refusal_services
from programmes.enrolment.visits import step_services
from programmes.people.look_queries import looks_at
from programmes.people.look_rules import LOOK_PAGES, names_alike
from programmes.people.looks import looking
from programmes.settings import Settings
from programmes.web.head import with_head
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    a_programme,
    a_staff_member,
    confirm,
    csrf_of,
    sign_in_as,
    somebody,
)
from tests.hostile.headers import judge_headers

NAMES = [f"{first} Granlund" for first in ("Alva", "Bror", "Cilla", "Disa", "Edvin", "Frida", "Gösta", "Hedda", "Ivar")]


@dataclass
class Town:
    """Documented people in every state that a page shows, by what names them; and the addresses to look at."""

    robin: Principal
    kim: Principal
    people: dict[str, UUID] = field(default_factory=dict)
    cohorts: list[tuple[CohortFacts, list[UUID], list[int], list[int]]] = field(default_factory=list)


@pytest.fixture
async def town(db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker) -> Town:
    """Groups with places, a queue, an offer, somebody turned down, somebody protected, study visits; one that is closed, one
    of talks, and a working list. Everybody has a contact that rings, so that the list of calls has them."""
    town = Town(await a_leader(clock.now()), await a_coordinator(clock.now()))
    names = iter(NAMES)
    for section, count, maximum in (("2.8", 5, 3), ("2.7", 2, 8), ("2.18", 2, 1), ("2.15", 2, 8)):
        cohort = await a_cohort(section, clock.now(), town.robin, minimum=1, maximum=maximum, sessions=3)
        enrolled = []
        for number in range(count):
            name = next(names) if section != "2.15" else f"Alias {number}"
            taken = await somebody(cohort, keys, clock.now(), name, f"07017406{len(town.people):02}")
            enrolled.append(taken.enrolment_id)
            facts = await queries.enrolment(taken.enrolment_id)
            if facts.participant_id:
                town.people[name] = facts.participant_id
        slots = []
        if (await a_programme(section))[1].study_visit:
            begins = clock.now() + timedelta(days=5, hours=len(town.cohorts) * 3)
            await step_services.add_slot(
                cohort.cohort_id, begins, begins + timedelta(hours=1), cohort.venue_id, town.robin.staff_id, 3, clock.now()
            )
            slots = [slot.slot_id for slot in await queries.slots(cohort.cohort_id, clock.now())]
            await step_services.book_visit(enrolled[0], slots[0], clock.now(), town.robin.staff_id)
        sessions = [session.session_id for session in await cohorts.sessions(cohort.cohort_id)]
        town.cohorts.append((cohort, enrolled, sessions, slots))
    _eight, seven, talks, _fifteen = town.cohorts
    programme = (await a_programme("2.8"))[1]
    await refusal_services.refuse(town.cohorts[0][1][1], ["residency"], programme, town.robin.staff_id, clock.now())
    await services.leave(talks[1][0], keys, clock.now())
    await worker.drain(the_worker)
    # Those with a protected identity stand by their number on every list.
    await owner.execute("update participant set protected_identity = true where id = $1", town.people[NAMES[2]])
    for person in seven[1]:
        await confirm(person, clock.now())
    await owner.execute("update enrolment set state = 'completed' where cohort_id = $1", seven[0].cohort_id)
    await owner.execute("update cohort set state = 'closed', closed_at = $2 where id = $1", seven[0].cohort_id, clock.now())
    # One after the other: nobody leads two at once.
    await owner.execute(
        """update cohort_session s set starts_at = $1::timestamptz - c.before, ends_at = $2::timestamptz - c.before
           from (select id, (row_number() over (order by id) - 1) * interval '2 hours' as before from cohort) c
           where c.id = s.cohort_id and s.number = 1 and s.cohort_id <> $3""",
        clock.now() - timedelta(hours=1),
        clock.now() + timedelta(hours=1),
        seven[0].cohort_id,
    )
    return town


def _filled(path: str, values: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: str(values.get(found[1], "1")), path)


def addresses(app: Litestar, town: Town, method: str) -> list[str]:
    """Every address for staff, with the ids of everything there is; forms are sent for two of each group."""
    found = []
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or method not in route.methods or not route.path.startswith("/personal"):
            continue
        for cohort, enrolled, sessions, slots in town.cohorts:
            for ids in (
                {"cohort_id": cohort.cohort_id, "enrolment_id": one, "session_id": session, "slot_id": slot}
                for one in (enrolled if method == "GET" else enrolled[:2])
                for session in (sessions[:1] if "session_id" in route.path else [0])
                for slot in (slots[:1] or [0] if "slot_id" in route.path else [0])
            ):
                values: dict[str, Any] = {**ids, "section": "2.8", "key": "age_over_18", "month": "2026-08"}
                address = _filled(route.path_format, values)
                found += [address, f"{address}?skal=question"] if "/deltagare/" in address else [address]
    return list(dict.fromkeys(found))


def shown_in(answer: httpx.Response, town: Town) -> set[UUID]:
    """Whose names or telephone numbers stand on a page or in a file."""
    text = unescape(answer.content.decode("utf-8-sig", "replace"))
    numbers = {f"+467017406{at:02}": one for at, one in enumerate(town.people.values())}
    numbers |= {f"07017406{at:02}": one for at, one in enumerate(town.people.values())}
    return {one for words, one in {**town.people, **numbers}.items() if words in text}


def speaks_for_itself(answer: httpx.Response, method: str, address: str) -> bool:
    """Whether somebody is shown without a name that could be looked for: an extract as PDF, and the details that come back
    as they were typed, here without the name."""
    typed = method == "POST" and address.partition("?")[0].endswith("/uppgifter")
    return typed or answer.headers.get("content-type") == "application/pdf"


@pytest.mark.parametrize("who", ["robin", "kim"])
async def test_exactly_who_stands_on_a_page_for_staff_has_a_line(
    who: str, town: Town, client: httpx.AsyncClient, app: Litestar, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, who, clock.now())
    token = csrf_of((await client.get("/personal/idag")).text)
    me = town.robin if who == "robin" else town.kim
    # Whoever coordinates has made sure of everybody, so that the extracts are handed out.
    await owner.execute(
        """insert into identity_check (id, participant_id, staff_id, how, at)
           select gen_random_uuid(), id, $1, 'shown', $2 from participant""",
        me.staff_id,
        clock.now(),
    )
    pages, everybody, hidden = set[str](), set[UUID](), town.people[NAMES[2]]
    before = await owner.fetchval("select coalesce(max(id), 0) from record_look")
    for method in ("GET", "POST"):
        for address in addresses(app, town, method):
            data = (
                {"_csrf_token": token, "namn": "", "utfall": "", "till": "", "vem": NAMES[0]} if method == "POST" else None
            )
            answer = await client.request(method, address, data=data)
            assert answer.status_code < 500, address
            lines = await owner.fetch("select id, staff_id, participant_id, page from record_look where id > $1", before)
            shown = shown_in(answer, town)
            assert shown <= {row["participant_id"] for row in lines}, f"{method} {address}"
            if not speaks_for_itself(answer, method, address):
                assert {row["participant_id"] for row in lines} <= shown | {hidden}, f"{method} {address}"
            assert {row["staff_id"] for row in lines} <= {me.staff_id}
            before = max((row["id"] for row in lines), default=before)
            pages |= {row["page"] for row in lines}
            everybody |= shown
    # It saw what there is to see. Whose identity is protected is named only where it is put right, to coordinators.
    assert everybody == set(town.people.values()) - ({town.people[NAMES[2]]} if who == "robin" else set())
    # Nobody here is due to be erased (tests/oversight/test_retention_views.py).
    unseen = {"age", "readings", "retention", "retention_file", "archive", "partner"} | (
        {"extract"} if who == "robin" else set()
    )
    assert pages >= set(LOOK_PAGES) - unseen


async def test_what_shows_nobody_leaves_no_line(
    town: Town, client: httpx.AsyncClient, app: Litestar, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, people, *_rest = town.cohorts[1]
    group = f"/personal/grupper/{cohort.cohort_id}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=with_head(app)), base_url=settings.base_url) as browser:
        await sign_in_as(browser, "kim", clock.now())
        for address in (f"{group}/deltagare/{people[0]}?skal=question", f"{group}/ko.csv", "/personal/idag", group):
            answer = await browser.head(address)
            assert answer.status_code == 405, address
            assert "HEAD" not in answer.headers["allow"]
            judge_headers(answer)
    await sign_in_as(client, "kim", clock.now())
    # To a start that is not there, and back to the group from a roll call that was saved.
    running, waiting, *_rest = town.cohorts[0]
    move = f"/personal/grupper/{running.cohort_id}/deltagare/{waiting[0]}/flytta?till=999999"
    assert (await client.get(move)).status_code == 404
    assert await owner.fetchval("select count(*) from record_look") == 0
    roll = f"/personal/traffar/{town.cohorts[0][2][0]}/narvaro"
    assert shown_in(await client.get(roll), town)
    before = await owner.fetchval("select count(*) from record_look")
    marks = dict.fromkeys(map(str, waiting), "present")
    answer = await client.post(roll, data={**marks, "_csrf_token": csrf_of((await client.get("/personal/sok")).text)})
    assert answer.status_code == 303
    assert await owner.fetchval("select count(*) from record_look") == before


async def test_who_is_protected_has_a_line_also_where_only_a_number_stands(
    town: Town, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "robin", clock.now())
    cohort = town.cohorts[0][0]
    page = (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert NAMES[2] not in page
    lines = await owner.fetch("select participant_id from record_look where protected")
    assert {row["participant_id"] for row in lines} == {town.people[NAMES[2]]}


async def test_ten_names_are_ten_lines_in_one_statement(
    db: None,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    queries_log: QueryLog,
) -> None:
    robin = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    counts = []
    for number in (2, 8):
        cohort = await a_cohort("2.7", clock.now(), robin)
        for one in range(number):
            await somebody(cohort, keys, clock.now(), f"Person {one}")
        await client.get(f"/personal/grupper/{cohort.cohort_id}/utskrifter")
        queries_log.clear()
        await client.get(f"/personal/grupper/{cohort.cohort_id}/utskrifter")
        counts.append(len(queries_log.statements))
        assert sum("record_look" in statement for statement in queries_log.statements) == 1
        found = await owner.fetch(
            "select count(*) as n, at from record_look where cohort_id = $1 group by at", cohort.cohort_id
        )
        assert [row["n"] for row in found] == [2 * number]
    assert counts[0] == counts[1]


async def test_a_page_whose_lines_cannot_be_written_is_not_shown(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Anna Ask")
    await sign_in_as(client, "robin", clock.now())
    await owner.execute("revoke insert on record_look from programmes_web")
    try:
        answer = await client.get(f"/personal/grupper/{cohort.cohort_id}")
    finally:
        await owner.execute("grant insert on record_look to programmes_web")
    assert answer.status_code == 500
    assert "Anna Ask" not in answer.text


async def _no_page(who: Principal, clock: FrozenClock) -> None:
    async with looking(who, "group", clock.now()) as look:
        look.see(UUID(int=1), 1, False)
        raise NotFound


async def test_nobody_is_seen_once_the_page_is_made_and_who_was_not_shown_has_no_line(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    async with looking(robin, "group", clock.now()) as look:
        pass
    with pytest.raises(RuntimeError):
        look.see(UUID(int=1), 1, False)
    with pytest.raises(NotFound):
        await _no_page(robin, clock)
    assert await owner.fetchval("select count(*) from record_look") == 0


async def test_a_line_knows_when_the_record_bears_the_name_of_who_looks(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_staff_member("granlund", "coordinator", clock.now())
    await owner.execute("update staff set display_name = 'Kim Granlund'")
    cohort = await a_cohort("2.7", clock.now())
    taken = [await somebody(cohort, keys, clock.now(), name) for name in ("Alva Granlund", "Bo Bok", "Cia Granlund")]
    hidden = (await queries.enrolment(taken[2].enrolment_id)).participant_id
    await owner.execute("update participant set protected_identity = true where id = $1", hidden)
    await sign_in_as(client, "granlund", clock.now())
    await client.get(f"/personal/grupper/{cohort.cohort_id}")
    named = [row["participant_id"] for row in await owner.fetch("select participant_id from record_look where own_name")]
    # Of a protected identity a line gives not even a last name away.
    assert named == [(await queries.enrolment(taken[0].enrolment_id)).participant_id]


@pytest.mark.parametrize(
    ("staff", "person", "alike"),
    [
        ("Kim Granlund", "Alva Granlund", True), ("Kim Granlund", "kim  granlund", True), ("Kim", "Kim", True),
        ("Kim G.", "Alva G.", False), ("Kim Granlund", "Kim Ask", False), ("", "", False), ("Kim Granlund", "", False),
        ("Kim", "Alva Kim", False),
    ],
)  # fmt: skip
def test_which_names_are_alike(staff: str, person: str, alike: bool) -> None:
    assert names_alike(staff, person) == alike


async def test_in_a_group_that_is_over_staff_say_why_before_they_see_somebody(
    town: Town, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "kim", clock.now())
    cohort, people, *_rest = town.cohorts[1]
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{people[0]}"
    record = (await queries.enrolment(people[0])).participant_id
    assert record
    name = next(name for name, one in town.people.items() if one == record)
    for address in (person, f"{person}/uppgifter"):
        asked = await client.get(address)
        assert "Varför behöver du titta?" in asked.text
        assert name not in asked.text
        wrong = await client.get(f"{address}?skal=nyfiken")
        assert wrong.status_code == 422
        assert name not in wrong.text
    assert await owner.fetchval("select count(*) from record_look") == 0
    assert name in (await client.get(f"{person}?skal=question")).text
    assert name in (await client.get(f"{person}/uppgifter?skal=correction")).text
    lines = await looks_at(record)
    assert [(line.staff, line.page, line.reason, line.cohort_id) for line in lines] == [
        ("Kim", "person", "question", cohort.cohort_id),
        ("Kim", "correct", "correction", cohort.cohort_id),
    ]


async def test_web_may_add_lines_and_neither_change_nor_remove_them(
    db: None, settings: Any, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    async with looking(robin, "group", clock.now()) as look:
        look.see(UUID(int=1), 1, False)
    for url in (settings.web_database_url, settings.worker_database_url):
        connection = await asyncpg.connect(url)
        try:
            for statement in (
                "update record_look set staff_id = 2",
                "delete from record_look",
                "truncate record_look",
                "update look_link set position = 2",
                "delete from look_link",
                "delete from look_checkpoint",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
            web = url == settings.web_database_url
            if web:
                for table in ("look_link", "look_checkpoint", "look_day", "chain_check", "look_review", "look_review_line"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(f"insert into {table} default values")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("select forget_looks()")
        finally:
            await connection.close()
    # Not even the owner, as long as the triggers stand.
    for statement in ("update record_look set staff_id = 2", "delete from record_look", "truncate record_look"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
    assert await owner.fetchval("select staff_id from record_look") == robin.staff_id
