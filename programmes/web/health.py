"""What a load balancer asks. `live`: the process answers. `ready`: it can also do its work."""

import asyncio
from typing import Any

import asyncpg
from litestar import Request, Response, get

from programmes.core import schema
from programmes.core.sealing import KeyFolder

_PATIENCE_SECONDS = 3.0


async def _schema() -> schema.Word | None:
    """How the database's tables stand to this release; None when it does not answer."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return (await schema.standing()).word
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """The process answers; says nothing of what it depends on, since starting it anew would not mend that."""
    return {"status": "live"}


@get("/health/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, object]]:
    """200 when the database answers and has what this release asks for, and the key folder can be used, else 503 and which
    of them is gone. A database of the next release is no fault: both serve side by side while one follows the other."""
    keys: KeyFolder = request.app.state.key_folder
    word = await _schema()
    parts = {"database": word is not None, "keys": keys.usable()}
    well = all(parts.values()) and word in {"current", "newer"}
    told: dict[str, object] = {"status": "ready" if well else "not ready", **parts, "schema": word or "unknown"}
    return Response(told, status_code=200 if well else 503)


HANDLERS = [live, ready]
