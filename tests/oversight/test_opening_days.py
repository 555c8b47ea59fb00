"""The days of a new cohort by another pattern than every week: seen first, saved as seen, and kept to afterwards."""

from dataclasses import replace
from datetime import date, time
from itertools import pairwise

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries, services, session_services
from programmes.cohorts.opening_services import Opening, preview
from programmes.cohorts.schedule_rules import slot_on
from programmes.cohorts.services import announce
from programmes.cohorts.talk_services import book_talk
from programmes.core.clock import local, local_date
from programmes.core.principal import Principal
from tests.clock import FrozenClock
from tests.factories import a_programme
from tests.oversight.test_opening_views import NEW, all_cohorts, fields, kim, robin, seen, sent

__all__ = ["kim", "robin"]


async def days_of(cohort_id: int) -> list[tuple[date, time, time]]:
    return [
        (local_date(one.starts_at), local(one.starts_at).time(), local(one.ends_at).time())
        for one in await queries.sessions(cohort_id)
        if one.state != "cancelled"
    ]


async def test_every_second_week_stays_so_when_one_is_cancelled_and_when_the_start_is_postponed(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    answer = await seen(client, "2.1", robin, monster="varannan")
    assert answer.status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    days = [day for day, _from, _to in await days_of(cohort.cohort_id)]
    assert [(later - earlier).days for earlier, later in pairwise(days)] == [14, 14, 14]
    first = (await queries.sessions(cohort.cohort_id))[0]
    assert await session_services.cancel_session(first.session_id, True, kim, clock.now()) == []
    assert (await days_of(cohort.cohort_id))[-1][0] == date(2026, 12, 14)
    again, _clashes = await services.plan_again(cohort.cohort_id, date(2027, 2, 3), clock.now())
    assert [day.day for day in again.sessions] == [date(2027, 2, 3), date(2027, 2, 17), date(2027, 3, 3), date(2027, 3, 17)]


async def test_several_times_a_week_with_hours_of_their_own(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    wanted = {"monster": "flera", "dagar": ["1", "3"], "fran3": "09.00", "till3": "11.00", "forsta": "2026-10-19"}
    shown = await sent(client, "2.1", robin, **wanted, visa="1")
    assert "Den dag du skrev är ingen av veckodagarna. Det börjar tisdag 20 oktober." in shown.text
    assert "<p>Träff 2, 09.00–11.00</p>" in shown.text
    answer = await seen(client, "2.1", robin, **wanted)
    assert answer.status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert await days_of(cohort.cohort_id) == [
        (date(2026, 10, 20), time(13), time(15)),
        (date(2026, 10, 22), time(9), time(11)),
        (date(2026, 10, 27), time(13), time(15)),
        (date(2026, 10, 29), time(9), time(11)),
    ]
    for wrong, said in (
        ({"dagar": []}, "Välj minst en veckodag."),
        ({"fran5": "10.00"}, "Kryssa i den veckodagen också, eller ta bort tiden."),
        ({"till3": ""}, "Skriv en tid, till exempel 18.00."),
        ({"till3": "08.30"}, "Sluttiden måste vara efter starttiden."),
        ({"fran3": "02.30"}, "Skriv en tid från 6.00 till 23.00."),
    ):
        refused = await sent(client, "2.1", robin, **{**wanted, **wrong})
        assert (refused.status_code, said in refused.text) == (422, True), wrong
        if said.startswith(("Välj", "Slut")):
            # Days that can't be counted are neither shown nor saved.
            assert "Rätta det som är fel, så visas dagarna här." in refused.text, wrong
            assert 'name="spara"' not in refused.text, wrong
    refused = await sent(client, "2.1", robin, fran="17.00", till="16.00")
    assert ("Sluttiden måste" in refused.text, 'name="spara"' in refused.text) == (True, False)


async def test_several_times_a_week_is_never_a_weekday_that_nobody_has_chosen(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    refused = await sent(client, "2.1", robin, monster="flera")
    assert (refused.status_code, "Välj minst en veckodag." in refused.text) == (422, True)
    assert "<details open><summary>Veckodagar, när det är flera gånger i veckan" in refused.text
    assert await all_cohorts(kim, clock) == []


async def test_a_morning_and_two_afternoons_a_week(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    wanted = {"dagar": ["0", "2", "4"], "fran": "13.00", "till": "16.00", "fran2": "9.00", "till2": "11.30", "antal": "2"}
    assert (await seen(client, "3.1", robin, **wanted)).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert [(day.weekday(), begins) for day, begins, _to in await days_of(cohort.cohort_id)] == [
        (0, time(13)),
        (2, time(9)),
        (4, time(13)),
    ] * 2


async def test_dates_by_hand_are_offered_from_the_pattern_and_a_day_off_is_said(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    offered = await sent(client, "2.1", robin, monster="egna")
    assert offered.status_code == 200
    assert await all_cohorts(kim, clock) == []
    form = fields(offered.text) | {"ledare": [str(robin.staff_id)], "monster": "egna"}
    dates = [form[f"datum{n}"] for n in range(1, 5)]
    assert dates == ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"]
    twice = await client.post(NEW, data={**form, "datum2": dates[0]})
    assert (twice.status_code, "Den dagen står redan ovanför." in twice.text) == (422, True)
    gap = await client.post(NEW, data={**form, "datum4": ""})
    assert (gap.status_code, "Skriv ett datum som finns" in gap.text) == (422, True)
    past = await client.post(NEW, data={**form, "datum4": "2026-08-03"})
    assert (past.status_code, "Tiden har redan varit." in past.text) == (422, True)
    holiday = {**form, "datum4": "2026-12-24", "datum1": "2026-10-30"}
    shown = await client.post(NEW, data=holiday)
    assert (shown.status_code, "Titta på dagarna igen" in shown.text) == (422, True)
    assert "Torsdag 24 december: Julafton, helgdag." in shown.text
    saved = await client.post(NEW, data={**holiday, "sett": fields(shown.text)["sett"]})
    assert saved.status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert [day for day, _from, _to in await days_of(cohort.cohort_id)] == [
        date(2026, 10, 26),
        date(2026, 10, 30),
        date(2026, 11, 2),
        date(2026, 12, 24),
    ]
    assert await owner.fetchval("select every_weeks from cohort") == 0


async def test_a_first_day_by_hand_that_is_a_weekend_or_a_bridge_day_is_said(
    kim: Principal, robin: Principal, client: httpx.AsyncClient
) -> None:
    offered = await sent(client, "2.1", robin, monster="egna")
    form = fields(offered.text) | {"ledare": [str(robin.staff_id)], "monster": "egna"}
    for first, said in (
        ("2026-10-17", "Första dagen, lördag 17 oktober: Helg."),
        ("2026-10-30", "Första dagen, fredag 30 oktober: Dagen före alla helgons dag."),
        ("2027-05-07", "Första dagen, fredag 7 maj: Klämdag."),
    ):
        days = {"datum1": first, "datum2": "2027-05-11", "datum3": "2027-05-12", "datum4": "2027-05-18"}
        shown = (await client.post(NEW, data={**form, **days, "visa": "1"})).text
        assert said in shown, first
        assert "ingen av veckodagarna" not in shown, first
    pattern = await sent(client, "2.1", robin, forsta="2026-10-17", visa="1")
    assert "Första dagen, lördag 17 oktober: Helg." in pattern.text
    open_house = await sent(client, "3.1", robin, dagar=["5"], forsta="2026-10-17", visa="1")
    assert "Helg." not in open_house.text


async def test_postponing_several_times_a_week_keeps_weekdays_and_shows_each_time(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    wanted = {"monster": "flera", "dagar": ["1", "3"], "fran3": "09.00", "till3": "11.00", "forsta": "2026-10-20"}
    assert (await seen(client, "2.1", robin, **wanted)).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    head = (await client.get(f"/personal/grupper/{cohort.cohort_id}")).text
    assert "Tisdagar 13.00–15.00 och torsdagar 09.00–11.00, Hamngatan 4, Linden." in head
    listed = (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
    assert "Tisdagar 13.00–15.00 och torsdagar 09.00–11.00, Linden." in listed
    form = (await client.get(f"/anmalan/{cohort.public_id}")).text
    assert "4 träffar, tisdagar 13.00–15.00 och torsdagar 09.00–11.00, till 29 oktober 2026." in form
    public = (await client.get("/insatser/abc")).text
    assert "<span>tisdagar 13.00–15.00 och torsdagar 09.00–11.00</span>" in public
    assert "tisdagar 13.00–15.00 och torsdagar 09.00–11.00, 4 träffar" in public
    english = (await client.get("/insatser/abc?lang=en")).text
    assert "Tuesdays 13:00–15:00 and Thursdays 09:00–11:00" in english
    address = f"/personal/starter/{cohort.cohort_id}/skjut-upp"
    token = fields((await client.get(address)).text)["_csrf_token"]
    shown = await client.post(
        address, data={"start": "2026-11-21", "beslut": "2026-11-10", "visa": "1", "_csrf_token": token}
    )
    assert "Den dag du skrev är ingen av veckodagarna. Det börjar tisdag 24 november." in shown.text
    assert "<p>Träff 1, 13.00–15.00</p>" in shown.text
    assert "<p>Träff 2, 09.00–11.00</p>" in shown.text
    assert "lör" not in shown.text.split("Visa alla nya dagar")[1]


async def test_a_postponed_start_on_a_weekend_says_so(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    assert (await seen(client, "2.1", robin)).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    address = f"/personal/starter/{cohort.cohort_id}/skjut-upp"
    first = await client.get(address)
    assert "Andra dagar än förut" not in first.text
    token = fields(first.text)["_csrf_token"]
    shown = await client.post(
        address, data={"start": "2026-11-21", "beslut": "2026-11-10", "visa": "1", "_csrf_token": token}
    )
    assert "Nu blir det även på en veckodag som inte fanns förut: lördagar." in shown.text
    assert "Det är helg." in shown.text


@pytest.mark.parametrize(("how", "sessions"), [("forsta", 1), ("ingen", 0)])
async def test_a_series_is_opened_with_its_first_talk_or_with_none(
    how: str, sessions: int, kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    shown = await sent(client, "2.3", robin, monster=how)
    assert shown.status_code == 422
    assert "Titta på dagarna igen" in shown.text
    assert ("Ingen tid är bokad än." in shown.text) == (how == "ingen")
    assert await all_cohorts(kim, clock) == []
    assert (await seen(client, "2.3", robin, monster=how)).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert (cohort.sessions, cohort.one_at_a_time, cohort.state) == (sessions, True, "open")
    assert cohort.unbooked == (sessions == 0)
    programme = (await a_programme("2.3"))[1]
    assert (cohort.name == programme.short_name) == (how == "ingen")
    slot = slot_on(date(2026, 10, 13), time(13), time(14))
    booked = await book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now(), meant=True)
    assert booked == []
    # Before any day was known it had none in its name; the first talk gives it one.
    named = (await queries.by_id(cohort.cohort_id)).name
    assert named == (f"{programme.short_name}, 13 oktober 2026" if how == "ingen" else cohort.name)


async def test_a_series_without_talks_is_announced_later_and_a_group_never_has_none(
    kim: Principal, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    assert (await seen(client, "2.18", robin, monster="ingen", spara="1", forsta="2026-08-03")).status_code == 303
    (cohort,) = await all_cohorts(kim, clock)
    assert cohort.state == "planned"
    assert await announce(cohort.cohort_id, kim, clock.now()) == []
    for how in ("ingen", "forsta"):
        refused = await sent(client, "2.1", robin, monster=how)
        assert (refused.status_code, "Välj ett av alternativen." in refused.text) == (422, True)
    wanted = replace(an_opening(cohort, robin), one_at_a_time=True, count=0)
    assert [reason.code for reason in (await preview(wanted, kim, clock.now())).reasons] == []
    group = replace(wanted, programme_id=(await a_programme("2.1"))[0], maximum=8)
    assert "only_talks" in [reason.code for reason in (await preview(group, kim, clock.now())).reasons]
    assert "only_talks" in [r.code for r in (await preview(replace(wanted, count=3), kim, clock.now())).reasons]


def an_opening(cohort: queries.CohortFacts, robin: Principal) -> Opening:
    day = date(2026, 10, 19)
    return Opening(
        cohort.programme_id, "Serie", day, time(13), time(14), 5, 1, 1, day, day, 1, (robin.staff_id,), cohort.venue_id
    )  # fmt: skip
