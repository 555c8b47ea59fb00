"""Who applies with the number of somebody whose identity is protected is protected from the first moment, without a word."""

from dataclasses import replace

import asyncpg
import httpx

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, record_services
from programmes.enrolment import services as enrolment
from programmes.notices import queries as notices
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.factories import a_cohort, an_application

NUMBER, MAIL = "199001189811", "anna@example.invalid"


async def test_a_new_application_with_a_protected_number_keeps_no_contact_and_sends_nothing(
    db: None,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    the_worker: worker.Worker,
    client: httpx.AsyncClient,
) -> None:
    first, other = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now())

    async def applied(number: str, protected: bool = False) -> enrolment.Taken:
        record = PersonRecord("Anna Ask", "1990-01-18", number, MAIL, ("email",), "nätter")
        sent = replace(await an_application(other, "Anna Ask"), record=record, protected=protected)
        answer = await enrolment.apply(sent, await catalogue.programme(other.programme_id), keys, clock.now())
        assert isinstance(answer, enrolment.Taken)
        return answer

    free = await applied(NUMBER)
    assert not (await queries.enrolment(free.enrolment_id)).protected
    known = PersonRecord("Anna Ask", "1990-01-18", NUMBER)
    sent = replace(await an_application(first, "Anna Ask"), record=known, protected=True)
    answer = await enrolment.apply(sent, await catalogue.programme(first.programme_id), keys, clock.now())
    assert isinstance(answer, enrolment.Taken)
    # What somebody says of themselves protects no other record: it may be another who says it.
    assert not (await queries.enrolment(free.enrolment_id)).protected
    quiet, stranger = await applied(NUMBER), await applied("")
    for taken, contact in ((quiet, ""), (stranger, MAIL)):
        facts = await queries.enrolment(taken.enrolment_id)
        record = record_services.record_of(facts, keys, "reach")
        assert record
        assert (facts.protected, record.contact, record.safe) == (not contact, contact, ("email",) if contact else ())
        assert record.avoid == "nätter"
    assert (quiet.held, quiet.repeated) == (stranger.held, stranger.repeated)
    await worker.drain(the_worker)
    told = {one.enrolment_id: one.state for one in await notices.reached(other.cohort_id)}
    assert (told[quiet.enrolment_id], told[stranger.enrolment_id]) == ("no_channel", "sent")
    client.cookies.set("place", quiet.token)
    shown = (await client.get("/min-plats")).text
    assert "Du har ingen kalender hos oss" in shown
    assert "skydd" not in shown.partition("<main")[2]
