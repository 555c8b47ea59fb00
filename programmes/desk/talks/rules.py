"""How many talks there have been of a series, in words: for staff, and for the person whose talks they are."""

from programmes.cohorts.talk_rules import Tally
from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext


def span_text(tally: Tally) -> str:
    """`5–10`, `20`; nothing where the edition has no number."""
    if tally.most is None:
        return ""
    return f"{tally.least}–{tally.most}" if tally.least and tally.least != tally.most else str(tally.most)


def staff_talks(tally: Tally) -> str:
    """`3 av 5–10 samtal hållna, 1 bokat.`"""
    span = span_text(tally)
    if span:
        held = ngettext("%(n)s av %(span)s samtal hållet", "%(n)s av %(span)s samtal hållna", tally.held, span=span)
    else:
        held = ngettext("%(n)s samtal hållet", "%(n)s samtal hållna", tally.held)
    parts = [held]
    if tally.missed:
        parts.append(ngettext("%(n)s uteblivet", "%(n)s uteblivna", tally.missed))
    parts.append(ngettext("%(n)s bokat", "%(n)s bokade", tally.booked) if tally.booked else _("inget bokat"))
    return ", ".join(parts) + "."


def own_talks(tally: Tally) -> str:
    """`Du har haft 3 av 5–10 samtal. 1 är bokat.`"""
    span = span_text(tally)
    parts = []
    if tally.held and span:
        parts.append(_("Du har haft %(n)s av %(span)s samtal.", n=tally.held, span=span))
    elif tally.held:
        parts.append(_("Du har haft %(n)s samtal.", n=tally.held))
    elif span:
        parts.append(ngettext("Det blir %(span)s samtal.", "Det blir %(span)s samtal.", tally.most or 1, span=span))
    if tally.missed:
        parts.append(ngettext("%(n)s blev inte av.", "%(n)s blev inte av.", tally.missed))
    if tally.booked:
        parts.append(ngettext("%(n)s är bokat.", "%(n)s är bokade.", tally.booked))
    else:
        parts.append(_("Inget är bokat just nu. När ni har bestämt en tid står den här."))
    return " ".join(parts)
