"""The list of groups, one group's overview, and what can be printed for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.attendance import queries as attendance
from programmes.attendance.rules import kind
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.cohorts import closure_services, office_services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.office_rules import may_take_home
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.visit_queries import has_visits
from programmes.core.clock import local_date
from programmes.core.errors import Forbidden, NotFound
from programmes.core.i18n import speaking
from programmes.desk.closing.queries import gone_by_itself
from programmes.desk.group import groups_pages, people_file_pages, print_pages
from programmes.desk.group import groups_queries as queries
from programmes.desk.group import pages as group_pages
from programmes.desk.group.people_pages import people_of
from programmes.desk.group.step_pages import Facts
from programmes.desk.talks.queries import tally_of
from programmes.enrolment.leaving import first_right_queries
from programmes.enrolment.queries import places
from programmes.enrolment.queue.order_queries import offers_ended
from programmes.enrolment.records.partner_rules import has_partner_contact
from programmes.enrolment.roster import RosterEntry, roster, turned_down, withdrawn_elsewhere
from programmes.enrolment.rules import ALIVE, State
from programmes.enrolment.together.queries import passed_by
from programmes.enrolment.visits.queries import needs
from programmes.people.looks import looking
from programmes.web.csv_files import csv_file
from programmes.web.guards import principal, recently_confirmed, row_id, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


_ATTENDING: tuple[State, ...] = ("preliminary", "confirmed")
_ENDED: tuple[State, ...] = ("completed", "dropped_out")
_GONE: tuple[State, ...] = (*_ENDED, "withdrawn", "declined", "expired")


def _listed(cohort: CohortFacts) -> tuple[State, ...]:
    """Whom a group's page lists: of a closed one those who took part, where they are documented. Until then also those
    whose way has ended, so that what was noted about them can be found."""
    if cohort.state == "closed":
        return _ENDED
    return tuple(ALIVE) if cohort.exempt else (*ALIVE, *_GONE)


@get("/personal/grupper", guards=[signed_in])
async def groups(request: AnyRequest) -> Response[Any]:
    """The groups that this person works with, by state, 50 at a time."""
    who, now = principal(request), request.app.state.clock.now()
    today = local_date(now)
    name = _filter(request)
    typed = request.query_params.get("sida", "1")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 1
    mine = await cohorts.all_mine(who, today, groups_pages.STATES)
    shown, _, _ = groups_pages.choose(mine, name, number)
    taken = await places((cohort.cohort_id for cohort in shown), now)
    gone = await _gone(shown, now)
    view = groups_pages.list_page(mine, name, number, await _names(shown), taken, who.has("coordinator"), gone)
    return page(request, "desk/groups.html", view)


@get("/personal/grupper.csv", guards=[recently_confirmed])
async def groups_file(request: AnyRequest) -> Response[bytes]:
    """The list to take home, all pages of the chosen filter, in Swedish. Each line says that it stays in the house."""
    now = request.app.state.clock.now()
    today = local_date(now)
    shown = groups_pages.listed(await cohorts.all_mine(principal(request), today, groups_pages.STATES), _filter(request))
    names, taken = await _names(shown), await places((cohort.cohort_id for cohort in shown), now)
    uncounted = await catalogue.uncounted({cohort.programme_id for cohort in shown})
    gone = await _gone(shown, now)
    with speaking("sv"):
        rows = groups_pages.rows(shown, names, taken, uncounted, gone)
        return csv_file("grupper-internt-sekretess.csv", groups_pages.heads(), rows)


def _filter(request: AnyRequest) -> str:
    name = request.query_params.get("visa", "")
    return name if name in groups_pages.FILTERS else ""


async def _gone(shown: Sequence[CohortFacts], now: datetime) -> Collection[int]:
    """Those whose last session is over and whose list has gone by itself."""
    return await gone_by_itself([c.cohort_id for c in shown if c.exempt and c.last_end is not None and c.last_end <= now])


async def _names(cohorts_: Sequence[CohortFacts]) -> dict[int, str]:
    """The short names of their programmes, by programme id."""
    found = await catalogue.programmes({cohort.programme_id for cohort in cohorts_})
    return {programme_id: programme.short_name for programme_id, programme in found.items()}


@get("/personal/grupper/{cohort_id:int}", guards=[signed_in])
async def group(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """One group, with its people where they are documented."""
    return page(request, "desk/group.html", group_pages.group_page(await group_facts(request, row_id(cohort_id), True)))


@get("/personal/grupper/{cohort_id:int}/utskrifter", guards=[signed_in])
async def prints(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """Paper for days without a phone: a list to sign off, or a sheet for heads."""
    facts = await group_facts(request, row_id(cohort_id), False)
    people = []
    if facts.kind == "names" and facts.cohort.form != "drop_in":
        state = request.app.state
        now = state.clock.now()
        states = _ENDED if facts.cohort.state == "closed" else _ATTENDING
        async with looking(principal(request), "print", now) as look:
            entries = await roster(facts.cohort.cohort_id, state.key_folder, look, now, states)
        people = [entry.label for entry in entries]
    return page(request, "desk/print.html", print_pages.print_page(facts, people))


@get("/personal/grupper/{cohort_id:int}/deltagare.csv", guards=[recently_confirmed])
async def people_file(request: AnyRequest, cohort_id: FromPath[int]) -> Response[bytes]:
    """A documented group's people to take home, in Swedish. Everybody in it has been seen, in the log. Of a group in which
    nobody is documented there is none: a working list stays where it can be erased.

    Raises:
        NotFound: of such a group.
        Forbidden: neither coordinator nor leader of the group (a substitute isn't).
    """
    who, state = principal(request), request.app.state
    now = state.clock.now()
    facts = await group_facts(request, row_id(cohort_id), False)
    cohort = facts.cohort
    if cohort.exempt or cohort.form == "drop_in":
        raise NotFound
    if not facts.may_take_home:
        raise Forbidden
    with speaking("sv"):
        async with looking(who, "people_file", now) as look:
            entries = await roster(cohort.cohort_id, state.key_folder, look, now, _listed(cohort))
        rows = people_file_pages.rows(people_of(replace(facts, roster=entries)))
        return csv_file(f"deltagare-{cohort.cohort_id}-internt-sekretess.csv", people_file_pages.heads(), rows)


@dataclass(frozen=True)
class _People:
    """Whom a group's page shows: who is in it, who was turned down, who withdrew their consent to contact elsewhere."""

    entries: Sequence[RosterEntry] = ()
    turned_down: Sequence[tuple[UUID, str, datetime]] = ()
    withdrawn: Sequence[tuple[UUID, str]] = ()


async def _people(request: AnyRequest, cohort: CohortFacts, programme: Programme) -> _People:
    """All of it is one look, in the log (promise 6)."""
    state = request.app.state
    now, keys, cohort_id = state.clock.now(), state.key_folder, cohort.cohort_id
    async with looking(principal(request), "group", now) as look:
        return _People(
            await roster(cohort_id, keys, look, now, _listed(cohort)),
            await turned_down(cohort_id, keys, look, now),
            await withdrawn_elsewhere(cohort_id, keys, look) if has_partner_contact(programme) else [],
        )


async def group_facts(request: AnyRequest, cohort_id: int, with_people: bool) -> Facts:
    """What a group's pages are made of. Raises NotFound."""
    who, now = principal(request), request.app.state.clock.now()
    today = local_date(now)
    cohort = await cohorts.mine(who, today, cohort_id)
    programme = await catalogue.programme(cohort.programme_id)
    noted = kind(cohort.exempt, programme.figures)
    sessions = await cohorts.sessions(cohort_id)
    ended = cohort.state == "closed" and noted == "names"
    workers, taken = await office_services.workers(cohort_id, today), (await places([cohort_id], now))[cohort_id]
    # What went by itself is asked of an empty list only.
    may_be_gone = cohort.exempt and cohort.form != "drop_in" and not taken.held and not taken.queued
    erased = (await gone_by_itself([cohort_id] if may_be_gone else [])).get(cohort_id)
    people = await _people(request, cohort, programme) if with_people else _People()
    return Facts(
        now=now,
        cohort=cohort,
        programme=programme,
        kind=noted,
        places=taken,
        list_gone=erased,
        roster=people.entries,
        sessions=sessions,
        closures=await closure_services.closures(today),
        # What a closed group lacks nobody can note any more.
        unnoted=[] if ended else await attendance.unnoted([cohort_id], [cohort_id] if noted == "names" else [], now),
        notices=await queries.last_notices(cohort_id) if with_people else {},
        workers=[(w.name, w.role, w.until, w.works) for w in workers],
        coordinates=who.coordinates(cohort.section),
        may_take_home=may_take_home(workers, who, cohort.section),
        turned_down=people.turned_down,
        withdrawn=people.withdrawn,
        erased=await attendance.erased(cohort_id) if ended and with_people else None,
        figures=await attendance.figures(cohort_id) if ended and with_people else (),
        had_offer=await offers_ended(cohort_id) if cohort.ended_how else (),
        first_until=await first_right_queries.is_awaited(cohort_id, now) if cohort.only_to_close else None,
        passed_by=await passed_by(cohort_id) if with_people and cohort.exempt else {},
        talks=await tally_of(cohort_id, programme, sessions) if cohort.form == "individual" else None,
        with_visits=await has_visits(cohort, programme.study_visit),
        visits=(await needs([cohort_id], now))[cohort_id] if programme.study_visit and with_people else None,
    )


@get("/personal/grupper/{cohort_id:int}/narvaro", guards=[signed_in])
async def attendance_now(request: AnyRequest, cohort_id: FromPath[int]) -> Response[Any]:
    """To the session whose attendance one wants, or to all of them while none has begun."""
    facts = await group_facts(request, row_id(cohort_id), False)
    session = group_pages.roll_call(facts)
    where = f"/personal/traffar/{session}/narvaro" if session else f"{facts.address}/traffar"
    return Response("", status_code=303, headers={"location": where})


HANDLERS = [groups, groups_file, group, people_file, prints, attendance_now]
