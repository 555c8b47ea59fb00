"""Ending before its time: what is left, and what happens to whom when all of it is cancelled at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.wording_rules import many
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, times
from programmes.core.i18n import gettext as _
from programmes.notices.reach_rules import Reach, rows, told


@dataclass(frozen=True)
class StartPage:
    """`unshown`: the pages of those who have not shown the age that the section wants shown."""

    cohort_id: int
    name: str
    section: str
    unshown: tuple[str, ...]


def start_page(cohort: CohortFacts, unshown: Sequence[UUID]) -> StartPage:
    """What it means that the talks begin."""
    addresses = tuple(f"/personal/grupper/{cohort.cohort_id}/deltagare/{one}#leg" for one in unshown)
    return StartPage(cohort.cohort_id, cohort.name, cohort.section, addresses)


@dataclass(frozen=True)
class EndingPage:
    """`seen` is how many sessions were shown: others may have come or gone before the button is pressed."""

    cohort_id: int
    name: str
    lead: str
    days: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]
    seen: int
    button: str


def ending_page(cohort: CohortFacts, left: Sequence[SessionFacts], reach: Reach) -> EndingPage:
    """The page with its one button."""
    what = many(cohort.form, len(left))
    at_once = _("%(what)s ställs in på en gång.", what=what)
    calendars = (_("Kalendrar"), _("Allt som är kvar står som INSTÄLLT i 30 dagar."), _("Oftast inom några timmar"))
    days = tuple(f"{capital(day_long(local_date(s.starts_at)))} {times(s.starts_at, s.ends_at)}" for s in left)
    people = rows(reach, _("Får veta det en gång."))
    if cohort.form == "drop_in":
        people = ((_("Besökare"), _("Dagarna står som inställda."), _("På sidan om verksamheten")),)
    leaders = (_("Gruppledarna"), _("Det som är kvar ställs in."), _("E-post, på Idag och i deras kalender"))
    summary = told(reach) if cohort.form != "drop_in" else ""
    return EndingPage(
        cohort.cohort_id,
        cohort.name,
        " ".join(part for part in (at_once, summary, _("Det går inte att ångra.")) if part),
        days,
        (*people, calendars, leaders),
        len(left),
        _("Ställ in %(what)s", what=what),
    )
