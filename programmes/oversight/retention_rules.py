"""How long each class of data is kept, when a record is due, and what then becomes of it. Pure: docs/retention.md lists it.

Days are local days (Europe/Stockholm), moments UTC.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from programmes.core.clock import at_local, local_date
from programmes.people.hold_rules import Hold, in_force

Unit = Literal["days", "months", "years"]
# What has a number of its own that the office decides, within what law and design allow.
Subject = Literal["protected_record", "working_list", "ballots_unread", "access_log", "audit_entry", "notice"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
# What goes with something else, at a moment or after a time that nobody chooses; shown beside the others.
Fixed = Literal["waiting_record", "place_code", "sign_in", "calendar", "draft", "job", "digest", "receipt", "figures"]
FIXED: tuple[Fixed, ...] = get_args(Fixed)
Archive = Literal["sample", "everybody", "nobody"]
Fate = Literal["later", "held", "archive", "unknown_day", "erase"]

# Born on one of these days of a month, a record goes to the archive first, for research (2025:468 ch. 13).
SAMPLE_DAYS = frozenset({5, 15, 25})
# From when the nightly run begins, by the wall clock. It may begin later, when no worker was there.
NIGHT = time(2)
# A clock that stands so far ahead of the last thing that happened here has jumped; what is erased by it is lost.
JUMP = timedelta(days=400)


@dataclass(frozen=True)
class Rule:
    """A number with its unit. `least` and `most` are what law or design allow; equal, nobody changes it."""

    amount: int
    unit: Unit
    least: int
    most: int


RULES: Mapping[Subject, Rule] = {
    # Five years after the last note (guideline: retention). Longer where another law says so, never shorter.
    "protected_record": Rule(5, "years", 5, 30),
    # At closing, and at the latest thirty days after the last session (DESIGN 6).
    "working_list": Rule(30, "days", 1, 30),
    # Small groups' answers that could not be mixed, where evaluation isn't required (DESIGN 7).
    "ballots_unread": Rule(12, "months", 1, 24),
    "access_log": Rule(5, "years", 2, 70),
    "audit_entry": Rule(10, "years", 5, 70),
    # That something was sent to somebody documented; never what. With the record at the latest.
    "notice": Rule(12, "months", 6, 60),
}


def years_after(day: date, years: int) -> date:
    """The last day of a period of years from a day: the same day, or the last of the month where that is missing (lag
    1930:173 § 1: five years from 29 February end on 28 February)."""
    return months_after(day, 12 * years)


def months_after(day: date, months: int) -> date:
    """The last day of a period of months from a day, likewise."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def period_end(day: date, amount: int, unit: Unit) -> date:
    """The last day of a period that is counted from a day."""
    if unit == "days":
        return day + timedelta(days=amount)
    return years_after(day, amount) if unit == "years" else months_after(day, amount)


def kept_since(today: date, amount: int, unit: Unit) -> datetime:
    """The moment before which everything is so old that it may go on this day: what was written that day is still kept."""
    first = date(today.year - amount, today.month, 1) if unit == "years" else today
    if unit == "days":
        return at_local(today - timedelta(days=amount), time())
    if unit == "months":
        first = months_after(today.replace(day=1), -amount)
    # Whole months: nothing is ever too young, and a month more is no matter of days here.
    return at_local(first, time())


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


def has_jumped(last_sign: datetime | None, now: datetime) -> bool:
    """Whether the clock stands too far ahead of the last thing that happened here to erase anything by it."""
    return last_sign is not None and now - last_sign > JUMP


def wrong_amount(subject: Subject, amount: int) -> Literal["too_short", "too_long"] | None:
    """Why an office cannot decide this for a class."""
    rule = RULES[subject]
    if amount < rule.least:
        return "too_short"
    return "too_long" if amount > rule.most else None


def subject_of(code: str) -> Subject | None:
    """The class with this code, if there is one."""
    return next((subject for subject in SUBJECTS if subject == code), None)
