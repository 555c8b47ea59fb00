"""What the nightly run has to do with others: the archive, a backup that is put back, and what goes by its age."""

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from programmes import worker
from programmes.core.db import engine, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.restoring import beside_no_restore, restoring
from programmes.core.sealing import KeyFolder
from programmes.enrolment.records import details_services
from programmes.oversight.retention import archive_services as archive
from programmes.oversight.retention import queries
from programmes.oversight.retention import services as retention
from programmes.people import hold_services as holds
from programmes.people import records
from programmes.people.looks import looking
from programmes.people.record_rules import NotKept
from programmes.people.records import PersonRecord
from programmes.private_server import PrivateServer, ensure_database
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.conftest import settings_for
from tests.factories import a_coordinator
from tests.oversight.retention_cast import NIGHT, PLAIN, a_past, alive, figures_of, last, run_at, wake
from tests.pools import WORKERS, a_pool


async def test_who_is_born_on_such_a_day_goes_to_the_archive_first(
    hands: Worker, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    born = {"Anna Ask": "1985-02-15", "Bo Ek": "1990-07-02", "Cia Al": "", "Dan Ed": "1990-01-25"}
    past = await a_past(owner, keys, clock.now(), born)
    fifteenth, _plain, unknown, twentyfifth = past.records
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == {fifteenth, unknown, twentyfifth}
    now = clock.now()
    assert await archive.for_archive(kim, settings, keys, now) == sorted([fifteenth, twentyfifth])
    async with looking(kim, "archive", now) as look:
        batch_id, content = await archive.make([fifteenth, twentyfifth], look, settings, keys, now)
    assert b"Anna Ask" in content
    assert b"Bo Ek" not in content
    assert await owner.fetchval("select count(*) from record_look where page = 'archive'") == 2
    # Made, it is no reason to erase; nor is a receipt of another file, nor a part that is too short.
    digest = (await archive.mine(batch_id, kim)).digest.hex()
    for wrong in ("", digest[:15], "0" * 64, digest + "0"):
        assert not await archive.confirm(batch_id, wrong, kim, now), wrong
    await run_at(hands, clock, NIGHT + timedelta(days=1))
    assert await alive(owner) == {fifteenth, unknown, twentyfifth}
    assert await archive.confirm(batch_id, f" {digest[:8].upper()} {digest[8:20]} ", kim, now)
    # What is written after the file was made is not in it.
    await owner.execute("update participant set changed_at = $2 where id = $1", twentyfifth, now + timedelta(hours=1))
    await run_at(hands, clock, NIGHT + timedelta(days=2))
    assert await alive(owner) == {unknown, twentyfifth}
    # A birth date that is put right now is no note that keeps it: it goes, as the day is no such day.
    right = PersonRecord("Cia Al", "1990-01-04")
    await details_services.correct(past.ways[2], right, False, kim.staff_id, keys, clock.now())
    assert await retention.fates([unknown], "sample", keys, clock.now()) == {unknown: "erase"}
    with pytest.raises(NotKept):
        await details_services.correct(past.ways[2], replace(right, birth_date=""), False, kim.staff_id, keys, clock.now())
    async with transaction():  # As a record of an earlier release may be.
        await records.change(replace(right, birth_date=""), False, keys, unknown, None)
    assert await retention.fates([unknown], "sample", keys, clock.now()) == {unknown: "unknown_day"}
    # Nobody found out when somebody was born until the year after: then it goes.
    await wake(owner, datetime(2032, 1, 1, tzinfo=UTC))
    await run_at(hands, clock, datetime(2032, 1, 1, 1, 15, tzinfo=UTC))
    assert await alive(owner) == {twentyfifth}


async def test_a_file_for_the_archive_can_be_made_again_until_something_changes(
    hands: Worker, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    lo = await a_coordinator(clock.now(), "lo")
    elsewhere = await a_coordinator(clock.now(), "mia", "2.7")
    past = await a_past(owner, keys, clock.now(), {"Anna Ask": "1985-02-15"})
    await wake(owner, NIGHT)
    clock.set(NIGHT)
    assert await archive.for_archive(elsewhere, settings, keys, NIGHT) == []
    async with looking(kim, "archive", NIGHT) as look:
        batch_id, content = await archive.make(list(past.records), look, settings, keys, NIGHT)
        assert await archive.again(batch_id, look, settings, keys) == content
    async with looking(lo, "archive", NIGHT) as look:
        with pytest.raises(NotFound):
            await archive.again(batch_id, look, settings, keys)
    digest = (await archive.mine(batch_id, kim)).digest.hex()
    # Who made it and coordinates the programme no longer neither takes it home nor confirms it.
    without = replace(kim, roles={"coordinator": frozenset({"2.7"})})
    async with looking(without, "archive", NIGHT) as look:
        with pytest.raises(NotFound):
            await archive.again(batch_id, look, settings, keys)
    with pytest.raises(NotFound):
        await archive.confirm(batch_id, digest, without, NIGHT)
    assert await archive.confirm(batch_id, digest, kim, NIGHT)
    assert set((await retention.fates(past.records, "sample", keys, NIGHT)).values()) == {"erase"}
    # What is put right afterwards is not in the file that the archive has: another one is to be made.
    right = PersonRecord("Anna Ek", "1985-02-15")
    await details_services.correct(past.ways[0], right, False, kim.staff_id, keys, NIGHT + timedelta(minutes=1))
    assert set((await retention.fates(past.records, "sample", keys, NIGHT)).values()) == {"archive"}
    async with looking(kim, "archive", NIGHT) as look:
        with pytest.raises(Conflict, match="record_changed"):
            await archive.again(batch_id, look, settings, keys)


async def test_while_a_backup_is_put_back_nothing_is_erased(
    hands: Worker, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    await wake(owner, NIGHT)
    async with restoring(settings.database_url, keys):
        await run_at(hands, clock, NIGHT)
        assert ((await last(owner)).state, (await last(owner)).gone) == ("restoring", 0)
    with pytest.raises(RuntimeError, match="power"):
        async with restoring(settings.database_url, keys):
            raise RuntimeError("power")
    # The lock went with the process, but the restore has not come to its end.
    await run_at(hands, clock, NIGHT + timedelta(days=1))
    assert (await last(owner)).state == "restoring"
    assert await alive(owner) == set(past.records)
    async with restoring(settings.database_url, keys):
        pass
    await run_at(hands, clock, NIGHT + timedelta(days=2))
    assert await alive(owner) == set()


async def test_a_restore_waits_for_the_record_that_is_just_being_erased(
    hands: Worker, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    began = asyncio.Event()

    async def restore() -> None:
        async with restoring(settings.database_url, keys):
            began.set()

    async with transaction():
        await beside_no_restore(keys)
        going = asyncio.ensure_future(restore())
        waits = """select count(*) from pg_locks where locktype = 'advisory' and not granted
                   and database = (select oid from pg_database where datname = current_database())"""
        while not await owner.fetchval(waits):
            await asyncio.sleep(0.01)
        assert not began.is_set()
    await going
    with pytest.raises(RuntimeError):
        await beside_no_restore(keys)


async def test_yesterdays_backup_restored_erases_again_and_counts_nobody_twice(
    hands: Worker,
    server: PrivateServer,
    settings: Settings,
    work_folder: Path,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    kept = await a_past(owner, keys, clock.now() + timedelta(days=300), {"Cia Al": "1990-01-01"})
    await wake(owner, NIGHT)
    # Held when the backup was made; that was lifted afterwards, and the record erased.
    await holds.hold(past.records[0], "court", None, 1, NIGHT, date(2031, 9, 19))
    before = await figures_of(past.cohort.cohort_id)
    command = [str(server.binaries / "pg_dump"), settings.database_url]
    backup = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    await holds.lift(past.records[0], await owner.fetchval("select id from retention_hold"), 1, NIGHT)
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == set(kept.records)
    await ensure_database(server, "retention_restored")
    again = settings_for(server, "retention_restored", work_folder)
    command = [str(server.binaries / "psql"), "-q", "-v", "ON_ERROR_STOP=1", again.database_url]
    subprocess.run(command, input=backup, text=True, capture_output=True, check=True)
    connection = await asyncpg.connect(again.database_url)
    pool = await a_pool(again.worker_database_url, WORKERS)
    mine, engine().pool = engine().pool, pool
    try:
        assert len(await alive(connection)) == 3
        for _ in range(2):
            await worker.start_up(Worker(again, clock, keys, connection))
            assert await alive(connection) == set(kept.records)
        assert await figures_of(past.cohort.cohort_id) == before
        assert await connection.fetchval("select count(*) from retention_hold") == 0
        [receipt] = await queries.receipts(date(2031, 1, 1), date(2031, 12, 31))
        assert (receipt.gone, receipt.restored) == (2, True)
        assert await connection.fetchval("select count(*) from key_destruction") == 0
    finally:
        engine().pool = mine
        await pool.close()
        await connection.close()
        await owner.execute('drop database "retention_restored" with (force)')


async def test_what_goes_by_its_age_goes_and_the_rule_of_the_office_counts(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), {"Anna Ask": "1985-02-14"})
    insert = """insert into notice (id, enrolment_id, kind, state, created_at, sent_at)
                values (gen_random_uuid(), $1, 'place_held', $3, $2, $2)"""
    for state in ("sent", "waiting"):
        await owner.execute(insert, past.ways[0], clock.now(), state)
    await owner.execute(insert, past.ways[0], clock.now() + timedelta(days=250), "sent")
    old = await owner.fetchval("select count(*) from audit_entry")
    now = clock.now() + timedelta(days=430)
    await wake(owner, now)
    assert await retention.choose("protected_record", 4, "KS 2027/1", 1, now) == "too_short"
    assert await retention.choose("working_list", 31, "KS 2027/1", 1, now) == "too_long"
    assert await retention.choose("protected_record", 6, "KS 2027/1", 1, now) is None
    assert await retention.choose("protected_record", 6, "KS 2027/1", 1, now) is None
    assert await retention.choose("access_log", 7, "KS 2027/2", 1, now) is None
    assert await owner.fetchval("select count(*) from retention_choice") == 2
    # The chain, also of the release before, looks its rule up where it always did.
    assert await owner.fetchval("select years from retention_rule where subject = 'access_log'") == 7
    await owner.execute("update retention_rule set years = 5 where subject = 'access_log'")
    await run_at(hands, clock, now)
    assert await owner.fetchval("select count(*) from notice where kind = 'place_held'") == 2
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == set(past.records)
    later = NIGHT + timedelta(days=366)
    await wake(owner, later)
    await run_at(hands, clock, later)
    assert await alive(owner) == set()
    # The trail of ten years ago goes too, and only that.
    far = clock.now() + timedelta(days=365 * 5)
    await wake(owner, far)
    await run_at(hands, clock, far)
    assert await owner.fetchval("select min(at) from audit_entry") > clock.now() - timedelta(days=366 * 10 + 31)
    assert old > 0
