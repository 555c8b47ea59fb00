"""What a decision about a start means to whom, and how they hear of it."""

from collections.abc import Mapping

from programmes.core.i18n import gettext as _
from programmes.enrolment.rules import State
from programmes.notices.reach_rules import Reach, people_rows
from programmes.oversight.rules import Start

Rows = tuple[tuple[str, str, str], ...]


def people(
    facts: Start, confirmed: str, preliminary: str, offered: str, queued: str, reached: Mapping[State, Reach]
) -> Rows:
    """Who, what happens to them, and how many of them hear of it in which way."""
    what: dict[State, str] = {
        "confirmed": confirmed,
        "preliminary": preliminary,
        "offered": offered,
        "queued": queued,
    }
    return people_rows(facts, what, reached)


def usual_end(what: str) -> Rows:
    return ((_("Gruppledarna"), what, _("Syns på Idag")),)


def leaders(facts: Start, what: str) -> Rows:
    """Who leads hears by mail what somebody else changed for them; of what is only planned nobody knows yet."""
    if facts.state == "planned":
        return usual_end(what)
    return ((_("Gruppledarna"), what, _("E-post, på Idag och i deras kalender")),)
