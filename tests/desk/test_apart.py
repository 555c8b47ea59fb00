"""Keep apart: two who must not meet are a clash like any other, and nobody reads off it who or why."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx

from programmes.cohorts import queries
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local
from programmes.core.db import transaction
from programmes.core.i18n import day_plain
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as change_services
from programmes.enrolment.leaving.closing_services import complete_cohort
from programmes.enrolment.records.apart_queries import days_apart
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, a_venue, box, hidden, post_form, somebody

HOUR = timedelta(hours=1)


def page_of(cohort: CohortFacts, who: UUID) -> str:
    return f"/personal/grupper/{cohort.cohort_id}/deltagare/{who}/far-inte-motas"


async def test_two_who_must_not_meet_are_a_clash_without_a_name_or_a_reason(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    eken = await a_venue("Eken")
    one = await a_cohort("2.8", clock.now(), robin, venue_id=eken)
    # The same day in the same room, four hours later; and a start to be moved to, of the same programme.
    other = await a_cohort("2.8", clock.now(), venue_id=eken, first_in=timedelta(days=28, hours=4))
    anna = (await somebody(one, keys, clock.now(), "Anna Ask")).enrolment_id
    bo = (await somebody(other, keys, clock.now(), "Bo Berg")).enrolment_id
    await sign_in_as(client, "kim", clock.now())
    page = page_of(one, anna)
    assert "far-inte-motas" in (await client.get(page.rsplit("/", 1)[0])).text
    choose = (await client.get(f"{page}?grupp={other.cohort_id}")).text
    assert "Bo Berg" in choose
    assert (await post_form(client, page, {"grupp": other.cohort_id, "vem": str(bo)})).status_code == 303
    assert (await post_form(client, page, {"grupp": other.cohort_id, "vem": str(bo)})).status_code == 303
    assert await owner.fetchval("select count(*) from kept_apart") == 2
    shown = (await client.get(page)).text
    assert (f"En person i {other.name}" in shown, "Bo Berg" in shown, "Krock" in shown) == (True, False, False)
    for bad in ({"vem": str(anna)}, {"vem": "x"}, {"grupp": "99", "vem": str(bo)}, {}):
        assert (await post_form(client, page, {"grupp": one.cohort_id, **bad})).status_code == 422
    # A move that lets one come as the other leaves is a clash; one that leaves half an hour between is none.
    session = (await queries.sessions(one.cohort_id))[0]
    move = f"/personal/traffar/{session.session_id}/flytta"
    form = {"dag": "2026-09-30", "lokal": str(eken), "sedd": "0", "omfang": "en"}
    for begins, ends, code in (("12:00", "13:45", 422), ("16:00", "17:00", 422), ("12:00", "13:30", 303)):
        answer = await post_form(client, move, {**form, "fran": begins, "till": ends})
        assert answer.status_code == code, begins
        if code == 422:
            assert "Krock den 30 september. Ändra, eller kryssa i att det är meningen." in answer.text
            assert not {"Bo Berg", "Anna Ask", "mötas"} & set(answer.text.split())
            assert (await queries.sessions(one.cohort_id))[0].sequence == 0
    moved = {**form, "fran": "12:00", "till": "13:50", "sedd": "1"}
    answer = await post_form(client, move, moved)
    assert answer.status_code == 422
    assert (await post_form(client, move, {**moved, "anda": box(answer.text)})).status_code == 303
    assert "Krock den 30 september." in (await client.get(page)).text
    # The rest: said in the preview, and saved as it was seen.
    second = (await queries.sessions(one.cohort_id))[1]
    rest = {"dag": "2026-10-07", "fran": "11:00", "till": "13:45", "lokal": str(eken), "omfang": "resten", "sedd": "0"}
    address = f"/personal/traffar/{second.session_id}/flytta"
    seen = (await post_form(client, address, rest)).text
    assert seen.count("Krock den") == 9
    await owner.execute("delete from kept_apart")
    assert (await post_form(client, address, {**rest, "dagar": hidden(seen, "dagar")})).status_code == 422
    assert await owner.fetchval("select count(*) from cohort_session where sequence > 0") == 1
    # Moving the person to the other's start clashes too, and the block comes along.
    assert (await post_form(client, page, {"grupp": other.cohort_id, "vem": str(bo)})).status_code == 303
    person = page.rsplit("/", 1)[0]
    asked = (await client.get(f"{person}/flytta?till={other.cohort_id}")).text
    typed = {"till": other.cohort_id, "sett": hidden(asked, "sett")}
    refused = await post_form(client, f"{person}/flytta", typed, f"{person}/flytta?till={other.cohort_id}")
    assert (refused.status_code, "Krock den 30 september." in refused.text) == (422, True)
    done = await post_form(
        client, f"{person}/flytta", {**typed, "anda": box(refused.text)}, f"{person}/flytta?till={other.cohort_id}"
    )
    assert done.status_code == 303
    new = UUID(done.headers["location"].rsplit("/", 1)[1])
    rows = await owner.fetch("select enrolment_id, other_id from kept_apart")
    assert {(row[0], row[1]) for row in rows} == {(new, bo), (bo, new)}
    # Closing takes it away; so does saying that they may meet.
    assert kim.staff_id
    async with transaction():
        await complete_cohort(other.cohort_id, [], keys, "test", clock.now())
    assert await owner.fetchval("select count(*) from kept_apart") == 0


async def test_neither_a_talk_that_is_booked_nor_a_change_that_is_undone_brings_them_together_unsaid(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    eken = await a_venue("Eken")
    one = await a_cohort("2.8", clock.now(), robin, venue_id=eken)
    series = await a_cohort("2.14", clock.now(), minimum=1, maximum=1, sessions=1, one_at_a_time=True)
    anna = (await somebody(one, keys, clock.now(), "Anna Ask")).enrolment_id
    bo = (await somebody(series, keys, clock.now(), "Bo Berg")).enrolment_id
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", anna, bo)
    await sign_in_as(client, "kim", clock.now())
    first = (await queries.sessions(one.cohort_id))[1]
    ends = local(first.ends_at)
    # A talk that begins five minutes after Anna's session in the same room.
    talk: dict[str, object] = {
        "dag": ends.date().isoformat(),
        "fran": f"{ends + timedelta(minutes=5):%H.%M}",
        "till": f"{ends + timedelta(minutes=65):%H.%M}",
        "lokal": str(eken),
    }
    base = f"/personal/grupper/{series.cohort_id}"
    said = f"Krock den {day_plain(ends.date()).rsplit(' ', 1)[0]}."
    asked = await post_form(client, f"{base}/boka", talk)
    assert (asked.status_code, said in asked.text) == (422, True)
    several = talk | {"monster": "vecka", "antal": "2"}
    shown = (await post_form(client, f"{base}/boka-flera", several | {"visa": "1"})).text
    assert shown.count("Krock den ") == 2
    await owner.execute("delete from kept_apart")
    answer = await post_form(client, f"{base}/boka-flera", several | {"sett": hidden(shown, "sett")})
    assert answer.status_code == 422
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", anna, bo)
    assert len(await queries.sessions(series.cohort_id)) == 1
    # Moved away for the talk; to undo that would bring them together.
    away = {"dag": (ends.date() + timedelta(days=1)).isoformat(), "fran": "10:00", "till": "12:00", "lokal": str(eken)}
    moving = f"/personal/traffar/{first.session_id}/flytta"
    assert (await post_form(client, moving, {**away, "sedd": "0", "omfang": "en"})).status_code == 303
    assert (await post_form(client, f"{base}/boka", talk)).status_code == 303
    done = f"/personal/grupper/{one.cohort_id}/andrat"
    undone = await post_form(client, done, {"andring": hidden((await client.get(done)).text, "andring")})
    assert undone.status_code == 422
    assert "Det blir en krock den " in undone.text
    assert (await queries.sessions(one.cohort_id))[1].sequence == 1


async def test_a_start_that_is_postponed_says_where_it_would_bring_two_together_and_is_saved_only_as_that_was_seen(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    eken = await a_venue("Eken")
    early = await a_cohort("2.8", clock.now(), await a_leader(clock.now()), venue_id=eken, sessions=2)
    late = await a_cohort("2.8", clock.now(), venue_id=eken, first_in=timedelta(days=28 + 21, hours=2), sessions=2)
    anna = (await somebody(early, keys, clock.now(), "Anna Ask")).enrolment_id
    bo = (await somebody(late, keys, clock.now(), "Bo Berg")).enrolment_id
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/starter/{early.cohort_id}/skjut-upp"
    assert late.first_start
    onto = local(late.first_start).date()
    form = {"start": onto.isoformat(), "beslut": "2026-10-05", "skal": "no_venue"}
    before = (await post_form(client, page, {**form, "visa": "1"})).text
    assert ": krock." not in before
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", anna, bo)
    unseen = await post_form(client, page, {**form, "dagar": hidden(before, "dagar"), "sett": hidden(before, "sett")})
    assert (unseen.status_code, unseen.text.count(": krock.")) == (422, 2)
    assert not {"Bo Berg", "Anna Ask"} & set(unseen.text.split())
    kept = {"dagar": hidden(unseen.text, "dagar"), "sett": hidden(unseen.text, "sett")}
    refused = await post_form(client, page, {**form, **kept})
    assert (refused.status_code, "Krock den" in refused.text) == (422, True)
    assert (await post_form(client, page, {**form, **kept, "anda": box(refused.text)})).status_code == 303


async def test_nobody_else_sets_or_sees_it_and_where_nobody_is_named_there_is_none(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    robin, love = await a_leader(clock.now()), await a_leader(clock.now(), "love")
    one, other = await a_cohort("2.8", clock.now(), robin), await a_cohort("2.7", clock.now(), love)
    exempt = await a_cohort("2.1", clock.now(), robin)
    anna = (await somebody(one, keys, clock.now(), "Anna Ask")).enrolment_id
    bo = (await somebody(other, keys, clock.now(), "Bo Berg")).enrolment_id
    nobody = (await somebody(exempt, keys, clock.now())).enrolment_id
    await sign_in_as(client, "robin", clock.now())
    # Love's group is not Robin's: its people are neither shown nor to be chosen.
    assert "Bo Berg" not in (await client.get(f"{page_of(one, anna)}?grupp={other.cohort_id}")).text
    assert (await post_form(client, page_of(one, anna), {"grupp": other.cohort_id, "vem": str(bo)})).status_code == 422
    assert (await client.get(page_of(exempt, nobody))).status_code == 404
    assert (await client.get(page_of(other, bo))).status_code == 404
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", anna, bo)
    shown = (await client.get(page_of(one, anna))).text
    assert ("En person i en annan grupp" in shown, other.name in shown) == (True, False)
    number = await owner.fetchval("select id from kept_apart where enrolment_id = $1", bo)
    # The number of the other's row takes nothing away here.
    await post_form(client, page_of(one, anna), {"bort": str(number), "saker": "1"})
    assert await owner.fetchval("select count(*) from kept_apart") == 2
    assert await days_apart(one.cohort_id, []) == []
    whom = await change_services.whom(exempt, keys)
    assert (whom.nobody, whom.reach.sent) == (1, 0)


async def test_only_who_works_with_both_lets_them_meet_again_and_is_asked_first(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    robin, _kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    one, other = await a_cohort("2.8", clock.now(), robin), await a_cohort("2.7", clock.now())
    anna = (await somebody(one, keys, clock.now(), "Anna Ask")).enrolment_id
    bo = (await somebody(other, keys, clock.now(), "Bo Berg")).enrolment_id
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", anna, bo)
    number = await owner.fetchval("select id from kept_apart where enrolment_id = $1", anna)
    await sign_in_as(client, "robin", clock.now())
    page = page_of(one, anna)
    shown = (await client.get(page)).text
    assert "Bara den som arbetar med båda grupperna kan ta bort det." in shown
    assert 'name="bort"' not in shown
    assert (await post_form(client, page, {"bort": str(number), "saker": "1"})).status_code == 403
    assert await owner.fetchval("select count(*) from kept_apart") == 2
    await sign_in_as(client, "kim", clock.now())
    asked = await post_form(client, page, {"bort": hidden((await client.get(page)).text, "bort")})
    assert (asked.status_code, "Får de mötas igen?" in asked.text) == (200, True)
    assert f"En person i {other.name}. Sedan varnar tjänsten inte" in asked.text
    assert await owner.fetchval("select count(*) from kept_apart") == 2
    assert (await post_form(client, page, {"bort": str(number), "saker": "1"})).status_code == 303
    assert await owner.fetchval("select count(*) from kept_apart") == 0
    # Said twice, it changes nothing.
    assert (await post_form(client, page, {"bort": str(number), "saker": "1"})).status_code == 303
