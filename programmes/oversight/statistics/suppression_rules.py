"""What of a section's figures may leave the house, so that nobody is counted out (decisions 32 and 61). Pure.

A count of people under five is hidden, zero among them, and with it whatever would give it away: **no two counts of people
are published that lie closer than five**, as their difference is people too (who came and did not answer). Every figure that
stands in the published ones is at least five, and every group of people that can be worked out of them, or be bounded by
them, can be five at least; a hidden one can be any of five values for somebody who knows these rules. A test makes every
table that would have been published so.

It holds because a section's year stands alone: no sum over sections is published, no period but a calendar year that is
over, and each year is hidden by itself, the same in whatever file (`Given`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from programmes.oversight.statistics.rules import Figure, Section, Values, Window

LEAST = 5
# Of groups these say nothing about people. A series of talks is somebody, so that there even its start counts one.
_OF_NOBODY: frozenset[Figure] = frozenset({"form", "starts", "cancelled_starts", "held", "cancelled_sessions", "occasions"})
_PEOPLE: tuple[Figure, Figure, Figure] = ("women", "men", "other")
_VISITS: tuple[Figure, Figure, Figure] = ("visits_women", "visits_men", "visits_other")
# Counts of people beside those who came, the most telling first: each is published where it is five away from all before it.
# `_NEEDS`: what is nothing by itself.
_BESIDE: tuple[Figure, ...] = ("completed", "answers", "study_visits", "led_on")
_NEEDS: Mapping[Figure, Figure] = {"led_on": "study_visits"}


@dataclass(frozen=True)
class Published:
    """What is published of a section and year: None is hidden. `places` are visits and open occasions at each."""

    figures: Mapping[Figure, int | None]
    places: Mapping[str, Mapping[Figure, int | None]]


@dataclass(frozen=True)
class Given:
    """All that whatever leaves the house is made from: a section's figures in a year and the one before, as published. None:
    from that year there is nothing to know. `nobody`: figures that are never hidden. `settled`: whether a year has been
    established, so that it stays as it is. `editions`: by which programmes (of one edition each) something was counted;
    None where the section has no figure that is never hidden, so that nothing may tell. Counts that are hidden are not in
    here, so that nothing can depend on them."""

    section: str
    form: str
    by_half_year: bool
    figures: tuple[Figure, ...]
    nobody: frozenset[Figure]
    windows: tuple[Published, Published | None]
    settled: tuple[bool, bool] = (False, False)
    editions: frozenset[int] | None = None

    @property
    def nothing(self) -> bool:
        """Whether all of it is openly none."""
        years = [year for year in self.windows if year is not None]
        return all(n == 0 for year in years for figures in (year.figures, *year.places.values()) for n in figures.values())


@dataclass(frozen=True)
class Year:
    """What is known of a year beforehand: the sections that were established, and whether there is anything to know."""

    settled: Mapping[str, Published] = field(default_factory=dict)
    known: bool = True


_OPEN = Year()


def given(section: Section, now: Year = _OPEN, before: Year = _OPEN) -> Given:
    """What leaves the house of a section. What has been established stands, whatever has been put right since."""
    this = _kept(published(section), now.settled.get(section.section))
    then = _kept(published(section, 1), before.settled.get(section.section))
    return Given(
        section=section.section,
        form=section.form,
        by_half_year=section.half_years is not None,
        figures=public(section),
        nobody=about_nobody(section),
        windows=(this, then if before.known else None),
        settled=(section.section in now.settled, section.section in before.settled),
        editions=_openly_by(section),
    )


def _openly_by(section: Section) -> frozenset[int] | None:
    """Judged by what is never hidden alone: that an edition is named must not tell that somebody was there."""
    openly = about_nobody(section) & {*public(section)}
    return frozenset(number for number, figure in section.by_edition if figure in openly) if openly else None


def _kept(found: Published, settled: Published | None) -> Published:
    return Published({f: settled.figures.get(f) for f in found.figures}, settled.places) if settled else found


def published(section: Section, window: Window = 0) -> Published:
    """A section's figures in one period as they may leave the house."""
    shown = _shown(section, section.windows[window])
    figures: dict[Figure, int | None] = {
        figure: section.value(figure, window) if figure in shown else None for figure in public(section)
    }
    return Published(figures, _places(section, window, hidden="visits" not in shown))


def public(section: Section) -> tuple[Figure, ...]:
    """The figures that are published at all, hidden or not. Never the form, nor how visits are split by sex where it is
    people that are split, as one would narrow down the other; nor sex where nobody is asked."""
    never: set[Figure] = {"form"}
    never |= {*_VISITS} if "people" in section.figures else set()
    never |= set() if section.exempt else {*_PEOPLE}
    return tuple(figure for figure in section.figures if figure not in never)


def about_nobody(section: Section) -> frozenset[Figure]:
    """The figures that are published whatever they are."""
    return _OF_NOBODY if section.form != "individual" or "people" not in section.figures else frozenset({"form"})


def _shown(section: Section, values: Values) -> frozenset[Figure]:
    found = about_nobody(section)
    whole = next((figure for figure in ("people", "visits", "talks") if figure in section.figures), None)
    if whole is None or values[whole] < LEAST:
        return found
    if whole == "people":
        return found | _of_people(section, values)
    if whole == "talks":
        return found | _of_series(section, values)
    return found | _split(values, _VISITS) | {whole}


def _of_people(section: Section, values: Values) -> set[Figure]:
    """Where those who came are counted, and enough. Each that is published has its place away from the others."""
    shown: set[Figure] = {"people"}
    near = [values["people"]]

    def away(n: int) -> bool:
        return n >= LEAST and all(abs(n - other) >= LEAST for other in near)

    for figure in (*_BESIDE, *(("starts",) if section.form == "individual" else ())):
        if _NEEDS.get(figure, figure) in {*shown, figure} and away(values[figure]):
            shown.add(figure)
            near.append(values[figure])
    # Who completed and who dropped out had a place, and those of them who never came are the difference.
    with_a_place = values["completed"] + values["dropped_out"]
    if "completed" in shown and values["dropped_out"] >= LEAST and away(with_a_place):
        shown.add("dropped_out")
        near.append(with_a_place)
    # Beside the answers a share tells how many slips there were.
    if "answers" in shown and values["slips"] > values["answers"] and away(values["slips"]):
        shown.add("response_rate")
    if values["waited"] >= LEAST:
        shown.add("waiting")
    return shown | _split(values, _PEOPLE) | _times(section, values)


def _times(section: Section, values: Values) -> set[Figure]:
    """How many times something was. Those it was more often for, or missed one, are no more than what is over."""
    shown: set[Figure] = {figure for figure in ("cancelled_starts", "cancelled_sessions") if values[figure] >= LEAST}
    people, visits, held = values["people"], values["visits"], values["held"]
    alone = section.form == "individual"
    most = _most_visits(section, values)
    if visits - people >= LEAST and (alone or all(abs(n - visits) >= LEAST for n in most)):
        shown.add("visits")
    if alone and held - people >= LEAST and ("visits" not in shown or abs(held - visits) >= LEAST):
        shown.add("held")
    told = "visits" in shown and ("held" in shown or not alone)
    if values["no_shows"] >= LEAST and not (told and any(abs(n - visits - values["no_shows"]) < LEAST for n in most)):
        shown.add("no_shows")
    return shown


def _most_visits(section: Section, values: Values) -> set[int]:
    """How many visits there had been, had nobody been away: each number that somebody may take it for. With somebody alone
    each time is theirs. Of a group everybody knows the sessions, whether or not its section lists what was held: the
    guideline says how many (four of ABC), and the days of each group are public. So those who came are taken times what
    each group held, times what the guideline says, and, where what was held is listed, as if all were one group."""
    if section.form == "individual":
        return {values["held"]}
    people = values["people"]
    found = {values["most_visits"], people * (section.sessions or 0)}
    return (found | {people * values["held"]} if "held" in section.figures else found) - {0}


def _split(values: Values, parts: tuple[Figure, Figure, Figure]) -> set[Figure]:
    """Of a sum that is published and its three parts. Which are shown depends on as little as possible, so that it says no
    more than that some are few: all, the first (the sum of the others can be worked out, and is enough), or none."""
    first, second, third = (values[part] for part in parts)
    if min(first, second, third) >= LEAST:
        return {*parts}
    return {parts[0]} if min(first, second + third) >= LEAST else set()


def _of_series(section: Section, values: Values) -> set[Figure]:
    """How many talks, and how series ended, if it does not tell how few had more than one. Where each is a single talk
    (2.6) everybody knows that."""
    shown: set[Figure] = {"talks"}
    if values["ended_cancelled"] >= LEAST:
        shown.add("ended_cancelled")
    ended = (values["ended_completed"], values["ended_early"])
    over = values["talks"] - sum(ended)
    if min(ended) >= LEAST and (over >= LEAST or (section.one_talk and over == 0)):
        shown |= {"ended_completed", "ended_early"}
    return shown


def _places(section: Section, window: Window, hidden: bool) -> Mapping[str, Mapping[Figure, int | None]]:
    """Of each place where it was open how often, and the visits: at all of them or at none, as their sum is published."""
    here = {place: found[window] for place, found in section.places.items() if found[window]["occasions"]}
    hidden = hidden or any(values["visits"] < LEAST for values in here.values())
    return {
        place: {"occasions": values["occasions"], "visits": None if hidden else values["visits"]}
        for place, values in here.items()
    }
