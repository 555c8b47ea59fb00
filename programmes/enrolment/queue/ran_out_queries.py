"""Reads about what ran out: of whom something is still kept, so that they can read it."""

from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch


async def kept() -> dict[UUID, datetime]:
    """Enrolments that ran out and can still be read on Min plats, and when each of them ended."""
    rows = await fetch("select id, ended_at from enrolment where state = 'expired' and undo_until is not null order by id")
    return {row["id"]: row["ended_at"] for row in rows}
