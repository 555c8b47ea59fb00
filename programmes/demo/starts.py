"""Starts that are to come: open with places left, full with a queue, short of its minimum, only planned."""

from datetime import date, datetime, time, timedelta

from programmes.cohorts.closure_rules import Days
from programmes.cohorts.closure_services import close
from programmes.cohorts.schedule_rules import slot_on
from programmes.core.clock import at_local, local_date
from programmes.demo.town import Plan, Town
from programmes.enrolment import services as enrolment
from programmes.enrolment.visits import step_services as steps
from programmes.oversight.opening.services import Visit

_CONDITIONS = (
    (
        "Du kommer nykter och utan andra droger till varje träff.",
        "Du hör av dig i förväg om du inte kan komma.",
        "Det som sägs i gruppen stannar i gruppen.",
    ),
    (
        "You come sober and without other drugs to every session.",
        "You let us know beforehand if you can't come.",
        "What is said in the group stays in the group.",
    ),
)
_RULES = (
    (
        "Alla får tala till punkt.",
        "Telefonen är avstängd under träffen.",
        "Du berättar bara om dig själv, aldrig om andra.",
    ),
    (
        "Everybody may finish what they say.",
        "Phones are off during the session.",
        "You tell about yourself only, never about others.",
    ),
)


async def agreement_texts(town: Town) -> None:
    """The conditions and rules that 2.7 and 2.8 ask people to accept."""
    moment = town.clock.now()
    day = local_date(moment)
    for section in ("2.7", "2.8"):
        added = (
            await steps.add_text(section, "conditions", day, *_CONDITIONS, town.kim.staff_id, moment),
            await steps.add_text(section, "rules", day, *_RULES, town.kim.staff_id, moment),
        )
        assert all(isinstance(version, int) for version in added), added


async def days_off(town: Town) -> None:
    """The school's winter break: schedules skip it."""
    monday = date.fromisocalendar(town.today.year + 1, 8, 1)
    await close(Days(monday, monday + timedelta(days=6)), "Sportlov", town.kim, town.clock.now(), meant=True)


def visits(*days: date, capacity: int = 5) -> list[Visit]:
    """Half an hour of study visit at two o'clock on each day."""
    return [Visit(n, slot_on(day, time(14), time(14, 30)), capacity) for n, day in enumerate(days, start=1)]


def noon(day: date) -> datetime:
    return at_local(day, time(12))


async def relapse_prevention_with_places(town: Town) -> None:
    """2.8: two are confirmed, one has booked a study visit, one has just applied; four places are free."""
    opened = noon(town.day(-2, 0))
    plan = Plan(
        "2.8", "Återfallsprevention, onsdagar", town.day(5, 2), time(18), time(20), "robin", "Linden",
        visits=visits(town.day(-1, 3), town.day(1, 3), town.day(2, 3)),
    )  # fmt: skip
    cohort = await town.open(plan, opened)
    for n in range(2):
        person = await town.apply(cohort, opened + timedelta(days=1, hours=n))
        ended = await town.visit(cohort, person, 0, opened + timedelta(days=2))
        await town.confirm(cohort, person, "robin", ended)
    booked = await town.apply(cohort, town.real_now - timedelta(days=2))
    await town.visit(cohort, booked, 0, town.real_now - timedelta(days=1))
    await town.apply(cohort, town.real_now - timedelta(hours=3))
    await town.work(town.real_now)


async def relapse_prevention_with_queue(town: Town) -> None:
    """2.8: full, one has left and the first of the queue has been offered the place, one more waits."""
    opened = noon(town.day(-4, 1))
    plan = Plan(
        "2.8", "Återfallsprevention, torsdagar", town.day(3, 3), time(17), time(19), "mika", "Ateljén",
        visits=visits(town.day(-2, 1), town.day(1, 1), capacity=8),
    )  # fmt: skip
    cohort = await town.open(plan, opened)
    people = [await town.apply(cohort, opened + timedelta(days=1, hours=n)) for n in range(10)]
    for person in people[:6]:
        ended = await town.visit(cohort, person, 0, opened + timedelta(days=3))
        await town.confirm(cohort, person, "mika", ended)
    await town.work(town.real_now - timedelta(days=1))
    await enrolment.leave(people[7], town.keys, town.real_now - timedelta(hours=2))
    await town.work(town.real_now)


async def parenting_course(town: Town) -> None:
    """2.1: six of ten places are taken, without a name."""
    opened = noon(town.day(-3, 2))
    plan = Plan("2.1", "ABC, tisdagar", town.day(3, 1), time(18), time(20, 30), "robin", "Biblioteket, grupprummet")
    cohort = await town.open(plan, opened)
    for n in range(6):
        await town.apply(cohort, opened + timedelta(days=1 + 2 * n))
    await town.work(town.real_now)


async def relatives_group_short(town: Town) -> None:
    """2.12: the decision is due today, and it is short of the minimum that was set."""
    opened = noon(town.day(-5, 0))
    plan = Plan(
        "2.12", "LFT, måndagar", town.day(2, 0), time(17, 30), time(19, 30), "mika", "Linden",
        minimum=6, maximum=12, decide_by=town.today,
    )  # fmt: skip
    cohort = await town.open(plan, opened)
    for n in range(3):
        await town.apply(cohort, opened + timedelta(days=4 + 5 * n))
    await town.work(town.real_now)


async def childrens_groups(town: Town) -> None:
    """2.15 and 2.16: nobody's name, age or sex is kept."""
    for section, name, weekday, people in (
        ("2.15", "Skilda föräldrar, vintergruppen", 2, 5),
        ("2.16", "Missbruk i familjen, vintergruppen", 3, 2),
    ):
        opened = noon(town.day(-2, 2))
        plan = Plan(
            section, name, town.day(4, weekday), time(15, 30), time(17), "mika", "Ateljén", minimum=4, maximum=8, count=8
        )
        cohort = await town.open(plan, opened)
        for n in range(people):
            await town.apply(cohort, opened + timedelta(days=1 + n))
        await town.work(town.real_now)


async def debt_group(town: Town) -> None:
    """2.17: open, half full."""
    opened = noon(town.day(-3, 0))
    plan = Plan(
        "2.17",
        "Skuldsatta, torsdagar",
        town.day(4, 3),
        time(17),
        time(19),
        "robin",
        "Linden",
        minimum=4,
        maximum=10,
        count=6,
    )
    cohort = await town.open(plan, opened)
    for n in range(5):
        await town.apply(cohort, opened + timedelta(days=2 + 3 * n))
    await town.work(town.real_now)


async def planned_for_later(town: Town) -> None:
    """2.7: the second start of the year, not announced yet."""
    plan = Plan(
        "2.7", "Till spelfriheten!, våren", town.day(10, 2), time(18), time(20), "robin", "Linden",
        visits=visits(town.day(7, 2), town.day(8, 2)), announce=False,
    )  # fmt: skip
    await town.open(plan, town.real_now - timedelta(days=1))
