"""Cohorts, their sessions, who leads them, where, and what was decided about the start."""

from piccolo.columns import Boolean, Date, ForeignKey, Integer, Serial, SmallInt, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from programmes.catalogue.tables import Programme
from programmes.people.tables import Staff


class Venue(Table, tablename="venue"):
    """A room that sessions are held in."""

    id: Serial = Serial(primary_key=True)
    name = Text(default=None, unique=True)
    address = Text(default=None)


class Closure(Table, tablename="closure"):
    """Days on which nothing is scheduled (school breaks), at one venue or, with none, everywhere. Both ends count."""

    id: Serial = Serial(primary_key=True)
    venue_id = ForeignKey(Venue, on_delete=OnDelete.cascade, null=True, default=None)
    first_day = Date(default=None)
    last_day = Date(default=None)
    reason = Text(default=None)
    ends_after_it_starts = Check("first_day <= last_day")


class Cohort(Table, tablename="cohort"):
    """One group, series or drop-in place. Also the lock under which seats and arrivals are given out.

    `every_weeks`: how often it meets; 0 when its days were chosen one by one.
    `one_at_a_time`: a series of talks whose times are booked as it goes on; none need be booked yet.
    `visit_days`: how long before the decision a study visit must be booked, where one is asked for.
    """

    id: Serial = Serial(primary_key=True)
    public_id = Text(default=None, unique=True)
    programme_id = ForeignKey(Programme, on_delete=OnDelete.restrict, null=False)
    name = Text(default=None)
    state = Text(default="planned")
    venue_id = ForeignKey(Venue, on_delete=OnDelete.restrict, null=False)
    minimum = Integer(default=1)
    maximum = Integer(default=1)
    enrol_from = Date(default=None)
    decide_by = Date(default=None)
    last_entry_session = Integer(default=1)
    visit_days = Integer(default=7)
    every_weeks = SmallInt(default=1)
    one_at_a_time = Boolean(default=False)
    arrivals = Integer(default=0)
    created_at = Timestamptz(default=None)
    started_at = Timestamptz(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)
    ended_how = Text(null=True, default=None)
    known_state = Check("state in ('planned', 'open', 'postponed', 'started', 'closed', 'cancelled')")
    visit_days_sensible = Check("visit_days between 0 and 60")
    every_weeks_sensible = Check("every_weeks between 0 and 4")
    limits_in_order = Check("1 <= minimum and minimum <= maximum and maximum <= 200")
    maximum_referable = Unique(["id", "maximum"])
    known_ending = Check("ended_how in ('completed', 'ended_early', 'cancelled')")


class CohortStaff(Table, tablename="cohort_staff"):
    """Who works with a cohort; a substitute until a date.

    `every_session`: on duty at all sessions until then, and from `duty_from` where they take over (`SessionDuty`);
    otherwise only at those that were given one by one.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    role = Text(default="leader")
    until = Date(null=True, default=None)
    every_session = Boolean(default=True)
    duty_from = Date(null=True, default=None)
    known_cohort_role = Check("role in ('leader', 'substitute')")
    once_per_cohort = Unique(["cohort_id", "staff_id"])


class CohortSession(Table, tablename="cohort_session"):
    """One session. `number` is its place among those that count; a cancelled one has none.

    `sequence` and `revised_at` change with time, place and status only: they are what calendars compare (DESIGN 8).
    `makes_up_for`: the cancelled session of the cohort that one at the end was added for.
    `shares_room`: somebody has said that another group is in the room then. Otherwise `one_group_per_room`, an exclusion
    constraint made in the migration, refuses it; cancelled sessions apart.
    `pattern_no`: which pattern of the group it follows, as they come one after the other; moving a session and the rest
    begins another, and gives each of them `pattern_start`, where that has it (decision 79). `talks_within_edition`, a
    deferred constraint trigger made there too, holds a series of talks to the most that its edition has.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False)
    number = Integer(null=True, default=None)
    starts_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    moved_from = Timestamptz(null=True, default=None)
    venue_id = ForeignKey(Venue, on_delete=OnDelete.restrict, null=False)
    theme = Text(default="")
    state = Text(default="planned")
    added = Boolean(default=False)
    makes_up_for = Integer(null=True, default=None)
    sequence = Integer(default=0)
    revised_at = Timestamptz(default=None)
    cancelled_at = Timestamptz(null=True, default=None)
    shares_room = Boolean(default=False)
    pattern_no = Integer(default=0)
    pattern_start = Timestamptz(null=True, default=None)
    known_session_state = Check("state in ('planned', 'moved', 'cancelled', 'held')")
    ends_after_start = Check("starts_at < ends_at")
    cancelled_has_no_number = Check("(state = 'cancelled') = (number is null)")
    one_session_per_number = Unique(["cohort_id", "number"])


class SessionDuty(Table, tablename="session_duty"):
    """Who stands at which session: nobody at two at once (`one_place_at_a_time`, an exclusion constraint of the migration).

    The triggers `settle_duty` keep one row for each session and each who works with its cohort at `every_session`, with the
    session's times, so that this never drifts from `cohort_session` and `cohort_staff`, whoever writes them. `given`: a
    session that somebody stands in for alone; a service writes the row, and it goes with their access. `away`: does not
    come (ill), until the session gets another day. `meant`: somebody has said that they are elsewhere too, until it gets
    another time.
    """

    id: Serial = Serial(primary_key=True)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=False)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False, index=True)
    starts_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    cancelled = Boolean(default=False)
    given = Boolean(default=False)
    away = Boolean(default=False)
    meant = Boolean(default=False)
    once_per_session = Unique(["session_id", "staff_id"])


class SessionChange(Table, tablename="session_change"):
    """One change of a cohort's sessions or of who stands there, kept for a while so that it can be undone.

    `before` and `after` are what `change_services` writes down: times, rooms, states and staff, as JSON; nobody else.
    `untold`: the messages to those with a place are not written yet. `tap`: the number of the first of the changes that were
    made with one tap, maybe of several cohorts, and are undone as one.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, index=True)
    kind = Text(default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    made_at = Timestamptz(default=None)
    undone_at = Timestamptz(null=True, default=None)
    before = Text(default=None)
    after = Text(default=None)
    untold = Boolean(default=False)
    tap = Integer(null=True, default=None)
    known_change_of_sessions = Check("""kind in ('move', 'move_rest', 'cancel', 'replace', 'leader', 'leader_rest', 'undo',
        'book', 'postpone', 'cancel_rest', 'cancel_start')""")


# The release before writes none of a start, and none was asked for before that.
REASON_OF_DECISION = (
    "reason = '' or case decision when 'start' then reason in ('more_to_come', 'works_with_fewer', 'no_waiting',"
    " 'next_is_far') else reason in ('too_few', 'no_leader', 'no_venue') end"
)


class StartDecision(Table, tablename="start_decision"):
    """Start, postpone or cancel: by whom, when, why (a word from a fixed list), with how many confirmed and how many there
    were to be at least then; that is null of what the release before wrote. `state_before` and `decide_before` are what
    undoing gives back; an undone one stays, with when and by whom."""

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False)
    decision = Text(default=None)
    reason = Text(default="")
    confirmed = Integer(default=0)
    minimum = SmallInt(null=True, default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    decided_at = Timestamptz(default=None)
    state_before = Text(null=True, default=None)
    decide_before = Date(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = ForeignKey(Staff, on_delete=OnDelete.restrict, null=True, default=None)
    known_decision = Check("decision in ('start', 'postpone', 'cancel')")
    known_reason_of_decision = Check(REASON_OF_DECISION)
    known_state_before = Check("state_before in ('planned', 'open', 'postponed')")


class SubstituteRequest(Table, tablename="substitute_request"):
    """Somebody is asked to stand in for somebody at one session. Why is kept nowhere.

    `answer_by`: when whoever asked is told that nobody has said yes. `for_start`, `for_end`, `for_venue`: when and where the
    session was to be as they last heard of it; the last two are unknown of what the release before wrote. `taken`: somebody
    else was first. `over`: the session was cancelled, moved or over. One says yes for each absence, and nobody is asked
    twice at a time: unique indexes made in the migration.
    """

    id: Serial = Serial(primary_key=True)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=False, index=True)
    absent_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    asked_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False, index=True)
    asked_by = Integer(default=None)
    asked_at = Timestamptz(default=None)
    answer_by = Timestamptz(default=None)
    for_start = Timestamptz(default=None)
    for_end = Timestamptz(null=True, default=None)
    for_venue = Integer(null=True, default=None)
    state = Text(default="asked")
    ended_at = Timestamptz(null=True, default=None)
    known_request_state = Check("state in ('asked', 'yes', 'no', 'withdrawn', 'taken', 'over')")
    nobody_stands_in_for_themselves = Check("absent_id <> asked_id")
    open_until_it_ends = Check("(state = 'asked') = (ended_at is null)")


class YearlyStarts(Table, tablename="yearly_starts"):
    """How many starts a year the office wants of a programme for which the guideline has no number, or more than it has."""

    id: Serial = Serial(primary_key=True)
    section = Text(default=None, unique=True)
    number = Integer(default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)
    set_at = Timestamptz(default=None)
    yearly_starts_sensible = Check("number between 0 and 12")
