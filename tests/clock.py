"""A clock that tests set."""

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Stands still until told otherwise."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def advance(self, **parts: float) -> None:
        """Move on, as in `advance(days=7, hours=1)`."""
        self._moment += timedelta(**parts)
