"""Changes of sessions as people hear of them: in time for what they believed, all that stands, and nothing that does not."""

from datetime import UTC, date, datetime, time, timedelta

import asyncpg
import pytest

from programmes.cohorts import change_services, rest_services, session_services, talk_services
from programmes.cohorts import queries as cohorts
from programmes.cohorts import services as cohort_services
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rest_services import Wanted
from programmes.cohorts.schedule_rules import Pattern
from programmes.core.clock import local, local_date
from programmes.core.contacts import by_text
from programmes.core.db import transaction
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import queries as change_queries
from programmes.notices import change_services as notice_changes
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader
from tests.factories import a_coordinator, a_venue, somebody
from tests.notices.gateway import Gateway
from tests.notices.mail import Mail, states
from tests.notices.test_talks_booked import a_series
from tests.notices.test_texts import PHONE, documented, texting  # noqa: F401

NIGHT = datetime(2026, 9, 2, 20, tzinfo=UTC)  # ten in the evening
WEEK = timedelta(weeks=1)


async def move(cohort: CohortFacts, number: int, by: timedelta, who: Principal, clock: FrozenClock) -> None:
    session = (await cohorts.sessions(cohort.cohort_id))[number]
    starts, ends = session.starts_at + by, session.ends_at + by
    done = session_services.move_session(session.session_id, starts, ends, session.venue_id, who, clock.now(), meant=True)
    assert await done == []


async def undo(cohort: CohortFacts, who: Principal, clock: FrozenClock) -> None:
    found = await change_services.undoable(cohort.cohort_id, who, clock.now())
    assert found
    assert await change_services.undo(cohort.cohort_id, found.change_id, who, clock.now()) == []


async def move_rest(cohort: CohortFacts, by: timedelta, who: Principal, clock: FrozenClock) -> None:
    session = (await cohorts.sessions(cohort.cohort_id))[0]
    hours = local(session.starts_at).time(), local(session.ends_at).time()
    wanted = Wanted(local_date(session.starts_at + by), hours, session.venue_id)
    plan = await rest_services.plan_rest(cohort, session, wanted, who, clock.now())
    assert await rest_services.move_rest(session.session_id, wanted, plan.digest, who, clock.now()) == []


@pytest.mark.parametrize("what", ["move", "twice", "rest", "undo", "postpone"])
async def test_at_night_a_text_about_tomorrow_morning_goes_at_once_however_late_it_is_instead(
    what: str,
    texting: Mail,  # noqa: F811
    gateway: Gateway,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    kim = await a_coordinator(clock.now())
    clock.set(NIGHT)
    # Tomorrow at nine; who avoids the morning has to be rung at once, and is not written to when it is too late.
    cohort, _ = await documented(PHONE, ("sms",), "", keys, clock, timedelta(hours=11))
    avoids, _ = await documented("al@example.invalid", ("email",), "nätter, före 10", keys, clock, timedelta(hours=11))
    await owner.execute("delete from pgqueuer")
    for group in (cohort, avoids):
        await owner.execute("update cohort set decide_by = '2026-09-03' where id = $1", group.cohort_id)
        if what == "move":
            await move(group, 0, 2 * WEEK + timedelta(days=1), kim, clock)
        elif what == "twice":
            await move(group, 0, timedelta(days=1), kim, clock)
            await move(group, 0, timedelta(days=1), kim, clock)
        elif what == "rest":
            await move_rest(group, WEEK, kim, clock)
        elif what == "undo":
            # They have heard that it is at nine tomorrow: that it is not any more is as urgent.
            await owner.execute(
                """update cohort_session set starts_at = starts_at + interval '8 days', ends_at = ends_at + interval '8 days'
                   where cohort_id = $1 and number = 1""",
                group.cohort_id,
            )
            await move(group, 1, -timedelta(days=8), kim, clock)
            await texting.work()
            if group is cohort:
                gateway.taken.clear()
            await undo(group, kim, clock)
        else:
            async with transaction():
                days = (date(2026, 9, 24), date(2026, 9, 14))
                await cohort_services.mark_postponed(group, *days, "too_few", 0, kim, clock.now())
    await texting.work()
    assert [text["to"] for text in gateway.taken] == [PHONE]
    kind = {"move": "session_moved", "twice": "session_moved", "rest": "rest_moved", "postpone": "cohort_postponed"}
    # What had not reached them and is undone, they need not hear.
    assert await states(avoids) == ([] if what == "undo" else [(kind[what], "failed")])


async def test_of_talks_that_were_booked_at_night_all_that_stand_are_told_when_the_first_is_changed(
    texting: Mail,  # noqa: F811
    gateway: Gateway,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
) -> None:
    robin = await a_leader(clock.now())
    clock.set(NIGHT)
    for changed in ("moved", "cancelled"):
        cohort = await a_series("2.4", clock, robin)
        await somebody(cohort, keys, clock.now(), contact=by_text(PHONE))
        await owner.execute("delete from notice")
        await owner.execute("delete from pgqueuer")
        pattern = Pattern(date(2026, 10, 5), frozenset({0}), time(13), time(14))
        plan = await talk_services.plan_talks(cohort, pattern, 3, cohort.venue_id, robin, clock.now())
        seen = plan.digest
        assert not await talk_services.book_talks(cohort.cohort_id, pattern, 3, cohort.venue_id, seen, robin, clock.now())
        await texting.work()
        assert (await states(cohort), gateway.taken) == ([("talk_booked", "waiting")], [])
        if changed == "moved":
            await move(cohort, 0, timedelta(days=1), robin, clock)
        else:
            first = (await cohorts.sessions(cohort.cohort_id))[0]
            assert not await session_services.cancel_session(first.session_id, False, robin, clock.now())
        clock.set(clock.now() + timedelta(hours=11))
        await texting.work()
        texts = [text["message"] for text in gateway.taken]
        if changed == "moved":
            assert any("3 tider är bokade. Den första är tisdag 6 oktober 13.00-14.00." in text for text in texts), texts
        else:
            assert any("2 tider är bokade. Den första är måndag 12 oktober 13.00-14.00." in text for text in texts), texts
        gateway.taken.clear()
        await owner.execute("delete from cohort_session")
        clock.set(clock.now() + timedelta(hours=13))


async def test_who_had_not_heard_of_a_move_is_told_of_the_day_that_they_know_and_one_at_the_end_of_what_was_is_told(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    # Moved and cancelled before anybody was told: whoever knows the first day must not come then.
    await move(cohort, 1, timedelta(days=1), kim, clock)
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    assert not await session_services.cancel_session(second.session_id, False, kim, clock.now())
    await mail.work()
    assert any("Mötet onsdag 7 oktober 10.00–12.00 är inställt." in text for text in mail.to("lisa@example.invalid"))
    # Of one that has been, only what makes up for it is news.
    clock.set((await cohorts.sessions(cohort.cohort_id))[0].ends_at + timedelta(hours=1))
    first = (await cohorts.sessions(cohort.cohort_id))[0]
    assert not await session_services.cancel_session(first.session_id, True, kim, clock.now(), meant=True)
    await mail.work()
    assert any("Ett nytt möte är tillagt sist: onsdag 21 oktober" in text for text in mail.to("lisa@example.invalid"))


async def test_nobody_is_said_to_know_of_everything_who_was_missed_by_a_change_before_the_last(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now())
    await move(cohort, 1, timedelta(days=1), kim, clock)
    clock.advance(hours=1)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    await move(cohort, 2, timedelta(days=1), kim, clock)
    await mail.work()
    since = await change_queries.last_change(cohort.cohort_id)
    told = await change_queries.told_of(cohort.cohort_id, since, clock.now())
    assert (told.sent, told.missed) == (1, 1)
    # Back to where it was: the change that nobody had heard of is none, and nobody is missed of it.
    for number in (1, 2):
        await move(cohort, number, -timedelta(days=1), kim, clock)
    await mail.work()
    told = await change_queries.told_of(cohort.cohort_id, None, clock.now())
    assert told.missed == 0


@pytest.mark.parametrize("what", ["cancelled", "added", "moved", "room"])
async def test_an_undoing_names_the_session_and_says_how_it_is_now_though_another_change_stands(
    what: str, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await mail.work()
    clock.advance(minutes=1)
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    if what in {"cancelled", "added"}:
        assert not await session_services.cancel_session(second.session_id, what == "added", kim, clock.now())
    elif what == "moved":
        await move(cohort, 1, timedelta(days=1), kim, clock)
    else:
        other = await a_venue("Eken")
        times = (second.starts_at, second.ends_at)
        assert not await session_services.move_session(second.session_id, *times, other, kim, clock.now())
    await mail.work()
    clock.advance(minutes=1)
    await undo(cohort, kim, clock)
    await mail.work()
    [said] = [" ".join(text.split()) for text in mail.to("lisa@example.invalid") if "gäller inte" in text]
    expected = {
        "cancelled": ["Mötet torsdag 8 oktober 10.00–12.00 blir av."],
        "added": ["Mötet torsdag 8 oktober 10.00–12.00 blir av.", "Mötet onsdag 21 oktober 10.00–12.00 blir inte av."],
        "moved": ["Mötet som vi skrev skulle vara fredag 9 oktober 10.00–12.00 är torsdag 8 oktober 10.00–12.00."],
        "room": ["Mötet torsdag 8 oktober 10.00–12.00 har en annan plats än vi skrev."],
    }
    assert all(sentence in said for sentence in expected[what]), said
    assert "som det var innan" not in said


@pytest.mark.parametrize("what", ["moved", "cancelled"])
async def test_who_came_between_a_change_and_its_undoing_hears_of_a_change_by_the_day_that_they_know(
    what: str, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    second = (await cohorts.sessions(cohort.cohort_id))[1]
    if what == "moved":
        await move(cohort, 1, timedelta(days=1), kim, clock)
    else:
        assert not await session_services.cancel_session(second.session_id, False, kim, clock.now())
    clock.advance(minutes=1)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    clock.advance(minutes=1)
    await undo(cohort, kim, clock)
    await mail.work()
    letters = [" ".join(text.split()) for text in mail.to("lisa@example.invalid")]
    assert not any("vi skrev" in text for text in letters), letters
    told = {
        "moved": "Mötet som skulle vara torsdag 8 oktober 10.00 är flyttat. Ny tid: onsdag 7 oktober 10.00–12.00.",
        "cancelled": "Det blir ett möte till: onsdag 7 oktober 10.00–12.00.",
    }
    assert sum(told[what] in text for text in letters) == 1, letters


async def test_a_session_that_is_moved_again_is_named_by_the_day_that_each_knows(
    cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await move(cohort, 1, timedelta(days=1), kim, clock)
    clock.advance(minutes=1)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    clock.advance(minutes=1)
    await move(cohort, 1, timedelta(days=1), kim, clock)
    await mail.work()
    letters = [" ".join(text.split()) for text in mail.to("lisa@example.invalid")]
    told = "Mötet som skulle vara torsdag 8 oktober 10.00 är flyttat. Ny tid: fredag 9 oktober 10.00–12.00."
    assert sum(told in text for text in letters) == 1, letters


async def test_of_one_that_was_added_at_night_and_cancelled_again_nobody_hears_who_had_not_heard_of_it(
    texting: Mail,  # noqa: F811
    gateway: Gateway,
    keys: KeyFolder,
    clock: FrozenClock,
) -> None:
    kim = await a_coordinator(clock.now())
    clock.set(NIGHT)
    cohort, _ = await documented(PHONE, ("sms",), "", keys, clock, timedelta(days=4))
    await texting.work()
    first, *_rest = await cohorts.sessions(cohort.cohort_id)
    assert not await session_services.cancel_session(first.session_id, True, kim, clock.now())
    await texting.work()
    added = next(s for s in await cohorts.sessions(cohort.cohort_id) if s.added)
    assert not await session_services.cancel_session(added.session_id, False, kim, clock.now())
    gateway.taken.clear()
    clock.advance(hours=11)
    await texting.work()
    texts = [text["message"] for text in gateway.taken if "inställt" in text["message"]]
    assert len(texts) == 1, texts
    assert "tillagt" not in texts[0]


@pytest.mark.parametrize("written", [False, True])
async def test_of_an_undoing_of_what_nobody_was_written_to_about_is_told_as_of_a_session_that_is_moved(
    written: bool, cohort: CohortFacts, mail: Mail, keys: KeyFolder, clock: FrozenClock
) -> None:
    kim = await a_coordinator(clock.now())
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    session = (await cohorts.sessions(cohort.cohort_id))[1]
    for by in (timedelta(days=1), timedelta(days=1), timedelta(days=-2)):
        clock.advance(minutes=1)
        await move(cohort, 1, by, kim, clock)
        await (mail.work() if written else notice_changes.tell_changes(cohort.cohort_id, keys, clock.now()))
    before = set(mail.to("lisa@example.invalid"))
    assert (len(before) > 1) == written
    clock.advance(minutes=1)
    await undo(cohort, kim, clock)
    await mail.work()
    told = [text for text in mail.to("lisa@example.invalid") if text not in before]
    assert len(told) == 1
    assert ("Ändringen som vi skrev om gäller inte." in told[0]) == written
    moved = f"Mötet som skulle vara {moment_long(session.starts_at)} är flyttat."
    assert (moved in " ".join(told[0].split())) == (not written)
