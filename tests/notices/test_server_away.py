"""A mail server that hangs costs one wait a round, and no other work of the worker waits for it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import asyncpg
import pytest

from programmes import worker
from programmes.core.sealing import KeyFolder
from programmes.desk.today import mail as today_mail
from programmes.notices.post_services import Deferred, Post
from programmes.oversight.log import digest_services
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_staff_member
from tests.notices.mail import Mail
from tests.pools import as_worker

SIX = datetime(2026, 9, 4, 4, tzinfo=UTC)
Send = Callable[[Post, Settings, KeyFolder, FrozenClock], Awaitable[int]]


class Hangs:
    """A server that says nothing for a minute, as long as one message may take."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock, self.tried = clock, list[str]()

    async def send(self, message: EmailMessage) -> None:
        self.tried.append(str(message["To"]))
        self.clock.advance(minutes=1)
        raise Deferred("Timeout", away=True, maybe=True)


async def _to_managers(post: Post, settings: Settings, _keys: KeyFolder, clock: FrozenClock) -> int:
    return await digest_services.send(post, settings, clock)


@pytest.fixture
async def six(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    """Six who coordinate and manage, for whom a late start waits and the log of the day before."""
    cohort = await a_cohort("2.8", clock.now())
    await owner.execute("update cohort set decide_by = '2026-09-03' where id = $1", cohort.cohort_id)
    for number in range(6):
        who = await a_staff_member(f"staff{number}", "coordinator", clock.now())
        await owner.execute("insert into staff_role (staff_id, role, section) values ($1, 'manager', '')", who.staff_id)
    await owner.execute("update staff set email = username || '@example.invalid'")
    await owner.execute("delete from look_day")
    await owner.execute(
        "insert into look_day (day, position, head, lines, made_at) values ('2026-09-03', 1, '\\x00', 1, $1)", SIX
    )
    clock.set(SIX)


@pytest.mark.parametrize(
    ("send", "table"), [(today_mail.send, "staff_digest"), (_to_managers, "log_digest")], ids=["staff", "managers"]
)
@pytest.mark.usefixtures("six")
async def test_a_server_that_hangs_is_tried_once_a_round_and_the_pause_begins_when_it_had_failed(
    send: Send, table: str, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    post = Hangs(clock)
    for at in range(1, 3):
        async with as_worker(mail.worker.settings):
            assert await send(post, mail.worker.settings, keys, clock) == 0
        assert len(post.tried) == len(set(post.tried)) == at, "the next in turn, and no other"
    failed = await owner.fetch(f"select last_failure from {table} where failures > 0 order by 1")
    assert [row["last_failure"] for row in failed] == [SIX + timedelta(minutes=1), SIX + timedelta(minutes=2)]


@pytest.mark.usefixtures("six")
async def test_no_tick_waits_for_the_mail_server(
    mail: Mail, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Hangs(clock)
    for sending in (today_mail, digest_services):
        monkeypatch.setattr(sending, "post_from", lambda _url: post)
    for _ in range(2):
        await worker.tick(mail.worker)
    assert post.tried == []
    asked = "select count(*) from pgqueuer where status = 'queued' and entrypoint in ('daily_mails', 'log_digests')"
    assert await owner.fetchval(asked) == 2
    await mail.work()
    assert len(post.tried) >= 2
