"""The slip's page for whoever holds a slip, and the staff's pages about boxes and results."""

import html
import re

import asyncpg
import httpx
import pytest
import structlog

from programmes import worker
from programmes.catalogue.services import choose_reading
from programmes.core import codes
from programmes.evaluation import services
from programmes.settings import Settings
from programmes.web import errors
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups
from tests.factories import a_cohort, a_coordinator, a_leader, a_programme, a_staff_member, hidden, post_form, sign_in_as

PROMISE = (
    "Du drar en lapp som ingen vet är din, och med den kan du svara en gång. Svaren är låsta tills utvärderingen stängs;"
    " då sparas bara summor och kommentarer utan namn, och blir det färre än fem svar visas de bara blandade med andra"
    " gruppers."
)


async def answer(client: httpx.AsyncClient, code: str, **given: str) -> httpx.Response:
    return await client.post("/u", data={"kod": code, "steg": "svar", "gor": "skicka", **given})


def tables(page: str) -> list[list[list[str]]]:
    """Every table of a page, row by row, as it reads."""

    def cells(row: str) -> list[str]:
        found = re.findall(r"<t[hd](?![^>]*aria-hidden)[^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        return [" ".join(html.unescape(re.sub(r"<[^>]*>", "", cell)).split()) for cell in found]

    found = re.findall(r"<table.*?</table>", page, re.DOTALL)
    return [[cells(row) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)] for table in found]


def title(response: httpx.Response) -> str:
    found = re.search(r"<title>([^<]*)</title>", response.text)
    assert found
    return html.unescape(found[1])


async def test_the_slips_pages_set_no_cookie_and_ask_for_no_token(client: httpx.AsyncClient, groups: Groups) -> None:
    _, slips = await groups.with_slips(2)
    seen = [
        await client.get("/u"),
        await client.get("/u?lang=en"),
        await client.post("/u", data={"kod": codes.grouped(slips[0])}),
        await client.post("/u", data={"kod": "fel"}),
        await answer(client, slips[0], participation="4"),
        await answer(client, slips[0], participation="4"),
        await client.get("/u/tack"),
        await client.get("/u/skydd"),
        await client.get("/u/skydd?lang=en"),
    ]
    assert [r.status_code for r in seen] == [200, 200, 200, 422, 303, 409, 200, 200, 200]
    assert "Det här skyddar inte lådan mot" in seen[-2].text
    assert all('href="/u/skydd?lang=' in seen[n].text for n in (0, 1, 2))
    assert not any("set-cookie" in r.headers for r in seen)
    assert not client.cookies
    assert not any("_csrf_token" in r.text for r in seen)
    assert all(r.headers["cache-control"] == "no-store" for r in seen)


async def test_a_slip_leads_from_its_code_to_thanks_and_is_used_up(
    client: httpx.AsyncClient, groups: Groups, owner: asyncpg.Connection
) -> None:
    _, slips = await groups.with_slips(2)
    form = await client.post("/u", data={"kod": codes.grouped(slips[0]).lower()})
    assert "Vad tyckte du om ABC?" in form.text
    assert "ABC" not in title(form)
    assert PROMISE in html.unescape(form.text)
    sent = await answer(client, hidden(form.text, "kod"), participation="4", good="Att\r\nlyssna", change="")
    assert sent.headers["location"] == "/u/tack?lang=sv"
    assert "Tack! Ditt svar ligger i lådan" in (await client.get(sent.headers["location"])).text
    assert await owner.fetchval("select count(*) from sealed_answer") == 1
    again = await answer(client, slips[0], participation="1")
    assert "Då ligger ditt svar i lådan" in again.text
    assert await owner.fetchval("select count(*) from sealed_answer") == 1


async def test_a_slip_opens_its_form_alike_whether_it_is_used_and_only_an_answer_is_told(
    client: httpx.AsyncClient, groups: Groups
) -> None:
    _cohort, slips = await groups.with_slips(3)

    async def everything_but_an_answer(code: str) -> list[tuple[int, str]]:
        tries: list[dict[str, str]] = [
            {"kod": code}, {"kod": code, "gor": "sprak"}, {"kod": code, "steg": "svar"},
            {"kod": code, "steg": "svar", "safety": "9"}, {"kod": code, "steg": "svar", "gor": "sprak", "safety": "2"},
        ]  # fmt: skip
        seen = [await client.post("/u", data=given) for given in tries]
        return [(r.status_code, r.text.replace(code, "")) for r in seen]

    unused = await everything_but_an_answer(slips[0])
    assert [status for status, _text in unused] == [200, 200, 422, 422, 200]
    await answer(client, slips[0], participation="4")
    assert await everything_but_an_answer(slips[0]) == unused
    told = await answer(client, slips[0], participation="1")
    assert told.status_code == 409
    assert "Det du skickade nu räknades inte." in told.text
    assert "Skickade du nyss?" in told.text


async def test_unknown_and_closed_slips_get_the_same_page_and_who_is_late_hears_of_the_closing(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, slips = await groups.with_slips(3)
    await answer(client, slips[0], participation="4")
    unknown = await client.post("/u", data={"kod": codes.new_code()})
    await services.close(cohort.cohort_id, groups.leader, clock.now())
    closed = [await client.post("/u", data={"kod": code}) for code in slips[:2]]
    assert len({re.sub(r'value="[0-9A-Z]{16}"', "", r.text) for r in (unknown, *closed)}) == 1
    assert {r.status_code for r in (unknown, *closed)} == {422}
    assert title(unknown).startswith("Fel:")
    late = await answer(client, slips[1], participation="4")
    never = await answer(client, codes.new_code(), participation="4")
    assert late.text == never.text
    assert "Utvärderingen är stängd" in late.text
    assert "Skickade du innan den stängdes?" in late.text
    assert "nyss" not in late.text
    await worker.drain(groups.worker)
    assert (await answer(client, slips[1], participation="4")).text == late.text
    assert await owner.fetchval("select count(*) from printed_slip") == 0


async def test_no_page_says_what_was_answered_whatever_is_sent_again(
    client: httpx.AsyncClient, groups: Groups, owner: asyncpg.Connection
) -> None:
    """On a tablet that goes round a browser sends an old page once more for who comes next."""
    _, slips = await groups.with_slips(2)
    long = "Bra ledare. " * 50
    wrong: dict[str, str] = {"kod": slips[0], "steg": "svar", "safety": "2", "good": long, "change": "Kaffe"}
    other = {**wrong, "good": "Fint", "gor": "sprak"}

    async def sent_again() -> None:
        refused = await client.post("/u?lang=sv", data=wrong)
        assert refused.status_code == 422
        assert title(refused).startswith("Fel:")
        assert "Skriv högst 500 tecken." in refused.text
        assert "Det du svarade visas inte igen" in refused.text
        switched = await client.post("/u?lang=en", data=other)
        assert switched.status_code == 200
        assert '<html lang="en"' in switched.text
        assert 'action="/u?lang=en"' in switched.text
        for page in (refused, switched):
            assert not re.search("Bra ledare|Kaffe|Fint| checked", page.text)

    await sent_again()
    code_page = await client.post("/u?lang=en", data={"kod": slips[0][:6], "gor": "sprak"})
    assert f'value="{slips[0][:6]}"' in code_page.text
    assert code_page.status_code == 200
    assert await owner.fetchval("select count(*) from sealed_answer") == 0
    assert (await answer(client, slips[0], safety="2")).status_code == 303
    await sent_again()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Svara på minst en fråga"),
        ({"safety": "7"}, "Välj ett av stegen"),
        ({"good": "a\x00b"}, "tecken som inte går"),
        ({"good": "a\ufffeb"}, "tecken som inte går"),
        ({"good": "a\x80b"}, "tecken som inte går"),
    ],
)
async def test_an_answer_that_says_nothing_is_not_sent(
    given: dict[str, str], said: str, client: httpx.AsyncClient, groups: Groups
) -> None:
    _, slips = await groups.with_slips(2)
    wrong = await answer(client, slips[0], **given)
    assert wrong.status_code == 422
    assert said in wrong.text
    assert (await answer(client, slips[0], safety="5")).status_code == 303


async def test_a_family_of_emoji_is_an_answer(client: httpx.AsyncClient, groups: Groups) -> None:
    _, slips = await groups.with_slips(1)
    assert (await answer(client, slips[0], good="Tack \N{MAN}\u200d\N{GIRL}", change="mer\u00adtid")).status_code == 303


async def test_marks_that_an_arabic_keyboard_puts_in_cost_nobody_their_answer(
    client: httpx.AsyncClient, groups: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, slips = await groups.with_slips(1)
    sealed: list[dict[str, object]] = []

    async def cast(_code: str, given: dict[str, object], _folder: object) -> bool:
        sealed.append(given)
        return True

    monkeypatch.setattr(services, "cast", cast)
    turned = await answer(client, slips[0], good="\u202bشكرا\u202c \u2067كثيرا\u2069\u200f", change="\u202b\u202c")
    assert turned.status_code == 303
    assert sealed == [{"good": "شكرا كثيرا\u200f"}]


@pytest.mark.parametrize("broken", [b"%FF%FE", b"%C3", b"%ED%A0%80"])
async def test_an_answer_in_broken_bytes_is_refused_and_the_slip_kept(
    broken: bytes, client: httpx.AsyncClient, groups: Groups, owner: asyncpg.Connection
) -> None:
    _, slips = await groups.with_slips(1)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = f"kod={slips[0]}&steg=svar&safety=4&good=Bra+".encode() + broken
    wrong = await client.post("/u", content=body, headers=headers)
    assert wrong.status_code == 422
    assert "tecken som inte går att använda" in wrong.text
    assert await owner.fetchval("select count(*) from sealed_answer") == 0
    parts = {"kod": (None, slips[0]), "steg": (None, "svar"), "safety": (None, "4"), "good": (None, b"Bra \xff")}
    assert (await client.post("/u", files=parts)).status_code == 400
    assert await owner.fetchval("select count(*) from sealed_answer") == 0
    assert (await answer(client, slips[0], safety="4", good="Bra å")).status_code == 303


@pytest.mark.parametrize("data", [{}, {"kod": "x" * 5000}, {"kod": "\x00"}, {"steg": "svar"}, {"kod": "å", "steg": "svar"}])
async def test_strange_posts_are_answered_in_words(data: dict[str, str], client: httpx.AsyncClient) -> None:
    assert (await client.post("/u", data=data)).status_code in {409, 422}


async def test_only_who_works_with_the_group_reaches_its_box(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort, _ = await groups.with_slips(2)
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    assert (await client.get(address)).status_code == 303
    await a_leader(clock.now(), "sasha")
    await sign_in_as(client, "sasha", clock.now())
    for wanted in (address, f"{address}/stang", "/personal/grupper/999999999999/utvardering"):
        assert (await client.get(wanted)).status_code == 404
    for wanted in (f"{address}/lappar", f"{address}/stang", f"{address}/egna-ord"):
        assert (await post_form(client, wanted, {}, page="/personal/utvarderingar")).status_code == 404


async def test_a_leader_prints_slips_closes_and_reads_what_came(
    client: httpx.AsyncClient, groups: Groups, settings: Settings, clock: FrozenClock
) -> None:
    cohort = await groups.started(12)
    await worker.drain(groups.worker)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    assert "12 lappar, en för var och en" in (await client.get(address)).text
    sheet = await post_form(client, f"{address}/lappar", {}, page=address)
    printed = re.findall(r'<p class="code">([0-9A-Z-]{19})<br>', sheet.text)
    assert len(printed) == 12
    assert html.unescape(sheet.text).count(PROMISE) == 12
    assert (await client.get(f"{address}/lappar")).headers["location"] == address
    for code in printed:
        sent = await answer(client, code, participation="4", safety="5", good="Bra")
        assert sent.status_code == 303
    unasked = await post_form(client, f"{address}/lappar", {}, page=address)
    assert unasked.status_code == 422
    assert "12 lappar är redan utskrivna" in unasked.text
    refused = await post_form(client, f"{address}/lappar", {"ersatt": "ja"}, page=address)
    assert refused.status_code == 422
    assert "Det första svaret ligger redan i lådan" in refused.text
    still_open = await client.get(address)
    assert "12 svar" not in still_open.text
    sure = await client.get(f"{address}/stang")
    assert "Det går inte att öppna den igen." in sure.text
    assert (await post_form(client, f"{address}/stang", {})).headers["location"] == address
    assert "Svaren räknas" in (await client.get(address)).text
    await worker.drain(groups.worker)
    done = await client.get(address)
    assert "12 svar av 12" in done.text
    assert "<b>4,0</b>" in done.text
    assert "visas inte" in done.text
    assert ["Delaktighet", "4,0", "0", "0", "0", "12", "0"] in tables(done.text)[0]
    assert (await client.get(f"{address}/stang")).headers["location"] == address


async def test_a_box_that_was_there_goes_on_when_the_evaluation_is_turned_off(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now(), "kim")
    cohort, late = await groups.started(6, section="2.7"), await groups.started(6, section="2.7")
    assert await services.ensure_ballot(cohort.cohort_id, clock.now())
    _id, programme = await a_programme("2.7")
    await choose_reading(programme, "evaluation", "off", kim.staff_id, clock.now())
    await worker.drain(groups.worker)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    assert "Skriv ut lapparna" in (await client.get(address)).text
    sheet = await post_form(client, f"{address}/lappar", {}, page=address)
    assert sheet.status_code == 200
    printed = re.findall(r'<p class="code">([0-9A-Z-]{19})<br>', sheet.text)
    assert len(printed) == 6
    await worker.drain(groups.worker)
    assert (await answer(client, printed[0], participation="4")).status_code == 303
    assert await services.ensure_ballot(late.cohort_id, clock.now()) is None
    assert "Gruppen har ingen utvärdering" in (await client.get(f"/personal/grupper/{late.cohort_id}/utvardering")).text


async def test_five_to_nine_answers_show_only_rounded_means(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort = await groups.closed(7, people=9)
    await sign_in_as(client, "robin", clock.now())
    done = await client.get(f"/personal/grupper/{cohort.cohort_id}/utvardering")
    assert "7 svar av 9" in done.text
    assert "cirka 4" in done.text
    assert [one[1:] for one in tables(done.text)] == [[["Delaktighet", "cirka 4"], ["Trygghet", "cirka 5"],
        ["Nöjdhet", "cirka 5"], ["Respektfullt bemötande", "cirka 5"]]]  # fmt: skip


async def test_of_a_childrens_group_neither_answers_nor_slips_are_told(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort = await groups.closed(11, section="2.16")
    await sign_in_as(client, "robin", clock.now())
    for address in (f"/personal/grupper/{cohort.cohort_id}/utvardering", "/personal/utvarderingar"):
        done = await client.get(address)
        assert "cirka 4" in done.text
        assert not re.search(r"\d+ svar", done.text)
        assert all(len(row) == 2 for table in tables(done.text) for row in table)


async def test_a_small_group_gets_kind_words_and_can_speak_for_itself(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort = await groups.closed(3)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    page = await client.get(address)
    assert "Svaren är låsta för att skydda dem som svarade" in page.text
    assert "De raderas inte olästa" in page.text
    wrong = await post_form(client, f"{address}/egna-ord", {"ord": "Ett. Två. Tre. Fyra.", "ingen": "ja"}, page=address)
    assert wrong.status_code == 422
    assert "Skriv högst tre meningar." in wrong.text
    assert "Ett. Två. Tre. Fyra." in wrong.text
    untold = await post_form(client, f"{address}/egna-ord", {"ord": "Vi ville ha en träff till."}, page=address)
    assert untold.status_code == 422
    assert "Kryssa i att orden inte handlar om någon person." in untold.text
    assert "Vi ville ha en träff till.</textarea>" in untold.text
    words = {"ord": "Vi ville ha en träff till.", "ingen": "ja"}
    for number in (" Ring 0454-123 45.", " 19850709-9805", " Mejla a@b.se"):
        naming = await post_form(client, f"{address}/egna-ord", {**words, "ord": words["ord"] + number}, page=address)
        assert naming.status_code == 422
        assert "någon person." in naming.text
    kept = await post_form(client, f"{address}/egna-ord", dict(words), page=address)
    assert kept.status_code == 303
    assert "Så här visas det" in (await client.get(address)).text
    assert "”Vi ville ha en träff till.”" in (await client.get("/personal/utvarderingar")).text


async def test_own_words_are_written_before_the_answers_are_shown_and_stand_as_they_are_afterwards(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort, slips = await groups.with_slips(5)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    assert "Skriv dem innan utvärderingen stängs." in (await client.get(address)).text
    assert "Gruppens egna ord är inte skrivna än." in (await client.get(f"{address}/stang")).text
    words = {"ord": "Vi ville ha en träff till.", "ingen": "ja"}
    kept = await post_form(client, f"{address}/egna-ord", dict(words), page=address)
    assert kept.status_code == 303
    assert "inte skrivna än" not in (await client.get(f"{address}/stang")).text
    for code in slips:
        await answer(client, code, participation="4")
    await services.close(cohort.cohort_id, groups.leader, clock.now())
    await worker.drain(groups.worker)
    page = (await client.get(address)).text
    assert "”Vi ville ha en träff till.”" in page
    assert "egna-ord" not in page
    late = await post_form(client, f"{address}/egna-ord", {"ord": "Nej.", "ingen": "ja"}, page="/personal/grupper")
    unticked = await post_form(client, f"{address}/egna-ord", {"ord": ""}, page="/personal/grupper")
    for told in (late, unticked):
        assert told.status_code == 409
        assert "Det som har visats ändras inte" in told.text
        linked = set(re.findall(r'href="#([^"]+)"', told.text))
        assert linked <= set(re.findall(r' id="([^"]+)"', told.text)), "every link leads somewhere on the page"


async def test_results_are_for_those_who_coordinate_or_lead_the_programme(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await groups.closed(5, section="2.1")
    await groups.closed(6, section="2.7")
    await a_coordinator(clock.now(), "kim")
    await a_coordinator(clock.now(), "alex", "2.7")
    await a_staff_member("lo", "manager", clock.now())
    seen = {}
    for name in ("kim", "alex", "lo", "robin"):
        await sign_in_as(client, name, clock.now())
        text = (await client.get("/personal/utvarderingar")).text
        for slug in re.findall(r'href="\?insats=([^"]+)"', text):
            text += (await client.get(f"/personal/utvarderingar?insats={slug}")).text
        seen[name] = ("5 svar av 5" in text, "6 svar av 6" in text, "Inga utvärderingar än" in text)
    assert seen["kim"] == seen["robin"] == (True, True, False)
    assert seen["alex"] == (False, True, False)
    assert seen["lo"] == (False, False, True)


async def test_atoms_are_shown_one_by_one_and_never_added_up(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await groups.closed(5)
    await groups.closed(6)
    await sign_in_as(client, "robin", clock.now())
    text = (await client.get("/personal/utvarderingar")).text
    assert "Hösten 2026, nummer 2" in text
    assert "5 svar av 5" in text
    assert "6 svar av 6" in text
    assert "11 svar" not in text


async def test_an_individual_programme_has_no_box_for_one(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort = await groups.started(1, section="2.3")
    await sign_in_as(client, "robin", clock.now())
    page = await client.get(f"/personal/grupper/{cohort.cohort_id}/utvardering")
    assert "Gruppen har ingen utvärdering" in page.text


async def test_slips_for_nobody_are_refused_in_words(client: httpx.AsyncClient, groups: Groups, clock: FrozenClock) -> None:
    cohort = await groups.started(0)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    refused = await post_form(client, f"{address}/lappar", {}, page=address)
    assert refused.status_code == 422
    assert "Det finns inga lappar att skriva ut" in refused.text


async def test_coordinators_print_slips_for_a_common_box_of_many(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now(), "kim")
    address = "/personal/utvarderingar/lador"
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(address)).status_code == 404
    await sign_in_as(client, "kim", clock.now())
    for section in ("2.9", "2.10", "2.11", "2.14"):
        await groups.talks(24, section)
    shown = await client.get(address)
    assert "Hösten 2026" in shown.text
    assert "Högst 24 lappar." in shown.text
    slug = re.findall(r'name="insats" value="([^"]+)"', shown.text)[0]
    for wrong in ({"antal": "1", "insats": slug}, {"antal": "24"}, {"antal": "25", "insats": slug}):
        assert (await post_form(client, address, dict(wrong))).status_code == 422
    sheet = await post_form(client, address, {"antal": "24", "insats": slug})
    printed = re.findall(r'<p class="code">([0-9A-Z-]{19})<br>', sheet.text)
    assert len(printed) == 24
    await worker.drain(groups.worker)
    assert "24 lappar är utskrivna." in (await client.get(address)).text
    form = await client.post("/u", data={"kod": printed[0]})
    assert "Kände du dig trygg?" in form.text
    assert "i gruppen" not in form.text
    assert (await answer(client, printed[0], safety="5")).status_code == 303
    refused = await post_form(client, address, {"antal": "24", "insats": slug, "ersatt": "ja"})
    assert "Det första svaret ligger redan i lådan" in refused.text


async def test_a_coordinator_of_one_programme_prints_for_that_one_only(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now(), "alex", "2.9")
    await sign_in_as(client, "alex", clock.now())
    shown = await client.get("/personal/utvarderingar/lador")
    assert len(re.findall(r'name="insats"', shown.text)) == 1
    slug = re.findall(r'name="insats" value="([^"]+)"', shown.text)[0]
    too_many = await post_form(client, "/personal/utvarderingar/lador", {"antal": "9", "insats": slug})
    assert "Här går bara talet 8." in too_many.text
    _id, another = await a_programme("2.10")
    other = await post_form(client, "/personal/utvarderingar/lador", {"antal": "24", "insats": another.slug})
    assert other.status_code == 422


async def test_slips_that_may_be_out_there_are_replaced_only_when_it_is_meant(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now(), "kim")
    address = "/personal/utvarderingar/lador"
    await sign_in_as(client, "kim", clock.now())
    for section in ("2.9", "2.10", "2.11", "2.14"):
        await groups.talks(24, section)
    slug = re.findall(r'name="insats" value="([^"]+)"', (await client.get(address)).text)[0]
    wish: dict[str, object] = {"antal": "24", "insats": slug}
    first = re.findall(r'<p class="code">([0-9A-Z-]{19})<br>', (await post_form(client, address, wish)).text)
    await worker.drain(groups.worker)
    warned = await post_form(client, address, wish)
    assert warned.status_code == 422
    assert "24 lappar är redan utskrivna" in warned.text
    assert "Kände du dig trygg?" in (await client.post("/u", data={"kod": first[0]})).text
    again = await post_form(client, address, {**wish, "ersatt": "ja"})
    assert len(re.findall(r'<p class="code">', again.text)) == 24
    assert (await client.post("/u", data={"kod": first[0]})).status_code == 422


async def test_before_the_start_it_is_said_when_slips_can_be_printed(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), groups.leader)
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    page = (await client.get(address)).text
    assert "Utvärderingen börjar när gruppen har startat" in page
    assert "0 lappar" not in page
    assert "Görs i ordning" not in page
    refused = await post_form(client, f"{address}/lappar", {}, page=f"/personal/grupper/{cohort.cohort_id}/avsluta")
    assert refused.status_code == 422
    assert "Lapparna kan skrivas ut när gruppen har startat" in refused.text
    closing = (await client.get(f"/personal/grupper/{cohort.cohort_id}/avsluta")).text
    assert "Vänta en stund" not in closing


async def test_a_vote_while_the_public_key_is_away_is_told_so_and_the_slip_is_good_afterwards(
    groups: Groups,
    client: httpx.AsyncClient,
    settings: Settings,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, slips = await groups.with_slips(5)
    folder = settings.key_folder / "ballots"
    folder.rename(folder.with_name("elsewhere"))
    monkeypatch.setattr(errors, "slip_errors", errors.Seldom())
    try:
        with structlog.testing.capture_logs() as lines:
            told = [await answer(client, slips[0], participation="4") for _ in range(3)][-1]
    finally:
        folder.with_name("elsewhere").rename(folder)
    assert told.status_code == 503
    assert "din lapp gäller fortfarande" in told.text
    assert "/logga-in" not in told.text
    # Once an hour, and not of which page: a line for each would be a trace of who tries to answer.
    assert lines == [{"event": "unavailable", "error": "KeyGone", "log_level": "error"}]
    assert not client.cookies
    assert await owner.fetchval("select count(*) from sealed_answer") == 0
    assert (await answer(client, slips[0], participation="4")).status_code == 303
    assert await owner.fetchval("select count(*) from sealed_answer") == 1
