"""Staff move somebody to another start of the same programme: choose it, see what will happen, do it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.cohorts.meant_rules import not_meant, signs
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.desk.group import transfer_pages as pages
from programmes.desk.group import transfer_services as services
from programmes.enrolment import queries as enrolments
from programmes.enrolment.queue import order_queries
from programmes.enrolment.roster import label_of
from programmes.enrolment.services import not_open
from programmes.enrolment.waiting_rules import Leads
from programmes.notices.reach_rules import Way
from programmes.notices.reach_services import way
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_OVER = {"withdrawn", "declined", "expired", "completed", "dropped_out", "transferred", "refused"}


async def _person(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID
) -> tuple[CohortFacts, enrolments.EnrolmentFacts, str]:
    """Somebody of a cohort that this member of staff works with, and what they are called. Raises NotFound, Conflict."""
    who, now = principal(request), request.app.state.clock.now()
    cohort = await cohorts.mine(who, local_date(now), row_id(cohort_id))
    facts = await enrolments.enrolment(enrolment_id)
    if facts.cohort_id != cohort.cohort_id:
        raise NotFound
    if facts.state in _OVER:
        raise Conflict("enrolment_over")
    async with looking(who, "transfer", now) as look:
        return cohort, facts, label_of(facts, request.app.state.key_folder, look)


async def _choose(request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form, status: int = 200) -> Response[Any]:
    cohort, _facts, label = await _person(request, cohort_id, enrolment_id)
    state = request.app.state
    mine = await cohorts.all_mine(principal(request), local_date(state.clock.now()), ("open", "postponed", "started"))
    same = [other for other in mine if other.section == cohort.section and other.cohort_id != cohort.cohort_id]
    others = [other for other in same if not await _too_late(other, state.clock.now())]
    taken = await enrolments.places((other.cohort_id for other in others), state.clock.now())
    view = pages.ChoosePage(
        cohort.cohort_id,
        cohort.name,
        str(enrolment_id),
        label,
        pages.choices(others, taken),
        form,
    )
    return page(request, "desk/transfer.html", view, status)


async def _too_late(cohort: CohortFacts, now: datetime) -> bool:
    closed = await not_open(cohort.cohort_id, now)
    return closed is not None and closed.code == "too_late"


async def _confirm(
    request: AnyRequest,
    cohort_id: int,
    enrolment_id: UUID,
    target: int,
    form: Form,
    status: int = 200,
    changed: bool = False,
) -> Response[Any]:
    state, who = request.app.state, principal(request)
    # First, so that a start that is not there is refused before anybody has been seen.
    plan = await services.plan(enrolment_id, row_id(cohort_id), target, who, state.key_folder, state.clock.now())
    cohort, _facts, label = await _person(request, cohort_id, enrolment_id)
    view = pages.ConfirmPage(
        cohort.cohort_id,
        cohort.name,
        str(enrolment_id),
        label,
        target,
        plan.target.name,
        pages.when(plan.target.first_start),
        changed=changed,
        form=form,
        seen=plan.seen,
        **_what_happens(
            plan,
            way(plan.facts, state.key_folder),
            await order_queries.where_waiting_leads(cohort.cohort_id, state.clock.now()),
            state.settings.municipality,
        ),
    )
    return page(request, "desk/transfer_confirm.html", view, status)


def _what_happens(plan: services.Plan, how: Way, leads: Leads, municipality: str) -> dict[str, Any]:
    """What will happen and has to be done there, or why it can't be."""
    facts, decided, programme = plan.facts, plan.decided, plan.programme
    if isinstance(decided, services.Refused):
        return {"refused": pages.why_not(decided, programme, municipality)}
    return {
        "lines": pages.lines(
            decided, facts, plan.source, plan.target, programme, plan.age_again, plan.remaining, how, leads
        ),
        "again": pages.again(facts, plan.remaining, programme),
        "asked": pages.asked(plan.asked, programme, municipality, plan.first_day),
        "button": pages.button(decided),
    }


def _target(form: Form) -> int:
    return form.number("till", 1, 999_999)


@get("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/flytta", guards=[signed_in])
async def transfer_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Which start, and with `?till` what will happen there."""
    if "till" not in request.query_params:
        return await _choose(request, cohort_id, enrolment_id, Form())
    form = Form({"till": [str(request.query_params["till"])]})
    target = _target(form)
    if form.errors:
        form.errors["till"] = _("Välj en start.")
        return await _choose(request, cohort_id, enrolment_id, form, 422)
    return await _confirm(request, cohort_id, enrolment_id, target, Form())


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/flytta", guards=[signed_in], status_code=200)
async def transfer(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Move the person as it was shown; if it would be otherwise by now, show that first."""
    form, state = await read_form(request), request.app.state
    target = _target(form)
    if form.errors:
        form.errors["till"] = _("Välj en start.")
        return await _choose(request, cohort_id, enrolment_id, form, 422)
    source, who, now = row_id(cohort_id), principal(request), state.clock.now()
    there = await services.moved_before(enrolment_id, source, target, who, now)
    if there is not None:
        return _to_person(target, there)
    met = frozenset(form.all("svarat"))
    plan = await services.plan(enrolment_id, source, target, who, state.key_folder, now)
    if form.raw("sett") == plan.seen and not met.issuperset(plan.asked):
        form.fail(
            "svarat", _("Fråga personen, och kryssa i allt som stämmer. Stämmer något inte går det inte att flytta dit.")
        )
        return await _confirm(request, cohort_id, enrolment_id, target, form, 422)
    krock = [] if isinstance(plan.decided, services.Refused) else await services.clashes(enrolment_id, target)
    if form.raw("sett") == plan.seen and not_meant(krock, form.meant):
        form.fail("anda", pages.krock(krock))
        form.asked |= signs(krock)
        return await _confirm(request, cohort_id, enrolment_id, target, form, 422)
    new = await services.transfer(enrolment_id, source, target, form.raw("sett"), who, state.key_folder, now, met)
    if new is None:
        return await _confirm(request, cohort_id, enrolment_id, target, form, 409, changed=True)
    return _to_person(target, new)


def _to_person(cohort_id: int, enrolment_id: UUID) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}"})


HANDLERS = [transfer_page, transfer]
