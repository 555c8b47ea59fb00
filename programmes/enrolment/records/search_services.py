"""Searching for somebody by exactly what is known of them; every search is noted, also one that finds nobody."""

from datetime import datetime

from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment.records.search_queries import Found, ways_of
from programmes.enrolment.roster import label_of
from programmes.people import lookup_services
from programmes.people.looks import Look

__all__ = ["Found", "search"]


async def search(typed: str, look: Look, keys: KeyFolder, now: datetime) -> list[tuple[Found, str]]:
    """Where somebody with this number, name or contact channel takes part, among the cohorts that the asker works with,
    and what staff call them there. Whom it finds has been seen by `look`; that it found nobody is noted in the trail.

    What was typed is kept nowhere.
    """
    people = await lookup_services.find(typed, keys)
    found = await ways_of(people, look.who, local_date(now)) if people else []
    if not found:
        async with transaction():
            await audit.note("person:search_empty", f"staff/{look.who.staff_id}", look.who.staff_id, now)
    return [(one, label_of(one.facts, keys, look)) for one in found]
