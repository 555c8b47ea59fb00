"""Under which names the service answers: those of its own address, and what the settings add.

Nothing is ever built from what a request calls the service; the check keeps a stranger's name from being taken for ours by
a browser (DNS rebinding) or a cache.
"""

from collections.abc import Collection
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

from programmes.settings import Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# A load balancer asks by whatever address it knows.
_ANY_NAME = "/health/"


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
