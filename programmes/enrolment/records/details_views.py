"""Putting right what is kept about a person: the page that staff do it on."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue.rules import Programme
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.enrolment import pages, queries
from programmes.enrolment.person.views import asked_reason, asks_why, mine, why
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.records import details_services
from programmes.enrolment.records.services import record_of
from programmes.enrolment.records.views import Told, fail, language_chosen, read_record, typed
from programmes.people import records
from programmes.people.look_rules import Purpose
from programmes.people.looks import Look, looking
from programmes.people.record_rules import NotKept
from programmes.web.forms import Form, read_form
from programmes.web.guards import signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
# What was typed that is said again when somebody else has changed the record meanwhile.
_SAID = ("namn", "fodd", "kontakt", "undvik")


@dataclass(frozen=True)
class DetailsPage:
    """What is kept, or what was typed."""

    address: str
    cohort_id: int
    cohort_name: str
    languages: tuple[tuple[str, str], ...]
    reason: str
    seen: str
    form: Form
    by_wish: bool
    # What they are written to in, as the page says it.
    language: str


async def _theirs(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID
) -> tuple[Principal, CohortFacts, Programme, EnrolmentFacts]:
    """Somebody's details, for who may put them right: of protected identity the programme's coordinator only."""
    person, cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    if facts.protected and not person.coordinates(cohort.section):
        raise Forbidden
    return person, cohort, programme, facts


async def _show(request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form | None = None) -> Response[Any]:
    person, cohort, programme, facts = await _theirs(request, cohort_id, enrolment_id)
    reason = asked_reason(request, form or Form())
    if asks_why(cohort) and reason is None:
        return why(request, cohort)
    async with looking(person, "correct", request.app.state.clock.now(), reason) as look:
        record = _record(request, facts, look)
    view = DetailsPage(
        address=f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}",
        cohort_id=cohort.cohort_id,
        cohort_name=cohort.name,
        languages=pages.interpreter_languages(),
        reason=reason or "",
        seen=details_services.mark_of(facts),
        form=form or typed(record, facts.protected, facts.language),
        by_wish=pages.by_wish(programme),
        language=facts.language,
    )
    return page(request, "enrolment/correct.html", view, 422 if form else 200)


async def _show_again(request: AnyRequest, cohort_id: int, enrolment_id: UUID, typed_before: Form) -> Response[Any]:
    """The record as somebody else has left it meanwhile, with what differs of what was typed said above it."""
    _person, _cohort, _programme, facts = await _theirs(request, cohort_id, enrolment_id)
    now_kept = typed(_record(request, facts, "rewrite"), facts.protected, facts.language)
    lost = [typed_before.raw(name) for name in _SAID if typed_before.raw(name) not in {"", now_kept.raw(name)}]
    form = Form(now_kept.values)
    words = _("Någon annan har ändrat uppgifterna sedan du öppnade sidan. Här står de nu, och inget av ditt är sparat.")
    if lost:
        words += " " + _("Du hade skrivit: %(what)s.", what=", ".join(lost))
    form.fail("namn", words)
    return await _show(request, cohort_id, enrolment_id, form)


def _record(request: AnyRequest, facts: queries.EnrolmentFacts, by: Look | Purpose) -> records.PersonRecord:
    """Raises NotFound where nobody is documented, or nothing is left of it; Conflict for who has been moved elsewhere;
    Unreadable and KeysAway where it can't be read, which a `Look` alone would not tell from nothing."""
    if facts.state == "transferred":
        raise Conflict("enrolment_over")
    keys = request.app.state.key_folder
    record = record_of(facts, keys, by) or record_of(facts, keys, "rewrite")
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
    person, _cohort, programme, facts = await _theirs(request, cohort_id, enrolment_id)
    _record(request, facts, "rewrite")
    form, state = await read_form(request), request.app.state
    now = state.clock.now()
    right = read_record(
        form, local_date(now), for_staff=True, told=Told(bool(state.settings.sms_url), pages.by_wish(programme))
    )
    written_in = language_chosen(form)
    if form.errors:
        return await _show(request, cohort_id, enrolment_id, form)
    protected = form.ticked("skydd")
    try:
        await details_services.correct(
            enrolment_id,
            right,
            protected,
            person.staff_id,
            state.key_folder,
            now,
            form.raw("sedd"),
            written_in,
        )
    except NotKept as refused:
        fail(form, refused.wrong, for_staff=True)
        return await _show(request, cohort_id, enrolment_id, form)
    except Conflict as conflict:
        if conflict.code != "record_seen":
            raise
        return await _show_again(request, cohort_id, enrolment_id, form)
    where = f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}"
    if reason := asked_reason(request, form):
        where += f"?skal={reason}"
    return Response("", status_code=303, headers={"location": where})


HANDLERS = [details_page, correct]
