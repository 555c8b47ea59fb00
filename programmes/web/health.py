"""What a load balancer asks. `live`: the process answers. `ready`: it can also do its work."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from litestar import Request, Response, get

from programmes.core import schema
from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder

_PATIENCE_SECONDS = 3.0
# It leaves a trace every minute or so; who sees none for so long starts it anew.
_WORKER_RESTS = timedelta(minutes=5)


async def _asked(now: datetime) -> tuple[schema.Word | None, bool]:
    """How the database's tables stand to this release, None when it does not answer; and whether the worker is at work."""
    word: schema.Word | None = None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            word = (await schema.standing()).word
            seen = await fetchval("select at from clock_trace")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return word, False
    return word, seen is not None and now - seen < _WORKER_RESTS


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """The process answers; says nothing of what it depends on, since starting it anew would not mend that."""
    return {"status": "live"}


@get("/health/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, object]]:
    """200 when the database answers and has what this release asks for, and the key folder can be used, else 503 and which
    of them is gone. A database of the next release is no fault: both serve side by side while one follows the other.

    `worker` is told and decides nothing: without it nobody is told of anything, but people can still take a place, so a
    load balancer must not take every web process away for it.
    """
    keys: KeyFolder = request.app.state.key_folder
    word, working = await _asked(request.app.state.clock.now())
    parts = {"database": word is not None, "keys": keys.usable()}
    well = all(parts.values()) and word in {"current", "newer"}
    told: dict[str, object] = {
        "status": "ready" if well else "not ready", **parts, "schema": word or "unknown", "worker": working
    }  # fmt: skip
    return Response(told, status_code=200 if well else 503)


HANDLERS = [live, ready]
