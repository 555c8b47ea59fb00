"""Sending what members of staff are told at once. Who has no address sees it on Idag."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial

import structlog

from programmes.core import jobs
from programmes.core.clock import Clock
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import transaction
from programmes.core.i18n import speaking
from programmes.desk.today import staff_message_queries as queries
from programmes.desk.today import staff_message_services as services
from programmes.desk.today.staff_message_rules import Message, letter
from programmes.hands import Hands
from programmes.notices import mail_rules
from programmes.notices import rules as notices
from programmes.notices.post_services import Post, post_from
from programmes.notices.round_services import Failure, Ready, hand_over
from programmes.settings import Settings

log = structlog.get_logger()


async def send(post: Post, settings: Settings, clock: Clock) -> int:
    """Send what is due, each under a Message-ID that stays the same; returns how many went."""

    async def ready(waiting: notices.Waiting, now: datetime) -> Ready | None:
        message = await services.take(waiting.notice_id, now)
        if message is None:
            return None
        written = _written(message, settings, now)
        return Ready(written, partial(services.done, message.message_id), partial(_failed, message))

    return await hand_over(await queries.waiting(), ready, post, clock)


async def _failed(message: Message, failure: Failure) -> None:
    if not failure.maybe:
        await services.not_taken(message)
    await services.failed(message.message_id, failure.for_good, failure.at)


def _written(message: Message, settings: Settings, now: datetime) -> EmailMessage:
    sender = parseaddr(settings.mail_from)[1]
    number = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
    with speaking("sv", now):
        written = letter(message, settings.base_url, settings.municipality)
        return mail_rules.compose(written, mail_rules.Envelope(sender, message.to, number, now))


async def _send(worker: Hands, payload: jobs.Payload) -> None:
    """Whatever goes wrong here is met by the next tick, so nothing is left in the queue as failed."""
    try:
        await send(post_from(worker.settings.mail_url), worker.settings, worker.clock)
    except Exception as error:
        log.error("staff_sending_stopped", error=type(error).__name__)


async def _tell_fewer(worker: Hands, payload: jobs.Payload) -> None:
    async with transaction():
        await services.tell_fewer(int(payload["slot"]), str(payload["event"]), worker.clock.now())


async def wake(worker: Hands) -> None:
    """Tick: when something is due, ask for the sending."""
    if any(notices.is_due(waiting, worker.clock.now()) for waiting in await queries.waiting()):
        async with transaction():
            await jobs.put(services.SEND, {}, dedupe=services.SEND)


@by_a_sure_clock
async def forget(worker: Hands) -> None:
    """Tick: what was told a month ago is of no use."""
    await services.forget_old(worker.clock.now())


HANDLERS = {services.SEND: _send, "visit_left": _tell_fewer}
TICKS = (wake, forget)
