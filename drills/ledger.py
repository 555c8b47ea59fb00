"""What the load's clients note, in their own memory: what they sent, and how it was answered. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["exempt", "documented", "leave", "count", "names", "vote"]
KINDS: tuple[Kind, ...] = ("exempt", "documented", "leave", "count", "names", "vote")
# `acknowledged`: it is done. `refused`: nothing came of it, and why. `unsaved`: a page said that nothing was saved.
# `unsure`: a page said that it may not be saved, or there was no answer. `sent`: not answered yet.
Outcome = Literal["acknowledged", "refused", "unsaved", "unsure", "sent"]


@dataclass(frozen=True)
class Answer:
    """One request and its answer, in seconds of a clock that only runs. `status` 0: the connection ended without one.
    `problem`: why the page was none that somebody can go on from; empty when it was."""

    route: str
    began: float
    ended: float
    status: int
    write: bool
    problem: str = ""


@dataclass
class Write:
    """One thing that somebody wants done, sent again until it is answered or they give up.

    `subject` is what it is about (a group, a session, a box), `mark` what tells it from all others there, `contact` where
    its messages go.
    """

    kind: Kind
    subject: str
    mark: str
    contact: str = ""
    began: float = 0
    tried: float = 0
    ended: float = 0
    outcome: Outcome = "sent"
    doubtful: bool = False

    def answered(self, outcome: Outcome, began: float, ended: float) -> None:
        """Note the answer to one try. What was once acknowledged stays so; after a doubtful try only that settles it."""
        if not self.began:
            self.began = began
        self.doubtful |= outcome in {"unsure", "sent"}
        if self.outcome != "acknowledged":
            self.outcome, self.tried, self.ended = outcome, began, ended

    @property
    def may_be_there(self) -> bool:
        return self.outcome == "acknowledged" or self.doubtful or self.outcome == "sent"


@dataclass
class Ledger:
    """Everything that was noted, in the order in which it was first sent."""

    writes: list[Write] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def of(self, *kinds: Kind) -> list[Write]:
        return [write for write in self.writes if write.kind in kinds]

    @property
    def acknowledged(self) -> list[Write]:
        return [write for write in self.writes if write.outcome == "acknowledged"]


@dataclass(frozen=True)
class Recovery:
    """Seconds until something was acknowledged again that was sent after a moment; None where nothing was."""

    of_all: float | None
    of_each: dict[Kind, float | None]

    @property
    def whole(self) -> float | None:
        """Until every kind of write was acknowledged again."""
        found = [seconds for seconds in self.of_each.values() if seconds is not None]
        return max(found) if found and len(found) == len(self.of_each) else None


def recovery(writes: Iterable[Write], since: float) -> Recovery:
    """How long after a moment the first write was acknowledged that was sent after it, perhaps not for the first time."""
    acknowledged = [write for write in writes if write.outcome == "acknowledged" and write.tried >= since]
    found = {kind: min((w.ended for w in acknowledged if w.kind == kind), default=None) for kind in KINDS}
    of_each = {kind: None if ended is None else ended - since for kind, ended in found.items()}
    first = [seconds for seconds in of_each.values() if seconds is not None]
    return Recovery(min(first, default=None), of_each)


def longest_gap(writes: Iterable[Write], begin: float, end: float) -> float:
    """The longest time within [begin, end] in which nothing was acknowledged, whenever it was sent: it may be shorter than
    `recovery` from `begin` tells, since what was on its way then is acknowledged too."""
    moments = sorted(w.ended for w in writes if w.outcome == "acknowledged" and begin <= w.ended <= end)
    return max(b - a for a, b in zip([begin, *moments], [*moments, end], strict=True))
