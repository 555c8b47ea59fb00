"""When a message that waits may leave, and that one will not reach anybody in time. Pure: the language is that of the
running request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from programmes.core.clock import local, local_date
from programmes.core.i18n import clock, moment_long
from programmes.core.i18n import gettext as _
from programmes.notices.hours_rules import spans

# `late`: not before what it is about, outside the times to avoid; `doubted`: nobody counts on that address or number.
Missed = Literal["late", "doubted"]


@dataclass(frozen=True)
class Leaving:
    """`at`: from when it may go, where that is later than now. `missed`: why it will reach nobody in time, although nothing
    has been tried yet."""

    at: datetime | None = None
    missed: Missed | None = None


NOW = Leaving()
# Where nobody has asked when any message may go: all may go now.
ALL_NOW: Mapping[UUID, Leaving] = {}


def last(found: Iterable[Leaving]) -> datetime | None:
    """Until when the last of these waits."""
    return max((one.at for one in found if one.at), default=None)


def until_text(at: datetime, now: datetime) -> str:
    """`klockan 20.00`, `i morgon klockan 08.00`, or the day with its time."""
    if local_date(at) == local_date(now):
        return _("klockan %(time)s", time=clock(at))
    if local_date(at) == local_date(now) + timedelta(days=1):
        return _("i morgon klockan %(time)s", time=clock(at))
    return moment_long(at)


def is_avoided(avoid: str, now: datetime) -> bool:
    """Whether somebody wants to be left alone just now, as far as what they wrote can be read."""
    return any(span.holds(local(now)) for span in spans(avoid) or ())
