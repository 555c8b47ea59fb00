"""The monthly review: what is drawn and found, what managers see of it, and that what was signed stays (promise 6)."""

import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.cohorts.office_services import take_out
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import at_local
from programmes.core.days import working_day
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing_services
from programmes.enrolment import place_services, queries
from programmes.enrolment.records import search_services
from programmes.enrolment.roster import label_of
from programmes.notices.post_services import Deferred
from programmes.oversight.log import chain_services, digest_services, review_queries, review_services
from programmes.oversight.log.anchor import Anchor
from programmes.oversight.log.chain_rules import Line, shown
from programmes.oversight.log.review_rules import (
    MANY,
    MANY_EMPTY,
    MANY_EMPTY_IN_A_DAY,
    SAMPLE,
    Finding,
    Judged,
    Outcome,
    Sent,
    sample,
    unusual,
    weigh,
)
from programmes.people.look_rules import NOBODY, LookPage
from programmes.people.looks import looking
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, post_form, sign_in_as, somebody
from tests.lists import lines_of
from tests.pools import as_worker

# A Wednesday afternoon.
NOON = datetime(2026, 9, 9, 13, 0, tzinfo=UTC)
SEPTEMBER = "/personal/granskning/2026-09"


def a_line(number: int = 1, at: datetime = NOON, **others: object) -> Line:
    values: dict[str, object] = {
        "look_id": number, "at": at, "staff_id": 1, "participant_id": UUID(int=number), "cohort_id": 1, "page": "person",
        "reason": None, "protected": False, "own_name": False,
    }  # fmt: skip
    return Line(**{**values, **others})  # type: ignore[arg-type]


def found(*lines: Line, may_look: bool = True) -> list[Finding]:
    return unusual(lines, working_day, lambda _: may_look)


def local_time(day: int, hour: int, minute: int = 0) -> datetime:
    return at_local(date(2026, 9, day), datetime(2026, 9, day, hour, minute).time())  # noqa: DTZ001


def test_an_ordinary_look_is_not_unusual() -> None:
    assert found(a_line(), a_line(2, NOON + timedelta(minutes=3))) == []


@pytest.mark.parametrize(
    ("hour", "minute", "night"), [(21, 59, False), (22, 0, True), (3, 0, True), (5, 59, True), (6, 0, False)]
)
def test_night_is_from_ten_to_six_on_the_wall(hour: int, minute: int, night: bool) -> None:
    assert [one.kind for one in found(a_line(at=local_time(9, hour, minute)))] == (["night"] if night else [])


def test_a_night_is_one_thing_to_look_at_also_past_midnight() -> None:
    late, early = a_line(1, local_time(9, 23)), a_line(2, local_time(10, 4))
    assert found(early, late) == [Finding("night", 1, 1, (1, 2))]


@pytest.mark.parametrize(("day", "off"), [(date(2026, 9, 12), True), (date(2026, 6, 19), True), (date(2026, 9, 9), False)])
def test_days_off_are_weekends_and_holidays(day: date, off: bool) -> None:
    line = a_line(at=at_local(day, datetime(2026, 1, 1, 12).time()))  # noqa: DTZ001
    assert [one.kind for one in found(line)] == (["day_off"] if off else [])


def test_who_is_protected_counts_where_something_of_them_is_shown() -> None:
    pages: list[tuple[LookPage, bool]] = [("person", True), ("correct", True), ("group", False), ("roll_call", False)]
    for page, counts in pages:
        assert [one.kind for one in found(a_line(protected=True, page=page))] == (["protected"] if counts else [])


def test_own_name_and_no_longer_leader_are_found() -> None:
    assert [one.kind for one in found(a_line(own_name=True))] == ["own_name"]
    assert [one.kind for one in found(a_line(), may_look=False)] == ["left"]


@pytest.mark.parametrize(("people", "minutes", "many"), [(MANY, 59, False), (MANY + 1, 59, True), (MANY + 1, 60, False)])
def test_many_are_more_than_so_many_people_within_an_hour(people: int, minutes: int, many: bool) -> None:
    step = timedelta(minutes=minutes) / (people - 1)
    lines = [a_line(number, NOON + step * (number - 1)) for number in range(1, people + 1)]
    assert [one.kind for one in found(*lines)] == (["many"] if many else [])
    # The same people again are no more people.
    again = [a_line(100 + n, NOON + step * n, participant_id=UUID(int=1)) for n in range(people)]
    assert found(*again) == []


@pytest.mark.parametrize(
    ("searches", "minutes_between", "many"),
    [(MANY_EMPTY, 1, False), (MANY_EMPTY + 1, 1, True), (MANY_EMPTY_IN_A_DAY, 9, False), (MANY_EMPTY_IN_A_DAY + 1, 9, True)],
)
def test_many_searches_that_find_nobody_are_found(searches: int, minutes_between: int, many: bool) -> None:
    at = local_time(9, 8)
    lines = [
        a_line(n, at + timedelta(minutes=minutes_between * n), participant_id=NOBODY, cohort_id=0, page="search")
        for n in range(searches)
    ]
    assert [one.kind for one in found(*lines, may_look=False)] == (["many"] if many else [])


async def test_searches_that_find_nobody_stand_in_the_chain_and_in_the_review(
    db: None,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    await a_staff_member("sasha", "manager", clock.now())
    robin = await a_leader(clock.now())
    for n in range(MANY_EMPTY + 1):
        async with looking(robin, "search", NOON + timedelta(minutes=n)) as seen:
            assert await search_services.search(f"Anna {n}", seen, keys, NOON + timedelta(minutes=n)) == []
    clock.set(datetime(2026, 10, 1, 6, 0, tzinfo=UTC))
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from look_link") == MANY_EMPTY + 1
    page = await page_of(client, SEPTEMBER, clock)
    assert (
        "Sök. 16 sökningar utan träff. 16 rader, 1 till 16. Fler än 50 deltagare eller 15 sökningar utan träff inom en timme"
        in page
    )
    assert "0 visningar av någons uppgifter. 1 sak att titta på. 0 rader i stickprovet." in page


def test_many_by_two_is_nobodys() -> None:
    assert found(*(a_line(number, NOON, staff_id=number % 2) for number in range(1, 2 * MANY + 1))) == []


def test_a_seed_draws_the_same_lines_again_and_another_seed_others() -> None:
    lines = [a_line(number) for number in range(1, 200)]
    drawn = sample(lines, "a")
    assert len(drawn) == SAMPLE
    assert sample(list(reversed(lines)), "a") == drawn
    assert sample(lines, "b") != drawn
    assert len(sample(lines[:3], "a")) == 3


async def look(
    who: Principal, cohort: CohortFacts, people: list[UUID], keys: KeyFolder, at: datetime, page: LookPage = "person"
) -> None:
    async with looking(who, page, at) as seen:
        for one in await queries.several(people):
            label_of(one, keys, seen)


class Month:
    """September's looks: an ordinary one, one at night, one at a protected identity, one by who has left the group."""

    def __init__(self, cohort: CohortFacts, people: list[UUID], robin: Principal, sasha: Principal) -> None:
        self.cohort, self.people, self.robin, self.sasha = cohort, people, robin, sasha


@pytest.fixture
async def september(
    db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> Month:
    sasha = await a_staff_member("sasha", "manager", clock.now())
    robin, love, kim = await a_leader(clock.now()), await a_leader(clock.now(), "love"), await a_coordinator(clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin)
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", cohort.cohort_id, love.staff_id
    )
    people = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in ("Anna Ask", "Bo Bok", "Cia Ek")]
    protected = (await queries.enrolment(people[2])).participant_id
    await owner.execute("update participant set protected_identity = true where id = $1", protected)
    await look(robin, cohort, people, keys, NOON, "group")
    await look(robin, cohort, people[:1], keys, local_time(9, 22, 47))
    await look(kim, cohort, people[2:], keys, NOON)
    await look(love, cohort, people[1:2], keys, NOON)
    await take_out(cohort.cohort_id, love.staff_id, kim, NOON)
    clock.set(datetime(2026, 10, 1, 6, 0, tzinfo=UTC))
    await worker.drain(the_worker)
    return Month(cohort, people, robin, sasha)


async def page_of(client: httpx.AsyncClient, address: str, clock: FrozenClock, who: str = "sasha") -> str:
    await sign_in_as(client, who, clock.now())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", (await client.get(address)).text)).split())


async def test_a_manager_sees_who_when_which_page_and_a_number_never_a_name(
    september: Month, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    page = await page_of(client, SEPTEMBER, clock)
    assert "6 visningar av någons uppgifter. 3 saker att titta på. 6 rader i stickprovet." in page
    name = september.cohort.name
    assert f"Robin ons 9 sep 22.47 Deltagarens sida. Deltagare 1, {name}. Rad 4. På natten, mellan 22 och 6." in page
    assert f"Kim ons 9 sep 15.00 Deltagarens sida. Deltagare 3, {name}. Rad 5. Skyddade uppgifter." in page
    assert f"Love ons 9 sep 15.00 Deltagarens sida. Deltagare 2, {name}. Rad 6. Arbetar inte längre med gruppen." in page
    for hidden in ("Anna", "Ask", "Bo Bok", "Cia"):
        assert hidden not in page
    # Looking at the log leaves a trace too, and no line of its own.
    assert await owner.fetchval("select staff_id from audit_entry where action = 'review:read'") == september.sasha.staff_id
    assert await owner.fetchval("select count(*) from record_look") == 6


async def test_opened_again_it_is_the_same_and_drawn_once(
    september: Month, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker, settings: Settings
) -> None:
    first = await owner.fetch("select * from look_review_line order by id")
    clock.advance(days=3)
    await worker.drain(the_worker)
    async with as_worker(settings):
        await review_services.draw(date(2026, 9, 1), clock.now())
    assert await owner.fetch("select * from look_review_line order by id") == first
    seed = await owner.fetchval("select seed from look_review")
    lines = await review_queries.lines_of(date(2026, 9, 1))
    drawn = [tuple(row["look_ids"]) for row in first if row["kind"] == "sample"]
    assert [one.look_ids for one in sample(lines, seed)] == drawn


async def test_a_record_that_bears_the_lookers_name_has_no_number(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:  # fmt: skip
    await a_staff_member("sasha", "manager", clock.now())
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin)
    person = (await somebody(cohort, keys, clock.now(), "Robin")).enrolment_id
    await look(robin, cohort, [person], keys, NOON)
    clock.set(datetime(2026, 10, 1, 6, 0, tzinfo=UTC))
    await worker.drain(the_worker)
    page = await page_of(client, SEPTEMBER, clock)
    assert "Deltagaren heter likadant som den som tittade, eller har samma efternamn." in page
    assert page.count("Numret visas inte, eftersom namnet då gick att förstå.") == 2
    assert "Deltagare 1" not in page


async def test_every_line_is_judged_before_the_month_is_signed_and_then_it_stays(
    september: Month, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    home = await page_of(client, "/personal/granskning", clock)
    assert "Granska september 2026 9 rader kvar att bedöma." in home
    assert "Granska åtkomstloggen för september 2026" in await page_of(client, "/personal/idag", clock)
    names = list(dict.fromkeys(re.findall(r'name="(rad_\d+)"', (await client.get(SEPTEMBER)).text)))
    assert len(names) == 9
    wrong = {names[0]: "kanske", "rad_99999": "ask", "rad_x": "ask", "gor": "spara"}
    assert (await post_form(client, SEPTEMBER, {**wrong})).status_code == 303
    assert await owner.fetchval("select count(*) from look_review_mark") == 0
    early = await post_form(client, SEPTEMBER, {names[0]: "ask", names[1]: "in_order", "gor": "skriv"})
    assert early.status_code == 422
    assert "Bedöm varje rad innan du skriver under." in early.text
    assert f'href="#{names[2]}">7 rader är inte bedömda.' in early.text
    assert re.search(rf'name="{names[0]}" value="ask" checked', early.text)
    assert await owner.fetchval("select count(*) from look_review_signed") == 0
    rest: dict[str, object] = dict.fromkeys(names[1:], "in_order")
    assert (await post_form(client, SEPTEMBER, {**rest, "gor": "spara"})).headers["location"] == f"{SEPTEMBER}?sparat=1"
    assert "Allt är bedömt." in await page_of(client, f"{SEPTEMBER}?sparat=1", clock)
    assert (await post_form(client, SEPTEMBER, {"gor": "skriv"})).status_code == 303
    page = await page_of(client, SEPTEMBER, clock)
    assert "Granskad torsdag 1 oktober 08.00 av Sasha." in page
    assert page.count("Frågas vidare") == 1
    assert "Granska åtkomstloggen för september" not in await page_of(client, "/personal/idag", clock)
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', (await client.get("/personal/idag")).text)
    assert token
    for action in ("spara", "skriv"):
        again = await client.post(SEPTEMBER, data={names[0]: "in_order", "gor": action, "_csrf_token": token[1]})
        assert again.status_code == 409
        assert "Månaden är redan granskad" in again.text
    marks = await owner.fetch("select outcome, staff_id from look_review_mark order by id")
    assert [row["outcome"] for row in marks].count("ask") == 1
    assert {row["staff_id"] for row in marks} == {september.sasha.staff_id}
    for statement in ("update look_review_mark set outcome = 'in_order'", "update look_review_signed set staff_id = 1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)


def sent_by(page: str) -> dict[str, str]:
    """What a page that lies open sends: what it showed, and what is chosen in it."""
    return dict(re.findall(r'name="(visad_\d+|_csrf_token)" value="(\w*)"', page)) | dict(
        re.findall(r'name="(rad_\d+)"[^>]* value="(\w+)" checked', page)
    )


async def two_managers(client: httpx.AsyncClient, clock: FrozenClock) -> tuple[httpx.AsyncClient, list[str], dict[str, str]]:
    """Another manager, signed in too; the names of the lines; and what the first one's open page sends, when one line had
    been left and the others judged."""
    await a_staff_member("mio", "manager", clock.now())
    await sign_in_as(client, "sasha", clock.now())
    names = list(dict.fromkeys(re.findall(r'name="(rad_\d+)"', (await client.get(SEPTEMBER)).text)))
    judged: dict[str, object] = dict.fromkeys(names[:-1], "in_order")
    await post_form(client, SEPTEMBER, {**judged, "gor": "spara"})
    mine = sent_by((await client.get(SEPTEMBER)).text)
    other = httpx.AsyncClient(transport=client._transport, base_url=client.base_url)
    await sign_in_as(other, "mio", clock.now())
    return other, names, mine


@pytest.mark.parametrize("release", ["this", "before"])
async def test_what_a_colleague_asks_about_is_not_turned_back_by_an_open_page_and_signed(
    release: str, september: Month, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    other, names, mine = await two_managers(client, clock)
    if release == "before":
        mine = {name: value for name, value in mine.items() if not name.startswith("visad_")}
    theirs = sent_by((await other.get(SEPTEMBER)).text)
    asked = await other.post(SEPTEMBER, data={**theirs, names[0]: "ask", "gor": "spara"})
    assert asked.status_code == 303
    answer = await client.post(SEPTEMBER, data={**mine, names[-1]: "in_order", "gor": "skriv"})
    assert answer.status_code == 409
    assert await owner.fetchval("select count(*) from look_review_signed") == 0
    assert "Någon har ändrat 1 rad sedan du öppnade sidan." in answer.text
    assert f'href="#{names[0]}">Till den första raden som har ändrats' in answer.text
    assert answer.text.count("Ändrad av någon annan") == 1
    now = sent_by(answer.text)
    # The colleague's word stands, and so does what was judged beside it.
    assert (now[names[0]], now[names[-1]]) == ("ask", "in_order")
    # Having seen it, either may sign it as it stands, or turn it back.
    theirs = sent_by((await other.get(SEPTEMBER)).text)
    assert (await client.post(SEPTEMBER, data={**now, names[0]: "in_order", "gor": "spara"})).status_code == 303
    assert (await other.post(SEPTEMBER, data={**theirs, "gor": "skriv"})).status_code == 409
    seen = sent_by((await client.get(SEPTEMBER)).text)
    assert (await client.post(SEPTEMBER, data={**seen, "gor": "skriv"})).status_code == 303
    assert await owner.fetchval("select count(*) from look_review_signed") == 1
    assert "Granskad" in (await client.get(SEPTEMBER)).text


async def test_two_who_choose_otherwise_on_open_pages_are_told_and_what_only_one_chose_is_kept(
    september: Month, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    other, names, mine = await two_managers(client, clock)
    theirs = sent_by((await other.get(SEPTEMBER)).text)
    assert (await other.post(SEPTEMBER, data={**theirs, names[-1]: "ask", "gor": "spara"})).status_code == 303
    sent = {**mine, names[-1]: "in_order", names[1]: "ask", "gor": "spara"}
    answer = await client.post(SEPTEMBER, data=sent)
    assert (answer.status_code, "Någon har ändrat 1 rad" in answer.text) == (409, True)
    now = sent_by(answer.text)
    assert (now[names[-1]], now[names[1]]) == ("ask", "ask")
    # The same choice by both is nobody's change, and what nobody touched is not sent back over it.
    assert (await other.post(SEPTEMBER, data={**theirs, names[1]: "ask", "gor": "spara"})).status_code == 303
    assert (await other.post(SEPTEMBER, data={**theirs, names[2]: "ask", "gor": "spara"})).status_code == 303
    now = sent_by((await client.get(SEPTEMBER)).text)
    assert [now[name] for name in names].count("ask") == 3
    assert await owner.fetchval("select count(*) from look_review_mark") == len(names) + 2


@pytest.mark.parametrize(
    ("now", "mine", "shown", "chosen", "kept"),
    [
        # As it was shown: what is chosen counts.
        (None, False, "", "ask", "new"), ("ask", False, "ask", "in_order", "new"),
        ("in_order", False, "in_order", "ask", "new"),
        # It stands already.
        ("ask", False, "", "ask", ""), (None, False, "", None, ""), ("ask", False, "in_order", "ask", ""),
        # Changed meanwhile, by another choice or untouched here.
        ("ask", False, "", "in_order", "crossed"), ("ask", False, "in_order", "in_order", "unseen"),
        ("in_order", False, "", None, "unseen"), ("in_order", True, "", None, "unseen"),
        # A page that does not say what it showed.
        (None, False, None, "in_order", "new"), ("ask", False, None, "in_order", "crossed"),
        ("ask", True, None, "in_order", "new"),
        ("in_order", False, None, "ask", "new"), ("in_order", False, None, None, "unseen"), ("ask", True, None, None, ""),
    ],
)  # fmt: skip
def test_only_what_was_changed_against_what_was_shown_counts(
    now: Outcome | None, mine: bool, shown: Outcome | None, chosen: Outcome | None, kept: str
) -> None:
    line = Judged(7, "sample", 1, "", "", (), now, 2 if mine else 3)
    sent = Sent({7: chosen} if chosen else {}, {} if shown is None else {7: shown})
    found = weigh([line], sent, 2)
    told = {"new": tuple(found.new), "crossed": found.crossed, "unseen": found.unseen}
    assert {name for name, lines in told.items() if lines} == ({kept} if kept else set())


@pytest.mark.parametrize("who", ["robin", "kim", "alex"])
async def test_nobody_but_a_manager_sees_the_log(
    who: str, september: Month, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    if who == "alex":
        await a_staff_member("alex", "administrator", clock.now())
    await sign_in_as(client, who, clock.now())
    for address in ("/personal/granskning", SEPTEMBER):
        assert (await client.get(address)).status_code == 403
    assert "Kontroll<" not in (await client.get("/personal/idag")).text
    answer = await post_form(client, SEPTEMBER, {"gor": "skriv"}, "/personal/idag")
    assert answer.status_code == 403


async def test_a_manager_sees_no_group_and_no_person(
    september: Month, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    group = f"/personal/grupper/{september.cohort.cohort_id}"
    for address in (group, f"{group}/deltagare/{september.people[0]}", f"{group}/ko.csv", f"{group}/utskrifter"):
        assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize("month", ["2026-10", "2026-08", "2026-13", "1999-01", "x", "2026-9"])
async def test_a_month_that_has_not_ended_or_never_was_is_not_there(
    month: str, september: Month, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    assert (await client.get(f"/personal/granskning/{month}")).status_code == 404


async def test_as_many_statements_for_a_month_of_two_as_of_two_hundred(
    september: Month,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    queries_log: QueryLog,
    the_worker: worker.Worker,
) -> None:
    for one in range(200):
        await owner.execute(
            """insert into record_look (at, staff_id, participant_id, cohort_id, page, protected, own_name)
               values ($1, $2, $3, $4, 'person', false, false)""",
            local_time(1, 23) + timedelta(days=31 + one % 20), september.robin.staff_id, uuid4(), september.cohort.cohort_id,
        )  # fmt: skip
    clock.set(datetime(2026, 11, 2, 6, 0, tzinfo=UTC))
    await worker.drain(the_worker)
    await sign_in_as(client, "sasha", clock.now())
    counts = []
    for address in (SEPTEMBER, "/personal/granskning/2026-10"):
        await client.get(address)
        queries_log.clear()
        assert (await client.get(address)).status_code == 200
        counts.append(len(queries_log.statements))
    assert counts[0] == counts[1]


async def test_months_that_nobody_drew_while_the_worker_was_down_are_drawn_later(
    september: Month, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    clock.set(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    await worker.drain(the_worker)
    months = [row["month"] for row in await owner.fetch("select month from look_review order by month")]
    # A new year on the wall, but not for an hour yet: a line of December may still be on its way.
    assert months == [date(2026, month, 1) for month in (9, 10, 11)]
    clock.advance(hours=1)
    await worker.drain(the_worker)
    assert await owner.fetchval("select max(month) from look_review") == date(2026, 12, 1)


async def test_contacts_shown_often_are_said_without_number_and_go_with_the_list(
    db: None,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    await a_staff_member("sasha", "manager", clock.now())
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.15", clock.now(), robin, sessions=2, first_in=timedelta(days=14))
    facts = await queries.enrolment((await somebody(cohort, keys, clock.now(), "Al", "al@example.invalid")).enrolment_id)
    other = await a_cohort("2.7", clock.now(), robin)
    await look(robin, other, [(await somebody(other, keys, clock.now(), "Bo Bok")).enrolment_id], keys, NOON)
    for _ in range(4):
        await place_services.reveal_contact(facts, "asked", keys, robin.staff_id, NOON)
    assert cohort.last_end
    clock.set(datetime(2026, 10, 1, 6, 0, tzinfo=UTC))
    await worker.drain(the_worker)
    page = await page_of(client, SEPTEMBER, clock)
    assert f"Robin Under månaden Kontaktvägar på arbetslistan. {cohort.name}. Visade kontaktvägar mer än 3 gånger." in page
    assert "1 visning av någons uppgifter. 1 sak att titta på." in page
    clock.set(cohort.last_end + timedelta(days=31))
    await closing_services.erase_overdue(the_worker)
    assert await owner.fetchval("select count(*) from look_review_line where kind = 'reveals'") == 0
    assert await owner.fetchval("select count(*) from audit_entry where action like 'contact:%'") == 0
    assert "Kontaktvägar" not in await page_of(client, SEPTEMBER, clock)


async def test_the_page_says_whether_the_chain_is_whole_and_lists_the_days(
    september: Month,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    settings: Settings,
) -> None:
    head = Anchor(settings.log_key_folder).head()
    page = await page_of(client, "/personal/granskning?manad=2026-09", clock)
    assert "Kedjan är hel till och med rad 6 Kontrollerad idag 08.00." in page
    assert f"ons 30 sep {shown(head.mac)} 6 6" in page
    assert "Rader sparas i 5 år." in page
    # The label beside the sum has to fit on a phone: a longer one breaks in the middle of the word.
    assert 'data-label="Summa"' in (await client.get("/personal/granskning?manad=2026-09")).text
    clock.advance(hours=4)
    assert "Kedjan var hel till och med rad 6" in await page_of(client, "/personal/granskning", clock)
    async with owner.transaction():
        await owner.execute("set local session_replication_role = replica")
        await owner.execute("update record_look set staff_id = 9 where id = (select max(id) from record_look)")
    async with as_worker(settings):
        await chain_services.tend(the_worker)
    page = await page_of(client, "/personal/granskning", clock)
    assert "Kedjan är bruten vid rad 6 En rad är ändrad" in page
    assert "programmes audit verify" in page
    assert "Åtkomstloggens kedja är bruten" in await page_of(client, "/personal/idag", clock)
    for query in ("", "manad=", "manad=2026-10"):
        shown_as_asked = await client.get(f"/personal/granskning?{query}")
        assert (shown_as_asked.status_code, "Månaden i adressen" in shown_as_asked.text) == (200, False)
    for query in ("manad=2031-01", "manad=%00", "manad=2026-00", "manad=nonsense", "manad=2026-9"):
        other = await client.get(f"/personal/granskning?{query}")
        assert (other.status_code, "<title>Fel: " in other.text) == (422, True)
        assert "Månaden i adressen går inte att läsa, eller har inte börjat. Här är oktober 2026." in other.text
        assert "Kontrollsummor, oktober 2026" in other.text


async def test_before_the_worker_has_looked_the_page_says_so(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_staff_member("sasha", "manager", clock.now())
    page = await page_of(client, "/personal/granskning", clock)
    assert "Kedjan har inte kontrollerats än" in page
    assert "Ingen månad finns att granska än." in page


def mails(settings: Settings) -> list[Path]:
    folder = Path(settings.mail_url.removeprefix("folder://"))
    found = [(path, path.read_bytes()) for path in sorted(folder.glob("*.eml"))]
    return [path for path, written in found if b"sasha@" in written and b"kontrollsumma" in written]


async def test_managers_get_the_days_head_by_mail_once(
    september: Month,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    settings: Settings,
) -> None:
    assert mails(settings) == []
    await owner.execute("update staff set email = 'sasha@example.invalid' where username in ('sasha', 'robin')")
    clock.set(datetime(2026, 10, 2, 3, 59, tzinfo=UTC))
    await worker.drain(the_worker)
    assert mails(settings) == []
    async with owner.transaction():
        await owner.execute("set local session_replication_role = replica")
        await owner.execute("update look_day set head = decode(repeat('ab', 32), 'hex') where day = '2026-10-01'")
    clock.set(datetime(2026, 10, 2, 4, 0, tzinfo=UTC))
    for _ in range(2):
        await worker.drain(the_worker)
    [sent] = mails(settings)
    message = message_from_bytes(sent.read_bytes(), policy=default)
    sent.unlink()
    body = message.get_body(("plain",))
    assert body
    text = body.get_content()
    head = Anchor(settings.log_key_folder).head()
    assert "Åtkomstloggen, torsdag 1 oktober." in text
    # What somebody has made of it in the database since goes to nobody.
    assert head.mac != await owner.fetchval("select head from look_day where day = '2026-10-01'")
    assert f"Dagens kontrollsumma: {shown(head.mac)}, rad 6." in text
    assert "Kedjan är hel till och med rad 6." in text
    assert "1 månad väntar på granskning." in text
    for hidden in ("Anna", "Bo Bok", september.cohort.name):
        assert hidden not in text
    assert await owner.fetchval("select count(*) from log_digest where state = 'sent'") == 1
    # Only to managers.
    assert await owner.fetchval("select staff_id from log_digest") == september.sasha.staff_id


async def test_a_mail_that_is_put_off_is_tried_again_under_the_same_number(
    september: Month, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    await owner.execute("update staff set email = 'sasha@example.invalid' where username = 'sasha'")
    sent: list[str] = []

    class Away:
        async def send(self, message: object) -> None:
            sent.append(str(message["Message-ID"]))  # type: ignore[index]
            raise Deferred("Away", away=True)

    for minutes in (0, 0, 1, 4, 5):
        clock.advance(minutes=minutes)
        async with as_worker(settings):
            await digest_services.send(Away(), settings, clock)  # type: ignore[arg-type]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert await owner.fetchval("select state || failures from log_digest") == "waiting3"


async def test_a_month_and_its_days_are_files_with_numbers_and_no_name(
    september: Month, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    assert f'href="{SEPTEMBER}/rader.csv"' in (await client.get(SEPTEMBER)).text
    lines = await lines_of(client, f"{SEPTEMBER}/rader.csv")
    assert len(lines) == 9, "three to look at and a sample of six"
    first = ["Robin", "ons 9 sep 22.47", "Deltagarens sida", f"Deltagare 1, {september.cohort.name}", "Rad 4"]
    assert [*first, "På natten, mellan 22 och 6.", ""] in [line[1:] for line in lines]
    for hidden in ("Anna", "Ask", "Bo Bok", "Cia"):
        assert hidden not in str(lines)
    assert await owner.fetchval("select count(*) from audit_entry where action = 'review:read'") == 2
    name = re.findall(r'name="(rad_[0-9]+)"', (await client.get(SEPTEMBER)).text)[0]
    assert (await post_form(client, SEPTEMBER, {name: "ask", "gor": "spara"})).status_code == 303
    assert [line[-1] for line in await lines_of(client, f"{SEPTEMBER}/rader.csv")].count("Frågas vidare") == 1
    for typed in ("2026-13", "2031-01", "", "september"):
        answer = await client.get(f"/personal/granskning.csv?manad={typed}")
        assert answer.status_code == 404, typed
        assert "finns inte" in answer.text
    days = await lines_of(client, "/personal/granskning.csv?manad=2026-09")
    log = await page_of(client, "/personal/granskning?manad=2026-09", clock)
    assert days
    for _mark, day, head, position, _new in days:
        assert day.startswith("2026-09-")
        assert f"{head} {position}" in log
    assert (await client.get("/personal/granskning/2026-08/rader.csv")).status_code == 404
