"""What Piccolo cannot declare: the composite foreign key, partial indexes, and the ballot box's functions."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-22T06:00:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "constraints, indexes and functions"

FORWARDS = [
    """alter table seat add constraint seat_within_cohort_maximum
       foreign key (cohort_id, maximum) references cohort (id, maximum) on update cascade on delete cascade""",
    "create index cohort_by_programme on cohort (programme_id)",
    "create index cohort_undecided on cohort (decide_by) where state in ('planned', 'open', 'postponed')",
    "create index session_by_cohort on cohort_session (cohort_id, starts_at)",
    "create index session_by_start on cohort_session (starts_at)",
    "create index cohort_staff_by_staff on cohort_staff (staff_id)",
    "create index decision_by_cohort on start_decision (cohort_id)",
    "create index enrolment_queue on enrolment (cohort_id, arrival) where state = 'queued'",
    "create index enrolment_by_state on enrolment (cohort_id, state)",
    "create index offer_due on enrolment (offer_expires_at) where state = 'offered'",
    "create index enrolment_by_participant on enrolment (participant_id) where participant_id is not null",
    "create index visit_slot_by_cohort on visit_slot (cohort_id, starts_at)",
    "create index study_visit_by_slot on study_visit (slot_id)",
    "create index place_session_by_end on place_session (ends_at)",
    "create index place_session_by_enrolment on place_session (enrolment_id)",
    "create index staff_session_by_staff on staff_session (staff_id)",
    "create index attendance_by_enrolment on attendance (enrolment_id)",
    "create index feed_by_enrolment on feed (enrolment_id) where enrolment_id is not null",
    "create index feed_by_cohort on feed (cohort_id) where cohort_id is not null",
    "create index feed_by_staff on feed (staff_id) where staff_id is not null",
    "create index notice_by_enrolment on notice (enrolment_id)",
    "create index notice_waiting on notice (created_at) where state = 'waiting'",
    "create index slip_by_ballot on slip (ballot_id)",
    "create index sealed_answer_by_ballot on sealed_answer (ballot_id)",
    "create index key_destruction_pending on key_destruction (intended_at) where done_at is null",
    "create index audit_by_subject on audit_entry (subject)",
]
BACKWARDS = [
    "alter table seat drop constraint seat_within_cohort_maximum",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    async def run_back() -> None:
        from programmes.core.db import fetch

        for statement in BACKWARDS:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
