"""Reads about what one browser has taken in one start (decision 30)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.core.db import fetch
from programmes.enrolment.browser_rules import Browser as Browser
from programmes.enrolment.browser_rules import marks
from programmes.enrolment.code_queries import session_digest
from programmes.enrolment.rules import ALIVE


def browser_of(secret: str, cohort_id: int, tokens: Iterable[str], said: Iterable[UUID]) -> Browser:
    """The browser with this secret and these tokens of Min plats, as far as a start goes; `said` are the places that its
    page has named."""
    opened = [session_digest(token) for token in tokens if token]
    return Browser(marks(secret, cohort_id), opened, frozenset(said))


@dataclass(frozen=True)
class Known:
    """What is there already: `sent`, the places by the stored form of the once-number they were sent with; `used`, which
    marks of a browser are in use; and `taken`, the places of a start, or waits for one, that it has taken or has open."""

    sent: Mapping[bytes, UUID]
    used: frozenset[bytes]
    taken: frozenset[UUID]


async def known(browser: Browser, once_digests: Sequence[bytes], cohort_id: int, now: datetime) -> Known:
    """What was sent before, and what a browser has taken. What was left since is not taken, nor is what was taken more than
    half an hour ago."""
    rows = await fetch(
        """select p.id as mark, null as once, e.id, e.cohort_id = $2 and e.state = any($3::text[])
                  and p.ends_at > $4 and p.ends_at <= $4 + interval '35 minutes' as here
           from place_session p join enrolment e on e.id = p.enrolment_id where p.id = any($1::bytea[])
           union all select null, once_digest, id, false from enrolment where once_digest = any($5::bytea[])""",
        [*browser.marks, *browser.opened],
        cohort_id,
        sorted(ALIVE),
        now,
        list(once_digests),
    )
    return Known(
        {row["once"]: row["id"] for row in rows if row["once"]},
        frozenset(row["mark"] for row in rows if row["mark"]),
        frozenset(row["id"] for row in rows if row["here"]),
    )


async def taken_in(browser: Browser, cohort_id: int, now: datetime) -> frozenset[UUID]:
    """The places of a start, or waits for one, that a browser has taken or has open."""
    return (await known(browser, (), cohort_id, now)).taken if browser.marks or browser.opened else frozenset()
