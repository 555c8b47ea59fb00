"""What runs out, or ends without its person, is told and can be read for a day; then nothing is left of it (decision 29)."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts.queries import CohortFacts
from programmes.core.errors import Conflict
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import services as closing_services
from programmes.desk.group import calls_queries, calls_services
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.leaving import refusal_services
from programmes.enrolment.leaving import services as leaving_services
from programmes.enrolment.queue import offer_services
from programmes.enrolment.queue.ran_out_rules import AFTER_TOLD, LONGEST, has_been_read
from programmes.enrolment.services import Taken
from tests.clock import FrozenClock
from tests.conftest import START
from tests.desk.cast import everything, holding
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.mail import Mail

LISA = "lisa@example.invalid"


async def code_of(taken: Taken, keys: KeyFolder) -> str:
    return place_services.unseal(await queries.enrolment(taken.enrolment_id), keys).code


async def opens(client: httpx.AsyncClient, code: str) -> str:
    """What a code opens, in words."""
    client.cookies.clear()
    await post_form(client, "/min-plats", {"kod": code})
    return (await client.get("/min-plats")).text


async def offered(section: str, contact: str, keys: KeyFolder, clock: FrozenClock) -> tuple[CohortFacts, Taken]:
    """Somebody who has an offer of the only place."""
    cohort = await a_cohort(section, clock.now(), minimum=1, maximum=1, sessions=4)
    holder = await somebody(cohort, keys, clock.now(), "Al")
    waits = await somebody(cohort, keys, clock.now(), "Björken", contact)
    await services.leave(holder.enrolment_id, keys, clock.now())
    assert (await queries.enrolment(waits.enrolment_id)).state == "offered"
    return cohort, waits


async def runs_out(taken: Taken, clock: FrozenClock) -> None:
    until = (await queries.enrolment(taken.enrolment_id)).offer_expires_at
    assert until
    clock.set(until)


@pytest.mark.parametrize(("contact", "open_for"), [(LISA, AFTER_TOLD), ("", AFTER_TOLD), ("0700 00 00 01", LONGEST)])
async def test_whose_offer_ran_out_is_told_and_reads_it_for_a_day_and_then_nothing_is_left(
    contact: str,
    open_for: timedelta,
    mail: Mail,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    cohort, waits = await offered("2.1", contact, keys, clock)
    code, key_id = await code_of(waits, keys), (await queries.enrolment(waits.enrolment_id)).key_id
    assert key_id
    await runs_out(waits, clock)
    await mail.work()
    ended = clock.now()
    if contact == LISA:
        [letter] = [text for text in mail.to(LISA) if "Tiden för att svara har gått ut" in text]
        assert f"/min-plats#{code}" in letter
        assert "nästa i kön" not in letter, "nobody waits"
    rung = await calls_services.calls([cohort.cohort_id], keys, None, clock.now())
    assert [one.about.kind for one in rung] == (["offer_expired"] if contact.startswith("07") else [])
    clock.set(ended + open_for - timedelta(minutes=1))
    await mail.work()
    mine = await opens(client, code)
    assert "Tiden för att svara har gått ut" in mine
    assert "Det här kan du göra" in mine
    assert 'href="/insatser/' in mine
    assert "/min-plats/radera" in mine
    for no_more in ("Ja, jag tar platsen", "/min-plats/angra", "/min-plats/lamna", "Koden stämmer inte"):
        assert no_more not in mine
    assert keys.exists("entry", key_id)
    clock.advance(minutes=1)
    await worker.tick(mail.worker)
    assert not keys.exists("entry", key_id)
    facts = await queries.enrolment(waits.enrolment_id)
    assert (facts.state, facts.sealed, facts.undo_until, facts.left_from) == ("expired", None, None, None)
    assert "Koden stämmer inte" in (await post_form(client, "/min-plats", {"kod": code}, "/min-plats?byt")).text
    found = await everything(owner)
    assert holding(found, LISA) | holding(found, "Björken") == set()
    assert await owner.fetchval("select count(*) from notice where enrolment_id = $1", waits.enrolment_id) == 0
    assert not await calls_services.calls([cohort.cohort_id], keys, None, clock.now())


async def test_what_ran_out_can_be_neither_taken_nor_undone_and_holds_nobody_back(
    mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, waits = await offered("2.1", LISA, keys, clock)
    programme, code = await catalogue.programme(cohort.programme_id), await code_of(waits, keys)
    await runs_out(waits, clock)
    await mail.work()
    for tried in (
        services.accept_offer(waits.enrolment_id, programme, clock.now()),
        offer_services.answer_for(waits.enrolment_id, True, programme, 1, keys, clock.now()),
        leaving_services.undo(waits.enrolment_id, clock.now()),
        refusal_services.take_back(waits.enrolment_id, 1, clock.now()),
        place_services.reissue_code(waits.enrolment_id, keys, 1, clock.now()),
    ):
        with pytest.raises(Conflict):
            await tried
    next_one = await somebody(cohort, keys, clock.now(), "En")
    assert (await queries.enrolment(next_one.enrolment_id)).state == "confirmed"
    await opens(client, code)
    # A page from when it could be undone, or from before: no hour has passed, and nobody left anything.
    stale = await post_form(client, "/min-plats/angra", {}, "/min-plats")
    assert (stale.status_code, "Det tog slut utan att du lämnade något." in stale.text) == (409, True)
    assert "Timmen har gått" not in stale.text
    assert (await post_form(client, "/min-plats/radera", {}, "/min-plats")).status_code == 303
    assert (await queries.enrolment(waits.enrolment_id)).sealed is None


async def test_who_was_turned_down_is_not_told_that_an_hour_has_gone_by(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now())
    programme = await catalogue.programme(cohort.programme_id)
    await refusal_services.refuse(taken.enrolment_id, ["residency"], programme, 1, clock.now())
    await opens(client, await code_of(taken, keys))
    stale = await post_form(client, "/min-plats/angra", {}, "/min-plats")
    assert (stale.status_code, "Timmen har gått" in stale.text) == (409, False)
    assert "har ändrats sedan sidan visades. Öppna Min plats igen." in stale.text


async def test_of_documented_people_staff_have_it_to_tell_as_long_as_it_can_be_read(
    mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort, waits = await offered("2.18", "0700 00 00 01", keys, clock)
    await mail.work()
    await runs_out(waits, clock)
    await mail.work()

    async def to_tell() -> list[str]:
        return [one.kind for one in await calls_queries.untold([cohort.cohort_id], clock.now())]

    assert await to_tell() == ["offer_expired"]
    clock.advance(days=3)
    await worker.tick(mail.worker)
    assert await to_tell() == []


async def test_closing_the_group_meanwhile_leaves_nothing(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, waits = await offered("2.1", LISA, keys, clock)
    key_id = (await queries.enrolment(waits.enrolment_id)).key_id
    assert key_id
    await runs_out(waits, clock)
    await mail.work()
    assert cohort.last_end
    clock.set(cohort.last_end + timedelta(days=31))
    await closing_services.TICKS[0](mail.worker)
    assert await owner.fetchval("select count(*) from enrolment") == 0
    assert not keys.exists("entry", key_id)


async def test_what_a_restored_backup_brings_back_of_it_goes_again(
    mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    _cohort, waits = await offered("2.1", LISA, keys, clock)
    code = await code_of(waits, keys)
    await runs_out(waits, clock)
    await mail.work()
    kept = await owner.fetchrow("select * from enrolment where id = $1", waits.enrolment_id)
    clock.advance(days=1)
    await worker.tick(mail.worker)
    await owner.execute(
        """update enrolment set undo_until = $2, left_from = $3, key_id = $4, sealed = $5, code_digest = $6
           where id = $1""",
        *(kept[name] for name in ("id", "undo_until", "left_from", "key_id", "sealed", "code_digest")),
    )
    await worker.start_up(mail.worker)
    assert not keys.exists("entry", kept["key_id"])
    assert "Tiden för att svara har gått ut" not in await opens(client, code)
    assert await owner.fetchval("select count(*) from enrolment where sealed is not null and id = $1", kept["id"]) == 0


async def test_who_waited_in_vain_reads_it_for_a_day(
    mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1, sessions=4, state="started")
    await somebody(cohort, keys, clock.now(), "Al")
    waits = await somebody(cohort, keys, clock.now(), "Bok", LISA)
    code = await code_of(waits, keys)
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(minutes=1))
    mine = await opens(client, code)
    assert "Kön är slut" in mine
    assert "Blir en plats ledig erbjuder vi den" not in mine
    clock.set(cohort.first_start + timedelta(days=1))
    await mail.work()
    await mail.work()
    [letter] = [text for text in mail.to(LISA) if "Kön är slut" in text]
    assert f"/min-plats#{code}" in letter
    clock.advance(hours=23)
    await mail.work()
    mine = await opens(client, code)
    assert "du stod kvar i kön" in mine
    clock.advance(hours=1, minutes=1)
    await mail.work()
    facts = await queries.enrolment(waits.enrolment_id)
    assert (facts.state, facts.sealed) == ("expired", None)


async def test_whose_day_for_a_study_visit_went_by_reads_that(
    mail: Mail, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=1, sessions=4)
    holder = await somebody(cohort, keys, clock.now(), "Al", LISA)
    code = await code_of(holder, keys)
    await services.end(holder.enrolment_id, "expired", keys, clock.now(), frozenset({"preliminary"}))
    await mail.work()
    assert "Sista dagen för studiebesök har gått" in (await opens(client, code))


async def test_an_offer_whose_time_is_over_is_not_shown_as_open_while_the_worker_is_down(
    client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    cohort, waits = await offered("2.1", LISA, keys, clock)
    code = await code_of(waits, keys)
    open_page = await opens(client, code)
    assert "Ja, jag tar platsen" in open_page
    await runs_out(waits, clock)
    mine = await opens(client, code)
    assert "Tiden för att svara har gått ut" in mine
    assert "Ja, jag tar platsen" not in mine
    assert "Svara senast" not in mine
    assert "/min-plats/radera" not in mine, "nothing has ended yet"
    pressed = await post_form(client, "/min-plats/erbjudande", {"svar": "ja"}, "/min-plats")
    assert pressed.status_code == 409
    assert "gått vidare till nästa" not in pressed.text
    assert "det går inte längre att tacka ja" in pressed.text
    assert "Tiden för att svara" in (await post_form(client, "/min-plats/erbjudande", {"svar": "?"}, "/min-plats")).text
    assert (await client.get("/min-plats/lamna")).status_code == 303
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    for_staff = (await client.get(f"/personal/grupper/{cohort.cohort_id}/deltagare/{waits.enrolment_id}")).text
    assert "Det går inte längre att tacka ja." in for_staff
    assert "Tackar ja" not in for_staff


def test_a_day_counts_from_the_word_or_from_the_end_for_whom_there_is_none() -> None:
    day = AFTER_TOLD
    assert not has_been_read(None, START, True, START + 10 * day)
    assert has_been_read(None, START, False, START + day)
    assert not has_been_read(START + day, START, False, START + 1.5 * day)
    assert has_been_read(START + day, START, True, START + 2 * day)
    # The word that the queue is over goes before the wait ends: the day is of the page that says so.
    assert not has_been_read(START - day, START, True, START + 0.5 * day)
