"""A session that has begun, and a day that the planner warns of, are asked about before anything is changed."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from programmes.cohorts import queries as cohorts
from programmes.cohorts.pattern_rules import usual_weekdays
from programmes.cohorts.schedule_rules import Slot, worth_knowing
from programmes.cohorts.session_rules import begun
from programmes.cohorts.session_services import day_noted
from programmes.cohorts.wording_rules import said
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.desk.talk_cast import a_series, booking
from tests.desk.test_sick import House, house, look, mail  # noqa: F401
from tests.desk.test_who_leads_then import texts
from tests.factories import a_cohort, box, hidden, post_form
from tests.notices.mail import Mail

SATURDAY, EVE, BRIDGE = date(2026, 9, 5), date(2027, 1, 5), date(2027, 5, 7)


@pytest.mark.parametrize(("later", "words"), [(1, "har redan börjat"), (5, "har redan varit")])
@pytest.mark.parametrize("what", ["flytta", "stall-in"])
async def test_a_session_that_has_begun_is_asked_about_and_who_leads_it_then_hears(
    what: str,
    later: int,
    words: str,
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
) -> None:
    clock.advance(hours=later)
    await sign_in_as(client, "kim", clock.now())
    page = f"{house.page}/{what}"
    shown = await look(client, page)
    assert words in shown
    assert "Det är meningen" in shown
    form: dict[str, object] = {"sedd": "0"}
    if what == "flytta":
        venue = str(house.cohort.venue_id)
        form |= {"dag": "2026-09-03", "fran": "17:00", "till": "19:00", "lokal": venue, "omfang": "en"}
    else:
        form |= {"sedan": "inte", "nytt": hidden(shown, "nytt")}
    asked = await post_form(client, page, form)
    assert asked.status_code == 422
    assert words in asked.text
    assert (await cohorts.sessions(house.cohort.cohort_id))[0].sequence == 0
    assert (await post_form(client, page, {**form, "anda": box(asked.text)})).status_code == 303
    await mail.work()
    if what == "flytta":
        assert len(texts(mail, "robin", "är flyttat: torsdag 3 september 17.00–19.00")) == 1
    else:
        assert len(texts(mail, "robin", "är inställt")) == (1 if later == 1 else 0)


async def test_the_days_of_a_rest_say_that_the_first_has_been(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
) -> None:
    clock.advance(hours=5)
    await sign_in_as(client, "kim", clock.now())
    form: dict[str, object] = {"dag": "2026-09-03", "fran": "17:00", "till": "19:00", "omfang": "resten", "sedd": "0"}
    shown = await post_form(client, f"{house.page}/flytta", {**form, "lokal": str(house.cohort.venue_id)})
    assert shown.status_code == 200
    assert "har redan varit" in shown.text


def test_what_has_not_begun_is_not_asked_about() -> None:
    now = datetime(2026, 9, 2, 15, tzinfo=UTC)
    slot = Slot(now, now + timedelta(hours=2))
    assert begun(slot, now - timedelta(seconds=1)) == []
    assert [begun(slot, now + n * timedelta(hours=1))[0].code for n in range(3)] == ["has_begun", "has_begun", "has_been"]
    assert "Samtalet onsdag 2 september 17.00 har redan varit" in said(begun(slot, slot.ends_at)[0], "individual")


def slots(*days: date) -> list[Slot]:
    starts = [datetime(day.year, day.month, day.day, 10, tzinfo=UTC) for day in days]
    return [Slot(one, one + timedelta(hours=1)) for one in starts]


def test_a_weekend_is_said_unless_it_is_usual_and_an_eve_and_a_bridge_day_always() -> None:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    saturdays = slots(*(SATURDAY + n * timedelta(weeks=1) for n in range(3)))
    mondays = slots(*(date(2026, 9, 7) + n * timedelta(weeks=1) for n in range(3)))
    assert usual_weekdays([*mondays, saturdays[0]]) == {0}
    assert usual_weekdays([]) == frozenset()
    assert [note.kind for note in worth_knowing(SATURDAY, {0})] == ["weekend"]
    assert worth_knowing(SATURDAY, {5}) == ()
    assert [[note.kind for note in worth_knowing(day, {1, 4})] for day in (EVE, BRIDGE)] == [["eve"], ["bridge"]]
    (reason,) = day_noted(mondays, saturdays[0], now)
    assert said(reason).startswith("Lördag 5 september: Helg. Välj en annan dag")
    assert day_noted(saturdays, slots(date(2026, 10, 3))[0], now) == []
    assert "Klämdag." in said(day_noted(mondays, slots(BRIDGE)[0], now)[0])
    # Of a holiday its name is said, and of what has been that it has.
    assert day_noted(mondays, slots(date(2026, 12, 25))[0], now) == day_noted(mondays, slots(date(2026, 8, 1))[0], now) == []


async def test_a_move_and_a_talk_onto_such_a_day_have_to_be_meant(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    cohort, series = await a_cohort("2.1", clock.now(), robin, sessions=1), await a_series("2.3", clock, robin)
    session = (await cohorts.sessions(cohort.cohort_id))[0]
    move = {"fran": "10:00", "till": "12:00", "lokal": str(cohort.venue_id), "sedd": "0"}
    for address, form in (
        (f"/personal/traffar/{session.session_id}/flytta", move),
        (f"/personal/grupper/{series.cohort_id}/boka", booking(series)),
    ):
        for day, words in (("2026-11-07", "Helg."), (EVE.isoformat(), "Dagen före trettondedag jul.")):
            asked = await post_form(client, address, {**form, "dag": day})
            assert asked.status_code == 422
            assert words in asked.text
        assert (
            await post_form(client, address, {**form, "dag": EVE.isoformat(), "anda": box(asked.text)})
        ).status_code == 303
