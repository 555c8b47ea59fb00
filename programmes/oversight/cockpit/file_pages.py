"""The starts that wait for a decision, as lines of a file for the house."""

from collections.abc import Collection, Iterable, Iterator

from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.oversight.rules import Start


def heads() -> tuple[str, ...]:
    """The first line."""
    return (
        _("Märkning"), _("Avsnitt"), _("Grupp"), _("Beslut senast"), _("Första dagen"), _("Minst"), _("Högst"), _("Klara"),
        _("Preliminära"), _("Erbjudna"), _("I kö"), _("Studiebesök kvar"),
    )  # fmt: skip


def rows(starts: Iterable[Start], uncounted: Collection[int]) -> Iterator[tuple[str, ...]]:
    """A line for each start. Of programmes whose people may not be counted (`uncounted`, by id) no number of people leaves
    the page."""
    for one in starts:
        first = local_date(one.first_start).isoformat() if one.first_start else ""
        numbers = [str(n) for n in (one.confirmed, one.preliminary, one.offered, one.queued, one.visits)]
        if one.programme_id in uncounted:
            numbers = [""] * len(numbers)
        limits = (str(one.minimum), str(one.maximum))
        yield (_("Internt, sekretess"), one.section, one.name, one.decide_by.isoformat(), first, *limits, *numbers)
