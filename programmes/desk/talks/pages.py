"""The pages on which the next talk of a series is booked, or several by a pattern."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.catalogue.rules import AgeAsked
from programmes.cohorts.clash_wording_rules import clash_lines
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Clash, Schedule, Slot
from programmes.cohorts.talk_rules import Tally
from programmes.cohorts.wording_rules import noted, said, why_skipped
from programmes.core.clock import local
from programmes.core.i18n import day_short, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.desk.group.pages import GroupHead
from programmes.desk.talks.rules import staff_talks
from programmes.notices.reach_rules import Reach, rows

EVERY = ("vecka", "varannan")


@dataclass(frozen=True)
class DayRow:
    """One day of the pattern: a talk, or skipped with why."""

    when: str
    what: str
    note: str
    skipped: bool


@dataclass(frozen=True)
class TalkPage:
    """The form. `refused` says why nothing can be booked at all; `days` is empty for a single talk. `seen`: the days that
    are shown, and `look_again` that they are others than before. `anyway`: what booking means where something clashes."""

    head: GroupHead
    tally: str
    refused: tuple[str, ...]
    form: object
    rows: tuple[tuple[str, str, str], ...]
    venues: tuple[tuple[int, str], ...]
    values: dict[str, str]
    ask_anyway: bool = False
    ages: str = ""
    days: tuple[DayRow, ...] = ()
    clashes: tuple[str, ...] = ()
    anyway: tuple[str, ...] = ()
    seen: str = ""
    look_again: bool = False
    button: str = ""

    @property
    def how_often(self) -> tuple[tuple[str, str], ...]:
        return (("vecka", _("Varje vecka")), ("varannan", _("Varannan vecka")))


def lead(tally: Tally) -> str:
    """How many there are."""
    return staff_talks(tally)


def refused(cohort: CohortFacts, tally: Tally, alive: bool) -> tuple[str, ...]:
    """Why no talk can be booked, whenever it would be."""
    if not alive:
        return (said(Reason("cohort_over"), cohort.form),)
    if tally.full:
        return (said(Reason("talks_full", params={"section": tally.section, "most": tally.most}), cohort.form),)
    return ()


def told(reach: Reach, state: str) -> tuple[tuple[str, str, str], ...]:
    """What booking means to whom."""
    if state == "planned":
        return ((_("Gruppledare"), _("Tiden gäller."), _("Syns på Idag")),)
    calendars = (_("Kalendrar"), _("Tiden läggs till."), _("Oftast inom några timmar"))
    leaders = (_("Gruppledare"), _("Tiden gäller."), _("E-post, på Idag och i deras kalender"))
    return (*rows(reach, _("Får veta tiden.")), calendars, leaders)


def values_of(slot: Slot, venue_id: int) -> dict[str, str]:
    """What the fields hold before anything is typed."""
    starts, ends = local(slot.starts_at), local(slot.ends_at)
    return {
        "dag": starts.date().isoformat(),
        "fran": f"{starts:%H:%M}",
        "till": f"{ends:%H:%M}",
        "lokal": str(venue_id),
    }


def day_rows(schedule: Schedule) -> tuple[DayRow, ...]:
    """Every day of the pattern in order."""
    return tuple(
        DayRow(day_short(day.day), why_skipped(day.day, day.off), "", True)
        if day.off
        else DayRow(
            day_short(day.day),
            times(day.slot.starts_at, day.slot.ends_at),
            " ".join(noted(note) for note in day.notes),
            False,
        )
        for day in schedule.days
    )


def clashes(found: Sequence[Clash], apart: Sequence[Reason], form: str) -> tuple[str, ...]:
    """Who or what is taken on which day, and where two would meet who must not, in words."""
    return (*clash_lines(found), *(said(reason, form) for reason in apart))


def anyway(found: Sequence[Clash]) -> tuple[str, ...]:
    """What it means to book all the same."""
    shared = [_("Bokar du ändå delar ni lokalen då.")] if any(not clash.who for clash in found) else []
    doubled = [_("Bokar du ändå ska den som leder vara på två ställen då.")] if any(clash.who for clash in found) else []
    return (*shared, *doubled, _("Samtal kan flyttas ett och ett efteråt."))


def book_button(count: int) -> str:
    return ngettext("Boka %(n)s samtal", "Boka %(n)s samtal", count)


def ages(age: AgeAsked, first: datetime | None) -> str:
    """What the first talk's day means where there is a limit of age."""
    if age == "none" or first is not None:
        return ""
    if age == "birth_date":
        return _("Åldern räknas den dag då det första samtalet är. Passar den inte då markerar vi det på seriens sida.")
    return _("Åldern räknas den dag då det första samtalet är. Den som har plats får säga sin ålder igen då.")
