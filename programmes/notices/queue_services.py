"""The end of a queue: who waited in vain is told first, and then what was written about them goes (DESIGN 6)."""

from datetime import datetime

from programmes.core.sealing import KeyFolder
from programmes.enrolment import due_queries
from programmes.enrolment.queue import waiting_services
from programmes.notices import queries, services


async def end_queues(keys: KeyFolder, now: datetime) -> None:
    """Tell who still waits when nobody can enter any more, and end it for those whose message has gone or can't go; where
    they may move to another start before newcomers, they were told of that, and it ends when that is over. They can read
    it for a day (`ran_out_services`); then records of people who never got a place go. Safe twice, and late."""
    for cohort_id in await due_queries.queues_over(now):
        await services.tell_cohort("queue_ended", cohort_id, keys, now)
        for enrolment_id in await queries.told("queue_ended", cohort_id):
            await waiting_services.end_waiting(enrolment_id, keys, now)
    waited = await due_queries.waited_in_vain(now)
    for enrolment_id in await queries.settled(waited):
        await waiting_services.erase_waited(enrolment_id, keys, now)
