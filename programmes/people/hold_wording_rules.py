"""Holds on records in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from programmes.core.clock import local_date
from programmes.core.i18n import day_plain
from programmes.core.i18n import gettext as _
from programmes.people.hold_rules import HOLD_REASONS, Hold, HoldReason, in_force


@dataclass(frozen=True)
class HoldView:
    """What a page shows of the holds on a record: each that is in force, as a sentence under its number, and the reasons to
    choose from for who may."""

    held: tuple[tuple[int, str], ...]
    reasons: tuple[tuple[HoldReason, str], ...]


def hold_words(reason: HoldReason) -> str:
    """Why a record is held back."""
    return {
        "request": _("Personen har bett om det"),
        "complaint": _("Klagomål eller överklagande"),
        "court": _("Rättsprocess"),
        "supervision": _("Tillsyn eller granskning"),
        "error": _("Uppgifterna ska rättas först"),
        "archive": _("Arkivet har bett om det"),
    }[reason]


def hold_choices() -> tuple[tuple[HoldReason, str], ...]:
    """Every reason there is."""
    return tuple((reason, hold_words(reason)) for reason in HOLD_REASONS)


def until_words(until: date | None) -> str:
    """How long a hold is in force."""
    return _("Till och med %(day)s.", day=day_plain(until)) if until else _("Tills det hävs.")


def _sentence(hold: Hold) -> str:
    set_by = _("Satt %(day)s av %(name)s.", day=day_plain(local_date(hold.set_at)), name=hold.set_by)
    return " ".join((_("%(why)s.", why=hold_words(hold.reason)), until_words(hold.until), set_by))


def hold_view(holds: Sequence[Hold], today: date, may_change: bool) -> HoldView:
    """The holds on a record as its page shows them; the reasons stand there for who may set and lift them."""
    held = tuple((hold.hold_id, _sentence(hold)) for hold in in_force(holds, today))
    return HoldView(held, hold_choices() if may_change else ())
