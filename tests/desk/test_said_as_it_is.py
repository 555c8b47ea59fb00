"""What pages say of sessions that were moved, of what clashes and of messages that have gone out."""

from datetime import UTC, date, datetime, time, timedelta

import httpx

from programmes.calendar import services as calendar
from programmes.cohorts import queries, rest_services
from programmes.cohorts.rest_services import Wanted
from programmes.cohorts.schedule_rules import Slot
from programmes.core.clock import local, local_date
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as changes
from programmes.desk.group import sent_queries
from programmes.desk.place.pages import day_line
from tests.calendar.ics import events
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, a_staff_member, sign_in_as
from tests.desk.talk_cast import a_series, booking
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, a_venue, box, hidden, post_form, somebody
from tests.notices.mail import Mail

DAY = timedelta(days=1)


async def test_what_moved_with_the_rest_is_called_by_its_new_weekday_in_calendars_of_staff(
    client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    kim, robin = await a_coordinator(clock.now()), await a_leader(clock.now())
    cohort = await a_cohort("2.7", clock.now(), robin, sessions=3)
    second = (await queries.sessions(cohort.cohort_id))[1]
    wanted = Wanted(local_date(second.starts_at) + DAY, (time(10), time(12)), cohort.venue_id)
    plan = await rest_services.plan_rest(cohort, second, wanted, kim, clock.now())
    assert await rest_services.move_rest(second.session_id, wanted, plan.digest, kim, clock.now()) == []
    address = calendar.feed_address(await calendar.leader_feed(robin.staff_id, keys, clock.now()), keys)
    found = events((await client.get(address)).content)
    assert [(e["SUMMARY"], e["SEQUENCE"]) for e in found] == [
        ("Onsdagsgruppen", 0), ("Torsdagsgruppen", 1), ("Torsdagsgruppen", 1)
    ]  # fmt: skip


async def test_a_session_that_is_back_where_it_was_is_said_to_be_as_planned(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    room = await a_venue("Annan")

    async def move(by: timedelta, venue: int, longer: timedelta = timedelta(0)) -> str:
        first = (await queries.sessions(cohort.cohort_id))[0]
        slot = Slot(first.starts_at + by, first.ends_at + by + longer)
        assert await changes.move(first.session_id, slot, venue, kim, clock.now(), meant=True) == []
        return day_line((await queries.sessions(cohort.cohort_id))[0], "group", False).note

    home, hour = cohort.venue_id, timedelta(hours=1)
    assert [await move(DAY, home), await move(DAY, home), await move(-2 * DAY, home)] == ["Flyttad", "Flyttad", ""]
    await sign_in_as(client, "kim", clock.now())
    for page in ("", "/traffar"):
        assert "Flyttad" not in (await client.get(f"/personal/grupper/{cohort.cohort_id}{page}")).text
    assert [await move(DAY, room), await move(-DAY, room)] == ["Flyttad", "Ändrad"], "in another room"
    assert [await move(0 * DAY, home, hour), await move(0 * DAY, home, -hour)] == ["Ändrad", ""], "longer"


async def test_a_message_of_before_is_not_named_by_the_day_of_after(
    mail: Mail,  # noqa: F811
    clock: FrozenClock,
    keys: KeyFolder,
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), sessions=3)
    await somebody(cohort, keys, clock.now(), contact="al@example.invalid")
    await mail.work()
    moved = []
    for _ in range(2):
        clock.advance(minutes=5)
        first = (await queries.sessions(cohort.cohort_id))[0]
        slot = Slot(first.starts_at + DAY, first.ends_at + DAY)
        assert await changes.move(first.session_id, slot, first.venue_id, kim, clock.now(), meant=True) == []
        await mail.work()
        moved.append(slot.starts_at)
    found = await sent_queries.sendings(cohort.cohort_id, 10)
    assert [one.session_starts for one in found if one.kind == "session_moved"] == [moved[1], None]


async def test_whom_the_rest_would_clash_with_is_named_for_who_may_know(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    await a_coordinator(clock.now())
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, sessions=3)
    other = await a_cohort("2.8", clock.now(), robin, first_in=timedelta(days=29), state="started", sessions=3)
    mine = (await queries.sessions(cohort.cohort_id))[1]
    there = local((await queries.sessions(other.cohort_id))[0].starts_at)
    form = {"dag": f"{there:%Y-%m-%d}", "fran": f"{there:%H:%M}", "till": f"{there + timedelta(hours=2):%H:%M}",
            "lokal": str(mine.venue_id), "omfang": "resten", "sedd": "0"}  # fmt: skip
    address = f"/personal/traffar/{mine.session_id}/flytta"
    await sign_in_as(client, "kim", clock.now())
    page = (await post_form(client, address, form)).text
    assert f"Krock: Robin har {other.name} till" in page
    assert "någon som leder gruppen" not in page


async def test_several_talks_that_would_double_a_leader_are_asked_about(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    robin = await a_staff_member("robin", "leader", clock.now(), "2.3")
    series = await a_series("2.3", clock, robin)
    elsewhere = await a_venue("Annan")
    when = datetime(2026, 10, 5, 11, tzinfo=UTC)
    await a_cohort("2.3", clock.now(), robin, first_in=when - clock.now(), state="started", sessions=1,
                           venue_id=elsewhere)  # fmt: skip
    await sign_in_as(client, "robin", clock.now())
    address = f"/personal/grupper/{series.cohort_id}/boka-flera"
    form = {**booking(series), "antal": "2", "monster": "vecka"}
    shown = await post_form(client, address, form | {"visa": "1"})
    assert shown.status_code == 200
    assert "Bokar du ändå ska den som leder vara på två ställen då. Samtal kan flyttas" in shown.text
    assert "delar ni lokalen" not in shown.text
    assert "Krock: Robin har" in shown.text
    seen = form | {"sett": hidden(shown.text, "sett")}
    asked = await post_form(client, address, seen)
    assert (asked.status_code, len(await queries.sessions(series.cohort_id))) == (422, 0)
    assert (await post_form(client, address, seen | {"anda": box(asked.text)})).status_code == 303
    days = [local_date(s.starts_at) for s in await queries.sessions(series.cohort_id)]
    assert days == [date(2026, 10, 5), date(2026, 10, 12)]
