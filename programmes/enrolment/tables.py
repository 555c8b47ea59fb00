"""One person's way through a cohort. For identity-exempt programmes no column here can hold who somebody is."""

from decimal import Decimal

from piccolo.columns import (
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    Serial,
    Text,
    Timestamptz,
)
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from programmes.cohorts.tables import Cohort, CohortSession, Venue
from programmes.people.tables import Participant, Staff


class VisitSlot(Table, tablename="visit_slot"):
    """A bookable study visit before a cohort. `free_since`: since when there has been room, as long as there is any.
    `once_digest` tells the form that offered it.

    `sequence` and `revised_at` change with whether it takes place: they are what calendars compare (DESIGN 8). The release
    before does not write them; what it cancelled has changed once at least.

    `one_visit_at_a_time`, an exclusion constraint made in the migration: a leader's visits never overlap, cancelled ones
    apart.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False)
    starts_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    venue_id = ForeignKey(Venue, on_delete=OnDelete.restrict, null=False)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.restrict, null=True, default=None)
    capacity = Integer(default=1)
    cancelled_at = Timestamptz(null=True, default=None)
    free_since = Timestamptz(null=True, default=None)
    once_digest = Bytea(null=True, default=None, unique=True)
    sequence = Integer(default=0)
    revised_at = Timestamptz(null=True, default=None)
    visit_ends_after_start = Check("starts_at < ends_at")
    visit_capacity_sensible = Check("capacity between 1 and 50")


class Enrolment(Table, tablename="enrolment"):
    """A person's way through one cohort.

    `sealed` holds alias, contact channel and place code, under the entry's own key `key_id`; both are null once the key
    is due for destruction. `participant_id` is set for individual-level programmes only (`nobody_documented_here`).
    `declared_for` is the first session's day that the age was ticked or checked for; when that day moves, the tick is asked
    for again, and staff are warned of a birth date that no longer fits; `age_checked_for` is the day that has been looked at
    since for who waits. Of a proof that was shown, documented programmes note when and to whom; exempt ones have a
    tick. `only_waited`: there has been no place, only a wait for one.

    `arrival` never changes. `turn` is the order of the queue: it is the arrival, unless `order_reason` says why not.
    `passed_at`: a coordinator let somebody go before. `asked_to_come`: they came among many at once from one address, and
    are offered a place when they have said that they come.
    `contact_bounced`: a mail to the address that is kept has come back, or the address or number was refused for
    good. Until it is another one, or staff say that it works, no message that went there is taken for received.
    `visit_cancelled_at`: the office has cancelled a study visit of theirs, which never costs the place.
    `consent_withdrawn_at`: the consent to contact with the partner was taken back, and no leader has seen it yet.
    `together_id`: siblings who wait together have the same, as long as they wait; they get places at once or not at all.
    `visit_anew_since`: since when a study visit has to be booked anew: the one before is no longer, or nobody had told
    them in time.
    `place_since`: since when the place has been theirs, of documented people only. Who has left can undo it until
    `undo_until` and gets back what they `left_from`, and the study visit that was booked (`left_slot_id`) if there is room;
    then all are null, and the sealed part is gone. So with who was refused, which staff can undo; and with whose time ran
    out (`expired`), which nobody can undo: until then at the most they read it on Min plats (`ran_out_rules`).
    """

    id: UUID = UUID(primary_key=True, default=None)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.restrict, null=False)
    participant_id = ForeignKey(Participant, on_delete=OnDelete.restrict, null=True, default=None)
    state = Text(default=None)
    arrival = Integer(default=None)
    turn = Numeric(default=Decimal(0))
    order_reason = Text(null=True, default=None)
    passed_at = Timestamptz(null=True, default=None)
    applied_at = Timestamptz(default=None)
    confirmed_at = Timestamptz(null=True, default=None)
    offer_expires_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    skip_reason = Text(null=True, default=None)
    key_id = UUID(null=True, default=None)
    sealed = Bytea(null=True, default=None)
    code_digest = Bytea(null=True, default=None, unique=True)
    once_digest = Bytea(null=True, default=None, unique=True)
    proof_checked_at = Timestamptz(null=True, default=None)
    proof_checked_by = Integer(null=True, default=None)
    proof_ticked = Boolean(null=True, default=None)
    guardian_ticked = Boolean(null=True, default=None)
    partner_consent = Boolean(null=True, default=None)
    language = Text(default="sv")
    declared_for = Date(null=True, default=None)
    age_checked_for = Date(null=True, default=None)
    only_waited = Boolean(default=False)
    visit_cancelled_at = Timestamptz(null=True, default=None)
    consent_withdrawn_at = Timestamptz(null=True, default=None)
    place_since = Timestamptz(null=True, default=None)
    visit_anew_since = Timestamptz(null=True, default=None)
    undo_until = Timestamptz(null=True, default=None)
    left_from = Text(null=True, default=None)
    left_slot_id = ForeignKey(VisitSlot, on_delete=OnDelete.set_null, null=True, default=None, index=True)
    asked_to_come = Boolean(default=False)
    contact_bounced = Boolean(default=False)
    together_id: UUID = UUID(null=True, default=None)
    known_enrolment_state = Check(
        "state in ('preliminary', 'confirmed', 'queued', 'offered', 'completed', 'dropped_out', 'withdrawn', 'declined',"
        " 'expired', 'transferred', 'refused')"
    )
    offer_has_an_end = Check("(state = 'offered') = (offer_expires_at is not null)")
    proof_of_nobody_is_a_tick = Check(
        "participant_id is not null or (proof_checked_at is null and proof_checked_by is null)"
    )
    kept_is_for_what_has_ended = Check(
        "(undo_until is null) = (left_from is null)"
        " and (undo_until is null or state in ('withdrawn', 'refused', 'expired'))"
        " and coalesce(left_from, 'queued') in ('preliminary', 'confirmed', 'queued', 'offered')"
        " and (left_from is distinct from 'offered' or state = 'expired')"
    )
    one_arrival_each = Unique(["cohort_id", "arrival"])
    one_turn_each = Unique(["cohort_id", "turn"])
    known_reason_to_pass_over = Check("skip_reason in ('wait', 'no_answer', 'unreachable', 'conditions', 'clash', 'age')")
    known_order_reason = Check("order_reason in ('office_error', 'cancelled_start', 'together', 'age_limit', 'transfer')")
    asked_to_come_holds_no_place = Check(
        "not asked_to_come or (participant_id is null and state not in ('preliminary', 'confirmed', 'offered'))"
    )
    together_is_for_who_waits_unnamed = Check(
        "together_id is null or (participant_id is null and state in ('queued', 'offered', 'withdrawn', 'refused'))"
    )
    withdrawn_consent_is_no_yes = Check("consent_withdrawn_at is null or partner_consent is not true")
    known_language = Check("language in ('sv', 'en')")
    turn_is_arrival_without_a_reason = Check("turn > 0 and (turn = arrival or order_reason is not null)")


class PartnerRecord(Table, tablename="partner_record"):
    """Whom staff may contact about somebody's partner (2.14), sealed under a key of its own: never part of the participant's
    record. The id is the key's.

    It may be read while the enrolment is alive and the consent stands; `partner_services` has the rule. An enrolment that is
    deleted leaves it without one, and then the worker destroys its key like any other's whose time is over.
    """

    id: UUID = UUID(primary_key=True, default=None)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.set_null, null=True, default=None, unique=True)
    sealed = Bytea(default=None)
    kept_at = Timestamptz(default=None)


class KeptApart(Table, tablename="kept_apart"):
    """Two documented people who must not meet (får inte mötas), each way round; no reason, and not who said so.

    Goes when one of their groups closes, and with either enrolment. `apart_queries` asks where they would meet.
    """

    id: Serial = Serial(primary_key=True)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    other_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False, index=True)
    once_each_way = Unique(["enrolment_id", "other_id"])
    not_from_themselves = Check("enrolment_id <> other_id")


class QueueEvent(Table, tablename="queue_event"):
    """What became of an application, in order: the proof of who came before whom while the cohort lives.

    Goes with the enrolment. `reason` is a code of a fixed list, for a skip or a change of order; `turn_before` and
    `turn_after` are the order of the queue around such a change.
    """

    id: BigSerial = BigSerial(primary_key=True)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    at = Timestamptz(default=None)
    kind = Text(default=None)
    reason = Text(null=True, default=None)
    turn_before = Numeric(null=True, default=None)
    turn_after = Numeric(null=True, default=None)
    staff_id = Integer(null=True, default=None)
    known_line_of_its_queue = Check(
        "kind in ('applied', 'applied_queue', 'offered', 'accepted', 'declined', 'expired', 'left', 'skipped', 'lifted',"
        " 'order_changed', 'order_restored', 'offer_ended', 'moved_away', 'moved_here', 'moved_here_queue', 'coming',"
        " 'came_back', 'came_back_queue', 'completed', 'refused', 'asked_to_come', 'seated',"
        " 'passed_together', 'passed_asked', 'apart', 'not_going_on', 'ended_before_restore')"
    )
    event_of_the_queue_has_its_reason = Check(
        "case kind when 'skipped' then coalesce(reason in"
        " ('wait', 'no_answer', 'unreachable', 'conditions', 'clash', 'age'), false)"
        " when 'order_changed' then coalesce(reason in"
        " ('office_error', 'cancelled_start', 'together', 'age_limit'), false) else reason is null end"
    )


class QueueMaximum(Table, tablename="queue_maximum"):
    """That the most places of a cohort changed, after the event of its queue with the id `after_event` (0: there was none).
    Events are written under the cohort's lock, as this is, so the order is exact."""

    id: BigSerial = BigSerial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, index=True)
    after_event = BigInt(default=None)
    at = Timestamptz(default=None)
    before = Integer(default=None)
    after = Integer(default=None)
    staff_id = Integer(null=True, default=None)
    most_places_differ = Check("before <> after")


class Seat(Table, tablename="seat"):
    """A numbered place. The constraints, not only the lock, make overbooking impossible (promise 1).

    `seat_within_cohort_maximum`, a composite foreign key to cohort (id, maximum), is made in the migration.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = Integer(default=None)
    maximum = Integer(default=None)
    number = Integer(default=None)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False, unique=True)
    seat_within_capacity = Check("number between 1 and maximum")
    one_holder_per_seat = Unique(["cohort_id", "number"])


class ConditionMet(Table, tablename="condition_met"):
    """That a condition was met (or declared) when the place was taken; never an answer that says more. `counted_for`: the
    first session's day that it was declared for, where years count to that (2.19)."""

    id: Serial = Serial(primary_key=True)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    condition = Text(default=None)
    met_at = Timestamptz(default=None)
    counted_for = Date(null=True, default=None)
    one_per_condition = Unique(["enrolment_id", "condition"])
    condition_is_a_name = Check("condition ~ '^[a-z0-9_]{1,60}$'")


class ConditionUnmet(Table, tablename="condition_unmet"):
    """Which condition staff found that somebody doesn't meet, by its name in the edition; never a text.

    Of somebody nobody knows it goes with the key of their entry.
    """

    id: Serial = Serial(primary_key=True)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    condition = Text(default=None)
    unmet_once_each = Unique(["enrolment_id", "condition"])
    unmet_condition_is_a_name = Check("condition ~ '^[a-z0-9_]{1,60}$'")


class StudyVisit(Table, tablename="study_visit"):
    """One person's study visit: booked, attended, missed or cancelled by the office, and whether both wish to go on.

    Nothing else is noted. Who takes a booking back has none.
    """

    id: Serial = Serial(primary_key=True)
    slot_id = ForeignKey(VisitSlot, on_delete=OnDelete.restrict, null=False)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False, unique=True)
    state = Text(default="booked")
    person_goes_on = Boolean(null=True, default=None)
    staff_goes_on = Boolean(null=True, default=None)
    booked_at = Timestamptz(default=None)
    marked_at = Timestamptz(null=True, default=None)
    known_study_visit_state = Check("state in ('booked', 'attended', 'missed', 'cancelled')")


class AgreementText(Table, tablename="agreement_text"):
    """A version of a programme's conditions or group rules, in Swedish and English, never edited after use: web and worker
    have no right to, and `accepted_text_never_changes`, a trigger made in the migration, holds the owner too."""

    id: Serial = Serial(primary_key=True)
    section = Text(default=None)
    kind = Text(default=None)
    version = Integer(default=None)
    valid_from = Date(default=None)
    lines_sv = Text(default=None)
    lines_en = Text(default=None)
    known_agreement_kind = Check("kind in ('conditions', 'rules')")
    one_text_per_version = Unique(["section", "kind", "version"])


class Agreement(Table, tablename="agreement"):
    """Which version somebody accepted, when, and how (on screen or on paper)."""

    id: Serial = Serial(primary_key=True)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    text_id = ForeignKey(AgreementText, on_delete=OnDelete.restrict, null=False)
    accepted_at = Timestamptz(default=None)
    how = Text(default="screen")
    known_way_of_accepting = Check("how in ('screen', 'paper')")
    accepted_once = Unique(["enrolment_id", "text_id"])


class PlaceSession(Table, tablename="place_session"):
    """Min plats opened in a browser, for 30 minutes. The id is the SHA-256 of the cookie's token; or, of a place that was
    taken there, a mark that opens nothing (`browser_rules.marks`)."""

    id: Bytea = Bytea(primary_key=True, default=None)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False)
    ends_at = Timestamptz(default=None)


class FirstRight(Table, tablename="first_right"):
    """Who applied to a start that was cancelled may move to another before newcomers, until then: as many places as there
    are people left are kept there. The worker takes it away when its time is over."""

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, index=True)
    from_cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False, unique=True)
    opened_at = Timestamptz(default=None)
    until = Timestamptz(default=None)
    first_right_elsewhere = Check("cohort_id <> from_cohort_id")


class CanThen(Table, tablename="can_then"):
    """What somebody answered when their start was postponed (`asked_at`): whether they can come on the new days. No row is
    no answer, never a no. It goes when they leave or move."""

    id: Serial = Serial(primary_key=True)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.cascade, null=False, unique=True)
    asked_at = Timestamptz(default=None)
    can = Boolean(default=None)


class KeptFigure(Table, tablename="kept_figure"):
    """What the rows of people whose records have been erased said in the figures of a documented cohort: how their way
    ended (`completed`, …), at how many sessions of it somebody was (`session_id`), how many came at all (`came`), made a
    study visit (`visited`) and had a confirmed place then (`led_on`).

    Figures are these and the rows that are left, together (`attendance.queries.figures`). `erased_on` is the local day on
    which somebody's rows last went into the figure; empty where the release before did it.
    """

    id: Serial = Serial(primary_key=True)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=False)
    session_id = ForeignKey(CohortSession, on_delete=OnDelete.cascade, null=True, default=None)
    figure = Text(default=None)
    n = Integer(default=0)
    erased_on = Date(null=True, default=None)
    known_figure_of_a_cohort = Check(
        "case when session_id is null then figure in ('preliminary', 'confirmed', 'queued', 'offered', 'completed',"
        " 'dropped_out', 'withdrawn', 'declined', 'expired', 'transferred', 'refused', 'came', 'visited', 'led_on')"
        " else figure in ('present', 'excused', 'no_show') end"
    )
    something_was_kept = Check("n > 0")
