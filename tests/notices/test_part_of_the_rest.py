"""Where a part of what is left has moved, it is said from when on, or that it is some: never that all have."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts import queries as cohorts
from programmes.cohorts import rest_services
from programmes.cohorts.rest_services import Wanted
from programmes.core.clock import local, local_date
from programmes.core.i18n import day_long, moment_long, speaking
from programmes.core.sealing import KeyFolder
from programmes.notices.letter_fact_rules import Became, Facts, Slot
from programmes.notices.letter_rules import news
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.mail import Mail

FIRST = datetime(2026, 12, 1, 17, tzinfo=UTC)
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)


def slot(week: int, by: timedelta = timedelta()) -> Slot:
    starts = FIRST + week * WEEK + by
    return Slot(starts, starts + HOUR)


def said(moved: set[int], weeks: int = 6) -> str:
    became = tuple(Became(slot(week), slot(week, timedelta(days=1))) for week in sorted(moved))
    same = max((slot(week).starts_at for week in range(weeks) if week not in moved), default=None)
    return news(Facts("rest_moved", "confirmed", slot(0), became=became, unchanged=same))[0]


@given(st.sets(st.integers(0, 5), min_size=1))
def test_what_is_said_to_have_moved_has_moved(moved: set[int]) -> None:
    text, from_then_on = said(moved), set(range(min(moved), 6))
    day = day_long(local_date(slot(min(moved)).starts_at))
    if moved == set(range(6)):
        assert text.startswith("Mötena som är kvar har fått nya tider")
    elif len(moved) == 1:
        assert text == f"Mötet som skulle vara {moment_long(slot(min(moved)).starts_at)} är flyttat."
    elif moved == from_then_on:
        assert text.startswith(f"Mötena från {day} har fått nya tider")
    else:
        assert text.startswith("Några av mötena har fått nya tider")


@pytest.mark.parametrize("moved", [{*range(6)}, {3, 4, 5}, {1, 3}])
@pytest.mark.parametrize(("days", "same", "what"), [
    (1, True, "nya tider"), (0, False, "en ny plats"), (1, False, "nya tider eller en ny plats"),
])  # fmt: skip
def test_it_says_whether_it_is_the_times_or_the_place(moved: set[int], days: int, same: bool, what: str) -> None:
    became = tuple(Became(slot(week), slot(week, timedelta(days=days))) for week in sorted(moved))
    unchanged = max((slot(week).starts_at for week in range(6) if week not in moved), default=None)
    facts = Facts("rest_moved", "confirmed", slot(0), became=became, unchanged=unchanged, same_places=same)
    with speaking("sv"):
        assert news(facts)[0].endswith(f"har fått {what}. Se alla med länken.")
    with speaking("en"):
        assert ("new times" in news(facts)[0], "a new place" in news(facts)[0]) == ("tider" in what, "plats" in what)


def test_it_is_said_in_english_too() -> None:
    with speaking("en"):
        assert said({3, 4, 5}).startswith("The meetings from Tuesday 22 December have new times")
        assert said({1, 4}).startswith("Some of the meetings have new times")


@pytest.mark.parametrize("first", [0, 2])
async def test_who_is_written_to_hears_from_when_the_meetings_have_moved(
    first: int, mail: Mail, keys: KeyFolder, clock: FrozenClock, db: None
) -> None:
    kim = await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    session = (await cohorts.sessions(cohort.cohort_id))[first]
    hours = local(session.starts_at).time(), local(session.ends_at).time()
    wanted = Wanted(local_date(session.starts_at + timedelta(days=1)), hours, session.venue_id)
    plan = await rest_services.plan_rest(cohort, session, wanted, kim, clock.now())
    assert await rest_services.move_rest(session.session_id, wanted, plan.digest, kim, clock.now()) == []
    await mail.work()
    told = mail.to("lisa@example.invalid")
    day = day_long(local_date(session.starts_at))
    which = f"från {day} har" if first else "som är kvar har"
    assert [text for text in told if f"Mötena {which} fått nya tider" in " ".join(text.split())], told
