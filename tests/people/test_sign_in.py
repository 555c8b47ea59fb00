"""Signing in: a fresh session id, one answer for every failure, no lock-out of others."""

import re

import asyncpg
import httpx
import pytest
from argon2 import extract_parameters, profiles
from argon2.exceptions import VerifyMismatchError

from programmes import worker
from programmes.people import services as people
from programmes.people.queries import load_principal
from programmes.people.services import NotAdmitted, SignedIn, add_staff, sign_in
from tests.clock import FrozenClock
from tests.conftest import REAL_HASHER, REAL_NOBODY
from tests.owner import as_owner

KEY = b"k" * 32


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> int:
    async with as_owner():
        return await add_staff("robin", "Robin A.", "ett-langt-losenord", [("leader", "")], clock.now())


def token_of(page: str) -> str:
    found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


async def sign_in_by_form(client: httpx.AsyncClient, password: str) -> httpx.Response:
    page = await client.get("/logga-in")
    assert page.status_code == 200
    return await client.post(
        "/logga-in", data={"anv": "Robin", "losen": password, "_csrf_token": token_of(page.text), "till": "/personal/idag"}
    )


def test_passwords_cost_what_rfc_9106_asks_for() -> None:
    assert extract_parameters(REAL_HASHER.hash("x")) == profiles.RFC_9106_LOW_MEMORY


def test_a_name_that_nobody_has_costs_a_whole_hash() -> None:
    assert extract_parameters(REAL_NOBODY) == profiles.RFC_9106_LOW_MEMORY
    # It was gone through and did not fit; of what is no hash argon2 says so at once.
    with pytest.raises(VerifyMismatchError):
        REAL_HASHER.verify(REAL_NOBODY, "nobody has this password")
    assert extract_parameters(people._NOBODY) == extract_parameters(people._hasher.hash("x"))


async def test_the_right_password_opens_a_session_with_a_fresh_id(robin: int, client: httpx.AsyncClient) -> None:
    client.cookies.set("staff", "chosen-by-an-attacker")
    answer = await sign_in_by_form(client, "ett-langt-losenord")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/personal/idag"
    assert answer.cookies["staff"] != "chosen-by-an-attacker"
    assert len(answer.cookies["staff"]) == 32


async def test_signing_in_ends_the_browsers_earlier_session_and_no_others(
    robin: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    other = await sign_in("robin", "ett-langt-losenord", KEY, clock.now())
    assert isinstance(other, SignedIn)
    first = (await sign_in_by_form(client, "ett-langt-losenord")).cookies["staff"]
    await sign_in_by_form(client, "fel")
    assert await load_principal(first, clock.now())
    second = (await sign_in_by_form(client, "ett-langt-losenord")).cookies["staff"]
    assert await load_principal(first, clock.now()) is None
    assert await load_principal(second, clock.now())
    assert await load_principal(other.token, clock.now())
    assert await owner.fetchval("select count(*) from staff_session") == 2


async def test_sessions_that_have_ended_are_forgotten(
    robin: int, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    for _ in range(2):
        answer = await sign_in("robin", "ett-langt-losenord", KEY, clock.now())
        assert isinstance(answer, SignedIn)
        clock.advance(minutes=20)
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from staff_session") == 1
    assert await load_principal(answer.token, clock.now())
    clock.advance(hours=12)
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from staff_session") == 0


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(robin: int, clock: FrozenClock) -> None:
    assert await sign_in("robin", "fel", KEY, clock.now()) == NotAdmitted()
    assert await sign_in("ingen", "fel", KEY, clock.now()) == NotAdmitted()


async def test_a_wrong_password_shows_the_form_again_with_the_name_kept(robin: int, client: httpx.AsyncClient) -> None:
    answer = await sign_in_by_form(client, "fel")
    assert answer.status_code == 422
    assert 'value="Robin"' in answer.text
    assert "Namnet eller lösenordet stämmer inte." in answer.text
    assert "staff" not in answer.cookies


async def test_guesses_have_to_wait_and_the_wait_ends(robin: int, clock: FrozenClock) -> None:
    for _ in range(6):
        await sign_in("robin", "fel", KEY, clock.now())
    assert isinstance(await sign_in("robin", "ett-langt-losenord", KEY, clock.now()), NotAdmitted)
    clock.advance(minutes=2)
    assert isinstance(await sign_in("robin", "ett-langt-losenord", KEY, clock.now()), SignedIn)


async def test_half_an_hour_without_a_request_signs_out(robin: int, clock: FrozenClock) -> None:
    answer = await sign_in("robin", "ett-langt-losenord", KEY, clock.now())
    assert isinstance(answer, SignedIn)
    clock.advance(minutes=29)
    assert await load_principal(answer.token, clock.now())
    clock.advance(minutes=31)
    assert await load_principal(answer.token, clock.now()) is None


async def test_a_form_without_its_token_is_refused_in_words(robin: int, client: httpx.AsyncClient) -> None:
    answer = await client.post("/logga-in", data={"anv": "robin", "losen": "x"})
    assert answer.status_code == 403
    assert "Sidan hade varit öppen för länge" in answer.text


async def test_an_unknown_page_is_said_in_words_with_the_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/finns-inte?lang=en")
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


async def test_who_was_signed_out_comes_back_to_the_page_with_its_query(robin: int, client: httpx.AsyncClient) -> None:
    fresh = await client.get("/personal/grupper/ny?insats=2.8")
    assert fresh.headers["location"] == "/logga-in?till=%2Fpersonal%2Fgrupper%2Fny%3Finsats%3D2.8"
    assert "utloggad" not in (await client.get(fresh.headers["location"])).text
    client.cookies.set("staff", "x" * 32)
    gone = await client.get("/personal/grupper/ny?insats=2.8")
    page = await client.get(gone.headers["location"])
    assert "Du har blivit utloggad" in page.text
    assert "inte sparat" not in page.text
    assert 'value="/personal/grupper/ny?insats=2.8"' in page.text
    answer = await client.post(
        "/logga-in",
        data={
            "anv": "Robin",
            "losen": "ett-langt-losenord",
            "_csrf_token": token_of(page.text),
            "till": "/personal/grupper/ny?insats=2.8",
        },
    )
    assert answer.headers["location"] == "/personal/grupper/ny?insats=2.8"


async def test_a_form_sent_by_somebody_signed_out_is_lost_and_that_is_said(robin: int, client: httpx.AsyncClient) -> None:
    token = token_of((await client.get("/logga-in")).text)
    client.cookies.set("staff", "x" * 32)
    gone = await client.post("/personal/grupper/7/oppna", data={"_csrf_token": token})
    assert gone.status_code == 303
    assert gone.headers["location"] == "/logga-in?till=%2Fpersonal%2Fgrupper%2F7&ut=form"
    page = await client.get(gone.headers["location"])
    assert "Det du skrev sist är inte sparat." in page.text
    assert 'value="/personal/grupper/7"' in page.text


OUT = "Du är utloggad."


async def test_who_signs_out_is_told_so_once_and_nobody_else_is(robin: int, client: httpx.AsyncClient) -> None:
    assert OUT not in (await client.get("/logga-in")).text
    await sign_in_by_form(client, "ett-langt-losenord")
    token = token_of((await client.get("/personal/idag")).text)
    gone = await client.post("/logga-ut", data={"_csrf_token": token})
    assert gone.headers["location"] == "/logga-in"
    page = await client.get(gone.headers["location"])
    assert re.search(rf'role="status"[^§]*?<h2>{OUT}</h2>', page.text)
    assert OUT not in (await client.get("/logga-in")).text
    # Who has signed in meanwhile and is signed out by the clock reads that, and not that they left.
    await client.post("/logga-ut", data={"_csrf_token": token_of((await client.get("/logga-in")).text)})
    await sign_in_by_form(client, "ett-langt-losenord")
    assert OUT not in (await client.get("/logga-in?ut=sida")).text


async def test_marks_that_wait_in_the_tab_are_said_to_be_kept(robin: int, client: httpx.AsyncClient) -> None:
    page = (await client.get("/logga-in?till=/personal/traffar/7/narvaro&ut=kvar")).text
    assert "Du har blivit utloggad" in page
    assert "det du skrev ligger kvar i den här fliken" in page
    assert "Det du skrev sist är inte sparat." not in page


@pytest.mark.parametrize("till", ["//evil.example", "/personal/idag//x", "/personal?x=http://e", "/personal/idag?a=<b>"])
async def test_nobody_is_led_elsewhere_after_signing_in(robin: int, client: httpx.AsyncClient, till: str) -> None:
    page = await client.get("/logga-in", params={"till": till})
    assert 'name="till" value="/personal/idag"' in page.text


async def test_a_computer_that_is_shared_stays_so_for_whoever_comes_next_until_they_say_otherwise(
    robin: int, client: httpx.AsyncClient, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    async with as_owner():
        await add_staff("kim", "Kim B.", "ett-langt-losenord", [("leader", "")], clock.now())
    newest = "select shared from staff_session order by id desc limit 1"

    async def enter(name: str, **fields: str) -> str:
        """The sign-in page, as it was shown before they filled it in."""
        shown = await client.get("/logga-in")
        sent = {"anv": name, "losen": "ett-langt-losenord", "_csrf_token": token_of(shown.text), **fields}
        sent |= {"delad_var": "ja"} if 'name="delad_var"' in shown.text else {}
        assert (await client.post("/logga-in", data=sent)).status_code == 303
        return shown.text

    assert "checked" not in await enter("robin", delad="ja")
    token = token_of((await client.get("/personal/idag")).text)
    await client.post("/logga-ut", data={"_csrf_token": token})
    # A page that was open before, in another tab, asked nothing: it stays shared.
    assert client.cookies["genom"] == "delad"
    shown = await client.get("/logga-in")
    blind = {"anv": "kim", "losen": "ett-langt-losenord", "_csrf_token": token_of(shown.text)}
    answer = await client.post("/logga-in", data=blind)
    assert (answer.status_code, "enhet" in answer.cookies) == (303, False)
    assert await owner.fetchval(newest) is True
    # The box is ticked, and left so.
    shown_to_kim = await enter("kim", delad="ja")
    assert re.search(r'name="delad"[^>]*checked', shown_to_kim)
    assert "Någon har sagt det förut" in shown_to_kim
    assert await owner.fetchval(newest) is True
    clock.advance(minutes=11)
    assert (await client.get("/personal/idag")).status_code == 303
    # A mistake in between loses neither what was said nor what was asked.
    shown = await client.get("/logga-in")
    wrong = {"anv": "kim", "losen": "", "delad_var": "ja", "_csrf_token": token_of(shown.text)}
    told = (await client.post("/logga-in", data=wrong)).text
    assert 'name="delad_var"' in told
    assert not re.search(r'name="delad"[^>]*checked', told)
    # Who takes the tick away says that it is theirs alone.
    await enter("kim")
    assert "genom" not in client.cookies
    assert await owner.fetchval(newest) is False
