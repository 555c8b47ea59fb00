"""Attack: close a box into which so few have answered that its sum would be somebody's answer."""

import html
import re

import asyncpg
import httpx

from programmes import worker
from programmes.evaluation import services
from programmes.evaluation.keys import BallotKeys
from tests.attacks.conftest import Boxes
from tests.clock import FrozenClock
from tests.evaluation.conftest import GLAD, Groups
from tests.factories import sign_in_as

# One programme each, so that nothing is mixed; one of them has a group of which not even the head count is kept.
SECTIONS = ("2.1", "2.7", "2.8", "2.12", "2.15")


def _bare(text: str, *names: object) -> str:
    """A page without what tells one group from another: its name, its address, its programme, its moment."""
    text = re.sub(r'name="_csrf_token" value="[0-9a-f]+"', "", html.unescape(text))
    for name in sorted((str(n) for n in names), key=len, reverse=True):
        text = text.replace(name, "…")
    return text


async def test_of_a_box_with_no_to_four_answers_nothing_is_released_and_no_number_told(
    groups: Groups,
    boxes: Boxes,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    ballot_keys: BallotKeys,
    clock: FrozenClock,
) -> None:
    cohorts = []
    for section in SECTIONS:
        cohorts.append(await groups.started(4, section, sessions=2))
    await worker.drain(groups.worker)
    for answers, cohort in enumerate(cohorts):
        slips = await services.print_slips(cohort.cohort_id, groups.leader, clock.now())
        assert isinstance(slips, list)
        for code in slips[:answers]:
            assert await services.cast(code, GLAD, groups.worker.settings.key_folder)
        await services.close(cohort.cohort_id, groups.leader, clock.now())
    await worker.drain(groups.worker)
    for name in ("release", "held_text", "slip"):
        assert await owner.fetchval(f"select count(*) from {name}") == 0, name
    rows = {row["cohort_id"]: row for row in await owner.fetch("select id, cohort_id, state from ballot")}
    states = [rows[cohort.cohort_id]["state"] for cohort in cohorts]
    assert states == ["empty", "waiting", "waiting", "waiting", "waiting"]
    alive = set(ballot_keys.alive()) & {row["id"] for row in rows.values()}
    assert alive == {row["id"] for row in rows.values() if row["state"] == "waiting"}
    # That nobody at all has answered is said. One to four are told apart by nobody.
    await sign_in_as(client, "robin", clock.now())
    pages = []
    for cohort in cohorts:
        shown = await client.get(f"/personal/grupper/{cohort.cohort_id}/utvardering")
        short = cohort.name.split(",")[0]
        pages.append(_bare(shown.text, cohort.name, short, f"/{cohort.cohort_id}/", f"/{cohort.cohort_id}\"", cohort.slug,
                           f"riktlinjen {cohort.section}", f"av {short}"))  # fmt: skip
    assert "Ingen svarade" in pages[0]
    locked = [re.search(r"<h2>Svaren är låsta.*?</div>", page, re.DOTALL) for page in pages[1:]]
    assert all(locked)
    said = {re.sub(r"<p class=\"small muted\">.*?</p>", "", found[0]) for found in locked if found}
    assert len(said) == 1
    assert not any(re.search(r"\b[0-9]+ (svar|lapp)", page) for page in pages)
    results = (await client.get("/personal/utvarderingar")).text
    assert not re.search(r"\b[0-9]+ svar\b", results)
    # The control: a fifth answer is all that it takes.
    await boxes.counted([GLAD] * 5)
    assert await owner.fetchval("select answers from release") == 5
