"""What a load balancer asks. `live`: the process answers. `ready`: it can also do its work."""

import asyncio
from typing import Any

import asyncpg
from litestar import Request, Response, get

from programmes.core.db import fetchval
from programmes.core.sealing import KeyFolder

_PATIENCE_SECONDS = 3.0


async def _database_answers() -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return bool(await fetchval("select true"))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """The process answers; says nothing of what it depends on, since starting it anew would not mend that."""
    return {"status": "live"}


@get("/health/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, object]]:
    """200 when the database answers and the key folder can be used, else 503 and which of them is gone."""
    keys: KeyFolder = request.app.state.key_folder
    parts = {"database": await _database_answers(), "keys": keys.usable()}
    well = all(parts.values())
    return Response({"status": "ready" if well else "not ready", **parts}, status_code=200 if well else 503)


HANDLERS = [live, ready]
