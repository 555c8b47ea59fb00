"""The main menu: only places that are of use to the role, and always the one marked in which somebody is."""

import re

import httpx
import pytest

from programmes.core.principal import Role
from tests.clock import FrozenClock
from tests.factories import a_staff_member, sign_in_as


async def menu(client: httpx.AsyncClient, address: str) -> tuple[list[str], list[str]]:
    """The places of the menu of one page, and those that are marked."""
    page = (await client.get(address)).text
    shown = re.search(r'<nav class="menu menu--main".*?</nav>', page, re.DOTALL)
    assert shown, address
    marked = re.findall(r'href="([^"]+)" aria-current="(?:page|true)"', shown[0])
    return re.findall(r'href="([^"]+)"', shown[0]), marked


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("leader", ["idag", "grupper", "starter", "utvarderingar"]),
        ("coordinator", ["idag", "grupper", "starter", "utvarderingar"]),
        ("manager", ["idag", "starter", "granskning"]),
        ("administrator", ["idag", "lage"]),
    ],
)
async def test_the_menu_has_what_the_role_works_with(
    role: Role, places: list[str], db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_staff_member("love", role, clock.now())
    await sign_in_as(client, "love", clock.now())
    found, marked = await menu(client, "/personal/idag")
    assert found == [f"/personal/{place}" for place in places]
    assert marked == ["/personal/idag"]


@pytest.mark.parametrize(
    ("role", "address", "place"),
    [
        ("manager", "efterlevnad", "granskning"),
        ("manager", "gallring", "granskning"),
        ("manager", "gallring/stopp", "granskning"),
        ("manager", "granskning", "granskning"),
        ("coordinator", "veckan", "starter"),
        ("leader", "sjuk", "idag"),
        ("administrator", "lage", "lage"),
    ],
)
async def test_the_place_is_marked_in_which_a_page_lies(
    role: Role, address: str, place: str, db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_staff_member("love", role, clock.now())
    await sign_in_as(client, "love", clock.now())
    _, marked = await menu(client, f"/personal/{address}")
    assert marked == [f"/personal/{place}"]


async def test_staff_change_the_language_where_they_are(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_staff_member("love", "coordinator", clock.now())
    await sign_in_as(client, "love", clock.now())
    address = "/personal/starter?vy=lista"
    for language, word, other in (("en", "Today", "sv"), ("sv", "Idag", "en")):
        page = (await client.get(address)).text
        link = re.search(rf'href="(/sprak\?lang={language}&amp;till=[^"]+)"', page)
        assert link
        answer = await client.get(link[1].replace("&amp;", "&"))
        assert answer.headers["location"] == address
        shown = (await client.get(address)).text
        assert f">{word}</a>" in shown
        assert f"/sprak?lang={other}" in shown
