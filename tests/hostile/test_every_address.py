"""Every address and every form, with values that no honest browser sends: never a 5xx, never a trace."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from programmes.cohorts import queries as cohorts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, csrf_of, sign_in_as, somebody
from tests.hostile.headers import judge_headers

HOSTILE = [
    "",
    "0",
    "-1",
    "99999999999999999999",
    "2147483648",
    "1e3",
    "²",
    "\x00",
    "a\x00b",
    "\ud7ff\u202e",
    "'; drop table seat; --",
    "{{ 7*7 }}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "2026-13-45",
    "25:61",
    "x" * 5000,
    "😀" * 300,
    "00000000-0000-0000-0000-000000000000",
]
# Behind the guards a leader and a manager run the code that a coordinator does: a third of the values each is enough.
VALUES = {"robin": HOSTILE[::3], "sasha": HOSTILE[1::3]}
FORM = {"content-type": "application/x-www-form-urlencoded"}
_NAMES = re.compile(r"""name=["']([a-z_0-9]+)["']|m\.(?:field|select|choice|stepper)\((?:'[a-z]+', )?'([a-z_0-9]+)'""")


def field_names() -> list[str]:
    """Every field name that a template uses."""
    found = {"sedd", "v_age", "v_residency", "text", "kod", "tid", "slut"}
    for path in Path("templates").rglob("*"):
        if path.is_file():
            found |= {a or b for a, b in _NAMES.findall(path.read_text(encoding="utf-8"))}
    return sorted(found - {"_csrf_token"})


def addresses(app: Litestar, ids: dict[str, str], values: Sequence[str]) -> Iterator[tuple[str, set[str], list[str]]]:
    """Each route's pattern and methods, with good ids and with hostile ones in every place of its path."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        parts = re.split(r"(\{[^}]+\})", route.path_format if "{" in route.path_format else route.path)
        good = "".join(ids.get(p.strip("{}").split(":")[0], "1") if p.startswith("{") else p for p in parts)
        bad = ["".join(quote(value[:300], safe="/.:'") if p.startswith("{") else p for p in parts) for value in values]
        yield route.path, set(route.methods), [good, *(bad if "{" in route.path_format else [])]


async def send(client: httpx.AsyncClient, method: str, address: str, data: dict[str, Any] | None = None) -> httpx.Response:
    return await client.request(method, address, data=data)


def judge(answer: httpx.Response, what: str) -> None:
    assert answer.status_code < 500, f"{what} → {answer.status_code}"
    assert "Traceback" not in answer.text, what
    judge_headers(answer)


@pytest.fixture
async def ids(db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection) -> dict[str, str]:
    """One of everything, so that good ids reach the code behind them."""
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now())
    await a_staff_member("sasha", "manager", clock.now())
    await owner.execute(
        "insert into look_review (month, seed, lines, made_at) values ('2026-08-01', '0', 0, $1)", clock.now()
    )
    batch = await owner.fetchval(
        """insert into archive_batch (id, made_at, made_by, digest)
           select gen_random_uuid(), $1, id, sha256('x') from staff where username = 'kim' returning id""",
        clock.now(),
    )
    session = (await cohorts.sessions(cohort.cohort_id))[0]
    return {
        "cohort_id": str(cohort.cohort_id),
        "public_id": cohort.public_id,
        "enrolment_id": str(taken.enrolment_id),
        "session_id": str(session.session_id),
        "slug": cohort.slug,
        "month": "2026-08",
        "document": "2025.xlsx",
        "subject": "protected_record",
        "batch_id": str(batch),
    }


@pytest.mark.parametrize("who", ["nobody", "robin", "kim", "sasha"])
async def test_no_address_and_no_form_value_ends_in_an_error_of_ours(
    ids: dict[str, str], client: httpx.AsyncClient, app: Litestar, clock: FrozenClock, who: str
) -> None:
    clock.advance(**{"days": 1} if who == "nobody" else {"hours": 1})
    token = csrf_of((await client.get("/logga-in")).text)
    with_token = client.cookies["csrftoken"]
    names = field_names()
    values = VALUES.get(who, HOSTILE)
    # Each is sent to every address that takes one.
    forms = [urlencode({**dict.fromkeys(names, value), "_csrf_token": token}) for value in values]
    for pattern, methods, found in addresses(app, ids, values):
        if pattern == "/logga-ut":
            continue
        if "GET" in methods:
            await judge_addresses(client, pattern, found)
        if "POST" in methods:
            # Who somebody is changes nothing of it: it is looked at before that.
            if who in {"nobody", "kim"}:
                await judge_writes_without_a_token(client, pattern, found[0])
            # Some forms end the session: without it nothing would be tried.
            if who != "nobody" and (await client.get("/personal/konto")).status_code != 200:
                await sign_in_as(client, who, clock.now())
            shut = await judge_forms(client, pattern, found[0], zip(values, forms, strict=True))
            for address in found[1:6]:
                judge(await send(client, "POST", address, {"_csrf_token": token}), f"POST {address[:80]}")
            for body in bodies(names, token) if who == "robin" and not shut else ():
                answer = await client.post(found[0], content=body.content, headers={**body.headers, "x-csrftoken": token})
                judge(answer, f"POST {pattern} as {body.told}")
        assert client.cookies["csrftoken"] == with_token, f"{pattern}: other tabs have lost their forms"


def is_shut(answer: httpx.Response) -> bool:
    """Whether a guard has answered: not for this role, or only for who is signed in."""
    return answer.status_code == 403 or answer.headers.get("location", "").startswith("/logga-in")


async def judge_addresses(client: httpx.AsyncClient, pattern: str, found: Sequence[str]) -> None:
    """Open every address. A guard reads none, so that after three the others would be stopped by it as these were."""
    for number, address in enumerate(found):
        answer = await send(client, "GET", f"{address}?lang=%00&sida=-1&for=%27&visa=x")
        judge(answer, f"GET {pattern} {address[:80]}")
        if number == 2 and is_shut(answer):
            return


async def judge_forms(client: httpx.AsyncClient, pattern: str, address: str, forms: Iterable[tuple[str, str]]) -> bool:
    """Send every form; whether a guard has answered. It reads no form, so that after three the others would be stopped by it
    as these were."""
    for number, (value, form) in enumerate(forms):
        answer = await client.post(address, content=form, headers=FORM)
        judge(answer, f"POST {pattern} with {value[:20]!r}")
        if number == 2 and is_shut(answer):
            return True
    return False


async def judge_writes_without_a_token(client: httpx.AsyncClient, pattern: str, address: str) -> None:
    """No form is taken that this browser was not given: only slips, which know no browser, need no token."""
    for data in ({}, {"_csrf_token": "made up"}, {"_csrf_token": "0" * 128}):
        answer = await send(client, "POST", address, data)
        judge(answer, f"POST {pattern} without a token")
        assert (answer.status_code == 403) != pattern.startswith("/u"), f"POST {pattern} without a token"


@dataclass(frozen=True)
class Body:
    """A form as no browser sends it."""

    told: str
    content: bytes
    headers: dict[str, str]


def bodies(names: list[str], token: str) -> Iterator[Body]:
    """Fields that come twice, other kinds of bodies than forms have, and bytes that are no text."""
    yield Body("fields twice", "&".join(f"{name}=1&{name}=-1&{name}=%00" for name in names).encode(), FORM)
    yield Body("no UTF-8", b"&".join(name.encode() + b"=%ff%fe\xff\xc3%ed%a0%80" for name in names), FORM)
    yield Body("nothing but ampersands", b"&&&=&=&;;;%&%zz=%u0041", FORM)
    many = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="' + name.encode() + b'"; filename="\xff.txt"\r\n\r\n\x00\xff\r\n'
        for name in names
    )
    yield Body("a file in every field", many + b"--x--\r\n", {"content-type": "multipart/form-data; boundary=x"})
    yield Body("a list in JSON", b'[{"vem": null}, 1e999]', {"content-type": "application/json"})
    yield Body("a kind that there is not", b"\x93NUMPY", {"content-type": "text/html; charset=utf-17"})


# As bytes, since no browser of tests sends them otherwise.
COOKIES = [
    b"csrftoken=\xff\xfe", b"staff=" + b"x" * 6000, b"place=%00; places=....; lang=\x00", b"=;=;;; staff",
    b"staff=\xf0\x9f\x98\x80",
    b'lang="sv', b"way=AAAA; half=-1; device=1.2.3.4", b"csrftoken=" + b"0" * 128,
]  # fmt: skip


@pytest.mark.parametrize("cookie", COOKIES)
async def test_cookies_that_no_browser_was_given_are_none(
    db: None, client: httpx.AsyncClient, app: Litestar, cookie: bytes
) -> None:
    for address in (
        "/",
        "/min-plats",
        "/personal/idag",
        "/logga-in",
        "/logga-in/kod",
        "/u",
        "/sprak?lang=en",
        "/logga-in/svar",
    ):
        for method in ("GET", "POST"):
            judge(await client.request(method, address, headers=[(b"cookie", cookie)]), f"{method} {address}")


async def test_headers_of_bytes_and_of_any_length_are_no_errors(db: None, client: httpx.AsyncClient) -> None:
    for name in (b"user-agent", b"accept-language", b"x-forwarded-for", b"if-none-match", b"referer", b"accept", b"origin"):
        for value in (b"\xff\xfe", b"x" * 8000, b"", b"1.2.3.4, , [::1", b'W/"' + b"*" * 100, b"../../", b"\xe5\xe4\xf6"):
            for address in ("/min-plats", "/logga-in", "/api/v1/starts"):
                judge(await client.get(address, headers=[(name, value)]), f"{address} with {name!r}")


async def test_bodies_too_large_or_of_another_kind_are_refused_in_words(client: httpx.AsyncClient) -> None:
    token = csrf_of((await client.get("/logga-in")).text)
    huge = await client.post("/logga-in", data={"anv": "x" * 400_000, "_csrf_token": token})
    assert huge.status_code == 413
    assert "Inget är sparat" in huge.text
    for content, kind in (
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
    ):
        answer = await client.post("/min-plats", content=content, headers={"content-type": kind, "x-csrftoken": token})
        judge(answer, kind)


async def test_methods_that_an_address_does_not_know_are_not_errors(client: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        for address in ("/", "/logga-in", "/min-plats", "/u", "/personal/idag"):
            assert (await client.request(method, address)).status_code < 500, (method, address)


async def test_a_place_form_sent_again_after_leaving_is_a_new_application_and_twice_still_one_place(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4, first_in=timedelta(days=28))
    shown = (await client.get(f"/anmalan/{cohort.public_id}")).text
    form = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja")
    form |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
    assert (await client.post(f"/anmalan/{cohort.public_id}", data=form)).status_code == 303
    left = csrf_of((await client.get("/min-plats/lamna")).text)
    assert (await client.post("/min-plats/lamna", data={"_csrf_token": left})).status_code == 303
    for _ in range(2):
        assert (await client.post(f"/anmalan/{cohort.public_id}", data=form)).status_code == 303
        assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].held == 1
    assert "Du har en plats" in (await client.get("/min-plats")).text
