"""The demo shows its mail to visitors; nothing else does."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from programmes.app import create_app
from programmes.cohorts.queries import CohortFacts
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.factories import somebody
from tests.notices.mail import Mail


@pytest.fixture
async def demo(mail: Mail, clock: FrozenClock) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(replace(mail.worker.settings, demo=True), clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver.local") as browser:
        yield browser


async def test_a_visitor_reads_the_message_and_follows_its_link(
    demo: httpx.AsyncClient, mail: Mail, cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock
) -> None:
    assert "Inga mejl än" in (await demo.get("/demo/mejl")).text
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    page = (await demo.get("/demo/mejl")).text
    assert "Till lisa@example.invalid, onsdag 2 september 10.00" in page
    assert '<a href="http://testserver.local/min-plats#' in page


async def test_a_link_does_not_take_the_full_stop_along_and_what_is_not_shown_is_said(
    demo: httpx.AsyncClient, mail: Mail
) -> None:
    mail.folder.mkdir(exist_ok=True)
    for number in range(50):
        text = (
            "Subject: Om\nTo: a@example.invalid\n\nLäs på http://testserver.local/personal/granskning. Sedan är det klart."
        )
        (mail.folder / f"{number}.eml").write_text(text, encoding="utf-8")
    page = (await demo.get("/demo/mejl")).text
    assert 'href="http://testserver.local/personal/granskning">http://testserver.local/personal/granskning</a>.' in page
    assert "Bara de" not in page
    (mail.folder / "50.eml").write_text(text, encoding="utf-8")
    page = (await demo.get("/demo/mejl")).text
    assert "Bara de 50 nyaste visas." in page
    assert page.count("<article") == 50


async def test_there_is_no_such_page_outside_the_demo(client: httpx.AsyncClient) -> None:
    assert (await client.get("/demo/mejl")).status_code == 404
