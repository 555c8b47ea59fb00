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
