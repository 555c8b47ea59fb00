"""The public catalogue: the list of programmes and the page of one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.calendar import services as calendar
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.i18n import language
from programmes.core.retention import amount_of
from programmes.desk.public import pages
from programmes.desk.public.start_pages import Office, Opening, Start, coming
from programmes.enrolment import queries as enrolment
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
# Two weeks of a place that is open a morning and two afternoons a week (3.1).
TIMES_SHOWN = 6
# Who has come by a page of last week finds what is cancelled in the week to come, and in any case as far as days are listed.
OFF_SHOWN = timedelta(days=8)


def office_of(request: AnyRequest) -> Office:
    """Whose catalogue it is, in the language of the request, now."""
    state = request.app.state
    return Office(language(), state.settings.municipality, state.clock.now())


async def starts_of(office: Office, slug: str | None = None) -> list[Start]:
    """The starts ahead with their places, of all programmes or of one."""
    ahead = await cohorts.upcoming(slug)
    places = await enrolment.places([c.cohort_id for c in ahead], office.now)
    return coming(ahead, places, office)


async def openings_of(office: Office, each: int = 1) -> list[tuple[str, Opening]]:
    """Every meeting place once, by its programme's slug, with its next `each` times, what opens first first."""
    found: dict[int, tuple[CohortFacts, list[SessionFacts]]] = {}
    for cohort, session in await cohorts.open_houses(office.now, each):
        found.setdefault(cohort.cohort_id, (cohort, []))[1].append(session)
    return [
        (cohort.slug, Opening(first, cohort.venue, tuple(then), cohort.cohort_id))
        for cohort, (first, *then) in found.values()
    ]


def of_programme(programme: Programme, starts: Iterable[Start]) -> list[Start]:
    """A programme's starts, also those opened under an earlier edition, with whether their people may be counted now."""
    return [replace(start, counted=programme.people_counted) for start in starts if start.cohort.slug == programme.slug]


@get("/")
async def list_programmes(request: AnyRequest) -> Response[Any]:
    """All programmes of the edition in force, or those for whom a chip stands; what starts soon first."""
    office = office_of(request)
    in_force = [programme for _, programme in await catalogue.in_force(office.today)]
    audiences = sorted({a for p in in_force for a in p.audience}, key=lambda a: a.rank)
    chosen = request.query_params.get("for", "")
    chosen = chosen if chosen in {a.key for a in audiences} else ""
    starts, openings = await starts_of(office), await openings_of(office)
    cards = [
        pages.card(p, of_programme(p, starts), [o for slug, o in openings if slug == p.slug], office)
        for p in in_force
        if not chosen or chosen in {a.key for a in p.audience}
    ]
    typed = request.query_params.get("sida", "1")
    at = int(typed) if typed.isdecimal() and len(typed) < 4 else 1
    return page(request, "catalogue/list.html", pages.list_page(cards, audiences, chosen, at, office.lang))


@get("/insatser/{slug:str}")
async def show_programme(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """One programme: for whom, what, its conditions and starts, and what is recorded."""
    office = office_of(request)
    _, programme = await catalogue.by_slug(slug, office.today)
    starts = of_programme(programme, await starts_of(office, slug))
    timetables = await cohorts.sessions_of([start.cohort.cohort_id for start in starts])
    starts = [replace(start, timetable=tuple(timetables[start.cohort.cohort_id])) for start in starts]
    openings = [o for of_slug, o in await openings_of(office, TIMES_SHOWN) if of_slug == slug]
    state = request.app.state
    calendars = await calendar.open_calendars(
        [o.cohort_id for o in openings], state.key_folder, state.settings.base_url, office.now
    )
    openings = [replace(o, calendar=calendars.get(o.cohort_id)) for o in openings]
    years = await amount_of("protected_record")
    view = pages.programme_page(programme, starts, openings, office, years)
    if programme.form == "drop_in":
        last = max((slot.starts_at for o in openings for slot in (o.session, *o.then)), default=office.now)
        off = await cohorts.off_houses(slug, office.now, max(last, office.now + OFF_SHOWN))
        view = replace(view, off=pages.off_lines(off))
    return page(request, "catalogue/programme.html", view)


HANDLERS = [list_programmes, show_programme]
