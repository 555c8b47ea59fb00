"""Connections to a database that may be away: which of several hosts takes writes, and a wire that nobody answers on.

asyncpg tries the hosts of an address in turn, but within one limit of time: a machine that is switched off and says nothing
would use it up, and the one that has taken over would never be asked. Here each host has a limit of its own.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import asyncpg
import structlog

log = structlog.get_logger()
# For one host. Far more than a server takes that is well; with three hosts still within what a request may take.
PATIENCE_SECONDS = 6.0
# After so long without any sign a connection is given up: idle ones are asked after five seconds, every three, three times.
_ASKED_AFTER, _ASKED_EVERY, _ASKED, _UNHEARD_MILLISECONDS = 5, 3, 3, 14_000
# Another host, or the same a moment later, may be well.
_AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched,
         asyncpg.TooManyConnectionsError, asyncpg.AdminShutdownError)  # fmt: skip
# Which host of an address answered last: it is asked first.
_last: dict[str, str] = {}


class DatabaseAway(ConnectionError):
    """No host of the database takes connections just now. Says the class of the last error only."""


def each_host(dsn: str) -> list[str]:
    """An address with several hosts as one address for each, in its order: before the path or as the parameter `host`."""
    scheme, _, rest = dsn.partition("://")
    front, mark, asked = rest.partition("?")
    before, slash, path = front.partition("/")
    who, at, where = before.rpartition("@")
    given = dict(parse_qsl(asked, keep_blank_values=True))
    hosts, ports = given.get("host", "").split(","), given.get("port", "").split(",")
    if len(hosts) > 1:
        of = [ports[n] if len(ports) > 1 else ports[0] for n in range(len(hosts))]
        each = [given | {"host": host} | ({"port": port} if port else {}) for host, port in zip(hosts, of, strict=True)]
        return [f"{scheme}://{front}?{urlencode(one, quote_via=quote)}" for one in each]
    return [f"{scheme}://{who}{at}{one}{slash}{path}{mark}{asked}" for one in where.split(",")]


async def connect(dsn: str, on_change: Callable[[], Awaitable[None]] | None = None, **more: Any) -> asyncpg.Connection:
    """A connection to the first host that answers in time and is what the address asks for (`target_session_attrs`).
    `on_change` hears when that is another host than the last time: what is still connected there is of no use.

    Raises:
        DatabaseAway: there is none.
        asyncpg.PostgresError: the server is there and refuses (a wrong password).
    """
    last: BaseException | None = None
    for one in sorted(each_host(dsn), key=lambda address: address != _last.get(dsn)):
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                connection = await asyncpg.connect(one, **more)
        except _AWAY as error:
            last = error
            continue
        _keep_alive(connection)
        if _last.get(dsn, one) != one:
            log.warning("database_host_changed")
            if on_change:
                await on_change()
        _last[dsn] = one
        return connection
    raise DatabaseAway(type(last).__name__) from None


def _keep_alive(connection: asyncpg.Connection) -> None:
    """Have the system give up a wire on which nobody answers. Where it can't (another system, a socket file) the limits of
    time remain."""
    transport = getattr(connection, "_transport", None)
    wire = transport.get_extra_info("socket") if transport else None
    if wire is None or wire.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    with contextlib.suppress(OSError, AttributeError):
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _ASKED_AFTER)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _ASKED_EVERY)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _ASKED)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MILLISECONDS)
