"""What staff have looked at: two months and a bit of the access log, chained day by day, one of them gone through."""

from datetime import date, datetime, time, timedelta

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import at_local, local_date
from programmes.core.days import working_day
from programmes.core.db import fetch
from programmes.demo.town import Town
from programmes.enrolment import queries as enrolments
from programmes.enrolment.roster import label_of
from programmes.enrolment.rules import State
from programmes.oversight.log import chain_services, review_queries, review_services
from programmes.oversight.log.review_rules import last_month, month_of
from programmes.people.look_rules import LookPage
from programmes.people.looks import looking


async def at_records(town: Town) -> None:
    """Leaders open their lists before sessions, the coordinator some people; now and then somebody does so late."""
    groups = await _documented()
    day = last_month(last_month(month_of(town.today)))
    while groups and day <= town.today:
        for moment, who, page, cohort in _looks(day, groups):
            if moment < town.real_now:
                await _look(town, who, page, cohort, moment)
        midnight = min(at_local(day + timedelta(days=1), time(0, 5)), town.real_now)
        town.clock.set(midnight)
        await chain_services.tend(town.worker)
        day += timedelta(days=1)
    town.clock.set(town.real_now)
    await review_services.draw_due(town.worker)
    await _sign_the_first(town)


async def _documented() -> list[tuple[CohortFacts, str]]:
    """The groups of documented people, each with the user name of who leads it."""
    rows = await fetch(
        """select c.id, s.username from cohort c join programme p on p.id = c.programme_id
           join cohort_staff w on w.cohort_id = c.id and w.role = 'leader' join staff s on s.id = w.staff_id
           where p.doc_level <> 'operational' and exists (select from enrolment e where e.cohort_id = c.id) order by c.id"""
    )
    return [(await cohorts.by_id(row["id"]), row["username"]) for row in rows]


def _looks(day: date, groups: list[tuple[CohortFacts, str]]) -> list[tuple[datetime, str, LookPage, CohortFacts]]:
    """Who looks at which group on a day: the same every time a demo is loaded."""
    which, leader = groups[day.toordinal() % len(groups)]
    found = list[tuple[datetime, str, LookPage, CohortFacts]]()
    if working_day(day):
        if day.weekday() in {1, 3}:
            found.append((at_local(day, time(8, 40 + day.day % 15)), "kim", "group", which))
            found.append((at_local(day, time(17, 25)), leader, "roll_call", which))
        if day.day % 5 == 0:
            found.append((at_local(day, time(13, 10)), "kim", "person", which))
        if day.weekday() == 2 and 10 <= day.day < 17:
            found.append((at_local(day, time(22, 47)), leader, "person", which))
    elif day.day % 11 == 0:
        found.append((at_local(day, time(10, 2)), leader, "group", which))
    return found


async def _look(town: Town, who: str, page: LookPage, cohort: CohortFacts, moment: datetime) -> None:
    async with looking(town.staff[who], page, moment) as look:
        states: tuple[State, ...] = ("preliminary", "confirmed", "completed")
        people = await enrolments.enrolments(cohort.cohort_id, states if page == "person" else (*states, "dropped_out"))
        # The list as it is today has people on it who applied later.
        there = [facts for facts in people if facts.applied_at <= moment]
        for facts in there[: 1 + local_date(moment).day % 2] if page == "person" else there:
            label_of(facts, town.keys, look)


async def _sign_the_first(town: Town) -> None:
    """The older month is done; the newer one waits for whoever tries it."""
    sasha, now = town.staff["sasha"].staff_id, town.real_now
    months = await review_queries.months()
    if len(months) < 2:
        return
    oldest = months[-1].month
    outcomes = {line.line_id: review_services.OUTCOMES[0] for line in await review_queries.judged(oldest)}
    sent = review_services.Sent(outcomes, dict.fromkeys(outcomes, ""))
    await review_services.judge(oldest, sent, sasha, now)
    await review_services.sign(oldest, sent, sasha, now)
