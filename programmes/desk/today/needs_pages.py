"""What needs the person who looks: the facts behind Idag, and what each group, session and visit asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from programmes.attendance.queries import Noted, Unnoted
from programmes.attendance.rules import Kind
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.i18n import day_long, listed, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.core.principal import Role
from programmes.desk.closing.receipt_wording_rules import Alone, Link, alone
from programmes.desk.closing.rules import KEPT, ErasedList
from programmes.enrolment.queries import Places

DECIDE_WITHIN = timedelta(days=14)
FILL_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Group:
    """A cohort with what Idag says of it. `visits_lacking` are to book a study visit while no time is free.

    `to_accept` have a confirmed place and a new version of conditions or rules to accept. `withdrawn` have taken back their
    consent to contact with the partner, and no leader has seen it. `leaderless`: nobody leads it who still may.
    `to_book`: somebody has the place of a series that goes on, and no talk is to come. `list_gone`: it has gone by itself.
    """

    cohort: CohortFacts
    programme: str
    kind: Kind
    places: Places
    coordinates: bool
    visits_lacking: int = 0
    to_accept: int = 0
    withdrawn: int = 0
    leaderless: bool = False
    to_book: bool = False
    list_gone: ErasedList | None = None

    @property
    def gone(self) -> Alone | None:
        """What is said of a list that has gone by itself."""
        return alone(self.list_gone, self.cohort.form, self.cohort.state, self.cohort.first_start is not None)

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
    """Everything that the page is made of. `calls` are people whom no mail can tell, `log` what managers do, `substitutes`
    what somebody was asked and sessions that nobody has said yes to; since `texts_away` the gateway for texts has not
    answered as agreed. `decisions`: starts of others whose decision is late, which managers hear of.
    `more_starts`: programmes that need another start this year, while there is time to open it. `unreached`: colleagues to
    whom no mail comes. `instead`: when what was added for a cancelled session is."""

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
    texts_away: datetime | None = None
    substitutes: Sequence["Item"] = ()
    decisions: Sequence["Item"] = ()
    more_starts: Sequence["Item"] = ()
    unreached: Sequence["Item"] = ()
    instead: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Tag:
    text: str
    kind: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Item:
    """Something that needs the person. `by`: the moment until which it can wait, where a day is too much. `name`: the
    programme or group that its words name, unless it is one of the person's groups. `more`: what else can be read of it."""

    title: str
    address: str
    text: str
    tag: Tag
    due: date
    by: datetime | None = None
    name: str = ""
    more: Link | None = None


def ready(group: Group) -> str:
    """`5 av minst 5 är klara.`"""
    if group.cohort.state == "planned":
        return _("Den är inte öppen för anmälan än.")
    return _("%(n)s av minst %(least)s är klara.", n=group.places.confirmed, least=group.cohort.minimum)


def days_left(due: date, today: date) -> Tag:
    """How long there is: a warning from three days before."""
    left = (due - today).days
    if left < 0:
        return Tag(ngettext("%(n)s dag för sent", "%(n)s dagar för sent", -left), "stop", "warn")
    if left == 0:
        return Tag(_("Idag"), "warn", "clock")
    return Tag(ngettext("%(n)s dag kvar", "%(n)s dagar kvar", left), "warn" if left <= 3 else "", "clock")


def items(facts: Facts) -> list[Item]:
    found = [item for group in facts.groups.values() for item in _of_group(facts, group)]
    # What has been of a start that nobody has decided about is not asked about before that.
    decided = [entry for entry in facts.unnoted if not facts.groups[entry.cohort_id].cohort.undecided]
    found += [_unnoted_item(facts, entry) for entry in decided]
    found += [item for visit in facts.visits for item in _of_visit(facts, visit)]
    found += facts.calls
    found += facts.log
    found += facts.decisions
    found += facts.more_starts
    found += facts.unreached
    if facts.texts_away and facts.groups:
        found.append(_texts_item(facts, facts.texts_away))
    found += facts.substitutes
    return found


def urgency(item: Item, today: date) -> tuple[bool, date, datetime]:
    """By what the needs are ordered: first what can't wait until the end of the day, the soonest first."""
    return item.by is None or item.due > today, item.due, item.by or datetime.max.replace(tzinfo=UTC)


def late(facts: Facts) -> int:
    """How many starts have passed their decision date without a decision that is this person's, or theirs to hear of."""
    own = [g for g in facts.groups.values() if _undecided(g) and g.cohort.decide_by < facts.today]
    return len(own) + len(facts.decisions)


def late_item(name: str, cohort_id: int, decide_by: date, today: date) -> Item:
    """What a manager reads of a start whose decision is late."""
    text = _("Beslutet skulle tas senast %(day)s. Samordnaren påminns varje dag.", day=day_long(decide_by))
    title = _("Inget beslut om %(group)s", group=name)
    return Item(title, f"/personal/starter#start-{cohort_id}", text, days_left(decide_by, today), decide_by, name=name)


def unreached_item(name: str, today: date) -> Item:
    """A colleague to whom no mail comes, as whoever coordinates their programme sees it."""
    then = _("Är adressen fel ändrar den som sköter tjänsten den.")
    told = _("Säg till %(name)s: tills det är ordnat syns allt bara på Idag.", name=name)
    tag = Tag(_("E-post"), "warn", "warn")
    return Item(_("Vår e-post till %(name)s kommer inte fram", name=name), "/personal/lage", f"{told} {then}", tag, today)


def more_starts_item(
    programme: str, numbers: Iterable[int], year: int, open_by: date, today: date, may_plan: bool = True
) -> Item:
    """In time: that other starts have to be opened for the year to have as many as it should. Who may not plan it reads
    that it is not planned, and where the year stands."""
    missing, day = listed([str(n) for n in numbers]), day_long(open_by)
    text = _("För att hinna start %(n)s %(year)s: öppna anmälan senast %(day)s.", n=missing, year=year, day=day)
    if not may_plan:
        title = _("Nästa start av %(programme)s är inte planerad", programme=programme)
        return Item(title, "/personal/starter#tva", text, days_left(open_by, today), open_by, name=programme)
    title = _("Planera nästa start av %(programme)s", programme=programme)
    return Item(title, "/personal/grupper/ny", text, days_left(open_by, today), open_by, name=programme)


def _undecided(group: Group) -> bool:
    return group.cohort.undecided and group.coordinates


def _texts_item(facts: Facts, since: datetime) -> Item:
    text = _("Sedan %(when)s. De väntar och går när det fungerar. Ring den som har bråttom.", when=moment_long(since))
    return Item(_("Sms kommer inte fram"), "/personal/grupper", text, Tag(_("Fel"), "stop", "warn"), facts.today)


def _of_group(facts: Facts, group: Group) -> list[Item]:
    """What a group as a whole needs: a decision, more people, its end, or times for study visits."""
    found, cohort = [], group.cohort
    undecided = _undecided(group)
    if undecided and cohort.decide_by <= facts.today + DECIDE_WITHIN:
        found.append(_decision_item(facts, group))
    elif not group.coordinates and cohort.undecided and _so_far(facts, group):
        found.append(_missing_decision_item(facts, group))
    elif (
        undecided
        and cohort.state != "planned"
        and group.places.confirmed < cohort.minimum
        and cohort.decide_by <= facts.today + FILL_WITHIN
    ):
        found.append(_fill_item(facts, group))
    # Only groups are decided upon; a series or a meeting place simply runs.
    runs = cohort.state == "started" or (cohort.state == "open" and cohort.form != "group")
    if runs and group.to_book:
        found.append(_booking_item(facts, group))
    elif runs and cohort.last_end and cohort.last_end <= facts.now:
        found.append(_closing_item(facts, group, cohort.last_end))
    if group.visits_lacking and cohort.state in {"open", "postponed", "started"}:
        found.append(_visits_item(facts, group))
    if group.to_accept:
        found.append(_accept_item(facts, group))
    if group.withdrawn:
        found.append(_withdrawn_item(facts, group))
    if group.leaderless and group.coordinates:
        found.append(_leaderless_item(facts, group))
    return found


def _leaderless_item(facts: Facts, group: Group) -> Item:
    title = _("Utse en gruppledare i %(group)s", group=group.cohort.name)
    text = _("Ingen som är utsedd har längre konto och roll för det.")
    return Item(title, f"{group.address}/ledare", text, Tag(_("Saknas"), "warn", "warn"), facts.today)


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
    if group.cohort.first_start and group.cohort.first_start <= facts.now:
        # No time can be offered any more (2.7, 2.8): it is for people to talk about.
        told = ngettext("%(n)s person har inte gjort studiebesöket, och träffarna har börjat.",
                        "%(n)s personer har inte gjort studiebesöket, och träffarna har börjat.",
                        group.visits_lacking)  # fmt: skip
        title = _("Studiebesök saknas i %(group)s", group=group.cohort.name)
        return Item(title, f"{group.address}/studiebesok", told, Tag(_("Saknas"), "warn", "warn"), facts.today)
    text = ngettext("%(n)s person väntar på att kunna boka, och ingen tid är ledig.",
                    "%(n)s personer väntar på att kunna boka, och ingen tid är ledig.",
                    group.visits_lacking)  # fmt: skip
    title, due = _("Lägg till tider för studiebesök i %(group)s", group=group.cohort.name), group.cohort.decide_by
    return Item(title, f"{group.address}/studiebesok", text, days_left(due, facts.today), due)


def _decision_item(facts: Facts, group: Group) -> Item:
    due = group.cohort.decide_by
    text = " ".join([_("Senast %(day)s.", day=day_long(due)), ready(group), *wait_for_decision(_so_far(facts, group))])
    title = _("Besluta om %(group)s startar", group=group.cohort.name)
    return Item(title, f"/personal/starter/{group.cohort.cohort_id}/starta", text, days_left(due, facts.today), due)


def _so_far(facts: Facts, group: Group) -> int:
    """How many sessions have been of a group that nobody has decided about, and lack their note."""
    return sum(entry.cohort_id == group.cohort.cohort_id for entry in facts.unnoted)


def wait_for_decision(n: int) -> tuple[str, ...]:
    """That so many sessions have been of a start that nobody has decided about; nothing where none has. A note before the
    decision would decide it: a start of which something was held is neither postponed nor cancelled."""
    if not n:
        return ()
    return (
        ngettext(
            "%(n)s träff har varit och är inte antecknad. Det väntar på beslutet.",
            "%(n)s träffar har varit och är inte antecknade. Det väntar på beslutet.",
            n,
        ),
    )


def _missing_decision_item(facts: Facts, group: Group) -> Item:
    """What who leads reads of a group that meets although nobody has decided that it does."""
    due = group.cohort.decide_by
    title = _("Inget beslut om %(group)s", group=group.cohort.name)
    text = " ".join([_("Samordnaren beslutar."), ready(group), *wait_for_decision(_so_far(facts, group))])
    return Item(title, group.address, text, days_left(due, facts.today), due)


def _fill_item(facts: Facts, group: Group) -> Item:
    due, lack = group.cohort.decide_by, group.cohort.minimum - group.places.confirmed
    left = (due - facts.today).days
    days = ngettext("%(n)s dag", "%(n)s dagar", left)
    text = ngettext("%(n)s till behövs på %(days)s.", "%(n)s till behövs på %(days)s.", lack, days=days)
    return Item(_("Fyll på %(group)s", group=group.cohort.name), group.address, text, days_left(due, facts.today), due)


def _closing_item(facts: Facts, group: Group, last_end: datetime) -> Item:
    last = local_date(last_end)
    text = _("Sista tillfället var %(day)s.", day=day_long(last))
    if group.cohort.called_off:
        text = _("Alla tillfällen är inställda.")
    due = last + KEPT
    if group.gone:
        text += " " + group.gone.text
    elif group.cohort.exempt:
        text += " " + _("Listan raderas senast %(day)s.", day=day_long(due))
    title, more = _("Avsluta %(group)s", group=group.cohort.name), group.gone.receipt if group.gone else None
    return Item(title, f"{group.address}/avsluta", text, days_left(due, facts.today), due, more=more)


def _booking_item(facts: Facts, group: Group) -> Item:
    """Somebody holds the place of a series and no talk is to come."""
    cohort = group.cohort
    text = _("Inget samtal är bokat.") + (" " + _("Är det slut? Avsluta på seriens sida.") if cohort.first_start else "")
    due = local_date(cohort.last_end) + KEPT if cohort.last_end and cohort.exempt else facts.today
    if cohort.exempt and cohort.last_end:
        text += " " + _("Annars raderas listan senast %(day)s.", day=day_long(due))
    title = _("Boka nästa samtal i %(group)s", group=cohort.name)
    return Item(title, f"{group.address}/boka", text, days_left(due, facts.today), due)


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
