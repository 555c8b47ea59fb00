"""The checklist to the end of a group, closing it, and the receipt of what was erased."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.attendance import queries as attendance
from programmes.attendance.rules import MOST, Count
from programmes.attendance.wording import FIELDS, stepped
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.desk.closing import pages, queries, receipt_pages, services
from programmes.desk.group import calls_services
from programmes.desk.group.groups_views import group_facts
from programmes.desk.group.pages import GroupHead, head
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@get("/personal/grupper/{cohort_id:int}/avsluta", guards=[signed_in])
async def checklist(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What is done and what is left, or that the group is closed."""
    return await _show(request, row_id(cohort_id), pages.Typed(open=request.query_params.get("steg", ""), form=Form()))


@post("/personal/grupper/{cohort_id:int}/avsluta", guards=[signed_in], status_code=200)
async def answer(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Answer one step: how it ended, how many different people, or that attendance was moved."""
    who, now = principal(request), request.app.state.clock.now()
    number, form = row_id(cohort_id), await read_form(request)
    step = form.raw("steg")
    if step == "unique":
        return await _answer_unique(request, number, form)
    if step == "ending":
        chosen = form.choice("slut", services.ENDINGS, _("Välj hur det slutade."))
        for ending in services.ENDINGS:
            if ending == chosen:
                await services.set_ending(number, ending, who, now)
    elif step == "transfer":
        if form.ticked("tillbaka"):
            await services.take_back_transfer(number, who, now)
        elif form.ticked("overfort"):
            await _confirm_transfer(form, number, who, now)
        else:
            form.fail("overfort", _("Kryssa när du har fört över närvaron."))
    else:
        raise NotFound
    if form.errors:
        return await _show(request, number, pages.Typed(open=step, form=form), 422)
    return _to(f"/personal/grupper/{number}/avsluta")


async def _confirm_transfer(form: Form, cohort_id: int, who: Principal, now: datetime) -> None:
    """Too early is said in the form: what is moved then would not be all. So is what was noted since it was shown."""
    try:
        await services.confirm_transfer(cohort_id, who, now, form.raw("sett"))
    except Conflict as error:
        if error.code == "noted_since":
            form.fail(
                "overfort", _("Närvaron har ändrats sedan sidan visades. Se efter att allt är fört, och bekräfta igen.")
            )
            return
        if error.code != "too_early":
            raise
        form.fail("overfort", _("Det är för tidigt. Alla träffar måste ha varit och ha sin närvaro innan den förs över."))


async def _answer_unique(request: AnyRequest, cohort_id: int, form: Form) -> Response[Any]:
    if form.raw("oka") or form.raw("minska"):
        return await _show(request, cohort_id, pages.Typed(stepped(form.raw, MOST), "unique", form=form))
    women, men, other = (form.number(name, 0, MOST) for name in FIELDS)
    if not form.errors:
        counted = Count(women, men, other)
        refused = await services.count_unique(cohort_id, counted, principal(request), request.app.state.clock.now())
        if refused:
            for broken in refused.broken:
                form.fail(*pages.broken_text(refused.bounds, broken))
    if form.errors:
        typed = {name: form.raw(name)[:6] for name in FIELDS}
        return await _show(request, cohort_id, pages.Typed(typed, "unique", form=form), 422)
    return _to(f"/personal/grupper/{cohort_id}/avsluta")


@get("/personal/grupper/{cohort_id:int}/avsluta/radera", guards=[signed_in])
async def confirm(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """What closing does, before it is done. Back to the checklist while something is left."""
    return await _show_confirm(request, row_id(cohort_id))


async def _show_confirm(request: AnyRequest, number: int, changed: bool = False) -> Response[Any]:
    now = request.app.state.clock.now()
    cohort = await cohorts.mine(principal(request), local_date(now), number)
    # Read before what it stands for: what is noted meanwhile shows when it is sent.
    seen = await queries.mark_of_noted(number)
    facts = await queries.facts(cohort, now)
    if not services.may_close(facts):
        return _to(f"/personal/grupper/{number}/avsluta")
    group = await group_facts(request, number, False)
    came = await queries.came(number) if facts.kind == "names" else 0
    left = await calls_services.calls([number], request.app.state.key_folder, None, now)
    calls = len({call.about.enrolment_id for call in left})
    view = pages.confirm_page(head(group), facts, cohort, str(uuid4()), group.places, came, calls)
    view = replace(view, seen=seen, changed=changed)
    return page(request, "desk/closing_confirm.html", view, 422 if changed else 200)


@post("/personal/grupper/{cohort_id:int}/avsluta/radera", guards=[signed_in], status_code=200)
async def close(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Close for good. Sent again it leads to the same receipt."""
    number, state = row_id(cohort_id), request.app.state
    form = await read_form(request)
    try:
        receipt_id = UUID(form.raw("protokoll"))
    except ValueError:
        await cohorts.mine(principal(request), local_date(state.clock.now()), number)
        return _to(f"/personal/grupper/{number}/avsluta/radera")
    seen, now = form.raw("sett"), state.clock.now()
    done = await services.close(number, receipt_id, principal(request), state.key_folder, now, seen)
    if isinstance(done, services.NotReady) and services.may_close(done.facts):
        return await _show_confirm(request, number, changed=True)
    if isinstance(done, services.NotReady):
        return await _show(request, number, pages.Typed(form=Form(), changed=True), 422)
    return _to(f"/personal/gallring/{done.receipt_id}" if done.receipt_id else f"/personal/grupper/{number}/avsluta")


@get("/personal/gallring/{receipt_id:uuid}", guards=[signed_in])
async def receipt(request: AnyRequest, receipt_id: FromPath[UUID]) -> Response[Any]:
    """The receipt of an erased list. The group stands on it for who works with that, while there is one."""
    state, who = request.app.state, principal(request)
    today = local_date(state.clock.now())
    found = await queries.my_receipt(who, today, receipt_id)
    if found is None:
        raise NotFound
    names = {p.section: p.name for _id, p in await catalogue.in_force(today)}
    group = None
    if found.cohort_id is not None:
        with suppress(NotFound):
            cohort = await cohorts.mine(who, today, found.cohort_id)
            group = receipt_pages.group_link(cohort.cohort_id, cohort.name)
    programme = f"{found.section} {names.get(found.section, '')}".strip()
    decision = state.settings.board_decision
    level, form, rule = found.level, found.form, found.rule
    view = receipt_pages.receipt_page(programme, group, level, form, rule, found.erased_on, found.by, decision)
    return page(request, "desk/closing_receipt.html", view)


async def _show(request: AnyRequest, cohort_id: int, typed: pages.Typed, status: int = 200) -> Response[Any]:
    now = request.app.state.clock.now()
    cohort = await cohorts.mine(principal(request), local_date(now), cohort_id)
    seen = await queries.mark_of_noted(cohort_id)
    facts = await queries.facts(cohort, now)
    group = await group_facts(request, cohort_id, False)
    top = head(group)
    over = cohort.state == "closed" or (cohort.state == "cancelled" and not facts.unended)
    if over:
        return page(request, "desk/closing_done.html", await _closed(cohort, top, facts), status)
    unnoted = await attendance.unnoted([cohort_id], [cohort_id] if facts.kind == "names" else [], now)
    decides = principal(request).coordinates(cohort.section)
    view = replace(pages.closing_page(top, cohort, facts, unnoted, typed, decides), seen=seen)
    return page(request, "desk/closing.html", view, status)


async def _closed(cohort: CohortFacts, top: GroupHead, facts: services.ClosingFacts) -> pages.ClosedPage:
    receipts = [(str(r.receipt_id), r.erased_on) for r in await queries.receipts_of(cohort.cohort_id)]
    return pages.closed_page(top, cohort, facts, receipts)


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


HANDLERS = [checklist, answer, confirm, close, receipt]
