"""What is kept of people who were turned down goes once they have had a day to read why (DESIGN 6, decision 11)."""

from datetime import datetime

from programmes.core.sealing import KeyFolder
from programmes.enrolment.leaving import refusal_queries
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.leaving.refusal_rules import has_been_read
from programmes.notices import queries


async def forget_refused(keys: KeyFolder, now: datetime) -> None:
    """End it for those whom the last message about it reached a day ago. Whom none could reach has a week, which
    `leaving_services.forget_left` ends. Safe to run twice, and late."""
    for enrolment_id, told_at in (await queries.last_told({"place_refused"}, await refusal_queries.kept())).items():
        if has_been_read(told_at, now):
            await leaving_services.leave_for_good(enrolment_id, keys, now)
