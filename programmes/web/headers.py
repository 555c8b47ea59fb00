"""Headers on every answer: nothing inline, nothing framed, nothing kept, no address leaked."""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from programmes.web.head import answers_head

POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

_ONLY_HTTPS = "max-age=63072000; includeSubDomains"
_ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def always(https: bool) -> dict[str, str]:
    """The headers of every answer, by whether people reach the service over https."""
    return {**_ALWAYS, "strict-transport-security": _ONLY_HTTPS} if https else dict(_ALWAYS)


# What knows nobody may be read from any web page, whatever came of it: also why something is wrong.
_FOR_ANY_PAGE = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "If-None-Match",
    "access-control-expose-headers": "ETag",
}


async def add_headers(message: Message, scope: Scope) -> None:
    """Before an answer leaves: set the security headers; what a handler has set itself stays."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in always(scope["litestar_app"].state.settings.https).items():
        headers.setdefault(name, value)
    path = scope["path"]
    if path.startswith(("/api/", "/schema/")):
        headers.update(_FOR_ANY_PAGE)
    allowed = headers.get("allow", "").split(", ")
    if "GET" in allowed and "HEAD" not in allowed and answers_head(path):
        headers["allow"] = ", ".join(["GET", "HEAD", *(method for method in allowed if method != "GET")])
