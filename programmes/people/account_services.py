"""What becomes of an account: another password, other roles, its end. Whoever loses a right loses the session with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.core import audit
from programmes.core.db import execute, fetch, fetchrow, fetchval, transaction
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.people import attempt_services as attempts
from programmes.people import factor_services as factors
from programmes.people import session_services as sessions
from programmes.people.attempt_rules import counter
from programmes.people.password_rules import LONGEST, SHORTEST, Weakness, weaknesses
from programmes.people.rules import Browser
from programmes.people.services import NotAdmitted, SignedIn, hashed, kept_device, right_password

__all__ = ["LONGEST", "SHORTEST", "Weakness", "weaknesses"]


@dataclass(frozen=True)
class Changed:
    """The password is changed; this browser goes on with the session, every other one is signed out."""

    signed_in: SignedIn


@dataclass(frozen=True)
class NotChanged:
    """Why not: the present password was not admitted, or the new one is weak for these reasons, or is the present one."""

    refused: NotAdmitted | None = None
    weak: tuple[Weakness, ...] = ()
    same: bool = False


class AccountEnded(Exception):
    """An administrator has ended the account: nothing of it is changed before it is opened again."""


async def staff_id_of(username: str) -> int:
    """The number of an account. Raises NotFound."""
    found = await fetchval("select id from staff where username = $1", username.strip().lower())
    if found is None:
        raise NotFound
    return int(found)


async def _own_words(staff_id: int) -> tuple[str, str]:
    row = await fetchrow("select username, display_name from staff where id = $1", staff_id)
    if row is None:
        raise NotFound
    return row["username"], row["display_name"]


async def change_password(
    staff_id: int, present: str, wanted: str, token: str, about: Sequence[str], key: bytes, now: datetime
) -> Changed | NotChanged:
    """Somebody changes their own password, having shown the present one. All their other sessions end, and every browser
    has to be known anew."""
    weak = weaknesses(wanted, (*about, *await _own_words(staff_id)))
    if weak:
        return NotChanged(weak=tuple(weak))
    if refused := await confirm_password(staff_id, present, key, now):
        return NotChanged(refused)
    if wanted == present:
        return NotChanged(same=True)
    stored = await hashed(wanted)
    async with transaction():
        await execute("update staff set password_hash = $2 where id = $1 and oidc_subject is null", staff_id, stored)
        await sessions.end_all(staff_id, token)
        browser = Browser(shared=await sessions.is_shared(token))
        fresh = await sessions.renew(token, now)
        await audit.note("staff:password", f"staff/{staff_id}", staff_id, now)
    return Changed(SignedIn(fresh, kept_device(key, staff_id, stored, browser, now)))


async def confirm_password(staff_id: int, password: str, key: bytes, now: datetime) -> NotAdmitted | None:
    """Whether it is a signed-in person's password: None if so. The tries are counted apart from those of signing in."""
    own = counter(key, "confirm", str(staff_id))
    if wait := await attempts.take(own, now):
        return NotAdmitted(wait)
    stored = await fetchval("select password_hash from staff where id = $1 and active", staff_id)
    if not await right_password(stored or "", password):
        return NotAdmitted()
    async with transaction():
        await attempts.forget(own)
    return None


async def confirm_code(staff_id: int, typed: str, keys: KeyFolder, now: datetime) -> NotAdmitted | None:
    """The same for a code of the app, which counts once here too, or a recovery code."""
    own = counter(keys.service_key("sign-in"), "confirm", str(staff_id))
    if wait := await attempts.take(own, now):
        return NotAdmitted(wait)
    async with transaction():
        if not await factors.accept(staff_id, typed, keys, now):
            return NotAdmitted()
        await attempts.forget(own)
    return None


async def confirmed(staff_id: int, token: str, now: datetime) -> str:
    """Somebody has shown that it is them: the session gets another id, and may export for a few minutes."""
    async with transaction():
        fresh = await sessions.renew(token, now)
        await audit.note("staff:confirm", f"staff/{staff_id}", staff_id, now)
    return fresh


async def reset_password(username: str, password: str, now: datetime) -> bool:
    """An administrator gives somebody another password; all their sessions end. False for who signs in by single sign-on.

    Raises:
        NotFound: no such account.
        AccountEnded
    """
    staff_id = await staff_id_of(username)
    stored = await hashed(password)
    async with transaction():
        await _must_be_active(staff_id)
        changed = await execute(
            "update staff set password_hash = $2 where id = $1 and oidc_subject is null returning 1", staff_id, stored
        )
        if changed:
            await sessions.end_all(staff_id)
            await audit.note("staff:password", f"staff/{staff_id}", None, now)
    return bool(changed)


async def roles_changed(staff_id: int, now: datetime) -> None:
    """Somebody has got other roles, in the open transaction: all their sessions end."""
    await sessions.end_all(staff_id)
    await audit.note("staff:roles", f"staff/{staff_id}", None, now)


async def change_roles(username: str, roles: Sequence[tuple[str, str]], now: datetime) -> bool:
    """An administrator gives somebody exactly these roles; a change ends all their sessions. False for who signs in by
    single sign-on: theirs follow their groups. Raises NotFound, AccountEnded."""
    staff_id = await staff_id_of(username)
    async with transaction():
        await _must_be_active(staff_id)
        own = await execute("select 1 from staff where id = $1 and oidc_subject is null for update", staff_id)
        rows = await fetch("select role, section from staff_role where staff_id = $1", staff_id)
        if own and {(row["role"], row["section"]) for row in rows} != set(roles):
            await execute("delete from staff_role where staff_id = $1", staff_id)
            for role, section in roles:
                await execute(
                    "insert into staff_role (staff_id, role, section) values ($1, $2, $3)", staff_id, role, section
                )
            await roles_changed(staff_id, now)
    return bool(own)


async def deactivate(username: str, now: datetime) -> None:
    """End an account: it signs in no more, and its sessions end now. What it did stays in the trail. Raises NotFound."""
    staff_id = await staff_id_of(username)
    async with transaction():
        await execute("update staff set active = false where id = $1", staff_id)
        await sessions.end_all(staff_id)
        await audit.note("staff:deactivate", f"staff/{staff_id}", None, now)


async def _must_be_active(staff_id: int) -> None:
    if not await fetchval("select active from staff where id = $1 for update", staff_id):
        raise AccountEnded


async def is_ended(username: str) -> tuple[bool, bool]:
    """Whether an account has been ended, and whether it is one of single sign-on. Raises NotFound."""
    row = await fetchrow(
        "select not active as ended, oidc_subject is not null as sso from staff where username = $1",
        username.strip().lower(),
    )
    if row is None:
        raise NotFound
    return row["ended"], row["sso"]


async def activate(username: str, password: str, now: datetime) -> Sequence[tuple[str, str]]:
    """Open an account again that had been ended, with a new password and the roles that it had, which are returned; of
    single sign-on with neither: roles follow their groups at the next sign-in. One that is not ended stays as it is.

    Raises:
        NotFound: no such account.
    """
    staff_id = await staff_id_of(username)
    stored = await hashed(password)
    async with transaction():
        opened = await execute(
            """update staff set active = true, password_hash = case when oidc_subject is null then $2 else password_hash end
               where id = $1 and not active returning 1""",
            staff_id,
            stored,
        )
        if opened:
            await audit.note("staff:activate", f"staff/{staff_id}", None, now)
        rows = await fetch("select role, section from staff_role where staff_id = $1 order by role, section", staff_id)
    return [(row["role"], row["section"]) for row in rows]


async def change_email(username: str, address: str, now: datetime) -> None:
    """Mail of the service goes there from now on; with an empty address none does. The address stands in no trail. Raises
    NotFound."""
    staff_id = await staff_id_of(username)
    async with transaction():
        changed = await execute(
            "update staff set email = $2 where id = $1 and email is distinct from $2 returning 1", staff_id, address or None
        )
        if changed:
            await audit.note("staff:email", f"staff/{staff_id}", None, now)


async def reset_factor(username: str, now: datetime) -> bool:
    """An administrator takes somebody's second factor away: they set up another at their next sign-in, if it is required.
    False when there was none. Raises NotFound."""
    staff_id = await staff_id_of(username)
    async with transaction():
        gone = await factors.remove(staff_id)
        if gone:
            await sessions.end_all(staff_id)
            await audit.note("staff:second_factor_reset", f"staff/{staff_id}", None, now)
    return gone
