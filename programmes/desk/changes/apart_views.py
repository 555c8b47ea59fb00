"""Keep apart (får inte mötas): whom a documented person must not meet. Others only ever see that something clashes."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.i18n import day_bare
from programmes.core.i18n import gettext as _
from programmes.enrolment import queries as enrolments
from programmes.enrolment.records import apart_queries, apart_services
from programmes.enrolment.roster import roster
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_PAGE = "/personal/grupper/{cohort_id:int}/deltagare/{enrolment_id:uuid}/far-inte-motas"
_RUNNING: tuple[cohorts.CohortState, ...] = ("planned", "open", "postponed", "started")


@dataclass(frozen=True)
class ApartPage:
    """`lines` are those that are in force: by which number the asker may take it back, nought for who works only with one of
    the two, and what is said of it. `people` are those of the chosen group, and `clash` where they meet now. `asked`: of
    which it is asked whether they may meet."""

    address: str
    cohort_id: int
    cohort_name: str
    lines: tuple[tuple[int, str], ...]
    groups: tuple[tuple[int, str], ...]
    chosen: int
    people: tuple[tuple[str, str], ...]
    form: Form
    clash: str = ""
    asked: tuple[int, str] = (0, "")

    @property
    def names(self) -> list[str]:
        return [name for _number, name in self.groups]


async def _theirs(request: AnyRequest, cohort_id: int, enrolment_id: UUID) -> tuple[CohortFacts, list[CohortFacts]]:
    """The person's cohort, and every one of documented people that this member of staff works with. Raises NotFound where
    nobody is documented, and Conflict for a place that is over."""
    who, today = principal(request), local_date(request.app.state.clock.now())
    cohort = await cohorts.mine(who, today, row_id(cohort_id))
    facts = await enrolments.enrolment(enrolment_id)
    if facts.cohort_id != cohort.cohort_id or facts.participant_id is None:
        raise NotFound
    if cohort.state == "closed" or facts.state not in apart_queries.ALIVE:
        raise Conflict("enrolment_over")
    mine = await cohorts.all_mine(who, today, _RUNNING)
    documented = {i for i, p in (await catalogue.programmes({c.programme_id for c in mine})).items() if not p.exempt}
    return cohort, [c for c in mine if c.programme_id in documented]


async def _show(
    request: AnyRequest, cohort_id: int, enrolment_id: UUID, chosen: str, form: Form, status: int = 200, asked: int = 0
) -> Response[Any]:
    cohort, mine = await _theirs(request, cohort_id, enrolment_id)
    group = next((c.cohort_id for c in mine if str(c.cohort_id) == chosen), 0)
    people: list[tuple[str, str]] = []
    if group:
        state = request.app.state
        now = state.clock.now()
        async with looking(principal(request), "group", now) as look:
            others = {f.enrolment_id for f in await enrolments.enrolments(group, apart_queries.ALIVE)} - {enrolment_id}
            found = await roster(group, state.key_folder, look, now, among=others)
        people = [(str(entry.enrolment_id), entry.label) for entry in found]
    known = {c.cohort_id for c in mine}
    days = await apart_queries.days_of(enrolment_id, cohort.cohort_id)
    lines = tuple(_line(one, known) for one in await apart_queries.of(enrolment_id))
    view = ApartPage(
        f"/personal/grupper/{cohort.cohort_id}/deltagare/{enrolment_id}",
        cohort.cohort_id,
        cohort.name,
        lines,
        tuple((c.cohort_id, c.name) for c in mine),
        group,
        tuple(people),
        form,
        _("Krock den %(day)s.", day=day_bare(days[0])) if days else "",
        next((line for line in lines if asked and line[0] == asked), (0, "")),
    )
    return page(request, "desk/apart.html", view, status)


def _line(one: apart_queries.Apart, known: Set[int]) -> tuple[int, str]:
    """Who works with one of the two alone reads neither the other's group nor why, and does not take it back for them."""
    if one.cohort_id not in known:
        return 0, _("En person i en annan grupp")
    return one.apart_id, _("En person i %(group)s", group=one.group)


@get(_PAGE, guards=[signed_in])
async def apart_page(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """Whom the person is kept apart from; with `?grupp`, the people of one more group to choose from."""
    return await _show(request, cohort_id, enrolment_id, request.query_params.get("grupp", ""), Form())


@post(_PAGE, guards=[signed_in], status_code=200)
async def keep_apart(request: AnyRequest, cohort_id: FromPath[int], enrolment_id: FromPath[UUID]) -> Response[Any]:
    """They must not meet from now on, or may again."""
    _cohort, mine = await _theirs(request, cohort_id, enrolment_id)
    form, who, now = await read_form(request), principal(request), request.app.state.clock.now()
    if form.ticked("bort"):
        typed = form.raw("bort")
        said = next((one for one in await apart_queries.of(enrolment_id) if str(one.apart_id) == typed), None)
        if said and said.cohort_id not in {c.cohort_id for c in mine}:
            raise Forbidden
        if said and not form.ticked("saker"):
            return await _show(request, cohort_id, enrolment_id, "", form, asked=said.apart_id)
        if said:
            await apart_services.let_meet(enrolment_id, said.apart_id, who.staff_id, now)
    else:
        group = next((c.cohort_id for c in mine if str(c.cohort_id) == form.raw("grupp")), 0)
        offered = [f.enrolment_id for f in await enrolments.enrolments(group, apart_queries.ALIVE)] if group else []
        chosen = form.choice("vem", [str(one) for one in offered if one != enrolment_id], _("Välj vem."))
        if form.errors:
            return await _show(request, cohort_id, enrolment_id, form.raw("grupp"), form, 422)
        await apart_services.keep_apart(enrolment_id, UUID(chosen), who.staff_id, now)
    address = f"/personal/grupper/{cohort_id}/deltagare/{enrolment_id}/far-inte-motas"
    return Response("", status_code=303, headers={"location": address})


HANDLERS = [apart_page, keep_apart]
