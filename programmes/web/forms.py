"""What people typed, read with care: every field is text until proven, every error is said in words beside its field."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException

from programmes.core.characters import NONCHARACTERS
from programmes.core.contacts import one_channel
from programmes.core.i18n import gettext as _

_TURNING = r"\u202a-\u202e\u2066-\u2069"
_CONTROL = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f{_TURNING}{''.join(sorted(NONCHARACTERS))}]")


# What fills a line without showing anything, beside the categories of characters that never do.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc", "Cs", "Cn", "Co", "Mn", "Me"})


def _visible(text: str) -> bool:
    """Whether anything of it can be seen. Marks alone stand on nothing."""
    return any(char not in _BLANK and unicodedata.category(char) not in _UNSEEN for char in text)


@dataclass
class Form:
    """A submitted (or empty) form: the values as typed and, after reading, the errors by field name. `more`: how many things
    are wrong beyond one for each of those. `asked`: what the tick "Det är meningen" would answer as the form is shown, a
    sign for each thing."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    more: int = 0
    asked: frozenset[str] = frozenset()

    def raw(self, name: str) -> str:
        """As typed, for showing again in a field of one line. Never more than 2,000 characters."""
        found = self.values.get(name) or [""]
        return found[0][:2000]

    def long(self, name: str) -> str:
        """As typed, for showing again in a field of many lines. Never more than 20,000 characters."""
        found = self.values.get(name) or [""]
        return found[0][:20_000]

    def all(self, name: str) -> list[str]:
        """Every value sent under a name (ticked boxes), at most 100 of them."""
        return [value[:200] for value in (self.values.get(name) or [])[:100]]

    def ticked(self, name: str) -> bool:
        return bool(self.raw(name).strip())

    @property
    def meant(self) -> frozenset[str]:
        """The signs of what was said when "Det är meningen" was ticked; none when it was not."""
        return frozenset(self.raw("anda").split())

    @property
    def to_be_meant(self) -> str:
        """What that tick says as it is shown: what is asked now, beside what was ticked already."""
        return " ".join(sorted(self.meant | self.asked))

    @property
    def still_meant(self) -> bool:
        """Whether it is ticked already: nothing is asked that was not."""
        return self.ticked("anda") and "anda" not in self.errors and self.asked <= self.meant

    def fail(self, name: str, message: str) -> None:
        """Put an error beside a field, unless it has one already."""
        self.errors.setdefault(name, message)

    def fail_all(self, found: Iterable[tuple[str, str]]) -> None:
        """Put every error beside its field, those of one field together and each once; not where something was wrong with
        the field before."""
        texts: dict[str, dict[str, None]] = {}
        for name, message in found:
            texts.setdefault(name, {})[message] = None
        for name, messages in texts.items():
            if name not in self.errors:
                self.errors[name] = " ".join(messages)
                self.more += len(messages) - 1

    def text(self, name: str, most: int, required: str = "") -> str:
        """One line of text. `required` is the message when it is empty; without it empty is fine. What nobody can see
        is empty."""
        return self._line(name, self.raw(name), most, required)

    def written(self, name: str, most: int) -> str:
        """The same in whatever language somebody writes. Marks that turn a text, which keyboards of Arabic put in unasked,
        are left out; bytes that were no letters are said, as nobody can read what stands in their place."""
        typed = re.sub(f"[{_TURNING}]", "", self.raw(name))
        if "\ufffd" in typed:
            self.fail(name, _("Det finns tecken som inte går att använda. Skriv om texten."))
        return self._line(name, typed, most, "")

    def _line(self, name: str, typed: str, most: int, required: str) -> str:
        value = " ".join(typed.split())
        if not _visible(value):
            value = ""
        if _CONTROL.search(typed.replace("\n", " ").replace("\r", " ").replace("\t", " ")):
            self.fail(name, _("Det finns tecken som inte går att använda. Skriv om texten."))
        elif len(value) > most:
            self.fail(name, _("Skriv högst %(most)s tecken.", most=most))
        elif required and not value:
            self.fail(name, required)
        return value

    def paragraphs(self, name: str, most: int) -> str:
        """Text of several lines as it was written, which may be empty: what nobody can see is."""
        value = self.long(name).strip().replace("\r\n", "\n")
        if _CONTROL.search(value.replace("\r", "\n")):
            self.fail(name, _("Det finns tecken som inte går att använda. Skriv om texten."))
        elif len(value) > most:
            self.fail(name, _("Skriv högst %(most)s tecken.", most=most))
        return value if _visible(value) else ""

    def lines(self, name: str, most: int, required: str) -> list[str]:
        """Several lines, empty ones left out; at most `most` of 300 characters each."""
        typed = [" ".join(line.split()) for line in (self.values.get(name) or [""])[0][:20_000].splitlines()]
        found = [line for line in typed if line]
        if any(_CONTROL.search(line) for line in found):
            self.fail(name, _("Det finns tecken som inte går att använda. Skriv om texten."))
        elif len(found) > most or any(len(line) > 300 for line in found):
            self.fail(name, _("Skriv högst %(most)s rader, med högst 300 tecken på varje.", most=most))
        elif not found:
            self.fail(name, required)
        return found

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number within limits; the lower limit is returned when it is wrong, with an error."""
        typed = self.raw(name).strip()
        if re.fullmatch(r"[0-9]{1,6}", typed) and least <= int(typed) <= most:
            return int(typed)
        told = _("Här går bara talet %(least)s.") if least == most else _("Skriv ett tal från %(least)s till %(most)s.")
        self.fail(name, told % {"least": least, "most": most})
        return least

    def choice(self, name: str, allowed: Sequence[str], message: str = "") -> str:
        """One of the offered values."""
        typed = self.raw(name)
        if typed in allowed:
            return typed
        self.fail(name, message or _("Välj ett av alternativen."))
        return ""

    def day(self, name: str) -> date | None:
        """A date as browsers send it (2026-10-07), or eight digits."""
        typed = self.raw(name).strip().replace("-", "")
        try:
            if re.fullmatch(r"[0-9]{8}", typed) and 1900 <= int(typed[:4]) <= 2200:
                return date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))
        except ValueError:
            pass
        self.fail(name, _("Skriv ett datum som finns, som år, månad och dag."))
        return None

    def birth_date(self, name: str, message: str) -> date | None:
        """A birth date as eight digits, with or without dashes, or the birth date of a whole number. `message` is for
        what is no eight or twelve digits."""
        digits = self._birth_digits(name)
        if not digits:
            self.fail(name, message)
            return None
        day = int(digits[6:8])
        if len(digits) == 12 and day > 60:  # a coordination number
            day -= 60
        try:
            return date(int(digits[:4]), int(digits[4:6]), day)
        except ValueError:
            told = _("Det datumet finns inte. Kontrollera månaden och dagen.")
            if 60 < day <= 91:
                told = _(
                    "Det datumet finns inte. Är det ett samordningsnummer? Ta 60 från dagen: %(day)s blir %(born)s.",
                    day=day,
                    born=f"{day - 60:02d}",
                )
            self.fail(name, told)
            return None

    def last_four(self, name: str) -> str:
        """The last four digits, where a whole number was typed as a birth date; else nothing."""
        return self._birth_digits(name)[8:]

    def _birth_digits(self, name: str) -> str:
        digits = re.sub(r"[-+ ]", "", self.raw(name).strip())
        return digits if re.fullmatch(r"[0-9]{8}([0-9]{4})?", digits) else ""

    def clock_time(self, name: str) -> time | None:
        """A time of day: 18:00, 18.00 or 1800."""
        match = re.fullmatch(r"([01]?[0-9]|2[0-3])[:.]?([0-5][0-9])", self.raw(name).strip())
        if match:
            return time(int(match[1]), int(match[2]))
        self.fail(name, _("Skriv en tid, till exempel 18.00."))
        return None

    def contact(self, name: str, required: str = "") -> str:
        """A mobile number or an e-mail address, as one channel; a number is normalised to +46…."""
        value = self.text(name, 120, required)
        if not value or name in self.errors:
            return value
        if channel := one_channel(value):
            return channel
        self.fail(name, _("Skriv ett mobilnummer med siffror eller en e-postadress."))
        return value


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """The submitted form. Files count as nothing typed; what stands for broken bytes (U+FFFD) is among what was.

    Raises:
        ClientException: it is in parts, and one of them no text.
    """
    try:
        data = await request.form()
    except UnicodeDecodeError:
        raise ClientException from None
    values: dict[str, list[str]] = {}
    for name, value in data.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
    return Form(values)
