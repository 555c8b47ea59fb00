"""Who is told when staff book or cancel a study visit for somebody, and when a text has a new version before the start."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.rules import TextKind
from programmes.enrolment.services import Taken
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.notices.rules import AUDIENCE, is_current, of_texts
from tests.clock import FrozenClock
from tests.conftest import START
from tests.enrolment.test_visit_changes import PHONE, a_slot, look, reachable
from tests.factories import a_cohort, a_leader, a_programme, sign_in_as
from tests.notices.mail import Mail

ADDRESS = "anna@example.invalid"
DAY = date(2026, 9, 2)
KINDS: tuple[TextKind, ...] = ("conditions", "rules")


@pytest.fixture
async def robin(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> AsyncIterator[Principal]:
    await owner.execute("delete from agreement_text where version > 1")
    await owner.execute("update agreement_text set valid_from = '2030-01-01' where section = '2.8'")
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    yield found
    await owner.execute("delete from agreement")
    await owner.execute("delete from agreement_text where version > 1")


@given(
    visit=st.sampled_from([None, "booked", "attended", "missed", "cancelled"]),
    state=st.sampled_from(["preliminary", "confirmed", "offered", "queued", "withdrawn"]),
)
def test_a_message_about_a_visit_is_true_for_one_state_of_it_only(visit, state) -> None:  # type: ignore[no-untyped-def]
    for kind, fits in (("visit_booked", "booked"), ("visit_unbooked", None), ("visit_cancelled", "cancelled")):
        assert is_current(kind, state, "", START, START, visit) == (visit == fits and state in AUDIENCE[kind])  # type: ignore[arg-type,index]


def test_the_subject_of_texts_is_the_same_in_any_order() -> None:
    assert of_texts([12, 3]) == of_texts([3, 12]) == "3,12"


async def test_what_staff_book_rebook_and_cancel_is_told_once_each(
    mail: Mail, robin: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    anna = (await reachable(cohort, keys, clock, "Anna", ADDRESS)).enrolment_id
    first, second = [await a_slot(cohort, clock, robin, days) for days in (5, 6)]
    await mail.work()

    async def told(part: str) -> int:
        await mail.work()
        return sum(part in body for body in mail.to(ADDRESS))

    await step_services.book_visit(anna, first, clock.now(), robin.staff_id)
    await step_services.book_visit(anna, first, clock.now(), robin.staff_id)
    assert await told("Du har en tid för ett första möte: måndag 7 september") == 1
    clock.advance(hours=1)
    await step_services.book_visit(anna, second, clock.now(), robin.staff_id)
    assert await told("Du har en tid för ett första möte: tisdag 8 september") == 1
    clock.advance(hours=1)
    await step_services.book_visit(anna, first, clock.now(), robin.staff_id)
    assert await told("Du har en tid för ett första möte: måndag 7 september") == 2
    await visit_services.cancel_booking(anna, clock.now(), robin.staff_id)
    await visit_services.cancel_booking(anna, clock.now(), robin.staff_id)
    assert await told("Din tid för ett första möte är avbokad") == 1
    assert not re.search("studiebesök|grupp|Återfall", mail.to(ADDRESS)[-1])
    # What people do themselves they know.
    before = len(mail.to(ADDRESS))
    await step_services.book_visit(anna, second, clock.now())
    await visit_services.cancel_booking(anna, clock.now())
    await mail.work()
    assert len(mail.to(ADDRESS)) == before
    # Of what has changed before anything was sent only the last is told.
    await step_services.book_visit(anna, first, clock.now(), robin.staff_id)
    await step_services.book_visit(anna, second, clock.now(), robin.staff_id)
    await mail.work()
    assert len(mail.to(ADDRESS)) == before + 1


async def test_who_only_has_a_telephone_is_rung_about_the_last_of_it(
    the_worker: worker.Worker, robin: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    anna = (await reachable(cohort, keys, clock, "Anna", PHONE)).enrolment_id
    slot = await a_slot(cohort, clock, robin)
    ring = f"/personal/grupper/{cohort.cohort_id}/ring"
    await step_services.book_visit(anna, slot, clock.now(), robin.staff_id)
    await worker.drain(the_worker)
    assert "Ni har bokat ett studiebesök: måndag 7 september" in await look(client, ring)
    clock.advance(minutes=1)
    await visit_services.cancel_booking(anna, clock.now(), robin.staff_id)
    await worker.drain(the_worker)
    page = await look(client, ring)
    assert "Ni har avbokat studiebesöket" in page
    assert "Ni har bokat" not in page
    clock.advance(minutes=1)
    await step_services.book_visit(anna, slot, clock.now())
    assert "Ni har avbokat" not in await look(client, ring)


async def confirmed(
    cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, who: Principal, contact: str, name: str
) -> Taken:
    """Somebody who has made the visit and accepted both texts."""
    programme = (await a_programme("2.8"))[1]
    taken = await reachable(cohort, keys, clock, name, contact)
    starts = clock.now() + timedelta(minutes=5)
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, None, 1, clock.now()
    )
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    await step_services.mark_visit(taken.enrolment_id, "attended", who.staff_id, programme, clock.now())
    shown = [text.text_id for text in await queries.texts_for(programme, DAY)]
    await step_services.accept_texts(taken.enrolment_id, shown, programme, "screen", clock.now())
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"
    return taken


async def write(words: str, valid_from: date, who: Principal, clock: FrozenClock, kind: TextKind = "rules") -> None:
    await step_services.add_text("2.8", kind, valid_from, [words], [words], who.staff_id, clock.now())


async def test_a_new_version_is_told_on_its_day_once_and_only_before_the_start(
    mail: Mail, robin: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    for kind in KINDS:
        await write("Noll.", DAY, robin, clock, kind)
    anna = await confirmed(cohort, keys, clock, robin, ADDRESS, "Anna")
    bo = await confirmed(cohort, keys, clock, robin, PHONE, "Bo")
    ring = f"/personal/grupper/{cohort.cohort_id}/ring"
    news = "har fått en ny version"

    async def told() -> int:
        await mail.work()
        await worker.tick(mail.worker)
        await mail.work()
        return sum(news in body for body in mail.to(ADDRESS))

    assert await told() == 0
    clock.advance(hours=1)
    await write("Ett.", DAY + timedelta(days=2), robin, clock)
    assert await told() == 0
    clock.advance(days=2)
    assert await told() == 1
    assert await told() == 1
    await sign_in_as(client, "robin", clock.now())
    assert "Villkor eller regler har en ny version" in await look(client, ring)
    # Accepted on paper, nobody needs to be rung about it any more.
    programme = (await a_programme("2.8"))[1]
    shown = [text.text_id for text in await queries.texts_for(programme, DAY + timedelta(days=2))]
    newest = [shown[-1]]
    clock.advance(minutes=1)
    await step_services.accept_texts(bo.enrolment_id, newest, programme, "paper", clock.now(), robin.staff_id)
    assert "har en ny version" not in await look(client, ring)
    await step_services.accept_texts(anna.enrolment_id, newest, programme, "screen", clock.now())
    assert await told() == 1
    # Another version is news again; one that comes when the group has begun is for the next start.
    await write("Två.", local_date(clock.now()), robin, clock)
    assert await told() == 2
    assert cohort.first_start
    clock.set(cohort.first_start + timedelta(hours=1))
    await write("Tre.", local_date(clock.now()), robin, clock)
    assert await told() == 2


async def test_who_accepts_before_the_message_goes_gets_none(
    mail: Mail, robin: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    for kind in KINDS:
        await write("Noll.", DAY, robin, clock, kind)
    anna = await confirmed(cohort, keys, clock, robin, ADDRESS, "Anna")
    await mail.work()
    await write("Ett.", DAY, robin, clock)
    await worker.tick(mail.worker)
    programme = (await a_programme("2.8"))[1]
    newest = [text.text_id for text in await queries.texts_for(programme, DAY) if text.kind == "rules"]
    await step_services.accept_texts(anna.enrolment_id, newest, programme, "screen", clock.now())
    await mail.work()
    assert not any("ny version" in body for body in mail.to(ADDRESS))
    assert await owner.fetchval("select state from notice where kind = 'accept_new'") == "failed"
