"""Booking the talks of a series: the next one, or several by a pattern that is seen first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import schedule_queries
from programmes.cohorts import talk_services as services
from programmes.cohorts.clash_services import clash_reasons
from programmes.cohorts.meant_rules import not_meant, signs
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Pattern, slot_on
from programmes.cohorts.session_services import why_no_such_time
from programmes.cohorts.talk_rules import ALIVE
from programmes.cohorts.wording_rules import said
from programmes.core.errors import Conflict
from programmes.core.i18n import gettext as _
from programmes.desk.changes import services as change_services
from programmes.desk.changes.told_services import telling_people
from programmes.desk.group.groups_views import group_facts
from programmes.desk.group.pages import head
from programmes.desk.talks import pages
from programmes.desk.talks.queries import tally_of
from programmes.notices.reach_services import reach
from programmes.web.forms import Form, read_form
from programmes.web.guards import principal, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]
_MOST = 52


async def _series(request: AnyRequest, cohort_id: int) -> tuple[CohortFacts, datetime]:
    now: datetime = request.app.state.clock.now()
    return await services.series(row_id(cohort_id), principal(request), now), now


async def _page(request: AnyRequest, cohort: CohortFacts, form: Form, now: datetime) -> pages.TalkPage:
    """The form, filled with what was typed or with what is suggested."""
    programme = await catalogue.programme(cohort.programme_id)
    tally = await tally_of(cohort.cohort_id, programme, await cohorts.sessions(cohort.cohort_id))
    usual = pages.values_of(await services.suggested(cohort, now), cohort.venue_id)
    usual |= {"monster": "vecka", "antal": str(4 if tally.left is None else max(1, min(tally.left, 4)))}
    told = await reach(cohort.cohort_id, "talk_booked", request.app.state.key_folder)
    return pages.TalkPage(
        head(await group_facts(request, cohort.cohort_id, False)),
        pages.lead(tally),
        pages.refused(cohort, tally, cohort.state in ALIVE),
        form,
        pages.told(told, cohort.state),
        tuple((v.venue_id, f"{v.name}, {v.address}") for v in await schedule_queries.venues()),
        {name: form.raw(name) if form.values else value for name, value in usual.items()},
        ask_anyway="anda" in form.errors or form.ticked("anda"),
        ages=pages.ages(programme.age_asked, cohort.first_start),
    )


async def _done(request: AnyRequest, cohort: CohortFacts, done: str) -> Response[Any]:
    """To the list of talks, which says whether anybody is told of it by itself."""
    cohort_id, told = cohort.cohort_id, await reach(cohort.cohort_id, "talk_booked", request.app.state.key_folder)
    if cohort.state != "planned" and told.ring + told.place and not told.sent:
        done += "-ring"
    return Response("", status_code=303, headers={"location": f"/personal/grupper/{cohort_id}/traffar?klart={done}"})


async def _read(form: Form) -> tuple[date, time, time, int] | None:
    """Day, hours and room as typed, or None with why beside the fields."""
    day, begins, ends = form.day("dag"), form.clock_time("fran"), form.clock_time("till")
    venue_id = form.choice("lokal", [str(v.venue_id) for v in await schedule_queries.venues()], _("Välj en lokal."))
    if begins and ends and ends <= begins:
        form.fail("till", _("Sluttiden måste vara efter starttiden."))
    if form.errors or day is None or begins is None or ends is None:
        return None
    if twisted := why_no_such_time(day, begins, ends):
        _say(form, twisted, "individual")
        return None
    return day, begins, ends, int(venue_id)


def _say(form: Form, refused: Sequence[Reason], kind: str) -> None:
    """Every reason beside its field, those of one field together."""
    form.asked |= signs(refused)
    form.fail_all((reason.beside or "dag", said(reason, kind)) for reason in refused)


@get("/personal/grupper/{cohort_id:int}/boka", guards=[signed_in])
async def next_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The form for the next talk, with a suggestion by the one before."""
    cohort, now = await _series(request, cohort_id)
    return page(request, "desk/talk.html", await _page(request, cohort, Form(), now))


@post("/personal/grupper/{cohort_id:int}/boka", guards=[signed_in], status_code=200)
async def book_next(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Book it, or say beside each field why not."""
    cohort, now = await _series(request, cohort_id)
    form = await read_form(request)
    typed = await _read(form)
    if typed is not None:
        day, begins, ends, venue_id = typed
        slot, who = slot_on(day, begins, ends), principal(request)
        async with telling_people(request.app.state.key_folder, who, now):
            refused = await change_services.book_talk(cohort.cohort_id, slot, venue_id, who, now, meant=form.meant)
        if not refused:
            return await _done(request, cohort, "bokat")
        _say(form, refused, cohort.form)
    return page(request, "desk/talk.html", await _page(request, cohort, form, now), 422)


@get("/personal/grupper/{cohort_id:int}/boka-flera", guards=[signed_in])
async def several_page(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """The form for several talks by a pattern, with the days that are suggested."""
    cohort, now = await _series(request, cohort_id)
    view = await _page(request, cohort, Form(), now)
    if view.refused:
        return page(request, "desk/talks.html", view)
    filled = Form({name: [value] for name, value in view.values.items()})
    return await _show_several(request, cohort, filled, now)


async def _show_several(
    request: AnyRequest,
    cohort: CohortFacts,
    form: Form,
    now: datetime,
    status: int = 200,
    look_again: bool = False,
    ask: bool = False,
) -> Response[Any]:
    """The days as typed, with what stands in the way of each beside the fields; `ask` whether what clashes is meant."""
    asked = await _read_several(form)
    planned, apart = None, list[Reason]()
    if asked is not None:
        planned = await services.plan_talks(cohort, *asked, principal(request), now)
        apart = await change_services.talks_apart(cohort.cohort_id, planned.schedule.slots, asked[2])
        in_the_way = [*clash_reasons(planned.clashes), *apart]
        form.asked |= signs(in_the_way)
        _say(form, [*planned.reasons, *(in_the_way if ask else ())], cohort.form)
    view = await _page(request, cohort, form, now)
    if planned is not None:
        schedule = planned.schedule
        view = replace(
            view,
            days=pages.day_rows(schedule),
            clashes=pages.clashes(planned.clashes, apart, cohort.form),
            anyway=pages.anyway(planned.clashes),
            ask_anyway=bool(planned.clashes or apart),
            seen=_seen(planned, apart),
            look_again=look_again and not form.errors,
            button="" if planned.reasons else pages.book_button(len(schedule.slots)),
        )
    return page(request, "desk/talks.html", view, 422 if form.errors else status)


def _seen(planned: services.Plan, apart: Sequence[Reason]) -> str:
    """The digest of all that there was to see."""
    return "-".join([planned.digest, *(f"{reason.params['day']:%y%m%d}" for reason in apart)])


async def _read_several(form: Form) -> tuple[Pattern, int, int] | None:
    """Pattern, number and room as typed."""
    typed = await _read(form)
    every, count = form.choice("monster", pages.EVERY), form.number("antal", 1, _MOST)
    if typed is None or form.errors:
        return None
    day, begins, ends, venue_id = typed
    return Pattern(day, frozenset({day.weekday()}), begins, ends, 2 if every == "varannan" else 1), count, venue_id


@post("/personal/grupper/{cohort_id:int}/boka-flera", guards=[signed_in], status_code=200)
async def book_several(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Show the days again, or book exactly what was seen."""
    cohort, now = await _series(request, cohort_id)
    form = await read_form(request)
    asked = None if form.ticked("visa") else await _read_several(Form(form.values))
    if asked is None:
        return await _show_several(request, cohort, form, now)
    planned = await services.plan_talks(cohort, *asked, principal(request), now)
    apart = await change_services.talks_apart(cohort.cohort_id, planned.schedule.slots, asked[2])
    if not planned.reasons and form.raw("sett") != _seen(planned, apart):
        return await _show_several(request, cohort, form, now, 422, look_again=True)
    if not planned.reasons and not_meant([*clash_reasons(planned.clashes), *apart], form.meant):
        return await _show_several(request, cohort, form, now, 422, ask=True)
    try:
        async with telling_people(request.app.state.key_folder, principal(request), now):
            refused = await change_services.book_talks(cohort.cohort_id, *asked, planned.digest, principal(request), now)
    except Conflict:
        return await _show_several(request, cohort, form, now, 422, look_again=True)
    if refused:
        return await _show_several(request, cohort, form, now, 422)
    return await _done(request, cohort, "bokade")


HANDLERS = [next_page, book_next, several_page, book_several]
