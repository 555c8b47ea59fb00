"""The way in and Min plats, as a browser without scripts meets them."""

import re
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes.core.codes import grouped
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries
from programmes.settings import Settings
from programmes.web.head import with_head
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, csrf_of, hidden, post_form, sign_in_as, somebody

YES = {"v_residency": "ja", "v_own_wish": "ja", "v_no_more_extensive_need": "ja", "v_age": "ja", "fragad": "age"}
DETAILS = {"namn": "Anna Ask", "fodd": "19850214", "kontakt": "anna@example.invalid", "saker": "email", "steg": "1"}


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def conditions_of(client: httpx.AsyncClient, address: str, details: dict[str, object]) -> httpx.Response:
    """The second step's page."""
    return await post_form(client, address, details)


async def test_a_parent_takes_a_place_in_abc_without_a_name(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    answer = await post_form(client, f"/anmalan/{cohort.public_id}", YES)
    assert answer.status_code == 303, text_of(answer.text)
    place = await client.get("/min-plats")
    assert "Du har en plats" in place.text
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}<br>", place.text)


async def test_missing_ticks_are_all_listed_with_the_section_and_what_was_typed_is_kept(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    answer = await post_form(client, f"/anmalan/{cohort.public_id}", {"namn": "Björk", "v_own_wish": "ja"})
    assert answer.status_code == 422
    assert "Tre villkor är inte ikryssade" in answer.text
    assert answer.text.count("Riktlinjen 2.1") >= 3
    assert 'value="Björk"' in answer.text
    assert "<title>Fel:" in answer.text


async def test_two_steps_lead_to_a_preliminary_place_in_aterfallsprevention(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    second = await conditions_of(client, address, DETAILS)
    assert second.status_code == 200
    names = set(re.findall(r'name="(v_[a-z_]+)"', second.text))
    data = {**DETAILS, "steg": "2", "_csrf_token": csrf_of(second.text), "once": hidden(second.text, "once")}
    data |= dict.fromkeys(names, "ja")
    answer = await client.post(address, data=data)
    assert answer.status_code == 303, text_of(answer.text)
    again = await client.post(address, data=data)
    assert again.status_code == 303
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id].preliminary == 1
    assert "Boka ett studiebesök" in (await client.get("/min-plats")).text


async def test_seventeen_and_not_registered_are_both_said_with_the_section(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    soon, planned, fits = [
        await a_cohort("2.8", clock.now(), first_in=timedelta(days=days), state=state)
        for days, state in ((192, "open"), (193, "planned"), (194, "open"))
    ]
    address = f"/anmalan/{cohort.public_id}"
    details = {**DETAILS, "fodd": "20090314"}
    second = await conditions_of(client, address, details)
    data = {**details, "steg": "2", "_csrf_token": csrf_of(second.text), "v_residency": "nej"}
    data |= {name: "ja" for name in re.findall(r'name="(v_[a-z_]+)"', second.text) if name != "v_residency"}
    answer = await client.post(address, data=data)
    assert answer.status_code == 422
    assert "Två villkor stämmer inte" in answer.text
    assert "Du fyller 18 år den 14 mars 2027" in answer.text
    assert "inte folkbokförd" in answer.text
    assert "Riktlinjen 2.8" in answer.text
    assert re.findall(r'href="/anmalan/([^"]+)">Starten', answer.text) == [fits.public_id], (soon, planned)
    assert (await queries.places([cohort.cohort_id], clock.now()))[cohort.cohort_id] == queries.Places()


async def test_what_is_wrong_and_what_is_unanswered_are_counted_apart(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    details = {**DETAILS, "fodd": "20090314"}
    second = await conditions_of(client, address, details)
    data = {**details, "steg": "2", "_csrf_token": csrf_of(second.text)}
    asked = set(re.findall(r'name="(v_[a-z_]+)"', second.text))
    answer = await client.post(address, data=data)
    assert answer.status_code == 422
    words = {3: "tre", 4: "fyra"}[len(asked)]
    assert f"Ett villkor stämmer inte, och {words} frågor saknar svar" in answer.text
    children = await a_cohort("2.15", clock.now())
    refused = await post_form(client, f"/anmalan/{children.public_id}", {"v_age": "outside"})
    assert re.search(r"Ett villkor stämmer inte, och (ett|två|tre|fyra) är inte ikryssa(t|de)", refused.text)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("namn", "", "Skriv ditt namn."),
        ("namn", "x" * 500, "Skriv högst 120 tecken."),
        ("namn", "A\x00B", "tecken som inte går"),
        ("fodd", "850214", "Skriv ditt födelsedatum med åtta siffror"),
        ("fodd", "20260230", "Det datumet finns inte."),
        ("fodd", "19000229", "Det datumet finns inte."),
        ("fodd", "18991231", "Skriv ett födelsedatum från 1900 eller senare."),
        ("fodd", "198502149999", "De fyra sista siffrorna stämmer inte med födelsedatumet."),
        ("namn", "\u200b\u200b", "Skriv ditt namn."),
        ("namn", "\u0301 \u2800", "Skriv ditt namn."),
        ("saker", "", "Kryssa i vad som är säkert"),
        ("saker", "call", "Du skrev en e-postadress"),
        ("kontakt", "070-174 06 05", "Du skrev ett telefonnummer"),
        ("fodd", "20990101", "Skriv ett födelsedatum som har varit."),
        ("pnr", "0000", "stämmer inte med födelsedatumet"),
        ("pnr", "abcd", "stämmer inte med födelsedatumet"),
        ("kontakt", "07x-björk", "Skriv ett mobilnummer med siffror"),
        ("kontakt", "", "Skriv ett mobilnummer eller en e-postadress."),
    ],
)
async def test_wrong_details_are_said_beside_the_field_and_kept(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, field: str, typed: str, said: str
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    answer = await post_form(client, f"/anmalan/{cohort.public_id}", {**DETAILS, field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="anna@example.invalid"' in answer.text or field == "kontakt"


@pytest.mark.parametrize(("contact", "safe"), [("070-174 06 05", ""), ("anna@example.invalid", "call")])
async def test_staff_too_say_what_is_safe_or_nobody_could_be_told(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, contact: str, safe: str
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    answer = await post_form(client, address, {**DETAILS, "kontakt": contact, "saker": safe})
    assert answer.status_code == 422
    assert 'href="#saker"' in answer.text
    assert (await post_form(client, address, {**DETAILS, "kontakt": "", "saker": ""})).status_code == 200


async def test_a_wrong_code_gets_one_answer_whatever_is_wrong(db: None, client: httpx.AsyncClient) -> None:
    texts = set()
    for typed in ("", "kort", "7KQM-2XPA-9TWF-H4RD", "ö" * 16, "x" * 5000, "'; drop table seat; --"):
        answer = await post_form(client, "/min-plats", {"kod": typed})
        assert answer.status_code == 422
        found = re.search(r'id="kod-error">.*?<span>(.*?)</span>', answer.text)
        assert found
        texts.add(found[1])
    assert len(texts) == 1


async def test_the_code_opens_the_place_and_closing_it_forgets(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    answer = await post_form(client, "/min-plats", {"kod": grouped(code).lower()})
    assert answer.status_code == 303
    assert "Du har en plats" in (await client.get("/min-plats")).text
    clock.advance(minutes=31)
    assert "Öppna Min plats" in (await client.get("/min-plats")).text


async def test_leaving_ends_the_place_and_the_code(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now())
    code = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    await post_form(client, "/min-plats", {"kod": code})
    answer = await post_form(client, "/min-plats/lamna", {})
    assert answer.headers["location"] == "/min-plats"
    answer = await post_form(client, "/min-plats/radera", {}, "/min-plats")
    assert answer.headers["location"] == "/min-plats/klart"
    assert (await post_form(client, "/min-plats", {"kod": code})).status_code == 422


async def test_a_form_for_a_cohort_that_is_over_says_so(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    shown = await client.get(f"/anmalan/{cohort.public_id}")
    clock.advance(days=29)
    answer = await client.post(f"/anmalan/{cohort.public_id}", data={**YES, "_csrf_token": csrf_of(shown.text)})
    assert answer.status_code == 409
    assert "Det är för sent att komma med" in answer.text
    assert (await client.get("/anmalan/finns-inte")).status_code == 404


async def test_violence_talks_are_never_enrolled_or_refused_on_the_web(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=1, sessions=20)
    answer = await client.get(f"/anmalan/{cohort.public_id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/insatser/{cohort.slug}")


async def test_partner_contact_is_asked_only_of_those_still_in_the_relationship(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=1, sessions=20)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    second = await post_form(client, address, DETAILS)
    names = set(re.findall(r'name="(v_[a-z_]+)"', second.text))
    assert "v_partner_contact" not in names, names
    data = {**DETAILS, "steg": "2", "_csrf_token": csrf_of(second.text), "once": hidden(second.text, "once")}
    data |= dict.fromkeys(names, "ja")
    third = await client.post(address, data=data)
    assert third.status_code == 200
    assert "En fråga till" in third.text
    more = set(re.findall(r'name="(v_[a-z_]+)"', third.text)) - names
    assert len(more) == 1
    answer = await client.post(
        address, data={**data, more.pop(): "ja", "fragad": re.findall(r'name="fragad" value="([a-z_]+)"', third.text)}
    )
    assert answer.status_code == 303, text_of(answer.text)
    person = answer.headers["location"]
    shown = (await client.get(person)).text
    assert "Personen har sagt ja till att ni kontaktar partnern" in shown
    for _again in range(2):
        assert (await post_form(client, f"{person}/samtycke", {}, person)).status_code == 303
    shown = (await client.get(person)).text
    assert "Personen har tagit tillbaka sitt ja. Kontakta inte partnern." in shown
    assert f'href="{person}/partner"' not in shown
    assert 'value="nej">Personen har tagit tillbaka' not in shown
    assert await fetchval("select count(*) from audit_entry where action = 'consent:withdraw'") == 1


async def test_of_a_relation_that_is_over_staff_read_that_nobody_is_contacted(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=1, sessions=20)
    taken = await somebody(cohort, keys, clock.now())
    await owner.execute("update enrolment set partner_consent = null")
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Kontakta inte en tidigare partner." in (await client.get(person)).text
    assert (await post_form(client, f"{person}/samtycke", {}, person)).status_code == 409
    other = await a_cohort("2.8", clock.now())
    elsewhere = await somebody(other, keys, clock.now())
    shown = await client.get(f"/personal/grupper/{other.cohort_id}/deltagare/{elsewhere.enrolment_id}")
    assert "partner" not in shown.text


async def test_too_old_for_the_childrens_group_is_told_kindly_and_nothing_is_kept(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.15", clock.now(), first_in=timedelta(days=42))
    shown = await client.get(f"/anmalan/{cohort.public_id}")
    assert "född mellan 15 oktober 2008 och 14 oktober 2016" in shown.text
    answer = await post_form(client, f"/anmalan/{cohort.public_id}", {**YES, "v_age": "outside"})
    assert answer.status_code == 422
    assert "Riktlinjen 2.15" in answer.text


async def test_staff_walk_somebody_to_a_confirmed_place_and_every_look_is_noted(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    await sign_in_as(client, "kim", clock.now())
    for kind in ("conditions", "rules"):
        text = {
            "avsnitt": "2.8",
            "sort": kind,
            "sv": "Jag kommer nykter.\nJag kommer i tid.",
            "en": "Sober.\nIn time.",
            "fran": "2026-09-02",
        }
        shown = await post_form(client, "/personal/texter", text)
        text["sett"] = hidden(shown.text, "sett")
        assert (await post_form(client, "/personal/texter", text)).status_code == 303
    slots = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    slot = {"dag": "2026-09-10", "fran": "15:00", "till": "16:00", "antal": "2"}
    assert (await post_form(client, slots, slot)).status_code == 303
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    shown = await client.get(person)
    assert "Anna Ask" in shown.text
    assert await owner.fetchval("select count(*) from record_look where page = 'person'") == 1
    tid = re.search(r'<option value="(\d+)"', shown.text)
    assert tid
    assert (await post_form(client, f"{person}/besok", {"tid": tid[1]}, person)).status_code == 303
    assert 'value="attended"' not in (await client.get(person)).text
    early = await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)
    assert early.status_code == 409
    assert "Studiebesöket har inte varit än" in early.text
    clock.advance(days=8, hours=5)
    await sign_in_as(client, "kim", clock.now())
    assert (await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)).status_code == 303
    texts = re.findall(r'name="text" value="(\d+)"', (await client.get(person)).text)
    assert len(texts) == 2
    for ticked in ([], texts[:1]):
        wrong = await post_form(client, f"{person}/papper", {"text": ticked}, person)
        assert wrong.status_code == 422
        assert "Kryssa i alla texter som personen har godkänt." in wrong.text
    for _twice in range(2):
        assert (await post_form(client, f"{person}/papper", {"text": texts}, person)).status_code == 303
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"
    assert (await post_form(client, f"{person}/legitimation", {}, person)).status_code == 303
    assert "Kontrollerad" in (await client.get(person)).text


async def test_a_new_code_kills_the_old_one(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    taken = await somebody(cohort, keys, clock.now(), contact="anna@example.invalid")
    old = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    answer = await post_form(client, f"{person}/kod", {}, person)
    found = re.search(r'class="code">([0-9A-Z-]{19})<', answer.text)
    assert found
    assert await place_services.open_by_code(old, clock.now()) is None
    assert await place_services.open_by_code(found[1].replace("-", ""), clock.now())
    kept = place_services.unseal(await queries.enrolment(taken.enrolment_id), keys)
    assert (kept.alias, kept.contact) == ("Björk", "anna@example.invalid")
    assert "anna@example.invalid" not in (await client.get(person)).text
    unasked = await post_form(client, f"{person}/kontakt", {}, person)
    assert unasked.status_code == 422
    assert "Välj varför kontaktvägen behöver visas." in unasked.text
    assert "anna@example.invalid" not in unasked.text
    shown = await post_form(client, f"{person}/kontakt", {"varfor": "changed"}, person)
    assert "anna@example.invalid" in shown.text
    trail = await owner.fetch("select action from audit_entry where action like 'contact:%'")
    assert [row["action"] for row in trail] == ["contact:reveal:changed"]


async def test_no_contact_is_offered_to_be_shown_of_somebody_who_left_none(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    await sign_in_as(client, "kim", clock.now())
    for contact in ("anna@example.invalid", ""):
        taken = await somebody(cohort, keys, clock.now(), contact=contact)
        shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}")).text
        assert ("Visa kontaktväg" in shown) == bool(contact)
        assert ("Personen har inte lämnat något sätt att nå den." in shown) == (not contact)
        assert "anna@example.invalid" not in shown


async def test_a_visit_after_the_start_is_refused_and_without_visits_there_is_no_page(
    db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    abc = await a_cohort("2.1", clock.now(), sessions=4)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    late = await post_form(client, address, {"dag": "2026-10-01", "fran": "15:00", "till": "16:00", "antal": "2"})
    assert late.status_code == 422
    assert "måste vara före den första träffen" in late.text
    assert (await client.get(f"/personal/grupper/{abc.cohort_id}/studiebesok")).status_code == 404


async def test_nobody_is_enrolled_where_no_list_is_kept(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now())
    place = await a_cohort("3.2", clock.now(), minimum=1, maximum=200, sessions=5)
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(f"/personal/grupper/{place.cohort_id}/anmal")).status_code == 404


async def test_a_cancelled_start_says_so_at_its_own_address(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.12", clock.now(), sessions=9)
    await owner.execute("update cohort_session set state = 'cancelled', number = null")
    await owner.execute("update cohort set state = 'cancelled'")
    answer = await client.get(f"/anmalan/{cohort.public_id}")
    assert answer.status_code == 200
    assert "Gruppen är inställd" in answer.text


async def test_a_head_request_is_answered_like_get_without_the_body(db: None, app: Litestar, settings: Settings) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=with_head(app)), base_url=settings.base_url) as client:
        answer = await client.head("/min-plats")
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 1000
        assert (await client.head("/finns-inte")).status_code == 404


async def test_a_conflict_leads_to_a_page_that_shows_how_it_stands(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    answer = await post_form(client, f"{person}/besok", {"utfall": "attended"}, person)
    assert answer.status_code == 409
    assert f'href="/personal/grupper/{cohort.cohort_id}"' in answer.text


async def test_a_stranger_finds_nobody(db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder) -> None:
    await a_coordinator(clock.now(), "annan", section="2.1")
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert (await client.get(person)).headers["location"].startswith("/logga-in")
    await sign_in_as(client, "annan", clock.now())
    assert (await client.get(person)).status_code == 404
    own = await a_cohort("2.1", clock.now(), sessions=4)
    assert (await client.get(person.replace(str(cohort.cohort_id), str(own.cohort_id), 1))).status_code == 404
    assert (await client.get("/personal/grupper/99999999999999/deltagare/x")).status_code == 404


async def test_the_age_is_asked_for_again_when_the_first_session_moves(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.15", clock.now(), sessions=4)
    shown = (await client.get(f"/anmalan/{cohort.public_id}")).text
    form = dict.fromkeys(re.findall(r'name="(v_[a-z_]+)"', shown), "ja") | {"v_age": "12_17"}
    assert (await post_form(client, f"/anmalan/{cohort.public_id}", form)).status_code == 303
    assert "Första dagen har ändrats" not in (await client.get("/min-plats")).text
    move = "update cohort_session set starts_at = starts_at + $1::interval, ends_at = ends_at + $1::interval"
    await owner.execute(f"{move} where number = 1", timedelta(days=2))
    assert "Första dagen har ändrats" in (await client.get("/min-plats")).text
    nothing = await post_form(client, "/min-plats/alder", {}, "/min-plats")
    assert nothing.status_code == 422
    assert "Du har inte svarat på allt" in nothing.text
    wrong = await post_form(client, "/min-plats/alder", {"v_age": "outside"}, "/min-plats")
    assert wrong.status_code == 422
    assert "Åldern stämmer inte den nya dagen" in wrong.text
    assert "Din plats är kvar, och inget är ändrat." in wrong.text
    assert "iktlinjen 2.15" in wrong.text
    assert "Det här kan du göra" in wrong.text
    assert 'href="/min-plats/lamna"' in wrong.text
    row = await owner.fetchrow("select state, declared_for from enrolment")
    assert tuple(row) == ("confirmed", date(2026, 9, 30))
    assert (await post_form(client, "/min-plats/alder", {"v_age": "12_17"}, "/min-plats")).status_code == 303
    assert "Första dagen har ändrats" not in (await client.get("/min-plats")).text


async def test_staff_are_told_of_the_persons_place_and_not_of_their_own(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    await sign_in_as(client, "kim", clock.now())
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "till personen själv" in (await client.get(person)).text
    assert (await post_form(client, f"{person}/avsluta", {"slut": "declined"}, person)).status_code == 303
    again = await post_form(
        client, f"{person}/avsluta", {"slut": "declined"}, f"/personal/grupper/{cohort.cohort_id}/traffar"
    )
    assert again.status_code in {403, 409}
    assert "Öppna Min plats" not in again.text
    assert 'id="leg"' not in (await client.get(person)).text
    missing = await client.get("/personal/grupper/999999")
    assert missing.status_code == 404
    assert "Öppna Min plats" not in missing.text
    assert "Till dina grupper" in missing.text


@pytest.mark.parametrize("alias", ["Anna 19850214-1234", "070-1234567", "anna@x.se", "Anna Storgatan 5"])
async def test_where_nobody_may_be_documented_what_leads_to_somebody_is_no_alias(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, alias: str
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=4)
    public, staff = f"/anmalan/{cohort.public_id}", f"/personal/grupper/{cohort.cohort_id}/anmal"
    said = "Skriv ett förnamn eller ett påhittat namn. Vi får inte spara personnummer, adress, telefonnummer eller e-post."
    answer = await post_form(client, public, {**YES, "namn": alias})
    assert answer.status_code == 422
    assert re.search(rf'id="namn-error">.*?<span>{said}</span>', answer.text)
    in_english = await post_form(client, f"{public}?lang=en", {**YES, "namn": alias})
    assert "Write a first name or a made-up name. We may not keep" in in_english.text
    await sign_in_as(client, "kim", clock.now())
    by_staff = await post_form(client, f"{staff}?lang=sv", {**YES, "namn": alias})
    assert by_staff.status_code == 422
    assert said in by_staff.text
    assert await fetchval("select count(*) from enrolment") == 0
    assert (await post_form(client, staff, {**YES, "namn": "Anna Maria"})).status_code == 303
