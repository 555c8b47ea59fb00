"""Free texts for a programme's coordinator: to begin, page by page, side by side, signed off."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue.rules import Programme
from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.naming_rules import leads_to_somebody
from programmes.core.sealing import KeyGone
from programmes.evaluation import review_pages as pages
from programmes.evaluation import review_queries as queries
from programmes.evaluation import review_services as services
from programmes.evaluation.form_views import leading_words
from programmes.evaluation.review_queries import LONGEST_SHOWN, ReviewedText, ReviewFacts, seen_digest
from programmes.evaluation.told_views import coordinated_words
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_PAGE = "/personal/utvarderingar/{slug:str}/kommentarer"


def _home(programme: Programme) -> str:
    return f"/personal/utvarderingar/{programme.slug}/kommentarer"


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


async def _open(request: AnyRequest, programme: Programme) -> tuple[ReviewFacts, list[ReviewedText]] | None:
    """The open review and its texts; None where there is none that can be read now."""
    review = await queries.review_of(programme.section)
    if review is None or review.state != "open":
        return None
    try:
        found = await services.texts(review, principal(request).staff_id, request.app.state.settings.key_folder)
    except KeyGone:
        return None
    return (review, found) if found else None


@get(_PAGE, guards=[signed_in])
async def review_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Where the review stands, or the first part of it that is left; `?del=2` is another part."""
    programme = await coordinated_words(request, slug)
    found = await _open(request, programme)
    if found is None:
        view = {"programme": programme, "review": await queries.review_of(programme.section)}
        return page(request, "evaluation/review_state.html", view)
    parts = pages.parts(found[1])
    wanted = request.query_params.get("del", "")
    place = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 4 else pages.first_open(parts)
    if not 1 <= place <= len(parts):
        return _to(f"{_home(programme)}/visa")
    return _part(request, programme, found[0], pages.part(found[0].asked, parts, place))


def _part(
    request: AnyRequest,
    programme: Programme,
    review: ReviewFacts,
    part: pages.Part,
    form: Form | None = None,
    status: int = 200,
) -> Response[Any]:
    view = {
        "programme": programme,
        "part": part,
        "last_day": pages.last_day(review.ends_at) if review.ends_at else "",
        "form": form or Form(),
        "most": LONGEST_SHOWN,
    }
    return page(request, "evaluation/review.html", view, status)


@post(_PAGE, guards=[signed_in], status_code=303)
async def go_through(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Begin; or keep what is to be shown instead of one part's texts."""
    programme = await coordinated_words(request, slug)
    who, form = principal(request), await read_form(request)
    if form.raw("gor") == "borja":
        review = await queries.review_of(programme.section)
        if review:
            await services.ask(review, who.staff_id, request.app.state.clock.now())
        return _to(_home(programme))
    found = await _open(request, programme)
    parts = pages.parts(found[1]) if found else []
    place = form.raw("del")
    if found is None or place not in {str(n) for n in range(1, len(parts) + 1)}:
        return _to(_home(programme))
    texts = parts[int(place) - 1]
    fields = {text.text_id: pages.field_of(text.text_id) for text in texts}
    # Texts of another part, or of another review: an old page.
    if not all(field in form.values for field in fields.values()):
        return _to(_home(programme))
    shown = {text_id: form.text(field, LONGEST_SHOWN) for text_id, field in fields.items()}
    for text_id, words in shown.items():
        if _leads(request, programme, words):
            form.fail(fields[text_id], leading_words())
    if form.errors:
        part = pages.part(found[0].asked, parts, int(place), form.raw, form.errors, form.raw("sett"))
        return _part(request, programme, found[0], part, form, 422)
    folder = request.app.state.settings.key_folder
    if await services.keep(found[0], shown, form.raw("sett"), who.staff_id, folder) == "changed":
        return await _changed_meanwhile(request, programme, int(place), form)
    return _to(f"{_home(programme)}?del={int(place) + 1}")


def _leads(request: AnyRequest, programme: Programme, words: str) -> bool:
    """Whether what is to be shown leads to somebody, where nobody may be documented (decision 87)."""
    return programme.exempt and leads_to_somebody(words, local_date(request.app.state.clock.now())) is not None


async def _changed_meanwhile(request: AnyRequest, programme: Programme, place: int, form: Form) -> Response[Any]:
    """What somebody else has kept beside what was typed here; from this page on it may be replaced."""
    found = await _open(request, programme)
    if found is None:
        return _to(_home(programme))
    told = _("Någon annan har sparat något annat sedan du öppnade sidan. Läs båda, och spara det som ska visas.")
    fields = [pages.field_of(text.text_id) for text in found[1] if pages.differs(text, form.raw)]
    form.fail(fields[0] if fields else "del", told)
    part = pages.part(found[0].asked, pages.parts(found[1]), place, form.raw, changed=True)
    return _part(request, programme, found[0], part, form, 409)


async def _side_by_side(request: AnyRequest, programme: Programme, status: int, error: str = "") -> Response[Any]:
    found = await _open(request, programme)
    if found is None or pages.first_open(pages.parts(found[1])) <= len(pages.parts(found[1])):
        return _to(_home(programme))
    form = Form()
    if error:
        form.fail("sett", error)
    view = {
        "programme": programme,
        "review": found[0],
        "questions": pages.compared(found[0].asked, found[1]),
        "seen": seen_digest(found[1]),
        "form": form,
    }
    return page(request, "evaluation/review_sign.html", view, status)


@get(f"{_PAGE}/visa", guards=[signed_in])
async def side_by_side(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Every text as it was written, beside what will be shown."""
    return await _side_by_side(request, await coordinated_words(request, slug), 200)


@post(f"{_PAGE}/visa", guards=[signed_in], status_code=303)
async def sign_off(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Sign off what was seen. Afterwards nothing of it changes, and what was written is destroyed."""
    programme = await coordinated_words(request, slug)
    form = await read_form(request)
    if not form.ticked("last"):
        told = _("Kryssa i att du har läst varje kommentar och tagit bort det som pekar ut någon.")
        return await _side_by_side(request, programme, 422, told)
    review = await queries.review_of(programme.section)
    settings, now = request.app.state.settings, request.app.state.clock.now()
    open_now = await _open(request, programme)
    if open_now and any(_leads(request, programme, text.shown or "") for text in open_now[1]):
        # Kept by the release before.
        return await _side_by_side(request, programme, 422, leading_words())
    if review:
        try:
            signed = await services.sign_off(review, form.raw("sett"), principal(request).staff_id, settings.key_folder, now)
        except KeyGone:
            signed = False
        if not signed:
            told = _("Kommentarerna har ändrats sedan du läste dem. Läs igenom dem igen.")
            return await _side_by_side(request, programme, 409, told)
    return _to(_home(programme))


HANDLERS = [review_page, go_through, side_by_side, sign_off]
