"""How long each class of data is kept: the default, its unit, and what an office may decide. Pure: docs/retention.md lists
every class with where it is enforced.

Days are local days (Europe/Stockholm), moments UTC.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from programmes.core.clock import at_local

Unit = Literal["days", "months", "years"]
# What has a number of its own. Where law and design allow another one, the office decides.
Subject = Literal["protected_record", "working_list", "ballots_unread", "access_log", "audit_entry", "notice"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


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
    "working_list": Rule(30, "days", 30, 30),
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


def wrong_amount(subject: Subject, amount: int) -> Literal["too_short", "too_long"] | None:
    """Why an office cannot decide this for a class."""
    rule = RULES[subject]
    if amount < rule.least:
        return "too_short"
    return "too_long" if amount > rule.most else None


def within_law(subject: Subject, amount: int) -> int:
    """The amount, or what law and design allow that is nearest to it."""
    return min(max(amount, RULES[subject].least), RULES[subject].most)


def subject_of(code: str) -> Subject | None:
    """The class with this code, if there is one."""
    return next((subject for subject in SUBJECTS if subject == code), None)
