"""The starts that wait for a decision, as lines of a file for the house."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.oversight.cockpit.card_pages import brief_tag, how_late, next_step
from programmes.oversight.rules import Start, shortage


def heads() -> tuple[str, ...]:
    """The first line."""
    return (
        _("Märkning"), _("Avsnitt"), _("Grupp"), _("Beslut senast"), _("Första dagen"), _("Minst"), _("Högst"), _("Klara"),
        _("Preliminära"), _("Erbjudna"), _("I kö"), _("Studiebesök kvar"), _("Dagar kvar"), _("Dagar försenat"), _("Läge"),
        _("Nästa"),
    )  # fmt: skip


def rows(starts: Iterable[Start], uncounted: Collection[int], today: date) -> Iterator[tuple[str, ...]]:
    """A line for each start. Of programmes whose people may not be counted (`uncounted`, by id) no number of people leaves
    the page, nor what follows from one."""
    for one in starts:
        first = local_date(one.first_start).isoformat() if one.first_start else ""
        numbers = [str(n) for n in (one.confirmed, one.preliminary, one.offered, one.queued, one.visits)]
        short = shortage(one.minimum, one.confirmed, one.decide_by, today)
        state = brief_tag(one, short)[0] if short.days >= 0 else how_late(-short.days)
        then = next_step(one, short).text
        if one.programme_id in uncounted:
            numbers = [""] * len(numbers)
            state = state if one.state == "planned" or short.days < 0 else ""
            then = then if one.state == "planned" else ""
        limits = (str(one.minimum), str(one.maximum))
        # A number below nought is guarded in a file, so how late it is has a column of its own.
        days = (str(short.days), "") if short.days >= 0 else ("", str(-short.days))
        day = one.decide_by.isoformat()
        yield (_("Internt, sekretess"), one.section, one.name, day, first, *limits, *numbers, *days, state, then)
