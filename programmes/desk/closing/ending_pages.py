"""Ending before its time: what is left, and what happens to whom when all of it is cancelled at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.wording_rules import many
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, moment_long, ngettext, times
from programmes.core.i18n import gettext as _
from programmes.enrolment.leaving.first_right_queries import FirstRight
from programmes.enrolment.rules import Placed, State, people_as
from programmes.notices.reach_rules import Reach, first_elsewhere, people_rows, told


@dataclass(frozen=True)
class StartPage:
    """`unshown`: the pages of those who have not shown the age that the section wants shown."""

    cohort_id: int
    name: str
    section: str
    unshown: tuple[str, ...]


def start_page(cohort: CohortFacts, unshown: Sequence[UUID]) -> StartPage:
    """What it means that the talks begin."""
    addresses = tuple(f"/personal/grupper/{cohort.cohort_id}/deltagare/{one}#leg" for one in unshown)
    return StartPage(cohort.cohort_id, cohort.name, cohort.section, addresses)


@dataclass(frozen=True)
class EndingPage:
    """`seen` is how many sessions were shown, `people` how many have what: others may have come or gone before the button is
    pressed."""

    cohort_id: int
    name: str
    lead: str
    days: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]
    seen: int
    people: str
    button: str
    keep: str


@dataclass(frozen=True)
class GoingFirst:
    """Who goes first where: the `right` to the next start that those of the group get, if there is one, all of them
    (`everybody`) or who waits; and who was to go `first` to this group, who now `moves_on` to another or hears that they
    can't."""

    right: FirstRight | None = None
    everybody: bool = False
    first: Reach = field(default_factory=Reach)
    moves_on: bool = False


def ending_page(
    cohort: CohortFacts,
    left: Sequence[SessionFacts],
    placed: Placed,
    reached: Mapping[State, Reach],
    everybody: Reach,
    visits: int,
    required: int | None,
    going: GoingFirst,
) -> EndingPage:
    """The page with its one button. `everybody`: how many people hear of it, each once. `visits`: how many have a study
    visit to come. `required`: how many the guideline asks for, of a group that could not start: there the button is the
    decision that it ends."""
    what = many(cohort.form, len(left))
    days = tuple(f"{capital(day_long(local_date(s.starts_at)))} {times(s.starts_at, s.ends_at)}" for s in left)
    people = _people(placed, reached, bool(left), cohort.undecided, going)
    if cohort.form == "drop_in":
        people = ((_("Besökare"), _("Dagarna står som inställda."), _("På sidan om verksamheten")),)
    summary = told(everybody) if cohort.form != "drop_in" else ""
    lead = (
        _why_it_ends(cohort, placed, required) if cohort.undecided else "",
        _("%(what)s ställs in på en gång.", what=what) if left else "",
        summary,
        _("Det går inte att ångra."),
    )
    return EndingPage(
        cohort.cohort_id,
        cohort.name,
        " ".join(part for part in lead if part),
        days,
        (*people, *first_elsewhere(going.first, going.moves_on), *_visits(visits), *(_of_sessions() if left else ())),
        len(left),
        people_as(placed),
        _("Ställ in %(what)s", what=what) if left else _("Besluta att gruppen slutar"),
        _("Behåll det som är kvar") if left else _("Vänta"),
    )


def _why_it_ends(cohort: CohortFacts, placed: Placed, required: int | None) -> str:
    """That nobody has decided, and why it can't start: so this is the decision."""
    found = [_("Det här är beslutet om starten: gruppen slutar.")]
    if required is not None and placed.confirmed < required:
        found.append(
            ngettext(
                "Den kan inte starta: %(n)s är klar, och riktlinjen %(section)s kräver minst %(least)s.",
                "Den kan inte starta: %(n)s är klara, och riktlinjen %(section)s kräver minst %(least)s.",
                placed.confirmed,
                section=cohort.section,
                least=required,
            )
        )
    return " ".join(found)


def _people(
    placed: Placed, reached: Mapping[State, Reach], left: bool, decides: bool, going: GoingFirst
) -> tuple[tuple[str, str, str], ...]:
    """Who hears what. Where nothing is left those with a place are told nothing; it stands on Min plats."""
    place = _("Får veta det en gång.") if left else _("Alla träffar har varit. Att gruppen är avslutad står på Min plats.")
    preliminary = place
    if decides:
        preliminary = _("Platsen blir inte klar.") + " " + place
    what: dict[State, str] = {
        "confirmed": place,
        "preliminary": preliminary,
        "offered": _("Erbjudandet tas tillbaka. Får veta att kön är slut, och kan läsa det på Min plats ett dygn."),
        "queued": _("Får veta att kön är slut, och kan läsa det på Min plats ett dygn."),
    }
    if going.right:
        until = moment_long(going.right.until)
        goes = _("Till och med %(until)s får de flytta till nästa start på Min plats, före nya anmälningar.", until=until)
        what["offered"] = " ".join([_("Erbjudandet tas tillbaka. Får veta att kön är slut."), goes])
        what["queued"] = " ".join([_("Får veta att kön är slut."), goes])
        if going.everybody:
            what["confirmed"] = what["preliminary"] = f"{place} {goes}"
    return people_rows(placed, what, reached)


def _visits(n: int) -> tuple[tuple[str, str, str], ...]:
    if not n:
        return ()
    who = ngettext("%(n)s bokat studiebesök", "%(n)s bokade studiebesök", n)
    return ((who, _("Ställs in."), _("I samma besked, och e-post till den som håller besöket")),)


def _of_sessions() -> tuple[tuple[str, str, str], ...]:
    return (
        (_("Kalendrar"), _("Allt som är kvar står som INSTÄLLT i 30 dagar."), _("Oftast inom några timmar")),
        (_("Gruppledarna"), _("Det som är kvar ställs in."), _("E-post, på Idag och i deras kalender")),
    )
