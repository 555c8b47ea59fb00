"""Whom a notice could not reach, and how staff can. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.core.i18n import Language
from programmes.notices.left_rules import Left, mark_of
from programmes.notices.reach_rules import Way


@dataclass(frozen=True)
class Untold:
    """One thing that somebody has not heard: a change, or that they have an offer. `failed`: mail was tried. `left`: which
    sessions are otherwise than they believe; None for what is no change, or one that the release before told of;
    `told_with`: the messages that are told by telling it, more than one where they are told as one; `said_as`: by which
    kind. `added_starts`: when the session is that makes up for one that is cancelled, or the first of a postponed start.
    `elsewhere`: they have given another address or number since it failed, or since there was none to send it to.
    `first_over`: not that their start or queue is over, which they have heard, but that they can't move to the next one any
    more. `not_before`: it is a decision that can be taken back until then, for as long as nobody is told of it."""

    notice_id: UUID
    enrolment_id: UUID
    cohort_id: int
    group: str
    kind: str
    failed: bool
    answer_by: datetime | None
    session_starts: datetime | None
    added_starts: datetime | None = None
    visit_starts: datetime | None = None
    left: Left | None = None
    told_with: frozenset[UUID] = frozenset()
    said_as: str = ""
    elsewhere: bool = False
    first_over: bool = False
    not_before: datetime | None = None

    @property
    def told_by(self) -> frozenset[UUID]:
        """The messages that are told by telling it."""
        return self.told_with or frozenset({self.notice_id})

    @property
    def mark(self) -> str:
        """Of all that the words go by (`mark_of`)."""
        dates = (self.answer_by, self.session_starts, self.added_starts, self.visit_starts)
        return mark_of(self.kind, self.said_as, self.left, sorted(self.told_with), *dates)


@dataclass(frozen=True)
class Call:
    """Somebody to tell, and everything that they have not heard, at least one thing. `label` is empty where nobody needs
    to read it. `way` is how they can be reached. `avoid`: when they want to be left alone, in their own words and only for
    who may read those; `avoided`: that is so just now."""

    news: tuple[Untold, ...]
    way: Way
    label: str
    protected: bool
    language: Language = "sv"
    avoid: str = ""
    avoided: bool = False

    @property
    def about(self) -> Untold:
        return self.news[0]

    @property
    def failed(self) -> bool:
        return any(one.failed for one in self.news)

    @property
    def not_before(self) -> datetime | None:
        """When they may be told, where that is later than now: everything is told in one call."""
        return max((one.not_before for one in self.news if one.not_before), default=None)

    @property
    def is_offer(self) -> bool:
        return self.about.kind == "place_offered"

    @property
    def again(self) -> tuple[frozenset[UUID], ...]:
        """What can be sent to the address or number that they have given since; each with what is told as one with it."""
        if self.way not in {"mail", "text"}:
            return ()
        return tuple(one.told_by for one in self.news if one.elsewhere)

    @property
    def notices(self) -> frozenset[UUID]:
        """The messages that they have not heard."""
        return frozenset().union(*[one.told_by for one in self.news])


@dataclass(frozen=True)
class Again:
    """What can be sent again, since it did not go to the address or number that people have by now: how many of them have
    an address, how many a number, and which messages; `together`, those that are told as one."""

    mails: int = 0
    texts: int = 0
    together: tuple[frozenset[UUID], ...] = ()

    @property
    def notices(self) -> frozenset[UUID]:
        return frozenset().union(*self.together)


def to_send_again(calls: Iterable[Call]) -> Again:
    """Of a group, what its staff may have sent again with one press."""
    found = [call for call in calls if call.again]
    people = {way: len({call.about.enrolment_id for call in found if call.way == way}) for way in ("mail", "text")}
    return Again(people["mail"], people["text"], tuple(one for call in found for one in call.again))
