"""Planning a cohort on one page: seen first, then saved (DESIGN 8: the schedule says every day and every skip)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from litestar import Request, Response, get, post

from programmes.catalogue import queries as catalogue
from programmes.catalogue.number_rules import MOST_PLACES
from programmes.catalogue.rules import Programme
from programmes.cohorts.clash_services import clash_reasons
from programmes.cohorts.meant_rules import not_meant, signs
from programmes.cohorts.opening_services import Preview, choices, known_venue, preview, programme_for, start_from
from programmes.cohorts.rules import Defaults, Reason, named_by_us, places_span, sessions_span
from programmes.cohorts.schedule_rules import Schedule, slot_on
from programmes.cohorts.wording_rules import default_name, said
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.db import transaction
from programmes.core.errors import Conflict
from programmes.core.i18n import gettext as _
from programmes.core.principal import Principal
from programmes.oversight.clash_pages import MOST_CLASHES
from programmes.oversight.cockpit.views import number_within
from programmes.oversight.opening import pages
from programmes.oversight.opening.days_views import by_hand, days_to_pick, hours_differ, read_days
from programmes.oversight.opening.services import (
    Opening,
    Visit,
    address_of,
    open_with_visits,
    opened_as,
    visit_clashes,
    visit_doubts,
    visit_reasons,
    visits_beside,
)
from programmes.web.forms import Form, read_form
from programmes.web.guards import require_role, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_ONCE = re.compile(r"[0-9a-z]{32}")
_VISIT_LENGTH = timedelta(minutes=45)
_NEW = "ny"


@dataclass(frozen=True)
class _Ask:
    """One request about one programme: who asks, when, and what the form would be filled with."""

    request: AnyRequest
    who: Principal
    now: datetime
    programme_id: int
    programme: Programme
    start: Defaults

    @property
    def today(self) -> date:
        return local_date(self.now)


async def _ask(request: AnyRequest, section: str) -> _Ask:
    """Raises NotFound for an unknown programme, Forbidden for one that is not theirs to open."""
    who, now = require_role(request, "coordinator"), request.app.state.clock.now()
    programme_id, programme = await programme_for(who, section, local_date(now))
    return _Ask(request, who, now, programme_id, programme, await start_from(programme, local_date(now)))


async def _openable(request: AnyRequest) -> list[Programme]:
    who, today = require_role(request, "coordinator"), local_date(request.app.state.clock.now())
    found = await catalogue.in_force(today)
    return [p for _id, p in found if p.form != "catalogue_only" and who.coordinates(p.section)]


@get("/personal/grupper/ny", guards=[signed_in])
async def new_cohort(request: AnyRequest) -> Response[Any]:
    """Choose a programme, then the form, filled with what is usual and with the days already shown."""
    section = request.query_params.get("insats", "")
    if not section:
        openable = await _openable(request)
        if len(openable) == 1:
            address = f"/personal/grupper/ny?insats={openable[0].section}"
            return Response("", status_code=303, headers={"location": address})
        return page(request, "oversight/choose.html", pages.choices(openable))
    ask = await _ask(request, section)
    venues = (await choices(section)).venues
    wanted = _usual(ask, venues[0].venue_id if venues else None)
    return await _show(ask, Form(), await preview(wanted, ask.who, ask.now))


def _usual(ask: _Ask, venue_id: int | None) -> Opening:
    start = ask.start
    return Opening(
        ask.programme_id,
        "",
        start.first,
        start.starts,
        start.ends,
        start.count,
        start.minimum,
        start.maximum,
        start.enrol_from,
        start.decide_by,
        start.last_entry,
        (),
        venue_id,
    )


@post("/personal/grupper/ny", guards=[signed_in], status_code=200)
async def save_cohort(request: AnyRequest) -> Response[Any]:
    """Show the days again, or save exactly what was seen; what clashes, once it is said to be meant."""
    form = await read_form(request)
    ask = await _ask(request, form.raw("insats"))
    form = _follow(form, ask)
    if form.ticked("visa") or not _ONCE.fullmatch(form.raw("once")):
        return await _judged(ask, form, "")
    public_id = address_of(form.raw("once"), ask.who, form.values)
    async with transaction():
        known = await opened_as(public_id)
        return _saved(known, not form.ticked("spara")) if known else await _judged(ask, form, public_id)


async def _judged(ask: _Ask, form: Form, public_id: str) -> Response[Any]:
    wanted, visits = _read(ask, form), _read_visits(ask, form)
    if wanted is None:
        await _tell_the_rest(ask, form)
        return await _show(ask, form, None, 422)
    planned = await preview(wanted, ask.who, ask.now)
    against = [*visit_reasons(visits, planned.schedule, ask.now), *await visit_clashes(visits, wanted.leaders)]
    form.fail_all(_beside(ask, form, [*planned.reasons, *against]))
    asked = await _asked(ask, wanted, visits, planned)
    picking = form.raw("monster") == "egna" and not wanted.chosen
    if form.errors or form.ticked("visa") or picking:
        return await _show(ask, form, planned, 422 if form.errors else 200, asked=asked)
    if pages.seen(planned.digest, asked) != form.raw("sett"):
        return await _show(ask, form, planned, 422, look_again=True, asked=asked)
    if clashing := not_meant(clash_reasons(planned.clashes), form.meant):
        form.fail_all(_beside(ask, form, clashing))
        return await _show(ask, form, planned, 422, asked=asked)
    try:
        cohort_id = await open_with_visits(replace(wanted, public_id=public_id), visits, ask.who, ask.now)
    except Conflict:
        return await _show(ask, form, await preview(wanted, ask.who, ask.now), 422, look_again=True, asked=asked)
    return _saved(cohort_id, wanted.announce)


def _saved(cohort_id: int, announced: bool) -> Response[Any]:
    done = "oppnad" if announced else "planerad"
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/traffar?klart={done}"})


_COUNTED = ("forsta", "fran", "till", "antal", "dagar", "monster")
# What is said of these is only true for the days that were meant.
_OF_THE_DAYS = {"oppnar", "beslut", "sista", *_COUNTED}


async def _tell_the_rest(ask: _Ask, form: Form) -> None:
    """What else is wrong when the days cannot even be counted: every reason at once, as if the usual days were meant."""
    usual = pages.default_values(ask.programme, ask.start) | {"dagar": "0"}
    values = {name: list(given) for name, given in form.values.items() if not hours_differ(name)}
    values |= {"monster": ["vecka"]} if any(name.startswith("datum") for name in form.errors) else {}
    values |= {name: [usual[name]] for name in _COUNTED if name in form.errors}
    wanted = _read(ask, Form(values))
    if wanted is None:
        return
    found = (await preview(wanted, ask.who, ask.now)).reasons
    form.fail_all(_beside(ask, form, [reason for reason in found if reason.beside not in _OF_THE_DAYS]))


def _beside(ask: _Ask, form: Form, found: Sequence[Reason]) -> list[tuple[str, str]]:
    """Each with its field; what is missing of a new room is said beside that."""
    wrong = {*form.errors, *(reason.beside for reason in found)}
    there = {"lokal"} if {"nylokal", "nyadress"} & wrong else set[str]()
    return [(reason.beside, said(reason, ask.programme.form)) for reason in found if reason.beside not in there]


def _follow(form: Form, ask: _Ask) -> Form:
    """Name and decision date follow another first day, as long as nobody has typed others than those suggested."""
    probe = Form(form.values)
    first = min(by_hand(probe), default=None) or probe.day("forsta")
    if first is None:
        return form
    values = {name: list(given) for name, given in form.values.items()}
    for name, value in pages.suggested(ask.programme, first, ask.today).items():
        if form.raw(name) == form.raw(f"{name}forslag"):
            values[name] = [value]
    return Form(values)


def _read(ask: _Ask, form: Form) -> Opening | None:
    """The cohort as typed, or None when the days cannot even be counted; every error stands in the form."""
    start, kind = ask.start, ask.programme.form
    # Where the name is ours the service makes it.
    name = "" if named_by_us(ask.programme) else form.text("namn", 80, _("Skriv ett namn."))
    count = number_within(form, "antal", sessions_span(ask.programme), 999)
    days = read_days(form, kind, count)
    least, most, opens, decides, last = start.minimum, start.maximum, start.enrol_from, None, start.last_entry
    if kind == "group":
        span = places_span(ask.programme)
        least, most = number_within(form, "min", span, 999), number_within(form, "max", span, 999)
        opens, decides = form.day("oppnar") or ask.today, form.day("beslut")
        last = 1 if pages.is_closed_after_start(ask.programme) else form.number("sista", 0, 999)
    venue_id, new_venue = _read_venue(form)
    if days is None:
        return None
    if days.booked is not None:
        count = days.booked
    return Opening(
        ask.programme_id,
        name,
        days.first,
        days.starts,
        days.ends,
        count,
        least,
        min(most, MOST_PLACES + 1),
        opens,
        decides or days.first,
        last,
        tuple(int(leader) for leader in form.all("ledare") if leader.isascii() and leader.isdigit() and len(leader) < 9),
        venue_id,
        new_venue,
        days.weekdays,
        announce=not form.ticked("spara"),
        seen=form.raw("sett").partition(".")[0],
        every=days.every,
        other=days.other,
        chosen=days.chosen,
        one_at_a_time=days.booked is not None,
    )


def _read_venue(form: Form) -> tuple[int | None, tuple[str, str] | None]:
    """The chosen room, or a new one with name and address."""
    chosen = form.raw("lokal")
    if chosen == _NEW:
        name = form.text("nylokal", 80, _("Skriv vad lokalen heter."))
        address = form.text("nyadress", 120, _("Skriv lokalens adress."))
        return None, (name, address) if name and address else None
    return (int(chosen), None) if chosen.isascii() and chosen.isdigit() and len(chosen) < 9 else (None, None)


def _read_visits(ask: _Ask, form: Form) -> list[Visit]:
    """The study visits that are filled in; an empty row is none."""
    found = []
    for row in pages.VISIT_ROWS if ask.programme.study_visit else ():
        name = f"besok{row}"
        if not form.raw(name) and not form.raw(f"{name}tid"):
            continue
        day, begins = form.day(name), form.clock_time(f"{name}tid")
        capacity = form.number(f"{name}antal", 1, 50)
        if day and begins and begins <= time(22):
            ends = (datetime.combine(day, begins) + _VISIT_LENGTH).time()
            found.append(Visit(row, slot_on(day, begins, ends), capacity))
        elif day and begins:
            form.fail(f"{name}tid", _("Skriv en tid från 6.00 till 22.00."))
    return found


async def _asked(ask: _Ask, wanted: Opening, visits: Sequence[Visit], planned: Preview) -> tuple[str, ...]:
    """What is worth a look about study visits, those of the form and those there are, in words. None of it stands in the
    way."""
    offered = await choices(ask.programme.section)
    holder = next((leader.name for leader in offered.leaders if leader.staff_id in wanted.leaders[:1]), "")
    venue_id = known_venue(wanted, offered.venues).venue_id
    venue = next((one.name for one in offered.venues if one.venue_id == venue_id), "")
    beside = await visits_beside(planned.schedule.slots, wanted.leaders, venue_id)
    doubted = await visit_doubts(visits, wanted, venue_id, ask.who)
    return (
        *(pages.visit_warning(visit, doubt, holder) for visit, doubt in doubted),
        *(pages.visit_beside(starts, ends, who, venue) for starts, ends, who in beside[:MOST_CLASHES]),
    )


async def _show(
    ask: _Ask,
    form: Form,
    planned: Preview | None,
    status: int = 200,
    look_again: bool = False,
    asked: tuple[str, ...] = (),
) -> Response[Any]:
    programme, offered = ask.programme, await choices(ask.programme.section)
    venues = [(str(v.venue_id), f"{v.name}, {v.address}") for v in offered.venues] + [(_NEW, _("Ny lokal"))]
    values = _values(ask, form, planned.schedule if planned else None) | {"lokal": form.raw("lokal") or venues[0][0]}
    chosen = dict(venues).get(values["lokal"], "").split(",")[0]
    schedule = planned.schedule if planned else None
    # Several times a week says which days, or it is asked: one that is ticked beforehand would be chosen unseen.
    ticked = form.all("dagar") if form.values else ["0"] if programme.form == "drop_in" else []
    form.asked |= signs(clash_reasons(planned.clashes)) if planned else frozenset()
    opens = Form({"oppnar": [values["oppnar"]]}).day("oppnar")
    first = _first_day(ask, form, values)
    if named_by_us(programme):
        none_yet = values["monster"] == "ingen"
        values["namn"] = programme.short_name if none_yet else default_name(programme, pages.first_day(schedule) or first)
    view = pages.OpeningPage(
        section=programme.section,
        name=programme.name,
        kind=programme.form,
        form=form,
        values=values,
        suggested=pages.suggested(programme, first, ask.today),
        leaders=tuple((x.staff_id, x.name, str(x.staff_id) in form.all("ledare")) for x in offered.leaders),
        venues=tuple(venues),
        days=tuple((n, day, str(n) in ticked) for n, day in enumerate(pages.weekday_names())),
        hints=pages.hints(programme, pages.first_day(schedule)) | {"kind": pages.kind_line(programme)},
        fixed_sessions=programme.sessions_min is not None and programme.sessions_min == programme.sessions_max,
        closed_after_start=pages.is_closed_after_start(programme),
        study_visit=programme.study_visit,
        named_by_us=named_by_us(programme),
        one_programme=len(await _openable(ask.request)) == 1,
        summary=pages.schedule_summary(programme, schedule) if schedule else "",
        warnings=(*pages.warnings(programme, schedule, planned.clashes, chosen, first), *asked)
        if schedule and planned
        else (),
        lines=pages.lines(programme.form, schedule, planned.clashes) if schedule and planned else (),
        digest=pages.seen(planned.digest, asked) if planned else "",
        once=form.raw("once") if _ONCE.fullmatch(form.raw("once")) else new_token(),
        look_again=look_again,
        ask_anyway=bool(planned and planned.clashes),
        none_yet=planned is not None and not planned.schedule.days and values["monster"] == "ingen",
        button=pages.button(opens, programme.form, ask.today),
    )
    return page(ask.request, "oversight/open.html", view, status)


def _values(ask: _Ask, form: Form, schedule: Schedule | None) -> dict[str, str]:
    """What stands in each field: as it was typed, or as is usual."""
    usual = pages.default_values(ask.programme, ask.start)
    values = {name: form.raw(name) if form.values else value for name, value in usual.items()}
    visits = [f"besok{row}{part}" for row in pages.VISIT_ROWS for part in ("", "tid", "antal")]
    hours = [f"{part}{day}" for day in range(7) for part in ("fran", "till")]
    values |= {name: form.raw(name) for name in ("nylokal", "nyadress", *visits, *hours)}
    return values | days_to_pick(form, schedule, values)


def _first_day(ask: _Ask, form: Form, values: Mapping[str, str]) -> date:
    """Where days were picked one by one, the first of them is the first day: the field beside them says nothing."""
    return min(by_hand(form), default=None) or Form({"forsta": [values["forsta"]]}).day("forsta") or ask.start.first


HANDLERS = [new_cohort, save_cohort]
