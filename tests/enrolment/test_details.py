"""What is kept about a person is put right by staff, and a wrong address is not for good."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.calendar.services import participant_feed
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.person.note_queries import last_notes
from programmes.enrolment.records import details_services, protection_services
from programmes.enrolment.records import services as record_services
from programmes.notices.reach_services import way
from programmes.people import records
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, hidden, post_form, sign_in_as, somebody


async def record_of(enrolment_id: UUID, keys: KeyFolder) -> records.PersonRecord:
    facts = await queries.enrolment(enrolment_id)
    found = record_services.record_of(facts, keys, "rule")
    assert found
    return found


async def put_right(client: httpx.AsyncClient, page: str, right: dict[str, str]) -> httpx.Response:
    """The form as it was shown, with what is right."""
    return await post_form(client, page, {**right, "sedd": hidden((await client.get(page)).text, "sedd")})


async def test_a_wrong_address_is_put_right_and_messages_go_to_the_new_one(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Aks")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    page = f"{person}/uppgifter"
    assert f'href="{page}"' in (await client.get(person)).text
    assert 'value="Anna Aks"' in (await client.get(page)).text
    assert 'value="19850214"' in (await client.get(page)).text
    right = {"namn": "Anna Ask", "kontakt": "070-174 06 05", "saker": "call", "undvik": "efter 17", "tolk": "so"}
    right["fodd"] = "19900214"
    assert (await put_right(client, page, right)).status_code == 303
    kept = await record_of(taken.enrolment_id, keys)
    assert (kept.name, kept.contact, kept.safe, kept.avoid) == ("Anna Ask", "+46701740605", ("call",), "efter 17")
    assert (kept.birth_date, kept.interpreter) == ("1990-02-14", "so")
    assert "somaliska" in (await client.get(person)).text
    assert way(await queries.enrolment(taken.enrolment_id), keys) == "ring"
    assert await fetchval("select count(*) from audit_entry where action = 'person:correct'") == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("namn", "", "Skriv personens namn."),
        ("saker", "", "Kryssa i vad som är säkert"),
        ("kontakt", "07x", "mobilnummer"),
        ("fodd", "19900230", "Det datumet finns inte."),
        ("pnr", "1234", "stämmer inte med födelsedatumet"),
        ("tolk", "klingonska", "Välj ett av alternativen."),
        ("namn", "x" * 121, "Skriv högst 120 tecken."),
    ],
)
async def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, field: str, typed: str, said: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Aks")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    right = {"namn": "Anna Ask", "kontakt": "anna@example.invalid", "saker": "email", "undvik": "på natten"}
    right["fodd"] = "19900214"
    answer = await post_form(client, page, {**right, field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="på natten"' in answer.text
    assert (await record_of(taken.enrolment_id, keys)).name == "Anna Aks"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Exmannen Kalle bor Storgatan 5, ring 0701234567, hon dricker", "Skriv när ni inte ska höra av er"),
        ("efter 17, 19850214-1234", "Skriv inget personnummer, telefonnummer eller någon adress här."),
        ("x" * 121, "Skriv högst 120 tecken."),
    ],
)
async def test_times_to_avoid_lead_to_nobody(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, typed: str, said: str
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Aks")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    right = {"namn": "Anna Ask", "kontakt": "", "fodd": "19900214", "skydd": "ja"}
    answer = await post_form(client, page, {**right, "undvik": typed})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert (await record_of(taken.enrolment_id, keys)).name == "Anna Aks"


async def test_nobody_else_puts_anything_right_and_where_nobody_is_documented_there_is_nothing(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await a_leader(clock.now(), "love")
    cohort, exempt = await a_cohort("2.8", clock.now()), await a_cohort("2.1", clock.now(), sessions=4)
    taken, unknown = await somebody(cohort, keys, clock.now()), await somebody(exempt, keys, clock.now())
    await sign_in_as(client, "kim", clock.now())
    nothing = f"/personal/grupper/{exempt.cohort_id}/deltagare/{unknown.enrolment_id}/uppgifter"
    assert (await client.get(nothing)).status_code == 404
    await sign_in_as(client, "love", clock.now())
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    assert (await client.get(page)).status_code == 404
    assert (await post_form(client, page, {"namn": "X"}, "/personal/idag")).status_code == 404


async def test_a_number_and_a_birth_date_put_right_are_judged_anew(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    right = {"namn": "Anna Ask", "fodd": "19900118", "pnr": "9811"}
    assert (await put_right(client, f"{person}/uppgifter", right)).status_code == 303
    assert (await record_of(taken.enrolment_id, keys)).number == "199001189811"
    assert 'value="9811"' in (await client.get(f"{person}/uppgifter")).text
    assert "åldern stämmer inte" not in (await client.get(person)).text
    assert (await put_right(client, f"{person}/uppgifter", {**right, "fodd": "20120118", "pnr": ""})).status_code == 303
    # Nothing happens by itself: staff see it, and decide.
    assert "åldern stämmer inte" in (await client.get(person)).text
    assert (await queries.enrolment(taken.enrolment_id)).state == "preliminary"


async def test_protecting_somebody_erases_the_contact_ends_the_calendar_and_is_the_coordinators_to_change(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    robin = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask", "anna@example.invalid")
    feed = await participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    right = {"namn": "Anna Ask", "fodd": "19900214", "skydd": "ja"}
    refused = await post_form(client, f"{person}/uppgifter", {**right, "kontakt": "anna@example.invalid"})
    assert refused.status_code == 422
    assert "sparar vi varken telefon eller e-post" in refused.text
    assert (await put_right(client, f"{person}/uppgifter", right)).status_code == 303
    await worker.drain(the_worker)
    record, facts = await record_of(taken.enrolment_id, keys), await queries.enrolment(taken.enrolment_id)
    assert (record.contact, record.safe, facts.protected) == ("", (), True)
    assert await fetchval("select revoked_at is not null from feed where id = $1", feed.feed_id)
    assert await participant_feed(taken.enrolment_id, keys, clock.now()) is None
    shown = (await client.get(person)).text
    assert "Anna Ask" not in shown
    assert "Deltagare 1" in shown
    assert (await client.get(f"{person}/uppgifter")).status_code == 403
    assert (await post_form(client, f"{person}/uppgifter", right, "/personal/idag")).status_code == 403
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(f"{person}/uppgifter")).status_code == 200


async def test_an_old_form_takes_no_protection_away(client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken = await somebody(cohort, keys, clock.now(), "Anna Aks", "anna@example.invalid")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    opened = hidden((await client.get(page)).text, "sedd")
    right = {"namn": "Anna Ask", "fodd": "19850214"}
    assert (await put_right(client, page, {**right, "skydd": "ja"})).status_code == 303
    mine = {**right, "namn": "Anna Asp", "kontakt": "anna@example.invalid", "saker": "email", "sedd": opened}
    for seen in (opened, "", "0" * 32):
        answer = await post_form(client, page, {**mine, "sedd": seen})
        assert answer.status_code == 422
        assert "Någon annan har ändrat uppgifterna" in answer.text
        assert "Du hade skrivit: Anna Asp, anna@example.invalid." in answer.text
        assert 'value="Anna Ask"' in answer.text
        facts = await queries.enrolment(taken.enrolment_id)
        assert (facts.protected, (await record_of(taken.enrolment_id, keys)).contact) == (True, "")
    # What is shown now can be changed again.
    assert (await post_form(client, page, {**mine, "sedd": hidden(answer.text, "sedd")})).status_code == 303
    assert not (await queries.enrolment(taken.enrolment_id)).protected


async def test_protection_holds_wherever_the_number_stands(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    pages, people = [], []
    right = {"namn": "Anna Ask", "fodd": "19900118", "pnr": "9811", "kontakt": "anna@example.invalid", "saker": "email"}
    for section in ("2.8", "2.7", "2.8"):
        cohort = await a_cohort(section, clock.now())
        people.append((await somebody(cohort, keys, clock.now(), "Anna Ask")).enrolment_id)
        pages.append(f"/personal/grupper/{cohort.cohort_id}/deltagare/{people[-1]}/uppgifter")
        if len(pages) < 3:
            assert (await put_right(client, pages[-1], right)).status_code == 303
    hides = {"namn": "Anna Ask", "fodd": "19900118", "pnr": "9811", "skydd": "ja"}
    assert (await put_right(client, pages[0], hides)).status_code == 303
    await worker.drain(the_worker)
    other = await queries.enrolment(people[1])
    assert (other.protected, (await record_of(people[1], keys)).contact) == (True, "")
    # Without a number nobody can tell that it is the same person. Who gives it to a record learns nothing, as it may be
    # somebody else who has said that number: it is kept, and the coordinator is told on the person's page.
    assert not (await queries.enrolment(people[2])).protected
    assert (await put_right(client, pages[2], right)).status_code == 303
    kept = await record_of(people[2], keys)
    assert (kept.number != "", kept.contact != "", (await queries.enrolment(people[2])).protected) == (True, True, False)
    assert (await put_right(client, pages[2], hides)).status_code == 303
    late = await queries.enrolment(people[2])
    assert (late.protected, (await record_of(people[2], keys)).contact) == (True, "")
    # One that was protected before anybody knew the number protects the others when it gets it.
    first, other = [await a_cohort("2.8", clock.now()) for _ in range(2)]
    pair = [(await somebody(one, keys, clock.now(), "Bo Alm")).enrolment_id for one in (first, other)]
    both = [f"/personal/grupper/{c.cohort_id}/deltagare/{e}/uppgifter" for c, e in zip((first, other), pair, strict=True)]
    theirs = {"namn": "Bo Alm", "fodd": "19900118", "pnr": "9803"}
    assert (await put_right(client, both[0], {"namn": "Bo Alm", "fodd": "19900118", "skydd": "ja"})).status_code == 303
    assert (await put_right(client, both[1], theirs)).status_code == 303
    assert not (await queries.enrolment(pair[1])).protected
    assert (await put_right(client, both[0], {**theirs, "skydd": "ja"})).status_code == 303
    assert (await queries.enrolment(pair[1])).protected
    # Taken away again by who decides, it is.
    assert (await put_right(client, both[1], theirs)).status_code == 303
    assert not (await queries.enrolment(pair[1])).protected


@pytest.mark.parametrize("locked", [True, False])
async def test_two_who_correct_two_records_of_one_number_at_once_lose_neither_the_protection_nor_a_name(
    db: None, clock: FrozenClock, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The name is written by a form that was opened before the protection came, and comes to write it after that. Without
    the lock, which is the control, the protection is lost."""
    groups = [await a_cohort("2.8", clock.now()) for _ in range(2)]
    people = [(await somebody(one, keys, clock.now(), "Anna Ask")).enrolment_id for one in groups]
    known = records.PersonRecord("Anna Ask", "1990-01-18", "199001189811")
    for one in people:
        await details_services.correct(one, known, False, 1, keys, clock.now())
    shown = [details_services.mark_of(await queries.enrolment(one)) for one in people]
    hidden, read = asyncio.Event(), asyncio.Event()
    write, execute = details_services._write, records.execute

    async def late(*said: Any) -> str:
        if not read.is_set() and said[1].name == "Anna Asp":
            read.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(hidden.wait(), 0.5)
        return await write(*said)

    async def unlocked(statement: str, *said: Any) -> None:
        if "pg_advisory_xact_lock" not in statement:
            await execute(statement, *said)

    monkeypatch.setattr(details_services, "_write", late)
    if not locked:
        monkeypatch.setattr(records, "execute", unlocked)

    async def hide() -> None:
        await read.wait()
        await details_services.correct(people[0], known, True, 1, keys, clock.now(), shown[0])
        hidden.set()

    renamed = replace(known, name="Anna Asp")
    await asyncio.gather(hide(), details_services.correct(people[1], renamed, False, 2, keys, clock.now(), shown[1]))
    assert [(await queries.enrolment(one)).protected for one in people] == [True, locked]
    assert (await record_of(people[1], keys)).name == "Anna Asp"


async def test_protection_that_spreads_makes_no_old_record_young_again(
    db: None, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    known = records.PersonRecord("Anna Ask", "1990-01-18", "199001189811")

    async def one_more() -> UUID:
        enrolment_id = (await somebody(await a_cohort("2.8", clock.now()), keys, clock.now(), "Anna Ask")).enrolment_id
        await details_services.correct(enrolment_id, known, False, 1, keys, clock.now())
        return enrolment_id

    before = await one_more()
    await owner.execute("update enrolment set state = 'completed', ended_at = applied_at")
    clock.advance(days=7 * 366)
    old = (await queries.enrolment(before)).participant_id
    assert old
    noted = await last_notes([old])
    await details_services.correct(await one_more(), known, True, 1, keys, clock.now())
    assert (await queries.enrolment(before)).protected
    assert await last_notes([old]) == noted
    done = "select action from audit_entry where subject = 'participant/' || $1::text order by id desc limit 1"
    assert await owner.fetchval(done, str(old)) == "person:protection_asked"
    await protection_services.decide(before, True, 1, keys, clock.now())
    assert await last_notes([old]) == noted


@pytest.mark.parametrize("harm", ["damaged", "swapped", "destroyed"])
async def test_a_record_that_cannot_be_read_is_not_said_to_be_missing(
    harm: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    taken, other = [await somebody(cohort, keys, clock.now(), name) for name in ("Anna Ask", "Bo Bok")]
    facts, others = [await queries.enrolment(one.enrolment_id) for one in (taken, other)]
    assert facts.participant_id
    assert others.participant_id
    key, another = [next(keys.folder.rglob(f"{one.participant_id}*")) for one in (facts, others)]
    if harm == "destroyed":
        keys.destroy("person", facts.participant_id, "test", clock.now())
    else:
        key.write_bytes(another.read_bytes() if harm == "swapped" else b"\x00")
    page = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}/uppgifter"
    shown = await client.get(page)
    if harm == "destroyed":
        assert shown.status_code == 404
        return
    assert shown.status_code == 409
    assert "Uppgifterna kan inte läsas" in shown.text
    assert "Bo Bok" not in shown.text
