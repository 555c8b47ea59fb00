"""Idag, and the guidance on reports of concern."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from litestar import Request, Response, get

from programmes.attendance import queries as attendance
from programmes.attendance.rules import kind
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import year_queries
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rules import asks_of_people
from programmes.cohorts.year_rules import last_chance
from programmes.core.clock import at_local, local_date
from programmes.core.principal import Principal, Role
from programmes.core.sealing import KeyFolder
from programmes.desk.closing.queries import gone_by_itself
from programmes.desk.group import calls_pages
from programmes.desk.group.calls_services import calls
from programmes.desk.illness import pages as sick_pages
from programmes.desk.illness import substitute_queries
from programmes.desk.today import log_pages, pages, queries, unreached_queries
from programmes.desk.today.needs_pages import (
    DECIDE_WITHIN,
    Facts,
    Group,
    Item,
    VisitLine,
    late_item,
    more_starts_item,
    unreached_item,
)
from programmes.enrolment.queries import places
from programmes.enrolment.records.partner_queries import withdrawn_unseen
from programmes.enrolment.records.partner_rules import has_partner_contact
from programmes.enrolment.rules import asked_texts
from programmes.enrolment.texts.agreement_queries import left_to_accept
from programmes.enrolment.visits.queries import needs
from programmes.notices.queries import gateway_trouble
from programmes.people.looks import Look, looking
from programmes.web.guards import principal, signed_in
from programmes.web.rendering import page

AnyRequest = Request[Any, Any, Any]


@get("/personal/idag", guards=[signed_in])
async def today(request: AnyRequest) -> Response[Any]:
    """What happens today, and what needs the person who looks."""
    who, now = principal(request), request.app.state.clock.now()
    async with looking(who, "today", now) as look:
        facts = await facts_of(who, request.app.state.key_folder, now, look)
    with_groups = facts.groups or facts.role in {"coordinator", "leader"}
    return page(request, "desk/today.html" if with_groups else "desk/today_other.html", pages.today_page(facts))


@get("/personal/orosanmalan", guards=[signed_in])
async def concern(request: AnyRequest) -> Response[Any]:
    """How to report a concern for a child. Nothing about it is stored, not even that the page was read."""
    return page(request, "desk/concern.html")


async def facts_of(who: Principal, keys: KeyFolder, now: datetime, look: Look | None) -> Facts:
    """What happens and what needs them. Without a look nobody is named. The same number of statements however many groups
    there are."""
    day = local_date(now)
    midnight = at_local(day, time())
    monday = at_local(day + timedelta(days=8 - day.isoweekday()), time())
    found = await cohorts.all_mine(who, day, ["planned", "open", "postponed", "started", "cancelled"])
    # What is only planned needs nothing here until its decision is near.
    near = day + DECIDE_WITHIN
    mine = [
        c for c in found if c.state != "cancelled" and (c.state != "planned" or (c.form == "group" and c.decide_by <= near))
    ]
    ids = [cohort.cohort_id for cohort in mine]
    groups = await _groups(who, mine, now)
    running = [g for g in groups.values() if g.cohort.state in {"open", "started"}]
    sessions = [s for c, s in await cohorts.sessions_between(who, day, midnight, monday) if c.cohort_id in groups]
    trouble = await gateway_trouble()
    to_call = await calls([cohort.cohort_id for cohort in found if cohort.state != "planned"], keys, look, now)
    return Facts(
        today=day,
        now=now,
        groups=groups,
        sessions=sessions,
        instead=await queries.instead_of([s.session_id for s in sessions if s.state == "cancelled"]),
        noted=await attendance.noted(session.session_id for session in sessions),
        unnoted=await attendance.unnoted(
            [g.cohort.cohort_id for g in running], [g.cohort.cohort_id for g in running if g.kind == "names"], midnight
        ),
        visits=[
            VisitLine(groups[v.cohort_id], v.starts_at, v.booked, v.missed, v.unwilling)
            for v in await queries.visits(ids, monday)
        ],
        next_session=await queries.next_session(ids, who, day, now),
        role=_role(who),
        calls=calls_pages.items(to_call, day),
        texts_away=trouble.since if trouble else None,
        log=log_pages.items(await queries.log_state(now), day) if who.has("manager") else (),
        substitutes=await _substitutes(who, groups, now),
        decisions=[
            late_item(one.name, one.cohort_id, one.decide_by, day)
            for one in (await queries.late_decisions(day) if who.has("manager") else ())
            if one.cohort_id not in groups or not groups[one.cohort_id].coordinates
        ],
        more_starts=await _more_starts(who, day),
        unreached=await _unreached(who, now) if who.has("coordinator") else (),
    )


async def _unreached(who: Principal, now: datetime) -> list[Item]:
    """Of those who work with a programme that this person coordinates."""
    return [
        unreached_item(one.name, local_date(now))
        for one in await unreached_queries.unreached(now)
        if any(not section or who.coordinates(section) for section in one.sections)
    ]


async def _substitutes(who: Principal, groups: Mapping[int, Group], now: datetime) -> list[Item]:
    found = await substitute_queries.waiting(who.staff_id, groups, now)
    asked = {one.programme_id for one in found if one.mine}
    programmes = await catalogue.programmes(asked) if asked else {}
    names = {number: programme.short_name for number, programme in programmes.items()}
    return sick_pages.items(found, {number: group.cohort.name for number, group in groups.items()}, names, now)


async def _more_starts(who: Principal, today: date) -> list[Item]:
    """Of programmes that this person coordinates, or manages, and that are to have more starts this year than are planned:
    from eight weeks before enrolment must open."""
    if not who.has("coordinator") and not who.has("manager"):
        return []
    told = {
        p.section: p
        for p in await catalogue.in_force_in(today.year)
        if p.form == "group" and (who.has("manager") or who.coordinates(p.section))
    }
    chances = {section: last_chance(today.year, p.study_visit) for section, p in told.items()}
    warned = {s: told[s].starts_per_year_min or 0 for s, chance in chances.items() if chance.warns(today)}
    found = await year_queries.lacking(warned, today.year) if warned else {}
    return [
        more_starts_item(told[s].short_name, numbers, today.year, chances[s].open_by, today, who.coordinates(s))
        for s, numbers in found.items()
    ]


def _role(who: Principal) -> Role:
    """The role that decides what Idag is about: whoever also leads has the leader's page."""
    return "leader" if who.has("leader") and not who.has("coordinator") else who.main_role


async def _groups(who: Principal, mine: list[CohortFacts], now: datetime) -> Mapping[int, Group]:
    ids = [cohort.cohort_id for cohort in mine]
    programmes = await catalogue.programmes({cohort.programme_id for cohort in mine})
    taken = await places(ids, now)
    asking = [c for c in mine if asks_of_people(c.ended_how)]
    visiting = [c.cohort_id for c in asking if programmes[c.programme_id].study_visit]
    lacking = await needs(visiting, now) if visiting else {}
    accepting = {
        c.cohort_id: local_date(c.first_start) if c.first_start else None
        for c in asking
        if asked_texts(programmes[c.programme_id])
    }
    to_accept = await left_to_accept(accepting, local_date(now)) if accepting else {}
    with_partners = [c.cohort_id for c in mine if has_partner_contact(programmes[c.programme_id])]
    withdrawn = await withdrawn_unseen(with_partners) if with_partners else {}
    led_by_nobody = await queries.leaderless(ids, local_date(now))
    over = [c.cohort_id for c in mine if c.exempt and c.last_end is not None and c.last_end <= now]
    erased = await gone_by_itself(over)
    return {
        c.cohort_id: Group(
            cohort=c,
            programme=programmes[c.programme_id].short_name,
            kind=kind(c.exempt, programmes[c.programme_id].figures),
            places=taken[c.cohort_id],
            coordinates=who.coordinates(c.section),
            to_accept=to_accept.get(c.cohort_id, 0),
            withdrawn=withdrawn.get(c.cohort_id, 0),
            leaderless=c.cohort_id in led_by_nobody,
            list_gone=erased.get(c.cohort_id),
            to_book=taken[c.cohort_id].held > taken[c.cohort_id].offered
            and c.books_next(programmes[c.programme_id].sessions_max, now),
            visits_lacking=lacking[c.cohort_id].lacking if c.cohort_id in lacking else 0,
        )
        for c in mine
    }


HANDLERS = [today, concern]
