"""Study visits on offer: found from the group and the person, who comes, taken away, never on a day off by mistake."""

import re
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment.visits import step_services
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_leader, box, post_form, sign_in_as, somebody

SLOT: dict[str, object] = {"dag": "2026-09-10", "fran": "15:00", "till": "16:00", "antal": "2"}


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def test_whoever_waits_for_a_visit_leads_staff_to_the_page_from_everywhere(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    group = f"/personal/grupper/{cohort.cohort_id}"
    address = f"{group}/studiebesok"
    assert f'href="{address}"' in await look(client, group)
    assert "Lägg till tider för studiebesök i" not in await look(client, "/personal/idag")
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    for path in ("/personal/idag", group, f"{group}/deltagare/{taken.enrolment_id}"):
        page = await look(client, path)
        assert f'href="{address}"' in page, path
        assert "Lägg till tider för studiebesök" in page, path
    assert "1 person behöver boka ett studiebesök." in await look(client, address)
    assert (await post_form(client, address, {**SLOT, "ledare": str(robin.staff_id)})).status_code == 303
    assert "Lägg till tider för studiebesök" not in await look(client, "/personal/idag")
    assert "2 lediga platser att boka. 1 person har inte bokat." in await look(client, group)


async def test_the_page_says_who_comes_and_only_what_nobody_booked_can_go(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.7", clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    for day in ("2026-09-10", "2026-09-11"):
        assert (await post_form(client, address, {**SLOT, "dag": day, "ledare": str(robin.staff_id)})).status_code == 303
    first, second = [row["id"] for row in await owner.fetch("select id from visit_slot order by starts_at")]
    taken = await somebody(cohort, keys, clock.now(), "Anna Ask")
    await step_services.book_visit(taken.enrolment_id, first, clock.now())
    page = await look(client, address)
    assert re.search(rf'href="/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}">Anna Ask<', page)
    assert page.count("Ta bort tiden") == 1
    refused = await post_form(client, f"{address}/{first}/ta-bort", {}, address)
    assert refused.status_code == 422
    assert "Någon har bokat den tiden" in refused.text
    assert (await post_form(client, f"{address}/{second}/ta-bort", {}, address)).status_code == 303
    assert [row["id"] for row in await owner.fetch("select id from visit_slot")] == [first]
    clock.advance(days=9)
    await sign_in_as(client, "robin", clock.now())
    for slot in (first, second):
        past_or_gone = await post_form(client, f"{address}/{slot}/ta-bort", {}, address)
        assert past_or_gone.status_code == 404
        assert "Den tiden finns inte här längre" in past_or_gone.text
    assert "Anna Ask" in await look(client, address)


async def test_one_of_the_groups_leaders_holds_it_whoever_adds_it(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    love, stranger = await a_leader(clock.now(), "love"), await a_leader(clock.now(), "mika")
    cohort = await a_cohort("2.8", clock.now(), robin)
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", cohort.cohort_id, love.staff_id
    )
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    assert "Mika" not in await look(client, address)
    assert (await post_form(client, address, {**SLOT, "ledare": str(stranger.staff_id)})).status_code == 422
    assert (await post_form(client, address, {**SLOT, "ledare": str(love.staff_id)})).status_code == 303
    assert await owner.fetchval("select staff_id from visit_slot") == love.staff_id
    assert await owner.fetchval("select staff_id from audit_entry where action = 'visit:offer'") == robin.staff_id


async def test_a_visit_on_a_holiday_is_taken_only_when_it_is_meant(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=150))
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    christmas = {**SLOT, "dag": "2026-12-25", "ledare": str(robin.staff_id)}
    refused = await post_form(client, address, christmas)
    assert refused.status_code == 422
    assert "Juldagen, helgdag." in refused.text
    assert 'name="anda"' in refused.text
    assert (await post_form(client, address, {**christmas, "anda": box(refused.text)})).status_code == 303
    assert await owner.fetchval("select count(*) from visit_slot") == 1


async def test_everything_wrong_with_a_visit_is_said_at_once(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    address = f"/personal/grupper/{cohort.cohort_id}/studiebesok"
    wrong = {"dag": "2026-12-24", "fran": "15:00", "till": "14:00", "antal": "0", "ledare": "0"}
    answer = await post_form(client, address, wrong)
    for words in ("före den första träffen", "efter starttiden", "Skriv ett tal från 1 till 50", "Välj vem som håller"):
        assert words in answer.text
