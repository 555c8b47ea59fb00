"""The access log in words: pages and reasons."""

from programmes.core.i18n import gettext as _
from programmes.people.look_rules import LOOK_REASONS, REVEAL_REASONS, LookPage, LookReason, RevealReason


def page_words(page: LookPage) -> str:
    """The page, as staff know it."""
    return {
        "group": _("Gruppens sida"),
        "person": _("Deltagarens sida"),
        "correct": _("Rätta uppgifterna"),
        "age": _("Åldern sägs igen"),
        "refuse": _("Uppfyller inte villkoren"),
        "transfer": _("Flytta till en annan start"),
        "roll_call": _("Närvaro"),
        "print": _("Utskrift"),
        "ring": _("Ringlistan"),
        "today": _("Idag"),
        "queue": _("Kön"),
        "queue_export": _("Köns historik som fil"),
        "visits": _("Studiebesök"),
        "readings": _("Så läser vi riktlinjen"),
        "search": _("Sök"),
        "retention": _("Gallringens lista"),
        "archive": _("Leverans till arkivet"),
        "partner": _("Partnerns uppgifter"),
        "extract": _("Registerutdrag"),
        "people_file": _("Gruppens deltagare som fil"),
        "retention_file": _("Gallringens lista som fil"),
    }[page]


def reason_words(reason: LookReason) -> str:
    """Why somebody of a group that is over was looked at."""
    return {
        "extract": _("Personen har bett om sina uppgifter"),
        "handover": _("Närvaron förs över till verksamhetssystemet"),
        "correction": _("Något ska rättas"),
        "question": _("Personen har hört av sig"),
    }[reason]


def reveal_words(reason: RevealReason) -> str:
    """Why a contact was shown."""
    return {
        "changed": _("En träff är ändrad eller inställd"),
        "absent": _("Personen kom inte, och vi behöver veta att allt är väl"),
        "offer": _("En plats måste besvaras"),
        "asked": _("Personen har bett oss ringa"),
    }[reason]


def look_choices() -> tuple[tuple[LookReason, str], ...]:
    """Why one may look at somebody of a group that is over, to choose from."""
    return tuple((reason, reason_words(reason)) for reason in LOOK_REASONS)


def reveal_choices() -> tuple[tuple[RevealReason, str], ...]:
    """Why a contact may be shown, to choose from."""
    return tuple((reason, reveal_words(reason)) for reason in REVEAL_REASONS)
