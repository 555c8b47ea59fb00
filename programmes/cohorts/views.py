"""The sessions of a cohort. Leaders of the cohort and its coordinators; what changes them is in `desk`."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import change_services, closure_services, pages, queries, services, talk_services, visit_queries
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import local_date
from programmes.core.i18n import speaking
from programmes.web.csv_files import csv_file
from programmes.web.guards import principal, recently_confirmed, row_id, signed_in
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
        await visit_queries.has_visits(cohort, (await catalogue.programme(cohort.programme_id)).study_visit),
        cohort.every_weeks,
        cohort.ended_how is not None,
        cohort.only_to_close,
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
        session.slot,
        session.is_changed,
        session.venue_id,
        session.makes_up_for,
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
    undo = await change_services.undoable(cohort.cohort_id, principal(request), now) is not None
    done = request.query_params.get("klart", "")
    closures = await closure_services.closures(local_date(now))
    view = pages.sessions_page(await _group(request, cohort), sessions, now, done, talks, undo, closures)
    return page(request, "cohorts/sessions.html", {"view": view, "refused": ()})


@get("/personal/grupper/{cohort_id:int}/traffar.csv", guards=[recently_confirmed])
async def sessions_file(request: AnyRequest, cohort_id: FromPath[int]) -> Response[bytes]:
    """The same list to take home, in Swedish. Each line says that it stays in the house."""
    now = _now(request)
    cohort = await queries.mine(principal(request), local_date(now), row_id(cohort_id))
    sessions = [_session(session) for session in await queries.sessions(cohort.cohort_id)]
    group, closures = await _group(request, cohort), await closure_services.closures(local_date(now))
    with speaking("sv"):
        name = f"traffar-{cohort.cohort_id}-internt-sekretess.csv"
        return csv_file(name, pages.heads(), pages.rows(group, sessions, now, closures))


@post("/personal/grupper/{cohort_id:int}/oppna", guards=[signed_in], status_code=200)
async def announce(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Open a planned cohort for enrolment."""
    now = _now(request)
    reasons = await services.announce(row_id(cohort_id), principal(request), now)
    if not reasons:
        return _to_sessions(cohort_id, "oppnad")
    cohort = await queries.mine(principal(request), local_date(now), cohort_id)
    sessions = [_session(session) for session in await queries.sessions(cohort_id)]
    closures = await closure_services.closures(local_date(now))
    view = pages.sessions_page(await _group(request, cohort), sessions, now, "", closures=closures)
    return page(
        request,
        "cohorts/sessions.html",
        {"view": view, "refused": [t for _f, t in pages.reasons(reasons, cohort.form)]},
        422,
    )


HANDLERS = [sessions_page, sessions_file, announce]
