"""Mail to an address that has bounced goes, and proves nothing: until it is another address, or staff say that it works."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries, sent_pages, sent_queries
from programmes.desk.illness import reached_pages, reached_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.records import details_services
from programmes.enrolment.records.services import record_of
from programmes.notices import bounce_services
from programmes.notices.queries import reached
from programmes.notices.reach_services import reach, way
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, confirm, post_form, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move

LISA = "lisa@example.invalid"
DAY = timedelta(days=1)


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def bounced(mail: Mail, clock: FrozenClock, owner: asyncpg.Connection, kind: str = "place_held") -> None:
    await mail.work()
    clock.advance(minutes=5)
    assert await bounce_services.note(await owner.fetchval("select id from notice where kind = $1", kind), clock.now())


async def to_call(cohort: CohortFacts, clock: FrozenClock) -> list[str]:
    return [one.kind for one in await calls_queries.untold([cohort.cohort_id], clock.now())]


async def sent(cohort: CohortFacts, kind: str) -> list[str]:
    return [one.state for one in await reached(cohort.cohort_id) if one.kind == kind]


async def test_the_next_message_to_an_address_that_has_bounced_is_sent_and_counts_as_not_reached(
    kim: Principal, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    who = await somebody(cohort, keys, clock.now(), contact=LISA)
    await bounced(mail, clock, owner)
    assert way(await enrolments.enrolment(who.enrolment_id), keys) == "bounced"
    assert (await reach(cohort.cohort_id, "session_moved", keys)).ring == 1, "what is previewed is what will be so"
    session = await move_first(cohort, kim, clock)
    await mail.work()
    assert len(mail.to(LISA)) == 2, "it goes all the same"
    assert await to_call(cohort, clock) == ["place_held", "session_moved"]
    (person,) = await reached_services.people(cohort, session, keys, None, clock.now())
    assert person.heard == "failed"
    assert reached_pages.how(person, clock.now()).text == "Det gick, men ett tidigare besked till adressen har studsat."
    view = sent_pages.sent_page(cohort.cohort_id, "", await sent_queries.sendings(cohort.cohort_id, 9), (), clock.now())
    line = next(line for line in view.lines if "1 skickat till en adress som har studsat." in line.texts)
    assert line.missed
    assert not line.why
    await bounced(mail, clock, owner, "session_moved")
    assert await to_call(cohort, clock) == ["place_held", "session_moved"]
    assert await owner.fetchval("select handed_over_at from notice where kind = 'session_moved'") is None


async def move_first(cohort: CohortFacts, kim: Principal, clock: FrozenClock) -> SessionFacts:
    await move(cohort, 1, DAY, kim, clock)
    return (await cohorts.sessions(cohort.cohort_id))[1]


async def test_staff_say_that_the_address_works_and_are_told_on_the_page_that_it_does_not(
    kim: Principal,
    cohort: CohortFacts,
    mail: Mail,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    client: httpx.AsyncClient,
) -> None:
    who = await somebody(cohort, keys, clock.now(), contact=LISA)
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{who.enrolment_id}"
    assert "Besked till personen kommer inte fram" not in (await client.get(page)).text
    await bounced(mail, clock, owner)
    assert "Besked till personen kommer inte fram" in (await client.get(page)).text
    for _ in range(2):
        assert (await post_form(client, f"{page}/studs", {}, page)).status_code == 303
    assert "Besked till personen kommer inte fram" not in (await client.get(page)).text
    assert await owner.fetchval("select count(*) from audit_entry where action = 'contact:works'") == 1
    await move(cohort, 1, DAY, kim, clock)
    await mail.work()
    assert await sent(cohort, "session_moved") == ["sent"]


@pytest.mark.parametrize("contact", ["maja@example.invalid", LISA])
async def test_only_another_address_is_believed_again(
    contact: str, kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=9, sessions=3)
    who = await a_documented(cohort, keys, clock, owner)
    await bounced(mail, clock, owner)
    facts = await enrolments.enrolment(who)
    record = record_of(facts, keys, "rewrite")
    assert record
    right = replace(record, name="Lisa Ek", contact=contact)
    await details_services.correct(who, right, False, kim.staff_id, keys, clock.now())
    await move(cohort, 1, DAY, kim, clock)
    await mail.work()
    assert await sent(cohort, "session_moved") == ["failed" if contact == LISA else "sent"]


async def a_documented(cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection) -> UUID:
    """Somebody who wants mail; the programme sends none by default."""
    who = (await somebody(cohort, keys, clock.now(), contact=LISA)).enrolment_id
    facts = await enrolments.enrolment(who)
    record = record_of(facts, keys, "rewrite")
    assert record
    await details_services.correct(who, replace(record, safe=("email",)), False, 1, keys, clock.now() - DAY)
    await confirm(who, clock.now())
    return who


async def test_a_bounce_from_before_the_address_was_changed_says_nothing_of_the_new_one(
    kim: Principal, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=9, sessions=3)
    who = await a_documented(cohort, keys, clock, owner)
    await mail.work()
    clock.advance(minutes=1)
    record = record_of(await enrolments.enrolment(who), keys, "rewrite")
    assert record
    right = replace(record, contact="maja@example.invalid")
    await details_services.correct(who, right, False, kim.staff_id, keys, clock.now())
    await bounced(mail, clock, owner)
    await move(cohort, 1, DAY, kim, clock)
    await mail.work()
    assert await sent(cohort, "session_moved") == ["sent"]


async def test_who_is_moved_to_another_start_takes_the_bounce_along(
    kim: Principal, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    who = await somebody(cohort, keys, clock.now(), contact=LISA)
    await bounced(mail, clock, owner)
    other = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3)
    plan = await transfer_services.plan(who.enrolment_id, other.cohort_id, keys, clock.now())
    new = await transfer_services.transfer(who.enrolment_id, other.cohort_id, plan.seen, kim.staff_id, keys, clock.now())
    assert new
    assert (await enrolments.enrolment(new)).contact_bounced


async def my_place(client: httpx.AsyncClient, token: str) -> str:
    client.cookies.set("place", token)
    return (await client.get("/min-plats")).text


async def test_the_person_reads_it_near_the_top_of_their_page_below_what_they_are_to_do(
    kim: Principal,
    cohort: CohortFacts,
    mail: Mail,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    client: httpx.AsyncClient,
) -> None:
    told = "<h2>Vår e-post till dig kommer tillbaka</h2>"
    before = "titta här före varje gång, och säg till oss."
    holds = await somebody(cohort, keys, clock.now(), contact=LISA)
    assert told not in await my_place(client, holds.token)
    await owner.execute("update enrolment set contact_bounced = true")
    page = await my_place(client, holds.token)
    assert (
        page.index("</h1>") < page.index(told) < page.index(before) < page.index("Din platskod") < page.index("Bra att veta")
    )
    assert page.count("kommer tillbaka") == 1
    # A study visit is to be booked first.
    visits = await a_cohort("2.7", clock.now(), minimum=1, maximum=1, sessions=3)
    first = await somebody(visits, keys, clock.now(), contact=LISA)
    waits = await somebody(visits, keys, clock.now(), contact=LISA)
    for one in (first, waits):
        record = record_of(await enrolments.enrolment(one.enrolment_id), keys, "rewrite")
        assert record
        await details_services.correct(one.enrolment_id, replace(record, safe=("email",)), False, 1, keys, clock.now())
    await owner.execute("update enrolment set contact_bounced = true")
    page = await my_place(client, first.token)
    assert page.index('id="besok"') < page.index(told) < page.index("Din platskod")
    page = await my_place(client, waits.token)
    assert page.index("</h1>") < page.index(told) < page.index("Så fungerar kön")
    assert page.count("kommer tillbaka") == 1
    client.cookies.set("lang", "en")
    assert "Our e-mail to you comes back" in await my_place(client, waits.token)


async def test_beside_what_was_not_heard_stands_that_it_went_to_another_address(
    kim: Principal, client: httpx.AsyncClient, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.14", clock.now(), minimum=1, maximum=9, sessions=3)
    who = await a_documented(cohort, keys, clock, owner)
    await bounced(mail, clock, owner)
    await move(cohort, 1, DAY, kim, clock)
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    clock.advance(minutes=1)
    shown = []
    for name, contact in (("Lisa Ek", LISA), ("Lisa Ek", "maja@example.invalid")):
        record = record_of(await enrolments.enrolment(who), keys, "rewrite")
        assert record
        await details_services.correct(who, replace(record, name=name, contact=contact), False, 1, keys, clock.now())
        page = (await client.get(f"/personal/grupper/{cohort.cohort_id}/ring")).text
        assert "Lisa Ek" in page
        assert "Har bara en e-postadress, inget telefonnummer" in page
        assert "Numret" not in page
        shown.append("Kontaktvägen är ändrad sedan dess" in page)
    assert shown == [False, True]
