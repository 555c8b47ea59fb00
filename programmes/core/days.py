"""Which days are days off in Sweden: public holidays, and the eves that everybody has off."""

from datetime import date, timedelta
from functools import cache
from typing import cast

import holidays
from holidays.constants import DE_FACTO, PUBLIC


@cache
def _year(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("SE", years=year, language="sv", categories=(PUBLIC, DE_FACTO), include_sundays=False)


def day_off(day: date) -> str:
    """The Swedish name of the holiday (Midsummer, Christmas and New Year's Eve count too), or an empty text."""
    return cast(str, _year(day.year).get(day, ""))


def working_day(day: date) -> bool:
    """Whether offices are open: neither a weekend nor a day off."""
    return day.weekday() < 5 and not day_off(day)


def latest_working_day(day: date) -> date:
    """The day itself, or the nearest working day before it."""
    while not working_day(day):
        day -= timedelta(days=1)
    return day
