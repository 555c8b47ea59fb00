"""While the clock is doubted no message is given up by it, and none goes that may not go at every hour (decision 24)."""

from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest

from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock_trace import Machine, Witness
from programmes.core.contacts import by_text
from programmes.core.sealing import KeyFolder
from programmes.notices import rules
from tests.clock import FrozenClock
from tests.conftest import START
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail, states
from tests.notices.peer import Peer
from tests.notices.test_notices import session_of
from tests.notices.test_texts import ACCOUNT, PHONE


class Unmoved:
    """What a database and a machine say that no clock of ours moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    async def database(self) -> datetime:
        return self.now

    def witness(self) -> Witness:
        return Witness(timedelta(days=1), Machine, self.database)


@pytest.fixture
def real(mail: Mail, gateway: Gateway, peer: Peer) -> Unmoved:
    found = Unmoved(START)
    settings = replace(mail.worker.settings, sms_url=gateway.url, mail_url=peer.url, **ACCOUNT)
    mail.worker = replace(mail.worker, settings=settings, witness=found.witness())
    return found


async def test_a_doubted_clock_gives_no_message_up_and_sends_none_that_may_not_go_at_night(
    real: Unmoved,
    mail: Mail,
    gateway: Gateway,
    peer: Peer,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", START, minimum=1, maximum=4, sessions=3)
    kim = await a_coordinator(START)
    await somebody(cohort, keys, START, "Al", by_text(PHONE))
    await somebody(cohort, keys, START, "Bo", "bo@example.invalid")
    await mail.work()
    assert (len(gateway.taken), len(peer.taken)) == (1, 1)
    await somebody(cohort, keys, START, "Cy", by_text("+46701740606"))
    await somebody(cohort, keys, START, "Di", "di@example.invalid")
    assert not await session_services.cancel_session(await session_of(cohort, 1), True, kim, START)
    peer.behaviour = "defer"
    for wrong in (timedelta(days=400), timedelta(hours=-3)):
        clock.set(START + wrong)
        for _ in range(12):
            await mail.work()
            clock.advance(days=3 if wrong > timedelta() else 0)
    waiting = [("place_held", "waiting")] * 2 + [("session_cancelled", "waiting")] * 4
    assert [state for state in await states(cohort) if state[1] != "sent"] == waiting
    assert len(gateway.taken) == 1, "it may be night"
    # A mail that no hour of the clock speaks against goes on.
    peer.behaviour = "accept"
    await owner.execute("delete from notice_attempt")
    await mail.work()
    assert "di@example.invalid" in {message["To"] for message in peer.taken}
    clock.set(START)
    await mail.work()
    assert {state for _kind, state in await states(cohort)} == {"sent"}
    assert len(gateway.taken) == 4


async def test_what_a_wrong_clock_noted_ahead_of_time_holds_nothing_back(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for name in ("lisa", "kim"):
        await somebody(cohort, keys, START, contact=f"{name}@example.invalid")
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url="smtp://127.0.0.1:1"))
    await mail.work()
    await owner.execute("update notice_attempt set failed_at = failed_at + interval '1 year'")
    await owner.execute(
        "update notice n set look_again_at = created_at + interval '1 year'"
        " where not exists (select from notice_attempt a where a.notice_id = n.id)"
    )
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url=f"folder://{mail.folder}"))
    await mail.work()
    assert await states(cohort) == [("place_held", "sent")] * 2


def test_a_message_is_held_for_no_longer_than_it_is_looked_at_again() -> None:
    assert timedelta(minutes=15) == rules.HELD_FOR
