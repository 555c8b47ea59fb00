"""The subscribed calendars at /k/…, and where staff find the addresses of theirs."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from litestar import HttpMethod, Request, Response, get, post, route
from litestar.params import FromPath

from programmes.calendar import pages, queries, services
from programmes.calendar.queries import Feed
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.errors import NotFound
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder, ServiceKeyAway
from programmes.enrolment import code_queries
from programmes.web.forms import read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.open_places import for_shown, shown_place
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_NAME = re.compile(r"([a-z2-7]{32})\.ics")
_HEADERS = {"cache-control": "private", "x-robots-tag": "noindex"}


@route("/k/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def feed(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """A calendar for any client that has its address: no cookie, no language, no Accept."""
    match = _NAME.fullmatch(name)
    now = request.app.state.clock.now()
    answer = await services.serve(match[1], request.app.state.key_folder, now) if match else None
    if answer is None:
        return _plain(request, 404, _("Kalendern finns inte. Kontrollera adressen."))
    if isinstance(answer, services.Gone):
        return _plain(request, 410, _("Kalendern är avslutad. Du kan ta bort den hos dig."))
    headers = {
        **_HEADERS,
        "etag": f'"{answer.etag}"',
        # A second change in one second is told apart by a moment to come, which no header may name (RFC 9110, 8.8.2.1).
        "last-modified": format_datetime(min(answer.last_modified, now).astimezone(UTC), usegmt=True),
    }
    if _unchanged(request, answer):
        return Response(b"", status_code=304, headers=headers)
    headers["content-disposition"] = 'inline; filename="kalender.ics"'
    return _answer(request, answer.body, 200, "text/calendar; charset=utf-8", headers)


def _plain(request: AnyRequest, status: int, text: str) -> Response[bytes]:
    return _answer(request, f"{text}\n".encode(), status, "text/plain; charset=utf-8", dict(_HEADERS))


def _answer(request: AnyRequest, body: bytes, status: int, kind: str, headers: dict[str, str]) -> Response[bytes]:
    """HEAD says what GET would, without the body."""
    headers |= {"content-type": kind, "content-length": str(len(body))}
    return Response(b"" if request.method == "HEAD" else body, status_code=status, media_type=kind, headers=headers)


def _unchanged(request: AnyRequest, served: services.Served) -> bool:
    """If-None-Match counts before If-Modified-Since, which is ignored when it makes no sense (RFC 9110, 13.1)."""
    tags = ",".join(request.headers.getall("if-none-match", []))
    if tags:
        return tags.strip() == "*" or served.etag in re.findall(r'(?:W/)?"([^"]*)"', tags)
    since = _moment(request.headers.get("if-modified-since", ""))
    return since is not None and served.by_time and served.last_modified <= since


def _moment(header: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@get("/personal/kalender", guards=[signed_in])
async def staff_calendars(request: AnyRequest) -> Response[Any]:
    """The addresses of one's own calendar and of the groups one works with."""
    try:
        view = await _addresses(request)
    except ServiceKeyAway:
        return page(request, "calendar/staff.html", pages.NoAddresses())
    return page(request, "calendar/staff.html", view)


async def _addresses(request: AnyRequest) -> pages.StaffCalendars:
    person, state = principal(request), request.app.state
    now = state.clock.now()
    own = await services.leader_feed(person.staff_id, state.key_folder, now)
    groups = await cohorts.all_mine(person, local_date(now), ["planned", "open", "postponed", "started"])
    made = [(group, await services.cohort_feed(group.cohort_id, person.staff_id, state.key_folder, now)) for group in groups]
    key, renewed = state.key_folder.service_key("feed"), request.query_params.get("bytt", "")
    return pages.staff_calendars(own, made, key, state.settings.base_url, renewed)


@post("/personal/kalender", guards=[signed_in], status_code=200)
async def renew(request: AnyRequest) -> Response[Any]:
    """A new address for one's own calendar or for that of a group one works with; the old one stops. That of a drop-in
    place is every visitor's, and who presses is asked first: only a form that has seen the question (`sett`) changes it."""
    person, state = principal(request), request.app.state
    now = state.clock.now()
    form = await read_form(request)
    which, typed = form.text("kalender", 20), form.raw("sett")
    seen = int(typed) if re.fullmatch(r"[0-9]{1,9}", typed) else None
    feed, cohort = await _mine(person, which, state.key_folder, now)
    if cohort is not None and feed.kind == "drop_in" and seen is None:
        asked = pages.RenewPage(cohort.cohort_id, cohort.name, feed.generation)
        return page(request, "calendar/renew.html", asked)
    async with transaction():
        if await services.renew(feed.feed_id, state.key_folder, now, seen):
            subject = f"staff/{person.staff_id}" if cohort is None else f"cohort/{cohort.cohort_id}"
            await audit.note("calendar:renew", subject, person.staff_id, now)
    done = "egen" if cohort is None else str(cohort.cohort_id)
    return Response("", status_code=303, headers={"location": f"/personal/kalender?bytt={done}"})


async def _mine(person: Principal, which: str, keys: KeyFolder, now: datetime) -> tuple[Feed, CohortFacts | None]:
    """The live feed that a form names, and of which group; None for one's own. Raises NotFound for one that is not theirs to
    renew."""
    if which == "egen":
        own = await queries.of_staff(person.staff_id)
        if own is not None:
            return own, None
    elif re.fullmatch(r"[0-9]{1,10}", which):
        cohort = await cohorts.mine(person, local_date(now), row_id(int(which)))
        return await services.cohort_feed(cohort.cohort_id, person.staff_id, keys, now), cohort
    raise NotFound


@post("/min-plats/kalender")
async def participants_own(request: AnyRequest) -> Response[Any]:
    """Another title or address for one's own calendar, or its end.

    Somebody who had none because of protected identity, or has closed it, may have one made. What was shown goes with the
    form (`sett`, `rubrik_sett`): an old page neither ends an address that is newer than it, nor puts a title back.
    """
    state = request.app.state
    now = state.clock.now()
    token = shown_place(request)
    enrolment_id = await code_queries.open_place(token, now) if token else None
    if enrolment_id is not None:
        await for_shown(request, enrolment_id)
        form = await read_form(request)
        feed = await services.participant_feed(enrolment_id, state.key_folder, now, asked_for=form.ticked("skapa"))
        if feed is not None and form.raw("gor") == "byt":
            if form.raw("sett") in {"", services.address_sign(feed, state.key_folder)}:
                await services.renew(feed.feed_id, state.key_folder, now, feed.generation)
            return Response("", status_code=303, headers={"location": "/min-plats?klart=adress"})
        elif feed is not None and form.raw("gor") == "stang":
            await services.close(feed.feed_id, now)
        elif feed is not None and "rubrik" in form.values:
            if "rubrik_sett" in form.values and form.raw("rubrik") == form.raw("rubrik_sett"):
                return Response("", status_code=303, headers={"location": "/min-plats"})
            kept = await services.set_title(feed.feed_id, form.raw("rubrik"), state.key_folder, now)
            # What was typed and not kept is not sent back: it is what we may not have.
            back = "/min-plats" if kept is not None else "/min-plats?rubrik=nej#kal"
            return Response("", status_code=303, headers={"location": back})
    return Response("", status_code=303, headers={"location": "/min-plats"})


@get("/kalender")
async def how_to(request: AnyRequest) -> Response[Any]:
    """How to subscribe on an iPhone, with Google and with Outlook, and how late a change may come."""
    return page(request, "calendar/how.html")


HANDLERS = [feed, how_to, staff_calendars, renew, participants_own]
