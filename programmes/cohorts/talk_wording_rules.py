"""Reasons why something of a series of talks is refused, in words. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import cast

from programmes.core.i18n import day_long, moment_long, ngettext
from programmes.core.i18n import gettext as _

Params = Mapping[str, object]


def _talks(p: Params) -> str:
    if p["section"] and p["least"] == p["most"]:
        return _("Riktlinjen %(section)s säger %(least)s samtal.", **p)
    if p["section"]:
        return _("Riktlinjen %(section)s säger %(least)s till %(most)s samtal.", **p)
    return _("Skriv ett antal från %(least)s till %(most)s.", **p)


def _talks_too_many(p: Params) -> str:
    return ngettext(
        "Riktlinjen %(section)s säger högst %(most)s samtal. %(n)s till kan bokas.",
        "Riktlinjen %(section)s säger högst %(most)s samtal. %(n)s till kan bokas.",
        cast(int, p["left"]),
        section=p["section"],
        most=p["most"],
    )


# Of what else is refused a series has the words of a group.
OF_TALKS: Mapping[str, Callable[[Params], str]] = {
    "sessions": _talks,
    "too_long": lambda p: _("Ett samtal är högst åtta timmar."),
    "before_decision": lambda p: _(
        "Beslutet om start tas senast %(day)s. Samtalet kan inte ligga före det.", day=day_long(cast(date, p["day"]))
    ),
    "overlap": lambda p: _("Det finns redan ett samtal då."),
    "comes_before": lambda p: _(
        "Det hamnar då före samtalet %(day)s, så numren ändras. Ändra, eller kryssa i att det är meningen.",
        day=day_long(cast(date, p["day"])),
    ),
    "comes_after": lambda p: _(
        "Det hamnar då efter samtalet %(day)s, så numren ändras. Ändra, eller kryssa i att det är meningen.",
        day=day_long(cast(date, p["day"])),
    ),
    "cohort_over": lambda p: _("Samtalen är avslutade eller inställda, så de ändras inte längre."),
    "talks_full": lambda p: _(
        "Riktlinjen %(section)s säger högst %(most)s samtal, och så många är redan bokade, hållna eller uteblivna.", **p
    ),
    "talks_too_many": _talks_too_many,
    "has_been": lambda p: _(
        "Samtalet %(moment)s har redan varit. Kryssa i om det är det som ska ändras.",
        moment=moment_long(cast(datetime, p["starts_at"])),
    ),
    "has_begun": lambda p: _(
        "Samtalet %(moment)s har redan börjat. Kryssa i om det är det som ska ändras.",
        moment=moment_long(cast(datetime, p["starts_at"])),
    ),
    "session_held": lambda p: _("Samtalet är redan hållet."),
    "session_cancelled": lambda p: _("Samtalet är redan inställt."),
    "last_session": lambda p: _("Det är det sista samtalet som är kvar. Lägg till ett nytt, eller avsluta i förtid."),
    "no_sessions": lambda p: _("Det finns inga samtal."),
}
