"""Cancelling a study visit that people have booked: what happens to whom."""

from dataclasses import dataclass

from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.enrolment.visits.rules import Offered
from programmes.notices.reach_rules import Reach, rows, told


@dataclass(frozen=True)
class VisitPage:
    """`seen` is how many had booked when it was shown: others may come or go before the button is pressed."""

    cohort_id: int
    name: str
    slot_id: int
    when: str
    lead: str
    rows: tuple[tuple[str, str, str], ...]
    seen: int
    changed: bool


def visit_page(cohort_id: int, name: str, slot: Offered, reach: Reach, seen: int, changed: bool) -> VisitPage:
    """The page with its one button. Nobody is named on it."""
    when = f"{capital(day_long(local_date(slot.starts_at)))} {times(slot.starts_at, slot.ends_at)}"
    booked = ngettext("%(n)s person har bokat.", "%(n)s personer har bokat.", seen)
    what = _("Behåller sin plats. Bokar en ny tid.")
    calendars = (_("Gruppledarens kalender"), _("Tiden står som INSTÄLLT i 30 dagar."), _("Oftast inom några timmar"))
    return VisitPage(
        cohort_id,
        name,
        slot.slot_id,
        when,
        " ".join(part for part in (booked, told(reach)) if part),
        (*rows(reach, what), calendars),
        seen,
        changed,
    )
