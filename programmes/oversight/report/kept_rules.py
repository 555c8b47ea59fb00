"""An established report read again: as figures, for whatever else tells of its year. Pure.

A year is told once: the report of the next, and the files for whoever asks, repeat what was established (decision 62).
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from programmes.core.i18n import speaking
from programmes.oversight.report.rules import Line, Part, Report
from programmes.oversight.report.rules import read as as_stored
from programmes.oversight.statistics.rules import FIGURES, Figure, Window
from programmes.oversight.statistics.suppression_rules import Published
from programmes.oversight.statistics.wording_rules import label

# A number as a report says it: `1 162`, `14 dagar`, `63 %`.
_NUMBER = re.compile(r"(\d[\d\s]*?)(?:\s*(?:dag|dagar|%))?")


def read(text: str) -> Report:
    """What was stored, by whatever release. Raises msgspec.ValidationError for anything else."""
    found = as_stored(text)
    return replace(found, parts=tuple(_with_numbers(part) for part in found.parts))


def _with_numbers(part: Part) -> Part:
    """Earlier releases kept the words of each line only, always in Swedish."""
    if all(line.figure for line in (*part.lines, *part.places)):
        return part
    with speaking("sv"):
        named: dict[str, Figure] = {label(f, form).lower(): f for form in ("individual", "group") for f in FIGURES}
    return replace(
        part,
        lines=tuple(_numbered(line, named.get(line.label.lower(), ""), "") for line in part.lines),
        places=tuple(
            _numbered(line, named.get(name, ""), place)
            for line in part.places
            for place, _comma, name in [line.label.rpartition(", ")]
        ),
    )


def _numbered(line: Line, figure: str, place: str) -> Line:
    return replace(line, figure=figure, place=place, n=_number(line.now), n_before=_number(line.before))


def _number(said: str) -> int | None:
    found = _NUMBER.fullmatch(said)
    return int(re.sub(r"\s", "", found[1])) if found else None


def settled(report: Report, window: Window = 0) -> Mapping[str, Published]:
    """By section, what a report says of its year (0) or the one before (1). What it does not say is hidden."""
    return {part.section: _published(part, window) for part in report.parts}


def _published(part: Part, window: Window) -> Published:
    def n(line: Line) -> int | None:
        return line.n_before if window else line.n

    places: dict[str, dict[Figure, int | None]] = {}
    for line in part.places:
        if (line.before if window else line.now) != "–":
            places.setdefault(line.place, {}).update({figure: n(line) for figure in FIGURES if figure == line.figure})
    by_name = {line.figure: line for line in part.lines}
    return Published({figure: n(by_name[figure]) for figure in FIGURES if figure in by_name}, places)
