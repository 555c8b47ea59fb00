"""Whose start was cancelled is before newcomers at the next one; several are moved in one step, all or nobody."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Declaration, Text
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.closing import queries as closing
from programmes.desk.closing.rules import may_close
from programmes.desk.moving import services
from programmes.desk.moving.rules import Outcome, digest, in_order, moves_itself, why_not
from programmes.enrolment import queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_queries, first_right_services
from programmes.enrolment.leaving import transfer_services as transfers
from programmes.enrolment.queue import order_queries, seating_services
from programmes.enrolment.queue import services as queue
from programmes.oversight import services as decisions
from programmes.oversight.checklist import queries as checklist_queries
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.test_transfer_again import another_edition, editions_left_as_they_were
from tests.factories import a_cohort, an_application, confirm, documented, hidden, post_form, somebody
from tests.notices.mail import Mail

__all__ = ["editions_left_as_they_were"]


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


async def people(cohort: CohortFacts, n: int, keys: KeyFolder, clock: FrozenClock, prefix: str = "P") -> list[UUID]:
    """So many with a place or in the queue, a minute apart."""
    found = []
    for number in range(n):
        clock.advance(minutes=1)
        found.append((await somebody(cohort, keys, clock.now(), f"{prefix}{number}")).enrolment_id)
    return found


async def words(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.text.split())


async def of_the_api(client: httpx.AsyncClient, cohort: CohortFacts) -> tuple[int, bool]:
    """What the API says of a start: how many places are free, and whether it is full."""
    starts = (await client.get("/api/v1/starts")).json()["starts"]
    (found,) = [one for one in starts if one["apply_at"].endswith(cohort.public_id)]
    return found["free"], found["full"]


async def cancel(cohort: CohortFacts, kim: Principal, clock: FrozenClock) -> None:
    seen = decisions.seen_as(cohort.state, cohort.first_start)
    await decisions.cancel(cohort.cohort_id, "too_few", seen, kim, clock.now())


async def states(cohort: CohortFacts, owner: asyncpg.Connection) -> dict[UUID, str]:
    rows = await owner.fetch("select id, state from enrolment where cohort_id = $1", cohort.cohort_id)
    return {row["id"]: row["state"] for row in rows}


async def myself(one: UUID, target: CohortFacts, keys: KeyFolder, clock: FrozenClock) -> UUID | None:
    planned = await transfers.plan(one, target.cohort_id, keys, clock.now())
    return await services.move_myself(one, target.cohort_id, planned.seen, keys, clock.now())


async def test_places_of_the_next_start_are_kept_for_those_of_the_cancelled_one_until_the_time_is_over(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    called_off = await a_cohort("2.8", clock.now())
    following = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    one, two = await people(called_off, 2, keys, clock)
    await people(following, following.maximum - 2, keys, clock, "F")
    await cancel(called_off, kim, clock)
    right = await first_right_queries.of_start(called_off.cohort_id, clock.now())
    assert right is not None
    assert right.cohort_id == following.cohort_id
    # Two places are free, and kept for two: who comes now waits, and is offered nothing meanwhile.
    (newcomer,) = await people(following, 1, keys, clock, "N")
    await queue.promote(following.cohort_id, clock.now())
    assert (await queries.enrolment(newcomer)).state == "queued"
    assert (await queries.places([following.cohort_id], clock.now()))[following.cohort_id].someone_waits
    applied = (await queries.enrolment(one)).applied_at
    moved = await myself(one, following, keys, clock)
    assert moved is not None
    facts = await queries.enrolment(moved)
    assert (facts.state, facts.applied_at) == ("preliminary", applied)
    # One of the two did not answer: when the time is over the place is the newcomer's.
    clock.set(right.until + timedelta(seconds=1))
    await first_right_services.end_over(clock.now())
    await queue.promote_waiting(clock.now())
    assert (await queries.enrolment(newcomer)).state == "offered"
    assert (await queries.enrolment(two)).state == "preliminary"
    late = await myself(two, following, keys, clock)
    assert late is not None
    assert (await queries.enrolment(late)).state == "queued"


async def test_a_place_that_is_kept_is_called_free_nowhere_and_a_newcomer_reads_for_how_long(
    kim: Principal,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
) -> None:
    called_off = await a_cohort("2.8", clock.now())
    following = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    await people(called_off, 1, keys, clock)
    await people(following, following.maximum - 2, keys, clock, "F")
    await cancel(called_off, kim, clock)
    right = await first_right_queries.of_start(called_off.cohort_id, clock.now())
    assert right is not None
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{following.cohort_id}"
    by_staff = (f"/personal/starter/{following.cohort_id}/starta", group)
    # One of two free places is kept.
    for address in by_staff:
        assert "1 reserverad, 1 ledig." in await words(client, address)
    assert "1 av 8 platser kvar" in await words(client, f"/insatser/{following.slug}")
    assert await of_the_api(client, following) == (1, False)
    await people(following, 1, keys, clock, "L")
    until = moment_long(right.until)
    reserved = f"De platser som är kvar är reserverade till {until} för dem som får flytta hit från en annan start."
    for address in by_staff:
        assert "1 reserverad, 0 lediga." in await words(client, address)
    assert f"1 plats är reserverad till {until} för den som får flytta hit från en annan start." in await words(
        client, group
    )
    assert f"{reserved} Du kan ställa dig i kö." in await words(client, f"/insatser/{following.slug}")
    assert f"{reserved} Du får en plats i kön, och den går efter det." in await words(
        client, f"/anmalan/{following.public_id}"
    )
    assert await of_the_api(client, following) == (0, True)
    by_mail = PersonRecord("Anna Ek", "1985-02-14", contact="n@example.invalid", safe=("email",))
    application = documented(await an_application(following, today=local_date(clock.now())), by_mail)
    programme = await catalogue.programme(following.programme_id)
    taken = await enrolment.apply(application, programme, keys, clock.now())
    assert isinstance(taken, enrolment.Taken)
    assert "Näst på tur efter dem som platserna är reserverade för." in await words(client, group)
    await mail.work()
    (letter,) = mail.to("n@example.invalid")
    assert f"{reserved} Kön går efter det." in " ".join(letter.split())
    client.cookies.set("place", taken.token)
    assert f"{reserved} Kön går efter det." in await words(client, "/min-plats")
    clock.set(right.until + timedelta(seconds=1))
    await first_right_services.end_over(clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert "reserverad" not in (await words(client, group)).replace("erbjuden eller reserverad", "")


async def test_moving_on_is_not_done_while_somebody_is_to_be_moved_and_the_time_is_not_over(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    async def moving_on() -> str:
        (way,) = await checklist_queries.ways(kim, clock.now(), called_off.cohort_id)
        found = {step.key: step.state for step in checklist_queries.steps(way, clock.now())}
        return found.get("move_on", "")

    called_off = await a_cohort("2.8", clock.now())
    one, two = await people(called_off, 2, keys, clock)
    await cancel(called_off, kim, clock)
    # There is no other start to move to, and nothing of that is done.
    assert await moving_on() == ""
    following = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    assert await moving_on() == "next"
    assert await myself(one, following, keys, clock)
    assert await moving_on() == "next"
    before = clock.now()
    clock.advance(days=7)
    assert await moving_on() == "done"
    clock.set(before)
    assert await myself(two, following, keys, clock)
    assert await moving_on() == "done"


async def test_nothing_is_owed_of_a_cancelled_start_once_all_have_moved_from_its_places_and_its_queue(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    called_off = await a_cohort("2.8", clock.now(), minimum=1, maximum=1)
    following = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    seated, waiting = await people(called_off, 2, keys, clock)
    await cancel(called_off, kim, clock)
    assert await myself(seated, following, keys, clock)
    (way,) = await checklist_queries.ways(kim, clock.now(), called_off.cohort_id)
    assert way.people
    assert await myself(waiting, following, keys, clock)
    (way,) = await checklist_queries.ways(kim, clock.now(), called_off.cohort_id)
    assert not way.people
    assert {step.state for step in checklist_queries.steps(way, clock.now())} == {"done"}
    assert called_off.cohort_id not in {one.cohort_id for one in await checklist_queries.ways(kim, clock.now())}
    clock.advance(days=40)
    await sign_in_as(client, "kim", clock.now())
    assert f"/grupper/{called_off.cohort_id}/" not in await words(client, "/personal/veckan")
    assert not may_close(await closing.facts(await cohorts.by_id(called_off.cohort_id), clock.now()))


async def test_what_is_kept_is_given_to_no_newcomer_by_word_either(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    called_off = await a_cohort("2.8", clock.now())
    following = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    (one,) = await people(called_off, 1, keys, clock)
    await people(following, following.maximum - 1, keys, clock, "F")
    await cancel(called_off, kim, clock)
    (newcomer,) = await people(following, 1, keys, clock, "N")
    assert following.first_start
    clock.set(following.first_start - timedelta(hours=3))
    await owner.execute("update first_right set until = $1", following.first_start - timedelta(hours=2))
    assert await order_queries.next_by_word(following.cohort_id, clock.now()) == frozenset()
    assert await seating_services.seatable(following.cohort_id, clock.now()) is None
    await owner.execute("update enrolment set state = 'declined' where id = $1", one)
    assert await order_queries.next_by_word(following.cohort_id, clock.now()) == {newcomer}
    assert await seating_services.seatable(following.cohort_id, clock.now()) is not None


async def test_who_waited_there_before_with_an_earlier_application_is_not_passed(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    called_off = await a_cohort("2.8", clock.now())
    following = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    seated = await people(following, following.maximum, keys, clock, "F")
    (early,) = await people(following, 1, keys, clock, "E")
    (one,) = await people(called_off, 1, keys, clock)
    await cancel(called_off, kim, clock)
    await enrolment.leave(seated[0], keys, clock.now())
    assert (await queries.enrolment(early)).state == "offered"
    moved = await myself(one, following, keys, clock)
    assert moved is not None
    assert (await queries.enrolment(moved)).state == "queued"


async def test_moving_oneself_takes_a_cancelled_or_postponed_start_and_the_outcome_that_was_shown(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    here = await a_cohort("2.8", clock.now())
    other, elsewhere = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60)), await a_cohort("2.7", clock.now())
    one, _two = await people(here, 2, keys, clock)
    with pytest.raises(Conflict) as refused:
        await myself(one, other, keys, clock)
    assert refused.value.code == "may_not_move"
    await cancel(here, kim, clock)
    assert await services.move_myself(one, other.cohort_id, "ko-3", keys, clock.now()) is None
    with pytest.raises(NotFound):
        await services.move_myself(one, elsewhere.cohort_id, "plats", keys, clock.now())
    assert await myself(one, other, keys, clock)
    with pytest.raises(Conflict) as again:
        await services.move_myself(one, other.cohort_id, "plats", keys, clock.now())
    assert again.value.code == "enrolment_over"
    events = [row["entrypoint"] for row in await owner.fetch("select entrypoint from pgqueuer order by id")]
    assert events[-1] == "place_held"
    assert "place_moved" not in events


async def test_all_who_agree_are_moved_at_once_first_come_first_served_and_a_second_tab_is_told(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    here = await a_cohort("2.8", clock.now())
    other = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    four = await people(here, 4, keys, clock)
    await people(other, other.maximum - 2, keys, clock, "F")
    await cancel(here, kim, clock)
    before = await states(here, owner)
    shown = await services.preview(here.cohort_id, other.cohort_id, four[::-1], kim, keys, clock.now())
    assert [(o.enrolment_id, o.why) for o in shown.outcomes] == [(one, "") for one in four]
    assert [o.seen.split("+")[0] for o in shown.outcomes] == ["plats", "plats", "ko-1", "ko-2"]
    # Looking has changed nothing.
    assert await states(here, owner) == before
    assert len(await states(other, owner)) == other.maximum - 2
    args = (here.cohort_id, other.cohort_id, four)
    answers = await asyncio.gather(
        services.move_several(*args, shown.seen, kim, keys, clock.now()),
        services.move_several(*args, shown.seen, kim, keys, clock.now()),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [one.code for one in refused] == ["moved_already"]
    assert set((await states(here, owner)).values()) == {"transferred"}
    there = (await queries.places([other.cohort_id], clock.now()))[other.cohort_id]
    assert (there.held, there.queued) == (other.maximum, 2)


async def test_nobody_is_moved_when_one_of_them_would_get_something_else_than_was_shown(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    here = await a_cohort("2.8", clock.now())
    other = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    two = await people(here, 2, keys, clock)
    await people(other, other.maximum - 2, keys, clock, "F")
    shown = await services.preview(here.cohort_id, other.cohort_id, two, kim, keys, clock.now())
    await people(other, 1, keys, clock, "N")
    assert await services.move_several(here.cohort_id, other.cohort_id, two, shown.seen, kim, keys, clock.now()) is None
    assert set((await states(here, owner)).values()) == {"preliminary"}


async def test_only_the_coordinator_of_both_starts_moves_several(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    here = await a_cohort("2.8", clock.now())
    other, foreign = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60)), await a_cohort("2.7", clock.now())
    two = await people(here, 2, keys, clock)
    robin = await a_leader(clock.now())
    with pytest.raises(NotFound):
        await services.preview(here.cohort_id, other.cohort_id, two, robin, keys, clock.now())
    with pytest.raises(NotFound):
        await services.preview(here.cohort_id, foreign.cohort_id, two, kim, keys, clock.now())
    with pytest.raises((NotFound, Forbidden)):
        await services.preview(here.cohort_id, here.cohort_id, two, kim, keys, clock.now())


def test_the_first_reason_is_said_and_the_digest_stands_for_everything() -> None:
    assert why_not(False, False, False, False) == ""
    assert why_not(True, True, True, True) == "refused"
    assert why_not(False, True, True, True) == "together"
    assert why_not(False, True, True, False) == "asked"
    assert why_not(False, False, True, False) == "krock"
    one = Outcome(UUID(int=1), "", "plats")
    assert len({digest(1, [one]), digest(2, [one]), digest(1, [Outcome(UUID(int=1), "", "ko-1")]), digest(1, [])}) == 4
    assert moves_itself("cancelled", False)
    assert moves_itself("postponed", True)
    assert not moves_itself("postponed", False)
    assert not moves_itself("open", True)
    assert in_order([]) == []


async def test_the_list_of_a_cancelled_start_is_kept_while_somebody_may_still_move(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    here = await a_cohort("2.16", clock.now())
    other = await a_cohort("2.16", clock.now(), first_in=timedelta(days=60))
    (one,) = await people(here, 1, keys, clock)
    await cancel(here, kim, clock)
    await owner.execute("delete from pgqueuer")
    facts = await closing.facts(await cohorts.by_id(here.cohort_id), clock.now())
    assert facts.first_right_until is not None
    assert not may_close(facts)
    assert await myself(one, other, keys, clock)
    await owner.execute("delete from pgqueuer")
    assert (await closing.facts(await cohorts.by_id(here.cohort_id), clock.now())).first_right_until is None


async def test_on_min_plats_one_moves_with_one_form_and_says_whether_one_can_then(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    here = await a_cohort("2.8", clock.now())
    other = await a_cohort("2.8", clock.now(), first_in=timedelta(days=90))
    taken = await somebody(here, keys, clock.now())
    await confirm(taken.enrolment_id, clock.now())
    client.cookies.set("place", taken.token)
    new_first = (here.first_start + timedelta(days=21)).date()  # type: ignore[operator]
    clock.advance(minutes=1)
    seen_days = (await decisions.plan_again(here.cohort_id, new_first, kim, clock.now())).digest
    seen = decisions.seen_as(here.state, here.first_start)
    decide_by = new_first - timedelta(days=10)
    assert not await decisions.postpone(here.cohort_id, new_first, decide_by, "no_venue", seen, seen_days, kim, clock.now())
    text = (await client.get("/min-plats")).text
    assert "Kan du då?" in text
    assert (await first_right_queries.answers([here.cohort_id]))[here.cohort_id].silent == 1
    answer = await post_form(
        client,
        "/min-plats/kan-da",
        {"svar": "nej", "sett": text.split('name="sett" value="')[1].split('"')[0]},
        "/min-plats",
    )
    assert answer.status_code == 303
    answers = (await first_right_queries.answers([here.cohort_id]))[here.cohort_id]
    assert (answers.yes, answers.no, answers.silent) == (0, 1, 0)
    await sign_in_as(client, "kim", clock.now())
    assert "1 kan inte de nya dagarna." in (await client.get("/personal/starter")).text
    assert "Kan inte de nya dagarna" in (await client.get(f"/personal/grupper/{here.cohort_id}/flytta-flera")).text
    shown = (await client.get("/min-plats/flytta")).text
    assert "Platsen du har nu går vidare till nästa i kön på en gång." in shown
    done = await post_form(
        client, "/min-plats/flytta", {"till": str(other.cohort_id), "sett": hidden(shown, "sett")}, "/min-plats/flytta"
    )
    assert done.status_code == 303
    text = (await client.get(done.headers["location"])).text
    assert "Du har flyttat till den här starten" in text
    assert "som ni har kommit överens om" not in text
    # From the new start nobody moves on their own.
    assert (await client.get("/min-plats/flytta")).status_code == 303


async def test_the_coordinator_ticks_reads_and_moves(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    here = await a_cohort("2.8", clock.now())
    other = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    one, two = await people(here, 2, keys, clock)
    await cancel(here, kim, clock)
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{here.cohort_id}/flytta-flera"
    assert address in (await client.get(f"/personal/grupper/{here.cohort_id}")).text
    nobody = await post_form(client, address, {"till": str(other.cohort_id)})
    assert nobody.status_code == 422
    shown = await post_form(client, address, {"till": str(other.cohort_id), "vem": [str(one), str(two)]})
    assert "Flytta 2 personer" in shown.text
    form = {"till": str(other.cohort_id), "vem": [str(one), str(two)], "sett": hidden(shown.text, "sett")}
    done = await post_form(client, address, form)
    assert done.status_code == 303
    again = await post_form(client, address, form, "/personal/starter")
    assert again.status_code == 409
    assert "De är redan flyttade" in again.text


async def test_siblings_who_wait_together_are_not_parted_in_passing(
    kim: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    here, other = await a_cohort("2.16", clock.now()), await a_cohort("2.16", clock.now(), first_in=timedelta(days=60))
    two = await people(here, 2, keys, clock)
    await owner.execute("delete from seat")
    await owner.execute("update enrolment set state = 'queued', together_id = $1", UUID(int=7))
    shown = await services.preview(here.cohort_id, other.cohort_id, two, kim, keys, clock.now())
    assert [o.why for o in shown.outcomes] == ["together", "together"]


async def test_who_meets_whom_they_must_not_or_is_asked_more_there_stays_and_the_others_go(
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    editions_left_as_they_were: None,
) -> None:
    here = await a_cohort("2.8", clock.now())
    other = await a_cohort("2.8", clock.now(), first_in=timedelta(days=60))
    free, apart = await people(here, 2, keys, clock)
    (there,) = await people(other, 1, keys, clock, "F")
    await owner.execute("insert into kept_apart (enrolment_id, other_id) values ($1, $2), ($2, $1)", apart, there)
    args = (here.cohort_id, other.cohort_id, [free, apart])
    shown = await services.preview(*args, kim, keys, clock.now())
    assert [(o.enrolment_id, o.why) for o in shown.outcomes] == [(free, ""), (apart, "krock")]
    assert await services.move_several(*args, shown.seen, kim, keys, clock.now()) is not None
    assert sorted((await states(here, owner)).values()) == ["preliminary", "transferred"]
    words = Text("Stämmer det?", "Is it so?")
    newer = Declaration("sober", "sober", words, asked=True, question=words, statement=words, public=words, unmet=words)
    await another_edition(owner, other, declarations=(newer,))
    (late,) = await people(here, 1, keys, clock, "L")
    shown = await services.preview(here.cohort_id, other.cohort_id, [late], kim, keys, clock.now())
    assert [o.why for o in shown.outcomes] == ["asked"]


async def test_when_the_next_start_is_cancelled_too_the_right_is_to_the_one_after(
    kim: Principal, keys: KeyFolder, clock: FrozenClock
) -> None:
    first, second, third = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=days)) for days in (28, 60, 90)]
    await people(first, 1, keys, clock)
    await cancel(first, kim, clock)
    for following in (second, third):
        right = await first_right_queries.of_start(first.cohort_id, clock.now())
        assert right is not None
        assert right.cohort_id == following.cohort_id
        await cancel(following, kim, clock)
    # Nowhere to go: nothing holds the list back either.
    assert await first_right_queries.of_start(first.cohort_id, clock.now()) is None
    assert await first_right_queries.is_awaited(first.cohort_id, clock.now()) is None


async def test_a_first_right_is_promised_only_at_the_start_where_places_are_kept_and_while_one_can_move_there(
    kim: Principal,
    client: httpx.AsyncClient,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    called_off = await a_cohort("2.1", clock.now())
    following, _third = [await a_cohort("2.1", clock.now(), first_in=timedelta(days=days)) for days in (60, 90)]
    taken = await somebody(called_off, keys, clock.now(), "Anna", "anna@example.invalid")
    await mail.work()
    await cancel(called_off, kim, clock)
    right = await first_right_queries.of_start(called_off.cohort_id, clock.now())
    assert right is not None
    promise = f"Till och med {moment_long(right.until)} går du före dem som anmäler sig nu."
    client.cookies.set("place", taken.token)
    shown = await words(client, "/min-plats/flytta")
    assert shown.count("Flytta mig dit") == 2
    assert shown.count(promise) == 1
    assert promise in shown.partition(f'id="start-{following.cohort_id}"')[2].partition('id="start-')[0]
    assert promise in await words(client, "/min-plats")
    # A nearer one that opens since is where Min plats leads first, and nothing is kept there.
    nearer = await a_cohort("2.1", clock.now(), first_in=timedelta(days=30))
    shown = await words(client, "/min-plats/flytta")
    assert promise not in shown.partition(f'id="start-{nearer.cohort_id}"')[2].partition('id="start-')[0]
    assert promise not in await words(client, "/min-plats")
    # Nobody can move any more to where the right leads: it is promised nowhere, nor by mail, and holds no list back.
    await owner.execute("update cohort set state = 'planned' where id = $1", nearer.cohort_id)
    await owner.execute(
        """update cohort_session set starts_at = starts_at - interval '61 days', ends_at = ends_at - interval '61 days'
           where cohort_id = $1 and number = 1""",
        following.cohort_id,
    )
    assert await first_right_queries.is_awaited(called_off.cohort_id, clock.now()) is None
    assert "går du före" not in await words(client, "/min-plats/flytta")
    assert "går du före" not in await words(client, "/min-plats")
    clock.advance(minutes=11)
    await worker.tick(mail.worker)
    await mail.work()
    (letter,) = [text for text in mail.to("anna@example.invalid") if "Det blir tyvärr inget" in text]
    assert "går du före" not in letter
    assert "Du kan anmäla dig till en annan start när en är öppen." in " ".join(letter.split())


async def test_who_is_overtaken_by_people_from_another_start_reads_that_and_how_many(
    kim: Principal, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock
) -> None:
    called_off = await a_cohort("2.1", clock.now())
    full = await a_cohort("2.1", clock.now(), first_in=timedelta(days=60), minimum=1, maximum=1)
    earlier = await people(called_off, 2, keys, clock)
    await people(full, 1, keys, clock, "F")
    clock.advance(minutes=1)
    newcomer = await somebody(full, keys, clock.now(), "N")
    client.cookies.set("place", newcomer.token)
    await cancel(called_off, kim, clock)
    clock.advance(minutes=1)
    assert await myself(earlier[0], full, keys, clock)
    said = "Någon som anmälde sig före dig har flyttat hit från en annan start, "
    assert said in await words(client, "/min-plats")
    assert await myself(earlier[1], full, keys, clock)
    shown = await words(client, "/min-plats")
    assert "2 personer som anmälde sig före dig har flyttat hit från en annan start, senast " in shown
    assert "tillbaka i kön" not in shown
