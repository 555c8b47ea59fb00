"""Staff take back what they noted about somebody by mistake: proof that was shown, an acceptance on paper."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from programmes.enrolment.leaving import taking_back_services as services
from programmes.enrolment.person.views import mine, to_person
from programmes.web.forms import read_form
from programmes.web.guards import signed_in

AnyRequest = Request[Any, Any, Any]
_PERSON = "/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}"


@post(f"{_PERSON}/legitimation/angra", guards=[signed_in], status_code=303)
async def proof(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Identity or age was not shown after all."""
    person, _cohort, programme, _facts = await mine(request, cohort_id, enrolment_id)
    await services.take_back_proof(enrolment_id, person.staff_id, programme, request.app.state.clock.now())
    return to_person(cohort_id, enrolment_id)


@post(f"{_PERSON}/papper/angra", guards=[signed_in], status_code=303)
async def paper(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """What was just noted as accepted on paper was not, in the versions shown."""
    person, _cohort, programme, _facts = await mine(request, cohort_id, enrolment_id)
    shown = [int(v) for v in (await read_form(request)).all("text") if v.isascii() and v.isdigit() and len(v) < 10]
    await services.take_back_paper(enrolment_id, shown, person.staff_id, programme, request.app.state.clock.now())
    return to_person(cohort_id, enrolment_id)


HANDLERS = [proof, paper]
