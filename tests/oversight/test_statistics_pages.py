"""Figures in words: numbers as people write them, periods as they say them, and what there is nothing of said once."""

from datetime import date

import pytest

from programmes.core.i18n import speaking
from programmes.oversight.statistics import pages
from programmes.oversight.statistics.rules import Counted, Period, gathered, halves_of, year_of
from programmes.oversight.statistics.wording_rules import amount, period_words, thousands
from programmes.web.forms import Form
from tests.oversight.test_statistics_rules import EDITION, a_section

_DAYS = Period(date(2026, 3, 1), date(2026, 4, 15))


def test_numbers_are_written_as_in_each_language() -> None:
    assert (thousands(1162), amount("waiting", 1), amount("waiting", 14)) == ("1\xa0162", "1 dag", "14 dagar")
    assert (amount("response_rate", 63), amount("people", None)) == ("63 %", "–")
    with speaking("en"):
        assert (thousands(1162), amount("waiting", 1)) == ("1,162", "1 day")


@pytest.mark.parametrize(("period", "words"), [
    (year_of(2026), "2026"), (halves_of(2026)[0], "januari–juni 2026"), (halves_of(2026)[1], "juli–december 2026"),
    (_DAYS, "1 mars 2026 till 15 april 2026"),
    (Period(date(2025, 7, 1), date(2026, 6, 30)), "1 juli 2025 till 30 juni 2026"),
])  # fmt: skip
def test_a_period_is_said_as_people_say_it(period: Period, words: str) -> None:
    assert period_words(period) == words


def test_links_lead_to_what_is_asked_for_most_and_mark_what_is_shown() -> None:
    found = pages.links(date(2026, 9, 1), halves_of(2026)[0], "2.7")
    assert [(name, shown) for name, _href, shown in found] == [
        ("I år", False), ("Förra året", False), ("juli–december 2026", False), ("januari–juni 2026", True),
        ("juli–december 2025", False),
    ]  # fmt: skip
    assert found[0][1] == "/personal/statistik?fran=2026-01-01&till=2026-12-31&insats=2.7"
    assert [name for name, *_ in pages.links(date(2026, 6, 30), _DAYS, "")][2:] == [
        "januari–juni 2026", "juli–december 2025", "januari–juni 2025"
    ]  # fmt: skip


def test_a_section_says_once_what_there_is_none_of_and_how_much_more_there_is() -> None:
    section = a_section("2.7", {"people": 12, "visits": 1300, "other": 12}, {"people": 15, "visits": 90, "no_shows": 1})
    view = pages.section_view(section, "Till spelfriheten!", 2, year_of(2026))
    assert {row.figure: (row.now, row.before, row.more) for row in view.rows} == {
        "starts": ("0", "0", "lika"), "people": ("12", "15", "−3"), "other": ("12", "0", "+12"),
        "visits": ("1\xa0300", "90", "+1\xa0210"), "no_shows": ("0", "1", "−1"),
    }  # fmt: skip
    assert "waiting" in {row.figure for row in view.none}
    assert not {"women", "men"} & {row.figure for row in (*view.rows, *view.none)}
    assert view.notes == ("2 grupper som har haft sin sista träff i perioden är inte avslutade. De räknas när de avslutas.",)


def test_half_years_are_said_where_only_such_are_kept() -> None:
    def notes(period: Period) -> str:
        [section] = gathered({1: EDITION["2.9"]}, [Counted(1, "", 0, "talks", 7)], period)
        return " ".join(pages.section_view(section, "", 0, period).notes)

    assert "i det halvår då sista samtalet var" in notes(year_of(2026))
    assert "De gäller januari–juni 2026, inte hela perioden." in notes(Period(date(2026, 1, 1), date(2026, 8, 1)))
    assert "inget helt halvår ligger i perioden" in notes(_DAYS)


def test_an_empty_period_names_what_it_is_empty_of() -> None:
    sections = [a_section("2.7", {}), a_section("2.1", {})]
    names = {"2.7": "Till spelfriheten!", "2.1": "ABC"}
    view = pages.statistics_page(sections, names, {}, _DAYS, "", date(2026, 9, 1), Form())
    assert view.sections == ()
    assert view.nothing == "Inget att räkna i perioden eller året före: 2.7 Till spelfriheten! och 2.1 ABC."
    # Who asks for one gets its table, empty or not.
    assert pages.statistics_page(sections[:1], names, {}, _DAYS, "2.7", date(2026, 9, 1), Form()).sections
    assert [year for year, _href in view.outside] == [2025, 2024, 2023]
