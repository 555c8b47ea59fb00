"""Of a proof shown in an exempt programme only a tick is kept; who only waited is known; a form can be sent anew."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean
from piccolo.constraints import Check

ID = "2026-11-22T11:10:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "a tick for proofs of nobody, and who only waited"
_USUAL = {"primary_key": False, "unique": False, "index": False}
_OVER = "('completed', 'dropped_out', 'withdrawn', 'declined', 'expired', 'transferred', 'refused')"


FORWARDS = [
    "update enrolment set proof_checked_at = null, proof_checked_by = null where participant_id is null",
    f"update enrolment set once_digest = null where state in {_OVER}",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    manager.add_raw(run)
    ticks = {"proof_ticked": {"default": None, "null": True}, "only_waited": {"default": False, "null": False}}
    for name, params in ticks.items():
        manager.add_column(
            table_class_name="Enrolment",
            tablename="enrolment",
            column_name=name,
            db_column_name=name,
            column_class_name="Boolean",
            column_class=Boolean,
            params={**_USUAL, **params},
            schema=None,
        )
    manager.add_constraint(
        table_class_name="Enrolment",
        tablename="enrolment",
        constraint_name="proof_of_nobody_is_a_tick",
        constraint_class=Check,
        params={"condition": "participant_id is not null or (proof_checked_at is null and proof_checked_by is null)"},
        schema=None,
    )
    return manager
