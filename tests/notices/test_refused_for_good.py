"""An address or number that is refused for good is not counted on, and what did not go to it can go to the next one."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohort_queries
from programmes.cohorts.queries import CohortFacts
from programmes.core.contacts import by_text
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries, calls_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.records import details_services
from programmes.enrolment.records.services import record_of
from programmes.notices import bounce_services
from programmes.notices.queries import reached
from programmes.notices.reach_services import reach, way
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, confirm, post_form, sign_in_as, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail, text_of
from tests.notices.peer import Peer
from tests.notices.test_changes_told import move
from tests.notices.test_texts import PHONE, texting  # noqa: F401

LISA, MAJA = "lisa@example.invalid", "maja@example.invalid"
DAY = timedelta(days=1)


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


@pytest.fixture
def posting(mail: Mail, peer: Peer) -> Mail:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, mail_url=peer.url))
    return mail


async def states(cohort: CohortFacts, kind: str) -> list[str]:
    return [one.state for one in await reached(cohort.cohort_id) if one.kind == kind]


@pytest.mark.parametrize(
    ("behaviour", "refusal", "ring"),
    [("refuse", "550 5.1.1 no such mailbox", 1), ("refuse", "554 5.7.1 relay access denied", 0), ("refuse_data", "", 0)],
)
async def test_who_has_an_address_that_is_refused_for_good_is_among_those_to_ring_from_then_on(
    behaviour: str, refusal: str, ring: int, kim: Principal, cohort: CohortFacts, posting: Mail, peer: Peer,
    keys: KeyFolder, clock: FrozenClock,
) -> None:  # fmt: skip
    who = await somebody(cohort, keys, clock.now(), contact=LISA)
    peer.behaviour, peer.refusal = behaviour, refusal
    await posting.work()
    assert await states(cohort, "place_held") == ["failed"]
    assert way(await enrolments.enrolment(who.enrolment_id), keys) == ("bounced" if ring else "mail")
    found = await reach(cohort.cohort_id, "session_moved", keys)
    assert (found.mail, found.ring) == (1 - ring, ring)


@pytest.mark.parametrize("behaviour", ["defer", "defer_data", "refuse_sender"])
async def test_what_is_put_off_or_is_of_the_whole_server_says_nothing_of_the_address(
    behaviour: str, cohort: CohortFacts, posting: Mail, peer: Peer, keys: KeyFolder, clock: FrozenClock
) -> None:
    who = await somebody(cohort, keys, clock.now(), contact=LISA)
    peer.behaviour = behaviour
    await posting.work()
    assert way(await enrolments.enrolment(who.enrolment_id), keys) == "mail"


@pytest.mark.parametrize("behaviour", ["400", "failed"])
async def test_a_number_that_takes_no_texts_is_rung_until_it_takes_one(
    behaviour: str, kim: Principal, cohort: CohortFacts, texting: Mail, gateway: Gateway,  # noqa: F811
    keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient,
) -> None:  # fmt: skip
    who = await somebody(cohort, keys, clock.now(), contact=by_text(PHONE))
    gateway.behaviour = behaviour
    await texting.work()
    assert way(await enrolments.enrolment(who.enrolment_id), keys) == "refused"
    assert (await reach(cohort.cohort_id, "session_moved", keys)).ring == 1
    await move(cohort, 1, DAY, kim, clock)
    await texting.work()
    await sign_in_as(client, "kim", clock.now())
    page = (await client.get(f"/personal/grupper/{cohort.cohort_id}/ring")).text
    assert "Numret tar inte emot sms: ring det." in page
    assert "inget telefonnummer" not in page
    client.cookies.set("place", who.token)
    assert "Våra sms till dig kommer inte fram" in (await client.get("/min-plats")).text
    gateway.behaviour = "accept"
    await move(cohort, 2, DAY, kim, clock)
    await texting.work()
    assert sorted(await states(cohort, "session_moved")) == ["failed", "sent"]
    assert way(await enrolments.enrolment(who.enrolment_id), keys) == "text"


@pytest.mark.parametrize("behaviour", ["401", "429", "500", "mumble"])
async def test_a_gateway_in_trouble_says_nothing_of_the_number(
    behaviour: str, cohort: CohortFacts, texting: Mail, gateway: Gateway,  # noqa: F811
    keys: KeyFolder, clock: FrozenClock,
) -> None:  # fmt: skip
    who = await somebody(cohort, keys, clock.now(), contact=by_text(PHONE))
    gateway.behaviour = behaviour
    await texting.work()
    assert way(await enrolments.enrolment(who.enrolment_id), keys) == "text"


async def documented(cohort: CohortFacts, contact: str, keys: KeyFolder, clock: FrozenClock) -> UUID:
    """Somebody who wants mail or texts; the programme sends none by default."""
    who = (await somebody(cohort, keys, clock.now(), contact=contact)).enrolment_id
    await correct(who, contact, keys, clock, clock.now() - DAY)
    await confirm(who, clock.now())
    return who


async def correct(who: UUID, contact: str, keys: KeyFolder, clock: FrozenClock, at: object = None) -> None:
    record = record_of(await enrolments.enrolment(who), keys, "rewrite")
    assert record
    right = replace(record, contact=contact, safe=("email",) if "@" in contact else ("sms",))
    await details_services.correct(who, right, False, 1, keys, at or clock.now())  # type: ignore[arg-type]


@pytest.fixture
async def violence(db: None, clock: FrozenClock) -> CohortFacts:
    return await a_cohort("2.14", clock.now(), minimum=1, maximum=9, sessions=3)


async def test_a_refusal_of_the_address_from_before_says_nothing_of_the_one_that_is(
    kim: Principal, violence: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    who = await documented(violence, LISA, keys, clock)
    left_at = clock.now()
    clock.advance(minutes=1)
    await correct(who, MAJA, keys, clock)
    async with calls_services.transaction():
        await bounce_services.mark(who, left_at)
    assert not (await enrolments.enrolment(who)).contact_bounced
    async with calls_services.transaction():
        await bounce_services.mark(who, clock.now() + DAY)
    assert (await enrolments.enrolment(who)).contact_bounced
    await correct(who, LISA, keys, clock)
    assert not (await enrolments.enrolment(who)).contact_bounced


async def test_what_comes_back_late_went_to_the_address_of_then(
    kim: Principal, violence: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """Also of a record whose years have passed, which counts them from nothing new."""
    who = await documented(violence, LISA, keys, clock)
    await move(violence, 1, DAY, kim, clock)
    await mail.work()
    clock.advance(minutes=1)
    await correct(who, MAJA, keys, clock)
    await owner.execute("update participant set changed_at = changed_at - interval '9 years'")
    clock.advance(minutes=1)
    number = await owner.fetchval("select id from notice where kind = 'session_moved'")
    assert await bounce_services.note(number, clock.now())
    assert not (await enrolments.enrolment(who)).contact_bounced
    [one] = await calls_queries.untold([violence.cohort_id], clock.now())
    assert one.elsewhere


AGAIN = '<a href="/personal/grupper/{}/besked">Skicka igen till den nya kontaktvägen'


async def besked(client: httpx.AsyncClient, cohort: CohortFacts) -> str:
    return (await client.get(f"/personal/grupper/{cohort.cohort_id}/besked")).text


async def test_what_did_not_reach_an_address_is_sent_again_to_the_new_one_while_it_is_of_use(
    kim: Principal, violence: CohortFacts, posting: Mail, peer: Peer, keys: KeyFolder, clock: FrozenClock,
    owner: asyncpg.Connection, client: httpx.AsyncClient,
) -> None:  # fmt: skip
    who = await documented(violence, LISA, keys, clock)
    await posting.work()
    peer.behaviour = "refuse"
    await move(violence, 1, DAY, kim, clock)
    await posting.work()
    await sign_in_as(client, "kim", clock.now())
    assert "Skicka igen" not in await besked(client, violence), "it would go to the same address"
    clock.advance(minutes=1)
    await correct(who, MAJA, keys, clock)
    peer.behaviour = "accept"
    ring = f"/personal/grupper/{violence.cohort_id}/ring"
    assert AGAIN.format(violence.cohort_id) in (await client.get(ring)).text
    page, address = await besked(client, violence), f"/personal/grupper/{violence.cohort_id}/besked"
    assert "1 person har fått en ny adress eller ett nytt nummer sedan ett besked inte kom fram." in page
    assert "Skicka igen till den nya adressen" in page
    number = await owner.fetchval("select id from notice where kind = 'session_moved'")
    assert f'name="besked" value="{number}"' in page
    # What was not shown is not sent.
    assert (await post_form(client, address, {"besked": [str(who)]}, address)).status_code == 303
    assert await states(violence, "session_moved") == ["failed"]
    for _ in range(2):
        assert (await post_form(client, address, {"besked": [str(number)]}, address)).status_code == 303
    assert "Skicka igen" not in await besked(client, violence)
    assert "1 på väg." in await besked(client, violence)
    peer.recipients.clear()
    await posting.work()
    assert peer.recipients == [MAJA]
    assert await states(violence, "session_moved") == ["sent"]
    assert await calls_queries.untold([violence.cohort_id], clock.now()) == []
    assert await owner.fetchval("select count(*) from audit_entry where action = 'notice:again'") == 1


async def test_who_had_no_address_is_sent_what_still_holds_when_there_is_one(
    kim: Principal, violence: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    who = await documented(violence, PHONE, keys, clock)
    record = record_of(await enrolments.enrolment(who), keys, "rewrite")
    assert record
    await details_services.correct(who, replace(record, safe=("call",)), False, 1, keys, clock.now())
    await move(violence, 1, DAY, kim, clock)
    await mail.work()
    clock.advance(minutes=1)
    await correct(who, MAJA, keys, clock)
    await sign_in_as(client, "kim", clock.now())
    assert "Skicka igen till den nya adressen" in await besked(client, violence)


async def test_who_wanted_no_messages_and_does_now_is_not_said_to_want_a_call(
    kim: Principal, violence: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    who = await documented(violence, LISA, keys, clock)
    record = record_of(await enrolments.enrolment(who), keys, "rewrite")
    assert record
    await details_services.correct(who, replace(record, safe=()), False, 1, keys, clock.now())
    await move(violence, 1, DAY, kim, clock)
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    session = f"/personal/traffar/{(await cohort_queries.sessions(violence.cohort_id))[1].session_id}/besked"
    assert "Vill inte ha besked" in (await client.get(session)).text
    clock.advance(minutes=1)
    await details_services.correct(who, record, False, 1, keys, clock.now())
    shown = (await client.get(session)).text
    assert "Ville inga besked då, eller kunde bara nås av en människa vid rätt tid." in shown
    assert "Vill bli uppringd" not in shown
    assert "Kontaktvägen är ändrad" not in shown, "it is the same"


async def test_what_is_over_is_not_sent_again(
    kim: Principal, violence: CohortFacts, posting: Mail, peer: Peer, keys: KeyFolder, clock: FrozenClock,
    owner: asyncpg.Connection, client: httpx.AsyncClient,
) -> None:  # fmt: skip
    who = await documented(violence, LISA, keys, clock)
    peer.behaviour = "refuse"
    await move(violence, 1, DAY, kim, clock)
    await posting.work()
    ends = await owner.fetchval("select max(ends_at) from cohort_session")
    clock.advance(seconds=(ends - clock.now()).total_seconds() + 60)
    await correct(who, MAJA, keys, clock)
    await sign_in_as(client, "kim", clock.now())
    assert "Skicka igen" not in await besked(client, violence)
    number = await owner.fetchval("select id from notice where kind = 'session_moved'")
    address = f"/personal/grupper/{violence.cohort_id}/besked"
    assert (await post_form(client, address, {"besked": [str(number)]}, address)).status_code == 303
    assert await states(violence, "session_moved") == ["failed"]


async def test_what_failed_for_another_reason_is_not_offered_to_an_address_that_is_as_it_was(
    kim: Principal, violence: CohortFacts, posting: Mail, peer: Peer, keys: KeyFolder, clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:  # fmt: skip
    who = await documented(violence, LISA, keys, clock)
    peer.behaviour = "refuse_data"
    await move(violence, 1, DAY, kim, clock)
    await posting.work()
    assert way(await enrolments.enrolment(who), keys) == "mail"
    await sign_in_as(client, "kim", clock.now())
    assert "Inte nådd" in await besked(client, violence)
    assert "Skicka igen" not in await besked(client, violence)


@pytest.mark.parametrize("had", ["an address", "a telephone"])
async def test_where_one_works_with_a_person_or_a_session_one_is_led_to_sending_again_once_there_is_another_address(
    had: str, kim: Principal, violence: CohortFacts, posting: Mail, peer: Peer, keys: KeyFolder, clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:  # fmt: skip
    who = await documented(violence, LISA, keys, clock)
    if had == "a telephone":
        record = record_of(await enrolments.enrolment(who), keys, "rewrite")
        assert record
        right = replace(record, contact=PHONE, safe=("call",))
        await details_services.correct(who, right, False, 1, keys, clock.now())
        clock.advance(minutes=1)
    peer.behaviour = "refuse"
    await move(violence, 1, DAY, kim, clock)
    await posting.work()
    await sign_in_as(client, "kim", clock.now())
    second = (await cohort_queries.sessions(violence.cohort_id))[1].session_id
    group = f"/personal/grupper/{violence.cohort_id}"
    person, session = f"{group}/deltagare/{who}", f"/personal/traffar/{second}/besked"
    link = f'<a href="{group}/besked">'
    for page in (person, session):
        assert link not in (await client.get(page)).text
    assert "Kontaktvägen är ändrad" not in (await client.get(session)).text
    clock.advance(minutes=1)
    await correct(who, MAJA, keys, clock)
    assert "Ett besked som gäller än kom inte fram till den förra kontaktvägen." in (await client.get(person)).text
    assert link in (await client.get(person)).text
    shown = (await client.get(session)).text
    assert "Kontaktvägen är ändrad sedan dess." in shown
    assert ("Adressen eller numret tar inte emot. Kontaktvägen" in shown) == (had == "an address")
    assert "Vill bli uppringd" not in shown
    assert AGAIN.format(violence.cohort_id) in shown
    assert "Kontaktvägen är ändrad sedan dess." in (await client.get(f"{session}/nu")).text
    numbers = re.findall(r'name="besked" value="([^"]+)"', await besked(client, violence))
    peer.behaviour = "accept"
    await post_form(client, f"{group}/besked", {"besked": numbers}, f"{group}/besked")
    await posting.work()
    for page in (person, session):
        assert link not in (await client.get(page)).text


async def test_what_is_rung_about_as_one_is_sent_again_as_one(
    kim: Principal, violence: CohortFacts, posting: Mail, peer: Peer, keys: KeyFolder, clock: FrozenClock,
    owner: asyncpg.Connection, client: httpx.AsyncClient,
) -> None:  # fmt: skip
    who = await documented(violence, LISA, keys, clock)
    await posting.work()
    peer.behaviour = "refuse"
    # The second goes elsewhere, the third takes its time, and the first is on another day.
    await move(violence, 1, 30 * DAY, kim, clock)
    await move(violence, 1, -7 * DAY, kim, clock)
    await move(violence, 0, DAY, kim, clock)
    await posting.work()
    assert await states(violence, "session_moved") == ["failed"] * 3
    [one, other] = await calls_queries.untold([violence.cohort_id], clock.now())
    assert sorted(map(len, (one.told_by, other.told_by))) == [1, 2]
    clock.advance(minutes=1)
    await correct(who, MAJA, keys, clock)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{violence.cohort_id}/besked"
    numbers = re.findall(r'name="besked" value="([^"]+)"', await besked(client, violence))
    assert len(numbers) == 3
    peer.behaviour = "accept"
    peer.taken.clear()
    await post_form(client, address, {"besked": numbers}, address)
    assert (await besked(client, violence)).count("1 på väg.") == 2
    await posting.work()
    assert len(peer.taken) == 2
    assert await states(violence, "rest_moved") == ["sent"]
    said = " ".join(" ".join(text_of(one).split()) for one in peer.taken)
    assert "Mötet som skulle vara" in said
    assert await calls_queries.untold([violence.cohort_id], clock.now()) == []
    left = await owner.fetchval(
        "select count(*) from notice where believed is not null and believed <> '{}' and sent_at is null"
    )
    assert left == 0
    page = await besked(client, violence)
    assert "Skicka igen" not in page
    assert "gick inte att skicka" not in page
