"""A coordinator's own questions to the form of a programme."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.naming_rules import leads_to_somebody
from programmes.evaluation import form_pages as pages
from programmes.evaluation import form_queries, form_services
from programmes.evaluation.form_queries import LANGUAGES, LONGEST_QUESTION, MOST_OWN, OwnQuestion
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_PAGE = "/personal/utvarderingar/{slug:str}/fragor"


async def evaluated(request: AnyRequest) -> list[Programme]:
    """The programmes that are evaluated now."""
    today = local_date(request.app.state.clock.now())
    return [p for _id, p in await catalogue.in_force(today) if p.form in {"group", "individual"} and p.evaluation != "off"]


async def own_questions_of(request: AnyRequest) -> list[Programme]:
    """The programmes to whose form this person may add questions."""
    who = principal(request)
    return [p for p in await evaluated(request) if who.coordinates(p.section)] if who.has("coordinator") else []


def coordinated(request: AnyRequest, slug: str, among: Iterable[Programme]) -> Programme:
    """The one among programmes that this person coordinates. Raises NotFound, or Forbidden for another's."""
    found = next((p for p in among if p.slug == slug), None)
    if not principal(request).has("coordinator"):
        raise Forbidden
    if found is None:
        raise NotFound
    if not principal(request).coordinates(found.section):
        raise Forbidden
    return found


async def _show(request: AnyRequest, programme: Programme, form: Form | None = None) -> Response[Any]:
    section = programme.section
    view = pages.own_page(
        programme.slug,
        programme.short_name,
        await form_queries.chosen(section),
        await form_queries.versions(section),
        await form_queries.boxes_open(section),
        form.raw if form else None,
        form.errors if form else {},
    )
    return page(request, "evaluation/own.html", {"own": view, "form": form or Form()}, 422 if form else 200)


@get(_PAGE, guards=[signed_in])
async def own_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """What the form asks, and the fields to add questions."""
    return await _show(request, coordinated(request, slug, await evaluated(request)))


def leading_words() -> str:
    """Why a question or a comment isn't kept where nobody may be documented (decision 87)."""
    return _(
        "Det står ett nummer, ett födelsedatum eller en adress som kan leda till någon. Skriv utan det. "
        "I den här insatsen sparas inget om vem någon är."
    )


def _read(form: Form, exempt: bool, today: date) -> list[OwnQuestion]:
    """The questions that were typed; what stands against one beside its field. `exempt`: nobody may be documented there."""
    found: list[OwnQuestion] = []
    for place in range(1, MOST_OWN + 1):
        words = {code: form.text(f"{code}{place}", LONGEST_QUESTION) for code in LANGUAGES}
        for code in LANGUAGES:
            if not words[code] and form.raw(f"{code}{place}").strip():
                form.fail(f"{code}{place}", _("Det finns bara tecken som inte syns. Skriv frågan, eller töm rutan."))
            if exempt and leads_to_somebody(words[code], today):
                form.fail(f"{code}{place}", leading_words())
        if any(words.values()) and not words["sv"]:
            form.fail(f"sv{place}", _("Skriv frågan på svenska också."))
        kind = form.choice(f"sort{place}", tuple(pages.kinds())) if any(words.values()) else "scale"
        question = pages.own_question(kind, words) if kind else None
        if question and any(one.words.get("sv", "").casefold() == words["sv"].casefold() for one in found):
            form.fail(f"sv{place}", _("Den frågan finns redan."))
        if question:
            found.append(question)
    return found


@post(_PAGE, guards=[signed_in], status_code=303)
async def keep_questions(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Ask these from the next slips on."""
    programme = coordinated(request, slug, await evaluated(request))
    form = await read_form(request)
    own = _read(form, programme.exempt, local_date(request.app.state.clock.now()))
    if form.errors:
        return await _show(request, programme, form)
    await form_services.choose(programme.section, own, principal(request).staff_id, request.app.state.clock.now())
    return Response("", status_code=303, headers={"location": f"/personal/utvarderingar/{programme.slug}/fragor"})


HANDLERS = [own_page, keep_questions]
