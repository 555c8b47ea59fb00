"""What was noted about a session, exactly as its section of the guideline allows."""

from piccolo.columns import UUID, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from programmes.cohorts.tables import Cohort, CohortSession
from programmes.enrolment.tables import Enrolment
from programmes.people.tables import Staff


class Attendance(Table, tablename="attendance"):
    """Roll call by person, for individual-level programmes. Never a reason."""

    id: Serial = Serial(primary_key=True)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=False)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    mark = Text(default=None)
    marked_at = Timestamptz(default=None)
    known_mark = Check("mark in ('present', 'excused', 'no_show')")
    one_mark_per_session = Unique(["session_id", "enrolment_id"])


class HeadCount(Table, tablename="head_count"):
    """How many came, by sex (2.1, 2.12, 3.1, 3.2)."""

    id: Serial = Serial(primary_key=True)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=False, unique=True)
    women = Integer(default=0)
    men = Integer(default=0)
    other = Integer(default=0)
    counted_at = Timestamptz(default=None)
    counts_sensible = Check("women between 0 and 500 and men between 0 and 500 and other between 0 and 500")


class UniqueParticipants(Table, tablename="unique_participants"):
    """How many different people took part in a cohort, by sex, entered at closing: sums of visits are not people."""

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, unique=True)
    women = Integer(default=0)
    men = Integer(default=0)
    other = Integer(default=0)
    unique_counts_sensible = Check("women between 0 and 500 and men between 0 and 500 and other between 0 and 500")


class PeriodTotal(Table, tablename="period_total"):
    """A programme's figures for a half-year, into which closed individual series dissolve (promise 2)."""

    id: Serial = Serial(primary_key=True)
    section = Text(default=None)
    half_year = Text(default=None)
    form = Text(default=None)
    ended_how = Text(default=None)
    series = Integer(default=0)
    talks = Integer(default=0)
    updated_at = Timestamptz(default=None)
    one_total_each = Unique(["section", "half_year", "form", "ended_how"])


class ClosedFigures(Table, tablename="closed_figures"):
    """What a documented cohort came to, one row for each that is closed, written as it closes and never changed: reports
    print the same later, though its people have been erased (decision 32). Nobody is in it.

    `closed_on`: the local day it is counted on. `people`: who came at least once, and `women`, `men`, `other` of them.
    `visits`, `excused`, `no_shows`: marks. `dropped_out`: left a confirmed place after the start, or never came. `waited`:
    whose wait is known, `waited_days` of them together, from the application to the first session, or to the place if later.
    `study_visits` that were made, `led_on` to a place.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, unique=True)
    closed_on = Date(default=None, index=True)
    held = Integer(default=0)
    cancelled_sessions = Integer(default=0)
    people = Integer(default=0)
    women = Integer(default=0)
    men = Integer(default=0)
    other = Integer(default=0)
    visits = Integer(default=0)
    excused = Integer(default=0)
    no_shows = Integer(default=0)
    completed = Integer(default=0)
    dropped_out = Integer(default=0)
    waited = Integer(default=0)
    waited_days = Integer(default=0)
    study_visits = Integer(default=0)
    led_on = Integer(default=0)
    figures_not_negative = Check(
        "least(held, cancelled_sessions, people, women, men, other, visits, excused, no_shows, completed, dropped_out,"
        " waited, waited_days, study_visits, led_on) >= 0"
    )
    sexes_make_people = Check("women + men + other = people")
    who_came_has_visits = Check("people <= visits")
    led_on_means_visited = Check("led_on <= study_visits")


class CaseTransfer(Table, tablename="case_transfer"):
    """That the attendance of a documented cohort was moved to the municipality's case system: when and by whom."""

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, unique=True)
    confirmed_at = Timestamptz(default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=False)


class ErasureReceipt(Table, tablename="erasure_receipt"):
    """That the working list of a cohort went: which day, by which rule, by whom (nobody: the worker). No number, no name.

    `cohort_id` is no foreign key, and null for an individual series, whose own rows have dissolved into its programme's.
    """

    id: UUID = UUID(primary_key=True, default=None)
    cohort_id = Integer(null=True, default=None)
    section = Text(default=None)
    form = Text(default=None)
    level = Text(default=None)
    rule = Text(default=None)
    erased_on = Date(default=None)
    staff_id = Integer(null=True, default=None)
    known_rule = Check("rule in ('closing', 'cancelled', 'overdue')")
    known_level = Check("level in ('names', 'count', 'held')")
