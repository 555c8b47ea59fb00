"""What a person is found by: their number, name or contact channel, each exact and in one written form. Pure."""

import unicodedata
from collections.abc import Mapping
from typing import Literal

from personnummer.personnummer import Personnummer, PersonnummerException

from programmes.core.contacts import one_channel

Kind = Literal["number", "name", "contact"]


def number_of(typed: str) -> str:
    """A personnummer or samordningsnummer, however it is written, as twelve digits; empty for what is none."""
    try:
        return str(Personnummer(typed.strip()).format(True))
    except (PersonnummerException, ValueError):
        return ""


def name_of(typed: str) -> str:
    """A name without what does not tell people apart: capitals, the number of spaces, how letters are composed."""
    return " ".join(unicodedata.normalize("NFC", typed).casefold().split())


def terms(name: str, number: str, contact: str, protected: bool) -> Mapping[Kind, str]:
    """What a record is found by. With protected identity by the number alone: whoever asks has it from the person."""
    found: dict[Kind, str] = {"number": number_of(number) if number else ""}
    if not protected:
        found |= {"name": name_of(name), "contact": one_channel(contact)}
    return {kind: term for kind, term in found.items() if term}


def asked(typed: str) -> Mapping[Kind, str]:
    """What was typed as everything that it can be."""
    found: dict[Kind, str] = {"number": number_of(typed), "name": name_of(typed), "contact": one_channel(typed.strip())}
    return {kind: term for kind, term in found.items() if term}
