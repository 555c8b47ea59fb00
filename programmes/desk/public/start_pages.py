"""A start, or an open meeting place, as the public catalogue shows it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.calendar.rules import Address
from programmes.catalogue.rules import Lang
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rhythm_rules import rhythm
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, day_parts, day_year, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.enrolment.kept_wording_rules import kept_text
from programmes.enrolment.queries import Places


@dataclass(frozen=True)
class Office:
    """Whose catalogue this is, in which language, and at what moment it is looked at."""

    lang: Lang
    municipality: str
    now: datetime

    @property
    def today(self) -> date:
        return local_date(self.now)


@dataclass(frozen=True)
class Start:
    """A cohort that one can apply to, or soon can. `timetable` are its sessions, where the page shows times. `first` is None
    of a series of talks of which none is booked yet: the time is agreed upon. `counted`: how many people are in it may be
    said (`Programme.people_counted`)."""

    cohort: CohortFacts
    first: datetime | None
    places: Places
    today: date
    timetable: tuple[SessionFacts, ...] = ()
    counted: bool = False

    @property
    def numbers(self) -> bool:
        """Whether places are told as numbers: not where they would count people (decision 63), nor the one of a series."""
        return self.counted and self.cohort.maximum > 1

    @property
    def free(self) -> int:
        """Seats a newcomer can have: none while somebody queues who would be offered one first (decision 10), nor those that
        are kept for people of a cancelled start."""
        return 0 if self.places.someone_waits else self.places.free(self.cohort.maximum)

    @property
    def not_yet(self) -> bool:
        return self.cohort.enrol_from > self.today

    @property
    def address(self) -> str:
        return f"/anmalan/{self.cohort.public_id}"

    @property
    def day(self) -> str:
        """The day of the first session; with its year when that is another. That it is agreed upon, where it is."""
        if self.first is None:
            return _("tiden bestämmer ni tillsammans")
        day = local_date(self.first)
        return day_long(day) if day.year == self.today.year else day_year(day)

    @property
    def short_day(self) -> str:
        """`7 oktober`, without the weekday that stands in the date sign."""
        return self.day.split(" ", 1)[1] if self.first else self.day

    @property
    def starts(self) -> str:
        """`Startar 7 oktober`, or that the time is agreed upon."""
        return _("Startar %(day)s", day=self.short_day) if self.first else capital(self.day)

    @property
    def sign(self) -> tuple[str, str, str] | None:
        return day_parts(local_date(self.first)) if self.first else None

    @property
    def order(self) -> float:
        """By the first day; what is agreed upon after what has one."""
        return self.first.timestamp() if self.first else float("inf")

    @property
    def _none_free(self) -> str:
        first = _("Fullt.")
        if self.places.kept_until and not self.places.free(self.cohort.maximum):
            first = kept_text(self.places.kept_until)
        elif self.cohort.maximum > self.places.held:
            first = _("Lediga platser går först till dem som väntar.")
        return first + " " + _("Du kan ställa dig i kö.")

    @property
    def places_text(self) -> str:
        """How many places are left, or only whether any is, in words that need no picture; nothing before the enrolment
        opens where there is no number to say."""
        if self.not_yet:
            return ngettext("%(n)s plats", "%(n)s platser", self.cohort.maximum) if self.numbers else ""
        if not self.free:
            return self._none_free
        if self.cohort.maximum == 1:
            return _("En ledig plats")
        if not self.numbers:
            return _("Det finns lediga platser")
        return _("%(free)s av %(most)s platser kvar", free=self.free, most=self.cohort.maximum)

    @property
    def missed_text(self) -> str:
        """That the group is full, or that others wait for what is free there, for who reads of a later one."""
        if self.cohort.maximum > self.places.held:
            return _("Till gruppen som startar %(day)s är det kö.", day=self.short_day)
        return _("Gruppen som startar %(day)s är full.", day=self.short_day)

    @property
    def hours(self) -> str:
        """`måndagar 13.00–15.00`: each weekday with its hours, or the hours alone of a single session."""
        sessions = [s for s in self.timetable if s.state != "cancelled"]
        if not sessions:
            return _("Efter överenskommelse") if self.cohort.unbooked else ""
        if len(sessions) == 1:
            return times(sessions[0].starts_at, sessions[0].ends_at)
        return rhythm([s.slot for s in sessions], self.cohort.every_weeks)

    @property
    def rhythm(self) -> str:
        """`onsdagar 13.00–15.00, 4 träffar`"""
        sessions = [s for s in self.timetable if s.state != "cancelled"]
        if not sessions or self.cohort.one_at_a_time:
            booked = _("samtalen bokas ett i taget")
            return f"{self.hours}, {booked}" if sessions else capital(booked) if self.cohort.unbooked else ""
        known = {"group": ngettext("%(n)s träff", "%(n)s träffar", len(sessions))}
        count = known.get(self.cohort.form) or ngettext("%(n)s samtal", "%(n)s samtal", len(sessions))
        return f"{self.hours}, {count}"


@dataclass(frozen=True)
class Opening:
    """The next time an open meeting place is open, the times after it that the page has room for, and its open calendar."""

    session: SessionFacts
    place: str
    then: tuple[SessionFacts, ...] = ()
    cohort_id: int = 0
    calendar: Address | None = None

    @property
    def day(self) -> str:
        return day_long(local_date(self.session.starts_at))

    @property
    def hours(self) -> str:
        return times(self.session.starts_at, self.session.ends_at)

    @property
    def later(self) -> list[str]:
        """`Fredag 27 november 13.00–16.00`, one a line."""
        return [f"{capital(day_long(local_date(s.starts_at)))} {times(s.starts_at, s.ends_at)}" for s in self.then]

    @property
    def sign(self) -> tuple[str, str, str]:
        return day_parts(local_date(self.session.starts_at))


def coming(cohorts: Iterable[CohortFacts], places: Mapping[int, Places], office: Office) -> list[Start]:
    """The starts ahead, soonest first. What has begun is nothing to apply to; of a series of talks the first may be booked
    later."""
    return [
        Start(cohort, cohort.first_start, places.get(cohort.cohort_id, Places()), office.today)
        for cohort in cohorts
        if cohort.form in ("group", "individual")
        and (cohort.unbooked if cohort.first_start is None else cohort.first_start > office.now)
    ]


def best(starts: Sequence[Start]) -> Start | None:
    """The start to show first: the soonest with a place, else the soonest that is open, else the soonest."""
    wishes: tuple[Callable[[Start], bool], ...] = (
        lambda s: s.free > 0 and not s.not_yet,
        lambda s: not s.not_yet,
        lambda s: True,
    )
    return next((start for wish in wishes for start in starts if wish(start)), None)
