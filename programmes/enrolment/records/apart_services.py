"""Two documented people who must not meet: said, taken back, and taken along to another start. No reason is kept."""

from datetime import datetime
from uuid import UUID

from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.enrolment import queries
from programmes.enrolment.rules import ALIVE


async def keep_apart(enrolment_id: UUID, other_id: UUID, staff_id: int, now: datetime) -> None:
    """Said again, it changes nothing. The caller has made sure that both are theirs to see.

    Raises:
        NotFound: one of them is nobody whose identity is documented, or they are the same.
        Conflict: the place of one of them is over.
    """
    async with transaction():
        for one in (enrolment_id, other_id):
            facts = await queries.enrolment(one)
            if facts.participant_id is None or enrolment_id == other_id:
                raise NotFound
            if facts.state not in ALIVE:
                raise Conflict("enrolment_over")
        added = await execute(
            """insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)
               on conflict do nothing returning 1""",
            enrolment_id,
            other_id,
        )
        if added:
            await audit.note("person:apart", f"enrolment/{enrolment_id}", staff_id, now)


async def let_meet(enrolment_id: UUID, apart_id: int, staff_id: int, now: datetime) -> None:
    """They may meet again. Taken back twice, it changes nothing."""
    async with transaction():
        gone = await execute(
            """delete from kept_apart k using kept_apart said where said.id = $2 and said.enrolment_id = $1
               and ((k.enrolment_id, k.other_id) in ((said.enrolment_id, said.other_id), (said.other_id, said.enrolment_id)))
               returning 1""",
            enrolment_id,
            apart_id,
        )
        if gone:
            await audit.note("person:not_apart", f"enrolment/{enrolment_id}", staff_id, now)


async def follow(old: UUID, new: UUID) -> None:
    """In the caller's transaction: somebody who is moved to another start is kept apart there too."""
    await execute("update kept_apart set enrolment_id = $2 where enrolment_id = $1", old, new)
    await execute("update kept_apart set other_id = $2 where other_id = $1", old, new)
