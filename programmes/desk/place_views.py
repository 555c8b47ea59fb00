"""Min plats: opened with a place code, for half an hour, without an account."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from programmes.calendar import services as calendar_services
from programmes.calendar.rules import ParticipantCalendar
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Answers, Programme
from programmes.catalogue.wording import Question, refusal_text
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.codes import normalised
from programmes.core.errors import Conflict
from programmes.core.i18n import day_plain, language, moment_long
from programmes.core.i18n import gettext as _
from programmes.desk import place_pages as pages
from programmes.enrolment import coming_services, place_services, queries, services, step_services
from programmes.enrolment.rules import asks_age_again
from programmes.enrolment.wording import skip_told
from programmes.web.forms import Form, read_form
from programmes.web.rendering import page
from programmes.web.sessions import drop_cookie, read_cookie, set_cookie

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class _Place:
    """The place that is open in this browser."""

    facts: queries.EnrolmentFacts
    cohort: CohortFacts
    programme: Programme


def _to_place(closed: bool = False) -> Response[Any]:
    """To Min plats. `closed` says there that the page had closed by itself, or that the place is left."""
    return Response("", status_code=303, headers={"location": "/min-plats?stangd=1" if closed else "/min-plats"})


async def _open(request: AnyRequest) -> UUID | None:
    token = read_cookie(request, "place")
    return await queries.open_place(token, request.app.state.clock.now()) if token else None


async def _place(enrolment_id: UUID) -> _Place:
    facts = await queries.enrolment(enrolment_id)
    cohort = await cohorts.by_id(facts.cohort_id)
    return _Place(facts, cohort, await catalogue.programme(cohort.programme_id))


def _code_form(request: AnyRequest, form: Form, status: int = 200, already_open: bool = False) -> Response[Any]:
    closed = "stangd" in request.query_params
    return page(request, "desk/place_code.html", {"form": form, "closed": closed, "already_open": already_open}, status)


@get("/min-plats")
async def my_place(request: AnyRequest) -> Response[Any]:
    """The place that is open in this browser, else the form for the code; that also for changing to another (`?byt`)."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _code_form(request, Form())
    if "byt" in request.query_params:
        return _code_form(request, Form(), already_open=True)
    return page(request, "desk/place.html", await _view(request, await _place(enrolment_id)))


@post("/min-plats", status_code=200)
async def open_place(request: AnyRequest) -> Response[Any]:
    """Open with a code. A wrong one, whatever is wrong with it, gets one and the same answer."""
    form = await read_form(request)
    code = normalised(form.raw("kod"))
    token = await place_services.open_by_code(code, request.app.state.clock.now()) if code else None
    if token is None:
        form.fail("kod", _("Koden stämmer inte. Titta efter ett tecken som blivit fel, eller be om en ny när vi ses."))
        return _code_form(request, form, 422)
    response = _to_place()
    set_cookie(request, response, "place", token, int(place_services.PLACE_OPEN.total_seconds()))
    return response


@post("/min-plats/stang", status_code=303)
async def close_place(request: AnyRequest) -> Response[Any]:
    """Close it in this browser."""
    token = read_cookie(request, "place")
    if token:
        await place_services.close_place(token)
    response = _to_place()
    drop_cookie(request, response, "place")
    return response


@get("/snabbt")
async def leave_quickly(request: AnyRequest) -> Response[Any]:
    """The quick exit: Min plats is closed in this browser, and on to a page that says nothing of us."""
    token = read_cookie(request, "place")
    if token:
        await place_services.close_place(token)
    response: Response[Any] = Response("", status_code=303, headers={"location": request.app.state.settings.exit_url})
    if token:
        drop_cookie(request, response, "place")
    return response


async def _view(request: AnyRequest, place: _Place, wrong: str = "", typed: Form | None = None) -> pages.PlacePage:
    now = request.app.state.clock.now()
    facts, cohort, programme = place.facts, place.cohort, place.programme
    texts = await queries.texts_for(programme, local_date(now))
    state = pages.state_of(facts, cohort)
    left = queries.still_to_do(programme, facts, texts) if state == "preliminary" else ()
    kept = place_services.unseal(facts, request.app.state.key_folder)
    position = await queries.queue_position(cohort.cohort_id, facts.turn) if state == "queued" else 0
    slots = await queries.slots(cohort.cohort_id, now) if programme.study_visit and left else []
    holds = state in {"preliminary", "confirmed", "cancelled"}
    calendar = await _calendar(request, facts) if state in {"preliminary", "confirmed"} else None
    return pages.PlacePage(
        state=state,
        alone=cohort.form == "individual",
        title=pages.headline(state, position, cohort.form),
        lead=pages.lead_of(state, programme, cohort),
        code=pages.code_lines(kept.code),
        seats=cohort.maximum,
        seat=facts.seat or 0,
        position=position,
        skip_reason=skip_told(facts.skip_reason, programme.section) if facts.skip_reason else "",
        offer_until=moment_long(facts.offer_expires_at) if facts.offer_expires_at else "",
        next_step=left[0] if left else None,
        slots=pages.slot_choices(slots, facts),
        visit=moment_long(facts.visit.starts_at) if facts.visit else "",
        visit_where=pages.visit_place(facts.visit, slots),
        texts=pages.texts_shown(texts),
        days=pages.day_lines(await cohorts.sessions(cohort.cohort_id), cohort.form, now) if holds else (),
        exempt=programme.exempt,
        has_contact="@" in kept.contact or not (programme.exempt or facts.protected),
        calendar=calendar,
        protected=facts.protected,
        postponed=cohort.state == "postponed",
        programme_address=f"/insatser/{programme.slug}",
        age_again=_age_again(request, place) if state in {"preliminary", "confirmed", "queued", "offered"} else (),
        wrong=wrong,
        ticked=frozenset((name, value) for name in typed.values for value in typed.all(name)) if typed else frozenset(),
        asked_to_come=state == "queued" and facts.asked_to_come,
        passed_on=day_plain(local_date(facts.passed_at)) if facts.passed_at else "",
    )


def _age_again(request: AnyRequest, place: _Place) -> tuple[Question, ...]:
    first = place.cohort.first_start
    if not asks_age_again(place.facts, place.programme, local_date(first) if first else None):
        return ()
    return pages.age_questions(place.programme, request.app.state.settings.municipality)


async def _calendar(request: AnyRequest, facts: queries.EnrolmentFacts) -> ParticipantCalendar:
    state = request.app.state
    address = state.settings.base_url
    return await calendar_services.participant_calendar(facts.enrolment_id, state.key_folder, address, state.clock.now())


async def _again(request: AnyRequest, enrolment_id: UUID, wrong: str, typed: Form | None = None) -> Response[Any]:
    """The page again, with what to do about what was sent, and what was ticked still ticked."""
    return page(request, "desk/place.html", await _view(request, await _place(enrolment_id), wrong, typed), 422)


@post("/min-plats/erbjudande", status_code=200)
async def answer_offer(request: AnyRequest) -> Response[Any]:
    """Yes or no to an offered place."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    answer = (await read_form(request)).raw("svar")
    state = request.app.state
    if answer == "ja":
        place = await _place(enrolment_id)
        await services.accept_offer(enrolment_id, place.programme, state.clock.now())
        return _to_place()
    if answer == "nej":
        await services.decline_offer(enrolment_id, state.key_folder, state.clock.now())
        return _left(request)
    return await _again(request, enrolment_id, _("Svara ja eller nej på erbjudandet."))


@post("/min-plats/studiebesok", status_code=200)
async def book_visit(request: AnyRequest) -> Response[Any]:
    """Book a study visit, or change to another."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    chosen = (await read_form(request)).raw("tid")
    if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 9:
        return await _again(request, enrolment_id, _("Välj en av tiderna."))
    await step_services.book_visit(enrolment_id, int(chosen), request.app.state.clock.now())
    return _to_place()


@post("/min-plats/godkann", status_code=200)
async def accept(request: AnyRequest) -> Response[Any]:
    """Accept the conditions and the rules in the versions that were shown."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    form = await read_form(request)
    ticked = [int(v) for v in form.all("text") if v.isascii() and v.isdigit() and len(v) < 10]
    place = await _place(enrolment_id)
    now = request.app.state.clock.now()
    shown = await queries.texts_for(place.programme, local_date(now))
    if len(ticked) < len(shown):
        return await _again(
            request, enrolment_id, _("Läs och kryssa i både villkoren och reglerna, så blir platsen din."), form
        )
    await step_services.accept_texts(enrolment_id, ticked, place.programme, "screen", now)
    return _to_place()


@post("/min-plats/alder", status_code=200)
async def declare_again(request: AnyRequest) -> Response[Any]:
    """The age ticked again, for the day the first session has moved to."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    form = await read_form(request)
    place = await _place(enrolment_id)
    state = request.app.state
    if not _age_again(request, place) or place.cohort.first_start is None:
        return _to_place()
    if not form.raw("v_age"):
        return await _again(request, enrolment_id, _("Svara på frågan om ålder först. Din plats är kvar så länge."), form)
    ticked = {True: True, False: None}
    answers = Answers(
        age_declared=ticked[form.raw("v_age") == "ja"],
        age_band=form.raw("v_age") or None,
        guardian_consent=ticked[form.ticked("v_guardian_consent")],
    )
    first_day = local_date(place.cohort.first_start)
    unmet = await services.declare_again(enrolment_id, answers, place.programme, first_day, state.clock.now())
    if unmet:
        said = [refusal_text(o, place.programme, language(), state.settings.municipality) for o in unmet]
        lines = " ".join(f"{refusal.sentence} ({refusal.source})" for refusal in said)
        what_now = _("Ring oss, eller lämna platsen till nästa i kön.")
        return await _again(request, enrolment_id, f"{lines} {what_now}", form)
    return _to_place()


@post("/min-plats/kommer", status_code=200)
async def say_coming(request: AnyRequest) -> Response[Any]:
    """„Jag kommer“, from somebody who was asked to say so."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    place = await _place(enrolment_id)
    await coming_services.coming(enrolment_id, place.programme, request.app.state.clock.now())
    return _to_place()


@get("/min-plats/lamna")
async def leave_page(request: AnyRequest) -> Response[Any]:
    """What happens if one leaves; leaving cannot be undone here."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    place = await _place(enrolment_id)
    if pages.state_of(place.facts, place.cohort) not in {"preliminary", "confirmed", "queued", "offered"}:
        return _to_place()
    first = moment_long(place.cohort.first_start) if place.cohort.first_start else ""
    holds = place.facts.seat is not None
    view = {"first": first, "holds": holds, "exempt": place.programme.exempt, "name": place.programme.short_name}
    return page(request, "desk/place_leave.html", view)


@post("/min-plats/lamna", status_code=200)
async def leave(request: AnyRequest) -> Response[Any]:
    """Leave the group or the queue."""
    enrolment_id = await _open(request)
    if enrolment_id is None:
        return _to_place(closed=True)
    try:
        await services.leave(enrolment_id, request.app.state.key_folder, request.app.state.clock.now())
    except Conflict:
        return _to_place()
    return _left(request)


def _left(request: AnyRequest) -> Response[Any]:
    response: Response[Any] = Response("", status_code=303, headers={"location": "/min-plats/klart"})
    drop_cookie(request, response, "place")
    return response


@get("/min-plats/klart")
async def left(request: AnyRequest) -> Response[Any]:
    """It is done: nothing on this page says what it was."""
    return page(request, "desk/place_left.html")


HANDLERS = [
    my_place,
    open_place,
    close_place,
    leave_quickly,
    answer_offer,
    book_visit,
    accept,
    declare_again,
    say_coming,
    leave_page,
    leave,
    left,
]
