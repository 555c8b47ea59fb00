"""Many people who fill in the public form and press the button at the same moment, over HTTP, at two web processes."""

import asyncio
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from programmes.core.codes import normalised
from tests.factories import csrf_of, hidden

YES = {"v_residency": "ja", "v_own_wish": "ja", "v_no_more_extensive_need": "ja", "v_age": "ja", "fragad": "age"}
PATIENCE_SECONDS = 60
# Who presses twice, as people do: one in so many.
TWICE = 10


@dataclass(frozen=True)
class Answer:
    """What one person saw: the statuses of the posts, then Min plats at the other process. `position` 0 is a place."""

    statuses: tuple[int, ...]
    heading: str
    code: str

    @property
    def holds(self) -> bool:
        return self.heading == "Du har en plats"

    @property
    def position(self) -> int:
        found = re.fullmatch(r"Du står i kö, som nummer (\d+)", self.heading)
        return int(found[1]) if found else 0


async def rush(many: int, bases: Sequence[str], public_id: str) -> list[Answer]:
    """So many people apply at once, each with a browser of their own; every tenth presses twice, at both processes."""
    ready, unused = asyncio.Barrier(many), ssl.create_default_context()
    return list(await asyncio.gather(*(_person(n, bases, f"/anmalan/{public_id}", ready, unused) for n in range(many))))


async def _person(number: int, bases: Sequence[str], address: str, ready: asyncio.Barrier, unused: ssl.SSLContext) -> Answer:
    mine, other = bases[number % 2], bases[1 - number % 2]
    # One context for all: two hundred of them take longer than the rush.
    async with httpx.AsyncClient(verify=unused, trust_env=False, timeout=PATIENCE_SECONDS) as browser:
        form = (await browser.get(mine + address)).text
        typed = {**YES, "once": hidden(form, "once"), "_csrf_token": csrf_of(form)}
        await ready.wait()
        presses = [mine, other] if number % TWICE == 0 else [mine]
        posted = await asyncio.gather(*(browser.post(base + address, data=typed) for base in presses))
        place = (await browser.get(other + "/min-plats")).text
    heading = re.search(r"<h1>([^<]*)</h1>", place)
    code = re.search(r'<p class="code">([0-9A-Z-]+)<br>([0-9A-Z-]+)</p>', place)
    return Answer(
        tuple(answer.status_code for answer in posted),
        heading[1] if heading else place[:200],
        normalised(code[1] + code[2]) or "" if code else "",
    )
