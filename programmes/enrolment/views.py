"""The way in: a public form for one cohort, and the same form for staff with somebody on the phone or at the desk."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.catalogue.instead_rules import fitting_instead
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.i18n import language
from programmes.enrolment import browser_queries, code_queries, later_queries, pages, place_services, queries, services
from programmes.enrolment.browser_queries import Browser, browser_of
from programmes.enrolment.person.way_views import Way, application, exceptions, head
from programmes.enrolment.records.views import Told, fail, language_chosen, read_record, unnamed_alias, unnamed_channel
from programmes.enrolment.together.sibling_views import all_errors, only_changes_who, read_siblings, suffix_of
from programmes.people.records import PersonRecord
from programmes.web.client_address import origin
from programmes.web.form_tokens import SHOWN_AGAIN
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.language import A_YEAR
from programmes.web.open_places import browser_secret, open_places, places_opened, shown_place
from programmes.web.rendering import page
from programmes.web.sessions import set_cookie

AnyRequest = Request[Any, Any, Any]
_ONCE = re.compile(r"[0-9a-z]{32}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def _not_open(way: Way) -> Response[Any] | None:
    if way.programme.form not in {"group", "individual"}:
        raise NotFound
    closed = await services.not_open(way.cohort.cohort_id, way.request.app.state.clock.now())
    return _closed_page(way, closed) if closed else None


def _closed_page(way: Way, closed: Any) -> Response[Any]:
    status = 200 if way.request.method == "GET" else 409
    alone, called_off = way.programme.form == "individual", way.cohort.called_off
    title, text = pages.closed_text(closed, way.cohort.enrol_from, alone, called_off)
    view = {"title": title, "text": text, "slug": way.cohort.slug, "for_staff": way.staff is not None}
    return page(way.request, "enrolment/closed.html", view, status)


async def _show(
    way: Way,
    step: int,
    reasons: tuple[pages.Reason, ...] = (),
    status: int = 200,
    one_more: bool = False,
    later: Sequence[CohortFacts] = (),
    again: str = "",
    instead: Sequence[Programme] = (),
) -> Response[Any]:
    once = "" if again == "sent_for_another" else way.form.raw("once")
    open_already, shown_here = await _open_already(way)
    view = pages.WayIn(
        languages=pages.interpreter_languages(),
        by_wish=pages.by_wish(way.programme),
        proof=pages.proof_asked(way.programme),
        open_already=open_already,
        shown_here=shown_here,
        head=await head(way),
        form=all_errors(way.applicants),
        once=once if _ONCE.fullmatch(once) else new_token(),
        step=step,
        exempt=way.programme.exempt,
        child=way.programme.age_asked == "band",
        people=_people(way, reasons),
        takes_siblings=services.takes_siblings(way.programme),
        reasons=reasons,
        action=way.action,
        section=way.programme.section,
        total_steps=5 if way.programme.study_visit else 3,
        birth_date=Form({"fodd": [way.form.raw("fodd")]}).birth_date("fodd", "") if step == 2 else None,
        born_between=pages.born_between(way.programme, way.first_day, way.staff is not None, len(way.applicants) > 1),
        one_more=one_more,
        for_staff=way.staff is not None,
        later_starts=pages.later_starts(later),
        again=again,
        exceptions=pages.exception_choices(exceptions(way), way.programme),
        instead=pages.others_of(instead, way.municipality),
    )
    template = {0: "enrolment/one_page.html", 1: "enrolment/details.html", 2: "enrolment/conditions.html"}[step]
    return page(way.request, template, view, status)


def _browser(way: Way) -> Browser:
    """The browser the form came from; staff enter others all day, so that theirs is none."""
    if way.staff is not None:
        return Browser()
    said = [UUID(one) for one in way.form.raw("redan").split(".") if _ID.fullmatch(one)]
    opened = {shown_place(way.request), *places_opened(way.request)}
    return browser_of(browser_secret(way.request), way.cohort.cohort_id, opened, said)


async def _open_already(way: Way) -> tuple[str, bool]:
    """Which places of this cohort, or waits for one, were taken or are open in the browser: neither going back nor a second
    tab may lead to another one unseen. Empty when there is none. And whether Min plats shows one of them."""
    now = way.request.app.state.clock.now()
    taken = await browser_queries.taken_in(_browser(way), way.cohort.cohort_id, now)
    shown = await code_queries.open_place(shown_place(way.request), now) if taken else None
    return ".".join(sorted(map(str, taken))), shown in taken


def _people(way: Way, reasons: tuple[pages.Reason, ...]) -> tuple[pages.Applicant, ...]:
    found = []
    for number, form in enumerate(way.applicants, start=1):
        suffix = suffix_of(number)
        asked = pages.fields_of(way.shown(form), way.answered(form), reasons, suffix)
        found.append(pages.Applicant(number, suffix, form, asked))
    return tuple(found)


async def _walk(way: Way) -> Response[Any]:
    """One step of the way in: the details, then the conditions, then the place."""
    if way.programme.form not in {"group", "individual"}:
        raise NotFound
    once = way.form.raw("once")
    sent_with = once if _ONCE.fullmatch(once) else ""
    # What came of a form that was sent before, and whose answer was perhaps lost, is told whatever has changed since.
    closed, received = await services.of_form(way.cohort.cohort_id, sent_with, way.request.app.state.clock.now())
    if closed and not received:
        return _closed_page(way, closed)
    way = replace(way, received=received)
    if way.form.raw("sprak"):
        return await _in_another_language(way)
    return await (_walk_unnamed(way) if way.programme.exempt else _walk_named(way))


async def _walk_named(way: Way) -> Response[Any]:
    """The details of somebody who is documented, and then the conditions."""
    if way.form.raw("tillbaka"):
        return await _show(way, 1)
    today = local_date(way.request.app.state.clock.now())
    record = read_record(way.form, today, way.staff is not None, Told(way.texts, pages.by_wish(way.programme)))
    language_chosen(way.form)
    if way.form.errors:
        return await _show(way, 1, status=422)
    if way.form.raw("steg") != "2":
        return await _show(way, 2)
    return await _apply(way, record, 2)


async def _in_another_language(way: Way) -> Response[Any]:
    """The same step once more, with what was typed, in the language that the address asks for; kept from now on."""
    steps = {"0": 0, "1": 1, "2": 2}
    response = await _same_step(way, steps.get(way.form.raw("sprak"), 1))
    set_cookie(way.request, response, "lang", language(), A_YEAR)
    return response


async def _same_step(way: Way, step: int, again: str = "", status: int = 200) -> Response[Any]:
    """A step once more, with what was typed. Nothing of it is judged."""
    step = 0 if way.programme.exempt else max(1, step)
    if step == 2 and not Form({"fodd": [way.form.raw("fodd")]}).birth_date("fodd", ""):
        step = 1
    if way.programme.exempt and services.takes_siblings(way.programme):
        way = replace(way, people=read_siblings(way.form))
    return await _show(way, step, status=status, again=again)


async def _unsent(way: Way) -> Response[Any]:
    """The step that was sent from a browser which had forgotten the form's token: to be read, and sent once more."""
    return await _not_open(way) or await _same_step(way, 2 if way.form.raw("steg") == "2" else 1, "unsent", 403)


async def _walk_unnamed(way: Way) -> Response[Any]:
    """The form of one page, where nobody is named."""
    if services.takes_siblings(way.programme):
        way = replace(way, people=read_siblings(way.form))
        if only_changes_who(way.form):
            return await _show(way, 0)
    for form in way.applicants:
        unnamed_alias(form)
    unnamed_channel(way.form, way.texts)
    language_chosen(way.form)
    wrong = any(form.errors for form in way.applicants)
    return await (_show(way, 0, status=422) if wrong else _apply(way, None, 0))


async def _apply(way: Way, record: PersonRecord | None, step: int) -> Response[Any]:
    for form in () if way.received else way.applicants:
        seen = set(form.all("fragad"))
        if any(q.asked_if and q.condition not in seen for q in way.shown(form)):
            return await _show(way, step, one_more=True)
    typed = way.form.raw("once")
    once = typed if _ONCE.fullmatch(typed) else new_token()
    applications = [application(way, record, form, number, once) for number, form in enumerate(way.applicants, start=1)]
    answer = await _sent(way, applications)
    if isinstance(answer, services.Refused):
        return await _refuse(way, answer, step, date.fromisoformat(record.birth_date) if record else None)
    if way.staff:
        # The same form once more leads to where the person has been moved since.
        entered = (await queries.enrolment(answer[0].enrolment_id)).cohort_id if answer[0].repeated else way.cohort.cohort_id
        where = f"/personal/grupper/{entered}/deltagare/{answer[0].enrolment_id}"
        response = Response("", status_code=303, headers={"location": where})
        set_cookie(way.request, response, "handover", once, int(place_services.HAND_OVER.total_seconds()))
        return response
    # What was read on the form is not what came of it: that is said on the page that it leads to.
    gone = way.form.raw("visat") == "plats" and not any(taken.held for taken in answer)
    response = Response("", status_code=303, headers={"location": "/min-plats?fullt=1" if gone else "/min-plats"})
    open_places(way.request, response, [taken.token for taken in answer], place_services.PLACE_OPEN)
    return response


async def _sent(way: Way, applications: list[services.Application]) -> tuple[services.Taken, ...] | services.Refused:
    """Apply. What nobody's identity protects is counted by address, in memory, so that one cannot take every place."""
    state = way.request.app.state
    now = state.clock.now()
    address = origin(way.request) if way.programme.exempt and way.staff is None else None
    surplus = [state.bursts.count(address, now) for _one in applications]
    sent = [replace(one, among_many=any(surplus)) for one in applications]
    together = len(sent) > 1 and way.form.ticked("tillsammans")
    answer = await services.apply_all(sent, way.programme, state.key_folder, now, together, _browser(way))
    counted = 0 if isinstance(answer, services.Refused) else sum(not taken.repeated for taken in answer)
    for _one in sent[counted:]:
        state.bursts.uncount(address, now)
    return answer


async def _refuse(way: Way, answer: services.Refused, step: int, born: date | None) -> Response[Any]:
    """Every reason at once, and a later start if waiting is all it takes."""
    if answer.closed is not None:
        return _closed_page(way, answer.closed)
    if _said_beside(way, answer):
        return await _show(way, min(step, 1), status=422)
    if answer.moved:
        moved = replace(way, cohort=await cohorts.by_id(way.cohort.cohort_id))
        return await _not_open(moved) or await _show(moved, step, status=409, again="moved")
    if answer.sent_for_another or answer.open_already:
        again = "sent_for_another" if answer.sent_for_another else "open_already"
        return await _show(way, step, status=409, again=again)
    reasons = _reasons(way, answer)
    later: Sequence[CohortFacts] = ()
    if born and any(o.code == "too_young" for o in answer.outcomes):
        now = way.request.app.state.clock.now()
        later = await later_queries.old_enough_at(way.cohort.slug, born, way.first_day, now)
    return await _show(way, step, reasons, 422, later=later, instead=await _instead(way, answer, born))


def _said_beside(way: Way, answer: services.Refused) -> bool:
    """Whether why is said beside fields of the first page, as it is now."""
    if answer.too_many:
        way.form.fail(
            "tillsammans",
            _("Gruppen har inte plats för så många samtidigt. Ta bort krysset, eller ring oss så ser vi vad som går."),
        )
    if answer.added_later:
        way.form.fail("tillsammans", pages.added_later(way.staff is not None))
    for form, wrong in zip(way.applicants, answer.wrong, strict=False):
        fail(form, wrong, way.staff is not None)
    return answer.too_many or answer.added_later or any(answer.wrong)


async def _instead(way: Way, answer: services.Refused, born: date | None) -> list[Programme]:
    """Other programmes that may fit, by what each has answered."""
    today = local_date(way.request.app.state.clock.now())
    known = {programme.section: programme for _id, programme in await catalogue.in_force(today)}
    found: list[Programme] = []
    for form, unmet in zip(way.applicants, answer.by_person, strict=False):
        answers = pages.answers_from(way.programme, way.shown(form), way.answered(form), born)
        found.extend(fitting_instead(way.programme, unmet, answers, way.first_day, known))
    return found


def _reasons(way: Way, answer: services.Refused) -> tuple[pages.Reason, ...]:
    several = len(answer.by_person) > 1
    return tuple(
        reason
        for number, outcomes in enumerate(answer.by_person, start=1)
        for reason in pages.reasons_of(
            outcomes, way.programme, way.municipality, suffix_of(number), number if several else 0
        )
    )


async def _public_way(request: AnyRequest, public_id: str, form: Form) -> Way | None:
    cohort = await cohorts.by_public_id(public_id)
    programme = await catalogue.programme(cohort.programme_id)
    return Way(request, cohort, programme, form) if programme.way_in == "web" else None


def _to_programme(slug: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": f"/insatser/{slug}"})


@get("/anmalan/{public_id:str}")
async def public_form(request: AnyRequest, public_id: FromPath[str]) -> Response[Any]:
    """The application form. Programmes by phone or visit have none: their page says how to get in touch."""
    way = await _public_way(request, public_id, Form())
    if way is None:
        return _to_programme((await cohorts.by_public_id(public_id)).slug)
    return await _not_open(way) or await _show(way, 0 if way.programme.exempt else 1)


async def _public_unsent(request: AnyRequest) -> Response[Any]:
    public_id = str(request.path_params["public_id"])
    way = await _public_way(request, public_id, await read_form(request))
    return await _unsent(way) if way else _to_programme((await cohorts.by_public_id(public_id)).slug)


@post("/anmalan/{public_id:str}", status_code=200, opt={SHOWN_AGAIN: _public_unsent})
async def public_apply(request: AnyRequest, public_id: FromPath[str]) -> Response[Any]:
    """A step of the application; what was typed comes back with every reason when something is wrong."""
    way = await _public_way(request, public_id, await read_form(request))
    if way is None:
        return _to_programme((await cohorts.by_public_id(public_id)).slug)
    return await _walk(way)


async def _staff_way(request: AnyRequest, cohort_id: int, form: Form) -> Way:
    person = principal(request)
    cohort = await cohorts.mine(person, local_date(request.app.state.clock.now()), row_id(cohort_id))
    return Way(request, cohort, await catalogue.programme(cohort.programme_id), form, person)


@get("/personal/grupper/{cohort_id:int}/anmal", guards=[signed_in])
async def staff_form(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The same form for somebody on the phone, at the desk or on paper."""
    way = await _staff_way(request, cohort_id, Form())
    return await _not_open(way) or await _show(way, 0 if way.programme.exempt else 1)


async def _staff_unsent(request: AnyRequest) -> Response[Any]:
    return await _unsent(await _staff_way(request, int(request.path_params["cohort_id"]), await read_form(request)))


@post("/personal/grupper/{cohort_id:int}/anmal", guards=[signed_in], status_code=200, opt={SHOWN_AGAIN: _staff_unsent})
async def staff_apply(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """A step of the application, entered by staff."""
    return await _walk(await _staff_way(request, cohort_id, await read_form(request)))


HANDLERS = [public_form, public_apply, staff_form, staff_apply]
