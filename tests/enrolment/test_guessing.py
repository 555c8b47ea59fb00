"""A place code that is tried out: one answer, one look-up, and after many from one address none."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from programmes.app import create_app
from programmes.cohorts.queries import CohortFacts
from programmes.core.codes import new_code
from programmes.core.db import execute, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import closing_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, csrf_of, post_form, somebody

From = Callable[..., "httpx.AsyncClient"]
MOST = 5


@pytest.fixture
async def browser(settings: Settings, clock: FrozenClock, db: None) -> AsyncIterator[From]:
    """Browsers of an application that lets an address be wrong five times, each from the address that it says."""
    app = create_app(replace(settings, guess_most=MOST), clock, own_pool=False)
    made: list[httpx.AsyncClient] = []

    def one(address: str = "192.0.2.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(address, 40_000))
        made.append(httpx.AsyncClient(transport=transport, base_url=settings.base_url))
        return made[-1]

    yield one
    for client in made:
        await client.aclose()


async def code_of(who: UUID, keys: KeyFolder) -> str:
    return place_services.unseal(await queries.enrolment(who), keys).code


async def dead_codes(keys: KeyFolder, clock: FrozenClock) -> dict[str, str]:
    """Codes that once opened something, each dead by another way, and one that never did."""
    found = {"unknown": new_code()}
    cohorts: list[CohortFacts] = [await a_cohort(s, clock.now(), sessions=3) for s in ("2.1", "2.8", "2.1", "2.8")]
    people = [(await somebody(cohort, keys, clock.now())).enrolment_id for cohort in cohorts]
    codes = [await code_of(who, keys) for who in people]
    await services.leave(people[0], keys, clock.now())
    await leaving_services.leave(people[1], keys, clock.now())
    await place_services.reissue_code(people[2], keys, 1, clock.now())
    clock.advance(minutes=61)
    found |= {"left for good": codes[0], "left an hour ago, and the worker is down": codes[1], "given anew": codes[2]}
    async with transaction():
        await closing_services.complete_cohort(cohorts[3].cohort_id, [], keys, "closed", clock.now())
    found["of a group that is closed"] = codes[3]
    erased = await a_cohort("2.1", clock.now(), sessions=3)
    last = (await somebody(erased, keys, clock.now())).enrolment_id
    found["of a group that is erased"] = await code_of(last, keys)
    async with transaction():
        await closing_services.erase_cohort(erased.cohort_id, keys, "closed", clock.now())
        await execute("update cohort set state = 'closed' where id = any($1::int[])", [erased.cohort_id])
    return found


async def test_every_code_that_opens_nothing_gets_the_same_answer_by_the_same_work(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, queries_log: QueryLog
) -> None:
    codes = await dead_codes(keys, clock)
    token = csrf_of((await client.get("/min-plats")).text)
    answers, work = {}, {}
    for why, code in codes.items():
        queries_log.clear()
        answer = await client.post("/min-plats", data={"kod": code, "_csrf_token": token})
        assert answer.status_code == 422
        answers[why] = re.sub(r'value="[0-9a-fA-Z-]*"', "", answer.text.replace(code, ""))
        work[why] = list(queries_log.statements)
        assert "set-cookie" not in answer.headers
    assert len(set(answers.values())) == 1, answers
    assert len({tuple(statements) for statements in work.values()}) == 1, work
    assert len(work["unknown"]) == 1


async def test_after_many_wrong_codes_from_one_address_no_code_is_looked_up_until_the_window_has_passed(
    browser: From, clock: FrozenClock, keys: KeyFolder, queries_log: QueryLog
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    code = await code_of((await somebody(cohort, keys, clock.now())).enrolment_id, keys)
    guesser, neighbour = browser(), browser("192.0.2.8")
    for _ in range(MOST):
        assert (await post_form(guesser, "/min-plats", {"kod": new_code()})).status_code == 422
    queries_log.clear()
    refused = [await post_form(guesser, "/min-plats", {"kod": typed}) for typed in (new_code(), code, "kort")]
    assert [answer.status_code for answer in refused] == [429] * 3
    assert all("För många koder har varit fel." in answer.text for answer in refused)
    assert queries_log.statements == []
    # Another address is not touched, and a right code costs nothing: it can be typed as often as wanted.
    for _ in range(MOST + 1):
        assert (await post_form(neighbour, "/min-plats", {"kod": code}, page="/min-plats?byt=1")).status_code == 303
    # Trying on does not make the wait longer, and a clock that is put back does not last for ever.
    clock.advance(minutes=10)
    assert (await post_form(guesser, "/min-plats", {"kod": code})).status_code == 303


async def test_with_the_setting_at_nothing_codes_are_not_counted(client: httpx.AsyncClient) -> None:
    for _ in range(30):
        assert (await post_form(client, "/min-plats", {"kod": new_code()})).status_code == 422
