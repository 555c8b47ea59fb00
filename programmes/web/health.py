"""What a load balancer asks. `live`: the process answers. `ready`: it can also do its work."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
from litestar import Request, Response, get
from litestar.datastructures import State

from programmes.core import schema
from programmes.core.db import fetch, fetchval
from programmes.core.restore_marks import restore_of
from programmes.core.sealing import KeyFolder, KeysAway

_PATIENCE_SECONDS = 3.0
# It leaves a trace every minute or so; who sees none for so long starts it anew.
_WORKER_RESTS = timedelta(minutes=5)


async def _asked(state: State) -> tuple[schema.Word | None, bool, bool]:
    """How the database's tables stand to this release, None when it does not answer; whether the worker is at work; and
    whether a backup was put back into another database."""
    word: schema.Word | None = None
    elsewhere, now = False, state.clock.now()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            elsewhere = await state.own_database.is_given_up(state.key_folder.folder)
            word = (await schema.standing()).word
            seen = await fetchval("select at from clock_trace")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return word, False, elsewhere
    return word, seen is not None and now - seen < _WORKER_RESTS, elsewhere


async def _lack_keys(keys: KeyFolder) -> bool:
    """Whether people's records have no keys, by those of two of them: all of them are for `programmes doctor` to look at."""
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, KeysAway):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            people = await fetch(
                """(select id from participant order by id limit 1)
                   union (select id from participant order by id desc limit 1)"""
            )
        return any(not (keys.exists("person", row["id"]) or keys.is_gone_for_good(row["id"])) for row in people)
    return False


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """The process answers; says nothing of what it depends on, since starting it anew would not mend that."""
    return {"status": "live"}


@get("/health/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, object]]:
    """200 when the database answers and has what this release asks for, and the key folder can be used, else 503 and which
    of them is gone. A database of the next release is no fault: both serve side by side while one follows the other.

    `worker` is told and decides nothing: without it nobody is told of anything, but people can still take a place, so a
    load balancer must not take every web process away for it. Nor for keys of people's records alone that are missing
    (`person_keys`): nobody's record can be opened then, and every other place can still be taken. Where a backup was put
    back into another database, `put_back` says so: this one is given up, and takes nothing. While one is being put back, or
    that broke off, it is `restoring`, and `restored` until what had been erased is erased again: the worker is there, and
    does nothing.
    """
    keys: KeyFolder = request.app.state.key_folder
    word, working, elsewhere = await _asked(request.app.state)
    parts = {"database": word is not None, "keys": keys.usable()}
    well = all(parts.values()) and word in {"current", "newer"} and not elsewhere
    told: dict[str, object] = {
        "status": "ready" if well else "not ready", **parts, "schema": word or "unknown", "worker": working,
        "person_keys": parts["keys"] and not await _lack_keys(keys),
    }  # fmt: skip
    if put_back := "elsewhere" if elsewhere else restore_of(keys.folder):
        told["put_back"] = put_back
    return Response(told, status_code=200 if well else 503)


HANDLERS = [live, ready]
