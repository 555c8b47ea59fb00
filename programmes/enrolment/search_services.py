"""Searching for somebody by exactly what is known of them; every search is noted, also one that finds nobody."""

from datetime import datetime

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment.search_queries import Found, ways_of
from programmes.people import lookup_services

__all__ = ["Found", "search"]


async def search(typed: str, principal: Principal, keys: KeyFolder, now: datetime) -> list[Found]:
    """Where somebody with this number, name or contact channel takes part, among the cohorts that the asker works with.

    What was typed is kept nowhere.
    """
    people = await lookup_services.find(typed, keys)
    found = await ways_of(people, principal, local_date(now)) if people else []
    async with transaction():
        for person in sorted({str(one.facts.participant_id) for one in found}):
            await audit.note("person:search", f"participant/{person}", principal.staff_id, now)
        if not found:
            await audit.note("person:search_empty", f"staff/{principal.staff_id}", principal.staff_id, now)
    return found
