"""Holding a record back from being erased (gallringsstopp): coordinators on the person's page, managers by a number."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.enrolment.person.views import asked_reason, mine, show_person
from programmes.enrolment.queue import holding_pages as pages
from programmes.enrolment.queue import holding_queries as queries
from programmes.people import hold_services as services
from programmes.people.hold_queries import HOLD_REASONS, HoldReason
from programmes.web.forms import Form, read_form
from programmes.web.guards import require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _read(form: Form, today: date) -> tuple[HoldReason | None, date | None]:
    """Why, and until which day; errors are left in the form."""
    chosen = form.choice("stopp", HOLD_REASONS, _("Välj varför uppgifterna inte får gallras."))
    until = form.day("till") if form.ticked("till") else None
    if until is not None and until < today:
        form.fail("till", _("Dagen har varit. Välj en dag som kommer, eller lämna tomt."))
    return next((reason for reason in HOLD_REASONS if reason == chosen), None), until


def _which(form: Form) -> int:
    """Which hold is lifted. Raises NotFound where the form names none: never one that nobody has pointed at."""
    hold_id = form.number("vilket", 1, 999_999)
    if form.errors:
        raise NotFound
    return hold_id


async def _theirs(request: AnyRequest, cohort_id: int, enrolment_id: UUID) -> tuple[Principal, UUID]:
    """The record of somebody, for who coordinates the programme. Raises NotFound, Forbidden."""
    person, cohort, _programme, facts = await mine(request, cohort_id, enrolment_id)
    if not person.coordinates(cohort.section):
        raise Forbidden
    if facts.participant_id is None:
        raise NotFound
    return person, facts.participant_id


def _back(request: AnyRequest, form: Form, cohort_id: int, enrolment_id: UUID) -> Response[Any]:
    reason = asked_reason(request, form)
    where = f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}{f'?skal={reason}' if reason else ''}#gallring"
    return Response("", status_code=303, headers={"location": where})


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/stopp", guards=[signed_in], status_code=200)
async def hold(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Hold somebody's record back."""
    who, record = await _theirs(request, cohort_id, enrolment_id)
    form, now = await read_form(request), request.app.state.clock.now()
    reason, until = _read(form, local_date(now))
    if reason is None or form.errors:
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    await services.hold(record, reason, until, who.staff_id, now, local_date(now))
    return _back(request, form, cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/stopp/hav", guards=[signed_in], status_code=200)
async def lift(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Lift one of the holds on somebody's record."""
    who, record = await _theirs(request, cohort_id, enrolment_id)
    form = await read_form(request)
    await services.lift(record, _which(form), who.staff_id, request.app.state.clock.now())
    return _back(request, form, cohort_id, enrolment_id)


async def _holds(request: AnyRequest, form: Form, status: int = 200) -> Response[Any]:
    today = local_date(request.app.state.clock.now())
    view = pages.holds_page(await queries.held_records(today), await queries.documented_cohorts(), form)
    return page(request, "enrolment/holds.html", view, status)


@get("/personal/gallring/stopp", guards=[signed_in])
async def holds(request: AnyRequest) -> Response[Any]:
    """What is held back, by number and group, and the form for one more. Nobody is named, and no record is read."""
    require_role(request, "manager")
    return await _holds(request, Form())


async def _by_number(form: Form) -> UUID | None:
    """The record by group and number, as the access log says them; with an error in the form when there is none."""
    group, number = form.number("grupp", 1, 999_999), form.number("nummer", 1, 9_999)
    found = None if form.errors else await queries.record_among(group, number)
    if found is None:
        form.fail("nummer", _("Det finns ingen deltagare med det numret i gruppen, eller så är uppgifterna raderade."))
    return found


@post("/personal/gallring/stopp", guards=[signed_in], status_code=200)
async def hold_by_number(request: AnyRequest) -> Response[Any]:
    """Hold somebody's record back, by their number in a group."""
    who, now = require_role(request, "manager"), request.app.state.clock.now()
    form = await read_form(request)
    record = await _by_number(form)
    reason, until = _read(form, local_date(now))
    if record is None or reason is None or form.errors:
        return await _holds(request, form, 422)
    await services.hold(record, reason, until, who.staff_id, now, local_date(now))
    return Response("", status_code=303, headers={"location": "/personal/gallring/stopp"})


@post("/personal/gallring/stopp/hav", guards=[signed_in], status_code=200)
async def lift_by_number(request: AnyRequest) -> Response[Any]:
    """Lift one of the holds on somebody's record."""
    who = require_role(request, "manager")
    form = await read_form(request)
    record = await _by_number(form)
    if record is None:
        return await _holds(request, form, 422)
    await services.lift(record, _which(form), who.staff_id, request.app.state.clock.now())
    return Response("", status_code=303, headers={"location": "/personal/gallring/stopp"})


HANDLERS = [hold, lift, holds, hold_by_number, lift_by_number]
