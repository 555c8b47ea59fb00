"""Staff put straight into the database: hashing passwords takes longer than the tests that need none."""

from datetime import datetime

import httpx

from programmes.core.codes import new_token
from programmes.core.db import execute, fetchval, transaction
from programmes.core.principal import Principal, Role
from programmes.people.queries import session_id
from tests.owner import as_owner


async def a_staff_member(name: str, role: Role, now: datetime, section: str = "") -> Principal:
    """Somebody with one role, for one section or for all."""
    async with as_owner(), transaction():
        staff_id = await fetchval(
            """insert into staff (username, display_name, password_hash, active, created_at)
               values ($1, $2, '', true, $3) returning id""",
            name,
            name.capitalize(),
            now,
        )
        await execute("insert into staff_role (staff_id, role, section) values ($1, $2, $3)", staff_id, role, section)
    return Principal(staff_id, name.capitalize(), {role: frozenset({section} if section else ())})


async def a_coordinator(now: datetime, name: str = "kim", section: str = "") -> Principal:
    """A coordinator of one section, or of all."""
    return await a_staff_member(name, "coordinator", now, section)


async def a_leader(now: datetime, name: str = "robin") -> Principal:
    return await a_staff_member(name, "leader", now)


async def sign_in_as(client: httpx.AsyncClient, name: str, now: datetime) -> None:
    """Give the client a session of that person, who has just signed in."""
    token = new_token()
    async with transaction():
        await execute(
            """insert into staff_session (id, staff_id, created_at, seen_at, confirmed_at)
               select $1, id, $3, $3, $3 from staff where username = $2""",
            session_id(token),
            name,
            now,
        )
    client.cookies.set("staff", token)
