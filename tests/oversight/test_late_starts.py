"""A start whose first sessions have passed before anybody decided: what its pages say of it, and what they promise."""

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
from programmes.oversight.checklist import queries as checklist_queries
from programmes.oversight.checklist import rules as checklist_rules
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, sign_in_as
from tests.factories import a_cohort, confirm, hidden, post_form, somebody

STARTS = "/personal/starter"
AT_ONCE = "Beskeden går på en gång, eftersom det är så nära. Det går inte att ångra."
LATER = "Beskeden går efter tio minuter. Till dess går det att ångra."


@pytest.fixture
async def kim(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def late(clock: FrozenClock, keys: KeyFolder, after: timedelta, sessions: int = 4) -> CohortFacts:
    """A start with five people whose first session was so long ago; it meets every week."""
    cohort = await a_cohort("2.8", clock.now(), sessions=sessions)
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
    told = "Det räknas inte om ni ställer in. Starta i stället"
    shown = (await client.get(f"{STARTS}/{cohort.cohort_id}/stall-in")).text
    assert told in shown
    answer = await cancel(client, cohort)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert "En träff är redan hållen" in (await client.get(f"{STARTS}/{cohort.cohort_id}/skjut-upp")).text
    assert await owner.fetchval("select state from cohort where id = $1", cohort.cohort_id) == "open"
    assert await owner.fetchval("select count(*) from enrolment where state = 'confirmed'") == 5
    _page, answer = await start(client, cohort)
    assert answer.status_code == 303


async def test_min_plats_says_of_a_group_that_nobody_decided_about_that_it_was_to_begin(
    kim: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await late(clock, keys, timedelta(days=10))
    programme = await catalogue.programme(cohort.programme_id)
    assert "som skulle ha börjat" in lead_of("confirmed", programme, cohort, clock.now())
    assert "som började" in lead_of("confirmed", programme, replace(cohort, state="started"), clock.now())
