"""The sessions of a cohort: the list, moving one, cancelling one. Leaders of the cohort and its coordinators."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import pages, queries, schedule_queries, services, session_services, talk_services
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import at_local, local, local_date
from programmes.core.i18n import gettext as _
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _now(request: AnyRequest) -> datetime:
    now: datetime = request.app.state.clock.now()
    return now


async def _group(request: AnyRequest, cohort: CohortFacts) -> pages.Group:
    return pages.Group(
        cohort.cohort_id,
        cohort.name,
        cohort.form,
        cohort.state,
        cohort.exempt,
        principal(request).coordinates(cohort.section),
        (await catalogue.programme(cohort.programme_id)).study_visit,
        cohort.every_weeks,
        cohort.ended_how is not None,
    )


def _session(session: SessionFacts) -> pages.Session:
    return pages.Session(
        session.session_id,
        session.number,
        session.starts_at,
        session.ends_at,
        session.was_at,
        session.venue,
        session.theme,
        session.state,
        session.added,
        session.sequence,
    )


def _to_sessions(cohort_id: int, done: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/traffar?klart={done}"})


@get("/personal/grupper/{cohort_id:int}/traffar", guards=[signed_in])
async def sessions_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Every session of a cohort, with the ways to change those that are to come."""
    now = _now(request)
    cohort = await queries.mine(principal(request), local_date(now), row_id(cohort_id))
    sessions = [_session(session) for session in await queries.sessions(cohort.cohort_id)]
    talks = await talk_services.counted(cohort) if cohort.form == "individual" else None
    view = pages.sessions_page(await _group(request, cohort), sessions, now, request.query_params.get("klart", ""), talks)
    return page(request, "cohorts/sessions.html", {"view": view, "refused": ()})


@post("/personal/grupper/{cohort_id:int}/oppna", guards=[signed_in], status_code=200)
async def announce(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Open a planned cohort for enrolment."""
    now = _now(request)
    reasons = await services.announce(row_id(cohort_id), principal(request), now)
    if not reasons:
        return _to_sessions(cohort_id, "oppnad")
    cohort = await queries.mine(principal(request), local_date(now), cohort_id)
    sessions = [_session(session) for session in await queries.sessions(cohort_id)]
    view = pages.sessions_page(await _group(request, cohort), sessions, now, "")
    return page(
        request,
        "cohorts/sessions.html",
        {"view": view, "refused": [t for _f, t in pages.reasons(reasons, cohort.form)]},
        422,
    )


async def _mine(request: AnyRequest, session_id: int) -> tuple[CohortFacts, SessionFacts]:
    return await queries.my_session(principal(request), local_date(_now(request)), row_id(session_id))


def _why_fixed(cohort: CohortFacts, session: SessionFacts) -> tuple[str, ...]:
    """Why nothing about a session can be changed any more."""
    return tuple(text for _field, text in pages.reasons(session_services.why_fixed(cohort, session), cohort.form))


async def _ages(cohort: CohortFacts, session: SessionFacts) -> str:
    age = (await catalogue.programme(cohort.programme_id)).age_asked
    return pages.ages_note(age, first=session.starts_at == cohort.first_start)


async def _show_move(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, form: Form, status: int = 200
) -> Response[Any]:
    group = await _group(request, cohort)
    title, lead = pages.head(group, _session(session))
    starts, ends = local(session.starts_at), local(session.ends_at)
    stored = {
        "dag": starts.date().isoformat(),
        "fran": f"{starts:%H:%M}",
        "till": f"{ends:%H:%M}",
        "lokal": str(session.venue_id),
    }
    view = pages.ChangePage(
        group,
        session.session_id,
        session.sequence,
        title,
        lead,
        _why_fixed(cohort, session),
        form,
        pages.told(group, cancelled=False, added=""),
        tuple((v.venue_id, f"{v.name}, {v.address}") for v in await schedule_queries.venues()),
        ask_anyway="anda" in form.errors or form.ticked("anda"),
        ages=await _ages(cohort, session),
        values=tuple((name, form.raw(name) if form.values else value) for name, value in stored.items()),
    )
    return page(request, "cohorts/move.html", view, status)


@get("/personal/traffar/{session_id:int}/flytta", guards=[signed_in])
async def move_page(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """The form to move a session, filled with where it is."""
    cohort, session = await _mine(request, session_id)
    return await _show_move(request, cohort, session, Form())


@post("/personal/traffar/{session_id:int}/flytta", guards=[signed_in], status_code=200)
async def move(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Move it, or say beside each field why not."""
    cohort, session = await _mine(request, session_id)
    form = await read_form(request)
    day, begins, ends = form.day("dag"), form.clock_time("fran"), form.clock_time("till")
    venue_id = form.choice("lokal", [str(v.venue_id) for v in await schedule_queries.venues()], _("Välj en lokal."))
    if begins and ends and ends <= begins:
        form.fail("till", _("Sluttiden måste vara efter starttiden."))
    if form.errors or day is None or begins is None or ends is None:
        return await _show_move(request, cohort, session, form, 422)
    refused = await session_services.move_session(
        session.session_id,
        at_local(day, begins),
        at_local(day, ends),
        int(venue_id),
        principal(request),
        _now(request),
        meant=form.ticked("anda"),
        seen=_seen(form),
    )
    for field, text in pages.reasons(refused, cohort.form):
        form.fail(field or "dag", text)
    if refused:
        return await _show_move(request, cohort, session, form, 422)
    return _to_sessions(cohort.cohort_id, "flyttad")


def _seen(form: Form) -> int:
    """The sequence of the session that the form was shown for; -1, which none has, if it was tampered with."""
    typed = form.raw("sedd")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1


async def _show_cancel(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, form: Form, status: int = 200
) -> Response[Any]:
    group = await _group(request, cohort)
    title, lead = pages.head(group, _session(session))
    added = "" if cohort.form == "drop_in" else pages.slot_text(await session_services.slot_at_end(cohort))
    view = pages.ChangePage(
        group,
        session.session_id,
        session.sequence,
        title,
        lead,
        _why_fixed(cohort, session),
        form,
        pages.told(group, cancelled=True, added=""),
        added=added,
        ages=await _ages(cohort, session),
        values=(("sedan", form.raw("sedan") or ("till" if added and not cohort.one_at_a_time else "inte")),),
    )
    return page(request, "cohorts/cancel.html", view, status)


@get("/personal/traffar/{session_id:int}/stall-in", guards=[signed_in])
async def cancel_page(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """What happens when a session is cancelled, and whether one is added at the end."""
    cohort, session = await _mine(request, session_id)
    return await _show_cancel(request, cohort, session, Form())


@post("/personal/traffar/{session_id:int}/stall-in", guards=[signed_in], status_code=200)
async def cancel(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Cancel it."""
    cohort, session = await _mine(request, session_id)
    form = await read_form(request)
    then = "inte" if cohort.form == "drop_in" else form.choice("sedan", ["till", "inte"])
    if form.errors:
        return await _show_cancel(request, cohort, session, form, 422)
    refused = await session_services.cancel_session(
        session.session_id, then == "till", principal(request), _now(request), seen=_seen(form)
    )
    for field, text in pages.reasons(refused, cohort.form):
        form.fail(field or "sedan", text)
    if refused:
        return await _show_cancel(request, cohort, session, form, 422)
    return _to_sessions(cohort.cohort_id, "ersatt" if then == "till" else "installd")


HANDLERS = [sessions_page, announce, move_page, move, cancel_page, cancel]
