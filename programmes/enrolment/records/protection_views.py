"""Whether somebody is protected here too, because a record elsewhere with the same number is: the coordinator decides."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from programmes.core.errors import Forbidden
from programmes.enrolment.person.views import mine, to_person
from programmes.enrolment.records import protection_services
from programmes.web.forms import read_form
from programmes.web.guards import signed_in

AnyRequest = Request[Any, Any, Any]


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/skydd", guards=[signed_in], status_code=303)
async def decide(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """It is protected here too, or it is not. Another answer is none."""
    person, cohort, _programme, facts = await mine(request, cohort_id, enrolment_id)
    if not person.coordinates(cohort.section):
        raise Forbidden
    answer, state = (await read_form(request)).raw("svar"), request.app.state
    if answer in {"ja", "nej"}:
        await protection_services.decide(
            facts.enrolment_id, answer == "ja", person.staff_id, state.key_folder, state.clock.now()
        )
    return to_person(cohort_id, enrolment_id)


HANDLERS = [decide]
