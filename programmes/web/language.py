"""Choosing the language of the pages, kept in a cookie because the visitor asked for it."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request, Response, get

from programmes.core.i18n import known_language
from programmes.web.sessions import set_cookie

_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.-]*(\?[A-Za-z0-9=&_.%+-]*)?")
# For how long a chosen language is kept, in seconds.
A_YEAR = 365 * 24 * 3600


def _without_language(address: str) -> str:
    """An address that asks for a language itself would undo the choice."""
    path, _, query = address.partition("?")
    kept = urlencode([(name, value) for name, value in parse_qsl(query) if name != "lang"])
    return f"{path}?{kept}" if kept else path


@get("/sprak")
async def choose_language(request: Request[Any, Any, Any]) -> Response[Any]:
    """Set the language and go back to the page one came from, if it is one of ours."""
    asked = request.query_params.get("till", "/")[:200]
    back = _without_language(asked) if _PATH.fullmatch(asked) else "/"
    wanted = known_language(request.query_params.get("lang", ""))
    response: Response[Any] = Response("", status_code=303, headers={"location": back})
    if wanted:
        set_cookie(request, response, "lang", wanted, A_YEAR)
    return response
