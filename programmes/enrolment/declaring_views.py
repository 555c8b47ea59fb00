"""The age said again by telephone or at the desk, when the first session has moved and nobody's birth date is kept."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts.queries import CohortFacts
from programmes.core.errors import Conflict
from programmes.core.i18n import gettext as _
from programmes.enrolment import declaring_pages as pages
from programmes.enrolment import queries, roster, services
from programmes.enrolment.person.views import mine, to_person
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _show(
    request: AnyRequest, cohort: CohortFacts, facts: queries.EnrolmentFacts, form: Form, why: str = ""
) -> Response[Any]:
    state = request.app.state
    async with looking(principal(request), "age", state.clock.now()) as look:
        label = roster.label_of(facts, state.key_folder, look)
    judged = await roster.judged_by(facts, cohort.programme_id)
    asked, municipality = roster.to_say_again(facts, judged, cohort.first_start), state.settings.municipality
    view = pages.declaring_page(cohort, judged, asked, str(facts.enrolment_id), label, form, municipality, why)
    return page(request, "enrolment/age_again.html", view, 422 if why else 200)


@get("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/alder", guards=[signed_in])
async def age_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """What the person is asked about what counts to the new first day; back to the person when nothing is asked."""
    _person, cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    if not roster.to_say_again(facts, programme, cohort.first_start):
        return to_person(cohort_id, enrolment_id)
    return await _show(request, cohort, facts, Form())


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/alder", guards=[signed_in], status_code=200)
async def declare(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """What the person answered. A no changes nothing: staff decide with the person what to do."""
    person, cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    form = await read_form(request)
    asked = roster.to_say_again(facts, programme, cohort.first_start)
    if not asked:
        return to_person(cohort_id, enrolment_id)
    shown = form.day("dag")
    if shown is None or cohort.first_start is None:
        return await _show(request, cohort, facts, form, _("Svara för den dag som visas."))
    ticked, now = [one for one in asked if form.raw(f"v_{one}") == "ja"], request.app.state.clock.now()
    answers = pages.answers_again(form.raw("v_age"), form.ticked("v_guardian_consent"), ticked)
    judged = await roster.judged_by(facts, cohort.programme_id)
    try:
        unmet = await services.declare_again(enrolment_id, answers, judged, shown, asked, now, person.staff_id)
    except Conflict as conflict:
        if conflict.code != "day_moved":
            raise
        return await _show(
            request,
            cohort,
            facts,
            Form(),
            _("Den första dagen har flyttats en gång till. Svara för den nya dagen."),
        )
    if unmet:
        return await _show(
            request, cohort, facts, form, pages.why_not(unmet, judged, request.app.state.settings.municipality)
        )
    return to_person(cohort_id, enrolment_id)


HANDLERS = [age_page, declare]
