"""All of a start that was decided is cancelled before anything was held: for first rights it is as if it were cancelled."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import pages as closing_pages
from programmes.desk.closing import queries as closing
from programmes.desk.closing import series_services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.desk.test_right_of_cancelled_over import Cancelled, cancelled, heard
from tests.desk.test_right_over import GONE_TEXT, decide
from tests.desk.test_right_to_a_started import said
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.undecided import min_plats, state_of, with_address, words
from tests.factories import a_cohort, post_form, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")
FIRST = "går du före dem som anmäler sig nu."
NO_MORE = "De möten som var kvar är inställda."


@dataclass
class Started:
    """The three of a start that was cancelled go first to one that is decided to start, where six are ready; and whether
    another one is open."""

    of: Cancelled
    further: CohortFacts | None

    @property
    def number(self) -> int:
        return self.of.following.cohort_id

    @property
    def ending(self) -> str:
        return f"/personal/grupper/{self.number}/avsluta/i-fortid"

    async def end(self, clock: FrozenClock, mail: Mail) -> None:  # noqa: F811
        """Its coordinator cancels all of it, and everybody who is to hear of that does."""
        clock.advance(minutes=1)
        left = len(await cohorts.left(self.number, clock.now()))
        await series_services.cancel_rest(self.number, str(left), self.of.kim, clock.now())
        for _ in range(3):
            await mail.work()


async def started(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    further: bool = True,
) -> Started:
    of = await cancelled(clock, keys, mail)
    await decide("start", of.following, of.kim, clock)
    clock.advance(minutes=11)
    for _ in range(2):
        await mail.work()
    other = await a_cohort("2.8", clock.now(), minimum=2, maximum=12, first_in=timedelta(days=90)) if further else None
    return Started(of, other)


async def ready(started: Started, owner: asyncpg.Connection) -> list[UUID]:
    rows = await owner.fetch(
        "select id from enrolment where cohort_id = $1 and state = 'confirmed' order by turn", started.number
    )
    return [row["id"] for row in rows]


async def test_the_right_moves_on_and_everybody_of_it_gets_one_too(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    it = await started(clock, keys, mail)
    assert it.further
    before = await first_right_queries.of_start(it.of.number, clock.now())
    assert before is not None
    waits = await with_address(it.of.following, 30, clock, keys)
    await owner.execute("update enrolment set state = 'queued' where id = $1", waits)
    await owner.execute("delete from seat where enrolment_id = $1", waits)
    await it.end(clock, mail)
    right = await first_right_queries.of_start(it.of.number, clock.now())
    assert right == first_right_queries.FirstRight(it.further.cohort_id, before.until)
    mine = await first_right_queries.of_start(it.number, clock.now())
    assert mine is not None
    assert (mine.cohort_id, mine.until > before.until) == (it.further.cohort_id, True)
    # Three of the cancelled start, six who were ready here, and one who waited.
    assert (await kept_at(it.further, clock)) == 10
    assert heard(mail, GONE_TEXT) == [0, 0, 0]
    assert [said(mail, n).count(FIRST) for n in range(20, 26)] == [1] * 6
    assert [said(mail, n).count(NO_MORE) for n in range(20, 26)] == [1] * 6
    assert (said(mail, 30).count("Kön är slut."), said(mail, 30).count(FIRST)) == (1, 1)
    newcomer = await with_address(it.further, 40, clock, keys)
    await with_address(it.further, 41, clock, keys)
    third = await with_address(it.further, 42, clock, keys)
    assert [await state_of(one) for one in (newcomer, third)] == ["preliminary", "queued"]
    one = (await ready(it, owner))[0]
    for person in (it.of.people[0], one, waits):
        assert FIRST in await min_plats(client, person, keys)
    await min_plats(client, one, keys)
    moving = await words(client, "/min-plats/flytta")
    assert "Du får en" in moving
    form: dict[str, object] = {
        "till": str(it.further.cohort_id),
        "sett": moving.split('name="sett" value="')[1].split('"')[0],
    }
    assert (await post_form(client, "/min-plats/flytta", form)).headers["location"].startswith("/min-plats")
    assert await state_of(one) == "transferred"


async def kept_at(start: CohortFacts, clock: FrozenClock) -> int:
    return (await enrolments.places([start.cohort_id], clock.now()))[start.cohort_id].kept


async def test_the_page_counts_and_names_who_goes_first_there(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    it = await started(clock, keys, mail, further=False)
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, it.ending)
    assert "9 får e-post." in page
    assert "3 som får flytta hit före andra" in page
    assert "Får inte längre flytta hit, och ingen annan start är öppen för dem." in page
    await it.end(clock, mail)
    assert heard(mail, GONE_TEXT) == [1, 1, 1]
    assert [said(mail, n).count(NO_MORE) for n in range(20, 26)] == [1] * 6
    assert [said(mail, n).count(FIRST) for n in range(20, 26)] == [0] * 6


async def test_the_page_says_that_the_right_moves_on_and_what_its_own_get(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    it = await started(clock, keys, mail)
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, it.ending)
    assert re.search(r"\b6 får e-post\.", page)
    assert "3 som får flytta hit före andra" in page
    assert "Får i stället flytta till nästa start före andra, lika länge som hit." in page
    assert "Får veta det en gång. Till och med" in page
    await it.end(clock, mail)
    # When all else is done, closing waits for it.
    facts = await closing.facts(await cohorts.by_id(it.number), clock.now())
    assert "De som var anmälda får flytta till en annan start före andra till och med" in closing_pages.waits(facts)


async def test_once_something_was_held_who_had_a_place_gets_no_right(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    it = await started(clock, keys, mail)
    assert it.of.following.first_start
    clock.set(it.of.following.first_start + timedelta(hours=3))
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, it.ending)
    assert "flytta till nästa start" not in page
    await it.end(clock, mail)
    assert await first_right_queries.of_start(it.number, clock.now()) is None
    assert [said(mail, n).count(FIRST) for n in range(20, 26)] == [0] * 6


async def test_they_hear_when_the_start_that_they_go_first_to_is_cancelled_and_nothing_if_that_is_taken_back(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    it = await started(clock, keys, mail)
    assert it.further
    await it.end(clock, mail)
    rights = [await first_right_queries.of_start(one, clock.now()) for one in (it.of.number, it.number)]
    last = await a_cohort("2.8", clock.now(), minimum=2, maximum=12, first_in=timedelta(days=120))
    await decide("cancel", it.further, it.of.kim, clock)
    moved = [await first_right_queries.of_start(one, clock.now()) for one in (it.of.number, it.number)]
    assert [right.cohort_id for right in moved if right] == [last.cohort_id] * 2
    clock.advance(minutes=1)
    found = await undo_services.undoable(it.further.cohort_id, clock.now())
    assert found is not None
    assert not await undo_services.undo(it.further.cohort_id, found.decision_id, it.of.kim, clock.now())
    assert [await first_right_queries.of_start(one, clock.now()) for one in (it.of.number, it.number)] == rights
    # For good, with nowhere to go.
    await decide("cancel", last, it.of.kim, clock)
    await decide("cancel", it.further, it.of.kim, clock)
    clock.advance(minutes=11)
    for _ in range(3):
        await mail.work()
    assert heard(mail, GONE_TEXT) == [1, 1, 1]
    assert [said(mail, n).count(GONE_TEXT) for n in range(20, 26)] == [1] * 6
    assert [said(mail, n).count(NO_MORE) for n in range(20, 26)] == [1] * 6


async def test_a_start_of_which_all_is_cancelled_is_not_taken_back(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    await decide("start", of.following, of.kim, clock)
    it = Started(of, None)
    clock.advance(minutes=1)
    left = len(await cohorts.left(it.number, clock.now()))
    await series_services.cancel_rest(it.number, str(left), of.kim, clock.now())
    found = await undo_services.undoable(it.number, clock.now())
    assert found is not None
    stands = await undo_services.undo(it.number, found.decision_id, of.kim, clock.now())
    assert [reason.code for reason in stands] == ["changed_meanwhile"]
