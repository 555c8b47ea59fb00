"""Why a record is held back from being erased (gallringsstopp), and whether it is on a day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

HoldReason = Literal["request", "complaint", "court", "supervision", "error", "archive"]
HOLD_REASONS: tuple[HoldReason, ...] = get_args(HoldReason)


@dataclass(frozen=True)
class Hold:
    """A hold: until which local day, that day too, or until it is lifted. `lifted_at` (UTC) is None as long as it is not."""

    hold_id: int
    reason: HoldReason
    until: date | None
    set_at: datetime
    set_by: str
    lifted_at: datetime | None = None


def in_force(holds: Iterable[Hold], today: date) -> tuple[Hold, ...]:
    """The holds that keep a record on this local day."""
    return tuple(hold for hold in holds if hold.lifted_at is None and (hold.until is None or hold.until >= today))
