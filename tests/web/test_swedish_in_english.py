"""What is Swedish on an English page says so (WCAG 3.1.2): every name of a programme, and so of most groups, is marked."""

import re
from collections.abc import Collection
from html.parser import HTMLParser

import asyncpg
import httpx
import pytest

from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder
from programmes.web.rendering import in_swedish
from tests.access.cast import everybody
from tests.access.table import KINDS, TABLE, Role
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.oversight.test_statistics_rules import EDITION

_NO_END = frozenset({"meta", "link", "input", "br", "hr", "img", "wbr", "circle", "path", "rect"})
# What is no text on the page, or can't hold markup.
_NO_TEXT = frozenset({"title", "script", "style", "textarea"})
# What is the same word in every language is no word of Swedish.
_NAMES = {name for p in EDITION.values() for name in (p.name, p.short_name) if not re.fullmatch(r"[A-ZÅÄÖ0-9-]+", name)}


class _Unmarked(HTMLParser):
    """The texts of a page with one of some names in them that stand in another language than Swedish."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__()
        self._names = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names, key=len, reverse=True)))
        self._open: list[tuple[str, str]] = [("", "")]
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _NO_END:
            self._open.append((tag, dict(attrs).get("lang") or self._open[-1][1]))

    def handle_endtag(self, tag: str) -> None:
        while tag not in _NO_END and len(self._open) > 1 and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open[-1][1] != "sv" and not _NO_TEXT & {tag for tag, _lang in self._open} and self._names.search(data):
            self.found.append(" ".join(data.split())[:90])


def unmarked(text: str, names: Collection[str] = frozenset(_NAMES)) -> list[str]:
    page = _Unmarked(names)
    page.feed(text)
    return page.found


def test_a_name_is_seen_where_it_stands_alone_or_in_a_sentence_and_not_where_it_is_marked() -> None:
    assert unmarked('<html lang="en"><title>Medling</title><p>Of Medling.</p><p lang="sv">Medling<b>Medling</b></p>') == [
        "Of Medling."
    ]
    assert unmarked('<html lang="en"><h2><span lang="sv">Medling</span>, autumn<br></h2><p>Medlingen') == []


# Roles of staff, and how many pages each must be able to read here at least.
_READERS: dict[Role, int] = {"leader": 50, "coordinator": 74, "manager": 36, "administrator": 25}
_FILE = re.compile(r"\.[a-z]+$")


def _pages(role: Role) -> list[str]:
    """The addresses that a role may read, files aside."""
    found = [route.removeprefix("GET ") for route in TABLE if route.startswith("GET ")]
    return sorted(at for at in found if KINDS[TABLE[f"GET {at}"].kind].get(role) == "in" and not _FILE.search(at))


@pytest.mark.parametrize("role", _READERS)
async def test_every_name_of_a_programme_on_the_english_pages_that_staff_read_is_marked_as_swedish(
    role: Role, client: httpx.AsyncClient, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    ids, _elsewhere = await everybody(owner, keys, clock.now(), "2.8")
    await sign_in_as(client, role, clock.now())
    wrong, read = [], 0
    for at in _pages(role):
        answer = await client.get(ids.fill(at), params={"lang": "en"})
        if '<html lang="en"' in answer.text and answer.status_code == 200:
            read += 1
            wrong += [f"{at}: {text}" for text in unmarked(answer.text)]
    assert wrong == []
    assert read >= _READERS[role]


def test_a_name_in_a_sentence_is_marked_and_what_is_no_markup_stays_text() -> None:
    with speaking("en"):
        said = in_swedish("None: 2.2 <b> and 2.2 <b>, autumn.", "2.2 <b>", "2.2 <b>, autumn")
        assert said == ('None: <span lang="sv">2.2 &lt;b&gt;</span> and <span lang="sv">2.2 &lt;b&gt;, autumn</span>.')
        assert in_swedish("<i>") == '<span lang="sv">&lt;i&gt;</span>'
    assert in_swedish("<i>") == "<i>", "escaped where it is put on the page"
