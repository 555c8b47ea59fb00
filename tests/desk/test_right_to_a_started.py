"""A first right to a start that is decided to start: it holds as long as was promised, and nobody hears otherwise."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts.queries import CohortFacts
from programmes.core.db import fetchval, transaction
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries as enrolments
from programmes.enrolment.kept_queries import can_be_chosen
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.rules import entry
from programmes.oversight.decisions import undo_services
from tests.clock import FrozenClock
from tests.desk.test_right_over import GONE_TEXT, Promised, decide, promised
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.undecided import min_plats, state_of, with_address, words
from tests.factories import a_cohort, post_form, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")


def said(mail: Mail, n: int) -> str:  # noqa: F811
    """All that somebody was written, on one line."""
    return " ".join(" ".join(mail.to(f"p{n}@example.invalid")).split())


async def kept(of: Promised, clock: FrozenClock) -> tuple[int, int]:
    """How many places are kept, as the gate has it and as every page counts."""
    number = of.following.cohort_id
    async with transaction():
        gate = await enrolments.lock_gate(number, clock.now())
    return gate.kept, (await enrolments.places([number], clock.now()))[number].kept


async def undo_start(of: Promised, clock: FrozenClock) -> None:
    last = await undo_services.undoable(of.following.cohort_id, clock.now())
    assert last is not None
    assert not await undo_services.undo(of.following.cohort_id, last.decision_id, of.group.kim, clock.now())


async def test_what_is_kept_is_handed_to_nobody_when_the_start_is_decided_and_the_page_said_so(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    clock.advance(minutes=1)
    waits = await with_address(of.following, 30, clock, keys)
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/starta")
    assert "Står kvar i kön så länge någon ny kan börja." in page
    assert "2 som får flytta hit före andra" in page
    assert "Får flytta hit som förut, så länge de har fått veta." in page
    assert "Syns på Min plats" in page
    await decide("start", of.following, of.group.kim, clock)
    for _ in range(2):
        await mail.work()
    assert await state_of(waits) == "queued"
    assert await state_of(await with_address(of.following, 31, clock, keys)) == "queued"
    assert await kept(of, clock) == (2, 2)
    assert "En plats har blivit ledig" not in said(mail, 30)
    clock.advance(minutes=3)
    await undo_start(of, clock)
    await mail.work()
    assert await state_of(waits) == "queued"
    assert await kept(of, clock) == (2, 2)


async def test_who_has_the_right_moves_there_on_min_plats_and_nobody_is_told_that_it_is_over(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await decide("start", of.following, of.group.kim, clock)
    clock.advance(minutes=11)
    for _ in range(3):
        await mail.work()
    assert GONE_TEXT not in said(mail, 3)
    assert await kept(of, clock) == (2, 2)
    first, second = of.group.queued
    assert "går du före dem som anmäler sig nu." in await min_plats(client, first, keys)
    moving = await words(client, "/min-plats/flytta")
    assert "Du får en preliminär plats." in moving
    form = {"till": str(of.following.cohort_id), "sett": moving.split('name="sett" value="')[1].split('"')[0]}
    assert (await post_form(client, "/min-plats/flytta", form)).headers["location"].startswith("/min-plats")
    assert [await state_of(one) for one in (first, second)] == ["transferred", "queued"]
    assert await kept(of, clock) == (1, 1)
    # What is left when the time is over is anybody's.
    waits = await with_address(of.following, 30, clock, keys)
    assert await state_of(waits) == "queued"
    clock.set(of.until + timedelta(seconds=1))
    for _ in range(3):
        await mail.work()
    assert await state_of(waits) == "offered"
    assert (GONE_TEXT in said(mail, 4), await state_of(second)) == (False, "expired")


async def test_staff_can_move_several_there(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await decide("start", of.following, of.group.kim, clock)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{of.number}/flytta-flera"
    assert f'value="{of.following.cohort_id}"' in await words(client, address)
    chosen = {"till": str(of.following.cohort_id), "vem": [str(one) for one in of.group.queued]}
    seen = (await post_form(client, address, chosen)).text.split('name="sett" value="')[1].split('"')[0]
    assert (await post_form(client, address, {**chosen, "sett": seen})).status_code == 303
    assert await of.states() == ["transferred", "transferred"]


async def test_once_the_start_has_begun_before_the_promised_time_they_hear_that_it_is_over(
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await decide("start", of.following, of.group.kim, clock)
    clock.advance(minutes=11)
    await owner.execute("update cohort_session set starts_at = $2, ends_at = $3 where cohort_id = $1 and number = 1",
                        of.following.cohort_id, clock.now() + timedelta(hours=1),
                        clock.now() + timedelta(hours=2))  # fmt: skip
    await mail.work()
    assert (GONE_TEXT in said(mail, 3), await kept(of, clock)) == (False, (2, 2))
    clock.advance(hours=1, minutes=1)
    assert clock.now() < of.until
    for _ in range(3):
        await mail.work()
    assert [sum(GONE_TEXT in " ".join(text.split()) for text in mail.to(f"p{n}@example.invalid")) for n in (3, 4)] == [1, 1]
    assert await kept(of, clock) == (0, 0)


@pytest.mark.parametrize("state", ["planned", "open", "postponed", "started", "closed", "cancelled"])
@pytest.mark.parametrize(
    "what", ["as it is", "opens later", "first cancelled", "all cancelled", "begun", "begun, later entry"]
)
async def test_a_right_leads_where_somebody_can_move(
    state: str, what: str, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    start = await a_cohort("2.8", clock.now(), first_in=timedelta(days=5))
    await owner.execute("update cohort set state = $2 where id = $1", start.cohort_id, state)
    if what == "opens later":
        await owner.execute("update cohort set enrol_from = enrol_from + 365 where id = $1", start.cohort_id)
    if what in ("first cancelled", "all cancelled"):
        await owner.execute("""update cohort_session set state = 'cancelled', number = null, cancelled_at = $2
                               where cohort_id = $1 and ($3 or number = 1)""",
                            start.cohort_id, clock.now(), what == "all cancelled")  # fmt: skip
    if what == "begun, later entry":
        await owner.execute("update cohort set last_entry_session = 2 where id = $1", start.cohort_id)
    if what.startswith("begun"):
        clock.advance(days=5, hours=1)
    assert await in_the_database(start, clock) is await as_python_has_it(start, clock)


async def in_the_database(start: CohortFacts, clock: FrozenClock) -> bool:
    sql = f"select {can_be_chosen('$2')} from cohort t where t.id = $1"
    return bool(await fetchval(sql, start.cohort_id, clock.now()))


async def as_python_has_it(start: CohortFacts, clock: FrozenClock) -> bool:
    """It has not begun, and one can enter by the rule that applications are judged by."""
    first = await fetchval(
        "select min(starts_at) from cohort_session where cohort_id = $1 and state <> 'cancelled'", start.cohort_id
    )
    open_to_all = entry(await enrolments.entry_facts(start.cohort_id), clock.now()) is None
    return first is not None and first > clock.now() and open_to_all


async def test_a_new_right_is_given_to_no_start_that_is_decided(
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    of = await promised(clock, keys, mail)
    await decide("start", of.following, of.group.kim, clock)
    soon = await a_cohort("2.8", clock.now(), minimum=5, maximum=8, first_in=timedelta(days=40))
    assert [other.cohort_id for other in await first_right_queries.other_starts(soon, clock.now())] == []
    assert await first_right_queries.to_be_given(soon, clock.now()) is None
