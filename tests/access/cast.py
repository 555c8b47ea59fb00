"""Everybody who may ask, and one of everything to ask for."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta

import asyncpg
import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from programmes.calendar.services import cohort_feed
from programmes.cohorts import queries as cohorts
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.oversight.report import pages as report_pages
from programmes.oversight.report import services as report_services
from tests.access.table import Asked, Cell
from tests.cohorts.cast import a_coordinator, a_leader, a_staff_member
from tests.factories import a_cohort, somebody

# The section of the cohort that is somebody else's.
ELSEWHERE = "2.7"


@dataclass(frozen=True)
class Ids:
    """What the addresses and forms about one cohort are filled with."""

    cohort_id: str
    public_id: str
    slug: str
    section: str
    enrolment_id: str
    session_id: str
    slot_id: str
    closure_id: str
    text_id: str
    receipt_id: str
    key: str
    month: str
    batch_id: str = ""
    document: str = "2025.xlsx"
    request_id: str = ""
    notice_id: str = ""
    leader_id: str = ""
    subject: str = "protected_record"
    name: str = "x"
    digest: str = "x"

    def fill(self, pattern: str) -> str:
        """An address or a value with these ids in the places of its braces."""
        return re.sub(r"\{([a-z_]+)[^}]*\}", lambda found: asdict(self)[found[1]], pattern)


def routes(app: Litestar) -> set[str]:
    """Every route of the application: `GET /personal/idag`. HEAD and OPTIONS go with GET."""
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in set(route.methods) - {"OPTIONS", "HEAD"}
    }


async def _a_house(owner: asyncpg.Connection, keys: KeyFolder, now: datetime, section: str, leader: Principal) -> Ids:
    """A cohort with somebody in it, a study visit, a coming text, a calendar, a closure and the record of an erased list."""
    cohort = await a_cohort(section, now, leader)
    taken = await somebody(cohort, keys, now, f"Anna Ask {section}")
    await cohort_feed(cohort.cohort_id, leader.staff_id, keys, now)
    slot = await owner.fetchval(
        """insert into visit_slot (cohort_id, starts_at, ends_at, venue_id, capacity, free_since)
           values ($1, $2, $2::timestamptz + interval '1 hour', $3, 3, $2) returning id""",
        cohort.cohort_id,
        now + timedelta(days=5),
        cohort.venue_id,
    )
    text = await owner.fetchval(
        """insert into agreement_text (section, kind, version, valid_from, lines_sv, lines_en)
           values ($1, 'rules', 1, $2, 'Ett.', 'One.') returning id""",
        section,
        (now + timedelta(days=30)).date(),
    )
    closure = await owner.fetchval(
        "insert into closure (venue_id, first_day, last_day, reason) values (null, $1, $1, 'Lov') returning id",
        (now + timedelta(days=90)).date(),
    )
    receipt = await owner.fetchval(
        """insert into erasure_receipt (id, cohort_id, section, form, level, rule, erased_on)
           values (gen_random_uuid(), $1, $2, 'group', 'names', 'closing', $3) returning id""",
        cohort.cohort_id,
        section,
        now.date(),
    )
    await owner.execute(
        """insert into ballot (id, section, cohort_id, state, slips, created_on)
           values (gen_random_uuid(), $2, $1, 'open', 0, $3)""",
        cohort.cohort_id,
        section,
        now.date(),
    )
    session = (await cohorts.sessions(cohort.cohort_id))[0]
    notice = await owner.fetchval(
        """insert into notice (id, enrolment_id, session_id, kind, state, created_at)
           values (gen_random_uuid(), $1, $2, 'session_cancelled', 'no_channel', $3) returning id""",
        taken.enrolment_id,
        session.session_id,
        now,
    )
    ids = (taken.enrolment_id, session.session_id, slot, closure, text, receipt)
    return Ids(
        str(cohort.cohort_id),
        cohort.public_id,
        cohort.slug,
        section,
        *(str(one) for one in ids),
        key="lower_age_included",
        notice_id=str(notice),
        leader_id=str(leader.staff_id),
        month="2026-08",
    )


async def _retention(owner: asyncpg.Connection, staff_id: int, receipt_id: str, now: datetime) -> str:
    """The receipt of a nightly run, and a file for the archive that this person has made; the file's id."""
    await owner.execute(
        "insert into retention_receipt (id, subject, gone, day) values ($1, 'protected_record', 3, $2)",
        receipt_id,
        now.date(),
    )
    batch = await owner.fetchval(
        """insert into archive_batch (id, made_at, made_by, digest)
           values (gen_random_uuid(), $1, $2, sha256('x')) returning id""",
        now,
        staff_id,
    )
    return str(batch)


async def everybody(owner: asyncpg.Connection, keys: KeyFolder, now: datetime, section: str) -> tuple[Ids, Ids]:
    """One member of staff of every role, called by it, with the cohort that they work with and one elsewhere."""
    leader, elsewhere = await a_leader(now, "leader"), await a_leader(now, "leader_elsewhere")
    mine = await _a_house(owner, keys, now, section, leader)
    theirs = await _a_house(owner, keys, now, ELSEWHERE, elsewhere)
    for name, days in (("substitute", 7), ("former_substitute", -1)):
        person = await a_leader(now, name)
        await owner.execute(
            "insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, 'substitute', $3)",
            int(mine.cohort_id),
            person.staff_id,
            (now + timedelta(days=days)).date(),
        )
    asked = await owner.fetchval(
        """insert into substitute_request (session_id, absent_id, asked_id, asked_by, asked_at, answer_by, for_start, state)
           select $1, $2, $3, $2, $4, $4, starts_at, 'asked' from cohort_session where id = $1 returning id""",
        int(mine.session_id),
        leader.staff_id,
        elsewhere.staff_id,
        now,
    )
    batch = await _retention(owner, (await a_coordinator(now, "coordinator", section)).staff_id, mine.receipt_id, now)
    await a_coordinator(now, "coordinator_elsewhere", ELSEWHERE)
    await owner.execute(
        "insert into look_review (month, seed, lines, made_at) values ($1, '5eed', 0, $2)",
        date.fromisoformat(f"{mine.month}-01"),
        now,
    )
    manager = await a_staff_member("manager", "manager", now)
    assert await report_services.establish(report_pages.empty(2025, "Karlshamn"), manager.staff_id, now)
    await a_staff_member("administrator", "administrator", now)
    return replace(mine, batch_id=batch, request_id=str(asked)), theirs


async def ask(client: httpx.AsyncClient, route: str, asked: Asked, ids: Ids, token: str) -> httpx.Response:
    """The request of one row of the table."""
    method, pattern = route.split(" ", 1)
    form: Mapping[str, str] = {name: ids.fill(value) for name, value in asked.form.items()}
    return await client.request(method, ids.fill(pattern), data={**form, "_csrf_token": token} if method == "POST" else None)


def cell_of(answer: httpx.Response) -> Cell:
    """What an answer is to the table."""
    if answer.headers.get("location", "").startswith("/logga-in?"):
        return "sign_in"
    if answer.status_code == 403:
        return "forbidden"
    return "unknown" if answer.status_code == 404 else "in"
