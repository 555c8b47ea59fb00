"""A start that is postponed to another year than the next: everybody reads the year, and it is asked whether it is meant."""

import re
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import decision_queries
from programmes.cohorts import queries as cohorts
from programmes.core.sealing import KeyFolder
from programmes.oversight.cockpit import file_pages
from programmes.oversight.decisions.kept_pages import decision_line
from programmes.oversight.queries import undecided
from tests.clock import FrozenClock
from tests.desk.test_sick import mail, with_mail  # noqa: F401
from tests.desk.undecided import a_group, min_plats, with_address
from tests.factories import a_cohort, a_coordinator, a_leader, confirm, hidden, post_form, sign_in_as
from tests.notices.mail import Mail

pytestmark = pytest.mark.usefixtures("db")
STARTS = "/personal/starter"


async def words(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", answer.text)


async def test_whoever_reads_of_a_start_put_off_by_more_than_a_year_reads_the_year(
    client: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    owner: asyncpg.Connection,
    mail: Mail,  # noqa: F811
) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await with_mail(owner, "robin")
    cohort = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=40))
    one = await with_address(cohort, 0, clock, keys)
    await confirm(one, clock.now())
    await mail.work()
    await sign_in_as(client, "kim", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/skjut-upp"
    fields = {"start": "2028-01-07", "beslut": "2027-12-10", "skal": "too_few"}
    page = (await post_form(client, address, fields | {"visa": "1"}, address)).text
    day = re.search(r"Skjut upp till (\d+ \w+ \d{4})", page)
    assert day, "the button"
    assert re.search(r"Menar du \w+ \d+ januari 2028\?", page)
    assert re.search(r">\w{3} \d+ jan 2028<", page), "the list of days"
    fields |= {name: hidden(page, name) for name in ("sett", "vilka", "dagar")}
    refused = await post_form(client, address, fields, address)
    assert refused.status_code == 422
    assert "Det är mer än ett halvår senare än nu. Ändra, eller kryssa i att det är meningen." in refused.text
    done = await post_form(client, address, fields | {"anda": fields["dagar"]}, address)
    assert done.status_code == 303, done.text
    found = await words(client, STARTS)
    assert "10 dec 2027" in found
    (line,) = await decision_queries.history(cohort.cohort_id)
    now_is = (await cohorts.by_id(cohort.cohort_id)).first_start
    assert cohort.first_start
    assert now_is
    assert f"till {day[1]}. För få deltagare." in decision_line(line)
    assert "Från " in decision_line(line)
    clock.advance(minutes=20)
    await mail.work()
    await mail.work()
    assert any(day[1] in text for text in mail.to("p0@example.invalid"))
    assert any(day[1] in text for text in mail.to("robin@kommun.example"))
    assert day[1] in await min_plats(client, one, keys)


async def test_a_start_that_is_put_off_by_some_weeks_is_not_asked_about(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), first_in=timedelta(days=40))
    await sign_in_as(client, "kim", clock.now())
    page = await words(client, f"{STARTS}/{cohort.cohort_id}/skjut-upp")
    assert "Menar du" not in page
    assert re.search(r"Skjut upp till \d+ \w+<", page), "no year"


async def test_a_day_that_can_not_be_is_neither_asked_about_nor_offered(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), first_in=timedelta(days=40))
    await sign_in_as(client, "kim", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/skjut-upp"
    fields = {"start": "2127-01-08", "beslut": "2126-12-10", "skal": "too_few", "visa": "1"}
    refused = await post_form(client, address, fields, address)
    assert refused.status_code == 422
    assert "Välj en dag inom två år" in refused.text
    assert "Menar du" not in refused.text
    assert "Skjut upp till" not in refused.text
    assert "Visa dagarna igen" in refused.text


async def test_the_file_says_how_late_a_start_is(clock: FrozenClock) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.8", clock.now(), first_in=timedelta(days=40))
    starts = await undecided(kim, clock.now())
    left, late = (file_pages.heads().index(head) for head in ("Dagar kvar", "Dagar försenat"))
    for days, said in ((18, ("", "18")), (0, ("0", "")), (-3, ("3", ""))):
        (line,) = file_pages.rows(starts, (), cohort.decide_by + timedelta(days=days))
        assert (line[left], line[late]) == said


async def test_who_waits_for_a_start_of_which_something_was_held_is_promised_what_can_come(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    group = await a_group(clock, keys, 3, 1, 1)
    clock.advance(days=30)
    shown = await min_plats(client, group.queued[0], keys)
    assert "Starten är inte beslutad" in shown
    assert "Men det är inte beslutat om gruppen startade eller slutar." in shown
    assert "Flyttas starten fram" not in shown
    assert "Ställs den in" not in shown
    await owner.execute("update cohort_session set state = 'planned' where cohort_id = $1", group.number)
    assert "Flyttas starten fram behåller du din plats" in await min_plats(client, group.queued[0], keys)
