"""Study visits of a group in which none can be made any more: nobody is asked for one, on any page."""

from datetime import timedelta

import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.core.sealing import KeyFolder
from programmes.oversight import services as decisions
from programmes.oversight.checklist import queries as checklists
from tests.clock import FrozenClock
from tests.desk.undecided import a_group, words
from tests.factories import post_form, sign_in_as

pytestmark = pytest.mark.usefixtures("db")
ASKED = "2 personer har inte gjort studiebesöket"


@pytest.mark.parametrize("started", [True, False])
async def test_nobody_is_asked_for_a_visit_once_the_group_has_ended(
    started: bool, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    group = await a_group(clock, keys, 5 if started else 3, 2, 0)
    number = group.number
    address = f"/personal/grupper/{number}"
    await sign_in_as(client, "kim", clock.now())
    if started:
        cohort = await cohorts.by_id(number)
        assert not await decisions.start(
            number, False, decisions.seen_as(cohort.state, cohort.first_start), group.kim, clock.now()
        )
    assert ASKED in await words(client, "/personal/idag")
    assert "Har något kvar, 2" in await words(client, address)
    await group.end(clock.now())
    assert "studiebesöket" not in await words(client, "/personal/idag")
    page = await words(client, address)
    assert "Har något kvar" not in page
    assert "Boka studiebesök" not in page
    page = await words(client, f"{address}/studiebesok")
    assert "behöver boka" not in page
    assert "Lägg till" not in page
    (way,) = await checklists.ways(group.kim, clock.now(), number)
    assert (way.visits_left, way.to_agree) == (0, 0)


async def test_no_time_is_asked_for_on_a_day_on_which_none_can_be_offered(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    group = await a_group(clock, keys, 3, 2, 0)
    address = f"/personal/grupper/{group.number}/studiebesok"
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, address)
    assert "behöver boka" not in page
    assert "Träffarna har börjat, så inget mer studiebesök kan läggas till." in page
    assert "Lägg till tiden" not in page
    tomorrow = {"dag": (clock.now() + timedelta(days=1)).date().isoformat(), "fran": "10:00", "till": "11:00", "antal": "1"}
    assert (await post_form(client, address, tomorrow, address)).status_code == 422
