"""Finding out what `migrate` would do to the tables. Reads only."""

from datetime import datetime

from programmes.core import backup_trace, lock_numbers, schema
from programmes.core.db import fetch, fetchval
from programmes.upgrading.files import migrations
from programmes.upgrading.noting import statements_of
from programmes.upgrading.plan import Plan, Step

_RUNNING = """
select exists (select from pg_locks where locktype = 'advisory' and objid = $1 and objsubid = 1 and granted
  and database = (select oid from pg_database where datname = current_database()))
"""
# As of the last time that the server looked; -1 where it never has.
_ROWS = """
select relname, greatest(reltuples, 0)::bigint as rows from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace
"""


async def look(release: str, others: tuple[str, ...]) -> Plan:
    """The plan for the database of this process, with what else would be done."""
    found = await schema.standing()
    steps = []
    all_of_them = migrations()
    for name in found.pending:
        statements, whole = await statements_of(all_of_them[name])
        steps.append(Step(name, all_of_them[name].told, statements, whole))
    return Plan(
        release,
        len(schema.known()) - len(found.pending) + len(found.future),
        tuple(steps),
        found.future,
        others,
        bool(await fetchval(_RUNNING, lock_numbers.MIGRATING)),
        {row["relname"]: row["rows"] for row in await fetch(_ROWS)},
        await _backed_up(),
    )


async def _backed_up() -> datetime | None:
    if await fetchval("select to_regclass('backup_trace') is null"):
        return None
    trace = (await backup_trace.seen()).get("backup")
    return trace.done_at if trace else None
