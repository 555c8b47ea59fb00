"""Released results on screen and as files: side by side, never added up, and never more than was released."""

import csv
import io
from typing import Any

import asyncpg
import httpx
from openpyxl import load_workbook

from programmes import worker
from programmes.evaluation import form_services, review_services, services
from programmes.evaluation.form_rules import OwnQuestion
from programmes.evaluation.text_rules import seen_digest
from programmes.web.csv_files import csv_text
from programmes.web.xlsx_files import xlsx_bytes
from tests.clock import FrozenClock
from tests.evaluation.conftest import GLAD, Groups
from tests.evaluation.test_texts import begun, group_of
from tests.evaluation.test_views import tables
from tests.factories import a_coordinator, sign_in_as

HOME = "/personal/utvarderingar/abc"
GRIM = {"participation": 1, "safety": 2, "satisfaction": 1, "respect": 3}


def sheets(file: bytes) -> dict[str, list[list[Any]]]:
    book = load_workbook(io.BytesIO(file))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


def lines(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig")), delimiter=";"))


def test_a_workbook_computes_nothing_and_says_no_time() -> None:
    odd = ["=1+1", "@SUM(A1)", "http://example.se", "12", "a\x07b\nc", "\u202eabc"]
    made = [xlsx_bytes([("Blad", ["Ett"], [[text] for text in odd])]) for _ in range(2)]
    assert made[0] == made[1]
    book = load_workbook(io.BytesIO(made[0]))
    cells = [row[0] for row in book["Blad"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [*odd[:4], "a b c", "\u202eabc"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert book.properties.created.year == 2000


async def test_releases_stand_side_by_side_with_their_response_rate_and_are_taken_home(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await groups.closed(5, people=8, words="=Vi vill ha fika.")
    await groups.closed(10, given=GRIM)
    await groups.closed(4, words="Ö sist.")
    await groups.closed(3, people=4, words="A först.")
    waiting = await groups.closed(1)
    assert await services.own_words(waiting.cohort_id, "Vi väntar.", groups.leader, clock.now()) is None
    unsaid = await groups.started(2)
    assert await services.ensure_ballot(unsaid.cohort_id, clock.now())
    assert await services.own_words(unsaid.cohort_id, "Inte stängd än.", groups.leader, clock.now()) is None
    await sign_in_as(client, "robin", clock.now())
    shown = await client.get("/personal/utvarderingar?insats=abc")
    beside, pooled, second, _first = tables(shown.text)
    names = [f"Hösten 2026, nummer {n}" for n in (3, 2, 1)]
    assert beside == [
        ["Fråga", *names],
        ["Delaktighet", "cirka 4", "1,0", "cirka 4"],
        ["Trygghet", "cirka 5", "2,0", "cirka 5"],
        ["Nöjdhet", "cirka 5", "1,0", "cirka 5"],
        ["Respektfullt bemötande", "cirka 5", "3,0", "cirka 5"],
        ["Svarsfrekvens", "7 svar av 8 (88 %)", "10 svar av 10 (100 %)", "5 svar av 8 (62 %)"],
    ]
    assert pooled[1] == ["Delaktighet", "cirka 4"]
    assert second[1] == ["Delaktighet", "1,0", "10", "0", "0", "0", "0"]
    assert shown.text.index("A först.") < shown.text.index("Ö sist.")
    assert "Vi väntar." in shown.text
    assert "Inte stängd" not in shown.text
    assert "22 svar" not in shown.text
    workbook = await client.get(f"{HOME}/svar.xlsx")
    answers, comments, words = sheets(workbook.content).values()
    assert answers[1] == [names[0], 1, "Delaktighet", 4, "till närmaste halva", *[None] * 5, 7, 8, 0.88]
    assert answers[5] == [names[1], 1, "Delaktighet", 1, "till en decimal", 10, 0, 0, 0, 0, 10, 10, 1]
    assert len(answers) == 13
    assert len(comments) == 1, "none has been reviewed"
    assert words[1:] == [
        [names[0], "A först."], [names[0], "Ö sist."], [names[2], "=Vi vill ha fika."], ["Väntar på fler svar", "Vi väntar."]
    ]  # fmt: skip
    found = lines((await client.get(f"{HOME}/svar.csv")).content)
    assert len(found) == 16
    assert (found[0]["Medelvärde 1–5"], found[0]["1"], found[0]["Svarsfrekvens"]) == ("4", "", "0,88")
    assert "'=Vi vill ha fika." in {line["Gruppens egna ord"] for line in found}


async def test_no_file_and_no_page_changes_while_people_vote(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await groups.closed(5)
    cohort, slips = await groups.with_slips(4)
    await sign_in_as(client, "robin", clock.now())
    pages = (f"{HOME}/svar.xlsx", f"{HOME}/svar.csv")
    before = [(await client.get(page)).content for page in pages]
    for code in slips:
        assert await services.cast(code, GLAD, groups.worker.settings.key_folder)
        assert [(await client.get(page)).content for page in pages] == before
    await services.close(cohort.cohort_id, None, clock.now())
    assert [(await client.get(page)).content for page in pages] == before


async def test_where_no_head_count_is_listed_files_say_no_number_and_no_distribution(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await groups.closed(11, section="2.16")
    await sign_in_as(client, "robin", clock.now())
    slug = (await owner.fetchrow("select slug from programme where section = '2.16' order by id desc limit 1"))["slug"]
    answers = sheets((await client.get(f"/personal/utvarderingar/{slug}/svar.xlsx")).content)["Svar"]
    assert len(answers) == 5
    assert all(row[5:] == [None] * 8 for row in answers[1:])
    assert (await client.get("/personal/utvarderingar/annat/svar.csv")).status_code == 404


async def test_versions_stand_apart_and_comments_come_along(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    for _ in range(2):
        await group_of(groups, [{"good": f"=Bra {n}"} for n in range(5)])
    await form_services.choose("2.1", [OwnQuestion("scale", {"sv": "Passade lokalen?"})], kim.staff_id, clock.now())
    for _ in range(2):
        await groups.closed(5, given={**GLAD, "own1": 3})
    await signed_off(groups, kim.staff_id)
    await sign_in_as(client, "kim", clock.now())
    shown = await client.get("/personal/utvarderingar?insats=abc")
    newest, oldest = tables(shown.text)[:2]
    assert newest[0][1:] == ["Hösten 2026, nummer 4", "Hösten 2026, nummer 3"]
    assert ["Passade lokalen?", "cirka 3", "cirka 3"] in newest
    assert oldest[0][1:] == ["Hösten 2026, nummer 2", "Hösten 2026, nummer 1"]
    assert shown.text.count("”=Bra 1”") == 2
    comments = sheets((await client.get(f"{HOME}/svar.xlsx")).content)["Kommentarer"]
    assert sorted(row[2] for row in comments[1:]) == sorted([f"=Bra {n}" for n in range(5)] * 2)
    assert csv_text(["x"], [["=Bra 1"]]).splitlines()[1] == '"\'=Bra 1"'


async def signed_off(groups: Groups, staff_id: int) -> None:
    """Go through the comments that wait, changing nothing."""
    folder = groups.worker.settings.key_folder
    found = await begun(groups)
    texts = await review_services.texts(found, staff_id, folder)
    assert await review_services.keep(found, {t.text_id: t.original for t in texts}, "", staff_id, folder)
    seen = seen_digest(await review_services.texts(found, staff_id, folder))
    assert await review_services.sign_off(found, seen, staff_id, folder, groups.clock.now())
    await worker.drain(groups.worker)
