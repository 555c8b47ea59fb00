"""What is kept of people whose time ran out goes once they have had a day to read what happened (DESIGN 6, decision 29)."""

from datetime import datetime

from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import ran_out_queries
from programmes.enrolment.queue.ran_out_rules import AFTER_TOLD, has_been_read
from programmes.notices import queries
from programmes.notices.reach_services import way
from programmes.notices.rules import RAN_OUT


async def forget_ran_out(keys: KeyFolder, now: datetime) -> None:
    """End it for those who have had their day. Whom none could reach has three, which `leaving_services.forget_left` ends.
    Safe to run twice, and late."""
    ended = {one: at for one, at in (await ran_out_queries.kept()).items() if now >= at + AFTER_TOLD}
    told = await queries.last_told(RAN_OUT, ended)
    for enrolment_id, ended_at in ended.items():
        try:
            facts = await enrolments.enrolment(enrolment_id)
            if has_been_read(told.get(enrolment_id), ended_at, way(facts, keys) != "place", now):
                await leaving_services.leave_for_good(enrolment_id, keys, now)
        except NotFound:
            continue
