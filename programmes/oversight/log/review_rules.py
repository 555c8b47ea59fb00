"""The monthly review of the access log: which lines are drawn, and what is unusual. Pure."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from programmes.core.clock import at_local, local, local_date
from programmes.oversight.log.chain_rules import Line
from programmes.people.look_rules import BY_NUMBER, NOBODY, LookPage, LookReason

Kind = Literal["sample", "night", "day_off", "own_name", "many", "protected", "left", "reveals"]
Outcome = Literal["in_order", "ask"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

SAMPLE = 20
NIGHT_FROM, NIGHT_UNTIL = 22, 6
# A coordinator who goes through the day's groups sees forty people or so in an hour.
MANY, WITHIN = 50, timedelta(hours=1)
# Who enters people from paper searches for each before; a day's guesses that stay below the hour's number are seen too.
MANY_EMPTY, MANY_EMPTY_IN_A_DAY = 15, 40
MANY_REVEALS = 3


@dataclass(frozen=True)
class Finding:
    """What a manager judges: one drawn line, or lines of one member of staff that are unusual in one way, in order of time.
    `cohort_id` is None when they are of several cohorts."""

    kind: Kind
    staff_id: int
    cohort_id: int | None
    look_ids: tuple[int, ...]


@dataclass(frozen=True)
class Month:
    """A month of the log that is gone through. `open`: how many of its lines are not judged yet."""

    month: date
    lines: int
    judged: int
    left: int
    signed_at: datetime | None
    signed_by: str


@dataclass(frozen=True)
class Looked:
    """A line of the log as a manager sees it. `number` is that of the participant in the cohort, None once they have gone.
    `position` is its place in the chain."""

    look_id: int
    position: int | None
    at: datetime
    page: LookPage
    reason: LookReason | None
    cohort: str
    number: int | None
    protected: bool
    own_name: bool
    of_nobody: bool = False


@dataclass(frozen=True)
class Judged:
    """What there is to judge, with its lines, and how it was judged last."""

    line_id: int
    kind: Kind
    staff_id: int
    staff: str
    cohort: str
    looks: tuple[Looked, ...]
    outcome: Outcome | None
    judged_by: int | None = None


@dataclass(frozen=True)
class Sent:
    """What an open page sends: what is chosen in each line, and what was chosen in it when the page was made, empty while
    nobody had judged it. A page of a release that did not say so has nothing in `shown`."""

    chosen: Mapping[int, Outcome]
    shown: Mapping[int, Outcome | Literal[""]]


@dataclass(frozen=True)
class Weighed:
    """What to keep of what an open page sends, and the lines that somebody else has judged meanwhile and that stand in
    another way than the page has them: `crossed`, where this person chose too, and `unseen`."""

    new: Mapping[int, Outcome]
    crossed: tuple[int, ...]
    unseen: tuple[int, ...]


def weigh(lines: Iterable[Judged], sent: Sent, me: int) -> Weighed:
    """Only what this person has changed against what they saw is theirs: every other choice comes along with the page."""
    new: dict[int, Outcome] = {}
    crossed: list[int] = []
    unseen: list[int] = []
    for line in lines:
        chosen, now = sent.chosen.get(line.line_id), line.outcome or ""
        shown = sent.shown.get(line.line_id)
        if shown is None:
            shown = now if _was_shown(line, chosen, me) else ""
        wanted = chosen or shown
        if wanted == now:
            continue
        if chosen and now == shown:
            new[line.line_id] = chosen
        else:
            (unseen if wanted == shown else crossed).append(line.line_id)
    return Weighed(new, tuple(crossed), tuple(unseen))


def _was_shown(line: Judged, chosen: Outcome | None, me: int) -> bool:
    """Whether a page that does not say what it showed may be taken to have shown what stands: who judged it knows that, and
    to ask further does no harm."""
    return line.outcome is None or line.judged_by == me or chosen == "ask"


def month_of(day: date) -> date:
    """The first day of a month, which names it."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    return month_of(month + timedelta(days=31))


def last_month(month: date) -> date:
    return month_of(month - timedelta(days=1))


def span(month: date) -> tuple[datetime, datetime]:
    """When a local month begins and when it has ended, in UTC."""
    return at_local(month, time()), at_local(next_month(month), time())


def sample(lines: Collection[Line], seed: str) -> list[Finding]:
    """The lines that a seed draws, in order of time: the same seed and lines give the same ones again."""
    ordered = sorted(lines, key=lambda line: line.look_id)
    drawn = random.Random(seed).sample(ordered, min(SAMPLE, len(ordered)))  # noqa: S311 a draw that can be done again
    return [Finding("sample", line.staff_id, line.cohort_id, (line.look_id,)) for line in sorted(drawn, key=_when)]


def unusual(lines: Iterable[Line], working_day: Callable[[date], bool], may_look: Callable[[Line], bool]) -> list[Finding]:
    """Everything unusual, by kind. `may_look`: whether who looked works with the cohort, or its programme, today too."""
    ordered = sorted(lines, key=_when)
    return [
        *_grouped("night", [line for line in ordered if _at_night(line)], _night),
        *_grouped("day_off", [line for line in ordered if not working_day(local_date(line.at))], _day),
        *_grouped("own_name", [line for line in ordered if line.own_name], _day),
        *_many(ordered),
        *_grouped("protected", [line for line in ordered if line.protected and line.page not in BY_NUMBER], _person),
        *_grouped("left", [line for line in ordered if not (line.of_nobody or may_look(line))], _in_cohort),
    ]


def _when(line: Line) -> tuple[datetime, int]:
    return line.at, line.look_id


def _at_night(line: Line) -> bool:
    hour = local(line.at).hour
    return hour >= NIGHT_FROM or hour < NIGHT_UNTIL


def _night(line: Line) -> tuple[object, ...]:
    """A night belongs to the day on which it began."""
    return line.staff_id, local_date(line.at - timedelta(hours=NIGHT_UNTIL))


def _day(line: Line) -> tuple[object, ...]:
    return line.staff_id, local_date(line.at)


def _person(line: Line) -> tuple[object, ...]:
    return line.staff_id, line.participant_id


def _in_cohort(line: Line) -> tuple[object, ...]:
    return line.staff_id, line.cohort_id


def _grouped(kind: Kind, lines: Sequence[Line], key: Callable[[Line], tuple[object, ...]]) -> list[Finding]:
    groups: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return [_finding(kind, group) for group in groups.values()]


def _finding(kind: Kind, lines: Sequence[Line]) -> Finding:
    cohorts = {line.cohort_id for line in lines}
    only = cohorts.pop() if len(cohorts) == 1 else None
    return Finding(kind, lines[0].staff_id, only, tuple(line.look_id for line in lines))


def _many(lines: Sequence[Line]) -> list[Finding]:
    """Of each member of staff and day the first hour in which they saw more than `MANY` people, or searched for nobody too
    often; else the day's searches, if those are too many."""
    by_day: Mapping[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        by_day[_day(line)].append(line)
    return [_finding("many", hour) for day in by_day.values() if (hour := _crowded_hour(day) or _empty_day(day))]


def _crowded_hour(lines: Sequence[Line]) -> list[Line]:
    start = 0
    seen: dict[object, int] = defaultdict(int)
    for at, line in enumerate(lines):
        seen[line.participant_id] += 1
        while line.at - lines[start].at >= WITHIN:
            seen[lines[start].participant_id] -= 1
            if not seen[lines[start].participant_id]:
                del seen[lines[start].participant_id]
            start += 1
        empty = seen.get(NOBODY, 0)
        if len(seen) - bool(empty) > MANY or empty > MANY_EMPTY:
            end = next((i for i in range(at, len(lines)) if lines[i].at - lines[start].at >= WITHIN), len(lines))
            return list(lines[start:end])
    return []


def _empty_day(lines: Sequence[Line]) -> list[Line]:
    empty = [line for line in lines if line.of_nobody]
    return empty if len(empty) > MANY_EMPTY_IN_A_DAY else []
