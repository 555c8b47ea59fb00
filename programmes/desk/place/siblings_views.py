"""Siblings on Min plats: changing between the places that were taken in one form, and no longer waiting together."""

from typing import Any

from litestar import Request, Response, post

from programmes.cohorts import queries as cohorts
from programmes.core.i18n import moment_long
from programmes.desk.place import pages
from programmes.enrolment import code_queries, place_services, queries
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.queue import order_queries
from programmes.enrolment.together import queries as together_queries
from programmes.enrolment.together import services as together_services
from programmes.notices.undoable_queries import as_told
from programmes.web.forms import read_form
from programmes.web.open_places import for_shown, places_opened, show_place, shown_place

AnyRequest = Request[Any, Any, Any]


def to_place(done: str = "") -> Response[Any]:
    """To Min plats, which says what was done (`place_pages.done_words`)."""
    return Response("", status_code=303, headers={"location": f"/min-plats?klart={done}" if done else "/min-plats"})


async def still_open(request: AnyRequest) -> str | None:
    """The token of a sibling's place that is still open here, or None."""
    now = request.app.state.clock.now()
    for token in places_opened(request):
        if await code_queries.open_place(token, now) is not None:
            return token
    return None


async def opened_here(request: AnyRequest) -> tuple[pages.OpenedPlace, ...]:
    """The places that were taken in one form and are open in this browser; empty unless there are several."""
    state, shown = request.app.state, shown_place(request)
    found = []
    for number, token in enumerate(places_opened(request), start=1):
        enrolment_id = await code_queries.open_place(token, state.clock.now())
        if enrolment_id is None:
            continue
        facts = await queries.enrolment(enrolment_id)
        cohort = await as_told(await cohorts.by_id(facts.cohort_id), state.clock.now())
        position = await queries.queue_position(facts.cohort_id, facts.turn) if facts.state == "queued" else 0
        kept = place_services.unseal(facts, state.key_folder)
        shown_state = pages.state_of(facts, cohort, state.clock.now())
        waits_in_vain = position and await order_queries.where_waiting_leads(facts.cohort_id, state.clock.now()) == "nowhere"
        over = bool(waits_in_vain) and not cohort.undecided
        title = pages.headline(shown_state, position, cohort.form, facts.left_from, over)
        found.append(pages.OpenedPlace(number, kept.alias, title, kept.code, token == shown))
    return tuple(found) if any(place.shown for place in found) and len(found) > 1 else ()


async def waiting_with(facts: EnrolmentFacts) -> tuple[int, dict[str, str]]:
    """How many siblings wait together, or are offered places together (0 for who is alone), and when others were last
    given a place before them, by why."""
    if facts.state not in {"queued", "offered"} or not (facts.together_id or facts.asked_to_come):
        return 0, {}
    count = len(await together_services.unit_of(facts))
    passed = await together_queries.last_passed(facts.enrolment_id)
    return (count if count > 1 else 0), {why: moment_long(at) for why, at in passed.items()}


@post("/min-plats/syskon", status_code=303)
async def change_place(request: AnyRequest) -> Response[Any]:
    """Show another of the places that are open in this browser."""
    typed, tokens = (await read_form(request)).raw("plats"), places_opened(request)
    response = to_place()
    if typed in {str(number) for number in range(1, len(tokens) + 1)}:
        show_place(request, response, tokens[int(typed) - 1], place_services.PLACE_OPEN)
    return response


@post("/min-plats/var-for-sig", status_code=303)
async def one_by_one(request: AnyRequest) -> Response[Any]:
    """Siblings who waited together would rather take places one by one."""
    enrolment_id = await code_queries.open_place(shown_place(request), request.app.state.clock.now())
    if enrolment_id is not None:
        await for_shown(request, enrolment_id)
        await together_services.one_by_one(enrolment_id, request.app.state.clock.now())
    return to_place()


HANDLERS = [change_place, one_by_one]
