"""The roll call over HTTP: each kind on its page, what was typed comes back, nobody sees more than is theirs."""

import re

import asyncpg
import httpx
import pytest

from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.attendance.cast import NAMES, a_running, session_ids
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_leader, csrf_of, post_form, sign_in_as


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def the_page(
    section: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, robin: Principal
) -> tuple[str, list[str]]:
    """The address of the roll call of a session that begins now, and the fields of its people."""
    cohort, people = await a_running(section, clock, keys, robin)
    await sign_in_as(client, "robin", clock.now())
    return f"/personal/traffar/{(await session_ids(cohort))[0]}/narvaro", [str(person) for person in people]


def checked(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]+)" checked', page))


def numbers(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(women|men|other)" type="number"[^>]*value="([^"]*)"', page))


async def test_the_roll_call_needs_a_signed_in_person(client: httpx.AsyncClient) -> None:
    answer = await client.get("/personal/traffar/1/narvaro")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/logga-in")


async def test_names_are_marked_and_saved(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, people = await the_page("2.7", client, clock, keys, robin)
    shown = await client.get(address)
    assert shown.status_code == 200
    assert [name for name in NAMES if name in shown.text] == list(NAMES)
    assert "träff 1 av 4" in shown.text
    saved = await post_form(client, address, dict.fromkeys(people, "present"))
    assert (saved.status_code, saved.headers["location"]) == (303, "/personal/idag")
    assert checked((await client.get(address)).text) == dict.fromkeys(people, "present")


async def test_marking_some_saves_them_and_says_who_is_left(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, people = await the_page("2.7", client, clock, keys, robin)
    saved = await post_form(client, address, dict.fromkeys(people[:5], "present"))
    assert (saved.status_code, saved.headers["location"]) == (303, f"{address}?sparat=1")
    page = await client.get(saved.headers["location"])
    assert "5 av 6 är sparade" in page.text
    assert "Kvar: Pil" in page.text


async def test_all_present_comes_back_unsaved(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, people = await the_page("2.7", client, clock, keys, robin)
    answer = await post_form(client, address, {people[2]: "excused", "alla": "present"})
    assert answer.status_code == 200
    assert checked(answer.text) == dict.fromkeys(people, "present")
    assert await owner.fetchval("select count(*) from attendance") == 0


async def test_saving_nothing_is_an_error_beside_the_first_person(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, people = await the_page("2.7", client, clock, keys, robin)
    answer = await post_form(client, address, {people[0]: "sick", "someone": "present"})
    assert answer.status_code == 422
    assert "<title>Fel: " in answer.text
    assert f'href="#{people[0]}"' in answer.text
    assert "Markera minst en deltagare." in answer.text


async def test_protected_people_have_no_name_on_the_page(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, _ = await the_page("2.7", client, clock, keys, robin)
    await owner.execute("update participant set protected_identity = true")
    page = (await client.get(address)).text
    assert not [name for name in NAMES if re.search(rf"<legend>{name}\b", page)]
    assert page.count("Skyddade uppgifter") == 6


async def test_reading_names_leaves_a_trace(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, _ = await the_page("2.7", client, clock, keys, robin)
    await client.get(address)
    found = await owner.fetch("select staff_id, page from record_look")
    assert [tuple(row) for row in found] == [(robin.staff_id, "roll_call")] * len(NAMES)


async def test_heads_go_up_and_down_without_saving_and_keep_what_was_typed(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, _ = await the_page("2.12", client, clock, keys, robin)
    answer = await post_form(client, address, {"women": "6", "men": "3", "other": "", "oka": "women"})
    assert answer.status_code == 200
    assert numbers(answer.text) == {"women": "7", "men": "3", "other": ""}
    answer = await post_form(client, address, {"women": "7", "men": "0", "other": "0", "minska": "men"})
    assert numbers(answer.text) == {"women": "7", "men": "0", "other": "0"}
    assert await owner.fetchval("select count(*) from head_count") == 0
    saved = await post_form(client, address, {"women": "5", "men": "3", "other": "0"})
    assert saved.headers["location"] == "/personal/idag"
    assert numbers((await client.get(address)).text) == {"women": "5", "men": "3", "other": "0"}


async def test_a_count_that_is_no_number_is_shown_again_with_its_error(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, _ = await the_page("2.1", client, clock, keys, robin)
    for wrong in ("sju", "-1", "501", "٧"):
        answer = await post_form(client, address, {"women": wrong, "men": "3", "other": "0"})
        assert answer.status_code == 422
        assert numbers(answer.text) == {"women": wrong, "men": "3", "other": "0"}
        assert 'href="#women"' in answer.text


async def test_more_than_the_group_has_places_is_asked_about_before_it_is_saved(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, _ = await the_page("2.1", client, clock, keys, robin)
    most = await owner.fetchval("select maximum from cohort")
    typed: dict[str, object] = {"women": str(most), "men": "1", "other": "0"}
    asked = await post_form(client, address, typed)
    assert asked.status_code == 422
    assert f"Gruppen har högst {most} platser." in asked.text
    assert numbers(asked.text) == typed
    assert await owner.fetchval("select count(*) from head_count") == 0
    assert (await post_form(client, address, typed | {"fler": "ja"})).status_code == 303
    assert await owner.fetchval("select women + men from head_count") == most + 1


async def test_a_childrens_group_can_only_be_held_and_its_ticks_cannot_be_sent(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    address, _ = await the_page("2.16", client, clock, keys, robin)
    page = (await client.get(address)).text
    assert "Onsdagsgruppen, träff 1" in page
    assert "missbruk" not in page.lower()
    form = re.search(r"<form method=\"post\" action=\"/personal/traffar.*?</form>", page, re.DOTALL)
    assert form
    assert "checkbox" not in form[0]
    assert "checkbox" in page
    assert not re.search(r"<input type=\"checkbox\"[^>]*\bname=", page)
    saved = await post_form(client, address, {"plats": "Pil", "women": "4"})
    assert saved.headers["location"] == "/personal/idag"
    assert await owner.fetchval("select count(*) from head_count") == 0


async def test_a_future_session_is_refused_in_words(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    first, second, *_ = await session_ids(cohort)
    await sign_in_as(client, "robin", clock.now())
    page = await client.get(f"/personal/traffar/{second}/narvaro")
    assert page.status_code == 200
    assert "Det är inte dags än. Från onsdag 7 oktober 09.30 går det." in page.text
    token = csrf_of((await client.get(f"/personal/traffar/{first}/narvaro")).text)
    answer = await client.post(f"/personal/traffar/{second}/narvaro", data={str(people[0]): "present", "_csrf_token": token})
    assert answer.status_code == 422
    assert "Det är inte dags än." in answer.text


async def test_another_leaders_session_is_not_found(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, _ = await the_page("2.7", client, clock, keys, robin)
    token = csrf_of((await client.get(address)).text)
    await a_leader(clock.now(), "love")
    await sign_in_as(client, "love", clock.now())
    assert (await client.get(address)).status_code == 404
    assert (await client.post(address, data={"_csrf_token": token})).status_code == 404
    assert (await client.get("/personal/traffar/99999999999/narvaro")).status_code == 404


async def test_an_earlier_session_is_corrected_and_leads_back_to_the_group(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort, people = await a_running("2.7", clock, keys, robin)
    clock.advance(days=10)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/traffar/{(await session_ids(cohort))[0]}/narvaro"
    saved = await post_form(client, address, {str(p): "no_show" for p in people})
    assert saved.headers["location"] == f"/personal/grupper/{cohort.cohort_id}"


def as_shown(page: str) -> dict[str, str]:
    """How everything stood on a page, as its form says."""
    return dict(re.findall(r'type="hidden" name="(sett[^"]*)" value="([^"]*)"', page))


async def test_of_two_who_mark_at_once_the_second_is_told_what_differs_and_nothing_of_the_first_is_lost(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, people = await the_page("2.7", client, clock, keys, robin)
    one, other, third = people[:3]
    mine = (await client.get(address)).text
    shown = as_shown(mine)
    # Somebody else marks two of them meanwhile.
    theirs = {one: "present", other: "no_show"}
    assert (await post_form(client, address, shown | theirs)).status_code == 303
    # What I chose for a third goes beside; nothing that they chose is undone by what I left.
    assert (await post_form(client, address, shown | {third: "present"})).status_code == 303
    assert checked((await client.get(address)).text) == theirs | {third: "present"}
    # The same mark by both is no question. Another one is, and nothing of mine is written before it is answered.
    asked = await post_form(client, address, shown | {one: "excused", other: "no_show", third: "excused"})
    assert asked.status_code == 409
    assert "Någon annan har markerat under tiden" in asked.text
    assert f"{NAMES[0]}: Närvarande. Du har valt: Anmäld frånvaro." in asked.text
    assert NAMES[1] + ":" not in asked.text
    assert checked(asked.text) == {one: "excused", other: "no_show", third: "excused"}
    assert checked((await client.get(address)).text) == theirs | {third: "present"}
    # Sent once more it is meant.
    again = {one: "excused", other: "no_show", third: "excused"}
    assert (await post_form(client, address, as_shown(asked.text) | again)).status_code == 303
    assert checked((await client.get(address)).text) == again


async def test_of_two_who_count_the_second_is_told_what_the_first_has_noted(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    address, _people = await the_page("2.1", client, clock, keys, robin)
    shown = as_shown((await client.get(address)).text)
    first, second = {"women": "2", "men": "1", "other": "0"}, {"women": "3", "men": "1", "other": "0"}
    assert (await post_form(client, address, shown | first)).status_code == 303
    # Sent again, as after a lost answer, it is the same.
    assert (await post_form(client, address, shown | first)).status_code == 303
    asked = await post_form(client, address, shown | second)
    assert asked.status_code == 409
    assert "Nu står det 2 kvinnor, 1 man. Ditt antal är inte sparat än." in asked.text
    assert numbers(asked.text) == second
    assert numbers((await client.get(address)).text) == first
    assert (await post_form(client, address, as_shown(asked.text) | second)).status_code == 303
    assert numbers((await client.get(address)).text) == second


async def test_a_roll_call_costs_as_many_statements_however_many_there_are(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, queries_log: QueryLog
) -> None:
    address, people = await the_page("2.7", client, clock, keys, robin)
    for many in (1, 6):
        queries_log.clear()
        shown = await client.get(address)
        assert len(queries_log.statements) <= 11, queries_log.statements
        form = {"_csrf_token": csrf_of(shown.text), **dict.fromkeys(people[:many], "present")}
        queries_log.clear()
        assert (await client.post(address, data=form)).status_code == 303
        assert len(queries_log.statements) <= 16, queries_log.statements
