"""What the worker is there for: which job answers which event, and what is looked for at every tick."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from programmes.attendance import figure_services as figures
from programmes.calendar import services as calendar
from programmes.core import erasure, jobs
from programmes.core.clock import Clock
from programmes.core.clock_trace import Witness, by_a_sure_clock
from programmes.core.restoring import Together
from programmes.core.sealing import KeyFolder, ServiceKeyAway
from programmes.core.which_database import OwnDatabase
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
from programmes.notices import agreement_services as agreements
from programmes.notices import deadline_services as deadlines
from programmes.notices import job_services as notices
from programmes.notices import queue_services as notice_queue
from programmes.notices import ran_out_services as ran_out
from programmes.notices import refusal_services as refusals
from programmes.oversight.log import chain_services as chain
from programmes.oversight.log import digest_services as digest
from programmes.oversight.log import review_services as review
from programmes.oversight.retention import services as retention
from programmes.people import records
from programmes.people import services as people
from programmes.settings import Settings

# Looking through the key folder takes its time, and nothing waits for it.
SWEEP = timedelta(hours=1)


@dataclass(frozen=True)
class Worker:
    """What jobs and ticks are handed: the clock, the keys, and a connection of the worker's own role."""

    settings: Settings
    clock: Clock
    keys: KeyFolder
    connection: asyncpg.Connection
    # When the key folder was last looked through.
    swept: list[datetime] = field(default_factory=list)
    # When records were last looked for that are not found by the key that there is.
    indexed: list[datetime] = field(default_factory=list)
    # When rows were last held against all receipts.
    compared: list[datetime] = field(default_factory=list)
    # True while all waits for a restore, so that it is logged once.
    waits: list[bool] = field(default_factory=list)
    # Jobs that run side by side hold restores off by one lock.
    together: Together = field(default_factory=Together)
    # The database that this worker is on: given up once a backup was put back into another one.
    own: OwnDatabase = field(default_factory=OwnDatabase)
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


async def _say_calendar_anew(worker: Worker, payload: dict[str, str | int]) -> None:
    await calendar.say_anew(UUID(str(payload["enrolment"])), worker.clock.now())


def handlers() -> dict[str, Handler]:
    """Which function answers which event."""
    return {
        "ballot_prepare": counting.prepare_job,
        "ballot_close": counting.close_job,
        "person_protected": _end_calendar,
        "language_changed": _say_calendar_anew,
        **notices.HANDLERS,
        **staff_mail.HANDLERS,
        **today_mail.HANDLERS,
        **digest.HANDLERS,
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
    await key_services.sweep(worker.keys, now, worker.settings.key_quarantine_days)
    # Of a rotation that was broken off; no page that was read before then is still being made.
    worker.keys.drop_replaced(now - SWEEP, now)


async def find_records_anew(worker: Worker) -> None:
    """Records become findable that were not, or not by the key that there is. While that is away it is tried at each tick.

    Raises:
        ServiceKeyAway: it is. Nothing is changed.
    """
    worker.indexed[:] = [worker.clock.now()]
    try:
        await records.index_missing(worker.keys)
    except ServiceKeyAway:
        worker.indexed.clear()
        raise


async def _find_records(worker: Worker) -> None:
    # Should the key of the hashes have become another one.
    if not worker.indexed or abs(worker.clock.now() - worker.indexed[-1]) >= SWEEP:
        await find_records_anew(worker)


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
        _find_records,
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
BESIDE_A_RESTORE: tuple[Tick, ...] = (retention.nightly,)
