"""What a year's report would be without, in words, for whoever is about to establish it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from programmes.core.i18n import day_plain, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.report.rules import Missing


@dataclass(frozen=True)
class Note:
    """Something that would not be in the report, and what to do about it. `of`: which it is, by name, and where that is
    decided, for whoever may; `meaning`: what becomes of it."""

    text: str
    of: tuple[tuple[str, str], ...] = ()
    meaning: str = ""


def missing_notes(missing: Missing, decides: Callable[[str], bool]) -> tuple[Note, ...]:
    """What happened in the year and would not be in the report, each said with what to do about it. `decides`: of which
    sections whoever reads it may decide the starts."""
    return (*_undecided(missing, decides), *map(Note, _missing_words(missing)))


def _undecided(missing: Missing, decides: Callable[[str], bool]) -> Iterable[Note]:
    n = len(missing.starts)
    if n:
        yield Note(
            ngettext("%(n)s start under året saknar beslut:", "%(n)s starter under året saknar beslut:", n),
            tuple(
                (
                    f"{start.name}, {day_plain(start.day)}",
                    f"/personal/starter#start-{start.cohort_id}" if decides(start.section) else "",
                )
                for start in missing.starts
            ),
            ngettext(
                "Startas den sedan berättelsen är fastställd räknas den inte i någon berättelse: årets är klar, och nästa "
                "års räknar bara starter som har sin första träff det året. Den som samordnar insatsen beslutar; låt det "
                "ske först.",
                "Startas de sedan berättelsen är fastställd räknas de inte i någon berättelse: årets är klar, och nästa "
                "års räknar bara starter som har sin första träff det året. Den som samordnar insatsen beslutar; låt det "
                "ske först.",
                n,
            ),
        )
    if missing.unbegun:
        yield Note(
            _(
                "Det finns serier där första samtalet skulle ha varit under året och inte är noterat. Noteras det sedan "
                "berättelsen är fastställd räknas starten inte i någon berättelse. Notera samtalen först."
            )
        )


def _missing_words(missing: Missing) -> tuple[str, ...]:
    said = []
    if missing.occasions:
        said.append(
            ngettext(
                "%(n)s öppet tillfälle saknar sina siffror. Räkna besöken först.",
                "%(n)s öppna tillfällen saknar sina siffror. Räkna besöken först.",
                missing.occasions,
            )
        )
    if missing.groups:
        said.append(
            ngettext(
                "%(n)s grupp är inte avslutad. Den räknas det år då den avslutas.",
                "%(n)s grupper är inte avslutade. De räknas det år då de avslutas.",
                missing.groups,
            )
        )
    if missing.series:
        said.append(
            _(
                "Det finns serier med samtal som inte är avslutade. Där ingen dokumenteras räknas de i det halvår då "
                "sista samtalet var, och kommer då inte med. Avsluta dem först."
            )
        )
    return tuple(said)
