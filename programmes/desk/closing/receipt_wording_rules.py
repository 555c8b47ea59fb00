"""What receipts of working lists say, and screens of a list that went by itself while nobody had closed its cohort."""

from dataclasses import dataclass

from programmes.core.i18n import day_plain
from programmes.core.i18n import gettext as _
from programmes.desk.closing.rules import ErasedList


@dataclass(frozen=True)
class Link:
    text: str
    address: str


@dataclass(frozen=True)
class Alone:
    """That a list went by itself, and where its receipt is. `over`: nothing of the cohort is to come but its closing; a
    series of which no talk is booked may still be applied to."""

    text: str
    receipt: Link
    over: bool


def rule_text(rule: str, alone: bool) -> str:
    """By which rule a list went. `alone`: nobody closed anything; closing and cancelling are somebody's, so that this list
    had been erased before a backup was put back."""
    rules = {
        "closing": _("Listan raderas när gruppen avslutas."),
        "cancelled": _("Listan raderas när starten har ställts in."),
        "overdue": _("Listan raderas senast 30 dagar efter sista träffen, även om ingen har avslutat gruppen."),
    }
    if alone and rule != "overdue":
        return rules[rule] + " " + _("En säkerhetskopia lästes tillbaka. Det som redan var raderat raderades igen.")
    return rules[rule]


def by_whom(by: str | None) -> str:
    """Who erased a list; the worker has no name."""
    return by or _("Systemet, av sig självt")


def alone(erased: ErasedList | None, form: str, state: str, held_any: bool) -> Alone | None:
    """What the screens of a cohort say of its list; None where it did not go by itself. `held_any`: a session of it was not
    cancelled."""
    if erased is None:
        return None
    cancelled = state == "cancelled"
    return Alone(
        _alone_text(erased, form, cancelled, held_any),
        Link(_("Visa gallringsprotokollet"), f"/personal/gallring/{erased.receipt_id}"),
        held_any or cancelled or form != "individual",
    )


def _alone_text(erased: ErasedList, form: str, cancelled: bool, held_any: bool) -> str:
    day = day_plain(erased.on)
    if erased.rule != "overdue":
        return _("Listan var redan raderad när en säkerhetskopia lästes tillbaka, och raderades igen %(day)s.", day=day)
    if not cancelled and not held_any and form == "individual":
        return _("Listan raderades %(day)s av sig själv, när det hade gått 30 dagar utan något samtal.", day=day)
    if cancelled or not held_any:
        return _("Listan raderades %(day)s av sig själv, när det hade gått 30 dagar sedan allt ställdes in.", day=day)
    if form == "individual":
        return _("Listan raderades %(day)s av sig själv, när det hade gått 30 dagar sedan sista samtalet.", day=day)
    return _("Listan raderades %(day)s av sig själv, när det hade gått 30 dagar sedan sista träffen.", day=day)
