"""Planning a cohort: seen first, then saved; what is typed wrong is kept and explained beside its field."""

import asyncio
import html
import re
from contextlib import suppress
from datetime import date, time, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries
from programmes.core.clock import at_local, local_date
from programmes.core.i18n import day_plain
from programmes.core.principal import Principal
from programmes.enrolment.visits import slot_services
from programmes.oversight.opening import services, views
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, a_venue, csrf_of, hidden

NEW = "/personal/grupper/ny"


@pytest.fixture
async def robin(client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    return await a_leader(clock.now())


@pytest.fixture
async def kim(client: httpx.AsyncClient, clock: FrozenClock, robin: Principal) -> Principal:
    """A coordinator of everything, signed in; a room and a leader exist."""
    kim = await a_coordinator(clock.now())
    await a_venue()
    await sign_in_as(client, "kim", clock.now())
    return kim


def fields(text: str) -> dict[str, Any]:
    """The form as a browser would send it, without a button."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if not name or (kind and kind[1] in {"checkbox", "radio"} and " checked" not in tag):
            continue
        sent = html.unescape(value[1]) if value else ""
        if kind and kind[1] == "checkbox":
            found.setdefault(name[1], []).append(sent)
        else:
            found[name[1]] = sent
    chosen = re.search(r'<select[^>]*name="lokal".*?<option value="([^"]*)" selected', text, re.DOTALL)
    return found | ({"lokal": chosen[1]} if chosen else {})


async def sent(client: httpx.AsyncClient, section: str, leader: Principal, **changes: Any) -> httpx.Response:
    """The form of a programme with a leader ticked and some changes, sent once."""
    shown = (await client.get(f"{NEW}?insats={section}")).text
    return await client.post(NEW, data={**fields(shown), "ledare": [str(leader.staff_id)], **changes})


async def seen(client: httpx.AsyncClient, section: str, leader: Principal, **changes: Any) -> httpx.Response:
    """The same, after having looked at the days."""
    shown = await sent(client, section, leader, **changes, visa="1")
    return await client.post(NEW, data={**fields(shown.text), "ledare": [str(leader.staff_id)], **changes})


async def all_cohorts(kim: Principal, clock: FrozenClock) -> list[queries.CohortFacts]:
    return await queries.all_mine(kim, local_date(clock.now()), ["open", "planned"])


async def test_the_form_is_filled_and_opens_as_it_stands(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    shown = (await client.get(f"{NEW}?insats=2.8")).text
    assert "10 måndagar, 19 oktober–21 december 2026" in shown
    assert "Vintertid sedan 25 oktober. Klockslaget är detsamma." in shown
    assert 'value="Återfallsprevention, höst 2026"' in shown
    answer = await sent(client, "2.8", robin)
    assert answer.status_code == 303
    assert "Gruppen är öppen för anmälan." in (await client.get(answer.headers["location"])).text
    (cohort,) = await all_cohorts(kim, clock)
    assert (cohort.state, cohort.minimum, cohort.maximum, cohort.sessions) == ("open", 5, 8, 10)


async def test_it_can_be_saved_as_planned(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    answer = await sent(client, "2.8", robin, spara="1")
    assert "Inget syns utåt." in (await client.get(answer.headers["location"])).text
    assert (await all_cohorts(kim, clock))[0].state == "planned"


async def test_other_days_than_those_seen_are_shown_before_they_are_saved(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    answer = await sent(client, "2.8", robin, forsta="2026-11-23")
    assert answer.status_code == 422
    assert "Titta på dagarna igen" in answer.text
    assert await all_cohorts(kim, clock) == []
    again = await client.post(NEW, data={**fields(answer.text), "ledare": [str(robin.staff_id)]})
    assert again.status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert cohort.first_start
    assert local_date(cohort.first_start) == date(2026, 11, 23)


async def test_a_clash_that_was_not_shown_is_shown_before_it_is_saved(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    busy = await a_cohort("2.1", clock.now(), robin, sessions=4)
    await owner.execute(
        """update cohort_session set
           starts_at = ('2026-10-19 13:30'::timestamp + (number - 1) * interval '7 days') at time zone 'Europe/Stockholm',
           ends_at = ('2026-10-19 14:30'::timestamp + (number - 1) * interval '7 days') at time zone 'Europe/Stockholm'"""
    )
    answer = await sent(client, "2.8", robin)
    assert answer.status_code == 422
    assert "Titta på dagarna igen" in answer.text
    assert f"<li>Robin har {busy.name} samtidigt 4 av 10 gånger.</li>" in answer.text
    assert [cohort.cohort_id for cohort in await all_cohorts(kim, clock)] == [busy.cohort_id]
    seen = {**fields(answer.text), "ledare": [str(robin.staff_id)]}
    # That what clashes is meant is asked, as on the pages of a session. A page of the release before has no tick.
    asked = await client.post(NEW, data=seen)
    assert asked.status_code == 422
    assert 'id="anda-error"' in asked.text
    days = "19 oktober, 26 oktober, 2 november och 1 dag till"
    assert f"Krock: Robin har {busy.name} till 14.30 den {days}." in html.unescape(asked.text)
    assert "Starten planeras trots det som krockar." in asked.text
    assert [cohort.cohort_id for cohort in await all_cohorts(kim, clock)] == [busy.cohort_id]
    assert (await client.post(NEW, data={**seen, "anda": "ja"})).status_code == 422, "a tick answers what was said"
    (tick,) = re.findall(r'name="anda" value="([^"]+)"', asked.text)
    assert (await client.post(NEW, data={**seen, "anda": tick})).status_code == 303


async def test_everything_that_clashes_is_said_where_it_has_to_be_meant(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    eken, love = await a_venue("Eken"), await a_leader(clock.now(), "love")
    busy = await a_cohort("2.1", clock.now(), robin, sessions=1)
    other = await a_cohort("2.8", clock.now(), robin, sessions=1, first_in=timedelta(days=80))
    loves = await a_cohort("2.8", clock.now(), love, sessions=1, venue_id=eken, first_in=timedelta(days=90))
    starts = {busy: "2026-10-19 13:30+02", other: "2026-10-26 13:30+01", loves: "2026-11-02 13:30+01"}
    for cohort, moment in starts.items():
        await owner.execute(
            f"""update cohort_session set starts_at = '{moment}', ends_at = '{moment}'::timestamptz + interval '1 hour'
                where cohort_id = {cohort.cohort_id}"""
        )
    form = {"lokal": str(eken), "ledare": [str(robin.staff_id), str(love.staff_id)]}
    seen = {**fields((await sent(client, "2.8", robin, **form)).text), **form}
    asked = html.unescape((await client.post(NEW, data=seen)).text)
    clashes = [
        f"Krock: Robin har {busy.name} till 14.30 den 19 oktober.",
        f"Krock: Robin har {other.name} till 14.30 den 26 oktober.",
        f"Krock: Love har {loves.name} till 14.30 den 2 november.",
        f"Krock: lokalen är bokad av {loves.name} till 14.30 den 2 november.",
    ]
    (error,) = re.findall(r'id="anda-error"[^>]*>(.*?)</p>', asked, re.DOTALL)
    assert [error.count(said) for said in clashes] == [1, 1, 1, 1]


async def test_a_room_that_is_taken_is_shown_before_it_is_saved_also_when_it_is_typed_as_new(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    eken = await a_venue("Eken")
    busy = await a_cohort("2.1", clock.now(), sessions=1, venue_id=eken)
    await owner.execute("update cohort_session set starts_at = '2026-10-19 14:00+02', ends_at = '2026-10-19 16:00+02'")
    for room in ({"lokal": str(eken)}, {"lokal": "ny", "nylokal": "Eken", "nyadress": "Hamngatan 4"}):
        answer = await sent(client, "2.8", robin, **room)
        assert answer.status_code == 422
        assert f"är bokad av {busy.name} samtidigt 1 av 10 gånger." in answer.text


async def test_a_leader_who_clashes_with_nothing_is_no_reason_to_look_again(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_cohort("2.1", clock.now(), sessions=4)
    assert (await sent(client, "2.8", robin)).status_code == 303


async def test_name_and_decision_follow_the_first_day_until_others_are_typed(
    kim: Principal, robin: Principal, client: httpx.AsyncClient
) -> None:
    moved = fields((await sent(client, "2.8", robin, forsta="2027-02-15", visa="1")).text)
    assert (moved["namn"], moved["beslut"]) == ("Återfallsprevention, vår 2027", "2027-02-05")
    own = fields((await client.post(NEW, data={**moved, "namn": "Måndagar", "forsta": "2026-11-23", "visa": "1"})).text)
    assert (own["namn"], own["beslut"]) == ("Måndagar", "2026-11-13")


async def test_the_preview_says_why_days_are_skipped_and_saves_nothing(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute("insert into closure (first_day, last_day, reason) values ('2027-02-22', '2027-02-26', 'Sportlov')")
    shown = (await sent(client, "2.8", robin, forsta="2027-02-15", beslut="2027-02-05", visa="1")).text
    assert "10 måndagar, 15 februari–3 maj 2027" in shown
    assert "Sportlov. Er stängning, alla lokaler." in shown
    assert "Annandag påsk, helgdag." in shown
    assert "Det blir 12 veckor. Riktlinjen 2.8 säger 10." in shown
    assert "Sommartid sedan 28 mars. Klockslaget är detsamma." in shown
    assert await all_cohorts(kim, clock) == []


@pytest.mark.parametrize(
    ("section", "changes", "messages"),
    [
        ("2.8", {"max": "9"}, ["Riktlinjen 2.8 säger minst 5 och högst 8 deltagare."]),
        ("2.8", {"min": "8", "max": "5"}, ["Minst kan inte vara mer än högst."]),
        ("2.8", {"antal": "9"}, ["Riktlinjen 2.8 säger 10 träffar."]),
        ("2.17", {"antal": "100"}, ["Skriv ett antal från 1 till 52."]),
        ("2.8", {"forsta": "2026-08-31"}, ["Tiden har redan varit."]),
        ("2.8", {"forsta": "igår"}, ["Skriv ett datum som finns", "Rätta det som är fel, så visas dagarna här."]),
        ("2.8", {"till": "12:00"}, ["Sluttiden måste vara efter starttiden."]),
        ("2.8", {"oppnar": "2026-08-01", "beslut": "2026-08-02"}, ["Tiden har redan varit."]),
        ("2.8", {"lokal": "ny", "nylokal": "Eken"}, ["Skriv lokalens adress."]),
        ("2.8", {"lokal": "4711"}, ["Välj en lokal, eller skriv en ny."]),
        ("2.8", {"besok1": "2026-10-19", "besok1tid": "16:00"}, ["Studiebesöket måste vara före första träffen."]),
        ("2.8", {"besok2": "2026-09-24", "besok2tid": "kl tre"}, ["Skriv en tid, till exempel 18.00."]),
        ("2.8", {"namn": " "}, ["Skriv ett namn."]),
        ("3.1", {"dagar": []}, ["Välj minst en veckodag."]),
        ("2.3", {"antal": "11"}, ["Riktlinjen 2.3 säger 5 till 10 samtal."]),
    ],
)
async def test_what_is_typed_wrong_is_kept_and_explained(
    section: str,
    changes: dict[str, Any],
    messages: list[str],
    kim: Principal,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
) -> None:
    answer = await seen(client, section, robin, **changes)
    assert answer.status_code == 422
    assert "<title>Fel:" in answer.text
    for message in messages:
        assert message in answer.text
    for name, value in changes.items():
        assert name in {"lokal", "dagar"} or f'value="{value}"' in answer.text
    assert f'value="{robin.staff_id}" checked' in answer.text
    assert await all_cohorts(kim, clock) == []


async def test_every_error_is_told_at_once(kim: Principal, robin: Principal, client: httpx.AsyncClient) -> None:
    answer = await sent(client, "2.8", robin, max="9", min="1", ledare=[], antal="3")
    assert "Fyra saker att rätta" in answer.text


async def test_without_a_first_day_everything_else_that_is_wrong_is_told_too(
    kim: Principal, robin: Principal, client: httpx.AsyncClient
) -> None:
    answer = await sent(client, "2.8", robin, forsta="", max="9", ledare=[], namn="")
    assert "Fyra saker att rätta" in answer.text
    for words in ("datum som finns", "minst 5 och högst 8", "Välj minst en gruppledare", "Skriv ett namn"):
        assert words in answer.text, words


async def test_limits_that_are_left_empty_are_told_the_guidelines(
    kim: Principal, robin: Principal, client: httpx.AsyncClient
) -> None:
    for typed in ("", "1000", "99999999"):
        assert "Skriv ett tal från 5 till 8." in (await sent(client, "2.8", robin, max=typed)).text


async def test_a_new_room_without_an_address_is_one_mistake(
    kim: Principal, robin: Principal, client: httpx.AsyncClient
) -> None:
    answer = await sent(client, "2.8", robin, lokal="ny", nylokal="Syrenen", nyadress="")
    assert "En sak att rätta" in answer.text
    assert "Skriv lokalens adress." in answer.text


async def test_a_drop_in_is_open_on_several_weekdays_for_some_weeks(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    answer = await seen(client, "3.1", robin, dagar=["0", "2", "4"], antal="2")
    assert answer.status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert (cohort.sessions, cohort.state) == (6, "open")


@pytest.mark.parametrize(("section", "count"), [("2.14", 20), ("2.18", 12), ("2.3", 5), ("2.2", 5)])
async def test_a_series_has_one_place_and_its_own_number_of_talks(
    section: str, count: int, kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    shown = (await client.get(f"{NEW}?insats={section}")).text
    assert 'name="max"' not in shown
    assert (await sent(client, section, robin, max="7")).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert (cohort.maximum, cohort.sessions) == (1, count)


async def test_study_visits_and_a_new_venue_come_with_the_group(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    more = {"besok1": "2026-09-24", "besok1tid": "15:00", "besok1antal": "3", "lokal": "ny"}
    answer = await seen(client, "2.8", robin, nylokal="Eken", nyadress="Torget 1", **more)
    assert answer.status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert (cohort.venue, cohort.address) == ("Eken", "Torget 1")
    slot = await owner.fetchrow("select capacity, venue_id, staff_id from visit_slot where cohort_id = $1", cohort.cohort_id)
    assert tuple(slot) == (3, cohort.venue_id, robin.staff_id)


async def test_a_visit_while_its_leader_leads_something_else_has_to_be_seen_before_it_is_saved(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    other = await a_cohort("2.1", clock.now(), robin, first_in=timedelta(days=8, hours=5))
    assert other.first_start
    shown = (await client.get(f"{NEW}?insats=2.8")).text
    visit = {"besok2": local_date(other.first_start).isoformat(), "besok2tid": "15:30", "besok2antal": "1"}
    typed = {**fields(shown), "ledare": str(robin.staff_id), **visit, "_csrf_token": csrf_of(shown)}
    asked = await client.post(NEW, data=typed)
    assert asked.status_code == 422
    assert "Studiebesök 2: Robin leder något annat då: torsdag 10 september 15.00–17.00." in asked.text
    assert await owner.fetchval("select count(*) from visit_slot") == 0
    # What was seen of one row is not what is seen of another.
    saw = {**typed, "sett": hidden(asked.text, "sett")}
    other_row = {"besok2": "", "besok2tid": "", "besok3": visit["besok2"], "besok3tid": "15:30", "besok3antal": "1"}
    assert (await client.post(NEW, data={**saw, **other_row})).status_code == 422
    assert (await client.post(NEW, data=saw)).status_code == 303
    assert await owner.fetchval("select count(*) from visit_slot") == 1


async def test_a_session_while_its_leader_holds_a_study_visit_is_seen_before_it_is_saved(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    shown = (await client.get(f"{NEW}?insats=2.9")).text
    form = {**fields(shown), "ledare": str(robin.staff_id), "_csrf_token": csrf_of(shown)}
    other = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=200))
    starts = at_local(date.fromisoformat(form["forsta"]), time.fromisoformat(form["fran"]))
    visit = (starts, starts + timedelta(hours=1), other.venue_id, robin.staff_id, 1, clock.now())
    await slot_services.add_slot(other.cohort_id, *visit)
    asked = await client.post(NEW, data=form)
    assert asked.status_code == 422
    assert "Robin håller ett studiebesök" in asked.text
    assert await owner.fetchval("select count(*) from cohort") == 1
    assert (await client.post(NEW, data={**form, "sett": hidden(asked.text, "sett")})).status_code == 303


async def test_only_its_coordinator_opens_a_programme(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await sign_in_as(client, "robin", clock.now())
    assert (await client.get(NEW)).status_code == 403
    await a_coordinator(clock.now(), "annan", "2.1")
    await sign_in_as(client, "annan", clock.now())
    assert (await client.get(NEW)).headers["location"] == f"{NEW}?insats=2.1"
    page = (await client.get(f"{NEW}?insats=2.1")).text
    for section, status in (("2.8", 403), ("4.1", 404), ("9.9", 404), ("", 404)):
        answer = await client.post(NEW, data={**fields(page), "insats": section, "_csrf_token": csrf_of(page)})
        assert answer.status_code == status
        if section:
            assert (await client.get(f"{NEW}?insats={section}")).status_code == status


async def test_a_coordinator_of_everything_chooses_first(kim: Principal, client: httpx.AsyncClient) -> None:
    shown = (await client.get(NEW)).text
    assert f'href="{NEW}?insats=2.16"' in shown
    assert "insats=4.1" not in shown


async def test_without_rooms_and_leaders_the_form_says_so(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    shown = (await client.get(f"{NEW}?insats=2.8")).text
    assert "Det finns ingen att välja än." in shown
    assert hidden(shown, "insats") == "2.8"
    answer = await client.post(NEW, data=fields(shown))
    assert "Välj minst en gruppledare." in answer.text


@pytest.mark.parametrize("section", ["2.9", "2.14"])
async def test_a_series_gets_its_name_from_us_and_takes_none(
    section: str, kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    shown = (await client.get(f"{NEW}?insats={section}")).text
    assert 'name="namn"' not in shown
    assert (await sent(client, section, robin, namn="Samtal Anna Svensson 19850214-1234")).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert cohort.first_start
    assert cohort.name.endswith(f", {day_plain(local_date(cohort.first_start))}")
    assert cohort.name in shown
    assert "Anna" not in cohort.name


@pytest.mark.parametrize("section", ["2.1", "2.8"])
@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("Anna 19850214-1234", "Skriv ett namn som inte pekar ut någon."),
        ("Ring 070-174 06 05", "Skriv ett namn som inte pekar ut någon."),
        ("anna@example.se", "Det ser ut som en adress, och en sådan kan peka ut någon."),
        ("Anna, Storgatan 5", "Det ser ut som en adress, och en sådan kan peka ut någon."),
    ],
)
async def test_a_group_is_not_called_by_a_number_or_an_address(
    section: str, typed: str, why: str, kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    answer = await sent(client, section, robin, namn=typed)
    assert answer.status_code == 422
    assert why in answer.text
    assert await all_cohorts(kim, clock) == []


async def test_a_button_that_is_pressed_twice_plans_one(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    shown = (await client.get(f"{NEW}?insats=2.8")).text
    form = {**fields(shown), "ledare": [str(robin.staff_id)], "visa": "1"}
    again = {**fields((await client.post(NEW, data=form)).text), "spara": "1"}
    both = await asyncio.gather(*(client.post(NEW, data=again) for _ in range(2)))
    (made,) = await all_cohorts(kim, clock)
    assert [(one.status_code, one.headers.get("location")) for one in [*both, await client.post(NEW, data=again)]] == [
        (303, f"/personal/grupper/{made.cohort_id}/traffar?klart=planerad")
    ] * 3
    # Who goes back and changes something means another one, and is asked about what it meets.
    other = await client.post(NEW, data={**again, "namn": "Torsdagar"})
    assert (other.status_code, "Krock" in other.text) == (422, True)
    meant = re.search(r'name="anda" value="([^"]+)"', other.text)
    assert meant
    assert (await client.post(NEW, data={**fields(other.text), "spara": "1", "anda": meant[1]})).status_code == 303
    assert sorted(one.name for one in await all_cohorts(kim, clock)) == sorted([made.name, "Torsdagar"])
    # The control: without its number the form clashes with what it made itself.
    refused = await client.post(NEW, data={name: value for name, value in again.items() if name != "once"})
    assert refused.status_code == 422


@pytest.mark.parametrize("locked", [True, False])
async def test_of_two_presses_at_once_the_other_waits_for_the_first(
    kim: Principal,
    robin: Principal,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    locked: bool,
) -> None:
    """Without the lock, which is the control, both have looked before either is saved, and one of them fails."""
    shown = (await client.get(f"{NEW}?insats=2.8")).text
    form = {**fields(shown), "ledare": [str(robin.staff_id)], "visa": "1"}
    again = {**fields((await client.post(NEW, data=form)).text), "spara": "1"}
    both_looked, judged, execute = asyncio.Barrier(2), views._judged, services.execute

    async def late(*asked: Any) -> Any:
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            await asyncio.wait_for(both_looked.wait(), 1)
        return await judged(*asked)

    async def unlocked(statement: str, *given: Any) -> None:
        if "pg_advisory_xact_lock" not in statement:
            await execute(statement, *given)

    monkeypatch.setattr(views, "_judged", late)
    if not locked:
        monkeypatch.setattr(services, "execute", unlocked)
    answers = await asyncio.gather(*(client.post(NEW, data=again) for _ in range(2)), return_exceptions=True)
    codes = [one.status_code for one in answers if isinstance(one, httpx.Response)]
    assert len(await all_cohorts(kim, clock)) == 1
    assert (codes == [303, 303]) == locked, answers
