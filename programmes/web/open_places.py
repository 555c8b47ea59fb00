"""Which places are open in a browser: the one that Min plats shows and, of siblings in one form, the others to change to.

Only the browser knows that they belong together, for as long as they are open.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response

from programmes.core.errors import Conflict
from programmes.web.forms import read_form
from programmes.web.sessions import drop_cookie, read_cookie, set_cookie

AnyRequest = Request[Any, Any, Any]
_BETWEEN = "."


class PlaceClosed(Exception):
    """Min plats is not open in this browser (any more): the way back is the page that asks for the code, and says so."""


def open_places(request: AnyRequest, response: Response[Any], tokens: Sequence[str], lasts: timedelta) -> None:
    """These places are open, and Min plats shows the first."""
    seconds = int(lasts.total_seconds())
    set_cookie(request, response, "place", tokens[0], seconds)
    if len(tokens) > 1:
        set_cookie(request, response, "places", _BETWEEN.join(tokens), seconds)
    elif read_cookie(request, "places"):
        drop_cookie(request, response, "places")


def browser_secret(request: AnyRequest) -> str:
    """What every form sent from this browser came with, whichever tab it was in, and nobody else knows: the cookie of the
    forms' token. Empty for who has seen no form yet."""
    return read_cookie(request, "csrftoken")


def shown_place(request: AnyRequest) -> str:
    """The token of the place that Min plats shows; empty when none is open."""
    return read_cookie(request, "place")


def places_opened(request: AnyRequest) -> list[str]:
    """The tokens of all that were opened at once, in their order; empty unless there were several."""
    return [token for token in read_cookie(request, "places").split(_BETWEEN) if token]


async def for_shown(request: AnyRequest, place: UUID) -> UUID:
    """The place that is open here, for which this request is meant: every form on its pages says which one it was.

    Raises:
        Conflict: `other_place`, the form was shown for another one, in another tab or before a change of places.
    """
    request.state.shown_place = str(place)
    if request.method == "POST":
        meant = (await read_form(request)).raw("denna")
        if meant and meant != str(place):
            raise Conflict("other_place")
    return place


def show_place(request: AnyRequest, response: Response[Any], token: str, lasts: timedelta) -> None:
    """Min plats shows another one of them from now on."""
    set_cookie(request, response, "place", token, int(lasts.total_seconds()))


def close_places(request: AnyRequest, response: Response[Any]) -> None:
    """Forget in the browser that any is open."""
    for name in ("place", "places"):
        if read_cookie(request, name):
            drop_cookie(request, response, name)
