"""One group: its places, who has something left, the queue, the sessions and who leads it."""

from dataclasses import dataclass

from programmes.attendance.rules import noted_from
from programmes.cohorts.queries import SessionFacts
from programmes.cohorts.rhythm_rules import rhythm
from programmes.cohorts.tabs_rules import tabs
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_plain, day_short, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.closing.erased_pages import ErasedPart, erased_part
from programmes.desk.group.groups_pages import Tag, state_tag
from programmes.desk.group.queue_pages import QueueRow, entry_of, person_address, queue_rows
from programmes.desk.group.step_pages import Facts, NextStep, next_step, with_visits
from programmes.desk.talks.rules import staff_talks
from programmes.enrolment.queries import Places
from programmes.enrolment.roster import RosterEntry
from programmes.enrolment.rules import ALIVE, NotOpen
from programmes.enrolment.rules import entry as may_enter
from programmes.enrolment.wording import (
    age_text,
    listed_remaining,
    state_words,
)

_SHOWN = 4


@dataclass(frozen=True)
class PersonRow:
    address: str
    label: str
    protected: bool
    seat: int | None
    tag: Tag
    left: str
    notice: Tag | None = None
    twice: bool = False


@dataclass(frozen=True)
class SessionRow:
    day: str
    old_day: str
    title: str
    text: str
    tag: Tag | None
    state: str


@dataclass(frozen=True)
class GroupHead:
    """The top of every page of a group."""

    cohort_id: int
    name: str
    tag: Tag
    line: str
    subnav: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SeeRow:
    """Somebody whose age no longer fits since the first session moved, and why; or who was turned down, and until when it
    can be undone."""

    address: str
    label: str
    why: str


@dataclass(frozen=True)
class GroupPage:
    head: GroupHead
    state: str
    form: str
    drop_in: bool
    exempt: bool
    has_places: bool
    next: NextStep | None
    places: Places
    maximum: int
    minimum: int
    left: tuple[PersonRow, ...]
    done: tuple[PersonRow, ...]
    queue: tuple[QueueRow, ...]
    free: int
    past: tuple[SessionRow, ...]
    soon: tuple[SessionRow, ...]
    later: tuple[SessionRow, ...]
    workers: tuple[tuple[str, str], ...]
    may_enrol: bool
    may_move_several: bool
    too_late: bool
    may_edit: bool
    visits: str = ""
    talks: str = ""
    ages: tuple[SeeRow, ...] = ()
    turned_down: tuple[SeeRow, ...] = ()
    gone: tuple[SeeRow, ...] = ()
    withdrawn: tuple[SeeRow, ...] = ()
    protection: tuple[SeeRow, ...] = ()
    erased: ErasedPart | None = None
    sick: str = ""
    file: str = ""

    @property
    def in_queue(self) -> tuple[tuple[str, tuple[QueueRow, ...]], ...]:
        """Who has an offer and who waits, each with a heading that counts its own rows."""
        offered = tuple(row for row in self.queue if row.offered)
        waiting = tuple(row for row in self.queue if not row.offered)
        titles = (
            ngettext("%(n)s person har fått ett erbjudande", "%(n)s personer har fått ett erbjudande", len(offered)),
            ngettext("%(n)s person väntar", "%(n)s personer väntar", len(waiting)),
        )
        return tuple((title, rows) for title, rows in zip(titles, (offered, waiting), strict=True) if rows)


def group_page(facts: Facts) -> GroupPage:
    """The overview, of a group where people are documented or of one where nobody is."""
    cohort, places = facts.cohort, facts.places
    alive = cohort.state in {"open", "postponed", "started"}
    gone = [entry for entry in facts.roster if alive and entry.state not in ALIVE]
    holding = [entry for entry in facts.roster if entry.state != "queued" and entry not in gone]
    rows = [_person(facts, entry) for entry in holding]
    past, soon, later = _sessions(facts)
    return GroupPage(
        head=head(facts),
        state=cohort.state,
        form=cohort.form,
        drop_in=cohort.form == "drop_in",
        exempt=cohort.exempt,
        has_places=cohort.form != "drop_in" and alive,
        next=next_step(facts),
        places=places,
        maximum=cohort.maximum,
        minimum=cohort.minimum if cohort.form == "group" else 0,
        left=tuple(row for row in rows if row.left),
        done=tuple(row for row in rows if not row.left),
        queue=tuple(queue_rows(facts)),
        free=cohort.maximum - places.held,
        past=past,
        soon=soon,
        later=later,
        workers=tuple(_workers(facts)),
        may_move_several=facts.coordinates and cohort.form == "group" and cohort.state in {"cancelled", "postponed"},
        may_enrol=alive and cohort.form != "drop_in" and _closed(facts) is None,
        too_late=_closed(facts) == NotOpen("too_late"),
        may_edit=cohort.state not in {"closed", "cancelled"},
        visits=_visits(facts),
        talks=staff_talks(facts.talks) if facts.talks else "",
        turned_down=tuple(
            SeeRow(f"{facts.address}/deltagare/{one}", label, moment_long(until)) for one, label, until in facts.turned_down
        ),
        gone=tuple(SeeRow(person_address(facts, e), e.label, state_words(e.state)[0]) for e in gone),
        protection=tuple(
            SeeRow(person_address(facts, e), e.label, "") for e in facts.roster if e.protection_asked and facts.coordinates
        ),
        withdrawn=(
            *(SeeRow(person_address(facts, e), e.label, "") for e in facts.roster if e.consent_withdrawn),
            *(SeeRow(f"{facts.address}/deltagare/{one}", label, _("Flyttad härifrån.")) for one, label in facts.withdrawn),
        ),
        erased=erased_part(facts.erased, facts.figures, cohort.form),
        ages=tuple(SeeRow(person_address(facts, e), e.label, age_text(e.age)) for e in facts.roster if e.age),
        sick=_sick(facts),
        file=_file(facts),
    )


def _file(facts: Facts) -> str:
    """Where a documented group's people are a file, for who may take it home; nothing where nobody stands on the page."""
    may = (facts.leads or facts.coordinates) and not facts.cohort.exempt and facts.cohort.form != "drop_in"
    return f"{facts.address}/deltagare.csv" if may and facts.roster else ""


def _sick(facts: Facts) -> str:
    """Where a leader says that they can't come to the next session."""
    coming = (s for s in facts.sessions if s.state in {"planned", "moved"} and s.ends_at > facts.now)
    first = next(coming, None) if facts.cohort.state not in {"closed", "cancelled"} else None
    return f"/personal/traffar/{first.session_id}/sjuk" if first else ""


def head(facts: Facts) -> GroupHead:
    """Name, state, when and where, and the way to the group's other pages."""
    cohort = facts.cohort
    return GroupHead(cohort.cohort_id, cohort.name, state_tag(cohort.state, cohort.form), _line(facts), _tabs(facts))


def _line(facts: Facts) -> str:
    """`Måndagar 13.00–15.00, Hamngatan 4, rum Linden. Start 5 oktober 2026. 10 träffar.`"""
    cohort = facts.cohort
    counted = [session for session in facts.sessions if session.state != "cancelled"]
    if not counted or (cohort.one_at_a_time and len(counted) == 1):
        booked = " " + _("Samtalen bokas ett i taget.") if cohort.form == "individual" and not cohort.ended_how else ""
        return f"{cohort.address}, {cohort.venue}.{booked}"
    first = counted[0]
    day = local_date(first.starts_at)
    usual = capital(rhythm([s.slot for s in counted], cohort.every_weeks))
    when = f"{usual}, {cohort.address}, {cohort.venue}."
    if cohort.form == "drop_in":
        return when
    many = (
        ngettext("%(n)s samtal.", "%(n)s samtal.", len(counted))
        if cohort.form == "individual"
        else ngettext("%(n)s träff.", "%(n)s träffar.", len(counted))
    )
    starts = _("Start %(day)s.", day=day_plain(day))
    return f"{when} {starts} {many}"


def _tabs(facts: Facts) -> tuple[tuple[str, str], ...]:
    cohort = facts.cohort
    return tabs(cohort.cohort_id, cohort.form, cohort.state, facts.programme.study_visit)


def roll_call(facts: Facts) -> int | None:
    """The session whose attendance one wants: the oldest that lacks it, else the latest that began."""
    if facts.cohort.state not in {"open", "started"}:
        return None
    if facts.unnoted:
        return facts.unnoted[0].session_id
    begun = [s for s in facts.sessions if s.state != "cancelled" and noted_from(s.starts_at) <= facts.now]
    return begun[-1].session_id if begun else None


def _visits(facts: Facts) -> str:
    """How many may still book a study visit and how many wait for one; nothing where there are none."""
    if not with_visits(facts) or facts.visits is None:
        return ""
    free = ngettext("%(n)s ledig plats att boka.", "%(n)s lediga platser att boka.", facts.visits.free)
    without = ngettext("%(n)s person har inte bokat.", "%(n)s personer har inte bokat.", facts.visits.without)
    return f"{free} {without}" if facts.visits.without else free


def _closed(facts: Facts) -> NotOpen | None:
    """Why nobody can be enrolled now; None while somebody can."""
    return may_enter(entry_of(facts), facts.now)


def _person(facts: Facts, entry: RosterEntry) -> PersonRow:
    tags = {
        "confirmed": Tag(_("Klar"), "ok", "check"),
        "preliminary": Tag(_("Preliminär"), "warn", "half"),
        "offered": Tag(_("Erbjuden"), "info", "clock"),
        "completed": Tag(_("Fullföljt"), "ok", "check"),
        "dropped_out": Tag(_("Avbrutit")),
    }
    return PersonRow(
        address=person_address(facts, entry),
        label=entry.label,
        protected=entry.protected,
        seat=entry.seat,
        tag=tags.get(entry.state, Tag(entry.state)),
        left=_left(entry),
        twice=entry.twice,
        notice=_notice(facts, entry),
    )


def _left(entry: RosterEntry) -> str:
    if entry.state == "offered" and entry.offer_expires_at:
        return _("Svarar senast %(when)s", when=moment_long(entry.offer_expires_at))
    if entry.visit and entry.visit.state == "booked":
        rest = [code for code in entry.remaining if code not in {"book_visit", "attend_visit"}]
        visit = _("Studiebesök %(when)s", when=moment_long(entry.visit.starts_at))
        return f"{visit}. {listed_remaining(rest)}" if rest else visit
    return listed_remaining(entry.remaining) if entry.remaining else ""


def _notice(facts: Facts, entry: RosterEntry) -> Tag | None:
    return {
        "sent": Tag(_("Nådd"), "ok", "check"),
        "failed": Tag(_("Inte nådd"), "stop", "warn"),
        "no_channel": Tag(_("Får inga besked")),
        "waiting": Tag(_("På väg"), "", "clock"),
    }.get(facts.notices.get(entry.enrolment_id, ""))


def _sessions(facts: Facts) -> tuple[tuple[SessionRow, ...], tuple[SessionRow, ...], tuple[SessionRow, ...]]:
    """What has been, the next few, and the rest."""
    past = [s for s in facts.sessions if s.ends_at <= facts.now]
    coming = [s for s in facts.sessions if s.ends_at > facts.now]
    first = next((s.session_id for s in coming if s.state != "cancelled"), None)
    rows = [_session(facts, s, s.session_id == first) for s in coming]
    missing = {entry.session_id for entry in facts.unnoted}
    before = tuple(_session(facts, s, False, s.session_id in missing) for s in past)
    return before, tuple(rows[:_SHOWN]), tuple(rows[_SHOWN:])


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
    return SessionRow(day, old if old != day else "", title, elsewhere, tag, state)


def _workers(facts: Facts) -> list[tuple[str, str]]:
    found, leaders = [], 0
    for name, role, until, works in facts.workers:
        if role == "substitute":
            label = _("Vikarie, till %(day)s", day=day_plain(until)) if until else _("Vikarie")
        else:
            label = _("Medledare") if leaders else _("Gruppledare")
            leaders += 1
        found.append((label, name if works else _("%(name)s (har inte längre behörighet)", name=name)))
    return found
