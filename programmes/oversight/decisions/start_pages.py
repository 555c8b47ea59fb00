"""What it means to whom that a start is decided, and what its button says."""

from collections.abc import Mapping

from programmes.cohorts.rules import start_is_told
from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext
from programmes.enrolment.rules import State
from programmes.notices.reach_rules import Reach, going_first
from programmes.oversight.decisions.effect_pages import Rows, people, usual_end
from programmes.oversight.rules import Start


def start_rows(facts: Start, reached: Mapping[State, Reach], begun_entry: bool = False, right: Reach | None = None) -> Rows:
    """What a start means to whom, and how many of them hear of it in which way. `begun_entry`: the last session that one may
    join at has begun, so that a day after the decision the queue ends. `right`: who may move here before newcomers."""
    if not start_is_told(facts.sessions, facts.begun):
        confirmed = offered = _("Får inget besked: alla träffar har varit.")
        preliminary = _("Behåller sin plats. Får inget besked: alla träffar har varit.")
    else:
        confirmed = _("Får veta att det blir av.")
        preliminary = _("Behåller sin plats, med något kvar att göra. Får veta att det blir av.")
        offered = _("Erbjudandet gäller som förut. Får veta att det blir av.")
    queued = _("Står kvar i kön så länge någon ny kan börja.")
    if begun_entry:
        queued = _("Ingen ny kan börja. Kön tar slut om ett dygn, och de får veta det.")
    rows = people(facts, confirmed, preliminary, offered, queued, reached)
    first = going_first(right or Reach(), _("Får flytta hit som förut, så länge de har fått veta."), unseen=True)
    return (*rows, *first, *usual_end(_sessions_of_start(facts)))


def _sessions_of_start(facts: Start) -> str:
    """What a start means to those who lead; of a late one that what has passed and isn't noted will ask for its notes."""
    if facts.noted:
        return _sessions_with_notes(facts)
    if not facts.begun:
        return _("Träffarna blir av som planerat.")
    been = ngettext(
        "%(n)s träff av %(all)s har redan varit, och väntar sedan på anteckning. Blev den inte av ställer ni in den, eller "
        "skjuter upp starten i stället.",
        "%(n)s träffar av %(all)s har redan varit, och väntar sedan på anteckning. Blev de inte av ställer ni in dem, eller "
        "skjuter upp starten i stället.",
        facts.begun,
        all=facts.sessions,
    )
    return been if facts.begun == facts.sessions else been + " " + _("De andra blir av som planerat.")


def _sessions_with_notes(facts: Start) -> str:
    """The same where something was noted already: what was held then counts."""
    waits = max(0, facts.begun - facts.noted)
    found = [
        ngettext(
            "%(n)s träff av %(all)s är hållen och antecknad.",
            "%(n)s träffar av %(all)s är hållna och antecknade.",
            facts.noted,
            all=facts.sessions,
        )
    ]
    if waits:
        found.append(
            ngettext(
                "%(n)s till har varit, och väntar sedan på anteckning. Blev den inte av ställer ni in den.",
                "%(n)s till har varit, och väntar sedan på anteckning. Blev de inte av ställer ni in dem.",
                waits,
            )
        )
    if facts.noted + waits < facts.sessions:
        found.append(_("De andra blir av som planerat."))
    return " ".join(found)


def start_button(fewer: bool, reach: Reach) -> str:
    """The button says what is decided, and how many are told."""
    label = _("Starta med färre") if fewer else _("Starta")
    return _("%(what)s och skicka besked till %(n)s", what=label, n=reach.sent) if reach.sent else label
