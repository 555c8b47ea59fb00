"""Retention for managers: what goes when, how the nightly run went, rules, receipts. No records."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.core import erasure
from programmes.core.clock import local_date
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.core.naming_rules import leads_beside_a_decision
from programmes.core.retention import amount_of
from programmes.core.retention_rules import RULES, Subject, subject_of, wrong_amount
from programmes.desk.closing import queries as closing
from programmes.oversight.retention import pages, queries, services, shortening_pages
from programmes.oversight.retention import shortening_services as shortening
from programmes.oversight.retention.run_pages import run_state
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
# Months are counted so far ahead.
_AHEAD = timedelta(days=2 * 366 + 31)
# What of a query the way by `/personal/bekrafta` keeps (`people/entry_views.py`).
_LET_BACK = 120


async def _first_days(today: date) -> dict[UUID, date]:
    """From which day each record may go that is due in the months that are counted."""
    years = await amount_of("protected_record")
    return {one: queries.first_day(at, years) for one, at in (await queries.due_by(today + _AHEAD, years)).items()}


async def _coming(request: AnyRequest) -> tuple[Counter[services.Fated], tuple[pages.MonthLine, ...]]:
    """What becomes of the records whose time is over, and what is due month by month."""
    state = request.app.state
    now = state.clock.now()
    today = local_date(now)
    first_days = await _first_days(today)
    due = [one for one, first in first_days.items() if first <= today]
    fates = Counter((await services.fates(due, state.settings.archive, state.key_folder, now)).values())
    lists, boxes = await queries.lists_due(), await queries.ballots_due()
    return fates, pages.month_lines(first_days.values(), lists, boxes, today, fates)


async def _receipts(today: date) -> Sequence[pages.Receipt]:
    """Those of this year and the last."""
    return await queries.receipts(date(today.year - 1, 1, 1), today)


async def _lists(today: date) -> Sequence[pages.ListReceipt]:
    """The receipts of working lists of the same two years."""
    return await closing.receipts_between(date(today.year - 1, 1, 1), today)


async def _names(today: date) -> dict[str, str]:
    """What the programmes are called, by section."""
    return {programme.section: programme.name for _id, programme in await catalogue.in_force(today)}


@get("/personal/gallring", guards=[signed_in])
async def home(request: AnyRequest) -> Response[Any]:
    """Counts by class and month, the last run, rules, and the receipts of two years, those of working lists too."""
    require_role(request, "manager")
    now = request.app.state.clock.now()
    today = local_date(now)
    fates, months = await _coming(request)
    view = pages.home_page(
        run_state(await queries.last_runs(1), now, await erasure.is_late(now)),
        fates,
        months,
        await queries.choices(),
        await _receipts(today),
        pages.list_lines(await _lists(today), await _names(today)),
    )
    return page(request, "oversight/retention.html", view)


@get("/personal/gallring.csv", guards=[recently_confirmed])
async def months_file(request: AnyRequest) -> Response[bytes]:
    """What is to come, month by month, to take home, in Swedish."""
    require_role(request, "manager")
    _fates, lines = await _coming(request)
    with speaking("sv"):
        return csv_file("gallras-internt-sekretess.csv", pages.month_heads(), pages.month_rows(lines))


@get("/personal/gallring/protokoll.csv", guards=[recently_confirmed])
async def receipts_file(request: AnyRequest) -> Response[bytes]:
    """The receipts of two years to take home, in Swedish."""
    require_role(request, "manager")
    today = local_date(request.app.state.clock.now())
    found, lists, names = await _receipts(today), await _lists(today), await _names(today)
    with speaking("sv"):
        rows = pages.receipt_rows(found, lists, names)
        return csv_file("gallringsprotokoll-internt-sekretess.csv", pages.receipt_heads(), rows)


def _changeable(code: str) -> Subject:
    """Raises NotFound for what is no class, or has nothing to choose."""
    subject = subject_of(code)
    if subject is None or RULES[subject].least == RULES[subject].most:
        raise NotFound
    return subject


async def _rule(request: AnyRequest, subject: Subject, form: Form, status: int = 200) -> Response[Any]:
    chosen = (await queries.choices()).get(subject, ())
    return page(request, "oversight/retention_rule.html", pages.rule_page(subject, chosen, form), status)


@get("/personal/gallring/regler/{subject:str}", guards=[signed_in])
async def rule(request: AnyRequest, subject: FromPath[str]) -> Response[Any]:
    """How long one class is kept, by default and by what was decided."""
    require_role(request, "manager")
    return await _rule(request, _changeable(subject), Form())


@post("/personal/gallring/regler/{subject:str}", guards=[signed_in], status_code=200)
async def change_rule(request: AnyRequest, subject: FromPath[str]) -> Response[Any]:
    """Keep a class so long from now on, by a decision that is named."""
    who = require_role(request, "manager")
    wanted, form = _changeable(subject), await read_form(request)
    amount = form.number("tid", 0, 999)
    if "tid" not in form.errors and (wrong := wrong_amount(wanted, amount)):
        form.fail("tid", pages.refusal(wanted, wrong))
    decision = _decision(request, form)
    if form.errors:
        return await _rule(request, wanted, form, 422)
    if await shortening.is_shorter(wanted, amount):
        # Who has to show who they are on the way comes back to that address: it is then no longer than what is let back.
        query = urlencode({"tid": amount, "beslut": decision})
        query = query if len(query) < _LET_BACK else urlencode({"tid": amount})
        return Response("", status_code=303, headers={"location": f"/personal/gallring/regler/{wanted}/kortare?{query}"})
    return await _choose(request, wanted, amount, decision, who.staff_id)


def _decision(request: AnyRequest, form: Form) -> str:
    """Which decision it is, as it is typed; what stands against it beside its field."""
    decision = form.text("beslut", pages.LONGEST_DECISION, _("Skriv vilket beslut det är."))
    if leads_beside_a_decision(decision, local_date(request.app.state.clock.now())):
        form.fail("beslut", pages.decision_leads())
    return decision


async def _choose(request: AnyRequest, subject: Subject, amount: int, decision: str, staff_id: int) -> Response[Any]:
    await services.choose(subject, amount, decision, staff_id, request.app.state.clock.now())
    return Response("", status_code=303, headers={"location": "/personal/gallring#regler"})


async def _shorter(
    request: AnyRequest, subject: Subject, amount: int, form: Form, status: int = 200, seen: str | None = None
) -> Response[Any] | None:
    """What would go. A number that is no shorter one has nothing to be asked about. None where `seen` says that just this
    was shown."""
    if wrong_amount(subject, amount) or not await shortening.is_shorter(subject, amount):
        return Response("", status_code=303, headers={"location": f"/personal/gallring/regler/{subject}"})
    state = request.app.state
    found = await shortening.preview(subject, amount, state.settings.archive, state.key_folder, state.clock.now())
    kept = await amount_of(subject)
    mark = shortening.mark_of(subject, amount, kept, found)
    if seen == mark:
        return None
    view = shortening_pages.shorter_page(subject, amount, kept, found, form)
    view = replace(view, seen=mark, changed=seen is not None)
    return page(request, "oversight/retention_shorter.html", view, status)


@get("/personal/gallring/regler/{subject:str}/kortare", guards=[recently_confirmed])
async def shorter(request: AnyRequest, subject: FromPath[str]) -> Response[Any]:
    """Before a class is kept for a shorter time: how much the next nightly run would erase."""
    require_role(request, "manager")
    wanted, asked = _changeable(subject), Form({name: (value,) for name, value in request.query_params.items()})
    amount = asked.number("tid", 0, 999)
    decision = asked.text("beslut", pages.LONGEST_DECISION)
    if asked.errors:
        return Response("", status_code=303, headers={"location": f"/personal/gallring/regler/{wanted}"})
    shown = await _shorter(request, wanted, amount, Form({"beslut": (decision,)}))
    assert shown
    return shown


@post("/personal/gallring/regler/{subject:str}/kortare", guards=[recently_confirmed], status_code=200)
async def make_shorter(request: AnyRequest, subject: FromPath[str]) -> Response[Any]:
    """Keep a class for a shorter time from now on, having seen what goes."""
    who = require_role(request, "manager")
    wanted, form = _changeable(subject), await read_form(request)
    amount = form.number("tid", 0, 999)
    decision = _decision(request, form)
    # What was counted and shown is what is decided on: another number, or other counts by now, are shown first.
    shown = await _shorter(request, wanted, amount, form, 422, None if form.errors else form.raw("sett"))
    return shown or await _choose(request, wanted, amount, decision, who.staff_id)


@get("/personal/gallring/protokoll/{receipt_id:uuid}", guards=[signed_in])
async def receipt(request: AnyRequest, receipt_id: FromPath[UUID]) -> Response[Any]:
    """What went in a run, for paper."""
    require_role(request, "manager")
    found = await queries.receipt(receipt_id)
    if found is None:
        raise NotFound
    return page(request, "oversight/retention_receipt.html", pages.receipt_page(found))


HANDLERS = [home, months_file, receipts_file, rule, change_rule, shorter, make_shorter, receipt]
