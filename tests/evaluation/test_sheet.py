"""The sheet of slips as PDF: every code is read from it by a decoder that is not ours, also from a bad print."""

import re

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from programmes.core import codes
from programmes.core.i18n import Spoken, speaking
from programmes.core.qr import symbol
from programmes.core.typesetting import typeset
from programmes.evaluation import pages, sheet_views
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups
from tests.factories import a_coordinator, a_leader, hidden, post_form, sign_in_as

_ADDRESS = "https://stod-utan-ansokan.karlshamn.example"
_PX_A_MM = 200 / 25.4


def rendered(pdf: bytes) -> list[Image.Image]:
    """Its pages as pictures of 200 dots an inch."""
    return [page.render(scale=200 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]


def read(picture: Image.Image) -> set[str]:
    """What the picture's QR codes say: in a blurred one some decoder of bars can see a symbol of one character."""
    return {found.text for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)}


@pytest.fixture(scope="module")
def sheets() -> tuple[list[str], list[Image.Image]]:
    printed = [codes.new_code() for _ in range(11)]
    return printed, rendered(typeset(sheet_views._SHEET, pages.sheet(printed, _ADDRESS)))


def test_eight_lie_on_a_page_of_a4_and_the_symbol_is_33_mm_with_its_quiet_zone(
    sheets: tuple[list[str], list[Image.Image]],
) -> None:
    _printed, pictures = sheets
    assert [len(read(picture)) for picture in pictures] == [8, 3]
    assert {round(edge / _PX_A_MM) for picture in pictures for edge in picture.size} == {210, 297}
    for found in zxingcpp.read_barcodes(pictures[0]):
        corners = found.position
        width = (corners.top_right.x - corners.top_left.x) / _PX_A_MM
        assert 30 <= width <= 35
        assert found.ec_level == "M"
        # Four modules of quiet zone on every side: nothing is printed there.
        zone = 4 * width / symbol(found.text).size * _PX_A_MM
        left, top = int(corners.top_left.x - zone), int(corners.top_left.y - zone)
        right, bottom = int(corners.bottom_right.x + zone), int(corners.bottom_right.y + zone)
        around = pictures[0].convert("L").crop((left, top, right, bottom))
        inside = int(zone) - 3
        around.paste(255, (inside, inside, around.width - inside, around.height - inside))
        assert around.getextrema()[0] == 255


def test_the_last_row_has_a_line_to_cut_along_beneath_it(sheets: tuple[list[str], list[Image.Image]]) -> None:
    _printed, pictures = sheets
    # Three slips on the second sheet: two rows, and nothing beneath them.
    row = 74.25 * _PX_A_MM
    for rows, dark in ((1, True), (2, True), (3, False)):
        strip = pictures[1].convert("L").crop((0, round(rows * row) - 3, pictures[1].width, round(rows * row) + 3))
        assert (strip.getextrema()[0] < 200) is dark, rows


@pytest.mark.parametrize("in_language", ["sv", "en"])
def test_the_promise_is_large_enough_to_be_read_and_still_fits(in_language: Spoken) -> None:
    with speaking(in_language):
        pdf = typeset(sheet_views._SHEET, pages.sheet([codes.new_code() for _ in range(8)], _ADDRESS))
    [page] = pypdfium2.PdfDocument(pdf)
    text = page.get_textpage()
    where = text.get_text_range().index("Du drar" if in_language == "sv" else "You draw")
    size = pypdfium2.raw.FPDFText_GetFontSize(text.raw, where)
    assert size >= 10
    assert len(read(page.render(scale=200 / 72).to_pil())) == 8


@pytest.mark.parametrize("spoilt", ["as printed", "blurred", "tilted", "both", "grey"])
def test_every_code_is_read_also_from_a_bad_print(sheets: tuple[list[str], list[Image.Image]], spoilt: str) -> None:
    printed, pictures = sheets
    found: set[str] = set()
    for picture in pictures:
        grey = picture.convert("L")
        if spoilt in {"blurred", "both"}:
            grey = grey.filter(ImageFilter.GaussianBlur(2))
        if spoilt in {"tilted", "both"}:
            grey = grey.rotate(7, expand=True, fillcolor=255)
        if spoilt == "grey":
            grey = grey.point(lambda light: 90 + light * 120 // 255)
        found |= read(grey)
    assert found == {f"{_ADDRESS}/u#{code}" for code in printed}


def test_nothing_on_a_slip_differs_but_its_code(sheets: tuple[list[str], list[Image.Image]]) -> None:
    printed, _pictures = sheets
    pdf = typeset(sheet_views._SHEET, pages.sheet(printed, _ADDRESS))
    text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    typed = re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", text)
    assert sorted(typed) == sorted(codes.grouped(code) for code in printed)
    whole = re.sub(r"\s+", " ", re.sub(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", "CODE", text)).strip()
    slips = [part.strip() for part in whole.split("Vad tyckte du?") if part.strip()]
    assert len(slips) == 11
    assert len(set(slips)) == 1
    assert "Du drar en lapp som ingen vet är din" in slips[0].replace("\u00ad", "")


async def test_the_sheet_on_the_screen_is_taken_as_pdf_with_the_same_codes_and_nobody_elses_group(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    cohort = await groups.started(6)
    address = f"/personal/grupper/{cohort.cohort_id}/utvardering"
    await sign_in_as(client, "robin", clock.now())
    shown = await post_form(client, f"{address}/lappar", {}, page=address)
    printed = re.findall(r'<p class="code">([0-9A-Z-]{19})<br>', shown.text)
    given = {"koder": hidden(shown.text, "koder"), "_csrf_token": hidden(shown.text, "_csrf_token")}
    pdf = await client.post(f"{address}/lappar.pdf", data=given)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["cache-control"] == "no-store"
    assert {text.split("#")[1] for page in rendered(pdf.content) for text in read(page)} == {
        code.replace("-", "") for code in printed
    }
    # The codes that were used are printed like the others: it would be told how many have answered.
    assert (await client.post("/u", data={"steg": "svar", "kod": printed[0], "safety": "5"})).status_code in {303, 409}
    assert (await client.post(f"{address}/lappar.pdf", data=given)).status_code == 200
    for wrong in ("", "påhittad", f"{printed[0]} x", " ".join(["7KQM2XPA9TWFH4RD"] * 201)):
        answer = await client.post(f"{address}/lappar.pdf", data={**given, "koder": wrong})
        assert (answer.status_code, answer.headers["location"]) == (303, address)
    await a_leader(clock.now(), "annan")
    await sign_in_as(client, "annan", clock.now())
    token = hidden((await client.get("/personal/idag")).text, "_csrf_token")
    assert (await client.post(f"{address}/lappar.pdf", data={**given, "_csrf_token": token})).status_code == 404
    assert (await client.post("/personal/utvarderingar/lador.pdf", data={**given, "_csrf_token": token})).status_code == 404
    await a_coordinator(clock.now(), "alex", "2.9")
    await sign_in_as(client, "alex", clock.now())
    token = hidden((await client.get("/personal/idag")).text, "_csrf_token")
    common = await client.post("/personal/utvarderingar/lador.pdf", data={**given, "_csrf_token": token})
    assert common.headers["content-type"] == "application/pdf"
