"""What the worker runs: an answer to each event, and a tick that wakes the sending when something waits.

A message that could not be sent is no failed job but a row that waits; the tick looks when it is due on the worker's
clock. What staff end destroys the key at once, so `place_left` reaches only those whose protected record remains (DESIGN 6).
"""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import structlog

from programmes.core import jobs
from programmes.core.db import transaction
from programmes.hands import Hands
from programmes.notices import change_services, queries, rules, sending_services, services
from programmes.notices.post_services import post_from
from programmes.notices.rules import Kind
from programmes.notices.text_post_services import text_post_from

log = structlog.get_logger()


Payload = dict[str, str | int]
Handler = Callable[[Hands, Payload], Awaitable[None]]


async def _one(kind: Kind, worker: Hands, payload: Payload) -> None:
    subject = str(payload.get("event", payload.get("slot", "")))
    await services.tell_one(kind, UUID(str(payload["enrolment"])), worker.keys, worker.clock.now(), subject)


async def _session(kind: Kind, worker: Hands, payload: Payload) -> None:
    await services.tell_about_session(kind, int(payload["session"]), worker.keys, worker.clock.now())


async def _cohort(kind: Kind, worker: Hands, payload: Payload) -> None:
    await services.tell_cohort(kind, int(payload["cohort"]), worker.keys, worker.clock.now())


async def _change(worker: Hands, payload: Payload) -> None:
    cohort_id = int(payload["cohort"]) if "cohort" in payload else await change_services.of_session(int(payload["session"]))
    await change_services.tell_changes(cohort_id, worker.keys, worker.clock.now())


async def _answer(kind: Kind, worker: Hands, payload: Payload) -> None:
    """Write the notices of an event. Done again it changes nothing, as each has an id of its own."""
    if "change" in payload:
        await _change(worker, payload)
        return
    answer = _one if "enrolment" in payload else _session if "session" in payload else _cohort
    await answer(kind, worker, payload)


async def _send(worker: Hands, payload: Payload) -> None:
    """Send what is due. Whatever goes wrong here is met by the next tick, so nothing is left in the queue as failed."""
    try:
        settings = worker.settings
        post, texts = post_from(settings.mail_url), text_post_from(settings)
        # What is written meanwhile wakes nobody: the wish is one with this. The next tick would see it, but after a jump of
        # the clock there is none for a while.
        while await sending_services.send_due(post, settings, worker.keys, worker.clock, texts, worker.witness):
            continue
    except Exception as error:
        log.error("sending_stopped", error=type(error).__name__)


async def wake_sending(worker: Hands) -> None:
    """Tick: when something is due, ask for the sending. While it runs, the wish is one with it."""
    if any(rules.is_due(waiting, worker.clock.now()) for waiting in await queries.waiting(worker.clock.now())):
        async with transaction():
            await jobs.put(services.SEND, {}, dedupe=services.SEND)


async def tell_of_free_places(worker: Hands) -> None:
    """Tick: who is next where a place is free that cannot be offered in time."""
    await services.tell_of_free_places(worker.keys, worker.clock.now())


HANDLERS: dict[str, Handler] = {**{kind: partial(_answer, kind) for kind in rules.KINDS}, services.SEND: _send}
TICKS = (tell_of_free_places, wake_sending)
