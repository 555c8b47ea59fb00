"""The worker: immediate jobs from the queue, and a tick that looks for what has fallen due on the injected clock."""

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from programmes import put_back
from programmes.core import database_marks, folder_marks, jobs
from programmes.core.clock import Clock
from programmes.core.clock_trace import Witness, needs_a_sure_clock
from programmes.core.connecting import connect
from programmes.core.db import PARTING_SECONDS, WORKER, close_pool, open_pool
from programmes.core.key_paths import which_is_away
from programmes.core.restoring import held_off
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.duties import BESIDE_A_RESTORE, Handler, Tick, Worker, handlers, ticks
from programmes.evaluation.keys import BallotKeys
from programmes.settings import Settings

__all__ = [
    "BESIDE_A_RESTORE",
    "ClockWatch",
    "JobHeld",
    "Tick",
    "Worker",
    "drain",
    "handlers",
    "run",
    "start_up",
    "tick",
    "ticks",
]

log = structlog.get_logger()
TICK = timedelta(seconds=5)
# A tick and the jobs each hold one, and what is done alone another: whoever waits inside must still get one.
CONNECTIONS = 6
# A wall clock that moves by more than this beside one that only runs has been set, or the machine has slept.
_JUMP, _DOUBT = timedelta(minutes=5), timedelta(minutes=10)
# How long the queue's own statements may take.
_PATIENCE_SECONDS = 30
# How long a job waits that is found beside a restore.
_BESIDE = timedelta(seconds=10)


class JobHeld(Exception):
    """A job failed; it is tried again later. Says the class of the error only: its words may repeat what a row holds."""


async def _do(handler: Handler, worker: Worker, job: Job) -> None:
    """Do a job, unless a backup is put back or what it brought back is not erased again yet: a job may send, or destroy a
    key, by rows that are half there or should be gone."""
    try:
        async with worker.together.held_off(worker.keys) as free:
            if free and not await _waits(worker) and await database_marks.is_known(worker.keys):
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


async def _waits(worker: Worker) -> bool:
    """Whether what a backup brought back is not erased again yet, or went into another database than this one."""
    return worker.keys.waits_for_restore() or await worker.own.is_given_up(worker.keys.folder)


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
    """Run every due-at check once. One that fails is logged by its class, and does not keep the others from running. None
    runs while the key folder is away: beside another one every database would look like one that was put back; nor in a
    database that is given up. What
    ends or erases by the clock waits while that is doubted, and all but `BESIDE_A_RESTORE` while a backup is put back, and
    then until what it brought back has been erased again, which is done here first."""
    try:
        worker.keys.must_be_ours()
    except KeysAway as error:
        log.error("keys_away", why=str(error))
        return
    try:
        if await worker.own.is_given_up(worker.keys.folder):
            return
        async with held_off(worker.keys) as free:
            if not free:
                # Should the mark have been lost, or be one of the release before.
                worker.keys.mark_restored()
            else:
                await put_back.recognise(worker)
            await _tick(worker, free and await put_back.erased_again(worker))
    except Exception as error:
        log.error("tick_failed", tick="restoring", error=type(error).__name__, why=put_back.why(error))


async def _tick(worker: Worker, free: bool) -> None:
    if free or not worker.waits:
        worker.waits[:] = [] if free else [True]
        if not free:
            log.error("ticks_wait_for_restore")
    sure = await _sure_of_the_clock(worker)
    for due in ticks():
        if (not sure and needs_a_sure_clock(due)) or (not free and due not in BESIDE_A_RESTORE):
            continue
        try:
            await due(worker)
        except Exception as error:
            log.error("tick_failed", tick=due.__name__, error=type(error).__name__, **which_is_away(error))
    if free:
        await database_marks.renew(worker.keys, worker.clock.now())


async def start_up(worker: Worker) -> None:
    """What had been erased before a backup was restored is erased again: keys by their receipts, then their rows. Records
    from before they could be searched become findable.

    Raises:
        KeysAway: a folder of keys is not the one that the database's rows belong to. Nothing has been done then.
    """
    now = worker.clock.now()
    await folder_marks.note("keys", worker.keys.mark, now)
    worker.keys.note_service_keys()
    begun = await folder_marks.known("ballots") is not None
    ballots = BallotKeys(worker.settings.ballot_key_folder, worker.settings.key_folder, begun)
    await folder_marks.note("ballots", ballots.mark, now)
    async with held_off(worker.keys) as free:
        if not free:
            # A database half put back says nothing of what had been erased. The first tick after the restore does this.
            log.error("start_waits_for_restore")
            return
        await put_back.recognise(worker)
        await put_back.erase_again(worker)


async def drain(worker: Worker) -> None:
    """Do all waiting jobs and one tick, then return (tests, `programmes worker --once`)."""
    await _drain_jobs(worker)
    await tick(worker)
    await _drain_jobs(worker)


async def _drain_jobs(worker: Worker) -> None:
    # Beside a restore none is done, and to wait for it is not what somebody wants who does things once.
    async with worker.together.held_off(worker.keys) as free:
        # To ask the queue takes one statement; to open it takes thirty, for its tables are looked over first.
        if free and not await _waits(worker) and await jobs.any_to_do():
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


async def _tick_for_ever(worker: Worker, sign: Path | None = None) -> None:
    watch, believed = ClockWatch(), True
    while True:
        before, believed = believed, watch.believes(worker.clock.now(), asyncio.get_running_loop().time())
        if believed:
            await tick(worker)
        elif before:
            log.error("clock_jumped", waits_seconds=int(_DOUBT.total_seconds()))
        if sign:
            # Where it can't be left, whoever looks for it says so.
            with contextlib.suppress(OSError):
                sign.touch()
        await asyncio.sleep(TICK.total_seconds())


async def run(settings: Settings, clock: Clock, once: bool = False, sign: Path | None = None) -> None:
    """Work until SIGTERM or Ctrl-C, then finish what is in hand; with `once`, do what waits and stop. `sign` is a file that
    is touched after each round, for whoever looks whether this very process goes on."""
    await open_pool(settings.worker_database_url, CONNECTIONS, limits=WORKER)
    # Without a limit a worker whose database falls silent would wait for ever; so it ends, and is started anew.
    connection = await connect(settings.worker_database_url, command_timeout=_PATIENCE_SECONDS)
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
        ticking = asyncio.create_task(_tick_for_ever(worker, sign))
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
        with contextlib.suppress(TimeoutError):
            await connection.close(timeout=PARTING_SECONDS)
        await close_pool()
