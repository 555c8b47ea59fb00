"""What is over: closed with figures and a released evaluation, nobody's name left where the guideline keeps none."""

from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

from programmes.attendance.rules import Count
from programmes.cohorts.queries import CohortFacts
from programmes.demo.running import answer, head_count, print_slips, roll_call
from programmes.demo.starts import noon, visits
from programmes.demo.town import Plan, Town
from programmes.desk.closing import services as closing
from programmes.evaluation import services as evaluation


async def parents(town: Town) -> None:
    """2.1: four sessions in early autumn, seven people, six answers."""
    first = town.day(-14, 2)
    plan = Plan("2.1", "ABC, sensommaren", first, time(18), time(20, 30), "robin", "Biblioteket, grupprummet")
    opened = noon(first - timedelta(weeks=5))
    cohort = await town.open(plan, opened)
    for n in range(7):
        await town.apply(cohort, opened + timedelta(days=1 + n))
    await town.start(cohort, noon(first - timedelta(days=6)))
    await head_count(town, cohort, 7, "robin")
    words = "Gruppen tyckte att tempot var lagom. Exemplen kändes igen hemifrån."
    ended = await _evaluate(town, cohort, "robin", answers=6, words=words)
    wrong = await closing.count_unique(cohort.cohort_id, Count(women=4, men=3, other=0), town.staff["robin"], ended)
    assert wrong is None, wrong
    await _close(town, cohort, "robin", ended)


async def relapse_prevention(town: Town) -> None:
    """2.8: the first start of the year, ten sessions, six people."""
    first = town.day(-22, 2)
    plan = Plan(
        "2.8", "Återfallsprevention, våren", first, time(18), time(20), "mika", "Linden",
        visits=visits(first - timedelta(weeks=2), capacity=8),
    )  # fmt: skip
    opened = noon(first - timedelta(weeks=5))
    cohort = await town.open(plan, opened)
    people: list[UUID] = []
    for n in range(6):
        person = await town.apply(cohort, opened + timedelta(days=1, hours=n))
        await town.confirm(cohort, person, "mika", await town.visit(cohort, person, 0, opened + timedelta(days=2)))
        people.append(person)
    await town.start(cohort, noon(first - timedelta(days=8)))
    await roll_call(town, cohort, people, "mika")
    ended = await _evaluate(town, cohort, "mika", answers=5)
    await closing.confirm_transfer(cohort.cohort_id, town.staff["mika"], ended)
    await _close(town, cohort, "mika", ended)


async def _evaluate(town: Town, cohort: CohortFacts, leader: str, answers: int, words: str = "") -> datetime:
    """Slips at the last session but one, answers, the group's own words if it said any, and the box is closed and counted;
    returns when."""
    sessions = await town.past(cohort)
    slips = await print_slips(town, cohort, leader, sessions[-2].ends_at)
    for number, code in enumerate(slips[:answers]):
        await answer(town, code, number)
    ended = sessions[-1].ends_at + timedelta(minutes=20)
    if words:
        assert await evaluation.own_words(cohort.cohort_id, words, town.staff[leader], ended) is None
    await evaluation.close(cohort.cohort_id, town.staff[leader], ended)
    await town.work(ended)
    return ended


async def _close(town: Town, cohort: CohortFacts, leader: str, moment: datetime) -> None:
    await closing.set_ending(cohort.cohort_id, "completed", town.staff[leader], moment)
    done = await closing.close(cohort.cohort_id, uuid4(), town.staff[leader], town.keys, moment)
    assert isinstance(done, closing.Closed), done
    await town.work(moment)
