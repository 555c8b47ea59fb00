"""Those of a cancelled start, who go first to the next one: they hear it too when that is cancelled."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes.queries import told_of
from programmes.desk.closing import queries as closing
from programmes.desk.closing.rules import may_close
from programmes.desk.group import calls_queries
from programmes.desk.group.calls_pages import news_of
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_queries
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.desk.test_right_over import GONE_TEXT, decide
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.undecided import min_plats, state_of, with_address, words
from tests.factories import a_cohort, a_coordinator, confirm, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")


@dataclass
class Cancelled:
    """A start that is cancelled, of which everybody has heard it, and the one start that they go first to. In it were one
    who was ready, one preliminary and one in the queue."""

    cohort: CohortFacts
    following: CohortFacts
    people: list[UUID]
    kim: Principal

    @property
    def number(self) -> int:
        return self.cohort.cohort_id


async def cancelled(clock: FrozenClock, keys: KeyFolder, mail: Mail) -> Cancelled:  # noqa: F811
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=2, first_in=timedelta(days=40))
    following = await a_cohort("2.8", clock.now(), minimum=5, maximum=8, first_in=timedelta(days=60))
    people = [await with_address(cohort, n, clock, keys) for n in range(3)]
    await confirm(people[0], clock.now())
    for n in range(20, 26):
        await confirm(await with_address(following, n, clock, keys), clock.now())
    await mail.work()
    of = Cancelled(cohort, following, people, kim)
    await decide("cancel", cohort, kim, clock)
    clock.advance(minutes=11)
    for _ in range(2):
        await mail.work()
    assert heard(mail, "går du före dem som anmäler sig nu.") == [1, 1, 1]
    clock.advance(minutes=1)
    return of


def heard(mail: Mail, what: str) -> list[int]:  # noqa: F811
    """How many messages with these words each of them has got."""
    return [sum(what in " ".join(text.split()) for text in mail.to(f"p{n}@example.invalid")) for n in range(3)]


async def test_they_hear_that_they_can_not_move_there_any_more_once(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    before = [await state_of(one) for one in of.people]
    assert before == ["confirmed", "preliminary", "queued"]
    await decide("cancel", of.following, of.kim, clock)
    await mail.work()
    assert heard(mail, GONE_TEXT) == [0, 0, 0]
    clock.advance(minutes=11)
    for _ in range(3):
        await mail.work()
    assert heard(mail, GONE_TEXT) == [1, 1, 1]
    # Nothing of the first message is said again, and of a queue nothing: it ended with their start.
    assert heard(mail, "Alla möten är inställda.") == [1, 1, 1]
    assert heard(mail, "Kön är slut.") == [0, 0, 0]
    (last,) = [" ".join(text.split()) for text in mail.to("p0@example.invalid") if "Nästa start" in text]
    assert "Du kan anmäla dig till en annan start när en är öppen." in last
    assert [await state_of(one) for one in of.people] == before
    shown = await min_plats(client, of.people[0], keys)
    assert "<h1>Gruppen är inställd</h1>" in shown
    assert "går du före" not in shown
    clock.advance(days=10)
    await mail.work()
    assert heard(mail, GONE_TEXT) == [1, 1, 1]


async def test_they_hear_nothing_of_what_is_taken_back(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    right = await first_right_queries.of_start(of.number, clock.now())
    assert right is not None
    await decide("cancel", of.following, of.kim, clock)
    await mail.work()
    clock.advance(minutes=3)
    last = await undo_services.undoable(of.following.cohort_id, clock.now())
    assert last is not None
    assert not await undo_services.undo(of.following.cohort_id, last.decision_id, of.kim, clock.now())
    clock.advance(minutes=20)
    await mail.work()
    assert heard(mail, GONE_TEXT) == [0, 0, 0]
    assert await first_right_queries.of_start(of.number, clock.now()) == right


async def test_whom_the_first_message_reached_after_the_decision_and_who_has_left_hear_once(
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    await owner.execute("update notice set sent_at = $1 where kind = 'cohort_cancelled' and enrolment_id = $2",
                        clock.now() + timedelta(minutes=6), of.people[0])  # fmt: skip
    await enrolment.leave(of.people[1], keys, clock.now())
    await decide("cancel", of.following, of.kim, clock)
    clock.advance(minutes=11)
    await mail.work()
    assert heard(mail, GONE_TEXT) == [0, 0, 1]


async def test_with_a_further_start_the_right_moves_on_and_nobody_is_told(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    further = await a_cohort("2.8", clock.now(), first_in=timedelta(days=90))
    await decide("cancel", of.following, of.kim, clock)
    clock.advance(minutes=11)
    await mail.work()
    assert heard(mail, GONE_TEXT) == [0, 0, 0]
    right = await first_right_queries.of_start(of.number, clock.now())
    assert right is not None
    assert right.cohort_id == further.cohort_id


async def test_their_list_is_closed_only_when_they_have_heard(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)

    async def closable() -> bool:
        return may_close(await closing.facts(await cohorts.by_id(of.number), clock.now()))

    assert not await closable()
    await decide("cancel", of.following, of.kim, clock)
    assert not await closable()
    await sign_in_as(client, "kim", clock.now())
    assert "Besked är på väg till deltagarna" in await words(client, f"/personal/grupper/{of.number}/avsluta")
    clock.advance(minutes=11)
    assert not await closable()
    for _ in range(2):
        await mail.work()
    assert heard(mail, GONE_TEXT) == [1, 1, 1]
    assert await closable()


async def test_the_pages_that_decide_say_how_they_hear_of_it(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/stall-in")
    assert "3 som får flytta hit före andra" in page
    assert "3 får e-post." in page
    assert "Syns på Min plats" not in page


async def test_who_is_rung_hears_what_is_new_and_is_not_counted_as_one_who_does_not_know_of_the_cancelling(
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    of = await cancelled(clock, keys, mail)
    number, (first, *_rest) = of.number, of.people
    given = await first_right_queries.of_start(number, clock.now())
    assert given is not None
    await decide("cancel", of.following, of.kim, clock)
    clock.advance(minutes=11)
    await mail.work()
    await owner.execute("""update notice set state = 'failed', sent_at = null
                           where enrolment_id = $1 and kind = 'cohort_cancelled' and created_at >= $2""",
                        first, clock.now())  # fmt: skip
    (rung,) = await calls_queries.untold([number], clock.now())
    assert news_of(rung) == "Kan inte längre flytta till nästa start: den tar inte emot fler."
    told = await told_of(number, clock.now() - timedelta(days=1), clock.now())
    assert (told.sent, told.missed) == (3, 0)
    # When the time is over that they were promised there is nothing left to say.
    clock.set(given.until + timedelta(seconds=1))
    assert await calls_queries.untold([number], clock.now()) == []
    assert await state_of(first) == "confirmed"
