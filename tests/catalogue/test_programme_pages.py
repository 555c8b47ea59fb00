"""What the page of a programme says matches every public fact of the guideline."""

import html
import re
import tomllib
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.conftest import START

ROWS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "guideline" / "programmes.toml").read_text(encoding="utf-8")
)["programme"]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: r["section"])
PROOFS = {
    "nothing": "Vi ber inte om legitimation.",
    "age": "Vi kan be dig visa hur gammal du är.",
    "identity": "Vi kan be dig visa legitimation.",
    "age_or_guardian_confirmation": "Det går också bra att en vårdnadshavare bekräftar din ålder.",
    "age_mandatory_when_no_guardian_consent": "Har ingen vårdnadshavare sagt ja behöver du alltid visa hur gammal du är.",
}
FIGURES = {
    "participant_count": "Hur många som är med",
    "sex": "Kön: kvinna, man eller annat/okänt",
    "open_occasions": "Hur många gånger det är öppet",
    "form_of_intervention": "Vilken form av stöd det är",
    "number_of_talks": "Hur många samtal eller träffar det blir",
    "how_intervention_ended": "Hur insatsen avslutas, ur en fast lista",
}
FREQUENCIES = {
    "3.1": "En förmiddag och två eftermiddagar i veckan",
    "3.2": "Fem träffpunkter, en i varje tätort",
    "4.1": "En gång i veckan per hushåll",
    "4.2": "Minst fyra dagar i veckan",
    "4.3": "Dygnet runt",
    "4.4": "Varannan vecka per hushåll",
}


def words_of(page: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def panel(page: str, title: str) -> list[str]:
    """The lines of the panel with that heading."""
    found = re.search(rf"<h3>{title}</h3><ul[^>]*>(.*?)</ul>", page, re.S)
    assert found, title
    return [words_of(line) for line in re.findall(r"<li>(.*?)</li>", found[1], re.S)]


Pages = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
async def pages(app: Litestar, settings: Settings, run_clock: FrozenClock, pool: None, owner: asyncpg.Connection) -> Pages:
    """The page of every programme in both languages, fetched once."""
    run_clock.set(START)
    # It is made once, so it does not empty the database for each test; what an office has decided of retention is shown.
    await owner.execute("delete from retention_choice")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
        wanted = [(row["slug"], lang) for row in ROWS for lang in ("sv", "en")]
        answers = {(slug, lang): await browser.get(f"/insatser/{slug}?lang={lang}") for slug, lang in wanted}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {key: answer.text for key, answer in answers.items()}


@every_row
def test_name_and_section_are_those_of_the_guideline(pages: Pages, row: dict[str, Any]) -> None:
    page = pages[row["slug"], "sv"]
    assert f"<h1>{html.escape(row['name_sv'])}</h1>" in page
    assert f"<title>{html.escape(row['name_sv'])} – " in page
    assert f"står i riktlinjen, avsnitt {row['section']}." in words_of(page)


@every_row
def test_size_and_length_are_stated_exactly_where_the_guideline_states_them(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    unit = "träffar" if row["form"] == "group" else "tillfälle" if row["form"] == "single_occasion" else "samtal"
    least, most = row.get("sessions_min"), row.get("sessions_max")
    lengths = set(re.findall(r"Längd ((?:\d+–)?\d+ \w+)", said))
    assert lengths == ({f"{most} {unit}" if least == most else f"{least}–{most} {unit}"} if most else set())
    assert ("10 veckor" in said) == ("duration_weeks" in row)
    assert ("5–8 personer" in said) == ("participants_max" in row)
    assert ("Minst 2 starter om året." in said) == ("starts_per_year_min" in row)
    assert FREQUENCIES.get(row["section"], "") in said


@every_row
def test_the_age_is_the_stated_one(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    conditions = said[said.index("Det här behöver stämma") : said.index("Det stämmer inte på mig")]
    low, high = row.get("age_min"), row.get("age_max")
    if low and high:
        assert f"{low}–{high} år" in conditions
    elif low:
        assert f"fyllt {low} år" in conditions
    elif high:
        assert f"under {high} år" in conditions
    else:
        assert not re.search(r"\d+ år", conditions)


@every_row
def test_residency_is_in_the_sections_own_words(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    verb = "Du" if row["quote_residency"].startswith("vistas") else "Du är"
    found = re.findall(r"(Du(?: är)? (?:folkbokförd|bosatt|vistas)[^.]*)\.", said)
    assert set(found) == {f"{verb} {row['quote_residency']} i Karlshamns kommun"}


@every_row
def test_only_the_proof_of_the_section_is_asked_for(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    assert PROOFS[row["show_on_request"]] in said
    shown = {key for key, text in PROOFS.items() if text in said}
    assert shown - {"age"} == {row["show_on_request"]} - {"age"}


@every_row
def test_study_visit_conditions_and_rules_are_steps_only_where_they_are_asked_for(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    assert ("Kom på studiebesök" in said) == (row["study_visit"] == "required_before")
    assert ("Du godkänner villkoren" in said) == row["accept_conditions"]
    assert ("åtar dig att följa reglerna" in said) == row["rules_commitment"]


@every_row
def test_what_is_recorded_is_what_the_section_lists_and_nothing_else(pages: Pages, row: dict[str, Any]) -> None:
    page = pages[row["slug"], "sv"]
    kept, said = panel(page, "Det här sparar vi"), words_of(page)
    if row["doc_level"] == "operational":
        assert kept == [FIGURES[figure] for figure in row["figures"]]
        assert "Vem du är, eller när du är född" in panel(page, "Det här sparar vi inte")
        assert "fem år" not in said
    else:
        assert kept[0].startswith("Ditt namn")
        assert ("senast fem år efter den sista anteckningen" in said) == (row["form"] != "home_service")


@every_row
def test_evaluation_is_told_where_there_is_one(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    assert ("I slutet utvärderar deltagarna kursen, och utvärderingen sparas." in said) == (row["evaluation"] == "required")
    assert all(dimension in said for dimension in row["evaluation_dimensions"])
    chosen_here = row["form"] == "group" or row["section"] == "2.14"
    assert ("I slutet" in said) == (row["evaluation"] != "none" or chosen_here)


@every_row
def test_own_wish_and_enough_support_are_listed_exactly_where_they_are_conditions(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    assert ("Du vill själv vara med." in said) == row["condition_own_wish"]
    assert ("Du behöver inte mer omfattande eget stöd" in said) == row["condition_no_more_extensive_need"]


@every_row
def test_the_duty_to_report_is_said_wherever_somebody_is_met(pages: Pages, row: dict[str, Any]) -> None:
    said = words_of(pages[row["slug"], "sv"])
    if row["section"] not in {"3.2", "4.1", "4.2", "4.3", "4.4"}:
        assert "måste vi anmäla det" in said


@every_row
def test_the_page_is_whole_in_english_with_the_name_in_swedish(pages: Pages, row: dict[str, Any]) -> None:
    page = pages[row["slug"], "en"]
    assert f'<h1 lang="sv">{html.escape(row["name_sv"])}</h1>' in page
    assert not re.search(r"[{}]|För dig", words_of(page))


def test_danger_comes_before_everything_else_on_the_page_for_those_exposed_to_violence(
    pages: Pages,
) -> None:
    page = pages["ambivalenssamtal", "sv"]
    assert page.index('href="tel:112"') < page.index('href="tel:020505050"') < page.index('class="keyfacts"')
    assert "020-50 50 50" in words_of(page)


@pytest.mark.parametrize("section", ["2.2", "2.4", "2.5", "2.6", "2.9", "2.10", "2.11", "2.13", "2.14", "2.19", "4.1"])
def test_a_programme_by_phone_or_visit_has_no_form_and_refuses_nobody(pages: Pages, section: str) -> None:
    page = pages[next(r["slug"] for r in ROWS if r["section"] == section), "sv"]
    assert "<form" not in page
    assert "/anmalan/" not in page
    assert page.count("btn--main") == 1
    assert "Du anmäler dig inte på webben." in words_of(page)


async def test_an_unknown_programme_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/insatser/finns-inte")).status_code == 404


@pytest.mark.parametrize("address", ["/uppgifter", "/tillganglighet", "/kontakt"])
@pytest.mark.parametrize("lang", ["sv", "en"])
async def test_the_pages_of_the_footer_are_there(client: httpx.AsyncClient, address: str, lang: str) -> None:
    answer = await client.get(f"{address}?lang={lang}")
    assert answer.status_code == 200
    assert f'<html lang="{lang}">' in answer.text
    assert answer.text.count("<h1") == 1
