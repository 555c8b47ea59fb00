"""Mail servers that put off, refuse or are away, and a worker that is killed: nothing is lost, hardly anything repeated."""

import asyncio
import signal
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import SystemClock
from programmes.core.sealing import KeyFolder
from programmes.demo import processes
from programmes.enrolment import queries as enrolments
from programmes.notices import job_services, queries
from programmes.notices import sending_services as sending
from programmes.notices import services as notices
from programmes.notices.post_services import FolderPost, post_from
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody
from tests.notices.mail import Mail, states
from tests.notices.peer import Peer
from tests.pools import as_worker


async def test_a_message_that_is_put_off_is_tried_again_with_growing_pauses_and_the_same_number(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, peer: Peer
) -> None:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url=peer.url))
    peer.behaviour = "defer"
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    assert (await queries.reached(cohort.cohort_id))[0].failures == 1
    assert await queries.unfinished(cohort.cohort_id) == 1
    for minutes, tries in ((0.5, 1), (0.6, 2), (4, 2), (1.1, 3)):
        clock.advance(minutes=minutes)
        await mail.work()
        assert (await queries.reached(cohort.cohort_id))[0].failures == tries, minutes
    peer.behaviour = "accept"
    clock.advance(hours=1)
    await mail.work()
    assert await states(cohort) == [("place_held", "sent")]
    assert await queries.unfinished(cohort.cohort_id) == 0
    assert len(peer.taken) == 1


async def test_a_message_that_never_goes_is_given_up_after_two_days(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, peer: Peer
) -> None:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url=peer.url))
    peer.behaviour = "defer"
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    for _ in range(8):
        assert await queries.unfinished(cohort.cohort_id) == 1
        clock.advance(days=1)
        await mail.work()
    assert await states(cohort) == [("place_held", "failed")]


async def test_a_refused_address_is_shown_as_failed_and_no_error_repeats_it(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, peer: Peer, owner: asyncpg.Connection
) -> None:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url=peer.url))
    peer.behaviour = "refuse"
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    assert await states(cohort) == [("place_held", "failed")]
    assert await owner.fetchval("select error from notice_attempt") == "SMTPRecipientRefused550"
    names = [r["tablename"] for r in await owner.fetch("select tablename from pg_tables where schemaname = 'public'")]
    for name in names:
        for row in await owner.fetch(f"select t::text as line from {name} t"):
            assert "lisa@example" not in row["line"], name


async def test_a_server_that_is_away_is_not_asked_again_for_everybody_at_once(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url="smtp://127.0.0.1:1"))
    for name in ("lisa", "kim"):
        await somebody(cohort, keys, clock.now(), contact=f"{name}@example.invalid")
    for made in await enrolment_ids(cohort):
        await notices.tell_one("place_held", made, keys, clock.now())
    await sending.send_due(post_from("smtp://127.0.0.1:1"), mail.worker.settings, keys, clock)
    assert sum(r.failures for r in await queries.reached(cohort.cohort_id)) == 1


async def enrolment_ids(cohort: CohortFacts) -> list[UUID]:
    return [facts.enrolment_id for facts in await enrolments.enrolments(cohort.cohort_id, ["confirmed", "preliminary"])]


async def test_a_worker_killed_between_sending_and_noting_repeats_one_message_under_the_same_number(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, peer: Peer
) -> None:
    class KilledAfterwards:
        async def send(self, message: EmailMessage) -> None:
            await post_from(peer.url).send(message)
            raise asyncio.CancelledError

    for name in ("lisa", "kim"):
        taken = await somebody(cohort, keys, clock.now(), contact=f"{name}@example.invalid")
        await notices.tell_one("place_held", taken.enrolment_id, keys, clock.now())
    with pytest.raises(asyncio.CancelledError):
        await sending.send_due(KilledAfterwards(), mail.worker.settings, keys, clock)
    assert await states(cohort) == [("place_held", "waiting")] * 2
    await sending.send_due(post_from(peer.url), mail.worker.settings, keys, clock)
    numbers = [message["Message-ID"] for message in peer.taken]
    assert len(numbers) == 3
    assert len(set(numbers)) == 2
    assert numbers[0] == numbers[1]


async def test_a_worker_process_killed_with_a_message_in_flight_loses_none_and_repeats_that_one_under_its_number(
    db: None, settings: Settings, keys: KeyFolder, peer: Peer, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    now = SystemClock().now()
    cohort = await a_cohort("2.1", now, minimum=1, maximum=3)
    for name in ("lisa", "kim", "bo"):
        await somebody(cohort, keys, now, name, f"{name}@example.invalid")
    mailing, peer.behaviour = replace(settings, mail_url=peer.url), "hang_after"
    first = await processes.start(mailing, tmp_path, "worker")
    await asyncio.wait_for(peer.took.wait(), 60)
    first.kill()
    assert await first.wait() == -signal.SIGKILL
    peer.behaviour = "accept"
    # Another worker takes up what a dead one has in hand when it has heard nothing of it for half a minute.
    await owner.execute("update pgqueuer set heartbeat = heartbeat - interval '31 seconds' where status = 'picked'")
    second = await processes.start(mailing, tmp_path, "worker", "--once")
    assert await asyncio.wait_for(second.wait(), 60) == 0
    numbers = [message["Message-ID"] for message in peer.taken]
    assert (len(numbers), len(set(numbers)), numbers.count(numbers[0])) == (4, 3, 2)
    assert await states(cohort) == [("place_held", "sent")] * 3


async def test_one_message_that_cannot_be_written_does_not_keep_the_others(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    class Fussy(FolderPost):
        async def send(self, message: EmailMessage) -> None:
            if message["To"] == "lisa@example.invalid":
                raise KeyError
            await super().send(message)

    for name in ("lisa", "kim"):
        taken = await somebody(cohort, keys, clock.now(), contact=f"{name}@example.invalid")
        await notices.tell_one("place_held", taken.enrolment_id, keys, clock.now())
    async with as_worker(mail.worker.settings):
        assert await sending.send_due(Fussy(mail.folder), mail.worker.settings, keys, clock) == 1
    assert await states(cohort) == [("place_held", "sent"), ("place_held", "waiting")]
    assert await owner.fetchval("select error from notice_attempt") == "KeyError"


async def test_what_is_written_while_messages_are_sent_is_sent_too_without_a_tick(
    mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking for the sending while it runs is one with it; after a jump of the clock no tick comes for a while."""
    first = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    second = await somebody(cohort, keys, clock.now(), contact="nour@example.invalid")
    await notices.tell_one("place_held", first.enrolment_id, keys, clock.now())
    sent: list[str] = []

    class Post:
        async def send(self, message: EmailMessage) -> None:
            if not sent:
                await notices.tell_one("place_held", second.enrolment_id, keys, clock.now())
            sent.append(message["To"])

    monkeypatch.setattr("programmes.notices.job_services.post_from", lambda _: Post())
    async with as_worker(mail.worker.settings):
        await job_services.HANDLERS[notices.SEND](mail.worker, {})
    assert sent == ["lisa@example.invalid", "nour@example.invalid"]
