"""Settings that name networks and hosts, several with commas between: read, and looked at for whom they would let in."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from programmes.setting_values import SettingsError

Network = IPv4Network | IPv6Network
# What no stranger on the internet has as an address (RFC 1918, 4193, 3927, 4291; loopback).
_PRIVATE = tuple(
    ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
                "fc00::/7", "fe80::/10", "::1/128")
)  # fmt: skip
# Of a whole country there is more in it than proxies of an office.
_NARROWEST = {4: 8, 6: 32}
_MAPPED = IPv6Network("::ffff:0:0/96")


def networks(name: str, value: str) -> tuple[Network, ...]:
    """Addresses or networks."""
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise SettingsError(f"{name} must be addresses or networks with commas between, not {value!r}") from None


def is_private(network: Network) -> bool:
    """Whether nobody in it is a stranger on the internet. Of a network that is wider than one of those, nobody can say so:
    `ipaddress` calls 0.0.0.0/0 private, since its first and last address are."""
    return any(network.version == own.version and network.subnet_of(own) for own in _PRIVATE)  # type: ignore[arg-type]


def public_and_wide(found: Sequence[Network]) -> list[Network]:
    """Those in which strangers may be beside the one that is meant."""
    return [one for one in found if one.num_addresses > 1 and not is_private(one)]


def proxies(name: str, value: str) -> tuple[Network, ...]:
    """Whose word is taken for who somebody is. IPv4 inside IPv6 is IPv4, as the addresses of requests are."""
    found = tuple(map(_unmapped, networks(name, value)))
    if wide := [one for one in public_and_wide(found) if one.prefixlen < _NARROWEST[one.version]]:
        raise SettingsError(
            f"{name} names {wide[0]}: that is nearly everybody, and anybody could write whom they are counted as. Name the "
            "proxy's own address, as 127.0.0.1, or the private network that it stands in"
        )
    return found


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def hosts(name: str, value: str) -> tuple[str, ...]:
    """Names without scheme or port."""
    found = tuple(part.strip().lower() for part in value.split(",") if part.strip())
    if wrong := [host for host in found if not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host)]:
        raise SettingsError(f"{name} must be names of hosts with commas between, not {wrong[0]!r}")
    return found
