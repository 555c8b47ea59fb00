"""Reads about messages: what waits, and who was reached."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.cohorts import decision_queries
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.errors import NotFound
from programmes.core.i18n import Language
from programmes.notices.belief_rules import Belief, read
from programmes.notices.leaving_rules import ALL_NOW, NOW, Leaving, last
from programmes.notices.overtaken_queries import OVERTAKEN
from programmes.notices.rules import AUDIENCE, HELD_FOR, KINDS, REMINDERS, GatewayTrouble, Kind, State, Waiting


@dataclass(frozen=True)
class Reached:
    """One message to one enrolment, for staff: what about, whether it arrived at the mail server, when. Never its text.

    `no_channel`: there is no e-mail address that is safe to use; staff must reach the person themselves.
    """

    enrolment_id: UUID
    kind: Kind
    session_id: int | None
    state: State
    created_at: datetime
    sent_at: datetime | None
    failures: int


@dataclass(frozen=True)
class Told:
    """A message that has been written. `reached_at` is when it was sent, or when staff told the person themselves. `unsent`:
    it waits, or what it said was no longer so when it was to be sent."""

    reached_at: datetime | None
    unsent: bool


@dataclass(frozen=True)
class NoticeFacts:
    """A message that waits. `handed_over_at`: since when it may have been received although nobody knows."""

    notice_id: UUID
    enrolment_id: UUID
    session_id: int | None
    kind: Kind
    language: Language
    failures: int
    believed: Belief | None = None
    handed_over_at: datetime | None = None


_REACHED = """
select n.enrolment_id, n.kind, n.session_id, n.state, n.created_at, n.sent_at,
       (select count(*) from notice_attempt a where a.notice_id = n.id)::int as failures
from notice n join enrolment e on e.id = n.enrolment_id where e.cohort_id = $1 order by n.created_at desc, n.id
"""


async def reached(cohort_id: int) -> list[Reached]:
    """Every message about a cohort, newest first."""
    rows = await fetch(_REACHED, cohort_id)
    return [Reached(**dict(row)) for row in rows]


# An event that the worker has not answered, or that has failed and is tried again. $1 is the cohort, $2 the events.
EVENTS = """pgqueuer j where j.entrypoint = any($2::text[]) and (
    convert_from(j.payload, 'utf8')::jsonb ->> 'cohort' = $1::int::text
    or convert_from(j.payload, 'utf8')::jsonb ->> 'session' in (select id::text from cohort_session where cohort_id = $1)
    or convert_from(j.payload, 'utf8')::jsonb ->> 'enrolment' in (select id::text from enrolment where cohort_id = $1))"""
# The same, without that of a change of which all has been written with it.
UNWRITTEN = f"""{EVENTS} and (not convert_from(j.payload, 'utf8')::jsonb ? 'change' or exists (
    select from session_change where cohort_id = $1 and untold))"""


async def unfinished(cohort_id: int) -> int:
    """How many messages about a cohort are still to be written or sent; the working list is needed until there are none."""
    found: int = await fetchval(
        f"""select (select count(*) from notice n join enrolment e on e.id = n.enrolment_id
                    where e.cohort_id = $1 and n.state = 'waiting') + (select count(*) from {UNWRITTEN})""",
        cohort_id,
        list(KINDS),
    )
    return found


@dataclass(frozen=True)
class UnderWay:
    """How many people of a cohort a message is on its way to, of these how many it was tried for in vain; and whether some
    are still to be written. `held`: for how many one waits for a time at which it may go, the last `until` then; `missed`:
    to how many none goes in time, which the worker has not found yet."""

    people: int = 0
    tried: int = 0
    unwritten: bool = False
    held: int = 0
    until: datetime | None = None
    missed: int = 0

    @property
    def any(self) -> bool:
        return self.people + self.held + self.missed > 0 or self.unwritten


async def under_way(cohort_id: int, leaving: Mapping[UUID, Leaving] = ALL_NOW) -> UnderWay:
    """What a cohort is still to be told by the service itself; reminders of what they know already apart, and what a newer
    message has told them. `leaving`: when each of the messages may go (`leaving_services`)."""
    rows = await fetch(
        f"""select n.id, n.enrolment_id, exists (select from notice_attempt a where a.notice_id = n.id) as tried
            from notice n join enrolment e on e.id = n.enrolment_id
            where e.cohort_id = $1 and n.state = 'waiting' and n.kind <> all($2::text[]) and not {OVERTAKEN}""",
        cohort_id,
        sorted(REMINDERS),
    )
    unwritten = await fetchval(
        f"""select exists (select from {UNWRITTEN}) and exists (
                select from enrolment t where t.cohort_id = $1 and t.state = any($3::text[]))""",
        cohort_id,
        list(KINDS),
        sorted(frozenset().union(*AUDIENCE.values())),
    )
    when = {row["id"]: leaving.get(row["id"], NOW) for row in rows}
    missed = {row["enrolment_id"] for row in rows if when[row["id"]].missed}
    held = {row["enrolment_id"] for row in rows if when[row["id"]].at} - missed
    people = {row["enrolment_id"] for row in rows} - missed - held
    return UnderWay(
        len(people),
        len({row["enrolment_id"] for row in rows if row["tried"]} & people),
        bool(unwritten),
        len(held),
        last(when.values()),
        len(missed),
    )


@dataclass(frozen=True)
class WaitingNotice:
    """A message that is not sent yet. `look_again_at`: it is left alone until then."""

    notice_id: UUID
    enrolment_id: UUID
    kind: Kind
    believed: Belief | None
    look_again_at: datetime | None


async def waiting_of(cohort_id: int) -> list[WaitingNotice]:
    """Everything of a cohort that is not sent yet."""
    rows = await fetch(
        """select n.id as notice_id, n.enrolment_id, n.kind, n.believed, n.look_again_at
           from notice n join enrolment e on e.id = n.enrolment_id where e.cohort_id = $1 and n.state = 'waiting'""",
        cohort_id,
    )
    return [WaitingNotice(**{**row, "believed": read(row["believed"])}) for row in rows]


async def held_until(cohort_id: int, now: datetime) -> datetime | None:
    """When the last of the messages about a cohort that wait for the morning, or for the end of times to avoid, may leave;
    None where none does."""
    found: datetime | None = await fetchval(
        """select max(n.look_again_at) from notice n join enrolment e on e.id = n.enrolment_id
           where e.cohort_id = $1 and n.state = 'waiting' and n.look_again_at > $2""",
        cohort_id,
        now,
    )
    return found


async def waiting(now: datetime) -> Sequence[Waiting]:
    """Everything that is not sent yet and is not held for a time at which it may go: what was tried least
    often first, then the oldest. What a clock that was
    wrong has held for longer than anything is held is looked at."""
    rows = await fetch(
        """select n.id as notice_id, count(a.id)::int as failures, max(a.failed_at) as last_failure
           from notice n left join notice_attempt a on a.notice_id = n.id where n.state = 'waiting'
             and (n.look_again_at is null or n.look_again_at <= $1 or n.look_again_at > $2)
           group by n.id order by failures, n.created_at, n.id""",
        now,
        now + HELD_FOR,
    )
    return [Waiting(**dict(row)) for row in rows]


async def notice(notice_id: UUID) -> NoticeFacts | None:
    """A message, if it still waits."""
    row = await fetchrow(
        """select n.id as notice_id, n.enrolment_id, n.session_id, n.kind, e.language, n.believed, n.handed_over_at,
                  (select count(*) from notice_attempt a where a.notice_id = n.id)::int as failures
           from notice n join enrolment e on e.id = n.enrolment_id where n.id = $1 and n.state = 'waiting'""",
        notice_id,
    )
    return NoticeFacts(**{**row, "believed": read(row["believed"])}) if row else None


async def cohort_of_session(session_id: int) -> int:
    """The cohort of a session. Raises NotFound."""
    found: int | None = await fetchval("select cohort_id from cohort_session where id = $1", session_id)
    if found is None:
        raise NotFound
    return found


async def sequence(session_id: int) -> int:
    """How often a session has changed. Raises NotFound."""
    found: int | None = await fetchval("select sequence from cohort_session where id = $1", session_id)
    if found is None:
        raise NotFound
    return found


async def is_cancelled(session_id: int) -> bool:
    """Whether a session has been cancelled. Raises NotFound."""
    found: bool | None = await fetchval("select state = 'cancelled' from cohort_session where id = $1", session_id)
    if found is None:
        raise NotFound
    return found


async def told_at(notice_id: UUID) -> Told | None:
    """Whether a message has been written, and when it reached the person."""
    row = await fetchrow(
        """select sent_at, state = 'waiting' or state = 'failed' and exists (
                   select 1 from notice_attempt a where a.notice_id = n.id and a.error = 'Outdated') as unsent
           from notice n where id = $1""",
        notice_id,
    )
    return Told(row["sent_at"], row["unsent"]) if row else None


async def told(kind: Kind, cohort_id: int) -> list[UUID]:
    """To whom of a cohort a message has gone, or can't go: nothing of the kind is left to send to them."""
    rows = await fetch(
        """select n.enrolment_id from notice n join enrolment e on e.id = n.enrolment_id
           where n.kind = $1 and e.cohort_id = $2 group by n.enrolment_id having bool_and(n.state <> 'waiting')""",
        kind,
        cohort_id,
    )
    return [row["enrolment_id"] for row in rows]


async def told_before(kind: Kind, cohort_id: int, moment: datetime) -> list[UUID]:
    """Whom of a cohort a message of a kind had reached by then, also by staff who told it."""
    rows = await fetch(
        """select distinct n.enrolment_id from notice n join enrolment e on e.id = n.enrolment_id
           where n.kind = $1 and e.cohort_id = $2 and n.sent_at <= $3""",
        kind,
        cohort_id,
        moment,
    )
    return [row["enrolment_id"] for row in rows]


async def booking(enrolment_id: UUID) -> str:
    """Tells the study visit that somebody has booked now from the one before; empty when there is none."""
    row = await fetchrow("select slot_id, booked_at from study_visit where enrolment_id = $1", enrolment_id)
    return f"{row['slot_id']}/{row['booked_at'].isoformat()}" if row else ""


async def last_told(kinds: Collection[Kind], enrolment_ids: Collection[UUID]) -> dict[UUID, datetime | None]:
    """When the last message of some kinds reached each of them; None while it has not. Who has none yet is left out."""
    rows = await fetch(
        """select distinct on (enrolment_id) enrolment_id, sent_at from notice
           where kind = any($1::text[]) and enrolment_id = any($2::uuid[])
           order by enrolment_id, created_at desc, id""",
        sorted(kinds),
        list(enrolment_ids),
    )
    return {row["enrolment_id"]: row["sent_at"] for row in rows}


async def settled(enrolment_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of them for whom nothing waits to be sent."""
    rows = await fetch(
        """select id from unnest($1::uuid[]) as asked (id)
           where not exists (select 1 from notice n where n.enrolment_id = asked.id and n.state = 'waiting')""",
        list(enrolment_ids),
    )
    return frozenset(row["id"] for row in rows)


async def latest_decision(cohort_id: int) -> int:
    """The number of the newest decision about a cohort's start; 0 if there is none."""
    found: int = await fetchval("select coalesce(max(id), 0) from start_decision where cohort_id = $1", cohort_id)
    return found


async def held_to_undo(cohort_id: int) -> datetime | None:
    """Until when the messages of a cohort's newest decision wait, since it can be taken back; None for what goes at once."""
    found = await decision_queries.newest(cohort_id)
    return found.undone_until if found else None


async def latest_cancelling(cohort_id: int) -> datetime | None:
    """When a session of a cohort was last cancelled."""
    found: datetime | None = await fetchval("select max(cancelled_at) from cohort_session where cohort_id = $1", cohort_id)
    return found


async def sent_before(moment: datetime) -> int:
    """How many messages to documented people of closed groups were done with before a moment (`services.forget_sent`)."""
    return int(
        await fetchval(
            """select count(*) from notice n join enrolment e on e.id = n.enrolment_id join cohort c on c.id = e.cohort_id
               where e.participant_id is not null and c.state = 'closed' and n.state <> 'waiting'
                 and greatest(n.created_at, n.sent_at) < $1""",
            moment,
        )
    )


async def gateway_trouble() -> GatewayTrouble | None:
    """Whether the gateway for texts does not answer as agreed."""
    row = await fetchrow("select since, tries, last_try from text_gateway")
    return GatewayTrouble(**dict(row)) if row else None


@dataclass(frozen=True)
class NothingThrough:
    """Since when the gateway for texts, and since when the mail server, took none of those that wait."""

    texts: datetime | None = None
    mails: datetime | None = None


# Errors of texts say so by their name, and those of one receiver of mail end in the number of an answer
# (`SMTPRecipientRefused450`). A gateway that does not answer as agreed has a row of its own.
_SINCE = """
select (select since from text_gateway) as gateway,
       min(a.failed_at) filter (where a.medium = 'text' and a.error <> 'TextWithoutReceipt') as texts,
       min(a.failed_at) filter (where a.medium = 'mail' and a.error !~ '[0-9]$') as mails
from notice n join lateral (
    select failed_at, error, case when error ~ '^Text' then 'text' else 'mail' end as medium
    from notice_attempt where notice_id = n.id) a on true
where n.state = 'waiting'
  and not exists (select from carrier_trace c where c.medium = a.medium and c.took_at > a.failed_at)
"""


async def nothing_through() -> NothingThrough:
    """What was tried in vain because whoever carries it was away, and nothing has gone by the same way since."""
    row = await fetchrow(_SINCE)
    assert row is not None
    return NothingThrough(row["gateway"] or row["texts"], row["mails"])


async def latest_change(cohort_id: int) -> int:
    """The number of the newest change of a cohort's sessions; 0 if there is none."""
    found: int = await fetchval("select coalesce(max(id), 0) from session_change where cohort_id = $1", cohort_id)
    return found


async def all_told(notices: Collection[UUID]) -> bool:
    """Whether each of these has been said or sent."""
    told = await fetchval("select count(*) from notice where id = any($1::uuid[]) and sent_at is not null", list(notices))
    return bool(told == len(set(notices)))
