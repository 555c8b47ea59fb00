"""The language of the pages: chosen with one link, kept, and back to the very page one came from."""

from urllib.parse import quote

import httpx
import pytest

LINK = '<a href="/sprak?lang={}&amp;till={}"'


async def test_the_link_leads_back_to_the_page_with_its_filter(client: httpx.AsyncClient) -> None:
    page = (await client.get("/?for=parents&sida=1")).text
    back = quote("/?for=parents&sida=1")
    assert LINK.format("en", back) in page
    answer = await client.get(f"/sprak?lang=en&till={quote('/?for=parents&sida=1', safe='')}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?for=parents&sida=1")
    again = (await client.get("/?for=parents&lang=sv")).text
    assert LINK.format("en", quote("/?for=parents&lang=sv")) in again
    kept = await client.get(f"/sprak?lang=en&till={quote('/?for=parents&lang=sv', safe='')}")
    assert kept.headers["location"] == "/?for=parents", "else the address would undo the choice"
    assert '<html lang="en"' in (await client.get("/")).text


async def test_from_an_answer_to_a_form_it_leads_to_what_can_be_read(client: httpx.AsyncClient) -> None:
    page = (await client.get("/min-plats")).text
    token = page.partition('name="_csrf_token" value="')[2].partition('"')[0]
    answer = await client.post("/min-plats", data={"kod": "x", "_csrf_token": token})
    assert answer.status_code == 422
    assert LINK.format("en", "/min-plats") in answer.text
    assert 'data-again="/min-plats"' in answer.text
    ballot = await client.post("/u?lang=en", data={"kod": "x"})
    assert 'data-again="/u?lang=en"' in ballot.text, "no cookie keeps the language there"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/x?y=//z\r\nset-cookie: a=b",
        "javascript:alert(1)",
        "/?a=<b>",
        "",
    ],
)
async def test_it_leads_nowhere_else(client: httpx.AsyncClient, elsewhere: str) -> None:
    answer = await client.get("/sprak", params={"lang": "en", "till": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("unknown", ["xx", "EN", "sv ", "<b>", "../en"])
async def test_a_language_that_nobody_speaks_here_is_ignored_and_said_nowhere(
    client: httpx.AsyncClient, unknown: str
) -> None:
    plain = (await client.get("/?for=parents")).text
    for name in ("lang", "sprak"):
        shown = await client.get("/", params={"for": "parents", name: unknown})
        assert shown.text == plain, name
        staff = await client.get("/personal/konto/kod", params={name: unknown, "x": "1"})
        assert quote(unknown) not in staff.headers["location"].replace("/personal/konto/kod", "")
    answer = await client.get("/sprak", params={"lang": unknown, "till": "/?for=parents"})
    assert (answer.headers["location"], "set-cookie" in answer.headers) == ("/?for=parents", False)
