"""What a series of talks is called: by us, since a name that is typed would be one person's (decision 87)."""

from collections.abc import Collection
from datetime import date
from itertools import count

from programmes.catalogue.rules import Programme
from programmes.cohorts.wording_rules import default_name
from programmes.core.db import execute, fetch


async def name_of_series(programme: Programme, first: date | None, but: int = 0) -> str:
    """Programme and first day, where that is known, and a number where another series is called that already, `but` the one
    with this id: whoever leads both has to tell them apart. In the caller's transaction; two that are opened in the same
    moment may still get one name."""
    name = default_name(programme, first) if first else programme.short_name
    rows = await fetch("select name from cohort where id <> $2 and left(name, length($1)) = $1", name, but)
    return _free(name, {row["name"] for row in rows})


async def name_by_first_talk(cohort_id: int, name: str, programme: Programme, first: date) -> None:
    """What was opened before any day was known gets the day of its first talk into its name. In the caller's transaction,
    under the lock."""
    if programme.form == "individual" and (name == programme.short_name or name.startswith(f"{programme.short_name} (")):
        found = await name_of_series(programme, first, cohort_id)
        await execute("update cohort set name = $2 where id = $1", cohort_id, found)


def _free(name: str, taken: Collection[str]) -> str:
    """`Personligt stöd, 14 december 2026`, the next one with `(2)` after it."""
    if name not in taken:
        return name
    return next(other for n in count(2) if (other := f"{name} ({n})") not in taken)
