"""A message that did not reach somebody waits again, as it did when it was written."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from programmes.core.db import execute, fetch
from programmes.notices.belief_rules import read, written
from programmes.notices.rules import Kind
from programmes.notices.services import wake

# What is said of several sessions, each as it is.
_OF_SEVERAL: Kind = "rest_moved"


async def send_again(together: Collection[frozenset[UUID]]) -> frozenset[UUID]:
    """In the open transaction, under the cohort's lock: they go under their own numbers, and what was tried before counts
    for nothing: it was another address. Messages that are `together` are told as one, so they go as one: the newest, with
    what its receiver believes of all of them. Whom they are to."""
    rows = await fetch(
        """update notice set state = 'waiting', look_again_at = null
           where id = any($1::uuid[]) and state in ('failed', 'no_channel') and sent_at is null
           returning id, enrolment_id, believed, handed_over_at, shown_at, created_at""",
        [notice_id for one in together for notice_id in one],
    )
    if rows:
        await execute("delete from notice_attempt where notice_id = any($1::uuid[])", [row["id"] for row in rows])
        for one in together:
            theirs = [row for row in rows if row["id"] in one]
            if len(theirs) > 1:
                await _as_one(sorted(theirs, key=lambda row: (row["created_at"], row["id"])))
        await wake()
    return frozenset(row["enrolment_id"] for row in rows)


async def _as_one(rows: Sequence[Mapping[str, Any]]) -> None:
    """The last of these is about all that they are about; the others are about nothing any more, as what is outrun. Where
    one of them may have been received or heard, so is it of the last."""
    believed = {session_id: known for row in rows for session_id, known in (read(row["believed"]) or {}).items()}
    *others, newest = rows
    await execute(
        "update notice set believed = '{}', state = 'failed' where id = any($1::uuid[])", [row["id"] for row in others]
    )
    await execute(
        """update notice set believed = $2, kind = $3, session_id = null, handed_over_at = $4, shown_at = $5
           where id = $1""",
        newest["id"],
        written(believed),
        _OF_SEVERAL,
        *(min((row[since] for row in rows if row[since]), default=None) for since in ("handed_over_at", "shown_at")),
    )
