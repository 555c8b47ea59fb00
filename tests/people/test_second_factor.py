"""A code besides the password: set up, asked for, accepted once; recovery codes; no right at all before it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from structlog.testing import capture_logs

from programmes import worker
from programmes.app import create_app
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.people import factor_services as factors
from programmes.people import session_services as sessions
from programmes.people.factor_rules import digits, matching_step, new_secret
from programmes.people.queries import load_principal
from programmes.people.rules import Browser
from programmes.people.services import SecondStep, sign_in
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import PASSWORD, SIGN_IN_KEY, a_coordinator, a_leader, csrf_of, hidden
from tests.people.cast import another_browser, by_form, code_of, codes_on, key_on, set_up_app, type_code


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> int:
    return (await a_coordinator(clock.now())).staff_id


@pytest.fixture(scope="module")
def service(settings: Settings, run_clock: FrozenClock) -> Litestar:
    """A service where coordinators and managers need a code, built once: it remembers nothing of who has signed in."""
    return create_app(replace(settings, second_factor=("coordinator", "manager")), run_clock, own_pool=False)


@pytest.fixture
async def strict(service: Litestar, settings: Settings, clock: FrozenClock, db: None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser against that service."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=service), base_url=settings.base_url) as browser:
        yield browser


async def first_app(client: httpx.AsyncClient, clock: FrozenClock) -> tuple[str, httpx.Response]:
    """Kim's first sign-in where a code is required: the secret, and the page with the recovery codes."""
    led = await by_form(client, "kim", till="/personal/grupper/ny?insats=2.8")
    shown = await client.get(led.headers["location"])
    secret, sealed = key_on(shown.text)
    form = {"nyckel": sealed, "till": "/personal/grupper/ny?insats=2.8", "_csrf_token": csrf_of(shown.text)}
    return secret, await client.post("/logga-in/skaffa-kod", data={**form, "kod": code_of(secret, clock.now())})


async def test_a_role_that_needs_a_code_sets_it_up_before_anything_else_is_seen(
    kim: int, strict: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    led = await by_form(strict, "kim", till="/personal/grupper/ny?insats=2.8")
    assert led.headers["location"] == "/logga-in/skaffa-kod?till=%2Fpersonal%2Fgrupper%2Fny%3Finsats%3D2.8"
    assert not led.cookies.get("staff")
    for address in ("/personal/idag", "/personal/konto", "/personal/konto/kod", "/personal/bekrafta"):
        assert (await strict.get(address)).headers["location"].startswith("/logga-in")
    strict.cookies.set("staff", strict.cookies["steg"])
    assert (await strict.get("/personal/idag")).status_code == 303
    strict.cookies.delete("staff")
    secret, answer = await first_app(strict, clock)
    assert answer.status_code == 200
    assert len(codes_on(answer.text)) == 10
    assert 'href="/personal/grupper/ny?insats=2.8"' in answer.text
    assert (await strict.get("/personal/idag")).status_code == 200
    assert await owner.fetchval("select count(*) from half_sign_in") == 0
    stored = await owner.fetchrow("select * from second_factor")
    assert secret.encode() not in stored["sealed"]
    assert stored["staff_id"] == kim


async def test_a_role_that_needs_none_signs_in_as_ever(db: None, strict: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_leader(clock.now())
    assert (await by_form(strict, "robin")).headers["location"] == "/personal/idag"


async def test_a_wrong_code_keeps_no_app_and_shows_the_same_key_again(
    kim: int, strict: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    led = await by_form(strict, "kim")
    shown = await strict.get(led.headers["location"])
    secret, sealed = key_on(shown.text)
    for typed in ("000000", "abc", ""):
        form = {"nyckel": sealed, "kod": typed, "_csrf_token": csrf_of(shown.text)}
        answer = await strict.post("/logga-in/skaffa-kod", data=form)
        assert answer.status_code == 422
        assert key_on(answer.text) == (secret, sealed)
    assert await owner.fetchval("select count(*) from second_factor") == 0
    assert await owner.fetchval("select count(*) from staff_session") == 0


async def test_a_key_that_is_somebody_elses_or_made_up_or_old_is_not_kept(
    kim: int, clock: FrozenClock, keys: KeyFolder
) -> None:
    mine = factors.offer(kim, "kim", "x", keys, clock.now())
    assert factors.offered(kim, "kim", "x", mine.sealed, keys, clock.now())
    assert factors.offered(kim + 1, "kim", "x", mine.sealed, keys, clock.now()) is None
    for tampered in (mine.sealed[:-8], "å", "AAAA", "", mine.sealed.swapcase()):
        assert factors.offered(kim, "kim", "x", tampered, keys, clock.now()) is None
    clock.advance(minutes=31)
    assert factors.offered(kim, "kim", "x", mine.sealed, keys, clock.now()) is None


async def test_between_password_and_code_there_is_no_right_at_all(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    browser = another_browser(client)
    led = await by_form(browser, "kim", till="/personal/konto")
    assert led.headers["location"] == "/logga-in/kod?till=%2Fpersonal%2Fkonto"
    assert await owner.fetchval("select count(*) from staff_session") == 1
    half = browser.cookies["steg"]
    browser.cookies.set("staff", half)
    assert (await browser.get("/personal/idag")).status_code == 303
    assert await load_principal(half, clock.now()) is None
    browser.cookies.delete("staff")
    clock.advance(seconds=30)
    answer = await type_code(browser, code_of(secret, clock.now()))
    assert answer.headers["location"] == "/personal/konto"
    assert answer.cookies["staff"] != half
    assert (await browser.get("/personal/idag")).status_code == 200
    assert await owner.fetchval("select count(*) from half_sign_in") == 0


async def test_a_code_opens_once_also_for_two_at_a_time(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    first, second = another_browser(client), another_browser(client)
    for browser in (first, second):
        await by_form(browser, "kim")
    assert (await type_code(first, code_of(secret, clock.now()))).status_code == 422, "the code that set it up"
    clock.advance(seconds=30)
    code = code_of(secret, clock.now())
    answers = [await type_code(browser, code) for browser in (first, second)]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert "redan använd" in answers[1].text
    assert not answers[1].cookies.get("staff")


async def test_a_clock_that_is_a_step_off_is_forgiven_two_steps_are_not(clock: FrozenClock) -> None:
    secret, now = new_secret(), clock.now()
    running = int(now.timestamp()) // 30
    for off, found in ((-60, None), (-30, running - 1), (0, running), (30, running + 1), (60, None)):
        moment = now.timestamp() + off
        typed = code_of(secret, now.fromtimestamp(moment, now.tzinfo))
        assert matching_step(secret, typed, now, 0) == found, off
        assert matching_step(secret, typed, now, running + 1) is None


@given(st.text(max_size=20))
def test_what_is_no_six_digits_is_no_code(typed: str) -> None:
    found = digits(typed)
    assert found == "" or (len(found) == 6 and found.isascii() and found.isdigit())
    assert digits("123 456 ") == "123456"


async def test_a_recovery_code_opens_once_and_is_stored_as_a_digest(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    _, codes = await set_up_app(client, clock.now())
    stored = b"".join(row[0] for row in await owner.fetch("select digest from recovery_code"))
    assert not any(code.replace("-", "").encode() in stored for code in codes)
    browser = another_browser(client)
    await by_form(browser, "kim")
    assert (await type_code(browser, codes[3].lower())).status_code == 303
    assert "9 reservkoder är kvar." in (await browser.get("/personal/konto")).text
    again = another_browser(client)
    await by_form(again, "kim")
    assert (await type_code(again, codes[3])).status_code == 422
    assert await owner.fetchval("select count(*) from recovery_code") == 9
    assert await owner.fetchval("select count(*) from audit_entry where action = 'staff:recovery_code'") == 1


async def test_renewed_recovery_codes_end_the_earlier_ones(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    _, codes = await set_up_app(client, clock.now())
    token = csrf_of((await client.get("/personal/konto")).text)
    answer = await client.post("/personal/konto/reservkoder", data={"_csrf_token": token})
    fresh = codes_on(answer.text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert fresh[0] not in (await client.get("/personal/konto")).text
    browser = another_browser(client)
    await by_form(browser, "kim")
    assert (await type_code(browser, codes[0])).status_code == 422
    assert (await type_code(browser, fresh[0])).status_code == 303


async def test_somebody_elses_recovery_code_opens_nothing(kim: int, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_leader(clock.now())
    others = another_browser(client)
    await by_form(others, "robin")
    _, codes = await set_up_app(others, clock.now())
    await by_form(client, "kim")
    await set_up_app(client, clock.now())
    browser = another_browser(client)
    await by_form(browser, "kim")
    assert (await type_code(browser, codes[0])).status_code == 422


async def test_wrong_codes_have_to_wait_but_the_usual_browser_has_tries_of_its_own(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    clock.advance(seconds=30)
    thief = another_browser(client)
    for _ in range(4):
        await by_form(thief, "kim")
        for _again in range(3):
            answer = await type_code(thief, "000000")
    assert answer.status_code == 422
    assert "För många försök" in answer.text
    right = await type_code(thief, code_of(secret, clock.now()))
    assert right.status_code == 422, "a right password in between gives no fresh tries"
    assert await owner.fetchval("select count(*) from audit_entry where action = 'staff:wrong_code'") >= 5
    assert (await by_form(client, "kim")).headers["location"].startswith("/logga-in/kod")
    assert (await type_code(client, code_of(secret, clock.now()))).status_code == 303


async def test_a_quarter_of_an_hour_after_the_password_it_begins_anew(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    browser = another_browser(client)
    await by_form(browser, "kim")
    token = csrf_of((await browser.get("/logga-in/kod")).text)
    clock.advance(minutes=16)
    late = await browser.post("/logga-in/kod", data={"kod": code_of(secret, clock.now()), "_csrf_token": token})
    assert late.headers["location"] == "/logga-in?ut=steg&till=%2Fpersonal%2Fidag"
    assert "Det tog för lång tid" in (await browser.get(late.headers["location"])).text
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from half_sign_in") == 0


@pytest.mark.parametrize("address", ["/logga-in/kod", "/logga-in/skaffa-kod"])
async def test_without_a_password_before_it_the_second_step_leads_back(
    client: httpx.AsyncClient, address: str, clock: FrozenClock
) -> None:
    token = csrf_of((await client.get("/logga-in")).text)
    for cookie in ("", "x" * 32):
        client.cookies.set("steg", cookie)
        assert (await client.get(address)).headers["location"].startswith("/logga-in?ut=steg")
        answer = await client.post(address, data={"kod": "123456", "_csrf_token": token})
        assert answer.headers["location"].startswith("/logga-in?ut=steg")


HERE = {"origin": "http://testserver.local", "sec-fetch-site": "same-origin"}


async def test_the_second_tab_goes_on_when_the_first_has_given_the_code(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    await a_leader(clock.now(), "alex")
    browser, till = another_browser(client), "/personal/konto"
    await by_form(browser, "kim", till=till)
    shown = (await browser.get(f"/logga-in/kod?till={till}")).text
    clock.advance(seconds=30)
    form = {"kod": code_of(secret, clock.now()), "till": till, "anv": hidden(shown, "anv"), "_csrf_token": csrf_of(shown)}
    assert (await browser.post("/logga-in/kod", data=form, headers=HERE)).headers["location"] == till
    session = browser.cookies["staff"]
    # The other tab sends what it had, with the right code or none, or is loaded again.
    for kod in (form["kod"], "000000", ""):
        second = await browser.post("/logga-in/kod", data={**form, "kod": kod}, headers=HERE)
        assert (second.status_code, second.headers["location"]) == (303, till)
    led = (await browser.get(f"/logga-in/kod?till={till}")).headers["location"]
    assert (await browser.get(led)).headers["location"] == till
    # Whose password it was is another one, or is not said: the sign-in page, with nobody's session touched.
    for name in ("alex", ""):
        other = await browser.post("/logga-in/kod", data={**form, "anv": name}, headers=HERE)
        assert (other.status_code, "i en annan flik" in other.text) == (403, True)
        assert form["kod"] not in other.text
    refused = await browser.post("/logga-in/kod", data=form, headers={"origin": "https://evil.example"})
    assert (refused.status_code, "location" in refused.headers) == (403, False)
    assert browser.cookies["staff"] == session
    assert await owner.fetchval("select count(*) from staff_session where staff_id = $1", kim) == 2
    browser.cookies.delete("staff")
    assert (await browser.post("/logga-in/kod", data=form, headers=HERE)).status_code == 403
    assert "Det tog för lång tid" in (await browser.get(led)).text


async def test_a_code_with_a_token_of_before_is_asked_for_again_while_its_password_stands(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    browser = another_browser(client)
    await by_form(browser, "kim")
    shown = (await browser.get("/logga-in/kod")).text
    await by_form(browser, "kim")
    clock.advance(seconds=30)
    form = {"kod": code_of(secret, clock.now()), "anv": "kim", "_csrf_token": csrf_of(shown)}
    again = await browser.post("/logga-in/kod", data=form, headers=HERE)
    assert (again.status_code, "Skriv koden igen." in again.text, form["kod"] in again.text) == (403, True, False)
    sent = await browser.post("/logga-in/kod", data={**form, "_csrf_token": csrf_of(again.text)}, headers=HERE)
    assert sent.headers["location"] == "/personal/idag"


async def test_the_second_tab_goes_on_when_the_first_has_set_up_the_app(
    kim: int, strict: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await by_form(strict, "kim")
    old = (await strict.get("/logga-in/skaffa-kod")).text
    form = {"nyckel": key_on(old)[1], "anv": hidden(old, "anv"), "kod": "000000", "_csrf_token": csrf_of(old)}
    await by_form(strict, "kim")
    again = await strict.post("/logga-in/skaffa-kod", data=form, headers=HERE)
    assert (again.status_code, "Skriv koden igen." in again.text) == (403, True)
    assert key_on(again.text)[0] == key_on(old)[0], "what the app has been given stays good"
    secret, done = await first_app(strict, clock)
    assert done.status_code == 200
    sent = {**form, "kod": code_of(secret, clock.now()), "till": "/personal/konto"}
    assert (await strict.post("/logga-in/skaffa-kod", data=sent, headers=HERE)).headers["location"] == "/personal/konto"


async def test_one_step_cannot_be_taken_with_the_token_of_the_other(kim: int, clock: FrozenClock, keys: KeyFolder) -> None:
    enrol = await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now(), required=["coordinator"])
    assert isinstance(enrol, SecondStep)
    assert enrol.enrol
    browser = factors.Browser()
    assert isinstance(await factors.pass_code(enrol.token, "123456", keys, clock.now(), browser), factors.TooLate)


async def test_setting_up_an_app_ends_the_other_sessions_and_gives_this_one_another_id(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    other = another_browser(client)
    await by_form(other, "kim")
    await by_form(client, "kim")
    before = client.cookies["staff"]
    await set_up_app(client, clock.now())
    assert client.cookies["staff"] != before
    assert await load_principal(before, clock.now()) is None
    assert (await client.get("/personal/idag")).status_code == 200
    assert (await other.get("/personal/idag")).status_code == 303


async def test_another_app_instead_ends_the_first(kim: int, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await by_form(client, "kim")
    first, codes = await set_up_app(client, clock.now())
    clock.advance(minutes=1)
    second, _ = await set_up_app(client, clock.now())
    clock.advance(minutes=1)
    browser = another_browser(client)
    await by_form(browser, "kim")
    assert (await type_code(browser, code_of(first, clock.now()))).status_code == 422
    assert (await type_code(browser, codes[0])).status_code == 422
    assert (await type_code(browser, code_of(second, clock.now()))).status_code == 303


async def test_a_secret_opens_for_nobody_else_and_not_under_another_key(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    secret, _ = await set_up_app(client, clock.now())
    sealed = await owner.fetchval("select sealed from second_factor")
    assert keys.open_for_service("second-factor", f"staff/{kim}", sealed) == secret
    for name, about, content in (
        ("second-factor", f"staff/{kim}1", sealed),
        ("single-sign-on", f"staff/{kim}", sealed),
        ("second-factor", f"staff/{kim}", sealed[:20]),
        ("second-factor", f"staff/{kim}", b""),
    ):
        with pytest.raises(Unreadable):
            keys.open_for_service(name, about, content)


async def test_a_key_folder_that_was_exchanged_is_said_in_words_and_recovery_codes_still_work(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    secret, codes = await set_up_app(client, clock.now())
    await owner.execute("update second_factor set sealed = 'x'")
    browser = another_browser(client)
    await by_form(browser, "kim")
    answer = await type_code(browser, code_of(secret, clock.now()))
    assert answer.status_code == 409
    assert "Koden går inte att kontrollera" in answer.text
    assert (await type_code(browser, codes[0])).status_code == 303


async def a_half(staff_id: int, kind: str, now: datetime) -> str:
    async with transaction():
        return await sessions.begin_half(staff_id, kind, Browser(), now)


async def complete(half: str, staff_id: int, keys: KeyFolder, now: datetime) -> tuple[str, object]:
    """Setting up an app of its own by a sign-in that was begun: the secret, and what comes of it."""
    mine = factors.offer(staff_id, "kim", "x", keys, now)
    return mine.secret, await factors.enrol_first(half, mine.sealed, code_of(mine.secret, now), "x", keys, now)


async def test_an_older_sign_in_sets_up_no_app_in_the_place_of_one_that_was_set_up_since(
    kim: int, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    """Somebody else who knows the password has begun too, before there was an app."""
    mine, other, third = [await a_half(kim, kind, clock.now()) for kind in ("enrol", "enrol", "code")]
    _secret, answer = await complete(mine, kim, keys, clock.now())
    assert isinstance(answer, factors.Enrolled)
    before = await owner.fetchrow("select sealed, enrolled_at from second_factor")
    clock.advance(minutes=5)
    for half in (other, third):
        assert isinstance((await complete(half, kim, keys, clock.now()))[1], factors.TooLate)
    # Also one that has been begun by what was true a moment before.
    late = await a_half(kim, "enrol", clock.now())
    assert isinstance((await complete(late, kim, keys, clock.now()))[1], factors.SetUpSince)
    assert await owner.fetchrow("select sealed, enrolled_at from second_factor") == before
    assert await owner.fetchval("select count(*) from staff_session") == 1
    assert await owner.fetchval("select count(*) from recovery_code") == 10


async def test_of_two_that_set_up_an_app_at_once_one_is_let_in(
    kim: int, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    for _ in range(5):
        halves = [await a_half(kim, "enrol", clock.now()) for _ in range(2)]
        answers = dict(await asyncio.gather(*(complete(half, kim, keys, clock.now()) for half in halves)))
        [(secret, won)] = [(s, a) for s, a in answers.items() if isinstance(a, factors.Enrolled)]
        assert isinstance(won, factors.Enrolled)
        sealed = await owner.fetchval("select sealed from second_factor")
        assert keys.open_for_service("second-factor", f"staff/{kim}", sealed) == secret
        assert await owner.fetchval("select count(*) from staff_session") == 1
        await owner.execute("delete from second_factor; delete from recovery_code; delete from staff_session")


async def test_a_sign_in_that_is_ended_while_its_app_is_set_up_leaves_no_app(
    kim: int, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def taken(token: str) -> None:
        """Another request, as a new password, has ended it since it was looked at."""

    monkeypatch.setattr(factors.sessions, "take_half", taken)
    answer = (await complete(await a_half(kim, "enrol", clock.now()), kim, keys, clock.now()))[1]
    assert isinstance(answer, factors.TooLate)
    assert await owner.fetchval("select count(*) from second_factor") == 0


async def test_an_app_is_kept_only_by_who_has_just_shown_that_it_is_them(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    shown = await client.get("/personal/konto/kod")
    secret, sealed = key_on(shown.text)
    clock.advance(minutes=5)
    form = {"kod": code_of(secret, clock.now()), "nyckel": sealed, "_csrf_token": csrf_of(shown.text)}
    late = await client.post("/personal/konto/kod", data=form, headers={"referer": str(shown.url)})
    assert late.headers["location"].startswith("/personal/bekrafta?till=")
    assert await owner.fetchval("select count(*) from second_factor") == 0


async def test_while_the_key_of_code_apps_is_away_the_page_says_that_recovery_codes_work(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await by_form(client, "kim")
    secret, codes = await set_up_app(client, clock.now())
    at = keys.folder / "service/second-factor.key"
    whole = at.read_bytes()
    browser = another_browser(client)
    await by_form(browser, "kim")
    try:
        for spoil in (at.unlink, lambda: at.write_bytes(b"")):
            spoil()
            with capture_logs() as lines:
                answer = await type_code(browser, code_of(secret, clock.now()))
            assert (answer.status_code, "Använd en reservkod" in answer.text) == (409, True)
            # It leads back to where one is typed.
            assert 'href="/logga-in/kod"' in answer.text
            assert [line["key"] for line in lines if line["event"] == "unavailable"] == ["second-factor"]
        assert (await type_code(browser, codes[0])).status_code == 303
    finally:
        at.unlink(missing_ok=True)
        at.write_bytes(whole)
