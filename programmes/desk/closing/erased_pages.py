"""What a closed group says of people whose records retention has erased: how many, when, and which figures stay."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from programmes.attendance.queries import Erased, Figure
from programmes.core.i18n import day_plain, ngettext
from programmes.core.i18n import gettext as _


@dataclass(frozen=True)
class ErasedPart:
    """A text, and the figures of the whole group as they were before."""

    text: str
    figures: tuple[str, ...]


def erased_part(erased: Erased | None, figures: Sequence[Figure], form: str) -> ErasedPart | None:
    """The part of the page; None where nobody has been erased."""
    if erased is None or not erased.people:
        return None
    text = ngettext("Uppgifterna om %(n)s person är raderade.", "Uppgifterna om %(n)s personer är raderade.", erased.people)
    if erased.on:
        text += " " + _("Gallringen var klar %(day)s.", day=day_plain(erased.on))
    whole, marks = Counter[str](), Counter[str]()
    for one in figures:
        (whole if one.session_id is None else marks)[one.figure] += one.n
    lines = [
        _("Fullföljde: %(n)s", n=whole["completed"]),
        _("Avbröt: %(n)s", n=whole["dropped_out"]),
        _("Kom minst en gång: %(n)s", n=whole["came"]),
    ]
    if marks:
        of = _("alla samtal") if form == "individual" else _("alla träffar")
        lines.append(_("Antal närvarande, %(sessions)s hopräknade: %(n)s", sessions=of, n=marks["present"]))
    return ErasedPart(text, tuple(lines))
