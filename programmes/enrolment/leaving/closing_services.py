"""What becomes of the people of a cohort when it closes: the documented stay, without working data; of others nothing."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from programmes.core.db import execute, fetch, fetchval
from programmes.core.erasure import destroy_key
from programmes.core.sealing import KeyFolder

_OF_COHORT = "enrolment_id in (select id from enrolment where cohort_id = $1)"


async def complete_cohort(
    cohort_id: int, took_part: Collection[UUID], keys: KeyFolder, why: str, now: datetime, started: bool = True
) -> None:
    """In the caller's transaction, under the cohort's lock: who has a confirmed place has completed it if they took part
    at all, else dropped out; for who never got one, or where nothing started, it ends. Codes, seats and open pages go.

    Protected records stay; their retention begins.
    """
    await execute(
        """update enrolment set ended_at = $3, offer_expires_at = null, state = case
               when state <> 'confirmed' or not $4 then 'expired'
               when id = any($2::uuid[]) then 'completed' else 'dropped_out' end
           where cohort_id = $1 and state in ('preliminary', 'confirmed', 'queued', 'offered')""",
        cohort_id,
        list(took_part),
        now,
        started,
    )
    for row in await fetch("select key_id from enrolment where cohort_id = $1 and key_id is not null", cohort_id):
        await destroy_key(keys, "entry", row["key_id"], why, now)
    await execute(
        """update enrolment set key_id = null, sealed = null, code_digest = null, once_digest = null, undo_until = null,
                  left_from = null, left_slot_id = null, contact_bounced = false where cohort_id = $1""",
        cohort_id,
    )
    await execute(f"delete from seat where {_OF_COHORT}", cohort_id)
    await execute(f"delete from place_session where {_OF_COHORT}", cohort_id)
    of_either = _OF_COHORT.replace("enrolment_id", "other_id")
    await execute(f"delete from kept_apart where {_OF_COHORT} or {of_either}", cohort_id)


async def erase_cohort(cohort_id: int, keys: KeyFolder, why: str, now: datetime) -> int:
    """In the caller's transaction, delete every enrolment of a cohort with all that hangs on it, and destroy the keys.

    Returns how many enrolments went. Protected records of persons stay; they have a retention of their own.
    """
    rows = await fetchval("select array_agg(key_id) from enrolment where cohort_id = $1 and key_id is not null", cohort_id)
    for key_id in rows or []:
        await destroy_key(keys, "entry", key_id, why, now)
    gone = await execute("delete from enrolment where cohort_id = $1 returning 1", cohort_id)
    for table in ("visit_slot", "queue_maximum"):
        await execute(f"delete from {table} where cohort_id = $1", cohort_id)
    return gone
