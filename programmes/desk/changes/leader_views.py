"""Another leader for one session, or from it on. Coordinators only: who works with a group is theirs to say."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import duty_services
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.errors import Forbidden
from programmes.core.i18n import gettext as _
from programmes.desk.changes import pages
from programmes.desk.changes import services as change_services
from programmes.desk.changes.views import failed, group_of, seen_of, session_of, to_done, why_fixed
from programmes.people.queries import leaders
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _coordinated(request: AnyRequest, session_id: int) -> tuple[CohortFacts, SessionFacts]:
    """Raises NotFound for what is not theirs to see, Forbidden for who only leads it."""
    cohort, session = await session_of(request, session_id)
    if not principal(request).coordinates(cohort.section):
        raise Forbidden
    return cohort, session


async def _show(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, form: Form, status: int = 200
) -> Response[Any]:
    group = group_of(request, cohort)
    title, lead = pages.head(group, session)
    there = [(one.staff_id, one.name) for one in await duty_services.on_duty(session)]
    known = {staff_id for staff_id, _name in there}
    view = pages.ChangePage(
        group,
        session.session_id,
        session.sequence,
        title,
        lead,
        why_fixed(cohort, session),
        form,
        pages.only_staff(cohort),
        tuple((person.staff_id, person.name) for person in await leaders(cohort.section) if person.staff_id not in known),
        ask_anyway="anda" in form.errors or form.ticked("anda"),
        values=tuple((name, form.raw(name)) for name in ("ut", "vem", "omfang")),
        present=tuple(there),
    )
    return page(request, "desk/session_leader.html", view, status)


@get("/personal/traffar/{session_id:int}/ledare", guards=[signed_in])
async def leader_page(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Who comes to a session, and who could instead."""
    cohort, session = await _coordinated(request, session_id)
    return await _show(request, cohort, session, Form())


@post("/personal/traffar/{session_id:int}/ledare", guards=[signed_in], status_code=200)
async def change_leader(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Somebody else comes, this once or from then on; a clash is said first."""
    cohort, session = await _coordinated(request, session_id)
    form = await read_form(request)
    there = [str(one.staff_id) for one in await duty_services.on_duty(session)]
    out = form.choice("ut", there, _("Välj vem som inte ska komma."))
    comes = form.choice("vem", [str(person.staff_id) for person in await leaders(cohort.section)], _("Välj vem."))
    scope = form.choice("omfang", ["en", "resten"], _("Välj om det gäller en gång eller framöver."))
    if form.errors:
        return await _show(request, cohort, session, form, 422)
    refused = await change_services.change_leader(
        session.session_id,
        int(out),
        int(comes),
        scope == "resten",
        principal(request),
        request.app.state.clock.now(),
        meant=form.meant,
        seen=seen_of(form),
    )
    if failed(form, refused, cohort, "vem"):
        return await _show(request, cohort, session, form, 422)
    return to_done(cohort.cohort_id, "ledare")


HANDLERS = [leader_page, change_leader]
