"""One group's overview: its places, what comes next, its people and sessions, and who leads it."""

from dataclasses import dataclass

from programmes.attendance.rules import noted_from
from programmes.cohorts.rhythm_rules import rhythm
from programmes.cohorts.tabs_rules import tabs
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_plain, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.closing.erased_pages import ErasedPart, erased_part
from programmes.desk.closing.receipt_wording_rules import Alone
from programmes.desk.group.groups_pages import Tag, state_tag
from programmes.desk.group.meeting_pages import Meetings, meetings
from programmes.desk.group.people_pages import TAKING_PART, People, people_of
from programmes.desk.group.queue_pages import entry_of
from programmes.desk.group.step_pages import Facts, NextStep, next_step
from programmes.enrolment.kept_wording_rules import kept_places_text
from programmes.enrolment.queries import Places
from programmes.enrolment.rules import NotOpen
from programmes.enrolment.rules import entry as may_enter


@dataclass(frozen=True)
class GroupHead:
    """The top of every page of a group."""

    cohort_id: int
    name: str
    tag: Tag
    line: str
    subnav: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class May:
    """What can be done here now. `too_late`: nobody may join any more."""

    enrol: bool
    move_several: bool
    edit: bool
    too_late: bool


@dataclass(frozen=True)
class GroupPage:
    head: GroupHead
    state: str
    form: str
    drop_in: bool
    exempt: bool
    ended: bool
    has_places: bool
    next: NextStep | None
    places: Places
    free: int
    kept: str
    maximum: int
    minimum: int
    people: People
    meets: Meetings
    workers: tuple[tuple[str, str], ...]
    may: May
    visits: str
    erased: ErasedPart | None
    file: str
    gone: Alone | None


def group_page(facts: Facts) -> GroupPage:
    """The overview, of a group where people are documented or of one where nobody is."""
    cohort = facts.cohort
    return GroupPage(
        head=head(facts),
        state=cohort.state,
        form=cohort.form,
        drop_in=cohort.form == "drop_in",
        exempt=cohort.exempt,
        ended=cohort.has_ended(facts.now),
        has_places=cohort.form != "drop_in" and cohort.state in TAKING_PART and not _is_over(facts),
        next=next_step(facts),
        places=facts.places,
        free=facts.places.free(cohort.maximum),
        kept=kept_places_text(facts.places.kept, facts.places.kept_until),
        maximum=cohort.maximum,
        minimum=cohort.minimum if cohort.form == "group" else 0,
        people=people_of(facts),
        meets=meetings(facts),
        workers=tuple(_workers(facts)),
        may=_may(facts),
        visits=_visits(facts),
        erased=erased_part(facts.erased, facts.figures, cohort.form),
        file=_file(facts),
        gone=facts.gone,
    )


def _is_over(facts: Facts) -> bool:
    """Whether there are no places to speak of: the list went by itself, and nothing is to come."""
    gone = facts.gone
    return gone is not None and gone.over


def _may(facts: Facts) -> May:
    cohort, closed = facts.cohort, may_enter(entry_of(facts), facts.now)
    return May(
        enrol=cohort.state in TAKING_PART and cohort.form != "drop_in" and closed is None,
        move_several=facts.coordinates and cohort.form == "group" and cohort.state in {"cancelled", "postponed"},
        edit=cohort.state not in {"closed", "cancelled"},
        too_late=closed == NotOpen("too_late"),
    )


def _file(facts: Facts) -> str:
    """Where a documented group's people are a file, for who may take it home; nothing where nobody stands on the page."""
    may = facts.may_take_home and not facts.cohort.exempt and facts.cohort.form != "drop_in"
    return f"{facts.address}/deltagare.csv" if may and facts.roster else ""


def head(facts: Facts) -> GroupHead:
    """Name, state, when and where, and the way to the group's other pages."""
    cohort = facts.cohort
    tag = state_tag(cohort.state, cohort.form, _is_over(facts) or cohort.only_to_close)
    return GroupHead(cohort.cohort_id, cohort.name, tag, _line(facts), _tabs(facts))


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
    return tabs(cohort.cohort_id, cohort.form, cohort.state, facts.with_visits)


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
    if not facts.with_visits or facts.visits is None:
        return ""
    free = ngettext("%(n)s ledig plats att boka.", "%(n)s lediga platser att boka.", facts.visits.free)
    without = ngettext("%(n)s person har inte bokat.", "%(n)s personer har inte bokat.", facts.visits.without)
    return f"{free} {without}" if facts.visits.without else free


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
