"""A documented group's people as a file: what the page says, in the log, and not for substitutes."""

import re
from datetime import timedelta
from typing import get_args

import asyncpg
import httpx
import pytest

from programmes.core.i18n import speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group.people_pages import tag_of
from programmes.enrolment import queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.rules import State
from programmes.enrolment.tables import Enrolment
from programmes.oversight import services as decisions
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_leader, confirm, sign_in_as, somebody
from tests.lists import lines_of

MARK = "Internt, sekretess"


@pytest.fixture
async def robin(db: None, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


async def test_the_file_has_everybody_as_the_page_shows_them_and_each_is_in_the_log(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, minimum=1, maximum=3)
    people = [
        (await somebody(cohort, keys, clock.now(), name)).enrolment_id
        for name in ('=HYPERLINK("http://x")', "Bo Ek", "Cia Al", "Dan Ed")
    ]
    await confirm(people[0], clock.now())
    hidden = (await queries.enrolment(people[2])).participant_id
    await owner.execute("update participant set protected_identity = true where id = $1", hidden)
    await sign_in_as(client, "robin", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert f'href="{group}/deltagare.csv"' in (await client.get(group)).text
    before = await owner.fetchval("select max(id) from record_look")
    client.cookies.set("lang", "en")
    lines = await lines_of(client, f"{group}/deltagare.csv")
    assert {line[0] for line in lines} == {MARK}
    assert [line[1:5] for line in lines] == [
        ['\'=HYPERLINK("http://x")', "", "1", "Klar"],
        ["Bo Ek", "", "2", "Preliminär"],
        ["Deltagare 3", "Ja", "3", "Preliminär"],
        ["Dan Ed", "", "", "Väntar"],
    ]
    assert "studiebesök" in lines[1][5]
    assert "Anmäld" in lines[3][5]
    looks = await owner.fetch("select page, staff_id, participant_id from record_look where id > $1", before)
    assert {row["page"] for row in looks} == {"people_file"}
    assert {row["staff_id"] for row in looks} == {robin.staff_id}
    assert {row["participant_id"] for row in looks} == {(await queries.enrolment(one)).participant_id for one in people}


async def test_of_a_cancelled_start_page_and_file_say_what_each_had_the_offered_and_the_queue_too(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=3)
    names = ("Anna Ask", "Bo Ek", "Cia Al", "Dan Ed", "Eva Ost", "Fia Gran")
    people = [(await somebody(cohort, keys, clock.now(), name)).enrolment_id for name in names]
    await confirm(people[1], clock.now())
    # Dan is offered the place that Anna leaves; another declined one and one that ran out stand there too.
    await enrolment.leave(people[0], keys, clock.now())
    assert (await queries.enrolment(people[3])).state == "offered"
    clock.advance(minutes=1)
    seen = decisions.seen_as(cohort.state, cohort.first_start)
    await decisions.cancel(cohort.cohort_id, "too_few", seen, kim, clock.now())
    await owner.execute("update enrolment set state = 'expired' where id = $1", people[5])
    await sign_in_as(client, "kim", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    had = {
        "Bo Ek": "Klar",
        "Cia Al": "Preliminär",
        "Anna Ask": "Har lämnat",
        "Dan Ed": "Hade ett erbjudande",
        "Eva Ost": "Stod i kö",
        "Fia Gran": "Fick ingen plats",
    }
    lines = await lines_of(client, f"{group}/deltagare.csv")
    assert [line[1] for line in lines] == list(had)
    assert {line[1]: line[4] for line in lines} == had
    assert not any(line[5] for line in lines), "nothing is left to be done"
    page = (await client.get(group)).text
    rows = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr role=\"row\"><th role=\"rowheader\".*?</tr>", page)]
    assert len(rows) == len(had)
    for name, what in had.items():
        assert any(name in row and what in row for row in rows), (name, rows)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_state_has_words_of_its_own(language: str) -> None:
    assert set(re.findall(r"'(\w+)'", Enrolment.known_enrolment_state.condition)) == set(get_args(State))
    with speaking(language):
        said = {state: tag_of(state).text for state in get_args(State)}
    assert len(set(said.values())) == len(said)
    assert not any(text in said or "_" in text for text in said.values())


async def test_a_substitute_has_no_file_and_no_link_to_it(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    await somebody(cohort, keys, clock.now(), "Anna Ask")
    love = await a_leader(clock.now(), "love")
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, 'substitute', $3)",
        cohort.cohort_id, love.staff_id, (clock.now() + timedelta(days=60)).date(),
    )  # fmt: skip
    await sign_in_as(client, "love", clock.now())
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert "deltagare.csv" not in (await client.get(group)).text
    before = await owner.fetchval("select max(id) from record_look")
    assert (await client.get(f"{group}/deltagare.csv")).status_code == 403
    assert await owner.fetchval("select max(id) from record_look") == before


async def test_a_working_list_never_becomes_a_file(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.7", clock.now(), robin)
    exempt = await a_cohort("2.1", clock.now(), robin)
    await somebody(exempt, keys, clock.now(), "Al")
    await a_coordinator(clock.now())
    for who in ("robin", "kim"):
        await sign_in_as(client, who, clock.now())
        group = f"/personal/grupper/{exempt.cohort_id}"
        assert "deltagare.csv" not in (await client.get(group)).text
        assert (await client.get(f"{group}/deltagare.csv")).status_code == 404
        # And of nobody there is none to take.
        assert "deltagare.csv" not in (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
        assert await lines_of(client, f"/personal/grupper/{cohort.cohort_id}/deltagare.csv") == []
