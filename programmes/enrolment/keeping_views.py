"""What staff keep for the way in: study visits on offer, and versions of conditions and rules."""

from typing import Any, Literal, cast

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core.clock import at_local, local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.enrolment import person_pages as pages
from programmes.enrolment import queries, step_services
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, require_role, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _slots(request: AnyRequest, cohort_id: int, form: Form, status: int = 200) -> Response[Any]:
    now = request.app.state.clock.now()
    cohort = await cohorts.mine(principal(request), local_date(now), row_id(cohort_id))
    if not (await catalogue.programme(cohort.programme_id)).study_visit:
        raise NotFound
    slots = await queries.slots(cohort.cohort_id, now)
    return page(request, "enrolment/slots.html", pages.slots_page(cohort.cohort_id, cohort.name, slots, form), status)


@get("/personal/grupper/{cohort_id:int}/studiebesok", guards=[signed_in])
async def slots_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The study visits of a cohort."""
    return await _slots(request, cohort_id, Form())


@post("/personal/grupper/{cohort_id:int}/studiebesok", guards=[signed_in], status_code=200)
async def add_slot(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Offer one more study visit, at the cohort's venue and with the one who adds it."""
    person = principal(request)
    now = request.app.state.clock.now()
    cohort = await cohorts.mine(person, local_date(now), row_id(cohort_id))
    form = await read_form(request)
    day, begins, ends = form.day("dag"), form.clock_time("fran"), form.clock_time("till")
    capacity = form.number("antal", 1, 50)
    if begins and ends and ends <= begins:
        form.fail("till", _("Sluttiden måste vara efter starttiden."))
    if day and begins and "fran" not in form.errors and at_local(day, begins) <= now:
        form.fail("dag", _("Tiden har redan varit. Välj en tid som kommer."))
    if day and cohort.first_start and day >= local_date(cohort.first_start):
        form.fail("dag", _("Studiebesöket måste vara före den första träffen."))
    if form.errors or day is None or begins is None or ends is None:
        return await _slots(request, cohort_id, form, 422)
    starts = at_local(day, begins)
    finish = at_local(day, ends)
    await step_services.add_slot(cohort.cohort_id, starts, finish, cohort.venue_id, person.staff_id, capacity, now)
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort.cohort_id}/studiebesok"})


async def _texts(request: AnyRequest, form: Form, status: int = 200) -> Response[Any]:
    person = require_role(request, "coordinator")
    today = local_date(request.app.state.clock.now())
    found = []
    for _id, programme in await catalogue.in_force(today):
        if (programme.accept_conditions or programme.rules_commitment) and person.coordinates(programme.section):
            found.append((programme, await queries.texts_to_accept(programme.section, today)))
    return page(request, "enrolment/texts.html", {"programmes": found, "form": form, "today": today}, status)


@get("/personal/texter", guards=[signed_in])
async def texts_page(request: AnyRequest) -> Response[Any]:
    """Conditions and rules of the programmes that ask for them, with their versions."""
    return await _texts(request, Form())


@post("/personal/texter", guards=[signed_in], status_code=200)
async def add_text(request: AnyRequest) -> Response[Any]:
    """A new version, in both languages. Earlier ones stay, for those who accepted them."""
    person = require_role(request, "coordinator")
    form = await read_form(request)
    now = request.app.state.clock.now()
    today = local_date(now)
    asked = {p.section for _id, p in await catalogue.in_force(today) if p.accept_conditions or p.rules_commitment}
    section = form.choice("avsnitt", sorted(asked))
    if section and not person.coordinates(section):
        raise NotFound
    kind = form.choice("sort", ("conditions", "rules"))
    swedish = form.lines("sv", 20, _("Skriv minst en rad på svenska."))
    english = form.lines("en", 20, _("Skriv minst en rad på engelska."))
    valid_from = form.day("fran")
    if form.errors or valid_from is None:
        return await _texts(request, form, 422)
    which = cast(Literal["conditions", "rules"], kind)
    await step_services.add_text(section, which, valid_from, swedish, english, person.staff_id, now)
    return Response("", status_code=303, headers={"location": "/personal/texter"})


HANDLERS = [slots_page, add_slot, texts_page, add_text]
