"""When free texts may be gone through, and which of them are shown. Nothing here reads or writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from programmes.core.clock import at_local, local_date
from programmes.evaluation.form_rules import STANDARD, Questions

LEAST_TEXTS = 5
LEAST_GROUPS = 2
# As long as an answer's text: what is shown is never more than what was written.
LONGEST_SHOWN = 500
# How long the texts can be read under a review's key, in whole days after the one it began on.
REVIEW_DAYS = 7
ReviewState = Literal["ready", "asked", "open", "paused", "signed", "released"]


@dataclass(frozen=True)
class ReviewFacts:
    """A review as everybody may know it: nothing of the texts. `ends_at` is UTC, and there while it is open."""

    review_id: UUID
    section: str
    state: ReviewState
    ends_at: datetime | None
    asked: Questions = STANDARD


@dataclass(frozen=True)
class ReviewedText:
    """A text as it was written, and what is to be shown instead: None before that was decided, empty for nothing."""

    text_id: UUID
    question: str
    original: str
    shown: str | None


@dataclass(frozen=True)
class CommentFacts:
    """A comment that is shown."""

    review_id: UUID
    section: str
    question: str
    words: str
    half_year: str
    released_on: date
    asked: Questions = STANDARD


def enough(groups: Sequence[UUID]) -> bool:
    """Whether these texts of one question, each by its group's tag, may be read or shown: five of two groups (DESIGN 7)."""
    return len(groups) >= LEAST_TEXTS and len(set(groups)) >= LEAST_GROUPS


def questions_with_enough(texts: Mapping[str, Sequence[UUID]]) -> set[str]:
    """The questions of which the texts may be read or shown."""
    return {question for question, groups in texts.items() if enough(groups)}


def ends_at(now: datetime) -> datetime:
    """When the texts of a review that begins now can no longer be read: at a midnight in the municipality."""
    return at_local(local_date(now) + timedelta(days=REVIEW_DAYS + 1), time())


def seen_digest(texts: Sequence[ReviewedText]) -> str:
    """What a coordinator has seen side by side, for signing off exactly that."""
    lines = sorted(f"{text.text_id} {text.original!r} {text.shown!r}" for text in texts)
    return sha256("\n".join(lines).encode()).hexdigest()
