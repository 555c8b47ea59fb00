"""Signing in with a name and a password, and making staff."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Collection
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
from programmes.people import attempt_services as attempts
from programmes.people import session_services as sessions
from programmes.people.attempt_rules import counter, device_cookie, known_device, lane
from programmes.people.factor_rules import needs_factor
from programmes.people.rules import Browser, device_word

__all__ = ["Browser", "device_word", "lane"]


def _hash_of_nothing(like: PasswordHasher) -> str:
    """A hash of the same cost as every other that was made of no password: every process needs one, and none has to work
    for it as it starts."""
    salt, digest = (b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (like.salt_len, like.hash_len))
    return f"$argon2id$v=19$m={like.memory_cost},t={like.time_cost},p={like.parallelism}${salt}${digest}"


_hasher = PasswordHasher()
# Verified when there is no such password, so that the answer takes as long as for a known name.
_NOBODY = _hash_of_nothing(_hasher)


@dataclass(frozen=True)
class SignedIn:
    """A fresh session; `token` goes into the cookie and is stored nowhere. `device` is for the browser to keep, or empty."""

    token: str
    device: str = ""


@dataclass(frozen=True)
class SecondStep:
    """Name and password were right, and give no right yet: a code is asked for, or (`enrol`) the app is to be set up.

    `token` says who, for a quarter of an hour.
    """

    token: str
    enrol: bool


@dataclass(frozen=True)
class NotAdmitted:
    """Wrong name or password (never said which), or too many tries: `wait_seconds` until the next one counts."""

    wait_seconds: int = 0


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored or _NOBODY, password) and bool(stored)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def right_password(stored: str, password: str) -> bool:
    """Whether it is the password; nothing is the password of somebody who has none. Takes as long either way."""
    return await asyncio.to_thread(_verify, stored, password)


async def hashed(password: str) -> str:
    """A password as it is stored (argon2id, RFC 9106)."""
    return await asyncio.to_thread(_hasher.hash, password)


async def sign_in(
    username: str,
    password: str,
    key: bytes,
    now: datetime,
    browser: Browser = Browser(),
    required: Collection[str] = (),
) -> SignedIn | SecondStep | NotAdmitted:
    """Check name and password. Opens a session with a fresh token, or the way to the second step for those who have a
    second factor or need one by a role in `required`.

    `key` hides names and devices in the list of tries. How tries are counted: decision 14.
    """
    name = username.strip().lower()
    staff = await fetchrow(
        """select id, password_hash, exists(select from second_factor f where f.staff_id = p.id) as has_factor,
                  array(select role from staff_role r where r.staff_id = p.id) as roles
           from staff p where username = $1 and active""",
        name,
    )
    stored = staff["password_hash"] if staff else ""
    device = known_device(key, browser.device, staff["id"] if staff else 0, stored, now)
    own = counter(key, "password", name, "device", device) if device else counter(key, "password", name, str(browser.lane))
    if wait := await attempts.take(own, now):
        return NotAdmitted(wait)
    if not await right_password(stored, password) or staff is None:
        return NotAdmitted()
    async with transaction():
        await attempts.forget(own)
        if staff["has_factor"] or needs_factor(staff["roles"], required):
            kind = "code" if staff["has_factor"] else "enrol"
            return SecondStep(await sessions.begin_half(staff["id"], kind, browser, now), kind == "enrol")
        token = await sessions.begin(staff["id"], browser, now, now)
    return SignedIn(token, kept_device(key, staff["id"], stored, browser, now))


def kept_device(key: bytes, staff_id: int, stored: str, browser: Browser, now: datetime) -> str:
    """The device cookie for a browser that somebody has signed in with to the end; none for a shared one."""
    return "" if browser.shared else device_cookie(key, new_token(), staff_id, stored, now)


async def sign_out(token: str) -> bytes | None:
    """End a session; an unknown token changes nothing. Returns the sealed ID token, if it came by single sign-on."""
    return await sessions.sign_out(token)


async def forget_old_sessions(now: datetime) -> None:
    """Drop the sessions that have ended by themselves, and the tries that are a day old."""
    await sessions.forget_old(now)
    await attempts.forget_old(now)


async def add_staff(
    username: str, display_name: str, password: str, roles: list[tuple[Role, str]], now: datetime, email: str = ""
) -> int:
    """Make a member of staff with roles, each for one section or, with an empty one, for all. `email` is only for managers'
    digest of the access log.

    Raises:
        Conflict: the user name is taken.
    """
    stored = await hashed(password)
    try:
        async with transaction():
            staff_id: int = await fetchval(
                """insert into staff (username, display_name, password_hash, active, created_at, email)
                   values ($1, $2, $3, true, $4, nullif($5, '')) returning id""",
                username.strip().lower(),
                display_name,
                stored,
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
