"""The ballot's public page, which sets no cookie, and the staff's pages about boxes and results."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import UNDECIDED
from programmes.cohorts.tabs_rules import tabs
from programmes.cohorts.visit_queries import has_visits
from programmes.core import codes
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import spoken
from programmes.enrolment.queries import places
from programmes.evaluation import form_pages, pages, queries, result_pages, services
from programmes.evaluation.form_queries import Questions
from programmes.evaluation.form_views import HANDLERS as FORM_HANDLERS
from programmes.evaluation.result_views import HANDLERS as RESULT_HANDLERS
from programmes.evaluation.review_views import HANDLERS as REVIEW_HANDLERS
from programmes.evaluation.sheet_views import common_of, sheet, sheet_of_common_box, sheet_of_group
from programmes.evaluation.strike_views import HANDLERS as STRIKE_HANDLERS
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


# --- The slip ---------------------------------------------------------------------------------------------------------


def _code_page(request: AnyRequest, form: Form, status: int = 200) -> Response[Any]:
    return page(request, "evaluation/code.html", {"form": form}, status)


def _form_page(
    request: AnyRequest, form: Form, programme: Programme, questions: Questions, status: int = 200
) -> Response[Any]:
    """The questions, always unanswered: whoever sends an old page of it again would else read what somebody wrote."""
    view = {
        "form": form,
        "programme": programme.short_name,
        "promise": pages.promise(),
        "how_much": form_pages.how_much(questions),
        "scales": form_pages.scales(programme.form == "group", questions),
        "steps": form_pages.steps(),
        "writings": form_pages.writings(form.errors, questions),
    }
    return page(request, "evaluation/form.html", view, status)


@get("/u")
async def slip_page(request: AnyRequest) -> Response[Any]:
    """Where a slip's code is typed, or comes from the address behind #."""
    return _code_page(request, Form())


@post("/u", status_code=200)
async def use_slip(request: AnyRequest) -> Response[Any]:
    """A code, also for its form in another language; or the answers with their code."""
    form = await read_form(request)
    answering = form.raw("steg") == "svar"
    if form.raw("gor") == "sprak" and not answering:
        return _code_page(request, form)
    code = codes.normalised(form.raw("kod"))
    if code is None and not answering:
        form.fail("kod", _("Koden har 16 tecken, till exempel 4F7Q-MX2P-K9TW-3HRD. Se efter på lappen."))
        return _code_page(request, form, 422)
    asked = await services.asked_of_slip(code) if code else None
    if code and asked:
        if answering and form.raw("gor") != "sprak":
            return await _answer(request, form, code, *asked)
        return _form_page(request, form, *asked)
    if answering:
        return _not_counted(request, used=False)
    form.fail("kod", _("Koden gäller inte. Är den rätt skriven har lappen bytts ut, eller så är utvärderingen stängd."))
    return _code_page(request, form, 422)


async def _answer(request: AnyRequest, form: Form, code: str, programme: Programme, questions: Questions) -> Response[Any]:
    given: dict[str, object] = {}
    for key in questions.scales:
        if form.raw(key) in set("12345"):
            given[key] = int(form.raw(key))
        elif form.raw(key):
            form.fail("fragor", _("Välj ett av stegen 1 till 5."))
    for key in questions.texts:
        if written := form.written(key, questions.longest(key)):
            given[key] = written
    if not given and not form.errors:
        form.fail("fragor", _("Svara på minst en fråga, eller skriv något."))
    if form.errors:
        return _form_page(request, form, programme, questions, 422)
    if await services.cast(code, given, request.app.state.settings.key_folder):
        # A browser may keep the page with the answers whole, to go back to. It listens to this only where it comes by https.
        headers = {"location": f"/u/tack?lang={spoken()}", "clear-site-data": '"cache"'}
        return Response("", status_code=303, headers=headers)
    # It may have been closed meanwhile.
    return _not_counted(request, used=await services.asked_of_slip(code) is not None)


def _not_counted(request: AnyRequest, used: bool) -> Response[Any]:
    """Said only to who answers: the slip was used before, or its box is not open any more."""
    return page(request, "evaluation/used.html", {"used": used}, 409)


@get("/u/tack")
async def thanks(request: AnyRequest) -> Response[Any]:
    """The answer lies in the box."""
    return page(request, "evaluation/thanks.html")


@get("/u/skydd")
async def protection(request: AnyRequest) -> Response[Any]:
    """What the box protects against, and what not, in plain words (docs/evaluation.md)."""
    return page(request, "evaluation/protection.html", {"promise": pages.promise()})


# --- Staff ------------------------------------------------------------------------------------------------------------


async def _mine(request: AnyRequest, cohort_id: int) -> tuple[CohortFacts, Programme]:
    """A cohort that this person works with. Raises NotFound."""
    today = local_date(request.app.state.clock.now())
    cohort = await cohorts.mine(principal(request), today, row_id(cohort_id))
    return cohort, await catalogue.programme(cohort.programme_id)


async def _show(
    request: AnyRequest,
    cohort: CohortFacts,
    programme: Programme,
    form: Form | None = None,
    refused: tuple[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    box = await queries.for_cohort(cohort.cohort_id)
    release = await queries.release_of(cohort.cohort_id) if box and box.state == "released" else None
    view = {
        "cohort": cohort,
        "programme": programme,
        "tabs": tabs(cohort.cohort_id, cohort.form, cohort.state, await has_visits(cohort, programme.study_visit)),
        "box": box,
        "started": cohort.state not in UNDECIDED,
        "tag": pages.state_tag(box, cohort.state not in UNDECIDED),
        "closes_at": await queries.closes_at(cohort.cohort_id),
        "people": (await places([cohort.cohort_id], request.app.state.clock.now()))[cohort.cohort_id].confirmed,
        "results": result_pages.results(release, _("Gruppens svar")) if release else None,
        "form": form or Form(),
        "refused": refused,
    }
    return page(request, "evaluation/cohort.html", view, status)


@get("/personal/grupper/{cohort_id:int}/utvardering", guards=[signed_in])
async def cohort_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The group's box: what to do next, or what came of it."""
    cohort, programme = await _mine(request, cohort_id)
    return await _show(request, cohort, programme)


@post("/personal/grupper/{cohort_id:int}/utvardering/lappar", guards=[signed_in], status_code=200)
async def print_slips(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The sheet to print. Its codes are shown this once."""
    cohort, programme = await _mine(request, cohort_id)
    form, now = await read_form(request), request.app.state.clock.now()
    answer = await services.print_slips(cohort.cohort_id, principal(request), now, form.ticked("ersatt"))
    if answer == services.NoSlips("printed"):
        box = await queries.for_cohort(cohort.cohort_id)
        form.fail("ersatt", pages.replaces(cohort.name, box.slips if box else 0))
        return await _show(request, cohort, programme, form, status=422)
    if isinstance(answer, services.NoSlips):
        return await _show(request, cohort, programme, refused=pages.no_slips(answer.because), status=422)
    return sheet(request, answer, cohort.name, f"/personal/grupper/{cohort.cohort_id}", in_group=True)


@get("/personal/grupper/{cohort_id:int}/utvardering/lappar", guards=[signed_in], status_code=303)
async def printed_slips(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """A sheet cannot be looked at again: back to where new ones are printed."""
    cohort, _programme = await _mine(request, cohort_id)
    return _back(cohort)


@get("/personal/grupper/{cohort_id:int}/utvardering/stang", guards=[signed_in])
async def close_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What closing means, and the button that does it."""
    cohort, programme = await _mine(request, cohort_id)
    box = await queries.for_cohort(cohort.cohort_id)
    if box is None or not box.is_open:
        return _back(cohort)
    view = {
        "cohort": cohort,
        "programme": programme,
        "closes_at": await queries.closes_at(cohort.cohort_id),
        "words_missing": programme.evaluation == "required" and not box.own_words,
    }
    return page(request, "evaluation/close.html", view)


@post("/personal/grupper/{cohort_id:int}/utvardering/stang", guards=[signed_in], status_code=303)
async def close(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Close for good."""
    cohort, _programme = await _mine(request, cohort_id)
    await services.close(cohort.cohort_id, principal(request), request.app.state.clock.now())
    return _back(cohort)


@post("/personal/grupper/{cohort_id:int}/utvardering/egna-ord", guards=[signed_in], status_code=303)
async def own_words(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Keep what the group agreed aloud."""
    cohort, programme = await _mine(request, cohort_id)
    form = await read_form(request)
    box = await queries.for_cohort(cohort.cohort_id)
    if box is None or programme.evaluation != "required":
        raise NotFound
    if box.in_release:
        # An old page. The new one has no field that an error could stand beside.
        return await _show(request, cohort, programme, refused=pages.own_words_late(), status=409)
    text = form.text("ord", 2000)
    if not form.ticked("ingen"):
        form.fail("ingen", _("Kryssa i att orden inte handlar om någon person. Stämmer det inte: skriv om dem."))
    if not form.errors:
        now = request.app.state.clock.now()
        refusal = await services.own_words(cohort.cohort_id, text, principal(request), now)
        if refusal is None:
            return _back(cohort)
        if refusal == "released":
            return await _show(request, cohort, programme, refused=pages.own_words_late(), status=409)
        form.fail("ord", pages.own_words_error(refusal))
    return await _show(request, cohort, programme, form, status=422)


def _back(cohort: CohortFacts) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort.cohort_id}/utvardering"})


# --- The common boxes of individual forms -----------------------------------------------------------------------------


async def _show_boxes(request: AnyRequest, status: int = 200, **more: object) -> Response[Any]:
    programmes = await common_of(request)
    if not programmes:
        raise NotFound
    half = services.half_year_of(request.app.state.clock.now())
    found = await queries.half_year_boxes([p.section for p in programmes], half)
    most = {p.section: await services.most_common_slips(p.section, request.app.state.clock.now()) for p in programmes}
    boxes = [pages.common_box(p.slug, p.short_name, found.get(p.section), most[p.section]) for p in programmes]
    view = {"boxes": boxes, "title": result_pages.half_year_title(half), "form": Form(), "refused": None, **more}
    return page(request, "evaluation/boxes.html", view, status)


@get("/personal/utvarderingar/lador", guards=[signed_in])
async def common_boxes(request: AnyRequest) -> Response[Any]:
    """This half-year's boxes of the individual forms, for their coordinators."""
    return await _show_boxes(request)


@post("/personal/utvarderingar/lador", guards=[signed_in], status_code=200)
async def print_common_slips(request: AnyRequest) -> Response[Any]:
    """Slips for a common box, to print."""
    programmes = {p.slug: p for p in await common_of(request)}
    form = await read_form(request)
    programme = programmes.get(form.choice("insats", list(programmes), _("Välj en insats.")))
    now = request.app.state.clock.now()
    most = await services.most_common_slips(programme.section, now) if programme else services.COMMON_SLIPS[1]
    number = form.number("antal", services.COMMON_SLIPS[0], most)
    if form.errors or programme is None:
        return await _show_boxes(request, 422, form=form)
    answer = await services.print_half_year_slips(programme.section, number, principal(request), now, form.ticked("ersatt"))
    if answer == services.NoSlips("printed"):
        box = (await queries.half_year_boxes([programme.section], services.half_year_of(now)))[programme.section]
        form.fail("ersatt", pages.replaces(programme.short_name, box.slips))
        return await _show_boxes(request, 422, form=form)
    if isinstance(answer, services.NoSlips):
        return await _show_boxes(request, 422, refused=pages.no_slips(answer.because))
    return sheet(request, answer, programme.short_name, "/personal/utvarderingar/lador", in_group=False)


HANDLERS = [
    slip_page, use_slip, thanks, protection, cohort_page, print_slips, printed_slips, close_page, close, own_words,
    common_boxes, print_common_slips, sheet_of_group, sheet_of_common_box, *FORM_HANDLERS,
    *REVIEW_HANDLERS, *RESULT_HANDLERS, *STRIKE_HANDLERS,
]  # fmt: skip
