"""The cockpit: every start that waits for a decision, and the button that starts one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import decision_queries, year_queries
from programmes.cohorts import queries as cohorts
from programmes.cohorts.rules import Reason, Span, start_is_told
from programmes.cohorts.wording_rules import said
from programmes.cohorts.year_rules import wanted
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.core.sealing import KeyFolder
from programmes.notices import right_queries
from programmes.notices.reach_rules import Reach
from programmes.notices.reach_services import reach_by_state, reach_once
from programmes.notices.right_services import going_first
from programmes.notices.rules import Kind
from programmes.oversight import queries, services
from programmes.oversight.cockpit import file_pages as starts_file_pages
from programmes.oversight.cockpit import pages
from programmes.oversight.cockpit.card_pages import one_card
from programmes.oversight.decisions.kept_pages import fewer_reasons
from programmes.oversight.decisions.start_pages import start_button, start_rows
from programmes.oversight.decisions.undo_services import undoable, why_it_stands
from programmes.oversight.queries import Filter
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, recently_confirmed, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _number(request: AnyRequest, name: str, otherwise: int) -> int:
    typed = request.query_params.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else otherwise


def number_within(form: Form, name: str, span: Span, most: int) -> int:
    """A number as typed. What is none is told the span that holds here; one outside it is for the rules to refuse,
    who say the same span, unless it is beyond `most`."""
    typed = form.raw(name).strip()
    if typed.isascii() and typed.isdigit() and len(typed) <= len(str(most)) and int(typed) <= most:
        return int(typed)
    return form.number(name, span.least, span.most)


def shown_for(form: Form) -> tuple[str, str | None]:
    """How the start stood, and whom it would hit, when the form was shown; None in a form of the release before, which does
    not say whom. They are two fields, so that the release before takes a form of this one."""
    return form.raw("sett"), form.raw("vilka") or None


async def show(request: AnyRequest, refused: tuple[str, ...] = (), status: int = 200) -> Response[Any]:
    """The cockpit. A constant number of statements, however many starts there are."""
    who, now = principal(request), request.app.state.clock.now()
    today = local_date(now)
    year = _number(request, "ar", today.year)
    year = year if year in {today.year, today.year + 1} else today.year
    of_the_year = [p for p in await catalogue.in_force_in(year) if p.form == "group"]
    told = [p for p in of_the_year if who.has("manager") or who.coordinates(p.section)]
    starts = await queries.undecided(who, now)
    undo, undos = await _undo(request), await _undos(request)
    view = pages.cockpit(
        starts,
        await queries.starts_in(year, who, now) if told else [],
        await _offered(told),
        await catalogue.uncounted({start.programme_id for start in starts}),
        who.coordinates,
        today,
        pages.Wanted(
            year,
            _number(request, "sida", 1),
            await _done(request),
            undo,
            tuple(other for other in undos if undo is None or other.cohort_id != undo.cohort_id),
            refused,
            _filter(request),
            _view(request),
            who.staff_id if who.has("manager") else None,
        ),
        await catalogue.ages_asked({start.programme_id for start in starts}),
    )
    return page(request, "oversight/starts.html", view, status)


async def _offered(told: Sequence[Programme]) -> list[pages.Offered]:
    """Programmes with how many starts a year there are to be: the guideline's number, or the office's."""
    if not told:
        return []
    numbers = wanted({p.section: p.starts_per_year_min for p in told}, await year_queries.by_office())
    return [pages.Offered(p.section, p.short_name, numbers[p.section], p.study_visit, p.starts_per_year_min) for p in told]


def _filter(request: AnyRequest) -> Filter:
    """By what the starts are narrowed, as the address says; what nothing has shows nothing."""
    asked = request.query_params
    leader = _number(request, "ledare", 0)
    return Filter(asked.get("insats", "")[:10], leader, asked.get("plats", "")[:200], asked.get("halvar", "")[:6])


def _view(request: AnyRequest) -> str:
    """How the starts are to stand, if the address says so."""
    asked = request.query_params.get("vy", "")
    return asked if asked in {"lista", "kort"} else ""


async def _done(request: AnyRequest) -> str:
    """What was decided on the page before, if it is about a group that the asker may see, and so it is."""
    cohort, what = await _asked_about(request), request.query_params.get("klart", "")
    if cohort is None:
        return ""
    state = request.app.state
    newest, history = await decision_queries.newest(cohort.cohort_id), await decision_queries.history(cohort.cohort_id)
    if not pages.happened(what, newest, history, local_date(state.clock.now())):
        return ""
    kind, tells = pages.TELLS.get(what), newest is None or await _told(cohort.cohort_id, newest)
    hear = await _hear(cohort.cohort_id, kind if tells else None, state.key_folder, state.clock.now())
    undo = await undoable(cohort.cohort_id, state.clock.now()) if hear.ring else None
    back = pages.taken_back(newest, history, tells, state.clock.now())
    return pages.done_text(what, cohort.name, hear, tells, undo.undone_until if undo else None, back)


async def _hear(cohort_id: int, kind: Kind | None, keys: KeyFolder, now: datetime) -> Reach:
    """How many people hear of a decision, by the rules that tell them: also who can't go first to that start any more."""
    if kind is None:
        return Reach()
    return await reach_once(cohort_id, [kind], await right_queries.hear_of(cohort_id, now), keys)


async def _told(cohort_id: int, found: decision_queries.Decided) -> bool:
    """Whether people are told of a decision, by the same rule as when it was made. Of what is only planned nobody knows, and
    who comes to an open meeting place is not known."""
    cohort = await cohorts.by_id(cohort_id)
    if found.decision == "start":
        return start_is_told(cohort.sessions, await cohorts.begun(cohort_id, found.decided_at))
    return found.state_before != "planned" and cohort.form != "drop_in"


async def _asked_about(request: AnyRequest) -> cohorts.CohortFacts | None:
    """The group that the address says something was decided about, if the asker works with it."""
    what, cohort_id = request.query_params.get("klart", ""), _number(request, "grupp", 0)
    if not pages.done_text(what, "", Reach()) or not cohort_id:
        return None
    try:
        return await cohorts.mine(principal(request), local_date(request.app.state.clock.now()), cohort_id)
    except NotFound:
        return None


async def _undo(request: AnyRequest) -> pages.Undo | None:
    """The decision of the page before, if it is the asker's to take back and still can be, or why not."""
    cohort = await _asked_about(request)
    said = request.query_params.get("klart", "") in pages.TELLS
    return await undo_for(request, cohort.cohort_id, cohort.name, cohort.section) if cohort and said else None


async def _undos(request: AnyRequest) -> list[pages.Undo]:
    """What was decided in the last minutes, by whomever and wherever, and can be taken back: a few statements for each."""
    who, now = principal(request), request.app.state.clock.now()
    found = []
    for cohort_id in await decision_queries.recent(who, now):
        cohort = await cohorts.by_id(cohort_id)
        undo = await undo_for(request, cohort_id, cohort.name, cohort.section)
        found += [undo] if undo and undo.decision_id else []
    return found


async def undo_for(request: AnyRequest, cohort_id: int, name: str, section: str) -> pages.Undo | None:
    """The newest decision about a start, if it is the asker's to take back and still can be, or why not."""
    found = await undoable(cohort_id, request.app.state.clock.now()) if principal(request).coordinates(section) else None
    if found is None or found.undone_until is None:
        return None
    why = " ".join(said(reason) for reason in await why_it_stands(cohort_id, found))
    return pages.undo_of(cohort_id, name, found, found.undone_until, why, await _told(cohort_id, found))


def to_cockpit(what: str, cohort_id: int) -> Response[Any]:
    """Back to the cockpit, where it says what was done."""
    return Response("", status_code=303, headers={"location": f"/personal/starter?klart={what}&grupp={cohort_id}"})


@get("/personal/starter", guards=[signed_in])
async def cockpit(request: AnyRequest) -> Response[Any]:
    """Coordinators see the starts of their programmes, leaders their own without buttons."""
    return await show(request)


@get("/personal/starter.csv", guards=[recently_confirmed])
async def starts_file(request: AnyRequest) -> Response[bytes]:
    """The starts that wait for a decision, narrowed and in order as on the page, in Swedish. Each line says that it stays in
    the house."""
    chosen = _filter(request)
    now = request.app.state.clock.now()
    found = [one for one in await queries.undecided(principal(request), now) if chosen.holds(one)]
    uncounted = await catalogue.uncounted({one.programme_id for one in found})
    with speaking("sv"):
        rows = starts_file_pages.rows(found, uncounted, local_date(now))
        return csv_file("starter-internt-sekretess.csv", starts_file_pages.heads(), rows)


@post("/personal/starter/{cohort_id:int}/starta", guards=[signed_in], status_code=200)
async def start(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Start a cohort, or say every reason why it cannot."""
    form = await read_form(request)
    now = request.app.state.clock.now()
    fewer, (shown, people) = form.ticked("farre"), shown_for(form)
    if not shown:
        form.fail("lage", _("Läs hur det står till och vad som händer, och tryck sedan en gång till."))
        return await _show_decide(request, cohort_id, 422, form)
    try:
        reasons = await services.start(row_id(cohort_id), fewer, shown, principal(request), now, people, form.raw("skal"))
    except Conflict as error:
        if error.code != services.PEOPLE_CHANGED:
            raise
        return await _show_decide(request, cohort_id, 409, form)
    if not reasons:
        return to_cockpit("startad", cohort_id)
    # Beside what mends it, also of a form of the release before, which has fewer fields.
    form.fail_all(
        ("farre" if reason.code == "below_own" else reason.beside or "lage", said(reason)) for reason in _to_mend(reasons)
    )
    return await _show_decide(request, cohort_id, 422, form)


def _to_mend(reasons: Sequence[Reason]) -> list[Reason]:
    """Without the office's own minimum, which the page tells anyway and nobody can correct, unless nothing else is wrong."""
    return [reason for reason in reasons if reason.code != "below_own"] or list(reasons)


@get("/personal/starter/{cohort_id:int}/starta", guards=[signed_in])
async def decide(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """One start with its decision: what it means to whom, and the button. It is never one tap away."""
    return await _show_decide(request, cohort_id)


async def _show_decide(request: AnyRequest, cohort_id: int, status: int = 200, form: Form | None = None) -> Response[Any]:
    """409: it hits others than were shown before. 422: what the form lacks stands in it."""
    who, now = principal(request), request.app.state.clock.now()
    today = local_date(now)
    cohort = await cohorts.mine(who, today, row_id(cohort_id))
    if not who.coordinates(cohort.section):
        raise Forbidden
    found = [s for s in await queries.undecided(who, now) if s.cohort_id == cohort_id]
    if not found:
        # Decided already, or nothing that is decided upon (a series): the group's page says how it stands.
        return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}"})
    age = (await catalogue.programme(cohort.programme_id)).age_asked
    tells = start_is_told(found[0].sessions, found[0].begun)
    reached = await reach_by_state(cohort_id, "cohort_started", request.app.state.key_folder) if tells else {}
    card = one_card(found[0], today, age)
    everybody = sum(reached.values(), start=Reach())
    button = start_button(card.choice == "fewer", everybody)
    hint = pages.undo_hint(await decision_queries.undone_until_if_now(cohort_id, now), told=tells, ring=everybody.ring > 0)
    reasons = fewer_reasons() if card.choice == "fewer" else ()
    rows = start_rows(card.start, reached, begun_entry=found[0].entry_over,
                      right=await going_first(cohort_id, request.app.state.key_folder, now))  # fmt: skip
    view = pages.DecidePage(card, rows, button, hint, form or Form(), status == 409, reasons)
    return page(request, "oversight/decide.html", view, status)


HANDLERS = [cockpit, starts_file, start, decide]
