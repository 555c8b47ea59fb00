"""The second factor: setting up an app, passing the code, recovery codes."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from programmes.core import audit
from programmes.core.codes import digest, grouped, new_code, normalised
from programmes.core.db import execute, fetch, fetchrow, fetchval, transaction
from programmes.core.errors import Conflict
from programmes.core.key_paths import which_is_away
from programmes.core.sealing import KeyFolder, ServiceKeyAway, Unreadable
from programmes.people import attempt_services as attempts
from programmes.people import session_services as sessions
from programmes.people.attempt_rules import CODE_WAIT, counter, known_device
from programmes.people.factor_rules import (
    RECOVERY_CODES,
    STEPS_AHEAD,
    app_address,
    digits,
    matching_step,
    needs_factor,
    new_secret,
)
from programmes.people.queries import half_sign_in
from programmes.people.rules import Browser
from programmes.people.services import SignedIn, kept_device

__all__ = ["needs_factor"]

log = structlog.get_logger()
_SERVICE = "second-factor"
_OFFER_LASTS = timedelta(minutes=30)


@dataclass(frozen=True)
class Offer:
    """A secret to put into an app. `sealed` carries it through the form; nothing is stored until a code of it is right."""

    secret: str
    address: str
    sealed: str


@dataclass(frozen=True)
class Enrolled:
    """The app is set up. The recovery codes are shown this once; `signed_in` is the session that goes on."""

    codes: tuple[str, ...]
    signed_in: SignedIn


@dataclass(frozen=True)
class WrongCode:
    """The code was wrong or had been used, or there have been too many: `wait_seconds` until the next one counts."""

    wait_seconds: int = 0


@dataclass(frozen=True)
class SetUpSince:
    """Somebody who knows the password has set up an app since this sign-in began: it goes on with that one's code."""


@dataclass(frozen=True)
class TooLate:
    """It took too long since the password, or since the secret was shown: begin anew."""


class _TakenMeanwhile(Exception):
    """Another request has ended the sign-in: what this one has written is undone."""


def _about(staff_id: int) -> str:
    return f"staff/{staff_id}"


def offer(staff_id: int, username: str, issuer: str, keys: KeyFolder, now: datetime) -> Offer:
    """A fresh secret for somebody's app."""
    secret = new_secret()
    sealed = keys.seal_for_service(f"{_SERVICE}-offer", _about(staff_id), json.dumps([secret, now.isoformat()]))
    return Offer(secret, app_address(secret, username, issuer), base64.urlsafe_b64encode(sealed).decode())


def offered(staff_id: int, username: str, issuer: str, sealed: str, keys: KeyFolder, now: datetime) -> Offer | None:
    """The secret that a form carries, or None: not for this person, too old, or tampered with."""
    try:
        raw = base64.b64decode(sealed.encode(), altchars=b"-_", validate=True)
        secret, shown = json.loads(keys.open_for_service(f"{_SERVICE}-offer", _about(staff_id), raw))
    except (Unreadable, binascii.Error, ValueError):
        return None
    if not timedelta(0) <= now - datetime.fromisoformat(shown) < _OFFER_LASTS:
        return None
    return Offer(secret, app_address(secret, username, issuer), sealed)


async def unreadable(keys: KeyFolder) -> list[str]:
    """The usernames of whose secret lies under another key than there is: they sign in once it is reset, or with a recovery
    code.

    Raises:
        ServiceKeyAway: there is none.
    """
    rows = await fetch(
        """select s.username, f.staff_id, f.sealed from second_factor f join staff s on s.id = f.staff_id
           order by s.username"""
    )
    return [row["username"] for row in rows if not _opens(row["staff_id"], row["sealed"], keys)]


def _opens(staff_id: int, sealed: bytes, keys: KeyFolder) -> bool:
    try:
        keys.open_for_service(_SERVICE, _about(staff_id), sealed)
    except Unreadable:
        return False
    return True


async def accept(staff_id: int, typed: str, keys: KeyFolder, now: datetime) -> bool:
    """Use up a code of the app, or a recovery code, in the open transaction; False if it is neither, or was used before.

    Raises:
        Conflict: the secret can't be read: the service key is away, or not that which sealed it. Recovery codes still work.
    """
    if code := normalised(typed):
        used = await execute(
            "delete from recovery_code where staff_id = $1 and digest = $2 returning 1", staff_id, digest(code)
        )
        if used:
            await audit.note("staff:recovery_code", _about(staff_id), staff_id, now)
        return bool(used)
    row = await fetchrow("select sealed, last_step from second_factor where staff_id = $1 for update", staff_id)
    six = digits(typed)
    if row is None or not six:
        return False
    try:
        secret = keys.open_for_service(_SERVICE, _about(staff_id), row["sealed"])
    except ServiceKeyAway as error:
        # Someone of the office has to mend it, as of all else that is away; who signs in has another way.
        log.error("unavailable", error=type(error).__name__, **which_is_away(error))
        raise Conflict("factor_key_away") from error
    except Unreadable as error:
        raise Conflict("factor_unreadable") from error
    step = matching_step(secret, six, now, row["last_step"])
    if step is None:
        return False
    # The constraint of the statement, not only the lock: a step is taken once.
    taken = await execute(
        """update second_factor set last_step = $2
           where staff_id = $1 and (last_step < $2 or last_step > $2 + $3) returning 1""",
        staff_id,
        step,
        STEPS_AHEAD,
    )
    return bool(taken)


async def pass_code(
    token: str, typed: str, keys: KeyFolder, now: datetime, browser: Browser
) -> SignedIn | WrongCode | TooLate:
    """The second step of signing in. The session begins here, with an id that nobody has seen before."""
    half = await half_sign_in(token, now)
    if half is None or half.kind != "code":
        return TooLate()
    key = keys.service_key("sign-in")
    stored = await fetchval("select password_hash from staff where id = $1", half.staff_id)
    device = known_device(key, browser.device, half.staff_id, stored, now)
    own = counter(key, "code", str(half.staff_id), device)
    if wait := await attempts.take(own, now, CODE_WAIT):
        return WrongCode(wait)
    async with transaction():
        if not await accept(half.staff_id, typed, keys, now):
            await audit.note("staff:wrong_code", _about(half.staff_id), None, now)
            return WrongCode()
        noted = await sessions.take_half(token)
        if noted is None:
            return TooLate()
        await attempts.forget(own)
        fresh = await sessions.begin(half.staff_id, noted, now, now)
    return SignedIn(fresh, kept_device(key, half.staff_id, stored, noted, now))


async def enrol_first(
    token: str, sealed: str, typed: str, issuer: str, keys: KeyFolder, now: datetime
) -> Enrolled | WrongCode | TooLate | SetUpSince:
    """Setting up the app that a role requires, between the password and the first session. Whatever else was begun with the
    password ends: it has shown no code of this app."""
    half = await half_sign_in(token, now)
    if half is None or half.kind != "enrol":
        return TooLate()
    shown = offered(half.staff_id, half.username, issuer, sealed, keys, now)
    if shown is None:
        return TooLate()
    step = matching_step(shown.secret, digits(typed), now, 0)
    if step is None:
        return WrongCode()
    key = keys.service_key("sign-in")
    stored = await fetchval("select password_hash from staff where id = $1", half.staff_id)
    try:
        async with transaction():
            # First what two of them would wait for: who waits holds nothing that the other one ends.
            if not await _store(half.staff_id, shown.secret, step, keys, now, _FIRST):
                return SetUpSince()
            noted = await sessions.take_half(token)
            if noted is None:
                raise _TakenMeanwhile
            await sessions.end_halves(half.staff_id)
            codes = await _new_codes(half.staff_id)
            fresh = await sessions.begin(half.staff_id, noted, now, now)
    except _TakenMeanwhile:
        return TooLate()
    return Enrolled(codes, SignedIn(fresh, kept_device(key, half.staff_id, stored, noted, now)))


async def enrol(
    staff_id: int, token: str, sealed: str, typed: str, keys: KeyFolder, now: datetime
) -> Enrolled | WrongCode | TooLate:
    """A signed-in person sets up an app, or another one instead. Every other session of theirs ends."""
    shown = offered(staff_id, "", "", sealed, keys, now)
    if shown is None:
        return TooLate()
    step = matching_step(shown.secret, digits(typed), now, 0)
    if step is None:
        return WrongCode()
    async with transaction():
        await _store(staff_id, shown.secret, step, keys, now, _INSTEAD)
        codes = await _new_codes(staff_id)
        await sessions.end_all(staff_id, token)
        fresh = await sessions.renew(token, now)
    return Enrolled(codes, SignedIn(fresh))


# Where there is an app already. With the password alone nobody puts another one in its place, whoever comes first.
_FIRST = "do nothing"
_INSTEAD = """do update set sealed = excluded.sealed, last_step = excluded.last_step, enrolled_at = excluded.enrolled_at"""


async def _store(staff_id: int, secret: str, step: int, keys: KeyFolder, now: datetime, where_one_is: str) -> bool:
    """Write the secret, sealed, with the step of the code that proved it: that code opens nothing any more. Whether it was
    written."""
    stored = await execute(
        f"""insert into second_factor (staff_id, sealed, last_step, enrolled_at) values ($1, $2, $3, $4)
            on conflict (staff_id) {where_one_is} returning 1""",
        staff_id,
        keys.seal_for_service(_SERVICE, _about(staff_id), secret),
        step,
        now,
    )
    if stored:
        await audit.note("staff:second_factor", _about(staff_id), staff_id, now)
    return bool(stored)


async def _new_codes(staff_id: int) -> tuple[str, ...]:
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    await execute("delete from recovery_code where staff_id = $1", staff_id)
    for code in codes:
        await execute("insert into recovery_code (staff_id, digest) values ($1, $2)", staff_id, digest(code))
    return tuple(grouped(code) for code in codes)


async def renew_codes(staff_id: int, now: datetime) -> tuple[str, ...]:
    """Ten fresh recovery codes instead of all earlier ones; none for somebody without an app."""
    async with transaction():
        if not await fetchval("select true from second_factor where staff_id = $1 for update", staff_id):
            return ()
        await audit.note("staff:recovery_codes", _about(staff_id), staff_id, now)
        return await _new_codes(staff_id)


async def remove(staff_id: int) -> bool:
    """Take the app and its recovery codes away, in the open transaction; whether there was one."""
    await execute("delete from recovery_code where staff_id = $1", staff_id)
    return bool(await execute("delete from second_factor where staff_id = $1 returning 1", staff_id))
