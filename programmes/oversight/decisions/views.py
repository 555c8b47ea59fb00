"""Postponing and cancelling a start, and changing its places. Coordinators of the programme only."""

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import year_queries
from programmes.cohorts.decision_queries import undone_until_if_now
from programmes.cohorts.rules import UNDECIDED, Reason, decided_by, places_span, why_not_postpone
from programmes.cohorts.wording_rules import said
from programmes.cohorts.year_rules import wanted
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden
from programmes.core.i18n import gettext as _
from programmes.enrolment.queries import places
from programmes.notices import right_services
from programmes.notices.reach_services import reach_by_state
from programmes.oversight import queries, services
from programmes.oversight.cockpit.pages import not_taken_back, undo_hint
from programmes.oversight.cockpit.views import number_within, show, shown_for, to_cockpit
from programmes.oversight.decisions import pages, undo_services
from programmes.oversight.per_year.pages import year_of
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _facts(request: AnyRequest, cohort_id: int, states: Set[str]) -> queries.Start:
    """The start with its places, for its coordinator.

    Raises:
        NotFound, Forbidden: not theirs.
        Conflict: it is decided already.
    """
    who, now = principal(request), request.app.state.clock.now()
    cohort = await cohorts.mine(who, local_date(now), row_id(cohort_id))
    if not who.coordinates(cohort.section):
        raise Forbidden
    if cohort.state not in states:
        raise Conflict("cohort_changed")
    programme = await catalogue.programme(cohort.programme_id)
    taken = (await places([cohort_id], now))[cohort_id]
    begun = await cohorts.begun(cohort_id, now)
    return queries.Start(
        cohort_id,
        cohort.programme_id,
        cohort.name,
        cohort.section,
        cohort.form,
        cohort.exempt,
        cohort.state,
        cohort.minimum,
        cohort.maximum,
        programme.participants_min,
        cohort.decide_by,
        cohort.first_start,
        cohort.sessions,
        taken.confirmed,
        taken.preliminary,
        taken.offered,
        taken.queued,
        venue=cohort.venue,
        begun=begun,
        entry_over=cohort.sessions > 0 and begun >= min(cohort.last_entry_session, cohort.sessions),
        last_end=cohort.last_end,
        noted=await cohorts.held(cohort_id),
        kept=taken.kept,
    )


async def _year(request: AnyRequest, facts: queries.Start) -> pages.Asked | None:
    """The year of the start's programme, where the guideline or the office asks for a number of starts."""
    if facts.first_start is None:
        return None
    year = local_date(facts.first_start).year
    by_guideline = {p.section: p.starts_per_year_min for p in await catalogue.in_force_in(year)}
    required = wanted(by_guideline, await year_queries.by_office()).get(facts.section)
    if required is None:
        return None
    found = await queries.starts_in(year, principal(request), request.app.state.clock.now())
    return pages.Asked(year_of(facts.section, required, found), by_guideline[facts.section])


async def _others(request: AnyRequest, facts: queries.Start) -> list[pages.Other]:
    """The programme's other starts that one can still apply to, with their places."""
    now: datetime = request.app.state.clock.now()
    found = {
        cohort.cohort_id: (local_date(cohort.first_start), cohort.maximum)
        for cohort in await cohorts.upcoming()
        if cohort.section == facts.section and cohort.cohort_id != facts.cohort_id
        if cohort.first_start and local_date(cohort.first_start) > local_date(now)
    }
    taken = await places(found, now)
    return [
        pages.Other(day, taken[i].free(most), taken[i].queued, taken[i].someone_waits) for i, (day, most) in found.items()
    ]


async def _hint(request: AnyRequest, facts: queries.Start, ring: int) -> str:
    until = await undone_until_if_now(facts.cohort_id, request.app.state.clock.now())
    return undo_hint(until, facts.form != "drop_in", ring > 0)


async def _show_cancel(
    request: AnyRequest, facts: queries.Start, form: Form, status: int = 200, others_now: bool = False
) -> Response[Any]:
    reached = await reach_by_state(facts.cohort_id, "cohort_cancelled", request.app.state.key_folder)
    now, cohort = request.app.state.clock.now(), await cohorts.by_id(facts.cohort_id)
    told = await right_services.if_cancelled(cohort, ["cohort_cancelled"], request.app.state.key_folder, now)
    year, others = await _year(request, facts), await _others(request, facts)
    hint = await _hint(request, facts, told.everybody.ring)
    view = pages.cancel_page(facts, year, others, form, form.raw("skal"), reached, told, hint)
    view = replace(view, others_now=others_now)
    return page(request, "oversight/cancel.html", view, status)


def _show_held(request: AnyRequest, facts: queries.Start, reason: Reason, template: str, status: int) -> Response[Any]:
    """That it can't be done, before anybody fills in a form about it."""
    return page(request, template, pages.held_page(facts, reason, Form()), status)


async def _held_not_to_cancel(request: AnyRequest, facts: queries.Start, status: int) -> Response[Any] | None:
    found = await services.why_not_cancel(facts.cohort_id, facts.form)
    return _show_held(request, facts, found[0], "oversight/cancel.html", status) if found else None


def _held_not_to_postpone(request: AnyRequest, facts: queries.Start, status: int) -> Response[Any] | None:
    if not facts.noted:
        return None
    reason = Reason("already_held", params={"n": facts.noted})
    return _show_held(request, facts, reason, "oversight/postpone.html", status)


@get("/personal/starter/{cohort_id:int}/stall-in", guards=[signed_in])
async def cancel_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What happens to whom if the start is cancelled."""
    facts = await _facts(request, cohort_id, UNDECIDED)
    return await _held_not_to_cancel(request, facts, 200) or await _show_cancel(request, facts, Form())


@post("/personal/starter/{cohort_id:int}/stall-in", guards=[signed_in], status_code=200)
async def cancel(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Cancel it, for a reason from the fixed list."""
    facts = await _facts(request, cohort_id, UNDECIDED)
    form = await read_form(request)
    if held := await _held_not_to_cancel(request, facts, 422):
        return held
    reason = form.choice("skal", services.REASONS, _("Välj varför starten ställs in."))
    if form.errors:
        return await _show_cancel(request, facts, form, 422)
    who, now = principal(request), request.app.state.clock.now()
    shown, people = shown_for(form)
    try:
        refused = await services.cancel(facts.cohort_id, reason, shown, who, now, people)
    except Conflict as error:
        if error.code != services.PEOPLE_CHANGED:
            raise
        return await _show_cancel(request, await _facts(request, cohort_id, UNDECIDED), form, 409, others_now=True)
    _say(form, refused)
    if refused:
        return await _show_cancel(request, facts, form, 422)
    return to_cockpit("installd", facts.cohort_id)


async def _show_postpone(
    request: AnyRequest,
    facts: queries.Start,
    form: Form,
    first: date,
    status: int = 200,
    look_again: bool = False,
    others_now: bool = False,
) -> Response[Any]:
    again = await services.plan_again(facts.cohort_id, first, principal(request), request.app.state.clock.now())
    decide_by = form.raw("beslut") if form.values else decided_by(first).isoformat()
    typed = form.raw("start") if form.values else first.isoformat()
    reached = await reach_by_state(facts.cohort_id, "cohort_postponed", request.app.state.key_folder)
    year = await _year(request, facts)
    right = await right_services.going_first(facts.cohort_id, request.app.state.key_folder, request.app.state.clock.now())
    view = pages.postpone_page(facts, again, decide_by, typed, year, form, form.raw("skal"), reached, right, look_again)
    ring = sum(reach.ring for reach in reached.values())
    view = replace(view, hint=await _hint(request, facts, ring), others_now=others_now)
    return page(request, "oversight/postpone.html", view, status)


def _three_weeks_later(facts: queries.Start, today: date) -> date:
    first = local_date(facts.first_start) if facts.first_start else today
    later = first + timedelta(weeks=3)
    while decided_by(later) <= today:
        later += timedelta(weeks=1)
    return later


@get("/personal/starter/{cohort_id:int}/skjut-upp", guards=[signed_in])
async def postpone_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Another first day, three weeks later to begin with, and what that means to whom."""
    facts = await _facts(request, cohort_id, UNDECIDED)
    if held := _held_not_to_postpone(request, facts, 200):
        return held
    return await _show_postpone(request, facts, Form(), _three_weeks_later(facts, local_date(request.app.state.clock.now())))


@post("/personal/starter/{cohort_id:int}/skjut-upp", guards=[signed_in], status_code=200)
async def postpone(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Show the days again, or save them if they are the days that were seen."""
    facts = await _facts(request, cohort_id, UNDECIDED)
    form = await read_form(request)
    if held := _held_not_to_postpone(request, facts, 422):
        return held
    who, now = principal(request), request.app.state.clock.now()
    fallback = _three_weeks_later(facts, local_date(now))
    first, decide_by = form.day("start"), form.day("beslut")
    if form.ticked("visa"):
        if first and decide_by:
            again = await services.plan_again(facts.cohort_id, first, who, now)
            _say(form, _why_not(facts, first, decide_by, again, now))
        return await _show_postpone(request, facts, form, first or fallback, 422 if form.errors else 200)
    reason = form.choice("skal", services.REASONS, _("Välj varför starten skjuts upp."))
    if form.errors or first is None or decide_by is None:
        return await _show_postpone(request, facts, form, first or fallback, 422)
    again = await services.plan_again(facts.cohort_id, first, who, now)
    if again.digest != form.raw("dagar"):
        # What is shown to be looked at is judged already: nobody is to read days that can't be.
        _say(form, _why_not(facts, first, decide_by, again, now))
        return await _show_postpone(request, facts, form, first, 422, look_again=True)
    return await _postpone_as_shown(request, facts, form, first, decide_by, reason)


async def _postpone_as_shown(
    request: AnyRequest, facts: queries.Start, form: Form, first: date, decide_by: date, reason: str
) -> Response[Any]:
    """Save them; whom it hits, and the days, were shown."""
    who, now, seen = principal(request), request.app.state.clock.now(), form.raw("dagar")
    shown, people = shown_for(form)
    meant = form.raw("anda") == seen
    try:
        refused = await services.postpone(
            facts.cohort_id, first, decide_by, reason, shown, seen, who, now, people, meant=meant
        )
    except Conflict as error:
        if error.code != services.PEOPLE_CHANGED:
            raise
        facts = await _facts(request, facts.cohort_id, UNDECIDED)
        return await _show_postpone(request, facts, form, first, 409, others_now=True)
    _say(form, refused)
    if refused:
        return await _show_postpone(request, facts, form, first, 422)
    return to_cockpit("uppskjuten", facts.cohort_id)


def _why_not(facts: queries.Start, first: date, decide_by: date, again: services.Again, now: datetime) -> list[Reason]:
    return why_not_postpone(facts.state, facts.first_start, first, decide_by, again.schedule, now)


def _say(form: Form, refused: Sequence[Reason]) -> None:
    """Every reason beside its field."""
    form.fail_all((field or "start", text) for field, text in pages.sentences(refused))


@post("/personal/starter/{cohort_id:int}/angra", guards=[signed_in], status_code=303)
async def undo(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Take back the decision that was just made, or say why not."""
    form = await read_form(request)
    typed = form.raw("beslut")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    who, now = principal(request), request.app.state.clock.now()
    refused = await undo_services.undo(row_id(cohort_id), number, who, now)
    if refused:
        name = (await cohorts.mine(who, local_date(now), cohort_id)).name
        return await show(request, (not_taken_back(name), *(said(reason) for reason in refused)), 409)
    return to_cockpit("angrad", cohort_id)


async def _show_limits(
    request: AnyRequest, facts: queries.Start, form: Form, status: int = 200, strands: str = ""
) -> Response[Any]:
    programme = await catalogue.programme((await cohorts.by_id(facts.cohort_id)).programme_id)
    span = places_span(programme)
    stored = {"min": str(facts.minimum), "max": str(facts.maximum)}
    values = {name: form.raw(name) if form.values else value for name, value in stored.items()}
    values["anda"] = strands
    view = pages.limits_page(facts, span.least, span.most, bool(span.section), form, values)
    return page(request, "oversight/limits.html", view, status)


def _meant(form: Form) -> int:
    """How many who wait together the coordinator has read will be left without a way to a place; 0 when not ticked."""
    said = form.raw("anda")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 0


@get("/personal/starter/{cohort_id:int}/platser", guards=[signed_in])
async def limits_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The least and most number of places."""
    return await _show_limits(request, await _facts(request, cohort_id, UNDECIDED | {"started"}), Form())


@post("/personal/starter/{cohort_id:int}/platser", guards=[signed_in], status_code=200)
async def limits(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Change them, never past the guideline and never below those who hold a place."""
    facts = await _facts(request, cohort_id, UNDECIDED | {"started"})
    form = await read_form(request)
    span = places_span(await catalogue.programme(facts.programme_id))
    least, most = number_within(form, "min", span, 200), number_within(form, "max", span, 200)
    strands = ""
    if not form.errors:
        refused = await services.change_limits(
            facts.cohort_id,
            least,
            most,
            principal(request),
            request.app.state.clock.now(),
            form.raw("sett"),
            _meant(form),
        )
        strands = next((str(reason.params["n"]) for reason in refused if reason.code == "strands"), "")
        form.fail_all(pages.sentences(refused))
    if form.errors:
        return await _show_limits(request, facts, form, 422, strands)
    return to_cockpit("platser", facts.cohort_id)


HANDLERS = [undo, cancel_page, cancel, postpone_page, postpone, limits_page, limits]
