"""The year's report as it is kept: words and numbers that may leave the house, in Swedish. Nothing here reads or writes.

Once it has been established it is stored as it was read, and every print of it is made from that: a report printed again
says the same, whoever has been erased and whatever has been put right meanwhile (decision 42).
"""

import hashlib
from dataclasses import dataclass
from datetime import date

import msgspec

# How long what a manager writes in it may be, in characters.
LONGEST_WORDS = 2000


@dataclass(frozen=True)
class Undecided:
    """A start of a year of which nobody has decided whether it starts: its group, and the day of its first session."""

    cohort_id: int
    section: str
    name: str
    day: date


@dataclass(frozen=True)
class Missing:
    """What happened in a year and is in no figure yet: occasions of open places without their numbers, groups that are not
    closed, and whether there are such series of talks (how many would be a number of people). `starts`: undecided ones, of
    sections whose starts are counted; `unbegun`: some series were to have their first talk in the year, which is not noted.
    """

    occasions: int
    groups: int
    series: bool
    starts: tuple[Undecided, ...] = ()
    unbegun: bool = False


@dataclass(frozen=True)
class Bar:
    """A programme or place in a chart, this year and the one before. None: the number is hidden, or there is none."""

    name: str
    now: int | None
    before: int | None


@dataclass(frozen=True)
class Chart:
    """`told` says in words what it shows; `compared` whether there is a year before."""

    title: str
    told: str
    bars: tuple[Bar, ...]
    compared: bool = True


@dataclass(frozen=True)
class Line:
    """A figure as it is said: `now` and `before` are numbers with their unit, or that they are hidden. `n` and `n_before`
    are the same as numbers, None where they are hidden or there are none; `figure` is which it is, and `place` of which
    meeting place. Reports of earlier releases hold the words only (`kept_rules`)."""

    label: str
    now: str
    before: str
    figure: str = ""
    place: str = ""
    n: int | None = None
    n_before: int | None = None


@dataclass(frozen=True)
class Part:
    """A section of the guideline: sentences, its figures, those of its places, and where the figures come from."""

    section: str
    name: str
    sentences: tuple[str, ...]
    lines: tuple[Line, ...]
    places: tuple[Line, ...]
    source: str


@dataclass(frozen=True)
class Defined:
    """How a figure is counted, and from what."""

    label: str
    text: str
    source: str


@dataclass(frozen=True)
class Report:
    """All that the year's report says. `quiet`: the programmes of which there is nothing. `words`: a manager's own."""

    year: int
    municipality: str
    words: str
    lead: tuple[str, ...]
    charts: tuple[Chart, ...]
    parts: tuple[Part, ...]
    quiet: str
    definitions: tuple[Defined, ...]
    short: tuple[str, ...]


def written(report: Report) -> str:
    """As it is stored."""
    return msgspec.json.encode(report).decode()


def read(text: str) -> Report:
    """What was stored. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(text, type=Report)


def mark_of(report: Report) -> str:
    """Tells what somebody has read from anything else."""
    return hashlib.sha256(written(report).encode()).hexdigest()[:32]
