"""What coordinators do before records are erased: look through who is due, and hand over to the archive."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.core.clock import local_date
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.core.principal import Principal
from programmes.core.retention import amount_of
from programmes.enrolment import queries as enrolments
from programmes.enrolment.roster import label_of
from programmes.oversight.due import pages as due_pages
from programmes.oversight.retention import archive_queries, queries, services
from programmes.oversight.retention import archive_services as archive
from programmes.people.hold_queries import is_held
from programmes.people.looks import Look, looking
from programmes.web.csv_files import csv_file
from programmes.web.forms import Form, read_form
from programmes.web.guards import recently_confirmed, require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
# Who becomes due in so many days stands on the page too, and no more than so many at a time.
_AHEAD = timedelta(days=90)
_MOST = 100


@get("/personal/gallras", guards=[signed_in])
async def due(request: AnyRequest) -> Response[Any]:
    """Everybody of one's own programmes who is due or soon will be. Who stands there has been seen, in the log."""
    who, state = require_role(request, "coordinator"), request.app.state
    now = state.clock.now()
    async with looking(who, "retention", now) as look:
        people, more = await _people(request, who, look, now, _MOST)
    waiting = await archive.for_archive(who, state.settings, state.key_folder, now)
    view = due_pages.due_page(people, more, len(waiting), await archive_queries.batches(who.staff_id))
    return page(request, "oversight/due.html", view)


@get("/personal/gallras.csv", guards=[recently_confirmed])
async def due_file(request: AnyRequest) -> Response[bytes]:
    """The list to take home, all of it, in Swedish. Who stands there has been seen, in the log."""
    who, now = require_role(request, "coordinator"), request.app.state.clock.now()
    with speaking("sv"):
        async with looking(who, "retention_file", now) as look:
            people, _more = await _people(request, who, look, now, None)
        return csv_file("gallras-snart-internt-sekretess.csv", due_pages.heads(), due_pages.rows(people))


async def _people(
    request: AnyRequest, who: Principal, look: Look, now: datetime, most: int | None
) -> tuple[list[due_pages.Person], bool]:
    """Those who are due or soon will be, no more than `most`; and whether there are others."""
    state, today = request.app.state, local_date(now)
    years = await amount_of("protected_record")
    soon = await queries.due_by(today + _AHEAD, years)
    ways = [way for way in await queries.ways(list(soon)) if archive.may_hand_over(who, way)]
    shown = ways[:most]
    fates = await services.fates([way.person_id for way in shown], state.settings.archive, state.key_folder, now)
    rows = {facts.enrolment_id: facts for facts in await enrolments.several(way.enrolment_id for way in shown)}
    found = []
    for way in shown:
        noted, fate, facts = soon[way.person_id], fates.get(way.person_id), rows.get(way.enrolment_id)
        if fate is None or facts is None:
            continue  # Gone just now.
        if fate == "unreadable":
            look.see(way.person_id, way.cohort_id, facts.protected)
            label = _("Deltagare %(n)s", n=way.number)
        else:
            label = label_of(facts, state.key_folder, look)
        address = f"/personal/grupper/{way.cohort_id}/deltagare/{way.enrolment_id}"
        when = queries.due_of(noted, years)
        found.append(due_pages.person(address, label, way.cohort, local_date(noted), when, fate, today))
    return found, len(ways) > len(shown)


@post("/personal/gallras", guards=[signed_in], status_code=200)
async def make(request: AnyRequest) -> Response[Any]:
    """Make a file of everybody who waits for the archive. It leaves by its own address, which asks who it is first."""
    who, state = require_role(request, "coordinator"), request.app.state
    now = state.clock.now()
    people = await archive.for_archive(who, state.settings, state.key_folder, now)
    if not people:
        return _to("/personal/gallras")
    async with looking(who, "archive", now) as look:
        batch_id, _content = await archive.make(people, look, state.settings, state.key_folder, now)
    return _to(f"/personal/gallras/{batch_id}/arkiv")


async def _batch(request: AnyRequest, batch_id: UUID, form: Form, status: int = 200) -> Response[Any]:
    found = await archive.mine(batch_id, require_role(request, "coordinator"))
    left, today = await archive_queries.in_batch(batch_id), local_date(request.app.state.clock.now())
    held = [person for person in left if await is_held(person, today)]
    return page(request, "oversight/archive.html", due_pages.batch_page(found, form, len(left), len(held)), status)


@get("/personal/gallras/{batch_id:uuid}/arkiv", guards=[signed_in])
async def batch(request: AnyRequest, batch_id: FromPath[UUID]) -> Response[Any]:
    """A file: what to do with it, and whether the archive has it."""
    return await _batch(request, batch_id, Form())


@get("/personal/gallras/{batch_id:uuid}/arkiv.zip", guards=[recently_confirmed])
async def take(request: AnyRequest, batch_id: FromPath[UUID]) -> Response[Any]:
    """The file itself. Everybody in it has been seen, in the log."""
    who, state = require_role(request, "coordinator"), request.app.state
    async with looking(who, "archive", state.clock.now()) as look:
        content = await archive.again(batch_id, look, state.settings, state.key_folder)
    return Response(
        content,
        media_type="application/zip",
        headers={"content-disposition": 'attachment; filename="arkiv-internt-sekretess.zip"', "cache-control": "no-store"},
    )


@post("/personal/gallras/{batch_id:uuid}/arkiv", guards=[signed_in], status_code=200)
async def confirm(request: AnyRequest, batch_id: FromPath[UUID]) -> Response[Any]:
    """The archive has received the file, by the checksum on its receipt."""
    who, now = require_role(request, "coordinator"), request.app.state.clock.now()
    form = await read_form(request)
    await archive.mine(batch_id, who)
    typed = form.text("summa", 200, _("Skriv kontrollsumman från arkivets kvitto."))
    if not form.errors and not await archive.confirm(batch_id, typed, who, now):
        form.fail("summa", _("Det är en annan fils kontrollsumma, eller för få tecken. Inget är antecknat."))
    if form.errors:
        return await _batch(request, batch_id, form, 422)
    return _to(f"/personal/gallras/{batch_id}/arkiv")


def _to(address: str) -> Response[Any]:
    return Response("", status_code=303, headers={"location": address})


HANDLERS = [due, due_file, make, batch, take, confirm]
