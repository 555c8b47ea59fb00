"""What a coordinator sees of free texts: part by part to be changed, then all of them side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from programmes.core.clock import local_date
from programmes.core.i18n import day_long
from programmes.core.i18n import gettext as _
from programmes.evaluation.form_pages import label
from programmes.evaluation.form_rules import Questions
from programmes.evaluation.text_rules import LEAST_TEXTS, ReviewedText, seen_digest

# So many texts on a page, so that its form is never too long to be sent.
_PART = 15
Typed = Callable[[str], str]


@dataclass(frozen=True)
class Text:
    """A text, its field, what stands in it and why that can't be kept. `kept` is what somebody else has decided meanwhile:
    None for nothing, empty for that it is not shown."""

    field: str
    original: str
    shown: str
    error: str
    kept: str | None = None


@dataclass(frozen=True)
class Part:
    """One page of a review. `place` and `parts` count pages, from 1; `seen` says what stood in its fields."""

    place: int
    parts: int
    question: str
    texts: tuple[Text, ...]
    seen: str


@dataclass(frozen=True)
class Pair:
    """What was written beside what is to be shown: empty for nothing."""

    original: str
    shown: str
    changed: bool


@dataclass(frozen=True)
class Compared:
    """All pairs of one question. `dropped` says why nothing of it will be shown, where that can be known."""

    question: str
    pairs: tuple[Pair, ...]
    dropped: str


def last_day(ends_at: datetime) -> str:
    """The last day on which the texts can be read, before the midnight when that ends."""
    return day_long(local_date(ends_at - timedelta(minutes=1)))


def field_of(text_id: UUID) -> str:
    return f"t-{text_id}"


def parts(texts: Sequence[ReviewedText]) -> list[list[ReviewedText]]:
    """The pages: of one question each, in the order of the texts."""
    found: list[list[ReviewedText]] = []
    for text in texts:
        if not found or found[-1][0].question != text.question or len(found[-1]) == _PART:
            found.append([])
        found[-1].append(text)
    return found


def first_open(found: Sequence[Sequence[ReviewedText]]) -> int:
    """The first page on which something is not decided, counted from 1; one past the last when all is."""
    return next((n for n, part in enumerate(found, 1) if any(text.shown is None for text in part)), len(found) + 1)


def part(
    asked: Questions,
    found: Sequence[Sequence[ReviewedText]],
    place: int,
    typed: Typed | None = None,
    errors: Mapping[str, str] | None = None,
    seen: str | None = None,
    changed: bool = False,
) -> Part:
    """One page; before a text was decided its field holds what was written.

    `seen` is what an earlier page said of itself, where it could not be kept; `changed` that another has decided since.
    """
    texts = []
    for text in found[place - 1]:
        field = field_of(text.text_id)
        shown = typed(field) if typed else text.original if text.shown is None else text.shown
        kept = text.shown if changed and typed and differs(text, typed) else None
        texts.append(Text(field, text.original, shown, (errors or {}).get(field, ""), kept))
    question = label(asked, found[place - 1][0].question)
    return Part(place, len(found), question, tuple(texts), seen_digest(found[place - 1]) if seen is None else seen)


def differs(text: ReviewedText, typed: Typed) -> bool:
    """Whether something else has been decided for a text than what was typed."""
    return text.shown is not None and " ".join(typed(field_of(text.text_id)).split()) != text.shown


def compared(asked: Questions, texts: Sequence[ReviewedText]) -> list[Compared]:
    """Everything side by side, by question."""
    found = []
    for question in dict.fromkeys(text.question for text in texts):
        pairs = [
            Pair(text.original, text.shown or "", text.shown != text.original) for text in texts if text.question == question
        ]
        left = sum(1 for pair in pairs if pair.shown)
        dropped = _("Färre än fem kommentarer är kvar. Då visas ingen av dem.") if left < LEAST_TEXTS else ""
        found.append(Compared(label(asked, question), tuple(pairs), dropped))
    return found
