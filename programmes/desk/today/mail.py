"""The daily mail to each member of staff whom something waits for: how much, never what, and nobody by name.

One a day at the most, on working days, and none where nothing waits: whoever gets a mail for each thing reads none.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from uuid import UUID, uuid5

import structlog

from programmes.core import jobs
from programmes.core.clock import Clock, local, local_date
from programmes.core.clock_trace import by_a_sure_clock
from programmes.core.db import transaction
from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext, speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.core.turns import alone
from programmes.desk.today import mail_queries as queries
from programmes.desk.today import mail_services as services
from programmes.desk.today.needs_pages import Item, items, late
from programmes.desk.today.views import facts_of
from programmes.hands import Hands
from programmes.notices import mail_rules
from programmes.notices import rules as notices
from programmes.notices.post_services import Post, post_from
from programmes.notices.round_services import Failure, Ready, hand_over
from programmes.settings import Settings

log = structlog.get_logger()
# When people come to work, and after which a mail about the day is of no use.
FROM_HOUR, UNTIL_HOUR = 6, 16
# What can be planned for weeks stands on Idag; by mail it is said when there are two left.
SOON = timedelta(days=14)
SEND = "daily_mails"
_NAMESPACE = UUID("f3b0a9a6-5a0c-5a61-8f0f-9c0a3c6f1e77")


@dataclass(frozen=True)
class Needs:
    """How many things wait for somebody, and how many of them are late or due today. `late`: starts without a decision."""

    number: int
    urgent: int
    late: int = 0


@by_a_sure_clock
async def send_due(worker: Hands) -> None:
    """The worker's tick: to everybody with an address, where mail is set up. It only asks for the sending, so that nothing
    else that falls due waits for a mail server."""
    if worker.settings.mail_url and await _is_any_due(worker.clock.now()):
        async with transaction():
            await jobs.put(SEND, {}, dedupe=SEND)


async def _is_any_due(now: datetime) -> bool:
    if not _may_go(now):
        return False
    day = local_date(now)
    waiting = await queries.waiting(day)
    return any(notices.is_due(mail, now) for mail in waiting) or bool(await queries.without_mail(day))


def _may_go(now: datetime) -> bool:
    return local_date(now).isoweekday() <= 5 and FROM_HOUR <= local(now).hour < UNTIL_HOUR


async def _send(worker: Hands, payload: jobs.Payload) -> None:
    """Whatever goes wrong here is met by the next tick, so nothing is left in the queue as failed."""
    try:
        async with alone("daily mail to staff") as free:
            if free:
                await send(post_from(worker.settings.mail_url), worker.settings, worker.keys, worker.clock)
    except Exception as error:
        log.error("daily_mail_stopped", error=type(error).__name__)


async def send(post: Post, settings: Settings, keys: KeyFolder, clock: Clock) -> int:
    """Send what is due today, each under a Message-ID that stays the same; returns how many went. What could not go today is
    not sent tomorrow."""
    now = clock.now()
    day = local_date(now)
    if not _may_go(now):
        return 0
    for who in await queries.without_mail(day):
        needs = await _needs(who, keys, now)
        await services.plan(_number(day, who), day, who.staff_id, needs.number > 0)

    async def ready(mail: queries.Waiting, now: datetime) -> Ready | None:
        needs = await _needs(mail.who, keys, now)
        if not needs.number:
            await services.done(mail.mail_id, False)
            return None
        written = _written(mail, needs, settings, now)
        return Ready(written, partial(services.done, mail.mail_id, True), partial(_failed, mail.mail_id))

    return await hand_over(await queries.waiting(day), ready, post, clock)


async def _failed(mail_id: UUID, failure: Failure) -> None:
    await services.failed(mail_id, failure.for_good, failure.at)


async def _needs(who: Principal, keys: KeyFolder, now: datetime) -> Needs:
    """Whoever manages and has no groups hears of late decisions only: of the log there is a mail of its own."""
    facts, day = await facts_of(who, keys, now, None), local_date(now)
    far = [item for item in facts.more_starts if item.due > day + SOON]
    has_groups = who.has("leader") or who.has("coordinator")
    found = [item for item in items(facts) if item not in far] if has_groups else list(facts.decisions)
    return counted(found, day, late(facts))


def counted(found: list[Item], day: date, late_decisions: int = 0) -> Needs:
    return Needs(len(found), sum(item.due <= day for item in found), late_decisions)


def _number(day: date, who: Principal) -> UUID:
    return uuid5(_NAMESPACE, f"{day.isoformat()}/{who.staff_id}")


def _written(mail: queries.Waiting, needs: Needs, settings: Settings, now: datetime) -> EmailMessage:
    sender = parseaddr(settings.mail_from)[1]
    envelope = mail_rules.Envelope(sender, mail.to, f"<{mail.mail_id}@{sender.rpartition('@')[2]}>", now)
    with speaking("sv", now):
        return mail_rules.compose(letter(needs, settings.base_url, settings.municipality), envelope)


def letter(needs: Needs, base_url: str, municipality: str) -> mail_rules.Letter:
    """What the mail says."""
    lines = [ngettext("%(n)s sak väntar på dig på Idag.", "%(n)s saker väntar på dig på Idag.", needs.number)]
    if needs.urgent and needs.number == 1:
        lines.append(_("Den är försenad eller gäller idag."))
    elif needs.urgent:
        lines.append(ngettext("%(n)s av dem är försenad eller gäller idag.",
                              "%(n)s av dem är försenade eller gäller idag.", needs.urgent))  # fmt: skip
    if needs.late:
        lines.append(ngettext("%(n)s start har passerat sin beslutsdag utan beslut.",
                              "%(n)s starter har passerat sin beslutsdag utan beslut.", needs.late))  # fmt: skip
    lines.append(_("Det här mejlet kommer högst en gång om dagen, och bara när något väntar. Vad det gäller står på Idag."))
    foot = (_("Logga in och öppna %(address)s.", address=f"{base_url}/personal/idag"), municipality)
    return mail_rules.Letter(_("Det här väntar på dig"), tuple(lines), "", foot)


HANDLERS = {SEND: _send}
TICKS = [send_due]
