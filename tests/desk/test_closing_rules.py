"""What must be done before a group may be closed, in order, and when a list goes though nobody closed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from programmes.attendance.rules import Bounds, Count
from programmes.desk.closing.rules import Box, ClosingFacts, box_of, erased_by, half_year_day, may_close, steps

ABC = ClosingFacts(
    kind="count", form="group", exempt=True, state="started", sessions=4, coming=0, unnoted=0, ending="completed",
    required=True, box="few", own_words=True, unique=Count(5, 3, 0), bounds=Bounds(8, 20, 12, 8),
    transferred=False, waiting=0, unended=True,
)  # fmt: skip
RELAPSE = replace(ABC, kind="names", exempt=False, required=False, box="enough", transferred=True, unique=None)
CHILDREN = replace(ABC, kind="held", required=False, box="few", unique=None, own_words=False)
TALKS = replace(CHILDREN, form="individual", box="not_needed")


def keys(facts: ClosingFacts) -> list[str]:
    return [step.key for step in steps(facts)]


def test_every_kind_of_group_has_its_own_steps_in_order() -> None:
    assert keys(ABC) == ["attendance", "ending", "evaluation", "unique", "own_words"]
    assert keys(RELAPSE) == ["attendance", "ending", "evaluation", "transfer"]
    assert keys(CHILDREN) == ["attendance", "ending", "evaluation"]
    assert keys(TALKS) == ["attendance", "ending"]
    assert keys(replace(ABC, form="drop_in", box="not_needed")) == ["attendance", "ending"]
    assert keys(replace(ABC, state="cancelled")) == []


@pytest.mark.parametrize("facts", [ABC, RELAPSE, CHILDREN, TALKS])
def test_a_group_with_everything_done_may_be_closed(facts: ClosingFacts) -> None:
    assert may_close(facts)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"unnoted": 1}, "attendance"),
        ({"coming": 1}, "attendance"),
        ({"ending": None}, "ending"),
        ({"box": "open"}, "evaluation"),
        ({"box": "missing"}, "evaluation"),
        ({"unique": None}, "unique"),
        ({"unique": Count(4, 3, 0)}, "unique"),
        ({"unique": Count(12, 8, 1)}, "unique"),
        ({"unique": Count(13, 0, 0)}, "unique"),
        ({"unique": Count(3, 9, 0)}, "unique"),
        ({"own_words": False}, "own_words"),
        ({"own_words": False, "box": "counting"}, "own_words"),
    ],
)
def test_whatever_is_left_keeps_the_group_open(change: dict[str, object], left: str) -> None:
    facts = replace(ABC, **change)  # type: ignore[arg-type]
    assert left in [step.key for step in steps(facts) if not step.done]
    assert not may_close(facts)


def test_attendance_of_documented_people_must_have_been_moved() -> None:
    assert not may_close(replace(RELAPSE, transferred=False))


@pytest.mark.parametrize("box", ["enough", "mixed"])
def test_with_answers_that_stand_in_a_release_the_groups_own_words_are_not_needed(box: Box) -> None:
    assert may_close(replace(ABC, box=box, own_words=False))


def test_a_group_that_ended_early_owes_neither_evaluation_nor_own_words() -> None:
    assert may_close(replace(ABC, ending="ended_early", box="missing", own_words=False))


def test_messages_on_their_way_still_need_the_list() -> None:
    assert not may_close(replace(ABC, waiting=1))
    assert not may_close(replace(ABC, state="cancelled", waiting=1))
    assert may_close(replace(ABC, state="cancelled"))
    assert may_close(replace(RELAPSE, state="cancelled"))
    assert not may_close(replace(RELAPSE, state="cancelled", unended=False))


@pytest.mark.parametrize("state", ["planned", "postponed", "closed"])
def test_only_what_runs_can_be_closed(state: str) -> None:
    assert not may_close(replace(ABC, state=state))


def test_a_list_goes_thirty_days_after_the_last_session_or_after_the_start_was_cancelled() -> None:
    last, cancelled = datetime(2026, 11, 4, 19, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    assert erased_by(last, None) == last + timedelta(days=30)
    assert erased_by(None, cancelled) == cancelled + timedelta(days=30)
    assert erased_by(None, None) is None


def test_a_series_counts_in_the_half_year_of_its_last_talk() -> None:
    assert half_year_day([date(2026, 6, 30), date(2026, 2, 1)], date(2026, 7, 5)) == date(2026, 6, 30)
    assert half_year_day([], date(2026, 7, 5)) == date(2026, 7, 5)


@pytest.mark.parametrize(
    ("needed", "form", "state", "expected"),
    [
        (False, "group", None, "not_needed"), (True, "individual", "open", "not_needed"), (True, "group", None, "missing"),
        (True, "group", "preparing", "open"), (True, "group", "open", "open"), (True, "group", "closing", "counting"),
        (True, "group", "released", "enough"), (True, "group", "waiting", "few"), (True, "group", "empty", "few"),
        (True, "group", "pooled", "mixed"),
    ],
)  # fmt: skip
def test_what_the_boxs_state_means(needed: bool, form: str, state: str | None, expected: str) -> None:
    assert box_of(needed, form, state) == expected
