"""Signing in and out, and making staff."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from programmes.core import audit
from programmes.core.codes import new_token
from programmes.core.db import execute, fetchrow, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.core.principal import Role
from programmes.people.queries import session_id
from programmes.people.rules import IDLE, LONGEST, wait_after

_hasher = PasswordHasher()
# Verified when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash("nobody has this password")


@dataclass(frozen=True)
class SignedIn:
    """A fresh session; `token` goes into the cookie and is stored nowhere."""

    token: str


@dataclass(frozen=True)
class NotAdmitted:
    """Wrong name or password (never said which), or too many tries: `wait_seconds` until the next one counts."""

    wait_seconds: int = 0


def _attempt_id(key: bytes, username: str) -> bytes:
    return hmac.new(key, username.strip().lower().encode(), hashlib.sha256).digest()


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def sign_in(username: str, password: str, key: bytes, now: datetime, earlier: str = "") -> SignedIn | NotAdmitted:
    """Check name and password and open a session with a fresh token, which ends the browser's earlier one.

    `key` hides the names in the list of failures.
    """
    attempt = _attempt_id(key, username)
    row = await fetchrow("select wait_until from sign_in_attempt where id = $1", attempt)
    if row and row["wait_until"] and row["wait_until"] > now:
        return NotAdmitted(int((row["wait_until"] - now).total_seconds()) + 1)
    staff = await fetchrow("select id, password_hash from staff where username = $1 and active", username.strip().lower())
    admitted = await asyncio.to_thread(_verify, staff["password_hash"] if staff else _NOBODY, password)
    async with transaction():
        if staff is None or not admitted:
            failures = await fetchval(
                """insert into sign_in_attempt (id, failures) values ($1, 1)
                   on conflict (id) do update set failures = sign_in_attempt.failures + 1 returning failures""",
                attempt,
            )
            await execute("update sign_in_attempt set wait_until = $2 where id = $1", attempt, now + wait_after(failures))
            return NotAdmitted()
        await execute("delete from sign_in_attempt where id = $1", attempt)
        await execute("delete from staff_session where id = $1", session_id(earlier))
        token = new_token()
        await execute(
            "insert into staff_session (id, staff_id, created_at, seen_at) values ($1, $2, $3, $3)",
            session_id(token),
            staff["id"],
            now,
        )
        await audit.note("staff:sign_in", f"staff/{staff['id']}", staff["id"], now)
    return SignedIn(token)


async def sign_out(token: str) -> None:
    """End a session; an unknown token changes nothing."""
    async with transaction():
        await execute("delete from staff_session where id = $1", session_id(token))


async def forget_old_sessions(now: datetime) -> None:
    """Drop the sessions that have ended by themselves."""
    async with transaction():
        await execute("delete from staff_session where seen_at <= $1 or created_at <= $2", now - IDLE, now - LONGEST)


async def add_staff(
    username: str, display_name: str, password: str, roles: list[tuple[Role, str]], now: datetime, email: str = ""
) -> int:
    """Make a member of staff with roles, each for one section or, with an empty one, for all. `email` is only for managers'
    digest of the access log.

    Raises:
        Conflict: the user name is taken.
    """
    hashed = await asyncio.to_thread(_hasher.hash, password)
    try:
        async with transaction():
            staff_id: int = await fetchval(
                """insert into staff (username, display_name, password_hash, active, created_at, email)
                   values ($1, $2, $3, true, $4, nullif($5, '')) returning id""",
                username.strip().lower(),
                display_name,
                hashed,
                now,
                email.strip(),
            )
            for role, section in roles:
                await execute(
                    "insert into staff_role (staff_id, role, section) values ($1, $2, $3)", staff_id, role, section
                )
            await audit.note("staff:add", f"staff/{staff_id}", None, now)
    except asyncpg.UniqueViolationError as error:
        raise Conflict("username_taken") from error
    return staff_id
