"""Jag är sjuk: from Idag, a group's page or the list of its sessions, in one page and one tap."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.cohorts import queries as cohorts
from programmes.cohorts.meant_rules import signs
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.session_services import slot_at_end, slots_at_end, why_fixed
from programmes.core.clock import local_date
from programmes.core.errors import Conflict, NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.desk.changes.services import at_end
from programmes.desk.changes.views import failed
from programmes.desk.illness import pages
from programmes.desk.illness import substitute_queries as queries
from programmes.desk.illness import substitute_services as services
from programmes.desk.illness.services import Cancelling, cancel
from programmes.notices.reach_rules import Reach
from programmes.notices.reach_services import reach_before
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_AHEAD = timedelta(days=8)


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


def _now(request: AnyRequest) -> datetime:
    now: datetime = request.app.state.clock.now()
    return now


@get("/personal/sjuk", guards=[signed_in])
async def sick(request: AnyRequest) -> Response[Any]:
    """To the next session at which who asks is to stand; the page of it names the others."""
    who, now = principal(request), _now(request)
    found = await queries.own_sessions(who.staff_id, now, now + timedelta(days=366))
    return _to(f"/personal/traffar/{found[0]}/sjuk") if found else page(request, "desk/sick_none.html")


async def _others(
    who: Principal, absent_id: int | None, soon: SessionFacts, now: datetime
) -> list[tuple[CohortFacts, SessionFacts]]:
    """Other sessions of the absent one in the week to come that who asks may cancel."""
    found = []
    for session_id in await queries.own_sessions(absent_id, now, now + _AHEAD) if absent_id else ():
        if session_id == soon.session_id:
            continue
        try:
            found.append(await cohorts.my_session(who, local_date(now), session_id))
        except NotFound:
            continue
    return found


async def _reach(request: AnyRequest, cohort: CohortFacts, session: SessionFacts, now: datetime) -> Reach:
    if cohort.form == "drop_in" or cohort.state == "planned":
        return Reach()
    begins = session.starts_at if session.starts_at > now else None
    return await reach_before(cohort.cohort_id, "session_cancelled", request.app.state.key_folder, begins, now)


async def _beside(
    request: AnyRequest, who: Principal, absent_id: int | None, cohort: CohortFacts, soon: SessionFacts, now: datetime
) -> list[pages.Beside]:
    """Those others with whom each reaches, and which days are added one after the other to each group."""
    found, days = await _others(who, absent_id, soon, now), {}
    for about, _session in found:
        if about.form != "drop_in" and about.cohort_id not in days:
            own = about.cohort_id == cohort.cohort_id
            theirs = [session for other, session in found if other.cohort_id == about.cohort_id]
            added = await slots_at_end(about, sorted([soon, *theirs] if own else theirs, key=lambda one: one.starts_at))
            days[about.cohort_id] = added[1:] if own else added
    return [
        pages.Beside(about, session, await _reach(request, about, session, now), days.get(about.cohort_id, ()))
        for about, session in found
    ]


async def _show(
    request: AnyRequest, session_id: int, form: Form, status: int = 200, named: Sequence[str] = ()
) -> Response[Any]:
    who, now = principal(request), _now(request)
    cohort, session = await cohorts.my_session(who, local_date(now), row_id(session_id))
    standing = await queries.standing(session.session_id)
    chosen = form.raw("vem") or request.query_params.get("vem", "")
    absent_id = pages.absent_of(standing, who.staff_id, chosen, await queries.absence_asked_about(session.session_id))
    fixed = why_fixed(cohort, session)
    added = None if fixed or cohort.form == "drop_in" else await slot_at_end(cohort)
    clashes = await at_end(cohort, who) if added else []
    form.asked |= signs(clashes)
    others = [] if fixed else await _beside(request, who, absent_id, cohort, session, now)
    facts = pages.Facts(
        now=now,
        own=absent_id == who.staff_id,
        cohort=cohort,
        session=session,
        absent_id=absent_id,
        standing=standing,
        requests=await queries.requests(session.session_id, absent_id or 0),
        candidates=await queries.candidates(session, cohort.section, local_date(session.starts_at)),
        others=others,
        stand=await queries.stand_at([session.session_id, *(other.session.session_id for other in others)]),
        fixed=fixed,
        added=added,
        clashes=clashes,
        reach=await _reach(request, cohort, session, now),
        named=named,
        error=form.errors.get("anda", ""),
    )
    return page(request, "desk/sick.html", pages.sick_page(facts, form), status)


@get("/personal/traffar/{session_id:int}/sjuk", guards=[signed_in])
async def sick_page(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """What can be done about a session that somebody can't come to, and whom it reaches."""
    return await _show(request, session_id, Form())


def _number(typed: str) -> int:
    """A number of ours in a form; -1, which nothing has, if it was tampered with."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


@post("/personal/traffar/{session_id:int}/sjuk", guards=[signed_in], status_code=200)
async def cancel_all(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Cancel it, and what was ticked beside it, and tell everybody."""
    form, who, now = await read_form(request), principal(request), _now(request)
    cohort, session = await cohorts.my_session(who, local_date(now), row_id(session_id))
    add = form.raw("sedan") == "till" and cohort.form != "drop_in"
    days = frozenset(form.all("dag"))
    wanted = [Cancelling(session.session_id, _number(form.raw("sedd")), add, days | {form.raw("nytt")})]
    for ticked in form.all("aven"):
        number, _sep, seen = ticked.partition("/")
        other = row_id(_number(number))
        about, _session = await cohorts.my_session(who, local_date(now), other)
        added = form.raw("sedan") == "till" and about.form != "drop_in"
        wanted.append(Cancelling(other, _number(seen), added, days or None))
    try:
        refused = await cancel(wanted, request.app.state.key_folder, who, now, form.all("leder"), form.meant)
    except Conflict:
        # A second press: all of it has just been done, by nothing else than this.
        if not await _done_already(wanted, who, now):
            raise
        return _to(f"/personal/traffar/{session.session_id}/besked")
    if failed(form, refused, cohort, "sedan"):
        named = [str(reason.params["sign"]) for reason in refused if "sign" in reason.params]
        return await _show(request, session_id, form, 422, named)
    return _to(f"/personal/traffar/{session.session_id}/besked")


@post("/personal/traffar/{session_id:int}/vikarie", guards=[signed_in], status_code=200)
async def substitute(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Ask some to stand in, leave it to the others who stand there, or say that the absent one comes after all."""
    form, who, now = await read_form(request), principal(request), _now(request)
    number, absent_id = row_id(session_id), _number(form.raw("vem"))
    match form.raw("gor"):
        case "fraga":
            asked = [_number(one) for one in form.all("fraga")]
            if not asked:
                await cohorts.my_session(who, local_date(now), number)
                form.fail("fraga", _("Kryssa i minst en att fråga."))
                return await _show(request, number, form, 422)
            await services.ask(number, absent_id, asked, who, now)
        case "ensam":
            await services.hold_without(number, absent_id, who, now)
        case "frisk":
            await services.comes_after_all(number, absent_id, who, now)
        case _:
            raise NotFound
    return _to(f"/personal/traffar/{number}/sjuk?vem={absent_id}")


async def _done_already(wanted: Sequence[Cancelling], who: Principal, now: datetime) -> bool:
    """Whether each of these is cancelled, and was changed by nothing but that since it was seen."""
    for one in wanted:
        _cohort, session = await cohorts.my_session(who, local_date(now), one.session_id)
        if session.state != "cancelled" or session.sequence != one.seen + 1:
            return False
    return True


HANDLERS = [sick, sick_page, cancel_all, substitute]
