"""Who has heard that a session is cancelled or moved, for the leader who has to ring the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.words_rules import words_for
from programmes.core.clock import local_date
from programmes.core.i18n import capital, clock, day_long, moment_long, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.desk.group.left_pages import avoid_text, kind_text, language_text, left_text
from programmes.desk.group.sent_pages import reason_words
from programmes.desk.illness.reached_rules import Counts, Heard, Notice, Person, counted, may_be_rung, other_starts, to_tell
from programmes.desk.today.needs_pages import Tag
from programmes.notices.leaving_rules import until_text


@dataclass(frozen=True)
class How:
    """How it stands with one of them."""

    tag: Tag
    text: str


@dataclass(frozen=True)
class Row:
    """One line. `ring` opens the call: with a button that shows the channel, or on the person's own page (`address`). `say`
    is what to tell them, by the days that they know; `told_with`: the other messages that this tells too; `again`: where it
    can be sent to the address that they have given since; `avoid`: when they want to be left alone."""

    enrolment_id: UUID
    label: str
    protected: bool
    how: How
    notice_id: str
    told_with: tuple[str, ...]
    mark: str
    ring: bool
    address: str
    contact: str | None
    say: str = ""
    language: str = ""
    again: str = ""
    avoid: str = ""


# Another session that the same tap cancelled, with those who have a place in it.
Together = Sequence[tuple[CohortFacts, SessionFacts, Sequence[Person]]]


@dataclass(frozen=True)
class Other:
    """Another session that the same tap cancelled: which, and who has heard, in numbers. `ring`: somebody has to be rung."""

    session_id: int
    name: str
    text: str
    line: str
    settled: bool
    ring: bool


@dataclass(frozen=True)
class ReachedPage:
    """`others` have pages of their own, on which their people stand."""

    session_id: int
    cohort_id: int
    name: str
    title: str
    lead: str
    line: str
    settled: bool
    drop_in: bool
    exempt: bool
    over: bool
    closed: bool
    public: str
    rows: tuple[Row, ...]
    done: str
    undo: str = ""
    others: tuple[Other, ...] = ()


def reached_page(
    cohort: CohortFacts,
    session: SessionFacts,
    people: Sequence[Person],
    now: datetime,
    shown: Mapping[UUID, str] | None = None,
    done: str = "",
    undo_until: datetime | None = None,
    together: Together = (),
) -> ReachedPage:
    """The page, with the channel of whoever was just `shown`, and until when the last change can be undone."""
    words = words_for(cohort.form)
    over = session.ends_at <= now
    counts = counted(person.heard for person in people)
    others = others_of(together)
    return ReachedPage(
        session.session_id,
        cohort.cohort_id,
        cohort.name,
        (words.cancelled if session.state == "cancelled" else words.moved).rstrip("."),
        f"{cohort.name}. {when(session)}{_was(session, people)}",
        _line(cohort, session, counts),
        _settled(counts, others),
        cohort.form == "drop_in",
        cohort.exempt,
        over,
        cohort.state == "closed",
        f"/insatser/{cohort.slug}" if cohort.form == "drop_in" else "",
        tuple(_row(cohort, session, person, now, (shown or {}).get(person.enrolment_id)) for person in people),
        {"nadd": _("Antecknat: nådd."), "inte": _("Antecknat: ingen svarade.")}.get(done, ""),
        clock(undo_until) if undo_until else "",
        others,
    )


def others_of(together: Together) -> tuple[Other, ...]:
    """What was cancelled with the one that a page is about."""
    return tuple(_other(cohort, session, people) for cohort, session, people in together)


def _other(cohort: CohortFacts, session: SessionFacts, people: Sequence[Person]) -> Other:
    counts = counted(person.heard for person in people)
    if cohort.form == "drop_in":
        said = f"{_('Vi vet inte vilka som tänkte komma')}."
    else:
        said = (
            _("Gruppen är avslutad. Här visas ingen längre.") if cohort.state == "closed" else _line(cohort, session, counts)
        )
    text = f"{cohort.name}. {when(session)}"
    return Other(session.session_id, cohort.name, text, said, counts.settled, counts.missing > 0)


def _settled(counts: Counts, others: Sequence[Other]) -> bool:
    return counts.settled and all(other.settled for other in others)


def when(session: SessionFacts) -> str:
    """`Tisdag 24 november 18.00–20.00, rum Linden.`"""
    return (
        f"{capital(day_long(local_date(session.starts_at)))} {times(session.starts_at, session.ends_at)}, {session.venue}."
    )


def _was(session: SessionFacts, people: Sequence[Person]) -> str:
    """When it was to be: of a moved one always, of any one as long as somebody still believes that."""
    found = set(other_starts(session.starts_at, people))
    if session.state == "moved" and session.was_at:
        found.add(session.was_at)
    if not found:
        return ""
    return " " + _("Skulle ha varit %(when)s.", when=_(" eller ").join(moment_long(start) for start in sorted(found)))


def line(counts: Counts) -> str:
    """`4 av 6 är nådda. 1 är på väg. 1 är inte nådd.`"""
    if not counts.all:
        return _("Ingen har en plats, så ingen behöver få veta det.")
    parts = [ngettext("%(n)s av %(all)s är nådd.", "%(n)s av %(all)s är nådda.", counts.heard, all=counts.all)]
    if counts.on_way:
        parts.append(ngettext("Till %(n)s är beskedet på väg.", "Till %(n)s är beskeden på väg.", counts.on_way))
    if counts.held:
        parts.append(ngettext("Till %(n)s väntar beskedet tills det får gå.",
                              "Till %(n)s väntar beskeden tills de får gå.", counts.held))  # fmt: skip
    if counts.missing:
        parts.append(ngettext("%(n)s behöver ni nå själva.", "%(n)s behöver ni nå själva.", counts.missing))
    if counts.alone:
        parts.append(ngettext("%(n)s ser det bara på Min plats.", "%(n)s ser det bara på Min plats.", counts.alone))
    return " ".join(parts)


def _line(cohort: CohortFacts, session: SessionFacts, counts: Counts) -> str:
    """The numbers; or that nobody is told, since it was over when it was changed."""
    if not counts.all and session.ends_at <= (session.cancelled_at or session.revised_at):
        return " ".join([words_for(cohort.form).over, _("Ingen får besked.")])
    return line(counts)


def _row(cohort: CohortFacts, session: SessionFacts, person: Person, now: datetime, contact: str | None) -> Row:
    notice = to_tell(person)
    return Row(
        person.enrolment_id,
        person.label,
        person.protected,
        how(person, now),
        str(notice.notice_id) if notice else "",
        tuple(str(number) for number in sorted(notice.told_with - {notice.notice_id})) if notice else (),
        notice.mark if notice else "",
        notice is not None and person.reachable,
        "" if cohort.exempt else f"/personal/grupper/{cohort.cohort_id}/deltagare/{person.enrolment_id}",
        contact,
        _say(notice, session) if notice else "",
        language_text(person.language) if notice else "",
        f"/personal/grupper/{cohort.cohort_id}/besked" if person.again else "",
        avoid_text(person.avoid, person.avoided) if may_be_rung(person.heard) else "",
    )


def _say(notice: Notice, session: SessionFacts) -> str:
    if notice.left:
        return left_text(notice.left, notice.said_as)
    return kind_text(notice.kind, moment_long(session.starts_at), notice.added_starts)


def how(person: Person, now: datetime) -> How:
    """Sign and sentence of one line."""
    notice = person.notice
    text = _texts(person.heard)
    if person.heard == "ring" and person.may_be_sent:
        # Nothing could be sent when it was written; messages go to them by now.
        text = _("Ville inga besked då, eller kunde bara nås av en människa vid rätt tid.")
    if person.heard == "held" and person.until:
        text = _("Väntar till %(when)s, men hinner före.", when=until_text(person.until, now))
    if notice and notice.sent_at and person.heard in {"sent", "told"}:
        text = _("Klockan %(time)s.", time=clock(notice.sent_at))
        if local_date(notice.sent_at) != local_date(now):
            text = f"{capital(moment_long(notice.sent_at))}."
    if person.heard == "failed" and notice and notice.error:
        text = reason_words(notice.error)
    if person.moved:
        # Who had no address has one now: how they wanted to be reached is no longer so.
        changed = _("Kontaktvägen är ändrad sedan dess.")
        text = f"{text} {changed}" if person.heard == "failed" else changed
    if notice and notice.called and person.heard not in {"sent", "told"}:
        last = clock(notice.called_at) if notice.called_at else ""
        rung = ngettext("Ringt %(n)s gång utan svar, senast %(when)s.",
                        "Ringt %(n)s gånger utan svar, senast %(when)s.", notice.called, when=last)  # fmt: skip
        text = f"{text} {rung}".strip()
    return How(_tag(person.heard), text)


def _tag(heard: Heard) -> Tag:
    return {
        "sent": Tag(_("Nådd"), "ok", "check"),
        "told": Tag(_("Nådd av er"), "ok", "check"),
        "knows": Tag(_("Behöver inget besked"), "ok", "check"),
        "on_way": Tag(_("På väg"), "", "clock"),
        "held": Tag(_("Väntar"), "warn", "clock"),
        "retrying": Tag(_("Försöker igen"), "warn", "clock"),
        "late": Tag(_("Ni ringer"), "stop", "warn"),
        "doubted": Tag(_("Ni ringer"), "stop", "warn"),
        "failed": Tag(_("Inte nådd"), "stop", "warn"),
        "ring": Tag(_("Ni ringer"), "stop", "warn"),
        "none": Tag(_("Ingen kontaktväg")),
        "unwanted": Tag(_("Vill inte ha besked")),
        "unreadable": Tag(_("Kan inte läsas"), "stop", "warn"),
    }[heard]


def _texts(heard: Heard) -> str:
    return {
        "knows": _("Den tid som personen känner till gäller."),
        "held": _("Beskedet får inte gå just nu, men hinner före."),
        "late": _("Inget besked får gå i tid."),
        "doubted": _("Adressen eller numret har inte tagit emot förut."),
        "retrying": _("Det gick inte första gången."),
        "ring": _("Vill bli uppringd, eller kan bara nås av en människa vid rätt tid."),
        "none": _("Ser det på Min plats."),
        "unwanted": _("Ser det på Min plats."),
        "unreadable": _("Uppgifterna kan inte läsas, så inget besked har gått."),
    }.get(heard, "")


@dataclass(frozen=True)
class NowPage:
    """What changes while one waits: no name stands here, so that asking for it again is no look at anybody."""

    line: str
    settled: bool
    rows: tuple[tuple[str, How], ...]
    others: tuple[Other, ...] = ()


def now_page(
    cohort: CohortFacts, session: SessionFacts, people: Sequence[Person], now: datetime, together: Together = ()
) -> NowPage:
    """The same without names."""
    counts = counted(person.heard for person in people)
    rows = tuple((str(person.enrolment_id), how(person, now)) for person in people)
    others = others_of(together)
    return NowPage(_line(cohort, session, counts), _settled(counts, others), rows, others)
