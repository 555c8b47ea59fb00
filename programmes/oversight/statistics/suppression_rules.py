"""What of a section's figures may leave the house, so that nobody is counted out (decision 32). Pure.

A count of people under five is hidden, zero among them, and with it whatever would give it away. The criterion: to somebody
who knows these rules and every number that is published, each hidden count can still be any of five values at least; a test
tries every table that would have been published so. That holds because a section's year stands alone: no sum over sections
is published, no period but a calendar year that is over, and each year is hidden by itself, the same in whatever file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from programmes.oversight.statistics.rules import Figure, Section, Values, Window

LEAST = 5
# Of groups these say nothing about people. A series of talks is somebody, so that there even its start counts one.
_OF_NOBODY: frozenset[Figure] = frozenset({"form", "starts", "cancelled_starts", "held", "cancelled_sessions", "occasions"})
# Never published: how visits are split by sex where it is people that are split; one would narrow down the other.
_INSIDE_ONLY: frozenset[Figure] = frozenset({"visits_women", "visits_men", "visits_other"})
_PEOPLE: tuple[Figure, Figure, Figure] = ("women", "men", "other")
_VISITS: tuple[Figure, Figure, Figure] = ("visits_women", "visits_men", "visits_other")


@dataclass(frozen=True)
class Published:
    """What is published of a section and year: None is hidden. `places` are visits and open occasions at each."""

    figures: Mapping[Figure, int | None]
    places: Mapping[str, Mapping[Figure, int | None]]


def published(section: Section, window: Window = 0) -> Published:
    """A section's figures in one period as they may leave the house."""
    values = section.windows[window]
    hidden = _hidden(section, values)
    figures: dict[Figure, int | None] = {
        figure: None if figure in hidden else section.value(figure, window)
        for figure in section.figures
        if figure != "form" and not (figure in _INSIDE_ONLY and "people" in section.figures)
    }
    return Published(figures, _places(section, window, hidden="visits" in hidden))


def _hidden(section: Section, values: Values) -> set[Figure]:
    of_nobody = _OF_NOBODY if section.form != "individual" or "people" not in section.figures else frozenset({"form"})
    about_people = {figure for figure in section.figures if figure not in of_nobody}
    whole = next((figure for figure in ("people", "visits", "talks") if figure in section.figures), None)
    if whole is None or values[whole] < LEAST:
        return set(about_people)
    found: set[Figure] = {f for f in about_people if f not in {"waiting", "response_rate"} and values[f] < LEAST}
    parts = _PEOPLE if whole == "people" else _VISITS
    found = (found - {*parts}) | _split(values, parts)
    found |= _outcomes(values) | _endings(values)
    if values["study_visits"] < LEAST or min(values["led_on"], values["study_visits"] - values["led_on"]) < LEAST:
        found.add("led_on")
    if values["waited"] < LEAST:
        found.add("waiting")
    if values["answers"] < LEAST or values["slips"] - values["answers"] < LEAST:
        found.add("response_rate")
    return found & about_people


def _split(values: Values, parts: tuple[Figure, Figure, Figure]) -> set[Figure]:
    """Of a sum that is published and its three parts. Which are hidden depends on as little as possible, so that it says no
    more than that some are few: none, the last two (their sum can be worked out), or all."""
    first, second, third = (values[part] for part in parts)
    if min(first, second, third) >= LEAST:
        return set()
    if first >= LEAST and second + third >= LEAST - 1:
        return {parts[1], parts[2]}
    return {*parts}


def _outcomes(values: Values) -> set[Figure]:
    """How ways ended: nearly all that came have one of the two, so that one would tell the other."""
    both: set[Figure] = {"completed", "dropped_out"}
    few = min(values["completed"], values["dropped_out"], values["people"] - values["completed"]) < LEAST
    return both if few else set()


def _endings(values: Values) -> set[Figure]:
    """How series ended. Where each is a single talk those that came about are the talks together (2.6)."""
    both: set[Figure] = {"ended_completed", "ended_early"}
    return both if min(values["ended_completed"], values["ended_early"]) < LEAST else set()


def _places(section: Section, window: Window, hidden: bool) -> Mapping[str, Mapping[Figure, int | None]]:
    """Of each place when it was open, and the visits: at all of them or at none, as their sum is published."""
    here = {place: found[window] for place, found in section.places.items() if not found[window].empty}
    hidden = hidden or any(values["visits"] < LEAST for values in here.values())
    return {
        place: {"occasions": values["occasions"], "visits": None if hidden else values["visits"]}
        for place, values in here.items()
    }
