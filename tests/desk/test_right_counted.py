"""Who goes first to a start that is decided: how many hear of it is the same on the page, on its button and afterwards."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.desk.test_right_over import Promised, promised
from tests.desk.test_sick import mail  # noqa: F401
from tests.desk.undecided import words
from tests.factories import a_cohort, hidden, post_form, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def of(client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail) -> Promised:  # noqa: F811
    """Two go first to a start of which six are confirmed; who coordinates it is signed in."""
    found = await promised(clock, keys, mail)
    await sign_in_as(client, "kim", clock.now())
    return found


async def cancel(client: httpx.AsyncClient, of: Promised) -> str:
    """The page that it leads to."""
    address = f"/personal/starter/{of.following.cohort_id}/stall-in"
    shown = (await client.get(address)).text
    fields = {name: hidden(shown, name) for name in ("sett", "vilka")}
    answer = await post_form(client, address, {**fields, "skal": "too_few"})
    assert answer.status_code == 303, answer.text
    return await words(client, answer.headers["location"])


async def test_who_can_not_go_first_any_more_is_among_those_whom_the_button_tells(
    of: Promised,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
) -> None:
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/stall-in")
    assert "2 som får flytta hit före andra" in page
    assert "Ställ in och mejla 8" in page
    assert "8 får e-post." in await cancel(client, of)
    sent = len(mail.all())
    clock.advance(minutes=11)
    await mail.work()
    assert len(mail.all()) - sent == 8


async def test_whom_the_first_message_has_not_reached_sees_it_only(
    of: Promised, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "update notice set state = 'failed', sent_at = null where kind = 'queue_ended' and enrolment_id = $1",
        of.group.queued[0],
    )
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/stall-in")
    assert "1 får e-post och 1 ser det bara på Min plats." in page
    assert "Ställ in och mejla 7" in page


async def test_who_is_known_to_stand_in_two_rows_is_one_person(
    of: Promised, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        """update enrolment set participant_id = (select participant_id from enrolment where id = $1)
           where id = (select id from enrolment where cohort_id = $2 order by arrival limit 1)""",
        of.group.queued[0],
        of.following.cohort_id,
    )
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/stall-in")
    assert "2 som får flytta hit före andra" in page
    assert "Ställ in och mejla 7" in page
    assert "7 får e-post." in await cancel(client, of)


async def test_who_goes_first_to_another_start_instead_is_told_nothing_and_counted_by_no_button(
    of: Promised, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=90))
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/stall-in")
    assert "Får i stället flytta till nästa start före andra, lika länge som hit." in page
    assert "Ställ in och mejla 6" in page
    assert "6 får e-post." in await cancel(client, of)


async def test_a_page_that_postpones_says_what_becomes_of_who_goes_first_there(
    of: Promised, client: httpx.AsyncClient
) -> None:
    page = await words(client, f"/personal/starter/{of.following.cohort_id}/skjut-upp")
    assert "2 som får flytta hit före andra" in page
    assert "Får flytta hit före andra, lika länge som förut. De nya dagarna står på Min plats." in page
