"""What the pages about sessions show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.catalogue.rules import AgeAsked
from programmes.cohorts.rhythm_rules import rhythm
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.cohorts.tabs_rules import tabs
from programmes.cohorts.talk_rules import Tally
from programmes.cohorts.wording_rules import numbered, said
from programmes.cohorts.words_rules import SessionWords, words_for
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, day_short, times
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


@dataclass(frozen=True)
class Group:
    """The cohort that the sessions belong to."""

    cohort_id: int
    name: str
    form: str
    state: str
    exempt: bool
    coordinated: bool
    study_visit: bool = False
    every_weeks: int = 1
    ended: bool = False

    @property
    def words(self) -> SessionWords:
        """What its sessions are called."""
        return words_for(self.form)

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """The group's pages."""
        return tabs(self.cohort_id, self.form, self.state, self.study_visit)


@dataclass(frozen=True)
class Line:
    """One session in the list. `was` is the day that a moved one was to be; `changeable` gives it its links."""

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


@dataclass(frozen=True)
class SessionsPage:
    """The list. `book`: of a series one more talk may be booked, `again` in the place of one that was just cancelled; else
    `full` says why not, of a series that goes on."""

    group: Group
    past: tuple[Line, ...]
    coming: tuple[Line, ...]
    line: str
    done: str
    book: bool = False
    full: str = ""
    again: bool = False


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
    group: Group, sessions: Sequence[Session], now: datetime, done: str, talks: Tally | None = None
) -> SessionsPage:
    """The list of sessions, those that are over apart. `talks` are those of a series that count."""
    alive = group.state not in {"closed", "cancelled"}
    following = next((s.session_id for s in sessions if s.state in {"planned", "moved"} and s.ends_at > now), 0)
    past = [s for s in sessions if s.ends_at <= now]
    coming = [s for s in sessions if s.ends_at > now]
    would_be = would_be_numbers(sessions)
    return SessionsPage(
        group,
        tuple(_line(group, s, False, alive, would_be[s.session_id]) for s in past),
        tuple(_line(group, s, s.session_id == following, alive, would_be[s.session_id]) for s in coming),
        _summary(group, sessions),
        done_text(done, group.words),
        book=alive and talks is not None and not talks.full,
        again=done == "installd",
        full=said(Reason("talks_full", params={"section": talks.section, "most": talks.most}), group.form)
        if alive and talks is not None and talks.full
        else "",
    )


def _summary(group: Group, sessions: Sequence[Session]) -> str:
    counted = [s for s in sessions if s.number is not None]
    if not counted and group.form == "individual" and not group.ended:
        return _("Inget samtal är bokat.")
    if not counted:
        return group.words.none_left
    slots = [Slot(s.starts_at, s.ends_at, s.was_at) for s in counted]
    return f"{capital(rhythm(slots, group.every_weeks))}, {counted[0].venue}."


def _line(group: Group, session: Session, following: bool, alive: bool, would_be: int) -> Line:
    tag, kind, icon = _tag(session, following)
    return Line(
        session_id=session.session_id,
        when=day_short(local_date(session.starts_at)),
        was=day_short(local_date(session.was_at)) if session.was_at else "",
        what=_what(group, session, would_be),
        where=f"{times(session.starts_at, session.ends_at)}, {session.venue}",
        state="off" if session.state == "cancelled" else "held" if session.state == "held" else "next" if following else "",
        tag=tag,
        kind=kind,
        icon=icon,
        changeable=alive and session.state in {"planned", "moved"},
    )


def _what(group: Group, session: Session, would_be: int) -> str:
    if session.number is None:
        return _("Skulle ha varit %(which)s", which=numbered(group.form, would_be))
    name = capital(numbered(group.form, session.number))
    return f"{name}. {session.theme}" if session.theme else name


def _tag(session: Session, following: bool) -> tuple[str, str, str]:
    if session.state == "cancelled":
        return _("Inställd"), "stop", "cross"
    if session.state == "held":
        return _("Hållen"), "ok", "check"
    if session.state == "moved":
        return _("Flyttad"), "warn", "move"
    if session.added:
        return _("Tillagd"), "info", "plus"
    return (_("Nästa"), "ok", "dot") if following else ("", "", "")


def done_text(done: str, words: SessionWords) -> str:
    """What has just been done, from a fixed list; anything else says nothing."""
    told = _("Besked går ut till alla som har lämnat en e-postadress eller vill ha sms, och kalendrarna ändras.")
    one, several = _("Samtalet är bokat."), _("Samtalen är bokade.")
    texts = {
        "oppnad": words.opened,
        "planerad": words.planned,
        "flyttad": f"{words.moved} {told}",
        "installd": f"{words.cancelled} {told}",
        "ersatt": f"{words.replaced} {told}",
        "bokat": f"{one} {told}",
        "bokade": f"{several} {told}",
    }
    return texts.get(done, "")


@dataclass(frozen=True)
class ChangePage:
    """Moving or cancelling one session. `refused` says why nothing can be changed at all; `ages` what another first day
    means where there is a limit of age."""

    group: Group
    session_id: int
    sequence: int
    title: str
    lead: str
    refused: tuple[str, ...]
    form: object
    rows: tuple[tuple[str, str, str], ...]
    venues: tuple[tuple[int, str], ...] = ()
    added: str = ""
    ask_anyway: bool = False
    ages: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        return dict(self.values).get(name, "")


def head(group: Group, session: Session) -> tuple[str, str]:
    """Title and lead of a page about one session."""
    which = capital(numbered(group.form, session.number))
    day = capital(day_long(local_date(session.starts_at)))
    return which, f"{group.name}. {day} {times(session.starts_at, session.ends_at)}, {session.venue}."


def reasons(found: Sequence[Reason], form: str) -> list[tuple[str, str]]:
    """Field and sentence of each reason."""
    return [(reason.beside, said(reason, form)) for reason in found]


def ages_note(age: AgeAsked, first: bool) -> str:
    """What it means that the first day becomes another one; nothing for other sessions, and where age is not asked."""
    if age == "none" or not first:
        return ""
    if age == "birth_date":
        return _(
            "Åldern räknas den första dagen. Blir den en annan dag markerar vi på gruppens sida den vars ålder inte passar "
            "längre. Ingen förlorar sin plats av sig själv."
        )
    return _(
        "Åldern räknas den första dagen. Blir den en annan dag får alla säga sin ålder igen, på Min plats eller till er. "
        "Ingen förlorar sin plats av sig själv."
    )


def slot_text(slot: Slot | None) -> str:
    """`tisdag 24 november 18.00–20.00`, or nothing."""
    return f"{day_long(local_date(slot.starts_at))} {times(slot.starts_at, slot.ends_at)}" if slot else ""


def told(group: Group, cancelled: bool, added: str) -> tuple[tuple[str, str, str], ...]:
    """What a change means to whom, and how they are told. Never a number: here nobody is counted."""
    words = group.words
    what = words.stands_cancelled if cancelled else _("Den nya tiden och lokalen gäller.")
    shown = words.shown_cancelled if cancelled else words.gets_new_time
    if added:
        what = f"{what} {words.new_last % {'when': added}}"
    calendars = (_("Kalendrar"), shown, _("Oftast inom några timmar"))
    if group.form == "drop_in":
        return (_("Besökare"), what, _("På sidan om verksamheten")), calendars
    if group.state == "planned":
        return ((_("Gruppledare"), what, _("Syns på Idag")),)
    return (
        (_("Alla som har plats"), what, _("E-post eller sms direkt")),
        (
            _("Den som inte har någon väg för besked"),
            _("Får inget besked av oss."),
            _("Ni ringer, eller sätter en lapp på dörren"),
        ),
        calendars,
        (_("Gruppledare"), what, _("Syns på Idag")),
    )
