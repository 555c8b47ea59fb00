"""The year's report: only what may leave the house, kept as it was read, and the same bytes each time it is printed."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import hypothesis
import openpyxl
import pypdfium2
import pytest
from hypothesis import strategies as st

from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.services import load_edition
from programmes.core.db import fetch
from programmes.core.i18n import speaking
from programmes.core.typesetting import typeset, unprintable
from programmes.oversight.report import pages as report_pages
from programmes.oversight.report import queries as report_queries
from programmes.oversight.report import views
from programmes.oversight.report.kept_rules import read, settled
from programmes.oversight.report.pages import Programmed
from programmes.oversight.report.rules import Line, Part, Report, mark_of, written
from programmes.oversight.report.views import charts_of
from programmes.oversight.statistics import queries as statistics
from programmes.oversight.statistics.pages import outside_page, outside_rows
from programmes.oversight.statistics.rules import FIGURES, Counted, Values, gathered, year_of
from programmes.oversight.statistics.suppression_rules import Given, Published, about_nobody, given
from programmes.web.xlsx_files import xlsx_bytes
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.desk.test_transfer_again import editions_left_as_they_were
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, hidden, post_form, sign_in_as
from tests.oversight.test_statistics_rules import EDITION, a_section
from tests.owner import as_owner

__all__ = ["editions_left_as_they_were"]

PAGE = "/personal/rapport"
# Of the sheet, in points.
_MARGIN = 24 / 25.4 * 72
_COUNTS = st.fixed_dictionaries(dict.fromkeys(FIGURES, st.integers(0, 12)))


def _report(section: str, counts: Mapping[str, int], words: str = "", first: bool = False) -> Report:
    of = Programmed("Insatsen", 2 if section in {"2.7", "2.8"} else None, 0, "i den utgåva")
    with speaking("sv"):
        return report_pages.report(
            [given(a_section(section, counts))], {section: of}, 2025, "Karlshamns kommun", words, first
        )


@hypothesis.given(st.sampled_from(sorted({p.section for p in EDITION.values() if p.form != "catalogue_only"})), _COUNTS)
def test_no_count_of_people_under_five_stands_anywhere_in_it(section: str, counts: dict[str, int]) -> None:
    report = _report(section, counts)
    said = {line.label: line.now for part in report.parts for line in part.lines}
    for label in ("Olika deltagare", "Kvinnor", "Män", "Besök", "Fullföljde", "Avbröt", "Antal samtal"):
        assert said.get(label, "dolt") == "dolt" or int(said[label]) >= 5
    bars = [n for chart in report.charts if not chart.title.startswith(("Starter", "Öppna")) for bar in chart.bars
            for n in (bar.now, bar.before) if n]  # fmt: skip
    assert all(n >= 5 for n in bars)
    assert not any(f" {n} personer" in line for n in range(5) for line in report.short)
    assert read(written(report)) == report


def test_it_says_when_there_were_fewer_starts_than_there_should_be() -> None:
    few, enough = _report("2.7", {"starts": 1, "people": 9}), _report("2.7", {"starts": 2, "people": 9})
    assert few.parts[0].sentences[:2] == (
        "Det blev 1 start under året.", "Det ska vara minst två starter om året. 2025 blev det färre.",
    )  # fmt: skip
    assert enough.parts[0].sentences[:2] == ("Det blev 2 starter under året.", "9 personer deltog.")
    none = _report("2.7", {})
    assert none.parts[0].sentences[0] == "Det blev ingen start under året."
    assert none.quiet == ""
    # Of a year in which the service came into use nobody knows what was before.
    assert _report("2.7", {}, first=True).parts[0].sentences[:1] == none.parts[0].sentences[:1]
    assert "blev det färre" not in " ".join(_report("2.7", {}, first=True).parts[0].sentences)


_SECTIONS = sorted({p.section for p in EDITION.values() if p.form != "catalogue_only"})
_SMALL = st.fixed_dictionaries(dict.fromkeys((*FIGURES, "waited", "slips"), st.integers(0, 4)))
_FEW = st.fixed_dictionaries(dict.fromkeys(_SECTIONS, _SMALL))
_PLACES = ("Asarum", "Svängsta")


def _all_sections(small: Mapping[str, Mapping[str, int]], open_ones: Mapping[str, int]) -> list[Given]:
    """Every section, with what is hidden in both years and what is not."""
    found = []
    for section in _SECTIONS:
        # Of a series even its start is somebody's.
        nobody = about_nobody(a_section(section, {}))
        counts = {figure: open_ones.get(figure, 0) if figure in nobody else n for figure, n in small[section].items()}
        rows = [Counted(1, place, window, *item) for place in _PLACES for window in (0, 1) for item in counts.items()]
        [one] = gathered({1: EDITION[section]}, rows, year_of(2025))
        found.append(given(replace(one, windows=(Values(counts), Values(counts)))))
    return found


@hypothesis.settings(max_examples=20)
@hypothesis.given(_FEW, st.sampled_from([{}, {"starts": 1, "held": 7, "occasions": 3}]))
def test_reports_that_differ_in_hidden_numbers_only_are_the_same_to_the_byte(
    few: Mapping[str, Mapping[str, int]], open_ones: Mapping[str, int]
) -> None:
    nobody = {section: dict.fromkeys(counts, 0) for section, counts in few.items()}
    told = {section: Programmed(section, EDITION[section].starts_per_year_min) for section in _SECTIONS}
    made = []
    for small in (few, nobody):
        found = _all_sections(small, open_ones)
        with speaking("sv"):
            report = report_pages.report(found, told, 2025, "Karlshamn")
            outside = list(outside_rows(found, {}, 2025)), outside_page(found, {}, 2025, date(2026, 5, 1), None)
            sheets, paper = report_pages.sheets(report, ""), report_pages.paper(report, "")
        assert [part.section for part in report.parts] == _SECTIONS, "each is told, whatever is hidden"
        made.append((written(report), sheets, paper, outside))
    assert made[0] == made[1]


def test_numbers_of_four_digits_are_grouped_in_every_text_and_stay_numbers_in_the_workbook() -> None:
    counts = Published({"occasions": 1040, "visits": 1162}, {})
    figures = ("occasions", "visits")
    told = {section: Programmed(section, None) for section in ("9.1", "9.2")}
    found = [Given(section, "drop_in", False, figures, frozenset(figures), (counts, None)) for section in told]
    with speaking("sv"):
        report = report_pages.report(found, told, 2025, "")
        paper, sheets = report_pages.paper(report, ""), report_pages.sheets(report, "")
        outside = outside_page(found, {}, 2025, date(2026, 5, 1), None)
    assert report.parts[0].sentences[:2] == ("Det var öppet 1\xa0040 gånger.", "Det var 1\xa0162 besök.")
    assert report.short[0] == "9.1: öppet 1\xa0040 gånger och 1\xa0162 besök."
    assert paper["told"][0] == [["1\xa0040", "dolt"]] * 2
    assert [row[1] for row in outside.sections[0][1]] == ["1\xa0040", "1\xa0162"]
    said = [cell for _name, _heads, rows in sheets[1:3] for row in rows for cell in row]
    assert {1040, 1162} <= {cell for cell in said if isinstance(cell, int)}
    # What is hidden follows the name of the programme with one mark between them.
    hidden_ones = _report("2.8", {"people": 2})
    with speaking("sv"):
        lines = [str(row[0]) for row in report_pages.sheets(hidden_ones, "")[0][2]]
    assert any(line.startswith("2.8 Insatsen. ") for line in lines)
    assert not any(": Dolt" in line for line in lines)


def test_on_paper_no_heading_is_the_last_of_a_sheet_and_no_source_the_first() -> None:
    """Of every length, so that each comes to where a sheet ends: a part stands on one, and a long one begins and ends with
    some of its rows."""
    wrong = []
    for lines in (4, 7, 9, 13, 30):
        row = Line("Ett mått", "7", "5", "held", "", 7, 5)
        place = replace(row, label="En plats, besök", place="En plats")
        parts = tuple(
            Part(f"2.{n}", f"Insats{n}x", (f"Mening{n}x.",), (row,) * 4, (place,) * (lines - 4), f"Avsnitt{n}x.")
            for n in range(1, 12)
        )
        made = Report(2025, "K", "", ("Ingress.",) * (lines % 5), (), parts, "", (), ())
        with speaking("sv"):
            pdf = typeset(Path(views.__file__).with_name("report.typ"), report_pages.paper(made, ""))
        sheets = [sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(pdf)]
        for sheet in sheets:
            for n in range(1, 12):
                above = [sheet.find(word) for word in (f"Insats{n}x", f"Mening{n}x", f"Avsnitt{n}x")]
                if above[0] >= 0 and (above[1] < 0 or "Ett mått" not in sheet[above[1] :]):
                    wrong.append((lines, n, "heading"))
                if above[2] >= 0 and "Ett mått" not in sheet[: above[2]] and "En plats" not in sheet[: above[2]]:
                    wrong.append((lines, n, "source"))
        assert len(sheets) > 1
    assert wrong == []


def test_what_the_paper_has_no_letters_for_is_found_and_everything_else_is_printed() -> None:
    fine = "Åäö é e\u0301 Łódź Đorđe αβγ Привет мир שלום سلام يا عالم – ”citat” … € → ✓ ≥ ½ • x\ufe0f a\u00adb a\u200bb"
    assert unprintable(fine) == []
    assert unprintable(f"{fine} 😀👍🏽😀 中 ไทย \ue000") == ["😀", "👍", "🏽", "中", "ไ", "ท", "ย", "\ue000"]
    assert not unprintable("")
    with speaking("sv"):
        assert "一 丁 七 丂 丏 丐 丑 丒 专 且 …." in report_pages.unprintable_words(list("一丁七丂丏丐丑丒专且丕世"))


@pytest.mark.parametrize("word", ["å" * 2000, "W" * 60, "سلام" * 90, "https://exempel.se/" + "a/b-c." * 80], ids=len)
def test_a_word_that_is_wider_than_the_sheet_goes_on_on_the_next_line(word: str) -> None:
    made = Report(2025, "K", f"Först {word} sist.", (), (), (), "", (), ())
    with speaking("sv"):
        pdf = typeset(Path(views.__file__).with_name("report.typ"), report_pages.paper(made, ""), True)
    found = []
    for sheet in pypdfium2.PdfDocument(pdf):
        text, (width, _height) = sheet.get_textpage(), sheet.get_size()
        found += [box for n in range(text.count_chars()) if (box := text.get_charbox(n))[2] > box[0]]
        least, most = _MARGIN - 1, width - _MARGIN + 1
        assert all(left >= least and right <= most for left, _bottom, right, _top in found)
    assert len(found) > len(word)


def test_a_long_word_that_has_room_on_a_line_is_found_and_copied_as_it_was_written() -> None:
    words = ("Realisationsvinstbeskattningsreglementet", "a" * 19 + "b" * 21 + "c" * 25, "W" * 60)
    made = Report(2025, "K", " ".join(("Först", *words)), (), (), (), "", (), ())
    with speaking("sv"):
        pdf = typeset(Path(views.__file__).with_name("report.typ"), report_pages.paper(made, ""), True)
    text = "".join(sheet.get_textpage().get_text_bounded() for sheet in pypdfium2.PdfDocument(pdf))
    assert words[0] in text
    assert words[1] in text
    # Of one that is wider than the sheet, the pieces are.
    assert "W" * 20 in text


def test_only_what_is_openly_none_is_said_in_one_sentence() -> None:
    nobody = Published({"occasions": 0}, {})
    some = Given("9.1", "drop_in", False, ("occasions",), frozenset({"occasions"}), (nobody, nobody))
    with speaking("sv"):
        report = report_pages.report([some], {"9.1": Programmed("Öppet hus", None)}, 2025, "")
    assert (report.quiet, report.parts) == ("Inget att räkna 2025 eller året före: 9.1 Öppet hus.", ())
    # What is hidden is never said to be nothing.
    assert _report("2.15", {}).quiet == ""
    assert _report("2.15", {}).parts[0].lines == ()


def test_what_nobody_is_asked_has_no_row_and_no_definition() -> None:
    report = _report("2.7", {"people": 12, "other": 12})
    assert not {"Kvinnor", "Män", "Annat eller okänt kön"} & {
        *(d.label for d in report.definitions), *(line.label for line in report.parts[0].lines)
    }  # fmt: skip
    assert {"Kvinnor", "Män"} <= {d.label for d in _report("2.1", {"people": 12}).definitions}


def test_a_report_of_an_earlier_release_is_read_with_its_numbers() -> None:
    old = """{"year": 2025, "municipality": "K", "words": "", "lead": [], "quiet": "", "definitions": [], "short": [],
      "charts": [{"title": "t", "told": "t", "bars": [{"name": "a", "now": 7, "before": null}]}],
      "parts": [{"section": "3.2", "name": "T", "sentences": [], "source": "",
        "lines": [{"label": "Besök", "now": "1\u00a0162", "before": "dolt"},
                  {"label": "Väntetid i snitt", "now": "14 dagar", "before": "1 dag"},
                  {"label": "Svarsfrekvens", "now": "63 %", "before": "–"}],
        "places": [{"label": "Hus 3, norr, öppna tillfällen", "now": "40", "before": "–"},
                   {"label": "Hus 3, norr, besök", "now": "dolt", "before": "–"}]}]}"""
    found = read(old)
    assert settled(found)["3.2"] == Published(
        {"visits": 1162, "waiting": 14, "response_rate": 63}, {"Hus 3, norr": {"occasions": 40, "visits": None}}
    )
    assert settled(found, 1)["3.2"] == Published({"visits": None, "waiting": 1, "response_rate": None}, {})
    with speaking("sv"):
        rows = report_pages.sheets(found, "1 februari 2026")[1][2]
    assert [row[2:7] for row in rows] == [
        ("", "Besök", 1162, "dolt", ""), ("", "Väntetid i snitt", 14, 1, "dagar"), ("", "Svarsfrekvens", 63, "–", "procent"),
        ("Hus 3, norr", "öppna tillfällen", 40, "–", ""), ("Hus 3, norr", "besök", "dolt", "–", ""),
    ]  # fmt: skip
    assert read(written(found)) == found


def test_another_word_is_another_report() -> None:
    assert mark_of(_report("2.1", {"people": 9})) != mark_of(_report("2.1", {"people": 10}))
    assert mark_of(_report("2.1", {}, "a")) != mark_of(_report("2.1", {}, "b"))


@pytest.fixture
async def staff(db: None, clock: FrozenClock) -> None:
    """A year that is over, in which the open place had twelve visits."""
    await a_coordinator(clock.now())
    await a_staff_member("sasha", "manager", clock.now())
    robin = await a_leader(clock.now())
    cohort = await a_cohort("3.1", clock.now(), robin, sessions=1, first_in=timedelta(), state="started")
    [session] = await session_ids(cohort)
    assert await attendance.count(session, Count(6, 6, 0), robin, clock.now()) is None
    clock.set(datetime(2027, 2, 3, 9, tzinfo=UTC))


async def _bytes(client: httpx.AsyncClient, name: str) -> bytes:
    answer = await client.get(f"{PAGE}/{name}")
    assert answer.status_code == 200, answer.status_code
    return answer.content


def _text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def _first_page(pdf: bytes) -> str:
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


async def test_a_manager_establishes_it_as_read_and_from_then_on_every_print_is_the_same(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    shown = (await client.get(PAGE)).text
    assert "Verksamhetsberättelse 2026" in shown
    assert "Utkast" in shown
    assert "Det var 12 besök." in shown
    draft = _text(await _bytes(client, "2026.pdf"))
    assert "Utkast, inte fastställd: lämna inte ut" in draft
    # At the head of the first page too, in its title and under it, not only at the foot of each.
    first_page = _first_page(await _bytes(client, "2026.pdf"))
    assert re.search(r"Utkast: Verksamhetsberättelse 2026\r?\n", first_page)
    assert first_page.count("Utkast, inte fastställd: lämna inte ut") == 2
    # What is for everybody is there once it is established; every line of the other file says what it is.
    assert "2026-kort.pdf" not in shown
    assert (await client.get(f"{PAGE}/2026-kort.pdf")).status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(await _bytes(client, "2026.xlsx")))
    for sheet in book.worksheets:
        [head, *rows] = sheet.iter_rows(values_only=True)
        assert (head[-1], {row[-1] for row in rows} <= {"Utkast, inte fastställd: lämna inte ut"}) == ("Märkning", True)
    # What was read is what is kept: when figures have changed since, nothing is.
    mark = hidden(shown, "sedd")
    await owner.execute("update head_count set women = 7")
    answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett bra år."})
    assert answer.status_code == 422
    assert "Siffrorna har ändrats" in answer.text
    assert "Ett bra år." in answer.text
    mark = hidden((await client.get(PAGE)).text, "sedd")
    unseen = "\x00\x07\x1b\u202e\u2066\uffff\ufffe"
    for words, told in (("x" * 2001, "Skriv högst 2000 tecken"), *((f"a{c}b", "tecken som inte går") for c in unseen)):
        answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": words})
        assert (answer.status_code, told in answer.text) == (422, True), ascii(words[:5])
    # What the paper would print as boxes is named.
    for words, signs in (("Bra år 😀 så", "😀"), ("中文中", "中 文")):
        answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": words})
        assert (answer.status_code, f"på papper: {signs}. Ta bort" in answer.text) == (422, True), words
        assert words in answer.text
    answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Tack, Anna 850214-1234."})
    assert (answer.status_code, "ser ut som ett personnummer" in answer.text) == (422, True)
    answer = await post_form(
        client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett bra år.\r\n\r\n#strong[Nej]"}
    )
    assert answer.status_code == 303
    again = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett annat."})
    assert again.status_code == 409
    assert "redan fastställd" in again.text
    assert "2026-kort.pdf" in (await client.get(f"{PAGE}?ar=2026")).text
    assert "Lägg filen på kommunens webbplats" in (await client.get(f"{PAGE}?ar=2026")).text
    kept = {name: await _bytes(client, name) for name in ("2026.pdf", "2026-kort.pdf", "2026.xlsx")}
    assert openpyxl.load_workbook(io.BytesIO(kept["2026.xlsx"])).properties.title == "Verksamhetsberättelse 2026"
    paper = _text(kept["2026.pdf"])
    assert "Fastställd 3 februari 2027" in paper
    assert "#strong[Nej]" in paper, "what people write is never the typesetter's language"
    # Whatever becomes of the rows it was counted from.
    await owner.execute("delete from head_count")
    clock.advance(days=400)
    await sign_in_as(client, "sasha", clock.now())
    for name, content in kept.items():
        assert await _bytes(client, name) == content, name
    assert await owner.fetchval("select count(*) from audit_entry where action = 'report:established'") == 1
    found = await report_queries.established(2026)
    assert found is not None
    assert found.by == "Sasha"


async def test_its_files_are_taken_home_by_who_has_shown_who_it_is_and_the_half_page_by_everybody_on_staff(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    mark = hidden((await client.get(PAGE)).text, "sedd")
    await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": ""})
    clock.advance(minutes=6)
    for name in ("2026.pdf", "2026.xlsx"):
        asked = await client.get(f"{PAGE}/{name}")
        assert asked.headers.get("location", "").startswith("/personal/bekrafta"), name
    assert (await client.get(f"{PAGE}/2026-kort.pdf")).status_code == 200


async def test_what_is_compared_is_what_is_kept(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts a figure right between the moment it is compared and the moment it is kept."""
    await sign_in_as(client, "sasha", clock.now())
    mark, made, times = hidden((await client.get(PAGE)).text, "sedd"), views._draft, iter((False, True, True))

    async def and_then_it_changes(year: int, municipality: str, now: datetime, *sees: Callable[[str], bool]) -> Report:
        draft = await made(year, municipality, now, *sees)
        # Not yet as the page is read that holds the form.
        if next(times):
            await owner.execute("update head_count set women = women + 1")
        return draft

    monkeypatch.setattr(views, "_draft", and_then_it_changes)
    answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett bra år."})
    assert answer.status_code == 303
    known = await report_queries.established(2026)
    assert known is not None
    assert mark_of(replace(known.report, words="")) == mark
    assert known.report.words == "Ett bra år."


async def test_before_it_is_established_the_manager_sees_what_is_not_in_it(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    assert "Något saknas" not in (await client.get(PAGE)).text
    then, robin = datetime(2026, 11, 3, 9, tzinfo=UTC), await a_leader(clock.now(), "robin2")
    for section, sessions in (("3.1", 2), ("2.1", 2), ("2.9", 2)):
        cohort = await a_cohort(section, then, robin, sessions=sessions, first_in=timedelta(), state="started")
    assert cohort
    shown = (await client.get(PAGE)).text
    for words in ("2 öppna tillfällen saknar sina siffror.", "1 grupp är inte avslutad.",
                  "Det finns serier med samtal som inte är avslutade."):  # fmt: skip
        assert words in shown
        assert shown.index(words) < shown.index(">Fastställ</button>")
    # They are told to whoever can establish it.
    await sign_in_as(client, "kim", clock.now())
    assert "saknar sina siffror" not in (await client.get(PAGE)).text


async def test_a_start_of_the_year_without_a_decision_is_named_before_it_falls_between_two_reports(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    december, robin = datetime(2026, 12, 3, 9, tzinfo=UTC), await a_leader(clock.now(), "robin2")
    began, nobody, later = [
        await a_cohort(section, december, robin, first_in=timedelta(days=days), sessions=10)
        for section, days in (("2.8", 0), ("2.1", 1), ("2.8", 40))
    ]
    await owner.execute("update cohort set name = 'Decembergruppen' where id = $1", began.cohort_id)
    await owner.execute("update cohort set name = 'Januarigruppen' where id = $1", later.cohort_id)
    await owner.execute("update cohort set name = 'Ingen räknar' where id = $1", nobody.cohort_id)
    await sign_in_as(client, "sasha", clock.now())
    shown = (await client.get(PAGE)).text
    notes = shown.partition('id="saknas"')[2].partition("</ul></div>")[0]
    assert "1 start under året saknar beslut" in notes
    assert "Decembergruppen, 3 december 2026" in notes
    assert "räknas den inte i någon berättelse" in notes
    # Of an exempt programme no starts are counted; what begins next year is in the report of that.
    assert not {name for name in ("Januarigruppen", "Ingen räknar") if name in notes}
    # The way to the decision is for whoever may decide.
    way = f'href="/personal/starter#start-{began.cohort_id}"'
    assert way not in notes
    await _coordinates_too(owner, "")
    assert way in (await client.get(PAGE)).text
    # It is a warning.
    await _establish(client, 2026)
    await owner.execute("update cohort set state = 'started', started_at = $2 where id = $1", began.cohort_id, clock.now())
    found = await statistics.sections(year_of(2026), ["2.8"], clock.now())
    assert [section.value("starts", 0) for section in found] == [1], "that is what was missing"


async def test_a_series_of_the_year_that_has_not_begun_is_told_without_how_many(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    december, robin = datetime(2026, 12, 3, 9, tzinfo=UTC), await a_leader(clock.now(), "robin2")
    series = await a_cohort("2.14", december, robin, minimum=1, maximum=1, first_in=timedelta(), sessions=10)
    await sign_in_as(client, "sasha", clock.now())
    shown = (await client.get(PAGE)).text
    assert "Det finns serier där första samtalet skulle ha varit under året" in shown
    notes = shown.partition('id="saknas"')[2].partition("</ul></div>")[0]
    assert "starter#start" not in notes
    assert series.name not in notes


async def _coordinates_too(owner: asyncpg.Connection, section: str) -> None:
    await owner.execute(
        "insert into staff_role (staff_id, role, section) select id, 'coordinator', $1 from staff where username = 'sasha'",
        section,
    )


async def _nina(clock: FrozenClock, client: httpx.AsyncClient, section: str = "2.8") -> None:
    await a_coordinator(clock.now(), "nina", section)
    await sign_in_as(client, "nina", clock.now())


def _article(text: str) -> str:
    return text.partition("<article")[2].partition("</article>")[0]


async def test_who_coordinates_some_programmes_sees_only_those_until_the_report_is_established(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    open_group = await a_cohort("2.1", clock.now() - timedelta(days=60), first_in=timedelta(), sessions=2, state="started")
    assert open_group
    await _nina(clock, client)
    for year in (2026, 2027):
        shown = _article((await client.get(f"{PAGE}?ar={year}")).text)
        for words in ("3.1", "12 besök", "Det var öppet", "är inte avslutad", "2.1 "):
            assert words not in shown, (year, words)
        assert re.search(r"Utkastet visar dina insatser: 2\.8 [^.]+\.", shown)
    # It says the same whatever is noted elsewhere, a day apart.
    before = {year: _article((await client.get(f"{PAGE}?ar={year}")).text) for year in (2026, 2027)}
    await owner.execute("update head_count set women = women + 2, men = men + 1")
    assert {year: _article((await client.get(f"{PAGE}?ar={year}")).text) for year in (2026, 2027)} == before
    # As are the files of a year that is over.
    paper = _text(await _bytes(client, "2026.pdf"))
    assert "Utkastet visar dina insatser" in paper
    assert "3.1" not in paper
    book = openpyxl.load_workbook(io.BytesIO(await _bytes(client, "2026.xlsx")))
    cells = [str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "2.8" in cells
    assert any("Utkastet visar dina insatser" in cell for cell in cells)
    assert not [cell for cell in cells if any(word in cell for word in ("3.1", "Det var öppet", "Öppna tillfällen", "2.1 "))]
    assert (await client.get(f"{PAGE}/2026-kort.pdf")).status_code == 404


async def test_a_coordinator_of_a_programme_without_figures_sees_nothing_of_the_others(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await _nina(clock, client, "9.9")
    shown = _article((await client.get(f"{PAGE}?ar=2026")).text)
    assert "Utkastet visar bara dina insatser, och för dem finns inga siffror" in shown
    assert "12 besök" not in shown


async def test_who_coordinates_everything_or_manages_sees_the_whole_draft_and_everybody_what_is_established(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await _nina(clock, client)
    narrowed = await views._draft(2026, "Karlshamns kommun", clock.now(), lambda section: section == "2.8")
    # Nobody who may not establishes anything, with whatever mark.
    answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark_of(narrowed), "ord": ""})
    assert answer.status_code == 403
    await sign_in_as(client, "kim", clock.now())
    shown = _article((await client.get(PAGE)).text)
    assert ("12 besök" in shown, "Utkastet visar" in shown) == (True, False)
    # A manager who also coordinates one programme establishes the whole.
    await _coordinates_too(owner, "2.8")
    await sign_in_as(client, "sasha", clock.now())
    shown = _article((await client.get(PAGE)).text)
    assert ("12 besök" in shown, "Utkastet visar" in shown) == (True, False)
    answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark_of(narrowed), "ord": ""})
    assert (answer.status_code, "Siffrorna har ändrats" in answer.text) == (422, True)
    await _establish(client, 2026)
    await sign_in_as(client, "nina", clock.now())
    shown = _article((await client.get(f"{PAGE}?ar=2026")).text)
    assert ("12 besök" in shown, "Utkastet visar" in shown) == (True, False)
    assert "3.1" in _text(await _bytes(client, "2026.pdf"))


async def _establish(client: httpx.AsyncClient, year: int) -> None:
    mark = hidden((await client.get(f"{PAGE}?ar={year}")).text, "sedd")
    answer = await post_form(client, f"{PAGE}?ar={year}", {"ar": str(year), "sedd": mark, "ord": ""})
    assert answer.status_code == 303


async def _visits(client: httpx.AsyncClient, year: int) -> dict[str, str]:
    """The visits of 3.1 as the report and the file for whoever asks have them, by year, and what the file says of itself."""
    book = openpyxl.load_workbook(io.BytesIO(await _bytes(client, f"{year}.xlsx")))
    head, *rows = [[str(cell.value) for cell in row] for row in book["Siffror"].iter_rows()]
    in_report = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "3.1" and row[3] == "Besök"]
    file = (await client.get(f"/personal/statistik/utlamning.csv?ar={year}")).content.decode("utf-8-sig")
    lines = [row for row in csv.DictReader(io.StringIO(file), delimiter=";")
             if row["Avsnitt"] == "3.1" and row["Mått"] == "Besök"]  # fmt: skip
    found = {line["Period"]: line["Värde"] for line in lines}
    for one in in_report:
        assert {at: one[at] for at in found} == found, "the same in both"
    return {line["Period"]: f"{line['Värde']} {line['Märkning']}" for line in lines}


async def test_a_year_is_told_once_and_everything_else_repeats_it(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    # A draft and what is established later differ by few, so that nothing of a draft is given out.
    assert "får lämnas ut" not in (await client.get(PAGE)).text.partition("<main")[2].partition("<article")[0]
    assert await _visits(client, 2026) == {"2026": "12 Små tal är dolda, inte fastställt"}
    assert "Vänta med att lämna ut" in (await client.get("/personal/statistik/utlamning")).text
    await _establish(client, 2026)
    assert "Berättelsen får lämnas ut" in (await client.get(PAGE)).text
    assert "Vänta med att lämna ut" not in (await client.get("/personal/statistik/utlamning")).text
    await owner.execute("update head_count set women = women + 1")
    assert await _visits(client, 2026) == {"2026": "12 Små tal är dolda"}
    clock.set(datetime(2028, 2, 3, 9, tzinfo=UTC))
    await sign_in_as(client, "sasha", clock.now())
    told = {"2026": "12 Små tal är dolda", "2027": "dolt Små tal är dolda, inte fastställt"}
    assert await _visits(client, 2027) == told
    # Also where only the next year has been established.
    await _establish(client, 2027)
    await owner.execute("delete from annual_report where year = 2026")
    assert await _visits(client, 2026) == {"2026": "12 Små tal är dolda"}


async def test_of_a_year_before_the_service_there_is_nothing_to_establish(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    shown = (await client.get(f"{PAGE}?ar=2025")).text
    assert "Från 2025 finns inga uppgifter" in shown
    assert "Det ska vara minst" not in shown
    assert 'name="sedd"' not in shown
    answer = await post_form(client, f"{PAGE}?ar=2025", {"ar": "2025", "sedd": mark_of(await _empty_draft(2025)), "ord": ""})
    assert (answer.status_code, "Från 2025 finns inga uppgifter" in answer.text) == (422, True)
    assert await owner.fetchval("select count(*) from annual_report") == 0
    assert (await client.get(f"{PAGE}/2025.pdf")).status_code == 404
    answer = await client.get("/personal/statistik/utlamning.csv?ar=2025")
    assert (answer.status_code, answer.headers["location"]) == (303, "/personal/statistik/utlamning?ar=2025")
    answer = await client.get("/personal/statistik/utlamning?ar=2025")
    assert (answer.status_code, "Från 2025 finns inga uppgifter" in answer.text) == (200, True)
    # In the year it came into use nothing is compared with what was before, nor found to be too little.
    first = await _empty_draft(2026)
    assert "Tjänsten började användas under året." in " ".join(first.lead)
    assert {line.before for part in first.parts for line in part.lines} == {"–"}
    assert "blev det färre" not in written(first)
    clock.set(datetime(2028, 2, 3, 9, tzinfo=UTC))
    assert "blev det färre" in written(await _empty_draft(2027))


async def _empty_draft(year: int) -> Report:
    return await views._draft(year, "Karlshamns kommun", datetime(2028, 2, 3, 9, tzinfo=UTC))


async def test_a_later_edition_takes_nothing_from_the_years_before_it(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, editions_left_as_they_were: None
) -> None:
    fewer = tuple(
        replace(p, starts_per_year_min=3) if p.section == "2.7" else p for p in EDITION.values() if p.section != "3.1"
    )
    file = read_edition(EDITIONS / "2026-04-01.toml")
    async with as_owner():
        await load_edition(replace(file, valid_from=date(2027, 1, 1), digest=b"later", programmes=fewer), clock.now())
    for year in (2026, 2027):
        part = next(part for part in (await _empty_draft(year)).parts if part.section == "3.1")
        visits = next(line for line in part.lines if line.figure == "visits")
        assert 12 in (visits.n, visits.n_before)
        assert ("före 31 december 2027" in part.source) == (year == 2027)
    # How many starts there must be is what the edition said at the end of the year.
    told = {year: written(await _empty_draft(year)) for year in (2026, 2027)}
    assert "minst tre starter om året. 2027" in told[2027]
    await sign_in_as(client, "sasha", clock.now())
    for address in ("statistik?fran=2026-01-01&till=2026-12-31", "statistik.csv?fran=2026-01-01&till=2026-12-31",
                    "statistik/utlamning?ar=2026", "statistik?fran=2026-01-01&till=2026-12-31&insats=3.1"):  # fmt: skip
        answer = await client.get(f"/personal/{address}")
        assert answer.status_code == 200
        assert re.search(r"3\.1\b", answer.text.partition("<main")[2] or answer.text), address
    later = replace(file, valid_from=date(2028, 1, 1), digest=b"last", programmes=tuple(EDITION.values()))
    async with as_owner():
        await load_edition(later, clock.now())
    assert written(await _empty_draft(2027)) == told[2027]


async def test_what_cannot_be_asked_for_is_said_in_words(staff: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await sign_in_as(client, "sasha", clock.now())
    for year in ("1999", "2028", "1e3", "%00", "2%300"):
        answer = await client.get(f"{PAGE}?ar={year}")
        assert (answer.status_code, "Det finns ingen berättelse om det året." in answer.text) == (422, True)
        answer = await client.get(f"/personal/statistik/utlamning.csv?ar={year}")
        assert answer.status_code == 303
        answer = await client.get(answer.headers["location"])
        assert (answer.status_code, "Bara år som är över kan lämnas ut." in answer.text) == (422, True)
    await _establish(client, 2026)
    client.cookies.set("lang", "en")
    assert "Established 3 February 2027 by Sasha" in (await client.get(PAGE)).text


async def test_nobody_changes_one_that_is_established(staff: None, owner: asyncpg.Connection) -> None:
    who = await owner.fetchval("select id from staff where username = 'sasha'")
    insert = "insert into annual_report (year, content, established_at, established_by) values ($1, $2, now(), $3)"
    await owner.execute(insert, 2026, "{}", who)
    for statement in ("update annual_report set content = '[]'", "delete from annual_report"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(statement)
    for year, content, named in ((2026, "{}", "annual_report_year"), (1999, "{}", "report_year"), (2027, "", "report_has")):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=named):
            await owner.execute(insert, year, content, who)


async def test_only_years_that_are_over_and_only_for_coordinators_and_managers(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"{PAGE}?ar=2028")).text
    assert "Verksamhetsberättelse 2026" in shown
    assert "Fastställ Verks" not in shown
    for name in ("2028.pdf", "2023.pdf", "2026-kort.xlsx", "２０２６.pdf", "2026.csv", "../../x", "2026-kort.xlsx.pdf"):
        assert (await client.get(f"{PAGE}/{name}")).status_code == 404, name
    assert (await post_form(client, PAGE, {"ar": "2026", "sedd": ""})).status_code == 403


def test_the_workbook_has_the_figures_and_charts_with_words() -> None:
    sections = [
        given(a_section("3.1", {"occasions": 40, "visits": 300})), given(a_section("3.2", {"occasions": 30, "visits": 90}))
    ]  # fmt: skip
    with speaking("sv"):
        told = {"3.1": Programmed("Mötesplatsen", None), "3.2": Programmed("Träffpunkter", None)}
        found = report_pages.report(sections, told, 2025, "Karlshamn")
    assert [chart.title for chart in found.charts] == ["Öppna tillfällen 2025 och 2024", "Besök 2025 och 2024"]
    assert "Mötesplatsen 300, året före dolt" in found.charts[1].told
    with speaking("sv"):
        made = xlsx_bytes(report_pages.sheets(found, ""), charts_of(found))
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["Text", "Siffror", "Diagram", "Så räknas det"]
    # A spreadsheet counts with what is a number; what is hidden is a word.
    head, *lines = [[cell.value for cell in row] for row in book["Siffror"].iter_rows()]
    column = head.index("2025")
    assert sum(row[column] for row in lines if row[3] == "Besök") == 390
    assert {row[column + 1] for row in lines if row[3] == "Besök"} == {"dolt"}
    charts = book["Diagram"]._charts
    assert len(charts) == 2
    rows = [[cell.value for cell in row] for row in book["Diagram"].iter_rows(min_row=2)]
    assert [row[:4] for row in rows][2:] == [
        ["Besök 2025 och 2024", "Mötesplatsen", 300, None], ["Besök 2025 och 2024", "Träffpunkter", 90, None],
    ]  # fmt: skip
    drawing = zipfile.ZipFile(io.BytesIO(made)).read("xl/drawings/drawing1.xml").decode()
    assert 'descr="Besök 2025 och 2024. Mötesplatsen 300' in drawing


def test_a_workbook_without_anything_to_draw_has_no_sheet_of_charts() -> None:
    sections = [given(a_section("3.1", {"occasions": 40, "visits": 300}))]
    with speaking("sv"):
        found = report_pages.report(sections, {"3.1": Programmed("Mötesplatsen", None)}, 2025, "Karlshamn")
        found = replace(found, charts=())
        made = xlsx_bytes(report_pages.sheets(found, ""), charts_of(found))
    assert openpyxl.load_workbook(io.BytesIO(made)).sheetnames == ["Text", "Siffror", "Så räknas det"]


async def test_the_year_that_goes_on_is_told_so_far_and_cannot_be_established(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    shown = (await client.get(f"{PAGE}?ar=2027")).text
    assert "Verksamhetsberättelse 2027" in shown
    assert "Året är inte slut." in shown
    assert "blev det färre" not in shown
    assert 'name="sedd"' not in shown
    # Two drafts of it would differ by a few, so that there is nothing to take home.
    assert "Filer att ta hem finns när året är slut." in shown
    for name in ("2027.pdf", "2027.xlsx", "2027-kort.pdf"):
        assert name not in shown
        assert (await client.get(f"{PAGE}/{name}")).status_code == 404, name
    answer = await post_form(client, f"{PAGE}?ar=2027", {"ar": "2027", "sedd": "0", "ord": ""})
    assert (answer.status_code, "Året är inte slut." in answer.text) == (422, True)
    assert await owner.fetchval("select count(*) from annual_report") == 0
