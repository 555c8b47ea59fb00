"""Until when an offer holds, to what waiting leads, and when it has led nowhere. Pure decisions over facts."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Literal

from programmes.core.clock import at_local, local
from programmes.core.retention_rules import RULES
from programmes.enrolment.queue.ran_out_rules import LONGEST
from programmes.enrolment.rules import Entry, entry

Leads = Literal["offer", "word", "nowhere"]

OFFER_HOURS = 16
# An offer that nobody has the time to see and answer takes the place in the queue from whoever gets it. Two hours of a
# day, not of a night: who is asleep answers nothing.
LEAST_TO_ANSWER = timedelta(hours=2)
_OPENS, _CLOSES = time(8), time(20)
# So that an offer can be answered, and passed on, before the session that it is for.
BEFORE_SESSION = timedelta(hours=2)
# How long those who wait are kept after the last session of entry: with the start decided, and of talks without.
_AFTER_START, _TALKS = timedelta(days=1), timedelta(days=7)
# Those of a group whose start nobody has decided wait for the decision, until as long after its last session as leaves them
# time to read that nothing came of it before a working list goes (decision 101).
_UNDECIDED = timedelta(days=RULES["working_list"].amount) - LONGEST


def _window(day: date) -> tuple[datetime, datetime]:
    return at_local(day, _OPENS), at_local(day, _CLOSES)


def _every_day(day: date) -> bool:
    return True


def _passed(now: datetime, hours: timedelta, counts: Callable[[date], bool]) -> datetime:
    """When so many hours have passed between 8 and 20 on days that count."""
    left = hours
    day = local(now).date()
    end = now
    while left > timedelta(0):
        if counts(day):
            opens, closes = _window(day)
            begins = max(now, opens)
            if begins < closes:
                used = min(left, closes - begins)
                left -= used
                end = begins + used
        day += timedelta(days=1)
    return end


def offer_until(now: datetime, next_session: datetime | None, day_off: Callable[[date], object]) -> datetime | None:
    """When an offer that is made now ends: after 16 counted hours (8 to 20 on weekdays that are no holidays), never so
    late that the next session could not be joined by somebody else.

    None when that would leave less than `LEAST_TO_ANSWER`: then none is made, and who is first stays so.
    """
    end = _passed(now, timedelta(hours=OFFER_HOURS), lambda day: day.weekday() < 5 and not day_off(day))
    if next_session is None:
        return end
    latest = next_session - BEFORE_SESSION
    return None if latest < _passed(now, LEAST_TO_ANSWER, _every_day) else min(end, latest)


def leads(facts: Entry, next_session: datetime | None, day_off: Callable[[date], object], now: datetime) -> Leads:
    """To what waiting leads: an `offer`; a `word`, when no offer could be answered before the next session, so that who is
    first gets a free place by saying yes to staff; or `nowhere`, when the last session of entry has begun.

    While entry hasn't begun, or the cohort is over otherwise, it is not for this to say: `offer`.
    """
    closed = entry(facts, now)
    if closed is not None:
        return "nowhere" if closed.code == "too_late" and facts.last_entry is not None else "offer"
    return "offer" if offer_until(now, next_session, day_off) else "word"


def capped_again(now: datetime, until: datetime, next_session: datetime | None) -> datetime:
    """When an open offer ends once its next session has been moved: earlier, but with the least time to answer if there
    is that much before the session, else until the session. Said again, it changes nothing."""
    if next_session is None:
        return until
    fair = max(next_session - BEFORE_SESSION, _passed(now, LEAST_TO_ANSWER, _every_day))
    return min(until, next_session, fair)


def undecided_until(last_end: datetime) -> datetime:
    """Until when those who wait for a group are kept whose start nobody decides, by when its last session ends."""
    return last_end + _UNDECIDED


def queue_over(facts: Entry, now: datetime) -> bool:
    """Whether nobody who waits will get a place any more.

    Not at once when the last session of entry begins: a session that is cancelled that day, or a start that is
    postponed when too few came, opens entry again for those who wait. Nor because nobody has decided about a start: whoever
    cancels or postpones it late finds them there, with their turn and their first right. And who may move to another start
    before newcomers, since their group ended instead of starting, is there until then to do so.
    """
    closed = entry(facts, now)
    if closed is None or closed.code == "not_yet":
        return False
    if closed.code != "too_late":
        return True
    if facts.over_from is not None and now >= facts.over_from:
        return facts.first_until is None or now >= facts.first_until
    if facts.last_entry is None:
        return False
    if facts.state != "started":
        return now >= (undecided_until(facts.last_end) if facts.last_end else facts.last_entry + _TALKS)
    # A start that is decided late can be taken back too, and then they wait as before.
    return now >= max(facts.last_entry, facts.started_at or facts.last_entry) + _AFTER_START
