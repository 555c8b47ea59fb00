"""Who has lost the role sees nothing of the groups they worked with, and coordinators see that somebody is missing."""

import asyncpg
import httpx
import pytest

from programmes.calendar import services as calendar
from programmes.cohorts import office_services
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.people.queries import leaders
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, a_staff_member, sign_in_as, somebody


@pytest.mark.parametrize("role", [("manager", ""), ("administrator", ""), ("leader", "2.1"), None])
async def test_without_the_role_nothing_is_theirs_and_an_empty_chair_is_said(
    role: tuple[str, str] | None, client: httpx.AsyncClient, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    group = f"/personal/grupper/{cohort.cohort_id}"
    own = (group, f"{group}/deltagare/{taken.enrolment_id}", f"{group}/ko.csv", f"{group}/traffar", f"{group}/utskrifter")
    feed = calendar.feed_address(await calendar.leader_feed(robin.staff_id, keys, clock.now()), keys)
    await sign_in_as(client, "robin", clock.now())
    assert [(await client.get(address)).status_code for address in own] == [200] * len(own)
    assert "BEGIN:VEVENT" in (await client.get(feed)).text
    await sign_in_as(client, "kim", clock.now())
    assert "Utse en gruppledare" not in (await client.get("/personal/idag")).text
    await owner.execute("delete from staff_role where staff_id = $1", robin.staff_id)
    if role:
        await owner.execute("insert into staff_role (staff_id, role, section) values ($1, $2, $3)", robin.staff_id, *role)
    assert "Utse en gruppledare i" in (await client.get("/personal/idag")).text
    assert "(har inte längre behörighet)" in (await client.get(group)).text
    assert "Har inte längre konto eller roll för det" in (await client.get(f"{group}/ledare")).text
    assert "BEGIN:VEVENT" not in (await client.get(feed)).text
    with pytest.raises(NotFound):
        await office_services.let_in(cohort.cohort_id, robin.staff_id, local_date(clock.now()), kim, clock.now())
    await sign_in_as(client, "robin", clock.now())
    assert {(await client.get(address)).status_code for address in own} == {404}
    for page in ("/personal/idag", "/personal/grupper", "/personal/konto"):
        assert cohort.name not in (await client.get(page)).text


async def test_only_who_leads_the_section_is_offered_to_it(db: None, clock: FrozenClock) -> None:
    await a_leader(clock.now())
    await a_staff_member("mika", "leader", clock.now(), "2.1")
    await a_coordinator(clock.now())
    assert [one.name for one in await leaders("2.8")] == ["Robin"]
    assert [one.name for one in await leaders("2.1")] == ["Mika", "Robin"]
