"""What staff say to somebody while a change is still unwritten is what that person believes afterwards."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.desk.test_reached import line_of, look
from tests.factories import post_form, sign_in_as
from tests.notices.mail import Mail
from tests.notices.test_changes_told import move, move_rest, undo
from tests.notices.test_texts import texting  # noqa: F401
from tests.notices.test_words_as_shown import DAY, cohort, has_a_place, hidden, kim  # noqa: F401

PAGES = pytest.mark.parametrize("page", ["ring", "besked"])


@pytest.fixture
async def pressed(
    page: str,
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,  # noqa: F811
    kim: Principal,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
) -> list[int]:
    """Who can only be rung has not heard that all sessions were moved; one is moved again, which is not written yet,
    and they are told as it stands on the page. What the presses were answered."""
    await has_a_place(cohort, "Hägg", "+46700000001", texting, keys, clock, owner)
    await move_rest(cohort, DAY, kim, clock)
    await texting.work()
    clock.advance(minutes=1)
    await move(cohort, 1, DAY, kim, clock)
    await sign_in_as(client, "kim", clock.now())
    first, second, _ = await cohorts.sessions(cohort.cohort_id)
    group, reached = f"/personal/grupper/{cohort.cohort_id}/ring", "/personal/traffar/{}/besked"
    # The page of the first names what is settled with it too; once all is written, what is about the second stands by it.
    pages = [group] * 2 if page == "ring" else [reached.format(one.session_id) for one in (first, second)]
    answers = list[int]()
    while answers in ([], [409]):
        here = pages[len(answers)]
        form = await look(client, here)
        form = form if page == "ring" else line_of(form, "Hägg")
        assert moment_long(second.starts_at) in form
        answers.append((await post_form(client, here, {**hidden(form), "svar": "nadd"}, here)).status_code)
        clock.advance(minutes=1)
    return answers


@PAGES
async def test_who_was_told_of_an_unwritten_change_hears_that_it_is_undone(
    pressed: list[int],
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,  # noqa: F811
    kim: Principal,  # noqa: F811
    clock: FrozenClock,
    client: httpx.AsyncClient,
) -> None:
    told = (await cohorts.sessions(cohort.cohort_id))[1]
    await undo(cohort, kim, clock)
    await texting.work()
    page = await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    so = (await cohorts.sessions(cohort.cohort_id))[1]
    assert so.starts_at == told.starts_at - timedelta(days=1)
    assert moment_long(told.starts_at) in page
    assert moment_long(so.starts_at) in page


@PAGES
async def test_who_was_told_of_an_unwritten_change_is_not_to_be_rung_about_it_again(
    pressed: list[int],
    texting: Mail,  # noqa: F811
    cohort: CohortFacts,  # noqa: F811
    client: httpx.AsyncClient,
) -> None:
    await texting.work()
    page = await look(client, f"/personal/grupper/{cohort.cohort_id}/ring")
    assert moment_long((await cohorts.sessions(cohort.cohort_id))[1].starts_at) not in page
    # The first press writes what was unwritten, and what has been said is judged by that.
    assert pressed == [409, 303]
