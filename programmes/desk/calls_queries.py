"""Whom a notice could not reach: there is no address for it, or it did not arrive."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from programmes.core.db import fetch
from programmes.desk.calls_rules import Untold

# What a member of staff must tell when mail cannot: everything that changes when and whether somebody should come.
_MUST_BE_TOLD = (
    "session_moved",
    "session_cancelled",
    "rest_cancelled",
    "cohort_cancelled",
    "cohort_postponed",
    "place_moved",
)
_ABOUT_STARTS = timedelta(days=30)


async def untold(cohort_ids: Iterable[int], now: datetime) -> list[Untold]:
    """Offers nobody has heard of first, then last notices that are still of use; what staff have told since is left out."""
    rows = await fetch(
        """with mine as (
               select e.id, e.cohort_id, c.name, e.state, e.offer_expires_at
               from enrolment e join cohort c on c.id = e.cohort_id
               where e.cohort_id = any($1::int[]) and e.state in ('preliminary', 'confirmed', 'offered', 'queued')),
           last as (
               select distinct on (n.enrolment_id) n.* from notice n join mine on mine.id = n.enrolment_id
               order by n.enrolment_id, n.created_at desc, n.id),
           offer as (
               select distinct on (n.enrolment_id) n.* from notice n join mine on mine.id = n.enrolment_id
               where mine.state = 'offered' and n.kind = 'place_offered'
               order by n.enrolment_id, n.created_at desc, n.id)
           select m.id as enrolment_id, m.cohort_id, m.name as group, n.kind, n.state = 'failed' as failed,
                  m.offer_expires_at as answer_by, s.starts_at as session_starts
           from (select * from offer union select * from last where kind <> 'place_offered' and sent_at is null) n
           join mine m on m.id = n.enrolment_id left join cohort_session s on s.id = n.session_id
           where n.state in ('failed', 'no_channel')
             and (n.state = 'failed' or n.kind = 'place_offered' or n.kind = any($2::text[]))
             and (s.id is null or s.ends_at > $3) and (s.id is not null or n.kind = 'place_offered' or n.created_at > $4)
           order by n.kind <> 'place_offered', m.offer_expires_at, m.name, n.created_at, m.id""",
        sorted(cohort_ids),
        list(_MUST_BE_TOLD),
        now,
        now - _ABOUT_STARTS,
    )
    return [Untold(**dict(row)) for row in rows]
