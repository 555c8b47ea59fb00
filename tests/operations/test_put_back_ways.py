"""Documented people whose way had ended between a backup and its restore: it ends again, and the restore is over with it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from programmes import worker
from programmes.core import database_marks
from programmes.core.db import fetchval, transaction
from programmes.core.errors import Conflict
from programmes.core.which_database import which
from programmes.doctor import key_checks, row_keys
from programmes.enrolment import place_services, queries
from programmes.enrolment.leaving import closing_services
from programmes.enrolment.leaving import services as leaving
from programmes.enrolment.leaving.rules import Standing, ended_as
from programmes.enrolment.rules import ALIVE, State
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, confirm, somebody
from tests.operations.test_put_back import Backup, patient


@pytest.fixture
async def backup(owner: asyncpg.Connection) -> AsyncIterator[Backup]:
    made = Backup(owner)
    yield made
    await made.forget()


async def settled(the_worker: worker.Worker, settings: Settings, clock: FrozenClock) -> None:
    """What the worker does at its next start, and an administrator after it, and that it then stays so."""
    clock.advance(seconds=5)
    await worker.start_up(the_worker)
    await worker.drain(the_worker)
    assert the_worker.keys.is_unconfirmed()
    the_worker.keys.confirm_restored(await which(fetchval))
    clock.advance(hours=2)
    await worker.drain(the_worker)
    assert not the_worker.keys.is_unconfirmed()
    assert await database_marks.came_back(the_worker.keys) is False
    assert [found.level for found in await key_checks.restore(patient(settings, clock))] == ["ok"]
    assert not [found for found in await row_keys.keys_of_rows(patient(settings, clock)) if found.level == "fault"]


async def test_a_documented_person_who_had_left_is_out_again_and_the_restore_is_over(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection, backup: Backup
) -> None:
    keys = the_worker.keys
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=1)
    left = await somebody(cohort, keys, clock.now(), "Anna Ask")
    waits = await somebody(cohort, keys, clock.now(), "Bo Berg")
    await worker.drain(the_worker)
    await backup.make()
    await leaving.leave(left.enrolment_id, keys, clock.now())
    await leaving.leave_for_good(left.enrolment_id, keys, clock.now())
    await backup.put_back()
    await settled(the_worker, settings, clock)
    facts = await queries.enrolment(left.enrolment_id)
    assert (facts.state, facts.seat, facts.key_id, facts.sealed) == ("expired", None, None, None)
    assert facts.participant_id is not None
    row = await owner.fetchrow("select code_digest, ended_at from enrolment where id = $1", left.enrolment_id)
    assert row is not None
    assert row["code_digest"] is None
    assert row["ended_at"] is not None
    assert (await queries.enrolment(waits.enrolment_id)).state == "offered"
    last = "select kind from queue_event where enrolment_id = $1 order by id desc limit 1"
    assert await owner.fetchval(last, left.enrolment_id) == "ended_before_restore"
    noted = "select count(*) from audit_entry where action = 'enrolment:restored' and subject = $1"
    assert await owner.fetchval(noted, f"enrolment/{left.enrolment_id}") == 1
    with pytest.raises(Conflict, match="enrolment_over"):
        await place_services.reissue_code(left.enrolment_id, keys, 1, clock.now())


async def test_a_documented_group_that_had_closed_has_nobody_with_a_place_again(
    the_worker: worker.Worker, settings: Settings, clock: FrozenClock, owner: asyncpg.Connection, backup: Backup
) -> None:
    keys = the_worker.keys
    cohort = await a_cohort("2.8", clock.now(), sessions=1)
    came, stayed_away = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in ("Anna", "Bo")]
    for one in (came, stayed_away):
        await confirm(one, clock.now())
    await owner.execute("update cohort set state = 'started' where id = $1", cohort.cohort_id)
    assert cohort.last_end is not None
    clock.set(cohort.last_end + timedelta(days=1))
    await owner.execute(
        """insert into attendance (session_id, enrolment_id, mark, marked_at)
           select id, $2, 'present', $3 from cohort_session where cohort_id = $1""",
        cohort.cohort_id,
        came,
        clock.now(),
    )
    await worker.drain(the_worker)
    await backup.make()
    async with transaction():
        await closing_services.complete_cohort(cohort.cohort_id, [came], keys, "test", clock.now())
    await backup.put_back()
    await settled(the_worker, settings, clock)
    assert [(await queries.enrolment(one)).state for one in (came, stayed_away)] == ["completed", "dropped_out"]


@pytest.mark.parametrize(
    ("state", "standing", "came", "ended"),
    [
        ("confirmed", "closed", True, "completed"),
        ("confirmed", "closed", False, "dropped_out"),
        ("confirmed", "begun", True, "dropped_out"),
        ("confirmed", "ahead", False, "expired"),
        ("preliminary", "begun", True, "expired"),
        ("queued", "closed", False, "expired"),
        ("refused", "closed", True, "refused"),
    ],
)
def test_how_a_way_counts_that_had_ended_before_a_restore(
    state: State, standing: Standing, came: bool, ended: State
) -> None:
    assert ended_as(state, standing, came) == ended
    assert ended not in ALIVE
