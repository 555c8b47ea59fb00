"""Single sign-on with a real provider: whom it vouches for is let in, with the roles of their groups; no lie is believed."""

import hashlib
import hmac
import json
import re
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote

import asyncpg
import httpx
import oidc_provider_mock._app as mock
import pytest
from joserfc.jwk import RSAKey
from litestar import Litestar

from programmes.app import create_app
from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder
from programmes.people.provider_services import Provider
from programmes.people.queries import load_principal
from programmes.people.services import NotAdmitted, sign_in
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import PASSWORD, SIGN_IN_KEY, a_cohort, a_leader, csrf_of, post_form
from tests.owner import as_owner
from tests.people.cast import another_browser
from tests.people.oidc import Claims, Listening, Lying, Plain, about, asked, employ, running, say_yes, through


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture(scope="module")
def service(settings: Settings, run_clock: FrozenClock, issuer: str) -> Litestar:
    """The service with the provider, built once: only `Provider` remembers anything between requests."""
    return create_app(replace(settings, single_sign_on=about(issuer)), run_clock, own_pool=False)


@pytest.fixture
def sso_app(service: Litestar, settings: Settings, clock: FrozenClock, db: None, issuer: str) -> Litestar:
    """The service, knowing nothing yet of its provider. The provider lives in real time, so this clock stands at it."""
    clock.set(datetime.now(UTC))
    service.state.provider = Provider(about(issuer), settings.base_url, Plain())
    return service


@pytest.fixture
async def browser(sso_app: Litestar, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=sso_app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as made:
        yield made


@pytest.fixture
def lying(sso_app: Litestar, issuer: str, settings: Settings) -> Lying:
    """The provider's answers can be altered from here on."""
    transport = Lying()
    sso_app.state.provider = Provider(about(issuer), settings.base_url, transport)
    return transport


async def staff(owner: asyncpg.Connection) -> list[tuple[str, str, list[str]]]:
    rows = await owner.fetch(
        """select username, display_name,
                  array(select role || '/' || section from staff_role r where r.staff_id = p.id order by 1) as roles
           from staff p order by p.id"""
    )
    return [(row["username"], row["display_name"], row["roles"]) for row in rows]


async def test_who_the_provider_vouches_for_is_let_in_with_the_roles_of_their_groups(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, clock: FrozenClock, keys: KeyFolder
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare", "stod-ledare", "alla-anstallda")
    browser.cookies.set("staff", "x" * 32)
    answer = await through(browser, "u-1", "/logga-in/konto?till=/personal/grupper/ny%3Finsats%3D2.8")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/personal/grupper/ny?insats=2.8"
    assert await staff(owner) == [("kim", "Kim Berg", ["coordinator/", "leader/2.8"])]
    token = answer.cookies["staff"]
    person = await load_principal(token, clock.now())
    assert person
    assert person.roles == {"coordinator": frozenset(), "leader": frozenset({"2.8"})}
    row = await owner.fetchrow("select * from staff, staff_session")
    assert row["password_hash"] == ""
    assert (row["oidc_issuer"], row["oidc_subject"]) == (issuer, "u-1")
    assert b"eyJ" not in row["sealed_hint"], "the ID token is sealed"
    assert await sign_in("kim", "", SIGN_IN_KEY, clock.now()) == NotAdmitted()


async def test_the_way_there_has_pkce_state_and_nonce_of_its_own(
    browser: httpx.AsyncClient, sso_app: Litestar, issuer: str, settings: Settings
) -> None:
    listening = Listening()
    sso_app.state.provider = Provider(about(issuer), settings.base_url, listening)
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    ways = [(await browser.get("/logga-in/konto")).headers["location"] for _ in range(2)]
    first, second = map(asked, ways)
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 32
        assert first[name] != second[name]
    assert second["code_challenge_method"] == "S256"
    assert second["redirect_uri"] == f"{settings.base_url}/logga-in/svar"
    assert second["scope"].split() == ["openid", "profile"]
    answer = await browser.get(await say_yes(ways[1], "u-1"))
    assert answer.status_code == 303
    authorization, form = listening.sent[0]
    made = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert made == second["code_challenge"]
    assert form["code_verifier"] not in ways[1]
    name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    assert (unquote(name), unquote(secret)) == ("stod", "hemlig:ö")
    assert "client_secret" not in form


async def test_what_the_browser_carries_there_cannot_be_read(browser: httpx.AsyncClient) -> None:
    there = await browser.get("/logga-in/konto")
    state = asked(there.headers["location"])["state"]
    carried = there.cookies["konto"]
    assert len(carried) < 1500
    assert state not in carried
    assert state.encode() not in b64decode(carried.strip('"').encode(), altchars=b"-_")


async def test_roles_follow_the_groups_and_a_change_ends_every_other_session(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    second = another_browser(browser)
    await through(second, "u-1")
    assert (await browser.get("/personal/idag")).status_code == 200, "the same groups end nothing"
    await employ(issuer, "u-1", "Kim Berg-Ek", "stod-ledare")
    third = another_browser(browser)
    assert (await through(third, "u-1")).status_code == 303
    assert await staff(owner) == [("kim", "Kim Berg-Ek", ["leader/2.8"])]
    assert (await browser.get("/personal/idag")).status_code == 303
    assert (await second.get("/personal/idag")).status_code == 303
    assert (await third.get("/personal/idag")).status_code == 200
    assert (await third.get("/personal/grupper/ny?insats=2.8")).status_code == 403


@pytest.mark.parametrize("groups", [(), ("alla-anstallda",), ("stod-samordnare2", "STOD-LEDARE")])
async def test_who_is_in_no_group_of_ours_is_told_so_and_stays_outside(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, groups: tuple[str, ...]
) -> None:
    await employ(issuer, "u-2", "Noa <b>Lind</b>", *groups)
    answer = await through(browser, "u-2")
    assert answer.status_code == 403
    assert "Du har ingen roll här" in answer.text
    assert "Noa &lt;b&gt;Lind" in answer.text
    assert not answer.cookies.get("staff")
    assert await staff(owner) == []


async def test_who_has_left_the_groups_is_out_and_what_they_did_stays(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    await employ(issuer, "u-1", "Kim Berg")
    assert (await through(another_browser(browser), "u-1")).status_code == 403
    assert await staff(owner) == [("kim", "Kim Berg", [])]
    assert (await browser.get("/personal/idag")).status_code == 303


async def test_an_account_that_an_administrator_has_ended_stays_ended(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    await owner.execute("update staff set active = false")
    answer = await through(another_browser(browser), "u-1")
    assert (answer.status_code, "Ditt konto här är avslutat" in answer.text) == (403, True)
    english = await through(another_browser(browser), "u-1", "/logga-in/konto?lang=en")
    assert "kommunens" not in english.text.partition("<main")[2]
    assert (await browser.get("/personal/idag")).status_code == 303


async def test_a_local_account_of_the_same_name_stays_apart(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    robin = await a_leader(clock.now())
    await employ(issuer, "u-3", "Robin Ek", "stod-samordnare")
    assert (await through(browser, "u-3")).status_code == 303
    found = await staff(owner)
    assert found[0] == ("robin", "Robin", ["leader/"])
    assert re.fullmatch(r"robin-[0-9a-f]{8}", found[1][0])
    assert await owner.fetchval("select staff_id from staff_session") != robin.staff_id


async def test_an_account_of_single_sign_on_can_have_no_password(
    browser: httpx.AsyncClient, issuer: str, client: httpx.AsyncClient
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    with pytest.raises(asyncpg.CheckViolationError, match="single_sign_on_without_password"):
        async with as_owner(), transaction():
            await execute("update staff set password_hash = 'x'")
    for address in ("/personal/konto/losenord", "/personal/konto/kod"):
        assert (await browser.get(address)).status_code == 404
    assert "Du loggar in med kommunens konto." in (await browser.get("/personal/konto")).text


def claim(**changes: object) -> Callable[[Claims], Claims]:
    """The claims with some of them changed, or left out where they are None."""
    return lambda claims: {name: value for name, value in {**claims, **changes}.items() if value is not None}


LIES: list[tuple[str, Callable[[Claims], Claims], str]] = [
    ("a wrong nonce", claim(nonce="x"), "Svaret hörde till en annan inloggning."),
    ("no nonce", claim(nonce=None), "Svaret hörde till en annan inloggning."),
    ("another audience", claim(aud="annan"), "Svaret var till någon annan tjänst."),
    ("another audience with us as its party", claim(aud="annan", azp="stod"), "Svaret var till någon annan tjänst."),
    ("audiences without us", claim(aud=["annan", "tredje"]), "Svaret var till någon annan tjänst."),
    ("several audiences, another party", claim(aud=["stod", "annan"], azp="annan"), "Svaret var till någon annan tjänst."),
    ("several audiences, no party", claim(aud=["stod", "annan"]), "Svaret var till någon annan tjänst."),
    ("no audience", claim(aud=None), "Svaret var till någon annan tjänst."),
    ("another issuer", claim(iss="https://evil.example"), "Svaret kom från fel avsändare."),
    ("expired", lambda c: {**c, "exp": time.time() - 3600}, "Svaret hade gått ut."),
    ("no end", claim(exp=None), "Svaret gick inte att förstå."),
    ("an end in words", claim(exp="imorgon"), "Svaret gick inte att förstå."),
    ("issued tomorrow", lambda c: {**c, "iat": time.time() + 86400}, "Svaret hade fel tid."),
    ("no subject", claim(sub=None), "Svaret gick inte att förstå."),
    ("an empty subject", claim(sub=""), "Svaret gick inte att förstå."),
    ("a subject that is a number", claim(sub=7), "Svaret gick inte att förstå."),
    ("a subject that no database keeps", claim(sub="u-1\0"), "Svaret gick inte att förstå."),
    ("a subject of two lines", claim(sub="u-1\nu-2"), "Svaret gick inte att förstå."),
    ("a token for another access", claim(at_hash="x"), "Svaret gick inte att förstå."),
    ("a time that no number holds", claim(auth_time=10**400), "Svaret gick inte att förstå."),
    ("a time in words", claim(auth_time="nyss"), "Svaret gick inte att förstå."),
    ("groups that are none", claim(groups={"stod-samordnare": True}), "vilka grupper du är med i."),
    ("groups in groups", claim(groups=[["stod-samordnare"]]), "vilka grupper du är med i."),
    ("a name that no text holds and no groups", claim(name="Kim \ud800", groups=[7] * 9000), "vilka grupper du är med i."),
]


async def nobody(answer: httpx.Response, owner: asyncpg.Connection) -> None:
    """Nobody is signed in, and nobody has been made."""
    assert not answer.cookies.get("staff")
    assert await owner.fetchval("select count(*) from staff_session") == 0
    assert await owner.fetchval("select count(*) from staff") == 0


@pytest.mark.parametrize(("lie", "said"), [(lie, said) for _, lie, said in LIES], ids=[name for name, _, _ in LIES])
async def test_a_token_that_lies_is_not_believed_and_the_reason_is_said(
    browser: httpx.AsyncClient,
    lying: Lying,
    issuer: str,
    owner: asyncpg.Connection,
    capsys: pytest.CaptureFixture[str],
    lie: Callable[[Claims], Claims],
    said: str,
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    lying.lie = lie
    answer = await through(browser, "u-1")
    assert answer.status_code == 403
    assert "Du är inte inloggad" in answer.text
    assert said in answer.text
    await nobody(answer, owner)
    out = capsys.readouterr().out
    assert "single_sign_on_failed" in out
    assert not any(word in out for word in ("Kim", "u-1", "evil", "eyJ"))
    lying.lie = dict
    assert (await through(browser, "u-1")).status_code == 303, "an honest answer afterwards is believed"


async def test_a_token_that_the_providers_keys_have_not_signed_is_not_believed(
    browser: httpx.AsyncClient, lying: Lying, issuer: str, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    strangers = RSAKey.generate_key(2048, {"kid": "a"})

    def unsigned(claims: Claims) -> str:
        head, body, _ = lying.signed(claims).split(".")
        none = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        assert head != none
        return f"{none}.{body}."

    def symmetric(claims: Claims) -> str:
        """With what everybody can read, the public key, as the secret of an HMAC (CVE-2016-10555)."""
        head = urlsafe_b64encode(b'{"alg":"HS256","kid":"a"}').rstrip(b"=").decode()
        said = f"{head}.{lying.signed(claims).split('.')[1]}"
        made = hmac.new(lying.key.as_pem(private=False), said.encode(), "sha256").digest()
        return f"{said}.{urlsafe_b64encode(made).rstrip(b'=').decode()}"

    def altered(claims: Claims) -> str:
        head, _, tail = lying.signed(claims).split(".")
        body = lying.signed({**claims, "sub": "u-9"}, strangers).split(".")[1]
        return f"{head}.{body}.{tail}"

    for token in (lambda c: lying.signed(c, strangers), unsigned, symmetric, altered, lambda _: "x.y.z", lambda _: ""):
        lying.token = token
        answer = await through(browser, "u-1")
        assert answer.status_code == 403
        assert "Svarets underskrift stämde inte." in answer.text
        await nobody(answer, owner)


async def test_keys_that_the_provider_has_changed_are_fetched_again(
    browser: httpx.AsyncClient, lying: Lying, issuer: str
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    assert (await through(browser, "u-1")).status_code == 303
    assert lying.looked == 1
    assert (await through(browser, "u-1")).status_code == 303
    assert lying.looked == 1, "keys are kept"
    lying.key = RSAKey.generate_key(2048, {"kid": "b"})
    lying.publish(lying.key)
    assert (await through(browser, "u-1")).status_code == 303
    assert lying.looked == 2


def broken(status: int = 200, text: str = "") -> Callable[[Claims], httpx.Response]:
    return lambda _: httpx.Response(status, text=text)


@pytest.mark.parametrize(
    ("end", "change", "status", "said"),
    [
        ("/token", broken(500), 503, "Inloggningen svarar inte"),
        ("/token", broken(400, '{"error": "invalid_grant"}'), 403, "Svaret gick inte att förstå."),
        ("/token", broken(200, "<html>"), 403, "Svaret gick inte att förstå."),
        ("/token", broken(200, "[" * 100_000), 403, "Svaret gick inte att förstå."),
        ("/token", broken(200, "[]"), 403, "Svaret gick inte att förstå."),
        ("/token", lambda c: {**c, "id_token": None}, 403, "Svaret gick inte att förstå."),
        ("/token", broken(302), 403, "Svaret gick inte att förstå."),
        ("/jwks", broken(503), 503, "Inloggningen svarar inte"),
        ("/jwks", lambda _: {"keys": "inga"}, 403, "Svaret gick inte att förstå."),
        ("/jwks", broken(200, '{"keys":[' + "[" * 300_000), 403, "Svaret gick inte att förstå."),
        ("/jwks", lambda _: {}, 403, "Svaret gick inte att förstå."),
    ],
)
async def test_answers_that_are_no_answers_are_said_in_words(
    browser: httpx.AsyncClient,
    lying: Lying,
    issuer: str,
    owner: asyncpg.Connection,
    end: str,
    change: Callable[[Claims], object],
    status: int,
    said: str,
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    lying.others[end] = change
    answer = await through(browser, "u-1")
    assert answer.status_code == status
    assert said in answer.text
    await nobody(answer, owner)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (broken(500), 503),
        (lambda c: {**c, "issuer": "https://evil.example"}, 403),
        (lambda c: {**c, "authorization_endpoint": "javascript:alert(1)"}, 403),
        (lambda c: {**c, "token_endpoint": "file:///etc/passwd"}, 403),
        (lambda c: {**c, "jwks_uri": None}, 403),
        (lambda c: {**c, "token_endpoint": "https://["}, 403),
        (lambda c: broken(200, json.dumps({**c, "authorization_endpoint": "https://a.example/\ud800"}))(c), 403),
        (lambda c: {**c, "end_session_endpoint": "https://a.example/\r\nset-cookie: a"}, 403),
        (broken(200, "x"), 403),
        (broken(200, "[" * 400_000), 403),
    ],
)
async def test_a_provider_that_publishes_nonsense_is_not_gone_to(
    browser: httpx.AsyncClient, lying: Lying, change: Callable[[Claims], object], status: int
) -> None:
    lying.others["/openid-configuration"] = change
    answer = await browser.get("/logga-in/konto")
    assert answer.status_code == status
    assert "location" not in answer.headers
    assert "Logga in för personal" in answer.text


async def test_a_name_that_no_text_holds_is_shown_without_what_cannot_be_shown(
    browser: httpx.AsyncClient, lying: Lying, issuer: str, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    lying.lie = claim(name="Kim \ud800B\0erg", preferred_username="k\udfffim")
    assert (await through(browser, "u-1")).status_code == 303
    assert await staff(owner) == [("kim", "Kim Berg", ["coordinator/"])]
    lying.lie = claim(name="Kim \ud800B\0erg", groups=[])
    answer = await through(browser, "u-1")
    assert (answer.status_code, "Kim Berg" in answer.text) == (403, True)


async def test_groups_are_asked_for_where_the_token_names_none_and_must_be_the_same_persons(
    browser: httpx.AsyncClient, lying: Lying, issuer: str, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    lying.lie = claim(groups=None)
    lying.others["/userinfo"] = lambda found: {**found, "sub": "u-9"}
    answer = await through(browser, "u-1")
    assert "Svaret handlade om två olika konton." in answer.text
    await nobody(answer, owner)
    lying.others.clear()
    assert (await through(browser, "u-1")).status_code == 303
    assert await staff(owner) == [("kim", "Kim Berg", ["coordinator/"])]


async def test_a_provider_that_is_down_is_said_in_words_and_local_accounts_still_work(
    browser: httpx.AsyncClient, sso_app: Litestar, settings: Settings, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    await a_leader(clock.now())
    sso_app.state.provider = Provider(about("http://127.0.0.1:9"), settings.base_url)
    answer = await browser.get("/logga-in/konto")
    assert answer.status_code == 503
    assert "Inloggningen svarar inte" in answer.text
    local = await browser.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, "_csrf_token": csrf_of(answer.text)})
    assert local.status_code == 303


async def test_a_provider_that_goes_down_on_the_way_back_loses_nothing(
    browser: httpx.AsyncClient, sso_app: Litestar, issuer: str, settings: Settings, owner: asyncpg.Connection
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    back = await say_yes((await browser.get("/logga-in/konto")).headers["location"], "u-1")
    sso_app.state.provider = Provider(about("http://127.0.0.1:9"), settings.base_url)
    answer = await browser.get(back)
    assert answer.status_code == 503
    await nobody(answer, owner)
    sso_app.state.provider = Provider(about(issuer), settings.base_url)
    assert (await through(browser, "u-1")).status_code == 303


async def test_an_answer_to_another_browser_or_another_way_is_refused(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    victim = another_browser(browser)
    mine = await say_yes((await browser.get("/logga-in/konto")).headers["location"], "u-1")
    no_way = await victim.get(mine)
    assert no_way.status_code == 403
    assert "påbörjades i en annan flik" in no_way.text
    await victim.get("/logga-in/konto")
    another_way = await victim.get(mine)
    assert another_way.status_code == 403
    assert "påbörjades i en annan flik eller webbläsare" in another_way.text
    await nobody(another_way, owner)
    victim.cookies.set("konto", "A" * 400)
    assert (await victim.get(mine)).status_code == 403


async def test_an_answer_is_good_once_and_not_for_long(browser: httpx.AsyncClient, issuer: str, clock: FrozenClock) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    there = await browser.get("/logga-in/konto")
    carried = there.cookies["konto"]
    back = await say_yes(there.headers["location"], "u-1")
    assert (await browser.get(back)).status_code == 303
    assert (await browser.get(back)).status_code == 403, "the cookie has gone"
    again = another_browser(browser)
    again.cookies.set("konto", carried.strip('"'))
    assert (await again.get(back)).status_code == 403, "the provider gives a token once for a code"
    late = await say_yes((await browser.get("/logga-in/konto")).headers["location"], "u-1")
    clock.advance(minutes=16)
    assert (await browser.get(late)).status_code == 403


async def test_who_says_no_there_is_not_signed_in_here(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection
) -> None:
    there = (await browser.get("/logga-in/konto")).headers["location"]
    state = asked(there)["state"]
    for error, status, said in (
        ("access_denied", 403, "Inloggningen avbröts"),
        ("temporarily_unavailable", 503, "Inloggningen svarar inte"),
        ("<script>", 403, "Inloggningen avbröts"),
    ):
        await browser.get("/logga-in/konto")
        state = asked((await browser.get("/logga-in/konto")).headers["location"])["state"]
        answer = await browser.get("/logga-in/svar", params={"error": error, "state": state})
        assert answer.status_code == status
        assert said in answer.text
        assert "<script>alert" not in answer.text
        await nobody(answer, owner)


async def test_an_answer_that_names_another_provider_is_refused(browser: httpx.AsyncClient, issuer: str) -> None:
    """RFC 9207, against mixed-up providers."""
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    back = await say_yes((await browser.get("/logga-in/konto")).headers["location"], "u-1")
    answer = await browser.get(f"{back}&iss=https://evil.example")
    assert "Svaret kom från fel avsändare." in answer.text


async def test_signing_out_ends_the_session_here_and_leads_on_to_the_provider(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, settings: Settings
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    shown = await browser.get("/personal/idag")
    answer = await browser.post("/logga-ut", data={"_csrf_token": csrf_of(shown.text)})
    assert await owner.fetchval("select count(*) from staff_session") == 0
    leads = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', answer.text)
    assert leads
    address = unescape(leads[1])
    assert address.startswith(f"{issuer}/oauth2/end_session?")
    told = asked(address)
    assert told["post_logout_redirect_uri"] == f"{settings.base_url}/logga-in"
    assert told["client_id"] == "stod"
    async with httpx.AsyncClient(transport=Plain()) as there:
        assert "not set" not in (await there.get(address)).text, "the provider knows whom to sign out"
    # Back from there, whose way back has no words of ours in it.
    assert "Du är utloggad." in (await browser.get(told["post_logout_redirect_uri"])).text
    assert "Du är utloggad." not in (await browser.get("/logga-in")).text


async def test_signing_out_works_here_when_the_provider_is_down(
    browser: httpx.AsyncClient, sso_app: Litestar, issuer: str, owner: asyncpg.Connection, settings: Settings
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    shown = await browser.get("/personal/idag")
    sso_app.state.provider = Provider(about("http://127.0.0.1:9"), settings.base_url)
    answer = await browser.post("/logga-ut", data={"_csrf_token": csrf_of(shown.text)})
    assert "Vi kunde inte logga ut dig från kommunens konto." in answer.text
    assert await owner.fetchval("select count(*) from staff_session") == 0


@pytest.fixture
def says_when(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """When the person last signed in at the provider, as it says in its tokens; none as long as this is empty."""
    when: list[int] = []
    monkeypatch.setattr(mock.AuthorizationCode, "get_auth_time", lambda _: when[0] if when else None)
    return when


async def an_export(browser: httpx.AsyncClient, clock: FrozenClock) -> str:
    """An address of a file, which asks first."""
    cohort = await a_cohort("2.8", clock.now())
    clock.advance(minutes=6)
    address = f"/personal/grupper/{cohort.cohort_id}/ko.csv"
    assert (await browser.get(address)).headers["location"].startswith("/personal/bekrafta")
    return address


def way_to_confirm(text: str) -> str:
    found = re.search(r'href="(/logga-in/konto\?[^"]+)"', text)
    assert found
    return unescape(found[1])


async def test_before_an_export_they_sign_in_there_again(
    browser: httpx.AsyncClient, issuer: str, clock: FrozenClock, says_when: list[int]
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    address = await an_export(browser, clock)
    clock.set(datetime.now(UTC))
    shown = await browser.get(f"/personal/bekrafta?till={address}")
    start = way_to_confirm(shown.text)
    there = asked((await browser.get(start)).headers["location"])
    assert (there["prompt"], there["max_age"]) == ("login", "0")
    before = browser.cookies["staff"]
    says_when[:] = [int(clock.now().timestamp())]
    answer = await through(browser, "u-1", start)
    done = await browser.get(answer.headers["location"])
    assert f'href="{address}"' in done.text
    assert browser.cookies["staff"] != before
    assert await load_principal(before, clock.now()) is None
    clock.advance(minutes=4)
    assert (await browser.get(address)).headers["content-type"].startswith("text/csv")


async def test_only_a_fresh_sign_in_there_counts_as_shown_again(
    browser: httpx.AsyncClient, issuer: str, clock: FrozenClock, lying: Lying, owner: asyncpg.Connection
) -> None:
    """Who signed in there in the morning comes here without a word: somebody else may sit there by then."""
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    now = int(clock.now().timestamp())
    address = f"/personal/grupper/{(await a_cohort('2.8', clock.now())).cohort_id}/ko.csv"
    for when, status, shown in (
        (now - 4000, 303, datetime.fromtimestamp(now - 4000, UTC)),
        (None, 303, None),
        (now - 30, 200, datetime.fromtimestamp(now - 30, UTC)),
        # Its clock is ahead: no later than now.
        (now + 4000, 200, clock.now()),
    ):
        lying.lie = claim(auth_time=when)
        await through(browser, "u-1")
        assert await owner.fetchval("select max(confirmed_at) from staff_session") == shown
        answer = await browser.get(address)
        assert answer.status_code == status, when
        if status == 303:
            assert answer.headers["location"].startswith("/personal/bekrafta")
        assert (await browser.get("/personal/idag")).status_code == 200


async def test_a_provider_that_did_not_ask_again_or_asked_somebody_else_confirms_nothing(
    browser: httpx.AsyncClient, issuer: str, clock: FrozenClock, says_when: list[int], owner: asyncpg.Connection
) -> None:
    for subject, name in (("u-1", "Kim Berg"), ("u-4", "Ali Dahl")):
        await employ(issuer, subject, name, "stod-samordnare")
    await through(browser, "u-1")
    address = await an_export(browser, clock)
    start = f"/logga-in/konto?avsikt=bekrafta&till={address}"
    now = int(clock.now().timestamp())
    for subject, when, said in (
        ("u-1", [], "Svaret visade inte att du nyss har loggat in."),
        ("u-1", [now - 3600], "Svaret visade inte att du nyss har loggat in."),
        ("u-1", [now + 3600], "Svaret visade inte att du nyss har loggat in."),
        ("u-4", [now], "Det var ett annat konto som loggade in."),
    ):
        says_when[:] = when
        answer = await through(browser, subject, start)
        assert answer.status_code == 403
        assert "Vi kunde inte se att det är du" in answer.text
        assert said in answer.text
        assert "Du är kvar inloggad." in answer.text
        assert (await browser.get(address)).status_code == 303
    assert (await browser.get("/personal/idag")).status_code == 200
    assert await owner.fetchval("select count(*) from staff") == 1
    nobody = await through(another_browser(browser), "u-1", start)
    assert (nobody.status_code, "Du är kvar inloggad" in nobody.text) == (403, False)


async def test_the_form_of_the_password_confirms_nothing_for_them(
    browser: httpx.AsyncClient, issuer: str, clock: FrozenClock
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await through(browser, "u-1")
    address = await an_export(browser, clock)
    answer = await post_form(browser, "/personal/bekrafta", {"losen": "", "kod": "1", "till": address}, "/personal/konto")
    assert answer.status_code == 303
    assert (await browser.get(address)).status_code == 303


async def test_on_a_shared_device_they_sign_in_there_anew_and_out_there_also_when_the_session_has_ended(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, clock: FrozenClock, says_when: list[int]
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    shared = "/logga-in/konto?delad=ja"
    told = asked((await browser.get(shared)).headers["location"])
    assert (told["prompt"], told["max_age"]) == ("login", "0")
    # Whoever had the device before is still signed in there: that is nobody here.
    says_when[:] = [int(clock.now().timestamp()) - 3600]
    assert "nyss har loggat in" in (await through(browser, "u-1", shared)).text
    says_when[:] = [int(clock.now().timestamp())]
    answer = await through(browser, "u-1", shared)
    assert "enhet" not in answer.cookies
    assert await owner.fetchval("select shared from staff_session")
    token = csrf_of((await browser.get("/personal/idag")).text)
    clock.advance(minutes=11)
    assert (await browser.get("/personal/idag")).status_code == 303
    await owner.execute("delete from staff_session")
    leads = re.search(r'url=([^"]+)">', (await browser.post("/logga-ut", data={"_csrf_token": token})).text)
    assert leads
    assert unescape(leads[1]).startswith(f"{issuer}/oauth2/end_session?client_id=stod")
    # Signed out, and after a local sign-in, it leads nowhere else.
    token = browser.cookies["csrftoken"]
    assert (await browser.post("/logga-ut", data={"_csrf_token": token})).headers["location"] == "/logga-in"


async def test_a_shared_device_stays_one_for_whoever_comes_next_until_somebody_says_otherwise(
    browser: httpx.AsyncClient, issuer: str, owner: asyncpg.Connection, clock: FrozenClock, says_when: list[int]
) -> None:
    await employ(issuer, "u-1", "Kim Berg", "stod-samordnare")
    await employ(issuer, "u-4", "Ali Dahl", "stod-ledare")
    says_when[:] = [int(clock.now().timestamp())]
    await through(browser, "u-1", "/logga-in/konto?delad=ja")
    clock.advance(minutes=11)
    shown = await browser.get("/logga-in")
    assert "den här datorn är delad" in shown.text
    # The ordinary button: who was there before is still signed in at the provider, and that is nobody here.
    there = asked((await browser.get(way_to_confirm(shown.text))).headers["location"])
    assert (there.get("prompt"), there.get("max_age")) == ("login", "0")
    assert "nyss har loggat in" in (await through(browser, "u-1")).text
    says_when[:] = [int(clock.now().timestamp())]
    assert (await through(browser, "u-4")).status_code == 303
    assert await owner.fetchval("select every(shared) from staff_session")
    # Signing out, and a sign-in by name, say nothing of the device.
    token = csrf_of((await browser.get("/personal/idag")).text)
    await browser.post("/logga-ut", data={"_csrf_token": token})
    assert browser.cookies["genom"] == "delad"
    await a_leader(clock.now())
    shown = await browser.get("/logga-in")
    await browser.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, "_csrf_token": csrf_of(shown.text)})
    assert browser.cookies["genom"] == "delad"
    # Who says that it is their own shows once more that it is them; then it is.
    own = "/logga-in/konto?delad=nej"
    assert asked((await browser.get(own)).headers["location"]).get("prompt") == "login"
    assert (await through(browser, "u-1", own)).status_code == 303
    assert browser.cookies["genom"] == "konto"
    assert "prompt" not in asked((await browser.get("/logga-in/konto")).headers["location"])
    assert await owner.fetchval("select count(*) from staff_session where not shared") == 1


async def test_who_signs_in_by_name_and_says_that_the_device_is_shared_says_it_for_the_provider_too(
    browser: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_leader(clock.now())
    token = csrf_of((await browser.get("/logga-in")).text)
    await browser.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, "delad": "ja", "_csrf_token": token})
    assert asked((await browser.get("/logga-in/konto")).headers["location"]).get("prompt") == "login"


async def test_the_sign_in_page_has_the_provider_first_and_local_accounts_in_a_fold(
    browser: httpx.AsyncClient, sso_app: Litestar, settings: Settings, clock: FrozenClock, issuer: str
) -> None:
    shown = (await browser.get("/logga-in?till=/personal/grupper")).text
    assert 'href="/logga-in/konto?till=/personal/grupper"' in shown
    assert shown.count("btn--main") == 1
    assert "<details><summary>Logga in med användarnamn och lösenord i stället" in shown
    wrong = await browser.post("/logga-in", data={"anv": "x", "losen": "y", "_csrf_token": csrf_of(shown)})
    assert "<details open>" in wrong.text
    only = create_app(replace(settings, single_sign_on=about(issuer), local_accounts=False), clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=only), base_url=settings.base_url) as other:
        page = (await other.get("/logga-in")).text
        assert 'name="losen"' not in page
        await a_leader(clock.now())
        token = (await other.get("/min-plats")).text
        answer = await other.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, "_csrf_token": csrf_of(token)})
        assert answer.status_code == 404


async def test_without_a_provider_there_is_no_way_to_one(client: httpx.AsyncClient) -> None:
    for address in ("/logga-in/konto", "/logga-in/svar?code=x&state=y"):
        assert (await client.get(address)).status_code == 404
