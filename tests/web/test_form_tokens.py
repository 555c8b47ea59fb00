"""A form whose token this browser has forgotten: nothing of it is done, and what was typed comes back to who typed it."""

import re

import asyncpg
import httpx

from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.enrolment.test_promises_of_the_form import all_ticked
from tests.factories import PASSWORD, a_cohort, a_leader, csrf_of, hidden, sign_in_as, somebody

HERE = {"origin": "http://testserver.local"}
NOTHING_SENT = "Inget är skickat än"


async def test_who_applies_gets_the_form_back_as_filled_in_and_sends_it_with_one_tap(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    form = all_ticked((await client.get(address)).text) | {"namn": "Bo <b>", "kontakt": "070-123 45 67"}
    client.cookies.delete("csrftoken")
    back = await client.post(address, data=form, headers=HERE)
    assert (back.status_code, back.headers["cache-control"]) == (403, "no-store")
    assert NOTHING_SENT in back.text
    assert 'value="Bo &lt;b&gt;"' in back.text
    assert "070-123 45 67" in back.text
    assert hidden(back.text, "once") == form["once"]
    assert len(re.findall(r" checked", back.text)) == sum(name.startswith("v_") for name in form)
    assert await owner.fetchval("select count(*) from enrolment") == 0
    again = await client.post(address, data=form | {"_csrf_token": csrf_of(back.text)}, headers=HERE)
    assert again.headers["location"] == "/min-plats"
    # Not from another site, whose form would be one tap from being done; nor from where nothing says who sent it.
    kept = client.cookies["csrftoken"]
    for headers in (
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "cross-site", **HERE},
        {"origin": "null"},
        {},
    ):
        refused = await client.post(address, data=form, headers=headers)
        assert refused.status_code == 403
        assert "Bo &lt;b&gt;" not in refused.text
    assert client.cookies["csrftoken"] == kept
    assert await owner.fetchval("select count(*) from enrolment") == 1


async def test_staffs_forms_come_back_to_who_is_signed_in_without_any_password(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    leader = await a_leader(clock.now())
    cohort = await a_cohort("2.4", clock.now(), leader)
    one = await somebody(cohort, keys, clock.now())
    desk = f"/personal/grupper/{cohort.cohort_id}"
    typed = {
        "namn": "Test Person",
        "fodd": "19900102",
        "kontakt": "a@b.se",
        "losen": "HEMLIGT",
        "kod": "123456",
        "x": "&\"'",
    }
    sent = {**typed, "_csrf_token": "0" * 128}
    for address in (f"{desk}/anmal", f"{desk}/deltagare/{one.enrolment_id}/uppgifter", "/personal/sok"):
        out = await client.post(address, data=sent, headers=HERE)
        assert out.status_code == 403
        assert "Test Person" not in out.text
    await sign_in_as(client, "robin", clock.now())
    other_tab = csrf_of((await client.get("/personal/idag")).text)
    for address, told in (
        (f"{desk}/anmal", NOTHING_SENT),
        (f"{desk}/deltagare/{one.enrolment_id}/uppgifter?x=1", 'action="/personal/grupper'),
        ("/personal/sok", "det du skrev finns kvar här"),
    ):
        back = await client.post(address, data=sent, headers=HERE)
        assert back.status_code == 403
        assert told in back.text
        assert "Test Person" in back.text
        assert "HEMLIGT" not in back.text
        assert "123456" not in back.text
        assert csrf_of(back.text) == other_tab
        assert "csrftoken" not in back.cookies
    assert 'name="x" value="&amp;&#34;&#39;"' in back.text
    for address in (
        "/personal/konto/losenord",
        "/personal/bekrafta",
        "/logga-in",
        "/logga-ut",
        "/min-plats",
        "/min-plats/alder",
    ):
        back = await client.post(address, data=sent, headers=HERE)
        assert "Test Person" not in back.text, address
    assert await owner.fetchval("select count(*) from enrolment") == 1
    # A cookie that no process of ours made is replaced, and then its forms work.
    client.cookies.clear()
    bad = {"cookie": "csrftoken=" + "0" * 128}
    back = await client.post("/logga-in", files={"_csrf_token": ("a", b"b")}, headers=bad)
    assert back.status_code == 403
    assert csrf_of((await client.get("/logga-in")).text) == client.cookies["csrftoken"]
    assert (await client.post("/logga-in", data={"_csrf_token": "ä" * 128}, headers=bad)).status_code == 403


async def test_what_another_site_sends_is_refused_whatever_token_it_bears(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    form = {"_csrf_token": csrf_of((await client.get("/personal/konto")).text)}
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", **HERE},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://["},
        {"origin": "//[::1"},
        {"origin": "http://a]b", "sec-fetch-site": "same-origin"},
    ):
        refused = await client.post("/personal/konto/andra", data=form, headers=headers)
        assert refused.status_code == 403, headers
        assert "_csrf_token" not in refused.text or csrf_of(refused.text) == form["_csrf_token"]
    for headers in (
        {},
        HERE,
        {"sec-fetch-site": "same-origin", **HERE},
        {"origin": "null", "sec-fetch-site": "same-origin"},
    ):
        assert (await client.post("/personal/konto/andra", data=form, headers=headers)).status_code == 303, headers


async def test_who_signs_in_or_out_has_another_token_and_the_old_one_opens_nothing(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_leader(clock.now())
    before = csrf_of((await client.get("/logga-in")).text)
    answer = await client.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, "_csrf_token": before})
    assert answer.headers["location"] == "/personal/idag"
    inside = csrf_of((await client.get("/personal/konto")).text)
    assert inside != before
    assert (await client.post("/personal/konto/andra", data={"_csrf_token": before})).status_code == 403
    assert (await client.post("/personal/konto/andra", data={"_csrf_token": inside})).status_code == 303
    assert (await client.post("/logga-ut", data={"_csrf_token": inside})).status_code == 303
    assert csrf_of((await client.get("/logga-in")).text) not in {before, inside}
    again = await client.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, "_csrf_token": inside})
    assert again.status_code == 403


async def test_who_signs_out_in_a_tab_from_before_is_signed_out_and_another_site_signs_nobody_out(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_leader(clock.now())
    old = {"_csrf_token": csrf_of((await client.get("/logga-in")).text)}
    await client.post("/logga-in", data={"anv": "robin", "losen": PASSWORD, **old})
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "http://["}):
        assert (await client.post("/logga-ut", data=old, headers=headers)).status_code == 403
        assert (await client.get("/personal/idag")).status_code == 200
    out = await client.post("/logga-ut", data=old, headers={"sec-fetch-site": "same-origin"})
    assert (out.status_code, out.headers["location"]) == (303, "/logga-in")
    assert (await client.get("/personal/idag")).status_code == 303


async def test_who_signs_in_in_a_second_tab_goes_on_and_anybody_else_signs_in_anew(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_leader(clock.now())
    await a_leader(clock.now(), "alex")
    first, till = csrf_of((await client.get("/logga-in")).text), "/personal/konto"
    typed = {"anv": "robin", "losen": PASSWORD, "till": till, "_csrf_token": first}
    await client.post("/logga-in", data=typed)
    session, sessions = client.cookies["staff"], "select count(*) from staff_session"

    async def sent(headers: dict[str, str] = HERE, **other: str) -> httpx.Response:
        return await client.post("/logga-in", data={**typed, **other}, headers=headers)

    # Also with a wrong password: nothing is done with it, and who goes on is signed in.
    for again in (await sent(), await sent(losen="x"), await sent({"sec-fetch-site": "same-origin"})):
        assert (again.status_code, again.headers["location"]) == (303, till)
    assert (await sent(till="https://evil.example")).headers["location"] == "/personal/idag"
    for anew in (await sent(anv="alex"), await sent(anv="nobody"), await sent(anv=""), await sent(delad="ja")):
        assert anew.status_code == 403
        assert "i en annan flik" in anew.text
        assert PASSWORD not in anew.text
        assert hidden(anew.text, "till") == till
    assert 'value="alex"' in (await sent(anv="alex")).text
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        refused = await sent(headers)
        assert (refused.status_code, "location" in refused.headers, 'name="losen"' in refused.text) == (403, False, False)
    assert (client.cookies["staff"], await owner.fetchval(sessions)) == (session, 1)
    # The page that comes anew works, and the other person is signed in instead.
    token = csrf_of((await sent(anv="alex")).text)
    assert (await sent(anv="alex", _csrf_token=token)).headers["location"] == till
    assert client.cookies["staff"] != session
    # Who isn't signed in any more, or never was here, signs in anew.
    client.cookies.clear()
    assert (await sent()).status_code == 403
    clock.advance(hours=1)
    client.cookies.set("staff", session)
    assert "i en annan flik" in (await sent()).text
