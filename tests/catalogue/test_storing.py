"""An edition is stored once, read as the office reads it, and never changed under those who opened a group by it."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest

from programmes.catalogue import queries
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.rules import Text
from programmes.catalogue.services import choose_reading, load_edition
from programmes.core.errors import Conflict, NotFound
from tests.clock import FrozenClock

DAY = date(2026, 9, 2)
EDITION = read_edition(EDITIONS / "2026-04-01.toml")


async def test_migrating_stores_all_25_programmes_in_the_guidelines_order(db: None) -> None:
    stored = [programme for _, programme in await queries.in_force(DAY)]
    assert stored == list(EDITION.programmes)
    assert len(stored) == 25


async def test_no_programme_is_in_force_before_the_edition_is(db: None) -> None:
    assert await queries.in_force(date(2026, 3, 31)) == []
    assert len(await queries.in_force(date(2026, 4, 1))) == 25


async def test_a_programme_is_found_by_id_and_by_address(db: None) -> None:
    programme_id, programme = await queries.by_slug("abc", DAY)
    assert await queries.programme(programme_id) == programme
    with pytest.raises(NotFound):
        await queries.by_slug("finns-inte", DAY)
    with pytest.raises(NotFound):
        await queries.programme(2_000_000_000)


async def test_the_newest_choice_of_the_office_counts_and_leaves_other_sections_alone(db: None, clock: FrozenClock) -> None:
    programme_id, programme = await queries.by_slug("aterfallsprevention", DAY)
    await choose_reading(programme, "lower_age_included", False, 1, clock.now())
    reread = await queries.programme(programme_id)
    assert reread.age is not None
    assert reread.age.youngest == 19
    _, other = await queries.by_slug("spelfrihet_grupp", DAY)
    assert other.age is not None
    assert other.age.youngest == 18
    await choose_reading(programme, "lower_age_included", True, 1, clock.now())
    assert await queries.programme(programme_id) == programme


async def test_a_choice_leaves_a_trace_of_who_made_it(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> None:
    _, programme = await queries.by_slug("abc", DAY)
    await choose_reading(programme, "board_decision", "§ 12, 2026-05-07", 7, clock.now())
    entry = await owner.fetchrow("select staff_id, action, subject from audit_entry")
    assert tuple(entry) == (7, "interpretation:choose", "section/2.1/board_decision")


@pytest.mark.parametrize(
    ("point", "refusal"),
    [
        (("abc", "evaluation", "off"), NotFound),  # the guideline requires it
        (("abc", "no_such_point", True), NotFound),
        (("abc", "board_decision", True), Conflict),
        (("aterfallsprevention", "lower_age_included", 1), Conflict),  # 1 is not True here
        (("aterfallsprevention", "evaluation", "required"), Conflict),
        (("aterfallsprevention", "minimum_counts", "always"), NotFound),
    ],
)
async def test_a_reading_that_the_rules_do_not_obey_is_refused(
    db: None, clock: FrozenClock, point: tuple[str, str, bool | int | str], refusal: type[Exception]
) -> None:
    slug, key, value = point
    programme_id, programme = await queries.by_slug(slug, DAY)
    with pytest.raises(refusal):
        await choose_reading(programme, key, value, 1, clock.now())
    assert await queries.programme(programme_id) == programme


async def test_the_web_role_cannot_store_an_edition(db: None, clock: FrozenClock) -> None:
    edition = dataclasses.replace(EDITION, digest=b"another")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await load_edition(edition, clock.now())


@pytest.fixture
async def may_store(db: None, owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Lends the web role the rights of the migration, and takes away afterwards what was stored."""
    role = await owner.fetchval("select rolname from pg_roles where rolname like '%web%'")
    newest = await owner.fetchval("select max(id) from edition")
    await owner.execute(f"grant insert, update, delete on edition, programme to {role}")
    yield
    await owner.execute(f"revoke insert, update, delete on edition, programme from {role}")
    await owner.execute("delete from programme where edition_id > $1", newest)
    await owner.execute("delete from edition where id > $1", newest)


async def test_storing_the_same_edition_again_changes_nothing(
    may_store: None, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    before = await owner.fetch("select id, xmin, data from programme order by id")
    clock.advance(days=1)
    await load_edition(EDITION, clock.now())
    assert await owner.fetch("select id, xmin, data from programme order by id") == before
    assert await owner.fetchval("select count(*) from edition") == 1


async def test_what_is_gone_stays_known_as_the_last_edition_had_it_after_what_is_in_force(
    may_store: None, clock: FrozenClock
) -> None:
    other = dataclasses.replace(
        next(p for p in EDITION.programmes if p.section == "2.7"), slug="abc", lead=Text("Ny", "New")
    )
    later = dataclasses.replace(EDITION, valid_from=date(2026, 10, 1), digest=b"later", programmes=(other,))
    await load_edition(later, clock.now())
    before = await queries.in_force_or_gone(date(2026, 9, 30))
    assert before == [p for _, p in await queries.in_force(date(2026, 9, 30))]
    after = await queries.in_force_or_gone(date(2026, 10, 1))
    assert after[0] == other
    assert [p.section for p in after[1:]] == [p.section for p in before if p.section != "2.7"]
    # Its address is another one's now.
    assert after[1].slug == "abc-2.1"
    assert len({p.slug for p in after}) == len(before)


async def test_a_later_edition_takes_over_on_its_day_and_the_old_one_stays(may_store: None, clock: FrozenClock) -> None:
    old_id, old = await queries.by_slug("abc", DAY)
    fewer = dataclasses.replace(old, lead=Text("Ny text", "New text"))
    later = dataclasses.replace(EDITION, valid_from=date(2026, 10, 1), digest=b"later", programmes=(fewer,))
    await load_edition(later, clock.now())
    assert [p.slug for _, p in await queries.in_force(date(2026, 10, 1))] == ["abc"]
    assert (await queries.by_slug("abc", date(2026, 9, 30))) == (old_id, old)
    assert await queries.programme(old_id) == old
