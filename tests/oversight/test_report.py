"""The year's report: only what may leave the house, kept as it was read, and the same bytes each time it is printed."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import openpyxl
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.attendance import services as attendance
from programmes.attendance.rules import Count
from programmes.core.db import fetch
from programmes.core.i18n import speaking
from programmes.oversight.report import pages as report_pages
from programmes.oversight.report import queries as report_queries
from programmes.oversight.report.pages import Programmed
from programmes.oversight.report.rules import Report, mark_of, read, written
from programmes.oversight.report.views import charts_of
from programmes.oversight.statistics.rules import FIGURES, year_of
from programmes.web.xlsx_files import xlsx_bytes
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, hidden, post_form, sign_in_as
from tests.oversight.test_statistics_rules import EDITION, a_section

PAGE = "/personal/rapport"
_COUNTS = st.fixed_dictionaries(dict.fromkeys(FIGURES, st.integers(0, 12)))


def _report(section: str, counts: dict[str, int], words: str = "") -> Report:
    found = a_section(section, counts)
    of = Programmed("Insatsen", 2 if section in {"2.7", "2.8"} else None)
    with speaking("sv"):
        return report_pages.report([found], {section: of}, 2025, "Karlshamns kommun", "i den utgåva", words)


@given(st.sampled_from(sorted({p.section for p in EDITION.values() if p.form != "catalogue_only"})), _COUNTS)
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
    assert _report("2.15", {}).quiet.startswith("Inget att räkna 2025")


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


async def test_a_manager_establishes_it_as_read_and_from_then_on_every_print_is_the_same(
    staff: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", clock.now())
    shown = (await client.get(PAGE)).text
    assert "Verksamhetsberättelse 2026" in shown
    assert "Utkast" in shown
    assert "Det var 12 besök." in shown
    draft = _text(await _bytes(client, "2026.pdf"))
    assert "Utkast, inte fastställd" in draft
    # What was read is what is kept: when figures have changed since, nothing is.
    mark = hidden(shown, "sedd")
    await owner.execute("update head_count set women = 7")
    answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett bra år."})
    assert answer.status_code == 422
    assert "Siffrorna har ändrats" in answer.text
    assert "Ett bra år." in answer.text
    mark = hidden((await client.get(PAGE)).text, "sedd")
    for words, told in (("x" * 2001, "Skriv högst 2000 tecken"), ("a\x00b", "tecken som inte går")):
        answer = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": words})
        assert (answer.status_code, told in answer.text) == (422, True)
    answer = await post_form(
        client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett bra år.\r\n\r\n#strong[Nej]"}
    )
    assert answer.status_code == 303
    again = await post_form(client, f"{PAGE}?ar=2026", {"ar": "2026", "sedd": mark, "ord": "Ett annat."})
    assert again.status_code == 409
    assert "redan fastställd" in again.text
    kept = {name: await _bytes(client, name) for name in ("2026.pdf", "2026-kort.pdf", "2026.xlsx")}
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
    shown = (await client.get(f"{PAGE}?ar=2027")).text
    assert "Verksamhetsberättelse 2026" in shown
    assert "Fastställ Verks" not in shown
    for name in ("2027.pdf", "2023.pdf", "2026.csv", "../../x", "2026-kort.xlsx.pdf"):
        assert (await client.get(f"{PAGE}/{name}")).status_code == 404, name
    assert (await post_form(client, PAGE, {"ar": "2026", "sedd": ""})).status_code == 403


def test_the_workbook_has_the_figures_and_charts_with_words() -> None:
    sections = [a_section("3.1", {"occasions": 40, "visits": 300}), a_section("3.2", {"occasions": 30, "visits": 90})]
    with speaking("sv"):
        told = {"3.1": Programmed("Mötesplatsen", None), "3.2": Programmed("Träffpunkter", None)}
        found = report_pages.report(sections, told, year_of(2025).first.year, "Karlshamn", "i den utgåva", "")
    assert [chart.title for chart in found.charts] == ["Öppna tillfällen 2025 och 2024", "Besök 2025 och 2024"]
    assert "Mötesplatsen 300, året före dolt" in found.charts[1].told
    with speaking("sv"):
        made = xlsx_bytes(report_pages.sheets(found, ""), charts_of(found))
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["Text", "Siffror", "Diagram", "Så räknas det"]
    charts = book["Diagram"]._charts
    assert len(charts) == 2
    rows = [[cell.value for cell in row] for row in book["Diagram"].iter_rows(min_row=2)]
    assert [row[:4] for row in rows][2:] == [
        ["Besök 2025 och 2024", "Mötesplatsen", 300, None], ["Besök 2025 och 2024", "Träffpunkter", 90, None],
    ]  # fmt: skip
    drawing = zipfile.ZipFile(io.BytesIO(made)).read("xl/drawings/drawing1.xml").decode()
    assert 'descr="Besök 2025 och 2024. Mötesplatsen 300' in drawing
