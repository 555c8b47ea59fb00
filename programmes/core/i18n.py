"""Texts on screen, from the catalogues in `locale/`, and dates, times and numbers as people write them.

The message ids are the Swedish texts. The language is that of the running request or job (a context variable).
"""

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from programmes.core.clock import local, local_date

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")
# What a slip of an evaluation can be answered in too. The catalogues of these hold the slip's pages only.
Spoken = Literal["sv", "en", "sv_easy", "ar"]
# Each with its tag in markup (BCP 47) and its name in itself.
SLIP_LANGUAGES: tuple[tuple[Spoken, str, str], ...] = (
    ("sv", "sv", "Svenska"),
    ("sv_easy", "sv", "Lätt svenska"),
    ("en", "en", "English"),
    ("ar", "ar", "العربية"),
)
# What messages are written in, each with its name in itself: the two that everything is said in.
MESSAGE_LANGUAGES = tuple((code, name) for code, _tag, name in SLIP_LANGUAGES if code in LANGUAGES)
ON_A_SLIP = tuple(code for code, _tag, _name in SLIP_LANGUAGES)
_FOLDER = Path(__file__).resolve().parents[2] / "locale"
_language: ContextVar[Spoken] = ContextVar("language", default="sv")
# A day that lies further off than this, ahead or behind, is said with its year: less than a year, so that no two days on
# the same side of today are ever called the same.
NAMED_BY_DAY = timedelta(days=334)
_today: ContextVar[date | None] = ContextVar("today", default=None)


@cache
def _catalogue(language: Spoken) -> _gettext.NullTranslations:
    """The catalogue of a language, compiled in memory from its .po file."""
    compiled = BytesIO()
    with (_FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language.partition("_")[0]))
    compiled.seek(0)
    found = _gettext.GNUTranslations(compiled)
    if language not in LANGUAGES:
        found.add_fallback(_catalogue("sv"))
    return found


def known_language(code: str) -> Language | None:
    """The language with this code; None for anything else that somebody may have asked for."""
    return next((known for known in LANGUAGES if known == code), None)


def known_on_a_slip(code: str) -> Spoken | None:
    """The same among the languages that a slip can be answered in."""
    return next((known for known in ON_A_SLIP if known == code), None)


def language_tag() -> str:
    """What the running language is called in markup (BCP 47)."""
    return next(tag for code, tag, _name in SLIP_LANGUAGES if code == _language.get())


def direction() -> str:
    """`rtl` for a language that is written from right to left, else `ltr`."""
    return str(Locale.parse(language_tag()).text_direction)


def spoken() -> Spoken:
    """The language of the running request or job, on a slip's pages one of theirs."""
    return _language.get()


def language() -> Language:
    """The same of the two that everything is said in: Swedish stands behind easy Swedish and Arabic."""
    return "en" if _language.get() == "en" else "sv"


@contextmanager
def speaking(wanted: Spoken, now: datetime | None = None) -> Iterator[None]:
    """Everything inside is in this language; `now`: when it is read, so that a day far from it carries its year."""
    tokens = _language.set(wanted), _today.set(local_date(now) if now else _today.get())
    try:
        yield
    finally:
        _today.reset(tokens[1])
        _language.reset(tokens[0])


def gettext(message: str, **values: object) -> str:
    """The text in the current language; `%(name)s` in it is filled from `values`."""
    text = _catalogue(_language.get()).gettext(message)
    return text % values if values else text


def N_(message: str) -> str:  # noqa: N802 - the name by which messages are found that are put into a language later
    """A message id in a table, as it stands; `gettext` puts it into words when it is shown."""
    return message


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The text for a number, with `%(n)s` in it: `1 162`, as numbers are read."""
    return _catalogue(_language.get()).ngettext(one, many, n) % {"n": thousands(n), **values}


def thousands(n: int) -> str:
    """`1 162` in Swedish, with a space that no line breaks at; `1,162` in English."""
    return str(format_decimal(n, locale="sv" if _language.get().startswith("sv") else "en_GB")) if n > 999 else str(n)


def language_name(code: str) -> str:
    """What a language is called in the language of the page, by its code in the CLDR (`so`, `fa_AF`)."""
    return str(Locale(_language.get()).languages[code])


def number_word(n: int) -> str:
    """Small numbers as words, from thirteen on as digits."""
    words = gettext("noll en två tre fyra fem sex sju åtta nio tio elva tolv").split()
    return words[n] if 0 <= n < len(words) else str(n)


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def _pattern(day: date, pattern: str) -> str:
    return _formatted(day, pattern, "sv" if language() == "sv" else "en_GB")


@lru_cache(maxsize=4096)
def _formatted(day: date, pattern: str, locale: str) -> str:
    """A page shows the same days again and again, and Babel takes its time."""
    return format_date(day, pattern, locale=locale)


def _said(day: date, pattern: str) -> str:
    """The day without its year, unless it is so far from today that it could be taken for one of another year."""
    return _pattern(day, f"{pattern} y" if _is_far(day) else pattern)


def _is_far(day: date) -> bool:
    today = _today.get()
    return today is not None and abs(day - today) > NAMED_BY_DAY


def day_long(day: date) -> str:
    """`onsdag 7 oktober`, with the year where the day is far off; so with all that name a day without it."""
    return _said(day, "EEEE d MMMM")


def days_long(*days: date) -> list[str]:
    """Days that are read together, as `day_long`: the year stands with each of them if one is far off, or with none."""
    return [day_year(day) if any(map(_is_far, days)) else day_long(day) for day in days]


def day_year(day: date) -> str:
    """`onsdag 7 oktober 2026`"""
    return _pattern(day, "EEEE d MMMM y")


def day_plain(day: date) -> str:
    """`7 oktober 2026`"""
    return _pattern(day, "d MMMM y")


def day_bare(day: date) -> str:
    """`7 oktober`"""
    return _said(day, "d MMMM")


def month_name(month: int) -> str:
    """`oktober`"""
    return _pattern(date(2000, month, 1), "LLLL")


def month_year(day: date) -> str:
    """`oktober 2026`"""
    return _pattern(day, "LLLL y")


def day_short(day: date) -> str:
    """`ons 7 okt`, for staff lists only."""
    return _said(day, "EEE d MMM").replace(".", "")


def day_shortest(day: date) -> str:
    """`7 okt`, where a line of a staff list has to hold eleven columns."""
    return _said(day, "d MMM").replace(".", "")


def day_parts(day: date) -> tuple[str, str, str]:
    """Weekday, day and month for the small date sign: `ons`, `7`, `okt`."""
    return (_pattern(day, "EEE").replace(".", ""), str(day.day), _said(day, "MMM").replace(".", ""))


def weekdays(day: date) -> str:
    """The weekday in the plural: `onsdagar`."""
    if language() == "sv":
        return _pattern(day, "EEEE") + "ar"
    return _pattern(day, "EEEE") + "s"


def clock(moment: datetime) -> str:
    """The time on the wall: `18.00` in Swedish, `18:00` in English."""
    return local(moment).strftime("%H.%M" if language() == "sv" else "%H:%M")


def times(starts: datetime, ends: datetime) -> str:
    """`18.00–20.30`"""
    return f"{clock(starts)}–{clock(ends)}"


def moment_long(moment: datetime) -> str:
    """`onsdag 7 oktober 18.00`"""
    return f"{day_long(local(moment).date())} {clock(moment)}"


def moment_year(moment: datetime) -> str:
    """`onsdag 7 oktober 2026 18.00`"""
    return f"{day_year(local(moment).date())} {clock(moment)}"


def listed(parts: list[str]) -> str:
    """`a, b och c`"""
    if len(parts) < 2:
        return "".join(parts)
    last = gettext("och")
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
