"""Whom staff may contact about somebody's partner (2.14): a page of its own, with a look of its own."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts.queries import CohortFacts
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.enrolment.person.views import mine, to_person
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.records import partner_services
from programmes.enrolment.records.partner_queries import mark_of, partner_of, same_consent
from programmes.enrolment.records.partner_services import has_partner_contact, may_keep
from programmes.enrolment.records.views import check_safe, fail
from programmes.people import records
from programmes.people.looks import looking
from programmes.people.record_rules import CONTACTS, LONGEST_NAME, NotKept
from programmes.web.forms import Form, read_form
from programmes.web.guards import signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_PAGE = "/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/partner"


@dataclass(frozen=True)
class PartnerPage:
    """What is kept about the partner, or what was typed. Nothing of the participant stands here. `unreadable`: there is a
    record, and its key is gone or doesn't open it. `seen` tells what stands here from what is kept later."""

    address: str
    cohort_id: int
    cohort_name: str
    kept: bool
    unreadable: bool
    seen: str
    form: Form


async def _theirs(request: AnyRequest, cohort_id: int, enrolment_id: UUID) -> tuple[Principal, CohortFacts, EnrolmentFacts]:
    """Raises NotFound where the programme has no contact with partners, Conflict without the participant's consent."""
    person, cohort, programme, facts = await mine(request, cohort_id, enrolment_id)
    if not has_partner_contact(programme):
        raise NotFound
    if not may_keep(True, facts.state, facts.participant_id is not None, facts.partner_consent):
        raise Conflict("no_consent")
    return person, cohort, facts


@dataclass(frozen=True)
class _Kept:
    """What is kept now, and its mark. `record` is None where it can't be read."""

    mark: str
    there: bool
    record: records.PartnerRecord | None


async def _kept(request: AnyRequest, person: Principal, cohort_id: int, enrolment_id: UUID) -> _Kept:
    # Before what it marks: who saves in between makes it old, and what is shown is asked about once more.
    mark = await mark_of(enrolment_id)
    sealed, record = await partner_of(enrolment_id), None
    if sealed is not None:
        async with looking(person, "partner", request.app.state.clock.now()) as look:
            record = records.read_partner(sealed.partner_id, sealed.content, cohort_id, request.app.state.key_folder, look)
    return _Kept(mark, sealed is not None, record)


async def _show(request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form | None = None) -> Response[Any]:
    person, cohort, _facts = await _theirs(request, cohort_id, enrolment_id)
    kept = await _kept(request, person, cohort.cohort_id, enrolment_id)
    return _page(request, cohort, enrolment_id, kept, form or _typed(kept.record), 422 if form else 200)


def _page(
    request: AnyRequest, cohort: CohortFacts, enrolment_id: UUID, kept: _Kept, form: Form, status: int
) -> Response[Any]:
    view = PartnerPage(
        address=f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}",
        cohort_id=cohort.cohort_id,
        cohort_name=cohort.name,
        kept=kept.there,
        unreadable=kept.there and kept.record is None,
        seen=form.raw("sedd") or kept.mark,
        form=form,
    )
    return page(request, "enrolment/partner.html", view, status)


async def _show_again(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID, typed: Form, wanted: records.PartnerRecord
) -> Response[Any]:
    """What is kept now, where that is another thing than was shown: nothing that was typed is kept. Where just that stands
    there already, the same form was sent twice."""
    person, cohort, _facts = await _theirs(request, cohort_id, enrolment_id)
    kept = await _kept(request, person, cohort.cohort_id, enrolment_id)
    if kept.record == wanted:
        return to_person(cohort_id, enrolment_id)
    form = Form(_typed(kept.record).values)
    form.fail("namn", _since(kept, typed, form))
    return _page(request, cohort, enrolment_id, kept, form, 409)


def _since(kept: _Kept, typed: Form, now: Form) -> str:
    """What has happened since. What was typed is said again only while the consent stands under which it was, and something
    is kept: else it may be just what has been erased."""
    if not same_consent(kept.mark, typed.raw("sedd")):
        return _("Deltagarens samtycke har ändrats sedan du öppnade sidan. Här står det som gäller nu, och inget är sparat.")
    if not kept.there:
        return _("Någon annan har tagit bort uppgifterna sedan du öppnade sidan. Inget är sparat.")
    words = _("Någon annan har ändrat uppgifterna sedan du öppnade sidan. Här står de nu, och inget av ditt är sparat.")
    lost = [typed.raw(name) for name in ("namn", "kontakt") if typed.raw(name) not in {"", now.raw(name)}]
    if lost:
        words += " " + _("Du hade skrivit: %(what)s.", what=", ".join(lost))
    return words


def _typed(record: records.PartnerRecord | None) -> Form:
    if record is None:
        return Form()
    values = {"namn": [record.name], "kontakt": [record.contact], "saker": list(record.safe)}
    return Form({name: given for name, given in values.items() if given})


@get(_PAGE, guards=[signed_in])
async def partner_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """What is kept about the partner, to be added or put right."""
    return await _show(request, cohort_id, enrolment_id)


@post(_PAGE, guards=[signed_in], status_code=200)
async def keep(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Keep it as it was typed."""
    person, _cohort, _facts = await _theirs(request, cohort_id, enrolment_id)
    form, state = await read_form(request), request.app.state
    name = form.text("namn", LONGEST_NAME, _("Skriv partnerns namn."))
    contact = form.contact("kontakt")
    safe = tuple(kind for kind in CONTACTS if kind in form.all("saker"))
    check_safe(form, contact, safe)
    if form.errors:
        return await _show(request, cohort_id, enrolment_id, form)
    record = records.PartnerRecord(name, contact, safe)
    # A form of the release before does not say what it showed.
    seen = form.raw("sedd") if "sedd" in form.values else None
    try:
        await partner_services.keep(enrolment_id, record, person.staff_id, state.key_folder, state.clock.now(), seen)
    except NotKept as refused:
        fail(form, refused.wrong, for_staff=True)
        return await _show(request, cohort_id, enrolment_id, form)
    except Conflict as conflict:
        if conflict.code != "record_seen":
            raise
        return await _show_again(request, cohort_id, enrolment_id, form, record)
    return to_person(cohort_id, enrolment_id)


@post(f"{_PAGE}/ta-bort", guards=[signed_in], status_code=303)
async def remove(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Erase it, whether there is a consent or not."""
    person, _cohort, programme, _facts = await mine(request, cohort_id, enrolment_id)
    if not has_partner_contact(programme):
        raise NotFound
    state = request.app.state
    await partner_services.remove(enrolment_id, person.staff_id, state.key_folder, state.clock.now())
    return to_person(cohort_id, enrolment_id)


HANDLERS = [partner_page, keep, remove]
