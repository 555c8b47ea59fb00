"""What somebody does on Min plats with a place of their own: the answer to an offer, the study visit, the texts, the age."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, post

from programmes.catalogue import queries as catalogue
from programmes.catalogue.instead_rules import fitting_instead
from programmes.catalogue.rules import Answers, Outcome
from programmes.core.clock import local_date
from programmes.core.errors import Conflict
from programmes.core.i18n import gettext as _
from programmes.core.i18n import known_language
from programmes.desk.group import refusal_pages
from programmes.desk.place import pages
from programmes.desk.place.siblings_views import to_place
from programmes.desk.place.views import Place, asked_again, new_versions, opened, place_again, place_of
from programmes.enrolment import queries, services
from programmes.enrolment.age_rules import answers_again
from programmes.enrolment.queue import coming_services
from programmes.enrolment.records import language_services
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.enrolment.wording import instead_of
from programmes.web.forms import Form, read_form
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie

AnyRequest = Request[Any, Any, Any]


@post("/min-plats/erbjudande", status_code=200)
async def answer_offer(request: AnyRequest) -> Response[Any]:
    """Yes or no to an offered place. A no is for good: it is said on the page that explains it (`bekraftat`)."""
    enrolment_id = await opened(request)
    form = await read_form(request)
    answer = form.raw("svar")
    if answer not in {"ja", "nej"}:
        return await place_again(request, enrolment_id, _("Svara ja eller nej på erbjudandet."))
    if answer == "nej" and not form.ticked("bekraftat") and (await queries.enrolment(enrolment_id)).state == "offered":
        return Response("", status_code=303, headers={"location": "/min-plats/lamna"})
    try:
        return await _answered(request, enrolment_id, yes=answer == "ja")
    except Conflict as conflict:
        place = await place_of(enrolment_id, request.app.state.clock.now())
        state = pages.state_of(place.facts, place.cohort, request.app.state.clock.now())
        raise Conflict(pages.why_no_offer(conflict.code, state)) from conflict


async def _answered(request: AnyRequest, enrolment_id: UUID, yes: bool) -> Response[Any]:
    """The answer, heard. Raises Conflict: there is no offer any more."""
    state = request.app.state
    if yes:
        place = await place_of(enrolment_id, request.app.state.clock.now())
        await services.accept_offer(enrolment_id, place.programme, state.clock.now())
        return to_place()
    await services.decline_offer(enrolment_id, state.key_folder, state.clock.now())
    response: Response[Any] = Response("", status_code=303, headers={"location": "/min-plats/klart"})
    drop_cookie(request, response, "place")
    return response


@post("/min-plats/studiebesok", status_code=200)
async def book_visit(request: AnyRequest) -> Response[Any]:
    """Book a study visit, or change from the one that was shown to another."""
    enrolment_id = await opened(request)
    form = await read_form(request)
    chosen = form.raw("tid")
    if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 9:
        return await place_again(request, enrolment_id, _("Välj en av tiderna."))
    await step_services.book_visit(enrolment_id, int(chosen), request.app.state.clock.now(), seen=form.raw("sett"))
    return to_place("besok")


@post("/min-plats/studiebesok/avboka", status_code=303)
async def cancel_visit(request: AnyRequest) -> Response[Any]:
    """Take the booking back, of the time that was shown. The place is kept, and another time can be booked."""
    enrolment_id = await opened(request)
    seen = (await read_form(request)).raw("sett")
    await visit_services.cancel_booking(enrolment_id, request.app.state.clock.now(), seen=seen)
    return to_place("avbokat")


@post("/min-plats/vidare", status_code=303)
async def go_on(request: AnyRequest) -> Response[Any]:
    """After a no of their own: they wish to go on after all."""
    enrolment_id = await opened(request)
    place = await place_of(enrolment_id, request.app.state.clock.now())
    await step_services.wish_to_go_on(enrolment_id, place.programme, request.app.state.clock.now())
    return to_place()


@post("/min-plats/godkann", status_code=200)
async def accept(request: AnyRequest) -> Response[Any]:
    """Accept the conditions and the rules in the versions that were shown."""
    enrolment_id = await opened(request)
    form = await read_form(request)
    ticked = [int(v) for v in form.all("text") if v.isascii() and v.isdigit() and len(v) < 10]
    place = await place_of(enrolment_id, request.app.state.clock.now())
    now = request.app.state.clock.now()
    again = await new_versions(place, now)
    if place.facts.state == "confirmed" and not again:
        # Accepted already, in another tab.
        return to_place("godkant")
    shown = again or queries.unaccepted(place.facts, await queries.texts_for(place.programme, local_date(now)))
    if len(ticked) < len(shown):
        return await place_again(
            request, enrolment_id, _("Läs texten och kryssa i att du godkänner den. Allt som står här behövs."), form
        )
    await step_services.accept_texts(enrolment_id, ticked, place.programme, "screen", now)
    return to_place("godkant")


@post("/min-plats/alder", status_code=200)
async def declare_again(request: AnyRequest) -> Response[Any]:
    """What counts to the first day said again, for the day the first session has moved to."""
    enrolment_id = await opened(request)
    form = await read_form(request)
    place = await place_of(enrolment_id, request.app.state.clock.now())
    state = request.app.state
    asked = frozenset(question.condition for question in asked_again(request, place))
    if not asked or place.cohort.first_start is None:
        return to_place()
    ticked = [one for one in asked if form.raw(f"v_{one}") == "ja"]
    answers = answers_again(form.raw("v_age"), form.ticked("v_guardian_consent"), ticked)
    first_day = Form({"dag": [form.raw("dag")]}).day("dag") or local_date(place.cohort.first_start)
    try:
        unmet = await services.declare_again(enrolment_id, answers, place.judged, first_day, asked, state.clock.now())
    except Conflict as conflict:
        if conflict.code != "day_moved":
            raise
        return await place_again(
            request, enrolment_id, _("Den första dagen har flyttats en gång till. Svara för den nya dagen.")
        )
    if unmet:
        return await _age_unmet(request, place, unmet, answers, first_day)
    return to_place()


async def _age_unmet(
    request: AnyRequest, place: Place, unmet: Sequence[Outcome], answers: Answers, first_day: date
) -> Response[Any]:
    """Why the age won't do on the new day, and what can be done. Nothing is changed by the answer."""
    municipality = request.app.state.settings.municipality
    today = local_date(request.app.state.clock.now())
    known = {programme.section: programme for _id, programme in await catalogue.in_force(today)}
    others = instead_of(fitting_instead(place.judged, unmet, answers, first_day, known), municipality)
    view = refusal_pages.age_page(place.judged, unmet, others, place.facts.state == "queued", municipality)
    return page(request, "desk/place_age.html", view, 422)


@post("/min-plats/kommer", status_code=200)
async def say_coming(request: AnyRequest) -> Response[Any]:
    """„Jag kommer“, from somebody who was asked to say so."""
    enrolment_id = await opened(request)
    place = await place_of(enrolment_id, request.app.state.clock.now())
    await coming_services.coming(enrolment_id, place.programme, request.app.state.clock.now())
    return to_place()


@post("/min-plats/sprak", status_code=200)
async def written_in(request: AnyRequest) -> Response[Any]:
    """In which language they want to be written to."""
    enrolment_id = await opened(request)
    form = await read_form(request)
    wanted = known_language(form.raw("besked"))
    if wanted is None:
        return await place_again(request, enrolment_id, _("Välj ett av alternativen."))
    if wanted == form.raw("besked_sett"):  # They may have changed it since, on another page.
        return to_place()
    await language_services.write_in(enrolment_id, wanted, None, request.app.state.clock.now())
    return to_place("sprak")


HANDLERS = [written_in, answer_offer, book_visit, cancel_visit, go_on, accept, declare_again, say_coming]
