"""Reads about feeds. A subscribed calendar is asked for every few hours by everybody: it is read in one statement."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from programmes.calendar.rules import Feed as Feed
from programmes.calendar.rules import FeedFacts, Occasion
from programmes.cohorts.queries import LEADS
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.errors import NotFound

# Whether whose calendar of a group it is coordinates the programme `p`.
_COORDINATES = """exists (select 1 from staff_role co where co.staff_id = f.member_id and co.role = 'coordinator'
                                 and co.section in ('', p.section))"""
# $1 is the digest of the token. One row per occasion, or a single one without any.
_FACTS = f"""
select f.id as feed_id, f.kind, f.sealed_title, e.key_id, f.title_revision, f.titled_at,
       f.revised_at as feed_revised_at, f.revoked_at, f.body_digest,
       case when e.undo_until is null then e.state else 'leaving' end as enrolment_state,
       coalesce(e.language, 'sv') as language, coalesce(p.active, true) as active,
       o.*
from feed f left join enrolment e on e.id = f.enrolment_id left join staff p on p.id = coalesce(f.staff_id, f.member_id)
left join lateral (
  select f.cohort_id as in_cohort, null::date as until where f.kind = 'drop_in'
  union all select e.cohort_id, null where f.kind = 'participant'
  union all select cs.cohort_id, cs.until from cohort_staff cs join cohort k on k.id = cs.cohort_id
    join programme p on p.id = k.programme_id where f.kind = 'leader' and cs.staff_id = f.staff_id and {LEADS}
  union all select k.id, case when {_COORDINATES} then null else cs.until end from cohort k
    join programme p on p.id = k.programme_id
    left join cohort_staff cs on cs.cohort_id = k.id and cs.staff_id = f.member_id and {LEADS}
    where f.kind = 'group' and k.id = f.group_id and (cs.staff_id is not null or {_COORDINATES})
) mine on f.revoked_at is null
left join lateral (
  select 'session/' || s.id as key, 'session' as what, c.id as cohort_id, pr.form,
         coalesce(s.pattern_start, s.moved_from, s.starts_at) as first_start, s.starts_at, s.ends_at,
         s.sequence, s.revised_at,
         case when s.state = 'cancelled' then coalesce(s.cancelled_at, s.revised_at) end as cancelled_at,
         case when c.state = 'cancelled' then off.at end as called_off_at, mine.until, v.name as place,
         s.added, f.kind <> 'leader' or exists (
           select from session_duty d where d.session_id = s.id and d.staff_id = f.staff_id and not d.away) as attended,
         s.pattern_no
  from cohort_session s join cohort c on c.id = s.cohort_id join programme pr on pr.id = c.programme_id
  join venue v on v.id = s.venue_id
  left join lateral (select coalesce(max(decided_at), c.closed_at, c.created_at) as at from start_decision d
                     where d.cohort_id = c.id and d.decision = 'cancel') off on true
  where s.cohort_id = mine.in_cohort
  union all
  select 'visit/' || vs.id, 'visit', c.id, pr.form, vs.starts_at, vs.starts_at, vs.ends_at,
         case when vs.cancelled_at is null then vs.sequence else greatest(vs.sequence, 1) end,
         greatest(vs.revised_at, vs.cancelled_at, c.created_at), vs.cancelled_at,
         case when c.state = 'cancelled' then off.at end, mine.until, v.name, false, true, 0
  from visit_slot vs join cohort c on c.id = vs.cohort_id join programme pr on pr.id = c.programme_id
  join venue v on v.id = vs.venue_id
  left join lateral (select coalesce(max(decided_at), c.closed_at, c.created_at) as at from start_decision d
                     where d.cohort_id = c.id and d.decision = 'cancel') off on true
  where f.kind = 'leader' and vs.cohort_id = mine.in_cohort and coalesce(vs.staff_id, f.staff_id) = f.staff_id
) o on true
where f.token_digest = $1
"""
_EXEMPT = """select p.doc_level = 'operational' from feed f join enrolment e on e.id = f.enrolment_id
             join cohort c on c.id = e.cohort_id join programme p on p.id = c.programme_id where f.id = $1"""
_OCCASION = tuple(Occasion.__dataclass_fields__)


def token_digest(token: str) -> bytes:
    """The stored form of an address's token."""
    return hashlib.sha256(token.encode()).digest()


async def facts(token: str) -> FeedFacts | None:
    """The feed with this token and everything it may show, in one statement; None for an unknown token."""
    rows = await fetch(_FACTS, token_digest(token))
    if not rows:
        return None
    first = rows[0]
    return FeedFacts(
        feed_id=first["feed_id"],
        kind=first["kind"],
        title="",
        title_revision=first["title_revision"],
        titled_at=first["titled_at"],
        revised_at=first["feed_revised_at"],
        revoked_at=first["revoked_at"],
        body_digest=first["body_digest"],
        enrolment_state=first["enrolment_state"],
        staff_active=first["active"],
        language=first["language"],
        occasions=_occasions(rows),
        sealed_title=first["sealed_title"],
        key_id=first["key_id"],
    )


def _occasions(rows: Sequence[asyncpg.Record]) -> tuple[Occasion, ...]:
    return tuple(Occasion(**{name: row[name] for name in _OCCASION}) for row in rows if row["key"] is not None)


_FEED = """select f.id as feed_id, f.kind, f.generation, f.sealed_title, e.key_id
from feed f left join enrolment e on e.id = f.enrolment_id where f.revoked_at is null and"""


async def enrolments_of(person_id: UUID) -> list[UUID]:
    """Every place that somebody who is documented has or had."""
    rows = await fetch("select id from enrolment where participant_id = $1 order by id", person_id)
    return [row["id"] for row in rows]


async def of_enrolment(enrolment_id: UUID) -> Feed | None:
    """A participant's live feed, if one has been made."""
    return _feed(await fetchrow(f"{_FEED} f.enrolment_id = $1", enrolment_id))


async def of_member(cohort_id: int, staff_id: int) -> Feed | None:
    """The live feed that a member of staff has of one cohort, if one has been made."""
    return _feed(await fetchrow(f"{_FEED} f.group_id = $1 and f.member_id = $2", cohort_id, staff_id))


async def of_cohort(cohort_id: int) -> Feed | None:
    """The live public feed of a drop-in place, if one has been made."""
    return _feed(await fetchrow(f"{_FEED} f.cohort_id = $1 and f.kind = 'drop_in'", cohort_id))


async def of_cohorts(cohort_ids: Sequence[int]) -> dict[int, Feed]:
    """The live feeds of these cohorts that have been made, by cohort."""
    rows = await fetch(
        """select id as feed_id, kind, generation, cohort_id from feed
           where revoked_at is null and kind = 'drop_in' and cohort_id = any($1::int[])""",
        list(cohort_ids),
    )
    return {row["cohort_id"]: Feed(row["feed_id"], row["kind"], row["generation"]) for row in rows}


async def of_staff(staff_id: int) -> Feed | None:
    """A leader's live feed, if one has been made."""
    return _feed(await fetchrow(f"{_FEED} f.staff_id = $1", staff_id))


async def locked(feed_id: UUID) -> Feed:
    """A live feed, its row locked until the transaction ends. Raises NotFound."""
    found = _feed(await fetchrow(f"{_FEED} f.id = $1 for update of f", feed_id))
    if found is None:
        raise NotFound
    return found


def _feed(row: asyncpg.Record | None) -> Feed | None:
    return None if row is None else Feed(**dict(row))


async def has_none(enrolment_id: UUID) -> bool:
    """Whether no feed is to be made unasked: the identity is protected, or they have closed the one they had."""
    return bool(
        await fetchval(
            """select coalesce(p.protected_identity, false)
                      or exists (select 1 from feed f where f.enrolment_id = e.id and f.revoked_at is not null)
               from enrolment e left join participant p on p.id = e.participant_id where e.id = $1""",
            enrolment_id,
        )
    )


async def fetched(cohort_id: int) -> frozenset[UUID]:
    """The enrolments of a cohort whose calendar somebody's device has fetched, and that is not revoked."""
    rows = await fetch(
        """select f.enrolment_id from feed f join enrolment e on e.id = f.enrolment_id
           where e.cohort_id = $1 and f.revoked_at is null and f.body_digest is not null""",
        cohort_id,
    )
    return frozenset(row["enrolment_id"] for row in rows)


async def of_exempt(feed_id: UUID) -> bool:
    """Whether it is a participant's of a programme that documents nobody."""
    return bool(await fetchval(_EXEMPT, feed_id))
