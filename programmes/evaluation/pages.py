"""What the evaluation's pages show: the questions, the printed slips, results that protect those who answered."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from programmes.core.codes import grouped
from programmes.core.i18n import SLIP_LANGUAGES, language, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.qr import QUIET, picture, symbol
from programmes.evaluation.form_pages import label
from programmes.evaluation.rules import (
    DISTRIBUTION_FROM,
    BallotFacts,
    NoSlipsBecause,
    OwnWordsRefusal,
    ReleaseFacts,
    Result,
    mean_to_half,
)
from programmes.evaluation.text_rules import CommentFacts

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
class Bar:
    """One question's result. `width` is of 100."""

    label: str
    value: str
    width: int


@dataclass(frozen=True)
class Results:
    """One released atom. `rows` are distributions, only of questions with ten answers or more."""

    title: str
    tag: str
    notes: tuple[str, ...]
    bars: tuple[Bar, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Comments:
    """The comments of one review, by question."""

    title: str
    questions: tuple[tuple[str, tuple[str, ...]], ...]


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


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language() == "sv" else text


def _exact(counts: Sequence[int]) -> float:
    return sum(step * n for step, n in enumerate(counts, start=1)) / sum(counts)


def _bar(label: str, result: Result | None) -> Bar:
    """Five to nine answers: about, to the nearest half. From ten: to one decimal (DESIGN 7)."""
    if result is None:
        return Bar(label, _("visas inte"), 0)
    if isinstance(result, list) and sum(result) >= DISTRIBUTION_FROM:
        mean = _exact(result)
        return Bar(label, f"{mean:.1f}".replace(".", "," if language() == "sv" else "."), round(mean * 20))
    about = mean_to_half(result) if isinstance(result, list) else result
    return Bar(label, _("cirka %(mean)s", mean=_number(about)), round(about * 20))


def results(release: ReleaseFacts, title: str) -> Results:
    """A released atom as bars, and as a table where a distribution may be shown."""
    found, asked = release.results, release.asked
    rounded = any(not isinstance(r, list) or sum(r) < DISTRIBUTION_FROM for r in found.values())
    notes = [_("Medelvärde på en skala 1–5. 5 är bäst.")]
    if rounded and release.slips:
        notes.append(_("5–9 svar: medelvärdet avrundas till närmaste halva, så att ett enskilt svar inte går att räkna ut."))
    elif rounded:
        notes.append(_("Medelvärdet avrundas till närmaste halva. Hur många som svarade antecknas inte."))
    if len(found) < len(asked.scales):
        notes.append(_("En fråga som färre än fem har svarat på visas inte."))
    answered = ngettext("%(n)s svar av %(slips)s", "%(n)s svar av %(slips)s", release.answers, slips=release.slips)
    rows = [
        (label(asked, key), tuple(r))
        for key in asked.scales
        if isinstance(r := found.get(key), list) and sum(r) >= DISTRIBUTION_FROM
    ]
    return Results(
        title=title,
        tag=answered if release.slips else "",
        notes=tuple(notes),
        bars=tuple(_bar(label(asked, key), found.get(key)) for key in asked.scales),
        rows=tuple(rows),
    )


def half_year_title(half_year: str) -> str:
    """`Våren 2026`, `Hösten 2026`."""
    year, half = half_year.split("-")
    return _("Våren %(year)s", year=year) if half == "1" else _("Hösten %(year)s", year=year)


def all_results(releases: Sequence[ReleaseFacts]) -> list[Results]:
    """Every atom by itself, numbered within its half-year where there are several. Never added up (DESIGN 7)."""
    several = Counter(release.half_year for release in releases)
    left = Counter(several)
    found = []
    for release in releases:
        title = half_year_title(release.half_year)
        if several[release.half_year] > 1:
            title = _("%(half_year)s, nummer %(n)s", half_year=title, n=left[release.half_year])
            left[release.half_year] -= 1
        found.append(results(release, title))
    return found


def comments(found: Sequence[CommentFacts]) -> list[Comments]:
    """What was shown of free texts, each review's by itself and by question."""
    by_review: dict[UUID, list[CommentFacts]] = {}
    for comment in found:
        by_review.setdefault(comment.review_id, []).append(comment)
    shown = []
    for one in by_review.values():
        asked = one[0].asked
        by_question = [
            (label(asked, key), tuple(c.words for c in one if c.question == key))
            for key in asked.texts
            if any(c.question == key for c in one)
        ]
        shown.append(Comments(half_year_title(one[0].half_year), tuple(by_question)))
    return shown


def no_slips(because: NoSlipsBecause) -> tuple[str, str]:
    """Title and text when slips are refused."""
    return {
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


def common_box(slug: str, name: str, box: BallotFacts | None) -> CommonBox:
    """A common box with what can be said of it in one sentence."""
    if box is None or not box.slips:
        return CommonBox(slug, name, _("Inga lappar är utskrivna för det här halvåret."))
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


def own_words_error(refusal: OwnWordsRefusal) -> str:
    """Why the group's own words were not kept."""
    return {
        "empty": _("Skriv vad gruppen sa."),
        "too_long": _("Skriv högst 500 tecken."),
        "too_many_sentences": _("Skriv högst tre meningar."),
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
