"""Whom a change of sessions does not reach stands on every page in the moment it is made: no worker is needed for that."""

import re
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import local
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.desk.test_reached import line_of, look
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator, post_form, sign_in_as, somebody
from tests.notices.mail import Mail

WRITING = "Beskeden skrivs just nu"


@pytest.fixture(autouse=True)
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a real clock, no two looks at it are the same moment: a request may take several."""

    def now(self: FrozenClock) -> datetime:
        self.advance(microseconds=1)
        return self._moment

    monkeypatch.setattr(FrozenClock, "now", now)


@pytest.fixture
async def kim(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return found


@pytest.fixture
async def group(
    kim: Principal,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> CohortFacts:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4, first_in=timedelta(days=4))
    await somebody(cohort, keys, clock.now(), "Hägg", "+46700000001")
    await mail.work()
    await owner.execute("update cohort set state = 'started'")
    await owner.execute("delete from notice")
    return cohort


def moved(session: SessionFacts, **other: object) -> dict[str, object]:
    starts, ends = local(session.starts_at) + timedelta(days=1), local(session.ends_at)
    form: dict[str, object] = {"dag": f"{starts:%Y-%m-%d}", "fran": f"{starts:%H:%M}", "till": f"{ends:%H:%M}"}
    return {**form, "lokal": session.venue_id, "omfang": "en", "sedd": session.sequence, **other}


async def shown_first(client: httpx.AsyncClient, address: str, form: dict[str, object]) -> httpx.Response:
    """Of the rest the days are shown before they are saved."""
    days = re.search(r'name="dagar" value="([^"]*)"', (await post_form(client, address, form)).text)
    assert days
    return await post_form(client, address, {**form, "dagar": days[1]})


async def change(client: httpx.AsyncClient, group: CohortFacts, what: str) -> httpx.Response:
    session = (await cohorts.sessions(group.cohort_id))[1]
    move, off = (f"/personal/traffar/{session.session_id}/{page}" for page in ("flytta", "stall-in"))
    if what == "rest":
        return await shown_first(client, move, moved(session, omfang="resten"))
    if what in {"off", "instead"}:
        then = "till" if what == "instead" else "inte"
        sign = re.search(r'name="nytt" value="([^"]*)"', (await client.get(off)).text)
        form = {"sedan": then, "sedd": session.sequence, "nytt": sign[1] if sign else ""}
        return await post_form(client, off, form)
    if what == "end":
        return await post_form(client, f"/personal/grupper/{group.cohort_id}/avsluta/i-fortid", {"sett": "4"})
    return await post_form(client, move, moved(session))


@pytest.mark.parametrize("what", ["move", "rest", "off", "instead", "end"])
async def test_whom_to_ring_about_a_change_is_known_before_the_worker_has_done_anything(
    what: str,
    group: CohortFacts,
    client: httpx.AsyncClient,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> None:
    answer = await change(client, group, what)
    assert answer.status_code == 303, re.findall(r'class="error[^<]*<[^<]*', answer.text)
    here = f"/personal/grupper/{group.cohort_id}"
    session = (await cohorts.sessions(group.cohort_id))[1]
    done = await look(client, f"{here}/andrat")
    ring = await look(client, f"{here}/ring")
    reached = line_of(await look(client, f"/personal/traffar/{session.session_id}/besked"), "Hägg")
    assert (WRITING in done, WRITING in ring) == (False, False)
    assert "1 person är inte nådd." in done
    assert ("Hägg" in ring, "Har fått veta" in ring) == (True, True)
    assert ("Ni ringer" in reached, "Nådd" in reached) == (True, True)
    assert "Inte nådd" in await look(client, "/personal/idag")
    # What the change asked of the worker finds all of it there.
    written = await owner.fetch("select id, kind, state, believed from notice order by id")
    assert len(written) == 1
    await mail.work()
    assert await owner.fetch("select id, kind, state, believed from notice order by id") == written


async def test_what_nobody_had_heard_of_is_undone_without_a_word_and_what_somebody_was_told_is_told_back(
    group: CohortFacts,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    here = f"/personal/grupper/{group.cohort_id}"

    async def undo() -> None:
        number = re.search(r'name="andring" value="(\d+)"', (await client.get(f"{here}/andrat")).text)
        assert number
        assert (await post_form(client, f"{here}/andrat", {"andring": number[1]})).status_code == 303

    assert (await change(client, group, "move")).status_code == 303
    await undo()
    assert "Hägg" not in await look(client, f"{here}/ring")
    assert await owner.fetchval("select count(*) from notice") == 0
    clock.advance(minutes=1)
    assert (await change(client, group, "move")).status_code == 303
    page = await look(client, f"{here}/ring")
    form: dict[str, object] = dict(re.findall(r'name="(vem|besked|sett)" value="([^"]+)"', page))
    assert (await post_form(client, f"{here}/ring", form)).status_code == 303
    assert "Hägg" not in await look(client, f"{here}/ring")
    await undo()
    assert "Hägg" in await look(client, f"{here}/ring")


@pytest.mark.parametrize("what", ["move", "rest", "off", "instead"])
async def test_who_was_written_to_about_a_change_reads_that_it_does_not_hold_when_it_is_undone(
    what: str,
    group: CohortFacts,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    await somebody(group, keys, clock.now(), "Lönn", "lonn@example.invalid")
    await mail.work()
    before = set(mail.to("lonn@example.invalid"))
    assert (await change(client, group, what)).status_code == 303
    await mail.work()
    changed = set(mail.to("lonn@example.invalid"))
    clock.advance(minutes=1)
    done = await look(client, f"/personal/grupper/{group.cohort_id}/andrat")
    number = re.search(r'name="andring" value="(\d+)"', done)
    assert number
    undone = await post_form(client, f"/personal/grupper/{group.cohort_id}/andrat", {"andring": number[1]})
    assert undone.status_code == 303
    await mail.work()
    (back,) = set(mail.to("lonn@example.invalid")) - changed
    assert len(changed - before) == 1
    assert "Ändringen som vi skrev om gäller inte." in re.sub(r"=?\s+", " ", back)
