"""Moving and cancelling sessions: ten stay ten, numbers follow time, calendars can tell that something changed."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries
from programmes.cohorts.office_services import let_in
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.schedule_rules import Off
from programmes.cohorts.services import mark_held
from programmes.cohorts.session_services import cancel_session, move_session
from programmes.core.clock import local
from programmes.core.db import transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, a_venue, box, hidden, post_form

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Cast = tuple[CohortFacts, Principal]


@pytest.fixture
async def group(db: None, clock: FrozenClock) -> Cast:
    """Wednesdays 10.00 from 30 September, started, led by Robin."""
    robin = await a_leader(clock.now())
    return await a_cohort("2.8", clock.now(), robin, state="started"), robin


async def sessions_of(cohort: CohortFacts) -> list[SessionFacts]:
    return await queries.sessions(cohort.cohort_id)


async def jobs_of(owner: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await owner.fetch("select entrypoint, payload from pgqueuer order by id")
    return [(row["entrypoint"], bytes(row["payload"]).decode()) for row in rows]


async def move(session: SessionFacts, by: timedelta, who: Principal, now: datetime, **others: object) -> list[str]:
    venue_id = others.pop("venue_id", session.venue_id)
    reasons = await move_session(
        session.session_id,
        session.starts_at + by,
        session.ends_at + by,
        venue_id,
        who,
        now,
        **others,  # type: ignore[arg-type]
    )
    return [reason.code for reason in reasons]


async def test_a_moved_session_keeps_where_it_was_to_be_and_tells(
    group: Cast, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    before = (await sessions_of(cohort))[3]
    clock.advance(hours=1)
    assert await move(before, DAY, robin, clock.now()) == []
    after = (await sessions_of(cohort))[3]
    assert (after.state, after.moved_from, after.starts_at) == ("moved", before.starts_at, before.starts_at + DAY)
    assert (after.sequence, after.revised_at, after.number) == (1, clock.now(), 4)
    assert after.was_at == before.starts_at
    change_id = await owner.fetchval("select id from session_change where untold")
    assert await jobs_of(owner) == [("session_moved", f'{{"change": {change_id}, "session": {before.session_id}}}')]
    assert await move(after, DAY, robin, clock.now()) == []
    again = (await sessions_of(cohort))[3]
    assert (again.moved_from, again.sequence) == (before.starts_at, 2)


async def test_numbers_follow_time_when_the_order_changes(group: Cast, clock: FrozenClock) -> None:
    cohort, robin = group
    second = (await sessions_of(cohort))[1]
    assert await move(second, timedelta(days=15), robin, clock.now()) == ["comes_after"]
    assert await move(second, timedelta(days=15), robin, clock.now(), meant=True) == []
    after = await sessions_of(cohort)
    assert [s.number for s in after] == list(range(1, 11))
    assert after[3].session_id == second.session_id
    assert {s.sequence for s in after if s.session_id != second.session_id} == {0}


@pytest.mark.parametrize(
    ("by", "codes"),
    [
        (timedelta(days=-60), ["past"]),
        (timedelta(days=1200), ["too_far"]),
        (timedelta(0), ["unchanged"]),
        (timedelta(days=7, hours=1), ["overlap"]),
        (timedelta(hours=-5), ["hour"]),
        (timedelta(days=86), ["comes_after", "day_off"]),
    ],
)
async def test_a_time_that_cannot_be_is_refused_in_words(
    by: timedelta, codes: list[str], group: Cast, clock: FrozenClock
) -> None:
    cohort, robin = group
    first = (await sessions_of(cohort))[0]
    assert await move(first, by, robin, clock.now()) == codes
    assert await sessions_of(cohort) == await sessions_of(cohort)
    assert (await sessions_of(cohort))[0].sequence == 0


async def test_a_day_off_can_be_meant(group: Cast, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    cohort, robin = group
    session = (await sessions_of(cohort))[5]
    day = local(session.starts_at + DAY).date()
    await owner.execute("insert into closure (venue_id, first_day, last_day, reason) values (null, $1, $1, 'Lov')", day)
    reasons = await move_session(
        session.session_id, session.starts_at + DAY, session.ends_at + DAY, session.venue_id, robin, clock.now()
    )
    assert [(r.code, r.params["off"]) for r in reasons] == [("day_off", Off("closure", "Lov"))]
    assert await move(session, DAY, robin, clock.now(), meant=True) == []


async def test_before_the_decision_a_session_is_not_moved_ahead_of_it(db: None, clock: FrozenClock) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    first = (await sessions_of(cohort))[0]
    assert await move(first, -timedelta(days=11), robin, clock.now()) == ["before_decision"]
    assert await move(first, -timedelta(days=9), robin, clock.now()) == []


async def test_held_and_cancelled_sessions_and_closed_cohorts_stay_as_they_are(
    group: Cast, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    one, two, three, *_ = await sessions_of(cohort)
    async with transaction():
        assert await mark_held(one.session_id, clock.now())
        assert not await mark_held(one.session_id, clock.now())
    assert await cancel_session(two.session_id, True, robin, clock.now()) == []
    for session, code in ((one, "session_held"), (two, "session_cancelled")):
        assert await move(session, DAY, robin, clock.now()) == [code]
        assert [r.code for r in await cancel_session(session.session_id, True, robin, clock.now())] == [code]
    async with transaction():
        assert not await mark_held(two.session_id, clock.now())
    await owner.execute("update cohort set state = 'closed' where id = $1", cohort.cohort_id)
    assert await move(three, DAY, robin, clock.now()) == ["cohort_over"]


async def test_ten_sessions_stay_ten_when_one_is_cancelled(
    group: Cast, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    before = await sessions_of(cohort)
    assert await cancel_session(before[6].session_id, True, robin, clock.now()) == []
    after = await sessions_of(cohort)
    gone = next(s for s in after if s.session_id == before[6].session_id)
    assert (gone.state, gone.number, gone.sequence, gone.cancelled_at) == ("cancelled", None, 1, clock.now())
    assert [s.number for s in after if s.number] == list(range(1, 11))
    added = after[-1]
    assert (added.added, added.number, added.state) == (True, 10, "planned")
    assert local(added.starts_at).time() == local(before[-1].starts_at).time()
    assert local(added.starts_at).weekday() == local(before[0].starts_at).weekday()
    assert [event for event, _ in await jobs_of(owner)] == ["session_cancelled"]


async def test_the_added_session_skips_days_off_and_a_second_one_comes_after_it(
    group: Cast, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    sessions = await sessions_of(cohort)
    shut = local(sessions[-1].starts_at + timedelta(days=7)).date()
    await owner.execute("insert into closure (venue_id, first_day, last_day, reason) values (null, $1, $1, 'Lov')", shut)
    assert await cancel_session(sessions[-1].session_id, True, robin, clock.now()) == []
    first = (await sessions_of(cohort))[-1]
    assert first.starts_at >= sessions[-1].starts_at + timedelta(days=13)
    assert await cancel_session(sessions[0].session_id, True, robin, clock.now()) == []
    assert (await sessions_of(cohort))[-1].starts_at > first.starts_at


async def test_without_an_added_one_the_rest_are_renumbered_but_the_last_is_not_cancelled(
    group: Cast, clock: FrozenClock
) -> None:
    cohort, robin = group
    for session in (await sessions_of(cohort))[:9]:
        assert await cancel_session(session.session_id, False, robin, clock.now()) == []
    left = [s for s in await sessions_of(cohort) if s.number]
    assert [s.number for s in left] == [1]
    assert [r.code for r in await cancel_session(left[0].session_id, False, robin, clock.now())] == ["last_session"]


async def test_a_stranger_and_a_substitute_whose_time_is_over_find_no_session(
    group: Cast, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, _ = group
    stranger = await a_leader(clock.now(), "okand")
    elsewhere = await a_coordinator(clock.now(), "annan", "2.1")
    session = (await sessions_of(cohort))[0]
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, 'substitute', '2026-09-01')",
        cohort.cohort_id,
        stranger.staff_id,
    )
    for who in (stranger, elsewhere):
        with pytest.raises(NotFound):
            await move(session, DAY, who, clock.now())
        with pytest.raises(NotFound):
            await cancel_session(session.session_id, True, who, clock.now())


async def test_an_unknown_venue_is_refused_and_another_one_is_taken(group: Cast, clock: FrozenClock) -> None:
    cohort, robin = group
    session = (await sessions_of(cohort))[0]
    assert await move(session, DAY, robin, clock.now(), venue_id=4711) == ["venue_missing"]
    eken = await a_venue("Eken")
    assert await move(session, timedelta(0), robin, clock.now(), venue_id=eken) == []
    assert (await sessions_of(cohort))[0].venue == "Eken"


async def test_of_two_tabs_that_cancel_the_same_session_the_second_changes_nothing(
    group: Cast, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    session = (await sessions_of(cohort))[2]
    both = await asyncio.gather(
        *(cancel_session(session.session_id, True, robin, clock.now(), seen=0) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in both) == ["Conflict", "list"]
    assert [s.number for s in await sessions_of(cohort) if s.number] == list(range(1, 11))
    assert len(await jobs_of(owner)) == 1


async def test_moving_and_cancelling_at_the_same_time_never_breaks_the_numbers(group: Cast, clock: FrozenClock) -> None:
    cohort, robin = group
    sessions = await sessions_of(cohort)
    answers = await asyncio.gather(
        *(cancel_session(s.session_id, True, robin, clock.now(), seen=0) for s in sessions[:3]),
        *(move(s, DAY, robin, clock.now(), seen=0) for s in sessions[3:6]),
        *(move(s, -DAY, robin, clock.now(), seen=0) for s in sessions[3:6]),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    assert [s.number for s in await sessions_of(cohort) if s.number] == list(range(1, 11))


async def clashing(clock: FrozenClock) -> tuple[Cast, Cast]:
    """Two groups at the same time in rooms of their own, each with its leader."""
    robin, love = await a_leader(clock.now()), await a_leader(clock.now(), "love")
    return (await a_cohort("2.8", clock.now(), robin), robin), (await a_cohort("2.7", clock.now(), love), love)


async def test_a_room_or_a_leader_in_two_places_is_said_until_somebody_means_it(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    (first, robin), (second, love) = await clashing(clock)
    session = (await sessions_of(second))[0]
    assert await move(session, timedelta(0), love, clock.now(), venue_id=first.venue_id) == ["room_taken"]
    kim = await a_coordinator(clock.now())
    assert await let_in(second.cohort_id, robin.staff_id, None, kim, clock.now(), meant=True) == []
    assert await move(session, HOUR / 2, love, clock.now()) == ["leader_taken"]
    assert await move(session, HOUR / 2, love, clock.now(), venue_id=first.venue_id) == ["room_taken", "leader_taken"]
    assert await move(session, HOUR / 2, love, clock.now(), venue_id=first.venue_id, meant=True) == []
    assert await owner.fetchval("select shares_room from cohort_session where id = $1", session.session_id)
    # Back in its own room it shares nothing, and where the other one ends there is room.
    moved = (await sessions_of(second))[0]
    assert await move(moved, -HOUR / 2, love, clock.now(), venue_id=second.venue_id, meant=True) == []
    assert not await owner.fetchval("select shares_room from cohort_session where id = $1", session.session_id)


async def test_two_who_take_a_room_at_once_do_not_both_get_it(
    db: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    (first, robin), (second, love) = await clashing(clock)
    eken = await a_venue("Eken")
    one, other = (await sessions_of(first))[0], (await sessions_of(second))[0]

    async def both() -> list[object]:
        moves = (
            move(one, timedelta(0), robin, clock.now(), venue_id=eken),
            move(other, timedelta(0), love, clock.now(), venue_id=eken),
        )
        return list(await asyncio.gather(*moves, return_exceptions=True))

    in_eken = "select count(*) from cohort_session where venue_id = $1"
    for _ in range(5):
        found = await both()
        assert await owner.fetchval(in_eken, eken) == 1, found
        await owner.execute("update cohort_session set venue_id = c.venue_id from cohort c where c.id = cohort_id")
    # The control: without the constraint both are told that it is theirs.
    definition = await owner.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'one_group_per_room'"
    )
    await owner.execute("alter table cohort_session drop constraint one_group_per_room")
    try:
        taken = 0
        for _ in range(20):
            await both()
            taken = max(taken, await owner.fetchval(in_eken, eken))
            await owner.execute("update cohort_session set venue_id = c.venue_id from cohort c where c.id = cohort_id")
        assert taken == 2
    finally:
        await owner.execute(f"alter table cohort_session add constraint one_group_per_room {definition}")


async def test_a_start_postponed_onto_another_group_says_so_and_shares_the_room(
    db: None, clock: FrozenClock, owner: asyncpg.Connection, client: httpx.AsyncClient
) -> None:
    await a_coordinator(clock.now())
    robin = await a_leader(clock.now())
    eken = await a_venue("Eken")
    early = await a_cohort("2.8", clock.now(), robin, venue_id=eken)
    late = await a_cohort("2.8", clock.now(), venue_id=eken, first_in=timedelta(days=28 + 70))
    assert late.first_start
    onto = local(late.first_start).date()
    await sign_in_as(client, "kim", clock.now())
    page = f"/personal/starter/{early.cohort_id}/skjut-upp"
    form = {"start": onto.isoformat(), "beslut": "2026-11-20", "skal": "no_venue"}
    shown = await post_form(client, page, {**form, "visa": "1"})
    assert f"Eken är bokad av {late.name} samtidigt" in shown.text
    assert "Lokalen är bokad till" in shown.text
    seen = hidden(shown.text, "dagar")
    # What was shown is no longer so: the other group is elsewhere.
    elsewhere = "update cohort_session set venue_id = $2 where cohort_id = $1"
    await owner.execute(elsewhere, late.cohort_id, await a_venue("Asken"))
    answer = await post_form(client, page, {**form, "dagar": seen, "sett": hidden(shown.text, "sett")})
    assert (answer.status_code, "Titta på dagarna igen" in answer.text) == (422, True)
    assert "Det krockar" not in answer.text
    await owner.execute(elsewhere, late.cohort_id, eken)
    form |= {"dagar": seen, "sett": hidden(shown.text, "sett")}
    # It has to be ticked as meant.
    answer = await post_form(client, page, form)
    assert answer.status_code == 422
    assert f"Krock: lokalen är bokad av {late.name} till" in answer.text
    assert (await queries.by_id(early.cohort_id)).state == "open"
    answer = await post_form(client, page, {**form, "anda": box(answer.text)})
    assert answer.status_code == 303
    # Exactly those sessions share the room that meet one of the other group.
    met = {session.starts_at for session in await sessions_of(early)} & {s.starts_at for s in await sessions_of(late)}
    shares = "select starts_at from cohort_session where cohort_id = $1 and shares_room"
    assert {row["starts_at"] for row in await owner.fetch(shares, early.cohort_id)} == met != set()
