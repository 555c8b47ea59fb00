"""What other groups take of a schedule's rooms and leaders, in words: summed up by group, and on the day itself."""

from collections.abc import Sequence
from datetime import date

from programmes.cohorts.schedule_rules import Clash
from programmes.core.i18n import clock, ngettext
from programmes.core.i18n import gettext as _

MOST_CLASHES = 5


def clash_lines(clashes: Sequence[Clash], of: int, venue: str) -> tuple[str, ...]:
    """Who or which room is taken by which other group, on how many of the days."""
    others = _by_group(clashes)
    found = [_clash(who, cohort, days, of, venue) for (who, cohort), days in others[:MOST_CLASHES]]
    if len(others) > MOST_CLASHES:
        more = len(others) - MOST_CLASHES
        found.append(ngettext("Och %(n)s krock till, se dagarna nedan.", "Och %(n)s krockar till, se dagarna nedan.", more))
    return tuple(found)


def clash_on_the_day(clash: Clash) -> str:
    """`Kim har en annan träff till 15.00.`"""
    until = clock(clash.until)
    if clash.who:
        return _("%(who)s har en annan träff till %(until)s.", who=clash.who, until=until)
    return _("Lokalen är bokad till %(until)s.", until=until)


def _by_group(clashes: Sequence[Clash]) -> list[tuple[tuple[str, str], int]]:
    """Who (nobody is the venue) is taken by which other group, on how many days; in the order of the days."""
    found: dict[tuple[str, str], set[date]] = {}
    for clash in clashes:
        found.setdefault((clash.who, clash.cohort), set()).add(clash.day)
    return [(which, len(days)) for which, days in found.items()]


def _clash(who: str, cohort: str, days: int, of: int, venue: str) -> str:
    values = {"who": who, "venue": venue, "cohort": cohort or _("en annan grupp"), "days": days}
    if who:
        return ngettext(
            "%(who)s har %(cohort)s samtidigt %(days)s av %(n)s gång.",
            "%(who)s har %(cohort)s samtidigt %(days)s av %(n)s gånger.",
            of,
            **values,
        )
    return ngettext(
        "%(venue)s är bokad av %(cohort)s samtidigt %(days)s av %(n)s gång.",
        "%(venue)s är bokad av %(cohort)s samtidigt %(days)s av %(n)s gånger.",
        of,
        **values,
    )
