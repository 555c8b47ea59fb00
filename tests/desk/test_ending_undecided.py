"""A group that nobody has decided about, of which something was held: first the decision, and nobody goes without a word."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.attendance import services as attendance
from programmes.calendar import services as calendars
from programmes.cohorts import decision_queries
from programmes.cohorts import queries as cohorts
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, Forbidden
from programmes.core.i18n import moment_long
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import series_services
from programmes.desk.closing import services as closing_services
from programmes.desk.group import calls_queries
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.visits import slot_services, step_services
from programmes.notices.letter_fact_rules import Facts, Slot
from programmes.notices.letter_rules import letter
from programmes.oversight import queries as starts
from programmes.oversight import services as decisions
from programmes.oversight.checklist import queries as checklists
from programmes.oversight.decisions import undo_services
from programmes.oversight.decisions.kept_pages import decision_line
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.desk.test_sick import mail, with_mail  # noqa: F401
from tests.desk.undecided import a_group, min_plats, state_of, with_address, words
from tests.factories import a_cohort, hidden, post_form, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")


async def test_what_can_start_is_decided_about_before_it_is_closed_or_ended(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    group = await a_group(clock, keys, 6, 2, 3)
    number = group.number
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"{group.closing}?steg=ending")
    assert "Besluta först om gruppen startar" in page
    assert "de som står i kö väntar på beslutet" in page
    assert f'href="/personal/starter/{number}/starta"' in page
    assert f'href="{group.closing}/i-fortid"' not in page
    assert 'name="slut"' not in page
    assert (await client.get(f"{group.closing}/i-fortid")).headers["location"] == group.closing
    for fields, address in (
        ({"sett": "3"}, f"{group.closing}/i-fortid"),
        ({"steg": "ending", "slut": "completed"}, group.closing),
    ):
        assert (await post_form(client, address, fields, group.closing)).status_code == 409
    # Nor when everything else has been answered, in a form of the release before.
    await owner.execute("update cohort_session set state = 'held' where cohort_id = $1", number)
    await owner.execute("update cohort set ended_how = 'completed' where id = $1", number)
    await owner.execute("insert into case_transfer (cohort_id, confirmed_at, staff_id) values ($1, $2, $3)", number,
                        clock.now() + timedelta(days=40), group.kim.staff_id)  # fmt: skip
    clock.advance(days=30)
    await worker.drain(the_worker)
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(f"{group.closing}/radera")).headers["location"] == group.closing
    done = await closing_services.close(number, uuid4(), group.kim, keys, clock.now())
    assert isinstance(done, closing_services.NotReady)
    # Whoever leads it reads who decides.
    await sign_in_as(client, "robin", clock.now())
    page = await words(client, group.closing)
    assert "Samordnaren beslutar." in page
    assert f"/personal/starter/{number}/starta" not in page


async def test_what_cannot_start_ends_by_a_decision_and_everybody_hears_what_becomes_of_them(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 2, 3)
    number, early = group.number, f"{group.closing}/i-fortid"
    await mail.work()
    before = {one: len(mail.to(f"p{n}@example.invalid")) for n, one in enumerate(group.everybody)}
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, group.closing)
    assert "Besluta först att gruppen slutar" in page
    assert f'href="{early}"' in page
    page = await words(client, early)
    assert "Det här är beslutet om starten: gruppen slutar." in page
    assert "Den kan inte starta: 3 är klara, och riktlinjen 2.8 kräver minst 5." in page
    for who in ("3 klara", "2 preliminära", "3 i kö", "8 får e-post.", "Får veta att kön är slut"):
        assert who in page, page[page.index("<h1>") :]
    fields = {"sett": hidden(page, "sett"), "vilka": hidden(page, "vilka")}
    # Somebody else may have come or gone since it was shown; and it is the coordinator's to decide.
    assert (await post_form(client, early, fields | {"vilka": "3.2.0.2"}, early)).status_code == 409
    assert (await post_form(client, early, fields | {"sett": "2"}, early)).status_code == 409
    with pytest.raises(Forbidden):
        await series_services.cancel_rest(number, fields["sett"], group.robin, clock.now())
    assert (await post_form(client, early, fields)).status_code == 303
    decided_at = clock.now()
    # Until they have heard of it nothing is closed, and the queue says at once that it is over.
    for step in ({"steg": "transfer", "overfort": "1", "sett": hidden(await words(client, group.closing), "sett")},):
        assert (await post_form(client, group.closing, step)).status_code == 303
    assert (await client.get(f"{group.closing}/radera")).status_code == 303
    await mail.work()
    for n, one in enumerate(group.everybody):
        told = mail.to(f"p{n}@example.invalid")
        assert len(told) == before[one] + 1
        said = "Kön är slut." if one in group.queued else "De möten som var kvar är inställda."
        assert sum(said in text for text in told) == 1
    await mail.work()
    assert [await state_of(one) for one in group.queued] == ["expired"] * 3
    for one in (*group.ready[:1], *group.preliminary):
        shown = await min_plats(client, one, keys)
        assert "<h1>Gruppen är avslutad</h1>" in shown
        assert "Det blir inga fler träffar" in shown
        assert "Boka studiebesök" not in shown
    assert "Kön är slut" in await min_plats(client, group.queued[0], keys)
    # What was decided, by whom and when, is kept, and nothing takes it back.
    (line,) = await decision_queries.history(number)
    assert (line.by, line.decided_at, line.ended) == (line.by, decided_at, True)
    assert decision_line(line).startswith("Startade inte, och resten ställdes in ")
    assert decision_line(line).endswith("För få deltagare. 3 av minst 5 var klara.")
    assert await undo_services.undoable(number, clock.now()) is None
    (way,) = await checklists.ways(group.kim, clock.now(), number)
    found = {step.key: step.state for step in checklists.steps(way, clock.now())}
    assert (found["visits"], found["agree"], found["decide"], found["evaluate"]) == ("done", "done", "done", "done")
    await sign_in_as(client, "kim", clock.now())
    assert "Den startade inte. Det som var kvar ställdes in." in await words(
        client, f"/personal/grupper/{number}/checklista"
    )
    assert await starts.undecided(group.kim, clock.now()) == []
    # Who waited has a day to read it, and then it is closed, with what became of each.
    assert "ska hinna läsa på Min plats att kön är slut" in await words(client, group.closing)
    clock.advance(days=1, minutes=1)
    await mail.work()
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"{group.closing}/radera")
    assert "gått klart" not in page
    assert "3 personer räknas som avbrutna, eftersom det inte gick som planerat." in page
    assert "2 preliminära platser blev aldrig klara." in page
    sent = {"protokoll": hidden(page, "protokoll"), "sett": hidden(page, "sett")}
    assert (await post_form(client, f"{group.closing}/radera", sent)).status_code == 303
    assert await owner.fetchval("select state from cohort where id = $1", number) == "closed"
    counted = await owner.fetch("select state, count(*) as n from enrolment group by state order by state")
    assert [(row["state"], row["n"]) for row in counted if row["state"] != "expired"] == [("dropped_out", 3)]


@pytest.mark.parametrize("state", ["open", "postponed"])
async def test_a_group_of_which_nothing_is_left_ends_so_too(
    state: str, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, the_worker: worker.Worker
) -> None:
    group = await a_group(clock, keys, 3, 1, 1)
    number = group.number
    async with transaction():
        await execute("update cohort set state = $2 where id = $1", number, state)
        await execute("update cohort_session set state = 'held' where cohort_id = $1", number)
    clock.advance(days=30)
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, group.closing)
    assert "Besluta först att gruppen slutar" in page
    page = await words(client, f"{group.closing}/i-fortid")
    assert "Besluta att gruppen slutar" in page
    assert "Alla träffar har varit." in page
    for _ in range(2):
        fields = {"sett": "0", "vilka": hidden(page, "vilka")}
        assert (await post_form(client, f"{group.closing}/i-fortid", fields, group.closing)).status_code == 303
    assert len(await decision_queries.history(number)) == 1
    await worker.drain(the_worker)
    await worker.tick(the_worker)
    await worker.drain(the_worker)
    assert await state_of(group.queued[0]) == "expired"


async def test_an_offer_ends_with_what_was_left_and_its_person_hears_that_the_queue_is_over(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 1, 2)
    first = group.queued[0]
    async with transaction():
        await execute("update enrolment set state = 'offered', offer_expires_at = $2 where id = $1", first,
                      clock.now() + timedelta(days=1))  # fmt: skip
    await group.end(clock.now())
    await mail.work()
    assert sum("Kön är slut." in text for text in mail.to("p4@example.invalid")) == 1
    assert not any("De möten som var kvar" in text for text in mail.to("p4@example.invalid"))
    await mail.work()
    assert await state_of(first) == "expired"


@pytest.mark.parametrize("began", [True, False])
async def test_study_visits_to_come_are_cancelled_with_what_is_left(
    began: bool,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 1, 0)
    number, (guest,) = group.number, group.preliminary
    await with_mail(owner, "robin", "kim")
    begins = clock.now() + timedelta(days=3)
    slot = await slot_services.add_slot(number, begins, begins + timedelta(hours=1), group.cohort.venue_id,
                                        group.robin.staff_id, 2, clock.now())  # fmt: skip
    await step_services.book_visit(guest, slot, clock.now())
    if began:
        await owner.execute("update cohort set state = 'started', started_at = $2 where id = $1", number, clock.now())
    await mail.work()
    address = calendars.feed_address(await calendars.leader_feed(group.robin.staff_id, keys, clock.now()), keys)
    assert "studiebesök" in (await min_plats(client, guest, keys)).lower()
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"{group.closing}/i-fortid")
    assert "1 bokat studiebesök" in page
    fields = {"sett": hidden(page, "sett"), "vilka": hidden(page, "vilka")}
    assert (await post_form(client, f"{group.closing}/i-fortid", fields)).status_code == 303
    await mail.work()
    (told,) = [text for text in mail.to("p3@example.invalid") if "De möten som var kvar är inställda." in text]
    assert "Det första mötet som du hade bokat" in " ".join(told.split())
    assert not any("första mötet" in text for text in mail.to("p0@example.invalid") if "som var kvar" in text)
    assert any("13.00–14.00 är inställt." in text for text in mail.to("robin@kommun.example"))
    shown = await min_plats(client, guest, keys)
    assert "Gruppen är avslutad" in shown
    assert "studiebesök" not in shown.lower()
    calendar = (await client.get(address)).text
    assert calendar.count("STATUS:CANCELLED") == 4


async def test_of_a_meeting_that_was_booked_only_who_had_one_reads(clock: FrozenClock) -> None:
    begins = clock.now()
    with_visit = Facts("rest_cancelled", "preliminary", visit=Slot(begins, begins + timedelta(hours=1)))
    assert any("Det första mötet som du hade bokat" in line for line in letter(with_visit, "Kommunen", "0").news)
    assert len(letter(Facts("rest_cancelled", "confirmed"), "Kommunen", "0").news) == 2


@pytest.mark.parametrize("noted", [True, False])
async def test_a_start_is_not_taken_back_once_a_session_of_it_was_noted(
    noted: bool, clock: FrozenClock, keys: KeyFolder
) -> None:
    group = await a_group(clock, keys, 6, 0, 0)
    number = group.number
    clock.advance(days=7)
    seen = decisions.seen_as("open", group.cohort.first_start)
    assert await decisions.start(number, False, seen, group.kim, clock.now()) == []
    if noted:
        second = (await session_ids(group.cohort))[1]
        await attendance.mark(second, dict.fromkeys(group.ready, "present"), group.robin, clock.now())
    found = await undo_services.undoable(number, clock.now())
    assert found
    # What had been noted before the decision stands in nobody's way.
    refused = await undo_services.undo(number, found.decision_id, group.kim, clock.now())
    assert [reason.code for reason in refused] == (["changed_meanwhile"] if noted else [])
    assert (await cohorts.by_id(number)).state == ("started" if noted else "open")


async def test_what_ended_otherwise_than_planned_is_completed_by_nobody_on_the_page_either(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection, the_worker: worker.Worker
) -> None:
    group = await a_group(clock, keys, 5, 1, 0)
    number = group.number
    await owner.execute("update cohort set state = 'started', started_at = $2 where id = $1", number, clock.now())
    clock.advance(days=30)
    for session in (await session_ids(group.cohort))[1:]:
        await attendance.mark(session, dict.fromkeys(group.ready, "present"), group.robin, clock.now())
    await worker.drain(the_worker)
    await closing_services.confirm_transfer(number, group.kim, clock.now())
    said = {"completed": "5 personer har gått klart.", "ended_early": "5 personer räknas som avbrutna"}
    await sign_in_as(client, "kim", clock.now())
    await owner.execute("update ballot set state = 'empty'")
    for ending in ("completed", "ended_early"):
        await closing_services.set_ending(number, ending, group.kim, clock.now())
        page = await words(client, f"{group.closing}/radera")
        assert [text in page for text in said.values()] == [ending == "completed", ending == "ended_early"]
        assert "1 preliminär plats blev aldrig klar." in page


async def test_it_is_refused_by_the_service_as_well(clock: FrozenClock, keys: KeyFolder) -> None:
    group = await a_group(clock, keys, 5, 0, 1)
    with pytest.raises(Conflict):
        await group.end(clock.now())
    with pytest.raises(Conflict):
        await closing_services.set_ending(group.number, "ended_early", group.kim, clock.now())


async def test_who_waited_may_move_to_the_next_start_before_newcomers(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 1, 3)
    number, early = group.number, f"{group.closing}/i-fortid"
    await owner.execute("update enrolment set state = 'offered', offer_expires_at = $2 where id = $1", group.queued[0],
                        clock.now() + timedelta(days=1))  # fmt: skip
    following = await a_cohort("2.8", clock.now(), minimum=1, maximum=4, first_in=timedelta(days=60))
    applied = (await enrolments.enrolment(group.queued[1])).applied_at
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, early)
    fields = {"sett": hidden(page, "sett"), "vilka": hidden(page, "vilka")}
    assert (await post_form(client, early, fields)).status_code == 303
    right = await first_right_queries.of_start(number, clock.now())
    assert right is not None
    until = moment_long(right.until)
    assert page.count(f"Till och med {until} får de flytta till nästa start på Min plats, före nya anmälningar.") == 2
    # Three waited and have the right. Who had a place had it in what was held: nothing is kept for them.
    clock.advance(minutes=1)
    first = await with_address(following, 20, clock, keys)
    assert await state_of(first) == "preliminary"
    second = await with_address(following, 21, clock, keys)
    assert await state_of(second) == "queued"
    await mail.work()
    await mail.work()
    for n in (4, 5, 6):
        (told,) = [text for text in mail.to(f"p{n}@example.invalid") if "Kön är slut." in text]
        told = " ".join(told.split())
        assert f"Till och med {until} går du före dem som anmäler sig nu." in told
        assert "tiden för din anmälan följer med" in told
        assert "Du kan anmäla dig till en annan start" not in told
    assert not any("går du före" in text for n in range(4) for text in mail.to(f"p{n}@example.invalid"))
    shown = await min_plats(client, group.queued[1], keys)
    assert "<h1>Kön är slut</h1>" in shown
    assert f"<strong>Till och med {until} går du före dem som anmäler sig nu.</strong>" in shown
    way = await words(client, "/min-plats/flytta")
    assert f"Till och med {until} går du före dem som anmäler sig nu." in way
    sent = {"till": hidden(way, "till"), "sett": hidden(way, "sett")}
    assert (await post_form(client, "/min-plats/flytta", sent)).status_code == 303
    moved = await owner.fetchrow("select state, applied_at from enrolment where cohort_id = $1 and applied_at = $2",
                                 following.cohort_id, applied)  # fmt: skip
    assert moved is not None
    assert moved["state"] == "preliminary"
    # Who has a place in what ended moves nowhere alone.
    assert "Flytta mig dit" not in await min_plats(client, group.ready[0], keys)
    assert (await client.get("/min-plats/flytta")).status_code == 303
    # Nothing is closed meanwhile, and it is said why; when the time is over the queue is, without a second message.
    await sign_in_as(client, "kim", clock.now())
    sent = {"steg": "transfer", "overfort": "1", "sett": hidden(await words(client, group.closing), "sett")}
    assert (await post_form(client, group.closing, sent)).status_code == 303
    assert f"De som står i kö får flytta till en annan start före andra till och med {until}." in await words(
        client, group.closing
    )
    clock.set(right.until + timedelta(seconds=1))
    for _ in range(3):
        await mail.work()
    assert [await state_of(one) for one in group.queued] == ["expired", "transferred", "expired"]
    assert sum("Kön är slut." in text for n in (4, 6) for text in mail.to(f"p{n}@example.invalid")) == 2
    assert "Kön är slut" in await min_plats(client, group.queued[2], keys)


async def test_whom_no_message_reached_is_rung_while_they_can_still_move(
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    group = await a_group(clock, keys, 3, 1, 1)
    number, (waits,) = group.number, group.queued
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    # What they were told before was told before.
    await mail.work()
    clock.advance(minutes=1)
    await group.end(clock.now())
    await mail.work()
    await owner.execute("update notice set state = 'failed', sent_at = null where kind = 'queue_ended'")
    await mail.work()
    assert await state_of(waits) == "queued"
    found = await calls_queries.untold([number], clock.now())
    assert [one.kind for one in found if one.enrolment_id == waits] == ["queue_ended"]


async def test_the_right_follows_when_the_next_start_is_cancelled_and_comes_back_with_it(
    clock: FrozenClock, keys: KeyFolder
) -> None:
    group = await a_group(clock, keys, 3, 1, 1)
    number = group.number
    near, far = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=days)) for days in (60, 90)]
    await group.end(clock.now())
    given = await first_right_queries.of_start(number, clock.now())
    assert given is not None
    assert given.cohort_id == near.cohort_id
    clock.advance(minutes=5)
    seen = decisions.seen_as(near.state, near.first_start)
    await decisions.cancel(near.cohort_id, "too_few", seen, group.kim, clock.now())
    assert await first_right_queries.of_start(number, clock.now()) == replace(given, cohort_id=far.cohort_id)
    clock.advance(minutes=5)
    last = await undo_services.undoable(near.cohort_id, clock.now())
    assert last is not None
    await undo_services.undo(near.cohort_id, last.decision_id, group.kim, clock.now())
    assert await first_right_queries.of_start(number, clock.now()) == given
