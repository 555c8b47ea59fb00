"""Several moved to another start in one step, by their coordinator: chosen, shown, done."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden
from programmes.core.i18n import gettext as _
from programmes.desk.group import transfer_pages
from programmes.desk.moving import pages, services
from programmes.enrolment import queries
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.roster import label_of
from programmes.enrolment.rules import ALIVE
from programmes.notices.reach_services import reach_among
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


async def _source(request: AnyRequest, cohort_id: int) -> CohortFacts:
    """The start that people are moved from, for its coordinator.

    Raises:
        NotFound, Forbidden: not theirs.
        Conflict: it is closed, and has no list any more.
    """
    who = principal(request)
    cohort = await cohorts.mine(who, local_date(request.app.state.clock.now()), row_id(cohort_id))
    if not who.coordinates(cohort.section):
        raise Forbidden
    if cohort.state == "closed":
        raise Conflict("cohort_over")
    return cohort


async def _choose(request: AnyRequest, cohort: CohortFacts, form: Form, status: int = 200) -> Response[Any]:
    state, who, now = request.app.state, principal(request), request.app.state.clock.now()
    people = await queries.enrolments(cohort.cohort_id, ALIVE)
    answers = dict(await first_right_queries.who_answered(cohort.cohort_id)) if cohort.state == "postponed" else {}
    starts = await first_right_queries.other_starts(cohort, now)
    mine = {c.cohort_id for c in await cohorts.all_mine(who, local_date(now), ("open", "postponed", "started"))}
    starts = [start for start in starts if start.cohort_id in mine]
    taken = await queries.places((start.cohort_id for start in starts), now)
    async with looking(who, "transfer", now) as look:
        choices = tuple(
            pages.Choice(
                str(one.enrolment_id),
                label_of(one, state.key_folder, look),
                pages.answer_text(answers[one.enrolment_id]) if one.enrolment_id in answers else "",
                str(one.enrolment_id) in form.all("vem") or answers.get(one.enrolment_id) is False,
            )
            for one in people
            # Nobody is looked at where there is nothing to choose and no answer to read.
            if starts or cohort.state == "postponed"
        )
    view = pages.ChoosePage(
        cohort.cohort_id,
        cohort.name,
        cohort.state == "cancelled",
        bool(people),
        choices,
        transfer_pages.choices(starts, taken),
        form,
    )
    return page(request, "desk/move_several.html", view, status)


async def _confirm(
    request: AnyRequest, cohort: CohortFacts, target: int, people: list[UUID], status: int = 200, changed: bool = False
) -> Response[Any]:
    state, who, now = request.app.state, principal(request), request.app.state.clock.now()
    found = await services.preview(cohort.cohort_id, target, people, who, state.key_folder, now)
    moved = [p.facts for o, p in zip(found.outcomes, found.plans, strict=True) if not o.why]
    async with looking(who, "transfer", now) as look:
        labels = {p.facts.enrolment_id: label_of(p.facts, state.key_folder, look) for p in found.plans}
    view = pages.confirm_page(
        cohort,
        found.plans[0].target,
        labels,
        found.outcomes,
        found.plans,
        found.seen,
        await reach_among(moved, state.key_folder),
        state.settings.municipality,
        found.gone,
        changed,
    )
    return page(request, "desk/move_several_confirm.html", view, status)


@get("/personal/grupper/{cohort_id:int}/flytta-flera", guards=[signed_in])
async def several_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Who agrees, and to which start."""
    return await _choose(request, await _source(request, cohort_id), Form())


@post("/personal/grupper/{cohort_id:int}/flytta-flera", guards=[signed_in], status_code=200)
async def several(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Show what becomes of each, and do it when that was seen: all of it, or nothing."""
    cohort, form, state = await _source(request, cohort_id), await read_form(request), request.app.state
    people = _ids(form)
    target = form.number("till", 1, 999_999)
    if "till" in form.errors:
        form.errors["till"] = _("Välj en start.")
    if not people:
        form.fail("vem", _("Kryssa i dem som har sagt ja till att flytta."))
    if form.errors:
        return await _choose(request, cohort, form, 422)
    if not form.raw("sett"):
        return await _confirm(request, cohort, target, people)
    who, now = principal(request), state.clock.now()
    done = await services.move_several(cohort.cohort_id, target, people, form.raw("sett"), who, state.key_folder, now)
    if done is None:
        return await _confirm(request, cohort, target, people, 409, changed=True)
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{target}"})


def _ids(form: Form) -> list[UUID]:
    """Who was ticked; what is no number of anybody says nobody."""
    found = []
    for text in form.all("vem"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return sorted(set(found))


HANDLERS = [several_page, several]
