"""What is said of places that are kept for people of a start that came to nothing. Pure: the language is that of the running
request."""

from datetime import datetime

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext


def kept_text(until: datetime) -> str:
    """That what is free is free for nobody who comes now."""
    return _(
        "De platser som är kvar är reserverade till %(when)s för dem som får flytta hit från en annan start.",
        when=moment_long(until),
    )


def kept_places_text(kept: int, until: datetime | None) -> str:
    """How many places are kept for people of another start, for staff; nothing where none is."""
    if until is None:
        return ""
    return ngettext(
        "%(n)s plats är reserverad till %(when)s för den som får flytta hit från en annan start.",
        "%(n)s platser är reserverade till %(when)s för dem som får flytta hit från en annan start.",
        kept,
        when=moment_long(until),
    )
