"""The daily mail that tells managers how the chain over the access log ended: outside the database, and out of its reach."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from uuid import UUID, uuid5

import structlog

from programmes.core import jobs
from programmes.core.clock import Clock, local, local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import execute, transaction
from programmes.core.i18n import speaking
from programmes.core.turns import alone
from programmes.hands import Hands
from programmes.notices import mail_rules
from programmes.notices import rules as notices
from programmes.notices.post_services import Post, post_from
from programmes.notices.round_services import Failure, Ready, hand_over
from programmes.oversight.log import chain_queries, digest_queries, review_queries
from programmes.oversight.log import wording_rules as log_wording_rules
from programmes.oversight.log.anchor import Anchor
from programmes.settings import Settings

SEND = "log_digests"
log = structlog.get_logger()
# When people come to work; the day before has ended, and its lines are chained.
FROM_HOUR = 6
_NAMESPACE = UUID("6a0c7f0e-0d0b-5d41-9a2e-5b8f2a7c9d14")


@by_a_sure_clock
async def send_due(worker: Hands) -> None:
    """The worker's tick: yesterday's head to every manager who has an address, where mail is set up. It only asks for the
    sending, so that nothing else that falls due waits for a mail server."""
    if worker.settings.mail_url and await _is_any_due(worker.clock.now()):
        async with transaction():
            await jobs.put(SEND, {}, dedupe=SEND)


async def _is_any_due(now: datetime) -> bool:
    if any(notices.is_due(mail, now) for mail in await digest_queries.waiting()):
        return True
    return local(now).hour >= FROM_HOUR and bool(await digest_queries.without_mail(_day_before(now)))


def _day_before(now: datetime) -> date:
    return local_date(now) - timedelta(days=1)


async def _send(worker: Hands, payload: jobs.Payload) -> None:
    """Whatever goes wrong here is met by the next tick, so nothing is left in the queue as failed."""
    try:
        async with alone("daily mail to managers") as free:
            if free:
                await send(post_from(worker.settings.mail_url), worker.settings, worker.clock)
    except Exception as error:
        log.error("log_digest_stopped", error=type(error).__name__)


async def send(post: Post, settings: Settings, clock: Clock) -> int:
    """Send what is due, each with a Message-ID of its own that stays the same; returns how many went.

    A crash repeats at most the one in flight. Given up after two days: the page has the heads as well.
    """
    now = clock.now()
    if local(now).hour >= FROM_HOUR:
        await _plan(_day_before(now))

    async def ready(mail: digest_queries.Waiting, now: datetime) -> Ready:
        return Ready(await _written(mail, settings, now), partial(_sent, mail.mail_id), partial(_failed, mail))

    return await hand_over(await digest_queries.waiting(), ready, post, clock)


async def _plan(day: date) -> None:
    """A mail for each manager, once; none where the day has no head."""
    managers = await digest_queries.without_mail(day)
    if not managers:
        return
    async with transaction():
        await execute(
            """insert into log_digest (id, day, staff_id, state, failures)
               select id, $1, staff_id, 'waiting', 0 from unnest($2::uuid[], $3::int[]) as new (id, staff_id)
               on conflict do nothing""",
            day,
            [uuid5(_NAMESPACE, f"{day.isoformat()}/{staff_id}") for staff_id in managers],
            managers,
        )


async def _written(mail: digest_queries.Waiting, settings: Settings, now: datetime) -> EmailMessage:
    sender = parseaddr(settings.mail_from)[1]
    # What was written down outside the database goes out, whatever somebody has made of it there since.
    written = Anchor(settings.log_key_folder).days().get(mail.day.day)
    day = replace(mail.day, position=written.position, head=written.mac) if written else mail.day
    envelope = mail_rules.Envelope(sender, mail.to, f"<{mail.mail_id}@{sender.rpartition('@')[2]}>", now)
    checks, months = await chain_queries.checks(), await review_queries.months()
    with speaking("sv", now):
        state = log_wording_rules.chain_state(checks, now)
        letter = log_wording_rules.letter(day, state, months, settings.base_url, settings.municipality)
        return mail_rules.compose(letter, envelope)


async def _sent(mail_id: UUID) -> None:
    async with transaction():
        await execute("update log_digest set state = 'sent' where id = $1", mail_id)


async def _failed(mail: digest_queries.Waiting, failure: Failure) -> None:
    over = failure.for_good or notices.gives_up(mail.failures + 1)
    async with transaction():
        await execute(
            "update log_digest set failures = failures + 1, last_failure = $2, state = $3 where id = $1",
            mail.mail_id,
            failure.at,
            "failed" if over else "waiting",
        )


HANDLERS = {SEND: _send}
TICKS = [send_due]
