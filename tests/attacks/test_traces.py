"""Attack: a web process that has been taken over wipes out what it, or somebody of staff, has done."""

import asyncpg
import pytest

from programmes.core.audit import note
from programmes.core.db import transaction
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, somebody


@pytest.mark.parametrize("line", ["contact:reveal", "enrolment:apply", "review"])
async def test_what_was_noted_of_a_list_stays_for_as_long_as_the_list(
    line: str, db: None, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    cohort = await a_cohort("2.15", clock.now(), await a_leader(clock.now()))
    taken = await somebody(cohort, keys, clock.now())
    await owner.execute("delete from enrolment where id <> $1", taken.enrolment_id)
    await owner.execute("truncate audit_entry")
    if line == "review":
        month = clock.now().date().replace(day=1)
        await owner.execute(
            "insert into look_review (month, seed, lines, made_at) values ($1, '0', 0, $2)", month, clock.now()
        )
        await owner.execute(
            """insert into look_review_line (month, kind, staff_id, cohort_id, look_ids)
               select $1, 'reveals', id, $2, '{}' from staff limit 1""",
            month,
            cohort.cohort_id,
        )
    else:
        subject = f"enrolment/{taken.enrolment_id}" if line == "contact:reveal" else f"cohort/{cohort.cohort_id}"
        async with transaction():
            await note(line, subject, 1, clock.now())
    count = "select (select count(*) from audit_entry) + (select count(*) from look_review_line)"
    assert await owner.fetchval(count) == 1
    web = await asyncpg.connect(settings.web_database_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute("select forget_trail($1)", cohort.cohort_id)
        assert await owner.fetchval(count) == 1
        # With the list it goes.
        async with web.transaction():
            await web.execute("select forget_trail($1)", cohort.cohort_id)
            await web.execute("delete from enrolment where cohort_id = $1", cohort.cohort_id)
        assert await owner.fetchval(count) == 0
    finally:
        await web.close()


@pytest.mark.parametrize("role", ["web", "worker"])
@pytest.mark.parametrize("statement", [
    "delete from start_decision", "update start_decision set staff_id = 1", "update start_decision set reason = ''",
    "update start_decision set decided_at = now()", "delete from identity_check", "update identity_check set how = 'shown'",
    "update key_destruction set key_id = gen_random_uuid()",
])  # fmt: skip
async def test_who_decided_and_who_was_looked_at_stays(role: str, statement: str, db: None, settings: Settings) -> None:
    url = settings.web_database_url if role == "web" else settings.worker_database_url
    connection = await asyncpg.connect(url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
