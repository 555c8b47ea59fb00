"""People are reminded a day before, once, of what is true then; nobody is rung about it, and who has left hears nothing."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.contacts import by_text
from programmes.core.i18n import day_long
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries, groups_queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.visits import step_services
from tests.clock import FrozenClock
from tests.enrolment.test_visit_changes import a_slot, reachable
from tests.factories import a_cohort, a_leader, confirm, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail
from tests.notices.test_texts import ACCOUNT


async def test_a_booked_visit_is_reminded_of_once_and_again_at_its_new_time(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.8", clock.now(), robin)
    anna = (await reachable(cohort, keys, clock, "Anna", "anna@example.invalid")).enrolment_id
    bo = (await reachable(cohort, keys, clock, "Bo", "+46701740605")).enrolment_id
    gone = (await reachable(cohort, keys, clock, "Ek", "ek@example.invalid")).enrolment_id
    first, second = [await a_slot(cohort, clock, robin, days, 3) for days in (5, 6)]
    for person in (anna, bo, gone):
        await step_services.book_visit(person, first, clock.now(), robin.staff_id)
    await mail.work()

    async def reminded(address: str) -> int:
        await mail.work()
        return sum("Påminnelse: du har en tid" in text for text in mail.to(address))

    starts = await owner.fetchval("select starts_at from visit_slot where id = $1", first)
    clock.set(starts - timedelta(hours=24, minutes=1))
    assert await reminded("anna@example.invalid") == 0
    await enrolment.leave(gone, keys, clock.now())
    clock.advance(minutes=2)
    assert [await reminded("anna@example.invalid") for _ in range(2)] == [1, 1]
    assert await reminded("ek@example.invalid") == 0
    told = await calls_queries.untold([cohort.cohort_id], clock.now())
    assert [one.kind for one in told] == ["visit_booked"], "Bo is still to hear of the booking, and of no reminder"
    assert (await groups_queries.last_notices(cohort.cohort_id))[bo] == "no_channel"
    await step_services.book_visit(anna, second, clock.now(), robin.staff_id)
    later = await owner.fetchval("select starts_at from visit_slot where id = $1", second)
    assert later - clock.now() < timedelta(hours=48)
    clock.set(later - timedelta(hours=23))
    assert await reminded("anna@example.invalid") == 2


async def test_a_group_is_reminded_of_its_evaluation_before_the_last_but_one_session_and_the_reminder_follows_a_move(
    mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=3, sessions=3)
    for name in ("al", "ek"):
        taken = await somebody(cohort, keys, clock.now(), name, f"{name}@example.invalid")
        await confirm(taken.enrolment_id, clock.now())
    await owner.execute("update cohort set state = 'started' where id = $1", cohort.cohort_id)
    await mail.work()  # makes the box
    sessions = await cohorts.sessions(cohort.cohort_id)
    evaluated = sessions[1]

    async def reminded() -> int:
        await mail.work()
        return sum("får du säga vad du tycker" in text for text in mail.to("al@example.invalid"))

    clock.set(evaluated.starts_at - timedelta(hours=25))
    assert await reminded() == 0
    clock.advance(hours=2)
    assert [await reminded() for _ in range(2)] == [1, 1]
    await owner.execute(
        """update cohort_session set starts_at = starts_at + interval '3 days', ends_at = ends_at + interval '3 days',
           moved_from = starts_at, state = 'moved', sequence = sequence + 1, revised_at = $2 where id = $1""",
        evaluated.session_id, clock.now() + timedelta(minutes=1),
    )  # fmt: skip
    assert await reminded() == 1
    clock.set(evaluated.starts_at + timedelta(days=2, hours=1))
    assert await reminded() == 2
    clock.set(sessions[2].starts_at - timedelta(hours=23))
    assert await reminded() == 2, "the last session is no news"


@pytest.mark.parametrize("is_next", [True, False])
async def test_the_session_that_ends_with_the_evaluation_is_called_the_next_only_where_none_comes_before_it(
    is_next: bool, mail: Mail, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection, gateway: Gateway
) -> None:
    mail.worker = replace(mail.worker, settings=replace(mail.worker.settings, sms_url=gateway.url, **ACCOUNT))
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=3, sessions=3)
    people = {"al": "al@example.invalid", "ek": "ek@example.invalid", "is": by_text("+46700000001")}
    for name, contact in people.items():
        taken = await somebody(cohort, keys, clock.now(), name, contact)
        await confirm(taken.enrolment_id, clock.now())
        if name == "ek":
            await owner.execute("update enrolment set language = 'en' where id = $1", taken.enrolment_id)
    await owner.execute("update cohort set state = 'started' where id = $1", cohort.cohort_id)
    first, evaluated, _last = await cohorts.sessions(cohort.cohort_id)
    if not is_next:
        await owner.execute(
            "update cohort_session set starts_at = $2, ends_at = $3, moved_from = starts_at, state = 'moved' where id = $1",
            first.session_id, evaluated.starts_at - timedelta(hours=5), evaluated.ends_at - timedelta(hours=5),
        )  # fmt: skip
    await mail.work()
    gateway.taken.clear()
    clock.set(evaluated.starts_at - timedelta(hours=20))
    await mail.work()
    asked = "får du säga vad du tycker"
    swedish = [text for text in mail.to("al@example.invalid") if asked in text]
    swedish += [text["message"] for text in gateway.taken if asked in text["message"]]
    english = [text for text in mail.to("ek@example.invalid") if "what you think" in text]
    assert (len(swedish), len(english)) == (2, 1)
    day = day_long(local_date(evaluated.starts_at))
    for text in swedish:
        assert (f"Nästa möte är {day}" in text, "Nästa" in text) == (is_next, is_next), text
        assert (f"I slutet av mötet {day}" in text) == (not is_next), text
    assert ("The next meeting is" in english[0]) == is_next
    assert ("At the end of the meeting Wednesday 7 October" in english[0]) == (not is_next), english
