"""Forty starts at once: a line each and all of them on one wide screen, two lines each on a phone, and every target can be
hit."""

import dataclasses
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page

from programmes.core.sealing import KeyFolder
from programmes.oversight import queries
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, confirm, somebody
from tests.journeys.acts import sign_in
from tests.journeys.conftest import NewContext

_HOW_MANY = 40
_MEASURE = """() => {
  const rows = [...document.querySelectorAll("tbody tr[id^=start-]")].map(row => row.getBoundingClientRect());
  const links = [...document.querySelectorAll("tbody tr[id^=start-] a")].map(link => link.getBoundingClientRect().height);
  const shown = [...document.querySelectorAll("tbody tr[id^=start-]")].map(row => row.innerText.replace(/\\s+/g, " "));
  return {
    heights: rows.map(row => row.height), list: rows.at(-1).bottom - rows[0].top,
    seen: rows.filter(row => row.bottom <= innerHeight).length, lowest: Math.min(...links), shown,
    wide: document.documentElement.scrollWidth,
  };
}"""
# Cells that are too narrow for what is in them, so that it lies upon the next; a name ends in dots.
_OVER = """() => [...document.querySelectorAll("tbody tr[id^=start-] > td")]
  .filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.innerText)"""


@pytest.fixture
async def forty(clock: FrozenClock, keys: KeyFolder, db: None, owner: asyncpg.Connection) -> None:
    """Starts of several programmes with names of every length, one of them late, one full, one with people in it."""
    await a_coordinator(clock.now())
    names = ("ABC", "Stödgrupp för barn med skilda föräldrar, onsdagar i Asarum, våren", "Återfallsprevention, torsdagar")
    for number in range(_HOW_MANY):
        section, state = ("2.8", "2.7", "2.1", "2.15")[number % 4], "planned" if number % 9 == 8 else "open"
        cohort = await a_cohort(section, clock.now(), first_in=timedelta(days=20 + 2 * number), state=state)
        await owner.execute("update cohort set name = $2 where id = $1", cohort.cohort_id, f"{names[number % 3]} {number}")
        if number == 0:
            await owner.execute("update cohort set decide_by = '2026-09-01' where id = $1", cohort.cohort_id)
        for person in range({4: 5, 5: 2, 20: 8}.get(number, 0)):
            found = await somebody(cohort, keys, clock.now(), f"P{person}")
            if number == 4 or (number == 20 and person < 4):
                await confirm(found.enrolment_id, clock.now())


async def _open(new_context: NewContext, width: int, height: int, address: str = "/personal/starter") -> Page:
    page = await sign_in(await new_context("phone" if width < 500 else "desktop"), "kim")
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(address)
    return page


async def test_forty_starts_stand_a_line_each_on_one_screen_without_being_asked_for(
    forty: None, new_context: NewContext, clock: FrozenClock
) -> None:
    page = await _open(new_context, 1280, 800)
    found = await page.evaluate(_MEASURE)
    assert len(found["heights"]) == _HOW_MANY
    assert max(found["heights"]) <= 28, "one of them is more than a line"
    assert found["list"] <= 540
    assert found["seen"] == _HOW_MANY, "all of them are seen at once"
    assert found["lowest"] >= 24
    assert found["wide"] <= 1280
    # What it is about stands in the line: colour and icon beside the word, and the one next action.
    late, *others = found["shown"]
    assert "Försenat" in late
    assert "1 dag sen Besluta nu" in late
    assert any("Kan starta 18 dagar Starta" in line for line in others)
    assert "14 sep" in others[0]
    assert "5 till på 12 dagar Hitta 5 till" in others[0]
    assert "1 till på 50 dagar Hjälp 4 bli klara" in others[19]
    assert await page.locator("tbody tr[id^=start-] .tag--stop svg").count() == 1
    assert await page.evaluate(_OVER) == []
    # The four numbers stand in one line above them.
    sums = page.locator(".sums li")
    assert (await sums.all_inner_texts())[0] == "Beslut inom 14 dagar 3"
    assert [await one.is_visible() for one in await sums.all()] == [True] * 4
    tops = {box["y"] for box in [await one.bounding_box() for one in await sums.all()] if box}
    assert len(tops) == 1
    # The nearest come first downwards, then in the second column.
    lefts = [
        box["x"] for box in [await row.bounding_box() for row in await page.locator("tbody tr").all()][:_HOW_MANY] if box
    ]
    assert (len(set(lefts[:20])), len(set(lefts[20:])), lefts[0] < lefts[20]) == (1, 1, True)
    # The heads of one column stay while one goes down the list.
    await page.set_viewport_size({"width": 1280, "height": 330})
    await page.goto("/personal/starter?insats=2.7")
    await page.locator("tbody tr[id^=start-]").last.scroll_into_view_if_needed()
    top = await page.evaluate("document.querySelector('.table--starts thead th').getBoundingClientRect().top")
    assert top >= 0
    assert await page.evaluate("window.scrollY") > 100
    # Cards are one tap away.
    await page.get_by_role("link", name="Kort").click()
    assert await page.locator("article.start").count() > 0


async def test_forty_starts_are_two_lines_each_on_a_phone(forty: None, new_context: NewContext) -> None:
    page = await _open(new_context, 390, 844)
    found = await page.evaluate(_MEASURE)
    assert sum(height <= 66 for height in found["heights"]) >= _HOW_MANY - 3
    assert found["list"] <= 2750
    assert found["lowest"] >= 24
    assert found["wide"] <= 390
    # How many of how many, and how many at least where no tag says how many are missing.
    least = page.locator("tbody td[data-label=minst]")
    assert await page.locator("tbody td[data-label=av]").nth(1).is_visible()
    assert await least.nth(0).is_visible()
    assert await least.nth(1).is_visible()
    order = [await page.locator(f"tbody tr:nth-child(2) .{name}").bounding_box() for name in ("ready", "least", "most")]
    assert [box["x"] for box in order if box] == sorted(box["x"] for box in order if box)
    assert "5 till på 12 dagar" in found["shown"][1]
    assert "om 12 dagar" not in found["shown"][1], "once is enough"
    assert "om 18 dagar" in found["shown"][4]


_BROKEN = """() => [...document.querySelectorAll("tbody tr[id^=start-]")].filter(row => {
  const [least, most] = [".least", ".most"].map(name => row.querySelector(name).getBoundingClientRect());
  return Math.abs(least.top - most.top) > 4 || most.left < least.left;
}).length"""


@pytest.mark.parametrize("width", [320, 340, 360, 390])
async def test_least_and_most_are_never_parted_by_the_end_of_a_line(
    width: int, forty: None, of_all_kinds: None, new_context: NewContext
) -> None:
    page = await _open(new_context, width, 844)
    assert await page.evaluate(_BROKEN) == 0


async def test_what_is_not_the_list_is_folded_and_opens_by_keyboard(forty: None, new_context: NewContext) -> None:
    page = await _open(new_context, 1280, 800)
    assert not await page.locator(".filters select").first.is_visible()
    await page.locator(".folds summary").first.focus()
    await page.keyboard.press("Enter")
    await page.locator("select[name=insats]").select_option("2.7")
    await page.get_by_role("button", name="Visa").click()
    assert await page.locator("tbody tr[id^=start-]").count() == 10
    assert await page.get_by_text("10 av 40 starter").is_visible()


_NAMES = (
    "Återfallsprevention, torsdagar", "Återfallsprevention, tisdagar", "Återfallsprevention, höst 2026", "ABC, onsdagar",
    "Till spelfriheten, höst 2026 (1)", "Till spelfriheten, höst 2026 (2)",
    "Stödgrupp för barn med skilda föräldrar, onsdagar i Asarum, våren", "Gruppen utan komma 14", "Torsdagsgruppen",
)  # fmt: skip
# Where the last part of each name lies, what of it is seen, and whether that is all of it.
_ENDS = """() => [...document.querySelectorAll("tbody tr[id^=start-]")].map(row => {
  const cell = row.querySelector("th").getBoundingClientRect(), end = row.querySelector(".name__kept");
  const box = end.getBoundingClientRect(), whole = end.scrollWidth <= end.clientWidth + 1;
  const seen = [...row.querySelectorAll(".name > *")].filter(part => part.getBoundingClientRect().width > 8);
  return {within: box.left >= cell.left - 1 && box.right <= cell.right + 1, whole, text: end.textContent,
          seen: seen.map(part => part.textContent).join("")};
})"""


# The section's number in each row, and whether all of it is seen in the row's cell.
_NUMBERS = """() => [...document.querySelectorAll("tbody tr[id^=start-]")].map(row => {
  const cell = row.querySelector("th").getBoundingClientRect(), number = row.querySelector(".name__no");
  const box = number.getBoundingClientRect(), wide = number.scrollWidth <= number.clientWidth + 1;
  return {text: number.innerText, whole: box.width > 10 && wide && box.left >= cell.left - 1 && box.right <= cell.right + 1};
})"""


@pytest.fixture
def of_all_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same forty, with people of all kinds in each, by two digits, and in every state; read so instead of made, as how
    wide they are is all that is looked at."""
    undecided = queries.undecided

    async def crowded(*arguments: Any) -> list[queries.Start]:
        found = await undecided(*arguments)
        return [
            dataclasses.replace(
                start,
                name=_NAMES[n % len(_NAMES)],
                section="2.8",
                minimum=24,
                maximum=36,
                confirmed=(12, 24, 30)[n % 3],
                preliminary=14,
                queued=18,
                visits=10,
                state="planned" if n % 7 == 6 else "postponed" if n % 7 == 5 else "open",
                decide_by=start.decide_by + timedelta(days=40 if n else 0),
            )
            for n, start in enumerate(found)
        ]

    monkeypatch.setattr(queries, "undecided", crowded)


async def test_a_start_with_people_of_all_kinds_is_a_line_too_and_is_told_from_the_others_of_its_programme(
    forty: None, of_all_kinds: None, new_context: NewContext
) -> None:
    page = await _open(new_context, 1280, 800)
    found = await page.evaluate(_MEASURE)
    assert len(found["heights"]) == _HOW_MANY
    assert max(found["heights"]) <= 28, "one of them is more than a line"
    assert found["seen"] == _HOW_MANY, "all of them are seen at once"
    assert found["wide"] <= 1280
    assert await page.evaluate(_OVER) == []
    _ends_are_seen(await page.evaluate(_ENDS))
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 844})
        _ends_are_seen(await page.evaluate(_ENDS))
        assert (await page.evaluate(_MEASURE))["wide"] <= width
        numbers = await page.evaluate(_NUMBERS)
        assert [one for one in numbers if one["text"] != "2.8" or not one["whole"]] == [], "which programme each is of"
        assert len(numbers) == _HOW_MANY


def _ends_are_seen(ends: list[dict[str, Any]]) -> None:
    """What tells each from the others lies within its cell, whole, and no two of a name's kind look alike."""
    assert [end["text"] for end in ends if not (end["within"] and end["whole"])] == []
    assert {", torsdagar", ", tisdagar", ", höst 2026", ", onsdagar"} <= {end["text"] for end in ends}
    assert len({end["seen"] for end in ends}) >= len(_NAMES)


# Of each name: what it is in full, also to who hovers, and whatever is seen of it that is cut without dots.
_WORDS = """() => [...document.querySelectorAll("tbody tr[id^=start-] .name")].slice(0, 3).map(name => {
  const cell = name.closest("th").getBoundingClientRect();
  const parts = [...name.querySelectorAll("span")].filter(part => part.getBoundingClientRect().width > 1);
  const over = part => part.getBoundingClientRect().right > cell.right + 1
    || (part.scrollWidth > part.clientWidth && getComputedStyle(part).textOverflow !== "ellipsis");
  return {title: name.title, text: name.textContent, first: parts[0].innerText, cut: parts.filter(over).length};
})"""


async def test_a_name_of_one_long_word_ends_in_dots_and_is_whole_to_who_hovers_or_listens(
    forty: None, new_context: NewContext, owner: asyncpg.Connection
) -> None:
    word = "Föräldrautbildningsgruppenförnyblivnaföräldrar"
    names = [word, f"ABC, {word}", f"ABC {word}"]
    for place, name in enumerate(names):
        await owner.execute(
            "update cohort set name = $2 where id = (select id from cohort order by id offset $1 limit 1)", place, name
        )
    page = await _open(new_context, 1280, 800)
    for width, first in ((1280, ["", "2.7", "2.1"]), (390, ["2.8", "2.7", "2.1"])):
        await page.set_viewport_size({"width": width, "height": 844})
        found = await page.evaluate(_WORDS)
        assert [one["title"] for one in found] == names
        assert [re.sub(r"^2\.[178]", "", one["text"]) for one in found] == names
        assert [one["cut"] for one in found] == [0, 0, 0], width
        assert [one["first"] for one in found][1:] == first[1:], "which programme it is"
        assert (await page.evaluate(_MEASURE))["wide"] <= width
    # A space is one, also in front of what is kept.
    await page.set_viewport_size({"width": 1280, "height": 800})
    assert (await page.locator("tbody tr[id^=start-] .name").nth(3).inner_text()).split("\n") == ["ABC", " 3"]


# How far apart what stands in words on a line is: how it stands, by when, and what is next, as it is seen and not as its
# cell is; across a line break it is far enough.
_GAPS = """() => [...document.querySelectorAll("tbody tr[id^=start-]")].map(row => {
  const seen = cell => { const range = document.createRange(); range.selectNodeContents(cell); return range; };
  const boxes = cell => [...seen(cell).getClientRects()].filter(box => box.width > 1);
  const state = boxes(row.querySelector(".state")), todo = boxes(row.querySelector(".todo"));
  const gaps = state.flatMap(one => todo.filter(other => other.top < one.bottom && one.top < other.bottom)
    .map(other => Math.max(other.left - one.right, one.left - other.right)));
  const text = row.querySelector(".state").innerText + " | " + row.querySelector(".todo").innerText;
  return {text, gap: Math.min(99, ...gaps)};
})"""


@pytest.mark.parametrize("days", [10, 38, 120])
async def test_how_late_a_start_is_does_not_run_into_what_is_next(
    forty: None, new_context: NewContext, owner: asyncpg.Connection, days: int
) -> None:
    await owner.execute("update cohort set decide_by = date '2026-09-02' - $1::int", days)
    page = await _open(new_context, 1280, 800)
    for width in (1280, 1500, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        found = await page.evaluate(_GAPS)
        assert len(found) == _HOW_MANY
        assert width < 500 or any(f"{days} dagar sen" in one["text"] for one in found)
        assert [one for one in found if one["gap"] < 4] == [], width
        assert (await page.evaluate(_MEASURE))["wide"] <= width
    await page.set_viewport_size({"width": 1280, "height": 800})
    assert await page.evaluate(_OVER) == []
    assert max((await page.evaluate(_MEASURE))["heights"]) <= 28, "one of them is more than a line"


# Of what each name begins with: how wide it is, in its own letters' size, and whether that is all of it; and whether what is
# cut in the row ends in dots within its cell.
_HEADS = """() => [...document.querySelectorAll("tbody tr[id^=start-]")].map(row => {
  const cell = row.querySelector("th").getBoundingClientRect();
  const head = row.querySelector(".name__of") || row.querySelector(".name__cut"), box = head.getBoundingClientRect();
  return {text: head.textContent, em: box.width / parseFloat(getComputedStyle(head).fontSize),
          whole: head.scrollWidth <= head.clientWidth + 1, start: box.left >= cell.left - 1};
})"""


@pytest.mark.parametrize("crowded", [False, True])
async def test_a_name_that_is_cut_on_a_phone_keeps_some_of_its_programme(
    crowded: bool,
    forty: None,
    new_context: NewContext,
    owner: asyncpg.Connection,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "Missbruk i familjen, vintergruppen"
    await owner.execute(
        "update cohort set name = (array[$1, 'Missbruk i familjen, vår 2027', 'ABC, vintergruppen'])[1 + id % 3]", name
    )
    if crowded:
        monkeypatch.setitem(globals(), "_NAMES", (name,))
        request.getfixturevalue("of_all_kinds")
    page = await _open(new_context, 390, 844)
    for width in (360, 375, 390, 430):
        await page.set_viewport_size({"width": width, "height": 844})
        heads = await page.evaluate(_HEADS)
        assert len(heads) == _HOW_MANY
        assert [one for one in heads if not one["start"] or not (one["whole"] or one["em"] >= 3.5)] == [], width
        assert (await page.evaluate(_MEASURE))["wide"] <= width
