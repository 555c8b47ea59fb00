"""What a cohort may be and become: limits, defaults, and what stands in the way of opening, changing and starting it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from programmes.catalogue.number_rules import MOST_PLACES, MOST_SESSIONS, MOST_WEEKS
from programmes.catalogue.rules import Programme
from programmes.cohorts.schedule_rules import EARLIEST, LATEST, Closure, Schedule, why_off
from programmes.core.clock import clock_doubt, local_date
from programmes.core.days import latest_working_day
from programmes.core.naming_rules import leads_to_somebody, points_to_somebody

LONGEST_SESSION = timedelta(hours=8)
FURTHEST = timedelta(days=2 * 366)
UNDECIDED = frozenset({"planned", "open", "postponed"})
REASONS = ("too_few", "no_leader", "no_venue")
# Why a group starts with fewer than the office's own minimum: about the group, never about anybody in it.
FEWER_REASONS = ("more_to_come", "works_with_fewer", "no_waiting", "next_is_far")
DECIDED_BEFORE = timedelta(days=10)

StartChoice = Literal["start", "fewer", "not_yet"]


@dataclass(frozen=True)
class Reason:
    """Why something cannot be: `code` names the sentence, `beside` the form's field, `params` what the sentence says."""

    code: str
    beside: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """From `least` to `most`, both included. `section` is the guideline's where it sets the span, else empty."""

    least: int
    most: int
    section: str = ""

    def holds(self, number: int) -> bool:
        return self.least <= number <= self.most


def named_by_us(programme: Programme) -> bool:
    """Whether nobody types a name: a series of talks is one person's, so that a name typed for it would be theirs, in
    clear beside a sealed record or for longer than a working list, and read without a line in the log (DESIGN 2)."""
    return programme.form == "individual"


def places_span(programme: Programme) -> Span:
    """How many places there may be: the guideline's limits bind everyone (2.7, 2.8), else the coordinator sets them."""
    if programme.form == "individual":
        return Span(1, programme.parties)
    least, most = programme.participants_min, programme.participants_max
    stated = least is not None or most is not None
    return Span(least or 1, most or MOST_PLACES, programme.section if stated else "")


def sessions_span(programme: Programme) -> Span:
    """How many sessions there may be; weeks for drop-ins."""
    if programme.form == "drop_in":
        return Span(1, MOST_WEEKS)
    least, most = programme.sessions_min, programme.sessions_max
    stated = least is not None or most is not None
    return Span(least or 1, most or MOST_SESSIONS, programme.section if stated else "")


def closed_after_start(programme: Programme) -> bool:
    """Whether nobody may join after the first session: where study visit and agreements come first (2.7, 2.8)."""
    return programme.study_visit


@dataclass(frozen=True)
class Opening:
    """A cohort as somebody wants it. `count` is sessions, or weeks for drop-ins; no `weekdays` means the first day's.

    `every` so many weeks; `other` are weekdays with hours of their own; `chosen` are days picked one by one instead.
    `one_at_a_time`: talks of which only the first is booked (`count` 1), or none yet (0).
    `new_venue` is name and address. `seen` is the digest of the preview that was shown, empty to take any. `public_id`
    is what its address will be, where a form that is sent twice has to lead to one cohort; empty for any.
    """

    programme_id: int
    name: str
    first: date
    starts: time
    ends: time
    count: int
    minimum: int
    maximum: int
    enrol_from: date
    decide_by: date
    last_entry: int
    leaders: tuple[int, ...]
    venue_id: int | None = None
    new_venue: tuple[str, str] | None = None
    weekdays: frozenset[int] = frozenset()
    announce: bool = True
    seen: str = ""
    every: int = 1
    other: Mapping[int, tuple[time, time]] = field(default_factory=dict)
    chosen: tuple[date, ...] = ()
    one_at_a_time: bool = False
    public_id: str = ""


@dataclass(frozen=True)
class Defaults:
    """What the form for a new cohort starts from."""

    first: date
    starts: time
    ends: time
    count: int
    minimum: int
    maximum: int
    enrol_from: date
    decide_by: date
    last_entry: int


def defaults(programme: Programme, today: date, closures: Sequence[Closure]) -> Defaults:
    """A Monday some weeks ahead that is no day off, and what the edition says; see `decided_by`."""
    first = _monday(today + timedelta(weeks=6 if programme.form == "group" else 2), closures)
    places, sessions = places_span(programme), sessions_span(programme)
    count = programme.sessions_default or {"group": 8, "drop_in": 12}.get(programme.form, 5)
    group = programme.form == "group"
    return Defaults(
        first=first,
        starts=time(13),
        ends=time(15) if group else time(14, 30),
        count=min(max(count, sessions.least), sessions.most),
        minimum=programme.participants_min or (4 if group else 1),
        maximum=programme.participants_max or (min(10, places.most) if group else places.most),
        enrol_from=today,
        decide_by=max(today, decided_by(first)) if group else first,
        last_entry=1 if closed_after_start(programme) or not group else min(2, count),
    )


def decided_by(first: date) -> date:
    """When a start is decided upon unless somebody says otherwise: ten days before it, or the working day before that."""
    return latest_working_day(first - DECIDED_BEFORE)


def _monday(day: date, closures: Sequence[Closure]) -> date:
    monday = day + timedelta(days=-day.weekday() % 7)
    for _ in range(60):
        if why_off(monday, closures) is None:
            break
        monday += timedelta(weeks=1)
    return monday


def why_not_open(
    programme: Programme, wanted: Opening, schedule: Schedule, leaders: Collection[int], now: datetime
) -> list[Reason]:
    """Everything that stands in the way of a cohort, by the form's fields. `leaders` are those one may choose from."""
    found = [*_when(wanted, schedule, now), *_how_many(programme, wanted, schedule)]
    if not wanted.leaders or not set(wanted.leaders) <= set(leaders):
        found.append(Reason("leader_missing", "ledare"))
    if wanted.venue_id is None and wanted.new_venue is None:
        found.append(Reason("venue_missing", "lokal"))
    elif wanted.venue_id is None and wanted.new_venue is not None:
        found.extend(why_not_call_room(wanted.new_venue[0], "nylokal"))
        if points_to_somebody(wanted.new_venue[1]):
            found.append(Reason("room_address_points", "nyadress"))
    if not named_by_us(programme) and (leading := leads_to_somebody(wanted.name, local_date(now))):
        found.append(Reason("name_points", "namn", {"leading": leading}))
    if programme.form == "group":
        found.extend(_enrolment_days(wanted, schedule, local_date(now)))
    return found


def why_not_call_room(name: str, beside: str = "namn") -> list[Reason]:
    """A room goes by no person's number, telephone or mail: who meets in it may be one. An address it has, and may be called
    by."""
    return [Reason("room_points", beside)] if points_to_somebody(name) else []


def _when(wanted: Opening, schedule: Schedule, now: datetime) -> list[Reason]:
    found = why_not_times(wanted.starts, wanted.ends, wanted.first)
    for weekday, times in sorted(wanted.other.items()):
        found.extend(replace(reason, beside=f"{reason.beside}{weekday}") for reason in why_not_times(*times))
    if wanted.first > local_date(now) + FURTHEST:
        found.append(Reason("too_far", "forsta"))
    elif wanted.count > 0 and (schedule.missing or not schedule.sessions):
        found.append(Reason("no_days", "forsta", {"missing": schedule.missing}))
    elif (wanted.count and wanted.first < local_date(now)) or any(slot.starts_at <= now for slot in schedule.slots[:1]):
        found.append(Reason("past", "forsta"))
    return found


def why_not_times(starts: time, ends: time, day: date | None = None) -> list[Reason]:
    """A session begins and ends on one day, between 6 and 23, and lasts at most eight hours.

    A time that the clock change skips or shows twice is never within these hours; given the `day` it is said, with what was
    made of it (`core.clock.at_local`).
    """
    for beside, typed in (("fran", starts), ("till", ends)):
        if day is not None and (doubt := clock_doubt(day, typed)):
            return [Reason(f"clock_{doubt}", beside, {"time": typed, "day": day})]
    length = timedelta(hours=ends.hour - starts.hour, minutes=ends.minute - starts.minute)
    if not EARLIEST <= starts <= LATEST:
        return [Reason("hour", "fran")]
    if not EARLIEST <= ends <= LATEST:
        return [Reason("hour", "till")]
    if length <= timedelta(0):
        return [Reason("ends_first", "till")]
    return [Reason("too_long", "till")] if length > LONGEST_SESSION else []


def _how_many(programme: Programme, wanted: Opening, schedule: Schedule) -> list[Reason]:
    span = sessions_span(programme)
    found = why_not_limits(places_span(programme), wanted.minimum, wanted.maximum, 0)
    if wanted.one_at_a_time:
        if programme.form != "individual" or not 0 <= wanted.count <= 1:
            found.append(Reason("only_talks", "monster"))
    elif not span.holds(wanted.count):
        code = "weeks" if programme.form == "drop_in" else "sessions"
        found.append(Reason(code, "antal", {"least": span.least, "most": span.most, "section": span.section}))
    if schedule.sessions and not 1 <= wanted.last_entry <= len(schedule.sessions):
        found.append(Reason("last_entry", "sista", {"most": len(schedule.sessions)}))
    elif closed_after_start(programme) and wanted.last_entry != 1:
        found.append(Reason("only_at_start", "sista", {"section": programme.section}))
    return found


def why_not_limits(span: Span, minimum: int, maximum: int, held: int) -> list[Reason]:
    """What stands against a least and a most number of places while `held` places are given out."""
    params = {"least": span.least, "most": span.most, "section": span.section}
    found = []
    if not span.holds(minimum):
        found.append(Reason("minimum", "min", params))
    if not span.holds(maximum):
        found.append(Reason("maximum", "max", params))
    if minimum > maximum:
        found.append(Reason("minimum_above", "min"))
    if maximum < held:
        found.append(Reason("held", "max", {"held": held}))
    return found


def _enrolment_days(wanted: Opening, schedule: Schedule, today: date) -> list[Reason]:
    found = []
    first = schedule.sessions[0].day if schedule.sessions else wanted.first
    if wanted.enrol_from < today:
        found.append(Reason("past", "oppnar"))
    elif wanted.enrol_from > wanted.decide_by:
        found.append(Reason("opens_after_decision", "oppnar"))
    if wanted.decide_by < today:
        found.append(Reason("past", "beslut"))
    elif wanted.decide_by > first:
        found.append(Reason("decided_after_start", "beslut"))
    return found


# So long a decision about a start can be taken back: its messages wait until then. Not where a session begins within a day.
UNDO_DECISION, NO_TIME_TO_WAIT = timedelta(minutes=10), timedelta(days=1)


def decision_undone_until(decided_at: datetime, soonest: datetime | None) -> datetime | None:
    """Until when a decision about a start can be taken back; None where people have to hear of it at once. `soonest`: when
    the next session was to begin as it was decided, cancelled or moved since or not."""
    if soonest is not None and decided_at <= soonest <= decided_at + NO_TIME_TO_WAIT:
        return None
    return decided_at + UNDO_DECISION


def start_is_told(sessions: int, begun: int) -> bool:
    """Whether people are told that a start is decided of which so many of the sessions have begun or are over: where every
    one has, there is nothing to come to."""
    return not sessions or begun < sessions


def ends_early(state: str, form: str) -> bool:
    """Whether what is left may be cancelled at once: of what runs. A group that has not started is decided upon."""
    return state == "started" or (state == "open" and form != "group")


@dataclass(frozen=True)
class StartFacts:
    """What decides about a start. `required` is the guideline's minimum, None where it has none."""

    section: str
    state: str
    minimum: int
    required: int | None
    sessions: int


def decide_start(facts: StartFacts, confirmed: int, with_fewer: bool) -> list[Reason]:
    """Why a cohort may not start now; an empty list means it may.

    Below the guideline's minimum nobody may start it; below a minimum of our own a coordinator may, by saying so.
    """
    params = {"section": facts.section, "confirmed": confirmed}
    found = []
    if facts.state == "planned":
        found.append(Reason("not_announced"))
    if not facts.sessions:
        found.append(Reason("no_sessions"))
    if facts.required is not None and confirmed < facts.required:
        found.append(Reason("below_guideline", params={**params, "minimum": facts.required}))
    elif confirmed == 0:
        found.append(Reason("nobody"))
    elif confirmed < facts.minimum and not with_fewer:
        found.append(Reason("below_own", params={**params, "minimum": facts.minimum}))
    return found


def why_not_fewer(minimum: int, confirmed: int, reason: str) -> list[Reason]:
    """Whoever starts a group with fewer than its minimum says why, from the fixed list."""
    return [Reason("fewer_why", "skal")] if confirmed < minimum and reason not in FEWER_REASONS else []


def start_choice(facts: StartFacts, confirmed: int) -> StartChoice:
    """What a coordinator is offered: start, start with fewer than our own minimum, or neither yet."""
    if not decide_start(facts, confirmed, with_fewer=False):
        return "start"
    return "not_yet" if decide_start(facts, confirmed, with_fewer=True) else "fewer"


def ends_by_decision(facts: StartFacts, confirmed: int, held: bool) -> bool:
    """Whether what is decided of a group that nobody has decided about can only be that it ends (decision 103): a session of
    it was `held`, so that it is neither cancelled nor postponed, and it may not start either."""
    return held and facts.state in {"open", "postponed"} and start_choice(facts, confirmed) == "not_yet"


def asks_of_people(ended_how: str | None) -> bool:
    """Whether those with a place are still asked for anything to make it sure. Not once it is said how it ended: no study
    visit can be made any more, and there is nothing to accept the conditions of."""
    return ended_how is None


def why_not_postpone(
    state: str, first: datetime | None, new_first: date, decide_by: date, schedule: Schedule, now: datetime
) -> list[Reason]:
    """What stands against another first day. It must be later than the old one, with the decision on or before it."""
    today, found = local_date(now), []
    if state not in UNDECIDED:
        return [Reason("cohort_over")]
    if new_first > today + FURTHEST:
        found.append(Reason("too_far", "start"))
    elif schedule.missing or not schedule.sessions:
        found.append(Reason("no_days", "start", {"missing": schedule.missing}))
    elif schedule.slots[0].starts_at <= now:
        found.append(Reason("past", "start"))
    elif first is not None and schedule.sessions[0].day <= local_date(first):
        found.append(Reason("not_later", "start", {"day": local_date(first)}))
    if decide_by < today:
        found.append(Reason("past", "beslut"))
    elif schedule.sessions and decide_by > schedule.sessions[0].day:
        found.append(Reason("decided_after_start", "beslut"))
    return found
