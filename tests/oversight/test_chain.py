"""The chain in a real database: races, crashes, owners who change things, restored backups, and the rule of retention."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog

from programmes import audit_commands, worker
from programmes.core.principal import Principal
from programmes.oversight.log import chain_queries as queries
from programmes.oversight.log import chain_services as chain
from programmes.oversight.log.anchor import Anchor, _written
from programmes.oversight.log.chain_rules import Break, Head, shown, unresolved
from programmes.people.looks import looking
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.pools import as_worker

ROBIN = Principal(1, "Robin", {})
_ROW = """insert into record_look (at, staff_id, participant_id, cohort_id, page, protected, own_name)
          values ($1, 1, $2, 1, 'person', false, false) returning id"""


@pytest.fixture
async def anchor(db: None, settings: Settings) -> AsyncIterator[Anchor]:
    """The chain's folder, with the worker's rights in the database."""
    async with as_worker(settings):
        yield Anchor(settings.log_key_folder)


async def look(owner: asyncpg.Connection, now: datetime, many: int = 1) -> list[int]:
    """Lines as web writes them; their numbers."""
    return [await owner.fetchval(_ROW, now, uuid4()) for _ in range(many)]


async def breaks(anchor: Anchor, newest: bool = False) -> list[Break]:
    return list((await chain.verify(anchor, newest)).breaks)


async def tampered(owner: asyncpg.Connection, *statements: str) -> None:
    """What somebody does who owns the database, without the triggers."""
    async with owner.transaction():
        await owner.execute("set local session_replication_role = replica")
        for statement in statements:
            await owner.execute(statement)


async def test_what_a_page_showed_is_chained_and_whole(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await chain.extend(anchor)
    async with looking(ROBIN, "group", clock.now()) as seen:
        for one in range(10):
            seen.see(UUID(int=one), 1, False)
    assert await chain.extend(anchor) is None
    assert await breaks(anchor) == []
    assert anchor.head() == await queries.last_link()
    assert anchor.head().position == 10
    assert await owner.fetchval("select count(*) from look_link") == 10


async def test_a_line_that_commits_late_has_its_place_and_gaps_in_numbers_mean_nothing(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    slow = await asyncpg.connect(settings.web_database_url)
    try:
        late = slow.transaction()
        await late.start()
        first = await slow.fetchval(_ROW, clock.now(), uuid4())
        async with owner.transaction():
            await owner.fetchval(_ROW, clock.now(), uuid4())
            undone = owner.transaction()
            await undone.start()
            await owner.fetchval(_ROW, clock.now(), uuid4())
            await undone.rollback()
        await look(owner, clock.now())
        await chain.extend(anchor)
        await late.commit()
        await chain.extend(anchor)
    finally:
        await slow.close()
    order = [row["look_id"] for row in await owner.fetch("select look_id from look_link order by position")]
    assert order == [first + 1, first + 3, first]
    assert [row["position"] for row in await owner.fetch("select position from look_link order by position")] == [1, 2, 3]
    assert await breaks(anchor) == []


async def test_a_line_that_commits_very_late_is_found_once_an_hour(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "NEAR", 0)
    [skipped] = await look(owner, clock.now())
    await tampered(owner, f"update record_look set id = {skipped + 1000} where id = {skipped}")
    await chain.extend(anchor)
    await tampered(owner, f"update record_look set id = {skipped + 1000} where id = {skipped + 1000}")
    await owner.execute("insert into record_look (id, at, staff_id, participant_id, cohort_id, page) values"
                        f" ({skipped + 1}, now(), 1, gen_random_uuid(), 1, 'person')")  # fmt: skip
    assert await queries.waiting_since() is not None
    await chain.extend(anchor, everywhere=True)
    assert await queries.waiting_since() is None
    assert await breaks(anchor) == []


async def test_two_workers_chain_while_two_connections_write_and_no_place_is_made_twice(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    async def write() -> None:
        connection = await asyncpg.connect(settings.web_database_url)
        try:
            for _ in range(60):
                async with connection.transaction():
                    for _ in range(3):
                        await connection.execute(_ROW, clock.now(), uuid4())
        finally:
            await connection.close()

    async def work() -> None:
        for _ in range(25):
            assert await chain.extend(Anchor(settings.log_key_folder)) is None

    await asyncio.gather(write(), write(), work(), work())
    await chain.extend(anchor)
    assert await breaks(anchor) == []
    assert anchor.head().position == 360
    assert await owner.fetchval("select count(distinct look_id) from look_link") == 360


async def test_a_crash_before_the_head_is_written_down_costs_nothing(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look(owner, clock.now(), 2)
    await chain.extend(anchor)
    await look(owner, clock.now(), 2)
    with monkeypatch.context() as crashed:
        crashed.setattr(Anchor, "advance", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await chain.extend(anchor)
    assert anchor.head().position == 2
    assert await breaks(anchor) == []
    assert await chain.extend(anchor) is None
    assert anchor.head().position == 4


async def test_a_worker_that_was_down_chains_what_has_come_meanwhile(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "AT_ONCE", 7)
    await look(owner, clock.now(), 24)
    await chain.extend(anchor)
    assert anchor.head().position == 24
    assert await breaks(anchor) == []


TAMPERING: dict[str, tuple[list[str], Break]] = {
    "changed": (["update record_look set staff_id = 2 where id = {3}"], Break("changed", 3)),
    "removed": (["delete from record_look where id = {3}"], Break("line_gone", 3)),
    "removed with its link": (
        ["delete from record_look where id = {3}", "delete from look_link where look_id = {3}"], Break("link_gone", 3),
    ),
    "swapped": (
        ["update look_link set look_id = -1 where position = 2", "update look_link set look_id = {2} where position = 3",
         "update look_link set look_id = {3} where position = 2"], Break("changed", 2),
    ),
    "inserted": (
        ["update look_link set position = position + 100 where position > 2",
         "update look_link set position = position - 99 where position > 100",
         "insert into record_look (id, at, staff_id, participant_id, cohort_id, page) select 999999, at, 2, participant_id,"
         " cohort_id, page from record_look where id = {1}",
         "insert into look_link (position, look_id, mac) select 3, 999999, mac from look_link where position = 2"],
        Break("changed", 3),
    ),
    "truncated": (["delete from look_link where position > 3"], Break("end_gone", 4)),
    "truncated with its lines": (
        ["delete from record_look where id > {3}", "delete from look_link where position > 3"], Break("end_gone", 4),
    ),
    "all of it": (
        ["delete from record_look", "delete from look_link"], Break("end_gone", 1),
    ),
    "as if retention had been there": (
        ["insert into look_checkpoint (from_position, through_position, head, before, made_at, mac)"
         " select 1, 3, mac, '2026-09-01', now(), mac from look_link where position = 3", "select forget_looks()"],
        Break("checkpoint", 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERING)
async def test_what_the_owner_of_the_database_does_shows_and_the_command_says_where(
    what: str,
    anchor: Anchor,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    numbers = await look(owner, clock.now(), 6)
    await chain.extend(anchor)
    assert await audit_commands._verify(anchor) == 0
    assert f"whole up to line 6. Its head is {shown(anchor.head().mac)}." in capsys.readouterr().out
    statements, expected = TAMPERING[what]
    await tampered(owner, *(statement.format(*[0, *numbers]) for statement in statements))
    assert (await breaks(anchor))[0] == expected
    assert await audit_commands._verify(anchor) == 1
    assert f"first breaks at line {expected.position}:" in capsys.readouterr().err


async def test_nothing_is_added_to_an_end_that_is_not_the_one_that_was_left_until_somebody_says_so(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await look(owner, clock.now(), 6)
    await chain.extend(anchor)
    assert await audit_commands._resume(anchor) == 1
    # A backup of the database from after the fourth line is restored.
    await tampered(owner, "delete from record_look where id > (select look_id from look_link where position = 4)",
                   "delete from look_link where position > 4")  # fmt: skip
    await look(owner, clock.now(), 2)
    assert await chain.extend(anchor) == Break("end_gone", 5)
    assert await owner.fetchval("select count(*) from look_link") == 4
    assert await audit_commands._resume(anchor) == 0
    assert await chain.extend(anchor) is None
    assert await breaks(anchor) == []
    assert [(loss.first, loss.last) for loss in await queries.losses()] == [(5, 7)]
    # Places that were given once are never given again.
    assert [row["position"] for row in await owner.fetch("select position from look_link order by position")] == [
        1, 2, 3, 4, 7, 8, 9,
    ]  # fmt: skip
    capsys.readouterr()
    assert await audit_commands._verify(anchor) == 0
    assert "Lines 5 to 6 were lost" in capsys.readouterr().out


@pytest.mark.parametrize(("gone", "fault"), [("chain.key", "no_key"), ("head.json", "no_end"), ("", "no_key")])
async def test_a_folder_that_is_gone_is_said_and_no_other_key_is_made(
    gone: str, fault: str, anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, settings: Settings
) -> None:
    await look(owner, clock.now(), 2)
    await chain.extend(anchor)
    folder = settings.log_key_folder / "chain"
    (folder / gone).unlink() if gone else shutil.rmtree(folder)
    await look(owner, clock.now())
    stopped = await chain.extend(anchor)
    assert stopped is not None
    assert stopped.fault == fault
    assert (await breaks(anchor))[0].fault == fault
    assert not (folder / "chain.key").exists() or gone == "head.json"
    # Where the key is missing nobody goes on with another one; neither with that of another installation.
    links = await owner.fetchval("select count(*) from look_link")
    if fault == "no_key":
        assert await audit_commands._resume(anchor) == 1
        assert not (folder / "chain.key").exists()
    folder.mkdir(exist_ok=True)
    (folder / "chain.key").write_bytes(b"k" * 32)
    assert await audit_commands._resume(anchor) == 1
    # A gap, beside which no link can be compared, is no witness for the key.
    await tampered(owner, "delete from look_link where position = 1")
    assert await audit_commands._resume(anchor) == 1
    assert await owner.fetchval("select count(*) from look_link") == links - 1


async def test_a_day_has_its_head_once_outside_the_database_too(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    await chain.tend(the_worker)
    assert await queries.last_day() is None
    await look(owner, clock.now(), 3)
    await chain.tend(the_worker)
    clock.advance(days=1)
    for _ in range(2):
        await chain.tend(the_worker)
    day = await queries.last_day()
    assert day is not None
    assert (day.day, day.position, day.lines) == (date(2026, 9, 2), 3, 3)
    assert {kept.position: kept.mac for kept in anchor.days().values()} == {3: day.head}
    # Rewritten from the first line with the worker's own key, it is still not the day's.
    await tampered(owner, "update record_look set staff_id = 2", "delete from look_link")
    anchor._head.unlink()
    assert await chain.extend(anchor) == Break("no_end", 0)
    anchor._head.write_bytes(_written(Head()))
    assert await chain.extend(anchor) is None
    assert Break("other_end", 3) in await breaks(anchor)


async def test_a_days_head_that_was_changed_is_found_at_both_looks_until_somebody_has_looked(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    await look(owner, clock.now(), 3)
    await chain.tend(the_worker)
    clock.advance(days=1)
    await chain.tend(the_worker)
    assert await breaks(anchor) == []
    await tampered(owner, "update look_day set head = decode(repeat('ab', 32), 'hex')")
    for newest in (True, False):
        assert await breaks(anchor, newest) == [Break("other_day", 3)]
    clock.advance(hours=1)
    await chain.tend(the_worker)
    assert (await queries.checks())["newest"].fault == "other_day"
    await chain.resolve(anchor, await breaks(anchor), clock.now())
    assert unresolved(await breaks(anchor), anchor.faults()[1]) == ()
    # Another false head nobody has looked at.
    await tampered(owner, "update look_day set head = decode(repeat('cd', 32), 'hex')")
    assert unresolved(await breaks(anchor), anchor.faults()[1]) == (Break("other_day", 3),)


async def test_a_chain_that_stops_is_said_at_once_and_then_once_an_hour(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    await look(owner, clock.now(), 3)
    await chain.tend(the_worker)
    await tampered(owner, "delete from record_look", "delete from look_link")
    anchor._head.unlink()
    await look(owner, clock.now())
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            clock.advance(seconds=5)
            await chain.tend(the_worker)
        assert [(line["scope"], line["fault"], line["position"]) for line in said] == [("newest", "no_end", 0)]
        clock.advance(hours=1)
        await chain.tend(the_worker)
    assert len(said) == 2
    assert (await queries.checks())["newest"].fault == "no_end"
    assert await owner.fetchval("select count(*) from look_link") == 0


async def test_every_hour_the_newest_part_and_every_day_all_of_it_is_looked_at(
    anchor: Anchor,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chain, "_NEWEST", 3)
    await look(owner, clock.now(), 6)
    await chain.tend(the_worker)
    checks = await queries.checks()
    assert {(c.scope, c.through, c.broken_at) for c in checks.values()} == {("newest", 6, None), ("all", 6, None)}
    await tampered(owner, "update record_look set page = 'print' where id = (select min(id) from record_look)")
    clock.advance(hours=1)
    with structlog.testing.capture_logs() as said:
        await chain.tend(the_worker)
        assert (await queries.checks())["newest"].broken_at is None
        assert said == []
        clock.advance(hours=24)
        await chain.tend(the_worker)
    assert (await queries.checks())["all"].broken_at == 1
    assert said == [{"event": "access_log_broken", "log_level": "error", "scope": "all", "fault": "changed", "position": 1}]
    await tampered(owner, "update record_look set page = 'print' where id = (select max(id) from record_look)")
    clock.advance(hours=1)
    await chain.tend(the_worker)
    assert (await queries.checks())["newest"].broken_at == 6


async def test_old_lines_go_by_the_rule_and_a_signed_checkpoint_stands_for_them(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    old = clock.now()
    await look(owner, old, 4)
    await chain.tend(the_worker)
    clock.advance(days=1)
    await chain.tend(the_worker)
    clock.advance(days=40)
    await look(owner, clock.now(), 3)
    await chain.tend(the_worker)
    clock.advance(days=1)
    await chain.tend(the_worker)
    # The last day of September 2031: nothing of September 2026 is five years old by the whole month.
    clock.set(old.replace(year=2031, month=9, day=30))
    assert await chain.retire(anchor, clock.now()) is None
    clock.set(old.replace(year=2031, month=10, day=1))
    made = await chain.retire(anchor, clock.now())
    assert made is not None
    assert (made.from_position, made.through_position, made.before) == (1, 4, date(2026, 10, 1))
    assert await owner.fetchval("select count(*) from record_look") == 3
    assert await owner.fetchval("select min(day) from look_day") >= date(2026, 10, 1)
    assert await breaks(anchor) == []
    assert await chain.retire(anchor, clock.now()) is None
    await look(owner, clock.now(), 2)
    assert await chain.extend(anchor) is None
    clock.set(old.replace(year=2032, month=1, day=1))
    second = await chain.retire(anchor, clock.now())
    assert second is not None
    assert (second.from_position, second.through_position) == (5, 7)
    assert await breaks(anchor) == []
    assert (await chain.verify(anchor)).head == anchor.head()


async def test_when_every_line_has_gone_the_chain_goes_on_from_its_checkpoint(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await look(owner, clock.now(), 4)
    await chain.extend(anchor)
    clock.advance(days=1)
    await chain.end_day(anchor, clock.now())
    clock.advance(days=365 * 6)
    assert await chain.retire(anchor, clock.now())
    assert await owner.fetchval("select count(*) from look_link") == 0
    assert await breaks(anchor) == []
    await look(owner, clock.now(), 2)
    assert await chain.extend(anchor) is None
    assert anchor.head().position == 6
    assert await breaks(anchor) == []
    assert await breaks(anchor, newest=True) == []


async def test_an_office_that_keeps_longer_changes_a_row(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await look(owner, clock.now())
    await chain.extend(anchor)
    clock.advance(days=1)
    await chain.end_day(anchor, clock.now())
    clock.advance(days=365 * 6)
    await owner.execute("update retention_rule set years = 10 where subject = 'access_log'")
    try:
        assert await chain.retire(anchor, clock.now()) is None
    finally:
        await owner.execute("update retention_rule set years = 5 where subject = 'access_log'")


async def test_lines_that_somebody_made_older_stay_and_the_fault_stands_until_somebody_resolves_it(
    anchor: Anchor,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await look(owner, clock.now(), 6)
    await chain.tend(the_worker)
    older = """update record_look set at = at {} interval '10 years'
               where id in (select look_id from look_link where position < 4)"""
    await tampered(owner, older.format("-"))
    clock.advance(hours=1)
    await chain.tend(the_worker)
    assert await chain.retire(anchor, clock.now()) is None
    assert await owner.fetchval("select count(*) from record_look") == 6
    assert await owner.fetchval("select count(*) from look_checkpoint") == 0
    # Changed back, and what the worker noted in the database taken away, it still stands.
    await tampered(owner, older.format("+"))
    clock.advance(hours=25)
    await chain.tend(the_worker)
    assert (await queries.checks())["newest"].fault == "changed"
    await owner.execute("update chain_check set fault = null, broken_at = null")
    assert await breaks(anchor) == []
    capsys.readouterr()
    assert await audit_commands._verify(anchor) == 1
    assert "was found broken at line 1:" in capsys.readouterr().err
    assert await audit_commands._resume(anchor) == 0
    assert await audit_commands._verify(anchor) == 0
    assert await chain.standing(anchor) == ()


async def test_what_goes_is_old_by_the_days_outside_the_database_and_not_by_what_lines_say(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    # Chained as it was written: nothing is changed, and yet nobody knows that it is old.
    await look(owner, clock.now() - timedelta(days=4000), 3)
    await look(owner, clock.now())
    await chain.tend(the_worker)
    clock.advance(days=1)
    await chain.tend(the_worker)
    assert await chain.retire(anchor, clock.now()) is None
    assert await owner.fetchval("select count(*) from record_look") == 4
    clock.advance(days=365 * 6)
    # A line that was changed holds everything back, until somebody has looked at it.
    change = "update record_look set staff_id = {} where id = (select max(id) from record_look)"
    await tampered(owner, change.format(2))
    assert await chain.retire(anchor, clock.now()) is None
    await chain.tend(the_worker)
    # Also if it is as it was again when the worker comes to look.
    await tampered(owner, change.format(1))
    clock.advance(hours=1)
    await chain.tend(the_worker)
    assert await owner.fetchval("select count(*) from record_look") == 4
    assert await audit_commands._resume(anchor) == 0
    clock.advance(hours=1)
    await chain.tend(the_worker)
    assert await owner.fetchval("select count(*) from record_look") == 0
    assert await breaks(anchor) == []
    assert await chain.standing(anchor) == ()


async def test_lines_go_only_where_a_checkpoint_stands(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await look(owner, clock.now(), 2)
    await chain.extend(anchor)
    await owner.execute("select forget_looks()")
    assert await owner.fetchval("select count(*) from record_look") == 2
    refused: list[Callable[[], Awaitable[object]]] = [
        lambda: owner.execute("delete from record_look"),
        lambda: owner.execute("delete from look_link"),
        lambda: owner.execute("update look_link set mac = mac"),
        lambda: owner.execute("truncate look_link"),
        lambda: owner.execute("delete from look_checkpoint"),
    ]
    for attempt in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await attempt()


async def test_who_is_looked_at_in_an_exempt_group_is_not_in_the_chain(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    async with looking(ROBIN, "group", clock.now()):
        pass
    await chain.extend(anchor)
    assert await owner.fetchval("select count(*) from look_link") == 0
    assert clock.now() - timedelta(hours=1) < clock.now()


@pytest.mark.parametrize("what", ["changed", "removed with its link", "removed"])
async def test_a_resolved_place_that_is_changed_once_more_is_said(
    what: str, anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    """Whoever resolves looks at what lies there then, and at nothing that comes to lie there."""
    numbers = [0, *await look(owner, clock.now(), 6)]
    await chain.tend(the_worker)
    statements, expected = TAMPERING[what]
    await tampered(owner, *(statement.format(*numbers) for statement in statements))
    assert await audit_commands._resume(anchor) == 0
    clock.advance(hours=25)
    await chain.tend(the_worker)
    assert await chain.standing(anchor) == ()
    # Beside a gap nothing is compared with the link before, so the next line could be changed as well.
    again = 4 if what == "removed with its link" else 3
    if what == "removed":
        await tampered(owner, f"update look_link set mac = sha256(mac) where position = {again}")
    else:
        await tampered(owner, f"update record_look set staff_id = 7 where id = {numbers[again]}")
    clock.advance(hours=25)
    with structlog.testing.capture_logs() as logs:
        await chain.tend(the_worker)
    assert [entry["position"] for entry in logs if entry["event"] == "access_log_broken"][:1] == [3]
    assert expected in await chain.standing(anchor)


async def test_a_resolution_of_a_release_that_named_places_covers_nothing(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, the_worker: worker.Worker, settings: Settings
) -> None:
    await look(owner, clock.now(), 3)
    await chain.tend(the_worker)
    known = '{"fault": "changed", "position": 2}\n{"resolved_at": "2026-11-01T10:00:00+00:00"}\n'
    (settings.log_key_folder / "chain" / "faults.jsonl").write_text(known)
    await tampered(
        owner, "update record_look set staff_id = 2 where id = (select look_id from look_link where position = 2)"
    )
    clock.advance(hours=25)
    await chain.tend(the_worker)
    assert await chain.standing(anchor) == (Break("changed", 2),)


async def test_what_verify_finds_stands_though_it_is_put_back_before_the_worker_looks(
    anchor: Anchor, clock: FrozenClock, owner: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = await look(owner, clock.now(), 3)
    await chain.extend(anchor)
    change = f"update record_look set staff_id = {{}} where id = {numbers[1]}"
    # Where the folder can't be written that is said, and that the worker will find it itself.
    with pytest.MonkeyPatch.context() as closed:
        closed.setattr(Anchor, "stand", _closed)
        await tampered(owner, change.format(9))
        assert await audit_commands._verify(anchor) == 1
    assert "could not be noted here (PermissionError). The worker notes" in capsys.readouterr().err
    assert await chain.standing(anchor) == ()
    assert await audit_commands._verify(anchor) == 1
    assert "first breaks at line 2:" in (said := capsys.readouterr().err)
    assert "That stands" in said
    await tampered(owner, change.format(1))
    assert await breaks(anchor) == []
    assert await chain.standing(anchor) == (Break("changed", 2),)
    assert (await queries.checks())["all"].fault == "changed"
    assert await audit_commands._verify(anchor) == 1
    assert "was found broken at line 2:" in capsys.readouterr().err
    assert await audit_commands._resume(anchor) == 0
    assert await audit_commands._verify(anchor) == 0
    # Who looks without the folder says nothing of the log, and leaves nothing standing.
    assert await audit_commands._verify(Anchor(anchor._folder.parent / "elsewhere")) == 1
    assert "is the worker's log key folder mounted here?" in capsys.readouterr().err
    assert await chain.standing(anchor) == ()


def _closed(*_: object) -> None:
    raise PermissionError
