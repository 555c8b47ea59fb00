"""Whether somebody has given another address or number since a message did not reach them."""

from uuid import UUID

from programmes.core.db import fetchval


def given_since(person: str) -> str:
    """SQL of the notice `n` and the row `person`, which has the `contact_changed_at` of its receiver: whether another
    address or number was given since it failed, or since there was none to send it to."""
    return f"""coalesce({person}.contact_changed_at >= coalesce((
           select max(tried.failed_at) from notice_attempt tried where tried.notice_id = n.id), n.created_at), false)"""


async def may_go_again(enrolment_id: UUID) -> bool:
    """Whether a message has not reached somebody who has given another address or number since. Whether it still holds is
    not looked at."""
    return bool(
        await fetchval(
            f"""select exists (
                    select from enrolment e join participant p on p.id = e.participant_id
                    join notice n on n.enrolment_id = e.id
                    where e.id = $1 and n.state in ('failed', 'no_channel') and n.sent_at is null
                      and n.believed is distinct from '{{}}' and {given_since("p")})""",
            enrolment_id,
        )
    )
