"""Taking back, and giving again, the consent to contact with somebody else, from Min plats.

The page says neither whom it is about nor what the programme is, and Min plats looks the same before and after: the phone
may be in other hands. Nobody gets a message.
"""

from typing import Any

from litestar import Request, Response, get, post

from programmes.core.errors import Conflict
from programmes.desk.place.siblings_views import to_place
from programmes.desk.place.views import opened, place_of
from programmes.enrolment.records import consent_services as services
from programmes.enrolment.records.partner_rules import may_answer
from programmes.web.forms import read_form
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@get("/min-plats/samtycke")
async def consent_page(request: AnyRequest) -> Response[Any]:
    """How it was answered, and the other answer."""
    facts = (await place_of(await opened(request), request.app.state.clock.now())).facts
    if not may_answer(facts.state, facts.partner_consent):
        return to_place()
    return page(request, "desk/place_consent.html", {"consent": facts.partner_consent})


@post("/min-plats/samtycke", status_code=303)
async def answer(request: AnyRequest) -> Response[Any]:
    """Keep the other answer, and back to Min plats, which says nothing of it."""
    enrolment_id = await opened(request)
    said, state = (await read_form(request)).raw("svar"), request.app.state
    now = state.clock.now()
    try:
        if said == "ja":
            await services.give_partner_consent(enrolment_id, None, now)
        elif said == "nej":
            await services.withdraw_partner_consent(enrolment_id, None, state.key_folder, now)
    except Conflict:
        return to_place()
    return to_place()


HANDLERS = [consent_page, answer]
