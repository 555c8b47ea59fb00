"""Opening a cohort: one transaction, only by its coordinator, and only what the guideline allows."""

from dataclasses import replace
from datetime import date, time

import asyncpg
import pytest

from programmes.cohorts import queries
from programmes.cohorts.opening_services import NotAllowed, Opening, open_cohort, preview, start_from
from programmes.cohorts.services import announce
from programmes.cohorts.venue_services import rename_venue
from programmes.cohorts.wording_rules import default_name, said
from programmes.core.clock import local_date
from programmes.core.db import fetchval, transaction
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader
from tests.factories import a_programme, a_venue


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    return await a_coordinator(clock.now())


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def wish(section: str, leader: Principal, clock: FrozenClock, **changes: object) -> Opening:
    """What the form is filled with, for one venue and one leader."""
    programme_id, programme = await a_programme(section)
    start = await start_from(programme, local_date(clock.now()))
    wanted = Opening(
        programme_id,
        f"{programme.short_name}, höst 2026",
        start.first,
        start.starts,
        start.ends,
        start.count,
        start.minimum,
        start.maximum,
        start.enrol_from,
        start.decide_by,
        start.last_entry,
        (leader.staff_id,),
        await a_venue(),
    )
    return replace(wanted, **changes)  # type: ignore[arg-type]


async def refusals(wanted: Opening, principal: Principal, clock: FrozenClock) -> set[str]:
    return {r.code for r in (await preview(wanted, principal, clock.now())).reasons}


async def test_a_group_is_opened_with_its_ten_sessions_and_its_leader(
    kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    cohort_id = await open_cohort(await wish("2.8", robin, clock), kim, clock.now())
    cohort = await queries.mine(robin, local_date(clock.now()), cohort_id)
    assert (cohort.state, cohort.minimum, cohort.maximum, cohort.sessions, cohort.last_entry_session) == (
        "open",
        5,
        8,
        10,
        1,
    )
    sessions = await queries.sessions(cohort_id)
    assert [s.number for s in sessions] == list(range(1, 11))
    assert {(s.state, s.added, s.sequence) for s in sessions} == {("planned", False, 0)}


@pytest.mark.parametrize("section", ["2.1", "2.3", "2.6", "2.12", "2.14", "2.15", "2.17", "2.18", "3.1"])
async def test_every_form_opens_from_its_own_defaults(
    section: str, kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    wanted = await wish(section, robin, clock, weekdays=frozenset({0, 2}))
    assert not (await preview(wanted, kim, clock.now())).reasons
    cohort = await queries.by_id(await open_cohort(wanted, kim, clock.now()))
    expected = {"2.1": 4, "2.3": 5, "2.6": 1, "2.12": 9, "2.14": 20, "2.15": 8, "2.17": 8, "2.18": 12, "3.1": 24}
    assert cohort.sessions == expected[section]
    assert cohort.maximum == 1 or cohort.form != "individual"


async def test_every_reason_is_told_at_once(kim: Principal, robin: Principal, clock: FrozenClock) -> None:
    wanted = await wish("2.8", robin, clock, count=9, maximum=9, leaders=(), venue_id=None, first=date(2020, 1, 1))
    assert {"sessions", "maximum", "leader_missing", "venue_missing", "past"} <= await refusals(wanted, kim, clock)
    with pytest.raises(NotAllowed):
        await open_cohort(wanted, kim, clock.now())
    assert not await queries.all_mine(kim, local_date(clock.now()), ["open", "planned"])


async def test_a_venue_that_is_not_there_is_refused(kim: Principal, robin: Principal, clock: FrozenClock) -> None:
    assert await refusals(await wish("2.8", robin, clock, venue_id=4711), kim, clock) == {"venue_missing"}


async def test_a_coordinator_of_another_programme_may_not_open_it(robin: Principal, clock: FrozenClock) -> None:
    elsewhere = await a_coordinator(clock.now(), "annan", "2.1")
    wanted = await wish("2.8", robin, clock)
    with pytest.raises(Forbidden):
        await open_cohort(wanted, elsewhere, clock.now())
    with pytest.raises(Forbidden):
        await open_cohort(wanted, robin, clock.now())


async def test_home_services_and_unknown_programmes_cannot_be_opened(
    kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    at_home = await wish("4.1", robin, clock)
    with pytest.raises(NotFound):
        await open_cohort(at_home, kim, clock.now())
    with pytest.raises(NotFound):
        await open_cohort(replace(at_home, programme_id=99999), kim, clock.now())


async def test_only_the_days_that_were_seen_are_saved(
    kim: Principal, robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    wanted = await wish("2.8", robin, clock)
    seen = (await preview(wanted, kim, clock.now())).digest
    await owner.execute(
        "insert into closure (venue_id, first_day, last_day, reason) values (null, $1, $1, 'Planeringsdag')", wanted.first
    )
    with pytest.raises(Conflict) as conflict:
        await open_cohort(replace(wanted, seen=seen), kim, clock.now())
    assert conflict.value.code == "schedule_changed"
    assert not await queries.all_mine(kim, local_date(clock.now()), ["open", "planned"])


async def test_a_closure_of_another_venue_changes_nothing(
    kim: Principal, robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    wanted = await wish("2.8", robin, clock)
    elsewhere = await a_venue("Norra skolan")
    await owner.execute(
        "insert into closure (venue_id, first_day, last_day, reason) values ($2, $1, $1, 'Golvet')", wanted.first, elsewhere
    )
    assert (await preview(wanted, kim, clock.now())).schedule.sessions[0].day == wanted.first


async def test_a_new_venue_is_made_with_the_cohort_and_found_again_by_its_name(
    kim: Principal, robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    wanted = await wish("2.8", robin, clock, venue_id=None, new_venue=("Eken", "Torget 1"))
    first = await queries.by_id(await open_cohort(wanted, kim, clock.now()))
    second = await queries.by_id(await open_cohort(wanted, kim, clock.now()))
    assert (first.venue, first.address) == ("Eken", "Torget 1")
    assert first.venue_id == second.venue_id
    assert first.public_id != second.public_id
    # However its letters and spaces are written: otherwise its clashes and closures would not be seen.
    folded = replace(wanted, new_venue=("  EKEN ", "Torget 1"))
    third = await queries.by_id(await open_cohort(folded, kim, clock.now()))
    assert third.venue_id == first.venue_id


async def test_clashes_in_the_room_and_for_the_leader_warn_and_name_only_what_is_mine(
    kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    await open_cohort(replace(await wish("2.17", robin, clock), name="Skuldsatta"), kim, clock.now())
    elsewhere = await a_coordinator(clock.now(), "annan", "2.8")
    venue_id = (await queries.all_mine(kim, local_date(clock.now()), ["open"]))[0].venue_id
    programme_id, _ = await a_programme("2.8")
    later = replace(
        (await _like(programme_id, venue_id, robin, clock)), starts=time(14), ends=time(16), minimum=5, maximum=8, count=10
    )
    mine = (await preview(later, kim, clock.now())).clashes
    theirs = (await preview(later, elsewhere, clock.now())).clashes
    assert [(c.who, c.cohort) for c in mine[:2]] == [("", "Skuldsatta"), ("Robin", "Skuldsatta")]
    assert [(c.who, c.cohort) for c in theirs[:2]] == [("", ""), ("Robin", "")]
    assert await open_cohort(later, elsewhere, clock.now())


async def _like(programme_id: int, venue_id: int, leader: Principal, clock: FrozenClock) -> Opening:
    _, programme = await a_programme("2.8")
    start = await start_from(programme, local_date(clock.now()))
    return Opening(
        programme_id,
        "Återfallsprevention",
        start.first,
        start.starts,
        start.ends,
        start.count,
        start.minimum,
        start.maximum,
        start.enrol_from,
        start.decide_by,
        1,
        (leader.staff_id,),
        venue_id,
    )


async def test_a_planned_cohort_is_hidden_until_it_is_announced(
    kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    cohort_id = await open_cohort(await wish("2.8", robin, clock, announce=False), kim, clock.now())
    public_id = (await queries.by_id(cohort_id)).public_id
    with pytest.raises(NotFound):
        await queries.by_public_id(public_id)
    with pytest.raises(Forbidden):
        await announce(cohort_id, robin, clock.now())
    assert not await announce(cohort_id, kim, clock.now())
    assert (await queries.by_public_id(public_id)).state == "open"
    with pytest.raises(Conflict):
        await announce(cohort_id, kim, clock.now())


async def test_a_planned_cohort_whose_first_day_has_passed_is_not_announced(
    kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    cohort_id = await open_cohort(await wish("2.8", robin, clock, announce=False), kim, clock.now())
    clock.advance(days=200)
    assert [r.code for r in await announce(cohort_id, kim, clock.now())] == ["past"]


async def test_a_failure_half_way_leaves_nothing(
    kim: Principal, robin: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    wanted = await wish("2.8", robin, clock, venue_id=None, new_venue=("Eken", "Torget 1"))
    with pytest.raises(ZeroDivisionError):
        await _open_and_fail(wanted, kim, clock)
    assert await owner.fetchval("select count(*) from cohort") == 0
    assert await owner.fetchval("select count(*) from venue where name = 'Eken'") == 0


async def _open_and_fail(wanted: Opening, principal: Principal, clock: FrozenClock) -> None:
    async with transaction():
        await open_cohort(wanted, principal, clock.now())
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("2.1", "Anna Svensson 850214 Storgatan 5"),
        ("2.15", "Barnen Svensson, Anna f. 2014-03-02"),
        ("2.8", "Anna Svensson 19121212-1212"),
        ("2.7", "Ring Anna 070-174 06 05"),
        ("3.1", "Mötesplats anna@example.invalid"),
    ],
)
async def test_no_group_is_named_by_what_leads_to_somebody(
    section: str, name: str, kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    wanted = await wish(section, robin, clock, name=name)
    assert await refusals(wanted, kim, clock) == {"name_points"}
    with pytest.raises(NotAllowed):
        await open_cohort(wanted, kim, clock.now())


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("Livsstigen 2", "Livsstigen, grupp 2"),
        ("ABC 14 januari 17", "Skriv kl"),
        ("Ring Anna 070-174 06 05", "pekar ut någon"),
    ],
)
async def test_a_refused_name_is_told_how_it_may_be_written(
    name: str, how: str, kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    with pytest.raises(NotAllowed) as refused:
        await open_cohort(await wish("2.1", robin, clock, name=name), kim, clock.now())
    assert how in said(refused.value.reasons[0])


@pytest.mark.parametrize("section", ["2.1", "2.8", "3.1"])
@pytest.mark.parametrize(
    "name", ["Livsstigen, grupp 2", "ABC, höst 2026", "Tisdagsgruppen 2", "Våren 2027, grupp 3", "Lilla Torg kl 17"]
)
async def test_a_group_has_an_ordinary_name(
    section: str, name: str, kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    assert await refusals(await wish(section, robin, clock, name=name), kim, clock) == set()


@pytest.mark.parametrize("section", ["2.3", "2.6", "2.14", "2.18"])
async def test_a_series_is_named_by_us_whoever_it_is_of(
    section: str, kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    wanted = await wish(section, robin, clock, name="Anna Svensson 19121212-1212")
    cohort = await queries.by_id(await open_cohort(wanted, kim, clock.now()))
    programme = (await a_programme(section))[1]
    assert cohort.first_start
    assert cohort.name == default_name(programme, local_date(cohort.first_start))
    # Whoever leads two that begin on one day has to tell them apart.
    for n in (2, 3):
        leader = await a_leader(clock.now(), f"leader{n}")
        second = replace(wanted, leaders=(leader.staff_id,), venue_id=await a_venue(f"Rum {n}"))
        again = await queries.by_id(await open_cohort(second, kim, clock.now()))
        assert again.name == f"{cohort.name} ({n})"


async def test_a_new_room_is_called_by_nobodys_number_and_may_be_by_its_street(
    kim: Principal, robin: Principal, clock: FrozenClock
) -> None:
    at = await wish("2.8", robin, clock, venue_id=None, new_venue=("Anna Svensson 19121212-1212", "Storgatan 5"))
    assert await refusals(at, kim, clock) == {"room_points"}
    for name in ("Anna 0701740605", "anna@example.invalid"):
        assert await refusals(replace(at, new_venue=(name, "Storgatan 5")), kim, clock) == {"room_points"}
        assert await refusals(replace(at, new_venue=("Syrenen", f"Storgatan 5, {name}")), kim, clock) == {
            "room_address_points"
        }
    assert await refusals(replace(at, new_venue=("Storgatan 5, rum 2", "Storgatan 5")), kim, clock) == set()


async def test_a_room_is_renamed_to_nobodys_number(kim: Principal, clock: FrozenClock) -> None:
    venue_id = await a_venue()
    before = await fetchval("select name from venue where id = $1", venue_id)
    with pytest.raises(NotAllowed) as refused:
        await rename_venue(venue_id, "Anna Svensson 19121212-1212", kim, clock.now())
    assert [reason.code for reason in refused.value.reasons] == ["room_points"]
    assert await fetchval("select name from venue where id = $1", venue_id) == before
