"""Reads about enrolments: places taken, the queue, one person's way."""

from collections.abc import Iterable
from dataclasses import dataclass

from programmes.core.db import fetch


@dataclass(frozen=True)
class Places:
    """How many seats of a cohort are held, by state, and how many people queue."""

    confirmed: int = 0
    preliminary: int = 0
    offered: int = 0
    queued: int = 0

    @property
    def held(self) -> int:
        return self.confirmed + self.preliminary + self.offered


async def places(cohort_ids: Iterable[int]) -> dict[int, Places]:
    """Places of several cohorts in one statement; never from a cache."""
    wanted = sorted(set(cohort_ids))
    rows = await fetch(
        """select cohort_id, count(*) filter (where state = 'confirmed') as confirmed,
                  count(*) filter (where state = 'preliminary') as preliminary,
                  count(*) filter (where state = 'offered') as offered, count(*) filter (where state = 'queued') as queued
           from enrolment where cohort_id = any($1::int[]) group by cohort_id""",
        wanted,
    )
    found = {r["cohort_id"]: Places(r["confirmed"], r["preliminary"], r["offered"], r["queued"]) for r in rows}
    return {cohort_id: found.get(cohort_id, Places()) for cohort_id in wanted}
