"""What a newer message has taken the place of is nobody to be told: no page counts it as on its way, or as not reached."""

from collections.abc import Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_services
from programmes.notices import job_services
from programmes.notices.post_services import Deferred, Refused
from programmes.notices.queries import under_way
from programmes.notices.services import tell_one
from tests.clock import FrozenClock
from tests.desk.test_calls import look, tell_the_first
from tests.factories import a_coordinator, a_venue, confirm, sign_in_as, somebody
from tests.notices.mail import Mail, states
from tests.notices.test_changes_told import move

DAY = timedelta(days=1)
Answers = Callable[[Exception | None], None]
REPLACED = "1 ersattes av ett nyare besked eller gäller inte längre."


@pytest.fixture
async def kim(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> Principal:
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, '', 0)", clock.now())
    return await a_coordinator(clock.now())


@pytest.fixture
async def group(kim: Principal, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock) -> CohortFacts:
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    return cohort


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """A mail server that answers so from now on."""
    found = list[Exception | None]([None])

    class Server:
        async def send(self, _message: object) -> None:
            if found[0]:
                raise found[0]

    monkeypatch.setattr(job_services, "post_from", lambda _url: Server())

    def so(answer: Exception | None) -> None:
        found[0] = answer

    return so


async def test_what_was_put_off_and_overtaken_is_neither_on_its_way_nor_not_reached(
    kim: Principal, group: CohortFacts, mail: Mail, answers: Answers, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    await sign_in_as(client, "kim", clock.now())
    page, ring = (f"/personal/grupper/{group.cohort_id}/{name}" for name in ("besked", "ring"))
    answers(Deferred("SMTPDataError451"))
    await move(group, 1, DAY, kim, clock)
    await mail.work()
    for place in (page, ring):
        assert "Till 1 har det inte kommit fram än" in await look(client, place)
    answers(None)
    clock.advance(seconds=20)
    await move(group, 1, DAY, kim, clock)
    await mail.work()
    # The newer one has gone; the older one waits for its next turn.
    assert ("session_moved", "waiting") in await states(group)
    assert not (await under_way(group.cohort_id)).any
    for place in (page, ring):
        assert "har det inte kommit fram än" not in await look(client, place)
    assert REPLACED in await look(client, page)
    assert "på väg" not in await look(client, page)
    clock.advance(minutes=2)
    await mail.work()
    assert ("session_moved", "failed") in await states(group)
    shown = await look(client, page)
    assert REPLACED in shown
    assert "Inte nådd" not in shown
    assert "inaktuellt" not in shown
    assert await calls_services.unreached(clock.now()) == 0
    assert "Meddelanden går ut.</p>" in await look(client, "/personal/lage")


async def test_who_is_not_reached_about_what_still_holds_is_counted_once_and_until_told(
    kim: Principal, group: CohortFacts, mail: Mail, answers: Answers, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    await sign_in_as(client, "kim", clock.now())
    answers(Refused("SMTPDataError552"))
    for number in (1, 2):
        await move(group, number, DAY, kim, clock)
        await mail.work()
        clock.advance(minutes=1)
    page, ring = (f"/personal/grupper/{group.cohort_id}/{name}" for name in ("besked", "ring"))
    shown = await look(client, page)
    assert "Inte nådd" in shown
    assert "ersattes" not in shown
    told = "Meddelanden går ut. 1 person har inte fått ett besked som gäller än."
    assert told in await look(client, "/personal/lage")
    while 'name="vem"' in await look(client, ring):
        await tell_the_first(client, ring)
    assert told not in await look(client, "/personal/lage")


async def test_of_ones_own_place_the_last_message_is_the_one_that_counts(
    kim: Principal, cohort: CohortFacts, mail: Mail, answers: Answers, keys: KeyFolder, clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:  # fmt: skip
    await sign_in_as(client, "kim", clock.now())
    answers(Refused("SMTPDataError552"))
    who = await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    page = f"/personal/grupper/{cohort.cohort_id}/besked"
    assert "Inte nådd" in await look(client, page)
    answers(None)
    clock.advance(minutes=2)
    await confirm(who.enrolment_id, clock.now())
    await tell_one("place_confirmed", who.enrolment_id, keys, clock.now(), "")
    await mail.work()
    assert ("place_confirmed", "sent") in await states(cohort)
    shown = await look(client, page)
    assert REPLACED in shown
    assert "Inte nådd" not in shown


async def test_another_place_is_named_to_who_rings(
    kim: Principal, group: CohortFacts, mail: Mail, answers: Answers, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    await sign_in_as(client, "kim", clock.now())
    answers(Refused("SMTPDataError552"))
    elsewhere = await a_venue("Lilla salen")
    for number, later in ((1, timedelta()), (2, DAY)):
        session = (await cohorts.sessions(group.cohort_id))[number]
        assert not await session_services.move_session(
            session.session_id, session.starts_at + later, session.ends_at + later, elsewhere, kim, clock.now(), meant=True
        )
        await mail.work()
        clock.advance(minutes=1)
    said = ("Det är en annan plats onsdag 7 oktober 10.00: Lilla salen, Hamngatan 4.",
            "är torsdag 15 oktober 10.00. Platsen är en annan: Lilla salen, Hamngatan 4.")  # fmt: skip
    second = (await cohorts.sessions(group.cohort_id))[1].session_id
    assert [one in await look(client, f"/personal/grupper/{group.cohort_id}/ring") for one in said] == [True, True]
    assert said[0] in await look(client, f"/personal/traffar/{second}/besked")
