"""Holding people to the deadline of study visits: they are reminded first, and lose the place only when that has reached
them (decision 8)."""

from collections.abc import Sequence
from datetime import datetime

from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queue import deadline_queries, deadline_services
from programmes.enrolment.queue.deadline_rules import Around, Chance, reminds, too_short, visit_by
from programmes.notices import queries, services
from programmes.notices.rules import notice_id


async def hold_to_deadlines(keys: KeyFolder, now: datetime) -> None:
    """Remind whoever lacks a study visit, and pass on the places of those who let the day go by. Safe twice, and late."""
    for cohort_id in await deadline_queries.cohorts_with_waiting(now):
        around, chances = await deadline_queries.around(cohort_id), await deadline_queries.chances(cohort_id)
        for facts in await enrolments.enrolments(cohort_id, ["preliminary"]):
            await _hold(facts, around, chances, keys, now)


async def _hold(
    facts: enrolments.EnrolmentFacts, around: Around, chances: Sequence[Chance], keys: KeyFolder, now: datetime
) -> None:
    holder = deadline_queries.holder_of(facts)
    last = visit_by(holder, around)
    if last is None:
        return
    told = await queries.told_at(notice_id("visit_reminder", facts.enrolment_id, last.isoformat()))
    unheard = told is None and reminds(holder, around, chances, now)
    if too_short(last, now) and (unheard or (told is not None and told.unsent)):
        await deadline_services.give_another_week(facts.enrolment_id, last, now)
    elif unheard:
        await services.tell_one("visit_reminder", facts.enrolment_id, keys, now, last.isoformat())
    elif told is not None and told.reached_at is not None:
        await deadline_services.release(facts.enrolment_id, last, told.reached_at, keys, now)
