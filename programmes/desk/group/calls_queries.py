"""Whom a notice could not reach: there is no address for it, or it did not arrive."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from programmes.cohorts.rules import UNDO_DECISION
from programmes.core.db import fetch
from programmes.desk.group.calls_rules import Untold
from programmes.enrolment.records.contact_queries import given_since
from programmes.notices.change_queries import left_by_message
from programmes.notices.overtaken_queries import told_again, topic
from programmes.notices.rules import OF_CHANGES, OF_DECISIONS, REMINDERS
from programmes.notices.undoable_queries import undoable_of

# What a member of staff must tell when mail cannot: everything that changes when and whether somebody should come.
_MUST_BE_TOLD = (
    "session_moved",
    "session_cancelled",
    "talk_booked",
    "cohort_started",
    "rest_cancelled",
    "rest_moved",
    "change_undone",
    "cohort_cancelled",
    "cohort_postponed",
    "visit_booked",
    "visit_unbooked",
    "visit_cancelled",
    "visit_reminder",
    "accept_new",
    "place_expired",
    "offer_expired",
    "queue_ended",
    "place_free",
    "place_refused",
    "place_back",
    "place_moved",
)
_ABOUT_STARTS = timedelta(days=30)

# That they were told of a first right to another start, whose time is not over.
_HAS_RIGHT = "exists (select from first_right r where r.from_cohort_id = m.cohort_id and r.until > $3)"
# Of each topic the last. $2 must be told, $3 is now, $4 since when, $5 only reminds of what is known, $6 are changes. That
# it begins is news until it has begun.
_UNTOLD = f"""
with mine as (
    select e.id, e.cohort_id, c.name, e.state, e.offer_expires_at, e.undo_until, p.contact_changed_at
    from enrolment e join cohort c on c.id = e.cohort_id left join participant p on p.id = e.participant_id
    where e.cohort_id = any($1::int[])
      and e.state in ('preliminary', 'confirmed', 'offered', 'queued', 'expired', 'refused')),
of_topics as (
    select n.*, {topic("n")} as topic
    from notice n join mine on mine.id = n.enrolment_id where n.kind <> all($5::text[])
      and n.believed is distinct from '{{}}'),
last as (
    select distinct on (enrolment_id, topic) *,
           max(created_at) filter (where topic = 'all') over (partition by enrolment_id) as all_at
    from of_topics order by enrolment_id, topic, created_at desc, kind = 'place_offered', id),
offer as (
    select distinct on (enrolment_id) * from of_topics where kind = 'place_offered'
    order by enrolment_id, created_at desc, id)
select n.id as notice_id, m.id as enrolment_id, m.cohort_id, m.name as group, n.kind, n.state = 'failed' as failed,
       n.created_at, m.offer_expires_at as answer_by, s.starts_at as session_starts,
       vs.starts_at as visit_starts,
       case n.kind when 'session_cancelled' then
                (select max(a.starts_at) from cohort_session a where a.cohort_id = m.cohort_id
                 and a.state <> 'cancelled' and a.makes_up_for = s.id)
            when 'cohort_postponed' then
                (select min(a.starts_at) from cohort_session a where a.cohort_id = m.cohort_id and a.state <> 'cancelled')
            end as added_starts,
       case when n.kind = any($6) then n.believed end as believed,
       {given_since("m")} as elsewhere,
       {told_again("n")} and {_HAS_RIGHT} as first_over
from (select id, enrolment_id, session_id, kind, state, created_at, believed from offer
      where exists (select 1 from mine where mine.id = enrolment_id and mine.state = 'offered')
      union all
      select id, enrolment_id, session_id, kind, state, created_at, believed from last
      where kind <> 'place_offered' and sent_at is null
       and (believed is not null or topic in ('all', 'own', 'visit', 'text', 'free')
            or created_at >= coalesce(all_at, created_at))
     ) n
join mine m on m.id = n.enrolment_id left join cohort_session s on s.id = n.session_id
left join study_visit y on y.enrolment_id = m.id left join visit_slot vs on vs.id = y.slot_id
where n.state in ('failed', 'no_channel')
  and (n.state = 'failed' or n.kind = 'place_offered' or n.kind = any($2::text[]))
  and (m.state = 'expired' and (n.kind = 'place_expired' or n.kind in ('offer_expired', 'queue_ended')
                                and m.undo_until is not null)
       or m.state <> 'expired' and n.kind not in ('place_expired', 'offer_expired', 'queue_ended')
       -- Before it has ended: they may move to another start first, as long as that lasts.
       or m.state = 'queued' and n.kind = 'queue_ended' and {_HAS_RIGHT})
  and (n.kind <> 'cohort_cancelled' or not {told_again("n")} or {_HAS_RIGHT})
  and (m.state = 'refused') = (n.kind = 'place_refused')
  and (n.kind <> 'place_free' or m.state = 'queued')
  and (n.kind <> 'cohort_started' or not exists (
           select 1 from cohort_session f where f.cohort_id = m.cohort_id and f.state <> 'cancelled' and f.ends_at <= $3))
  and (n.kind <> 'visit_cancelled' or y.state = 'cancelled')
  and (n.kind <> 'visit_reminder' or coalesce(y.state, 'missed') = 'missed' and m.state = 'preliminary')
  and (n.kind <> 'visit_booked' or y.state = 'booked' and vs.starts_at > $3)
  and (n.kind <> 'visit_unbooked' or y.id is null)
  and (n.kind <> 'accept_new' or m.state = 'confirmed' and not exists (
           select 1 from agreement a where a.enrolment_id = m.id and a.accepted_at >= n.created_at))
  and (n.believed is not null and n.kind = any($6) or (s.id is null or s.ends_at > $3)
       and (s.id is not null or n.kind = 'place_offered' or n.created_at > $4))
order by n.kind <> 'place_offered', m.offer_expires_at, m.name, m.id, s.starts_at nulls first, n.created_at, n.id
"""


async def untold(cohort_ids: Iterable[int], now: datetime) -> list[Untold]:
    """Everything that somebody has not heard and that is still of use, person by person; offers nobody has heard of
    first. What staff have told since is left out. What tells of a decision that can still be taken back says until when."""
    rows = await fetch(
        _UNTOLD,
        sorted(cohort_ids),
        list(_MUST_BE_TOLD),
        now,
        now - _ABOUT_STARTS,
        sorted(REMINDERS),
        sorted(OF_CHANGES),
    )
    together = await left_by_message({row["cohort_id"] for row in rows if row["believed"]}, now)
    lately = {row["cohort_id"] for row in rows if row["kind"] in OF_DECISIONS and row["created_at"] > now - UNDO_DECISION}
    undoable = await undoable_of(lately, now)
    found, said = [], set[UUID]()
    for row in rows:
        told = together.get(row["notice_id"]) if row["believed"] is not None else None
        if row["believed"] is not None and (told is None or not told.left or row["notice_id"] in said):
            continue
        entry = {key: value for key, value in row.items() if key not in {"believed", "created_at"}}
        about = Untold(**entry)
        decided = undoable.get(about.cohort_id)
        if decided and about.kind in OF_DECISIONS and row["created_at"] >= decided.decided_at:
            about = replace(about, not_before=decided.undone_until)
        if told:
            about = replace(about, left=told.left, told_with=told.messages, said_as=told.kind)
        found.append(about)
        said |= found[-1].told_with
    return found


async def with_unreached() -> list[int]:
    """The cohorts in which a message has failed and nobody has said it since."""
    rows = await fetch(
        """select distinct e.cohort_id from notice n join enrolment e on e.id = n.enrolment_id
           where n.state = 'failed' and n.sent_at is null order by e.cohort_id"""
    )
    return [row["cohort_id"] for row in rows]
