"""The end of a queue: who waited in vain is told first, and then what was written about them goes (DESIGN 6)."""

from datetime import datetime

from programmes.core.sealing import KeyFolder
from programmes.enrolment import due_queries
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.queue import waiting_services
from programmes.notices import queries, right_queries, services
from programmes.notices.undoable_queries import undoable


async def tell_of_rights_over(keys: KeyFolder, now: datetime) -> None:
    """Tell who was told that they go first to a start, once that is cancelled and it can't be taken back, or has begun: the
    right is over before its time. Who queues stays there as long as they were promised. Safe twice, and late."""
    for right in await first_right_queries.leads_nowhere(now):
        if await undoable(right.cohort_id, now):
            continue
        for told in await right_queries.to_be_told(right):
            for enrolment_id in told.people:
                await services.tell_one(told.kind, enrolment_id, keys, now, told.subject)


async def end_queues(keys: KeyFolder, now: datetime) -> None:
    """Tell who still waits when nobody can enter any more, and end it for those whose message has gone or can't go; where
    they may move to another start before newcomers, they were told of that, and it ends when that is over. They can read
    it for a day (`ran_out_services`); then records of people who never got a place go. Safe twice, and late."""
    await tell_of_rights_over(keys, now)
    for cohort_id in await due_queries.queues_over(now):
        await services.tell_cohort("queue_ended", cohort_id, keys, now)
        for enrolment_id in await queries.told("queue_ended", cohort_id):
            await waiting_services.end_waiting(enrolment_id, keys, now)
    waited = await due_queries.waited_in_vain(now)
    for enrolment_id in await queries.settled(waited):
        await waiting_services.erase_waited(enrolment_id, keys, now)
