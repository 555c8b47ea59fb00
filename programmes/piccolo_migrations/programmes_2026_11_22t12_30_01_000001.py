"""Who is there already keeps the order they came in; from now on the database holds to it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check, Unique

ID = "2026-11-22T12:30:01:000001"
VERSION = "1.38.0"
DESCRIPTION = "first come, first served, as constraints"

# The version before this one goes on writing while it is replaced, and knows of no turn.
FORWARDS = [
    """create function turn_is_arrival_at_first() returns trigger language plpgsql as $$
       begin
           if new.turn = 0 then
               new.turn := new.arrival;
           end if;
           return new;
       end $$""",
    """create trigger turn_is_arrival_at_first before insert on enrolment
       for each row execute function turn_is_arrival_at_first()""",
    "update enrolment set turn = arrival",
    """insert into queue_event (enrolment_id, at, kind)
       select id, applied_at, case when only_waited then 'applied_queue' else 'applied' end from enrolment
       order by applied_at, arrival""",
    "drop index enrolment_queue",
    "create index enrolment_queue on enrolment (cohort_id, turn) where state = 'queued'",
    "create index queue_event_by_enrolment on queue_event (enrolment_id)",
]
BACKWARDS = [
    "drop trigger turn_is_arrival_at_first on enrolment",
    "drop function turn_is_arrival_at_first()",
    "drop index queue_event_by_enrolment",
    "drop index enrolment_queue",
    "create index enrolment_queue on enrolment (cohort_id, arrival) where state = 'queued'",
]
CHECKS = {
    "known_skip_reason": "skip_reason in ('wait', 'no_answer', 'unreachable', 'conditions', 'clash')",
    "known_order_reason": "order_reason in ('office_error', 'cancelled_start', 'together', 'age_limit', 'transfer')",
    "turn_is_arrival_without_a_reason": "turn > 0 and (turn = arrival or order_reason is not null)",
}


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
    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="one_turn_each",
        constraint_class=Unique,
        params={"columns": ["cohort_id", "turn"], "nulls_distinct": True},
        schema=None,
    )
    for name, condition in CHECKS.items():
        manager.add_constraint(
            table_class_name="Enrolment",
            tablename="enrolment",
            constraint_name=name,
            constraint_class=Check,
            params={"condition": condition},
            schema=None,
        )
    return manager
