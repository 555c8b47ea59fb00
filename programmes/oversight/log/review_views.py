"""The access log for managers: its chain and its days, and the monthly review. They see numbers, never whose records."""

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.oversight.log import chain_queries, review_queries
from programmes.oversight.log import review_pages as pages
from programmes.oversight.log import review_services as services
from programmes.oversight.log.chain_queries import Day
from programmes.web.csv_files import csv_file
from programmes.web.forms import read_form
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def _month(typed: str) -> date | None:
    found = _MONTH.fullmatch(typed)
    return date(int(found[1]), int(found[2]), 1) if found else None


def _asked_for(request: AnyRequest) -> date:
    """The first day of the month in the address, or of this one: no day to come has a head."""
    this = local_date(request.app.state.clock.now()).replace(day=1)
    return min(_month(request.query_params.get("manad", "")) or this, this)


async def _days(wanted: date) -> list[Day]:
    last = services.next_month(wanted)
    return [day for day in await chain_queries.days(wanted, last) if day.day < last]


@get("/personal/granskning", guards=[signed_in])
async def home(request: AnyRequest) -> Response[Any]:
    """Whether the chain is whole, which months wait, and the heads of a month's days."""
    require_role(request, "manager")
    now = request.app.state.clock.now()
    wanted = _asked_for(request)
    other = request.query_params.get("manad", "") not in {"", f"{wanted:%Y-%m}"}
    view = pages.home_page(
        await chain_queries.checks(),
        await chain_queries.losses(),
        await review_queries.months(),
        await _days(wanted),
        wanted,
        now,
        await chain_queries.years_kept("access_log"),
        other,
    )
    return page(request, "oversight/log.html", view, 422 if other else 200)


@get("/personal/granskning/{month:str}", guards=[signed_in])
async def review(request: AnyRequest, month: FromPath[str]) -> Response[Any]:
    """A month to go through. That it was opened is noted."""
    who = require_role(request, "manager")
    wanted = _known(month)
    found = await review_queries.month(wanted)
    await services.opened(wanted, who.staff_id, request.app.state.clock.now())
    return await _show(request, found, saved="sparat" in request.query_params)


@get("/personal/granskning.csv", guards=[recently_confirmed])
async def days_file(request: AnyRequest) -> Response[bytes]:
    """The heads of a month's days to keep elsewhere, in Swedish: what a mail says, for a machine to compare. Raises NotFound
    for what is no month, and for one to come."""
    require_role(request, "manager")
    wanted = _asked_for(request)
    if request.query_params.get("manad", f"{wanted:%Y-%m}") != f"{wanted:%Y-%m}":
        # A file is kept, and would be taken for the month that was asked for.
        raise NotFound
    days = await _days(wanted)
    with speaking("sv"):
        return csv_file(f"kontrollsummor-{wanted:%Y-%m}-internt-sekretess.csv", pages.day_heads(), pages.day_rows(days))


@get("/personal/granskning/{month:str}/rader.csv", guards=[recently_confirmed])
async def review_file(request: AnyRequest, month: FromPath[str]) -> Response[bytes]:
    """A month's lines to take home, in Swedish. That it was opened is noted, as of the page."""
    who, wanted = require_role(request, "manager"), _known(month)
    found = await review_queries.month(wanted)
    await services.opened(wanted, who.staff_id, request.app.state.clock.now())
    lines = await review_queries.judged(wanted)
    with speaking("sv"):
        rows = pages.rows(pages.review_page(found, lines, who.staff_id))
        return csv_file(f"loggkontroll-{wanted:%Y-%m}-internt-sekretess.csv", pages.heads(), rows)


@post("/personal/granskning/{month:str}", guards=[signed_in], status_code=200)
async def judge(request: AnyRequest, month: FromPath[str]) -> Response[Any]:
    """Keep what was judged, and sign the month off when that was the button, nothing is left, and all stands as it was
    shown."""
    who, now = require_role(request, "manager"), request.app.state.clock.now()
    wanted = _known(month)
    form = await read_form(request)
    values = {name: form.raw(name) for name in form.values}
    sent = services.Sent(
        pages.typed_outcomes(values, "rad_", services.OUTCOMES),
        pages.typed_outcomes(values, "visad_", (*services.OUTCOMES, "")),
    )
    crossed = await services.judge(wanted, sent, who.staff_id, now)
    waits = None
    if form.raw("gor") == "skriv" and not crossed:
        waits = await services.sign(wanted, sent, who.staff_id, now)
        if waits is None:
            return Response("", status_code=303, headers={"location": "/personal/granskning"})
    if changed := crossed or (waits.changed if waits else ()):
        found = await review_queries.month(wanted)
        return await _show(request, found, 409, pages.changed_words(len(changed)), changed=changed)
    if waits:
        found = await review_queries.month(wanted)
        return await _show(request, found, 422, _("Bedöm varje rad innan du skriver under."))
    return Response("", status_code=303, headers={"location": f"/personal/granskning/{month}?sparat=1"})


def _known(typed: str) -> date:
    found = _month(typed)
    if found is None:
        raise NotFound
    return found


async def _show(
    request: AnyRequest,
    found: review_queries.Month,
    status: int = 200,
    error: str = "",
    saved: bool = False,
    changed: Collection[int] = (),
) -> Response[Any]:
    lines = await review_queries.judged(found.month)
    me = require_role(request, "manager").staff_id
    return page(request, "oversight/review.html", pages.review_page(found, lines, me, error, saved, changed), status)


HANDLERS = [home, days_file, review, review_file, judge]
