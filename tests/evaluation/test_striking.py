"""Released words that point to somebody: what a program can see is refused, what slips through is struck."""

import re
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes import worker
from programmes.catalogue.services import choose_reading
from programmes.core.naming_rules import points_to_somebody
from programmes.core.principal import Principal
from programmes.evaluation import queries, review_queries, review_services, strike_queries, strike_services
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.evaluation.conftest import Groups
from tests.evaluation.test_results import lines
from tests.factories import a_coordinator, a_programme, post_form, sign_in_as

PAGE = "/personal/utvarderingar/abc/stryk"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Anna 850709-9805 var bra.", "personal_number"),
        ("198507099805", "personal_number"),
        ("8507699802 är ett samordningsnummer", "personal_number"),
        ("850709\u20139801", "personal_number"),
        ("٨٥٠٧٠٩-٩٨٠٥", "personal_number"),
        ("Ring 070-123 45 67", "phone"),
        ("Ring (0454) 12 34 56.", "phone"),
        ("+46701234567", "phone"),
        ("hej@exempel.se", "address"),
        ("www.exempel.nu", "address"),
        ("HTTPS://exempel", "address"),
        ("Se exempel.se", "address"),
        ("Vi ville ha 10 träffar 2026, helst 18.00–20.00 i stället för 08.00-10.00.", None),
        ("Start 2026-11-29 och 2026-12-06 passade.", None),
        ("Det var bra.Nu vill vi ha mer: 1000 000 kronor, 24/7", None),
    ],
)
def test_numbers_and_addresses_are_seen_and_dates_and_hours_let_be(text: str, kind: str | None) -> None:
    assert points_to_somebody(text) == kind


@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl"], exclude_characters="@."), max_size=80))
def test_without_digits_and_addresses_every_text_may_be_said(text: str) -> None:
    assert points_to_somebody(text.replace(":", "")) is None


@asynccontextmanager
async def connected(url: str):  # type: ignore[no-untyped-def]
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def comments(groups: Groups, kim: Principal, settings: Settings, section: str = "2.1") -> None:
    """Six comments of two groups that have been reviewed and shown."""
    review = await review_queries.review_of(section)
    assert review
    await review_services.ask(review, kim.staff_id, groups.clock.now())
    await worker.drain(groups.worker)
    review = await review_queries.review_of(section)
    assert review
    texts = await review_services.texts(review, kim.staff_id, settings.key_folder)
    shown = {text.text_id: f"Kommentar {n}" for n, text in enumerate(texts)}
    assert await review_services.keep(review, shown, "", kim.staff_id, settings.key_folder) == "kept"
    texts = await review_services.texts(review, kim.staff_id, settings.key_folder)
    seen = review_queries.seen_digest(texts)
    assert await review_services.sign_off(review, seen, kim.staff_id, settings.key_folder, groups.clock.now())
    await worker.drain(groups.worker)


async def test_a_coordinator_strikes_what_has_been_shown_and_nothing_else_changes(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, settings: Settings, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    for said in ("Anna på Storgatan hjälpte oss.", "Vi vill ha fika."):
        await groups.closed(5, words=said)
    await comments(groups, kim, settings)
    before = await owner.fetch("select * from release order by id")
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(PAGE)).status_code == 403
    assert "/stryk" not in (await client.get("/personal/utvarderingar?insats=abc")).text
    await sign_in_as(client, "kim", clock.now())
    assert PAGE in (await client.get("/personal/utvarderingar?insats=abc")).text
    for wanted in ("Anna på Storgatan", "Kommentar 3"):
        shown = (await client.get(PAGE)).text
        key = re.findall(rf'value="([0-9a-f]{{32}})"><span><span dir="auto">”{wanted}', shown)[0]
        unsure = await post_form(client, PAGE, {"vad": key}, page=PAGE)
        assert unsure.status_code == 422
        assert (await post_form(client, PAGE, {"vad": key, "bort": "ja"}, page=PAGE)).status_code == 303
        gone = await post_form(client, PAGE, {"vad": key, "bort": "ja"}, page=PAGE)
        assert gone.status_code == 409
        assert "Det är redan struket." in gone.text
        assert "Välj det som ska strykas" not in gone.text
    for unnamed in ({}, {"vad": "allt", "bort": "ja"}):
        untold = await post_form(client, PAGE, dict(unnamed), page=PAGE)
        assert untold.status_code == 422
        assert "Välj det som ska strykas" in untold.text
    page = (await client.get("/personal/utvarderingar?insats=abc")).text
    assert page.count(">struket<") == 2
    assert "”Vi vill ha fika.”" in page
    assert "”Kommentar 2”" in page
    found = lines((await client.get("/personal/utvarderingar/abc/svar.csv")).content)
    assert sorted(line["Gruppens egna ord"] for line in found if line["Gruppens egna ord"]) == [
        "Vi vill ha fika.",
        "struket",
    ]
    assert sum(line["Kommentar"] == "struket" for line in found) == 1
    assert not re.search("Storgatan|Kommentar 3", page + str(found))
    assert await owner.fetch("select * from release order by id") == before
    told = await owner.fetch("select staff_id, action, subject from audit_entry where action like '%strike%' order by id")
    assert [tuple(entry) for entry in told] == [
        (kim.staff_id, "evaluation:strike_words", "section/2.1"), (kim.staff_id, "evaluation:strike_comment", "section/2.1")
    ]  # fmt: skip


async def test_striking_can_only_blank_and_only_a_coordinator_of_the_programme_can(
    groups: Groups, clock: FrozenClock, settings: Settings, owner: asyncpg.Connection, robin: Principal
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.1")
    alex = await a_coordinator(clock.now(), "alex", "2.7")
    await groups.closed(5, words="Vi.")
    waits = await groups.closed(2, words="Vi väntar.")
    open_, _slips = await groups.with_slips(1)
    await owner.execute("update ballot set own_words = 'Inte än.' where cohort_id = $1", open_.cohort_id)
    found = await strike_queries.shown("2.1")
    assert {one.words for one in found} == {"Vi.", "Vi väntar."}
    for one in found:
        for who in (alex, robin):
            assert not await strike_services.strike("2.1", one, who.staff_id, clock.now())
            assert not await strike_services.strike("2.7", one, who.staff_id, clock.now())
    # By hand neither role blanks what is released; nor does anybody change it.
    for url in (settings.web_database_url, settings.worker_database_url):
        async with connected(url) as role:
            with pytest.raises(asyncpg.CheckViolationError, match="released already"):
                await role.execute("update ballot set own_words = '' where release_id is not null")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.execute("update release_text set words = ''")
    for one in found:
        assert await strike_services.strike("2.1", one, kim.staff_id, clock.now())
        assert not await strike_services.strike("2.1", one, kim.staff_id, clock.now()), "once"
    for change in ("own_words = 'Vi.'", "own_words = null"):
        with pytest.raises(asyncpg.CheckViolationError, match="released already"):
            await owner.execute(f"update ballot set {change} where release_id is not null")
    assert await queries.own_words(["2.1"]) == {"2.1": [""]}
    assert await owner.fetchval("select own_words from ballot where cohort_id = $1", open_.cohort_id) == "Inte än."
    assert await owner.fetchval("select own_words from ballot where cohort_id = $1", waits.cohort_id) == ""


async def test_what_is_shown_or_waits_is_struck_and_reviewed_also_when_the_evaluation_has_been_turned_off(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock, settings: Settings
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.7")
    _id, programme = await a_programme("2.7")
    home = f"/personal/utvarderingar/{programme.slug}"
    for _ in range(2):
        await groups.closed(5, section="2.7")
    await comments(groups, kim, settings, "2.7")
    for _ in range(2):
        await groups.closed(5, section="2.7")
    await choose_reading(programme, "evaluation", "off", kim.staff_id, clock.now())
    await sign_in_as(client, "kim", clock.now())
    assert (await client.get(f"{home}/fragor")).status_code == 404
    page = (await client.get(f"/personal/utvarderingar?insats={programme.slug}")).text
    assert {address for address in (f"{home}/stryk", f"{home}/kommentarer") if address in page} == {
        f"{home}/stryk",
        f"{home}/kommentarer",
    }
    shown = await client.get(f"{home}/stryk")
    key = re.findall(r'value="([0-9a-f]{32})"><span><span dir="auto">”Kommentar 3', shown.text)[0]
    struck = await post_form(client, f"{home}/stryk", {"vad": key, "bort": "ja"}, page=f"{home}/stryk")
    assert struck.status_code == 303
    assert (await client.get(f"/personal/utvarderingar?insats={programme.slug}")).text.count(">struket<") == 1
    begun = await post_form(client, f"{home}/kommentarer", {"gor": "borja"}, page=f"{home}/kommentarer")
    assert begun.status_code == 303
    await worker.drain(groups.worker)
    assert "Del 1 av" in (await client.get(f"{home}/kommentarer")).text
    # A programme that has never been evaluated has nothing to strike.
    _id, other = await a_programme("2.19")
    assert other.evaluation == "off"
    assert (await client.get(f"/personal/utvarderingar/{other.slug}/stryk")).status_code == 404


async def test_an_old_page_of_words_that_have_been_released_since_or_of_the_last_ones_is_answered_in_words(
    client: httpx.AsyncClient, groups: Groups, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now(), "kim", "2.1")
    for _ in range(2):
        await groups.closed(5, words="Bra.")
    await groups.closed(3, words="Vi väntar.")
    await sign_in_as(client, "kim", clock.now())

    async def key(words: str = "Vi väntar") -> str:
        return re.findall(rf'value="([0-9a-f]{{32}})"><span><span dir="auto">”{words}', (await client.get(PAGE)).text)[0]

    # Two groups have said the same: of the one that is struck it is told so.
    for left in (True, False):
        one = {"vad": await key("Bra"), "bort": "ja"}
        assert (await post_form(client, PAGE, dict(one), page=PAGE)).status_code == 303
        twice = await post_form(client, PAGE, dict(one), page=PAGE)
        assert twice.status_code == 409
        assert "Det är redan struket." in twice.text
        assert ("”Bra." in twice.text) == left
    waiting = {"vad": await key(), "bort": "ja"}
    await groups.closed(4)
    moved = await post_form(client, PAGE, dict(waiting), page=PAGE)
    assert moved.status_code == 409
    assert "Välj dem igen." in moved.text
    struck = {"vad": await key(), "bort": "ja"}
    assert (await post_form(client, PAGE, dict(struck), page=PAGE)).status_code == 303
    # Nothing is left to be struck; the summary of errors leads there all the same.
    for old in (struck, waiting):
        again = await post_form(client, PAGE, dict(old), page="/personal/grupper")
        assert again.status_code == 409
        assert "Det är redan struket. Det finns inga ord att stryka." in again.text
        assert set(re.findall(r'href="#([^"]+)"', again.text)) <= set(re.findall(r' id="([^"]+)"', again.text))
