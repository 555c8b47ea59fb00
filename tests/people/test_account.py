"""One's own sessions and password; rights that go with the next request; showing that it is oneself before an export."""

import re
from datetime import timedelta

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes import worker
from programmes.core.db import execute, transaction
from programmes.people import account_services as accounts
from programmes.people.password_rules import weaknesses
from programmes.people.queries import load_principal
from programmes.people.rules import device_word
from programmes.people.services import Browser, NotAdmitted, SignedIn, sign_in
from programmes.web.guards import CONFIRMED_FOR
from tests.clock import FrozenClock
from tests.factories import PASSWORD, SIGN_IN_KEY, a_cohort, a_coordinator, a_leader, csrf_of, post_form
from tests.owner import as_owner
from tests.people.cast import another_browser, by_form, code_of, set_up_app

STRONG = "solros hink gata molnen"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> int:
    return (await a_coordinator(clock.now())).staff_id


@pytest.mark.parametrize(
    ("agent", "word"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox/windows"),
        (PHONE, "safari/iphone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "edge/windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "chrome/android"),
        ("Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "chrome/chromebook"),
        ("<script>alert(1)</script>", "other/other"),
        ("", "other/other"),
    ],
)
def test_a_browser_is_told_by_two_plain_words(agent: str, word: str) -> None:
    assert device_word(agent) == word


async def test_of_a_browser_nothing_is_kept_but_the_two_words(
    kim: int, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await by_form(another_browser(client, PHONE), "kim")
    row = await owner.fetchrow("select * from staff_session")
    assert row["device"] == "safari/iphone"
    assert not any("Mozilla" in str(value) or "127.0.0.1" in str(value) for value in row.values())
    with pytest.raises(asyncpg.CheckViolationError, match="session_device_is_a_word"):
        async with transaction():
            await execute("update staff_session set device = 'Mozilla/5.0 (iPhone)'")


async def test_ones_sessions_are_listed_and_one_can_be_ended(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    phone = another_browser(client, PHONE)
    await by_form(phone, "kim")
    clock.advance(minutes=20)
    desk = another_browser(client)
    await by_form(desk, "kim", delad="ja")
    shown = (await desk.get("/personal/konto")).text
    assert "Safari på iPhone" in shown
    assert "Firefox på Windows" in shown
    assert "Delad dator" in shown
    assert "idag 10.00" in shown
    assert shown.index("Firefox") < shown.index("Safari")
    mark = re.findall(r'name="vilken" value="([0-9a-f]{32})"', shown)
    assert len(mark) == 1, "the own one has no button"
    answer = await desk.post("/personal/konto/session", data={"vilken": mark[0], "_csrf_token": csrf_of(shown)})
    assert "Den inloggningen är avslutad." in (await desk.get(answer.headers["location"])).text
    assert (await phone.get("/personal/idag")).status_code == 303
    assert (await desk.get("/personal/idag")).status_code == 200


async def test_nobody_ends_or_sees_the_session_of_somebody_else(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_leader(clock.now())
    robins = another_browser(client, PHONE)
    await by_form(robins, "robin")
    mark = await owner.fetchval("select left(encode(id, 'hex'), 32) from staff_session")
    await by_form(client, "kim")
    shown = (await client.get("/personal/konto")).text
    assert mark not in shown
    assert "iPhone" not in shown
    await client.post("/personal/konto/session", data={"vilken": mark, "_csrf_token": csrf_of(shown)})
    await client.post("/personal/konto/andra", data={"_csrf_token": csrf_of(shown)})
    assert (await robins.get("/personal/idag")).status_code == 200


async def test_all_other_sessions_end_at_once(kim: int, client: httpx.AsyncClient) -> None:
    others = [another_browser(client, PHONE) for _ in range(3)]
    for browser in (*others, client):
        await by_form(browser, "kim")
    await post_form(client, "/personal/konto/andra", {}, "/personal/konto")
    assert (await client.get("/personal/idag")).status_code == 200
    assert [(await browser.get("/personal/idag")).status_code for browser in others] == [303, 303, 303]


async def test_a_shared_device_is_signed_out_after_ten_minutes(
    kim: int, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    shared = await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now(), Browser(shared=True))
    own = await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now())
    assert isinstance(shared, SignedIn)
    assert isinstance(own, SignedIn)
    clock.advance(minutes=9, seconds=59)
    assert await load_principal(shared.token, clock.now())
    clock.advance(minutes=10)
    assert await load_principal(shared.token, clock.now()) is None
    assert await load_principal(own.token, clock.now())
    await worker.drain(the_worker)
    assert await owner.fetchval("select array_agg(shared) from staff_session") == [False]


async def test_an_id_chosen_by_an_attacker_is_never_a_session(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    """Session fixation: neither a made-up id nor one that was good before signing in is worth anything afterwards."""
    chosen = "a" * 32
    client.cookies.set("staff", chosen)
    answer = await by_form(client, "kim")
    assert len(answer.cookies["staff"]) == 32
    assert answer.cookies["staff"] != chosen
    assert await load_principal(chosen, clock.now()) is None
    attackers = await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now())
    assert isinstance(attackers, SignedIn)
    victim = another_browser(client)
    victim.cookies.set("staff", attackers.token)
    answer = await by_form(victim, "kim")
    assert len(answer.cookies["staff"]) == 32
    assert answer.cookies["staff"] != attackers.token
    assert await load_principal(attackers.token, clock.now()) is None


async def test_who_loses_a_role_loses_it_with_the_next_request(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await by_form(client, "kim")
    assert (await client.get("/personal/grupper/ny?insats=2.8")).status_code == 200
    async with as_owner():
        await accounts.change_roles("kim", [("leader", "")], clock.now())
    assert (await client.get("/personal/grupper/ny?insats=2.8")).headers["location"].startswith("/logga-in")
    await by_form(client, "kim")
    assert (await client.get("/personal/grupper/ny?insats=2.8")).status_code == 403


async def test_the_same_roles_again_sign_nobody_out(kim: int, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await by_form(client, "kim")
    async with as_owner():
        await accounts.change_roles("kim", [("coordinator", "")], clock.now())
    assert (await client.get("/personal/idag")).status_code == 200


async def test_who_is_removed_while_signed_in_is_out_with_the_next_request(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await by_form(client, "kim")
    async with as_owner():
        await accounts.deactivate("kim", clock.now())
    gone = await client.get("/personal/idag")
    assert gone.headers["location"].startswith("/logga-in")
    assert await owner.fetchval("select count(*) from staff_session") == 0
    assert (await by_form(client, "kim")).status_code == 422
    assert await sign_in("kim", PASSWORD, SIGN_IN_KEY, clock.now()) == NotAdmitted()


async def change(client: httpx.AsyncClient, present: str, wanted: str, again: str = "") -> httpx.Response:
    form: dict[str, object] = {"losen": present, "nytt": wanted, "igen": again or wanted}
    return await post_form(client, "/personal/konto/losenord", form)


async def test_the_present_password_is_no_new_one(
    kim: int, client: httpx.AsyncClient, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    await by_form(client, "kim")
    before = await owner.fetchval("select password_hash from staff where id = $1", kim)
    answer = await change(client, PASSWORD, PASSWORD)
    assert answer.status_code == 422
    assert "Det är det lösenord du har nu. Välj ett annat." in answer.text
    # Whoever does not know it is told that it is wrong, and nothing of which one it is.
    other = "en-helt-annan-mening-7"
    answer = await change(client, other, other)
    assert "Lösenordet stämmer inte." in answer.text
    assert "det lösenord du har nu. Välj" not in answer.text
    assert await owner.fetchval("select password_hash from staff where id = $1", kim) == before
    assert (await client.get("/personal/idag")).status_code == 200


async def test_another_password_ends_the_other_sessions_and_this_browser_stays_known(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    other = another_browser(client)
    await by_form(other, "kim")
    await by_form(client, "kim")
    before, device = client.cookies["staff"], client.cookies["enhet"]
    answer = await change(client, PASSWORD, STRONG)
    assert answer.headers["location"] == "/personal/konto?klart=losen"
    assert client.cookies["staff"] != before
    assert client.cookies["enhet"] != device
    assert (await other.get("/personal/idag")).status_code == 303
    assert await load_principal(before, clock.now()) is None
    assert (await client.get("/personal/konto?klart=losen")).status_code == 200
    assert (await by_form(another_browser(client), "kim")).status_code == 422
    assert (await by_form(another_browser(client), "kim", STRONG)).status_code == 303


@pytest.mark.parametrize(
    ("present", "wanted", "again", "said"),
    [
        ("fel", STRONG, "", "Lösenordet stämmer inte."),
        ("", STRONG, "", "Skriv det lösenord du har nu."),
        (PASSWORD, "", "", "Skriv ett nytt lösenord."),
        (PASSWORD, STRONG, "solros hink", "De två lösenorden är inte lika."),
        (PASSWORD, "kort-1x", "", "Det ska ha minst 12 tecken."),
        (PASSWORD, "Kim-Kim-2026!", "", "Det innehåller ditt namn eller kommunens."),
        (PASSWORD, "Karlshamn2026", "", "Det innehåller ett datum eller ett årtal."),
        (PASSWORD, "x" * 201, "", "Det får ha högst 200 tecken."),
    ],
)
async def test_a_password_that_is_not_taken_says_why_and_changes_nothing(
    kim: int, client: httpx.AsyncClient, owner: asyncpg.Connection, present: str, wanted: str, again: str, said: str
) -> None:
    await by_form(client, "kim")
    stored = await owner.fetchval("select password_hash from staff")
    answer = await change(client, present, wanted, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert not wanted or wanted not in answer.text
    assert await owner.fetchval("select password_hash from staff") == stored


def test_strength_is_judged_with_ones_own_words_and_swedish_ones() -> None:
    about = ("kim", "Kim Samordnare", "Karlshamns kommun")
    assert weaknesses("Samordnare2026!", about) == ["own"]
    assert weaknesses("sommaren2026!!", about) == ["common"]
    assert weaknesses("qwertyuiop123456", about)
    assert weaknesses("aaaaaaaaaaaaaaaa", about) == ["repeat"]
    assert weaknesses("elva tecken"[:11], about) == ["short"]
    assert weaknesses(STRONG, about) == []
    assert weaknesses("😀å" * 100, about) == ["repeat"]


async def test_somebody_at_an_open_screen_cannot_guess_the_password_for_long(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await by_form(client, "kim")
    for _ in range(6):
        answer = await change(client, "fel", STRONG)
    assert "För många försök" in answer.text
    assert (await by_form(another_browser(client), "kim")).status_code == 303


@pytest.fixture
async def export(kim: int, clock: FrozenClock, client: httpx.AsyncClient) -> str:
    """Kim has signed in six minutes ago, and wants the history of a queue."""
    cohort = await a_cohort("2.8", clock.now())
    await by_form(client, "kim")
    clock.advance(minutes=6)
    return f"/personal/grupper/{cohort.cohort_id}/ko.csv"


async def test_just_signed_in_an_export_asks_nothing_more(kim: int, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.8", clock.now())
    await by_form(client, "kim")
    clock.advance(minutes=4, seconds=59)
    answer = await client.get(f"/personal/grupper/{cohort.cohort_id}/ko.csv")
    assert answer.headers["content-type"].startswith("text/csv")


async def test_an_export_asks_once_more_who_it_is_and_then_gives_the_file(
    export: str, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    asked = await client.get(export)
    assert asked.status_code == 303
    shown = await client.get(asked.headers["location"])
    assert f'name="till" value="{export}"' in shown.text
    before = client.cookies["staff"]
    for typed, said in (("fel", "Lösenordet stämmer inte."), ("", "Skriv ditt lösenord.")):
        form = {"losen": typed, "till": export, "_csrf_token": csrf_of(shown.text)}
        answer = await client.post("/personal/bekrafta", data=form)
        assert answer.status_code == 422
        assert said in answer.text
        assert (await client.get(export)).status_code == 303
    form["losen"] = PASSWORD
    done = await client.post("/personal/bekrafta", data=form)
    assert done.status_code == 200
    assert f'href="{export}"' in done.text
    assert f'href="{export.removesuffix(".csv")}"' in done.text
    assert client.cookies["staff"] != before
    assert await load_principal(before, clock.now()) is None
    assert (await client.get(export)).headers["content-type"].startswith("text/csv")
    clock.advance(seconds=CONFIRMED_FOR.total_seconds())
    assert (await client.get(export)).status_code == 303
    assert await owner.fetchval("select count(*) from audit_entry where action = 'staff:confirm'") == 1


async def test_with_an_app_the_code_is_asked_for_and_counts_once_here_too(
    export: str, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await by_form(client, "kim")
    secret, codes = await set_up_app(client, clock.now())
    clock.advance(minutes=6)
    code = code_of(secret, clock.now())
    for typed, status in ((PASSWORD, 422), (code, 200)):
        answer = await post_form(
            client, "/personal/bekrafta", {"losen": typed, "kod": typed, "till": export}, f"/personal/bekrafta?till={export}"
        )
        assert answer.status_code == status
    clock.advance(minutes=5, seconds=10)
    for typed, status in ((code, 422), (codes[0], 200), (codes[0], 422)):
        answer = await post_form(client, "/personal/bekrafta", {"kod": typed, "till": export})
        assert answer.status_code == status, typed


async def test_who_is_signed_out_meanwhile_signs_in_first(
    export: str, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    clock.advance(hours=1)
    assert (await client.get(export)).headers["location"].startswith("/logga-in")
    token = csrf_of((await client.get("/logga-in")).text)
    answer = await client.post("/personal/bekrafta", data={"losen": PASSWORD, "_csrf_token": token})
    assert answer.headers["location"].startswith("/logga-in")


@pytest.mark.parametrize(
    "till", ["//evil.example/x.csv", "https://evil.example", "/personal/../x.csv", "/min-plats", "/personal/a.b.csv"]
)
async def test_showing_who_it_is_leads_nowhere_else(export: str, client: httpx.AsyncClient, till: str) -> None:
    shown = await client.get("/personal/bekrafta", params={"till": till})
    assert 'name="till" value="/personal/idag"' in shown.text
    assert "evil" not in shown.text.partition("<main")[2].partition("</main>")[0]
    answer = await client.post(
        "/personal/bekrafta", data={"losen": PASSWORD, "till": till, "_csrf_token": csrf_of(shown.text)}
    )
    assert answer.headers["location"] == "/personal/idag"


def test_every_file_to_take_home_asks_first(app: Litestar) -> None:
    """Every address that ends like a file stands behind the guard; calendars are read by programmes, with tokens. A sheet of
    slips is made of the codes that the browser sends, and says nothing about anybody."""
    guards = {
        route.path: [guard.__name__ for handler in route.route_handlers for guard in handler.guards or ()]
        for route in app.routes
        if re.search(r"\.(csv|xlsx|pdf|json|zip)$", route.path) and route.path.startswith("/personal")
    }
    assert guards
    sheets = {"/personal/grupper/{cohort_id:int}/utvardering/lappar.pdf", "/personal/utvarderingar/lador.pdf"}
    assert {path for path, found in guards.items() if "recently_confirmed" not in found} == sheets


async def test_a_session_from_before_this_release_goes_on_and_confirms_before_exports(
    kim: int, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """The web process of the release before writes only what it knows."""
    cohort = await a_cohort("2.8", clock.now())
    await owner.execute(
        "insert into staff_session (id, staff_id, created_at, seen_at) values (sha256('old'), $1, $2, $2)", kim, clock.now()
    )
    client.cookies.set("staff", "old")
    assert "Okänd webbläsare" in (await client.get("/personal/konto")).text
    assert (await client.get(f"/personal/grupper/{cohort.cohort_id}/ko.csv")).status_code == 303


async def test_a_session_is_not_confirmed_by_a_clock_that_jumps_back(
    export: str, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    clock.set(clock.now() - timedelta(hours=3))
    assert (await client.get(export)).status_code == 303
