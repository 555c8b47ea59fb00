"""Reads about staff."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from programmes.core.db import execute, fetch, fetchrow, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.principal import Principal, Role
from programmes.people.rules import AHEAD, HALF, IDLE, LONGEST, SHARED_IDLE, session_alive


@dataclass(frozen=True)
class StaffName:
    """A member of staff to choose from a list."""

    staff_id: int
    name: str


@dataclass(frozen=True)
class HalfFacts:
    """Somebody whose password was right, and what is still to come: the code, or setting up the app."""

    staff_id: int
    username: str
    kind: Literal["code", "enrol"]


@dataclass(frozen=True)
class SessionFacts:
    """A signed-in browser of somebody: `mark` names it in a form, and is no key to it."""

    mark: str
    device: str
    shared: bool
    created_at: datetime
    seen_at: datetime
    mine: bool


@dataclass(frozen=True)
class AccountFacts:
    """How somebody signs in. `enrolled_at` is None without a second factor, `recovery_codes` how many are left."""

    username: str
    single_sign_on: bool
    enrolled_at: datetime | None
    recovery_codes: int


@dataclass(frozen=True)
class StaffFacts:
    """A line of the list of staff. Roles as `role` or `role/section`."""

    username: str
    name: str
    active: bool
    roles: tuple[str, ...]
    single_sign_on: bool
    second_factor: bool


def session_id(token: str) -> bytes:
    """The stored form of a session token."""
    return hashlib.sha256(token.encode()).digest()


async def load_principal(token: str, now: datetime) -> Principal | None:
    """Who is signed in with this token, or None: unknown, idle too long, or no longer active."""
    row = await fetchrow(
        """select s.staff_id, s.created_at, s.seen_at, s.shared, s.confirmed_at, p.display_name,
                  array(select r.role || '/' || r.section from staff_role r where r.staff_id = p.id) as roles
           from staff_session s join staff p on p.id = s.staff_id where s.id = $1 and p.active""",
        session_id(token),
    )
    if row is None or not session_alive(row["created_at"], row["seen_at"], now, row["shared"]):
        return None
    if (now - row["seen_at"]).total_seconds() > 60:
        async with transaction():
            await execute("update staff_session set seen_at = $2 where id = $1", session_id(token), now)
    return Principal(row["staff_id"], row["display_name"], _roles(row["roles"]), row["confirmed_at"])


async def principal_named(username: str) -> Principal | None:
    """An active member of staff by their user name, as a shell's command acts for them; None when there is none."""
    row = await fetchrow(
        """select p.id, p.display_name, array(select r.role || '/' || r.section from staff_role r where r.staff_id = p.id)
                  as roles
           from staff p where p.username = $1 and p.active""",
        username,
    )
    return Principal(row["id"], row["display_name"], _roles(row["roles"])) if row else None


async def principal_of(staff_id: int) -> Principal | None:
    """An active member of staff, as the service writes to them about what they see; None when there is none."""
    username = await fetchval("select username from staff where id = $1", staff_id)
    return await principal_named(username) if username is not None else None


def _roles(pairs: list[str]) -> dict[Role, frozenset[str]]:
    """Roles with their sections; a role without a section is for every programme, whatever else stands beside it."""
    found: dict[Role, set[str]] = {}
    everywhere: set[Role] = set()
    for pair in pairs:
        name, section = pair.split("/", 1)
        role = cast(Role, name)
        found.setdefault(role, set())
        if section:
            found[role].add(section)
        else:
            everywhere.add(role)
    return {role: frozenset() if role in everywhere else frozenset(sections) for role, sections in found.items()}


async def leaders(section: str) -> Sequence[StaffName]:
    """Active staff who can lead a cohort of the programme with this section, by name."""
    rows = await fetch(
        """select distinct p.id, p.display_name from staff p join staff_role r on r.staff_id = p.id
           where p.active and r.role = 'leader' and r.section in ('', $1) order by p.display_name""",
        section,
    )
    return [StaffName(row["id"], row["display_name"]) for row in rows]


async def half_sign_in(token: str, now: datetime) -> HalfFacts | None:
    """Who has given the right password with this token and has the second step before them; None when it took too long."""
    row = await fetchrow(
        """select h.staff_id, h.kind, p.username from half_sign_in h join staff p on p.id = h.staff_id
           where h.id = $1 and h.created_at > $2 and h.created_at <= $3 and p.active""",
        session_id(token),
        now - HALF,
        now + AHEAD,
    )
    return HalfFacts(row["staff_id"], row["username"], row["kind"]) if row else None


async def sessions(staff_id: int, token: str, now: datetime) -> Sequence[SessionFacts]:
    """Where somebody is signed in, this browser first, then the one seen last."""
    rows = await fetch(
        """select encode(id, 'hex') as mark, device, shared, created_at, seen_at, id = $2 as mine from staff_session
           where staff_id = $1 and created_at > $3 and seen_at > case when shared then $4 else $5::timestamptz end
           order by id = $2 desc, seen_at desc, created_at desc""",
        staff_id,
        session_id(token),
        now - LONGEST,
        now - SHARED_IDLE,
        now - IDLE,
    )
    return [SessionFacts(r["mark"][:32], r["device"], r["shared"], r["created_at"], r["seen_at"], r["mine"]) for r in rows]


async def account(staff_id: int) -> AccountFacts:
    """How somebody signs in."""
    row = await fetchrow(
        """select p.username, p.oidc_subject is not null as single_sign_on, f.enrolled_at,
                  (select count(*) from recovery_code c where c.staff_id = p.id) as recovery_codes
           from staff p left join second_factor f on f.staff_id = p.id where p.id = $1""",
        staff_id,
    )
    if row is None:
        raise NotFound
    return AccountFacts(row["username"], row["single_sign_on"], row["enrolled_at"], row["recovery_codes"])


async def all_staff() -> Sequence[StaffFacts]:
    """Everybody who has or had an account, by user name."""
    rows = await fetch(
        """select p.username, p.display_name, p.active, p.oidc_subject is not null as single_sign_on,
                  exists(select from second_factor f where f.staff_id = p.id) as second_factor,
                  array(select r.role || case when r.section = '' then '' else '/' || r.section end
                        from staff_role r where r.staff_id = p.id order by 1) as roles
           from staff p order by p.username"""
    )
    return [
        StaffFacts(r["username"], r["display_name"], r["active"], tuple(r["roles"]), r["single_sign_on"], r["second_factor"])
        for r in rows
    ]
