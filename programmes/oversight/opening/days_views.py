"""The days of a new cohort, as the form says them: every week, every second, several times a week, or one by one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from programmes.cohorts.schedule_rules import Schedule
from programmes.core.i18n import gettext as _
from programmes.oversight.opening.pages import MOST_DAYS_BY_HAND
from programmes.web.forms import Form

_OF_ONE_DAY = re.compile(r"(fran|till)[0-6]|datum[0-9]{1,2}")
_WEEKDAYS = ("0", "1", "2", "3", "4", "5", "6")


@dataclass(frozen=True)
class Days:
    """When a cohort meets, as typed. `chosen` are days that were picked one by one, else empty. `booked`: how many talks are
    booked to begin with where the rest is booked as it goes on; None where it is planned whole."""

    first: date
    starts: time
    ends: time
    weekdays: frozenset[int]
    every: int
    other: dict[int, tuple[time, time]]
    chosen: tuple[date, ...]
    booked: int | None = None


# Of talks that are booked one at a time: how many are to begin with.
ONE_AT_A_TIME = {"forsta": 1, "ingen": 0}


def read_days(form: Form, kind: str, count: int) -> Days | None:
    """None when they cannot even be counted, and then why stands beside the fields. `count` days are picked one by one;
    while none of them is filled in yet the pattern of every week stands for them."""
    first, begins, ends = form.day("forsta"), form.clock_time("fran"), form.clock_time("till")
    if begins and ends and ends <= begins:
        form.fail("till", _("Sluttiden måste vara efter starttiden."))
    ways = ("vecka", "varannan", "flera", "egna", *(ONE_AT_A_TIME if kind == "individual" else ()))
    how = form.choice("monster", ways) if form.raw("monster") else "vecka"
    weekdays, other = frozenset[int](), dict[int, tuple[time, time]]()
    if kind == "drop_in" or how == "flera":
        weekdays = frozenset(int(day) for day in form.all("dagar") if day in _WEEKDAYS)
        if not weekdays:
            form.fail("dagar", _("Välj minst en veckodag."))
        other = _other_times(form, weekdays)
        for day in range(7):
            if day not in weekdays and (form.raw(f"fran{day}").strip() or form.raw(f"till{day}").strip()):
                # What somebody has typed is never dropped without a word.
                form.fail(f"fran{day}", _("Kryssa i den veckodagen också, eller ta bort tiden."))
    chosen = _chosen(form, count) if kind != "drop_in" and how == "egna" and by_hand(form) else ()
    wrong = {"antal", "till", "dagar", "monster", *(name for name in form.errors if hours_differ(name))}
    if not first or not begins or not ends or wrong & set(form.errors) or any(one is None for one in chosen):
        return None
    picked = tuple(sorted(one for one in chosen if one is not None))
    every, booked = 2 if how == "varannan" else 1, ONE_AT_A_TIME.get(how)
    return Days(picked[0] if picked else first, begins, ends, weekdays, every, other, picked, booked)


def _other_times(form: Form, weekdays: frozenset[int]) -> dict[int, tuple[time, time]]:
    """The weekdays with hours of their own. Half of them typed is an error beside the other half."""
    found = {}
    for day in sorted(weekdays):
        if form.raw(f"fran{day}") or form.raw(f"till{day}"):
            starts, ends = form.clock_time(f"fran{day}"), form.clock_time(f"till{day}")
            if starts and ends and ends <= starts:
                form.fail(f"till{day}", _("Sluttiden måste vara efter starttiden."))
            elif starts and ends:
                found[day] = (starts, ends)
    return found


def _chosen(form: Form, count: int) -> tuple[date | None, ...]:
    """The days that were picked, None for one that is none."""
    found: list[date | None] = []
    for number in range(1, min(count, MOST_DAYS_BY_HAND) + 1):
        name = f"datum{number}"
        day = form.day(name)
        if day is not None and day in found:
            form.fail(name, _("Den dagen står redan ovanför. Välj en annan."))
            day = None
        found.append(day)
    return tuple(found)


def by_hand(form: Form) -> list[date]:
    """The days that were picked one by one and can be read, when that is how they are chosen."""
    if form.raw("monster") != "egna":
        return []
    names = [name for name in form.values if name.startswith("datum") and form.raw(name).strip()]
    return [day for name in names if (day := Form(form.values).day(name))] or ([date.max] if names else [])


def hours_differ(name: str) -> bool:
    """Whether a field is about one day or weekday alone."""
    return bool(_OF_ONE_DAY.fullmatch(name))


def days_to_pick(form: Form, schedule: Schedule | None, values: Mapping[str, str]) -> dict[str, str]:
    """A field for every day that is picked one by one, filled with what was typed, else with the days of the pattern."""
    if form.raw("monster") != "egna":
        return {}
    count = int(values["antal"]) if values["antal"].isascii() and values["antal"].isdigit() else 0
    shown = [day.day.isoformat() for day in schedule.sessions] if schedule and not by_hand(form) else []
    names = [f"datum{number}" for number in range(1, min(count, MOST_DAYS_BY_HAND) + 1)]
    return {name: form.raw(name) or (shown[n] if n < len(shown) else "") for n, name in enumerate(names)}
