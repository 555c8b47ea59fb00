"""Moving and cancelling sessions, one or all that are left: what it means to whom first, then that they have been told."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import change_services, queries, schedule_queries, session_services, talk_services
from programmes.cohorts.change_queries import brought_back, only_staff_last
from programmes.cohorts.meant_rules import signs
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rest_services import Rest, Wanted
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Slot
from programmes.cohorts.session_rules import begun
from programmes.core.clock import at_local, local, local_date
from programmes.core.i18n import clock as clock_text
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.desk.changes import pages, services
from programmes.desk.changes import queries as change_queries
from programmes.desk.changes.told_services import telling_people
from programmes.desk.group import calls_services
from programmes.desk.illness.substitute_queries import without_leader
from programmes.notices.leaving_services import leaving
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


def _now(request: AnyRequest) -> datetime:
    """The same moment for all of one request: what is written about a change is not from before it."""
    if "moment" not in request.state:
        request.state["moment"] = request.app.state.clock.now()
    found: datetime = request.state["moment"]
    return found


def group_of(request: AnyRequest, cohort: CohortFacts) -> pages.Group:
    """The group as the pages show it."""
    return pages.Group(cohort.cohort_id, cohort.name, cohort.form, principal(request).coordinates(cohort.section))


def to_done(cohort_id: int, done: str) -> Response[Any]:
    """To the page that says that it is done, and who has heard."""
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/andrat?klart={done}"})


async def session_of(request: AnyRequest, session_id: int) -> tuple[CohortFacts, SessionFacts]:
    """A session that is theirs to see. Raises NotFound."""
    return await queries.my_session(principal(request), local_date(_now(request)), row_id(session_id))


def why_fixed(cohort: CohortFacts, session: SessionFacts) -> tuple[str, ...]:
    """Why nothing about a session can be changed any more."""
    return _texts(session_services.why_fixed(cohort, session), cohort)


async def _ages(cohort: CohortFacts, session: SessionFacts, day: date | None = None) -> str:
    """What it means where the first day becomes another one: the first session is changed, or one moves before it. Where
    anybody may come nobody has said how old they are."""
    if cohort.form == "drop_in":
        return ""
    age = (await catalogue.programme(cohort.programme_id)).age_asked
    ahead = day is not None and cohort.first_start is not None and day < local_date(cohort.first_start)
    return pages.ages_note(age, first=ahead or session.starts_at == cohort.first_start)


async def _after(cohort: CohortFacts, session: SessionFacts) -> int:
    every = await queries.sessions(cohort.cohort_id)
    return sum(1 for s in every if s.state in {"planned", "moved"} and s.starts_at > session.starts_at)


def seen_of(form: Form) -> int:
    """The sequence of the session that the form was shown for; -1, which none has, if it was tampered with."""
    typed = form.raw("sedd")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1


def failed(form: Form, refused: Sequence[Reason], cohort: CohortFacts, beside: str) -> bool:
    """Say in the form what stands in the way, each beside its field or, of none, beside that one; whether anything does."""
    form.fail_all((field or beside, text) for field, text in pages.sentences(refused, cohort.form))
    form.asked |= signs(refused)
    return bool(refused)


def _texts(reasons: Sequence[Reason], cohort: CohortFacts) -> tuple[str, ...]:
    return tuple(text for _field, text in pages.sentences(reasons, cohort.form))


def stored(session: SessionFacts) -> dict[str, str]:
    """The fields of the form as the session is."""
    starts, ends = local(session.starts_at), local(session.ends_at)
    return {
        "dag": starts.date().isoformat(),
        "fran": f"{starts:%H:%M}",
        "till": f"{ends:%H:%M}",
        "lokal": str(session.venue_id),
        "omfang": "en",
    }


def _soon(request: AnyRequest, cohort: CohortFacts, slot: Slot) -> list[Reason]:
    return services.begins_soon(cohort, slot, _now(request))


def _soon_note(request: AnyRequest, cohort: CohortFacts, slots: Sequence[Slot]) -> str:
    found = [reason for slot in slots for reason in _soon(request, cohort, slot)]
    return pages.soon_note(found, cohort.form)


async def _show_move(
    request: AnyRequest,
    cohort: CohortFacts,
    session: SessionFacts,
    form: Form,
    status: int = 200,
    day: date | None = None,
) -> Response[Any]:
    group = group_of(request, cohort)
    title, lead = pages.head(group, session)
    over = begun(session.slot, _now(request))
    form.asked |= signs(over)
    whom = await services.whom(cohort, request.app.state.key_folder)
    view = pages.ChangePage(
        group,
        session.session_id,
        session.sequence,
        title,
        lead,
        why_fixed(cohort, session),
        form,
        pages.happens(cohort, whom, _("Den nya tiden och lokalen gäller."), group.words.gets_new_time),
        tuple((v.venue_id, f"{v.name}, {v.address}") for v in await schedule_queries.venues()),
        ask_anyway=bool(over) or "anda" in form.errors or form.ticked("anda"),
        begun=_texts(over, cohort),
        ages=await _ages(cohort, session, day),
        values=tuple((name, form.raw(name) if form.values else value) for name, value in stored(session).items()),
        following=pages.following(cohort.form, await _after(cohort, session)),
        soon=_soon_note(request, cohort, [session.slot]),
    )
    return page(request, "desk/session_move.html", view, status)


@get("/personal/traffar/{session_id:int}/flytta", guards=[signed_in])
async def move_page(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """The form to move a session, filled with where it is."""
    cohort, session = await session_of(request, session_id)
    return await _show_move(request, cohort, session, Form())


@post("/personal/traffar/{session_id:int}/flytta", guards=[signed_in], status_code=200)
async def move(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Move it, or say beside each field why not; with all that follow, only after the days were shown."""
    cohort, session = await session_of(request, session_id)
    form = await read_form(request)
    day, begins, ends = form.day("dag"), form.clock_time("fran"), form.clock_time("till")
    venue_id = form.choice("lokal", [str(v.venue_id) for v in await schedule_queries.venues()], _("Välj en lokal."))
    if begins and ends and ends <= begins:
        form.fail("till", _("Sluttiden måste vara efter starttiden."))
    if form.errors or day is None or begins is None or ends is None:
        return await _show_move(request, cohort, session, form, 422)
    if twisted := session_services.why_no_such_time(day, begins, ends):
        return await _refuse_move(request, cohort, session, form, twisted)
    if form.raw("omfang") == "resten":
        return await _move_rest(request, cohort, session, form, Wanted(day, (begins, ends), int(venue_id)))
    becomes = Slot(at_local(day, begins), at_local(day, ends))
    # Of one that begins soon anyway that was said on the page.
    said = _soon(request, cohort, session.slot)
    async with telling_people(request.app.state.key_folder, principal(request), _now(request)):
        refused = await services.move(
            session.session_id,
            becomes,
            int(venue_id),
            principal(request),
            _now(request),
            meant=form.meant,
            seen=seen_of(form),
            soon=[] if said else _soon(request, cohort, becomes),
        )
    if refused:
        return await _refuse_move(request, cohort, session, form, refused)
    return to_done(cohort.cohort_id, "flyttad")


async def _refuse_move(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, form: Form, refused: list[Reason]
) -> Response[Any]:
    failed(form, refused, cohort, "dag")
    return await _show_move(request, cohort, session, form, 422, form.day("dag"))


async def _move_rest(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, form: Form, wanted: Wanted
) -> Response[Any]:
    """Show the days, or save them if they are those that were seen."""
    who, now = principal(request), _now(request)
    plan, apart = await services.plan_rest(cohort, session, wanted, who, now)
    if plan.reasons:
        return await _refuse_move(request, cohort, session, form, list(plan.reasons))
    if form.raw("dagar") != services.seen_rest(plan, apart):
        return await _show_rest(request, cohort, session, plan, apart, form)
    async with telling_people(request.app.state.key_folder, who, now):
        refused = await services.move_rest(session.session_id, wanted, plan.digest, who, now)
    if refused:
        return await _refuse_move(request, cohort, session, form, refused)
    return to_done(cohort.cohort_id, "resten")


async def _show_rest(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, plan: Rest, apart: list[Reason], form: Form
) -> Response[Any]:
    group = group_of(request, cohort)
    title, lead = pages.head(group, session)
    whom = await services.whom(cohort, request.app.state.key_folder)
    kept = [(name, form.raw(name)) for name in ("dag", "fran", "till", "lokal", "omfang", "sedd")]
    view = pages.RestPage(
        group,
        session.session_id,
        title,
        lead,
        pages.happens(cohort, whom, *pages.rest_becomes(plan.other_times, plan.other_places)),
        pages.days(plan.schedule, cohort.form),
        pages.clashes(plan.clashes, apart, cohort.form),
        (*kept, ("dagar", services.seen_rest(plan, apart))),
        pages.rest_button(cohort.form, len(plan.sessions)),
        look_again=bool(form.raw("dagar")),
        ages=await _ages(cohort, session),
        soon=_soon_note(request, cohort, [*(one.slot for one in plan.sessions), *plan.slots.values()]),
    )
    return page(request, "desk/session_rest.html", view, 422 if view.look_again else 200)


async def _show_cancel(
    request: AnyRequest, cohort: CohortFacts, session: SessionFacts, form: Form, status: int = 200
) -> Response[Any]:
    group = group_of(request, cohort)
    title, lead = pages.head(group, session)
    added = None if cohort.form == "drop_in" else await session_services.slot_at_end(cohort)
    clashes = await services.at_end(cohort, principal(request)) if added else []
    over = begun(session.slot, _now(request))
    form.asked |= signs([*over, *clashes])
    whom = await services.whom(cohort, request.app.state.key_folder)
    view = pages.ChangePage(
        group,
        session.session_id,
        session.sequence,
        title,
        lead,
        why_fixed(cohort, session),
        form,
        pages.cancelled(cohort, whom, session.slot, added, _now(request)),
        added=pages.slot_text(added),
        shown=added.sign if added else "",
        ask_anyway=bool(over or clashes) or "anda" in form.errors or form.ticked("anda"),
        ages=await _ages(cohort, session),
        values=(("sedan", form.raw("sedan") or ("till" if added and not cohort.one_at_a_time else "inte")),),
        clashes=_texts(clashes, cohort),
        begun=_texts(over, cohort),
        soon=_soon_note(request, cohort, [session.slot]),
    )
    return page(request, "desk/session_cancel.html", view, status)


@get("/personal/traffar/{session_id:int}/stall-in", guards=[signed_in])
async def cancel_page(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """What happens when a session is cancelled, and whether one is added at the end."""
    cohort, session = await session_of(request, session_id)
    return await _show_cancel(request, cohort, session, Form())


@post("/personal/traffar/{session_id:int}/stall-in", guards=[signed_in], status_code=200)
async def cancel(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Cancel it."""
    cohort, session = await session_of(request, session_id)
    form = await read_form(request)
    then = "inte" if cohort.form == "drop_in" else form.choice("sedan", ["till", "inte"])
    if form.errors:
        return await _show_cancel(request, cohort, session, form, 422)
    async with telling_people(request.app.state.key_folder, principal(request), _now(request)):
        refused = await services.cancel(
            session.session_id,
            then == "till",
            principal(request),
            _now(request),
            meant=form.meant,
            seen=seen_of(form),
            shown=[form.raw("nytt")],
        )
    if failed(form, refused, cohort, "sedan"):
        return await _show_cancel(request, cohort, session, form, 422)
    return to_done(cohort.cohort_id, "ersatt" if then == "till" else "installd")


async def _show_done(
    request: AnyRequest, cohort: CohortFacts, done: str, refused: tuple[str, ...] = (), status: int = 200
) -> Response[Any]:
    now, group = _now(request), group_of(request, cohort)
    since = await change_queries.last_change(cohort.cohort_id)
    goes = await leaving(cohort.cohort_id, request.app.state.key_folder, now)
    alone = await calls_services.alone(cohort.cohort_id, request.app.state.key_folder, now)
    told = await change_queries.told_of(cohort.cohort_id, since, now, goes, alone)
    undo = await change_services.undoable(cohort.cohort_id, principal(request), now)
    of_staff = await only_staff_last(cohort.cohort_id)
    view = pages.DonePage(
        group,
        pages.title_of(done, group.words),
        pages.told_lines(told, cohort, of_staff, now),
        told.missed,
        pages.complete(told),
        undo.change_id if undo else 0,
        clock_text(undo.until) if undo else "",
        refused,
        heading=pages.heading(told, cohort, of_staff),
        together=await _together(cohort.cohort_id, undo, principal(request), now),
        lacking=pages.lacking(await without_leader(cohort.cohort_id, now)),
        stands=await _why_it_stands(cohort, undo, principal(request), now),
        book=cohort.form == "individual" and await talk_services.one_more_may_be(cohort),
    )
    return page(request, "desk/session_done.html", view, status)


async def _why_it_stands(cohort: CohortFacts, undo: change_services.Undoable | None, who: Principal, now: datetime) -> str:
    """That a time which undoing would bring back has begun: otherwise a button that was there would be gone unsaid."""
    if undo or not await change_services.has_begun(cohort.cohort_id, who, now):
        return ""
    return pages.sentences([Reason("past_before")], cohort.form)[0][1]


async def _together(cohort_id: int, undo: change_services.Undoable | None, who: Principal, now: datetime) -> tuple[str, ...]:
    """What undoing brings back where one tap cancelled several."""
    if undo is None or undo.tap is None:
        return ()
    found = []
    for number, change_id in await change_services.with_same_tap(cohort_id, undo.change_id, who, now):
        name = (await queries.by_id(number)).name
        found += [f"{name}. {pages.slot_text(Slot(starts, ends))}" for starts, ends in await brought_back(number, change_id)]
    return tuple(found)


@get("/personal/grupper/{cohort_id:int}/andrat", guards=[signed_in])
async def done_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """That the last change is done, who has heard of it, and for an hour a way back."""
    cohort = await queries.mine(principal(request), local_date(_now(request)), row_id(cohort_id))
    return await _show_done(request, cohort, request.query_params.get("klart", ""))


@post("/personal/grupper/{cohort_id:int}/andrat", guards=[signed_in], status_code=200)
async def undo(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Undo the last change, if it is still the one that was shown."""
    cohort = await queries.mine(principal(request), local_date(_now(request)), row_id(cohort_id))
    form = await read_form(request)
    typed = form.raw("andring")
    change_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    async with telling_people(request.app.state.key_folder, principal(request), _now(request)):
        refused = await services.undo(cohort.cohort_id, change_id, principal(request), _now(request))
    if refused:
        return await _show_done(request, cohort, "", _texts(refused, cohort), 422)
    return to_done(cohort.cohort_id, "angrad")


HANDLERS = [move_page, move, cancel_page, cancel, done_page, undo]
