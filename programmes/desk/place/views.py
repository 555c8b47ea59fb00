"""Min plats: opened with a place code, for half an hour, without an account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from programmes.calendar import services as calendar_services
from programmes.calendar.rules import ParticipantCalendar
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.catalogue.wording import Question, conditions
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.codes import normalised
from programmes.core.i18n import clock, day_plain, language, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.desk.group import refusal_pages
from programmes.desk.moving import pages as moving_pages
from programmes.desk.moving import services as moving_services
from programmes.desk.moving.pages import NOT_MOVING, MovingPart
from programmes.desk.place import pages, visit_pages, waiting_pages
from programmes.desk.place.siblings_views import opened_here, still_open, to_place, waiting_with
from programmes.desk.talks.queries import tally_of
from programmes.enrolment import age_rules, code_queries, place_services, queries
from programmes.enrolment.age_rules import as_judged
from programmes.enrolment.browser_queries import Browser, browser_of
from programmes.enrolment.leaving import first_right_queries, refusal_queries
from programmes.enrolment.leaving import queries as leaving_queries
from programmes.enrolment.queue import deadline_queries, order_queries
from programmes.enrolment.records import apart_queries
from programmes.enrolment.records.partner_rules import may_answer
from programmes.enrolment.rules import Remaining
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.together import queries as together_queries
from programmes.enrolment.wording import accepted_texts, born_between, questions_again, skip_text, skip_told
from programmes.notices.reach_services import way
from programmes.notices.undoable_queries import as_told
from programmes.web.client_address import origin
from programmes.web.forms import Form, read_form
from programmes.web.open_places import (
    PlaceClosed,
    browser_secret,
    close_places,
    for_shown,
    open_places,
    places_opened,
    show_place,
    shown_place,
)
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Place:
    """The place that is open in this browser; `judged` is the programme by whose age this person is judged."""

    facts: queries.EnrolmentFacts
    cohort: CohortFacts
    programme: Programme
    judged: Programme


async def _open_here(request: AnyRequest) -> UUID | None:
    """Whose Min plats is open in this browser, or None. Raises Conflict when a form was shown for another one."""
    token = shown_place(request)
    found = await code_queries.open_place(token, request.app.state.clock.now()) if token else None
    return await for_shown(request, found) if found else None


async def opened(request: AnyRequest) -> UUID:
    """Whose Min plats is open in this browser.

    Raises:
        PlaceClosed: none is (any more).
        Conflict: `other_place`, the form was shown for another one.
    """
    found = await _open_here(request)
    if found is None:
        raise PlaceClosed
    return found


async def place_of(enrolment_id: UUID, now: datetime) -> Place:
    """An enrolment with its programme and its cohort, as far as they may know of it by now (`as_told`). Raises NotFound."""
    facts = await queries.enrolment(enrolment_id)
    cohort = await as_told(await cohorts.by_id(facts.cohort_id), now)
    readings = await catalogue.readings(cohort.programme_id)
    return Place(facts, cohort, readings.in_force, as_judged(readings, facts.applied_at))


def _code_form(request: AnyRequest, form: Form, status: int = 200, already_open: bool = False) -> Response[Any]:
    closed = "stangd" in request.query_params
    return page(request, "desk/place_code.html", {"form": form, "closed": closed, "already_open": already_open}, status)


@get("/min-plats")
async def my_place(request: AnyRequest) -> Response[Any]:
    """The place that is open in this browser, else the form for the code; that also for changing to another (`?byt`)."""
    enrolment_id = await _open_here(request)
    if enrolment_id is None:
        return await _sibling_or_code(request)
    if "byt" in request.query_params:
        return _code_form(request, Form(), already_open=True)
    place = await place_of(enrolment_id, request.app.state.clock.now())
    if place.facts.state == "refused" and place.facts.undo_until is not None:
        return page(request, "desk/place_refused.html", await _refused(request, place, place.facts.undo_until))
    if place.facts.state == "withdrawn" and place.facts.undo_until is not None:
        return page(request, "desk/place_undo.html", await _left(request, place, place.facts.undo_until))
    return await _shown(request, place)


async def _shown(
    request: AnyRequest, place: Place, wrong: str = "", typed: Form | None = None, status: int = 200
) -> Response[Any]:
    """The place as it stands; of an offer that has run out nothing is left to answer, and it says so."""
    if pages.state_of(place.facts, place.cohort, request.app.state.clock.now()) == "expired":
        how, address = way(place.facts, request.app.state.key_folder), f"/insatser/{place.programme.slug}"
        opened = await opened_here(request)
        view = pages.ran_out_page(place.facts, address, place.programme.exempt, how, opened)
        return page(request, "desk/place_ran_out.html", view, status)
    return page(request, "desk/place.html", await _view(request, place, wrong, typed), status)


async def _sibling_or_code(request: AnyRequest) -> Response[Any]:
    """Of siblings in one form the next that is open, when the one that was shown has been left; else the code."""
    token = await still_open(request)
    if token is None:
        return _code_form(request, Form())
    response = to_place()
    show_place(request, response, token, place_services.PLACE_OPEN)
    return response


def browser_here(request: AnyRequest, facts: queries.EnrolmentFacts) -> Browser:
    """This browser, as far as somebody's start goes."""
    opened = {shown_place(request), *places_opened(request)}
    return browser_of(browser_secret(request), facts.cohort_id, opened, ())


async def _left(request: AnyRequest, place: Place, until: datetime) -> pages.LeftPage:
    gives = await leaving_queries.preview(place.facts, request.app.state.clock.now())
    opened = await opened_here(request)
    facts = place.facts
    had_visit = facts.left_slot_id is not None
    since = await leaving_queries.applied_since(facts, browser_here(request, facts), request.app.state.clock.now())
    return pages.LeftPage(
        gives,
        facts.left_from or "",
        clock(until),
        place.programme.exempt,
        opened,
        had_visit,
        ".".join(sorted(map(str, since))),
    )


async def _refused(request: AnyRequest, place: Place, until: datetime) -> refusal_pages.RefusedPage:
    conditions = await refusal_queries.conditions(place.facts.enrolment_id)
    reasons = refusal_pages.refusals(place.programme, conditions, request.app.state.settings.municipality)
    return refusal_pages.refused_page(reasons, until, place.programme.exempt)


@post("/min-plats", status_code=200)
async def open_place(request: AnyRequest) -> Response[Any]:
    """Open with a code. A wrong one, whatever is wrong with it, gets one and the same answer; after many from one address
    a right one gets the same as they do, so that nobody can try them out."""
    form, state = await read_form(request), request.app.state
    now, address = state.clock.now(), origin(request)
    if state.wrong_codes.full(address, now):
        minutes = state.settings.burst_minutes
        form.fail(
            "kod",
            ngettext(
                "För många koder har varit fel. Vänta %(n)s minut och försök igen, eller ring oss.",
                "För många koder har varit fel. Vänta %(n)s minuter och försök igen, eller ring oss.",
                minutes,
            ),
        )
        return _code_form(request, form, 429)
    code = normalised(form.raw("kod"))
    token = await place_services.open_by_code(code, now) if code else None
    if token is None:
        state.wrong_codes.count(address, now)
        form.fail("kod", _("Koden stämmer inte. Titta efter ett tecken som blivit fel, eller be om en ny när vi ses."))
        return _code_form(request, form, 422)
    response = to_place()
    open_places(request, response, [token], place_services.PLACE_OPEN)
    return response


@post("/min-plats/stang", status_code=303)
async def close_place(request: AnyRequest) -> Response[Any]:
    """Close it in this browser, and the siblings' with it."""
    response = to_place()
    await _close_all(request, response)
    return response


async def _close_all(request: AnyRequest, response: Response[Any]) -> None:
    opened = {shown_place(request), *places_opened(request)} - {""}
    await place_services.close_places(opened, browser_secret(request))
    close_places(request, response)


@get("/snabbt")
async def leave_quickly(request: AnyRequest) -> Response[Any]:
    """The quick exit: Min plats is closed in this browser, and on to a page that says nothing of us."""
    response: Response[Any] = Response("", status_code=303, headers={"location": request.app.state.settings.exit_url})
    await _close_all(request, response)
    return response


async def _view(request: AnyRequest, place: Place, wrong: str = "", typed: Form | None = None) -> pages.PlacePage:
    now = request.app.state.clock.now()
    facts, cohort, programme = place.facts, place.cohort, place.programme
    texts = await queries.texts_for(programme, local_date(now))
    state = pages.state_of(facts, cohort, now)
    left = queries.still_to_do(programme, facts, texts) if state == "preliminary" else ()
    again = await new_versions(place, now) if state == "confirmed" else ()
    kept = place_services.unseal(facts, request.app.state.key_folder)
    queue = await _queue_part(request, place, state)
    moved = await order_queries.moved_here(facts.enrolment_id)
    has_days = state in {"preliminary", "confirmed", "cancelled", "offered", "ended"}
    sessions = await cohorts.sessions(cohort.cohort_id) if has_days else []
    counts = has_days and cohort.form == "individual" and state != "cancelled"
    calendar = await _calendar(request, facts) if state in {"preliminary", "confirmed"} else None
    return pages.PlacePage(
        state=state,
        alone=cohort.form == "individual",
        title=pages.headline(state, queue.position, cohort.form, facts.left_from, queue.over),
        lead=pages.lead_of(state, programme, cohort, now),
        code=pages.code_lines(kept.code),
        seats=cohort.maximum,
        seat=facts.seat or 0,
        queue=queue,
        visit=await _visit_part(place, left, now),
        offer_until=moment_long(facts.offer_expires_at) if facts.offer_expires_at else "",
        next_step=left[0] if left else "accept_new" if again else None,
        section=programme.section,
        texts=pages.texts_shown(again or queries.unaccepted(facts, texts)),
        accepted=accepted_texts(await agreement_queries.accepted(facts.enrolment_id)) if facts.accepted else (),
        days=pages.day_lines(sessions, cohort.form, now, facts.visit) if has_days else (),
        exempt=programme.exempt,
        way=way(facts, request.app.state.key_folder),
        language=facts.language,
        moved_here=moment_long(moved) if moved and not await order_queries.moved_oneself(facts.enrolment_id) else "",
        done=pages.done_words(request.query_params.get("klart", "")),
        calendar=calendar,
        protected=facts.protected,
        postponed=cohort.state == "postponed" and await _knew_other_days(facts, moved),
        programme_address=f"/insatser/{programme.slug}",
        asked_again=asked_again(request, place) if state in {"preliminary", "confirmed", "queued", "offered"} else (),
        undone=request.query_params.get("angrat", ""),
        wrong=wrong,
        ticked=frozenset((name, value) for name in typed.values for value in typed.all(name)) if typed else frozenset(),
        opened=await opened_here(request),
        talks=pages.talks(await tally_of(cohort.cohort_id, programme, sessions)) if counts else "",
        consent=may_answer(facts.state, facts.partner_consent),
        moving=await _moving_part(place, moved, now),
        first_day=local_date(cohort.first_start).isoformat() if cohort.first_start else "",
        born_between=born_between(place.judged, local_date(cohort.first_start)) if cohort.first_start else "",
    )


async def _knew_other_days(facts: queries.EnrolmentFacts, moved_here: datetime | None) -> bool:
    """Whether the start was postponed since the person came to it: to who came afterwards its days are the days."""
    postponed = await cohorts.postponed_at(facts.cohort_id)
    return postponed is not None and (moved_here or facts.applied_at) < postponed


async def _moving_part(place: Place, moved_here: datetime | None, now: datetime) -> MovingPart:
    """Whether they may move to another start, and are asked if they can come on new days."""
    facts, cohort = place.facts, place.cohort
    if not await moving_services.leads_away(facts, cohort, now, moved_here):
        return NOT_MOVING
    right, others = (
        await first_right_queries.of_start(cohort.cohort_id, now),
        await first_right_queries.other_starts(cohort, now),
    )
    asked_at = await cohorts.postponed_at(cohort.cohort_id) if cohort.state == "postponed" else None
    by_phone = bool(others and await apart_queries.days_of(facts.enrolment_id, others[0].cohort_id))
    return MovingPart(
        may=True,
        to=len(others) > by_phone,
        by_phone=by_phone,
        # The page speaks of the next start. Of any other one that is said where it can be chosen.
        until=moving_pages.until_text(right) if right and others[:1] and others[0].cohort_id == right.cohort_id else "",
        asked_at=moving_pages.asked_key(asked_at) if asked_at else "",
        can=await first_right_queries.answer_of(facts.enrolment_id, asked_at) if asked_at else None,
    )


async def _queue_part(request: AnyRequest, place: Place, state: str) -> pages.QueuePart:
    """How the person waits, and why others may have come before them."""
    facts, waits, now = place.facts, state == "queued", request.app.state.clock.now()
    together, passed = await waiting_with(facts)
    came_before = await order_queries.came_before(facts) if waits else None
    held_by, section = await together_queries.held_by(facts), place.programme.section
    leads = await order_queries.where_waiting_leads(facts.cohort_id, now) if waits else "offer"
    kept_until = await first_right_queries.kept_before(facts.cohort_id, facts.applied_at, now) if waits else None
    return pages.QueuePart(
        position=await queries.queue_position(facts.cohort_id, facts.turn) if waits else 0,
        skip_reason=skip_told(facts.skip_reason, section) if facts.skip_reason else "",
        held_by=skip_text(held_by, section) if held_by else "",
        asked=_asked(request, place) if "conditions" in {facts.skip_reason, held_by} else (),
        asked_to_come=waits and facts.asked_to_come,
        together=together,
        passed_together=passed.get("passed_together", ""),
        passed_asked=passed.get("passed_asked", ""),
        passed_on=day_plain(local_date(facts.passed_at)) if facts.passed_at else "",
        came_before=waiting_pages.came_before(came_before.back, came_before.moved, came_before.last) if came_before else "",
        ran_out=waits and not facts.asked_to_come and "fullt" in request.query_params,
        parted=waits and bool(facts.together_id) and not together,
        # They keep their place in the queue of what waits for a decision: it may be cancelled or postponed (decision 101).
        over=leads == "nowhere" and not place.cohort.undecided,
        ended=waits and place.cohort.has_ended(now),
        undecided=leads == "nowhere" and place.cohort.undecided,
        held=leads == "nowhere" and await cohorts.held(facts.cohort_id) > 0,
        by_word=leads == "word",
        takes=leads == "word" and facts.enrolment_id in await order_queries.next_by_word(facts.cohort_id, now),
        kept=waiting_pages.kept_for_others(kept_until),
        too_many=place.cohort.maximum if waits and together > place.cohort.maximum else 0,
    )


async def _visit_part(place: Place, left: Sequence[Remaining], now: datetime) -> visit_pages.VisitPart:
    """The study visit, where the programme asks for one."""
    facts = place.facts
    slots = await queries.slots(facts.cohort_id, now) if place.programme.study_visit and left else []
    return visit_pages.VisitPart(
        slots=visit_pages.slot_choices(slots, facts),
        when=moment_long(facts.visit.starts_at) if facts.visit else "",
        where=visit_pages.visit_place(facts.visit, slots),
        off=facts.visit is not None and facts.visit.state == "cancelled",
        book_by=await _book_by(facts, now) if {"book_visit", "rebook_visit"} & set(left) else (),
        no_from=visit_pages.no_from(facts.visit),
        seen=queries.seen_visit(facts.visit),
    )


def _asked(request: AnyRequest, place: Place) -> tuple[str, ...]:
    return tuple(conditions(place.programme, language(), request.app.state.settings.municipality))


async def new_versions(place: Place, now: datetime) -> tuple[queries.AgreementText, ...]:
    """Conditions or rules that have a new version since this person accepted them."""
    return await agreement_queries.to_accept_again(place.programme, place.facts, place.cohort.first_start, local_date(now))


async def _book_by(facts: queries.EnrolmentFacts, now: datetime) -> tuple[str, ...]:
    """The last day to book a study visit, in words; nothing for whom the day costs nothing."""
    last = await deadline_queries.last_day(facts)
    return visit_pages.book_by(last, local_date(now)) if last else ()


def asked_again(request: AnyRequest, place: Place) -> tuple[Question, ...]:
    """What the person is asked about once more, for another first day."""
    first = place.cohort.first_start
    asked = age_rules.to_say_again(place.facts, place.programme, local_date(first)) if first else frozenset()
    if not first or not asked:
        return ()
    return questions_again(place.judged, asked, local_date(first), request.app.state.settings.municipality)


async def _calendar(request: AnyRequest, facts: queries.EnrolmentFacts) -> ParticipantCalendar:
    state = request.app.state
    address = state.settings.base_url
    now = state.clock.now()
    found = await calendar_services.participant_calendar(facts.enrolment_id, state.key_folder, address, now)
    return replace(found, wrong=pages.title_leads() if request.query_params.get("rubrik") == "nej" else "")


async def place_again(request: AnyRequest, enrolment_id: UUID, wrong: str, typed: Form | None = None) -> Response[Any]:
    """The page again, with what to do about what was sent, and what was ticked still ticked."""
    return await _shown(request, await place_of(enrolment_id, request.app.state.clock.now()), wrong, typed, 422)


HANDLERS = [my_place, open_place, close_place, leave_quickly]
