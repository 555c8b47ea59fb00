"""Choosing the language of the pages, kept in a cookie because the visitor asked for it."""

import re
from typing import Any

from litestar import Request, Response, get

from programmes.core.i18n import LANGUAGES
from programmes.web.sessions import set_cookie

_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.-]*(\?[A-Za-z0-9=&_.%+-]*)?")
_YEAR = 365 * 24 * 3600


@get("/sprak")
async def choose_language(request: Request[Any, Any, Any]) -> Response[Any]:
    """Set the language and go back to the page one came from, if it is one of ours."""
    back = request.query_params.get("till", "/")[:200]
    wanted = request.query_params.get("lang", "")
    response: Response[Any] = Response("", status_code=303, headers={"location": back if _PATH.fullmatch(back) else "/"})
    if wanted in LANGUAGES:
        set_cookie(request, response, "lang", wanted, _YEAR)
    return response
