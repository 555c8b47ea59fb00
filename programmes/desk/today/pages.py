"""Idag: what happens today and this week, and what needs the person who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from programmes.attendance.queries import Noted
from programmes.attendance.rules import Kind, noted_from
from programmes.attendance.wording import session_name
from programmes.cohorts.queries import SessionFacts
from programmes.cohorts.rules import UNDECIDED
from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_long, moment_long, ngettext, number_word, times
from programmes.core.i18n import gettext as _
from programmes.core.principal import Role
from programmes.desk.today.needs_pages import Facts, Group, Item, Tag, VisitLine, items, ready, urgency


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
class TodayPage:
    """`names`: of groups and programmes, which are Swedish wherever they stand in its texts."""

    title: str
    lead: str
    cards: tuple[Card, ...]
    week: tuple[Line, ...]
    needs: tuple[Item, ...]
    done: tuple[str, ...]
    empty: str
    any_groups: bool
    role: Role
    names: tuple[str, ...]


def today_page(facts: Facts) -> TodayPage:
    """The whole page."""
    today = [s for s in facts.sessions if local_date(s.starts_at) == facts.today and s.state != "cancelled"]
    needs = tuple(sorted(items(facts), key=lambda item: urgency(item, facts.today)))
    return TodayPage(
        title=capital(day_long(facts.today)),
        lead=_lead(len(today), len(needs)),
        cards=_cards(facts, today),
        week=_week(facts),
        needs=needs,
        done=tuple(_done(facts, today)),
        empty="" if today else _nothing_today(facts, bool(needs)),
        any_groups=bool(facts.groups),
        role=facts.role,
        names=_names(facts, needs),
    )


def _names(facts: Facts, needs: Sequence[Item]) -> tuple[str, ...]:
    of_groups = [name for group in facts.groups.values() for name in (group.cohort.name, group.programme)]
    return (*of_groups, *(item.name for item in needs))


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
        undecided = group.cohort.undecided
        if undecided and not complete:
            tag = Tag(_("Inget beslut än"), "warn", "clock")
        main = bool(action) and not complete and not undecided and not any(card.main for card in found)
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
    if group.cohort.undecided:
        parts.insert(0, _("Ingen har beslutat om gruppen startar."))
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
        if group.cohort.state in UNDECIDED and facts.today < group.cohort.decide_by <= until:
            lines.append(_decision_line(group))
    return tuple(sorted(lines, key=lambda line: line.order))


def _session_line(facts: Facts, session: SessionFacts) -> Line:
    group, day = facts.groups[session.cohort_id], local_date(session.starts_at)
    when = f"{capital(day_long(day))} {times(session.starts_at, session.ends_at)}"
    off = session.state == "cancelled"
    text = "" if off else f"{session.address}, {session.venue}."
    if off and (new := facts.instead.get(session.session_id)):
        text = _("I stället blir det %(when)s.", when=moment_long(new))
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
