"""When each message of a cohort that waits may leave, judged as the worker will judge it: also while it is away."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from programmes.core.sealing import KeyFolder, Unreadable
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queries import EnrolmentFacts
from programmes.notices import queries
from programmes.notices.belief_rules import acts_at
from programmes.notices.change_queries import as_they_are
from programmes.notices.hours_rules import is_urgent, leaves_at
from programmes.notices.leaving_rules import NOW, Leaving
from programmes.notices.reach_services import channel_of
from programmes.notices.rules import CHANGES_A_SESSION, OF_DECISIONS


async def leaving(cohort_id: int, keys: KeyFolder, now: datetime) -> Mapping[UUID, Leaving]:
    """By the message. Until when it is of use is known of what is about sessions; of others that is not asked, and the
    worker may still find that one comes too late."""
    waiting = await queries.waiting_of(cohort_id)
    if not waiting:
        return {}
    now_is = await as_they_are(cohort_id)
    people = {facts.enrolment_id: facts for facts in await enrolments.several({one.enrolment_id for one in waiting})}
    found = dict[UUID, Leaving]()
    for one in waiting:
        begins = acts_at(one.believed, now_is, now) if one.believed else None
        # A decision that can be taken back waits for that, whoever it is told to.
        after = one.look_again_at if one.kind in OF_DECISIONS else None
        urgent = one.kind in CHANGES_A_SESSION and is_urgent(begins, now)
        found[one.notice_id] = leaving_before(people[one.enrolment_id], keys, begins, max(now, after or now), urgent)
        if found[one.notice_id] == NOW and after and after > now:
            found[one.notice_id] = Leaving(after)
    return found


def leaving_before(
    facts: EnrolmentFacts, keys: KeyFolder, begins: datetime | None, now: datetime, urgent: bool | None = None
) -> Leaving:
    """Of one message to somebody that is of no use once something `begins`."""
    try:
        channel = channel_of(facts, keys)
    except Unreadable:
        return NOW
    if channel is None:
        return NOW
    hurried = is_urgent(begins, now) if urgent is None else urgent
    at = leaves_at(now, channel.avoid, channel.medium == "text", hurried, begins)
    if at is None:
        return Leaving(missed="late")
    if facts.contact_bounced:
        return Leaving(missed="doubted")
    return Leaving(at) if at > now else NOW
