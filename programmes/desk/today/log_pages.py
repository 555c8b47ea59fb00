"""What of the access log and of retention needs a manager, as Idag says it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from programmes.core.i18n import gettext as _
from programmes.core.i18n import month_year
from programmes.desk.today.needs_pages import Item, Tag, days_left

# By which day of the next month a month of the access log is gone through.
REVIEWED_BY = 10


class LogState(Protocol):
    """Months that are not signed off, and where the chain is broken (`today_queries`)."""

    @property
    def months(self) -> Sequence[date]: ...
    @property
    def broken_at(self) -> int | None: ...
    @property
    def not_erased(self) -> bool: ...


def items(state: LogState, today: date) -> list[Item]:
    """A chain that is broken, and every month that is not signed off, each for its own line."""
    found = []
    if state.broken_at is not None:
        title, text = _("Åtkomstloggens kedja är bruten"), _("Se var, och vad som behöver göras.")
        found.append(Item(title, "/personal/granskning", text, Tag(_("Nu"), "stop", "warn"), today))
    if state.not_erased:
        title, text = _("Gallringen kunde inte göras som den skulle"), _("Se vad som hindrade den.")
        found.append(Item(title, "/personal/gallring", text, Tag(_("Nu"), "stop", "warn"), today))
    for month in state.months:
        due = (month + timedelta(days=31)).replace(day=REVIEWED_BY)
        title = _("Granska åtkomstloggen för %(month)s", month=month_year(month))
        text = _("Gå igenom det ovanliga och stickprovet, och skriv under.")
        found.append(Item(title, f"/personal/granskning/{month:%Y-%m}", text, days_left(due, today), due))
    return found
