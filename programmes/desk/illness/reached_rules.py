"""Who has heard that a session is cancelled or moved, and whom somebody has to ring. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from programmes.core.i18n import Language
from programmes.notices.belief_rules import Known, readings
from programmes.notices.leaving_rules import NOW, Leaving
from programmes.notices.left_rules import Left, mark_of
from programmes.notices.reach_rules import Standing

# `told`: staff said it themselves. `knows`: nobody has said it, and what they believe is so by now. `held`: it waits for a
# time at which it may go. `late` and `doubted`: it waits, and will not reach them in time (`leaving_rules.Missed`). The last
# four get nothing by itself.
Heard = Literal[
    "sent",
    "told",
    "knows",
    "on_way",
    "held",
    "retrying",
    "late",
    "doubted",
    "failed",
    "ring",
    "none",
    "unwanted",
    "unreadable",
]
_NOTHING_GOES: Mapping[Standing, Heard] = {
    "ring": "ring", "none": "none", "unwanted": "unwanted", "unreadable": "unreadable",
}  # fmt: skip
SETTLED: frozenset[Heard] = frozenset({"sent", "told", "knows", "none", "unwanted"})
MISSING: frozenset[Heard] = frozenset({"failed", "late", "doubted", "ring", "unreadable"})
# Whom the worker has not given up, although nothing will reach them in time.
_NOT_TRIED: frozenset[Heard] = frozenset({"late", "doubted"})


@dataclass(frozen=True)
class Notice:
    """The newest message to one person about what became of a session. `error` is the last try's, by the name of its class.

    `called`: how often somebody rang in vain, and when last. `of_use`: something is left to tell; `left`: which sessions are
    otherwise than the person believes, where that is known; `knows`: none of those to come is.
    `told_with`: the messages, this one among them, that are told by telling what is left, and `said_as`: by which kind.
    `believed`: how they know the session; `added_starts`: when what was added for it is, of a message of the release
    before, or the first day of a start that is postponed. `elsewhere`: they have given another address or number since.
    """

    notice_id: UUID
    enrolment_id: UUID
    state: str
    sent_at: datetime | None
    held: bool
    failures: int
    error: str
    called: int
    called_at: datetime | None
    kind: str = ""
    of_use: bool = True
    left: Left | None = None
    knows: bool = False
    told_with: frozenset[UUID] = frozenset()
    believed: Known | None = None
    added_starts: datetime | None = None
    created_at: datetime | None = None
    said_as: str = ""
    elsewhere: bool = False

    @property
    def mark(self) -> str:
        """Of all that the words go by (`mark_of`)."""
        return mark_of(self.kind, self.said_as, self.left, sorted(self.told_with), self.believed, self.added_starts)


@dataclass(frozen=True)
class Person:
    """Somebody with a place, whether they have heard, and when. `label` is empty where nobody needs to read it.
    `may_be_sent`: messages to them go by mail or as texts, as far as is known. `until`: when what is held may go. `avoid`:
    when they want to be left alone, in their own words and only for who may read those; `avoided`: that is so just now."""

    enrolment_id: UUID
    label: str
    protected: bool
    heard: Heard
    notice: Notice | None
    reachable: bool
    language: Language = "sv"
    may_be_sent: bool = False
    until: datetime | None = None
    avoid: str = ""
    avoided: bool = False

    @property
    def moved(self) -> bool:
        """Whether it did not reach them, and they have given another address or number since."""
        return self.notice is not None and self.notice.elsewhere and self.heard in MISSING - _NOT_TRIED

    @property
    def again(self) -> bool:
        """Whether it can be sent again, to that."""
        return self.moved and self.may_be_sent and to_tell(self) is not None


def heard(notice: Notice | None, standing: Standing, leaving: Leaving = NOW) -> Heard:
    """How it stands with one of them. Without a message yet it is on its way, if one goes by itself. `leaving`: when what
    waits, or is still to be written, may go."""
    if notice is not None and notice.sent_at is not None:
        return "sent" if notice.state == "sent" else "told"
    if notice is not None and notice.knows and notice.state in {"no_channel", "failed"}:
        return "knows"
    if notice is None or notice.state == "no_channel":
        # Of whose times to avoid the service can make nothing, nothing goes by itself.
        return _NOTHING_GOES.get(standing) or (_waits(leaving) if notice is None else "ring")
    if notice.state == "failed":
        return "failed"
    how = _waits(leaving)
    if how != "on_way":
        return how
    return "held" if notice.held else "retrying" if notice.failures else "on_way"


def _waits(leaving: Leaving) -> Heard:
    return leaving.missed or ("held" if leaving.at else "on_way")


def may_be_rung(how: Heard) -> bool:
    """Whether there is a reason to ring somebody: they have not heard, and did not ask to be left alone."""
    return how not in SETTLED


def to_tell(person: Person) -> Notice | None:
    """The message that staff can tell somebody of and settle by that: none where nothing is left to say."""
    notice = person.notice
    return notice if notice and notice.of_use and may_be_rung(person.heard) else None


def other_starts(starts_at: datetime, people: Iterable[Person]) -> tuple[datetime, ...]:
    """When those who have not heard believe that the session is, where that is another time; the first first."""
    found = {known.starts_at for person in people if (notice := to_tell(person))
             for known in readings(notice.believed) if known}  # fmt: skip
    return tuple(sorted(found - {starts_at}))


@dataclass(frozen=True)
class Counts:
    """How many have heard, to how many it is on its way, whom somebody has to reach, and who hears of it by chance only;
    and for how many it waits for a time at which it may go."""

    heard: int
    on_way: int
    missing: int
    alone: int
    held: int = 0

    @property
    def settled(self) -> bool:
        """Whether nothing comes of itself any more."""
        return self.on_way + self.held == 0

    @property
    def all(self) -> int:
        return self.heard + self.on_way + self.missing + self.alone + self.held


def counted(people: Iterable[Heard]) -> Counts:
    """The numbers at the top."""
    found = list(people)
    told = sum(one in {"sent", "told", "knows"} for one in found)
    missing = sum(one in MISSING for one in found)
    alone = sum(one in {"none", "unwanted"} for one in found)
    held = sum(one == "held" for one in found)
    return Counts(told, len(found) - told - missing - alone - held, missing, alone, held)
