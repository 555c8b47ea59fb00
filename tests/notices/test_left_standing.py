"""A time that stands, of another session by now, is believed in: whatever becomes of that one is told by this day too."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.core.i18n import moment_long
from programmes.core.sealing import KeyFolder
from programmes.notices import job_services
from programmes.notices.belief_rules import (
    Belief,
    Known,
    Pending,
    differing,
    left_standing,
    outcome,
    readings,
    still_different,
    taken,
)
from programmes.notices.post_services import Deferred
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.mail import Mail, text_of
from tests.notices.test_changes_told import move

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DAY = timedelta(days=1)
TIMES = [Known(NOW + n * DAY, NOW + n * DAY + timedelta(hours=1), 1) for n in range(1, 7)]
FIRST: Mapping[int, Known | None] = dict(enumerate(TIMES[:4], 1))
SESSION = st.integers(1, 4)
# A session gets another time, or is cancelled; or one of the messages, the first or a later one, goes: surely, or maybe.
STEP = st.one_of(
    st.tuples(st.just("move"), SESSION, st.integers(0, len(TIMES) - 1)),
    st.tuples(st.just("cancel"), SESSION, st.just(0)),
    st.tuples(st.sampled_from(["comes", "may come"]), st.integers(0, 3), st.just(0)),
)
Steps = list[tuple[str, int, int]]


def changed(before: Belief, what: str, session_id: int, time: int) -> dict[int, Known | None]:
    """No two sessions are at one time."""
    became = {**before, session_id: TIMES[time] if what == "move" else None}
    free = what == "cancel" or TIMES[time] not in before.values()
    return became if free and before[session_id] else dict(before)


def come(now_is: Belief, pending: dict[UUID, Pending], mind: dict[int, Known | None], notice_id: UUID) -> None:
    """Who reads it knows by what they are named, or where all of it stands."""
    entry = pending[notice_id]
    differs = still_different(entry.believed, now_is, NOW)
    old = {session_id: was for session_id, (was, _is) in differs.items()}
    for session_id in entry.believed:
        known, is_so = mind[session_id], now_is[session_id]
        if known and known != is_so and not taken(old, now_is):
            assert known in readings(old.get(session_id)), f"{known.starts_at} is not named"
        mind[session_id] = is_so
        if known and known != is_so:
            mind.update({other: so for other, so in now_is.items() if so == known})


@given(st.lists(STEP, max_size=14))
@example([("move", 1, 4), ("move", 2, 0), ("comes", 0, 0), ("move", 2, 5), ("comes", 0, 0)])
@example([("cancel", 1, 0), ("move", 2, 0), ("may come", 0, 0), ("move", 2, 5), ("comes", 1, 0)])
def test_each_day_on_which_somebody_may_come_is_named_or_all_days_are_pointed_to(steps: Steps) -> None:
    now_is, pending = dict(FIRST), dict[UUID, Pending]()
    # As if all that may have come had, and as if nothing of it had.
    minds = (dict(FIRST), dict(FIRST))
    for what, number, time in steps:
        if what in {"comes", "may come"}:
            if number >= len(pending):
                continue
            notice_id = list(pending)[number]
            for mind in minds if what == "comes" else minds[:1]:
                come(now_is, pending, mind, notice_id)
            gone = pending.pop(notice_id)
            found = left_standing(gone.believed, now_is, list(pending.values()))
            if what == "may come":
                pending[notice_id] = replace(gone, sure=False)
            pending |= {one: replace(pending[one], believed=about) for one, about in found}
            continue
        became = changed(now_is, what, number, time)
        before = differing(now_is, became)
        told = outcome(what, before, {s: became.get(s) for s in before}, list(pending.values()))  # type: ignore[arg-type]
        now_is = became
        for notice_id, left in told.narrowed:
            old = pending.pop(notice_id)
            if left:
                pending[notice_id] = replace(old, believed=left)
        if told.kind is not None:
            made = uuid4()
            pending[made] = Pending(made, told.kind, told.told, True)


def test_only_a_session_that_has_the_time_is_known_by_it_and_only_where_a_message_of_its_own_waits() -> None:
    one, two, three, four = TIMES[:4]
    waits = Pending(uuid4(), "session_moved", {2: two, 3: three}, True)
    [(notice_id, about)] = left_standing({1: one}, {1: four, 2: one, 3: three}, [waits])
    assert notice_id == waits.notice_id
    assert (readings(about[2]), about[3]) == ((two, one), three)
    assert left_standing({1: one, 2: two}, {1: four, 2: one}, [waits]) == (), "it tells of that one itself"
    assert left_standing({1: one}, {1: four, 2: four, 3: two}, [waits]) == (), "that time is nobody's"


@pytest.mark.parametrize("maybe", [False, True])
async def test_a_time_that_was_left_standing_is_named_when_it_is_gone(
    maybe: bool, mail: Mail, keys: KeyFolder, clock: FrozenClock, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    _first, second, third, _last = await cohorts.sessions(cohort.cohort_id)
    assert not await session_services.cancel_session(second.session_id, False, kim, clock.now())
    clock.advance(minutes=1)
    await move(
        cohort,
        [s.session_id for s in await cohorts.sessions(cohort.cohort_id)].index(third.session_id),
        -7 * DAY,
        kim,
        clock,
    )
    said = list[str]()

    class Server:
        """It takes what says that one is cancelled, and what comes after the second change."""

        everything = False

        async def send(self, message: EmailMessage) -> None:
            text = " ".join(text_of(message).split())
            if not self.everything and "inställt" not in text:
                raise Deferred("SMTPDataError451")
            said.append(text)
            if maybe and not self.everything:
                raise Deferred("Timeout", maybe=True)

    server = Server()
    monkeypatch.setattr(job_services, "post_from", lambda _url: server)
    await mail.work()
    assert ["Ett möte är inställt och andra har nya tider." in text for text in said] == [True]
    clock.advance(seconds=30)
    order = [s.session_id for s in await cohorts.sessions(cohort.cohort_id)]
    await move(cohort, order.index(third.session_id), 3 * DAY, kim, clock)
    server.everything = True
    clock.advance(minutes=2)
    await mail.work()
    known = f"{moment_long(third.starts_at)}, eller {moment_long(second.starts_at)[:-6]}"
    assert [known in text for text in said[1:] if "Ny tid" in text] == [True], said
