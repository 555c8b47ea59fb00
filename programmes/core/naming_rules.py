"""Whether words point to somebody so plainly that a program sees it: a number, an address. Names it can't know. Pure."""

import re
import unicodedata
from datetime import date
from typing import Literal

from personnummer.personnummer import Personnummer, PersonnummerException

from programmes.core.written_days import HOURS, days_in, is_born

Pointing = Literal["personal_number", "phone", "address"]
Leading = Pointing | Literal["birth_date"]

_NUMBER = re.compile(r"(?<!\d)(?:\d{2})?\d{6}\s?([-+\u2010-\u2015])?\s?\d{4}(?!\d)")
# Swedish numbers begin with 0, others with + or 00; dates, hours and amounts don't.
_PHONE = re.compile(r"(?<![\d.,:])(?:\+|0)(?:[\s()/\u2010-\u2015-]{0,2}\d){6,14}(?!\d)")
_ADDRESS = re.compile(r"\S@\S|\b(?:https?:|www\.)\S|\b[\w-]+\.(?:se|com|org|net|eu)\b", re.IGNORECASE)
# Of a street's name these endings are in no given name; others only with the house's number after them.
_STREET = re.compile(
    r"\w(?:gatan|vägen|gränd(?:en)?|stigen|torget)\b|\w{2,}(?:gata|väg|torg|stig|allén?|backen?|road|street)\s*\d"
    r"|\b(?:c/o|lgh|street|road)\b",
    re.IGNORECASE,
)
_SITE = re.compile(r"@|://|[\w-]\.[a-z]{2,}/|[\w-]{2,}\.(?:nu|fi|no|dk|de|io|me|uk|info)\b", re.IGNORECASE)
# With its number a street is an address; without one, at "kl 17" or as "Livsstigen, grupp 2", a group is called by it.
# After a comma it is a house's only where nothing is counted: "Storgatan, 5 B", but "Storgatan, 12 platser" and ", 17.30".
_NR = (
    r"(?:\s*,?\s*(?:nr|nummer)[.:]?\s*\d{1,3}(?!\d)|\s*\d{1,3}(?!\d)"
    r"|\s*[,:]\s*\d{1,3}(?:\s?[a-h]\b)?(?!\w)(?=\s*(?:$|[,;)]|\.(?!\d))))"
)
# "Norra vägen 5", "Lilla Torg 3"; "Hitta vägen 2" is a group.
_APART = (
    r"\b(?:norra|södra|östra|västra|stora|lilla|gamla|nya|långa|korta|breda|smala|övre|nedre|inre|yttre)\s+"
    r"(?:gatan|vägen|gränd(?:en)?|stigen|torget|torg|allén|backen)"
)
# "5 Storgatan"; "grupp 5 Storgatan" and "tisdagar 17 Storgatan" are none.
_NR_BEFORE = (
    r"(?<![\d.,:/-])(?<!grupp )(?<!dag )(?<!dagar )(?<!kl )(?<!kl\. )(?<!vecka )(?<!v\. )(?<!till )(?<!och )"
    r"\b\d{1,3}\s+[^\W\d_]+(?:gatan|vägen|gränd(?:en)?)\b"
)
_HOUSE = re.compile(
    r"(?:\w(?:gatan|vägen|gränd(?:en)?|stigen|torget|slingan|kroken|promenaden)"
    rf"|{_APART}|\w{{2,}}(?:gata|väg|torg|stig|allén?|backen?|esplanaden|road|street)){_NR}|{_NR_BEFORE}"
    r"|(?<!\d)\d{3}\s\d{2}\s+[^\W\d_]{2}|\b(?:c/o|lgh)\b",
    re.IGNORECASE,
)
# "Storg. 4", "Kungsv. 12 B". What only ends so, as a sentence does, or "aug. 14", is none; "gr." is as often a group.
_SHORT_STREET = re.compile(
    r"\b(?!(?:[^\W\d_]*(?:dag|helg|steg|brev|krav|liv|prov|ig|ing|iv)|aug|nov|avg|jfr)\.)"
    rf"[^\W\d_]{{2,}}(?:g|v|gt|gat|väg|torg|stig)\.{_NR}"
    rf"|\b(?:stor|kungs|drottning|kyrko|skol|järnvägs|hamn|industri)[gv]{_NR}",
    re.IGNORECASE,
)
# Two pairs or more; whether the ages rise is seen by `_unless_not_ages`.
_AGES = re.compile(r"(?<![\d.,:/+-])(?:0|[1-9]\d?)\s?-\s?[1-9]\d?(?:\s+(?:0|[1-9]\d?)\s?-\s?[1-9]\d?)+(?![\d/-])")
_A_DAY = r"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|1[0-2])"
_DAYS = re.compile(rf"(?<![\d.,:/+-]){_A_DAY}(?:\s+{_A_DAY})+(?![\d/-])")
_DASH = re.compile(r"[\u2010-\u2015\u2212]")
_TELEPHONE = re.compile(
    r"\b(?:tel|tfn|telefon|mobil|mob)\b\D{0,10}\d(?:[\s-]?\d){4}|(?<![\d.])0\d{1,3}(?:\.\d{2,3}){3}(?![\d.])"
    r"|(?<!\d)0\d{1,3}([_*,])\d{3}(?:\1\d{2}){2}(?!\d)",
    re.IGNORECASE,
)
_LONG = re.compile(r"\d{5,}")
# After a day of about now: the rest of a newborn's number. "2026-12-24-2027-01-06" is two days.
_FOUR_MORE = re.compile(r"\s?[-+]\s?\d{4}(?![\d./-])")
# "SN 2026/123", "2026-000123", "KS 2026.00012-3": the year that a matter was registered and its number in that year.
_REGISTERED = re.compile(r"(?<![\d.:/-])20\d{2}\s?[/:.-]\s?\d{1,7}(?:[-.:]\d{1,3})?(?![\d/-])")
_FIRST_DECIDED = 2000
# A second Anna is Anna 2, and some write a year; five digits are a birth date, a post code or part of a number.
_MOST_DIGITS = 4


def more_than_an_alias(text: str) -> bool:
    """Whether what somebody is to be called holds what leads to them, where nobody may be documented: a number, a birth
    date, an address of any kind. A name or two are what the field is for, and no program tells a given one from another."""
    plain = _plain(text)
    digits = sum(character.isdecimal() for character in plain)
    streets = any(kind.search(plain) for kind in (_STREET, _HOUSE, _SHORT_STREET))
    dated = is_born(plain) or any(days_in(plain))
    return bool(points_to_somebody(text) or digits > _MOST_DIGITS or _SITE.search(plain) or streets or dated)


def points_to_somebody(text: str) -> Pointing | None:
    """The first kind of number or address that stands in it, however its digits and dashes are written."""
    plain = _plain(text)
    if any(_is_personal(found) for found in _NUMBER.finditer(plain)):
        return "personal_number"
    if _PHONE.search(_without_lists(plain)):
        return "phone"
    return "address" if _ADDRESS.search(plain) else None


def leads_to_somebody(text: str, today: date) -> Leading | None:
    """The same of words that are kept about a group or beside a person: also a birth date, a street address, or a number as
    long as no day or year is. Days of about `today`, hours and years are what such words are for."""
    plain = _DASH.sub("-", _plain(text))
    if any(_is_personal(found) for found in _NUMBER.finditer(plain)):
        return "personal_number"
    days = list(days_in(plain))
    if is_born(plain, today) or any(day.is_past(today) for day in days):
        return "birth_date"
    if any(_FOUR_MORE.match(plain, day.ends) for day in days):
        return "personal_number"
    for day in days:
        plain = plain.replace(day.words, ", ")
    plain = HOURS.sub(", ", plain)
    if pointed := points_to_somebody(plain):
        return pointed
    if _LONG.search(plain) or _TELEPHONE.search(plain):
        return "phone"
    return "address" if any(kind.search(plain) for kind in (_SITE, _HOUSE, _SHORT_STREET)) else None


def leads_beside_a_decision(text: str, today: date) -> Leading | None:
    """The same of words that say which decision or agreement something rests on: its day may lie years back, and its number
    is as long as the registry makes it ("KS 2026-000123")."""
    plain = _DASH.sub("-", _plain(text))
    if any(_is_personal(found) for found in _NUMBER.finditer(plain)):
        return "personal_number"
    if is_born(plain, today):
        return "birth_date"
    for day in [day for day in days_in(plain) if day.whole_year and day.day.year >= _FIRST_DECIDED]:
        if _FOUR_MORE.match(plain, day.ends):
            return "personal_number"
        plain = plain.replace(day.words, ", ")
    return leads_to_somebody(_REGISTERED.sub(", ", plain), today)


def _plain(text: str) -> str:
    """The same with digits of ours, and without what is not to be seen between them."""
    seen = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return "".join(_digit(one) for one in seen)


def _without_lists(plain: str) -> str:
    """The same without rows of ages that rise ("0-1 1-3 3-6 år") and rows of days ("02/03 09/03"): they are no number."""
    dashed = _DASH.sub("-", plain)
    return _AGES.sub(_unless_not_ages, _DAYS.sub(", ", dashed))


def _unless_not_ages(found: re.Match[str]) -> str:
    ends = [int(end) for end in re.findall(r"\d+", found[0])]
    rising = ends == sorted(ends) and all(least < most for least, most in zip(ends[::2], ends[1::2], strict=True))
    return ", " if rising else found[0]


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
