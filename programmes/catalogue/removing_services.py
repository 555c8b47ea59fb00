"""Taking back an edition that was stored and is not in force yet."""

from datetime import date

import asyncpg

from programmes.catalogue.file_services import EDITIONS, EditionError, read_edition
from programmes.core.db import execute, fetchrow, transaction


async def remove_edition(day: date, today: date) -> str:
    """Take back the edition that was stored last of those to be in force from a day; returns its diary number.

    Raises:
        EditionError: there is none, its day has come, it belongs to the release, or a cohort stands on it.
    """
    released = {read_edition(path).digest for path in EDITIONS.glob("*.toml")}
    try:
        async with transaction():
            row = await fetchrow(
                "select id, diary_number, digest from edition where valid_from = $1 order by id desc limit 1 for update", day
            )
            if row is None:
                raise EditionError(f"no edition is stored that is in force from {day}")
            if day <= today:
                raise EditionError(f"the edition of {day} is in force, and cannot be taken back; load another one")
            if row["digest"] in released:
                raise EditionError(f"the edition of {day} belongs to this release, and would come back with it")
            await execute("delete from programme where edition_id = $1", row["id"])
            await execute("delete from edition where id = $1", row["id"])
    except (asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError) as error:
        raise EditionError(f"something stands on the edition of {day} already: it stays") from error
    return str(row["diary_number"])
