"""What staff do for one person: the study visit, the agreement on paper, the proof, the code, the end."""

from typing import Any, Literal, cast
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.enrolment import place_services, queries, services
from programmes.enrolment.person import reached_services
from programmes.enrolment.person.views import mine, show_person, to_person
from programmes.enrolment.queue import coming_services, order_services
from programmes.enrolment.queue.order_services import SKIP_REASONS, SkipReason
from programmes.enrolment.records import consent_services, language_services
from programmes.enrolment.records.views import language_chosen
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.people.look_rules import REVEAL_REASONS, RevealReason
from programmes.web.forms import Form, read_form
from programmes.web.guards import signed_in

AnyRequest = Request[Any, Any, Any]
_ENDINGS = ("completed", "dropped_out", "declined")
# What became of a study visit: made or missed, and who wishes to go on, the person first.
_VISITS: dict[str, tuple[Literal["attended", "missed"], bool, bool]] = {
    "attended": ("attended", True, True),
    "person_no": ("attended", False, True),
    "staff_no": ("attended", True, False),
    "both_no": ("attended", False, False),
    "missed": ("missed", True, True),
}


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/besok", guards=[signed_in], status_code=200)
async def visit(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Book a study visit for somebody, take the booking back, or note what became of it."""
    person, _cohort, programme, _facts = await mine(request, cohort_id, enrolment_id)
    form = await read_form(request)
    now = request.app.state.clock.now()
    outcome = form.raw("utfall")
    if outcome in _VISITS:
        state, person_goes_on, staff_goes_on = _VISITS[outcome]
        await step_services.mark_visit(
            enrolment_id,
            state,
            person.staff_id,
            programme,
            now,
            person_goes_on,
            staff_goes_on,
            form.ticked("ratta"),
            form.raw("sett"),
        )
        return to_person(cohort_id, enrolment_id)
    if outcome == "avboka":
        await visit_services.cancel_booking(enrolment_id, now, person.staff_id, form.raw("sett"))
        return to_person(cohort_id, enrolment_id)
    slot = form.number("tid", 1, 999_999)
    if form.errors:
        form.errors["tid"] = _("Välj en av tiderna.")
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    await step_services.book_visit(enrolment_id, slot, now, person.staff_id, form.raw("sett"))
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/papper", guards=[signed_in], status_code=200)
async def on_paper(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Note that conditions and rules were accepted on paper, in the versions shown."""
    person, cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    form = await read_form(request)
    ticked = [int(v) for v in form.all("text") if v.isascii() and v.isdigit() and len(v) < 10]
    now = request.app.state.clock.now()
    again = await agreement_queries.to_accept_again(programme, facts, cohort.first_start, local_date(now))
    asked = again or queries.unaccepted(facts, await queries.texts_to_accept(programme.section, local_date(now)))
    if (facts.state == "preliminary" or again) and len(ticked) < len(asked):
        form.fail("text", _("Kryssa i alla texter som personen har godkänt."))
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    await step_services.accept_texts(enrolment_id, ticked, programme, "paper", now, person.staff_id)
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/legitimation", guards=[signed_in], status_code=200)
async def proof(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Note that identity or age was shown."""
    person, _cohort, programme, _facts = await mine(request, cohort_id, enrolment_id)
    await step_services.note_proof(enrolment_id, person.staff_id, programme, request.app.state.clock.now())
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/kod", guards=[signed_in], status_code=200)
async def new_code(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """A new place code, shown once to be read out face to face."""
    person, *_rest = await mine(request, cohort_id, enrolment_id)
    state = request.app.state
    code = await place_services.reissue_code(enrolment_id, state.key_folder, person.staff_id, state.clock.now())
    return await show_person(request, cohort_id, enrolment_id, Form(), code=code)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/sprak", guards=[signed_in], status_code=303)
async def written_in(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """The language that somebody is written to in, where they are not documented and there is no page to put right."""
    person, *_rest = await mine(request, cohort_id, enrolment_id)
    form = await read_form(request)
    wanted = language_chosen(form)
    if form.errors:
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    if wanted:
        await language_services.write_in(enrolment_id, wanted, person.staff_id, request.app.state.clock.now())
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/kontakt", guards=[signed_in], status_code=200)
async def contact(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Show the contact channel for an urgent call, for a reason from the fixed list; the look is noted."""
    person, _cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    if not programme.exempt:
        raise NotFound
    form = await read_form(request)
    reason = cast(RevealReason, form.choice("varfor", REVEAL_REASONS, _("Välj varför kontaktvägen behöver visas.")))
    if form.errors:
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    state = request.app.state
    found = await place_services.reveal_contact(facts, reason, state.key_folder, person.staff_id, state.clock.now())
    return await show_person(request, cohort_id, enrolment_id, Form(), contact=found)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/studs", guards=[signed_in], status_code=303)
async def works_again(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """The address from which mail has come back takes mail again."""
    person, *_rest = await mine(request, cohort_id, enrolment_id)
    await reached_services.works_again(enrolment_id, person.staff_id, request.app.state.clock.now())
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/avsluta", guards=[signed_in], status_code=200)
async def end(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """End somebody's way in the words that the statistics need; never a reason."""
    person, *_rest = await mine(request, cohort_id, enrolment_id)
    form = await read_form(request)
    outcome = form.choice("slut", _ENDINGS, _("Välj hur det slutade."))
    if form.errors:
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    state = request.app.state
    ending = cast(Literal["completed", "dropped_out", "declined"], outcome)
    if not await services.end_by_staff(enrolment_id, ending, person.staff_id, state.key_folder, state.clock.now()):
        form.fail("slut", _("Det går att fullfölja eller avbryta först när det har börjat. Välj ”Gick inte vidare”."))
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}"})


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/samtycke", guards=[signed_in], status_code=303)
async def consent(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """The person has taken back the consent to contact with the partner, or given it again; or who leads has seen it."""
    person, _cohort, _programme, _facts = await mine(request, cohort_id, enrolment_id)
    said, state = (await read_form(request)).raw("samtycke"), request.app.state
    now = state.clock.now()
    if said == "ja":
        await consent_services.give_partner_consent(enrolment_id, person.staff_id, now)
    elif said == "sett":
        await consent_services.note_seen(enrolment_id, person.staff_id, now)
    else:
        await consent_services.withdraw_partner_consent(enrolment_id, person.staff_id, state.key_folder, now)
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/ko", guards=[signed_in], status_code=200)
async def skip(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Pass somebody over in the queue for a reason from the fixed list, or no longer."""
    person, *_rest = await mine(request, cohort_id, enrolment_id)
    form = await read_form(request)
    lifted = form.ticked("lyft")
    reason = None if lifted else form.choice("skal", SKIP_REASONS, _("Välj ett skäl ur listan."))
    if form.errors:
        return await show_person(request, cohort_id, enrolment_id, form, 422)
    now = request.app.state.clock.now()
    await order_services.skip(enrolment_id, cast("SkipReason | None", reason), person.staff_id, now)
    return to_person(cohort_id, enrolment_id)


@post("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/kommer", guards=[signed_in], status_code=200)
async def coming(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Somebody has said, by telephone or at the door, that they come."""
    person, _cohort, programme, _facts = await mine(request, cohort_id, enrolment_id)
    await coming_services.coming(enrolment_id, programme, request.app.state.clock.now(), person.staff_id)
    return to_person(cohort_id, enrolment_id)


HANDLERS = [written_in, works_again, consent, coming, skip, visit, on_paper, proof, new_code, contact, end]
