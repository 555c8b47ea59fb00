"""What is said to and of members of staff when somebody else changes what they lead, or they answer twice."""

from datetime import date, time, timedelta

import asyncpg
import httpx

from programmes.cohorts import talk_services
from programmes.cohorts.pattern_rules import one_more
from programmes.cohorts.schedule_rules import Pattern, Slot, slot_on
from programmes.cohorts.talk_rules import next_talk
from programmes.core.clock import local_date
from programmes.desk.changes import services as change_services
from programmes.desk.today.needs_pages import Item, Tag, urgency
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.desk.talk_cast import a_series
from tests.desk.test_sick import HALF_PAST_FOUR, House, ask, house, look, mail, request_to, with_mail  # noqa: F401
from tests.desk.test_who_leads_then import texts, yes
from tests.factories import hidden, post_form
from tests.notices.mail import Mail

WEEK = timedelta(weeks=1)


def test_what_waits_for_an_answer_today_comes_before_what_has_the_whole_day() -> None:
    today = local_date(HALF_PAST_FOUR)
    ring, asked = Item("Ring", "", "", Tag(""), today), Item("Kan du", "", "", Tag(""), today, HALF_PAST_FOUR)
    sooner = Item("Strax", "", "", Tag(""), today, HALF_PAST_FOUR - timedelta(minutes=1))
    late = Item("Sen", "", "", Tag(""), today - timedelta(days=3))
    far = Item("Nästa vecka", "", "", Tag(""), today + WEEK, HALF_PAST_FOUR + WEEK)
    ordered = sorted([far, ring, late, asked, sooner], key=lambda item: urgency(item, today))
    assert [item.title for item in ordered] == ["Strax", "Kan du", "Sen", "Ring", "Nästa vecka"]


async def test_a_no_after_a_yes_is_said_not_to_count(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    clock: FrozenClock,
) -> None:
    await ask(house, clock.now(), house.love)
    await sign_in_as(client, "love", clock.now())
    page = f"/personal/vikariat/{await request_to(owner, house.love)}"
    shown = await look(client, "/personal/idag")
    assert "Kan du hoppa in" in shown
    await yes(house, house.love, owner, clock)
    answer = await post_form(client, page, {"svar": "nej"})
    assert answer.status_code == 409
    assert "Ditt nej är inte sparat" in answer.text
    assert "Du har redan sagt ja" in answer.text
    assert f'href="{house.page}/sjuk"' in answer.text
    assert "Tack. Du står" in await look(client, page)


async def test_another_leader_is_said_to_be_told_by_mail(
    house: House,  # noqa: F811
    client: httpx.AsyncClient,
    clock: FrozenClock,
) -> None:
    await sign_in_as(client, "kim", clock.now())
    page = f"{house.page}/ledare"
    assert (await look(client, page)).count("E-post, och på Idag") == 2
    form = {"ut": house.robin.staff_id, "vem": house.love.staff_id, "omfang": "en", "sedd": "0"}
    answer = await post_form(client, page, form)
    assert answer.status_code == 303
    done = await look(client, answer.headers["location"])
    assert "Ingen behöver få besked" not in done
    assert "De som leder får veta det med e-post." in done
    # Undone, it still concerns nobody but staff, and that is said at once.
    change = hidden((await client.get(answer.headers["location"])).text, "andring")
    answer = await post_form(client, f"/personal/grupper/{house.cohort.cohort_id}/andrat", {"andring": change})
    done = await look(client, answer.headers["location"])
    assert "Deltagarna behöver inget besked" in done
    assert "Beskeden skrivs just nu" not in done


async def test_who_leads_hears_of_talks_that_another_books_in_one_mail(
    client: httpx.AsyncClient,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
    clock: FrozenClock,
) -> None:
    robin, kim = await a_leader(clock.now()), await a_coordinator(clock.now())
    await with_mail(owner, "robin", "kim")
    series = await a_series("2.3", clock, robin)
    slot = slot_on(date(2026, 10, 5), time(13), time(14))
    assert await change_services.book_talk(series.cohort_id, slot, series.venue_id, kim, clock.now()) == []
    await mail.work()
    assert len(texts(mail, "robin", "Du leder det som är måndag 5 oktober 13.00–14.00")) == 1
    pattern = Pattern(date(2026, 10, 12), frozenset({0}), time(13), time(14))
    plan = await talk_services.plan_talks(series, pattern, 2, series.venue_id, kim, clock.now())
    clock.advance(minutes=1)
    booked = (series.cohort_id, pattern, 2, series.venue_id, plan.digest)
    assert await change_services.book_talks(*booked, kim, clock.now()) == []
    await mail.work()
    (both,) = texts(mail, "robin", "måndag 12 oktober")
    assert "måndag 19 oktober" in both
    clock.advance(minutes=1)
    own = slot_on(date(2026, 10, 26), time(13), time(14))
    assert await change_services.book_talk(series.cohort_id, own, series.venue_id, robin, clock.now()) == []
    await mail.work()
    assert texts(mail, "robin", "måndag 26 oktober") == []


def test_one_day_on_another_weekday_does_not_decide_when_the_next_is() -> None:
    def on(day: date) -> Slot:
        return slot_on(day, time(13), time(14))

    tuesday, saturday = date(2026, 9, 1), date(2026, 9, 19)
    tuesdays = [on(tuesday), on(tuesday + WEEK)]
    there = [*tuesdays, on(saturday)]
    assert local_date(next_talk(there, 1, [], there[0].starts_at).starts_at) == date(2026, 9, 22)
    added = one_more(there, [], booked=True)
    assert added
    assert local_date(added.starts_at) == date(2026, 9, 22)
    # An exception in the middle is no reason to go there either.
    middle = one_more([tuesdays[0], on(date(2026, 9, 5)), *[on(tuesday + n * WEEK) for n in (1, 2, 3)]], [], booked=True)
    assert middle
    assert local_date(middle.starts_at) == date(2026, 9, 29)
    only = on(saturday)
    assert local_date(next_talk([only], 1, [], only.starts_at).starts_at) == saturday + WEEK


async def test_the_page_of_closures_is_called_as_the_link_to_it(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    page = await look(client, "/personal/stangningar")
    assert "<h1>Stängningar</h1>" in page
    assert '<a href="/personal/stangningar">Stängningar</a><a href="/personal/lokaler">' in page
