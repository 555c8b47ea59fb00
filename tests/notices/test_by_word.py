"""Too late for offers before the last session of entry: places go by word, and people are told so."""

from datetime import timedelta

import asyncpg
import httpx

from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_services
from programmes.enrolment import place_services, queries, services
from tests.clock import FrozenClock
from tests.enrolment.test_queue import one_place
from tests.factories import post_form, somebody
from tests.notices.mail import Mail

BO, EN = "bo@example.invalid", "en@example.invalid"


async def test_who_queues_too_late_for_offers_is_told_so_and_who_is_next_when_a_place_is_free(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await one_place(clock, state="started")
    holder = await somebody(cohort, keys, clock.now(), "Al")
    assert cohort.first_start
    clock.set(cohort.first_start - timedelta(minutes=90))
    first = await somebody(cohort, keys, clock.now(), "Bo", BO)
    await somebody(cohort, keys, clock.now(), "En", EN)
    await mail.work()
    [queued] = mail.to(BO)
    assert "Du behöver inte göra något" not in queued
    assert "den första i kön som säger ja till oss: ring" in queued.replace("\n", " ")
    await services.leave(holder.enrolment_id, keys, clock.now())
    for _ in range(2):
        await mail.work()
        clock.advance(minutes=1)
    told = [text for text in mail.to(BO) if "En plats är ledig, och du är näst på tur" in text]
    assert len(told) == 1
    assert len(mail.to(EN)) == 1
    # Who is next then is the next who is told.
    await services.leave(first.enrolment_id, keys, clock.now())
    await mail.work()
    assert any("du är näst på tur" in text for text in mail.to(EN))


async def test_who_can_only_be_rung_is_on_the_list_of_calls_while_they_are_next(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    cohort = await one_place(clock, state="started")
    holder = await somebody(cohort, keys, clock.now(), "Al")
    assert cohort.first_start
    clock.set(cohort.first_start - timedelta(minutes=90))
    first = await somebody(cohort, keys, clock.now(), "Bo", "070-174 06 05")
    await services.leave(holder.enrolment_id, keys, clock.now())
    await mail.work()
    [call] = await calls_services.calls([cohort.cohort_id], keys, None, clock.now())
    assert [about.kind for about in call.news] == ["place_free"]
    code = place_services.unseal(await queries.enrolment(first.enrolment_id), keys).code
    await post_form(client, "/min-plats", {"kod": code})
    shown = (await client.get("/min-plats")).text
    assert "En plats är ledig, och du är näst på tur" in shown
    clock.set(cohort.first_start)
    assert await calls_services.calls([cohort.cohort_id], keys, None, clock.now()) == []
