"""What the evaluation's pages show: the questions, the printed slips, results that protect those who answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from programmes.core.codes import grouped
from programmes.core.i18n import SLIP_LANGUAGES, language, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.qr import QUIET, picture, symbol
from programmes.evaluation.rules import (
    BallotFacts,
    NoSlipsBecause,
    OwnWordsRefusal,
)

# The slip's picture is 38 mm wide (app.css); the symbol itself is to be 33 mm.
_PICTURE_MM, _SYMBOL_MM = 38, 33
_A_SHEET = 8


@dataclass(frozen=True)
class Qr:
    """A QR symbol as one SVG path in modules, with its white quiet zone of four modules."""

    path: str
    view_box: str
    quiet_from: int
    quiet_size: int


@dataclass(frozen=True)
class Slip:
    """One slip: its code as typed, and the same in its QR symbol."""

    code: str
    qr: Qr


@dataclass(frozen=True)
class CommonBox:
    """The box from which all participants of an individual form draw in a half-year."""

    slug: str
    name: str
    note: str


def promise() -> str:
    """The promise in two sentences, word for word wherever it stands (DESIGN 7)."""
    return _(
        "Du drar en lapp som ingen vet är din, och med den kan du svara en gång. Svaren är låsta tills utvärderingen stängs;"
        " då sparas bara summor och kommentarer utan namn, och blir det färre än fem svar visas de bara blandade med andra"
        " gruppers."
    )


def qr(address: str) -> Qr:
    """The QR symbol of an address, level M."""
    drawn = symbol(address)
    n = drawn.size
    margin = n * (_PICTURE_MM / _SYMBOL_MM - 1) / 2
    return Qr(drawn.path, f"{-margin:.3f} {-margin:.3f} {n + 2 * margin:.3f} {n + 2 * margin:.3f}", -QUIET, n + 2 * QUIET)


def slips(codes: Iterable[str], base_url: str) -> list[Slip]:
    """The slips of a sheet. The code stands behind #, so that it reaches no server and no log when scanned."""
    return [Slip(grouped(code), qr(f"{base_url}/u#{code}")) for code in codes]


def sheet(codes: Sequence[str], base_url: str) -> dict[str, Any]:
    """The same slips for paper, eight on a page. Nothing on them differs but the code."""
    drawn = [(grouped(code), *picture(f"{base_url}/u#{code}")) for code in codes]
    found = [{"typed": typed, "svg": svg} for typed, svg, _modules in drawn]
    modules = min(modules for _typed, _svg, modules in drawn)
    where = _("Skanna, eller skriv koden på %(address)s.", address=short_address(base_url))
    return {
        "lang": language(),
        "title": _("Lappar till utvärderingen"),
        "question": _("Vad tyckte du?"),
        "promise": promise(),
        "symbol": _("QR-kod till frågorna"),
        "where": where,
        "languages": [{"tag": tag, "name": name} for _code, tag, name in SLIP_LANGUAGES],
        "symbol_mm": _SYMBOL_MM,
        "quiet_mm": _SYMBOL_MM * QUIET / modules,
        "sheets": [found[start : start + _A_SHEET] for start in range(0, len(found), _A_SHEET)],
    }


def short_address(base_url: str) -> str:
    """Where to type the code: the address without its scheme."""
    return f"{base_url.split('://', 1)[-1]}/u"


def no_slips(because: NoSlipsBecause) -> tuple[str, str]:
    """Title and text when slips are refused."""
    return {
        "printed": (_("Lapparna är redan utskrivna"), _("Ladda om sidan.")),
        "answered": (
            _("Det går inte att skriva ut nya lappar"),
            _("Det första svaret ligger redan i lådan. Lapparna som är utdelade gäller."),
        ),
        "closed": (_("Utvärderingen är stängd"), _("Det går inte att öppna den igen, och inga fler lappar kan skrivas ut.")),
        "not_started": (
            _("Lapparna kan skrivas ut när gruppen har startat"),
            _("Då blir det en lapp för var och en som har plats."),
        ),
        "nobody": (
            _("Det finns inga lappar att skriva ut"),
            _("Det blir en lapp för var och en som är klar med sin anmälan och kvar i gruppen. Just nu är det ingen."),
        ),
    }[because]


def common_box(slug: str, name: str, box: BallotFacts | None, most: int) -> CommonBox:
    """A common box with what can be said of it in two sentences, and how many slips it may have."""
    if box is None or not box.slips:
        none = _("Inga lappar är utskrivna för det här halvåret.")
        return CommonBox(slug, name, none + " " + _("Högst %(n)s lappar.", n=most))
    printed = ngettext("%(n)s lapp är utskriven.", "%(n)s lappar är utskrivna.", box.slips)
    return CommonBox(slug, name, printed + " " + _("Skriver du ut nya slutar de att gälla."))


def replaces(name: str, slips: int) -> str:
    """That the slips which are out there already would die."""
    return ngettext(
        "%(n)s lapp är redan utskriven för %(name)s, och den kan vara utdelad. Nya lappar gör att den slutar att gälla."
        " Kryssa i om det är meningen.",
        "%(n)s lappar är redan utskrivna för %(name)s, och de kan vara utdelade. Nya lappar gör att de slutar att gälla."
        " Kryssa i om det är meningen.",
        slips,
        name=name,
    )


def own_words_late() -> tuple[str, str]:
    """Title and text when the group's words come after its answers have been shown."""
    return _("Gruppens ord är inte sparade"), own_words_error("released")


def own_words_error(refusal: OwnWordsRefusal) -> str:
    """Why the group's own words were not kept."""
    return {
        "empty": _("Skriv vad gruppen sa."),
        "too_long": _("Skriv högst 500 tecken."),
        "personal_number": _("Det står något som ser ut som ett personnummer. Orden får inte handla om någon person."),
        "phone": _("Det står något som ser ut som ett telefonnummer. Orden får inte handla om någon person."),
        "address": _("Det står en e-postadress eller en webbadress. Orden får inte leda till någon person."),
        "too_many_sentences": _("Skriv högst tre meningar. En ny rad räknas som en ny mening."),
        "released": _(
            "Svaren är redan räknade och visade. Det som har visats ändras inte, och inga ord läggs till efteråt."
        ),
    }[refusal]


def state_tag(box: BallotFacts | None, started: bool) -> tuple[str, str, str]:
    """The box's state as a tag: text, kind and icon. A group that has not started has none yet."""
    if box is None and not started:
        return _("Efter starten"), "", "cal"
    if box is None or box.state == "preparing":
        return _("Görs i ordning"), "info", "clock"
    return {
        "open": (_("Öppen"), "ok", "dot"),
        "closing": (_("Räknas"), "info", "clock"),
        "released": (_("Klar"), "ok", "check"),
        "waiting": (_("Väntar på fler svar"), "info", "lock"),
        "pooled": (_("Klar"), "ok", "check"),
        "destroyed": (_("Förstörd oläst"), "", "dash"),
        "empty": (_("Inga svar"), "", "dash"),
    }[box.state]
