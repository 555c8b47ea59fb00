"""A decision as it is kept, in one line, and the fixed lists of why it was made."""

from datetime import datetime
from typing import Protocol

from programmes.core.clock import local_date
from programmes.core.i18n import day_plain, moment_long, ngettext
from programmes.core.i18n import gettext as _


def fixed_reasons() -> tuple[tuple[str, str], ...]:
    """The fixed list of why a start is postponed or cancelled; never a text of one's own."""
    return (
        ("too_few", _("För få deltagare")),
        ("no_leader", _("Gruppledare saknas")),
        ("no_venue", _("Lokal saknas")),
    )


def fewer_reasons() -> tuple[tuple[str, str], ...]:
    """The fixed list of why a group starts with fewer than the office's own minimum."""
    return (
        ("more_to_come", _("Fler blir klara senare")),
        ("works_with_fewer", _("Gruppen fungerar med färre")),
        ("no_waiting", _("De som är klara ska inte behöva vänta")),
        ("next_is_far", _("Det dröjer till nästa start")),
    )


class Decision(Protocol):
    """One decision as it is kept."""

    @property
    def decision(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def confirmed(self) -> int: ...
    @property
    def minimum(self) -> int | None: ...
    @property
    def by(self) -> str: ...
    @property
    def decided_at(self) -> datetime: ...
    @property
    def undone_by(self) -> str | None: ...
    @property
    def undone_at(self) -> datetime | None: ...
    @property
    def ended(self) -> bool: ...
    @property
    def first_before(self) -> datetime | None: ...
    @property
    def first_after(self) -> datetime | None: ...


def decision_line(line: Decision) -> str:
    """`Inställd torsdag 3 september 10.00 av Kim. För få deltagare. 3 av minst 5 var klara.`"""
    what = {"start": _("Startad"), "postpone": _("Framflyttad"), "cancel": _("Inställd")}[line.decision]
    if line.ended:
        what = _("Startade inte, och resten ställdes in")
    text = _("%(what)s %(when)s av %(who)s.", what=what, when=moment_long(line.decided_at), who=line.by)
    if line.first_before and line.first_after:
        days = {"before": local_date(line.first_before), "after": local_date(line.first_after)}
        text += " " + _("Från %(before)s till %(after)s.", **{name: day_plain(day) for name, day in days.items()})
    if line.reason:
        text += " " + dict((*fixed_reasons(), *fewer_reasons())).get(line.reason, line.reason) + "."
    if line.confirmed and line.minimum and line.confirmed < line.minimum:
        text += " " + _("%(n)s av minst %(minimum)s var klara.", n=line.confirmed, minimum=line.minimum)
    elif line.confirmed:
        text += " " + ngettext("%(n)s var klar.", "%(n)s var klara.", line.confirmed)
    if line.undone_at:
        text += " " + _("Ångrat %(when)s av %(who)s.", when=moment_long(line.undone_at), who=line.undone_by)
    return text
