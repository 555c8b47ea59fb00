"""What the pages about closures show."""

from collections.abc import Sequence
from dataclasses import dataclass

from programmes.cohorts.closure_rules import Days, Entered, Lying
from programmes.cohorts.meant_rules import signs
from programmes.cohorts.wording_rules import closed_days, numbered, said
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_year, ngettext, times
from programmes.core.i18n import gettext as _

__all__ = ["ClosureLine", "ClosurePage", "ClosuresPage", "LyingPart", "closure_line", "lying_part", "said", "signs"]

# Of a closure in the list, and of one that is asked about, where everything is seen before it is saved.
SHOWN, ASKED = 3, 10


@dataclass(frozen=True)
class LyingLine:
    address: str
    cohort: str
    when: str
    what: str


@dataclass(frozen=True)
class LyingPart:
    """Which sessions lie in a closure. `head` says how many; `more` how many of them are not in `lines` but in `rest`, or on
    a page of their own."""

    head: str
    lines: tuple[LyingLine, ...]
    rest: tuple[LyingLine, ...]
    more: str


@dataclass(frozen=True)
class ClosureLine:
    closure_id: int
    reason: str
    when: str
    where: str
    lying: LyingPart


@dataclass(frozen=True)
class ClosuresPage:
    """The list and the form. `asked`: what lies in the closure that is about to be entered. `done`: that it is."""

    lines: tuple[ClosureLine, ...]
    venues: tuple[tuple[str, str], ...]
    form: object
    asked: LyingPart | None = None
    done: str = ""


@dataclass(frozen=True)
class ClosurePage:
    """One closure with all that lies in it."""

    line: ClosureLine


def done(code: str) -> str:
    """What has just been done, by the code in the address."""
    return {"inlagd": _("Stängningen är inlagd."), "borttagen": _("Stängningen är borttagen.")}.get(code, "")


def lying_part(lying: Sequence[Lying], most: int | None) -> LyingPart:
    """`Måndagsgruppen. måndag 26 oktober 2026 13.00–15.00, träff 4`, the first `most` of them; None for all."""
    lines = tuple(_lying_line(session) for session in lying)
    shown, rest = (lines, ()) if most is None or len(lines) <= most else (lines[:most], lines[most:])
    head = ngettext(
        "%(n)s träff ligger redan då. Den ligger kvar tills ni flyttar den.",
        "%(n)s träffar ligger redan då. De ligger kvar tills ni flyttar dem.",
        len(lines),
    )
    more = _("Och %(n)s till", n=len(rest)) if rest else ""
    return LyingPart(head if lines else _("Inga träffar i era insatser ligger då."), shown, rest, more)


def _lying_line(session: Lying) -> LyingLine:
    return LyingLine(
        f"/personal/grupper/{session.cohort_id}/traffar#t{session.session_id}",
        session.cohort,
        f"{capital(day_year(local_date(session.starts_at)))} {times(session.starts_at, session.ends_at)}",
        capital(numbered(session.form, session.number)),
    )


def closure_line(closure: Entered, lying: Sequence[Lying], most: int | None = SHOWN) -> ClosureLine:
    """`Sportlov`, `22 februari–26 februari 2027`, where, and which sessions lie in it all the same."""
    when = capital(closed_days(closure.days.first, closure.days.last))
    where = closure.venue or _("Alla lokaler")
    return ClosureLine(closure.closure_id, closure.reason, when, where, lying_part(lying, most))


def closure_heads() -> tuple[str, ...]:
    """The first line of the closures as a file."""
    return _("Vad är det?"), _("Första dagen"), _("Sista dagen"), _("Lokal"), _("Träffar som ligger då")


def closure_row(days: Days, reason: str, venue: str, sessions: int) -> tuple[str, ...]:
    """A closure's line in the file."""
    return reason, days.first.isoformat(), days.last.isoformat(), venue or _("Alla lokaler"), str(sessions)
