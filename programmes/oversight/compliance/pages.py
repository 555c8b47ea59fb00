"""View model of what has to be in order, with what to do about each that isn't."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from programmes.catalogue.edition_rules import Difference
from programmes.core.i18n import day_plain, month_year, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.compliance.edition_wording_rules import told


class Late(Protocol):
    """`compliance_queries.Late`."""

    @property
    def section(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def since(self) -> date: ...
    @property
    def undecided(self) -> bool: ...
    @property
    def called_off(self) -> bool: ...


class Coming(Protocol):
    """`compliance_queries.Coming`."""

    @property
    def day(self) -> date: ...
    @property
    def diary_number(self) -> str: ...
    @property
    def changes(self) -> tuple[Difference, ...]: ...
    @property
    def touched(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def uncompared(self) -> bool: ...


class Found(Protocol):
    """`compliance_queries.Compliance`."""

    @property
    def undecided(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def open_past(self) -> Sequence[Late]: ...
    @property
    def lists(self) -> Sequence[Late]: ...
    @property
    def unsigned(self) -> tuple[date, ...]: ...
    @property
    def coming(self) -> Sequence[Coming]: ...


@dataclass(frozen=True)
class Point:
    """Something that has to be in order: whether it is, in words, and what isn't, each with a word more and where it is
    mended, if there is such a page."""

    id: str
    title: str
    ok: bool
    tag: str
    text: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class EditionView:
    """An edition to come: what it changes (section, what, now, then, and the language of a note that is in another than the
    page), and which groups go on under the one before. `uncompared`: what could not be compared, in words, or empty."""

    title: str
    lead: str
    changes: tuple[tuple[str, str, str, str, str], ...]
    touched: tuple[str, ...]
    touched_text: str
    uncompared: str


@dataclass(frozen=True)
class CompliancePage:
    points: tuple[Point, ...]
    lead: str
    editions: tuple[EditionView, ...]


def compliance_page(found: Found, working_list_decision: str) -> CompliancePage:
    """The page. `working_list_decision`: the reference of the board's decision about working lists; empty is missing."""
    points = (
        _decisions(found.undecided, working_list_decision),
        _point(
            "oppna", _("Grupper som inte är avslutade"), found.open_past,
            _("Varje grupp är avslutad inom 30 dagar efter sista träffen."),
            _("Det tog slut för mer än 30 dagar sedan. Be gruppledaren eller samordnaren avsluta det."),
        ),
        _point(
            "listor", _("Arbetslistor som borde vara raderade"), found.lists,
            _("Varje arbetslista är raderad i tid."),
            _("Listan skulle ha raderats av sig själv. Be den som sköter tjänsten köra programmes doctor."),
        ),
        _reviews(found.unsigned),
    )  # fmt: skip
    wrong = sum(not point.ok for point in points)
    lead = ngettext("%(n)s sak är inte i ordning.", "%(n)s saker är inte i ordning.", wrong) if wrong else ""
    return CompliancePage(points, lead or _("Allt är i ordning."), tuple(_edition(one) for one in found.coming))


def heads() -> tuple[str, ...]:
    """The first line of the page as a file."""
    return _("Märkning"), _("Sak"), _("Läge"), _("Vad"), _("Mer")


def rows(page: CompliancePage) -> Iterator[tuple[str, ...]]:
    """A line for each thing that is not in order, and for each point that is; then what each edition to come changes, and
    which groups it touches, or that none is to come."""
    mark = _("Internt, sekretess")
    for point in page.points:
        state = _("I ordning") if point.ok else _("Inte i ordning")
        for name, note, _address in point.lines or (("", "", ""),):
            yield mark, point.title, state, name, note
    if not page.editions:
        yield mark, _("Riktlinjens utgåvor"), _("I ordning"), "", ""
    for edition in page.editions:
        for section, fact, before, after, _language in edition.changes:
            yield mark, edition.title, _("Ändras"), f"{section} {fact}", _("%(a)s blir %(b)s", a=before, b=after)
        if edition.uncompared:
            yield mark, edition.title, _("Inte jämfört"), _("Alla avsnitt"), edition.uncompared
        for name in edition.touched:
            yield mark, edition.title, _("Berörs"), name, ""


def _tag(n: int) -> str:
    return str(n) if n else _("I ordning")


def _decisions(undecided: tuple[tuple[str, str], ...], working_list_decision: str) -> Point:
    lines = [(f"{section} {name}", "", "") for section, name in undecided]
    if not working_list_decision:
        lines.append(
            (_("Arbetslistorna: beslutets beteckning saknas i inställningarna (PROGRAMMES_BOARD_DECISION)"), "", "")
        )
    return Point(
        "beslut",
        _("Undantag utan beslut i nämnden"),
        not lines,
        _tag(len(lines)),
        _("Att inte skriva ner vem som är med kräver ett beslut. En samordnare skriver in det under Så läser vi riktlinjen.")
        if lines
        else _("Varje undantag vilar på ett beslut."),
        tuple(lines),
    )


def _point(id_: str, title: str, late: Sequence[Late], fine: str, wrong: str) -> Point:
    lines = tuple((f"{one.section} {one.name}", _since(one), "") for one in late)
    return Point(id_, title, not late, _tag(len(late)), wrong if late else fine, lines)


def _since(one: Late) -> str:
    if one.called_off:
        return _("Ställdes in %(day)s", day=day_plain(one.since))
    if one.undecided:
        return _("Sista träffen var %(day)s, och starten är inte beslutad", day=day_plain(one.since))
    return _("Sista träffen var %(day)s", day=day_plain(one.since))


def _reviews(unsigned: tuple[date, ...]) -> Point:
    return Point(
        "granskning",
        _("Månader som inte är granskade"),
        not unsigned,
        _tag(len(unsigned)),
        _("Gå igenom månadens stickprov och skriv under.") if unsigned else _("Varje månad är granskad och underskriven."),
        tuple((month_year(month), "", f"/personal/granskning/{month:%Y-%m}") for month in unsigned),
    )


def _edition(one: Coming) -> EditionView:
    lines = told(one.changes)
    return EditionView(
        title=_("Ny utgåva från %(day)s", day=day_plain(one.day)),
        lead=ngettext(
            "%(n)s sak blir annorlunda. Diarienummer %(number)s.",
            "%(n)s saker blir annorlunda. Diarienummer %(number)s.",
            len(lines),
            number=one.diary_number,
        ),
        changes=tuple((line.section, line.what, line.before, line.after, line.language) for line in lines),
        touched=tuple(f"{section} {name}" for section, name in one.touched),
        touched_text=_("De här grupperna fortsätter efter den dagen, och följer den utgåva som de öppnades under:")
        if one.touched
        else ("" if one.uncompared else _("Ingen planerad eller pågående grupp berörs.")),
        uncompared=_(
            "Det som gäller alla avsnitt är inte jämfört: en äldre version av tjänsten lade in en av utgåvorna utan det. "
            "Det kan röra alla grupper. Be den som sköter tjänsten läsa in utgåvans fil en gång till, "
            "med programmes edition load."
        )
        if one.uncompared
        else "",
    )
