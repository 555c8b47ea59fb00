"""What the words of a message are made of."""

from dataclasses import dataclass
from datetime import date, datetime

from programmes.core.clock import local_date
from programmes.core.codes import grouped
from programmes.core.i18n import day_long, times
from programmes.notices.rules import Kind


@dataclass(frozen=True)
class Slot:
    """From when to when something is."""

    starts_at: datetime
    ends_at: datetime

    def __str__(self) -> str:
        return f"{day_long(local_date(self.starts_at))} {times(self.starts_at, self.ends_at)}"


@dataclass(frozen=True)
class Became:
    """A session as the receiver believes that it is, and as it is; None where nobody comes, or they know of none. `or_was`:
    when they may believe instead that it is, since nobody knows what they have received."""

    was: Slot | None
    now: Slot | None
    or_was: Slot | None = None


# Of more sessions a message does not say one by one how they became.
NAMED = 3


@dataclass(frozen=True)
class Facts:
    """What the words are made of, read when the message is sent. `next` is the next session that is not cancelled,
    `added` the one at the end that makes up for a cancelled one, `soonest` when the next was to begin, cancelled or not.
    `booked`: how many talks were booked at once with this one, the first of them. `became`: the sessions that a change was
    about which are otherwise than the receiver believes; `moved` the one of them that the message is about. `taken`: another
    session has got the time of one of them. `tangled`: one of them has no name that everybody who may come would understand.
    `by_word`: no offer could be answered in time, so that a free place goes to who says yes to staff, at `phone`.
    `unchanged`: when the last session to come begins that is as the receiver knows. `first_until`: until when they may move
    to another start before newcomers; `first_over`: so they were told, and it is over before that time;
    `first_by_phone`: they can't choose that start by themselves. `had_offer`: an offer was taken back with the end of
    the queue. `named`: how many of `became` there is room to name. `same_places`: all of these are where the receiver
    believes. `kept_until`: what is free is kept for others until then, before who waits."""

    kind: Kind
    enrolment_state: str
    next: Slot | None = None
    is_first: bool = True
    session: Slot | None = None
    was_at: datetime | None = None
    position: int = 0
    answer_by: datetime | None = None
    age_again: bool = False
    years_again: bool = False
    visit: Slot | None = None
    book_by: date | None = None
    say_coming: bool = False
    link: str = ""
    added: Slot | None = None
    booked: int = 1
    soonest: datetime | None = None
    became: tuple[Became, ...] = ()
    moved: Became | None = None
    by_word: bool = False
    phone: str = ""
    first_until: datetime | None = None
    first_over: bool = False
    first_by_phone: bool = False
    had_offer: bool = False
    taken: bool = False
    tangled: bool = False
    named: int = NAMED
    unchanged: datetime | None = None
    same_places: bool = False
    kept_until: datetime | None = None

    @property
    def code_start(self) -> str:
        """The first group of the code in the link, as Min plats shows it."""
        return grouped(self.link.rpartition("#")[2]).partition("-")[0]
