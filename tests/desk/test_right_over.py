"""A first right to a start that is cancelled or started since: nobody is gone before it is certain, or without a word."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import transaction
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.leaving import first_right_queries
from programmes.oversight import services as decisions
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.undecided import Group, a_group, min_plats, state_of, with_address, words
from tests.factories import a_cohort, confirm, sign_in_as, somebody
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")
GONE_TEXT = "Nästa start tar inte emot fler, så du kan inte längre flytta dit."
GONE = f"{GONE_TEXT} Kön är slut."


@dataclass
class Promised:
    """A group that ended since it could not start, with two in its queue, and the one start that they go first to."""

    group: Group
    following: CohortFacts
    until: datetime

    @property
    def number(self) -> int:
        return self.group.number

    async def states(self) -> list[str]:
        return [await state_of(one) for one in self.group.queued]


async def promised(clock: FrozenClock, keys: KeyFolder, mail: Mail) -> Promised:  # noqa: F811
    group = await a_group(clock, keys, 3, 0, 2)
    following = await a_cohort("2.8", clock.now(), minimum=5, maximum=8, first_in=timedelta(days=60))
    for n in range(20, 26):
        await confirm(await with_address(following, n, clock, keys), clock.now())
    clock.advance(minutes=1)
    await group.end(clock.now())
    await mail.work()
    await mail.work()
    right = await first_right_queries.of_start(group.number, clock.now())
    assert right is not None
    return Promised(group, following, right.until)


async def decide(what: str, at: CohortFacts, kim: Principal, clock: FrozenClock) -> None:
    clock.advance(minutes=5)
    seen = decisions.seen_as(at.state, at.first_start)
    if what == "cancel":
        assert not await decisions.cancel(at.cohort_id, "no_leader", seen, kim, clock.now())
    else:
        assert not await decisions.start(at.cohort_id, False, seen, kim, clock.now())


async def test_who_was_promised_to_go_first_is_there_when_the_decision_is_taken_back(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    before = [await enrolments.enrolment(one) for one in of.group.queued]
    right = await first_right_queries.of_start(of.number, clock.now())
    await decide("cancel", of.following, of.group.kim, clock)
    assert await first_right_queries.of_start(of.number, clock.now()) is None
    await mail.work()
    clock.advance(minutes=3)
    await mail.work()
    last = await undo_services.undoable(of.following.cohort_id, clock.now())
    assert last is not None
    assert not await undo_services.undo(of.following.cohort_id, last.decision_id, of.group.kim, clock.now())
    await mail.work()
    assert [await enrolments.enrolment(one) for one in of.group.queued] == before
    assert await first_right_queries.of_start(of.number, clock.now()) == right
    assert [len(mail.to(f"p{n}@example.invalid")) for n in (3, 4)] == [2, 2]


async def test_who_was_promised_to_go_first_hears_when_it_is_over_and_keeps_the_turn_as_long_as_promised(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    waits = of.group.queued[0]
    await decide("cancel", of.following, of.group.kim, clock)
    await mail.work()
    assert not any(GONE in " ".join(text.split()) for text in mail.to("p3@example.invalid"))
    clock.advance(minutes=11)
    for _ in range(3):
        await mail.work()
    for n in (3, 4):
        assert sum(GONE in " ".join(text.split()) for text in mail.to(f"p{n}@example.invalid")) == 1
    assert await of.states() == ["queued", "queued"]
    shown = await min_plats(client, waits, keys)
    assert "<h1>Kön är slut</h1>" in shown
    assert "går du före" not in shown
    # Closing waits for the same moment, and says so.
    await owner.execute("insert into case_transfer (cohort_id, staff_id, confirmed_at) values ($1, $2, $3)",
                        of.number, of.group.kim.staff_id, clock.now())  # fmt: skip
    await sign_in_as(client, "kim", clock.now())
    assert f"De står kvar till och med {moment_long(of.until)}, som de har fått veta." in await words(
        client, of.group.closing
    )
    clock.set(of.until - timedelta(seconds=1))
    await mail.work()
    assert await of.states() == ["queued", "queued"]
    clock.set(of.until + timedelta(seconds=1))
    for _ in range(3):
        await mail.work()
    assert await of.states() == ["expired", "expired"]
    assert [len(mail.to(f"p{n}@example.invalid")) for n in (3, 4)] == [3, 3]


async def test_whom_the_first_message_reached_after_the_decision_hears_once(
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await owner.execute("update notice set sent_at = $1 where kind = 'queue_ended' and enrolment_id = $2",
                        clock.now() + timedelta(minutes=6), of.group.queued[0])  # fmt: skip
    await decide("cancel", of.following, of.group.kim, clock)
    clock.advance(minutes=11)
    await mail.work()
    assert [len(mail.to(f"p{n}@example.invalid")) for n in (3, 4)] == [2, 3]


async def test_nothing_is_kept_at_a_start_where_nobody_can_move_any_more(
    clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    group = await a_group(clock, keys, 3, 0, 0)
    soon, following = [
        await a_cohort("2.8", clock.now(), minimum=5, maximum=8, first_in=timedelta(days=days)) for days in (40, 60)
    ]
    await somebody(soon, keys, clock.now(), "S1", "s1@example.invalid")
    for n in range(20, 26):
        await confirm(await with_address(following, n, clock, keys), clock.now())
    await decide("cancel", soon, group.kim, clock)
    number = following.cohort_id

    async def kept() -> tuple[int, int, int]:
        async with transaction():
            gate = await enrolments.lock_gate(number, clock.now())
        taken = (await enrolments.places([number], clock.now()))[number]
        return gate.kept, len(gate.not_for_newcomers - gate.taken), taken.kept

    assert await kept() == (1, 1, 1)
    await decide("start", following, group.kim, clock)
    assert await kept() == (1, 1, 1)
    # It begins sooner than it was to, and one may still join.
    await owner.execute("update cohort set last_entry_session = 2 where id = $1", number)
    await owner.execute("update cohort_session set starts_at = $2 where cohort_id = $1 and number = 1",
                        number, clock.now())  # fmt: skip
    assert await first_right_queries.of_start(soon.cohort_id, clock.now()) is None
    assert await kept() == (0, 0, 0)
    assert (await enrolments.places([number], clock.now()))[number].free(8) == 2
    begun = await cohorts.by_id(number)
    found = [await with_address(begun, n, clock, keys) for n in (30, 31)]
    assert [await state_of(one) for one in found] == ["preliminary", "preliminary"]
    assert begun.state == "started"
    assert await first_right_queries.kept_before(number, clock.now(), clock.now()) is None


async def test_the_pages_that_decide_say_who_goes_first_there_and_what_becomes_of_them(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await sign_in_as(client, "kim", clock.now())
    starter = f"/personal/starter/{of.following.cohort_id}"
    start, cancel = await words(client, f"{starter}/starta"), await words(client, f"{starter}/stall-in")
    for page in (start, cancel):
        assert "2 som får flytta hit före andra" in page
    assert "Får flytta hit som förut, så länge de har fått veta." in start
    assert "Får inte längre flytta hit, och ingen annan start är öppen för dem." in cancel
    assert [page.count("2 får e-post.") for page in (start, cancel)] == [0, 1]
    # Also where nobody has come yet; those who come from it may apply again.
    await owner.execute("delete from seat where cohort_id = $1", of.following.cohort_id)
    await owner.execute("update enrolment set state = 'withdrawn' where cohort_id = $1", of.following.cohort_id)
    empty = await words(client, f"{starter}/stall-in")
    assert "Ingen har plats eller står i kö." in empty
    assert "2 som får flytta hit före andra" in empty
    assert "De som vill får söka igen när ni öppnar en ny." in empty
    # With a further start the right moves on, and nobody is told.
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=90))
    on = await words(client, f"{starter}/stall-in")
    assert "Får i stället flytta till nästa start före andra, lika länge som hit." in on
    assert "2 får e-post." not in on
    # Nobody is left who could.
    clock.set(of.until + timedelta(seconds=1))
    await sign_in_as(client, "kim", clock.now())
    assert "som får flytta hit före andra" not in await words(client, f"{starter}/stall-in")
