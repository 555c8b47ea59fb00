"""What has been released of the programmes that somebody coordinates or leads: a page for each, and files."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.evaluation import queries, review_queries
from programmes.evaluation import result_pages as pages
from programmes.evaluation.form_views import own_questions_of
from programmes.evaluation.sheet_views import common_of
from programmes.web.csv_files import csv_file
from programmes.web.guards import principal, recently_confirmed, signed_in
from programmes.web.rendering import page
from programmes.web.xlsx_files import xlsx_file

AnyRequest = Request[Any, Any, Any]


async def _known(request: AnyRequest) -> list[Programme]:
    """The programmes whose evaluations this person may read, those that are gone from the guideline too."""
    now = request.app.state.clock.now()
    mine = await queries.sections_of(principal(request), now)
    return [p for p in await catalogue.in_force_or_gone(local_date(now)) if mine is None or p.section in mine]


@get("/personal/utvarderingar", guards=[signed_in])
async def results(request: AnyRequest) -> Response[Any]:
    """Released results of the programmes that this person coordinates or leads, one programme at a time."""
    known = await _known(request)
    sections = [p.section for p in known]
    released, waiting = await queries.releases(sections), await queries.waiting(sections)
    words, comments = await queries.own_words(sections), await review_queries.comments(sections)
    to_review = await review_queries.to_review([one for one in sections if principal(request).coordinates(one)])
    told = {r.section for r in released} | {c.section for c in comments} | waiting | set(words) | to_review
    programmes = [p for p in known if p.section in told]
    wanted = request.query_params.get("insats", "")
    chosen = next((p for p in programmes if p.slug == wanted), programmes[0] if programmes else None)
    section = chosen.section if chosen else ""
    theirs = [release for release in released if release.section == section]
    coordinates = bool(section) and principal(request).coordinates(section)
    view = {
        "programmes": programmes,
        "chosen": chosen,
        "results": pages.all_results(theirs),
        "beside": pages.beside(theirs),
        "waits": section in waiting,
        "words": words.get(section, []),
        "to_review": section in to_review,
        "coordinates": coordinates and (bool(words.get(section)) or any(r.words for r in theirs) or any(comments)),
        "comments": pages.comments([c for c in comments if c.section == section]),
        "common": bool(await common_of(request)),
        "own": [(p.short_name, f"/personal/utvarderingar/{p.slug}/fragor") for p in await own_questions_of(request)],
    }
    return page(request, "evaluation/results.html", view)


async def _tables(request: AnyRequest, slug: str) -> tuple[pages.Table, pages.Table, pages.Table]:
    """What the page of this programme shows. Raises NotFound for one that is not this person's to read."""
    programme = next((p for p in await _known(request) if p.slug == slug), None)
    if programme is None:
        raise NotFound
    sections = [programme.section]
    words = await queries.own_words(sections)
    comments = await review_queries.comments(sections)
    return pages.tables(await queries.releases(sections), comments, words.get(programme.section, []))


@get("/personal/utvarderingar/{slug:str}/svar.csv", guards=[recently_confirmed])
async def as_csv(request: AnyRequest, slug: FromPath[str]) -> Response[bytes]:
    """All that has been released of a programme, as one list."""
    found = pages.one_table(await _tables(request, slug))
    return csv_file("utvardering.csv", found.heads, ([pages.cell_text(cell) for cell in row] for row in found.rows))


@get("/personal/utvarderingar/{slug:str}/svar.xlsx", guards=[recently_confirmed])
async def as_xlsx(request: AnyRequest, slug: FromPath[str]) -> Response[bytes]:
    """The same as a workbook of three sheets."""
    found = await _tables(request, slug)
    return xlsx_file("utvardering.xlsx", ((table.name, table.heads, table.rows) for table in found))


HANDLERS = [results, as_csv, as_xlsx]
