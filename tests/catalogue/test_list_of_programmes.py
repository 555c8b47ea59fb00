"""The first page: what starts soon first, how many places are left, and how to get in touch where there is no form."""

import re
from datetime import timedelta

import httpx
import pytest

from programmes.cohorts.queries import sessions
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.i18n import capital, day_long
from programmes.core.sealing import KeyFolder
from tests.catalogue.test_programme_pages import words_of
from tests.clock import FrozenClock
from tests.conftest import QueryLog
from tests.factories import a_cohort, somebody

WEEK = timedelta(days=7)


def names(page: str) -> list[str]:
    return re.findall(r'<h3><a href="/insatser/([a-z_]+)"', page)


def card(page: str, slug: str) -> str:
    found = re.search(rf'<article[^>]*>(?:(?!</article>).)*/insatser/{slug}".*?</article>', page, re.S)
    assert found, slug
    return words_of(found[0])


async def change(statement: str, *values: object) -> None:
    async with transaction():
        await execute(statement, *values)


async def test_every_programme_stands_once_over_three_pages(client: httpx.AsyncClient) -> None:
    shown = [names((await client.get(f"/?sida={n}")).text) for n in (1, 2, 3)]
    assert [len(part) for part in shown] == [10, 10, 5]
    assert len({name for part in shown for name in part}) == 25
    first = await client.get("/")
    assert "10 av 25 insatser" in words_of(first.text)
    assert '<a href="/?sida=2"' in first.text


@pytest.mark.parametrize("address", ["/?sida=0", "/?sida=99", "/?sida=-1", "/?sida=abc", "/?sida=²", "/?for=nobody"])
async def test_an_address_that_makes_no_sense_still_shows_the_list(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert len(names(answer.text)) in {5, 10}


async def test_a_chip_shows_only_what_is_for_those_it_stands_for(client: httpx.AsyncClient) -> None:
    page = (await client.get("/?for=gambling")).text
    assert set(names(page)) == {"anhorigstod", "spelfrihet_grupp", "spelfrihet_individuell"}
    assert "3 insatser" in words_of(page)
    assert 'href="/?for=gambling" aria-current="true"' in page


async def test_what_starts_soon_comes_first(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_cohort("2.8", clock.now(), first_in=8 * WEEK)
    await a_cohort("2.1", clock.now(), first_in=3 * WEEK)
    await a_cohort("2.7", clock.now(), first_in=5 * WEEK)
    page = (await client.get("/")).text
    assert names(page)[:3] == ["abc", "spelfrihet_grupp", "aterfallsprevention"]
    assert "Startar 23 september" in card(page, "abc")


async def test_places_left_are_said_in_words(client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder) -> None:
    cohort = await a_cohort("2.1", clock.now())
    for n in range(3):
        await somebody(cohort, keys, clock.now(), f"Person {n}")
    page = (await client.get("/")).text
    assert "5 av 8 platser kvar" in card(page, "abc")
    assert page.count("seat--taken") == 3


async def test_a_full_group_gives_way_to_the_next_one_and_is_mentioned(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    soon = await a_cohort("2.8", clock.now(), maximum=5, first_in=3 * WEEK)
    for n in range(5):
        await somebody(soon, keys, clock.now(), f"Person {n}")
    alone = card((await client.get("/")).text, "aterfallsprevention")
    assert "Startar 23 september Fullt. Du kan ställa dig i kö." in alone
    await a_cohort("2.8", clock.now(), first_in=20 * WEEK)
    both = card((await client.get("/")).text, "aterfallsprevention")
    assert "Startar 20 januari 2027 8 av 8 platser kvar. Gruppen som startar 23 september är full." in both


async def test_while_anyone_queues_a_free_seat_is_not_offered_to_newcomers(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=1)
    await somebody(cohort, keys, clock.now(), "Först")
    await somebody(cohort, keys, clock.now(), "Sedan")
    await change("delete from seat where cohort_id = $1", cohort.cohort_id)
    await change("update enrolment set state = 'withdrawn' where cohort_id = $1 and state <> 'queued'", cohort.cohort_id)
    page = words_of((await client.get("/insatser/abc")).text)
    assert "Ställ dig i kö" in page
    assert "Ta en plats Tar" not in page


async def test_the_page_leads_to_the_next_start_and_lists_the_others(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    first = await a_cohort("2.8", clock.now(), first_in=10 * WEEK)
    later = await a_cohort("2.8", clock.now(), first_in=20 * WEEK)
    await change("update cohort set enrol_from = '2026-11-01' where id = $1", later.cohort_id)
    page = (await client.get("/insatser/aterfallsprevention")).text
    said = words_of(page)
    assert f'<a class="btn btn--main btn--big btn--wide" href="/anmalan/{first.public_id}">Anmäl dig</a>' in page
    assert "Onsdag 11 november onsdagar 09.00–11.00, 10 träffar" in said
    assert "Gruppen startar när minst 5 är klara." in said
    assert "Onsdag 20 januari 2027 onsdagar 09.00–11.00 8 platser Öppnar 1 november 2026" in said
    assert f"/anmalan/{later.public_id}" not in page


@pytest.mark.parametrize("state", ["planned", "started", "closed", "cancelled"])
async def test_only_what_one_can_apply_to_is_shown(client: httpx.AsyncClient, clock: FrozenClock, state: str) -> None:
    cohort = await a_cohort("2.1", clock.now(), state=state)
    page = (await client.get("/insatser/abc")).text
    assert cohort.public_id not in page
    assert "Ingen start är bestämd än." in words_of(page)
    assert "Ingen start är bestämd än" in card((await client.get("/?for=parents")).text, "abc")


async def test_a_start_that_has_passed_is_no_longer_shown(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_cohort("2.1", clock.now(), first_in=WEEK)
    assert "Startar 9 september" in card((await client.get("/")).text, "abc")
    clock.advance(days=7, hours=1)
    assert "Ingen start är bestämd än" in card((await client.get("/?for=parents")).text, "abc")


async def test_an_open_house_says_when_it_is_open_next(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_cohort("3.2", clock.now(), maximum=100, first_in=timedelta(days=-6), state="started")
    assert "Öppet onsdag 2 september" not in words_of((await client.get("/?for=senior")).text)
    assert "Öppet torsdag 3 september 10.00–12.00" in card((await client.get("/?for=senior")).text, "traffpunkter")
    page = words_of((await client.get("/insatser/traffpunkter")).text)
    assert "Torsdag 3 september 10.00–12.00" in page
    assert "Kom som du är. Ingen anmälan." in page


async def test_the_page_of_an_open_house_has_its_next_times_and_not_all(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    house = await a_cohort("3.1", clock.now(), sessions=8)
    hours = [capital(day_long(local_date(s.starts_at))) for s in await sessions(house.cohort_id)]
    text = (await client.get(f"/insatser/{house.slug}")).text
    assert [day in text for day in hours] == [True] * 6 + [False] * 2
    assert text.index(hours[1]) < text.index(hours[2]) < text.index(hours[5])


async def test_programmes_without_a_form_say_how_to_get_in_touch(client: httpx.AsyncClient) -> None:
    page = (await client.get("/?for=violence")).text
    assert "Ring eller kom hit" in card(page, "samtal_om_vald")
    assert "Vid fara, ring 112." in card(page, "ambivalenssamtal")
    assert "Vid fara" not in card(page, "samtal_om_vald")


async def test_only_where_identity_is_exempt_the_card_says_that_no_name_is_kept(client: httpx.AsyncClient) -> None:
    pages = [(await client.get(f"/?sida={n}")).text for n in (1, 2, 3)]
    marked = {slug for page in pages for slug in names(page) if "Inget namn sparas" in card(page, slug)}
    assert marked == {
        "abc", "bekymringssamtal", "drogtest", "familjebehandling", "personligt_stod", "foraldrastod", "lft", "medling",
        "barn_skilda_foraldrar", "barn_missbruk_familj", "motesplats", "traffpunkter",
    }  # fmt: skip


async def test_the_list_asks_the_database_as_often_with_many_groups_as_with_few(
    client: httpx.AsyncClient, clock: FrozenClock, queries_log: QueryLog
) -> None:
    await a_cohort("2.1", clock.now())
    await client.get("/")
    queries_log.clear()
    await client.get("/")
    few = len(queries_log.statements)
    for section in ("2.7", "2.8", "2.12", "2.15"):
        await a_cohort(section, clock.now())
    queries_log.clear()
    await client.get("/")
    assert len(queries_log.statements) == few <= 8
