"""The nightly run in a real database: what goes, what stays, races and faults."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from programmes.core import erasure, lost_keys
from programmes.core.erasure import replay
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.doctor.findings import Patient
from programmes.doctor.row_keys import keys_of_rows
from programmes.enrolment.queue import waiting_services
from programmes.enrolment.queue.holding_queries import held_records
from programmes.enrolment.records.erasing_services import erase_person
from programmes.oversight.retention import queries
from programmes.oversight.retention import services as retention
from programmes.oversight.retention.rules import Archive
from programmes.people import hold_services as holds
from programmes.settings import Settings
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.oversight.retention_cast import NIGHT, PLAIN, a_past, alive, figures_of, last, run_at, wake


async def receipts_of_2031() -> list[queries.Receipt]:
    return await queries.receipts(date(2031, 1, 1), date(2031, 12, 31))


async def test_records_go_in_the_night_after_their_years_and_their_figures_stay(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    young = await a_past(owner, keys, clock.now() + timedelta(days=30), {"Cia Al": "1990-01-01"})
    before = await figures_of(past.cohort.cohort_id)
    await wake(owner, NIGHT)
    entries = {
        row["key_id"]
        for row in await owner.fetch("select key_id from enrolment where cohort_id = $1", past.cohort.cohort_id)
    }
    # A quarter past one: not yet. Ended by the day, the years end on 2 September 2031, and the first night is the next.
    for moment in (datetime(2031, 9, 2, 0, 15, tzinfo=UTC), datetime(2031, 9, 2, 23, 15, tzinfo=UTC)):
        await run_at(hands, clock, moment)
        assert set(past.records) <= await alive(owner)
    await run_at(hands, clock, datetime(2031, 9, 3, 0, 15, tzinfo=UTC))
    assert await alive(owner) == set(young.records)
    run = await last(owner)
    assert (run.state, run.due, run.gone, run.failed, run.night) == ("done", 2, 2, 0, date(2031, 9, 3))
    assert await figures_of(past.cohort.cohort_id) == before
    assert {(f.session_id is None, f.figure, f.n) for f in before} == {
        (True, "completed", 2), (True, "came", 1), (False, "present", 1), (False, "excused", 1)
    }  # fmt: skip
    left = {
        table: await owner.fetchval(f"select count(*) from {table} where {column} <> all($1)", ids)
        for table, column, ids in (
            ("enrolment", "participant_id", young.records),
            ("person_lookup", "participant_id", young.records),
            ("attendance", "enrolment_id", young.ways),
            ("queue_event", "enrolment_id", young.ways),
            ("condition_met", "enrolment_id", young.ways),
        )
    }
    assert set(left.values()) == {0}, left
    for record in past.records:
        assert not keys.exists("person", record)
        assert any(r["key"] == str(record) and r["kind"] == "person" for r in keys.receipts())
    assert not any(keys.exists("entry", key) for key in entries)
    # The same night again does nothing, and the next one has nothing to do.
    await retention.nightly(hands)
    assert await owner.fetchval("select count(*) from retention_run where not by_hand") == 1 + 1
    [receipt] = await queries.receipts(date(2031, 1, 1), date(2031, 12, 31))
    assert (receipt.subject, receipt.amount, receipt.unit, receipt.gone) == ("protected_record", 5, "years", 2)


async def test_a_note_written_since_counts_over_all_the_ways_of_somebody(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), {**PLAIN, "Cia Al": "1990-01-01", "Dan Ed": "1990-01-01"})
    later, (corrected, marked, known, _plain) = clock.now() + timedelta(days=100), past.records
    await owner.execute("update participant set changed_at = $2 where id = $1", corrected, later)
    await owner.execute("update attendance set marked_at = $2 where enrolment_id = $1", past.ways[1], later)
    # As the release before notes a correction.
    await owner.execute(
        "insert into audit_entry (at, action, subject) values ($1, 'person:correct', $2)", later, f"participant/{known}"
    )
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == {corrected, marked, known}
    # Whoever still has a place is in the middle of it as long as there are sessions.
    await owner.execute("update enrolment set state = 'confirmed' where participant_id = $1", marked)
    end = NIGHT + timedelta(days=900)
    await owner.execute("update cohort_session set ends_at = $1 where id = (select max(id) from cohort_session)", end)
    facts = await queries.record_facts([marked])
    assert facts[marked].noted == (end,)


async def test_what_is_held_stays_until_it_is_lifted_or_its_day_has_passed(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), {**PLAIN, "Cia Al": "1990-01-01"})
    until_lifted, until_day, _free = past.records
    await wake(owner, NIGHT)
    await holds.hold(until_lifted, "court", None, 1, NIGHT, date(2031, 9, 20))
    await holds.hold(until_day, "complaint", date(2031, 9, 21), 1, NIGHT, date(2031, 9, 20))
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == {until_lifted, until_day}
    assert [held.reason for held in await held_records(date(2031, 9, 21))] == ["court", "complaint"]
    await run_at(hands, clock, NIGHT + timedelta(days=1))
    assert await alive(owner) == {until_lifted, until_day}
    await run_at(hands, clock, NIGHT + timedelta(days=2))
    assert await alive(owner) == {until_lifted}
    court = (await held_records(date(2031, 9, 23)))[0].hold_id
    await holds.lift(until_lifted, court, 1, clock.now())
    await holds.lift(until_lifted, court, 1, clock.now())
    await run_at(hands, clock, NIGHT + timedelta(days=3))
    assert await alive(owner) == set()
    noted = await owner.fetch("select action from audit_entry where action like 'hold:%' order by id")
    assert [row["action"] for row in noted] == ["hold:set", "hold:set", "hold:lift"]
    with pytest.raises(NotFound):
        await holds.hold(until_lifted, "court", None, 1, NIGHT, date(2031, 9, 25))


async def test_every_hold_stands_by_itself(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """One that runs out tomorrow, and another that a manager then sets without an end: nothing goes while either stands."""
    past = await a_past(owner, keys, clock.now(), {"Anna Ask": "1985-02-14"})
    [anna] = past.records
    await wake(owner, NIGHT)
    today = date(2031, 9, 20)
    for _twice in range(2):
        await holds.hold(anna, "request", date(2031, 9, 21), 1, NIGHT, today)
        await holds.hold(anna, "court", None, 2, NIGHT, today)
        await holds.hold(anna, "court", None, 1, NIGHT, today)
    standing = await held_records(today)
    assert [(held.reason, held.until) for held in standing] == [
        ("request", date(2031, 9, 21)), ("court", None), ("court", None)
    ]  # fmt: skip
    await run_at(hands, clock, NIGHT + timedelta(days=3))
    assert await alive(owner) == {anna}
    await holds.lift(anna, standing[1].hold_id, 1, clock.now())
    await run_at(hands, clock, NIGHT + timedelta(days=4))
    assert await alive(owner) == {anna}
    await holds.lift(anna, standing[2].hold_id, 1, clock.now())
    await run_at(hands, clock, NIGHT + timedelta(days=5))
    assert await alive(owner) == set()


async def _race(
    owner: asyncpg.Connection, settings: Settings, keys: KeyFolder, clock: FrozenClock, hands: Worker
) -> tuple[bool, bool]:
    """A hold that is being set while the run comes to the record: whether it was acknowledged, and whether the record is
    there. The hold's transaction is open when the run decides."""
    past = await a_past(owner, keys, clock.now(), {"Anna Ask": "1985-02-14"})
    await wake(owner, NIGHT)
    other = await asyncpg.connect(settings.web_database_url)
    try:
        holding = other.transaction()
        await holding.start()
        await other.fetchval("select true from participant where id = $1 for update", past.records[0])
        await other.execute(
            "insert into retention_hold (participant_id, reason, set_at, set_by) values ($1, 'court', $2, 1)",
            past.records[0], NIGHT,
        )  # fmt: skip
        run = run_at(hands, clock, NIGHT)
        waits = """select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'"""
        while not await owner.fetchval(waits):
            await asyncio.sleep(0.01)
        await holding.commit()
        await run
    finally:
        await other.close()
    kept = await owner.fetchval("select count(*) from retention_hold where lifted_at is null") == 1
    return kept, past.records[0] in await alive(owner)


async def test_a_hold_that_is_set_while_the_run_is_at_work_is_kept(
    hands: Worker, settings: Settings, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    assert await _race(owner, settings, keys, clock, hands) == (True, True)


async def test_without_the_lock_of_the_record_the_race_is_lost(
    hands: Worker,
    settings: Settings,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: it is the lock that keeps the promise, not luck."""

    async def unlocked(_: object) -> bool:
        return True

    monkeypatch.setattr(retention, "lock_person", unlocked)
    assert await _race(owner, settings, keys, clock, hands) == (False, False)


async def test_who_never_got_a_place_is_held_back_too(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    await owner.execute("update enrolment set state = 'expired', only_waited = true")
    await owner.execute("update cohort set state = 'started'")
    held, other = past.records
    clock.set(clock.now() + timedelta(days=60))
    await holds.hold(held, "request", None, 1, clock.now(), date(2026, 11, 1))
    for way in past.ways:
        await erasing_and_waiting(way, keys, clock)
    assert await alive(owner) == {held}
    assert not keys.exists("person", other)
    await holds.lift(held, (await held_records(date(2026, 11, 1)))[0].hold_id, 1, clock.now())
    await erasing_and_waiting(past.ways[0], keys, clock)
    assert await alive(owner) == set()


async def erasing_and_waiting(way: object, keys: KeyFolder, clock: FrozenClock) -> None:
    await waiting_services.erase_waited(way, keys, clock.now())  # type: ignore[arg-type]


async def test_one_record_that_cannot_be_read_does_not_stop_the_others(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), {**PLAIN, "Cia Al": "1990-01-01", "Dan Ed": "1990-01-01"})
    cut, lost, damaged, _fine = past.records
    keys._path("person", damaged).path.write_bytes(b"half a key")
    await owner.execute("update participant set sealed = substring(sealed from 1 for 40) where id = $1", cut)
    keys.discard("person", lost)
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == {cut, lost, damaged}
    run = await last(owner)
    assert (run.state, run.due, run.gone, run.failed) == ("done", 4, 1, 3)


@pytest.mark.parametrize("archive", ["nobody", "sample", "everybody"])
async def test_a_record_whose_key_is_lost_for_good_goes_at_its_time_and_one_whose_key_is_only_missing_stays(
    archive: Archive, hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), {**PLAIN, "Cia Al": "1990-01-01", "Dan Ed": "1990-01-01"})
    lost, missing, destroyed, held = past.records
    for one in (lost, missing, held):
        keys.discard("person", one)
    keys.destroy("person", destroyed, "person: erased before", clock.now())
    lost_keys.note(keys._folder, {"persons": [str(lost), str(held)]})
    await holds.hold(held, "request", None, 1, clock.now(), NIGHT.date() + timedelta(days=90))
    hands = replace(hands, settings=replace(hands.settings, archive=archive))
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    assert await alive(owner) == {missing, held}
    run = await last(owner)
    assert (run.state, run.gone, run.failed) == ("done", 2, 1)
    assert {str(lost), str(destroyed)} <= {receipt["key"] for receipt in keys.receipts()}
    assert [r.gone for r in await receipts_of_2031() if r.subject == "protected_record"] == [2]
    findings = await keys_of_rows(Patient(replace(hands.settings, key_folder=keys._folder), NIGHT))
    # What is known to be lost, and kept by a hold, is a note.
    assert [f.level for f in findings if f.check == "keys of persons"] == ["fault", "note"]


async def test_without_its_key_folder_the_run_waits_for_the_next_night_and_leaves_nothing_half_done(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    await wake(owner, NIGHT)
    with monkeypatch.context() as gone:
        gone.setattr(KeyFolder, "usable", lambda _: False)
        await run_at(hands, clock, NIGHT)
    assert (await last(owner)).state == "no_keys"
    assert await alive(owner) == set(past.records)
    await retention.nightly(hands)
    assert await alive(owner) == set(past.records)

    was_usable, asked = KeyFolder.usable, []

    def for_the_first(self: KeyFolder) -> bool:
        asked.append(self)
        return len(asked) < 3 and was_usable(self)

    def read_only(*_: object) -> None:
        raise KeysAway("read-only file system")

    with monkeypatch.context() as gone:
        gone.setattr(KeyFolder, "usable", for_the_first)
        gone.setattr(KeyFolder, "destroy", read_only)
        await run_at(hands, clock, NIGHT + timedelta(days=1))
    # It became so in the middle of it: one record is gone with its intent, which is carried out when the folder is back.
    run = await last(owner)
    assert (run.state, run.gone, len(await alive(owner))) == ("no_keys", 1, 1)
    [first] = set(past.records) - await alive(owner)
    assert keys.exists("person", first)
    # Nothing is said to be erased until its keys are gone.
    await retention.receive_late(hands)
    assert await receipts_of_2031() == []
    assert await replay(keys, clock.now()) > 0
    assert not keys.exists("person", first)
    for _ in range(2):
        await retention.receive_late(hands)
        assert [r.gone for r in await receipts_of_2031()] == [1]
    await run_at(hands, clock, NIGHT + timedelta(days=2))
    assert await alive(owner) == set()
    assert [(r.gone, r.day.day) for r in await receipts_of_2031()] == [(1, 22), (1, 21)]


async def test_what_lies_in_the_place_of_one_key_stops_no_other_and_is_tried_again(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    past = await a_past(owner, keys, clock.now(), {**PLAIN, "Cia Al": "1990-01-01"})
    folder = keys._path("person", past.records[0]).path
    away = shutil.move(folder, tmp_path / "away.key")
    (folder / "x").mkdir(parents=True)
    letters = keys._path("person", past.records[1]).path.parent
    linked = shutil.move(letters, tmp_path / "letters")
    letters.symlink_to(linked)
    stays = {one for one in past.records if one == past.records[0] or str(one)[:2] == letters.name}
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    run = await last(owner)
    assert (run.state, run.due, run.gone, run.failed) == ("done", 3, 3 - len(stays), len(stays))
    assert await alive(owner) == stays
    shutil.rmtree(folder)
    shutil.move(away, folder)
    letters.unlink()
    shutil.move(linked, letters)
    await run_at(hands, clock, NIGHT + timedelta(days=1))
    assert await alive(owner) == set()
    assert (await last(owner)).failed == 0


async def test_a_run_whose_keys_wait_has_not_ended_well_and_has_no_receipt_until_they_are_gone(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    entry = await owner.fetchval("select key_id from enrolment where participant_id = $1", past.records[0])
    in_the_way = keys._path("entry", entry).path
    in_the_way.unlink()
    (in_the_way / "x").mkdir(parents=True)
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT)
    run = await last(owner)
    assert (run.state, run.gone, await alive(owner)) == ("no_keys", 2, set())
    assert await receipts_of_2031() == []
    clock.advance(seconds=90)
    shutil.rmtree(in_the_way)
    assert await replay(keys, clock.now()) == 1
    await retention.receive_late(hands)
    assert [r.gone for r in await receipts_of_2031()] == [2]


async def test_a_run_ends_well_though_another_worker_is_between_a_commit_and_its_key(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    await wake(owner, NIGHT)

    async def by_another(person_id: UUID, why: str, folder: KeyFolder, now: datetime) -> None:
        """Committed there, and nothing more yet."""
        with monkeypatch.context() as there:
            there.setattr(erasure, "after_commit", lambda _: None)
            await erase_person(person_id, why, folder, now)

    with monkeypatch.context() as two:
        two.setattr(retention, "erase_person", by_another)
        await run_at(hands, clock, NIGHT)
    run = await last(owner)
    assert (run.state, run.due, run.gone) == ("done", 2, 2)
    assert [r.gone for r in await receipts_of_2031()] == [2]
    assert not [one for one in past.records if keys.exists("person", one)]


async def test_a_run_that_broke_off_is_taken_up_again_and_counts_everybody_once(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    await wake(owner, NIGHT)
    calls: list[object] = []

    async def breaks_off(*args: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise asyncpg.ConnectionDoesNotExistError("the database went away")
        await erase_person(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(retention, "erase_person", breaks_off)
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await run_at(hands, clock, NIGHT)
    assert (await last(owner)).state == "running"
    assert len(await alive(owner)) == 1
    clock.advance(seconds=5)
    await asyncio.gather(retention.nightly(hands), retention.nightly(hands))
    run = await last(owner)
    assert (run.state, run.due, run.gone) == ("done", 2, 2)
    assert await alive(owner) == set()
    assert [r.gone for r in await queries.receipts(date(2031, 1, 1), date(2031, 12, 31))] == [2]
    # One by hand that broke off for good has its receipt by the next night.
    assert len(past.records) == 2
    await owner.execute(
        "insert into retention_run (night, by_hand, started_at, gone) values ($1, true, $2, 4)", NIGHT, NIGHT
    )
    await run_at(hands, clock, NIGHT + timedelta(days=1))
    assert not await owner.fetchval("select count(*) from retention_run where state = 'running'")
    assert [r.gone for r in await queries.receipts(date(2031, 1, 1), date(2031, 12, 31))] == [4, 2]


async def test_a_worker_that_was_down_for_nights_runs_once_when_it_is_back(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_past(owner, keys, clock.now(), PLAIN)
    await wake(owner, NIGHT)
    await run_at(hands, clock, NIGHT + timedelta(days=6, hours=9))
    assert await alive(owner) == set()
    clock.advance(hours=3)
    await retention.nightly(hands)
    assert await owner.fetchval("select count(*) from retention_run where not by_hand") == 1


async def test_a_clock_that_has_jumped_erases_nothing_until_somebody_says_that_it_is_right(
    hands: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    past = await a_past(owner, keys, clock.now(), PLAIN)
    for days in range(2):
        await run_at(hands, clock, NIGHT + timedelta(days=days))
        assert ((await last(owner)).state, len(await alive(owner))) == ("clock", 2)
    assert (await retention.run_now(hands, catch_up=True)).gone == len(past.records)
