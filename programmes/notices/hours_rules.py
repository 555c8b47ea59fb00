"""When a message may leave by itself: outside the times that somebody wants to be left alone, and texts not at night. Pure.

What people write as times to avoid is read by a small grammar (decision 23). What it can't read says nothing about when it
is safe, so nothing goes by itself then, and staff tell the person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from programmes.core.clock import at_local, local

# Text messages wake people: none between eight in the evening and eight in the morning, unless it is urgent.
DAY_BEGINS, DAY_ENDS = time(8), time(20)
# What changes a session that begins within so long is urgent.
URGENT_WITHIN = timedelta(hours=12)
# Heard of in the morning, it is of use only if there is so much time before it begins: who is on the way has left home.
NEEDED_BEFORE = timedelta(hours=2)
_STEP = timedelta(minutes=15)
_LONGEST = timedelta(days=14)
_MIDNIGHT = time(0)

_CLOCK = r"(?:kl(?:ockan)?\.?\s*|at\s+)?([01]?\d|2[0-4])(?:[.:]([0-5]\d))?"
_AFTER = re.compile(rf"(?:efter|från|after|from)\s+{_CLOCK}")
_BEFORE = re.compile(rf"(?:före|innan|before)\s+{_CLOCK}")
_BETWEEN = re.compile(rf"(?:mellan\s+|between\s+)?{_CLOCK}\s*(?:-|–|—|till|och|to|and)\s*{_CLOCK}")
_WORDS = {
    "natt": (time(20), time(8)), "night": (time(20), time(8)), "kväll": (time(17), time(8)),
    "evening": (time(17), time(8)), "morgon": (time(0), time(9)), "morning": (time(0), time(12)),
    "förmiddag": (time(0), time(12)), "eftermiddag": (time(12), time(18)), "afternoon": (time(12), time(18)),
    "dag": (time(8), time(17)), "daytime": (time(8), time(17)),
}  # fmt: skip
_FORMS = {
    "natt": "natt|natten|nätter|nätterna", "night": "night|nights", "kväll": "kväll|kvällen|kvällar|kvällarna|kvällstid",
    "evening": "evening|evenings", "morgon": "morgon|morgonen|morgnar|morgnarna", "morning": "morning|mornings",
    "förmiddag": "förmiddag|förmiddagen|förmiddagar|förmiddagarna",
    "eftermiddag": "eftermiddag|eftermiddagen|eftermiddagar|eftermiddagarna",
    "afternoon": "afternoon|afternoons", "dag": "dagtid|dagarna|dagen", "daytime": "daytime",
}  # fmt: skip
_WORD = {form: _WORDS[name] for name, forms in _FORMS.items() for form in forms.split("|")}
_DAYS: dict[str, frozenset[int]] = {
    "helg": frozenset({5, 6}), "helgen": frozenset({5, 6}), "helger": frozenset({5, 6}), "helgerna": frozenset({5, 6}),
    "weekend": frozenset({5, 6}), "weekends": frozenset({5, 6}),
    "vardag": frozenset(range(5)), "vardagar": frozenset(range(5)), "weekdays": frozenset(range(5)),
}  # fmt: skip
for _number, _names in enumerate(
    ("måndag monday", "tisdag tuesday", "onsdag wednesday", "torsdag thursday", "fredag friday", "lördag saturday",
     "söndag sunday")
):  # fmt: skip
    _sv, _en = _names.split()
    for _form in (_sv, f"{_sv}ar", f"{_sv}en", _en, f"{_en}s"):
        _DAYS[_form] = frozenset({_number})
_EVERY_DAY = frozenset(range(7))
_SMALL = re.compile(r"(?:på|under|om|on|in|at|the|alla|varje)\s+")


@dataclass(frozen=True)
class Span:
    """From when to when of some days of the week, on the wall clock; over midnight when it ends no later than it begins."""

    days: frozenset[int]
    begins: time
    ends: time

    def holds(self, moment: datetime) -> bool:
        """Whether a local moment lies in it."""
        now, today = moment.time(), moment.weekday()
        if self.begins < self.ends:
            return today in self.days and self.begins <= now < self.ends
        return (today in self.days and now >= self.begins) or ((today - 1) % 7 in self.days and now < self.ends)


def spans(avoid: str) -> tuple[Span, ...] | None:
    """The times to avoid that somebody wrote, none where nothing is written; None for what can't be read with certainty.

    Read are clock times (`efter 17`, which lasts until the morning; `före 9`, `12–13`), parts of the day (`nätter`), days of
    the week, and a day with a time (`vardagar 12–13`), in Swedish or English, with commas, semicolons or `och` between.
    """
    found = []
    for part in re.split(r"[,;\n]|\s(?:och|and)\s(?=[a-zåäö])", avoid.lower().strip(" .")):
        if not part.strip(" ."):
            continue
        span = _read(part.strip(" ."))
        if span is None:
            return None
        found.append(span)
    return tuple(found)


def _read(part: str) -> Span | None:
    words = _SMALL.sub("", part)
    first, _, rest = words.partition(" ")
    days = _DAYS.get(first)
    if days is None:
        return _hours(words, _EVERY_DAY)
    return _hours(rest.strip(), days) if rest.strip() else Span(days, _MIDNIGHT, _MIDNIGHT)


def _hours(words: str, days: frozenset[int]) -> Span | None:
    if named := _WORD.get(words):
        return Span(days, *named)
    if found := _AFTER.fullmatch(words):
        return _whole(days, _clock(found[1], found[2]), DAY_BEGINS)
    if found := _BEFORE.fullmatch(words):
        return _whole(days, _MIDNIGHT, _clock(found[1], found[2]))
    if found := _BETWEEN.fullmatch(words):
        return _whole(days, _clock(found[1], found[2]), _clock(found[3], found[4]))
    return None


def _whole(days: frozenset[int], begins: time, ends: time) -> Span | None:
    """`17–17` says nothing, and `efter 5` or `före 5` may mean the morning as well as the afternoon."""
    said = begins if begins != _MIDNIGHT else ends
    return None if begins == ends or _MIDNIGHT < said < DAY_BEGINS else Span(days, begins, ends)


def _clock(hours: str, minutes: str | None) -> time:
    return time(int(hours) % 24, int(minutes or 0))


def can_be_kept(avoid: str) -> bool:
    """Whether times to avoid can be kept by the service itself."""
    return spans(avoid) is not None


def free_from(moment: datetime, avoid: str, at_night: bool) -> datetime | None:
    """The first moment from now on at which a message may leave; None if there is none within two weeks.

    `at_night`: whether it may go at night as far as the service is concerned. What the person wants to be spared from holds
    in either case.
    """
    found = spans(avoid)
    if found is None:
        return None
    held: list[Callable[[datetime], bool]] = [span.holds for span in found]
    if not at_night:
        held.append(_is_night)
    at = moment
    while at <= moment + _LONGEST:
        if not any(holds(local(at)) for holds in held):
            return at
        at = _next_step(at)
    return None


def _is_night(moment: datetime) -> bool:
    return not DAY_BEGINS <= moment.time() < DAY_ENDS


def _next_step(moment: datetime) -> datetime:
    """The next quarter of an hour."""
    return datetime.fromtimestamp((moment.timestamp() // _STEP.total_seconds() + 1) * _STEP.total_seconds(), moment.tzinfo)


def is_urgent(begins: datetime | None, now: datetime) -> bool:
    """Whether what has changed begins so soon that waiting for the morning would be too late, or nearly."""
    if begins is None or begins < now:
        return False
    return begins <= now + URGENT_WITHIN or (_is_night(local(now)) and begins < _morning(now) + NEEDED_BEFORE)


def _morning(night: datetime) -> datetime:
    """When the night that a moment lies in ends."""
    here = local(night)
    return at_local(here.date() + timedelta(days=here.time() >= DAY_ENDS), DAY_BEGINS)


def leaves_at(now: datetime, avoid: str, by_text: bool, urgent: bool, before: datetime | None) -> datetime | None:
    """When a message may leave: now, or after the night and the times to avoid; None if that is never, or too late.

    `before`: when it is of no use any more. `urgent`: whether a text may wake somebody; nothing overrides times to avoid.
    """
    free = free_from(now, avoid, at_night=urgent or not by_text)
    return None if free is None or (before is not None and before <= free) else free
