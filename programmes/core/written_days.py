"""Days with their year as Swedes write them, and which of them nothing meets on any more: those are birth dates. Pure."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

# Hours are written in steps of five minutes, numbers to ring seldom.
_CLOCK = r"(?:[01]?\d|2[0-4])[:. ]?[0-5][05]"
HOURS = re.compile(rf"(?<!\d){_CLOCK}\s*-\s*{_CLOCK}(?!\s?\d)")
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "maj": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "okt": 10,
           "oct": 10, "nov": 11, "dec": 12}  # fmt: skip
_MONTH = rf"(?P<m>{'|'.join(_MONTHS)})[a-zåäö]*\.?"
_YEAR = rf"(?P<y>(?!{_CLOCK}\s*-\s*{_CLOCK}(?!\d))\d{{4}})(?!\d)"
# "14/1-18/3" and "14/1-18 mars" are two days, "14/2 17.30" and "14 feb 17-19" hours, "14 februari 12 platser" no year.
_NO_MORE = rf"(?![\d/:]|\.\d|\s*(?:{'|'.join(_MONTHS)}|platser|personer|deltagare|barn\b|min\b|år\b))"
_NO_HOURS = r"(?!\s*-\s*\d|\s+(?:och|eller|till)\s+\d)"
# With a mark of its own it is a year whichever; without one it is an hour up to 24.
_MARKED, _NO_HOUR = rf"\s*[-'’´]\s?(?P<y>\d\d){_NO_MORE}", rf"[\s,]\s*(?P<y>2[5-9]|[3-9]\d){_NO_MORE}"
_DAY = r"(?<![\d.:/])(?P<d>\d{1,2})"
_DIGITS = (
    r"(?<!\d)(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?!\d)",
    r"(?<!\d)(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\d)",
    r"(?<!\d)(?P<y>\d{4})([-/. ])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?!\d)",
    r"(?<!\d)(?P<y>\d\d)([-/])(?P<m>\d\d)\2(?P<d>\d\d)(?!\d)",
    r"(?<!\d)(?P<y>[3-9]\d)([. ])(?P<m>\d\d)\2(?P<d>\d\d)(?!\d)",
    rf"(?<!\d)(?P<d>\d{{1,2}})\s?[-/.]\s?(?P<m>\d{{1,2}})[-/., ]\s?-?{_YEAR}",
    rf"(?<![\d/.-])(?P<d>\d{{1,2}}) (?P<m>\d{{1,2}}) {_YEAR}",
    rf"{_DAY}\s?/\s?(?P<m>\d{{1,2}}){_MARKED}",
    rf"{_DAY}\s?/\s?(?P<m>\d{{1,2}}){_NO_HOUR}",
    rf"{_DAY}/(?P<m>\d{{1,2}})/(?P<y>\d\d){_NO_MORE}",
    rf"{_DAY}([-.])(?P<m>\d{{1,2}})\2(?P<y>2[5-9]|[3-9]\d)(?![\d.:/-])",
)
# "14 februari", "14:e feb.", "den 14e februari".
_DAY_NAMED = rf"{_DAY}\s?(?::?[ea])?\.?\s*{_MONTH}"
_NAMED = (
    rf"{_DAY_NAMED},?\s*-?{_YEAR}",
    rf"{_DAY_NAMED}{_MARKED}",
    rf"{_DAY_NAMED}{_NO_HOUR}",
    rf"{_DAY_NAMED}\s*(?P<y>\d\d){_NO_MORE}{_NO_HOURS}",
    rf"\b{_MONTH}\s(?P<d>\d{{1,2}}),?\s{_YEAR}",
    rf"(?<!\d)(?P<y>\d{{4}}),?\s(?:den\s)?(?P<d>\d{{1,2}})\.?\s*{_MONTH}",
)
_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (*_DIGITS, *_NAMED))
# Of one person; those who are "födda 2012–2014", or "f. 2012–2014", are many, and "grupp F 12" is a group.
_BORN = re.compile(
    r"\b(?:född|fött|born)(?:\b\D{0,30})?\d|\bf\.\s*(?!\d{4}\s?-\s?\d{4}(?!\d))-?\d{2}|\bf\s?-\s?\d\d(?!\d)"
    r"|\bfödelse(?:dag|datum)\D{0,12}\d",
    re.IGNORECASE,
)
_BORN_SHORT = re.compile(r"(?<!grupp )\bf ?(?:2[5-9]|[3-9]\d)(?!\d)")
_LATELY, _SOON = timedelta(days=400), timedelta(days=3 * 366)


class Day(NamedTuple):
    """A day as it is written, and where its words end. Without its century it is of this one."""

    words: str
    ends: int
    day: date
    whole_year: bool

    def is_past(self, today: date) -> bool:
        """Whether nothing meets on that day any more, nor will. Who is written without the century was born in either."""
        return self.day < today - _LATELY or (not self.whole_year and self.day > today + _SOON)


def is_born(plain: str) -> bool:
    """Whether it says when one person was born, in so many words."""
    return bool(_BORN.search(plain) or _BORN_SHORT.search(plain))


def days_in(plain: str) -> Iterator[Day]:
    """Every day with a year that may be read there; some words are two. Digits are ASCII, dashes "-"."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(plain):
            said = found.groupdict()
            year, day = int(said["y"]), int(said["d"])
            whole = len(said["y"]) == 4
            # Of a coordination number the day is sixty more.
            day -= 60 if day > 60 else 0
            try:
                read = date(year if whole else 2000 + year, _MONTHS.get(said["m"].lower()) or int(said["m"]), day)
            except ValueError:
                continue
            if 1900 <= read.year <= 2100:
                yield Day(found[0], found.end(), read, whole)
