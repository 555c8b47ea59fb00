"""A tick "Det är meningen" answers what was said beside it, and nothing that comes later."""

import re
from datetime import UTC, date, datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries
from programmes.cohorts.clash_services import clash_reasons
from programmes.cohorts.meant_rules import not_meant, signs
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Clash
from programmes.cohorts.wording_rules import said
from programmes.core.clock import local
from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.desk.talk_cast import a_series, booking
from tests.factories import a_cohort, a_venue, box, hidden, post_form, somebody

EVE = "2026-12-24"


def ticked(text: str) -> bool:
    """Whether the tick is there and ticked."""
    found = re.search(r'<input type="checkbox" name="anda"[^>]*>', text)
    assert found
    return " checked" in found[0]


async def when(cohort: CohortFacts) -> dict[str, str]:
    """Day and hours of its only session, as a form has them."""
    (one,) = await queries.sessions(cohort.cohort_id)
    starts, ends = local(one.starts_at), local(one.ends_at)
    return {"dag": starts.date().isoformat(), "fran": f"{starts:%H:%M}", "till": f"{ends:%H:%M}"}


def test_a_sign_is_of_one_thing_and_all_have_to_be_answered() -> None:
    off, busy = Reason("day_off", "anda", {"day": date(2026, 12, 24)}), Reason("leader_taken", "anda", {"who": "Robin"})
    asked, other = [off, busy], Reason("day_off", "anda", {"day": date(2026, 12, 25)})
    assert not_meant(asked, False) == not_meant(asked, signs([off])) == not_meant(asked, signs([off, other])) == asked
    assert not_meant(asked, True) == not_meant(asked, signs([busy, off, other])) == not_meant([], False) == []
    assert signs([Reason("past", "dag")]) == frozenset()


def test_all_that_somebody_is_taken_by_is_said_and_is_what_is_answered() -> None:
    until = datetime(2026, 10, 7, 12).astimezone()
    clashes = [
        Clash(date(2026, 10, 7) + timedelta(weeks=n), until + timedelta(weeks=n), "Robin", "Eken", 1) for n in range(3)
    ]
    (one,), (two,), (three,) = (clash_reasons(clashes[:n]) for n in (1, 2, 3))
    assert "till 14.00 den 7 oktober. Ändra" in said(one)
    assert "till 14.00 den 7 oktober och 14 oktober. Ändra" in said(two)
    assert "till 14.00 den 7 oktober, 14 oktober och 21 oktober. Ändra" in said(three)
    assert not_meant([three], signs([two])) == [three]


def test_a_clash_is_named_once_with_its_group_and_of_very_many_how_many_they_are() -> None:
    def taken(day: int, cohort: str, hour: int = 12) -> Clash:
        return Clash(date(2026, 10, day), datetime(2026, 10, day, hour, tzinfo=UTC), "", cohort)

    def words(*found: Clash) -> str:
        (reason,) = clash_reasons(found)
        return said(reason).removesuffix(" Ändra, eller kryssa i att det är meningen.")

    eken, nameless = taken(7, "Eken"), taken(7, "")
    assert words(eken, nameless, eken, nameless) == (
        "Krock: lokalen är bokad av Eken till 14.00 den 7 oktober. "
        "Krock: lokalen är bokad av en annan grupp till 14.00 den 7 oktober."
    )
    assert words(*(taken(day, "Eken") for day in (5, 6, 7, 8))).endswith(
        "den 5 oktober, 6 oktober, 7 oktober och 1 dag till."
    )
    assert words(*(taken(day, "Eken") for day in (5, 6, 7, 8, 9))).endswith("7 oktober och 2 dagar till.")
    # Another hour is another thing to know.
    assert words(eken, taken(8, "Eken", 13)).endswith(
        "till 14.00 den 7 oktober. Krock: lokalen är bokad av Eken till 15.00 den 8 oktober."
    )
    many = [taken(5, "Ask"), taken(5, "Bok"), taken(5, "Ek"), taken(5, "Lind")]
    assert words(*many).endswith("av Ek till 14.00 den 5 oktober. Och 1 krock till.")
    assert words(*many, taken(6, "Lind")).endswith("av Ek till 14.00 den 5 oktober. Och 2 krockar till.")
    with speaking("en", datetime(2026, 9, 2, 8, tzinfo=UTC)):
        assert words(*many, taken(6, "Lind")).endswith("And 2 more clashes. Change it, or tick that it is on purpose.")


async def test_a_tick_that_comes_back_beside_a_mistyped_day_lets_no_other_clash_through(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=2)
    other = await a_cohort("2.1", clock.now(), robin, sessions=1, first_in=timedelta(days=99), venue_id=cohort.venue_id)
    second = (await queries.sessions(cohort.cohort_id))[1]
    address = f"/personal/traffar/{second.session_id}/flytta"
    form: dict[str, object] = {"dag": EVE, "fran": "10:00", "till": "12:00", "lokal": str(cohort.venue_id), "sedd": "0"}
    asked = await post_form(client, address, form)
    assert (asked.status_code, ticked(asked.text)) == (422, False)
    form["anda"] = box(asked.text)
    mistyped = await post_form(client, address, {**form, "dag": "2026-13-45"})
    assert (mistyped.status_code, ticked(mistyped.text)) == (422, True)
    clash = {**form, **await when(other)}
    answer = await post_form(client, address, clash)
    assert (answer.status_code, ticked(answer.text)) == (422, False)
    assert "Krock: lokalen är bokad" in answer.text
    assert "Krock: Robin har" in answer.text
    assert (await queries.sessions(cohort.cohort_id))[1].sequence == 0
    assert (await post_form(client, address, {**clash, "anda": "ja"})).status_code == 422
    assert (await post_form(client, address, {**clash, "anda": box(answer.text)})).status_code == 303


async def test_a_tick_is_no_answer_to_who_must_not_meet_and_each_is_asked_once(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    eken = await a_venue("Eken")
    one = await a_cohort("2.8", clock.now(), venue_id=eken, sessions=2)
    other = await a_cohort("2.8", clock.now(), venue_id=eken, first_in=timedelta(days=29), sessions=1)
    anna = (await somebody(one, keys, clock.now(), "Anna Ask")).enrolment_id
    bo = (await somebody(other, keys, clock.now(), "Bo Berg")).enrolment_id
    session = (await queries.sessions(one.cohort_id))[0]
    address = f"/personal/traffar/{session.session_id}/flytta"
    form: dict[str, object] = {**await when(other), "lokal": str(eken), "sedd": "0"}
    asked = await post_form(client, address, form)
    assert "Krock: lokalen" in asked.text
    form["anda"] = box(asked.text)
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", anna, bo)
    answer = await post_form(client, address, form)
    assert (answer.status_code, ticked(answer.text)) == (422, False)
    assert "Krock den 1 oktober" in answer.text
    assert (await queries.sessions(one.cohort_id))[0].sequence == 0
    assert (await post_form(client, address, {**form, "anda": box(answer.text)})).status_code == 303


@pytest.mark.parametrize("what", ["talk", "leader", "worker"])
async def test_so_it_is_wherever_something_may_be_meant(what: str, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    kim, robin, love = await a_coordinator(clock.now()), await a_leader(clock.now()), await a_leader(clock.now(), "love")
    await sign_in_as(client, "kim", clock.now())
    busy = await a_cohort("2.8", clock.now(), robin, sessions=1)
    await a_cohort("2.8", clock.now(), love, sessions=1)
    first: dict[str, object]
    if what == "talk":
        cohort = await a_series("2.3", clock, robin)
        address = f"/personal/grupper/{cohort.cohort_id}/boka"
        first, then = booking(cohort, dag=EVE), booking(cohort, **await when(busy))
    elif what == "worker":
        cohort = await a_cohort("2.1", clock.now(), sessions=2)
        address = f"/personal/grupper/{cohort.cohort_id}/ledare"
        first, then = {"vem": robin.staff_id, "roll": "ledare"}, {"vem": love.staff_id, "roll": "ledare"}
    else:
        cohort = await a_cohort("2.1", clock.now(), kim, sessions=2)
        address = f"/personal/traffar/{(await queries.sessions(cohort.cohort_id))[0].session_id}/ledare"
        first = {"ut": kim.staff_id, "vem": robin.staff_id, "omfang": "en", "sedd": "0"}
        then = {**first, "vem": love.staff_id}
    asked = await post_form(client, address, first)
    assert (asked.status_code, ticked(asked.text)) == (422, False)
    answer = await post_form(client, address, {**then, "anda": box(asked.text)})
    assert (answer.status_code, ticked(answer.text)) == (422, False)
    assert (await post_form(client, address, {**then, "anda": box(answer.text)})).status_code == 303


async def test_a_tick_beside_the_days_of_a_postponed_start_answers_those_days(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    eken = await a_venue("Eken")
    early = await a_cohort("2.8", clock.now(), venue_id=eken, sessions=2)
    await a_cohort("2.8", clock.now(), venue_id=eken, first_in=timedelta(days=28 + 21), sessions=4)
    page = f"/personal/starter/{early.cohort_id}/skjut-upp"
    form = {"start": "2026-10-21", "beslut": "2026-10-05", "skal": "no_venue"}
    shown = (await post_form(client, page, {**form, "visa": "1"})).text
    assert not ticked(shown)
    kept: dict[str, object] = {"dagar": hidden(shown, "dagar"), "sett": hidden(shown, "sett"), "anda": box(shown)}
    later: dict[str, object] = {**form, **kept, "start": "2026-10-28"}
    again = await post_form(client, page, later)
    assert (again.status_code, ticked(again.text)) == (422, False)
    later["dagar"] = hidden(again.text, "dagar")
    assert (await post_form(client, page, later)).status_code == 422
    assert (await post_form(client, page, {**later, "anda": box(again.text)})).status_code == 303
