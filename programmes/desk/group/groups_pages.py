"""The list of groups, by state, and the words for states that every page of a group uses."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from programmes.cohorts.queries import CohortFacts, CohortState
from programmes.core.clock import local_date
from programmes.core.i18n import day_plain, ngettext
from programmes.core.i18n import gettext as _
from programmes.enrolment.queries import Places

PER_PAGE = 50
STATES: tuple[CohortState, ...] = ("planned", "open", "postponed", "started", "closed", "cancelled")
_CURRENT = frozenset({"planned", "open", "postponed", "started"})
# What the address says, and the states it shows.
FILTERS: Mapping[str, frozenset[str]] = {
    "": _CURRENT,
    "planerade": frozenset({"planned"}),
    "oppna": frozenset({"open"}),
    "uppskjutna": frozenset({"postponed"}),
    "pagar": frozenset({"started"}),
    "avslutade": frozenset({"closed"}),
    "installda": frozenset({"cancelled"}),
}


@dataclass(frozen=True)
class Tag:
    text: str
    kind: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Chip:
    text: str
    address: str
    here: bool


@dataclass(frozen=True)
class Row:
    address: str
    name: str
    programme: str
    tag: Tag
    start: str
    places: str


@dataclass(frozen=True)
class ListPage:
    """`file`: where the same list is a file."""

    file: str
    chips: tuple[Chip, ...]
    rows: tuple[Row, ...]
    pages: tuple[Chip, ...]
    shown: str
    may_open: bool
    any_groups: bool


def state_tag(state: CohortState, form: str, only_to_close: bool = False) -> Tag:
    """A cohort's state in words, with its sign. A place where people just come has nothing to enrol in. `only_to_close`:
    nothing else is left to do, since its list has gone by itself, it has ended, or all of it was cancelled."""
    if only_to_close and state in _CURRENT:
        return Tag(_("Ska avslutas"), "warn", "clock")
    if state == "open" and form == "drop_in":
        return Tag(_("Öppet"), "ok", "dot")
    return {
        "planned": Tag(_("Planerad"), "", "cal"),
        "open": Tag(_("Öppen för anmälan"), "info", "dot"),
        "postponed": Tag(_("Framflyttad"), "warn", "move"),
        "started": Tag(_("Pågår"), "ok", "dot"),
        "closed": Tag(_("Avslutad"), "", "check"),
        "cancelled": Tag(_("Inställd"), "stop", "cross"),
    }[state]


def _filter_text(name: str) -> str:
    return {
        "": _("Aktuella"),
        "planerade": _("Planerade"),
        "oppna": _("Öppna"),
        "uppskjutna": _("Framflyttade"),
        "pagar": _("Pågår"),
        "avslutade": _("Avslutade"),
        "installda": _("Inställda"),
    }[name]


def _address(name: str, number: int = 1) -> str:
    parts = ([f"visa={name}"] if name else []) + ([f"sida={number}"] if number > 1 else [])
    return "/personal/grupper" + ("?" + "&".join(parts) if parts else "")


def listed(cohorts: Sequence[CohortFacts], name: str) -> list[CohortFacts]:
    """The cohorts of a filter. What is over comes newest first; the rest by its start."""
    found = [cohort for cohort in cohorts if cohort.state in FILTERS[name]]
    return found[::-1] if name in {"avslutade", "installda"} else found


def choose(cohorts: Sequence[CohortFacts], name: str, number: int) -> tuple[list[CohortFacts], int, int]:
    """The cohorts of a filter on one page, how many the filter has, and which page it became."""
    found = listed(cohorts, name)
    number = max(1, min(number, -(-len(found) // PER_PAGE)))
    return found[(number - 1) * PER_PAGE : number * PER_PAGE], len(found), number


def list_page(
    cohorts: Sequence[CohortFacts],
    name: str,
    number: int,
    programmes: Mapping[int, str],
    places: Mapping[int, Places],
    may_open: bool,
    gone: Collection[int] = (),
) -> ListPage:
    """The list: `programmes` has the short names by programme id, `places` at least those of the page's cohorts. `gone`: the
    cohorts whose list has gone by itself."""
    shown, many, number = choose(cohorts, name, number)
    counts = {key: sum(1 for c in cohorts if c.state in states) for key, states in FILTERS.items()}
    chips = [
        Chip(f"{_filter_text(key)} ({counts[key]})", _address(key), key == name)
        for key in FILTERS
        if counts[key] or key in {"", name}
    ]
    last = -(-many // PER_PAGE)
    first = (number - 1) * PER_PAGE
    return ListPage(
        file="/personal/grupper.csv" + (f"?visa={name}" if name else ""),
        chips=tuple(chips),
        rows=tuple(_row(cohort, programmes, places, cohort.cohort_id in gone) for cohort in shown),
        pages=tuple(Chip(str(n), _address(name, n), n == number) for n in range(1, last + 1)) if last > 1 else (),
        shown=_("%(first)s–%(last)s av %(n)s grupper", first=first + 1, last=first + len(shown), n=many) if last > 1 else "",
        may_open=may_open,
        any_groups=bool(cohorts),
    )


def _row(cohort: CohortFacts, programmes: Mapping[int, str], places: Mapping[int, Places], gone: bool) -> Row:
    start = day_plain(local_date(cohort.first_start)) if cohort.first_start else _("Inga träffar planerade")
    return Row(
        address=f"/personal/grupper/{cohort.cohort_id}",
        name=cohort.name,
        programme=f"{cohort.section} {programmes[cohort.programme_id]}",
        tag=state_tag(cohort.state, cohort.form, gone or cohort.only_to_close),
        start=start,
        places=_places(cohort, places[cohort.cohort_id], gone),
    )


def _counts(cohort: CohortFacts) -> bool:
    """Whether `_places` says how many people there are."""
    return cohort.state not in {"cancelled", "closed"} and cohort.form != "drop_in"


def _places(cohort: CohortFacts, places: Places, gone: bool) -> str:
    """`5 klara, 2 preliminära av 8. 3 i kö.`; nothing where people just come, or where the list has been erased."""
    if cohort.state == "cancelled":
        return _("Inställd")
    if cohort.form == "drop_in":
        return _("Avslutad") if cohort.state == "closed" else _("Öppet för alla")
    if cohort.state == "closed" or gone:
        return _("Listan är raderad") if cohort.exempt else _("Avslutad")
    parts = [ngettext("%(n)s klar", "%(n)s klara", places.confirmed)]
    if places.preliminary:
        parts.append(ngettext("%(n)s preliminär", "%(n)s preliminära", places.preliminary))
    if places.offered:
        parts.append(ngettext("%(n)s erbjuden", "%(n)s erbjudna", places.offered))
    text = _("%(taken)s av %(most)s.", taken=", ".join(parts), most=cohort.maximum)
    if places.queued:
        text += " " + _("%(n)s i kö.", n=places.queued)
    return text


def heads() -> tuple[str, ...]:
    """The first line of the list as a file."""
    return _("Märkning"), _("Avsnitt"), _("Insats"), _("Grupp"), _("Läge"), _("Första dagen"), _("Platser")


def rows(
    cohorts: Sequence[CohortFacts],
    programmes: Mapping[int, str],
    places: Mapping[int, Places],
    uncounted: Collection[int],
    gone: Collection[int] = (),
) -> Iterator[tuple[str, ...]]:
    """A line for each group, with what its row on the page says. Of programmes whose people may not be counted (`uncounted`,
    by id) no number of people leaves the page."""
    for cohort in cohorts:
        first = local_date(cohort.first_start).isoformat() if cohort.first_start else ""
        is_gone = cohort.cohort_id in gone
        state = state_tag(cohort.state, cohort.form, is_gone or cohort.only_to_close).text
        names = (cohort.section, programmes[cohort.programme_id], cohort.name, state)
        said = _places(cohort, places[cohort.cohort_id], is_gone)
        if cohort.programme_id in uncounted and _counts(cohort) and not is_gone:
            said = ""
        yield (_("Internt, sekretess"), *names, first, said)
