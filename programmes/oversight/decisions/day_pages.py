"""The days of a start that is postponed, in words: what is held on each, what is skipped and why, what becomes another."""

from collections.abc import Sequence
from datetime import date

from programmes.cohorts.schedule_rules import ROOM_AND_LEADER, Clash, Day, Schedule
from programmes.cohorts.wording_rules import noted, numbered, why_skipped
from programmes.core.i18n import capital, day_bare, day_long, day_short, listed, ngettext, times, weekdays
from programmes.core.i18n import gettext as _
from programmes.oversight.clash_pages import clash_on_the_day


def apart_lines(apart: Sequence[date]) -> tuple[str, ...]:
    """The days on which two would meet who must not, as the bare word."""
    return tuple(_("%(day)s: krock.", day=capital(day_long(day))) for day in apart)


def all_days(schedule: Schedule, form: str, clashes: Sequence[Clash]) -> tuple[tuple[str, str, str], ...]:
    """Every day, what happens on it, and why nothing does."""
    return tuple(
        (
            day_short(day.day),
            f"{capital(numbered(form, day.number))}, {times(day.slot.starts_at, day.slot.ends_at)}" if day.number else "",
            why_skipped(day.day, day.off) if day.off else _on_the_day(day, [c for c in clashes if c.day == day.day]),
        )
        for day in schedule.days
    )


def _on_the_day(day: Day, clashes: Sequence[Clash]) -> str:
    notes = [noted(note) for note in day.notes if note.kind not in ROOM_AND_LEADER]
    return " ".join(dict.fromkeys([*notes, *(clash_on_the_day(clash) for clash in clashes)]))


def other_days(schedule: Schedule, first: str) -> tuple[str, ...]:
    """What the new first day does to the weekdays, where that is not what was typed or not as before. `first` as typed."""
    found, sessions = [], schedule.sessions
    if sessions and schedule.days[0].number and schedule.days[0].day.isoformat() > first:
        found.append(_("Den dag du skrev är ingen av veckodagarna. Det börjar %(day)s.", day=day_long(sessions[0].day)))
    on = {day.day.weekday(): day.day for day in sessions if any(note.kind == "other_weekday" for note in day.notes)}
    if on:
        names = listed([weekdays(day) for _weekday, day in sorted(on.items())])
        found.append(_("Nu blir det även på en veckodag som inte fanns förut: %(days)s.", days=names))
    if any(weekday >= 5 for weekday in on):
        found.append(_("Det är helg."))
    return tuple(found)


def new_days(schedule: Schedule) -> str:
    days = [day.day for day in schedule.sessions]
    skipped = sum(1 for day in schedule.days if day.off)
    text = ngettext(
        "%(n)s träff flyttas till %(first)s.",
        "%(n)s träffar flyttas till %(first)s–%(last)s.",
        len(days),
        first=day_bare(days[0]),
        last=day_bare(days[-1]),
    )
    if not skipped:
        return text
    weeks = ngettext("%(n)s vecka hoppas över.", "%(n)s veckor hoppas över.", skipped)
    return f"{text} {weeks}"
