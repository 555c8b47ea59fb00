"""What staff say they have told goes by the words that stood before them: an old page settles nothing it did not show."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.change_services import undo, undoable
from programmes.cohorts.queries import CohortFacts
from programmes.core.contacts import by_text
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.desk.test_reached import line_of, look
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.mail import Mail
from tests.notices.test_changes_told import NIGHT, move
from tests.notices.test_texts import PHONE, texting  # noqa: F401

DAY = timedelta(days=1)
ALL_TOLD = "Ingen i gruppen behöver ringas upp"
Change = Callable[[], Awaitable[None]]


@pytest.fixture
async def kim(db: None, clock: FrozenClock) -> Principal:
    kim = await a_coordinator(clock.now())
    clock.set(NIGHT)
    return kim


@pytest.fixture
async def cohort(kim: Principal, clock: FrozenClock, owner: asyncpg.Connection) -> CohortFacts:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=3, first_in=timedelta(days=4, hours=12))
    await owner.execute("update cohort set decide_by = '2026-09-03'")
    return cohort


def hidden(text: str, name: str = "vem|besked|med|sett") -> dict[str, object]:
    """What the form of a line sends."""
    found: dict[str, object] = {}
    for key, value in re.findall(rf'name="({name})" value="([^"]+)"', text):
        found[key] = [*found[key], value] if isinstance(found.get(key), list) else [value]  # type: ignore[misc]
    return found


async def has_a_place(
    cohort: CohortFacts,
    name: str,
    contact: str,
    mail: Mail,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    """With nothing said yet of any session."""
    await somebody(cohort, keys, clock.now(), name, contact)
    await mail.work()
    await owner.execute("delete from notice")


async def added_of(cohort: CohortFacts) -> int:
    return next(n for n, one in enumerate(await cohorts.sessions(cohort.cohort_id)) if one.makes_up_for is not None)


async def test_an_old_list_to_ring_by_does_not_settle_a_time_that_has_changed_since(
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    await has_a_place(cohort, "Valnöt", "+46700000001", texting, keys, clock, owner)
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    assert not await session_services.cancel_session(second.session_id, True, kim, clock.now())
    await texting.work()
    clock.advance(minutes=1)
    await sign_in_as(client, "kim", clock.now())
    here = f"/personal/grupper/{cohort.cohort_id}/ring"
    old = hidden(await look(client, here))
    await move(cohort, await added_of(cohort), DAY, kim, clock)
    await texting.work()
    answer = await post_form(client, here, old, here)
    assert answer.status_code == 409
    assert "Det har ändrats sedan sidan visades" in answer.text
    page = await look(client, here)
    added = (await cohorts.sessions(cohort.cohort_id))[await added_of(cohort)]
    assert moment_long(added.starts_at) in page
    for _ in range(2):
        # Pressed twice it is the same.
        assert (await post_form(client, here, hidden(page), here)).status_code == 303
    assert ALL_TOLD in await look(client, here)


async def test_what_was_partly_moved_back_is_no_longer_as_it_was_said(
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    await has_a_place(cohort, "Valnöt", "+46700000001", texting, keys, clock, owner)
    await move(cohort, 1, DAY, kim, clock)
    await move(cohort, 2, DAY, kim, clock)
    await texting.work()
    await sign_in_as(client, "kim", clock.now())
    here = f"/personal/grupper/{cohort.cohort_id}/ring"
    old = hidden(await look(client, here))
    await move(cohort, 2, -DAY, kim, clock)
    await texting.work()
    assert (await post_form(client, here, old, here)).status_code == 409
    assert ALL_TOLD not in await look(client, here)


@pytest.mark.parametrize("contact", ["+46700000001", by_text(PHONE)])
async def test_the_page_of_who_has_been_reached_settles_what_it_showed_or_nothing(
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    contact: str,
) -> None:
    await has_a_place(cohort, "Vide", contact, texting, keys, clock, owner)
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    assert not await session_services.cancel_session(second.session_id, True, kim, clock.now())
    await texting.work()
    clock.advance(minutes=1)
    await sign_in_as(client, "kim", clock.now())
    here = f"/personal/traffar/{second.session_id}/besked"
    old = {**hidden(line_of(await look(client, here), "Vide")), "svar": "nadd"}
    await move(cohort, await added_of(cohort), DAY, kim, clock)
    await texting.work()
    answer = await post_form(client, here, old, here)
    assert (answer.status_code, "Det har ändrats sedan sidan visades" in answer.text) == (409, True)
    assert await owner.fetchval("select count(*) from notice where sent_at is not null") == 0
    now = {**hidden(line_of(await look(client, here), "Vide")), "svar": "nadd"}
    for _ in range(2):
        assert (await post_form(client, here, now, here)).status_code == 303
    assert "Nådd av er" in line_of(await look(client, here), "Vide")


async def test_what_was_undone_meanwhile_is_said_on_both_pages(
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> None:
    await has_a_place(cohort, "Valnöt", "+46700000001", texting, keys, clock, owner)
    await move(cohort, 1, DAY, kim, clock)
    await texting.work()
    await sign_in_as(client, "kim", clock.now())
    moved = (await cohorts.sessions(cohort.cohort_id))[1]
    ring, reached = f"/personal/grupper/{cohort.cohort_id}/ring", f"/personal/traffar/{moved.session_id}/besked"
    by_list, by_session = hidden(await look(client, ring)), hidden(line_of(await look(client, reached), "Valnöt"))
    change = await undoable(cohort.cohort_id, kim, clock.now())
    assert change
    assert not await undo(cohort.cohort_id, change.change_id, kim, clock.now())
    await texting.work()
    assert (await post_form(client, ring, by_list, ring)).status_code == 409
    assert (await post_form(client, reached, {**by_session, "svar": "nadd"}, ring)).status_code == 409


async def test_until_a_change_is_written_about_nobody_counts_as_reached_by_what_was_said_before(
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,
    kim: Principal,
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:
    await somebody(cohort, keys, clock.now(), "Vide", "vide@example.se")
    await move(cohort, 1, DAY, kim, clock)
    await texting.work()
    await sign_in_as(client, "kim", clock.now())
    here = f"/personal/traffar/{(await cohorts.sessions(cohort.cohort_id))[1].session_id}/besked"
    assert "1 av 1 är nådd" in await look(client, here)
    clock.advance(minutes=1)
    await move(cohort, 1, DAY, kim, clock)
    page = await look(client, here)
    assert "0 av 1 är nådda" in page
    assert "På väg" in line_of(page, "Vide")
    await texting.work()
    assert "1 av 1 är nådd" in await look(client, here)
