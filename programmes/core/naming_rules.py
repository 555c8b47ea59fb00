"""Whether words point to somebody so plainly that a program sees it: a number, an address. Names it can't know. Pure."""

import re
import unicodedata
from typing import Literal

from personnummer.personnummer import Personnummer, PersonnummerException

Pointing = Literal["personal_number", "phone", "address"]

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
