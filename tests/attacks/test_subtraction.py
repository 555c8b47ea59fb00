"""Attack: everything that was ever published, added and subtracted in any way, gives what fewer than five people said.

Exact linear algebra per question: over terms, after deletions, and for somebody in a group who knows what that group said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.evaluation import rules
from programmes.evaluation.rules import Answers
from tests.attacks.algebra import computable, rank
from tests.attacks.conftest import Boxes

QUESTIONS = ("participation", "safety", "satisfaction", "respect")
# Anybody may compute nothing of fewer than five; the largest group of a pool nothing of fewer than two others.
ANYBODY, INSIDER = rules.LEAST, rules.LEAST_OUTSIDE_THE_LARGEST
Group = tuple[tuple[int | None, ...], ...]

ANSWER = st.tuples(*[st.one_of(st.none(), st.integers(1, 5)) for _ in QUESTIONS]).filter(any)
GROUP = st.lists(ANSWER, max_size=7).map(tuple)
# What happens to a programme over the years: a group closes, by one version of the form or another, or what has waited for
# too long goes unread.
LIFE = st.lists(st.one_of(st.tuples(GROUP, st.integers(1, 2)), st.just("unread")), max_size=9)


def _answers(group: Group) -> list[Answers]:
    return [Answers({q: step for q, step in zip(QUESTIONS, person, strict=True) if step}) for person in group]


@dataclass
class Published:
    """All that was ever told: by question, over which groups answers were added up, and how many those are."""

    sums: dict[str, list[set[int]]] = field(default_factory=lambda: {q: [] for q in QUESTIONS})
    weights: dict[str, dict[int, int]] = field(default_factory=lambda: {q: {} for q in QUESTIONS})
    groups: dict[int, list[Answers]] = field(default_factory=dict)

    def add(self, members: Sequence[int], atom: rules.Atom) -> None:
        """An atom, which has to be what its groups said and nothing else."""
        for question, result in atom.results.items():
            said = [a.scales[question] for m in members for a in self.groups[m] if question in a.scales]
            assert result == [said.count(step) for step in range(1, 6)]
            self.sums[question].append(set(members))

    def broken(self) -> list[str]:
        """What can be computed and must not be, in words."""
        found = []
        for question, sums in self.sums.items():
            weights = {g: sum(question in a.scales for a in people) for g, people in self.groups.items()}
            found += [f"{question}: {few} by anybody" for few in computable(sums, set(), weights, ANYBODY)]
            for group in self.groups:
                found += [f"{question}: {few} by {group}" for few in computable(sums, {group}, weights, INSIDER)]
        return found


def lived(life: Sequence[Any]) -> Published:
    """What comes of a programme by the rules: as `counting` asks them, a group at a time, with pools of what waits."""
    told = Published()
    waiting: dict[int, dict[UUID, int]] = {1: {}, 2: {}}
    for n, event in enumerate(life):
        if event == "unread":
            waiting = {1: {}, 2: {}}
            continue
        group, version = event
        told.groups[n] = _answers(group)
        if not group:
            continue
        atom = rules.atom([told.groups[n]], with_counts=True)
        if atom:
            told.add([n], atom)
            continue
        waiting[version][UUID(int=n)] = len(group)
        members = [box.int for box in rules.pool(waiting[version])]
        atom = rules.atom([told.groups[m] for m in members], with_counts=True) if members else None
        if atom:
            told.add(members, atom)
            waiting[version] = {}
    return told


@settings(max_examples=80)
@given(LIFE)
def test_no_life_of_a_programme_gives_away_a_group_under_five(life: list[Any]) -> None:
    assert lived(life).broken() == []


def _group(*people: str) -> Group:
    """A group by its answers: `45-2` skipped the third question."""
    return tuple(tuple(None if step == "-" else int(step) for step in person) for person in people)


FOUR, ONE, TWO = _group("4444", "5555", "4-45", "3---"), _group("1111"), _group("2222", "333-")
LIVES: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], list[Any]]] = {
    "four are enough": (lambda patch: patch.setattr(rules, "LEAST", 4), [(FOUR, 1)]),
    "one outside the largest is enough": (
        lambda patch: patch.setattr(rules, "LEAST_OUTSIDE_THE_LARGEST", 1), [(FOUR, 1), (ONE, 1)],
    ),
    # As many as answered anything, whatever they skipped: nobody looks at the single question.
    "no threshold for each question": (
        lambda patch: patch.setattr(rules, "may_release", lambda sizes, may=rules.may_release: may(sizes) or len(sizes) > 1),
        [(FOUR, 1), (TWO, 1)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", LIVES)
def test_control_weaker_rules_are_caught(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    weaken, life = LIVES[how]
    assert lived(life).broken() == []
    weaken(monkeypatch)
    assert lived(life).broken() != []


def test_control_a_sum_that_is_told_again_with_more_in_it_is_subtracted() -> None:
    """What overlaps, as totals of a programme that grow, or an atom that is counted anew after a late answer."""
    weights = {1: 6, 2: 3, 3: 4, 4: 2}
    assert computable([{1}, {2, 3}], set(), weights, 5) == []
    assert computable([{1}, {1, 2}], set(), weights, 5) == [{2}]
    # Two steps away: (1+2+4) - (1+3) + (3) leaves 2 and 4; with 4 known, 2 alone.
    assert computable([{1, 2, 4}, {1, 3}, {3}], set(), {**weights, 2: 2}, 5) == [{3}, {2, 4}]
    assert computable([{1, 2, 4}, {1}], set(), weights, 5) == []
    assert computable([{1, 2, 4}, {1}], {4}, weights, 5) == [{2}]
    assert rank([[2, 4], [3, 6]]) == 1
    assert rank([[1, 1, 0], [0, 1, 1], [1, 0, -1]]) == 2
    assert rank([[0, 0]]) == rank([]) == 0


async def test_what_the_worker_released_over_two_years_gives_away_no_small_group(boxes: Boxes) -> None:
    """The same over the worker's own code and the rows that it left."""
    life = [
        (FOUR, 1), (_group(*["5435"] * 6), 1), (ONE, 1), (_group("11-1", "2222", "3333", "4444", "555-"), 1), (TWO, 1),
        ((), 1), (_group("3---", "-4--", "--5-", "---1"), 1), (_group("5---", "5---", "5---"), 1), (TWO, 1),
    ]  # fmt: skip
    told, seen, waiting = Published(), 0, []
    for n, (group, _version) in enumerate(life):
        boxes.clock.advance(days=80)
        told.groups[n] = _answers(group)
        box = await boxes.counted([dict(answer.scales) for answer in told.groups[n]])
        states = dict(await boxes.owner.fetch("select id, state from ballot"))
        waiting.append((n, box))
        rows = await boxes.owner.fetch("select * from release order by id offset $1", seen)
        seen += len(rows)
        for row in rows:
            members = [m for m, b in waiting if states[b] in {"released", "pooled"}]
            found = msgspec.json.decode(row["results"], type=dict[str, list[int]])
            assert row["answers"] == sum(len(told.groups[m]) for m in members)
            told.add(members, rules.Atom(row["answers"], found))
        waiting = [(m, b) for m, b in waiting if states[b] == "waiting"]
    assert seen == 4
    assert told.broken() == []
    assert told.sums == lived(life).sums, "the model is not what the worker does"
    # What was told is still all there is, and no other.
    assert await boxes.owner.fetchval("select count(*) from release") == seen
