"""A database that was put back, by whatever means: it is recognised, and what had been erased is erased again first."""

from datetime import timedelta

import structlog

from programmes.core import database_marks, which_database
from programmes.core.sealing import KeysAway, ServiceKeyAway
from programmes.desk.closing import services as closing
from programmes.duties import SWEEP, Worker, find_records_anew
from programmes.enrolment import place_services
from programmes.enrolment.records import consent_services, key_services
from programmes.oversight.retention import services as retention
from programmes.people import session_services as sessions

log = structlog.get_logger()
# So often are rows held against receipts while nobody has said that a database that was put back is the right one.
COMPARE = timedelta(minutes=1)


async def recognise(worker: Worker) -> None:
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
    if known:
        await which_database.note_moved(worker.keys)
    if not known or (due and await database_marks.came_back(worker.keys)):
        log.error("database_was_put_back")
        worker.keys.mark_restored()


def why(error: Exception) -> str:
    """What may be said of an error in a log. Its words may repeat what a row holds, but of keys they name a file at most."""
    return str(error) if isinstance(error, KeysAway) else ""


async def erased_again(worker: Worker) -> bool:
    """Whether nothing is left of what a backup brought back, once that has been tried."""
    try:
        if not worker.keys.waits_for_restore():
            await sign_out(worker)
            return True
        await erase_again(worker)
    except Exception as error:
        log.error("tick_failed", tick="erase_again", error=type(error).__name__, why=why(error))
        return False
    log.info("restored_database_erased_again")
    return True


async def sign_out(worker: Worker) -> None:
    """At each tick: what a slow `pg_restore` loads after the restore was seen was begun before that, and ends too. A moment
    that is still to come was told by a clock that has been put right since: then it is now, or nobody could sign in."""
    seen, now = worker.keys.signed_out_at(), worker.clock.now()
    if seen is None:
        return
    if seen > now:
        worker.keys.note_signed_out(now)
    await sessions.end_everybodys(seen)
    await place_services.close_all_places(seen)


async def erase_again(worker: Worker) -> None:
    """What had been erased since the backup. Inside `held_off`, so that the mark that goes is not a new restore's. Of a
    database that was put back nobody is signed in: who was then may have been signed out, or deactivated, since."""
    if worker.keys.waits_for_restore():
        worker.keys.note_signed_out(worker.clock.now())
        await sessions.end_everybodys()
        await place_services.close_all_places()
    worker.keys.destroy_again()
    # Records first: who is to be erased is offered no place that becomes free.
    await retention.erase_restored(worker)
    await closing.erase_restored(worker)
    # After that, for of a way that has ended no consent is left to doubt.
    await consent_services.erase_restored(worker.keys, worker.clock.now())
    await key_services.bring_back(worker.keys)
    try:
        await find_records_anew(worker)
    except ServiceKeyAway as error:
        # Nothing is erased by that key: all else must not wait for it. Each tick tries again.
        log.error("records_wait_for_key", key=error.name)
    # Before the mark goes: killed in between, this is done again.
    await database_marks.renew(worker.keys, worker.clock.now(), anew=True)
    worker.keys.unmark_restored()
