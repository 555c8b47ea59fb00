"""One person as staff see them: what is kept, how far they have come, and what is left."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.refusal_rules import unmet
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.enrolment import code_queries, place_services, queries, roster
from programmes.enrolment import pages as way_in_pages
from programmes.enrolment.leaving import queries as leaving_queries
from programmes.enrolment.leaving import refusal_queries
from programmes.enrolment.person import pages
from programmes.enrolment.queue import deadline_queries, order_queries
from programmes.enrolment.queue import pages as queue_pages
from programmes.enrolment.records import contact_queries, protection_services
from programmes.enrolment.records.partner_services import has_partner_contact
from programmes.enrolment.records.services import record_of
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.together import queries as together_queries
from programmes.enrolment.together import services as together_services
from programmes.people import hold_queries
from programmes.people.hold_wording_rules import HoldView, hold_view
from programmes.people.look_rules import LOOK_REASONS, LookReason
from programmes.people.look_wording_rules import reveal_choices
from programmes.people.looks import Look, looking
from programmes.people.records import PersonRecord
from programmes.web.forms import Form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie, read_cookie

AnyRequest = Request[Any, Any, Any]


async def mine(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID
) -> tuple[Principal, CohortFacts, Programme, queries.EnrolmentFacts]:
    """The person, for somebody who works with the cohort. Raises NotFound for anybody else."""
    person = principal(request)
    cohort = await cohorts.mine(person, local_date(request.app.state.clock.now()), row_id(cohort_id))
    facts = await queries.enrolment(enrolment_id)
    if facts.cohort_id != cohort.cohort_id:
        raise NotFound
    return person, cohort, await catalogue.programme(cohort.programme_id), facts


def to_person(cohort_id: int, enrolment_id: UUID) -> Response[Any]:
    """Back to the person, after a form about them."""
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}"})


def asks_why(cohort: CohortFacts) -> bool:
    """Whether staff say why before they look at a person: the group is over, and nobody works with it any more."""
    return cohort.state == "closed" and not cohort.exempt


def asked_reason(request: AnyRequest, form: Form) -> LookReason | None:
    """Why staff look, as they chose it from the fixed list; None for no choice of ours."""
    typed = form.raw("skal_visning") or request.query_params.get("skal", "")
    return next((reason for reason in LOOK_REASONS if reason == typed), None)


def why(request: AnyRequest, cohort: CohortFacts) -> Response[Any]:
    """The question, before anything of the person is read; the answer leads back here."""
    wrong = "skal" in request.query_params
    return page(request, "enrolment/why.html", pages.why_page(cohort.cohort_id, cohort.name, wrong), 422 if wrong else 200)


def _details(facts: queries.EnrolmentFacts, record: PersonRecord | None) -> tuple[tuple[str, str], ...]:
    """What is kept about the person; with protected identity neither contact nor number is shown."""
    if record is None or facts.protected or facts.state == "transferred":
        return ()
    safe = {"sms": _("sms"), "call": _("telefonsamtal"), "email": _("e-post")}
    rows = [
        (_("Född"), record.birth_date),
        (_("Personnummer"), record.number),
        (_("Nås på"), record.contact),
        (_("Säkert att använda"), ", ".join(safe[kind] for kind in record.safe)),
        (_("Tider att undvika"), record.avoid),
        (_("Tolk"), way_in_pages.interpreter(record.interpreter)),
        (_("Språk i besked"), pages.message_language(facts)),
    ]
    return tuple((label, value) for label, value in rows if value)


async def _refused_for(
    request: AnyRequest, facts: queries.EnrolmentFacts, programme: Programme
) -> tuple[way_in_pages.Reason, ...]:
    """Why somebody was turned down, in the very words that they read."""
    if facts.state != "refused":
        return ()
    found = unmet(programme, await refusal_queries.conditions(facts.enrolment_id))
    return way_in_pages.reasons_of(found, programme, request.app.state.settings.municipality)


async def show_person(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form, status: int = 200, **shown: Any
) -> Response[Any]:
    person, cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    reason = asked_reason(request, form)
    if asks_why(cohort) and reason is None:
        return why(request, cohort)
    async with looking(person, "person", request.app.state.clock.now(), reason) as look:
        view = await _view(request, cohort, programme, facts, look, form, shown)
        return page(request, "enrolment/person.html", view, status)


async def _hold(facts: queries.EnrolmentFacts, person: Principal, section: str, now: datetime) -> HoldView | None:
    """Whether the record is held back from being erased; None where there is no record, or who looks decides nothing of it
    and nothing holds it."""
    if facts.participant_id is None:
        return None
    found = (await hold_queries.holds_of([facts.participant_id])).get(facts.participant_id, ())
    view = hold_view(found, local_date(now), may_change=person.coordinates(section))
    return view if view.held or view.reasons else None


async def _view(
    request: AnyRequest,
    cohort: CohortFacts,
    programme: Programme,
    facts: queries.EnrolmentFacts,
    look: Look,
    form: Form,
    shown: Mapping[str, Any],
) -> pages.PersonPage:
    return pages.PersonPage(
        cohort_id=cohort.cohort_id,
        cohort_name=cohort.name,
        enrolment_id=str(facts.enrolment_id),
        exempt=programme.exempt,
        code=shown.get("code", ""),
        contact=shown.get("contact"),
        reason=look.reason or "",
        reveal_reasons=reveal_choices(),
        form=form,
        **await _who(request, cohort, programme, facts, look, shown.get("same_form", ())),
        **await _place(request, cohort, programme, facts),
        **await _steps(request, cohort, programme, facts),
    )


async def _who(
    request: AnyRequest,
    cohort: CohortFacts,
    programme: Programme,
    facts: queries.EnrolmentFacts,
    look: Look,
    same_form: Sequence[queries.EnrolmentFacts],
) -> dict[str, Any]:
    """Who it is, what is kept about them, and who came with them."""
    now, keys = request.app.state.clock.now(), request.app.state.key_folder
    record = record_of(facts, keys, look)
    age = roster.age_now(facts, record, await catalogue.readings(cohort.programme_id), cohort.first_start)
    siblings = await together_services.unit_of(facts)
    return {
        "label": roster.label_of(facts, keys, look),
        "protected": facts.protected,
        "details": _details(facts, record),
        "unreadable": facts.record is not None and record is None,
        "age_warning": pages.age_warning(age),
        "partner": pages.partner_words(has_partner_contact(programme), facts),
        "hold": await _hold(facts, person=look.who, section=cohort.section, now=now),
        "language": facts.language,
        "bounced": facts.contact_bounced and not facts.protected,
        "may_go_again": await _may_go_again(request, facts),
        "reachable": not programme.exempt or place_services.has_contact(facts, keys),
        "coordinates": look.who.coordinates(cohort.section),
        "protection_asked": facts.protection_asked,
        "protected_elsewhere": look.who.coordinates(cohort.section)
        and await protection_services.elsewhere(facts, look, keys),
        "siblings": pages.sibling_links(cohort.cohort_id, roster.labels_of(siblings, keys, facts.enrolment_id, look)),
        "same_form": pages.sibling_links(cohort.cohort_id, roster.labels_of(same_form, keys, facts.enrolment_id, look)),
    }


async def _may_go_again(request: AnyRequest, facts: queries.EnrolmentFacts) -> bool:
    """Whether a message that still holds can go to the address that they have given since; which one does is known above
    this feature, and asked only of whom it may be about."""
    if facts.protected or not await contact_queries.may_go_again(facts.enrolment_id):
        return False
    state = request.app.state
    found: bool = await state.may_send_again(facts.cohort_id, facts.enrolment_id, state.key_folder, state.clock.now())
    return found


async def _place(
    request: AnyRequest, cohort: CohortFacts, programme: Programme, facts: queries.EnrolmentFacts
) -> dict[str, Any]:
    """Their place or turn, and how it can end."""
    now = request.app.state.clock.now()
    state_text, state_kind = pages.state_of(facts)
    return {
        "state": facts.state,
        "state_text": state_text,
        "state_kind": state_kind,
        "applied": pages.when_noted(facts.applied_at),
        "seat": facts.seat,
        "answer_by": pages.when_noted(facts.offer_expires_at),
        "offer_over": facts.offer_expires_at is not None and facts.offer_expires_at <= now,
        "asked_to_come": facts.asked_to_come,
        "skipped": queue_pages.passed_over_text(facts.skip_reason, await together_queries.held_by(facts), programme.section),
        "skip_reasons": queue_pages.skip_choices(programme.section, await order_queries.was_offered(facts.enrolment_id)),
        "exception": await roster.exception(facts.enrolment_id, programme),
        "may_end": cohort.state not in {"cancelled", "closed"},
        "endings": pages.endings(queries.ways_to_end(facts.state, cohort.first_start, now, queries.last_day_of(cohort))),
        "refused_for": await _refused_for(request, facts, programme),
        "may_take_back": facts.state == "refused" and leaving_queries.may_undo(facts.undo_until, now),
    }


async def _steps(
    request: AnyRequest, cohort: CohortFacts, programme: Programme, facts: queries.EnrolmentFacts
) -> dict[str, Any]:
    """What is left before the place is confirmed, and what they have done: visit, texts, proof, age."""
    now = request.app.state.clock.now()
    texts = await queries.texts_for(programme, local_date(now))
    left = queries.still_to_do(programme, facts, texts) if facts.state == "preliminary" else ()
    again = await agreement_queries.to_accept_again(programme, facts, cohort.first_start, local_date(now))
    accepted = await agreement_queries.accepted(facts.enrolment_id)
    on_paper = [(one.text.text_id, one.how, one.accepted_at) for one in accepted]
    to_say = roster.to_say_again(facts, programme, cohort.first_start)
    may_accept = ("accept" in left and not programme.study_visit) or left == ("accept",)
    return {
        "steps": pages.steps_left(left),
        "visit": await _visit(cohort, programme, facts, left, now),
        "texts": again or (queries.unaccepted(facts, texts) if may_accept else ()),
        "texts_again": bool(again),
        "accepted": pages.accepted_lines(accepted),
        "paper_wrong": tuple(sorted(agreement_queries.on_paper_just_now(on_paper, cohort.first_start, now))),
        "proof_asked": pages.proof_title(programme.proof_kind),
        "proof": pages.proof_words(facts),
        "asked_again": pages.asked_again(to_say if cohort.state != "closed" else ()),
    }


async def _visit(
    cohort: CohortFacts,
    programme: Programme,
    facts: queries.EnrolmentFacts,
    left: Sequence[str],
    now: datetime,
) -> pages.VisitPart:
    told, state = pages.visit_words(facts)
    marking = queries.marking(facts.state, facts.visit, cohort.first_start, now) if facts.visit else "no_visit"
    book_by = await deadline_queries.last_day(facts) if programme.study_visit else None
    return pages.VisitPart(
        told=told,
        state=state,
        wishes=pages.wish_words(facts),
        seen=queries.seen_visit(facts.visit),
        markable=marking == "open" and facts.state == "preliminary",
        correctable=marking == "correction",
        settled=marking == "visit_settled",
        cancellable=facts.visit is not None and facts.visit.state == "booked" and facts.visit.starts_at > now,
        due=not {"book_visit", "rebook_visit"}.isdisjoint(left),
        book_by=pages.book_by(book_by, local_date(now)) if book_by and left else "",
        slots=pages.slot_options(await queries.slots(cohort.cohort_id, now)) if programme.study_visit else (),
    )


@get("/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}", guards=[signed_in])
async def person_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """One person of a cohort. To staff who have just enrolled them the code is shown, once, to be handed over."""
    once = read_cookie(request, "handover")
    if not once:
        return await show_person(request, cohort_id, enrolment_id, Form())
    person, _cohort, _programme, facts = await mine(request, cohort_id, enrolment_id)
    state = request.app.state
    code = await place_services.hand_over_code(facts, once, state.key_folder, person.staff_id, state.clock.now())
    others = await queries.several(await code_queries.sent_with(facts.cohort_id, once)) if code else []
    response = await show_person(request, cohort_id, enrolment_id, Form(), code=code, same_form=others)
    if code and len(others) < 2:
        drop_cookie(request, response, "handover")
    return response


HANDLERS = [person_page]
