"""Whether words point to somebody so plainly that a program sees it: a number, an address. Names it can't know. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple

from personnummer.personnummer import Personnummer, PersonnummerException

Pointing = Literal["personal_number", "phone", "address"]
Leading = Pointing | Literal["birth_date"]

_NUMBER = re.compile(r"(?<!\d)(?:\d{2})?\d{6}\s?([-+\u2010-\u2015])?\s?\d{4}(?!\d)")
# Swedish numbers begin with 0, others with + or 00; dates, hours and amounts don't.
_PHONE = re.compile(r"(?<![\d.,:])(?:\+|0)(?:[\s()/\u2010-\u2015-]{0,2}\d){6,14}(?!\d)")
_ADDRESS = re.compile(r"\S@\S|\b(?:https?:|www\.)\S|\b[\w-]+\.(?:se|com|org|net|eu)\b", re.IGNORECASE)
# Of a street's name these endings are in no given name; others only with the house's number after them.
_STREET = re.compile(
    r"\w(?:gatan|vägen|gränden?|stigen|torget)\b|\w{2,}(?:gata|väg|torg|stig|allén?|backen?|road|street)\s*\d"
    r"|\b(?:c/o|lgh|street|road)\b",
    re.IGNORECASE,
)
_SITE = re.compile(r"@|://|[\w-]\.[a-z]{2,}/|[\w-]{2,}\.(?:nu|fi|no|dk|de|io|me|uk|info)\b", re.IGNORECASE)
# With its number a street is an address; without one, or at "kl 17", it is where a group meets.
_HOUSE = re.compile(
    r"(?:\w(?:gatan|vägen|gränden?|stigen|torget)|\w{2,}(?:gata|väg|torg|stig|allén?|backen?|road|street))"
    r"\s*(?:nr\.?\s*)?\d{1,3}(?!\d)|(?<!\d)\d{3}\s\d{2}\s+[^\W\d_]{2}|\b(?:c/o|lgh)\b",
    re.IGNORECASE,
)
_DASH = re.compile(r"[\u2010-\u2015\u2212]")
# Hours are written in steps of five minutes, numbers to ring seldom.
_CLOCK = r"(?:[01]?\d|2[0-4])[:. ]?[0-5][05]"
_HOURS = re.compile(rf"(?<!\d){_CLOCK}\s*-\s*{_CLOCK}(?!\s?\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "ma[ij]", "jun", "jul", "aug", "sep", "o[kc]t", "nov", "dec")
_YEAR = rf"(?P<y>(?!{_CLOCK}\s*-\s*{_CLOCK}(?!\d))\d{{4}})(?!\d)"
# "2/3-14" is a day, "2/3-14/3" two, and what stands after "2/3 " is as likely an hour.
_DAYS = (
    re.compile(r"(?<!\d)(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})([-/. ])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d\d)([-/])(?P<m>\d\d)\2(?P<d>\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})[-/.](?P<m>\d{{1,2}})[-/. ]\s?{_YEAR}"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})/(?P<m>\d{1,2})-(?P<y>\d\d)(?![\d/.:])"),
    *(re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})\.?\s*{name}[a-zåäö]*\.?,?\s*{_YEAR}", re.IGNORECASE) for name in _MONTHS),
)
# Of one person; those who are "födda 2012–2014", or "f. 2012–2014", are many.
_BORN = re.compile(r"\b(?:född|fött|born)\b\D{0,12}\d|\bf\.\s*(?!\d{4}\s?-\s?\d{4}(?!\d))-?\d{2}", re.IGNORECASE)
_LONG = re.compile(r"\d{5,}")
_LATELY, _SOON = timedelta(days=400), timedelta(days=3 * 366)
# A second Anna is Anna 2, and some write a year; five digits are a birth date, a post code or part of a number.
_MOST_DIGITS = 4


def more_than_an_alias(text: str) -> bool:
    """Whether what somebody is to be called holds what leads to them, where nobody may be documented: a number, a birth
    date, an address of any kind. A name or two are what the field is for, and no program tells a given one from another."""
    plain = unicodedata.normalize("NFKC", text)
    digits = sum(character.isdecimal() for character in plain)
    return bool(points_to_somebody(text) or digits > _MOST_DIGITS or _SITE.search(plain) or _STREET.search(plain))


def points_to_somebody(text: str) -> Pointing | None:
    """The first kind of number or address that stands in it, however its digits and dashes are written."""
    plain = "".join(_digit(character) for character in unicodedata.normalize("NFKC", text))
    if any(_is_personal(found) for found in _NUMBER.finditer(plain)):
        return "personal_number"
    if _PHONE.search(plain):
        return "phone"
    return "address" if _ADDRESS.search(plain) else None


def leads_to_somebody(text: str, today: date) -> Leading | None:
    """The same of words that are kept about a group or beside a person: also a birth date, a street address, or a number as
    long as no day or year is. Days of about `today`, hours and years are what such words are for."""
    plain = _DASH.sub("-", "".join(_digit(character) for character in unicodedata.normalize("NFKC", text)))
    if any(_is_personal(found) for found in _NUMBER.finditer(plain)):
        return "personal_number"
    days = list(_days(plain))
    if _BORN.search(plain) or any(_is_past(day, today) for day in days):
        return "birth_date"
    for day in days:
        plain = plain.replace(day.words, ", ")
    plain = _HOURS.sub(", ", plain)
    if pointed := points_to_somebody(plain):
        return pointed
    if _LONG.search(plain):
        return "phone"
    return "address" if _SITE.search(plain) or _HOUSE.search(plain) else None


class _Day(NamedTuple):
    """A day as it is written. Without its century it is of this one."""

    words: str
    day: date
    whole_year: bool


def _days(plain: str) -> Iterator[_Day]:
    for number, pattern in enumerate(_DAYS):
        for found in pattern.finditer(plain):
            said = found.groupdict()
            year, day = int(said["y"]), int(said["d"])
            whole = len(said["y"]) == 4
            # Of a coordination number the day is sixty more.
            day -= 60 if day > 60 else 0
            month = int(said["m"]) if "m" in said else number - len(_DAYS) + len(_MONTHS) + 1
            try:
                read = date(year if whole else 2000 + year, month, day)
            except ValueError:
                continue
            if 1900 <= read.year <= 2100:
                yield _Day(found[0], read, whole)


def _is_past(found: _Day, today: date) -> bool:
    """Whether nothing meets on that day any more, nor will. Who is written without the century was born in either."""
    return found.day < today - _LATELY or (not found.whole_year and found.day > today + _SOON)


def _digit(character: str) -> str:
    return str(unicodedata.digit(character)) if character.isdecimal() else character


def _is_personal(found: re.Match[str]) -> bool:
    """Written with its dash it is meant as one, also where a digit is wrong."""
    if found[1]:
        return True
    try:
        Personnummer(re.sub(r"\s", "", found[0]))
    except (PersonnummerException, ValueError):
        return False
    return True
