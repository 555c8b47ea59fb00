"""The chain over the access log: what a link says of its line and of the link before, and how a chain is walked. Pure.

Who owns the database can change, remove, swap or insert lines. Without the worker's key nobody can make links that fit.
"""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime
from typing import Literal
from uuid import UUID

from programmes.people.look_rules import NOBODY

GENESIS = bytes(32)
Fault = Literal["changed", "line_gone", "link_gone", "checkpoint", "end_gone", "other_end", "other_day", "no_key", "no_end"]
# For whoever runs the service, in English as all that its commands say.
FAULTS: dict[Fault, str] = {
    "changed": "the line, or its place, is not the one that was chained",
    "line_gone": "the line has been removed",
    "link_gone": "lines have been removed",
    "checkpoint": "lines are gone, and what stands for them was not signed by the worker",
    "end_gone": "the end is missing; restoring a backup does that, and so does somebody who removes lines",
    "other_end": "it is another chain than the one that was written down outside the database",
    "other_day": "a day's head is another one in the database than was written down outside it when the day had ended",
    "no_key": "the key is not in the log key folder",
    "no_end": "the head is not in the log key folder",
}
# What no later link can mend: the worker adds nothing before somebody has looked.
STOPS: frozenset[Fault] = frozenset({"end_gone", "other_end", "no_key", "no_end"})
# What is not of a line, and comes anew each time that it is so: nobody has resolved it for good.
ANEW: frozenset[Fault] = frozenset({"end_gone", "no_key", "no_end"})


@dataclass(frozen=True)
class Line:
    """A line of the access log, as it is chained. `at` is UTC."""

    look_id: int
    at: datetime
    staff_id: int
    participant_id: UUID
    cohort_id: int
    page: str
    reason: str | None
    protected: bool
    own_name: bool

    @property
    def of_nobody(self) -> bool:
        """Whether it is of a search that found nobody."""
        return self.participant_id == NOBODY


@dataclass(frozen=True)
class Head:
    """Where a chain ends: the place of its last link, and that link's HMAC."""

    position: int = 0
    mac: bytes = GENESIS


@dataclass(frozen=True)
class Link:
    """A link as stored. `line` is None when the line it names is not there; `lost_from` when it stands for a loss."""

    position: int
    mac: bytes
    line: Line | None
    lost_from: int | None = None


@dataclass(frozen=True)
class Checkpoint:
    """Stands for the lines of some places, which have gone by the rule of retention."""

    from_position: int
    through_position: int
    head: bytes
    before: date
    made_at: datetime
    mac: bytes


@dataclass(frozen=True)
class Break:
    """What first does not fit, and at which place. `seen` stands for what was found there (an HMAC under the chain's key);
    the same fault at the same place is the same break, whatever lies there."""

    fault: Fault
    position: int
    seen: str = field(default="", compare=False)

    @property
    def what(self) -> "Looked":
        """What somebody looks at who looks into it."""
        return self.fault, self.position, self.seen


# What a resolution covers: this fault, at this place, with this content there.
Looked = tuple[Fault, int, str]


@dataclass(frozen=True)
class Check:
    """What the worker last found. `through` and `head` are where the chain ended then."""

    scope: str
    at: datetime
    through: int
    head: bytes
    broken_at: int | None
    fault: Fault | None
    waiting_since: datetime | None


@dataclass(frozen=True)
class Day:
    """The head of the chain when a day had ended; `lines` were added that day."""

    day: date
    position: int
    head: bytes
    lines: int


def provably_older(days: Mapping[date, Head], before: date) -> int:
    """The last place that had been given when some day before another had ended, by what was written down outside the
    database: what lines say of themselves, its owner can change. 0 when nothing proves it."""
    return max((head.position for day, head in days.items() if day < before), default=0)


def other_days(told: Iterable[Day], written: Mapping[date, Head]) -> list[Break]:
    """The days of which the database tells another head than was written down outside it. Of a day that was not written
    down, as before the folder was lost, nothing is known."""
    kept = ((day, written.get(day.day)) for day in told)
    return [
        Break("other_day", head.position, f"{day.day.isoformat()} {day.position} {day.head.hex()}")
        for day, head in kept
        if head is not None and head != Head(day.position, day.head)
    ]


def unresolved(found: Iterable[Break], resolved: Collection[Looked]) -> tuple[Break, ...]:
    """What does not fit, without what somebody has looked at. A place that is changed once more nobody has."""
    return tuple(one for one in found if one.fault in ANEW or one.what not in resolved)


@dataclass(frozen=True)
class Loss:
    """Places that were lost when a database was restored from a backup."""

    first: int
    last: int


def _mac(key: bytes, *parts: object) -> bytes:
    # A list in JSON has one reading: no two lines are written alike.
    return hmac.new(key, json.dumps(parts, separators=(",", ":")).encode(), hashlib.sha256).digest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link_mac(key: bytes, previous: bytes, position: int, line: Line) -> bytes:
    """The HMAC of the link at a place."""
    return _mac(key, "line/1", previous.hex(), position, *_content(line))


def _content(line: Line) -> tuple[object, ...]:
    return (
        line.look_id, _moment(line.at), line.staff_id, str(line.participant_id),
        line.cohort_id, line.page, line.reason, line.protected, line.own_name,
    )  # fmt: skip


def loss_mac(key: bytes, previous: bytes, position: int, lost_from: int) -> bytes:
    """The HMAC of a link that says that the places from `lost_from` up to its own were lost."""
    return _mac(key, "loss/1", previous.hex(), position, lost_from)


def checkpoint_mac(key: bytes, from_position: int, head: Head, before: date, made_at: datetime) -> bytes:
    """The HMAC of a checkpoint over the places up to a head."""
    return _mac(key, "checkpoint/1", from_position, head.position, head.mac.hex(), before.isoformat(), _moment(made_at))


def _signed(checkpoint: Checkpoint) -> tuple[object, ...]:
    """A checkpoint as it lies there."""
    through, made_at = checkpoint.through_position, _moment(checkpoint.made_at)
    return through, checkpoint.head.hex(), checkpoint.before.isoformat(), made_at, checkpoint.mac.hex()


def _stored(link: Link) -> tuple[object, ...]:
    """A link as it lies there, with its line, also where neither is compared with anything."""
    return link.position, link.mac.hex(), link.lost_from, _content(link.line) if link.line else None


def shown(mac: bytes) -> str:
    """A head to be read and compared: 80 of its bits in groups. Nobody can make another chain with the same ones."""
    digits = mac.hex()[:20]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


@dataclass
class Walk:
    """Goes along a chain from a head that is known to be right, and keeps what does not fit."""

    key: bytes
    head: Head = Head()
    breaks: list[Break] = field(default_factory=list)
    # Heads that were written down outside the database: the chain must have the same ones at their places.
    kept: InitVar[Iterable[Head]] = ()
    _kept: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self, kept: Iterable[Head]) -> None:
        for one in kept:
            self._kept[one.position].add(one.mac)

    def checkpoints(self, found: Iterable[Checkpoint]) -> None:
        """Past what has gone by the rule: every checkpoint is signed, and begins where the one before ended."""
        for one in found:
            head = Head(one.through_position, one.head)
            signed = checkpoint_mac(self.key, one.from_position, head, one.before, one.made_at)
            follows = one.from_position == self.head.position + 1
            if not follows or not hmac.compare_digest(signed, one.mac):
                self._fault("checkpoint", one.from_position, *_signed(one))
            self._on(head)

    def links(self, found: Iterable[Link]) -> None:
        """Past links in the order of their places."""
        for one in found:
            expected, previous = self.head.position + 1, self.head
            if expected not in {one.position, one.lost_from}:
                self._fault("link_gone", expected, *_stored(one))
                # What came before it cannot be told any more; what comes after goes on from what it says itself.
                self._on(Head(one.position, one.mac))
                continue
            if one.lost_from is not None:
                fits = hmac.compare_digest(loss_mac(self.key, previous.mac, one.position, one.lost_from), one.mac)
            elif one.line is None:
                self._fault("line_gone", one.position, *_stored(one))
                fits = True
            else:
                fits = hmac.compare_digest(link_mac(self.key, previous.mac, one.position, one.line), one.mac)
            if not fits:
                self._fault("changed", one.position, *_stored(one))
            self._on(Head(one.position, one.mac))

    def end(self, anchored: Head) -> None:
        """At the end of the chain, which must not lie before the one that was written down outside the database."""
        if self.head.position < anchored.position:
            self._fault("end_gone", self.head.position + 1)

    def _on(self, head: Head) -> None:
        if self._kept.get(head.position, set()) - {head.mac}:
            self._fault("other_end", head.position, head.mac.hex())
        self.head = head

    def _fault(self, fault: Fault, position: int, *found: object) -> None:
        seen = _mac(self.key, "seen/1", fault, position, self.head.position, self.head.mac.hex(), *found)
        self.breaks.append(Break(fault, position, seen.hex()))
