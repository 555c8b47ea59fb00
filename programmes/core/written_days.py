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
# "år 1985" and "(1985)" are the year as well.
_YEAR = rf"(?:(?:år|anno)\s+|\(\s?)?(?P<y>(?!{_CLOCK}\s*-\s*{_CLOCK}(?!\d))\d{{4}})(?!\d)"
# "14/1-18/3" and "14/1-18 mars" are two days, "14/2 17.30" and "14 feb 17-19" hours, "14 februari 12 platser" no year.
_COUNTED = r"platser|personer|deltagare|barn\b|min\b|minuter|timmar|träffar|år\b|st\b|stycken|kr\b|kronor"
_NO_MORE = rf"(?![\d/:]|\.\d|\s*(?:{'|'.join(_MONTHS)}|{_COUNTED}))"
_NO_HOURS = r"(?!\s*-\s*\d|\s+(?:och|eller|till)\s+\d)"
# With a mark of its own it is a year whichever; without one it is an hour up to 24.
_MARKED = rf"\s*(?:[-'’´]\s?|,?\s*(?:år|anno)\s*-?)(?P<y>\d\d){_NO_MORE}"
# "(12)" is as often how many come.
_IN_BRACKETS = r"\s*\(\s?[-'’´]?(?P<y>0\d|2[5-9]|[3-9]\d)\s?\)"
_NO_HOUR = rf"[\s,]\s*(?P<y>2[5-9]|[3-9]\d){_NO_MORE}"
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
    rf"{_DAY}\s?/\s?(?P<m>\d{{1,2}}){_IN_BRACKETS}",
    rf"{_DAY}/(?P<m>\d{{1,2}})/(?P<y>\d\d){_NO_MORE}",
    rf"{_DAY}([-.])(?P<m>\d{{1,2}})\2(?P<y>2[5-9]|[3-9]\d)(?![\d.:/-])",
)
# "14 februari", "14:e feb.", "den 14e februari".
_DAY_NAMED = rf"{_DAY}\s?(?::?[ea])?\.?\s*{_MONTH}"
_NAMED = (
    rf"{_DAY_NAMED},?\s*-?{_YEAR}",
    rf"{_DAY_NAMED}{_MARKED}",
    rf"{_DAY_NAMED}{_NO_HOUR}",
    rf"{_DAY_NAMED}{_IN_BRACKETS}",
    rf"{_DAY_NAMED}\s*(?P<y>\d\d){_NO_MORE}{_NO_HOURS}",
    rf"\b{_MONTH}\s(?P<d>\d{{1,2}}),?\s{_YEAR}",
    rf"(?<!\d )\b{_MONTH}\s(?P<d>\d{{1,2}})(?:,?\s-\s|,?\s'|,?\s(?:år|anno)\s)(?P<y>0\d|2[5-9]|[3-9]\d){_NO_MORE}",
    # A dash that stands at the year alone, and not between two days.
    rf"(?<!\d )\b{_MONTH}\s(?P<d>\d{{1,2}}),?\s-(?P<y>\d\d){_NO_MORE}",
    rf"(?<!\d)(?P<y>\d{{4}}),?\s{_MONTH}\s(?:den\s)?(?P<d>\d{{1,2}})(?!\d)",
    # No day is of so many, so it is the year; "grupp 45 mars 2" is a group.
    rf"(?<![\d.:/])(?<!grupp )(?P<y>3[2-9]|[4-9]\d)[\s-]\s?{_MONTH}[\s-]\s?(?P<d>\d{{1,2}})(?!\d)",
    rf"(?<!\d)(?P<y>\d{{4}}),?\s(?:den\s)?(?P<d>\d{{1,2}})\.?\s*{_MONTH}",
)
# "14 II 1985", "14/II -85". In small letters "v" is a week, and "v 36" after an hour no year.
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12}
_ROMAN_MONTH = rf"(?P<m>(?-i:{'|'.join(sorted(_ROMAN, key=len, reverse=True))}))"
_IN_ROMAN = (
    rf"{_DAY}\s?[-/. ]\s?{_ROMAN_MONTH}\s?[-/., ]\s?-?{_YEAR}",
    rf"{_DAY}\s?[-/. ]\s?{_ROMAN_MONTH}{_MARKED}",
    rf"{_DAY}([-/.]){_ROMAN_MONTH}\2(?P<y>\d\d){_NO_MORE}",
)
_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (*_DIGITS, *_NAMED, *_IN_ROMAN))
# Of one person; those who are "födda 2012–2014", or "f. 2012–2014", are many, and "grupp F 12" is a group.
_BORN = re.compile(
    r"\b(?:född|fött|born)(?:\b\D{0,30})?\d|\bf\.\s*(?!\d{4}\s?-\s?\d{4}(?!\d))-?\d{2}|\bf\s?-\s?\d\d(?!\d)"
    r"|\bfödelse(?:dag|datum)\D{0,12}\d",
    re.IGNORECASE,
)
_BORN_SHORT = re.compile(r"(?<!grupp )\bf ?(?:2[5-9]|[3-9]\d)(?!\d)")
# "Född 2026" is a group of children of about now: a year alone, with no day or month beside it.
_BORN_IN = re.compile(
    r"\b(?:född|fött|born|f\.)(?:\s+(?:i|in|under|år|våren|sommaren|hösten|vintern|början|slutet|av))*\s*(?P<y>\d{4})"
    rf"(?![\s,./-]*\d)(?!\D{{0,12}}(?:den\s*\d|\b(?:{'|'.join(_MONTHS)})))",
    re.IGNORECASE,
)
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


def is_born(plain: str, today: date | None = None) -> bool:
    """Whether it says when one person was born, in so many words. A year alone of about `today` is that of many."""
    if today is not None:
        plain = _BORN_IN.sub(lambda said: said[0] if int(said["y"]) < today.year - 1 else ", ", plain)
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
                read = date(year if whole else 2000 + year, _month(said["m"]), day)
            except ValueError:
                continue
            if 1900 <= read.year <= 2100:
                yield Day(found[0], found.end(), read, whole)


def _month(said: str) -> int:
    return _MONTHS.get(said.lower()) or _ROMAN.get(said) or int(said)
