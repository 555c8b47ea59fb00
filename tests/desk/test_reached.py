"""After a change: who has heard of it by alias, an urgent call to one, and what came of that."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts import change_services, session_services
from programmes.cohorts import queries as cohorts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from programmes.people.records import PersonRecord
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, an_application, csrf_of, post_form, sign_in_as, somebody

PHONE, TEXTS = "+46700000001", "sms:+46701740605"
SOON = timedelta(minutes=30)


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", answer.text)


def line_of(page: str, label: str) -> str:
    """What stands about one person."""
    found = re.search(rf'<li id="p[0-9a-f-]+"><p class="row">(?:<strong>|<a[^>]*>){label}<.*?</li>', page)
    assert found, label
    return found[0]


def notice_of(line: str) -> str:
    found = re.search(r'name="besked" value="([0-9a-f-]+)"', line)
    assert found
    return found[1]


async def test_each_alias_with_what_came_of_it_and_a_call_that_is_shown_once_and_noted(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin, first_in=SOON)
    people = {"Ek": PHONE, "Mejl": "mejl@example.invalid", "Tyst": "", "Texter": TEXTS}
    ids = {name: (await somebody(cohort, keys, clock.now(), name, way)).enrolment_id for name, way in people.items()}
    await worker.drain(the_worker)
    session = (await session_ids(cohort))[0]
    here = f"/personal/traffar/{session}/besked"
    assert (await client.get(here)).headers["location"] == f"/personal/grupper/{cohort.cohort_id}/traffar"
    clock.advance(minutes=1)
    assert not await session_services.cancel_session(session, False, robin, clock.now())
    # Before the worker has done anything nobody has heard, and what is asked for while one waits names no one.
    page = await look(client, here)
    assert "0 av 4 är nådda. Till 2 är beskeden på väg. 1 behöver ni nå själva. 1 ser det bara på Min plats." in page
    assert "reached.js" in page
    later = await somebody(await cohorts.by_id(cohort.cohort_id), keys, clock.now() + SOON / 60, "Nykomling", PHONE)
    assert "Nykomling" not in await look(client, here)
    await enrolment.leave(later.enrolment_id, keys, clock.now())
    await worker.drain(the_worker)
    page = await look(client, here)
    # No gateway is set, so the text has failed, and that is said.
    assert "1 av 4 är nådd. 2 behöver ni nå själva. 1 ser det bara på Min plats." in page
    assert "reached.js" not in page
    for name, said in (("Mejl", "Nådd</span>"), ("Ek", "Ni ringer"), ("Tyst", "Ingen kontaktväg"), ("Texter", "Inte nådd")):
        assert said in line_of(page, name), name
    assert "Sms går inte att skicka längre." in line_of(page, "Texter")
    for name in ("Mejl", "Tyst"):
        assert "/kontakt" not in line_of(page, name), name
    now = await look(client, f"{here}/nu")
    assert not [name for name in people if name in now]
    assert "data-settled" in now
    # The call: shown once, logged with its reason, not on the page that is asked for again.
    assert PHONE not in page
    shown = await post_form(client, f"{here}/kontakt", {"vem": ids["Ek"]}, here)
    assert PHONE in line_of(re.sub(r"\s+", " ", shown.text), "Ek")
    assert TEXTS[4:] not in shown.text
    assert await owner.fetchval("select count(*) from audit_entry where action = 'contact:reveal:changed'") == 1
    assert PHONE not in await look(client, here)
    stranger = await somebody(await a_cohort("2.1", clock.now()), keys, clock.now(), "Lind", "+46701740606")
    refused = await post_form(client, f"{here}/kontakt", {"vem": stranger.enrolment_id}, here)
    assert (refused.status_code, "606" in refused.text) == (404, False)
    notice = notice_of(line_of(page, "Ek"))
    for _ in range(2):
        answer = await post_form(client, here, {"vem": ids["Ek"], "besked": notice, "svar": "inte"}, here)
        assert answer.headers["location"] == f"{here}?klart=inte"
    assert "Ringt 1 gång utan svar" in line_of(await look(client, here), "Ek")
    clock.advance(minutes=2)
    await post_form(client, here, {"vem": ids["Ek"], "besked": notice, "svar": "nadd"}, here)
    page = await look(client, f"{here}?klart=nadd")
    assert "Nådd av er" in line_of(page, "Ek")
    assert "Klockan 10.03." in line_of(page, "Ek")
    assert 'role="status"' in page
    # Who has heard is not looked up any more, and another answer changes nothing.
    refused = await post_form(client, f"{here}/kontakt", {"vem": ids["Ek"]}, here)
    assert (refused.status_code, PHONE in refused.text) == (409, False)
    await post_form(client, here, {"vem": ids["Ek"], "besked": notice, "svar": "inte"}, here)
    assert [tuple(r) for r in await owner.fetch("select reached from notice_call order by id")] == [(False,), (True,)]
    assert await owner.fetchval("select count(*) from audit_entry where action = 'contact:reveal:changed'") == 1
    # Once it would have ended no call is urgent.
    clock.advance(hours=3)
    await sign_in_as(client, "robin", clock.now())
    refused = await post_form(client, f"{here}/kontakt", {"vem": ids["Texter"]}, here)
    assert (refused.status_code, TEXTS[4:] in refused.text) == (409, False)


async def test_who_was_told_at_the_door_gets_no_message_afterwards(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(hours=11))
    record = PersonRecord("Anna Ask", "1985-02-14", "", "anna@example.invalid", ("email",), "dagarna")
    application = replace(await an_application(cohort), record=record)
    taken = await enrolment.apply(application, await catalogue.programme(cohort.programme_id), keys, clock.now())
    assert isinstance(taken, enrolment.Taken)
    other = await a_cohort("2.8", clock.now(), robin)
    stranger = await somebody(other, keys, clock.now(), "Bo Bok")
    session = (await session_ids(cohort))[0]
    here = f"/personal/traffar/{session}/besked"
    assert not await session_services.cancel_session(session, False, robin, clock.now())
    await worker.drain(the_worker)
    page = await look(client, here)
    # Documented: the name, with a line in the log, and the number on their own page only.
    line = line_of(page, "Anna Ask")
    assert "Väntar" in line
    assert "/kontakt" not in line
    assert await owner.fetchval("select count(*) from record_look where page = 'ring'") == 1
    await look(client, f"{here}/nu")
    assert await owner.fetchval("select count(*) from record_look where page = 'ring'") == 1
    form = {"vem": taken.enrolment_id, "besked": notice_of(line), "svar": "nadd"}
    token = csrf_of(page)
    strange: list[dict[str, object]] = [
        {**form, "vem": stranger.enrolment_id}, {**form, "besked": UUID(int=7)}, {**form, "svar": "kanske"},
        {"svar": "nadd"},
    ]  # fmt: skip
    for wrong in strange:
        assert (await client.post(here, data={**wrong, "_csrf_token": token})).status_code == 404
    refused = await client.post(f"{here}/kontakt", data={"vem": str(taken.enrolment_id), "_csrf_token": token})
    assert refused.status_code == 404
    assert (await client.post(here, data={**form, "_csrf_token": token})).status_code == 303
    clock.advance(hours=9)
    await worker.drain(the_worker)
    kinds = "select state, sent_at is not null as said from notice where kind = 'session_cancelled'"
    assert [tuple(row) for row in await owner.fetch(kinds)] == [("failed", True)]
    assert "failed" in await owner.fetchval("select state from notice where kind = 'session_cancelled'")
    await a_leader(clock.now(), "love")
    await sign_in_as(client, "love", clock.now())
    for address in (here, f"{here}/nu"):
        assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize("answer", ["", "inte"])
async def test_whose_number_was_shown_is_rung_about_an_undo_unless_nobody_answered(
    answer: str,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin, first_in=SOON)
    rung = (await somebody(cohort, keys, clock.now(), "Ek", PHONE)).enrolment_id
    await somebody(cohort, keys, clock.now(), "Lind", "+46701740606")
    session = (await session_ids(cohort))[0]
    here, group = f"/personal/traffar/{session}/besked", f"/personal/grupper/{cohort.cohort_id}"
    clock.advance(minutes=1)
    assert not await session_services.cancel_session(session, False, robin, clock.now())
    await worker.drain(the_worker)
    notice = notice_of(line_of(await look(client, here), "Ek"))
    assert (await post_form(client, f"{here}/kontakt", {"vem": rung}, here)).status_code == 200
    if answer:
        clock.advance(minutes=1)
        await post_form(client, here, {"vem": rung, "besked": notice, "svar": answer}, here)
    clock.advance(minutes=1)
    undo = await change_services.undoable(cohort.cohort_id, robin, clock.now())
    assert undo
    assert await change_services.undo(cohort.cohort_id, undo.change_id, robin, clock.now()) == []
    await worker.drain(the_worker)
    page = await look(client, f"{group}/ring")
    # To who has not been rung nothing has ever been otherwise.
    assert ("Ek" in page, "Lind" in page) == (not answer, False)


def together(page: str) -> dict[int, str]:
    """What stands of the other sessions that the same tap cancelled, each with the way to its own page."""
    found = re.findall(r'<a href="/personal/traffar/(\d+)/besked">.*?</a> <span data-other="\1">([^<]*)', page)
    return {int(number): said for number, said in found}


async def test_of_several_that_one_tap_cancelled_each_page_says_of_the_others_who_has_heard_and_leads_there(
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), robin, first_in=SOON)
    other = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(hours=20))
    cafe = await a_cohort("3.1", clock.now(), robin, first_in=timedelta(hours=26))
    for name, way in (("Ek", PHONE), ("Mejl", "mejl@example.invalid")):
        await somebody(cohort, keys, clock.now(), name, way)
    await somebody(other, keys, clock.now(), "Bo Bok")
    await worker.drain(the_worker)
    (first, second), (elsewhere, *_), (open_house, *_) = [(await session_ids(one))[:2] for one in (cohort, other, cafe)]
    page = await look(client, f"/personal/traffar/{first}/sjuk")
    form: dict[str, object] = {"sedd": 0, "nytt": re.findall(r'name="nytt" value="([^"]*)"', page), "sedan": "inte"}
    form |= {
        "aven": [f"{one}/0" for one in (second, elsewhere, open_house)],
        "leder": re.findall(r'name="leder" value="([^"]*)"', page),
    }
    answer = await post_form(client, f"/personal/traffar/{first}/sjuk", form)
    page = await look(client, answer.headers["location"])
    said = together(page)
    assert list(said) == [elsewhere, open_house, second]
    assert "1 behöver ni nå själva." in said[second]
    assert said[open_house] == "Vi vet inte vilka som tänkte komma."
    assert "Det här ställdes också in" in page
    # From each of them to the others; what waits is asked about again, and nobody is named.
    assert list(together(await look(client, f"/personal/traffar/{second}/besked"))) == [first, elsewhere, open_house]
    now = await look(client, f"/personal/traffar/{first}/besked/nu")
    assert re.findall(r'data-other="(\d+)"', now) == [str(one) for one in said]
    assert ("Bo Bok" in now, "data-settled" in now) == (False, False)
    # Whose message came through for one and not for the other counts where it did not.
    await worker.drain(the_worker)
    assert (
        "1 av 2 är nådd. 1 behöver ni nå själva."
        in together(await look(client, f"/personal/traffar/{second}/besked"))[first]
    )
    await owner.execute(
        """update notice set state = 'failed', sent_at = null where session_id = $1 and state = 'sent'""", second
    )
    page = await look(client, f"/personal/traffar/{first}/besked")
    assert "0 av 2 är nådda. 2 behöver ni nå själva." in together(page)[second]
    # What is not theirs to see is not there; nor what was brought back, or cancelled by another tap.
    await owner.execute("delete from cohort_staff where cohort_id = $1", other.cohort_id)
    assert list(together(await look(client, f"/personal/traffar/{first}/besked"))) == [open_house, second]
    third = (await session_ids(cohort))[2]
    assert not await session_services.cancel_session(third, False, robin, clock.now())
    assert together(await look(client, f"/personal/traffar/{third}/besked")) == {}
    assert list(together(await look(client, f"/personal/traffar/{first}/besked"))) == [open_house, second]
    await owner.execute("update session_change set undone_at = $1 where tap is not null", clock.now())
    assert together(await look(client, f"/personal/traffar/{first}/besked")) == {}
