"""Whoever sees the numbers of `/metrics` between two votes learns of neither."""

import httpx

from programmes.app import create_app
from tests.evaluation.conftest import GLAD, Groups

_ANSWERS = {name: str(value) for name, value in GLAD.items()}


async def test_a_vote_changes_no_byte_of_the_measures(groups: Groups) -> None:
    settings = groups.worker.settings
    _cohort, slips = await groups.with_slips(6)
    app = create_app(settings, groups.clock, own_pool=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) as browser:
        before = (await browser.get("/metrics")).text
        assert "programmes_jobs " in before
        for code in slips[:3]:
            sent = await browser.post("/u", data={"kod": code, "steg": "svar", "gor": "skicka", **_ANSWERS})
            assert sent.status_code == 303
        assert (await browser.get("/metrics")).text == before
        # The control: another page does.
        await browser.get("/")
        assert (await browser.get("/metrics")).text != before
