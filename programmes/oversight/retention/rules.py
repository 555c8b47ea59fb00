"""When a record is due, what then becomes of it, and when the nightly run is. Pure.

Days are local days (Europe/Stockholm), moments UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from programmes.core.clock import at_local, local_date
from programmes.core.retention_rules import years_after
from programmes.people.hold_rules import Hold, in_force

# What goes with something else, at a moment or after a time that nobody chooses; shown beside the others.
Fixed = Literal["waiting_record", "place_code", "sign_in", "calendar", "draft", "job", "digest", "receipt", "figures"]
FIXED: tuple[Fixed, ...] = get_args(Fixed)
Archive = Literal["sample", "everybody", "nobody"]
Fate = Literal["later", "held", "archive", "unknown_day", "erase"]

# Born on one of these days of a month, a record goes to the archive first, for research (2025:468 ch. 13).
SAMPLE_DAYS = frozenset({5, 15, 25})
# From when the nightly run begins, by the wall clock. It may begin later, when no worker was there.
NIGHT = time(2)
# Runs are nightly: a clock that stands so far ahead of the last one has jumped, or nobody has looked after the worker.
# What is erased by a wrong clock is lost.
JUMP = timedelta(days=60)


@dataclass(frozen=True)
class Due:
    """When a record may go, and by when it must have: the end of the calendar year after the duty arose."""

    first: date
    last: date


def last_note(moments: Iterable[datetime]) -> date:
    """The local day of the last thing that was written about somebody."""
    return max(local_date(moment) for moment in moments)


def due(noted: date, years: int) -> Due:
    """From when a record whose last note is of this day is erased (guideline: retention; old SoL 12:1)."""
    end = years_after(noted, years)
    return Due(end + timedelta(days=1), date(end.year + 1, 12, 31))


def birth_day(born: str, number: str) -> int | None:
    """The day of the month on which somebody was born, by their birth date (ISO) or their number (YYYYMMDD-NNNN; a
    coordination number's day is sixty more); None when neither says."""
    digits = born.replace("-", "") or number.replace("-", "")
    if len(digits) < 8 or not (digits.isascii() and digits.isdigit()):
        return None
    day = int(digits[6:8])
    day = day - 60 if day > 60 else day
    return day if 1 <= day <= 31 else None


@dataclass(frozen=True)
class RecordFacts:
    """What decides about a record. `archived_at`: when the newest file was made that the archive has confirmed."""

    noted: Sequence[datetime]
    holds: Sequence[Hold] = ()
    archived_at: datetime | None = None


def is_due(facts: RecordFacts, years: int, today: date) -> bool:
    """Whether the period has passed, whatever else stands in the way."""
    return due(last_note(facts.noted), years).first <= today


def fate(facts: RecordFacts, born: int | None, years: int, archive: Archive, today: date) -> Fate:
    """What becomes of a record on a day. `born` is the day of the month of birth.

    Where nobody knows it, there is the rest of the year in which the duty arose to find out; then the law's exception,
    which is for people who are known to be born on such a day, keeps it no longer (decision 19).
    """
    when = due(last_note(facts.noted), years)
    if today < when.first:
        return "later"
    if in_force(facts.holds, today):
        return "held"
    received = facts.archived_at is not None and facts.archived_at >= max(facts.noted)
    if received or archive == "nobody":
        return "erase"
    if archive == "everybody" or born in SAMPLE_DAYS:
        return "archive"
    if born is None and today < when.last.replace(month=1, day=1):
        return "unknown_day"
    return "erase"


def night_due(last: date | None, now: datetime) -> date | None:
    """The local day whose run is to begin now, or None. Once a day, from two in the night, and when no worker was there as
    soon as one is."""
    today = local_date(now)
    if last is not None and last >= today:
        return None
    return today if now >= at_local(today, NIGHT) else None


def next_night(last: date | None, now: datetime) -> date:
    """The local day of the next nightly run, whose last one that is over was on `last`."""
    today = local_date(now)
    return today if last is None or last < today else last + timedelta(days=1)


def has_jumped(last_run: datetime | None, now: datetime) -> bool:
    """Whether the clock stands too far ahead of the last run to erase anything by it."""
    return last_run is not None and now - last_run > JUMP
