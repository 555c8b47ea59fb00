"""What was released of a section that a new edition no longer has: it is read, taken home, reviewed and struck as before."""

import re
from dataclasses import replace

import asyncpg
import httpx

from programmes import worker
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.services import load_edition
from programmes.core.clock import local_date
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.desk.test_transfer_again import editions_left_as_they_were
from tests.evaluation.conftest import Groups
from tests.evaluation.test_results import lines, sheets
from tests.evaluation.test_striking import comments
from tests.factories import a_coordinator, a_leader, a_programme, post_form, sign_in_as
from tests.owner import as_owner

__all__ = ["editions_left_as_they_were"]


async def without(section: str, clock: FrozenClock) -> None:
    """From now on an edition is in force that hasn't this section."""
    file = read_edition(EDITIONS / "2026-04-01.toml")
    fewer = tuple(p for p in file.programmes if p.section != section)
    clock.advance(days=1)
    async with as_owner():
        await load_edition(replace(file, valid_from=local_date(clock.now()), digest=b"fewer", programmes=fewer), clock.now())


async def test_what_a_section_released_or_left_waiting_is_kept_when_it_is_gone(
    client: httpx.AsyncClient,
    groups: Groups,
    clock: FrozenClock,
    settings: Settings,
    editions_left_as_they_were: None,
) -> None:
    kim = await a_coordinator(clock.now(), "kim", "2.7")
    await a_coordinator(clock.now(), "alex", "2.8")
    _id, programme = await a_programme("2.7")
    home = f"/personal/utvarderingar/{programme.slug}"
    await groups.closed(5, section="2.7")
    for people in (4, 3):
        await groups.closed(people, section="2.7")
    await comments(groups, kim, settings, "2.7")
    await groups.closed(1, section="2.7")
    for _ in range(2):
        await groups.closed(5, section="2.7")
    await sign_in_as(client, "kim", clock.now())
    before = (await client.get(f"{home}/svar.csv")).content
    clock.advance(days=1)
    await without("2.7", clock)
    assert len({line["Utvärdering"] for line in lines(before) if line["Fråga"] and not line["Kommentar"]}) == 4
    for name in ("robin", "kim"):
        await sign_in_as(client, name, clock.now())
        page = await client.get("/personal/utvarderingar")
        assert f"Utvärdering av {programme.short_name}" in page.text
        assert "7 svar av 7" in page.text
        assert "Väntar på fler svar" in page.text
        assert (await client.get(f"{home}/svar.csv")).content == before
        assert len(sheets((await client.get(f"{home}/svar.xlsx")).content)["Svar"]) == 17
    shown = await client.get(f"{home}/stryk")
    key = re.findall(r'value="([0-9a-f]{32})"><span><span dir="auto">”Kommentar 3', shown.text)[0]
    struck = await post_form(client, f"{home}/stryk", {"vad": key, "bort": "ja"}, page=f"{home}/stryk")
    assert struck.status_code == 303
    await post_form(client, f"{home}/kommentarer", {"gor": "borja"}, page=f"{home}/kommentarer")
    await worker.drain(groups.worker)
    assert "Del 1 av" in (await client.get(f"{home}/kommentarer")).text
    assert (await client.get(f"{home}/fragor")).status_code == 404, "no more slips with other questions"
    await sign_in_as(client, "alex", clock.now())
    assert programme.short_name not in (await client.get("/personal/utvarderingar")).text
    assert (await client.get(f"{home}/svar.csv")).status_code == 404
    assert (await client.get(f"{home}/stryk")).status_code == 403


async def test_a_review_that_waits_is_led_to_also_where_nothing_is_shown(
    client: httpx.AsyncClient, db: None, clock: FrozenClock, owner: asyncpg.Connection, editions_left_as_they_were: None
) -> None:
    """Answers that were few are destroyed unread after a year; what people wrote may be enough by then."""
    await a_coordinator(clock.now(), "kim", "2.7")
    await owner.execute("insert into text_review (id, section, state) values (gen_random_uuid(), '2.7', 'ready')")
    await without("2.7", clock)
    _id, programme = await a_programme("2.7")
    await sign_in_as(client, "kim", clock.now())
    page = (await client.get("/personal/utvarderingar")).text
    assert f"/personal/utvarderingar/{programme.slug}/kommentarer" in page
    await a_leader(clock.now(), "robin")
    await sign_in_as(client, "robin", clock.now())
    assert programme.short_name not in (await client.get("/personal/utvarderingar")).text
