"""Which figures a section may show, for which days they are counted, and what was counted. Nothing here reads or writes.

What may be shown follows from the documentation facts of the edition that a group was opened under (guideline, chapter 1
and each section's Dokumentation). Every figure passes `gathered`: one that its section does not list is not in what comes
out, and asking for it raises `NotListed`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple

from programmes.catalogue.rules import Programme
from programmes.evaluation.rules import half_year

Figure = Literal[
    "form", "starts", "cancelled_starts", "held", "cancelled_sessions", "occasions", "talks", "people", "women", "men",
    "other", "visits", "visits_women", "visits_men", "visits_other", "completed", "dropped_out", "waiting", "no_shows",
    "study_visits", "led_on", "ended_completed", "ended_early", "ended_cancelled", "answers", "response_rate",
]  # fmt: skip
# In the order in which they are shown.
FIGURES: tuple[Figure, ...] = Figure.__args__  # type: ignore[attr-defined]
Window = Literal[0, 1]
# What is counted to work a figure out, where it is no count itself: the waiting time of so many people together, and so on.
# `most_visits`: how many visits there had been, had everybody who came to a group come each time; it is only looked at to
# see how few were away.
_PARTS: Mapping[str, Figure] = {
    "waited": "waiting", "waited_days": "waiting", "slips": "response_rate", "most_visits": "visits",
}  # fmt: skip
_BY_SEX: tuple[Figure, ...] = ("women", "men", "other")
_VISITS_BY_SEX: tuple[Figure, ...] = ("visits_women", "visits_men", "visits_other")
_ENDINGS: tuple[Figure, ...] = ("ended_completed", "ended_early", "ended_cancelled")
_DOCUMENTED: frozenset[Figure] = frozenset({
    "starts", "cancelled_starts", "held", "cancelled_sessions", "people", *_BY_SEX, "visits", "completed", "dropped_out",
    "waiting", "no_shows",
})  # fmt: skip
# The longest period that can be asked for, in days: a little more than the ten years that a board looks back upon.
LONGEST = 11 * 366


class NotListed(Exception):
    """The section does not list this figure, so that it cannot be shown for it."""


def listed(programme: Programme) -> tuple[Figure, ...]:
    """The figures that may be shown for a programme, in the order in which they are shown.

    Home services (4.x) have none here. Where people are documented one by one the main rule holds (chapter 1). Elsewhere
    only what the section itself lists: of 2.15 and 2.16 no head count, and so no number of answers either.
    """
    if programme.form == "catalogue_only":
        return ()
    found = _listed_by_section(programme) if programme.exempt else _listed_by_main_rule(programme)
    return tuple(figure for figure in FIGURES if figure in found)


def _listed_by_main_rule(programme: Programme) -> set[Figure]:
    found = set(_DOCUMENTED)
    if programme.study_visit:
        found |= {"study_visits", "led_on"}
    # Also what was answered before an office turned it off.
    usual = next((i.default for i in programme.interpretations if i.key == "evaluation"), "off")
    if programme.evaluation != "off" or usual != "off":
        found.add("answers")
        # The common box of an individual form has spare slips, so that a share of them would say nothing.
        found |= {"response_rate"} if programme.form == "group" else set()
    return found


def _listed_by_section(programme: Programme) -> set[Figure]:
    facts, of_a_group = set(programme.figures), programme.form == "group"
    found: set[Figure] = set()
    if "participant_count" in facts:
        found |= {"people", "visits"} if of_a_group else {"visits"}
        if "sex" in facts:
            found |= {*_BY_SEX, *_VISITS_BY_SEX} if of_a_group else {*_VISITS_BY_SEX}
        # The evaluation is documented where the section demands it (2.1, 2.12).
        found |= {"answers"} if programme.facts.get("evaluation") == "required" else set()
    if "open_occasions" in facts:
        found.add("occasions")
    if "form_of_intervention" in facts:
        found.add("form")
    if "number_of_talks" in facts:
        found.add("talks")
    if "how_intervention_ended" in facts:
        found |= {*_ENDINGS}
    return found


def dissolves(programme: Programme) -> bool:
    """Whether only sums for half-years are kept: closed series of a section where nobody is documented."""
    return programme.exempt and programme.form == "individual"


@dataclass(frozen=True)
class Period:
    """Local days, both included."""

    first: date
    last: date

    @property
    def year_before(self) -> "Period":
        """The same days a year earlier; the end of February stays the end of February."""
        return Period(_year_before(self.first), _year_before(self.last))

    @property
    def half_years(self) -> tuple[str, ...]:
        """The half-years that lie wholly in it, as they are kept (`2026-1`)."""
        halves = [h for year in range(self.first.year, self.last.year + 1) for h in halves_of(year)]
        return tuple(half_year(h.first) for h in halves if self.first <= h.first and h.last <= self.last)

    @property
    def is_whole_half_years(self) -> bool:
        """Whether it begins and ends with a half-year."""
        return half_year(self.first - timedelta(days=1)) != half_year(self.first) and half_year(
            self.last + timedelta(days=1)
        ) != half_year(self.last)


def _year_before(day: date) -> date:
    end_of_february = day.month == 2 and (day + timedelta(days=1)).month == 3
    return date(day.year - 1, 3, 1) - timedelta(days=1) if end_of_february else day.replace(year=day.year - 1)


def year_of(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))


def halves_of(year: int) -> tuple[Period, Period]:
    return Period(date(year, 1, 1), date(year, 6, 30)), Period(date(year, 7, 1), date(year, 12, 31))


def why_not_period(first: date, last: date) -> Literal["backwards", "too_long"] | None:
    """What is wrong with a period that was asked for."""
    if last < first:
        return "backwards"
    return "too_long" if (last - first).days > LONGEST else None


class Counted(NamedTuple):
    """So many of something, of the programme (of one edition), in the period (0) or the one a year before (1).

    `place` is a venue where each is shown by itself, else empty. `figure` is a figure, or what one is worked out from.
    """

    programme_id: int
    place: str
    window: int
    figure: str
    n: int


@dataclass(frozen=True)
class Values:
    """The counts of one section, or of one place of it, in one period."""

    counts: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, figure: str) -> int:
        return self.counts.get(figure, 0)

    @property
    def empty(self) -> bool:
        return not any(self.counts.values())

    def value(self, figure: Figure) -> int | None:
        """The figure: a count, mean days of waiting, or per cent; None where there is nothing to work it out from."""
        if figure == "waiting":
            return _rounded(self["waited_days"], self["waited"])
        if figure == "response_rate":
            return _rounded(100 * min(self["answers"], self["slips"]), self["slips"])
        return self[figure]


def _rounded(part: int, whole: int) -> int | None:
    """To the nearest whole number, halves upwards."""
    return (2 * part + whole) // (2 * whole) if whole else None


@dataclass(frozen=True)
class Section:
    """What may be shown of a section in two periods. `half_years`: those that the numbers are sums of, where only such are
    kept; None where the days count. `places`: venues shown each by itself (3.2). `one_talk`: each series is a single talk
    (2.6). `sessions`: of how many sessions each group is, where the guideline says one number. `known`: of which period
    there is anything to tell, as the service was in use by its end. `by_edition`: of which programme (of one edition) there
    is anything, of which figure, in either period."""

    section: str
    form: str
    exempt: bool
    figures: tuple[Figure, ...]
    windows: tuple[Values, Values]
    places: Mapping[str, tuple[Values, Values]]
    half_years: tuple[tuple[str, ...], tuple[str, ...]] | None
    one_talk: bool = False
    sessions: int | None = None
    known: tuple[bool, bool] = (True, True)
    by_edition: frozenset[tuple[int, str]] = frozenset()

    def value(self, figure: str, window: Window = 0, place: str = "") -> int | None:
        """One figure; None where nothing is known of it.

        Raises:
            NotListed: the section does not list it, or not for each place.
        """
        known = next((one for one in self.figures if one == figure), None)
        if known is None or (place and place not in self.places):
            raise NotListed(f"{figure} of {self.section}")
        if not self.known[window] or (self.half_years is not None and not self.half_years[window]):
            return None
        return (self.places[place] if place else self.windows)[window].value(known)

    @property
    def empty(self) -> bool:
        """Whether there is nothing in either period."""
        return all(values.empty for values in self.windows)


def gathered(programmes: Mapping[int, Programme], counted: Iterable[Counted], period: Period) -> tuple[Section, ...]:
    """What was counted, by section in the order of `programmes` (one or more editions of each), without anything that the
    edition a count belongs to does not list. A figure is listed for a section if any of its editions does."""
    allowed = {key: frozenset(listed(programme)) for key, programme in programmes.items()}
    sums: dict[tuple[str, str, int], dict[str, int]] = {}
    of_editions: set[tuple[int, str]] = set()
    for row in counted:
        programme = programmes.get(row.programme_id)
        if programme is None or _PARTS.get(row.figure, row.figure) not in allowed[row.programme_id]:
            continue
        if row.n:
            of_editions.add((row.programme_id, row.figure))
        places = {"", row.place} if by_place(programme) else {""}
        for place in places:
            values = sums.setdefault((programme.section, place, row.window), {})
            values[row.figure] = values.get(row.figure, 0) + row.n
    by_section: dict[str, list[int]] = {}
    for key, programme in programmes.items():
        by_section.setdefault(programme.section, []).append(key)
    return tuple(
        replace(
            _section([programmes[key] for key in keys], {f for key in keys for f in allowed[key]}, sums, period),
            by_edition=frozenset(one for one in of_editions if one[0] in keys),
        )
        for keys in by_section.values()
        if any(allowed[key] for key in keys)
    )


def known_since(sections: Iterable[Section], period: Period, began: date | None) -> tuple[Section, ...]:
    """The same, with nothing told of a period that was over before the service came into use (`began`; None: it has not)."""
    now, before = (began is not None and began <= window.last for window in (period, period.year_before))
    return tuple(replace(section, known=(now, before)) for section in sections)


def by_place(programme: Programme) -> bool:
    """Whether each meeting place is shown by itself: the section has several, and is read so (3.2)."""
    return programme.form == "drop_in" and programme.reading("figures_by_venue") is True


def _section(
    editions: list[Programme],
    figures: set[Figure],
    sums: Mapping[tuple[str, str, int], Mapping[str, int]],
    period: Period,
) -> Section:
    newest = editions[-1]
    section = newest.section

    def of(place: str) -> tuple[Values, Values]:
        return Values(sums.get((section, place, 0), {})), Values(sums.get((section, place, 1), {}))

    places = sorted({place for (of_section, place, _window) in sums if of_section == section and place})
    return Section(
        section=section,
        form=newest.form,
        exempt=newest.exempt,
        figures=tuple(figure for figure in FIGURES if figure in figures),
        windows=of(""),
        places={place: of(place) for place in places},
        half_years=(period.half_years, period.year_before.half_years) if dissolves(newest) else None,
        one_talk=newest.sessions_max == 1,
        sessions=newest.sessions_max if newest.sessions_min == newest.sessions_max else None,
    )
