"""The study visits that staff offer."""

import re
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import office_services, schedule_queries
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.tabs_rules import tabs
from programmes.core.clock import at_local, local_date
from programmes.core.codes import new_token
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import day_long
from programmes.core.i18n import gettext as _
from programmes.enrolment.person import pages
from programmes.enrolment.queue import deadline_queries, deadline_services
from programmes.enrolment.roster import guests
from programmes.enrolment.visits import queries as visit_queries
from programmes.enrolment.visits import services as visit_services
from programmes.enrolment.visits import step_services
from programmes.enrolment.visits.queries import Guest, can_be_offered, why_not_offer
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_ONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


async def _cohort(request: AnyRequest, cohort_id: int) -> CohortFacts:
    """A cohort that this person works with, of a programme with study visits. Raises NotFound."""
    today = local_date(request.app.state.clock.now())
    cohort = await cohorts.mine(principal(request), today, row_id(cohort_id))
    if not (await catalogue.programme(cohort.programme_id)).study_visit:
        raise NotFound
    return cohort


async def _guests(request: AnyRequest, cohort_id: int) -> dict[int, list[Guest]]:
    """Who comes to which study visit, as staff call them."""
    state, now = request.app.state, request.app.state.clock.now()
    found: dict[int, list[Guest]] = {}
    async with looking(principal(request), "visits", now) as look:
        coming = await guests(cohort_id, state.key_folder, look)
    for facts, label in coming:
        if facts.visit:
            words = pages.visit_state_words(facts.visit.state)
            found.setdefault(facts.visit.slot_id, []).append(Guest(facts.enrolment_id, label, facts.protected, words))
    return found


async def _holders(request: AnyRequest, cohort_id: int) -> tuple[tuple[str, str], ...]:
    """The leaders and substitutes who may hold a study visit; whoever asks stands first, if they are one of them."""
    today, me = local_date(request.app.state.clock.now()), principal(request).staff_id
    workers = await office_services.workers(cohort_id, today)
    return tuple((str(w.staff_id), w.name) for w in sorted(workers, key=lambda w: w.staff_id != me))


async def _slots(
    request: AnyRequest, cohort: CohortFacts, form: Form, status: int = 200, refused: str = ""
) -> Response[Any]:
    now = request.app.state.clock.now()
    coming = await _guests(request, cohort.cohort_id)
    offered = await visit_queries.offered(cohort.cohort_id)
    need = (await visit_queries.needs([cohort.cohort_id], now))[cohort.cohort_id]
    may_add = can_be_offered(cohort.ended_how, cohort.first_start, now)
    lines = [(slot, pages.slot_line(slot, coming.get(slot.slot_id, ()), now)) for slot in offered]
    around = await deadline_queries.around(cohort.cohort_id)
    view = pages.SlotsPage(
        cohort.cohort_id,
        cohort.name,
        cohort.exempt,
        tuple(line for slot, line in lines if slot.starts_at > now),
        tuple(line for slot, line in lines if slot.starts_at <= now),
        need.lacking if may_add else 0,
        day_long(around.decide_by - timedelta(days=around.visit_days)),
        around.visit_days,
        await _holders(request, cohort.cohort_id),
        tuple((venue.venue_id, venue.name) for venue in await schedule_queries.venues()),
        cohort.venue_id,
        form.raw("once") if _ONCE.fullmatch(form.raw("once")) else new_token(),
        form,
        refused,
        tabs(cohort.cohort_id, cohort.form, cohort.state, visits=True),
        pages.slots_done(request.query_params.get("klart", "")) if request.method == "GET" else "",
        may_add or bool(form.errors),
    )
    return page(request, "enrolment/slots.html", view, status)


@get("/personal/grupper/{cohort_id:int}/studiebesok", guards=[signed_in])
async def slots_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The study visits of a cohort, and who comes to them."""
    return await _slots(request, await _cohort(request, cohort_id), Form())


def _read_slot(request: AnyRequest, cohort: CohortFacts, form: Form) -> tuple[datetime, datetime] | None:
    """The time that was typed, or what stands against it beside each field."""
    now = request.app.state.clock.now()
    day, begins, ends = form.day("dag"), form.clock_time("fran"), form.clock_time("till")
    if day is None or begins is None or ends is None:
        return None
    starts, finish = at_local(day, begins), at_local(day, ends)
    for field, text in pages.slot_refusals(why_not_offer(starts, finish, cohort.first_start, now)).items():
        form.fail(field, text)
    return starts, finish


async def _clashes(
    request: AnyRequest,
    form: Form,
    times: tuple[datetime, datetime],
    venue_id: int,
    holder: tuple[int, str] | None,
    cohort: CohortFacts,
) -> None:
    """What else there is then: another visit of whoever holds it is refused, the rest is asked about."""
    if holder and (held := await visit_queries.held_by(holder[0], *times)):
        form.fail("fran", pages.held_already(holder[1], held))
    if form.errors:
        return
    who, name = holder or (None, "")
    asked = pages.doubts_text(await visit_queries.doubts(times, venue_id, who, cohort.decide_by, principal(request)), name)
    # What was meant was what had been asked; what has come since is asked anew.
    if asked and form.raw("anda") != pages.meant(asked):
        form.fail("anda", asked)


@post("/personal/grupper/{cohort_id:int}/studiebesok", guards=[signed_in], status_code=200)
async def add_slot(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Offer one more study visit, with one of the cohort's leaders, at its venue or another."""
    person, now = principal(request), request.app.state.clock.now()
    cohort = await _cohort(request, cohort_id)
    form = await read_form(request)
    once = form.raw("once") if _ONCE.fullmatch(form.raw("once")) else ""
    if once and await visit_queries.sent_with(cohort.cohort_id, once):
        return _to_slots(cohort.cohort_id, "tid")
    times = _read_slot(request, cohort, form)
    capacity = form.number("antal", 1, 50)
    holders = dict(await _holders(request, cohort.cohort_id))
    key = form.choice("ledare", list(holders), _("Välj vem som håller besöket.")) if holders else ""
    holder = (int(key), holders[key]) if key else None
    venue_id = await _venue(form, cohort)
    if times is not None and "dag" not in form.errors and "till" not in form.errors:
        await _clashes(request, form, times, venue_id, holder, cohort)
    if once and form.errors and await visit_queries.sent_with(cohort.cohort_id, once):
        # A double click: what stands in the way is the visit that the first press has just offered.
        return _to_slots(cohort.cohort_id, "tid")
    if form.errors or times is None:
        return await _slots(request, cohort, form, 422)
    held_by = holder[0] if holder else None
    try:
        await step_services.add_slot(
            cohort.cohort_id, *times, venue_id, held_by, capacity, now, by=person.staff_id, once=once
        )
    except Conflict:
        # Somebody else has offered one just now.
        await _clashes(request, form, times, venue_id, holder, cohort)
        return await _slots(request, cohort, form, 422)
    return _to_slots(cohort.cohort_id, "tid")


async def _venue(form: Form, cohort: CohortFacts) -> int:
    """Where the visit is; the cohort's own venue when nothing is chosen."""
    if not form.raw("lokal"):
        return cohort.venue_id
    known = [str(venue.venue_id) for venue in await schedule_queries.venues()]
    chosen = form.choice("lokal", known, _("Välj en av lokalerna."))
    return int(chosen) if chosen else cohort.venue_id


@post("/personal/grupper/{cohort_id:int}/studiebesok/{slot_id:int}/ta-bort", guards=[signed_in], status_code=200)
async def remove_slot(request: AnyRequest, cohort_id: FromPath[int], slot_id: FromPath[int]) -> Response[Any]:
    """Take away a study visit that nobody has booked."""
    person, now = principal(request), request.app.state.clock.now()
    cohort = await _cohort(request, cohort_id)
    try:
        await visit_services.remove_slot(cohort.cohort_id, row_id(slot_id), person.staff_id, now)
    except Conflict:
        return await _slots(request, cohort, Form(), 422, pages.still_booked())
    except NotFound:
        return await _slots(request, cohort, Form(), 404, pages.no_such_visit())
    return _to_slots(cohort.cohort_id, "borta")


@post("/personal/grupper/{cohort_id:int}/studiebesok/senast", guards=[signed_in], status_code=200)
async def set_deadline(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """How long before the decision a visit must be booked."""
    person, now = principal(request), request.app.state.clock.now()
    cohort = await _cohort(request, cohort_id)
    form = await read_form(request)
    days = form.number("dagar", 0, 60)
    last = (await deadline_queries.around(cohort.cohort_id)).decide_by - timedelta(days=days)
    if not form.errors and last < local_date(now):
        form.fail("dagar", pages.day_has_been(last))
    if form.errors:
        return await _slots(request, cohort, form, 422)
    await deadline_services.set_days(cohort.cohort_id, days, person.staff_id, now)
    return _to_slots(cohort.cohort_id, "dag")


def _to_slots(cohort_id: int, done: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/studiebesok?klart={done}"})


HANDLERS = [slots_page, add_slot, remove_slot, set_deadline]
