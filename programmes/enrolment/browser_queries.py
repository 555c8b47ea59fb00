"""Reads about what one browser has taken in one start (decision 30)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.enrolment.browser_rules import Browser as Browser
from programmes.enrolment.browser_rules import marks
from programmes.enrolment.queries import session_digest
from programmes.enrolment.rules import ALIVE


def browser_of(secret: str, cohort_id: int, tokens: Iterable[str], said: Iterable[UUID]) -> Browser:
    """The browser with this secret and these tokens of Min plats, as far as a start goes; `said` are the places that its
    page has named."""
    opened = [session_digest(token) for token in tokens if token]
    return Browser(marks(secret, cohort_id), opened, frozenset(said))


async def taken_in(browser: Browser, cohort_id: int, now: datetime) -> tuple[frozenset[bytes], frozenset[UUID]]:
    """Which marks of a browser are in use, and the places of a start, or waits for one, that it has taken or has open. What
    was left since is none, nor is what was taken more than half an hour ago."""
    looked_for = [*browser.marks, *browser.opened]
    if not looked_for:
        return frozenset(), frozenset()
    rows = await fetch(
        """select p.id as mark, e.id, e.cohort_id = $2 and e.state = any($3::text[])
                  and p.ends_at > $4 and p.ends_at <= $4 + interval '35 minutes' as here
           from place_session p join enrolment e on e.id = p.enrolment_id where p.id = any($1::bytea[])""",
        looked_for,
        cohort_id,
        sorted(ALIVE),
        now,
    )
    return frozenset(row["mark"] for row in rows), frozenset(row["id"] for row in rows if row["here"])
