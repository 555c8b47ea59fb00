"""Staff turn somebody down who has a place or waits, for conditions from the programme's own list, or take it back."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.desk.group import refusal_pages as pages
from programmes.enrolment import queries
from programmes.enrolment.leaving import refusal_services as services
from programmes.enrolment.roster import age_fits, exception, label_of
from programmes.enrolment.rules import ALIVE
from programmes.notices.reach_services import way
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _theirs(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID
) -> tuple[Principal, CohortFacts, Programme, queries.EnrolmentFacts]:
    """Somebody of a cohort that this member of staff works with. Raises NotFound."""
    who = principal(request)
    cohort = await cohorts.mine(who, local_date(request.app.state.clock.now()), row_id(cohort_id))
    facts = await queries.enrolment(enrolment_id)
    if facts.cohort_id != cohort.cohort_id:
        raise NotFound
    return who, cohort, await catalogue.programme(cohort.programme_id), facts


async def _form(request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form, status: int = 200) -> Response[Any]:
    who, cohort, programme, facts = await _theirs(request, cohort_id, enrolment_id)
    if facts.state not in ALIVE:
        raise Conflict("enrolment_over")
    state = request.app.state
    async with looking(who, "refuse", state.clock.now()) as look:
        label, how = label_of(facts, state.key_folder, look), way(facts, state.key_folder)
        found = pages.findable(programme, facts, await age_fits(facts, state.key_folder, look))
    excepted = await exception(enrolment_id, programme)
    view = pages.refuse_page(cohort, facts, programme, found, label, how, state.settings.municipality, form, excepted)
    return page(request, "desk/refuse.html", view, status)


@get("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/villkor", guards=[signed_in])
async def refuse_form(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Which conditions aren't met, and what will happen."""
    return await _form(request, cohort_id, enrolment_id, Form())


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/villkor", guards=[signed_in], status_code=200)
async def refuse(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Turn the person down. Only conditions of the programme's own count; there is nowhere to write."""
    who, _cohort, programme, facts = await _theirs(request, cohort_id, enrolment_id)
    form = await read_form(request)
    shown = pages.findable(programme, facts, await age_fits(facts, request.app.state.key_folder, "rule"))
    chosen = [condition for condition in shown if condition in form.all("villkor")]
    if not chosen:
        form.fail("villkor", _("Kryssa i det villkor som inte är uppfyllt."))
        return await _form(request, cohort_id, enrolment_id, form, 422)
    await services.refuse(enrolment_id, chosen, programme, who.staff_id, request.app.state.clock.now())
    return _back(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/villkor/angra", guards=[signed_in], status_code=303)
async def take_back(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """It was wrong: the person gets back what there is to give."""
    who, *_rest = await _theirs(request, cohort_id, enrolment_id)
    await services.take_back(enrolment_id, who.staff_id, request.app.state.clock.now())
    return _back(cohort_id, enrolment_id)


def _back(cohort_id: int, enrolment_id: UUID) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}"})


HANDLERS = [refuse_form, refuse, take_back]
