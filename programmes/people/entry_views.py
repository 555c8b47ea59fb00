"""What every way of signing in shares: what is noted of the browser, where to go afterwards, which cookies are set."""

import re
from typing import Any

from litestar import Request, Response

from programmes.core.i18n import gettext as _
from programmes.people.pages import refused
from programmes.people.provider_services import Provider
from programmes.people.services import Browser, NotAdmitted, SignedIn, device_word, lane
from programmes.settings import Settings
from programmes.web.client_address import origin
from programmes.web.form_tokens import set_form_token
from programmes.web.sessions import drop_cookie, read_cookie, set_cookie

AnyRequest = Request[Any, Any, Any]
_STAFF_PAGE = re.compile(r"/personal(/[A-Za-z0-9_-]+)*(\?[A-Za-z0-9_.%+=&-]*)?")
_STAFF_FILE = re.compile(r"/personal(/[A-Za-z0-9_-]+)+\.[a-z]{2,5}(\?[A-Za-z0-9_.%+=&-]*)?")
_HALF_YEAR = 180 * 24 * 3600
# The cookie that says that somebody has just signed out here.
LEFT = "utloggad"
# What the cookie `genom` says: somebody came by single sign-on, the device is shared, or both.
_BY_ACCOUNT, _SHARED, _SHARED_BY_ACCOUNT = "konto", "delad", "konto-delad"


def back(wanted: str, otherwise: str = "/personal/idag") -> str:
    """Where to go after signing in: only to a staff page of ours."""
    return wanted if len(wanted) < 200 and _STAFF_PAGE.fullmatch(wanted) else otherwise


def is_file(wanted: str) -> bool:
    """Whether an address is a file of ours to take home, which leaves the page that led to it as it is."""
    return len(wanted) < 200 and bool(_STAFF_FILE.fullmatch(wanted))


def issuer(settings: Settings) -> str:
    """What a code app calls this service."""
    return f"{_('Stöd utan ansökan')}, {settings.municipality}"


def provider(request: AnyRequest) -> Provider | None:
    """The provider of single sign-on, if there is one."""
    found = request.app.state.provider
    return found if isinstance(found, Provider) else None


def sign_in_key(request: AnyRequest) -> bytes:
    """The key under which tries are counted and devices known."""
    key: bytes = request.app.state.key_folder.service_key("sign-in")
    return key


def browser(request: AnyRequest, shared: bool = False) -> Browser:
    """What is noted of the browser that asks."""
    return Browser(
        earlier=read_cookie(request, "staff"),
        device=read_cookie(request, "enhet"),
        word=device_word(request.headers.get("user-agent", "")),
        lane=lane(sign_in_key(request), origin(request)),
        shared=shared,
    )


def to(address: str) -> Response[Any]:
    """On to another page, which is asked for anew."""
    return Response("", status_code=303, headers={"location": address})


def let_in(
    request: AnyRequest,
    response: Response[Any],
    signed_in: SignedIn,
    shared: bool | None = None,
    by_account: bool = False,
) -> Response[Any]:
    """Put the session into the browser, and what it is known by next time; what led here goes. `shared`: whether somebody
    said that the device is, None where nobody was asked; `by_account`: by single sign-on."""
    set_cookie(request, response, "staff", signed_in.token)
    set_form_token(request, response)
    if signed_in.device:
        set_cookie(request, response, "enhet", signed_in.device, _HALF_YEAR)
    for name in ("steg", "konto", LEFT):
        if read_cookie(request, name):
            drop_cookie(request, response, name)
    remember(request, response, is_shared(request) if shared is None else shared, by_account)
    return response


def is_shared(request: AnyRequest) -> bool:
    """Whether somebody has said that this device is shared. Whoever comes next may not know that, and the one before them
    may still be signed in at the provider; so it is remembered until somebody says otherwise."""
    return read_cookie(request, "genom") in {_SHARED, _SHARED_BY_ACCOUNT}


def came_by_account(request: AnyRequest) -> bool:
    """Whether the last who signed in here came by single sign-on. Outlasts the session: who signs out after that has ended
    by itself is still led to the provider."""
    return read_cookie(request, "genom") in {_BY_ACCOUNT, _SHARED_BY_ACCOUNT}


def remember(request: AnyRequest, response: Response[Any], shared: bool, by_account: bool = False) -> None:
    """Let the browser know of itself whether it is a shared device, and whether the last came by single sign-on."""
    value = {(True, True): _SHARED_BY_ACCOUNT, (True, False): _SHARED, (False, True): _BY_ACCOUNT}.get((shared, by_account))
    if value:
        set_cookie(request, response, "genom", value, _HALF_YEAR if shared else None)
    elif read_cookie(request, "genom"):
        drop_cookie(request, response, "genom")


def words(answer: NotAdmitted, wrong: str) -> str:
    """Why not: the wait, or what was wrong."""
    return refused(answer.wait_seconds) if answer.wait_seconds else wrong
