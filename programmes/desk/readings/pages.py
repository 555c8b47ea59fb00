"""View models for staff: how unclear points of the guideline are read, which can be changed, and who that affects."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from programmes.catalogue.rules import Interpretation, Lang, Programme, Value
from programmes.catalogue.wording import Words
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_plain, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.readings.rules import LeftOut
from programmes.enrolment.queries import Places

LONGEST_REFERENCE = 200
# These ask or refuse something of a person who applies; the others are about evaluation, papers and the office.
_ENTRY = (
    "lower_age_included",
    "adult_included",
    "upper_age_included",
    "range_end_included",
    "guardian_consent_under",
)


@dataclass(frozen=True)
class Reading:
    """One unclear point. `value` is said only where it can be another; `missing` is a board decision not yet given."""

    key: str
    label: str
    reason: str
    value: str
    changed: bool
    missing: bool
    href: str


@dataclass(frozen=True)
class Group:
    section: str
    name: str
    readings: Sequence[Reading]


@dataclass(frozen=True)
class ReadingsPage:
    """`undecided` are the programmes whose exemption rests on no known decision; `everything` shows fixed readings too."""

    groups: Sequence[Group]
    undecided: Sequence[Group]
    everything: bool


@dataclass(frozen=True)
class ChoicePage:
    """A point that can be read otherwise: a list of values and words, or one line of text."""

    group: Group
    reading: Reading
    options: Sequence[tuple[str, str]]
    current: str
    default: str
    error: str = ""

    @property
    def decision(self) -> bool:
        """Whether the line of text is a decision by the board."""
        return self.reading.key == "board_decision"


def readings_page(
    programmes: Sequence[Programme], everything: bool, changeable_sections: set[str], lang: Lang, municipality: str
) -> ReadingsPage:
    """All readings by programme. Links to change one stand only where the reader coordinates."""
    groups = [_group(Words(p, lang, municipality), everything, p.section in changeable_sections) for p in programmes]
    undecided = [Group(g.section, g.name, [r for r in g.readings if r.missing]) for g in groups]
    return ReadingsPage([g for g in groups if g.readings], [g for g in undecided if g.readings], everything)


def _group(words: Words, everything: bool, may_change: bool) -> Group:
    programme = words.programme
    shown = [i for i in programme.interpretations if everything or i.changeable]
    return Group(programme.section, programme.name, [_reading(words, i, may_change) for i in shown])


def _reading(words: Words, reading: Interpretation, may_change: bool) -> Reading:
    return Reading(
        key=reading.key,
        label=words.say(reading.label),
        reason=words.say(reading.reason),
        value=said(words, reading, reading.value) if reading.changeable else "",
        changed=reading.changed,
        missing=reading.key == "board_decision" and reading.value == "",
        href=f"/personal/tolkningar/{reading.section}/{reading.key}" if may_change and reading.changeable else "",
    )


def choice_page(programme: Programme, key: str, lang: Lang, municipality: str) -> ChoicePage | None:
    """The page that changes one reading, or None where there is nothing to choose."""
    reading = next((i for i in programme.interpretations if i.key == key and i.changeable), None)
    if reading is None:
        return None
    words = Words(programme, lang, municipality)
    return ChoicePage(
        group=Group(programme.section, programme.name, []),
        reading=_reading(words, reading, True),
        options=[(json.dumps(option), said(words, reading, option)) for option in reading.options],
        current=json.dumps(reading.value) if reading.options else str(reading.value),
        default=said(words, reading, reading.default),
    )


def chosen_value(page: ChoicePage, typed: str) -> Value | None:
    """What was chosen, or None when it is none of the options. Where there are none, it is a line of text."""
    if not page.options:
        return typed
    return json.loads(typed) if typed in {value for value, _words in page.options} else None


def said(words: Words, reading: Interpretation, value: Value) -> str:
    """A value of a reading as the office reads it: as its own answer, else in the words for such values."""
    if reading.answers and value in reading.options:
        return words.say(reading.answers[reading.options.index(value)])
    return _value(value)


def _value(value: Value) -> str:
    known = {
        True: _("Ja"),
        False: _("Nej"),
        "": _("Saknas"),
        "required": _("Krävs"),
        "offered": _("Erbjuds"),
        "default_on": _("Påslagen"),
        "off": _("Av"),
    }
    if isinstance(value, int) and not isinstance(value, bool):
        return _("%(n)s år", n=value)
    return known.get(value, str(value))


@dataclass(frozen=True)
class Affected:
    """A coming or running cohort that the reading is used for: its page, its name, and what becomes of its people."""

    address: str
    name: str
    text: str


def affected(
    reading: Interpretation, cohorts: Sequence[CohortFacts], places: Mapping[int, Places]
) -> tuple[tuple[Affected, ...], str]:
    """The cohorts, soonest first, and one sentence on what the change means for those who are in already."""
    if reading.key not in _ENTRY:
        return tuple(Affected(_address(c), c.name, _begins(c)) for c in cohorts), ""
    rows = tuple(Affected(_address(c), c.name, f"{_begins(c)} {_people(places[c.cohort_id])}") for c in cohorts)
    return rows, _(
        "Nya anmälningar prövas på det nya sättet. "
        "Den som redan har en plats eller står i kö prövas som förut, också om starten flyttas."
    )


@dataclass(frozen=True)
class OtherReading:
    """What another reading would mean: its words, and those it would leave out, with the addresses of their pages."""

    words: str
    people: Sequence[tuple[str, str]]


def reads_age(reading: Interpretation) -> bool:
    """Whether the reading decides whose age will do."""
    return reading.key in _ENTRY and reading.changeable


def other_readings(
    programme: Programme, reading: Interpretation, found: Sequence[LeftOut], lang: Lang, municipality: str
) -> tuple[OtherReading, ...]:
    """Each value that could be chosen instead, with whom it would leave out."""
    words = Words(programme, lang, municipality)
    return tuple(
        OtherReading(
            said(words, reading, value),
            [(f"/personal/grupper/{f.cohort_id}/deltagare/{f.enrolment_id}", f.label) for f in found if f.value == value],
        )
        for value in reading.options
        if value != reading.value
    )


def ticks_text(ticked: int) -> str:
    """What can be said of whom a reading concerns where no age is kept."""
    known = ngettext("%(n)s person har kryssat i sin ålder eller barnets.",
                     "%(n)s personer har kryssat i sin ålder eller barnets.", ticked)  # fmt: skip
    return _("Här sparas ingen ålder, så det går inte att se vem som berörs.") + " " + known


def _address(cohort: CohortFacts) -> str:
    return f"/personal/grupper/{cohort.cohort_id}"


def _begins(cohort: CohortFacts) -> str:
    if cohort.first_start is None:
        return ""
    day = day_plain(local_date(cohort.first_start))
    return _("Har startat, %(day)s.", day=day) if cohort.state == "started" else _("Startar %(day)s.", day=day)


def _people(places: Places) -> str:
    held = ngettext("%(n)s har plats.", "%(n)s har plats.", places.held)
    queued = ngettext("%(n)s står i kö.", "%(n)s står i kö.", places.queued)
    return f"{held} {queued}"
