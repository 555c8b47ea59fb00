"""Conditions and rules in versions: to read, to write a new one seeing whom it concerns, to withdraw one not in force."""

from typing import Any, Literal, cast

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.enrolment.texts import agreement_queries, pages
from programmes.enrolment.texts import services as text_services
from programmes.enrolment.texts.agreement_queries import FARTHEST, NewText, is_saved, last_of, seen_digest, why_not_add
from programmes.web.forms import Form, read_form
from programmes.web.guards import require_role, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_ALIVE: tuple[cohorts.CohortState, ...] = ("planned", "open", "postponed", "started")


async def _mine(request: AnyRequest) -> dict[str, Programme]:
    """The programmes with texts that this coordinator coordinates, by section."""
    person = require_role(request, "coordinator")
    in_force = await catalogue.in_force(local_date(request.app.state.clock.now()))
    asking = [p for _id, p in in_force if p.accept_conditions or p.rules_commitment]
    return {p.section: p for p in asking if person.coordinates(p.section)}


async def _texts(request: AnyRequest, form: Form, status: int = 200, refused: str = "") -> Response[Any]:
    today = local_date(request.app.state.clock.now())
    found = [
        pages.texts_of(programme, await agreement_queries.versions(section), today)
        for section, programme in (await _mine(request)).items()
    ]
    view = pages.TextsPage(tuple(found), form, today, today + FARTHEST, refused)
    return page(request, "enrolment/texts.html", view, status)


@get("/personal/texter", guards=[signed_in])
async def texts_page(request: AnyRequest) -> Response[Any]:
    """Conditions and rules of the programmes that ask for them, every version."""
    return await _texts(request, Form())


async def _read(request: AnyRequest, form: Form) -> NewText | None:
    """The version that was typed, or what stands against it beside each field. Raises NotFound for another's programme."""
    person, today = require_role(request, "coordinator"), local_date(request.app.state.clock.now())
    in_force = await catalogue.in_force(today)
    asked = sorted({p.section for _id, p in in_force if p.accept_conditions or p.rules_commitment})
    section = form.choice("avsnitt", asked)
    if section and not person.coordinates(section):
        raise NotFound
    kind = form.choice("sort", ("conditions", "rules"))
    swedish = form.lines("sv", 20, _("Skriv minst en rad på svenska."))
    english = form.lines("en", 20, _("Skriv minst en rad på engelska."))
    valid_from = form.day("fran")
    if not section or not kind or valid_from is None:
        return None
    new = NewText(section, cast(Literal["conditions", "rules"], kind), valid_from, tuple(swedish), tuple(english))
    known = await agreement_queries.versions(section)
    if form.raw("sett") and is_saved(new, known):
        return new
    for field, text in pages.refusals(why_not_add(new, known, today), new, known).items():
        form.fail(field, text)
    return None if form.errors else new


@post("/personal/texter", guards=[signed_in], status_code=200)
async def add_text(request: AnyRequest) -> Response[Any]:
    """A new version, in both languages: first whom it concerns, then, as it was seen, saved. Earlier ones stay."""
    person, now = require_role(request, "coordinator"), request.app.state.clock.now()
    form = await read_form(request)
    new = await _read(request, form)
    if new is None or form.raw("andra"):
        return await _texts(request, form, 422 if form.errors else 200)
    programme, today = (await _mine(request))[new.section], local_date(now)
    theirs = [c for c in await cohorts.all_mine(person, today, _ALIVE) if c.section == new.section]
    first_days = {c.cohort_id: local_date(c.first_start) if c.first_start else None for c in theirs}
    asked = await agreement_queries.asked_by(new, programme, first_days, today)
    known = await agreement_queries.versions(new.section)
    if form.raw("sett") and is_saved(new, known):
        # The same form once more: a double click, or another tab.
        return _to_texts(new.section)
    seen = seen_digest(new, last_of(new.kind, known), asked)
    if form.raw("sett") != seen:
        view = pages.preview_page(programme, new, known, theirs, asked, seen, bool(form.raw("sett")))
        return page(request, "enrolment/text_preview.html", view, 409 if view.changed else 200)
    added = await text_services.add_text(
        new.section, new.kind, new.valid_from, new.lines_sv, new.lines_en, person.staff_id, now
    )
    if isinstance(added, text_services.NotAdded):
        for field, text in pages.refusals(added.reasons, new, await agreement_queries.versions(new.section)).items():
            form.fail(field, text)
        return await _texts(request, form, 422)
    return _to_texts(new.section)


def _to_texts(section: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/texter#a-{section}"})


@post("/personal/texter/{text_id:int}/ta-tillbaka", guards=[signed_in], status_code=200)
async def withdraw(request: AnyRequest, text_id: FromPath[int]) -> Response[Any]:
    """Take back a version that is not in force yet."""
    person, now = require_role(request, "coordinator"), request.app.state.clock.now()
    try:
        section, _text, _accepted = await agreement_queries.text_by_id(row_id(text_id))
        if not person.coordinates(section):
            raise NotFound
        await text_services.withdraw_text(text_id, person.staff_id, now)
    except Conflict:
        return await _texts(request, Form(), 409, pages.still_in_force())
    except NotFound:
        return await _texts(request, Form(), 404, pages.no_such_text())
    return _to_texts(section)


HANDLERS = [texts_page, add_text, withdraw]
