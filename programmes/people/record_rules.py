"""What a protected record may be: asked by every form that one is typed in, and by every service that keeps one. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from personnummer.personnummer import Personnummer, PersonnummerException

from programmes.core.contacts import can_text, one_channel
from programmes.core.errors import CannotGoOn
from programmes.core.naming_rules import leads_to_somebody

LONGEST_NAME, LONGEST_AVOID, LONGEST_CONTACT = 120, 120, 120
EARLIEST_BIRTH = date(1900, 1, 1)
CONTACTS = ("call", "email")
WAYS = ("call", "sms", "email")
# Spoken languages that interpreters are often asked for in Swedish municipalities, by their CLDR codes.
INTERPRETED = (
    "am", "ar", "bs", "ckb", "de", "en", "es", "fa", "fa_AF", "fi", "fr", "ku", "pl", "ps", "ro", "rom", "ru", "so", "sq",
    "sr", "th", "ti", "tr", "uk", "vi", "zh",
)  # fmt: skip
SIGNED = "sgn"

Code = Literal[
    "missing", "too_long", "born_when", "born_early", "born_late", "number_other", "no_channel", "unknown_way",
    "not_textable", "leads", "no_language", "not_here", "other_age", "not_theirs", "alias",
]  # fmt: skip


@dataclass(frozen=True)
class PersonRecord:
    """What is kept about a participant of an individual-level programme. Dates as ISO text; `number` may be empty.

    `safe` lists what is safe to contact on: `sms`, `call`, `email`. `interpreter` is the language that an interpreter is
    needed for, as its ISO 639 code, or empty.
    """

    name: str
    birth_date: str = ""
    number: str = ""
    contact: str = ""
    safe: tuple[str, ...] = ()
    avoid: str = ""
    interpreter: str = ""


@dataclass(frozen=True)
class PartnerRecord:
    """Whom staff may contact: a name, one channel, and for which of `call`, `email` it is safe. No field for notes."""

    name: str
    contact: str = ""
    safe: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wrong:
    """Why something is not kept: which field of it, and a code for the sentence. Never what was written there."""

    field: str
    code: Code
    most: int = 0


class NotKept(CannotGoOn):
    """A record that no rule lets be kept; `wrong` has everything that is wrong with it."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in wrong))
        self.wrong = tuple(wrong)


def as_kept(record: PersonRecord, protected: bool) -> PersonRecord:
    """Of protected identity no contact is kept, whoever gives one."""
    return replace(record, contact="", safe=()) if protected else record


def why_not_keep(record: PersonRecord, today: date) -> list[Wrong]:
    """Everything that is wrong with a record; nothing means that it may be kept."""
    return [
        *_line("name", record.name, LONGEST_NAME, required=True),
        *why_not_birth_date(record.birth_date, today),
        *_number(record),
        *_reached(record.contact, record.safe, WAYS),
        *why_not_avoid(record.avoid, today),
        *([Wrong("interpreter", "no_language")] if record.interpreter not in {"", SIGNED, *INTERPRETED} else []),
    ]


def why_not_keep_partner(record: PartnerRecord) -> list[Wrong]:
    """The same of whom staff may contact about somebody's partner."""
    return [*_line("name", record.name, LONGEST_NAME, required=True), *_reached(record.contact, record.safe, CONTACTS)]


def why_not_birth_date(written: str, today: date) -> list[Wrong]:
    """A day that there is, from 1900 and not to come."""
    try:
        born = date.fromisoformat(written)
    except ValueError:
        return [Wrong("birth_date", "born_when")]
    if born.isoformat() != written:
        return [Wrong("birth_date", "born_when")]
    if born < EARLIEST_BIRTH:
        return [Wrong("birth_date", "born_early")]
    return [Wrong("birth_date", "born_late")] if born > today else []


def why_not_avoid(written: str, today: date) -> list[Wrong]:
    """When nobody may get in touch, in the person's words (decision 23): hours and days, and nobody's number or address."""
    if too_long := list(_line("avoid", written, LONGEST_AVOID)):
        return too_long
    return [Wrong("avoid", "leads")] if leads_to_somebody(written, today) else []


def number_of_birth(born: date, last: str) -> str:
    """The whole number with these last four digits of somebody born then, as twelve digits; empty where there is none. A
    coordination number's day is sixty more."""
    for day in (born.day, born.day + 60):
        try:
            return str(Personnummer(f"{born:%Y%m}{day:02d}-{last}").format(True))
        except (PersonnummerException, ValueError):
            continue
    return ""


def _line(field: str, written: str, most: int, required: bool = False) -> Iterator[Wrong]:
    if len(written) > most:
        yield Wrong(field, "too_long", most)
    elif required and not written.strip():
        yield Wrong(field, "missing")


def _number(record: PersonRecord) -> Iterator[Wrong]:
    if not record.number:
        return
    try:
        born = date.fromisoformat(record.birth_date)
    except ValueError:
        born = date.min
    if record.number != number_of_birth(born, record.number[-4:]):
        yield Wrong("number", "number_other")


def _reached(contact: str, safe: Sequence[str], ways: Sequence[str]) -> Iterator[Wrong]:
    """One channel in its written form, and how it is safe. Given without that it is kept, and nothing goes there."""
    if contact and (len(contact) > LONGEST_CONTACT or one_channel(contact) != contact):
        yield Wrong("contact", "no_channel")
    elif "sms" in safe and contact and "@" not in contact and not can_text(contact):
        yield Wrong("safe", "not_textable")
    if not set(safe) <= set(ways):
        yield Wrong("safe", "unknown_way")
