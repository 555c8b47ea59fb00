"""Where a request comes from, as well as can be known: from the socket, or from proxies that are the office's own.

The address is used to see a burst and for nothing else: it is never stored, and stands in no log.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from litestar import Request

Networks = Sequence[IPv4Network | IPv6Network]


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: with a port, in brackets, or IPv4 inside IPv6."""
    value = text.strip()
    if value.startswith("["):
        value = value[1:].partition("]")[0]
    elif value.count(":") == 1:
        value = value.partition(":")[0]
    try:
        found = ip_address(value.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _ours(address: IPv4Address | IPv6Address, trusted: Networks) -> bool:
    return any(address in network for network in trusted)


def client_address(socket: str, forwarded: Sequence[str], trusted: Networks) -> str | None:
    """The client's address; of IPv6 its /64, which is one household or office. None when it can't be known.

    `forwarded` are the X-Forwarded-For headers in order. Each proxy adds, on the right, whom it heard from: the word of
    one of ours (`trusted`) is taken for it, from the right; what stands further left may be anybody's invention.
    """
    said = [part for header in forwarded for part in header.split(",")]
    found = _parsed(socket)
    if found is not None and not said and _ours(found, trusted):
        return None
    while found is not None and said and _ours(found, trusted):
        found = _parsed(said.pop())
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found) if found else None


def origin(request: Request[Any, Any, Any]) -> str | None:
    """Where this request comes from, by the proxies of the settings."""
    client = request.client
    if client is None:
        return None
    trusted = request.app.state.settings.trusted_proxies
    return client_address(client.host, request.headers.getall("x-forwarded-for", []), trusted)
