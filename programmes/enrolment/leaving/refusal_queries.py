"""Reads about people who were turned down: why, and of whom something is still kept."""

from uuid import UUID

from programmes.core.db import fetch


async def conditions(enrolment_id: UUID) -> frozenset[str]:
    """Which conditions somebody was found not to meet."""
    rows = await fetch("select condition from condition_unmet where enrolment_id = $1", enrolment_id)
    return frozenset(row["condition"] for row in rows)


async def kept() -> list[UUID]:
    """Enrolments that were refused and can still be read on Min plats."""
    rows = await fetch("select id from enrolment where state = 'refused' and undo_until is not null order by id")
    return [row["id"] for row in rows]
