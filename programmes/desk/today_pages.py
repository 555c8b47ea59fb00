"""Idag: what happens today and this week, and what needs the person who looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from programmes.attendance.queries import Noted, Unnoted
from programmes.attendance.rules import Kind, noted_from
from programmes.attendance.wording import session_name
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_long, moment_long, ngettext, number_word, times
from programmes.core.i18n import gettext as _
from programmes.core.principal import Role
from programmes.enrolment.queries import Places

DECIDE_WITHIN = timedelta(days=14)
FILL_WITHIN = timedelta(days=30)
KEPT_AFTER_LAST = timedelta(days=30)


@dataclass(frozen=True)
class Group:
    """A cohort with what Idag says of it. `visits_lacking` are to book a study visit while no time is free.

    `to_accept` have a confirmed place and a new version of conditions or rules to accept. `withdrawn` have taken back their
    consent to contact with the partner, and no leader has seen it.
    """

    cohort: CohortFacts
    programme: str
    kind: Kind
    places: Places
    coordinates: bool
    visits_lacking: int = 0
    to_accept: int = 0
    withdrawn: int = 0

    @property
    def address(self) -> str:
        return f"/personal/grupper/{self.cohort.cohort_id}"


@dataclass(frozen=True)
class VisitLine:
    """A study visit: when, how many come, how many did not come to it, after how many one side does not wish to go on."""

    group: Group
    starts_at: datetime
    booked: int
    missed: int
    unwilling: int = 0


@dataclass(frozen=True)
class Facts:
    """Everything that the page is made of. `calls` are people whom no mail can tell, `log` what managers do."""

    today: date
    now: datetime
    groups: Mapping[int, Group]
    sessions: Sequence[SessionFacts]
    noted: Mapping[int, Noted]
    unnoted: Sequence[Unnoted]
    visits: Sequence[VisitLine]
    next_session: datetime | None
    role: Role
    calls: Sequence["Item"] = ()
    log: Sequence["Item"] = ()


@dataclass(frozen=True)
class Tag:
    text: str
    kind: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Card:
    """One of today's sessions. `action` is empty before its time has come."""

    session_id: int
    time: str
    title: str
    text: str
    tag: Tag
    action: str
    main: bool
    over: bool


@dataclass(frozen=True)
class Line:
    """One line of the rest of the week."""

    when: str
    title: str
    text: str
    off: bool = False
    order: tuple[date, str] = (date.min, "")


@dataclass(frozen=True)
class Item:
    """Something that needs the person."""

    title: str
    address: str
    text: str
    tag: Tag
    due: date


@dataclass(frozen=True)
class TodayPage:
    title: str
    lead: str
    cards: tuple[Card, ...]
    week: tuple[Line, ...]
    needs: tuple[Item, ...]
    done: tuple[str, ...]
    empty: str
    any_groups: bool
    role: Role


def today_page(facts: Facts) -> TodayPage:
    """The whole page."""
    today = [s for s in facts.sessions if local_date(s.starts_at) == facts.today and s.state != "cancelled"]
    items = tuple(sorted(_items(facts), key=lambda item: item.due))
    return TodayPage(
        title=capital(day_long(facts.today)),
        lead=_lead(len(today), len(items)),
        cards=_cards(facts, today),
        week=_week(facts),
        needs=items,
        done=tuple(_done(facts, today)),
        empty="" if today else _nothing_today(facts, bool(items)),
        any_groups=bool(facts.groups),
        role=facts.role,
    )


def _name(group: Group, session: SessionFacts) -> str:
    return session_name(group.programme, group.cohort.form, session.number, group.cohort.sessions)


def _lead(sessions: int, items: int) -> str:
    """`Två träffar idag. Tre saker behöver dig.`"""
    first = ngettext("%(word)s träff idag.", "%(word)s träffar idag.", sessions, word=capital(_word(sessions)))
    second = ngettext("%(word)s sak behöver dig.", "%(word)s saker behöver dig.", items, word=capital(_word(items)))
    nothing_today, nothing_waits = _("Inga träffar idag."), _("Inget väntar på dig.")
    return f"{first if sessions else nothing_today} {second if items else nothing_waits}"


def _word(n: int) -> str:
    """Sessions and things are of common gender, which only one shows: `en`, not `ett`."""
    return _("en") if n == 1 else number_word(n)


def _nothing_today(facts: Facts, waits: bool) -> str:
    parts = []
    if facts.next_session:
        parts.append(_("Nästa är %(when)s.", when=moment_long(facts.next_session)))
    if not waits:
        parts.append(_("Inget väntar på dig."))
    return " ".join(parts) or _("Det du behöver göra står här bredvid.")


def _cards(facts: Facts, today: Sequence[SessionFacts]) -> tuple[Card, ...]:
    """Today's sessions; the first that lacks its note has the page's one filled button."""
    found: list[Card] = []
    for session in today:
        group = facts.groups[session.cohort_id]
        tag, complete = _missing(facts, group.kind, session)
        action = _action(group, complete) if noted_from(session.starts_at) <= facts.now else ""
        main = bool(action) and not complete and not any(card.main for card in found)
        found.append(
            Card(
                session_id=session.session_id,
                time=times(session.starts_at, session.ends_at),
                title=_name(group, session),
                text=_about(group, session),
                tag=tag,
                action=action,
                main=main,
                over=session.ends_at <= facts.now or session.state == "held",
            )
        )
    return tuple(found)


def _about(group: Group, session: SessionFacts) -> str:
    parts = []
    if group.cohort.form == "group":
        held = group.places.held
        if group.kind == "names":
            parts.append(ngettext("%(n)s deltagare.", "%(n)s deltagare.", held))
        else:
            parts.append(ngettext("%(n)s plats tagen.", "%(n)s platser tagna.", held))
    parts.append(f"{session.address}, {session.venue}.")
    if session.theme:
        parts.append(_("Tema: %(theme)s.", theme=session.theme))
    if group.kind != "names":
        parts.append(_("Inga namn antecknas."))
    return " ".join(parts)


def _missing(facts: Facts, kind: Kind, session: SessionFacts) -> tuple[Tag, bool]:
    """What a session of today lacks once it has begun, and whether it is complete."""
    noted = facts.noted.get(session.session_id, Noted())
    if session.state != "held" and session.starts_at > facts.now:
        return Tag(_("Börjar %(time)s", time=clock(session.starts_at)), "info", "clock"), False
    if session.state != "held":
        texts = {"names": _("Närvaro saknas"), "count": _("Antal saknas"), "held": _("Inte antecknad")}
        return Tag(texts[kind], "warn", "clock"), False
    if kind == "names" and noted.missing:
        return Tag(ngettext("%(n)s kvar att markera", "%(n)s kvar att markera", noted.missing), "warn", "clock"), False
    texts = {"names": _("Närvaro sparad"), "count": _("Antal sparat"), "held": _("Hållen")}
    return Tag(texts[kind], "ok", "check"), True


def _action(group: Group, complete: bool) -> str:
    if complete:
        return _("Ändra")
    held = _("Samtalet hölls") if group.cohort.form == "individual" else _("Träffen hölls")
    return {"names": _("Ta närvaro"), "count": _("Skriv antal"), "held": held}[group.kind]


def _done(facts: Facts, today: Sequence[SessionFacts]) -> list[str]:
    found = []
    for session in today:
        group = facts.groups[session.cohort_id]
        tag, complete = _missing(facts, group.kind, session)
        if complete:
            name = _name(group, session)
            found.append(f"{name}. {tag.text}.")
    return found


def _week(facts: Facts) -> tuple[Line, ...]:
    """From tomorrow until Sunday: sessions, study visits, and last days to decide."""
    until = facts.today + timedelta(days=7 - facts.today.isoweekday())
    lines = [_session_line(facts, s) for s in facts.sessions if local_date(s.starts_at) > facts.today]
    for visit in facts.visits:
        if facts.today <= local_date(visit.starts_at) <= until and visit.starts_at > facts.now and visit.booked:
            lines.append(_visit_line(visit))
    for group in facts.groups.values():
        if group.cohort.state in {"open", "postponed"} and facts.today < group.cohort.decide_by <= until:
            lines.append(_decision_line(group))
    return tuple(sorted(lines, key=lambda line: line.order))


def _session_line(facts: Facts, session: SessionFacts) -> Line:
    group, day = facts.groups[session.cohort_id], local_date(session.starts_at)
    when = f"{capital(day_long(day))} {times(session.starts_at, session.ends_at)}"
    off = session.state == "cancelled"
    text = _("Inställd.") if off else f"{session.address}, {session.venue}."
    title = _name(group, session)
    return Line(when, title, text, off, (day, session.starts_at.isoformat()))


def _visit_line(visit: VisitLine) -> Line:
    text = ngettext("%(n)s person kommer.", "%(n)s personer kommer.", visit.booked)
    title = _("Studiebesök, %(group)s", group=visit.group.cohort.name)
    return Line(
        capital(moment_long(visit.starts_at)), title, text, False, (local_date(visit.starts_at), visit.starts_at.isoformat())
    )


def _decision_line(group: Group) -> Line:
    title = _("Sista dag att besluta om %(group)s", group=group.cohort.name)
    return Line(capital(day_long(group.cohort.decide_by)), title, ready(group), False, (group.cohort.decide_by, "~"))


def ready(group: Group) -> str:
    """`5 av minst 5 är klara.`"""
    return _("%(n)s av minst %(least)s är klara.", n=group.places.confirmed, least=group.cohort.minimum)


def days_left(due: date, today: date) -> Tag:
    """How long there is: a warning from three days before."""
    left = (due - today).days
    if left < 0:
        return Tag(ngettext("%(n)s dag för sent", "%(n)s dagar för sent", -left), "stop", "warn")
    if left == 0:
        return Tag(_("Idag"), "warn", "clock")
    return Tag(ngettext("%(n)s dag kvar", "%(n)s dagar kvar", left), "warn" if left <= 3 else "", "clock")


def _items(facts: Facts) -> list[Item]:
    found = [item for group in facts.groups.values() for item in _of_group(facts, group)]
    found += [_unnoted_item(facts, entry) for entry in facts.unnoted]
    found += [item for visit in facts.visits for item in _of_visit(facts, visit)]
    found += facts.calls
    found += facts.log
    return found


def _of_group(facts: Facts, group: Group) -> list[Item]:
    """What a group as a whole needs: a decision, more people, its end, or times for study visits."""
    found, cohort = [], group.cohort
    undecided = cohort.state in {"open", "postponed"} and cohort.form == "group" and group.coordinates
    if undecided and cohort.decide_by <= facts.today + DECIDE_WITHIN:
        found.append(_decision_item(facts, group))
    elif undecided and group.places.confirmed < cohort.minimum and cohort.decide_by <= facts.today + FILL_WITHIN:
        found.append(_fill_item(facts, group))
    # Only groups are decided upon; a series or a meeting place simply runs.
    runs = cohort.state == "started" or (cohort.state == "open" and cohort.form != "group")
    if runs and cohort.last_end and cohort.last_end <= facts.now:
        found.append(_closing_item(facts, group, cohort.last_end))
    if group.visits_lacking and cohort.state in {"open", "postponed"}:
        found.append(_visits_item(facts, group))
    if group.to_accept:
        found.append(_accept_item(facts, group))
    if group.withdrawn:
        found.append(_withdrawn_item(facts, group))
    return found


def _withdrawn_item(facts: Facts, group: Group) -> Item:
    """Whose it is stands on the group's page, which leaves a line in the access log."""
    title = _("Samtycke tillbakataget i %(group)s", group=group.cohort.name)
    text = _("Kontakta inte partnern. Öppna personens sida och anteckna att du har sett det.")
    return Item(title, group.address, text, Tag(_("Nytt"), "warn", "warn"), facts.today)


def _accept_item(facts: Facts, group: Group) -> Item:
    text = ngettext("%(n)s person har den nya versionen kvar att godkänna. Platsen är klar så länge.",
                    "%(n)s personer har den nya versionen kvar att godkänna. Platserna är klara så länge.",
                    group.to_accept)  # fmt: skip
    due = local_date(group.cohort.first_start) if group.cohort.first_start else group.cohort.decide_by
    title = _("Ny version av villkor eller regler i %(group)s", group=group.cohort.name)
    return Item(title, group.address, text, days_left(due, facts.today), due)


def _visits_item(facts: Facts, group: Group) -> Item:
    text = ngettext("%(n)s person väntar på att kunna boka, och ingen tid är ledig.",
                    "%(n)s personer väntar på att kunna boka, och ingen tid är ledig.",
                    group.visits_lacking)  # fmt: skip
    title, due = _("Lägg till tider för studiebesök i %(group)s", group=group.cohort.name), group.cohort.decide_by
    return Item(title, f"{group.address}/studiebesok", text, days_left(due, facts.today), due)


def _decision_item(facts: Facts, group: Group) -> Item:
    due = group.cohort.decide_by
    text = _("Senast %(day)s.", day=day_long(due)) + " " + ready(group)
    title = _("Besluta om %(group)s startar", group=group.cohort.name)
    return Item(title, f"/personal/starter/{group.cohort.cohort_id}/starta", text, days_left(due, facts.today), due)


def _fill_item(facts: Facts, group: Group) -> Item:
    due, lack = group.cohort.decide_by, group.cohort.minimum - group.places.confirmed
    left = (due - facts.today).days
    days = ngettext("%(n)s dag", "%(n)s dagar", left)
    text = ngettext("%(n)s till behövs på %(days)s.", "%(n)s till behövs på %(days)s.", lack, days=days)
    return Item(_("Fyll på %(group)s", group=group.cohort.name), group.address, text, days_left(due, facts.today), due)


def _closing_item(facts: Facts, group: Group, last_end: datetime) -> Item:
    last = local_date(last_end)
    text = _("Sista tillfället var %(day)s.", day=day_long(last))
    due = last + KEPT_AFTER_LAST
    if group.cohort.exempt:
        text += " " + _("Listan raderas senast %(day)s.", day=day_long(due))
    title = _("Avsluta %(group)s", group=group.cohort.name)
    return Item(title, f"{group.address}/avsluta", text, days_left(due, facts.today), due)


def _unnoted_item(facts: Facts, entry: Unnoted) -> Item:
    group, day = facts.groups[entry.cohort_id], local_date(entry.starts_at)
    which = numbered(group.cohort.form, entry.number)
    titles = {
        "names": _("Ta närvaro för %(which)s i %(group)s", which=which, group=group.cohort.name),
        "count": _("Skriv antal för %(which)s i %(group)s", which=which, group=group.cohort.name),
        "held": _("Skriv om %(which)s i %(group)s hölls", which=which, group=group.cohort.name),
    }
    text = _("Den var %(day)s.", day=day_long(day))
    address = f"/personal/traffar/{entry.session_id}/narvaro"
    return Item(titles[group.kind], address, text, Tag(_("Saknas"), "warn", "clock"), day)


def _of_visit(facts: Facts, visit: VisitLine) -> list[Item]:
    found, day, name = [], local_date(visit.starts_at), visit.group.cohort.name
    if visit.booked and visit.starts_at <= facts.now:
        text = _("Det var %(day)s. Skriv om de kom.", day=day_long(day))
        title = _("Anteckna studiebesök i %(group)s", group=name)
        found.append(Item(title, f"{visit.group.address}/studiebesok", text, Tag(_("Saknas"), "warn", "clock"), day))
    if visit.unwilling:
        text = ngettext("%(n)s person har gjort besöket, men ni vill inte båda gå vidare. Platsen är kvar så länge.",
                        "%(n)s personer har gjort besöket, men ni vill inte båda gå vidare. Platserna är kvar så länge.",
                        visit.unwilling)  # fmt: skip
        title, due = _("Avsluta eller ändra efter studiebesöket i %(group)s", group=name), visit.group.cohort.decide_by
        found.append(Item(title, f"{visit.group.address}/studiebesok", text, days_left(due, facts.today), due))
    if visit.missed:
        n, on = visit.missed, day_long(day)
        text = ngettext("%(n)s person kom inte %(day)s.", "%(n)s personer kom inte %(day)s.", n, day=on)
        text += " " + ngettext("Platsen är kvar.", "Platserna är kvar.", n)
        title = _("Boka nytt studiebesök i %(group)s", group=name)
        due = visit.group.cohort.decide_by
        found.append(Item(title, f"{visit.group.address}/studiebesok", text, days_left(due, facts.today), due))
    return found
