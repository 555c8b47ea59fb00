"""What the roll call shows: facts and what was typed, as texts and fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from programmes.attendance.rules import MARKS, Mark, Why, noted_from
from programmes.attendance.wording import FIELDS, as_values, count_fields, said, stepped, total
from programmes.cohorts.wording_rules import numbered, weekday_group
from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_long, moment_long, times
from programmes.core.i18n import gettext as _

__all__ = ["FIELDS", "as_values", "count_fields", "said", "stepped", "total"]

Raw = Callable[[str], str]


@dataclass(frozen=True)
class SessionLine:
    """The session that a roll call is about, as its cohort's staff know it. `section` is the guideline's; `name`, the
    programme's, is Swedish wherever it stands in the texts of the pages."""

    session_id: int
    cohort_id: int
    section: str
    form: str
    name: str
    number: int | None
    sessions: int
    starts_at: datetime
    ends_at: datetime
    venue: str
    was_held: bool

    @property
    def title(self) -> str:
        """`Till spelfriheten!, träff 3`"""
        return f"{self.name}, {numbered(self.form, self.number)}"

    @property
    def line(self) -> str:
        """`Till spelfriheten!, träff 3 av 10. Tisdag 22 september 17.30–19.30.`; of an open place where it is (3.2 has
        several)."""
        if self.form == "drop_in":
            return f"{self.venue}. {self.when}"
        which = numbered(self.form, self.number, self.sessions)
        return f"{self.name}, {which}. {self.when}"

    @property
    def when(self) -> str:
        day = capital(day_long(local_date(self.starts_at)))
        return f"{day} {times(self.starts_at, self.ends_at)}."


@dataclass(frozen=True)
class Person:
    """A row of the roll call. `field` is the enrolment's id, `stood` the mark that is noted."""

    field: str
    label: str
    protected: bool
    mark: str
    stood: str = ""


@dataclass(frozen=True)
class NamesPage:
    session_id: int
    name: str
    title: str
    line: str
    people: tuple[Person, ...]
    form: object
    saved: str = ""
    refused: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    @property
    def marked(self) -> int:
        return sum(1 for person in self.people if person.mark)

    @property
    def left(self) -> str:
        """`Kvar: Pil`; only how many while there are more than three, so that the bar stays small on a phone."""
        names = [person.label for person in self.people if not person.mark]
        if not names:
            return ""
        return _("Kvar: %(names)s", names=", ".join(names)) if len(names) <= 3 else _("Kvar: %(n)s", n=len(names))


@dataclass(frozen=True)
class CountPage:
    session_id: int
    name: str
    title: str
    line: str
    fields: tuple[tuple[str, str, str], ...]
    total: int
    of_places: str
    hint: str
    form: object
    ask_more: bool = False
    refused: tuple[str, ...] = ()
    seen: str = ""
    apart: str = ""


@dataclass(frozen=True)
class HeldPage:
    """`here` are the ticks that never leave the device: field and alias. `until` is a Unix time in seconds."""

    session_id: int
    name: str
    title: str
    line: str
    section: str
    only_held: str
    button: str
    was_held: bool
    here: tuple[tuple[str, str], ...]
    until: int
    until_clock: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedPage:
    session_id: int
    name: str
    cohort_id: int
    title: str
    line: str
    refused: tuple[str, ...]


def reasons(found: Sequence[Why], line: SessionLine) -> tuple[str, ...]:
    """Why attendance cannot be noted, in words."""
    texts: dict[Why, str] = {
        "future": _("Det är inte dags än. Från %(when)s går det.", when=moment_long(noted_from(line.starts_at))),
        "cancelled": _("Tillfället är inställt, så det finns inget att anteckna."),
        "closed": _("Gruppen är avslutad. Närvaron går inte att ändra längre."),
        "not_open": _("Gruppen är inte igång, så det finns inget att anteckna."),
        "erased": _(
            "Uppgifterna om dem som var med är raderade av gallringen. Närvaron finns kvar som antal och ändras inte."
        ),
        "other_kind": _("Den här insatsen antecknar något annat om sina tillfällen. Ladda om sidan."),
    }
    return tuple(texts[why] for why in found)


def typed_marks(raw: Raw, people: Sequence[Person]) -> tuple[Person, ...]:
    """The people with what was typed; "all present" goes before it."""
    everyone = "present" if raw("alla") else ""
    return tuple(
        replace(p, mark=everyone or (raw(p.field) if raw(p.field) in MARKS else ""), stood=raw(f"sett-{p.field}"))
        for p in people
    )


def seen_marks(raw: Raw, people: Sequence[Person]) -> dict[UUID, str]:
    """How each stood on the page that was sent; of a page that doesn't say so, nothing."""
    return {UUID(p.field): raw(f"sett-{p.field}").removeprefix("-") for p in people if raw(f"sett-{p.field}")}


def apart(people: Sequence[Person], now: Mapping[UUID, Mark]) -> tuple[tuple[Person, ...], tuple[str, ...]]:
    """The page once more after somebody else has noted otherwise: as typed, with how each stands now; and that in words."""
    words = {"present": _("Närvarande"), "excused": _("Anmäld frånvaro"), "no_show": _("Uteblev")}
    shown = tuple(replace(p, stood=f"-{now[UUID(p.field)]}") if UUID(p.field) in now else p for p in people)
    said_so = tuple(
        _("%(who)s: %(mark)s. Du har valt: %(typed)s.", who=p.label, mark=words[now[UUID(p.field)]], typed=words[p.mark])
        for p in people
        if UUID(p.field) in now
    )
    return shown, said_so


def held_words(form: str) -> tuple[str, str]:
    """The notice's title and the button, for a group's session, a talk, or an occasion."""
    if form == "group":
        return _("Vi antecknar bara att träffen hölls"), _("Träffen hölls")
    return _("Vi antecknar bara att samtalet hölls"), _("Samtalet hölls")


def held_page(line: SessionLine, here: Sequence[tuple[str, str]]) -> HeldPage:
    """The page of a session of which only that it was held may be noted."""
    only_held, button = held_words(line.form)
    name = weekday_group(local_date(line.starts_at).weekday()) if line.form == "group" else line.name
    return HeldPage(
        session_id=line.session_id,
        name=line.name,
        title=f"{name}, {numbered(line.form, line.number)}",
        line=f"{line.when} {line.venue}.",
        section=line.section,
        only_held=only_held,
        button=button,
        was_held=line.was_held,
        here=tuple(here),
        until=int(line.ends_at.timestamp()),
        until_clock=clock(line.ends_at),
    )
