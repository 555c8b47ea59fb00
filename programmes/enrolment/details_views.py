"""Putting right what is kept about a person: the page that staff do it on."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.enrolment import details_services, place_services, queries
from programmes.enrolment.person_views import mine
from programmes.enrolment.record_views import CONTACTS, check_safe
from programmes.people import records
from programmes.web.forms import Form, read_form
from programmes.web.guards import signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class DetailsPage:
    """What is kept, or what was typed. `protected`: no contact is kept, so none is asked for."""

    address: str
    cohort_id: int
    cohort_name: str
    name: str
    contact: str
    safe: tuple[str, ...]
    avoid: str
    protected: bool
    form: Form


async def _show(request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form | None = None) -> Response[Any]:
    person, cohort, _programme, facts = await mine(request, cohort_id, enrolment_id)
    record = _record(request, facts)
    await place_services.note_look(facts, person.staff_id, request.app.state.clock.now())
    view = DetailsPage(
        address=f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}",
        cohort_id=cohort.cohort_id,
        cohort_name=cohort.name,
        name=form.raw("namn") if form else record.name,
        contact=form.raw("kontakt") if form else record.contact,
        safe=tuple(form.all("saker")) if form else record.safe,
        avoid=form.raw("undvik") if form else record.avoid,
        protected=facts.protected,
        form=form or Form(),
    )
    return page(request, "enrolment/correct.html", view, 422 if form else 200)


def _record(request: AnyRequest, facts: queries.EnrolmentFacts) -> records.PersonRecord:
    """Raises NotFound where nobody is documented, or nothing is left of it; Conflict for who has been moved elsewhere."""
    if facts.state == "transferred":
        raise Conflict("enrolment_over")
    if facts.participant_id is None or facts.record is None:
        raise NotFound
    record = records.read(facts.record, facts.participant_id, request.app.state.key_folder)
    if record is None:
        raise NotFound
    return record


@get("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/uppgifter", guards=[signed_in])
async def details_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """The details as they are kept, to be put right."""
    return await _show(request, cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/uppgifter", guards=[signed_in], status_code=200)
async def correct(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Keep them as they were typed."""
    person, _cohort, _programme, facts = await mine(request, cohort_id, enrolment_id)
    _record(request, facts)
    form = await read_form(request)
    name = form.text("namn", 120, _("Skriv personens namn."))
    contact = "" if facts.protected else form.contact("kontakt")
    safe = tuple(kind for kind in CONTACTS if kind in form.all("saker"))
    check_safe(form, contact, safe)
    avoid = form.text("undvik", 120)
    if form.errors:
        return await _show(request, cohort_id, enrolment_id, form)
    state = request.app.state
    await details_services.correct(
        enrolment_id, name, contact, safe, avoid, person.staff_id, state.key_folder, state.clock.now()
    )
    where = f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}"
    return Response("", status_code=303, headers={"location": where})


HANDLERS = [details_page, correct]
