"""A person's own extract (registerutdrag): the page where identity is noted, and the files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import known_language, language, speaking
from programmes.core.principal import Principal
from programmes.core.typesetting import typeset
from programmes.desk.extract import pages, services
from programmes.enrolment import queries
from programmes.enrolment.queries import EnrolmentFacts
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, recently_confirmed, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_SHEET = Path(__file__).with_name("extract.typ")
_PAGE = "/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/utdrag"


async def _theirs(request: AnyRequest, cohort_id: int, enrolment_id: UUID) -> tuple[Principal, CohortFacts, EnrolmentFacts]:
    """Somebody who is documented, for the programme's coordinator. Raises NotFound where nobody is."""
    person = principal(request)
    cohort = await cohorts.mine(person, local_date(request.app.state.clock.now()), row_id(cohort_id))
    facts = await queries.enrolment(enrolment_id)
    if facts.cohort_id != cohort.cohort_id:
        raise NotFound
    if not person.coordinates(cohort.section):
        raise Forbidden
    if facts.participant_id is None or facts.record is None:
        raise NotFound
    return person, cohort, facts


async def _show(request: AnyRequest, cohort_id: int, enrolment_id: UUID, form: Form) -> Response[Any]:
    person, cohort, facts = await _theirs(request, cohort_id, enrolment_id)
    state = request.app.state
    now = state.clock.now()
    async with looking(person, "person", now, "extract") as look:
        covers = await services.covers(facts, look, state.key_folder, now)
        beside = await services.candidates(facts, look, state.key_folder, now)
    check = await services.good_check(facts, person, state.key_folder, now)
    protected = facts.protected or any(one.protected for one in covers)
    view = pages.ExtractPage(
        address=_address(cohort_id, enrolment_id),
        cohort_id=cohort.cohort_id,
        cohort_name=cohort.name,
        protected=protected,
        covers=tuple((one.label, one.group) for one in covers),
        beside=pages.beside(beside),
        ways=pages.choices(services.ways_for(protected)),
        checked=pages.checked(check.how, check.at) if check else "",
        minutes=int(services.GOOD_FOR.total_seconds() // 60),
        form=form,
    )
    return page(request, "desk/extract.html", view, 422 if form.errors else 200)


def _address(cohort_id: int, enrolment_id: UUID) -> str:
    return f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}"


@get(_PAGE, guards=[signed_in])
async def extract_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Whose data it is, how identity is checked, and, once it has been, the files."""
    return await _show(request, cohort_id, enrolment_id, Form())


@post(_PAGE, guards=[signed_in], status_code=200)
async def check(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Note how identity was checked."""
    person, _cohort, facts = await _theirs(request, cohort_id, enrolment_id)
    form = await read_form(request)
    chosen = form.choice("hur", services.HOWS, _("Välj hur du har kontrollerat vem det är."))
    if form.errors:
        return await _show(request, cohort_id, enrolment_id, form)
    how = next(how for how in services.HOWS if how == chosen)
    state, number = request.app.state, form.raw("nummer").strip()
    try:
        await services.check_identity(facts, how, person, state.key_folder, state.clock.now(), number)
    except Conflict as conflict:
        if conflict.code != "other_number":
            raise
        form.fail("nummer", _("Det är inte det nummer som står i uppgifterna. Lämna inte ut något innan ni vet vem det är."))
        return await _show(request, cohort_id, enrolment_id, form)
    return _back(cohort_id, enrolment_id)


def _back(cohort_id: int, enrolment_id: UUID) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"{_address(cohort_id, enrolment_id)}/utdrag"})


async def _taken_out(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID, kind: services.Kind
) -> tuple[services.Extract, Mapping[str, Programme]] | None:
    """What is handed out, noted as such, and the programmes that it covers; None while identity isn't checked."""
    person, _cohort, facts = await _theirs(request, cohort_id, enrolment_id)
    state = request.app.state
    now = state.clock.now()
    checked = await services.good_check(facts, person, request.app.state.key_folder, now)
    if checked is None:
        return None
    async with looking(person, "extract", now, "extract") as look:
        municipality = state.settings.municipality
        return await services.extract(facts, checked, kind, look, state.key_folder, municipality, now)


def _file(content: bytes, kind: str) -> Response[bytes]:
    """A file to save, whose name says nothing of whom it is about. Never kept by a browser or a proxy."""
    headers = {"content-disposition": f'attachment; filename="registerutdrag.{kind}"', "cache-control": "no-store"}
    return Response(content, media_type=f"application/{kind}", headers=headers)


@get(f"{_PAGE}.json", guards=[recently_confirmed])
async def as_json(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """The extract for machines (docs/registerutdrag.md)."""
    found = await _taken_out(request, cohort_id, enrolment_id, "json")
    if found is None:
        return _back(cohort_id, enrolment_id)
    return _file(json.dumps(found[0], ensure_ascii=False, indent=2).encode(), "json")


@get(f"{_PAGE}.pdf", guards=[recently_confirmed])
async def as_pdf(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """The extract as paper, in the language that was asked for."""
    found = await _taken_out(request, cohort_id, enrolment_id, "pdf")
    if found is None:
        return _back(cohort_id, enrolment_id)
    with speaking(known_language(request.query_params.get("sprak", "")) or language()):
        paper = pages.paper(*found, request.app.state.settings.phone)
    return _file(await to_thread.run_sync(typeset, _SHEET, paper.as_data()), "pdf")


HANDLERS = [extract_page, check, as_json, as_pdf]
