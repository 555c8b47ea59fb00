"""Reads about staff."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from programmes.core.db import execute, fetch, fetchrow, transaction
from programmes.core.principal import Principal, Role
from programmes.people.rules import session_alive


@dataclass(frozen=True)
class StaffName:
    """A member of staff to choose from a list."""

    staff_id: int
    name: str


def session_id(token: str) -> bytes:
    """The stored form of a session token."""
    return hashlib.sha256(token.encode()).digest()


async def load_principal(token: str, now: datetime) -> Principal | None:
    """Who is signed in with this token, or None: unknown, idle too long, or no longer active."""
    row = await fetchrow(
        """select s.staff_id, s.created_at, s.seen_at, p.display_name,
                  array(select r.role || '/' || r.section from staff_role r where r.staff_id = p.id) as roles
           from staff_session s join staff p on p.id = s.staff_id where s.id = $1 and p.active""",
        session_id(token),
    )
    if row is None or not session_alive(row["created_at"], row["seen_at"], now):
        return None
    if (now - row["seen_at"]).total_seconds() > 60:
        async with transaction():
            await execute("update staff_session set seen_at = $2 where id = $1", session_id(token), now)
    return Principal(row["staff_id"], row["display_name"], _roles(row["roles"]))


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


async def leaders() -> Sequence[StaffName]:
    """Active staff who can lead a cohort, by name."""
    rows = await fetch(
        """select distinct p.id, p.display_name from staff p join staff_role r on r.staff_id = p.id
           where p.active and r.role = 'leader' order by p.display_name"""
    )
    return [StaffName(row["id"], row["display_name"]) for row in rows]
