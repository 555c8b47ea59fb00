"""Searching for somebody by exactly what is known of them; every search is in the access log, also one that finds nobody."""

from datetime import datetime

from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.errors import CannotGoOn
from programmes.core.sealing import KeyFolder
from programmes.enrolment.records.search_queries import Found, empty_searches, ways_of
from programmes.enrolment.records.search_rules import minutes_to_wait
from programmes.enrolment.roster import label_of
from programmes.people import lookup_services
from programmes.people.looks import Look, note_nobody

__all__ = ["Found", "TooMany", "search"]


class TooMany(CannotGoOn):
    """So many searches found nobody that the next one waits."""

    def __init__(self, minutes: int) -> None:
        super().__init__("too_many_searches")
        self.minutes = minutes


async def search(typed: str, look: Look, keys: KeyFolder, now: datetime) -> list[tuple[Found, str]]:
    """Where somebody with this number, name or contact channel takes part, among the cohorts that the asker works with,
    and what staff call them there. Whom it finds has been seen by `look`; that it found nobody is a line too (decision 84).

    What was typed is kept nowhere. Searches of one member of staff come one after the other: a hundred at once are counted
    as a hundred.

    Raises:
        TooMany: the ones before found nobody, too often (`search_rules`). Nothing has been looked up.
    """
    who = look.who.staff_id
    async with transaction():
        await execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"search/{who}")
        if minutes := minutes_to_wait(await empty_searches(who, now), now):
            raise TooMany(minutes)
        people = await lookup_services.find(typed, keys)
        found = await ways_of(people, look.who, local_date(now)) if people else []
        if not found:
            await note_nobody(look, now)
    return [(one, label_of(one.facts, keys, look)) for one in found]
