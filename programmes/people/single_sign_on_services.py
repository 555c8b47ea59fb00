"""Signing in by single sign-on: the provider says who, its groups say which roles."""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from programmes.core import audit
from programmes.core.db import execute, fetchrow, fetchval, transaction
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.people import session_services as sessions
from programmes.people.account_services import set_roles
from programmes.people.provider_services import Flow, ProviderLied
from programmes.people.rules import Browser
from programmes.people.services import SignedIn
from programmes.people.single_sign_on_rules import Told, roles_of

__all__ = ["Told"]

_SERVICE, _HINT = "single-sign-on", "id-token"
_ON_THE_WAY = timedelta(minutes=15)


@dataclass(frozen=True)
class OnTheWay:
    """What a browser carries to the provider and back: the flow, where to go afterwards, whether it is a shared device,
    and whether a signed-in person only shows that it is them."""

    flow: Flow
    back: str
    shared: bool
    again: bool


@dataclass(frozen=True)
class NoRole:
    """The provider knows them, and none of their groups has a role here (or an administrator has ended the account)."""

    name: str


def seal(way: OnTheWay, keys: KeyFolder, now: datetime) -> str:
    """The cookie for the way there."""
    sealed = keys.seal_for_service(_SERVICE, "way", json.dumps([asdict(way), now.isoformat()]))
    return base64.urlsafe_b64encode(sealed).decode()


def unseal(cookie: str, keys: KeyFolder, now: datetime) -> OnTheWay | None:
    """What this browser set out with, or None: nothing, too long ago, or not ours."""
    try:
        raw = base64.b64decode(cookie.encode(), altchars=b"-_", validate=True)
        found, when = json.loads(keys.open_for_service(_SERVICE, "way", raw))
    except (Unreadable, binascii.Error, ValueError):
        return None
    if not timedelta(0) <= now - datetime.fromisoformat(when) < _ON_THE_WAY:
        return None
    return OnTheWay(**{**found, "flow": Flow(**found["flow"])})


async def admit(
    told: Told, meant: tuple[tuple[str, str, str], ...], browser: Browser, keys: KeyFolder, now: datetime
) -> SignedIn | NoRole:
    """Open a session for whom the provider vouches, with the roles of their groups as they are today.

    If the roles have changed since last time, every session of theirs ends; without any, nobody is signed in.
    """
    roles = roles_of(told.groups, meant)
    async with transaction():
        staff = await fetchrow(
            "select id, active from staff where oidc_issuer = $1 and oidc_subject = $2 for update", told.issuer, told.subject
        )
        if staff is None and not roles:
            return NoRole(told.name)
        staff_id = staff["id"] if staff else await _new(told, now)
        await execute("update staff set display_name = $2 where id = $1", staff_id, told.name)
        await set_roles(staff_id, roles, now)
        if not roles or (staff and not staff["active"]):
            return NoRole(told.name)
        hint = keys.seal_for_service(_SERVICE, _HINT, told.id_token)
        return SignedIn(await sessions.begin(staff_id, browser, now, hint))


async def _new(told: Told, now: datetime) -> int:
    """An account for somebody whom the provider names for the first time. A local account of the same name stays apart."""
    taken = await fetchval("select true from staff where username = $1", told.username)
    apart = hashlib.sha256(f"{told.issuer}\n{told.subject}".encode()).hexdigest()[:8]
    staff_id: int = await fetchval(
        """insert into staff (username, display_name, password_hash, active, created_at, oidc_issuer, oidc_subject)
           values ($1, $2, '', true, $3, $4, $5)
           on conflict (oidc_issuer, oidc_subject) do update set display_name = excluded.display_name returning id""",
        f"{told.username}-{apart}" if taken else told.username,
        told.name,
        now,
        told.issuer,
        told.subject,
    )
    await audit.note("staff:add", f"staff/{staff_id}", None, now)
    return staff_id


async def confirm(told: Told, staff_id: int, token: str, now: datetime) -> str:
    """A signed-in person has signed in at the provider once more: another id for their session, which may export now.

    Raises:
        ProviderLied: it was somebody else who signed in there.
    """
    async with transaction():
        mine = await fetchval(
            "select true from staff where id = $1 and oidc_issuer = $2 and oidc_subject = $3",
            staff_id,
            told.issuer,
            told.subject,
        )
        if not mine:
            raise ProviderLied("somebody_else")
        await audit.note("staff:confirm", f"staff/{staff_id}", staff_id, now)
        return await sessions.renew(token, now)


def id_token(hint: bytes, keys: KeyFolder) -> str:
    """The ID token of a session that has ended, for signing out at the provider; empty if it can't be read any more."""
    try:
        return keys.open_for_service(_SERVICE, _HINT, hint)
    except Unreadable:
        return ""
