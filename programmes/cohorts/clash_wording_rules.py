"""What is taken by other groups, in words. Pure: the language is that of the running request."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import cast

from programmes.cohorts.schedule_rules import Clash
from programmes.cohorts.talk_wording_rules import Params
from programmes.core.i18n import capital, clock, day_bare, day_long, listed, ngettext
from programmes.core.i18n import gettext as _

# Of more groups, or days with one of them, a sentence says how many they are.
_NAMED = 3


def clash_lines(found: Sequence[Clash]) -> tuple[str, ...]:
    """Who or what is taken on which day, by which group and until when, in words."""
    return tuple(f"{capital(day_long(clash.day))}: {_clash_line(clash)}" for clash in found)


def _clash_line(clash: Clash) -> str:
    cohort, until = clash.cohort or _("en annan grupp"), clock(clash.until)
    if clash.who:
        return _("Krock: %(who)s har %(cohort)s till %(until)s.", who=clash.who, cohort=cohort, until=until)
    return _("Krock: lokalen är bokad av %(cohort)s till %(until)s.", cohort=cohort, until=until)


def room_taken(p: Params) -> str:
    """Every group that has the room, and when."""
    return _taken(p, lambda cohort, until, days: _(
        "Krock: lokalen är bokad av %(cohort)s till %(until)s den %(days)s.", cohort=cohort, until=until, days=days,
    ))  # fmt: skip


def leader_taken(p: Params) -> str:
    """Every group that somebody has instead, and when."""
    return _taken(p, lambda cohort, until, days: _(
        "Krock: %(who)s har %(cohort)s till %(until)s den %(days)s.", who=p["who"], cohort=cohort, until=until, days=days,
    ))  # fmt: skip


def _taken(p: Params, sentence: Callable[[str, str, str], str]) -> str:
    """A sentence for each group and hour, with its days; each clash once, whatever else is alike."""
    alike: dict[tuple[str, str], list[date]] = {}
    for day, until, cohort in dict.fromkeys(cast(Sequence[tuple[date, datetime, str]], p["every"])):
        alike.setdefault((cohort or _("en annan grupp"), clock(until)), []).append(day)
    found = [sentence(cohort, until, _days(days)) for (cohort, until), days in list(alike.items())[:_NAMED]]
    if left := sum(len(days) for days in list(alike.values())[_NAMED:]):
        found.append(ngettext("Och %(n)s krock till.", "Och %(n)s krockar till.", left))
    return " ".join([*found, _("Ändra, eller kryssa i att det är meningen.")])


def _days(days: Sequence[date]) -> str:
    """`7 oktober, 14 oktober, 21 oktober och 2 dagar till`"""
    named = [day_bare(day) for day in days[:_NAMED]]
    if more := len(days) - len(named):
        return ngettext("%(day)s och %(n)s dag till", "%(day)s och %(n)s dagar till", more, day=", ".join(named))
    return listed(named)
