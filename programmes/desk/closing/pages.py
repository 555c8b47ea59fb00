"""The checklist to the end of a group, and what closing does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from programmes.attendance.queries import Unnoted
from programmes.attendance.rules import Bound, Bounds
from programmes.attendance.wording import as_values, count_fields, total
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import ends_early
from programmes.cohorts.wording_rules import numbered
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, day_plain, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.closing.kept_pages import WhatHappens, ended_title, goes_with_the_rest, what_happens
from programmes.desk.closing.receipt_wording_rules import Alone, Link, alone
from programmes.desk.closing.rules import ClosingFacts, Step, StepKey, endings, erased_by, may_close, steps
from programmes.desk.closing.step_pages import ending_text, words
from programmes.desk.group.groups_pages import Tag
from programmes.desk.group.pages import GroupHead
from programmes.enrolment.rules import Placed

_MOST_LINKS = 4


@dataclass(frozen=True)
class StepRow:
    """A step. `state` is `done`, `next` or empty; a form stands in the one that is next, or is being changed."""

    key: str
    title: str
    text: str
    state: str
    links: tuple[Link, ...]
    open: bool
    change: str


@dataclass(frozen=True)
class ClosingPage:
    head: GroupHead
    title: str
    done: int
    total: int
    rows: tuple[StepRow, ...]
    last: StepRow
    ended: str
    what: WhatHappens
    exempt: bool
    section: str
    endings: tuple[tuple[str, str], ...]
    ending: str
    counts: tuple[tuple[str, str, str], ...]
    counted: int
    bounds: str
    form: object
    changed: bool = False
    too_few: str = ""
    seen: str = ""
    erased: Alone | None = None


@dataclass(frozen=True)
class ClosedPage:
    """A group that is over. `receipts` are links to what was erased."""

    head: GroupHead
    title: str
    ended: str
    receipts: tuple[Link, ...]
    exempt: bool
    erased: str = ""


@dataclass(frozen=True)
class ConfirmPage:
    head: GroupHead
    title: str
    what: WhatHappens
    exempt: bool
    receipt_id: str
    people: str
    calls: int = 0
    seen: str = ""
    changed: bool = False


@dataclass(frozen=True)
class Typed:
    """What was typed into the checklist: the three counts, and which step is open though it isn't next."""

    counts: Mapping[str, str] | None = None
    open: str = ""
    ending: str = ""
    form: object = None
    changed: bool = False


def closing_page(
    head: GroupHead,
    cohort: CohortFacts,
    facts: ClosingFacts,
    unnoted: Sequence[Unnoted],
    typed: Typed,
    decides: bool,
) -> ClosingPage:
    """The checklist. The first step that isn't done is next, and its form is open. `decides`: the asker coordinates it."""
    found = steps(facts)
    first = next((step.key for step in found if not step.done), "")
    # What is to be decided goes before any answer.
    opened = "" if facts.decision else typed.open
    rows = tuple(_row(cohort, facts, unnoted, step, first, opened, decides) for step in found)
    values = dict(typed.counts or as_values(facts.unique))
    return ClosingPage(
        head=replace(head, tag=_tag(cohort, facts) or head.tag),
        title=_("Avsluta %(group)s", group=cohort.name),
        done=sum(1 for step in found if step.done),
        total=len(found) + 1,
        rows=rows,
        last=_last(cohort, facts, not first),
        ended=ended_title(cohort.form),
        what=_what(cohort, facts, facts.sessions > 0 and cohort.state != "cancelled"),
        exempt=cohort.exempt,
        section=cohort.section,
        endings=tuple((e, ending_text(e)) for e in endings(facts.sessions, facts.least)),
        too_few=_too_few(cohort, facts),
        ending=typed.ending or facts.ending or "",
        counts=count_fields(values),
        counted=total(values),
        bounds=bounds_text(facts.bounds),
        form=typed.form,
        changed=typed.changed,
        erased=_alone(cohort, facts),
    )


def _alone(cohort: CohortFacts, facts: ClosingFacts) -> Alone | None:
    return alone(facts.erased, cohort.form, cohort.state, cohort.first_start is not None)


def _what(cohort: CohortFacts, facts: ClosingFacts, held: bool) -> WhatHappens:
    what = what_happens(facts.kind, cohort.form, held)
    return what if facts.erased is None else replace(what, gone=goes_with_the_rest(cohort.form))


def _has_list(cohort: CohortFacts, facts: ClosingFacts) -> bool:
    """Whether closing erases a working list: there is one, which has not gone by itself."""
    return cohort.exempt and cohort.form != "drop_in" and facts.erased is None


def _too_few(cohort: CohortFacts, facts: ClosingFacts) -> str:
    """That a series ends with fewer talks than the guideline says, which is allowed and stands as ended before its time."""
    if not facts.least or facts.sessions >= facts.least:
        return ""
    return ngettext(
        "Riktlinjen %(section)s säger minst %(least)s samtal, och här räknas %(n)s. Det är därför avslutat i förtid.",
        "Riktlinjen %(section)s säger minst %(least)s samtal, och här räknas %(n)s. Det är därför avslutat i förtid.",
        facts.sessions,
        section=cohort.section,
        least=facts.least,
    )


def _tag(cohort: CohortFacts, facts: ClosingFacts) -> Tag | None:
    """When the last session was, once all are over; where all were cancelled none was."""
    if facts.coming or not facts.sessions or not cohort.last_end:
        return None
    return Tag(_("Sista tillfället var %(day)s", day=day_long(local_date(cohort.last_end))), "info", "dot")


def bounds_text(bounds: Bounds) -> str:
    """Why the number of different people can't be any."""
    least, most = bounds.least, bounds.most
    if not most:
        return _("Ingen kom på någon träff, så det kan bara vara 0.")
    first = ngettext("Som mest %(n)s var med på en träff, så det kan inte vara färre.",
                     "Som mest %(n)s var med på en träff, så det kan inte vara färre.", least)  # fmt: skip
    return first + " " + _("Alla träffar ihop är %(n)s, så det kan inte vara fler.", n=most)


def broken_text(bounds: Bounds, broken: Bound) -> tuple[str, str]:
    """Beside which count a bound that is broken is told, and how."""
    if broken == "total":
        return "women", bounds_text(bounds)
    texts = {
        "women": _(
            "Alla träffar ihop har högst %(n)s kvinnor, om alla med annat eller okänt kön räknas med.", n=bounds.women
        ),
        "men": _("Alla träffar ihop har högst %(n)s män, om alla med annat eller okänt kön räknas med.", n=bounds.men),
    }
    return broken, texts[broken]


def _row(
    cohort: CohortFacts,
    facts: ClosingFacts,
    unnoted: Sequence[Unnoted],
    step: Step,
    first: StepKey | str,
    opened: str,
    decides: bool,
) -> StepRow:
    state = "done" if step.done else "next" if step.key == first else ""
    title, text = words(facts, step)
    changeable = step.key in {"ending", "unique"} and step.done and opened != step.key
    return StepRow(
        key=step.key,
        title=title,
        text=text,
        state=state,
        links=tuple(_links(cohort, facts, unnoted, step, decides)) if state == "next" else (),
        open=state == "next" or opened == step.key,
        change=f"/personal/grupper/{cohort.cohort_id}/avsluta?steg={step.key}#{step.key}" if changeable else "",
    )


def _links(cohort: CohortFacts, facts: ClosingFacts, unnoted: Sequence[Unnoted], step: Step, decides: bool) -> list[Link]:
    address = f"/personal/grupper/{cohort.cohort_id}"
    if step.key == "decision":
        return [_to_decision(cohort, facts)] if decides else []
    if step.key == "attendance":
        return _to_attendance(cohort, facts, unnoted)
    if step.key == "evaluation":
        return [Link(_("Till utvärderingen"), f"{address}/utvardering")]
    if step.key == "own_words":
        return [Link(_("Skriv gruppens egna ord"), f"{address}/utvardering")]
    return []


def _to_attendance(cohort: CohortFacts, facts: ClosingFacts, unnoted: Sequence[Unnoted]) -> list[Link]:
    found = [
        Link(capital(numbered(cohort.form, entry.number)), f"/personal/traffar/{entry.session_id}/narvaro")
        for entry in unnoted[:_MOST_LINKS]
    ]
    if found or not facts.coming:
        return found
    if ends_early(facts.state, facts.form):
        early = f"/personal/grupper/{cohort.cohort_id}/avsluta/i-fortid"
        return [Link(_("Ställ in det som är kvar"), early), Link(*_to_sessions(cohort))]
    return [Link(*_to_sessions(cohort))]


def _to_decision(cohort: CohortFacts, facts: ClosingFacts) -> Link:
    if facts.decision == "end":
        text = _("Ställ in det som är kvar") if facts.coming else _("Besluta att gruppen slutar")
        return Link(text, f"/personal/grupper/{cohort.cohort_id}/avsluta/i-fortid")
    return Link(_("Till beslutet om start"), f"/personal/starter/{cohort.cohort_id}/starta")


def _to_sessions(cohort: CohortFacts) -> tuple[str, str]:
    words = {"individual": _("Visa samtalen"), "drop_in": _("Visa tillfällena")}
    return words.get(cohort.form, _("Visa träffarna")), f"/personal/grupper/{cohort.cohort_id}/traffar"


def _last(cohort: CohortFacts, facts: ClosingFacts, all_done: bool) -> StepRow:
    """Closing itself."""
    ready = may_close(facts)
    title = _("Listan raderas") if _has_list(cohort, facts) else _("Avsluta")
    text = (waits(facts) if all_done else "") or _what_closing_does(cohort, facts)
    button = Link(_("Avsluta och radera listan") if _has_list(cohort, facts) else _("Avsluta"),
                  f"/personal/grupper/{cohort.cohort_id}/avsluta/radera")  # fmt: skip
    return StepRow("close", title, text, "next" if all_done else "", (button,) if ready else (), ready, "")


def _what_closing_does(cohort: CohortFacts, facts: ClosingFacts) -> str:
    text = _("Gruppen blir avslutad. Personernas platser och närvaro finns kvar.")
    if cohort.form == "individual":
        text = _("Samtalen blir avslutade. Närvaron finns kvar.")
    if cohort.form == "drop_in":
        text = _("Antalen finns kvar.")
    elif gone := _alone(cohort, facts):
        text = gone.text
    elif cohort.exempt:
        text = _("Du får ett gallringsprotokoll.")
        due = erased_by(cohort.last_end, None)
        if due:
            text += " " + _("Senast %(day)s, även om inget görs.", day=day_plain(local_date(due)))
    return text


def _queue_waits(promised_until: datetime | None) -> str:
    if promised_until is None:
        return _("De som står i kö får först veta att kön är slut. Försök igen om några minuter.")
    return _(
        "Starten som de i kön fick flytta till före andra går inte längre att flytta till. De står kvar till och med "
        "%(until)s, som de har fått veta. Avsluta efter det.",
        until=moment_long(promised_until),
    )


def waits(facts: ClosingFacts) -> str:
    """What closing has to wait for, though everything else is done; empty where nothing."""
    if facts.first_right_until:
        until = moment_long(facts.first_right_until)
        text = _("De som var anmälda får flytta till en annan start före andra till och med %(until)s.", until=until)
        if facts.state != "cancelled" and facts.sessions:
            text = _("De som står i kö får flytta till en annan start före andra till och med %(until)s.", until=until)
        return text + " " + _("Listan behövs tills dess, eller tills alla har flyttat eller lämnat.")
    if facts.waiting and facts.held_until:
        return _("Ett besked får skickas först %(when)s, och listan behövs tills dess. Avsluta efter det.",
                 when=moment_long(facts.held_until))  # fmt: skip
    if facts.waiting:
        return _("Besked är på väg till deltagarna, och listan behövs tills de är framme. Försök igen om några minuter.")
    if facts.queued:
        return _queue_waits(facts.promised_until)
    if facts.reading:
        return _("De som stod i kö ska hinna läsa på Min plats att kön är slut: ett dygn efter beskedet, längst tre dygn. "
                 "Avsluta efter det.")  # fmt: skip
    return ""


def closed_page(
    head: GroupHead, cohort: CohortFacts, facts: ClosingFacts, receipts: Sequence[tuple[str, date]]
) -> ClosedPage:
    """A group that is over, with its receipts (id, day)."""
    title = _("%(group)s är inställd") if cohort.state == "cancelled" else _("%(group)s är avslutad")
    gone = _alone(cohort, facts)
    links = tuple(
        Link(_("Gallringsprotokoll %(day)s", day=day_plain(day)), f"/personal/gallring/{receipt_id}")
        for receipt_id, day in receipts
    )
    title, ended = title % {"group": head.name}, ending_text(facts.ending)
    return ClosedPage(head, title, ended, links, cohort.exempt, gone.text if gone else "")


def confirm_page(
    head: GroupHead, facts: ClosingFacts, cohort: CohortFacts, receipt_id: str, placed: Placed, came: int, calls: int
) -> ConfirmPage:
    """What is about to happen, before the button that can't be undone. `calls`: how many are still to be rung."""
    held = cohort.sessions > 0 and cohort.state != "cancelled"
    people = _how_it_ended(cohort, placed, came) if facts.kind == "names" and held else ""
    what, has_list = _what(cohort, facts, held), cohort.exempt and facts.erased is None
    return ConfirmPage(head, _("Avsluta %(group)s", group=cohort.name), what, has_list, receipt_id, people, calls)


def _how_it_ended(cohort: CohortFacts, placed: Placed, came: int) -> str:
    """As it will stand for each: only what was completed as planned was completed by anybody."""
    never_came, found = placed.confirmed - came, []
    if cohort.ended_how == "completed":
        found.append(ngettext("%(n)s person har gått klart.", "%(n)s personer har gått klart.", came))
        if never_came:
            found.append(ngettext("%(n)s person kom aldrig.", "%(n)s personer kom aldrig.", never_came))
    elif placed.confirmed:
        n = placed.confirmed
        found.append(ngettext("%(n)s person räknas som avbruten, eftersom det inte gick som planerat.",
                              "%(n)s personer räknas som avbrutna, eftersom det inte gick som planerat.", n))  # fmt: skip
    if placed.preliminary:
        found.append(ngettext("%(n)s preliminär plats blev aldrig klar.", "%(n)s preliminära platser blev aldrig klara.",
                              placed.preliminary))  # fmt: skip
    return " ".join(found)
