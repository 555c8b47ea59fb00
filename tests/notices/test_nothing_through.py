"""While messages do not get through it is said wherever staff count on them, from the first try on."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.contacts import by_text
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.notices.reach_rules import Away, Reach, all_away, mails_away, not_through, texts_away
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, sign_in_as, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail
from tests.notices.test_texts import texting  # noqa: F401


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", answer.text)


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    await a_coordinator(clock.now())
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def _four(robin: Principal, keys: KeyFolder, clock: FrozenClock, *, texts: int, first: timedelta) -> CohortFacts:
    """A series in whose first days four have places; so many want texts."""
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1, maximum=8, sessions=3, first_in=first, state="started")
    for number in range(4):
        contact = by_text(f"+4670174060{number}") if number < texts else f"a{number}@example.invalid"
        await somebody(cohort, keys, clock.now(), f"Al{number}", contact)
    return cohort


async def _alive(owner: asyncpg.Connection, now: datetime) -> None:
    await owner.execute("insert into clock_trace (id, at, boot, seconds) values (1, $1, '', 0) "
                        "on conflict (id) do update set at = excluded.at", now)  # fmt: skip


async def test_that_texts_do_not_get_through_stands_on_the_status_page_and_beside_who_gets_one(
    texting: Mail,  # noqa: F811
    gateway: Gateway,
    robin: Principal,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort = await _four(robin, keys, clock, texts=4, first=timedelta(days=2))
    [session, *_] = await session_ids(cohort)
    before = [f"/personal/traffar/{session}/{what}" for what in ("sjuk", "stall-in", "flytta")]
    gateway.behaviour = "mumble"
    await texting.work()
    await _alive(owner, clock.now())
    status = await look(client, "/personal/lage")
    assert "Sms kommer inte fram. Sedan onsdag 2 september" in status
    assert "Meddelanden går ut." not in status
    for address in before:
        page = await look(client, address)
        assert "4 som vill ha sms" in page or "4 får sms. Sms kommer inte fram" in page
        assert re.search(r"Sms kommer inte fram sedan onsdag 2 september \d\d\.\d\d: ring dem också\.", page), address
    gateway.behaviour = "accept"
    clock.advance(hours=1)
    await texting.work()
    await _alive(owner, clock.now())
    await sign_in_as(client, "robin", clock.now())
    assert "Meddelanden går ut." in await look(client, "/personal/lage")
    for address in before:
        assert "kommer inte fram" not in await look(client, address)


async def test_that_no_mail_gets_through_is_said_in_the_same_places_and_nobody_is_taken_for_told(
    mail: Mail,
    robin: Principal,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort = await _four(robin, keys, clock, texts=0, first=timedelta(minutes=33))
    await mail.work()
    [first, session, *_] = await cohorts.sessions(cohort.cohort_id)
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert "Alla har fått veta" in await look(client, f"{group}/ring")
    clock.advance(minutes=1)
    refused = await session_services.cancel_session(session.session_id, False, robin, clock.now())
    assert refused == []
    # Before the worker has written them.
    page = await look(client, f"{group}/ring")
    assert "Beskeden skrivs just nu." in page
    assert "Alla har fått veta" not in page
    works = mail.worker
    mail.worker = replace(works, settings=replace(works.settings, mail_url="smtp://127.0.0.1:1"))
    await mail.work()
    await _alive(owner, clock.now())
    assert "E-post kommer inte fram. Sedan onsdag 2 september" in await look(client, "/personal/lage")
    page = await look(client, f"/personal/traffar/{first.session_id}/stall-in")
    assert re.search(r"E-post direkt\. E-post kommer inte fram sedan onsdag 2 september \d\d\.\d\d: ring dem", page)
    for address in (f"{group}/ring", f"{group}/besked"):
        page = await look(client, address)
        assert "Till 4 personer är besked på väg." in page, address
        # While the server itself is away the others are left for the next tick.
        assert re.search(r"Till \d har det inte kommit fram än, och vi försöker igen\.", page)
        assert "Alla har fått veta" not in page
        assert "Ingen behöver ringas nu" not in page
        assert "Ingen i gruppen behöver ringas upp" not in page
    mail.worker = works
    clock.advance(minutes=5)
    await mail.work()
    await _alive(owner, clock.now())
    assert "Meddelanden går ut." in await look(client, "/personal/lage")
    assert "Alla har fått veta" in await look(client, f"{group}/ring")
    assert "kommer inte fram" not in await look(client, f"/personal/traffar/{first.session_id}/stall-in")


@pytest.mark.parametrize("away", ["mail", "text"])
async def test_mail_and_texts_are_judged_each_by_itself(
    away: str,
    texting: Mail,  # noqa: F811
    gateway: Gateway,
    robin: Principal,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    # One person gets what does not go, so that it is not tried in the round in which the other goes.
    cohort = await _four(robin, keys, clock, texts=1 if away == "text" else 3, first=timedelta(hours=2))
    works = texting.worker
    if away == "mail":
        texting.worker = replace(works, settings=replace(works.settings, mail_url="smtp://127.0.0.1:1"))
    else:
        gateway.behaviour = "drop"
    await texting.work()
    clock.advance(minutes=20)
    await texting.work()
    # What goes by the one way goes on going.
    clock.advance(minutes=1)
    await somebody(cohort, keys, clock.now(), "Sam", "sam@example.invalid" if away == "text" else by_text("+46701740609"))
    await texting.work()
    await _alive(owner, clock.now())
    said = {"mail": "E-post kommer inte fram", "text": "Sms kommer inte fram"}
    status = await look(client, "/personal/lage")
    assert f"{said[away]}. Sedan onsdag 2 september" in status
    assert "Meddelanden går ut." not in status
    [session, *_] = await session_ids(cohort)
    page = await look(client, f"/personal/traffar/{session}/stall-in")
    assert page.count(said[away]) == 1
    assert [other in page for name, other in said.items() if name != away] == [False]
    texting.worker, gateway.behaviour = works, "accept"
    clock.advance(hours=1)
    await texting.work()
    await _alive(owner, clock.now())
    await sign_in_as(client, "robin", clock.now())
    assert "kommer inte fram" not in await look(client, "/personal/lage")


def test_where_neither_gets_through_it_is_said_as_one_and_only_of_who_is_told_by_them() -> None:
    first, then = datetime(2026, 9, 2, 10, 0, tzinfo=UTC), datetime(2026, 9, 2, 11, 0, tzinfo=UTC)
    both = Away(first, then)
    assert not_through(Reach(mail=1, text=1, away=both)) == (all_away(then),), "nothing since the later of them"
    assert not_through(Reach(mail=1, away=both)) == (mails_away(then),)
    assert not_through(Reach(text=1, away=both)) == (texts_away(first),)
    assert not_through(Reach(mail=1, text=1, away=Away(texts=first))) == (texts_away(first),)
    assert not_through(Reach(text=1, away=Away(mails=first))) == ()
