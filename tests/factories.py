"""The cast and the things they work with. Everything commits."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import httpx

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Answers, Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.contacts import is_texted, one_channel
from programmes.core.db import execute, fetchval, transaction
from programmes.core.principal import Principal, Role
from programmes.core.sealing import KeyFolder
from programmes.enrolment import services as enrolment
from programmes.people.records import PersonRecord
from programmes.people.services import SignedIn, add_staff, sign_in
from tests.owner import as_owner

PASSWORD = "ett-langt-losenord"
SIGN_IN_KEY = b"k" * 32
ADULT = date(1985, 2, 14)


async def a_staff_member(name: str, role: Role, now: datetime, section: str = "") -> Principal:
    """Somebody who can sign in as `name` with `PASSWORD`."""
    async with as_owner():
        staff_id = await add_staff(name, name.capitalize(), PASSWORD, [(role, section)], now)
    return Principal(staff_id, name.capitalize(), {role: frozenset({section} if section else ())})


async def a_coordinator(now: datetime, name: str = "kim", section: str = "") -> Principal:
    return await a_staff_member(name, "coordinator", now, section)


async def a_leader(now: datetime, name: str = "robin") -> Principal:
    return await a_staff_member(name, "leader", now)


async def a_venue(name: str = "Linden") -> int:
    async with transaction():
        return int(await fetchval("insert into venue (name, address) values ($1, 'Hamngatan 4') returning id", name))


async def a_programme(section: str, on: date = date(2026, 9, 1)) -> tuple[int, Programme]:
    """The programme of a section in the edition in force."""
    return next((i, p) for i, p in await catalogue.in_force(on) if p.section == section)


async def a_cohort(
    section: str,
    now: datetime,
    leader: Principal | None = None,
    *,
    minimum: int = 5,
    maximum: int = 8,
    sessions: int = 10,
    first_in: timedelta = timedelta(days=28),
    state: str = "open",
    venue_id: int | None = None,
    one_at_a_time: bool = False,
) -> CohortFacts:
    """A cohort with weekly two-hour sessions, the first one `first_in` from now; no more talks than the edition has. That
    its leader leads another one at the same time is meant."""
    programme_id, programme = await a_programme(section)
    place = venue_id or await a_venue(f"Rum {new_token()[:6]}")
    first = now + first_in
    if programme.form == "individual":
        sessions = min(sessions, programme.sessions_max or sessions)
    async with transaction():
        cohort_id = await fetchval(
            """insert into cohort (public_id, programme_id, name, state, venue_id, minimum, maximum, enrol_from, decide_by,
                                   last_entry_session, arrivals, created_at, one_at_a_time)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, $10, $11) returning id""",
            new_token()[:12],
            programme_id,
            f"{programme.short_name}, höst 2026",
            state,
            place,
            minimum,
            maximum,
            local_date(now),
            local_date(first - timedelta(days=10)),
            now,
            one_at_a_time,
        )
        for number in range(1, sessions + 1):
            starts = first + timedelta(weeks=number - 1)
            await execute(
                """insert into cohort_session
                   (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added, sequence, revised_at)
                   values ($1, $2, $3, $4, $5, '', 'planned', false, 0, $6)""",
                cohort_id,
                number,
                starts,
                starts + timedelta(hours=2),
                place,
                now,
            )
        if leader:
            await execute("set constraints one_place_at_a_time deferred")
            await execute(
                "insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", cohort_id, leader.staff_id
            )
            await execute(
                """update session_duty d set meant = true from cohort_session s
                   where s.id = d.session_id and s.cohort_id = $1 and exists (
                       select from session_duty o where o.staff_id = d.staff_id and o.session_id <> d.session_id
                         and o.starts_at < d.ends_at and o.ends_at > d.starts_at)""",
                cohort_id,
            )
    return await cohorts.by_id(cohort_id)


def all_yes(programme: Programme) -> Answers:
    """Answers that meet every condition of a programme."""
    asked = programme.age_asked
    return Answers(
        birth_date=ADULT if asked == "birth_date" else None,
        age_declared=True if asked == "declared" else None,
        age_band=programme.age_bands[-1].key if asked == "band" else None,
        guardian_consent=True if asked == "band" else None,
        residency=True,
        declarations={d.key: True for d in programme.declarations},
    )


async def an_application(
    cohort: CohortFacts,
    name: str = "Björk",
    contact: str = "",
    once: str = "",
    among_many: bool = False,
    today: date | None = None,
) -> enrolment.Application:
    """An application that meets every condition, `contact` in its written form as from any form of ours. `today`: for a
    series of talks of which none is booked yet."""
    contact = contact if is_texted(contact) else one_channel(contact)
    programme = await catalogue.programme(cohort.programme_id)
    first = local_date(cohort.first_start) if cohort.first_start else today
    assert first
    return enrolment.Application(
        cohort_id=cohort.cohort_id,
        first_session=first,
        answers=all_yes(programme),
        once=once or new_token(),
        alias=name if programme.exempt else "",
        contact=contact if programme.exempt else "",
        record=None if programme.exempt else PersonRecord(name, ADULT.isoformat(), "", contact),
        among_many=among_many,
    )


def documented(application: enrolment.Application, record: PersonRecord, protected: bool = False) -> enrolment.Application:
    """The same of somebody with this record, whose birth date is what their age is judged by."""
    answers = replace(application.answers, birth_date=date.fromisoformat(record.birth_date))
    return replace(application, record=record, answers=answers, protected=protected)


async def somebody(
    cohort: CohortFacts, keys: KeyFolder, now: datetime, name: str = "Björk", contact: str = ""
) -> enrolment.Taken:
    """Somebody who has applied to the cohort and was let in, to a place or to the queue."""
    programme = await catalogue.programme(cohort.programme_id)
    answer = await enrolment.apply(await an_application(cohort, name, contact, today=local_date(now)), programme, keys, now)
    assert isinstance(answer, enrolment.Taken), answer
    return answer


async def confirm(enrolment_id: UUID, now: datetime) -> None:
    """Put a preliminary place at confirmed, without walking the steps."""
    async with transaction():
        await execute("update enrolment set state = 'confirmed', confirmed_at = $2 where id = $1", enrolment_id, now)


async def sign_in_as(client: httpx.AsyncClient, name: str, now: datetime) -> None:
    """Give the client a signed-in session."""
    answer = await sign_in(name, PASSWORD, SIGN_IN_KEY, now)
    assert isinstance(answer, SignedIn)
    client.cookies.set("staff", answer.token)


def csrf_of(text: str) -> str:
    """The token in a page's first form."""
    found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', text)
    assert found, "the page has no form"
    return found[1]


def hidden(text: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found[1]


def box(text: str) -> str:
    """What the tick beside a question says."""
    found = re.search(r'name="anda" value="([0-9a-f -]+)"', text)
    assert found
    return found[1]


async def post_form(
    client: httpx.AsyncClient, address: str, data: dict[str, object], page: str | None = None
) -> httpx.Response:
    """Post with the token of the page the form stands on (`page`, else the address itself)."""
    shown = await client.get(page or address)
    return await client.post(address, data={**data, "_csrf_token": csrf_of(shown.text)})
