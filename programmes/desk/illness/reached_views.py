"""Who has heard of a changed session; an urgent call to one of them, and what came of it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.cohorts.change_queries import changed_by
from programmes.cohorts.change_services import undoable
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.desk.illness import reached_pages as pages
from programmes.desk.illness import reached_services as services
from programmes.people.looks import looking
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _mine(request: AnyRequest, session_id: int) -> tuple[CohortFacts, SessionFacts]:
    """Raises NotFound, also of what was added for a session that takes place after all: it is none to anybody."""
    found = await cohorts.my_session(principal(request), local_date(request.app.state.clock.now()), row_id(session_id))
    if await cohorts.is_undone_addition(session_id):
        raise NotFound
    return found


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


async def _show(request: AnyRequest, session_id: int, shown: dict[UUID, str], done: str = "") -> Response[Any]:
    state, who = request.app.state, principal(request)
    now = state.clock.now()
    cohort, session = await _mine(request, session_id)
    if session.state not in {"cancelled", "moved"}:
        return _to(f"/personal/grupper/{cohort.cohort_id}/traffar")
    async with looking(who, "ring", now) as look:
        people = await services.people(cohort, session, state.key_folder, look, now)
    change = await undoable(cohort.cohort_id, who, now) if session.state == "cancelled" and session.starts_at > now else None
    # What is undone is the last change. It may have been another session's.
    if change and not await changed_by(change.change_id, session.session_id):
        change = None
    until = change.until if change and change.kind in {"cancel", "replace"} else None
    together = await services.changed_together(session, state.key_folder, who, now)
    view = pages.reached_page(cohort, session, people, now, shown, done, until, together)
    return page(request, "desk/reached.html", view)


@get("/personal/traffar/{session_id:int}/besked", guards=[signed_in])
async def reached(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Each of those who have a place: whether they have heard that it is cancelled or moved."""
    return await _show(request, session_id, {}, request.query_params.get("klart", ""))


@get("/personal/traffar/{session_id:int}/besked/nu", guards=[signed_in])
async def reached_now(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """The signs alone, by which the page in front of somebody is kept true. It names no one."""
    state = request.app.state
    cohort, session = await _mine(request, session_id)
    now = state.clock.now()
    people = await services.people(cohort, session, state.key_folder, None, now)
    together = await services.changed_together(session, state.key_folder, principal(request), now)
    return page(request, "desk/reached_now.html", pages.now_page(cohort, session, people, now, together))


@post("/personal/traffar/{session_id:int}/besked", guards=[signed_in], status_code=303)
async def called(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Somebody was rung: reached or not."""
    form, state = await read_form(request), request.app.state
    try:
        enrolment_id, notice_id = UUID(form.raw("vem")), UUID(form.raw("besked"))
        told_with = frozenset(UUID(number) for number in form.all("med")[:100])
    except ValueError as error:
        raise NotFound from error
    answer = form.raw("svar")
    if answer not in {"nadd", "inte"}:
        raise NotFound
    await services.called(
        row_id(session_id),
        enrolment_id,
        notice_id,
        answer == "nadd",
        state.key_folder,
        principal(request),
        state.clock.now(),
        told_with,
        form.raw("sett"),
    )
    return _to(f"/personal/traffar/{session_id}/besked?klart={answer}")


@post("/personal/traffar/{session_id:int}/besked/kontakt", guards=[signed_in], status_code=200)
async def reveal(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Show one channel once, for a call about this; the look is noted."""
    form, state = await read_form(request), request.app.state
    try:
        enrolment_id = UUID(form.raw("vem"))
    except ValueError as error:
        raise NotFound from error
    found = await services.reveal(row_id(session_id), enrolment_id, state.key_folder, principal(request), state.clock.now())
    return await _show(request, session_id, {enrolment_id: found})


HANDLERS = [reached, reached_now, called, reveal]
