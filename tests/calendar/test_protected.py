"""A calendar ends when its owner's identity is protected, wherever the place has been moved meanwhile."""

import httpx

from programmes import worker
from programmes.calendar import services
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.leaving import transfer_services
from programmes.enrolment.records import details_services
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.factories import a_cohort, somebody


async def test_who_is_protected_and_moved_before_the_worker_comes_has_no_calendar_at_the_old_address(
    db: None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, the_worker: worker.Worker
) -> None:
    first, other = [await a_cohort("2.8", clock.now()) for _ in range(2)]
    taken = await somebody(first, keys, clock.now(), "Anna Ask")
    feed = await services.participant_feed(taken.enrolment_id, keys, clock.now())
    assert feed
    address = services.feed_address(feed, keys)
    known = PersonRecord("Anna Ask", "1990-01-18", "199001189811")
    await details_services.correct(taken.enrolment_id, known, True, 1, keys, clock.now())
    planned = await transfer_services.plan(taken.enrolment_id, other.cohort_id, keys, clock.now())
    new = await transfer_services.transfer(taken.enrolment_id, other.cohort_id, planned.seen, 1, keys, clock.now())
    assert new
    assert (await queries.enrolment(new)).protected
    await worker.drain(the_worker)
    assert "BEGIN:VEVENT" not in (await client.get(address)).text
    # Asked for, another is made and stays.
    asked = await services.participant_feed(new, keys, clock.now(), asked_for=True)
    assert asked
    await worker.drain(the_worker)
    assert (await client.get(services.feed_address(asked, keys))).text.count("BEGIN:VEVENT") == 10
