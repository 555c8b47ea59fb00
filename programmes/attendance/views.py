"""The roll call, in its three kinds (DESIGN 3): by person, a head count by sex, or only that the session was held."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.attendance import pages, queries, services
from programmes.attendance.services import (
    MARKS,
    MOST,
    Count,
    Kind,
    Mark,
    Overtaken,
    Refused,
    kind,
    mark_of,
    more_than_places,
    why_not,
)
from programmes.catalogue.queries import programme
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext
from programmes.enrolment.queries import places
from programmes.enrolment.roster import RosterEntry, roster
from programmes.enrolment.rules import State
from programmes.people.looks import looking
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_ON_ROLL: tuple[State, ...] = ("preliminary", "confirmed", "completed", "dropped_out", "withdrawn", "transferred", "refused")


def _line(cohort: CohortFacts, session: SessionFacts, read: Programme) -> pages.SessionLine:
    return pages.SessionLine(
        session_id=session.session_id,
        cohort_id=cohort.cohort_id,
        section=cohort.section,
        form=cohort.form,
        name=read.short_name,
        number=session.number,
        sessions=cohort.sessions,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        venue=session.venue,
        was_held=session.state == "held",
    )


async def _mine(request: AnyRequest, session_id: int) -> tuple[CohortFacts, pages.SessionLine, Kind, tuple[str, ...]]:
    """The session, if it is theirs, what is noted of it, and in words why nothing can be. Raises NotFound."""
    now = request.app.state.clock.now()
    cohort, session = await cohorts.my_session(principal(request), local_date(now), row_id(session_id))
    read = await programme(cohort.programme_id)
    line = _line(cohort, session, read)
    found = why_not(cohort.state, session.state, session.starts_at, now)
    return cohort, line, kind(cohort.exempt, read.figures), pages.reasons(found, line)


@get("/personal/traffar/{session_id:int}/narvaro", guards=[signed_in])
async def roll_call(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """The roll call of a session, in the kind that its section allows."""
    cohort, line, noted, refused = await _mine(request, session_id)
    if refused:
        return _refused(request, line, refused, 200)
    return await _show(request, cohort, line, noted)


@post("/personal/traffar/{session_id:int}/narvaro", guards=[signed_in], status_code=200)
async def save(request: AnyRequest, session_id: FromPath[int]) -> Response[Any]:
    """Save it. The buttons that only change what is on the page come back with what was typed."""
    cohort, line, noted, refused = await _mine(request, session_id)
    form = await read_form(request)
    if refused:
        return _refused(request, line, refused, 422)
    if noted == "names":
        return await _save_names(request, cohort, line, form)
    if noted == "count":
        return await _save_count(request, cohort, line, form)
    answer = await services.held(line.session_id, principal(request), request.app.state.clock.now())
    return _after(request, cohort, line, answer)


async def _save_names(request: AnyRequest, cohort: CohortFacts, line: pages.SessionLine, form: Form) -> Response[Any]:
    people = pages.typed_marks(form.raw, await _unnamed(line))
    if not people and await queries.all_erased(line.session_id):
        return _refused(request, line, pages.reasons(("erased",), line), 422)
    if form.raw("alla"):
        return page(request, "attendance/names.html", _names(line, await _named(request, line, people)))
    marks: dict[UUID, Mark] = {UUID(p.field): mark for p in people for mark in MARKS if p.mark == mark}
    if people and not marks:
        form.fail(people[0].field, _("Markera minst en deltagare."))
        return page(request, "attendance/names.html", _names(line, await _named(request, line, people), form), 422)
    seen, now = pages.seen_marks(form.raw, people), request.app.state.clock.now()
    answer = await services.mark(line.session_id, marks, principal(request), now, seen)
    if isinstance(answer, Overtaken):
        shown, apart = pages.apart(await _named(request, line, people), answer.marks)
        return page(request, "attendance/names.html", _names(line, shown, form, apart=apart), 409)
    if answer is None and len(marks) < len(people):
        return Response("", status_code=303, headers={"location": f"{request.url.path}?sparat=1"})
    return _after(request, cohort, line, answer)


async def _save_count(request: AnyRequest, cohort: CohortFacts, line: pages.SessionLine, form: Form) -> Response[Any]:
    now = request.app.state.clock.now()
    if form.raw("oka") or form.raw("minska"):
        values = pages.stepped(form.raw, MOST)
        return page(request, "attendance/count.html", await _count(cohort, line, values, now))
    women, men, other = (form.number(name, 0, MOST) for name in pages.FIELDS)
    counted = Count(women, men, other)
    if not form.errors and more_than_places(counted, cohort.form, cohort.maximum) and not form.ticked("fler"):
        most = _("Gruppen har högst %(n)s platser. Rätta antalet, eller kryssa i att det stämmer.", n=cohort.maximum)
        form.fail("fler", most)
    if form.errors:
        values = {name: form.raw(name) for name in pages.FIELDS}
        return page(request, "attendance/count.html", await _count(cohort, line, values, now, form), 422)
    answer = await services.count(line.session_id, counted, principal(request), now, form.raw("sett") or None)
    if isinstance(answer, Overtaken):
        values = {name: form.raw(name) for name in pages.FIELDS}
        view = await _count(cohort, line, values, now, form, answer.count)
        apart = pages.said(answer.count) if answer.count else ""
        return page(request, "attendance/count.html", replace(view, apart=apart), 409)
    return _after(request, cohort, line, answer)


def _after(request: AnyRequest, cohort: CohortFacts, line: pages.SessionLine, answer: Refused | None) -> Response[Any]:
    """To Idag from today's sessions, to the group from others; or why it could not be saved."""
    if answer is not None:
        return _refused(request, line, pages.reasons(answer.reasons, line), 422)
    today = local_date(line.starts_at) == local_date(request.app.state.clock.now())
    where = "/personal/idag" if today else f"/personal/grupper/{cohort.cohort_id}"
    return Response("", status_code=303, headers={"location": where})


def _refused(request: AnyRequest, line: pages.SessionLine, refused: tuple[str, ...], status: int) -> Response[Any]:
    view = pages.RefusedPage(line.session_id, line.name, line.cohort_id, line.title, line.line, refused)
    return page(request, "attendance/refused.html", view, status)


async def _show(request: AnyRequest, cohort: CohortFacts, line: pages.SessionLine, noted: Kind) -> Response[Any]:
    if noted == "names":
        people = await _named(request, line, await _unnamed(line))
        if not people and await queries.all_erased(line.session_id):
            return _refused(request, line, pages.reasons(("erased",), line), 200)
        return page(request, "attendance/names.html", _names(line, people, saved="sparat" in request.query_params))
    if noted == "count":
        before = (await queries.noted([line.session_id]))[line.session_id].count
        view = await _count(cohort, line, pages.as_values(before), request.app.state.clock.now(), stored=before)
        return page(request, "attendance/count.html", view)
    return page(request, "attendance/held.html", pages.held_page(line, await _here(request, cohort)))


async def _unnamed(line: pages.SessionLine) -> list[pages.Person]:
    """Who is to be marked, by seat. What is only saved shows nobody, so that nobody is seen."""
    return [
        pages.Person(str(one.enrolment_id), "", False, one.mark or "", f"-{one.mark or ''}")
        for one in await queries.roll(line.session_id)
        if one.state in _ON_ROLL
    ]


async def _named(request: AnyRequest, line: pages.SessionLine, people: Sequence[pages.Person]) -> list[pages.Person]:
    """The same, for a page: what they are called, which is a look at each."""
    found = await _roster(request, line.cohort_id, _ON_ROLL, {UUID(person.field) for person in people})
    known = {str(entry.enrolment_id): entry for entry in found}
    return [
        replace(person, label=known[person.field].label, protected=known[person.field].protected)
        for person in people
        if person.field in known
    ]


async def _roster(
    request: AnyRequest, cohort_id: int, states: tuple[State, ...], among: Collection[UUID] | None = None
) -> list[RosterEntry]:
    state, now = request.app.state, request.app.state.clock.now()
    async with looking(principal(request), "roll_call", now) as look:
        return await roster(cohort_id, state.key_folder, look, now, states, among)


async def _here(request: AnyRequest, cohort: CohortFacts) -> list[tuple[str, str]]:
    """Aliases for the ticks on the device; a talk with one person or family needs none."""
    if cohort.form != "group":
        return []
    entries = await _roster(request, cohort.cohort_id, ("preliminary", "confirmed"))
    return [(str(entry.enrolment_id), entry.label) for entry in entries]


def _names(
    line: pages.SessionLine,
    people: list[pages.Person] | tuple[pages.Person, ...],
    form: Form | None = None,
    saved: bool = False,
    apart: tuple[str, ...] = (),
) -> pages.NamesPage:
    marked = sum(1 for person in people if person.mark)
    text = _("%(n)s av %(total)s är sparade. Resten går att fylla i senare.", n=marked, total=len(people)) if saved else ""
    return pages.NamesPage(
        line.session_id, line.name, line.title, line.line, tuple(people), form or Form(), text, apart=apart
    )


async def _count(
    cohort: CohortFacts,
    line: pages.SessionLine,
    values: dict[str, str],
    now: datetime,
    form: Form | None = None,
    stored: Count | None = None,
) -> pages.CountPage:
    taken = (await places([cohort.cohort_id], now))[cohort.cohort_id].held if cohort.form == "group" else 0
    before = [c for c in await queries.counts(cohort.cohort_id) if line.number is not None and c.number < line.number]
    hint = [_("Förra gången: %(count)s.", count=pages.said(before[-1].count))] if before else []
    if taken:
        hint.append(ngettext("%(n)s plats är tagen i gruppen.", "%(n)s platser är tagna i gruppen.", taken))
    return pages.CountPage(
        session_id=line.session_id,
        name=line.name,
        title=line.title,
        line=line.line,
        fields=pages.count_fields(values),
        total=pages.total(values),
        of_places=_("av %(n)s platser", n=taken) if taken else "",
        hint=" ".join(hint),
        ask_more=form is not None and ("fler" in form.errors or form.ticked("fler")),
        form=form or Form(),
        seen=mark_of(stored) if stored or form is None else form.raw("sett"),
    )


HANDLERS = [roll_call, save]
