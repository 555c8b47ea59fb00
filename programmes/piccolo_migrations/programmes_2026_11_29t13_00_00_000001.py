"""A box's own words are part of the release that it was counted in, which never changes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-29T13:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "own words stay as they were released"

FORWARDS = [
    """create function ballot_keeps_its_words() returns trigger language plpgsql set search_path = public, pg_temp as $$
       begin
           if old.release_id is not null and (new.own_words is distinct from old.own_words
                                              or new.release_id is distinct from old.release_id) then
               raise exception 'released already' using errcode = 'check_violation', constraint = 'ballot_keeps_its_words',
                   table = 'ballot';
           end if;
           return new;
       end $$""",
    "revoke execute on function ballot_keeps_its_words() from public",
    """create trigger ballot_keeps_its_words before update of own_words, release_id on ballot
       for each row execute function ballot_keeps_its_words()""",
]
BACKWARDS = [
    "drop trigger ballot_keeps_its_words on ballot",
    "drop function ballot_keeps_its_words()",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    async def run_back() -> None:
        from programmes.core.db import fetch

        for statement in BACKWARDS:
            await fetch(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(run_back)
    return manager
