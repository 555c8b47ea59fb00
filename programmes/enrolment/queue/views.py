"""The queue of a cohort for its staff: its order and history, and for its coordinator changing the order."""

from typing import Any, cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_year, speaking
from programmes.enrolment.queue import order_services as services
from programmes.enrolment.queue import pages, seating_services
from programmes.enrolment.queue.order_services import OrderReason, order_reasons
from programmes.enrolment.together import queries as together_queries
from programmes.people.looks import looking
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, recently_confirmed, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _cohort(request: AnyRequest, cohort_id: int) -> CohortFacts:
    """A cohort with a queue that this person works with. Raises NotFound."""
    cohort = await cohorts.mine(principal(request), local_date(request.app.state.clock.now()), row_id(cohort_id))
    if cohort.form not in {"group", "individual"}:
        raise NotFound
    return cohort


async def _coordinated(request: AnyRequest, cohort_id: int) -> CohortFacts:
    """The same, for its coordinator, before anything of a form is looked at. Raises NotFound, Forbidden."""
    cohort = await _cohort(request, cohort_id)
    if not principal(request).coordinates(cohort.section):
        raise Forbidden
    return cohort


async def _reasons(cohort: CohortFacts) -> tuple[OrderReason, ...]:
    return order_reasons((await catalogue.programme(cohort.programme_id)).age)


async def _show(request: AnyRequest, cohort: CohortFacts, form: Form, status: int = 200) -> Response[Any]:
    who, state = principal(request), request.app.state
    async with looking(who, "queue", state.clock.now()) as look:
        people = await services.in_line(cohort, state.key_folder, look)
    alive = cohort.state in {"open", "postponed", "started"}
    seatable = await seating_services.seatable(cohort.cohort_id, state.clock.now()) if people else None
    view = pages.QueuePage(
        cohort.cohort_id,
        cohort.name,
        cohort.exempt,
        pages.places(
            cohort.cohort_id,
            cohort.section,
            people,
            await together_queries.passed_by(cohort.cohort_id),
            cohort.maximum,
            seatable.people[0] if seatable else None,
        ),
        alive and who.coordinates(cohort.section),
        await services.may_export(cohort, who, state.clock.now()),
        pages.order_choices(await _reasons(cohort)),
        form,
        pages.free_text(seatable.free) if seatable else "",
        moment_year(state.clock.now()),
    )
    return page(request, "enrolment/queue.html", view, status)


@get("/personal/grupper/{cohort_id:int}/ko", guards=[signed_in])
async def queue_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The queue in its order, with every reason."""
    return await _show(request, await _cohort(request, cohort_id), Form())


def _person(form: Form, name: str, message: str) -> UUID | None:
    try:
        return UUID(form.raw(name))
    except ValueError:
        form.fail(name, message)
        return None


@post("/personal/grupper/{cohort_id:int}/ko", guards=[signed_in], status_code=200)
async def change_order(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Let somebody go before another, for a reason from the fixed list. Coordinators only."""
    cohort = await _coordinated(request, cohort_id)
    form = await read_form(request)
    who = _person(form, "vem", _("Välj vem som ska gå före."))
    other = _person(form, "fore", _("Välj vem den ska gå före."))
    reason = cast(OrderReason, form.choice("skal", await _reasons(cohort), _("Välj ett skäl ur listan.")))
    if who and who == other:
        form.fail("fore", _("Välj två olika personer."))
    if who and other and not form.errors:
        now = request.app.state.clock.now()
        if await services.move_before(cohort.cohort_id, who, other, reason, principal(request), now):
            return _back(cohort)
        form.fail("fore", _("Personen står redan före. Välj någon som står längre fram i kön."))
    return await _show(request, cohort, form, 422)


@post("/personal/grupper/{cohort_id:int}/ko/tillbaka", guards=[signed_in], status_code=200)
async def restore(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Put somebody back where they came. Coordinators only."""
    cohort = await _coordinated(request, cohort_id)
    who = _person(await read_form(request), "vem", "")
    if who is None:
        raise NotFound
    await services.restore(cohort.cohort_id, who, principal(request), request.app.state.clock.now())
    return _back(cohort)


@post("/personal/grupper/{cohort_id:int}/ko/ta-plats", guards=[signed_in], status_code=303)
async def seat_next(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The next in the queue takes a place for which it is too late to send an offer, as they said to staff."""
    cohort = await _cohort(request, cohort_id)
    who = _person(await read_form(request), "vem", "")
    if who is None:
        raise NotFound
    programme = await catalogue.programme(cohort.programme_id)
    now = request.app.state.clock.now()
    await seating_services.seat_next(cohort.cohort_id, who, programme, principal(request).staff_id, now)
    where = f"/personal/grupper/{cohort.cohort_id}/deltagare/{who}"
    return Response("", status_code=303, headers={"location": where})


def _back(cohort: CohortFacts) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort.cohort_id}/ko"})


@get("/personal/grupper/{cohort_id:int}/ko.csv", guards=[recently_confirmed])
async def export(request: AnyRequest, cohort_id: FromPath[int]) -> Response[bytes]:
    """The history of the queue, in Swedish whatever the page speaks: it is a record. That it was taken is noted.
    Where people may not be counted it says on which day, and not when."""
    cohort, state = await _cohort(request, cohort_id), request.app.state
    now = state.clock.now()
    async with looking(principal(request), "queue_export", now) as look:
        lines = await services.history(cohort, state.key_folder, look, now)
    counted = not await catalogue.uncounted([cohort.programme_id])
    with speaking("sv"):
        rows = [_row(line, cohort) for line in lines]
        rows = [(pages.mark(cohort.exempt), *(row if counted else pages.only_days(row))) for row in rows]
        name = f"kohistorik-{cohort.cohort_id}-internt-sekretess.csv"
        return csv_file(name, pages.heads(cohort.exempt), rows)


def _row(line: services.Line, cohort: CohortFacts) -> tuple[str, ...]:
    event = line.event
    if isinstance(event, services.NewMaximum):
        return pages.maximum_row(event.at, event.before, event.after, not cohort.exempt, event.by)
    return pages.history_row(
        event.at,
        event.applied_at,
        event.arrival,
        None if cohort.exempt else line.name,
        event.kind,
        event.reason,
        (line.before, line.after),
        line.maximum,
        event.by,
        cohort.section,
    )


HANDLERS = [queue_page, change_order, restore, seat_next, export]
