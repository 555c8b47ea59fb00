"""Whether the numbers of an edition can be: what no group could be opened under is found when the file is read. Pure."""

import re
from collections.abc import Iterator

from programmes.catalogue.rules import Programme

MOST_SESSIONS, MOST_WEEKS, MOST_PLACES, MOST_STARTS, OLDEST = 52, 52, 200, 52, 130
_SECTION, _SLUG = re.compile(r"[1-9]\d?\.[1-9]\d?"), re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
# A short number, or one with its area: only digits are dialled, so that one from abroad would lose its plus.
_DIALLED = re.compile("[19][0-9]{2,5}|0[0-9]{6,11}")


def impossible(programme: Programme) -> list[str]:
    """Every number of a programme that cannot be, and why."""
    return [*_names(programme), *_counts(programme), *_ages(programme), *_bands(programme)]


def undialable(number: str) -> str:
    """Why a number to call at once cannot be called, else ''. It is dialled as it stands, without anything before it."""
    if _DIALLED.fullmatch(re.sub("[ \u00a0-]", "", number)):
        return ""
    return f"{number!r} is no number to dial, like 112 or 020-50 50 50"


def _names(programme: Programme) -> Iterator[str]:
    if not _SECTION.fullmatch(programme.section):
        yield f"section {programme.section!r} is no section, like 2.8"
    if not _SLUG.fullmatch(programme.slug) or len(programme.slug) > 60:
        yield f"slug {programme.slug!r} cannot be the last part of an address"
    if len(set(programme.figures)) < len(programme.figures):
        yield "a figure stands twice"


def _counts(programme: Programme) -> Iterator[str]:
    people = (programme.participants_min, programme.participants_max)
    sessions = (programme.sessions_min, programme.sessions_max)
    yield from _span("participants", people, 1, MOST_PLACES)
    yield from _span("sessions", sessions, 1, MOST_SESSIONS)
    yield from _span("duration_weeks", (programme.duration_weeks,), 1, MOST_WEEKS)
    yield from _span("starts_per_year_min", (programme.starts_per_year_min,), 1, MOST_STARTS)
    yield from _span("parties", (programme.parties,), 1, MOST_PLACES)
    for declared in programme.declarations:
        yield from _span(f"declaration {declared.key!r}: within_years", (declared.within_years,), 1, OLDEST)


def _ages(programme: Programme) -> Iterator[str]:
    stated = programme.age_facts
    if stated is None:
        numbers = [name for name in ("age_min", "age_max") if programme.facts.get(name) is not None]
        if numbers:
            yield f"{' and '.join(numbers)} without age_subject: whose age?"
        return
    yield from _span("age", (stated.minimum, stated.maximum), 0, OLDEST)


def _bands(programme: Programme) -> Iterator[str]:
    before = -1
    keys = [band.key for band in programme.age_bands]
    if len(set(keys)) < len(keys):
        yield "an age band stands twice"
    for band in sorted(programme.age_bands, key=lambda band: (band.min, band.max)):
        yield from _span(f"age band {band.key!r}", (band.min, band.max), 0, OLDEST)
        if band.min <= before:
            yield f"age band {band.key!r} begins within another"
        before = max(before, band.max)


def _span(what: str, values: tuple[int | None, ...], least: int, most: int) -> Iterator[str]:
    given = [value for value in values if value is not None]
    for value in given:
        if not least <= value <= most:
            yield f"{what}: {value} is not from {least} to {most}"
    if len(given) == 2 and given[0] > given[1]:
        yield f"{what}: from {given[0]} to {given[1]} is nothing"
