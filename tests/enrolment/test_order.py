"""Passing over and changing the order: by the fixed lists, with every reason kept, and provable afterwards."""

import asyncio
from decimal import Decimal

import asyncpg
import httpx
import pytest

from programmes.core.errors import Conflict, Forbidden
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import order_services as order
from programmes.enrolment.queue import services as queue_services
from programmes.oversight.services import change_limits
from tests.clock import FrozenClock
from tests.enrolment.test_queue import one_place, people, states
from tests.factories import a_cohort, a_coordinator, a_leader, post_form, sign_in_as, somebody
from tests.lists import parsed


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def turns(cohort_id: int) -> list[tuple[int, Decimal]]:
    """Arrival and turn of those who wait, in the order of the queue."""
    return [(f.arrival, f.turn) for f in await queries.enrolments(cohort_id, ["queued"])]


async def test_who_is_passed_over_gets_no_offer_and_keeps_the_turn_until_it_is_lifted(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "ABCD")
    await order.skip(who[1].enrolment_id, "wait", kim.staff_id, clock.now())
    await order.skip(who[1].enrolment_id, "wait", kim.staff_id, clock.now())
    await services.leave(who[0].enrolment_id, keys, clock.now())
    assert await states(who) == ["withdrawn", "queued", "offered", "queued"]
    await queue_services.promote_waiting(clock.now())
    await services.decline_offer(who[2].enrolment_id, keys, clock.now())
    assert await states(who) == ["withdrawn", "queued", "declined", "offered"]
    await services.decline_offer(who[3].enrolment_id, keys, clock.now())
    assert (await states(who))[1] == "queued"
    assert await queries.queue_position(cohort.cohort_id, (await queries.enrolment(who[1].enrolment_id)).turn) == 1
    # Lifting passes the free place on at once.
    await order.skip(who[1].enrolment_id, None, kim.staff_id, clock.now())
    assert (await states(who))[1] == "offered"
    noted = await owner.fetch(
        "select kind, reason from queue_event where enrolment_id = $1 order by id", who[1].enrolment_id
    )
    assert [tuple(row) for row in noted] == [
        ("applied_queue", None), ("skipped", "wait"), ("lifted", None), ("offered", None)]  # fmt: skip


async def test_who_is_passed_over_holds_nobody_back_from_a_free_place(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "AB")
    await order.skip(who[1].enrolment_id, "unreachable", kim.staff_id, clock.now())
    await services.leave(who[0].enrolment_id, keys, clock.now())
    assert (await somebody(cohort, keys, clock.now(), "C")).held
    with pytest.raises(Conflict, match="not_waiting"):
        await order.skip(who[0].enrolment_id, "wait", kim.staff_id, clock.now())


async def test_who_could_not_be_reached_is_by_opening_min_plats_or_undoing_and_the_history_says_so(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await one_place(clock)
    who = [person.enrolment_id for person in await people(cohort, keys, clock, "ABC")]
    code = place_services.unseal(await queries.enrolment(who[1]), keys).code
    for one in who[1:]:
        await order.skip(one, "unreachable", kim.staff_id, clock.now())
    await services.leave(who[0], keys, clock.now())
    assert (await queries.enrolment(who[1])).state == "queued"
    for _ in range(2):
        assert await place_services.open_by_code(code, clock.now())
    assert (await queries.enrolment(who[1])).state == "offered"
    await leaving_services.leave(who[2], keys, clock.now())
    assert (await queries.enrolment(who[2])).skip_reason == "unreachable"
    assert await leaving_services.undo(who[2], clock.now()) == "queue"
    assert (await queries.enrolment(who[2])).skip_reason is None
    noted = "select kind, staff_id from queue_event where enrolment_id = $1 order by id desc limit 3"
    assert [tuple(row) for row in await owner.fetch(noted, who[1])] == [
        ("offered", None), ("lifted", None), ("skipped", kim.staff_id)]  # fmt: skip
    # Another reason is staff's to take back.
    await order.skip(who[2], "wait", kim.staff_id, clock.now())
    await leaving_services.leave(who[2], keys, clock.now())
    await leaving_services.undo(who[2], clock.now())
    assert (await queries.enrolment(who[2])).skip_reason == "wait"


async def test_the_database_knows_only_the_reasons_of_the_lists(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    who = await people(await one_place(clock), keys, clock, "ABC")
    for statement, name in (
        ("update enrolment set skip_reason = 'dislike' where id = $1", "known_reason_to_pass_over"),
        ("update enrolment set turn = 1.5, order_reason = 'friend' where id = $1", "known_order_reason"),
        ("update enrolment set turn = 1.5 where id = $1", "turn_is_arrival_without_a_reason"),
        (
            "insert into queue_event (enrolment_id, at, kind) values ($1, now(), 'skipped')",
            "event_of_the_queue_has_its_reason",
        ),
        ("insert into queue_event (enrolment_id, at, kind) values ($1, now(), 'lost')", "known_line_of_its_queue"),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match=name):
            await owner.execute(statement, who[2].enrolment_id)
    with pytest.raises(asyncpg.UniqueViolationError, match="one_turn_each"):
        await owner.execute("update enrolment set turn = 2, order_reason = 'transfer' where id = $1", who[2].enrolment_id)


async def test_a_coordinator_lets_somebody_go_before_and_only_who_is_passed_is_told(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "ABCDE")
    moved = await order.move_before(
        cohort.cohort_id, who[3].enrolment_id, who[2].enrolment_id, "office_error", kim, clock.now()
    )
    assert moved
    assert await turns(cohort.cohort_id) == [(2, Decimal(2)), (4, Decimal("2.5")), (3, Decimal(3)), (5, Decimal(5))]
    facts = [await queries.enrolment(person.enrolment_id) for person in who]
    assert [f.passed_at is not None for f in facts] == [False, False, True, False, False]
    # Said again it is so already, and backwards there is no way.
    for after in (2, 4):
        again = await order.move_before(
            cohort.cohort_id, who[3].enrolment_id, who[after].enrolment_id, "together", kim, clock.now()
        )
        assert not again
    await services.leave(who[0].enrolment_id, keys, clock.now())
    await services.leave(who[1].enrolment_id, keys, clock.now())
    assert await states(who) == ["withdrawn", "withdrawn", "queued", "offered", "queued"]
    entry = await owner.fetchrow("select * from queue_event where kind = 'order_changed'")
    assert (entry["reason"], entry["turn_before"], entry["turn_after"], entry["staff_id"]) == (
        "office_error", 4, Decimal("2.5"), kim.staff_id)  # fmt: skip
    assert await owner.fetchval("select count(*) from audit_entry where action = 'queue:order'") == 1


async def test_a_change_that_takes_back_the_one_before_leaves_nobody_told_that_they_were_passed(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    who = [person.enrolment_id for person in await people(cohort, keys, clock, "ABCDE")]
    for mover, ahead in ((4, 1), (1, 4)):
        assert await order.move_before(cohort.cohort_id, who[mover], who[ahead], "office_error", kim, clock.now())
    assert [arrival for arrival, _turn in await turns(cohort.cohort_id)] == [2, 5, 3, 4]
    # The last, who stands after who applied before them, was passed by nobody either.
    told = [(await queries.enrolment(one)).passed_at is not None for one in who]
    assert told == [False, False, True, True, False]


async def test_the_order_is_put_back_though_its_number_was_passed_meanwhile(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await one_place(clock)
    who = [person.enrolment_id for person in await people(cohort, keys, clock, "ABCDEF")]
    # The third goes first; what is then put between the second and the fourth must leave its number free.
    await order.move_before(cohort.cohort_id, who[2], who[1], "together", kim, clock.now())
    await order.move_before(cohort.cohort_id, who[4], who[3], "together", kim, clock.now())
    await order.restore(cohort.cohort_id, who[2], kim, clock.now())
    await order.restore(cohort.cohort_id, who[2], kim, clock.now())
    assert [arrival for arrival, _ in await turns(cohort.cohort_id)] == [2, 3, 5, 4, 6]
    # Whom nobody is before any longer is not told so; whom somebody still is, is.
    passed = [(await queries.enrolment(one)).passed_at is not None for one in (who[1], who[3])]
    assert passed == [False, True]
    await order.restore(cohort.cohort_id, who[4], kim, clock.now())
    assert (await queries.enrolment(who[3])).passed_at is None
    assert await turns(cohort.cohort_id) == [(n, Decimal(n)) for n in range(2, 7)]


async def test_a_leader_may_pass_over_but_not_change_the_order(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1, maximum=1, sessions=4)
    who = await people(cohort, keys, clock, "ABC")
    with pytest.raises(Forbidden):
        await order.move_before(cohort.cohort_id, who[2].enrolment_id, who[1].enrolment_id, "together", robin, clock.now())
    with pytest.raises(Forbidden):
        await order.restore(cohort.cohort_id, who[2].enrolment_id, robin, clock.now())
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/ko"
    assert "Låt någon gå före" not in (await client.get(address)).text
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{who[1].enrolment_id}"
    form = {"vem": str(who[2].enrolment_id), "fore": str(who[1].enrolment_id), "skal": "together"}
    assert (await post_form(client, address, form, person)).status_code == 403
    assert "Välj ett skäl ur listan." in (await post_form(client, f"{person}/ko", {"skal": "dum"}, person)).text
    assert (await post_form(client, f"{person}/ko", {"skal": "unreachable"}, person)).status_code == 303
    assert "kan inte nås" in (await client.get(person)).text
    assert (await post_form(client, f"{person}/ko", {"lyft": "ja"}, person)).status_code == 303
    assert (await queries.enrolment(who[1].enrolment_id)).skip_reason is None


async def test_the_page_of_the_order_says_why_and_the_person_sees_it_on_min_plats(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await one_place(clock)
    who = await people(cohort, keys, clock, "ABC")
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/ko"
    wrong = await post_form(client, address, {"vem": str(who[2].enrolment_id)})
    assert wrong.status_code == 422
    assert "Två saker att rätta" in wrong.text
    backwards = {"vem": str(who[1].enrolment_id), "fore": str(who[2].enrolment_id), "skal": "together"}
    assert "Personen står redan före." in (await post_form(client, address, backwards)).text
    themselves = {"vem": str(who[2].enrolment_id), "fore": str(who[2].enrolment_id), "skal": "together"}
    assert "Välj två olika personer." in (await post_form(client, address, themselves)).text
    right = {"vem": str(who[2].enrolment_id), "fore": str(who[1].enrolment_id), "skal": "cancelled_start"}
    assert (await post_form(client, address, right)).status_code == 303
    shown = (await client.get(address)).text
    assert "hade en plats på en start som ställdes in" in shown
    assert "Samordnaren har ändrat ordningen, 2 september 2026." in shown
    await order.skip(who[1].enrolment_id, "conditions", kim.staff_id, clock.now())
    assert "Samordnaren har ändrat ordningen." in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    client.cookies.set("place", who[1].token)
    mine = (await client.get("/min-plats")).text
    assert "Du står i kö, som nummer 2" in mine
    assert "något av villkoren i riktlinjen, avsnitt 2.1, är inte uppfyllt, och vi kan säga vilket." in mine
    assert "Det här kan du göra" in mine
    assert "Vi säger vilket villkor det är och varför." in mine
    assert "Du kan alltid ansöka om annat stöd hos socialtjänsten" in mine
    assert "Du är förälder till ett barn som är 3–12 år när kursen börjar." in mine
    assert "Samordnaren har ändrat ordningen" in mine
    client.cookies.set("place", who[2].token)
    first = (await client.get("/min-plats")).text
    assert "Du står i kö, som nummer 1" in first
    assert "Samordnaren" not in first
    # It is still said when a place has been offered.
    await order.skip(who[1].enrolment_id, None, kim.staff_id, clock.now())
    await services.leave(who[2].enrolment_id, keys, clock.now())
    await services.leave(who[0].enrolment_id, keys, clock.now())
    client.cookies.set("place", who[1].token)
    assert "Samordnaren har ändrat ordningen" in (await client.get("/min-plats")).text


@pytest.mark.parametrize(("section", "offered"), [("2.16", True), ("2.17", False), ("2.8", False)])
async def test_nobody_goes_before_as_they_grow_too_old_where_nobody_is_too_old(
    section: str, offered: bool, kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    await a_coordinator(clock.now(), "alex", section)
    cohort = await a_cohort(section, clock.now(), minimum=1, maximum=1)
    who = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in ("Al", "Björk", "Ceder")]
    await sign_in_as(client, "alex", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/ko"
    assert ('value="age_limit"' in (await client.get(address)).text) == offered
    asked = {"vem": str(who[2]), "fore": str(who[1]), "skal": "age_limit"}
    assert (await post_form(client, address, asked)).status_code == (303 if offered else 422)


def unmarked(rows: list[list[str]]) -> tuple[set[str], list[list[str]]]:
    """How the lines are marked, and what else stands in them; the heads too."""
    assert rows[0][0] == "Märkning"
    return {row[0] for row in rows[1:]}, [row[1:] for row in rows]


async def test_where_people_are_not_counted_the_history_says_days_only(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await a_cohort("2.15", clock.now())
    await somebody(cohort, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    _marks, [_heads, line] = unmarked(parsed(await client.get(f"/personal/grupper/{cohort.cohort_id}/ko.csv")))
    assert line[:4] == ["2026-09-02", "1", "2026-09-02", "anmäld, fick plats"]


async def test_the_history_of_an_exempt_queue_proves_the_order_without_any_name(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    cohort = await one_place(clock)
    who = [person.enrolment_id for person in await people(cohort, keys, clock, ("Al", "Björk", "Ceder", "Dill"))]
    clock.advance(minutes=1)
    await order.skip(who[1], "clash", kim.staff_id, clock.now())
    await order.move_before(cohort.cohort_id, who[3], who[2], "age_limit", kim, clock.now())
    await services.leave(who[0], keys, clock.now())
    await services.decline_offer(who[3], keys, clock.now())
    await services.end(who[2], "expired", keys, clock.now(), frozenset({"offered"}))
    assert await change_limits(cohort.cohort_id, 1, 2, kim, clock.now()) == []
    late = (await somebody(cohort, keys, clock.now())).enrolment_id
    assert await services.end_by_staff(late, "declined", kim.staff_id, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    client.cookies.set("lang", "en")
    answer = await client.get(f"/personal/grupper/{cohort.cohort_id}/ko.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert f"kohistorik-{cohort.cohort_id}-internt-sekretess.csv" in answer.headers["content-disposition"]
    marks, rows = unmarked(parsed(answer))
    assert marks == {"Internt, sekretess. Förstörs när gruppen avslutas"}
    assert rows[0] == [
        "Tid",
        "Anmälan nr",
        "Anmäld",
        "Händelse",
        "Skäl",
        "Plats i kön före",
        "Plats i kön efter",
        "Högst antal platser",
        "Av",
    ]
    assert [[row[1], row[3]] for row in rows[1:]] == [
        ["1", "anmäld, fick plats"],
        ["2", "anmäld, ställd i kö"],
        ["3", "anmäld, ställd i kö"],
        ["4", "anmäld, ställd i kö"],
        ["2", "hoppas över"],
        ["4", "ordningen ändrad"],
        ["1", "lämnade"],
        ["4", "erbjuden plats"],
        ["4", "tackade nej"],
        ["3", "erbjuden plats"],
        ["3", "tiden gick ut"],
        ["", "högsta antalet platser ändrat"],
        ["5", "anmäld, fick plats"],
        ["5", "gick inte vidare"],
    ]
    assert [row[7] for row in rows[10:]] == ["1", "1", "2", "2", "2"]
    assert rows[12][4] == "från 1 till 2"
    assert rows[14][8] == "Kim"
    assert rows[5] == [
        "2026-09-02 10:01:00+02:00",
        "2",
        "2026-09-02 10:00:00+02:00",
        "hoppas över",
        "krock",
        "",
        "",
        "1",
        "Kim",
    ]
    assert rows[6][4:7] == ["blir för gammal innan nästa start", "3", "2"]
    assert [row[5:7] for row in rows[1:5]] == [["", ""], ["", "1"], ["", "2"], ["", "3"]]
    assert not any(name in answer.text for name in ("Al;", "Björk", "Ceder", "Dill"))
    assert await owner.fetchval("select count(*) from audit_entry where action = 'queue:export'") == 1


async def test_the_history_of_a_documented_queue_names_people_and_no_name_is_a_formula(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await a_cohort("2.8", clock.now(), minimum=5, maximum=5)
    names = ('=HYPERLINK("http://x";"y")', "+46", "-1", "@SUM(A1)", "\uff1d1+1", 'Ek";="', "Björk; Lind")
    for name in names:
        await somebody(cohort, keys, clock.now(), name)
    await sign_in_as(client, "kim", clock.now())
    marks, rows = unmarked(parsed(await client.get(f"/personal/grupper/{cohort.cohort_id}/ko.csv")))
    assert marks == {"Internt, sekretess"}
    assert [row[3] for row in rows[1:]] == [f"'{name}" for name in names[:5]] + list(names[5:])
    assert {len(row) for row in rows} == {10}


async def test_who_may_take_the_history_out(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    await a_leader(clock.now(), "love")
    cohort = await a_cohort("2.1", clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}/ko.csv"
    for name, status in (("robin", 200), ("kim", 200), ("love", 404)):
        await sign_in_as(client, name, clock.now())
        assert (await client.get(address)).status_code == status
    await owner.execute("update cohort_staff set role = 'substitute', until = '2026-12-31'")
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(address)).status_code == 403
    assert "Hämta historiken" not in (await client.get(f"/personal/grupper/{cohort.cohort_id}/ko")).text


async def test_an_offer_and_a_reason_at_the_same_moment_never_offer_to_who_is_passed_over(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for _ in range(5):
        cohort = await one_place(clock)
        who = await people(cohort, keys, clock, "ABC")
        await asyncio.gather(
            services.leave(who[0].enrolment_id, keys, clock.now()),
            order.skip(who[1].enrolment_id, "wait", kim.staff_id, clock.now()),
            return_exceptions=True,
        )
        facts = await queries.enrolment(who[1].enrolment_id)
        assert not (facts.state == "offered" and facts.skip_reason)
        assert await owner.fetchval("select count(*) from seat where cohort_id = $1", cohort.cohort_id) == 1


async def test_who_is_written_by_the_version_before_stands_where_they_came(
    db: None, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    await owner.execute(
        """insert into enrolment (id, cohort_id, state, arrival, applied_at, language, only_waited)
           values (gen_random_uuid(), $1, 'queued', 7, $2, 'sv', true)""",
        cohort.cohort_id,
        clock.now(),
    )
    assert await owner.fetchval("select turn from enrolment") == 7
