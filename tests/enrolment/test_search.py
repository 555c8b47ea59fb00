"""Somebody is found by exactly what is known of them, by those who work with them, and every search is noted."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services
from programmes.enrolment.records import search_services
from programmes.enrolment.records.search_rules import LIMITS, minutes_to_wait
from programmes.enrolment.services import Taken
from programmes.people import records
from programmes.people.look_rules import NOBODY
from programmes.people.looks import looking
from programmes.people.lookup_rules import asked, name_of, number_of, terms
from tests.clock import FrozenClock
from tests.factories import (
    a_cohort,
    a_coordinator,
    a_leader,
    an_application,
    documented,
    hidden,
    post_form,
    sign_in_as,
    somebody,
)

# A number of nobody, and a coordination number; both are in the tax agency's list of numbers for tests.
NUMBER, COORDINATION = "19900118-9811", "19700161-2394"


async def known(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, protected: bool = False, **fields: str) -> Taken:
    """Somebody documented, with these fields in the record."""
    application = await an_application(cohort, "Anna Ask")
    assert application.record
    record = replace(application.record, **fields)
    if record.number:
        record = replace(record, birth_date=date.fromisoformat(record.number[:8]).isoformat())
    found = documented(application, record, protected)
    answer = await services.apply(found, await catalogue.programme(cohort.programme_id), keys, clock.now())
    assert isinstance(answer, Taken), answer
    return answer


@given(st.sampled_from([NUMBER, NUMBER[2:], NUMBER.replace("-", ""), NUMBER[2:].replace("-", ""), f" {NUMBER} "]))
def test_a_number_is_the_same_however_it_is_written(typed: str) -> None:
    assert number_of(typed) == number_of(NUMBER) != ""
    assert asked(typed)["number"] == terms("", NUMBER, "", False)["number"]


@given(st.text(max_size=60))
def test_what_is_no_number_is_found_by_no_number_and_a_name_is_one_name(typed: str) -> None:
    if number_of(typed):
        assert sum(char.isdecimal() for char in typed) in {10, 12}
    assert name_of(typed) == name_of(f"  {typed.upper().lower()} ") or typed != typed.lower()
    assert name_of(name_of(typed)) == name_of(typed)


def test_of_protected_identity_there_is_the_number_alone() -> None:
    assert set(terms("Anna Ask", NUMBER, "anna@example.invalid", protected=True)) == {"number"}
    assert set(terms("Anna Ask", NUMBER, "anna@example.invalid", protected=False)) == {"number", "name", "contact"}
    assert terms("Anna Ask", COORDINATION, "", protected=True)["number"] == number_of(COORDINATION) != ""


@pytest.fixture
async def kim(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())


@pytest.mark.parametrize("typed", ["anna  ASK", NUMBER, "9001189811", "070-174 06 05", "0046 70 174 06 05"])
async def test_the_whole_number_name_or_channel_leads_to_the_person(
    typed: str, kim: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    number = number_of(NUMBER)
    taken = await known(cohort, keys, clock, number=number, contact="+46701740605", safe=("call",))  # type: ignore[arg-type]
    shown = await post_form(client, "/personal/sok", {"vem": typed})
    assert shown.status_code == 200
    assert f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}" in shown.text
    assert "1 person hittades" in shown.text
    participant = await owner.fetchval("select participant_id from enrolment where id = $1", taken.enrolment_id)
    # Whom a search finds has a line in the access log, with the page that it was.
    looks = await owner.fetch("select page, participant_id from record_look")
    assert [tuple(row) for row in looks] == [("search", participant)]


@pytest.mark.parametrize("typed", ["Anna", "anna ask asp", "1990", "900118-9812", "%", "Anna%", "' or 1=1 --"])
async def test_a_part_or_a_pattern_finds_nobody_and_that_is_noted_too(
    typed: str, kim: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await known(await a_cohort("2.8", clock.now()), keys, clock)
    shown = await post_form(client, "/personal/sok", {"vem": typed})
    assert "Ingen träff" in shown.text
    assert [tuple(row) for row in await owner.fetch("select page, participant_id, cohort_id from record_look")] == [
        ("search", NOBODY, 0)
    ]
    assert (await post_form(client, "/personal/sok", {"vem": " "})).status_code == 422


async def test_only_those_who_work_with_the_person_find_them_and_nobody_of_an_exempt_programme_is_found(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now(), "annan", "2.7")
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    await known(cohort, keys, clock)
    await somebody(
        await a_cohort("2.1", clock.now(), robin, sessions=4), keys, clock.now(), "Anna Ask", "anna@example.invalid"
    )
    answers = {}
    for name in ("robin", "annan", "kim"):
        await sign_in_as(client, name, clock.now())
        answers[name] = (await post_form(client, "/personal/sok", {"vem": "Anna Ask"})).text
        assert "Ingen träff" in (await post_form(client, "/personal/sok", {"vem": "anna@example.invalid"})).text
    assert "1 person hittades" in answers["robin"]
    assert "1 person hittades" in answers["kim"]
    assert "Ingen träff" in answers["annan"]
    assert "Anna" not in answers["annan"].split("<main")[1].split("<form")[0]


async def test_protected_identity_is_found_by_the_number_alone_and_never_named(
    kim: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    number = number_of(NUMBER)
    await known(cohort, keys, clock, protected=True, number=number, contact="")
    assert "Ingen träff" in (await post_form(client, "/personal/sok", {"vem": "Anna Ask"})).text
    shown = (await post_form(client, "/personal/sok", {"vem": NUMBER})).text
    assert "Skyddade uppgifter" in shown
    assert "Deltagare 1" in shown
    assert "Anna Ask" not in shown


async def test_a_record_put_right_is_found_by_what_is_right_and_one_from_before_becomes_findable(
    kim: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    taken = await known(cohort, keys, clock)
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    right = {"namn": "Anna Asp", "fodd": "19900118", "kontakt": "", "undvik": ""}
    right["sedd"] = hidden((await client.get(page)).text, "sedd")
    assert (await post_form(client, page, right)).status_code == 303
    assert "Ingen träff" in (await post_form(client, "/personal/sok", {"vem": "Anna Ask"})).text
    assert "1 person hittades" in (await post_form(client, "/personal/sok", {"vem": "Anna Asp"})).text
    await owner.execute("delete from person_lookup")
    assert await records.index_missing(keys) == 1
    assert await records.index_missing(keys) == 0
    assert "1 person hittades" in (await post_form(client, "/personal/sok", {"vem": "Anna Asp"})).text
    assert not await owner.fetchval("select count(*) from person_lookup where octet_length(digest) <> 32")


@given(st.lists(st.integers(0, 86_400), max_size=150), st.integers(0, 86_400))
def test_searches_that_find_nobody_wait_until_they_are_few_again(seconds: list[int], later: int) -> None:
    start = datetime(2026, 9, 9, tzinfo=UTC)
    now = start + timedelta(days=1)
    empty = sorted((start + timedelta(seconds=n) for n in seconds), reverse=True)
    minutes = minutes_to_wait(empty, now)
    in_window = [(sum(now - at < within for at in empty), most) for most, within in LIMITS]
    assert (minutes > 0) == any(number >= most for number, most in in_window)
    assert minutes_to_wait(empty, now + timedelta(minutes=minutes)) == 0


async def test_whoever_guesses_numbers_waits_and_others_do_not(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now(), "annan")
    kim = await a_coordinator(clock.now())
    await known(await a_cohort("2.8", clock.now()), keys, clock)
    guesses = [search_at_once(kim, f"1990011{n:05}", keys, clock.now()) for n in range(40)]
    answers = await asyncio.gather(*guesses)
    # Also at once: each is counted before the next is looked up.
    assert (answers.count("nobody"), answers.count("wait")) == (20, 20)
    await sign_in_as(client, "kim", clock.now())
    waits = await post_form(client, "/personal/sok", {"vem": "Anna Ask"})
    assert waits.status_code == 429
    assert "Du har sökt många gånger utan träff. Vänta 10 minuter och sök sedan igen." in waits.text
    await sign_in_as(client, "annan", clock.now())
    assert "1 person hittades" in (await post_form(client, "/personal/sok", {"vem": "Anna Ask"})).text
    clock.advance(minutes=10)
    await sign_in_as(client, "kim", clock.now())
    assert "1 person hittades" in (await post_form(client, "/personal/sok", {"vem": "Anna Ask"})).text


async def search_at_once(who: Principal, typed: str, keys: KeyFolder, now: datetime) -> str:
    try:
        async with looking(who, "search", now) as look:
            return "found" if await search_services.search(typed, look, keys, now) else "nobody"
    except search_services.TooMany:
        return "wait"
