"""What has started: groups with sessions behind them, series of talks, places where people just come."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from programmes.attendance import services as attendance
from programmes.attendance.rules import Count, Mark
from programmes.calendar import services as calendar
from programmes.cohorts import queries as cohorts
from programmes.cohorts.office_services import let_in
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.schedule_rules import slot_on
from programmes.cohorts.session_services import cancel_session, move_session
from programmes.cohorts.talk_services import book_talk
from programmes.core.principal import Principal
from programmes.demo.starts import noon, visits
from programmes.demo.town import Plan, Town
from programmes.evaluation import services as evaluation

_LATER = timedelta(days=1, hours=1)


async def roll_call(town: Town, cohort: CohortFacts, people: list[UUID], leader: str, left: int = 0) -> None:
    """Note attendance by name for every session that is over, but for the `left` last: one is away now and then."""
    marks: tuple[Mark, ...] = ("excused", "no_show", "excused")
    over = await town.past(cohort)
    for number, session in enumerate(over[: len(over) - left]):
        away = {people[number % len(people)]: marks[number % 3]} if number % 2 else {}
        noted: dict[UUID, Mark] = {person: away.get(person, "present") for person in people}
        refused = await attendance.mark(session.session_id, noted, town.staff[leader], session.ends_at)
        assert refused is None, refused


async def head_count(town: Town, cohort: CohortFacts, most: int, leader: str) -> None:
    """Note how many came to every session that is over, by sex."""
    for number, session in enumerate(await town.past(cohort)):
        came = most - (number * 2 + session.session_id) % 3
        counted = Count(women=(came + 1) // 2, men=came // 2, other=0)
        refused = await attendance.count(session.session_id, counted, town.staff[leader], session.ends_at)
        assert refused is None, refused


async def gambling_group(town: Town) -> None:
    """2.7: six of ten weeks; one session was cancelled and made up for, one to come has been moved."""
    # On today's weekday, so that there is a session today.
    first = town.today - timedelta(weeks=5)
    opened = noon(first - timedelta(weeks=6))
    plan = Plan(
        "2.7", "Till spelfriheten!, hösten", first, time(18), time(20), "robin", "Linden",
        visits=visits(first - timedelta(weeks=3), capacity=8),
    )  # fmt: skip
    cohort = await town.open(plan, opened)
    people = [await town.apply(cohort, opened + timedelta(days=2, hours=n)) for n in range(6)]
    for person in people:
        ended = await town.visit(cohort, person, 0, opened + timedelta(days=3))
        await town.confirm(cohort, person, "robin", ended)
    await town.start(cohort, noon(first - timedelta(days=5)))
    robin = town.staff["robin"]
    third = (await town.past(cohort))[:3][-1]
    ill = third.starts_at - timedelta(hours=4)
    assert not await cancel_session(third.session_id, True, robin, ill)
    assert not await let_in(cohort.cohort_id, town.staff["love"].staff_id, town.today + timedelta(weeks=3), town.kim, ill)
    await town.work(ill)
    # The last one waits on Idag for whoever tries the roll call.
    await roll_call(town, cohort, people, "robin", left=1)
    coming = next(s for s in await cohorts.sessions(cohort.cohort_id) if s.starts_at > town.real_now + timedelta(days=6))
    starts, ends = coming.starts_at + _LATER, coming.ends_at + _LATER
    place = (await cohorts.by_id(cohort.cohort_id)).venue_id
    moved = await move_session(coming.session_id, starts, ends, place, robin, town.real_now, meant=True)
    assert not moved, moved
    await town.work(town.real_now)
    await _calendars(town, cohort, people[0], robin)


async def _calendars(town: Town, cohort: CohortFacts, person: UUID, leader: Principal) -> None:
    """A feed of every kind, as if each had been subscribed to."""
    found = [
        await calendar.participant_feed(person, town.keys, town.real_now),
        await calendar.cohort_feed(cohort.cohort_id, leader.staff_id, town.keys, town.real_now),
        await calendar.leader_feed(leader.staff_id, town.keys, town.real_now),
    ]
    town.feeds.extend(feed.feed_id for feed in found if feed)


async def groups_with_slips(town: Town) -> None:
    """2.1 and 2.17: the last session is ahead, the slips are printed, one or two have answered, the other codes wait."""
    first = _last_but_one(town, 4)
    parents = Plan("2.1", "ABC, hösten", first, time(17), time(19, 30), "mika", "Biblioteket, grupprummet")
    await _with_slips(town, parents, answered=2)
    debts = Plan(
        "2.17", "Skuldsatta, hösten", _last_but_one(town, 6), time(17, 30), time(19, 30), "robin", "Linden",
        minimum=4, maximum=10, count=6, last_entry=1,
    )  # fmt: skip
    await _with_slips(town, debts, answered=1)


def _last_but_one(town: Town, count: int) -> date:
    """A first day from which the last of so many weekly sessions is still to come, and the one before it is not."""
    soon = town.today + timedelta(days=3)
    soon += timedelta(days=max(0, 7 - soon.weekday()) if soon.weekday() > 4 else 0)
    return soon - timedelta(weeks=count - 1)


async def _with_slips(town: Town, plan: Plan, answered: int) -> None:
    leader = plan.leader
    opened = noon(plan.first - timedelta(weeks=4))
    cohort = await town.open(plan, opened)
    people = [await town.apply(cohort, opened + timedelta(days=1 + n)) for n in range(8)]
    await town.start(cohort, noon(plan.first - timedelta(days=5)))
    if cohort.exempt:
        await head_count(town, cohort, len(people), leader)
    else:
        await roll_call(town, cohort, people, leader)
    # Holidays may have put off every session: then the slips are printed early.
    over = await town.past(cohort)
    moment = over[-1].ends_at if over else town.real_now
    await town.work(moment)
    codes = await print_slips(town, cohort, leader, moment)
    for code in codes[:answered]:
        await answer(town, code, 4)
    town.ballots.append({"programme": plan.section, "codes": codes})


async def print_slips(town: Town, cohort: CohortFacts, leader: str, moment: datetime) -> list[str]:
    """A slip for each; the box is open when this returns."""
    slips = await evaluation.print_slips(cohort.cohort_id, town.staff[leader], moment)
    assert isinstance(slips, list), slips
    await town.work(moment)
    return slips


_GOOD = ("Att få höra att andra har det likadant.", "Lugnet i rummet.", "Övningarna att ta med hem.", "")
_CHANGE = ("Gärna fika i pausen.", "", "En träff till hade varit bra.", "")


async def answer(town: Town, code: str, number: int) -> None:
    """What somebody thought, cast like any vote."""
    given: dict[str, object] = {
        "participation": 3 + number % 3,
        "safety": 4 + number % 2,
        "satisfaction": 5 - number % 2,
        "respect": 5 if number % 4 else 4,
    }
    given |= {k: text for k, text in (("good", _GOOD[number % 4]), ("change", _CHANGE[number % 4])) if text}
    assert await evaluation.cast(code, given, town.worker.settings.key_folder)


async def series(town: Town) -> None:
    """2.14 (twenty talks), 2.18 (twelve) and 2.3: each with one person, set up by staff or taken on the web."""
    for section, name, weekday, weeks, count, helped_by in (
        ("2.14", "Samtal om våld, måndagar", 0, 7, 20, "mika"),
        ("2.18", "Till spelfriheten!, fredagar", 4, 4, 12, ""),
        ("2.3", "Anhörigstöd, tisdagar", 1, 3, 6, ""),
    ):
        opened = noon(town.day(-weeks - 2, 0))
        plan = Plan(section, name, town.day(-weeks, weekday), time(10), time(11), "mika", "Ateljén", count=count)
        cohort = await town.open(plan, opened)
        person = await town.apply(cohort, opened + timedelta(days=2), helped_by)
        await town.start(cohort, opened + timedelta(days=3))
        await roll_call(town, cohort, [person], "mika")
    await _one_talk_at_a_time(town)
    for section, name, hour in (("2.18", "Till spelfriheten!, egna tider", 13), ("2.3", "Anhörigstöd, egna tider", 14)):
        plan = Plan(section, name, town.day(2, 3), time(hour), time(hour + 1), "robin", "Ateljén")
        await town.open(plan, town.real_now - timedelta(days=3))
    await town.work(town.real_now)


async def _one_talk_at_a_time(town: Town) -> None:
    """2.3: two talks have been, the next is booked, and the one after that is agreed upon then."""
    opened = noon(town.day(-4, 0))
    plan = Plan("2.3", "Anhörigstöd, en tid i taget", town.day(-3, 3), time(15), time(16), "mika", "Ateljén", count=1,
                one_at_a_time=True)  # fmt: skip
    cohort = await town.open(plan, opened)
    person = await town.apply(cohort, opened + timedelta(days=1), "mika")
    await town.start(cohort, opened + timedelta(days=2))
    for weeks, weekday in ((-1, 1), (1, 3)):
        booked = noon(town.day(weeks - 2, weekday))
        await town.work(booked)
        slot = slot_on(town.day(weeks, weekday), time(15, 30), time(16, 30))
        refused = await book_talk(cohort.cohort_id, slot, cohort.venue_id, town.staff["mika"], booked, meant=True)
        assert not refused, refused
    await roll_call(town, cohort, [person], "mika")


async def open_houses(town: Town) -> None:
    """3.1 at one place, mornings and afternoons, 3.2 at five: people just come, and heads are counted."""
    # A morning and two afternoons a week, one of them today, so that there is something to count.
    today = town.today.weekday()
    afternoons, morning = frozenset({today, (today + 2) % 7}), (today + 4) % 7
    plans = [
        Plan("3.1", "Mötesplatsen, eftermiddagar", town.day(-6, min(afternoons)), time(13), time(16), "love",
             "Mötesplatsen", count=24, weekdays=afternoons),
        Plan("3.1", "Mötesplatsen, förmiddagar", town.day(-6, morning), time(9), time(12), "love", "Mötesplatsen",
             count=12, weekdays=frozenset({morning})),
    ]  # fmt: skip
    for weekday, venue in enumerate(("Ekbacken", "Lindhaga", "Björkgården", "Rönnen", "Hasseln")):
        first, days = town.day(-6, weekday), frozenset({weekday})
        name = f"Träffpunkt {venue}"
        plans.append(Plan("3.2", name, first, time(13), time(15, 30), "love", venue, count=20, weekdays=days))
    for number, plan in enumerate(plans):
        cohort = await town.open(plan, noon(town.day(-8, 0)))
        await head_count(town, cohort, 14 + 5 * number, "love")
        if number == 0:
            feed = await calendar.cohort_feed(cohort.cohort_id, town.kim.staff_id, town.keys, town.real_now)
            town.feeds.append(feed.feed_id)
