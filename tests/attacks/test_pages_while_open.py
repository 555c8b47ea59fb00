"""Attack: whoever may look at a page, or take a file home, does so between votes, and compares. Every route of every role,
byte for byte: while a box is open nothing that is shown depends on what lies in it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes.core import codes
from programmes.core.sealing import KeyFolder
from programmes.evaluation import queries, services
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.rules import BallotFacts
from programmes.settings import Settings
from tests.access.cast import Ids, everybody
from tests.access.table import KINDS, ROLES, TABLE, Role
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.conftest import Snapshot
from tests.evaluation.conftest import GLAD
from tests.factories import csrf_of

# What differs each time that a page is asked for, by its name in the form: a number that makes a form count once.
NONCES = ("once",)
_NONCE = re.compile(rb'name="(%s)" value="[^"]*"' % "|".join(NONCES).encode())
# A page that draws a secret for a code app whenever it is asked for; of it only the status is compared.
DRAWN = "/personal/konto/kod"
# What the looking itself counts (tests/operations/test_metrics.py: and a vote does not).
_COUNTED = re.compile(rb"^programmes_(request|pool).*\n", re.MULTILINE)
SECTION = "2.8"
Browsers = dict[Role, httpx.AsyncClient]
Shown = dict[str, tuple[int, dict[str, str], bytes]]


def _asked() -> list[tuple[Role, str]]:
    """Who asks for what: every route that can be read. Pages near an evaluation by everybody who is let in; of the others,
    where all run the same code, by one in turn, so that every role asks for many."""
    found: list[tuple[Role, str]] = []
    turn = 0
    for route in sorted(route for route in TABLE if route.startswith("GET ")):
        kind = TABLE[route].kind
        let_in = [role for role in ROLES if KINDS[kind][role] == "in"]
        if kind == "everybody":
            let_in = let_in[:1]
        elif not re.search(r"utvardering|idag|/grupper$|/starter$|avsluta$|\{cohort_id\}$", route):
            let_in = let_in[turn % len(let_in) :][:1] if let_in else []
            turn += 1
        found += [(role, route.removeprefix("GET ")) for role in let_in]
    return found


async def _look(browsers: Browsers, ids: Ids, unused: str, only: str = "") -> Shown:
    """All pages and files, and what the holder of a slip sees."""
    shown: Shown = {}
    for role, pattern in _asked():
        if only in pattern:
            answer = await browsers[role].get(ids.fill(pattern))
            headers, content = dict(answer.headers), _NONCE.sub(rb"\1", answer.content)
            if pattern == "/metrics":
                headers, content = {}, _COUNTED.sub(b"", content)
            shown[f"{role} {pattern}"] = (answer.status_code, *(({}, b"") if pattern == DRAWN else (headers, content)))
    slip = await browsers["nobody"].post("/u", data={"kod": unused})
    shown["slip"] = (slip.status_code, dict(slip.headers), slip.content)
    return shown


def _different(one: Shown, other: Shown) -> list[str]:
    return [name for name, content in one.items() if other[name] != content]


@pytest.fixture
async def browsers(app: Litestar, settings: Settings, db: None) -> AsyncIterator[Browsers]:
    made = {role: httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=settings.base_url) for role in ROLES}
    yield made
    for browser in made.values():
        await browser.aclose()


async def test_every_page_and_file_is_the_same_before_and_after_each_vote(
    browsers: Browsers,
    owner: asyncpg.Connection,
    keys: KeyFolder,
    ballot_keys: BallotKeys,
    settings: Settings,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids, _elsewhere = await everybody(owner, keys, clock.now(), SECTION)
    printed = [codes.new_code() for _ in range(7)]
    box = await owner.fetchval("select id from ballot where cohort_id = $1", int(ids.cohort_id))
    ballot_keys.create(box)
    await owner.execute("update cohort set state = 'started' where id = $1", int(ids.cohort_id))
    await owner.fetchval("select issue_slips($1, $2)", box, [codes.digest(code) for code in printed])
    for role, browser in browsers.items():
        csrf_of((await browser.get("/logga-in")).text)
        if role != "nobody":
            await sign_in_as(browser, role, clock.now())
            # The address of somebody's calendar is drawn when they first look.
            assert (await browser.get("/personal/kalender")).status_code == 200
    snapshot = Snapshot(owner, settings.key_folder)

    async def looked_after(votes: int, only: str = "") -> Shown:
        """Pages leave traces of their own, as looks at people do: each time it begins from the same rows."""
        await snapshot.put_back()
        for code in printed[:votes]:
            assert await services.cast(code, GLAD, settings.key_folder)
        return await _look(browsers, ids, printed[6], only)

    await snapshot.take()
    try:
        none = await looked_after(0)
        assert {name.split(" ")[0] for name in none} == {*ROLES, "slip"}
        assert len({name.split(" ")[-1] for name in none}) > 90
        assert {status for status, _headers, _content in none.values()} <= {200, 303, 404, 409}
        assert sum(status == 200 for status, _headers, _content in none.values()) > 90
        assert _different(none, await looked_after(6)) == []
        some = {name: content for name, content in none.items() if "utvardering" in name or name == "slip"}
        assert _different(some, await looked_after(1, "utvardering")) == []

        # The control: a page that knew how many slips are left.
        async def for_cohort(cohort_id: int) -> BallotFacts | None:
            known = await real(cohort_id)
            left = await owner.fetchval("select count(*) from slip")
            return replace(known, slips=left) if known else None

        real = queries.for_cohort
        monkeypatch.setattr(queries, "for_cohort", for_cohort)
        told = _different(await looked_after(0, "utvardering"), await looked_after(1, "utvardering"))
        assert any(name.endswith("/utvardering") for name in told)
    finally:
        await snapshot.forget()
