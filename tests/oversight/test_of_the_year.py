"""How many starts a year there are to be, by the edition of that year; and what managers read of starts and decisions."""

import dataclasses
import re
from datetime import UTC, date, datetime, time, timedelta

import asyncpg
import httpx
import pytest

from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.services import load_edition
from programmes.cohorts.year_rules import number_fits
from programmes.core.i18n import speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.oversight import services
from programmes.oversight.per_year.pages import Chances, year_notes, year_rows
from programmes.oversight.rules import Year
from tests.catalogue.test_storing import may_store
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_staff_member, confirm, hidden, post_form, sign_in_as, somebody
from tests.lists import lines_of

STARTS = "/personal/starter"
__all__ = ["may_store"]


@pytest.fixture
async def kim(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return kim


@pytest.fixture
async def maria(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_staff_member("maria", "manager", clock.now())
    await sign_in_as(client, "maria", clock.now())


async def demanding(number: int, valid_from: date, clock: FrozenClock) -> None:
    """An edition that is as the one in force, with another number of starts a year in 2.8."""
    [path] = EDITIONS.glob("*.toml")
    edition = read_edition(path)
    changed = tuple(
        dataclasses.replace(p, starts_per_year_min=number) if p.section == "2.8" else p for p in edition.programmes
    )
    await load_edition(dataclasses.replace(edition, valid_from=valid_from, digest=b"later", programmes=changed), clock.now())


async def test_a_year_to_come_is_held_against_the_edition_of_its_last_day(
    kim: Principal, may_store: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await demanding(3, date(2027, 1, 1), clock)
    starts = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=days)) for days in (150, 200, 250)]
    assert "av 3" not in (await client.get(STARTS)).text
    text = (await client.get(f"{STARTS}?ar=2027")).text
    assert "0 av 3" in text
    assert "Riktlinjen kräver minst 3 starter i 2.8." in text
    # So what it would be without one of them.
    text = (await client.get(f"{STARTS}/{starts[0].cohort_id}/stall-in")).text
    assert "Då blir det bara 2 starter 2027" in text
    assert "Riktlinjen kräver minst 3 starter i 2.8." in text


async def test_the_reminder_goes_by_the_edition_of_the_years_last_day(
    kim: Principal, may_store: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    for days in (10, 20):
        await a_cohort("2.8", clock.now(), first_in=timedelta(days=days), state="started")
    assert "Planera nästa start av Återfallsprevention" not in (await client.get("/personal/idag")).text
    await demanding(3, date(2026, 12, 1), clock)
    text = (await client.get("/personal/idag")).text
    assert "Planera nästa start av Återfallsprevention" in text
    assert "För att hinna start 3 2026" in text


def test_what_the_year_is_held_against_is_said_from_the_numbers() -> None:
    assert year_notes([("2.1", None, None)]) == ()
    assert year_notes([("2.1", 1, None), ("2.7", 2, 2), ("2.8", 4, 2), ("2.12", 1, 1)]) == (
        "Riktlinjen kräver minst 1 start i 2.12.", "Riktlinjen kräver minst 2 starter i 2.7 och 2.8.",
        "Ni vill själva ha minst 1 start i 2.1.", "Ni vill själva ha minst 4 starter i 2.8.",
    )  # fmt: skip


async def test_the_page_says_what_the_office_has_set_and_nothing_fixed(
    kim: Principal, client: httpx.AsyncClient, owner: asyncpg.Connection, clock: FrozenClock
) -> None:
    await owner.execute(
        "insert into yearly_starts (section, number, staff_id, set_at) values ('2.1', 3, $1, $2)", kim.staff_id, clock.now()
    )
    text = (await client.get(STARTS)).text
    assert "Två starter" not in text
    assert "Riktlinjen kräver minst 2 starter i 2.7 och 2.8. Ni vill själva ha minst 3 starter i 2.1." in text


@pytest.mark.parametrize(
    ("section", "number", "said"),
    [
        ("2.1", 4, "<p>Ni vill själva ha minst 4 starter i 2.1.</p>"),
        ("2.7", 3, "<p>Riktlinjen kräver minst 2 starter i 2.7. Ni vill själva ha minst 3 starter i 2.7.</p>"),
    ],
)
async def test_who_cancels_or_postpones_reads_whose_number_is_not_reached(
    kim: Principal,
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    clock: FrozenClock,
    section: str,
    number: int,
    said: str,
) -> None:
    await owner.execute(
        "insert into yearly_starts (section, number, staff_id, set_at) values ($1, $2, $3, $4)",
        section,
        number,
        kim.staff_id,
        clock.now(),
    )
    cohort = await a_cohort(section, clock.now(), first_in=timedelta(days=40))
    own = f"{STARTS}/{cohort.cohort_id}"
    text = (await client.get(f"{own}/stall-in")).text
    assert said in text
    later = {"start": "2027-02-01", "beslut": "2027-01-18", "visa": "1"}
    text = (await post_form(client, f"{own}/skjut-upp", later)).text
    assert "Då blir det ingen start 2026" in text
    assert said in text


def test_an_edition_that_demands_more_than_an_office_may_set_can_be_met() -> None:
    assert number_fits(20, 20)
    assert not number_fits(20, 19)
    assert not number_fits(20, 21)
    assert number_fits(2, 12)
    assert not number_fits(2, 13)


async def test_the_form_of_numbers_takes_what_the_edition_demands(
    kim: Principal, may_store: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await demanding(20, clock.now().date(), clock)
    address = f"{STARTS}/per-ar"
    fields = dict(re.findall(r'name="(antal-[\d.]+)"[^>]*value="(\d+)"', (await client.get(address)).text))
    assert fields["antal-2.8"] == "20"
    assert (await post_form(client, address, fields)).status_code == 303
    refused = await post_form(client, address, {**fields, "antal-2.8": "19"})
    assert refused.status_code == 422


async def test_a_manager_reads_the_year_and_what_it_lacks_without_a_way_to_plan(
    maria: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.7", clock.now())
    await confirm((await somebody(cohort, keys, clock.now(), "Hemlig")).enrolment_id, clock.now())
    text = (await client.get(STARTS)).text
    assert "Saknar starter i år" in text
    assert "0 av 2" in text
    assert "Starten i september behövs, och där saknas 4." in text
    assert "För att hinna start 1 och 2 2026: öppna anmälan senast" in text
    for address in ("/personal/grupper/ny", f"{STARTS}/per-ar", f"/personal/grupper/{cohort.cohort_id}"):
        assert f'href="{address}"' not in text
    today = (await client.get("/personal/idag")).text
    assert "Nästa start av Återfallsprevention är inte planerad" in today
    assert "För att hinna start 1 och 2 2026: öppna anmälan senast" in today
    assert f'href="{STARTS}#tva"' in today
    assert "/personal/grupper/ny" not in today


async def test_a_managers_week_has_the_decisions_of_all_starts_in_figures(
    maria: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    late, later = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now())
    await a_cohort("2.7", clock.now(), state="started")
    await confirm((await somebody(late, keys, clock.now(), "Hemlig")).enrolment_id, clock.now())
    await owner.execute(
        "update cohort set decide_by = $1 where id = $2", clock.now().date() - timedelta(days=2), late.cohort_id
    )
    assert "Veckan: besluten om alla starter" in (await client.get(STARTS)).text
    text = (await client.get("/personal/veckan")).text
    assert "Inget väntar" not in text
    assert "Besluten om alla starter, det mest brådskande först. Samordnarna tar dem" in text
    assert "som du arbetar med" not in text
    assert text.index(late.name) < text.index(later.name)
    assert "2 dagar för sent" in text
    assert "1 av minst 5 är klara." in text
    assert text.count("Beslut om start") == 2
    assert f'href="{STARTS}#start-{late.cohort_id}"' in text
    assert "/personal/grupper/" not in text
    assert "Hemlig" not in text
    assert [line[2:6] for line in await lines_of(client, "/personal/veckan.csv")] == [
        ["2.8", late.name, "Beslut om start", "1 av minst 5 är klara."],
        ["2.7", later.name, "Beslut om start", "0 av minst 5 är klara."],
    ]
    # Where people are not counted their number goes home with nobody.
    await a_cohort("2.16", clock.now())
    assert {line[5] for line in await lines_of(client, "/personal/veckan.csv") if line[2] == "2.16"} == {""}


async def test_who_coordinates_and_manages_has_each_start_once(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    both = await a_coordinator(clock.now(), "both", "2.8")
    await owner.execute("insert into staff_role (staff_id, role) values ($1, 'manager')", both.staff_id)
    await sign_in_as(client, "both", clock.now())
    mine, other = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now())
    text = (await client.get("/personal/veckan")).text
    assert text.count(f">{mine.name}<") == 1
    assert f'href="/personal/grupper/{mine.cohort_id}/checklista"' in text
    assert other.name in text
    assert f"/personal/grupper/{other.cohort_id}" not in text


async def test_the_page_of_a_decision_that_is_made_says_so_without_speaking_of_what_was_sent(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/skjut-upp"
    seen = hidden((await client.get(address)).text, "sett")
    await services.cancel(cohort.cohort_id, "too_few", seen, kim, clock.now())
    for what in ("skjut-upp", "stall-in"):
        asked = await client.get(f"{STARTS}/{cohort.cohort_id}/{what}")
        assert asked.status_code == 409
        assert "Någon har redan bestämt" in asked.text
        assert "du skickade" not in asked.text
    sent = await post_form(client, address, {"sett": seen, "skal": "too_few"}, "/personal/idag")
    assert sent.status_code == 409
    assert "Inget av det du skickade nu är sparat." in sent.text


async def test_the_checklist_of_a_documented_group_ends_with_when_records_are_erased(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    documented, exempt = await a_cohort("2.8", clock.now()), await a_cohort("2.1", clock.now())
    await confirm((await somebody(documented, keys, clock.now(), "Ek")).enrolment_id, clock.now())
    last = await owner.fetchval("select max(ends_at) from cohort_session where cohort_id = $1", documented.cohort_id)
    clock.set(last + timedelta(days=3))
    await owner.execute("update cohort set state = 'closed', closed_at = $1, ended_how = 'completed'", clock.now())
    await sign_in_as(client, "kim", clock.now())
    text = (await client.get(f"/personal/grupper/{documented.cohort_id}/checklista")).text
    assert text.index("<h2>Avslut</h2>") < text.index("<h2>Gallring</h2>")
    erased = f"{clock.now().day + 1} december {clock.now().year + 5}"
    assert "Uppgifterna om var och en raderas tidigast 5 år efter den senaste anteckningen." in text
    assert f"För den som är med till slutet är det {erased}." in text
    assert "Sker av sig självt" in text
    assert "Gör det här" not in text
    assert "Gallring</h2>" not in (await client.get(f"/personal/grupper/{exempt.cohort_id}/checklista")).text
    # Nobody is left in it whose record is kept.
    empty = await a_cohort("2.8", clock.now(), state="closed")
    text = (await client.get(f"/personal/grupper/{empty.cohort_id}/checklista")).text
    assert "raderas tidigast" not in text


@pytest.mark.parametrize(("day", "years"), [(date(2026, 12, 15), 4), (date(2027, 1, 15), 4), (date(2027, 3, 1), 0)])
def test_what_is_to_be_done_by_when_carries_the_year_of_every_day_or_of_none(day: date, years: int) -> None:
    """Some of these days are more than eleven months off and some less."""
    found = {"2.7": Year((), (), 2)}
    with speaking("sv", datetime.combine(day, time(9), tzinfo=UTC)):
        chances = Chances(2027, day, {"2.7": True})
        (row,) = year_rows(found, {"2.7": "LFT"}, ["2.7"], chances, lambda _section: True)
    sentence = row.warning[0]
    assert sentence.startswith("För att hinna start 1 och 2 2027: öppna anmälan senast")
    assert sentence.count("Studiebesök från") == 1
    assert sentence.count(" 2027") == years + 1
