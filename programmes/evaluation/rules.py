"""What the form asks, what may be released, and what a group may say in its own words. Nothing here reads or writes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from programmes.core.naming_rules import Pointing, points_to_somebody
from programmes.core.retention_rules import months_after
from programmes.evaluation.form_rules import STANDARD, Questions, unwritable

LEAST = 5
LEAST_OUTSIDE_THE_LARGEST = 2
DISTRIBUTION_FROM = 10
MOST_SENTENCES = 3
LONGEST_OWN_WORDS = 500
# In the common box of an individual form, from which every participant of the half-year draws.
FEWEST_COMMON_SLIPS = 8
MOST_COMMON_SLIPS = 80

BallotState = Literal["preparing", "open", "closing", "released", "waiting", "pooled", "destroyed", "empty"]
NoSlipsBecause = Literal["printed", "answered", "closed", "nobody", "not_started"]
OwnWordsRefusal = Literal["empty", "too_long", "too_many_sentences", "released"] | Pointing
Result = list[int] | float
_STEPS = range(1, 6)


@dataclass(frozen=True)
class BallotFacts:
    """A cohort's box as everybody may know it. While it is open nothing here depends on any answer."""

    ballot_id: UUID
    section: str
    state: BallotState
    slips: int
    created_on: date
    closed_on: date | None
    own_words: str | None
    # Its answers stand in a release, and its words with them: neither changes any more.
    in_release: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in {"preparing", "open"}


@dataclass(frozen=True)
class ReleaseFacts:
    """A released atom; `words` are what its groups said aloud, without which of them."""

    section: str
    half_year: str
    answers: int
    slips: int
    results: Mapping[str, Result]
    released_on: date
    asked: Questions = STANDARD
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Answers:
    """One person's answers: steps 1 to 5 by scale, words by text question. What was skipped is not there."""

    scales: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Atom:
    """What one group, or one pool of small groups, gives away for ever."""

    answers: int
    results: Mapping[str, Result]


def needs_box(evaluation: str) -> bool:
    """Required by 2.1 and 2.12, offered by 2.9 to 2.11, on by default for the other groups (DESIGN 7)."""
    return evaluation in {"required", "offered", "default_on"}


def head_count_listed(exempt: bool, figures: Sequence[str]) -> bool:
    """Whether the section lets it be recorded how many took part; for the children's groups not even that (2.15, 2.16)."""
    return not exempt or "participant_count" in figures


def answers(given: Mapping[str, object], asked: Questions = STANDARD) -> Answers:
    """Answers to this version of the form, at least one; empty texts count as skipped.

    Raises:
        ValueError: nothing is answered, or something that the form does not ask or allow.
    """
    scales: dict[str, int] = {}
    texts: dict[str, str] = {}
    for key, value in given.items():
        if key in asked.scales and type(value) is int and value in _STEPS:
            scales[key] = value
        elif key in asked.texts and isinstance(value, str) and len(value) <= asked.longest(key) and not unwritable(value):
            if value.strip():
                texts[key] = value.strip()
        else:
            raise ValueError(f"the form has no such answer: {key}")
    if not scales and not texts:
        raise ValueError("nothing is answered")
    return Answers(scales, texts)


def padded(given: Answers, asked: Questions = STANDARD) -> bytes:
    """The bytes to seal, always as many for a version of the form."""
    body = msgspec.json.encode({**given.scales, **given.texts})
    return (len(body).to_bytes(4, "big") + body).ljust(asked.plain_length, b"\0")


def unpadded(plain: bytes, asked: Questions = STANDARD) -> Answers:
    """The answers in opened bytes.

    Raises:
        ValueError: no form of ours has made them.
    """
    try:
        found = msgspec.json.decode(plain[4 : 4 + int.from_bytes(plain[:4], "big")], type=dict[str, int | str])
    except msgspec.MsgspecError as error:
        raise ValueError("not an answer") from error
    return answers(found, asked)


def may_release(sizes: Sequence[int]) -> bool:
    """Five or more answers; from several groups at least two of them outside the largest (DESIGN 7)."""
    enough = sum(sizes) >= LEAST
    return enough and (len(sizes) == 1 or sum(sizes) - max(sizes) >= LEAST_OUTSIDE_THE_LARGEST)


def pool(waiting: Mapping[UUID, int]) -> list[UUID]:
    """The small groups that become an atom now: all that wait, or none. More groups never make a pool less safe."""
    sizes = [n for n in waiting.values() if n]
    return [ballot for ballot, n in waiting.items() if n] if len(sizes) > 1 and may_release(sizes) else []


def atom(groups: Sequence[Sequence[Answers]], with_counts: bool, asked: Questions = STANDARD) -> Atom | None:
    """What these groups, which were all asked by one version of the form, give away together, or None if they must wait.

    A question that too few answered is left out. Without counts (no head count is listed) only rounded means are kept,
    and the number of answers as "five or more".
    """
    if not may_release([len(group) for group in groups]):
        return None
    total = sum(len(group) for group in groups)
    results: dict[str, Result] = {}
    for question in asked.scales:
        given = [[a.scales[question] for a in group if question in a.scales] for group in groups]
        if may_release([len(steps) for steps in given]):
            counts = [sum(steps.count(step) for steps in given) for step in _STEPS]
            results[question] = counts if with_counts else mean_to_half(counts)
    return Atom(total if with_counts else LEAST, results)


def mean_to_half(counts: Sequence[int]) -> float:
    """The mean of steps to the nearest half, so that no single answer can be worked out."""
    n, total = sum(counts), sum(step * count for step, count in zip(_STEPS, counts, strict=True))
    return (4 * total + n) // (2 * n) / 2


def half_year(day: date) -> str:
    """`2026-1` until June, `2026-2` from July."""
    return f"{day.year}-{1 if day.month <= 6 else 2}"


def half_year_before(named: str) -> str:
    """The one before `2027-1` is `2026-2`."""
    year, half = int(named[:4]), named[5:]
    return f"{year}-1" if half == "2" else f"{year - 1}-2"


def half_year_days(named: str) -> tuple[date, date]:
    """Its first day, and the first one after it."""
    year = int(named[:4])
    return (date(year, 1, 1), date(year, 7, 1)) if named[5:] == "1" else (date(year, 7, 1), date(year + 1, 1, 1))


def most_common_slips(places: Sequence[int]) -> int:
    """How many slips a common box may have, by the places of the half-years that are looked at."""
    return min(max(FEWEST_COMMON_SLIPS, *places), MOST_COMMON_SLIPS)


def own_words_refusal(text: str) -> OwnWordsRefusal | None:
    """Why these are not the group's own words: up to three sentences that it agreed aloud, about nobody. A line is one at
    least."""
    if not text.strip():
        return "empty"
    if len(text) > LONGEST_OWN_WORDS:
        return "too_long"
    sentences = [part for part in re.split(r"[.!?…]+(?:\s+|$)|[\r\n]+", text.strip()) if part.strip("\"'”’ ")]
    return "too_many_sentences" if len(sentences) > MOST_SENTENCES else points_to_somebody(text)


def unread_for_too_long(closed_on: date, today: date, months: int) -> bool:
    """Whether the answers of a small group have waited for so long. Not asked where evaluation must be documented (2.1,
    2.12)."""
    return today >= months_after(closed_on, months)
