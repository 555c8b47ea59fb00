"""Ages of those who wait where individuals are documented, judged again when the first session has moved: nobody is offered
a place by itself on an age that was judged for another day."""

from datetime import date, datetime

import structlog

from programmes.catalogue import queries as catalogue
from programmes.catalogue.reading_rules import Readings
from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, transaction
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.enrolment import queries, roster
from programmes.enrolment.queue.services import note_event, pass_on
from programmes.enrolment.records.services import record_of

log = structlog.get_logger()
_UNCHECKED = """
select distinct e.cohort_id from enrolment e
join (select cohort_id, min(starts_at) as first_start from cohort_session where state <> 'cancelled' group by cohort_id) s
  on s.cohort_id = e.cohort_id
where e.state = 'queued' and e.participant_id is not null
  and ((s.first_start at time zone 'Europe/Stockholm')::date <> e.declared_for or e.skip_reason = 'age')
  and (s.first_start at time zone 'Europe/Stockholm')::date is distinct from e.age_checked_for
"""


async def check_waiting(keys: KeyFolder, now: datetime) -> None:
    """The worker's tick: judge those who wait for a first day that has moved. Safe to run twice, and late.

    Whose age does not fit that day is passed over with that as the reason, until it fits or staff decide otherwise. Where
    nobody is known the age is said again on Min plats, before or after the offer.
    """
    for row in await fetch(_UNCHECKED):
        try:
            await _check(row["cohort_id"], keys, now)
        except Unreadable:
            # Nobody of this queue is offered anything until the record can be read again; other queues go on.
            log.error("age_not_judged", cohort=row["cohort_id"])


async def _check(cohort_id: int, keys: KeyFolder, now: datetime) -> None:
    async with transaction():
        gate = await queries.lock_gate(cohort_id, now)
        if gate.first_start is None:
            return
        first_day = local_date(gate.first_start)
        readings = await catalogue.readings((await cohorts.by_id(cohort_id)).programme_id)
        for facts in await queries.enrolments(cohort_id, ["queued"]):
            stands = facts.declared_for in {None, first_day} and facts.skip_reason != "age"
            if facts.participant_id is None or stands or facts.age_checked_for == first_day:
                continue
            await _judge(facts, readings, gate.first_start, first_day, keys, now)
        await pass_on(await queries.lock_gate(cohort_id, now), now)


async def _judge(
    facts: queries.EnrolmentFacts,
    readings: Readings,
    first_start: datetime,
    first_day: date,
    keys: KeyFolder,
    now: datetime,
) -> None:
    record = record_of(facts, keys, "rule")
    reason = "age" if roster.age_now(facts, record, readings, first_start) else None
    await execute("update enrolment set age_checked_for = $2 where id = $1", facts.enrolment_id, first_day)
    if reason == facts.skip_reason or (reason is None and facts.skip_reason != "age"):
        return
    await execute("update enrolment set skip_reason = $2 where id = $1", facts.enrolment_id, reason)
    await note_event(facts.enrolment_id, "skipped" if reason else "lifted", now, reason=reason)
    await audit.note("queue:skip" if reason else "queue:lift", f"enrolment/{facts.enrolment_id}", None, now)
