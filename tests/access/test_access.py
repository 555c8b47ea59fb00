"""Every route, as everybody: let in, sent to sign in, refused, or told that there is nothing (promise 6)."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes.core.sealing import KeyFolder
from programmes.settings import Settings
from tests.access.cast import ask, cell_of, everybody, routes
from tests.access.page import DOCUMENT, as_page
from tests.access.table import BY_FORM, KINDS, ROLES, TABLE, Role
from tests.clock import FrozenClock
from tests.cohorts.cast import sign_in_as
from tests.conftest import Snapshot, empty

# So many tests, so that several processes share the work.
_PARTS = 6
_OF_TWO = sorted(route for route in TABLE if "{cohort_id}" in route and re.search(r"\{(enrolment_id|slot_id)\}", route))


def test_the_table_has_every_route_of_the_application_and_no_other(app: Litestar) -> None:
    assert set(TABLE) == routes(app)


def test_the_table_that_people_read_is_this_one() -> None:
    assert Path(DOCUMENT).read_text(encoding="utf-8") == as_page(), "write it anew: python -m tests.access.page"


async def become(client: httpx.AsyncClient, role: Role, clock: FrozenClock) -> str:
    """Sign in as this role in a browser that keeps nothing but the token of its forms, which is returned."""
    for cookie in [cookie for cookie in client.cookies.jar if cookie.name != "csrftoken"]:
        client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    if "csrftoken" not in client.cookies:
        await client.get("/logga-in")
    token = client.cookies["csrftoken"]
    if role != "nobody":
        await sign_in_as(client, role, clock.now())
    return token


@pytest.fixture
async def snapshot(owner: asyncpg.Connection, settings: Settings) -> AsyncIterator[Snapshot]:
    """A house that is put back after everybody who may change it."""
    kept = Snapshot(owner, settings.key_folder)
    yield kept
    await kept.forget()


@pytest.mark.parametrize("part", range(_PARTS))
async def test_every_cell_of_the_table_is_as_it_says(
    part: int,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    keys: KeyFolder,
    clock: FrozenClock,
    snapshot: Snapshot,
) -> None:
    wrong, ids, changed = [], None, False
    for route in sorted(TABLE)[part::_PARTS]:
        asked = TABLE[route]
        cells = KINDS[asked.kind]
        # Whoever is let in may change what there is to ask for, so they come last, each to a house of their own.
        for role in sorted(ROLES, key=lambda role: cells[role] == "in"):
            if ids is None or ids.section != asked.section:
                await empty(owner)
                ids, _elsewhere = await everybody(owner, keys, clock.now(), asked.section)
                await snapshot.take()
            elif changed:
                await snapshot.put_back()
            answer = await ask(client, route, asked, ids, await become(client, role, clock))
            changed = cells[role] == "in" and route.startswith("POST")
            if cell_of(answer) != cells[role]:
                wrong.append(f"{route} as {role}: {cell_of(answer)} ({answer.status_code}), not {cells[role]}")
            if asked.form and cells[role] != "in" and route not in BY_FORM:
                # Whoever isn't let in learns nothing of the form: the role is looked at before the body.
                bare = await ask(client, route, replace(asked, form={}), ids, await become(client, role, clock))
                if cell_of(bare) != cells[role]:
                    wrong.append(f"{route} as {role}, without a body: {bare.status_code}, not {cells[role]}")
    assert not wrong


@pytest.mark.parametrize("role", ["leader", "substitute", "coordinator"])
async def test_an_id_of_another_cohort_is_unknown_in_ones_own(
    role: Role, client: httpx.AsyncClient, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    mine, theirs = await everybody(owner, keys, clock.now(), "2.8")
    token = await become(client, role, clock)
    mixed = type(mine)(**{**theirs.__dict__, "cohort_id": mine.cohort_id})
    before = await owner.fetch("select id, state, key_id, code_digest from enrolment order by id")
    for route in _OF_TWO:
        answer = await ask(client, route, TABLE[route], mixed, token)
        assert cell_of(answer) == "unknown" or answer.headers.get("location", "").endswith("/studiebesok"), route
        assert "Anna Ask" not in answer.text, route
    assert await owner.fetch("select id, state, key_id, code_digest from enrolment order by id") == before
    assert await owner.fetchval("select count(*) from visit_slot where cancelled_at is null") == 2


@pytest.mark.parametrize(
    "role", ["former_substitute", "leader_elsewhere", "coordinator_elsewhere", "manager", "administrator"]
)
async def test_what_is_somebody_elses_looks_like_what_does_not_exist(
    role: Role, client: httpx.AsyncClient, owner: asyncpg.Connection, keys: KeyFolder, clock: FrozenClock
) -> None:
    mine, _theirs = await everybody(owner, keys, clock.now(), "2.8")
    token = await become(client, role, clock)
    nothing = type(mine)(
        **{
            **mine.__dict__,
            **dict.fromkeys(("cohort_id", "session_id", "slot_id"), "999999"),
            "enrolment_id": "00000000-0000-4000-8000-000000000001",
        }
    )
    for route in sorted(
        route for route, asked in TABLE.items() if asked.kind in {"who works with the cohort", "its coordinator"}
    ):
        if TABLE[route].section != "2.8":
            continue
        found, missing = [await ask(client, route, TABLE[route], ids, token) for ids in (mine, nothing)]
        assert found.status_code == missing.status_code == 404, route
        assert _bare(found.text, mine) == _bare(missing.text, nothing), route


def _bare(text: str, ids: object) -> str:
    """A page without the token of its forms and the ids that stood in the address."""
    text = re.sub(r'value="[0-9a-f]{40,}"', "", text)
    for one in sorted(vars(ids).values(), key=len, reverse=True):
        # As a whole part of an address: the digest of a static file may begin like an id.
        text = re.sub(rf"(/|%2F){re.escape(one)}\b", r"\1…", text)
    return text
