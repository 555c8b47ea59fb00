"""Reads about holds on records."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from programmes.core.db import fetch, fetchval
from programmes.people.hold_rules import HOLD_REASONS as HOLD_REASONS
from programmes.people.hold_rules import Hold as Hold
from programmes.people.hold_rules import HoldReason as HoldReason
from programmes.people.hold_rules import in_force as in_force

# What keeps `p` on the local day `{day}`. A record that is held is erased by nothing that counts days.
HELD = """exists (select 1 from retention_hold h where h.participant_id = {person} and h.lifted_at is null
                  and (h.until is null or h.until >= {day}))"""


async def holds_of(people: Collection[UUID]) -> Mapping[UUID, tuple[Hold, ...]]:
    """Every hold that these records have or have had, the newest first. Who has none is left out."""
    rows = await fetch(
        """select h.participant_id, h.id, h.reason, h.until, h.set_at, coalesce(s.display_name, '') as by, h.lifted_at
           from retention_hold h left join staff s on s.id = h.set_by
           where h.participant_id = any($1::uuid[]) order by h.id desc""",
        list(people),
    )
    found: dict[UUID, list[Hold]] = {}
    for row in rows:
        hold = Hold(row["id"], row["reason"], row["until"], row["set_at"], row["by"], row["lifted_at"])
        found.setdefault(row["participant_id"], []).append(hold)
    return {person: tuple(holds) for person, holds in found.items()}


async def is_held(person_id: UUID, today: date) -> bool:
    """Whether a record is held on this local day; under its lock when it is to be erased."""
    return bool(await fetchval(f"select {HELD.format(person='$1', day='$2')}", person_id, today))


async def stands_already(person_id: UUID, reason: HoldReason, until: date | None, staff_id: int, today: date) -> bool:
    """Whether the very same hold, by the same person, is in force on this local day."""
    holds = """select exists (select 1 from retention_hold where participant_id = $1 and lifted_at is null and reason = $2
               and until is not distinct from $3 and set_by = $4 and (until is null or until >= $5))"""
    return bool(await fetchval(holds, person_id, reason, until, staff_id, today))
