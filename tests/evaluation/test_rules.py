"""No release and no pool ever falls under the threshold, and nobody's answer is in two."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.evaluation import form_rules, rules
from programmes.evaluation.form_rules import STANDARD
from programmes.evaluation.rules import Answers

STEP = st.integers(1, 5)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co", "Cf", "Zs"]), min_size=1, max_size=500)
ANSWERS = st.builds(
    Answers,
    scales=st.dictionaries(st.sampled_from(form_rules.SCALES), STEP, min_size=1),
    texts=st.dictionaries(st.sampled_from(form_rules.TEXTS), TEXT),
)
GROUP = st.lists(ANSWERS, max_size=7)
SMALL = st.integers(0, rules.LEAST - 1)


@given(ANSWERS)
def test_every_answer_has_the_same_length_and_is_read_back(given_: Answers) -> None:
    plain = rules.padded(given_)
    assert len(plain) == STANDARD.plain_length
    assert rules.unpadded(plain) == given_


def test_the_longest_texts_fit() -> None:
    for letter in ('"', "\\", "å", "\U0001f600", "ش"):
        assert len(rules.padded(rules.answers({"good": letter * 500, "change": letter * 500}))) == STANDARD.plain_length


@pytest.mark.parametrize("written", ["👨‍👩‍👧 tack", "bra\u00adhet", "\ufeffbra", "نعم\u200cهم", "🫩", "\ue000"])
def test_joined_emoji_and_soft_hyphens_are_writing(written: str) -> None:
    given_ = rules.answers({"good": written})
    assert rules.unpadded(rules.padded(given_)).texts == {"good": written.strip()}


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"good": "   "}, {"safety": 0}, {"safety": 6}, {"safety": "3"}, {"safety": True}, {"name": 3},
        {"good": "x" * 501}, {"good": "a\x00b"}, {"good": "a\ud800b"},
    ],
)  # fmt: skip
def test_what_the_form_does_not_ask_is_no_answer(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="answer"):
        rules.answers(wrong)


@given(st.binary(max_size=60))
def test_garbage_is_no_answer(garbage: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        rules.unpadded(len(garbage).to_bytes(4, "big") + garbage)


@given(st.lists(GROUP, min_size=1, max_size=5), st.booleans())
def test_no_release_has_fewer_than_five_or_fewer_than_two_outside_the_largest(
    groups: list[list[Answers]], with_counts: bool
) -> None:
    atom = rules.atom(groups, with_counts)
    sizes = [len(group) for group in groups]
    if atom is None:
        assert sum(sizes) < 5 or (len(sizes) > 1 and sum(sizes) - max(sizes) < 2)
        return
    assert sum(sizes) >= 5
    assert atom.answers == (sum(sizes) if with_counts else 5)
    for question in form_rules.SCALES:
        by_group = [sum(question in a.scales for a in group) for group in groups]
        safe = sum(by_group) >= 5 and (len(groups) == 1 or sum(by_group) - max(by_group) >= 2)
        assert (question in atom.results) == safe
        result = atom.results.get(question)
        if isinstance(result, list):
            assert sum(result) == sum(by_group)


@given(st.lists(GROUP, min_size=1, max_size=3))
def test_where_no_head_count_is_listed_a_release_says_nothing_of_how_many(groups: list[list[Answers]]) -> None:
    atom = rules.atom(groups, with_counts=False)
    if atom:
        assert atom.answers == 5
        assert all(isinstance(r, float) and r * 2 == int(r * 2) and 1 <= r <= 5 for r in atom.results.values())


@given(st.lists(SMALL, max_size=12))
def test_a_pool_is_safe_and_leaves_nobody_behind_who_could_be_in_it(sizes: list[int]) -> None:
    waiting = {uuid4(): n for n in sizes}
    chosen = rules.pool(waiting)
    if chosen:
        taken = [waiting[c] for c in chosen]
        assert len(taken) >= 2
        assert sum(taken) >= 5
        assert sum(taken) - max(taken) >= 2
        assert set(chosen) == {ballot for ballot, n in waiting.items() if n}
    else:
        total = sum(sizes)
        assert total < 5 or total - max(sizes) < 2


@given(st.lists(st.integers(0, 9), max_size=30))
def test_over_all_closings_each_answer_is_in_one_atom_at_most(closings: list[int]) -> None:
    """Groups close one after the other, as in life; an answer is a pair of box and number."""
    waiting: dict[UUID, int] = {}
    atoms: list[set[tuple[UUID, int]]] = []
    for size in closings:
        box = uuid4()
        if rules.may_release([size]):
            atoms.append({(box, n) for n in range(size)})
            continue
        waiting[box] = size
        chosen = rules.pool(waiting)
        if chosen:
            atoms.append({(b, n) for b in chosen for n in range(waiting[b])})
            waiting = {b: n for b, n in waiting.items() if b not in chosen}
    assert sum(len(atom) for atom in atoms) == len(set().union(*atoms))
    assert all(len(atom) >= 5 for atom in atoms)
    assert sum(len(atom) for atom in atoms) + sum(waiting.values()) == sum(closings)


@pytest.mark.parametrize(
    ("counts", "mean"),
    [([0, 0, 0, 0, 5], 5.0), ([5, 0, 0, 0, 0], 1.0), ([0, 0, 1, 3, 3], 4.5), ([0, 0, 0, 3, 1], 4.5), ([0, 0, 0, 4, 1], 4.0)],
)
def test_means_are_rounded_to_the_nearest_half(counts: list[int], mean: float) -> None:
    assert rules.mean_to_half(counts) == mean


@given(st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any))
def test_a_rounded_mean_is_never_more_than_a_quarter_off(counts: list[int]) -> None:
    exact = sum(step * n for step, n in enumerate(counts, start=1)) / sum(counts)
    assert abs(rules.mean_to_half(counts) - exact) <= 0.25


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "empty"),
        ("Vi ville ha en träff till. Tiden passade! Vi kommer gärna igen?", None),
        ("Ett. Två. Tre. Fyra.", "too_many_sentences"),
        ("Ett\nTvå\r\nTre\nFyra", "too_many_sentences"),
        ("Ett.\n\nTvå.\r\nTre.\n", None),
        ("Lokalen låg bra, kl. 18.00 passade", None),
        ("”Vi ville ha en träff till.”", None),
        ("x" * 501, "too_long"),
    ],
)
def test_own_words_are_at_most_three_sentences(text: str, refusal: str | None) -> None:
    assert rules.own_words_refusal(text) == refusal


def test_a_half_year_knows_its_days_and_the_one_before() -> None:
    assert [rules.half_year_before(half) for half in ("2027-1", "2026-2")] == ["2026-2", "2026-1"]
    assert rules.half_year_days("2026-1") == (date(2026, 1, 1), date(2026, 7, 1))
    assert rules.half_year_days("2026-2") == (date(2026, 7, 1), date(2027, 1, 1))


@pytest.mark.parametrize(("places", "most"), [((0, 0), 8), ((3, 12), 12), ((12, 3), 12), ((200, 0), 80)])
def test_a_common_box_has_no_more_slips_than_people_could_answer(places: tuple[int, int], most: int) -> None:
    assert rules.most_common_slips(places) == most
