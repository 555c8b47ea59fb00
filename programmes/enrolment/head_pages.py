"""What the way in says about the cohort: when, where, and whether there is a place."""

from dataclasses import dataclass
from datetime import date, datetime

from programmes.cohorts.wording_rules import many
from programmes.core.clock import local_date
from programmes.core.i18n import capital as _capital
from programmes.core.i18n import day_plain, day_year, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.i18n import times as _times
from programmes.enrolment.kept_wording_rules import kept_text


@dataclass(frozen=True)
class CohortHead:
    """What the way in says about the cohort. `seats_left` counts places nobody holds; `someone_waits` who is offered one
    before a newcomer. `first_day` is the day on which ages count; `booked_on_the_way`: talks are booked one at a time, and
    perhaps none is yet. `counted`: how many people are in it may be said to anybody (`Programme.people_counted`).
    `kept_until`: what nobody holds is kept until then for people of a cancelled start."""

    public_id: str
    programme_name: str
    short_name: str
    slug: str
    first_start: datetime | None
    first_end: datetime | None
    sessions: int
    venue: str
    address: str
    seats_left: int
    queued: int
    someone_waits: bool
    last_day: date | None
    form: str
    days: str
    first_day: date
    booked_on_the_way: bool = False
    counted: bool = False
    kept_until: datetime | None = None

    @property
    def free(self) -> bool:
        """Whether a newcomer would get a place at once."""
        return self.seats_left > 0 and not self.someone_waits

    @property
    def when(self) -> str:
        """`Måndag 5 oktober 2026, 13.00–15.00`"""
        if self.first_start is None or self.first_end is None:
            return _("Ni bestämmer tiden tillsammans")
        return f"{_capital(day_year(local_date(self.first_start)))}, {_times(self.first_start, self.first_end)}"

    @property
    def rhythm(self) -> str:
        """`10 träffar, måndagar, till 14 december 2026. Hamngatan 4, rum Linden.`"""
        if self.booked_on_the_way or self.last_day is None:
            return _("Samtalen bokas ett i taget. %(address)s, %(venue)s.", address=self.address, venue=self.venue)
        sessions = many(self.form, self.sessions)
        return _(
            "%(sessions)s, %(days)s, till %(last)s. %(address)s, %(venue)s.",
            sessions=sessions,
            days=self.days,
            last=day_plain(self.last_day),
            address=self.address,
            venue=self.venue,
        )

    def places(self, for_staff: bool = False) -> str:
        """How many places are left, or that one queues; `for_staff`, that somebody else does. Only whether there are any,
        where numbers would count people for anybody who asks (decision 63)."""
        numbers = for_staff or self.counted
        if self.free:
            if not numbers:
                return _("Platsen är ledig.") if self.form == "individual" else _("Det finns lediga platser.")
            return ngettext("%(n)s plats kvar.", "%(n)s platser kvar.", self.seats_left)
        waiting = ngettext("%(n)s väntar.", "%(n)s väntar.", self.queued) if self.queued and numbers else ""
        if self.kept_until and not self.seats_left:
            then = _("Du får en plats i kön, och den går efter det.")
            if for_staff:
                then = _("Personen får en plats i kön, och den går efter det.")
            return f"{kept_text(self.kept_until)} {then} {waiting}".strip()
        if self.seats_left:
            first = _("Lediga platser går först till dem som väntar. Du får en plats i kön.")
            if for_staff:
                first = _("Lediga platser går först till dem som väntar. Personen får en plats i kön.")
            return f"{first} {waiting}".strip()
        if for_staff:
            none_free = _("Inga platser är lediga. Personen får en plats i kön.")
            return f"{none_free} {waiting}".strip()
        full = _("Gruppen är full. Du får en plats i kön, och vi erbjuder dig platsen om någon lämnar.")
        if self.form == "individual":
            full = _("Platsen är tagen. Du får en plats i kön, och vi erbjuder dig den om den blir ledig.")
        return f"{full} {waiting}".strip()
