"""Sessions: beginning one, changing its id, ending it."""

from datetime import datetime

from programmes.core import audit
from programmes.core.codes import new_token
from programmes.core.db import execute, fetchrow, transaction
from programmes.people.queries import session_id
from programmes.people.rules import HALF, IDLE, LONGEST, SHARED_IDLE, Browser


async def begin(
    staff_id: int, browser: Browser, now: datetime, confirmed_at: datetime | None, hint: bytes | None = None
) -> str:
    """A session with a fresh token, in the open transaction; it ends the browser's earlier one.

    `confirmed_at` is when they showed that it is them (`web.guards.recently_confirmed`), None where nobody knows. `hint` is
    the sealed ID token of single sign-on.
    """
    token = new_token()
    await execute("delete from staff_session where id = $1", session_id(browser.earlier))
    await execute(
        """insert into staff_session (id, staff_id, created_at, seen_at, confirmed_at, device, shared, sealed_hint)
           values ($1, $2, $3, $3, $4, $5, $6, $7)""",
        session_id(token),
        staff_id,
        now,
        confirmed_at,
        browser.word,
        browser.shared,
        hint,
    )
    await audit.note("staff:sign_in", f"staff/{staff_id}", staff_id, now)
    return token


async def begin_half(staff_id: int, kind: str, browser: Browser, now: datetime) -> str:
    """Between password and code, in the open transaction. The browser's earlier session ends here."""
    token = new_token()
    await execute("delete from staff_session where id = $1", session_id(browser.earlier))
    await execute(
        "insert into half_sign_in (id, staff_id, kind, device, shared, created_at) values ($1, $2, $3, $4, $5, $6)",
        session_id(token),
        staff_id,
        kind,
        browser.word,
        browser.shared,
        now,
    )
    return token


async def take_half(token: str) -> Browser | None:
    """End what was between password and code, in the open transaction: what was noted of the browser, or None when
    another request has ended it already."""
    row = await fetchrow("delete from half_sign_in where id = $1 returning device, shared", session_id(token))
    return Browser(word=row["device"], shared=row["shared"]) if row else None


async def renew(token: str, confirmed_at: datetime | None = None) -> str:
    """Another id for the same session, in the open transaction, as its rights change. An empty text if it is gone."""
    fresh = new_token()
    changed = await execute(
        "update staff_session set id = $2, confirmed_at = coalesce($3, confirmed_at) where id = $1 returning 1",
        session_id(token),
        session_id(fresh),
        confirmed_at,
    )
    return fresh if changed else ""


async def is_shared(token: str) -> bool:
    """Whether the session is on a shared device; one that is gone counts as such."""
    row = await fetchrow("select shared from staff_session where id = $1", session_id(token))
    return row is None or bool(row["shared"])


async def end_all(staff_id: int, but: str = "") -> None:
    """End everything that somebody has begun, except the session with the token `but`, in the open transaction."""
    await execute("delete from staff_session where staff_id = $1 and id <> $2", staff_id, session_id(but))
    await end_halves(staff_id)


async def end_everybodys(begun_before: datetime | None = None) -> None:
    """End every session, and whatever is between password and code: in a database that was put back some had ended since.
    `begun_before`: only what was begun before that."""
    async with transaction():
        for table in ("staff_session", "half_sign_in"):
            await execute(f"delete from {table} where created_at < coalesce($1, 'infinity'::timestamptz)", begun_before)


async def end_halves(staff_id: int) -> None:
    """End what somebody has between password and code, in the open transaction."""
    await execute("delete from half_sign_in where staff_id = $1", staff_id)


async def end_one(staff_id: int, mark: str, now: datetime) -> None:
    """End one of somebody's own sessions by its mark; one that is not theirs, or not there, stays as it is."""
    async with transaction():
        ended = await execute(
            "delete from staff_session where staff_id = $1 and left(encode(id, 'hex'), 32) = $2 returning 1", staff_id, mark
        )
        if ended:
            await audit.note("staff:session_end", f"staff/{staff_id}", staff_id, now)


async def end_others(staff_id: int, token: str, now: datetime) -> None:
    """End all of somebody's sessions but the one with this token."""
    async with transaction():
        await end_all(staff_id, token)
        await audit.note("staff:session_end", f"staff/{staff_id}", staff_id, now)


async def sign_out(token: str) -> bytes | None:
    """End a session; an unknown token changes nothing. Returns the sealed ID token, if it came by single sign-on."""
    async with transaction():
        row = await fetchrow("delete from staff_session where id = $1 returning sealed_hint", session_id(token))
        await execute("delete from half_sign_in where id = $1", session_id(token))
    return row["sealed_hint"] if row else None


async def forget_old(now: datetime) -> None:
    """Drop the sessions and half sign-ins that have ended by themselves."""
    async with transaction():
        await execute(
            """delete from staff_session
               where created_at <= $1 or seen_at <= case when shared then $2 else $3::timestamptz end""",
            now - LONGEST,
            now - SHARED_IDLE,
            now - IDLE,
        )
        await execute("delete from half_sign_in where created_at <= $1", now - HALF)
