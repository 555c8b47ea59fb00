"""Two workers at once: nobody is told anything twice, no place is passed on twice, no line of the chain is made twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest

from programmes import worker
from programmes.core.db import engine
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from programmes.notices.post_services import FolderPost
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, somebody
from tests.pools import a_pool

_PLACES, _WAITING = 4, 5


async def test_two_workers_at_once_tell_nobody_twice_and_do_nothing_twice(
    settings: Settings,
    db: None,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed: list[str] = []
    send = FolderPost.send

    async def slowly(self: FolderPost, message: EmailMessage) -> None:
        handed.append(message["Message-ID"])
        await asyncio.sleep(0.02)
        await send(self, message)

    monkeypatch.setattr(FolderPost, "send", slowly)
    own = replace(settings, mail_url=f"folder://{tmp_path / 'mail'}", log_key_folder=tmp_path / "log")
    keys = KeyFolder(own.key_folder)
    lines = [await asyncpg.connect(own.worker_database_url) for _ in range(2)]
    both = [worker.Worker(own, clock, keys, line) for line in lines]
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=_PLACES)
    names = [f"ask{number}" for number in range(_PLACES + _WAITING)]
    came = [await somebody(cohort, keys, clock.now(), name, f"{name}@example.invalid") for name in names]
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await a_staff_member("sasha", "manager", clock.now())
    await owner.execute("update staff set email = username || '@example.invalid' where username <> 'robin'")
    # What kim and sasha are mailed of in the morning.
    await owner.execute("update cohort set decide_by = '2026-09-03'")
    await owner.executemany(
        """insert into record_look (at, staff_id, participant_id, cohort_id, page, protected, own_name)
           values ($1, $2, gen_random_uuid(), 1, 'person', false, false)""",
        [(clock.now(), robin.staff_id)] * 30,
    )

    async def at_work() -> None:
        """Both do what waits, side by side, as the worker's role, with as many connections as two processes have."""
        webs = engine().pool
        async with asyncio.timeout(60), a_pool(own.worker_database_url, 12) as pool:
            engine().pool = pool
            try:
                for _ in range(2):
                    await asyncio.gather(*(worker.drain(each) for each in both))
            finally:
                engine().pool = webs

    try:
        await at_work()
        # Two leave, so that two are offered their places; those let their time run out, and the next two are.
        for taken in came[:2]:
            await enrolment.leave(taken.enrolment_id, keys, clock.now())
        await at_work()
        clock.set(datetime(2026, 9, 7, 8, tzinfo=UTC))
        await at_work()
    finally:
        for line in lines:
            await line.close()
    told = [
        (message["To"], message.as_string().partition("\n\n")[2], message["Message-ID"])
        for path in (tmp_path / "mail").rglob("*")
        if path.is_file()
        for message in [message_from_bytes(path.read_bytes())]
    ]
    assert {to for to, _, _ in told} == {f"{name}@example.invalid" for name in (*names, "kim", "sasha")}
    assert [number for number, times in Counter(handed).items() if times > 1] == []
    assert [number for number, times in Counter(number for _, _, number in told).items() if times > 1] == []
    assert [what for what, times in Counter((to, words) for to, words, _ in told).items() if times > 1] == []
    events = await owner.fetch("select kind, count(*) as n from queue_event group by kind")
    found = {row["kind"]: row["n"] for row in events}
    assert (found["offered"], found["expired"]) == (4, 2), found
    assert await owner.fetchval("select count(*) from seat") == _PLACES
    assert await owner.fetchval("select count(*) from notice where state not in ('sent', 'outrun')") == 0
    # Every line has one place, and places have no gaps.
    links = [row[0] for row in await owner.fetch("select position from look_link order by position")]
    assert links == list(range(1, 31))
