"""The worker: immediate jobs from the queue, and a tick that looks for what has fallen due on the injected clock."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from programmes.attendance import figure_services as figures
from programmes.calendar import services as calendar
from programmes.core import database_marks, erasure, folder_marks, jobs
from programmes.core.clock import Clock
from programmes.core.clock_trace import Witness, by_a_sure_clock, needs_a_sure_clock
from programmes.core.db import WORKER, close_pool, open_pool
from programmes.core.restoring import Together, held_off
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing
from programmes.desk.illness import settling_services as substitutes
from programmes.desk.reminders import services as reminders
from programmes.desk.today import mail as today_mail
from programmes.desk.today import staff_mail
from programmes.enrolment import age_services as ages
from programmes.enrolment import place_services
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import services as queue
from programmes.enrolment.records import key_services, partner_services
from programmes.evaluation import counting
from programmes.evaluation.keys import BallotKeys
from programmes.notices import agreement_services as agreements
from programmes.notices import deadline_services as deadlines
from programmes.notices import job_services as notices
from programmes.notices import queue_services as notice_queue
from programmes.notices import ran_out_services as ran_out
from programmes.notices import refusal_services as refusals
from programmes.oversight import chain_services as chain
from programmes.oversight import digest_services as digest
from programmes.oversight import retention_services as retention
from programmes.oversight import review_services as review
from programmes.people import records
from programmes.people import services as people
from programmes.settings import Settings

log = structlog.get_logger()
TICK = timedelta(seconds=5)
# A wall clock that moves by more than this beside one that only runs has been set, or the machine has slept.
_JUMP, _DOUBT = timedelta(minutes=5), timedelta(minutes=10)
# Looking through the key folder takes its time, and nothing waits for it.
SWEEP = timedelta(hours=1)
# So often are rows held against receipts while nobody has said that a database that was put back is the right one.
COMPARE = timedelta(minutes=1)
# How long a job waits that is found beside a restore.
_BESIDE = timedelta(seconds=10)


@dataclass(frozen=True)
class Worker:
    """What jobs and ticks are handed: the clock, the keys, and a connection of the worker's own role."""

    settings: Settings
    clock: Clock
    keys: KeyFolder
    connection: asyncpg.Connection
    # When the key folder was last looked through.
    swept: list[datetime] = field(default_factory=list)
    # When rows were last held against all receipts.
    compared: list[datetime] = field(default_factory=list)
    # True while all waits for a restore, so that it is logged once.
    waits: list[bool] = field(default_factory=list)
    # Jobs that run side by side hold restores off by one lock.
    together: Together = field(default_factory=Together)
    # What the clock is held against; without one it is believed (tests that set it).
    witness: Witness | None = None


Handler = Callable[[Worker, dict[str, str | int]], Awaitable[None]]
Tick = Callable[[Worker], Awaitable[object]]


async def _end_calendar(worker: Worker, payload: dict[str, str | int]) -> None:
    # A job of the release before names the enrolment, from which the person may have been moved since.
    now = worker.clock.now()
    if "person" in payload:
        await calendar.end_protected(UUID(str(payload["person"])), now)
    else:
        await calendar.end_protected_of(UUID(str(payload["enrolment"])), now)


def handlers() -> dict[str, Handler]:
    """Which function answers which event."""
    return {
        "ballot_prepare": counting.prepare_job,
        "ballot_close": counting.close_job,
        "person_protected": _end_calendar,
        **notices.HANDLERS,
        **staff_mail.HANDLERS,
    }


async def _replay_erasures(worker: Worker) -> None:
    await erasure.replay(worker.keys, worker.clock.now())


async def _try_held_jobs(worker: Worker) -> None:
    await jobs.try_held_again()


async def _judge_ages(worker: Worker) -> None:
    await ages.check_waiting(worker.keys, worker.clock.now())


@by_a_sure_clock
async def _pass_places_on(worker: Worker) -> None:
    now = worker.clock.now()
    await queue.cap_offers(now)
    await enrolment.expire_offers(worker.keys, now)
    await first_right_services.end_over(now)
    await queue.promote_waiting(now)


@by_a_sure_clock
async def _hold_to_deadlines(worker: Worker) -> None:
    await deadlines.hold_to_deadlines(worker.keys, worker.clock.now())


async def _settle_substitutes(worker: Worker) -> None:
    await substitutes.settle(worker.clock.now())


async def _ask_again(worker: Worker) -> None:
    await agreements.ask_again(worker.keys, worker.clock.now())


@by_a_sure_clock
async def _end_queues(worker: Worker) -> None:
    await notice_queue.end_queues(worker.keys, worker.clock.now())


@by_a_sure_clock
async def _sweep_keys(worker: Worker) -> None:
    now = worker.clock.now()
    if worker.swept and abs(now - worker.swept[-1]) < SWEEP:
        return
    worker.swept[:] = [now]
    worker.keys.destroy_again()
    # Should the key of the hashes have become another one.
    await records.index_missing(worker.keys)
    await key_services.sweep(worker.keys, now, worker.settings.key_quarantine_days)
    # Of a rotation that was broken off; no page that was read before then is still being made.
    worker.keys.drop_replaced(now - SWEEP, now)


@by_a_sure_clock
async def _forget_left(worker: Worker) -> None:
    await refusals.forget_refused(worker.keys, worker.clock.now())
    await ran_out.forget_ran_out(worker.keys, worker.clock.now())
    await leaving_services.forget_left(worker.keys, worker.clock.now())


async def _erase_partners(worker: Worker) -> None:
    await partner_services.erase_over(worker.keys, worker.clock.now())


@by_a_sure_clock
async def _forget_old_sessions(worker: Worker) -> None:
    await place_services.forget_old_sessions(worker.clock.now())
    await people.forget_old_sessions(worker.clock.now())


@by_a_sure_clock
async def _end_feeds(worker: Worker) -> None:
    await calendar.revoke_ended(worker.clock.now())
    await calendar.forget_old(worker.clock.now())


def ticks() -> list[Tick]:
    """What is looked for at every tick, in this order; each is safe to run twice and at any time."""
    own: list[Tick] = [
        _replay_erasures,
        _try_held_jobs,
        _forget_left,
        _judge_ages,
        _pass_places_on,
        _hold_to_deadlines,
        _ask_again,
        _settle_substitutes,
        _end_queues,
        _erase_partners,
        _sweep_keys,
        _forget_old_sessions,
        _end_feeds,
    ]
    return [
        *own,
        *counting.TICKS,
        *notices.TICKS,
        *reminders.TICKS,
        *today_mail.TICKS,
        *staff_mail.TICKS,
        *closing.TICKS,
        *figures.TICKS,
        *chain.TICKS,
        *review.TICKS,
        *digest.TICKS,
        *retention.TICKS,
    ]


# A database half put back tells neither what may be erased nor whom to write to. The nightly run notes that it waits, and
# erases nothing.
_BESIDE_A_RESTORE: tuple[Tick, ...] = (retention.nightly,)


class JobHeld(Exception):
    """A job failed; it is tried again later. Says the class of the error only: its words may repeat what a row holds."""


async def _do(handler: Handler, worker: Worker, job: Job) -> None:
    """Do a job, unless a backup is put back or what it brought back is not erased again yet: a job may send, or destroy a
    key, by rows that are half there or should be gone."""
    try:
        async with worker.together.held_off(worker.keys) as free:
            if free and not worker.keys.waits_for_restore() and await database_marks.is_known(worker.keys):
                await handler(worker, jobs.read_payload(job.payload))
                return
    except Exception as error:
        name = type(error).__name__
        if jobs.passes(error):
            raise RetryRequested(jobs.pause_after(job.attempts), name) from None
        if job.attempts == 0:
            log.error("job_held", job=job.entrypoint, error=name)
        raise JobHeld(name) from None
    raise RetryRequested(_BESIDE, "restoring")


def _manager(worker: Worker) -> QueueManager:
    manager = QueueManager(Queries(AsyncpgDriver(worker.connection)))
    for event, handler in handlers().items():

        def register(event: str = event, handler: Handler = handler) -> None:
            @manager.entrypoint(event, on_failure="hold")
            async def run(job: Job) -> None:
                await _do(handler, worker, job)

        register()
    return manager


async def _sure_of_the_clock(worker: Worker) -> bool:
    """Whether the clock is believed. Not while that can't be found out."""
    try:
        return worker.witness is None or await worker.witness.doubts(worker.clock.now()) is None
    except Exception as error:
        log.error("tick_failed", tick="clock", error=type(error).__name__)
        return False


async def tick(worker: Worker) -> None:
    """Run every due-at check once. One that fails is logged by its class, and does not keep the others from running. What
    ends or erases by the clock waits while that is doubted, and all but `_BESIDE_A_RESTORE` while a backup is put back, and
    then until what it brought back has been erased again, which is done here first."""
    try:
        async with held_off(worker.keys) as free:
            if not free:
                # Should the mark have been lost, or be one of the release before.
                worker.keys.mark_restored()
            else:
                await _recognise(worker)
            await _tick(worker, free and await _erased_again(worker))
    except Exception as error:
        log.error("tick_failed", tick="restoring", error=type(error).__name__)


async def _recognise(worker: Worker) -> None:
    """A database that was put back by whatever means is told by its mark. Once an hour, and more often while nobody has said
    that it is the right one, its rows are held against all receipts: it may not have been all there when it was told."""
    if worker.keys.waits_for_restore():
        return
    now = worker.clock.now()
    every = COMPARE if worker.keys.is_unconfirmed() else SWEEP
    due = not worker.compared or abs(now - worker.compared[-1]) >= every
    known = await database_marks.is_as_it_was(worker.keys)
    if due:
        worker.compared[:] = [now]
    if not known or (due and await database_marks.came_back(worker.keys)):
        log.error("database_was_put_back")
        worker.keys.mark_restored()


async def _tick(worker: Worker, free: bool) -> None:
    if free or not worker.waits:
        worker.waits[:] = [] if free else [True]
        if not free:
            log.error("ticks_wait_for_restore")
    sure = await _sure_of_the_clock(worker)
    for due in ticks():
        if (not sure and needs_a_sure_clock(due)) or (not free and due not in _BESIDE_A_RESTORE):
            continue
        try:
            await due(worker)
        except Exception as error:
            log.error("tick_failed", tick=due.__name__, error=type(error).__name__)
    if free:
        await database_marks.renew(worker.keys, worker.clock.now())


async def _erased_again(worker: Worker) -> bool:
    """Whether nothing is left of what a backup brought back, once that has been tried."""
    if not worker.keys.waits_for_restore():
        return True
    try:
        await _erase_again(worker)
    except Exception as error:
        log.error("tick_failed", tick="erase_again", error=type(error).__name__)
        return False
    log.info("restored_database_erased_again")
    return True


async def _erase_again(worker: Worker) -> None:
    """What had been erased since the backup. Inside `held_off`, so that the mark that goes is not a new restore's."""
    worker.keys.destroy_again()
    await closing.erase_restored(worker)
    await retention.erase_restored(worker)
    await partner_services.erase_restored(worker.keys, worker.clock.now())
    await key_services.bring_back(worker.keys)
    await records.index_missing(worker.keys)
    # Before the mark goes: killed in between, this is done again.
    await database_marks.renew(worker.keys, worker.clock.now(), anew=True)
    worker.keys.unmark_restored()


async def start_up(worker: Worker) -> None:
    """What had been erased before a backup was restored is erased again: keys by their receipts, then their rows. Records
    from before they could be searched become findable.

    Raises:
        KeysAway: a folder of keys is not the one that the database's rows belong to. Nothing has been done then.
    """
    now = worker.clock.now()
    await folder_marks.note("keys", worker.keys.mark, now)
    await folder_marks.note("ballots", BallotKeys(worker.settings.ballot_key_folder, worker.settings.key_folder).mark, now)
    async with held_off(worker.keys) as free:
        if not free:
            # A database half put back says nothing of what had been erased. The first tick after the restore does this.
            log.error("start_waits_for_restore")
            return
        await _recognise(worker)
        await _erase_again(worker)


async def drain(worker: Worker) -> None:
    """Do all waiting jobs and one tick, then return (tests, `programmes worker --once`)."""
    await _drain_jobs(worker)
    await tick(worker)
    await _drain_jobs(worker)


async def _drain_jobs(worker: Worker) -> None:
    # Beside a restore none is done, and to wait for it is not what somebody wants who does things once.
    async with worker.together.held_off(worker.keys) as free:
        if handlers() and free and not worker.keys.waits_for_restore():
            await _manager(worker).run(
                mode=QueueExecutionMode.drain,
                dequeue_timeout=timedelta(milliseconds=50),
                log_aggregation_interval=timedelta(0),
            )


@dataclass
class ClockWatch:
    """Whether the wall clock can be believed: beside one that only runs (`mono`, in seconds).

    After a jump nothing that falls due is done for ten minutes, in which a wrong clock is usually put right. Then all goes
    on but what ends or erases by the clock, which waits until that is believed (`core.clock_trace`).
    """

    wall: datetime | None = None
    mono: float = 0
    doubted_until: float = 0

    def believes(self, wall: datetime, mono: float) -> bool:
        """Look at both clocks. A process that has just begun has only the one to believe."""
        if self.wall is not None:
            off = abs((wall - self.wall).total_seconds() - (mono - self.mono))
            if off > _JUMP.total_seconds():
                self.doubted_until = mono + _DOUBT.total_seconds()
        self.wall, self.mono = wall, mono
        return mono >= self.doubted_until


async def _tick_for_ever(worker: Worker) -> None:
    watch, believed = ClockWatch(), True
    while True:
        before, believed = believed, watch.believes(worker.clock.now(), asyncio.get_running_loop().time())
        if believed:
            await tick(worker)
        elif before:
            log.error("clock_jumped", waits_seconds=int(_DOUBT.total_seconds()))
        await asyncio.sleep(TICK.total_seconds())


async def run(settings: Settings, clock: Clock, once: bool = False) -> None:
    """Work until SIGTERM or Ctrl-C, then finish what is in hand; with `once`, do what waits and stop."""
    await open_pool(settings.worker_database_url, 4, limits=WORKER)
    connection = await asyncpg.connect(settings.worker_database_url)
    witness = Witness(settings.clock_standstill)
    worker = Worker(settings, clock, KeyFolder(settings.key_folder), connection, witness=witness)
    try:
        await start_up(worker)
        if once:
            await drain(worker)
            return
        manager = _manager(worker)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, manager.shutdown.set)
        ticking = asyncio.create_task(_tick_for_ever(worker))
        try:
            # A worker that no longer hears the database ends, so that whoever watches over it starts it anew.
            await manager.run(
                dequeue_timeout=timedelta(seconds=5),
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(0),
            )
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking
    finally:
        await connection.close()
        await close_pool()
