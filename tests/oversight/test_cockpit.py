"""The cockpit: who sees what, what can be started, and the same few statements for two starts or a thousand."""

import re
from dataclasses import fields
from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts import year_queries
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import fetch
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.queries import enrolments
from programmes.oversight import queries
from programmes.oversight.queries import UNDECIDED_STARTS, all_starts
from programmes.oversight.rules import Start
from programmes.oversight.statistics import queries as statistics
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.conftest import QueryLog
from tests.factories import a_cohort, a_programme, a_staff_member, confirm, hidden, post_form, somebody
from tests.lists import lines_of, parsed

STARTS = "/personal/starter"


@pytest.fixture
async def robin(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


@pytest.fixture
async def kim(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    """A coordinator of everything, signed in."""
    kim = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return kim


async def fill(cohort: CohortFacts, confirmed: int, keys: KeyFolder, clock: FrozenClock) -> None:
    for number in range(confirmed):
        await confirm((await somebody(cohort, keys, clock.now(), f"P{number}")).enrolment_id, clock.now())


def article(text: str, cohort: CohortFacts) -> str:
    """The part of the page about one start."""
    found = re.search(rf'<article class="start" id="start-{cohort.cohort_id}">.*?</article>', text, re.DOTALL)
    assert found
    return found[0]


async def test_the_coordinator_sees_what_each_start_needs_and_may_do(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    ready, short, own = [await a_cohort(section, clock.now()) for section in ("2.8", "2.7", "2.16")]
    await fill(ready, 5, keys, clock)
    await fill(short, 3, keys, clock)
    await fill(own, 1, keys, clock)
    text = (await client.get(STARTS)).text
    assert "Minsta antalet är nått." in article(text, ready)
    assert "btn--main" in article(text, ready)
    assert "2 till behövs på 18 dagar." in article(text, short)
    assert "Går inte att starta än. Riktlinjen 2.7 kräver minst 5 deltagare och 3 är klara." in article(text, short)
    assert "<button" not in article(text, short)
    assert "Starta med färre" in article(text, own)
    assert "Minst 5 är er egen gräns. Riktlinjen 2.16 har ingen" in article(text, own)
    assert "Platserna räknas inte i statistiken." in article(text, own)
    assert text.count("btn--main") == 1
    assert "6 till behövs tillsammans" in text


async def test_a_coordinator_sees_only_their_programmes_and_a_leader_only_their_groups_without_buttons(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    mine = await a_cohort("2.8", clock.now(), robin)
    other = await a_cohort("2.1", clock.now())
    await fill(mine, 5, keys, clock)
    await a_coordinator(clock.now(), "annan", "2.1")
    await sign_in_as(client, "annan", clock.now())
    text = (await client.get(STARTS)).text
    assert f"start-{other.cohort_id}" in text
    assert f"start-{mine.cohort_id}" not in text
    await sign_in_as(client, "robin", clock.now())
    text = (await client.get(STARTS)).text
    assert "<form" not in article(text, mine)
    assert f"start-{other.cohort_id}" not in text
    assert "Planera en start" not in text
    for what in ("starta", "stall-in", "skjut-upp", "platser"):
        assert (await client.get(f"{STARTS}/{mine.cohort_id}/{what}")).status_code == 403
        assert (await client.get(f"{STARTS}/{other.cohort_id}/{what}")).status_code == 404


async def test_starting_says_so_and_a_second_tab_learns_that_it_was_too_late(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    await fill(cohort, 5, keys, clock)
    address = f"{STARTS}/{cohort.cohort_id}/starta"
    # Nothing that can't be undone is one tap away: the cockpit leads to what it means to whom.
    cockpit = article((await client.get(STARTS)).text, cohort)
    assert f'href="{address}"' in cockpit
    assert "<form" not in cockpit
    shown = (await client.get(address)).text
    assert "5 klara" in shown
    assert "5 ser det bara på Min plats" in shown
    assert "Beskeden går efter tio minuter. Till dess går det att ångra." in shown
    seen = hidden(shown, "sett")
    answer = await post_form(client, address, {"sett": seen})
    assert answer.status_code == 303
    after = (await client.get(answer.headers["location"])).text
    assert "Återfallsprevention, höst 2026 är startad." in after
    again = await client.post(address, data={"sett": seen, "_csrf_token": hidden(after, "_csrf_token")})
    assert again.status_code == 409
    assert "Den har ändrats sedan sidan visades" in again.text


async def test_a_form_that_goes_to_the_release_before_or_comes_from_it_is_taken(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    await fill(cohort, 5, keys, clock)
    address = f"{STARTS}/{cohort.cohort_id}/starta"
    shown = (await client.get(address)).text
    # As that release reads and writes it.
    assert hidden(shown, "sett") == f"open-{cohort.first_start:%Y%m%d%H%M}"
    assert (await post_form(client, address, {"sett": "open-"}, address)).status_code == 409
    assert (await post_form(client, address, {"sett": hidden(shown, "sett")}, address)).status_code == 303


@pytest.mark.parametrize("what", ["starta", "stall-in", "skjut-upp"])
async def test_a_decision_hits_those_who_were_shown_or_the_page_comes_again(
    what: str, kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    await fill(cohort, 5, keys, clock)
    address = f"{STARTS}/{cohort.cohort_id}/{what}"
    shown = (await client.get(address)).text
    form = {"skal": "too_few", "start": "2026-10-26", "beslut": "2026-10-16", "vilka": hidden(shown, "vilka")}
    if what == "skjut-upp":
        again = await post_form(client, address, {**form, "visa": "1", "sett": hidden(shown, "sett")})
        form["dagar"] = hidden(again.text, "dagar")
    await somebody(cohort, keys, clock.now(), "Lind")
    answer = await post_form(client, address, {**form, "sett": hidden(shown, "sett")})
    assert answer.status_code == 409
    assert "Beslutet gäller andra nu" in answer.text
    assert "1 preliminär" in answer.text
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"
    both = {name: hidden(answer.text, name) for name in ("sett", "vilka")}
    answer = await post_form(client, address, {**form, **both})
    assert answer.status_code == 303


async def test_a_start_that_may_not_be_is_refused_with_its_reason(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.7", clock.now())
    await fill(cohort, 4, keys, clock)
    address = f"{STARTS}/{cohort.cohort_id}/starta"
    shown = (await client.get(address)).text
    assert "går det att ångra" not in shown
    seen = hidden((await client.get(f"{STARTS}/{cohort.cohort_id}/stall-in")).text, "sett")
    answer = await post_form(client, address, {"sett": seen, "farre": "1"})
    assert answer.status_code == 422
    assert "<title>Fel: Ska" in answer.text
    assert '<a href="#lage">Går inte att starta än. Riktlinjen 2.7 kräver minst 5 deltagare och 4 är klara.' in answer.text


async def test_starting_with_fewer_asks_why_and_the_checklist_keeps_it(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.16", clock.now())
    await fill(cohort, 1, keys, clock)
    await a_coordinator(clock.now(), "lone", "2.16")
    await sign_in_as(client, "lone", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/starta"
    shown = (await client.get(address)).text
    assert "Varför startar gruppen med färre?" in shown
    # Without its fields it is answered on its own page, beside what mends it.
    empty = await post_form(client, address, {})
    assert empty.status_code == 422
    assert '<a href="#lage">Läs hur det står till' in empty.text
    pressed = await post_form(client, address, {"sett": hidden(shown, "sett")})
    assert pressed.status_code == 422
    assert "<title>Fel: Ska" in pressed.text
    # Their own minimum is a fact, told on the page, and nothing to correct.
    assert "En sak att rätta" in pressed.text
    assert '<a href="#farre">' not in pressed.text
    assert "Minst 5 är er egen gräns." in pressed.text
    assert '<a href="#skal">Välj varför gruppen startar med färre.</a>' in pressed.text
    # As the release before sends it: its form has no such choice.
    asked = await post_form(client, address, {"sett": hidden(shown, "sett"), "farre": "1"})
    assert asked.status_code == 422
    assert "<title>Fel: Ska" in asked.text
    assert "Välj varför gruppen startar med färre." in asked.text
    assert "Beslutet gäller andra nu" not in asked.text
    assert (await cohorts.by_id(cohort.cohort_id)).state == "open"
    made_up = await post_form(client, address, {"sett": hidden(shown, "sett"), "farre": "1", "skal": "Lisa vill"})
    assert made_up.status_code == 422
    form = {name: hidden(asked.text, name) for name in ("sett", "vilka")} | {"farre": "1", "skal": "works_with_fewer"}
    assert (await post_form(client, address, form)).status_code == 303
    checklist = (await client.get(f"/personal/grupper/{cohort.cohort_id}/checklista")).text
    assert "Gruppen fungerar med färre. 1 av minst 5 var klara." in checklist
    # As it was then, whatever the minimum is made later; of what the release before decided it is not known.
    await owner.execute("update cohort set minimum = 3 where id = $1", cohort.cohort_id)
    checklist = (await client.get(f"/personal/grupper/{cohort.cohort_id}/checklista")).text
    assert "1 av minst 5 var klara." in checklist
    await owner.execute("update start_decision set minimum = null")
    checklist = (await client.get(f"/personal/grupper/{cohort.cohort_id}/checklista")).text
    assert "Gruppen fungerar med färre. 1 var klar." in checklist


async def test_cancelling_asks_for_a_reason_and_says_what_happens_to_whom(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.7", clock.now())
    await fill(cohort, 3, keys, clock)
    address = f"{STARTS}/{cohort.cohort_id}/stall-in"
    text = (await client.get(address)).text
    assert "3 personer har plats." in text
    assert "10 träffar står som INSTÄLLT i 30 dagar." in text
    assert "Då blir det ingen start 2026" in text
    assert "3 ser det bara på Min plats." in text
    assert "och mejla" not in text
    without_reason = await post_form(client, address, {"sett": hidden(text, "sett")})
    assert without_reason.status_code == 422
    assert "Välj varför starten ställs in." in without_reason.text
    made_up = await post_form(client, address, {"sett": hidden(text, "sett"), "skal": "för att"})
    assert made_up.status_code == 422
    done = await post_form(client, address, {"sett": hidden(text, "sett"), "skal": "too_few"})
    assert "är inställd." in (await client.get(done.headers["location"])).text
    assert (await client.get(address)).status_code == 409


async def test_postponing_saves_only_the_days_that_were_seen(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.7", clock.now())
    await fill(cohort, 3, keys, clock)
    address = f"{STARTS}/{cohort.cohort_id}/skjut-upp"
    text = (await client.get(address)).text
    assert "3 är klara. Riktlinjen 2.7 kräver minst 5." in text
    sent = {"sett": hidden(text, "sett"), "dagar": hidden(text, "dagar"), "skal": "too_few", "beslut": "2026-11-06"}
    unseen = await post_form(client, address, {**sent, "start": "2026-11-18"})
    assert unseen.status_code == 422
    assert "Titta på dagarna igen" in unseen.text
    assert await owner.fetchval("select state from cohort where id = $1", cohort.cohort_id) == "open"
    seen = {**sent, "dagar": hidden(unseen.text, "dagar"), "start": "2026-11-18"}
    done = await post_form(client, address, seen)
    assert done.status_code == 303
    assert "är framflyttad." in (await client.get(done.headers["location"])).text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("start", "2026-02-31", "Skriv ett datum som finns"),
        ("start", "2026-09-10", "Skjut upp till en dag efter"),
        ("start", "2020-01-01", "Tiden har redan varit."),
        ("beslut", "2026-12-24", "Beslutet måste tas senast samma dag"),
        ("skal", "", "Välj varför starten skjuts upp."),
    ],
)
async def test_a_wrong_postponement_is_kept_and_explained(
    field: str, value: str, message: str, kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.7", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/skjut-upp"
    text = (await client.get(address)).text
    sent = {"sett": hidden(text, "sett"), "start": "2026-10-21", "beslut": "2026-10-11", "skal": "too_few", field: value}
    # Also where other days than the ones on the page are asked for without a look at them first.
    pressed = await post_form(client, address, {**sent, "dagar": hidden(text, "dagar")})
    assert (pressed.status_code, message in pressed.text) == (422, True)
    shown = await post_form(client, address, {**sent, "visa": "1"})
    assert (shown.status_code, message in shown.text) == ((200, False) if field == "skal" else (422, True))
    answer = await post_form(client, address, {**sent, "dagar": hidden(shown.text, "dagar")})
    assert answer.status_code == 422
    assert message in answer.text
    assert field == "skal" or f'value="{value}"' in answer.text


async def test_places_are_changed_within_the_guideline_only(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/platser"
    refused = await post_form(client, address, {"min": "5", "max": "9"})
    assert refused.status_code == 422
    assert "Riktlinjen 2.8 säger minst 5 och högst 8 deltagare." in refused.text
    assert 'value="9"' in refused.text
    assert (await post_form(client, address, {"min": "5", "max": "hej"})).status_code == 422
    assert (await post_form(client, address, {"min": "6", "max": "7"})).status_code == 303


async def test_an_old_form_of_the_places_undoes_nothing_and_one_sent_twice_is_as_wished(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"{STARTS}/{cohort.cohort_id}/platser"
    old = hidden((await client.get(address)).text, "sett")
    wish = {"min": "6", "max": "8", "sett": old}
    for _twice in range(2):
        assert (await post_form(client, address, wish)).status_code == 303
    # The other tab still shows what was before: sent as it is, or with another wish.
    for least, most in ((5, 8), (5, 7)):
        answer = await post_form(client, address, {"min": str(least), "max": str(most), "sett": old})
        assert (answer.status_code, "Gruppen har ändrats" in answer.text) == (409, True)
    now = await cohorts.by_id(cohort.cohort_id)
    assert (now.minimum, now.maximum) == (6, 8)


async def test_the_year_shows_what_came_to_be_what_is_planned_and_what_is_needed(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=-200), state="closed")
    ready = await a_cohort("2.8", clock.now())
    await fill(ready, 5, keys, clock)
    await a_cohort("2.7", clock.now(), first_in=timedelta(days=-5), state="started")
    short = await a_cohort("2.7", clock.now(), first_in=timedelta(days=62))
    await fill(short, 3, keys, clock)
    text = (await client.get(STARTS)).text
    assert "Februari. Planerad i september." in text
    assert "2 av 2" in text
    assert "Augusti. Starten i november behövs, och där saknas 2." in text
    assert "1 av 2" in text
    of_2027 = (await client.get(f"{STARTS}?ar=2027")).text
    assert "2 starter till behövs." in of_2027
    # A start can be decided now whose first session is next year.
    assert "Fylld ruta är en start som är beslutad eller har hållits." in of_2027


async def test_a_start_that_nothing_was_held_of_came_off_nowhere(
    kim: Principal, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    """The year strip, the warning of too few starts and the statistics go by one rule."""
    cohort = await a_cohort("2.8", clock.now(), first_in=timedelta(), state="started")
    year = clock.now().year

    async def found() -> tuple[int, dict[str, range], int | None]:
        sections = {s.section: s for s in await statistics.sections(statistics.year_of(year), ["2.8"], clock.now())}
        strip = await queries.starts_in(year, kim, clock.now())
        return len(strip), await year_queries.lacking({"2.8": 2}, year), sections["2.8"].value("starts")

    clock.advance(hours=3)
    assert await found() == (1, {"2.8": range(2, 3)}, 1)
    await owner.execute(
        "update cohort set state = 'closed', closed_at = $2, ended_how = 'cancelled' where id = $1", cohort.cohort_id,
        clock.now(),
    )  # fmt: skip
    assert await found() == (0, {"2.8": range(1, 3)}, 0)


async def test_an_empty_cockpit_shows_the_way_on_and_nonsense_in_the_address_changes_nothing(
    kim: Principal, client: httpx.AsyncClient
) -> None:
    for address in (STARTS, f"{STARTS}?sida=99999999999&ar=x&klart=startad&grupp=-1", f"{STARTS}?klart=x&grupp=٣"):
        answer = await client.get(address)
        assert answer.status_code == 200
        assert "Inget att besluta" in answer.text
        assert "är startad" not in answer.text
    assert (await client.get(f"{STARTS}/99999999999/stall-in")).status_code == 404


async def test_the_columns_of_the_statement_stand_in_the_order_of_the_fields_they_fill(
    kim: Principal, clock: FrozenClock
) -> None:
    await a_cohort("2.8", clock.now())
    (row,) = await fetch(UNDECIDED_STARTS, *all_starts(kim, clock.now()))
    assert list(row.keys()) == [field.name for field in fields(Start)]


async def a_thousand(owner: asyncpg.Connection, programme_id: int, clock: FrozenClock) -> None:
    """A thousand undecided groups with ten sessions and five people each, put in at once."""
    await owner.execute("insert into venue (name, address) values ('Sal', 'Torget')")
    await owner.execute(
        """insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                               last_entry_session, arrivals, created_at)
           select 'p' || n, $1, 'Grupp ' || n, 'open', (select max(id) from venue), 5, 8, $2::date, $2::date + n % 90, 1, 5,
                  $3 from generate_series(1, 1000) n""",
        programme_id,
        clock.now().date(),
        clock.now(),
    )
    await owner.execute(
        """insert into cohort_session
               (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at, shares_room)
           select c.id, n, day, day + interval '2 hours', c.venue_id, '', 'planned', false, 0, $1, true
           from cohort c, generate_series(1, 10) n, lateral (select $1::timestamptz + n * interval '7 days') as at (day)
           where c.name like 'Grupp %'""",
        clock.now() + timedelta(days=100),
    )
    await owner.execute(
        """insert into enrolment (id, cohort_id, state, arrival, turn, applied_at, language)
           select gen_random_uuid(), c.id, case when n = 1 then 'preliminary' else 'confirmed' end, n, n, $1, 'sv'
           from cohort c, generate_series(1, 5) n where c.name like 'Grupp %'""",
        clock.now(),
    )
    # Without it the planner believes that the tables are empty; the server's own vacuum would see to it in a minute.
    await owner.execute("analyze cohort, cohort_session, enrolment")


async def test_the_number_of_statements_is_the_same_for_two_starts_and_for_a_thousand(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, queries_log: QueryLog
) -> None:
    for section in ("2.8", "2.1"):
        await a_cohort(section, clock.now())
    await client.get(STARTS)
    queries_log.clear()
    await client.get(STARTS)
    few = len(queries_log.statements)
    await a_thousand(owner, (await a_programme("2.8"))[0], clock)
    queries_log.clear()
    text = (await client.get(STARTS)).text
    assert len(queries_log.statements) == few
    assert few <= 7
    assert sum("from enrolment" in statement for statement in queries_log.statements) == 1
    assert text.count('<tr role="row" id="start-') == 50
    assert "Sidor" in text
    assert (await client.get(f"{STARTS}?vy=kort")).text.count('<article class="start"') == 15


async def test_before_and_after_a_decision_it_is_said_how_many_are_mailed_rung_or_see_it_themselves(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=2)
    for name, contact in (("Ek", "ek@example.invalid"), ("Lind", "+46700000001"), ("Kö", "ko@example.invalid")):
        await somebody(cohort, keys, clock.now(), name, contact)
    address = f"{STARTS}/{cohort.cohort_id}/stall-in"
    text = (await client.get(address)).text
    assert "1 får e-post och 1 ska ni ringa." in text
    assert "Ställ in, mejla 2 och ring 1" in text
    done = await post_form(client, address, {"sett": hidden(text, "sett"), "skal": "too_few"})
    after = (await client.get(done.headers["location"])).text
    assert "är inställd. Kalendrarna visar det. 2 får e-post och 1 ska ni ringa. De som ska ringas står på Idag." in after


async def test_who_is_offered_a_place_is_told_apart_and_may_move_as_the_others(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), minimum=1, maximum=3)
    await fill(cohort, 2, keys, clock)
    for name in ("Ek", "Lind"):
        await somebody(cohort, keys, clock.now(), name)
    [first, *_] = await enrolments(cohort.cohort_id, ["confirmed"])
    await enrolment.leave(first.enrolment_id, keys, clock.now())
    address = f"{STARTS}/{cohort.cohort_id}"
    text = (await client.get(f"{address}/skjut-upp")).text
    assert "1 är klar, 1 är preliminär och 1 är erbjuden." in text
    assert "1 erbjuden" in text
    assert "Erbjudandet tas tillbaka. Det står på Min plats." in (await client.get(f"{address}/stall-in")).text
    await a_cohort("2.8", clock.now(), first_in=timedelta(days=80))
    text = (await client.get(f"{address}/stall-in")).text
    assert "Erbjudandet tas tillbaka. Får flytta till nästa start på Min plats." in text
    sent = {"sett": hidden(text, "sett"), "skal": "too_few"}
    assert (await post_form(client, f"{address}/stall-in", sent)).status_code == 303
    # So it is: the right to go first is theirs too.
    assert len(await enrolments(cohort.cohort_id, ["confirmed", "preliminary", "queued"])) == 3
    assert await first_right_queries.of_start(cohort.cohort_id, clock.now()) is not None


async def test_a_cancelled_start_names_its_year_and_whether_the_next_one_has_room(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.7", clock.now(), first_in=timedelta(days=170))
    address = f"{STARTS}/{cohort.cohort_id}/stall-in"
    assert "Då blir det ingen start 2027" in (await client.get(address)).text
    full = await a_cohort("2.7", clock.now(), minimum=1, maximum=1)
    for name in ("Ek", "Lind"):
        await somebody(full, keys, clock.now(), name)
    text = (await client.get(address)).text
    assert "Nästa start är onsdag 30 september, men den är full och 1 person står i kö." in text
    await a_cohort("2.7", clock.now(), first_in=timedelta(days=35))
    assert "Onsdag 7 oktober finns det plats." in (await client.get(address)).text


async def test_the_starts_are_narrowed_by_programme_leader_place_and_half_year_and_shown_as_a_list(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    led, other = await a_cohort("2.8", clock.now(), robin), await a_cohort("2.7", clock.now(), first_in=timedelta(days=150))
    await fill(led, 3, keys, clock)
    everything = (await client.get(STARTS)).text
    assert everything.count('id="start-') == 2
    found = {
        "insats=2.8": led, f"ledare={robin.staff_id}": led, "insats=2.7": other, "halvar=2027-1": other,
        f"plats={other.venue}": other,
    }  # fmt: skip
    for query, cohort in found.items():
        text = (await client.get(f"{STARTS}?{query}")).text
        assert re.findall(r'id="start-(\d+)"', text) == [str(cohort.cohort_id)], query
        assert "1 av 2 starter" in text
    for nonsense in ("insats=9.9", "ledare=x&halvar=2031-2", "plats=%27"):
        assert (await client.get(f"{STARTS}?{nonsense}")).status_code == 200
    text = (await client.get(f"{STARTS}?vy=lista")).text
    assert "<article" not in text
    row = re.search(rf'<tr role="row" id="start-{led.cohort_id}">.*?</tr>', text, re.DOTALL)
    assert row
    numbers = re.findall(r'class="r num[a-z ]*"><span>(\d+)</span>', row[0])
    assert numbers == [str(led.minimum), str(led.maximum), "3", "0", "0", "0"]
    assert "Hitta 2 till" in row[0]
    assert "2 till på 18 dagar</span>" in row[0]
    # A line holds it: the day without its weekday, and one tag, also of what is late.
    assert '>20 sep<span class="after paced">, om 18 dagar</span></td>' in row[0]
    assert 'class="left"' not in row[0]
    clock.advance(days=20)
    await sign_in_as(client, "kim", clock.now())
    text = (await client.get(f"{STARTS}?vy=lista")).text
    row = re.search(rf'<tr role="row" id="start-{led.cohort_id}">.*?</tr>', text, re.DOTALL)
    assert row
    assert '>20 sep<span class="after">, 2 dagar sen</span></td>' in row[0]
    assert '<span class="left">2 dagar sen</span>' in row[0]
    assert "Försenat" in row[0]
    assert row[0].count('class="tag') == 1


async def test_more_than_twelve_starts_stand_a_line_each_unless_cards_are_chosen(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    for _n in range(12):
        await a_cohort("2.8", clock.now())
    assert (await client.get(STARTS)).text.count("<article") == 12
    await a_cohort("2.7", clock.now())
    text = (await client.get(STARTS)).text
    assert "<article" not in text
    assert text.count('<tr role="row" id="start-') == 13
    assert 'href="/personal/starter?vy=lista" aria-current="page"' in text
    # What was chosen goes with what one does next.
    text = (await client.get(f"{STARTS}?vy=kort&insats=2.8")).text
    assert text.count("<article") == 12
    assert 'name="vy" value="kort"' in text
    assert 'href="/personal/starter?insats=2.8&amp;vy=kort" aria-current="page"' in text
    assert 'href="/personal/starter?insats=2.8&amp;vy=lista"' in text
    # Narrowed to few it looks as it did before.
    text = (await client.get(f"{STARTS}?insats=2.7")).text
    assert text.count('<tr role="row" id="start-') == 1
    assert 'name="vy"' not in text


async def test_a_manager_sees_how_every_start_stands_without_a_way_to_anybody_in_it(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    await a_staff_member("maria", "manager", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    await fill(cohort, 3, keys, clock)
    await sign_in_as(client, "maria", clock.now())
    for address in (STARTS, f"{STARTS}?vy=lista"):
        text = (await client.get(address)).text
        assert cohort.name in text
        assert f"/personal/grupper/{cohort.cohort_id}" not in text
        assert f"{STARTS}/{cohort.cohort_id}" not in text
    assert (await client.get(f"{STARTS}/{cohort.cohort_id}/stall-in")).status_code == 404


async def test_managers_too_are_reminded_every_day_of_a_decision_that_is_late(
    client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await a_staff_member("maria", "manager", clock.now())
    cohort = await a_cohort("2.8", clock.now())
    await sign_in_as(client, "maria", clock.now())
    assert "Inget beslut om" not in (await client.get("/personal/idag")).text
    await owner.execute("update cohort set decide_by = $1", clock.now().date() - timedelta(days=2))
    text = (await client.get("/personal/idag")).text
    assert f"Inget beslut om {cohort.name}" in text
    assert "2 dagar för sent" in text


async def test_the_office_sets_how_many_starts_it_wants_and_is_told_by_when_to_open_the_next(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    address = f"{STARTS}/per-ar"
    shown = (await client.get(address)).text
    fields = dict(re.findall(r'name="(antal-[\d.]+)"[^>]*value="(\d+)"', shown))
    assert fields["antal-2.8"] == "2"
    below = await post_form(client, address, {**fields, "antal-2.8": "1"})
    assert below.status_code == 422
    assert (await post_form(client, address, {**fields, "antal-2.1": "3"})).status_code == 303
    assert await owner.fetchval("select number from yearly_starts where section = '2.1'") == 3
    text = (await client.get(STARTS)).text
    assert "0 av 3" in text
    assert "För att hinna start 1 och 2 2026: öppna anmälan senast" in text
    # On Idag from eight weeks before.
    assert "Planera nästa start av" in (await client.get("/personal/idag")).text
    assert (await post_form(client, address, fields)).status_code == 303
    assert await owner.fetchval("select count(*) from yearly_starts") == 0


async def test_the_starts_can_be_taken_home_and_say_that_they_stay_in_the_house(
    db: None, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await a_cohort("2.8", clock.now(), robin)
    await sign_in_as(client, "kim", clock.now())
    heads, line = parsed(await client.get("/personal/starter.csv"))
    assert heads[:3] == ["Märkning", "Avsnitt", "Grupp"]
    assert line[:2] == ["Internt, sekretess", "2.8"]
    assert heads[-4:] == ["Dagar kvar", "Dagar försenat", "Läge", "Nästa"]
    assert line[5:] == ["5", "8", "0", "0", "0", "0", "0", "18", "", "5 till på 18 dagar", "Hitta 5 till"]
    assert await lines_of(client, "/personal/starter.csv?insats=2.7") == []
    # Where people are not counted their number goes home with nobody.
    children = await a_cohort("2.16", clock.now(), robin)
    await somebody(children, keys, clock.now())
    content = (await client.get("/personal/starter.csv?insats=2.16")).content
    [line] = await lines_of(client, "/personal/starter.csv?insats=2.16")
    assert line[5:] == ["5", "8", "", "", "", "", "", "18", "", "", ""]
    await owner.execute("update cohort set decide_by = $1 where id = $2", clock.now().date(), children.cohort_id)
    clock.advance(days=1)
    await sign_in_as(client, "kim", clock.now())
    [line] = await lines_of(client, "/personal/starter.csv?insats=2.16")
    assert line[-4:] == ["", "1", "Försenat, 1 dag", ""]
    content = (await client.get("/personal/starter.csv?insats=2.16")).content
    # Each group by its own edition, though another one that counts people, or lacks the section, is in force by now.
    as_it_was = await owner.fetch("select id, valid_from from edition")
    await owner.execute("update edition set valid_from = '2026-12-01'")
    try:
        again = (await client.get("/personal/starter.csv?insats=2.16")).content
    finally:
        # Editions are loaded once for the run.
        await owner.executemany("update edition set valid_from = $2 where id = $1", [tuple(row) for row in as_it_was])
    assert again == content


async def test_a_decision_that_is_late_is_not_the_nearest(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    late = await a_cohort("2.8", clock.now())
    await owner.execute("update cohort set decide_by = '2026-09-01' where id = $1", late.cohort_id)
    assert "1 försenat</span>" in (await client.get(STARTS)).text
    other = await a_cohort("2.8", clock.now())
    await owner.execute("update cohort set decide_by = '2026-09-11' where id = $1", other.cohort_id)
    assert "1 försenat, närmast fredag 11 september</span>" in (await client.get(STARTS)).text
    # The number beside it counts what is to be decided within a fortnight.
    await owner.execute("update cohort set decide_by = '2026-10-21' where id = $1", other.cohort_id)
    assert "1 försenat</span>" in (await client.get(STARTS)).text
    await owner.execute("update cohort set decide_by = '2026-10-22' where id = $1", late.cohort_id)
    assert "närmast onsdag 21 oktober</span>" in (await client.get(STARTS)).text
