"""Under which names the service answers: those of its own address, and what the settings add.

Nothing is ever built from what a request calls the service; the check keeps a stranger's name from being taken for ours by
a browser (DNS rebinding) or a cache.
"""

from collections.abc import Collection
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import Scope

from programmes.settings import Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# A load balancer asks by whatever address it knows, and so does whoever measures.
_ANY_NAME = ("/health/", "/metrics")


class Misdirected(Exception):
    """The request is for a name that is not ours (RFC 9110, 15.5.20)."""


def _name(netloc: str) -> str:
    """A host without its port, in small letters and without the dot at the end; empty for what is no host."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def with_readable_host(scope: Scope) -> Scope:
    """The request with a Host that is one: what is none could not even be refused in words, nor told apart from a fault of
    ours."""
    if scope["type"] != ScopeType.HTTP:
        return scope
    given = [value for name, value in scope["headers"] if name == b"host"]
    if len(given) == 1 and _readable(given[0].decode("latin-1")):
        return scope
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return cast(Scope, {**scope, "headers": [*others, (b"host", b"none.invalid")]})


def _readable(netloc: str) -> bool:
    try:
        parts = urlsplit(f"//{netloc}")
        return bool(parts.hostname) and parts.netloc == netloc and "@" not in netloc and (parts.port or 1) > 0
    except ValueError:
        return False


def names(settings: Settings) -> frozenset[str]:
    """The names that are ours."""
    own = _name(urlsplit(settings.base_url).netloc)
    return frozenset({own, *settings.allowed_hosts}) | (_LOOPBACK if own in _LOOPBACK else frozenset())


def is_ours(host: str, known: Collection[str], https: bool) -> bool:
    """Whether a Host header names us. On plain http a bare address does too: it belongs to nobody who could mislead."""
    name = _name(host)
    return name in known or (not https and _is_address(name))


def check_host(request: Request[Any, Any, Any]) -> None:
    """Raises Misdirected for a request that is not for us."""
    if request.url.path.startswith(_ANY_NAME):
        return
    settings: Settings = request.app.state.settings
    if not is_ours(request.headers.get("host", ""), names(settings), settings.https):
        raise Misdirected
