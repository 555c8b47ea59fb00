"""How often somebody of staff may search without finding anybody. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

# Of a personal number a birth date leaves some hundred guesses, which a program makes in seconds. Whoever enters people from
# paper searches for each before, and takes minutes for one: a hundred in a day, or twenty in ten minutes, nobody types.
LIMITS = ((20, timedelta(minutes=10)), (100, timedelta(days=1)))
MOST, LONGEST = max(most for most, _within in LIMITS), max(within for _most, within in LIMITS)


def minutes_to_wait(empty: Sequence[datetime], now: datetime) -> int:
    """Until when the next search waits, 0 for not at all. `empty`: when the last ones found nobody, the newest first."""
    ends = [empty[most - 1] + within for most, within in LIMITS if len(empty) >= most]
    longest = max((end - now for end in ends), default=timedelta())
    return max(0, -(-longest // timedelta(minutes=1)))
