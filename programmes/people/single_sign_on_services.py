"""Signing in by single sign-on: the provider says who, its groups say which roles."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from programmes.core import audit
from programmes.core.db import fetchrow, fetchval, transaction
from programmes.core.sealing import KeyFolder, Unreadable
from programmes.people import session_services as sessions
from programmes.people.account_services import roles_changed
from programmes.people.provider_services import Flow, ProviderLied
from programmes.people.rules import Browser
from programmes.people.services import SignedIn
from programmes.people.single_sign_on_rules import Told, roles_of, shown_at

__all__ = ["Told"]

_SERVICE, _HINT = "single-sign-on", "id-token"
_ON_THE_WAY = timedelta(minutes=15)


@dataclass(frozen=True)
class OnTheWay:
    """What a browser carries to the provider and back: the flow, where to go afterwards, whether it is a shared device,
    whether a signed-in person only shows that it is them, and whether it was a shared device until now."""

    flow: Flow
    back: str
    shared: bool
    again: bool
    was_shared: bool = False

    @property
    def afresh(self) -> bool:
        """Whether they must sign in there anew: on a shared device somebody else may still be signed in there."""
        return self.again or self.shared or self.was_shared


@dataclass(frozen=True)
class NoRole:
    """The provider knows them, and none of their groups has a role here, or (`ended`) an administrator ended the account."""

    name: str
    ended: bool = False


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

    It has just been shown that it is them only if the provider says so: they may have signed in there in the morning.
    If the roles have changed since last time, every session of theirs ends; without any, nobody is signed in. A local
    account of the same name stays apart. The function `admit_subject` makes the account and sets its roles: web may not.

    Raises:
        ProviderLied: a group means a role here which `migrate` has not been told of.
    """
    roles = roles_of(told.groups, meant)
    async with transaction():
        found = await fetchrow(
            "select answer, account, changed from admit_subject($1, $2, $3, $4, $5, $6, $7)",
            told.issuer,
            told.subject,
            told.username,
            told.name,
            [role for role, _ in roles],
            [section for _, section in roles],
            now,
        )
        answer = found["answer"] if found else "refused"
        if answer == "refused":
            raise ProviderLied("unknown_role")
        if found is None or answer == "nobody":
            return NoRole(told.name)
        staff_id = found["account"]
        if answer == "made":
            await audit.note("staff:add", f"staff/{staff_id}", None, now)
        if found["changed"]:
            await roles_changed(staff_id, now)
        if not roles or answer == "ended":
            return NoRole(told.name, ended=answer == "ended")
        hint = keys.seal_for_service(_SERVICE, _HINT, told.id_token)
        return SignedIn(await sessions.begin(staff_id, browser, now, shown_at(told.auth_time, now), hint))


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
