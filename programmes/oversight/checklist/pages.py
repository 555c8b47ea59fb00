"""The checklist of a cohort, and the same list across cohorts as somebody's week, in words."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from programmes.core.i18n import day_long, day_plain, listed, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.closing.receipt_wording_rules import Alone, Link, alone
from programmes.oversight.checklist.rules import Due, Step, Way
from programmes.oversight.cockpit.card_pages import queue_kept
from programmes.oversight.cockpit.pages import Undo
from programmes.oversight.rules import Start


@dataclass(frozen=True)
class Line:
    """One step. `state` is `done`, `next` or empty; who owes it, by when, and where it is done. `more`: what can be read of
    it."""

    title: str
    text: str
    state: str
    who: str
    due: str
    tag: tuple[str, str, str]
    address: str
    action: str
    more: Link | None = None


@dataclass(frozen=True)
class ChecklistPage:
    cohort_id: int
    name: str
    done: int
    lines: tuple[Line, ...]
    decisions: tuple[str, ...]
    undo: Undo | None = None


@dataclass(frozen=True)
class WeekLine:
    """The next step of one cohort. Without the way to its checklist it is one that the asker does not work with."""

    name: str
    checklist: str
    line: Line


@dataclass(frozen=True)
class WeekPage:
    late: tuple[WeekLine, ...]
    this_week: tuple[WeekLine, ...]
    later: tuple[WeekLine, ...]
    until: str
    lead: str


def _titles(way: Way, key: str) -> str:
    return {
        "announce": _("Öppen för anmälan"),
        "visits": _("Studiebesök"),
        "agree": _("Villkor och regler"),
        "decide": _("Beslut om start"),
        "hold": _("Samtalen") if way.form == "individual" else _("Träffarna"),
        "note": _("Närvaro"),
        "evaluate": _("Utvärdering"),
        "transfer": _("Överföring till verksamhetssystemet"),
        "close": _("Avslut, och listan raderas") if way.exempt and way.list_gone is None else _("Avslut"),
        "move_on": _("Till en annan start"),
        "erase": _("Gallring"),
    }[key]


def _text(way: Way, key: str) -> str:
    """Where it is."""
    texts: dict[str, Callable[[], str]] = {
        "visits": lambda: ngettext("%(n)s har besöket kvar.", "%(n)s har besöket kvar.", way.visits_left),
        "agree": lambda: ngettext("%(n)s har inte godkänt än.", "%(n)s har inte godkänt än.", way.to_agree),
        "note": lambda: ngettext("%(n)s tillfälle saknar sin anteckning.", "%(n)s tillfällen saknar sin anteckning.",
                                 way.unnoted),
        "decide": lambda: queue_kept(way.queue_until) if way.queue_until else "",
        "move_on": lambda: (
            _("De som var anmälda får flytta till nästa start före andra.")
            if way.may_move
            else _("De som vill kan flyttas till en annan start.")
        ),
    }  # fmt: skip
    numbers = {"visits": way.visits_left, "agree": way.to_agree, "note": way.unnoted}
    numbers["move_on"] = int(way.may_move or way.can_be_moved)
    numbers["decide"] = int(way.queue_until is not None)
    return texts[key]() if numbers.get(key) else ""


def _done(way: Way, key: str) -> str:
    """What is to be known of a step that is done: what was decided, where that isn't that it starts."""
    return _("Den startade inte. Det som var kvar ställdes in.") if key == "decide" and way.ended else ""


def _erased(way: Way, step: Step) -> str:
    """By the rule of retention: for each person after the last note about them."""
    rule = _("Uppgifterna om var och en raderas tidigast %(n)s år efter den senaste anteckningen.", n=way.kept_years)
    if step.due is None:
        return rule
    return rule + " " + _("För den som är med till slutet är det %(day)s.", day=day_plain(step.due))


def _address(way: Way, key: str) -> str:
    group = f"/personal/grupper/{way.cohort_id}"
    return {
        "announce": f"{group}/traffar",
        "visits": f"{group}/studiebesok",
        "agree": group,
        "decide": f"/personal/starter/{way.cohort_id}/starta",
        "hold": f"{group}/traffar",
        "note": f"{group}/narvaro",
        "evaluate": f"{group}/utvardering",
        "transfer": f"{group}/avsluta",
        "close": f"{group}/avsluta",
        "move_on": f"{group}/flytta-flera",
        "erase": "",
    }[key]


def _who(way: Way, step: Step) -> str:
    if step.owner == "nobody":
        return _("Sker av sig självt")
    if step.owner == "coordinator":
        return _("Samordnaren")
    return listed(list(way.leaders)) if way.leaders else _("Gruppledaren, ingen är utsedd")


def _due_tag(step: Step, today: date) -> tuple[str, str, str]:
    """How urgent it is: a colour, an icon and a word."""
    if step.state == "done":
        return _("Klart"), "ok", "check"
    if step.due is None:
        return _("Ingen dag än"), "", "cal"
    if step.owner == "nobody":
        return _("Senare"), "", "clock"
    left = (step.due - today).days
    if left < 0:
        return ngettext("%(n)s dag för sent", "%(n)s dagar för sent", -left), "stop", "warn"
    if left == 0:
        return _("Idag"), "warn", "clock"
    text = ngettext("%(n)s dag kvar", "%(n)s dagar kvar", left)
    return text, "warn" if left <= 3 and step.state == "next" else "", "clock"


def _gone(way: Way, step: Step) -> Alone | None:
    """That the list has gone by itself is said of the closing, also where nothing of it is left to do."""
    return alone(way.list_gone, way.form, way.state, way.first_start is not None) if step.key == "close" else None


def _line_text(way: Way, step: Step) -> str:
    if gone := _gone(way, step):
        return gone.text
    if step.state == "done":
        return _done(way, step.key)
    return _erased(way, step) if step.key == "erase" else _text(way, step.key)


def _line(way: Way, step: Step, today: date, mine: bool) -> Line:
    # By when something is to be done; when it is erased by itself at the earliest is said in the text.
    due = step.due if step.owner != "nobody" else None
    said = "" if due is None else day_long(due)
    shown = step.state == "next" and (mine or step.key not in {"decide", "move_on", "announce"})
    # What goes before visits that people have left does not hide the way to them.
    shown |= step.key == "visits" and step.state == "later" and way.visits_left > 0
    return Line(
        _titles(way, step.key),
        _line_text(way, step),
        "" if step.state == "later" else step.state,
        _who(way, step),
        said,
        _due_tag(step, today),
        _address(way, step.key) if shown else "",
        _("Gör det här"),
        gone.receipt if (gone := _gone(way, step)) else None,
    )


def checklist_page(
    way: Way, found: Sequence[Step], today: date, mine: bool, decisions: Sequence[str], undo: Undo | None = None
) -> ChecklistPage:
    """Everything from announcement to erasure. `undo`: the newest decision, where it is the asker's to take back."""
    lines = tuple(_line(way, step, today, mine) for step in found)
    done = sum(1 for step in found if step.state == "done")
    return ChecklistPage(way.cohort_id, way.name, done, lines, tuple(decisions), undo)


def week_page(
    found: Sequence[Due],
    today: date,
    until: date,
    coordinates: Callable[[str], bool],
    others: Sequence[Start] = (),
    manages: bool = False,
) -> WeekPage:
    """Late first, then what is due until Sunday, then the rest. `others`: starts of others that wait for their decision,
    which managers read of in figures."""
    lines: list[tuple[date | None, WeekLine]] = [
        (
            due.step.due,
            WeekLine(
                due.way.name,
                f"/personal/grupper/{due.way.cohort_id}/checklista",
                _line(due.way, due.step, today, coordinates(due.way.section)),
            ),
        )
        for due in found
    ]
    lines += [(start.decide_by, _decision_of_others(start, today)) for start in others]
    lines.sort(key=lambda line: (line[0] or date.max, line[1].name))
    return WeekPage(
        tuple(line for day, line in lines if day is not None and day < today),
        tuple(line for day, line in lines if day is not None and today <= day <= until),
        tuple(line for day, line in lines if day is None or day > until),
        day_long(until),
        _lead(bool(found), manages),
    )


def _lead(works_with_some: bool, manages: bool) -> str:
    """What the list is. A manager who works with no group owes nothing in it."""
    if not manages:
        return _("Nästa steg för varje grupp, det mest brådskande först.")
    if works_with_some:
        return _(
            "Nästa steg för varje grupp som du arbetar med, och besluten om alla andra starter. Det mest brådskande först."
        )
    return _("Besluten om alla starter, det mest brådskande först. Samordnarna tar dem: här ser du hur det går.")


def _decision_of_others(start: Start, today: date) -> WeekLine:
    """A start that is for others to decide, with the way to where it stands on the cockpit."""
    step, said = Step("decide", "next", "coordinator", start.decide_by), day_long(start.decide_by)
    address = f"/personal/starter#start-{start.cohort_id}"
    line = Line(_("Beslut om start"), _ready(start), "next", _("Samordnaren"), said, _due_tag(step, today), address, "")
    return WeekLine(start.name, "", line)


def _ready(start: Start) -> str:
    if start.state == "planned":
        return _("Den är inte öppen för anmälan än.")
    return _("%(n)s av minst %(least)s är klara.", n=start.confirmed, least=start.minimum)


def heads() -> tuple[str, ...]:
    """The first line of the week as a file."""
    return _("Märkning"), _("Senast"), _("Avsnitt"), _("Grupp"), _("Nästa steg"), _("Läge"), _("Vem")


def rows(found: Sequence[Due], others: Sequence[Start] = (), uncounted: Collection[int] = ()) -> Iterator[tuple[str, ...]]:
    """A line for each cohort's next step, and then for each start of others that waits for its decision. Of programmes whose
    people may not be counted (`uncounted`, by id) no number of people leaves the page."""
    for due in found:
        day = due.step.due.isoformat() if due.step.due else ""
        step = (_titles(due.way, due.step.key), _line_text(due.way, due.step), _who(due.way, due.step))
        yield (_("Internt, sekretess"), day, due.way.section, due.way.name, *step)
    for start in others:
        yield (
            _("Internt, sekretess"),
            start.decide_by.isoformat(),
            start.section,
            start.name,
            _("Beslut om start"),
            "" if start.programme_id in uncounted else _ready(start),
            _("Samordnaren"),
        )
