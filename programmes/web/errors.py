"""Pages for what went wrong. No page shows a trace, and an unexpected error gets a number that says nothing of anyone."""

import re
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from programmes.core import codes, errors
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.core.key_paths import which_is_away
from programmes.core.sealing import KeyGone, KeysAway, Unreadable
from programmes.core.which_database import GivenUp
from programmes.web import rendering
from programmes.web.conflict_texts import conflict_text
from programmes.web.guards import NotConfirmed, NotSignedIn, UnknownParameter
from programmes.web.hosts import Misdirected
from programmes.web.limits import TookTooLong
from programmes.web.open_places import PlaceClosed
from programmes.web.sessions import read_cookie, wanted_language

log = structlog.get_logger()
AnyRequest = Request[Any, Any, Any]
# The database has waited as long as a web process lets it (`core/db.WEB`).
_HELD_UP = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.IdleInTransactionSessionTimeoutError)
# The database is away, restarts, is full, or is one that only follows another: it passes. Whether what was being written is
# there nobody knows; the answer to COMMIT can be lost too.
_LOST = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
    # What asyncpg says when a connection ends in the middle of an answer.
    asyncpg.InternalClientError,
)
_UNSURE = (TookTooLong, *_HELD_UP, *_LOST)


class Seldom:
    """Says yes once an hour. It belongs to a process."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self, seconds: float) -> bool:
        due = seconds >= self._next
        if due:
            self._next = seconds + 3600
        return due


slip_errors = Seldom()


def page(request: AnyRequest, template: str, view: object = None, status: int = 200) -> Response[str]:
    """An error page. It may be shown outside the middleware, so it finds out the language itself."""
    with speaking(wanted_language(request)):
        return rendering.page(request, template, view, status)


def _wants_json(request: AnyRequest) -> bool:
    return request.url.path.startswith(("/api/", "/health/", "/schema"))


def _error_number() -> str:
    """What ties the page that somebody sees to the line of the log. It is random, and stands nowhere else."""
    return f"F-{codes.new_code()[:4]}"


def _json(status: int, title: str, number: str = "") -> Response[Any]:
    told = {"status": status, "title": title} | ({"number": number} if number else {})
    return Response(told, status_code=status, media_type="application/problem+json")


def not_found(request: AnyRequest, error: Exception) -> Response[Any]:
    if _wants_json(request):
        return _json(404, "Not found")
    return page(request, "errors/not_found.html", status=404)


def forbidden(request: AnyRequest, error: Exception) -> Response[Any]:
    return page(request, "errors/forbidden.html", status=403)


def conflict(request: AnyRequest, error: Exception) -> Response[Any]:
    code = error.code if isinstance(error, errors.Conflict) else ""
    path = request.url.path
    text = conflict_text(code, path.startswith("/personal"), request.method == "POST")
    return page(request, "errors/conflict.html", (*text, _way_back(path)), status=409)


def unreadable(request: AnyRequest, error: Exception) -> Response[Any]:
    """Something sealed can't be opened: its key is gone or another one, or the bytes are damaged. Nothing was written."""
    number = _error_number()
    log.error("sealed_unreadable", number=number, error=type(error).__name__, route=_route(request))
    if _wants_json(request):
        return _json(409, "What is kept cannot be read", number)
    path = request.url.path
    text = _("Det är fel hos oss. Inget är ändrat. Försök igen om en stund, eller ring oss.")
    if path.startswith("/personal"):
        text = _("Nyckeln saknas eller är fel, eller så är uppgifterna skadade. Inget är ändrat. Säg till er administratör.")
    back = "/kontakt" if path.startswith("/min-plats") else _way_back(path)
    told = " ".join((text, _("Felnummer: %(number)s.", number=number)))
    return page(request, "errors/conflict.html", (_("Uppgifterna kan inte läsas"), told, back), status=409)


def _way_back(path: str) -> str:
    """A page that shows how it stands now: the start page of what was being changed, never the refused address itself."""
    group = re.match(r"/personal/grupper/[0-9]+", path)
    if group:
        return group[0]
    if path == "/logga-in/kod":
        # Where a recovery code is typed instead.
        return path
    for start in ("/personal/starter", "/min-plats", "/personal"):
        if path.startswith(start):
            return "/personal/idag" if start == "/personal" else start
    return "/"


def not_signed_in(request: AnyRequest, error: Exception) -> Response[Any]:
    """To the sign-in page, and back here afterwards; from a form to the nearest page above it, as what it said is lost."""
    back = rendering.again(request)
    wanted = {"till": back} if back.startswith("/personal/") else {}
    if request.method == "POST":
        wanted["ut"] = "form"
    elif read_cookie(request, "staff"):
        wanted["ut"] = "sida"
    query = f"?{urlencode(wanted)}" if wanted else ""
    return Response("", status_code=303, headers={"location": f"/logga-in{query}"})


def place_closed(request: AnyRequest, error: Exception) -> Response[Any]:
    """To the page that asks for the code, which says that Min plats had closed by itself."""
    return Response("", status_code=303, headers={"location": "/min-plats?stangd=1"})


def not_confirmed(request: AnyRequest, error: Exception) -> Response[Any]:
    """To the page that asks for the password or a code, and from there here; after a form to the page it stands on."""
    query = urlencode({"till": rendering.again(request)})
    return Response("", status_code=303, headers={"location": f"/personal/bekrafta?{query}"})


def http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    # A calendar is asked for by programs: all that may be done with its address is said alike of one that there is and none.
    for_programs = _wants_json(request) or request.method == "HEAD" or request.url.path.startswith("/k/")
    if error.status_code == 405 and for_programs:
        answer = _json(405, "Method not allowed")
        answer.headers["allow"] = (error.headers or {}).get("allow", "GET")
        return answer
    if error.status_code in {404, 405}:
        return not_found(request, error)
    if error.status_code >= 500:
        return unexpected(request, error)
    if _wants_json(request):
        said = error.detail if isinstance(error, UnknownParameter) else "The request cannot be understood"
        return _json(error.status_code, said)
    return _bad_request(request, 413 if error.status_code == 413 else 400)


def no_text(request: AnyRequest, error: Exception) -> Response[Any]:
    """Somebody sent what no text of ours can hold (a NUL), where a choice is sent and not typed. Nothing is written."""
    if _wants_json(request):
        return _json(400, "The request cannot be understood")
    return _bad_request(request, 400)


def _bad_request(request: AnyRequest, status: int) -> Response[Any]:
    """Who holds a slip reads it in the language of its pages, and is led to nothing that a slip doesn't open."""
    template = "evaluation/unreadable.html" if request.url.path == "/u" else "errors/bad_request.html"
    return page(request, template, status=status)


def misdirected(request: AnyRequest, error: Exception) -> Response[Any]:
    """For a name that is not ours. Links lead to the address of the settings, never to what was asked for."""
    if _wants_json(request):
        return _json(421, "This service does not answer under that name")
    return page(request, "errors/misdirected.html", request.app.state.settings.base_url, status=421)


def unavailable(request: AnyRequest, error: Exception) -> Response[Any]:
    """It can't be done just now, and nothing is lost by it. Logged by its class: someone of the office has to mend it."""
    if request.url.path == "/u":
        return _slip_unavailable(request, error)
    number = _error_number()
    log.error("unavailable", number=number, error=type(error).__name__, **which_is_away(error), route=_route(request))
    answer: Response[Any]
    if _wants_json(request):
        answer = _json(503, "Not available just now", number)
    else:
        which = "time" if isinstance(error, TookTooLong) else "lost" if isinstance(error, _UNSURE) else ""
        if request.method in {"GET", "HEAD"}:
            # Nothing was sent with it; what was sent before may well be saved.
            which = "read"
        if isinstance(error, GivenUp):
            which = "given_up_read" if which == "read" else "given_up"
        answer = page(request, "errors/unavailable.html", (which, number), status=503)
    answer.headers["retry-after"] = "60"
    return answer


def of_connection(request: AnyRequest, error: Exception) -> Response[Any]:
    """What asyncpg itself has to say: of a connection that was closed under it, or that we have used wrongly."""
    return unavailable(request, ConnectionError()) if "closed" in str(error) else unexpected(request, error)


def _slip_unavailable(request: AnyRequest, error: Exception) -> Response[Any]:
    """For who holds a slip, in the language of its pages. A line for each would tell when somebody tried to answer: so it is
    said once an hour by each process, and not of which page. What is missing `programmes doctor` names."""
    which = "lost" if isinstance(error, _UNSURE) and request.method == "POST" else ""
    if isinstance(error, GivenUp):
        # Which slips hold in the database that is put back nobody knows.
        which = "given_up" if request.method == "POST" else "given_up_read"
    if slip_errors.is_due(monotonic()):
        log.error("unavailable", error=type(error).__name__)
    answer = page(request, "evaluation/unavailable.html", which, status=503)
    answer.headers["retry-after"] = "60"
    return answer


def unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    """Our fault. Logged by the class of the error and where it arose, never by its message, which may repeat input."""
    number = _error_number()
    trace = error.__traceback__
    where = ""
    while trace:
        where = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    log.error("unexpected_error", number=number, error=type(error).__name__, where=where, route=_route(request))
    if _wants_json(request):
        return _json(500, "Something went wrong here", number)
    return page(request, "errors/unexpected.html", number, status=500)


def _route(request: AnyRequest) -> str:
    """The route's pattern, never the address itself: tokens and codes stand in addresses."""
    template = request.scope.get("path_template")
    return template if isinstance(template, str) else ""


HANDLERS: dict[Any, Any] = {
    errors.NotFound: not_found,
    errors.Forbidden: forbidden,
    errors.Conflict: conflict,
    Unreadable: unreadable,
    NotSignedIn: not_signed_in,
    PlaceClosed: place_closed,
    NotConfirmed: not_confirmed,
    HTTPException: http_error,
    Misdirected: misdirected,
    # A public half that is missing is no erased one: the slip is not used up.
    asyncpg.CharacterNotInRepertoireError: no_text,
    **dict.fromkeys((KeysAway, KeyGone, GivenUp, *_UNSURE), unavailable),
    asyncpg.InterfaceError: of_connection,
    Exception: unexpected,
}
