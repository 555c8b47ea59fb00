"""What stays and what goes when something closes, by what its section allows."""

from dataclasses import dataclass

from programmes.attendance.rules import Kind
from programmes.core.i18n import gettext as _


@dataclass(frozen=True)
class WhatHappens:
    """What stays and what goes, in words."""

    kept: tuple[str, ...]
    gone: tuple[str, ...]


def ended_title(form: str) -> str:
    """The heading above what stays and what goes."""
    words = {"individual": _("När samtalen är avslutade"), "drop_in": _("När verksamheten är avslutad")}
    return words.get(form, _("När gruppen är avslutad"))


def what_happens(kind: Kind, form: str, held: bool = True) -> WhatHappens:
    """What stays and what goes. Of a start that never took place (`held` is false) there is neither attendance nor
    evaluation. Study visits and agreements are only where people are documented (2.7, 2.8)."""
    if kind == "names":
        of_people = (_("Platskoder och öppna sidor"), _("Platser och kö"), _("Deltagarnas kalendrar"))
        return WhatHappens(_kept_of_people(form, held), of_people)
    gone = (
        _("Alias och kontaktvägar"),
        _("Platser, kö och platskoder"),
        _("Utskickade besked"),
        _("Deltagarnas kalendrar"),
    )
    if form == "individual":
        kept = (_("Att en insats till har avslutats, antal samtal och hur den slutade, hopräknat per halvår"),)
        return WhatHappens(kept, (*gone, *goes_with_the_rest(form)))
    if not held:
        return WhatHappens((_("Att det inte blev av, och varför enligt listan"),), gone if form == "group" else ())
    if kind == "held":
        return WhatHappens((_("Att träffarna hölls och hur gruppen slutade"), _("Summor från utvärderingen")), gone)
    if form == "group":
        numbers = (_("Antal per träff och kön"), _("Antal olika personer efter kön"), _("Summor från utvärderingen"))
        return WhatHappens(numbers, gone)
    return WhatHappens((_("Antal per öppettillfälle och kön"),), ())


def goes_with_the_rest(form: str) -> tuple[str, ...]:
    """What closing erases though its list has gone already: a series dissolves."""
    return (_("Samtalens tider"),) if form == "individual" else ()


def _kept_of_people(form: str, held: bool) -> tuple[str, ...]:
    people = _("Deltagarna och hur det slutade för var och en")
    if not held:
        return (people,)
    if form == "individual":
        return people, _("Närvaro per samtal")
    return people, _("Närvaro per träff"), _("Summor från utvärderingen")
