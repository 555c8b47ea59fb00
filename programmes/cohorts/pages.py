"""What the pages about sessions show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.cohorts.closure_rules import Entered, closed_then
from programmes.cohorts.rhythm_rules import rhythm
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.cohorts.tabs_rules import tabs
from programmes.cohorts.talk_rules import Tally
from programmes.cohorts.undone_rules import that_matter
from programmes.cohorts.wording_rules import numbered, said
from programmes.cohorts.words_rules import SessionWords, words_for
from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_short, times
from programmes.core.i18n import gettext as _


@dataclass(frozen=True)
class Session:
    """A session as the page's facts."""

    session_id: int
    number: int | None
    starts_at: datetime
    ends_at: datetime
    was_at: datetime | None
    venue: str
    theme: str
    state: str
    added: bool
    sequence: int = 0
    slot: Slot | None = None
    is_changed: bool = False
    venue_id: int = 0
    makes_up_for: int | None = None


@dataclass(frozen=True)
class Group:
    """The cohort that the sessions belong to. `only_to_close`: nothing of it is to come."""

    cohort_id: int
    name: str
    form: str
    state: str
    exempt: bool
    coordinated: bool
    visits: bool = False
    every_weeks: int = 1
    ended: bool = False
    only_to_close: bool = False

    @property
    def words(self) -> SessionWords:
        """What its sessions are called."""
        return words_for(self.form)

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """The group's pages."""
        return tabs(self.cohort_id, self.form, self.state, self.visits)


@dataclass(frozen=True)
class Line:
    """One session in the list. `was` is the day that a moved one was to be; `changeable` gives it its links. `closed`: why
    that place is closed on the day of one that is to come."""

    session_id: int
    when: str
    was: str
    what: str
    where: str
    state: str
    tag: str
    kind: str
    icon: str
    changeable: bool
    closed: str = ""


@dataclass(frozen=True)
class SessionsPage:
    """The list. `book`: of a series one more talk may be booked, `again` in the place of one that was just cancelled; else
    `full` says why not, of a series that goes on. `ring`: where it is said whom to ring about what was just booked.
    `held`: one of them was held, so that the start is neither postponed nor cancelled any more."""

    group: Group
    past: tuple[Line, ...]
    coming: tuple[Line, ...]
    line: str
    done: str
    book: bool = False
    full: str = ""
    undo: bool = False
    ring: str = ""
    held: bool = False


def would_be_numbers(sessions: Sequence[Session]) -> dict[int, int]:
    """Which number each session has, or a cancelled one would have had: one more than the one before it."""
    numbers: dict[int, int] = {}
    before = 0
    for session in sessions:
        numbers[session.session_id] = session.number or before + 1
        # A single cancelled one gives its number to the next; of several in a row each would have had its own.
        before = numbers[session.session_id]
    return numbers


def sessions_page(
    group: Group,
    sessions: Sequence[Session],
    now: datetime,
    done: str,
    talks: Tally | None = None,
    undo: bool = False,
    closures: Sequence[Entered] = (),
) -> SessionsPage:
    """The list of sessions, those that are over apart. `talks` are those of a series that count; `undo`: the last change
    can be undone. Of one that lies in one of the `closures` it is said."""
    sessions = that_matter(sessions)
    alive = group.state not in {"closed", "cancelled"}
    following = next((s.session_id for s in sessions if s.state in {"planned", "moved"} and s.ends_at > now), 0)
    past = [s for s in sessions if s.ends_at <= now]
    coming = [s for s in sessions if s.ends_at > now]
    would_be = would_be_numbers(sessions)
    return SessionsPage(
        group,
        tuple(_line(group, s, False, alive, would_be[s.session_id]) for s in past),
        tuple(_line(group, s, s.session_id == following, alive, would_be[s.session_id], closures) for s in coming),
        _summary(group, sessions),
        done_text(done, group.words),
        book=alive and talks is not None and not talks.full,
        full=said(Reason("talks_full", params={"section": talks.section, "most": talks.most}), group.form)
        if alive and talks is not None and talks.full
        else "",
        undo=undo,
        ring=f"/personal/grupper/{group.cohort_id}/ring" if done.endswith("-ring") else "",
        held=any(session.state == "held" for session in sessions),
    )


def heads() -> tuple[str, ...]:
    """The first line of the sessions as a file."""
    times_ = (_("Dag"), _("Börjar"), _("Slutar"), _("Skulle ha börjat"))
    return _("Märkning"), *times_, _("Vad"), _("Lokal"), _("Läge"), _("Stängt då")


def rows(group: Group, sessions: Sequence[Session], now: datetime, closures: Sequence[Entered]) -> Iterator[tuple[str, ...]]:
    """A line for each session, in their order, in local time; last why that place is closed then, of one to come."""
    sessions = that_matter(sessions)
    would_be = would_be_numbers(sessions)
    for one in sessions:
        was = one.was_at if one.was_at != one.starts_at else None
        before = f"{local_date(was).isoformat()} {clock(was)}" if was else ""
        state = _tag(group, one, False)[0] or (_("Har varit") if one.ends_at <= now else _("Planerad"))
        coming = one.ends_at > now and group.state not in {"closed", "cancelled"}
        closed = closed_then(one.state, one.starts_at, one.venue_id, closures) if coming else ""
        when = (local_date(one.starts_at).isoformat(), clock(one.starts_at), clock(one.ends_at))
        yield _("Internt, sekretess"), *when, before, _what(group, one, would_be[one.session_id]), one.venue, state, closed


def _summary(group: Group, sessions: Sequence[Session]) -> str:
    counted = [s for s in sessions if s.number is not None]
    if not counted and group.form == "individual" and not group.ended:
        return _("Inget samtal är bokat.")
    if not counted:
        return group.words.none_left
    slots = [s.slot or Slot(s.starts_at, s.ends_at, s.was_at) for s in counted]
    return f"{capital(rhythm(slots, group.every_weeks))}, {counted[0].venue}."


def _line(
    group: Group, session: Session, following: bool, alive: bool, would_be: int, closures: Sequence[Entered] = ()
) -> Line:
    tag, kind, icon = _tag(group, session, following)
    changeable = alive and session.state in {"planned", "moved"}
    return Line(
        session_id=session.session_id,
        when=_when(session, session.starts_at),
        was=_when(session, session.was_at) if session.was_at and session.was_at != session.starts_at else "",
        what=_what(group, session, would_be),
        where=f"{times(session.starts_at, session.ends_at)}, {session.venue}",
        state="off" if session.state == "cancelled" else "held" if session.state == "held" else "next" if following else "",
        tag=tag,
        kind=kind,
        icon=icon,
        changeable=changeable,
        closed=closed_then(session.state, session.starts_at, session.venue_id, closures) if alive else "",
    )


def _when(session: Session, moment: datetime) -> str:
    """The day; of one that was moved within its day the time too, as the day says nothing then."""
    day = day_short(local_date(moment))
    same_day = session.was_at is not None and local_date(session.was_at) == local_date(session.starts_at)
    return f"{day} {clock(moment)}" if same_day and session.was_at != session.starts_at else day


def _what(group: Group, session: Session, would_be: int) -> str:
    if session.number is None:
        return _("Skulle ha varit %(which)s", which=numbered(group.form, would_be))
    name = capital(numbered(group.form, session.number))
    return f"{name}. {session.theme}" if session.theme else name


def _tag(group: Group, session: Session, following: bool) -> tuple[str, str, str]:
    if session.state == "cancelled":
        return _("Inställd"), "stop", "cross"
    if session.state == "held":
        # A talk that nobody came to is not said to be held; of those who are documented that stands with who was there.
        return _("Noterat") if group.form == "individual" and not group.exempt else _("Hållen"), "ok", "check"
    if session.is_changed:
        return _("Flyttad"), "warn", "move"
    if session.added:
        return _("Tillagd"), "info", "plus"
    return (_("Nästa"), "ok", "dot") if following else ("", "", "")


def done_text(done: str, words: SessionWords) -> str:
    """What has just been done, from a fixed list; anything else says nothing."""
    told = _("Besked går ut till alla som har lämnat en e-postadress eller vill ha sms, och kalendrarna ändras.")
    untold = _("Ingen har fått veta det av sig själv. Ring, eller säg det när ni ses. Kalendrarna ändras.")
    one, several = _("Samtalet är bokat."), _("Samtalen är bokade.")
    texts = {
        "oppnad": words.opened,
        "planerad": words.planned,
        "bokat": f"{one} {told}",
        "bokade": f"{several} {told}",
        "bokat-ring": f"{one} {untold}",
        "bokade-ring": f"{several} {untold}",
    }
    return texts.get(done, "")


def reasons(found: Sequence[Reason], form: str) -> list[tuple[str, str]]:
    """Field and sentence of each reason."""
    return [(reason.beside, said(reason, form)) for reason in found]
