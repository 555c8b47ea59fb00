"""What was sent to the people of a cohort, counted. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Sending:
    """One event, told to some people in the same minute. `session_starts` where it is about a session that
    has not been changed since: by another day nobody would know which message it was. `errors` are the
    names of the last errors of those that failed and have not heard, each once. `doubted`: they went to an address from
    which mail has come back. `overtaken`: a newer one took their place, or they hold no longer.
    `held`: they wait for a time at which they may go, the last until `held_until`; `late`: none such comes in time.
    `again`: not that a start or a queue is over, which was told before, but that the first right to another start is.
    `first_sent_at`: when the first of them went, the last at `sent_at`."""

    kind: str
    again: bool
    session_starts: datetime | None
    made_at: datetime
    sent_at: datetime | None
    sent: int
    waiting: int
    failed: int
    doubted: int
    overtaken: int
    no_channel: int
    told: int
    errors: tuple[str, ...]
    held: int = 0
    held_until: datetime | None = None
    late: int = 0
    first_sent_at: datetime | None = None
