"""Looking at people's records, which leaves lines in the access log (promise 6): no `Look`, no record.

A page of ten people is ten lines, written in one statement before the page leaves.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.people.look_rules import NOBODY, LookPage, LookReason, names_alike

__all__ = ["Look", "looking", "note_nobody"]


@dataclass
class _Seen:
    protected: bool
    own_name: bool = False


class Look:
    """Who looks, on which page. Open inside `looking` only; what is seen there becomes lines."""

    def __init__(self, who: Principal, page: LookPage, reason: LookReason | None) -> None:
        self.who = who
        self.page: LookPage = page
        self.reason = reason
        self._seen: dict[tuple[UUID, int], _Seen] = {}
        self._open = True

    def see(self, person_id: UUID, cohort_id: int, protected: bool, name: str = "") -> None:
        """Somebody stands on the page; `name` as their record has it, if that was read.

        Raises:
            RuntimeError: the page has been made already, and its lines are written.
        """
        if not self._open:
            raise RuntimeError("nobody looks any more")
        seen = self._seen.setdefault((person_id, cohort_id), _Seen(protected))
        # Of somebody with protected identity not even a last name may be concluded from a line: those looks are all shown.
        seen.own_name |= not protected and names_alike(self.who.name, name)

    async def _close(self, now: datetime) -> None:
        self._open = False
        if not self._seen:
            return
        async with transaction():
            await execute(
                """insert into record_look (at, staff_id, page, reason, participant_id, cohort_id, protected, own_name)
                   select $1, $2, $3, $4, seen.* from unnest($5::uuid[], $6::int[], $7::bool[], $8::bool[]) as seen""",
                now,
                self.who.staff_id,
                self.page,
                self.reason,
                [person_id for person_id, _cohort_id in self._seen],
                [cohort_id for _person_id, cohort_id in self._seen],
                [seen.protected for seen in self._seen.values()],
                [seen.own_name for seen in self._seen.values()],
            )


@asynccontextmanager
async def looking(who: Principal, page: LookPage, now: datetime, reason: LookReason | None = None) -> AsyncIterator[Look]:
    """Make a page inside. Its lines are committed when the block ends; if they cannot be, nothing is shown.

    A page that was not made, because an exception left the block, showed nobody: then there are no lines.
    """
    look = Look(who, page, reason)
    try:
        yield look
        await look._close(now)
    finally:
        look._open = False


async def note_nobody(look: Look, now: datetime) -> None:
    """In the open transaction: somebody looked for a person and found none. A line like others, of nobody and no cohort."""
    await execute(
        """insert into record_look (at, staff_id, page, reason, participant_id, cohort_id, protected, own_name)
           values ($1, $2, $3, null, $4, 0, false, false)""",
        now,
        look.who.staff_id,
        look.page,
        NOBODY,
    )
