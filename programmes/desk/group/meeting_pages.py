"""When a group meets, on its page: what has been, the next few sessions, and the rest."""

from dataclasses import dataclass

from programmes.cohorts.closure_rules import closed_then
from programmes.cohorts.queries import SessionFacts
from programmes.cohorts.undone_rules import that_matter
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_short
from programmes.core.i18n import gettext as _
from programmes.desk.group.groups_pages import Tag
from programmes.desk.group.step_pages import Facts
from programmes.desk.talks.rules import staff_talks

_SHOWN = 4


@dataclass(frozen=True)
class SessionRow:
    """One session. `closed`: why that place is closed on the day of one that is to come."""

    day: str
    old_day: str
    title: str
    text: str
    tag: Tag | None
    state: str
    closed: str = ""


@dataclass(frozen=True)
class Meetings:
    """What has been, the next few, and the rest. `talks`: how many there have been of a series. `sick`: where a leader says
    that they can't come to the next."""

    past: tuple[SessionRow, ...]
    soon: tuple[SessionRow, ...]
    later: tuple[SessionRow, ...]
    talks: str
    sick: str


def meetings(facts: Facts) -> Meetings:
    """Every session, cancelled ones too, in order of time; not what was to make up for one that takes place after all."""
    sessions = that_matter(facts.sessions)
    past = [s for s in sessions if s.ends_at <= facts.now]
    coming = [s for s in sessions if s.ends_at > facts.now]
    first = next((s.session_id for s in coming if s.state != "cancelled"), None)
    rows = [_session(facts, s, s.session_id == first) for s in coming]
    missing = {entry.session_id for entry in facts.unnoted}
    before = tuple(_session(facts, s, False, s.session_id in missing) for s in past)
    talks = staff_talks(facts.talks) if facts.talks else ""
    return Meetings(before, tuple(rows[:_SHOWN]), tuple(rows[_SHOWN:]), talks, _sick(facts))


def _session(facts: Facts, session: SessionFacts, is_next: bool, missing: bool = False) -> SessionRow:
    day = day_short(local_date(session.starts_at))
    if session.state == "cancelled":
        return SessionRow(day, "", _("Inställd"), "", Tag(_("Inställd"), "stop", "cross"), "off")
    old = day_short(local_date(session.was_at)) if session.was_at else ""
    tag = None
    if missing:
        tag = Tag(_("Antal saknas") if facts.kind == "count" else _("Närvaro saknas"), "warn", "clock")
    elif is_next:
        tag = Tag(_("Nästa"), "ok", "dot")
    elif session.is_changed:
        tag = Tag(_("Flyttad"), "warn", "move")
    elif session.added:
        tag = Tag(_("Tillagd"), "info", "plus")
    name = capital(numbered(facts.cohort.form, session.number))
    title = f"{name}. {session.theme}" if session.theme else name
    elsewhere = f"{session.address}, {session.venue}" if session.venue != facts.cohort.venue else ""
    state = "held" if session.state == "held" else "next" if is_next else ""
    return SessionRow(day, old if old != day else "", title, elsewhere, tag, state, _closed(facts, session))


def _closed(facts: Facts, session: SessionFacts) -> str:
    coming = session.ends_at > facts.now and facts.cohort.state not in {"closed", "cancelled"}
    return closed_then(session.state, session.starts_at, session.venue_id, facts.closures) if coming else ""


def _sick(facts: Facts) -> str:
    """Where a leader says that they can't come to the next session."""
    coming = (s for s in facts.sessions if s.state in {"planned", "moved"} and s.ends_at > facts.now)
    first = next(coming, None) if facts.cohort.state not in {"closed", "cancelled"} else None
    return f"/personal/traffar/{first.session_id}/sjuk" if first else ""
