"""Staff note what somebody who was rung answered: to an offer, or about waiting together with siblings."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.enrolment import queries
from programmes.enrolment.queue import offer_services
from programmes.enrolment.together import services as together_services
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in

AnyRequest = Request[Any, Any, Any]


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/erbjudande", guards=[signed_in], status_code=303)
async def answer(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Yes leads back to the person, no to the group: then there is nobody left to show."""
    person, state = principal(request), request.app.state
    now = state.clock.now()
    cohort = await cohorts.mine(person, local_date(now), row_id(cohort_id))
    if (await queries.enrolment(enrolment_id)).cohort_id != cohort.cohort_id:
        raise NotFound
    said = (await read_form(request)).raw("svar")
    if said not in {"ja", "nej"}:
        raise NotFound
    programme = await catalogue.programme(cohort.programme_id)
    await offer_services.answer_for(enrolment_id, said == "ja", programme, person.staff_id, state.key_folder, now)
    group = f"/personal/grupper/{cohort.cohort_id}"
    where = f"{group}/deltagare/{enrolment_id}" if said == "ja" else group
    return Response("", status_code=303, headers={"location": where})


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/var-for-sig", guards=[signed_in], status_code=303)
async def one_by_one(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Siblings who waited together would rather take places one by one, as they said to staff."""
    person, now = principal(request), request.app.state.clock.now()
    cohort = await cohorts.mine(person, local_date(now), row_id(cohort_id))
    if (await queries.enrolment(enrolment_id)).cohort_id != cohort.cohort_id:
        raise NotFound
    await together_services.one_by_one(enrolment_id, now, person.staff_id)
    where = f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}"
    return Response("", status_code=303, headers={"location": where})


HANDLERS = [answer, one_by_one]
