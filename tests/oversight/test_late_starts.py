"""A start whose first sessions have passed before anybody decided: what its pages say of it, and what they promise."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.cohorts import decision_queries
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import day_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.place.pages import lead_of
from programmes.enrolment import place_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.oversight import services
from programmes.oversight.checklist import queries as checklist_queries
from programmes.oversight.checklist import rules as checklist_rules
from programmes.oversight.decisions.start_pages import start_rows
from programmes.oversight.queries import undecided
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, confirm, hidden, post_form, somebody

STARTS = "/personal/starter"
AT_ONCE = "Beskeden går på en gång, eftersom det är så nära. Det går inte att ångra."
LATER = "Beskeden går efter tio minuter. Till dess går det att ångra."


@pytest.fixture
async def kim(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def words(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.text.split())


async def late(
    clock: FrozenClock, keys: KeyFolder, after: timedelta, sessions: int = 4, leader: Principal | None = None
) -> CohortFacts:
    """A start with five people whose first session was so long ago; it meets every week."""
    cohort = await a_cohort("2.8", clock.now(), leader, sessions=sessions)
    for number in range(5):
        await confirm((await somebody(cohort, keys, clock.now(), f"P{number}")).enrolment_id, clock.now())
    assert cohort.first_start
    clock.set(cohort.first_start + after)
    return cohort


async def start(client: httpx.AsyncClient, cohort: CohortFacts) -> tuple[str, httpx.Response]:
    """What the page says, and what comes of pressing its button."""
    address = f"{STARTS}/{cohort.cohort_id}/starta"
    shown = (await client.get(address)).text
    return shown, await post_form(client, address, {"sett": hidden(shown, "sett"), "vilka": hidden(shown, "vilka")})


@pytest.mark.parametrize("what", ["starta", "stall-in", "skjut-upp"])
@pytest.mark.parametrize("days", [13, 10])
async def test_what_a_late_decision_promises_goes_by_the_next_session(
    what: str, days: int, kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=days))
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"{STARTS}/{cohort.cohort_id}/{what}")).text
    promised = days == 10
    assert (LATER in shown, AT_ONCE in shown) == (promised, not promised)
    fields = {"sett": hidden(shown, "sett"), "vilka": hidden(shown, "vilka"), "skal": "no_venue"}
    if what == "skjut-upp":
        fields |= {"dagar": hidden(shown, "dagar"), "start": "2026-11-25", "beslut": "2026-11-15", "visa": "1"}
        again = (await post_form(client, f"{STARTS}/{cohort.cohort_id}/{what}", fields)).text
        fields |= {"dagar": hidden(again, "dagar"), "anda": hidden(again, "dagar")}
        del fields["visa"]
    assert (await post_form(client, f"{STARTS}/{cohort.cohort_id}/{what}", fields)).status_code == 303
    made = await decision_queries.newest(cohort.cohort_id)
    assert made is not None
    assert (made.undone_until is not None) == promised


async def test_a_session_that_was_cancelled_before_still_decides_when_messages_leave(
    kim: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await late(clock, keys, timedelta(days=-1))
    await owner.execute(
        """update cohort_session set state = 'cancelled', number = null, cancelled_at = $2
           where cohort_id = $1 and starts_at = (select min(starts_at) from cohort_session where cohort_id = $1)""",
        cohort.cohort_id,
        clock.now(),
    )
    assert await decision_queries.undone_until_if_now(cohort.cohort_id, clock.now()) is None
    clock.set(clock.now() - timedelta(minutes=1))
    assert await decision_queries.undone_until_if_now(cohort.cohort_id, clock.now()) == clock.now() + timedelta(minutes=10)


async def test_that_the_first_days_have_been_is_said_wherever_it_is_decided(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=15))
    await sign_in_as(client, "kim", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}"
    said = "Skulle ha startat onsdag 30 september. 1 träff av 4 är kvar."
    assert said in (await client.get(STARTS)).text
    start = (await client.get(f"{address}/starta")).text
    assert said in start
    assert "3 träffar av 4 har redan varit, och väntar sedan på anteckning." in start
    assert "Träffarna blir av som planerat." not in start
    postpone = (await client.get(f"{address}/skjut-upp")).text
    assert "Skjut inte upp</a>" in postpone
    assert "Behåll 30 september" not in postpone


async def test_before_its_first_session_begins_a_start_is_told_as_before(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(seconds=-1))
    await sign_in_as(client, "kim", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}"
    assert "Startar onsdag 30 september." in (await client.get(STARTS)).text
    assert "Träffarna blir av som planerat." in (await client.get(f"{address}/starta")).text
    assert "Behåll 30 september" in (await client.get(f"{address}/skjut-upp")).text
    clock.set(clock.now() + timedelta(seconds=1))
    assert "Startar onsdag" not in (await client.get(STARTS)).text


async def test_when_every_session_has_been_that_is_said(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=60))
    await sign_in_as(client, "kim", clock.now())
    assert "Skulle ha startat onsdag 30 september. Alla träffar har varit." in (await client.get(STARTS)).text
    shown = (await client.get(f"{STARTS}/{cohort.cohort_id}/starta")).text
    assert "4 träffar av 4 har redan varit" in shown
    assert "De andra blir av" not in shown


async def test_who_waits_for_a_late_start_is_told_nothing_until_it_can_no_longer_be_taken_back(
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await a_cohort("2.8", clock.now(), sessions=4, maximum=5)
    for number in range(5):
        await confirm((await somebody(cohort, keys, clock.now(), f"P{number}")).enrolment_id, clock.now())
    waits = (await somebody(cohort, keys, clock.now(), "Vera Vide", "vera@example.se")).enrolment_id
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(days=4))
    await sign_in_as(client, "kim", clock.now())
    shown, done = await start(client, cohort)
    assert "Ingen ny kan börja. Kön tar slut om ett dygn, och de får veta det." in shown
    assert "Står kvar i kön så länge någon ny kan börja." not in shown
    clock.advance(minutes=2)
    await worker.drain(the_worker)
    await worker.tick(the_worker)
    about = "select count(*) from notice where enrolment_id = $1 and kind = 'queue_ended'"
    assert (await enrolments.enrolment(waits)).state == "queued"
    assert await owner.fetchval(about, waits) == 0
    text = (await client.get(done.headers["location"])).text
    undone = await post_form(
        client, f"{STARTS}/{cohort.cohort_id}/angra", {"beslut": hidden(text, "beslut")}, done.headers["location"]
    )
    assert undone.status_code == 303
    assert (await enrolments.enrolment(waits)).state == "queued"
    # Decided again and left so, the queue ends a day after that.
    assert (await start(client, cohort))[1].status_code == 303
    clock.advance(hours=25)
    await worker.tick(the_worker)
    await worker.drain(the_worker)
    assert await owner.fetchval(about, waits) == 1


async def test_before_the_last_day_of_entry_they_stay_in_the_queue(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), sessions=4, maximum=5)
    for number in range(6):
        one = await somebody(cohort, keys, clock.now(), f"P{number}")
        if number < 5:
            await confirm(one.enrolment_id, clock.now())
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"{STARTS}/{cohort.cohort_id}/starta")).text
    assert "Står kvar i kön så länge någon ny kan börja." in shown
    assert "Ingen ny kan börja." not in shown


@pytest.mark.parametrize(("days", "told"), [(60, 0), (19, 5)])
async def test_where_every_session_has_been_nobody_is_told_that_it_takes_place(
    days: int,
    told: int,
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort = await late(clock, keys, timedelta(days=days))
    await sign_in_as(client, "kim", clock.now())
    shown, answer = await start(client, cohort)
    assert answer.status_code == 303
    assert ("Får inget besked: alla träffar har varit." in shown) == (told == 0)
    assert ("Får veta att det blir av." in shown) == (told > 0)
    # What is said afterwards: on the page one comes to, under what was just decided, and on the group's checklist.
    after = (await client.get(answer.headers["location"])).text
    assert ("är startad. Ingen får besked: alla träffar har varit." in after) == (told == 0)
    assert ("ser det bara på Min plats" in after) == (told > 0)
    for address in (answer.headers["location"], STARTS, f"/personal/grupper/{cohort.cohort_id}/checklista"):
        said = (await client.get(address)).text
        assert "Ångra beslutet" in said
        assert ("Beskeden går" in said) == (told > 0), address
        assert ("Du kan ångra till" in said) == (told == 0), address
    clock.advance(minutes=11)
    await worker.drain(the_worker)
    assert await owner.fetchval("select count(*) from notice where kind = 'cohort_started'") == told


async def test_a_group_without_a_decision_owes_no_note_of_its_first_days(
    kim: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=4))
    (way,) = await checklist_queries.ways(kim, clock.now(), cohort.cohort_id)
    assert way.unnoted == 0
    first = next(step for step in checklist_rules.steps(way, clock.now()) if step.state == "next")
    assert first.key in {"agree", "visits", "decide"}


async def test_a_start_whose_first_day_has_been_is_not_done_until_it_is_decided(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=2), state="started")
    cohort = await late(clock, keys, timedelta(days=4))
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(STARTS)).text
    assert "Planerad, inte beslutad: september." in shown
    assert "1 av 2" in shown
    assert "2 av 2" not in shown
    assert f'<a href="/personal/grupper/{cohort.cohort_id}">Visa starten</a>' in shown
    assert (await start(client, cohort))[1].status_code == 303
    assert "2 av 2" in (await client.get(STARTS)).text


@pytest.mark.parametrize(
    ("days", "calendars", "leaders"),
    [
        (-1, "4 träffar står som INSTÄLLT i 30 dagar.", "Träffarna ställs in. Rum och tider blir lediga."),
        (
            8,
            "2 träffar står som INSTÄLLT i 30 dagar. De 2 som har varit också.",
            "2 träffar av 4 har redan varit, och räknas som inställda. Blev de av startar ni i stället. "
            "De andra ställs in, och deras rum och tider blir lediga.",
        ),
        (
            60,
            "Alla träffar har varit. De står också som INSTÄLLT i 30 dagar.",
            "4 träffar av 4 har redan varit, och räknas som inställda. Blev de av startar ni i stället.",
        ),
    ],
)
async def test_what_has_been_is_told_apart_where_a_start_is_cancelled(
    days: int, calendars: str, leaders: str, kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=days))
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"{STARTS}/{cohort.cohort_id}/stall-in")).text
    assert calendars in shown
    assert leaders in shown
    assert ("De andra ställs in" in shown) == (days == 8)


async def cancel(client: httpx.AsyncClient, cohort: CohortFacts) -> httpx.Response:
    address = f"{STARTS}/{cohort.cohort_id}/stall-in"
    shown = (await client.get(address)).text
    fields = {"sett": hidden(shown, "sett"), "vilka": hidden(shown, "vilka"), "skal": "no_venue"}
    return await post_form(client, address, fields)


async def test_a_checklist_keeps_the_day_of_decision_of_a_start_that_was_cancelled_late(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=4))
    await sign_in_as(client, "kim", clock.now())
    assert (await cancel(client, cohort)).status_code == 303
    (way,) = await checklist_queries.ways(kim, clock.now(), cohort.cohort_id)
    decide = next(step for step in checklist_rules.steps(way, clock.now()) if step.key == "decide")
    assert (decide.state, decide.due) == ("done", cohort.decide_by)


async def waits_past_a_week(clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker) -> tuple[CohortFacts, UUID]:
    """A full start with somebody in its queue; nobody has decided, and the last day of entry was ten days ago."""
    cohort = await a_cohort("2.8", clock.now(), sessions=4, maximum=5)
    for number in range(5):
        await confirm((await somebody(cohort, keys, clock.now(), f"P{number}")).enrolment_id, clock.now())
    waits = (await somebody(cohort, keys, clock.now(), "Vera Vide", "vera@example.se")).enrolment_id
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(days=10))
    await worker.tick(the_worker)
    await worker.drain(the_worker)
    return cohort, waits


@pytest.mark.parametrize("what", ["cancel", "postpone"])
async def test_who_waits_loses_nothing_by_a_decision_that_is_late(
    what: str,
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
) -> None:
    cohort, waits = await waits_past_a_week(clock, keys, the_worker)
    before = await enrolments.enrolment(waits)
    assert before.state == "queued"
    assert cohort.last_end
    until = day_long(local_date(cohort.last_end + timedelta(days=27)))
    kept = f"De som står i kö väntar på ert beslut, men längst till {until}."
    await sign_in_as(client, "kim", clock.now())
    own = f"{STARTS}/{cohort.cohort_id}"
    for address in (STARTS, f"{own}/starta", f"{own}/stall-in", f"{own}/skjut-upp"):
        assert kept in (await client.get(f"{address}?vy=kort")).text, address
    # On the checklist it stands at the step that is owed, or will be.
    assert kept in (await client.get(f"/personal/grupper/{cohort.cohort_id}/checklista")).text
    # So it is for who waits: their queue is not over, and nobody says that it is.
    code = place_services.unseal(await enrolments.enrolment(waits), keys).code
    client.cookies.set("place", (await place_services.open_by_code(code, clock.now())) or "")
    opened = (await client.get("/min-plats")).text
    client.cookies.delete("place")
    assert "Starten är inte beslutad" in opened
    assert "Du står i kö, som nummer 1" in opened
    assert "Kön är slut" not in opened
    await sign_in_as(client, "kim", clock.now())
    if what == "cancel":
        following = await a_cohort("2.8", clock.now(), sessions=4)
        assert "1 i kö" in (await client.get(f"{own}/stall-in")).text
        assert (await cancel(client, cohort)).status_code == 303
        right = await first_right_queries.of_start(cohort.cohort_id, clock.now())
        assert right
        assert right.cohort_id == following.cohort_id
    else:
        shown = (await client.get(f"{own}/skjut-upp")).text
        fields = {"sett": hidden(shown, "sett"), "vilka": hidden(shown, "vilka"), "skal": "no_venue", "beslut": "2026-11-15"}
        fields |= {"dagar": hidden(shown, "dagar"), "start": "2026-11-25"}
        again = (await post_form(client, f"{own}/skjut-upp", fields | {"visa": "1"})).text
        fields |= {"dagar": hidden(again, "dagar"), "anda": hidden(again, "dagar")}
        assert (await post_form(client, f"{own}/skjut-upp", fields)).status_code == 303
        answers = (await first_right_queries.answers([cohort.cohort_id]))[cohort.cohort_id]
        assert answers.silent == 6
    clock.advance(minutes=11)
    await worker.drain(the_worker)
    await worker.tick(the_worker)
    after = await enrolments.enrolment(waits)
    assert (after.state, after.turn, after.applied_at) == ("queued", before.turn, before.applied_at)
    about = "select count(*) from notice where enrolment_id = $1 and kind = 'queue_ended'"
    assert await owner.fetchval(about, waits) == 0


async def test_a_queue_that_nobody_decides_about_ends_in_words_before_its_list_would_go(
    kim: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    cohort, waits = await waits_past_a_week(clock, keys, the_worker)
    assert cohort.last_end
    about = "select count(*) from notice where enrolment_id = $1 and kind = 'queue_ended'"
    for ahead, told in ((timedelta(days=27, seconds=-1), 0), (timedelta(days=27), 1)):
        clock.set(cohort.last_end + ahead)
        await worker.tick(the_worker)
        await worker.drain(the_worker)
        assert await owner.fetchval(about, waits) == told


async def test_a_start_of_which_something_was_held_is_neither_cancelled_nor_postponed(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await late(clock, keys, timedelta(days=10))
    await owner.execute(
        "update cohort_session set state = 'held' where id = (select min(id) from cohort_session where cohort_id = $1)",
        cohort.cohort_id,
    )
    await sign_in_as(client, "kim", clock.now())
    own = f"{STARTS}/{cohort.cohort_id}"
    shown = {}
    # A page that was shown before, or by the release before, had a form.
    fields = {"sett": services.seen_as(cohort.state, cohort.first_start), "vilka": "5.0.0.0", "skal": "no_venue"}
    for what, told in (("stall-in", "kan inte ställas in"), ("skjut-upp", "kan inte skjutas upp")):
        shown[what] = await words(client, f"{own}/{what}")
        assert f"1 träff är redan hållen och antecknad, så starten {told}" in shown[what]
        assert "Starta i stället, ställ in de träffar som är kvar och avsluta sedan." in shown[what]
        assert 'name="skal"' not in shown[what]
        assert f'href="{own}/starta"' in shown[what]
        days = {"start": "2026-11-25", "beslut": "2026-11-15"} if what == "skjut-upp" else {}
        answer = await post_form(client, f"{own}/{what}", fields | days, f"{own}/starta")
        assert (answer.status_code, told in answer.text) == (422, True)
    # Nor is it offered where it would be refused.
    for page in (STARTS, f"{own}/starta", f"/personal/grupper/{cohort.cohort_id}/traffar"):
        text = await words(client, page)
        assert f"{own}/stall-in" not in text
        assert f"{own}/skjut-upp" not in text
    assert await owner.fetchval("select state from cohort where id = $1", cohort.cohort_id) == "open"
    assert await owner.fetchval("select count(*) from enrolment where state = 'confirmed'") == 5
    _page, answer = await start(client, cohort)
    assert answer.status_code == 303


async def test_what_was_noted_before_the_decision_does_not_wait_for_a_note_after_it(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await late(clock, keys, timedelta(days=10))
    (one,) = [found for found in await undecided(kim, clock.now()) if found.cohort_id == cohort.cohort_id]
    assert "2 träffar av 4 har redan varit, och väntar sedan på anteckning." in start_rows(one, {})[-1][1]
    held = "update cohort_session set state = 'held' where id in (select id from cohort_session where cohort_id = $1 {})"
    await owner.execute(held.format("order by starts_at limit 1"), cohort.cohort_id)
    (one,) = [found for found in await undecided(kim, clock.now()) if found.cohort_id == cohort.cohort_id]
    assert start_rows(one, {})[-1][1] == (
        "1 träff av 4 är hållen och antecknad. 1 till har varit, och väntar sedan på anteckning. Blev den inte av ställer "
        "ni in den. De andra blir av som planerat."
    )
    await owner.execute(held.format("order by starts_at limit 2"), cohort.cohort_id)
    (one,) = [found for found in await undecided(kim, clock.now()) if found.cohort_id == cohort.cohort_id]
    assert start_rows(one, {})[-1][1] == "2 träffar av 4 är hållna och antecknade. De andra blir av som planerat."


async def test_of_a_start_that_cannot_start_either_it_is_said_what_it_takes(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await late(clock, keys, timedelta(days=10))
    await owner.execute("update cohort_session set state = 'held' where number = 1 and cohort_id = $1", cohort.cohort_id)
    await owner.execute("update enrolment set state = 'preliminary' where cohort_id = $1", cohort.cohort_id)
    await sign_in_as(client, "kim", clock.now())
    shown = await words(client, f"{STARTS}/{cohort.cohort_id}/starta")
    assert re.search(r"så starten kan varken skjutas upp eller ställas in\. Den kan starta när minst \d+ är klara?\.", shown)
    assert "Annars ställer ni in de träffar som är kvar, och avslutar gruppen." in shown
    assert "Skjut upp" not in await words(client, STARTS)
    # And so it ends: what is left at once, how it ended, and closed.
    closing = f"/personal/grupper/{cohort.cohort_id}/avsluta"
    assert f'href="{closing}"' in await words(client, f"{STARTS}/{cohort.cohort_id}/skjut-upp")
    left = "state in ('planned', 'moved') and starts_at > $2 and cohort_id = $1"
    count = await owner.fetchval(f"select count(*) from cohort_session where {left}", cohort.cohort_id, clock.now())
    answer = await post_form(client, f"{closing}/i-fortid", {"sett": str(count)})
    assert answer.status_code == 303
    assert await owner.fetchval(f"select count(*) from cohort_session where {left}", cohort.cohort_id, clock.now()) == 0
    assert await owner.fetchval("select ended_how from cohort where id = $1", cohort.cohort_id) == "ended_early"


async def test_the_decision_comes_before_the_notes_of_what_has_been(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    robin = await a_leader(clock.now())
    cohort = await late(clock, keys, timedelta(hours=2), leader=robin)
    group = f"/personal/grupper/{cohort.cohort_id}"
    passed = "1 träff har varit och är inte antecknad. Det väntar på beslutet."
    for who in ("kim", "robin"):
        clock.set(cohort.first_start + timedelta(hours=4))
        await sign_in_as(client, who, clock.now())
        assert "Ingen har beslutat om gruppen startar." in await words(client, "/personal/idag")
        clock.advance(days=1)
        await sign_in_as(client, who, clock.now())
        today, page = await words(client, "/personal/idag"), await words(client, group)
        assert "Ta närvaro för" not in today + page
        assert passed in today
        assert passed in page
    assert f"Inget beslut om {cohort.name}" in today
    assert "Beslut om gruppen startar" in page
    await sign_in_as(client, "kim", clock.now())
    assert f"Besluta om {cohort.name} startar" in await words(client, "/personal/idag")
    page, answer = await start(client, cohort)
    assert answer.status_code == 303
    assert "Ta närvaro för" in await words(client, "/personal/idag")
    assert "Ta närvaro för" in await words(client, group)


async def test_from_its_day_on_the_decision_is_next_in_the_week_too(
    kim: Principal, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await late(clock, keys, timedelta(days=1))
    await owner.execute("update enrolment set state = 'preliminary' where cohort_id = $1", cohort.cohort_id)
    (way,) = await checklist_queries.ways(kim, clock.now(), cohort.cohort_id)
    assert way.to_agree == 5
    step = checklist_rules.next_of(way, clock.now())
    assert step
    assert step.key == "decide"
    before = replace(way, decide_by=local_date(clock.now()) + timedelta(days=1))
    assert checklist_rules.next_of(before, clock.now()).key == "visits"  # type: ignore[union-attr]


async def test_min_plats_says_of_a_group_that_nobody_decided_about_that_it_was_to_begin(
    kim: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=10))
    programme = await catalogue.programme(cohort.programme_id)
    assert "som skulle ha börjat" in lead_of("confirmed", programme, cohort, clock.now())
    assert "som började" in lead_of("confirmed", programme, replace(cohort, state="started"), clock.now())


async def test_min_plats_says_nothing_of_a_late_start_or_its_queue_until_it_can_no_longer_be_taken_back(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), sessions=4, maximum=5)
    for number in range(5):
        await confirm((await somebody(cohort, keys, clock.now(), f"P{number}")).enrolment_id, clock.now())
    waits = await somebody(cohort, keys, clock.now(), "Vera Vide", "vera@example.se")
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(days=4))
    kept = place_services.unseal(await enrolments.enrolment(waits.enrolment_id), keys)
    token = await place_services.open_by_code(kept.code, clock.now())
    assert token
    client.cookies.set("place", token)
    before = (await words(client, "/min-plats")).partition("<h1")[2]
    assert "som nummer 1" in before
    await sign_in_as(client, "kim", clock.now())
    assert (await start(client, cohort))[1].status_code == 303
    clock.advance(minutes=9)
    during = (await words(client, "/min-plats")).partition("<h1")[2]
    assert "som nummer 1" in during
    assert "Starten är inte beslutad" in during
    assert "Kön är slut" not in during
    clock.advance(minutes=2)
    after = await words(client, "/min-plats")
    assert "Kön är slut" in after
    assert "Det blev ingen plats den här gången" in after


async def test_the_way_to_the_study_visits_is_there_as_long_as_somebody_has_theirs_left(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await late(clock, keys, timedelta(days=4))
    left = (await enrolments.enrolments(cohort.cohort_id, ["confirmed"]))[0].enrolment_id
    await owner.execute("update enrolment set state = 'preliminary', confirmed_at = null where id = $1", left)
    await owner.execute("update cohort set state = 'started', started_at = $2 where id = $1", cohort.cohort_id, clock.now())
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    way = f'href="{group}/studiebesok"'
    pages = (group, f"{group}/traffar", f"{group}/utvardering", f"{group}/studiebesok")
    for address in pages:
        assert way in (await client.get(address)).text.partition('class="subnav"')[2].partition("</nav>")[0], address
    assert (await client.get(group)).text.count(way) == 2
    checklist = (await client.get(f"{group}/checklista")).text
    assert "1 har besöket kvar." in checklist
    assert checklist.count(way) == 1
    assert way in (await client.get("/personal/idag")).text
    await owner.execute("update enrolment set state = 'confirmed', confirmed_at = now() where id = $1", left)
    for address in (group, f"{group}/traffar", f"{group}/utvardering", f"{group}/checklista", "/personal/idag"):
        assert way not in (await client.get(address)).text, address


async def test_the_cockpit_counts_who_has_a_study_visit_left_as_the_checklist_does(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), sessions=4)
    for number in range(2):
        await somebody(cohort, keys, clock.now(), f"P{number}")
    elsewhere = await a_cohort("2.1", clock.now(), sessions=4)
    await somebody(elsewhere, keys, clock.now(), "P")
    found = {one.cohort_id: one.visits for one in await undecided(kim, clock.now())}
    assert found == {cohort.cohort_id: 2, elsewhere.cohort_id: 0}
    (way,) = await checklist_queries.ways(kim, clock.now(), cohort.cohort_id)
    assert way.visits_left == 2
    await sign_in_as(client, "kim", clock.now())
    assert "2 studiebesök kvar." in await words(client, STARTS)


async def test_where_nobody_is_hit_cancelling_says_so_and_promises_nobody_a_move(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    empty = await a_cohort("2.8", clock.now(), sessions=4)
    await a_cohort("2.8", clock.now(), sessions=4, first_in=timedelta(days=60))
    await sign_in_as(client, "kim", clock.now())
    shown = await words(client, f"{STARTS}/{empty.cohort_id}/stall-in")
    assert "Ingen har plats eller står i kö." in shown
    assert "0 personer har plats" not in shown
    assert "Nästa start är" in shown
    assert "Den som vill flyttar" not in shown
    await somebody(empty, keys, clock.now(), "P")
    shown = await words(client, f"{STARTS}/{empty.cohort_id}/stall-in")
    assert "1 person har plats." in shown
    assert "Den som vill flyttar dit själv på Min plats" in shown


async def test_the_page_of_the_last_change_counts_who_is_told_of_a_cancelled_start(
    kim: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
) -> None:
    cohort = await a_cohort("2.1", clock.now(), sessions=4, minimum=1, maximum=2)
    for name in ("one", "two", "waits"):
        await somebody(cohort, keys, clock.now(), name, f"{name}@example.invalid")
    await worker.drain(the_worker)
    await sign_in_as(client, "kim", clock.now())
    assert (await cancel(client, cohort)).status_code == 303
    await worker.drain(the_worker)
    shown = await words(client, f"/personal/grupper/{cohort.cohort_id}/andrat")
    assert "3 besked väntar, de sista till klockan 10.10." in shown
    assert "Ingen behövde få besked" not in shown
