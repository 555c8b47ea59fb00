"""A slip can be answered in Swedish, easy Swedish, English and Arabic; which one it was is not in the answer."""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import asyncpg
import httpx
import pytest
from babel.messages.pofile import read_po

from programmes.core import codes, i18n
from programmes.core.i18n import SLIP_LANGUAGES, Spoken
from programmes.evaluation.rules import answers, padded
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups

OWN: tuple[Spoken, ...] = ("sv_easy", "ar")


class _Missing(NullTranslations):
    """Stands behind a catalogue and gathers what it doesn't say."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def gettext(self, message: str) -> str:
        self.found.add(message)
        return message

    def ngettext(self, one: str, many: str, n: int) -> str:
        self.found.add(one)
        return one


class _Said(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(params=OWN)
def spoken(request: pytest.FixtureRequest) -> Iterator[tuple[Spoken, _Missing]]:
    wanted: Spoken = request.param
    catalogue, missing = i18n._catalogue(wanted), _Missing()
    kept = catalogue._fallback  # type: ignore[attr-defined]
    catalogue._fallback = missing  # type: ignore[attr-defined]
    yield wanted, missing
    catalogue._fallback = kept  # type: ignore[attr-defined]


async def walk(client: httpx.AsyncClient, groups: Groups, settings: Settings, wanted: str) -> list[str]:
    """Every page that a slip leads to, the wrong ways too."""
    _cohort, slips = await groups.with_slips(3)
    talks = {"kod": codes.grouped(slips[0])}
    address = f"/u?lang={wanted}"
    long = {"steg": "svar", "kod": slips[0], "good": "1" * 501, "safety": "9"}
    pages = [
        await client.get(address),
        await client.get(f"/u/skydd?lang={wanted}"),
        await client.post(address, data={"kod": "fel"}),
        await client.post(address, data={"kod": "7KQM2XPA9TWFH4RD"}),
        await client.post(address, data=talks),
        await client.post(address, data={"steg": "svar", "kod": slips[0]}),
        await client.post(address, data=long),
        await client.post(address, data={"steg": "svar", "kod": slips[0], "good": "a\x00b"}),
        await client.post(address, data={"steg": "svar", "kod": slips[0], "safety": "4"}),
        await client.post(address, data={"steg": "svar", "kod": slips[0], "safety": "4"}),
        await client.post(address, data={"steg": "svar", "kod": slips[1], "good": "å" * 3_000_000}),
        await client.post(address, files={"kod": (None, slips[1]), "good": (None, b"\xff")}),
        await client.get(f"/u/tack?lang={wanted}"),
        await client.post(address, data={"steg": "svar", "kod": "7KQM2XPA9TWFH4RD", "safety": "4"}),
    ]
    folder = settings.key_folder / "ballots"
    folder.rename(folder.with_name("elsewhere"))
    pages.append(await client.post(address, data={"steg": "svar", "kod": slips[1], "safety": "4"}))
    folder.with_name("elsewhere").rename(folder)
    assert [page.status_code for page in pages] == [
        200,
        200,
        422,
        422,
        200,
        422,
        422,
        422,
        303,
        409,
        413,
        400,
        200,
        409,
        503,
    ]
    assert pages[8].headers["location"] == f"/u/tack?lang={wanted}"
    assert not any("set-cookie" in page.headers or "/min-plats" in page.text for page in pages)
    return [page.text for page in pages if page.status_code != 303]


async def test_every_page_of_a_slip_says_everything_in_easy_swedish_and_in_arabic(
    client: httpx.AsyncClient, groups: Groups, settings: Settings, spoken: tuple[Spoken, _Missing]
) -> None:
    wanted, missing = spoken
    pages = await walk(client, groups, settings, wanted)
    # What has no word of its own there: numbers in words are the same in easy Swedish.
    assert missing.found - {"noll en två tre fyra fem sex sju åtta nio tio elva tolv"} <= (
        {"En sak att rätta"} if wanted == "sv_easy" else set()
    )
    marked = '<html lang="ar" dir="rtl"' if wanted == "ar" else '<html lang="sv"'
    assert all(marked in page for page in pages)
    if wanted == "ar":
        for page in pages:
            said = _Said()
            said.feed(re.sub(r"<(script|style|title).*?</\1>", "", page, flags=re.DOTALL))
            latin = re.findall(r"[A-Za-zÅÄÖåäö]{2,}", " ".join(said.text))
            names = {"Svenska", "Lätt", "svenska", "English", "Karlshamns", "kommun", "ABC", "MX", "TW", "HRD"}
            assert set(latin) <= names, set(latin) - names


@pytest.mark.parametrize(
    ("wanted", "full", "when", "never"),
    [
        ("sv", "8 av 8", "ungefär när ett svar kom", "eller när."),
        ("sv_easy", "8 av 8", "ungefär när ett svar kom", "eller när."),
        ("en", "8 of 8", "roughly when an answer came", "or when."),
        ("ar", "8 من 8", "تقريبًا متى وصلت إجابة", "أو متى"),
    ],
)
async def test_what_the_box_cannot_hide_is_said_in_every_language(
    client: httpx.AsyncClient, db: None, wanted: str, full: str, when: str, never: str
) -> None:
    """A full turnout and an empty box tell of everybody, and who has the database sees roughly when (docs/evaluation.md)."""
    can, cannot = (await client.get(f"/u/skydd?lang={wanted}")).text.split('aria-labelledby="skyddar-inte"')
    assert never not in can
    assert full in cannot
    assert when in cannot


async def test_each_language_leads_to_the_others_and_an_answer_is_in_none_of_their_pages(
    client: httpx.AsyncClient, groups: Groups
) -> None:
    _cohort, slips = await groups.with_slips(1)
    for wanted, _tag, _name in SLIP_LANGUAGES:
        form = await client.post(
            f"/u?lang={wanted}", data={"steg": "svar", "gor": "sprak", "kod": slips[0], "safety": "3", "good": "Fikat"}
        )
        switch = re.findall(r'<form method="post" action="[^"]*" id="sprak".*?</form>', form.text)[0]
        assert re.findall(r' name="([^"]+)" value="([^"]+)"', switch) == [("kod", slips[0])], "no answer goes along"
        others = set(re.findall(r'formaction="/u\?lang=([a-z_]+)"', form.text))
        assert others == {code for code, _t, _n in SLIP_LANGUAGES} - {wanted}
        assert " checked" not in form.text
        assert "Fikat" not in form.text


async def test_the_language_leaves_no_trace_in_the_answer(
    client: httpx.AsyncClient, groups: Groups, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    _cohort, slips = await groups.with_slips(4)
    for code, (wanted, _tag, _name) in zip(slips, SLIP_LANGUAGES, strict=True):
        sent = await client.post(f"/u?lang={wanted}", data={"steg": "svar", "kod": code, "safety": "4"})
        assert sent.status_code == 303
    rows = await owner.fetch("select * from sealed_answer")
    assert len(rows) == 4
    assert {len(row["blob"]) for row in rows} == {len(rows[0]["blob"])}
    assert set(rows[0].keys()) == {"id", "ballot_id", "blob"}
    # What is sealed is the same whatever the language, which no argument of it names.
    assert padded(answers({"safety": 4})) == padded(answers({"safety": 4}))
    # Elsewhere the two are not spoken.
    assert '<html lang="sv"' in (await client.get("/?lang=ar")).text


def test_no_text_of_the_slips_languages_is_shown_nowhere() -> None:
    folder = Path(i18n.__file__).parents[2] / "locale"

    def ids(name: str) -> set[str]:
        with (folder / name / "LC_MESSAGES" / "messages.po").open("rb") as source:
            return {m.id if isinstance(m.id, str) else m.id[0] for m in read_po(source) if m.id}

    for name in OWN:
        assert ids(name) <= ids("sv")
        assert len(ids(name)) > 50
