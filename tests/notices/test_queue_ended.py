"""The end of a queue: who waited in vain is told, and then nothing is left of them."""

from datetime import timedelta

import asyncpg
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.records.services import record_of
from programmes.worker import Worker
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody
from tests.notices.mail import Mail, text_of

LISA = "lisa@example.invalid"


async def full(section: str, clock: FrozenClock, state: str = "started") -> CohortFacts:
    return await a_cohort(section, clock.now(), minimum=1, maximum=1, sessions=4, state=state)


async def test_who_waited_in_vain_is_told_and_then_the_key_goes(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await full("2.1", clock)
    await somebody(cohort, keys, clock.now(), "Al")
    reached = await somebody(cohort, keys, clock.now(), "Bok", LISA)
    silent = await somebody(cohort, keys, clock.now(), "En")
    await mail.work()
    before = len(mail.all())
    keys_of = {p: (await queries.enrolment(p.enrolment_id)).key_id for p in (reached, silent)}
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(hours=23))
    await mail.work()
    assert (await queries.enrolment(silent.enrolment_id)).state == "queued"
    clock.advance(hours=1)
    await mail.work()
    [letter] = [text_of(message) for message in mail.all() if "Kön är slut" in text_of(message)]
    assert "min-plats#" in letter
    await mail.work()
    clock.advance(days=1)
    await mail.work()
    for person, key_id in keys_of.items():
        facts = await queries.enrolment(person.enrolment_id)
        assert (facts.state, facts.sealed) == ("expired", None)
        assert key_id
        assert not keys.exists("entry", key_id)
    await mail.work()
    assert len(mail.all()) == before + 1
    assert await owner.fetchval("select count(*) from enrolment where state = 'confirmed'") == 1


async def test_while_the_letter_cannot_go_the_entry_stays(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await full("2.1", clock)
    await somebody(cohort, keys, clock.now(), "Al")
    waiting = await somebody(cohort, keys, clock.now(), "Bok", LISA)
    await worker.drain(the_worker)
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(days=2))

    async def nothing_is_sent(*_: object) -> int:
        return 0

    monkeypatch.setattr("programmes.notices.sending_services.send_due", nothing_is_sent)
    for _ in range(2):
        await worker.drain(the_worker)
    assert (await queries.enrolment(waiting.enrolment_id)).state == "queued"
    assert await owner.fetchval("select state from notice where kind = 'queue_ended'") == "waiting"


async def test_an_undecided_start_keeps_its_queue_until_just_before_its_list_goes(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await full("2.1", clock, state="open")
    await somebody(cohort, keys, clock.now(), "Al")
    waiting = await somebody(cohort, keys, clock.now(), "Bok")
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=27, seconds=-1))
    await worker.drain(the_worker)
    assert (await queries.enrolment(waiting.enrolment_id)).state == "queued"
    clock.advance(seconds=1)
    await worker.drain(the_worker)
    assert (await queries.enrolment(waiting.enrolment_id)).state == "expired"


async def test_records_of_who_never_got_a_place_are_erased_when_the_queue_ends_and_no_others(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await full("2.18", clock)
    who = [await somebody(cohort, keys, clock.now(), name) for name in ("Al", "Bok", "En", "Pil")]
    holder, chosen, left, waiting = [await queries.enrolment(p.enrolment_id) for p in who]
    await services.leave(left.enrolment_id, keys, clock.now())
    await services.leave(holder.enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    assert (await queries.enrolment(chosen.enrolment_id)).state == "offered"
    clock.advance(days=6)
    await worker.drain(the_worker)
    await services.accept_offer(waiting.enrolment_id, await catalogue.programme(cohort.programme_id), clock.now())
    await services.leave(waiting.enrolment_id, keys, clock.now())
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(days=1))
    for _ in range(2):
        await worker.drain(the_worker)
    for facts in (chosen, left):
        assert facts.participant_id
        assert not keys.exists("person", facts.participant_id)
    for facts in (holder, waiting):
        assert facts.participant_id
        assert record_of(facts, keys, "rule")
    kept = {row["id"] for row in await owner.fetch("select id from participant")}
    assert kept == {holder.participant_id, waiting.participant_id}
    assert await owner.fetchval("select count(*) from enrolment") == 2
    assert await owner.fetchval("select count(*) from audit_entry where action = 'person:erase'") == 2


async def test_a_record_of_who_still_waits_or_left_early_stays_until_the_queue_ends(
    the_worker: Worker, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await full("2.18", clock)
    for name in ("Al", "Bok"):
        await somebody(cohort, keys, clock.now(), name)
    left = await somebody(cohort, keys, clock.now(), "En")
    await services.leave(left.enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from participant") == 3
