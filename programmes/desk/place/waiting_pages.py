"""What Min plats says to who waits: who stands before them by now, and that what is free is kept for others."""

from datetime import datetime

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext
from programmes.enrolment.kept_wording_rules import kept_text


def came_before(back: int, moved: int, last: datetime) -> str:
    """That somebody who had applied earlier stands before who already waited: some came back, some were moved here."""
    when = moment_long(last)
    if not moved:
        return ngettext(
            "Någon som anmälde sig före dig är tillbaka i kön, sedan %(when)s.",
            "%(n)s personer som anmälde sig före dig är tillbaka i kön, senast %(when)s.",
            back,
            when=when,
        )
    if not back:
        return ngettext(
            "Någon som anmälde sig före dig har flyttat hit från en annan start, %(when)s.",
            "%(n)s personer som anmälde sig före dig har flyttat hit från en annan start, senast %(when)s.",
            moved,
            when=when,
        )
    return _(
        "%(n)s personer som anmälde sig före dig har kommit tillbaka, eller flyttat hit från en annan start, senast "
        "%(when)s.",
        n=back + moved,
        when=when,
    )


def kept_for_others(until: datetime | None) -> str:
    """Why nobody is offered what is free just now."""
    return kept_text(until) + " " + _("Kön går efter det.") if until else ""
