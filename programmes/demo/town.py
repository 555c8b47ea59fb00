"""What every story of the demo is told with: settings, keys, a clock of its own, and the worker that does what waits."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from programmes import worker
from programmes.core.clock import local_date
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder


class StoryClock:
    """Tells the time of the story, so that past content is made by the same services as today's."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> datetime:
        self._moment = moment.astimezone(UTC)
        return self._moment


@dataclass(frozen=True)
class Town:
    """The municipality while it is being loaded. `real_now` is when; every story is told towards it."""

    keys: KeyFolder
    worker: worker.Worker
    clock: StoryClock
    real_now: datetime
    staff: dict[str, Principal] = field(default_factory=dict)
    ballots: list[dict[str, object]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return local_date(self.real_now)

    async def work(self) -> None:
        """Let the worker do what waits at this point of the story: notices, offers, closings."""
        await worker.drain(self.worker)
