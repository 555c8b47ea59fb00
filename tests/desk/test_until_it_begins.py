"""Undoing is promised for as long as it can be done: for an hour, but never past when what comes back begins."""

import httpx

from programmes.core.sealing import KeyFolder
from programmes.desk.illness import services as illness
from programmes.desk.illness.services import Cancelling
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.desk.test_sick import House, house, look  # noqa: F401
from tests.factories import hidden, post_form


async def test_what_begins_in_three_minutes_can_be_undone_for_three_minutes_and_then_it_is_said_why_not(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
) -> None:
    clock.advance(minutes=27)
    assert await illness.cancel([Cancelling(house.session, 0, False)], keys, house.robin, clock.now()) == []
    await sign_in_as(client, "robin", clock.now())
    done = f"/personal/grupper/{house.cohort.cohort_id}/andrat"
    assert "Kan du komma ändå? Ångra senast 17.00" in await look(client, f"{house.page}/besked")
    page = await look(client, done)
    assert "Du kan ångra till 17.00" in page
    why = "Tiden som var förut har redan börjat, så ändringen går inte att ångra."
    assert why not in page
    clock.advance(minutes=3)
    later = await look(client, done)
    assert (why in later, "Du kan ångra" in later) == (True, False)
    late = await post_form(client, done, {"andring": hidden(page, "andring")}, done)
    assert (late.status_code, late.text.count(why)) == (422, 1)
    clock.advance(minutes=60)
    await sign_in_as(client, "robin", clock.now())
    assert why not in await look(client, done), "the hour is over too"
