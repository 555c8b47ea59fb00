"""Who may come in. The signed-in person stands in the scope; these turn "nobody" and "not you" into answers.

Guards are coroutines, though they wait for nothing: Litestar would run plain functions in a thread, for every request.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler

from programmes.core.errors import Forbidden, NotFound
from programmes.core.principal import Principal, Role

CONFIRMED_FOR = timedelta(minutes=5)


class NotSignedIn(Exception):
    """The page is for staff, and nobody is signed in."""


class NotConfirmed(Exception):
    """Somebody is signed in, and has to show that it still is them before they take this away."""


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: any member of staff."""
    if connection.scope.get("principal") is None:
        raise NotSignedIn


async def recently_confirmed(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of exports: somebody who has signed in, or given their password or a code again, within five minutes.

    Who has not is led to `/personal/bekrafta` and back. It stands instead of `signed_in`, which it includes. A link to such
    an address has no `download`: what comes first may be a page.
    """
    found = connection.scope.get("principal")
    if not isinstance(found, Principal):
        raise NotSignedIn
    now = connection.app.state.clock.now()
    if found.confirmed_at is None or not timedelta(0) <= now - found.confirmed_at < CONFIRMED_FOR:
        raise NotConfirmed


def principal(request: Request[Any, Any, Any]) -> Principal:
    """The signed-in person.

    Raises:
        NotSignedIn: nobody is.
    """
    found = request.scope.get("principal")
    if not isinstance(found, Principal):
        raise NotSignedIn
    return found


def require_role(request: Request[Any, Any, Any], *roles: Role) -> Principal:
    """The signed-in person, who must have one of the roles.

    Raises:
        NotSignedIn: nobody is signed in.
        Forbidden: none of the roles is theirs.
    """
    found = principal(request)
    if not any(found.has(role) for role in roles):
        raise Forbidden
    return found


def row_id(number: int) -> int:
    """An id from an address. Raises NotFound for a number that no row can have."""
    if not 0 < number <= 2_147_483_647:
        raise NotFound
    return number


class UnknownParameter(HTTPException):
    """A program has asked with a parameter that is not known here, so that it would take the answer for another."""

    status_code = 400


async def no_parameters(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of addresses whose query has no parameters. Raises UnknownParameter, with the first one's name."""
    asked = parse_qsl(connection.scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
    if asked:
        raise UnknownParameter(f"Unknown parameter: {asked[0][0][:60]}")
