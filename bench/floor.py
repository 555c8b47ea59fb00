"""The floor: a bare Litestar route that runs recorded statements on raw asyncpg and answers as many bytes.

`python -m bench.floor PORT FILE`; the file holds what `bench.record` wrote.
"""

import pickle
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import randbelow, token_bytes
from typing import Any

import asyncpg
import uvicorn
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath

from bench.recorded import Recorded


class Replay:
    """Runs what was recorded. What must be new in every request (ids, digests, the seat) is made anew."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self.seats: Counter[int] = Counter()
        self.all = [recorded.statements, *recorded.others]
        # Several floors don't do the same at the same moment.
        self.turn = randbelow(len(self.all))

    async def run(self, connection: asyncpg.Connection) -> None:
        self.turn += 1
        if not self.recorded.cohorts:
            for statement, arguments in self.all[self.turn % len(self.all)]:
                await connection.fetch(statement, *arguments)
            return
        cohort = self.recorded.cohorts[self.turn % len(self.recorded.cohorts)]
        self.seats[cohort] += 1
        fresh: dict[Any, Any] = {}
        for statement, arguments in self.recorded.statements:
            new = [self._fresh(argument, cohort, fresh) for argument in arguments]
            if statement.startswith("insert into seat"):
                new[2] = self.seats[cohort]
            await connection.fetch(statement, *new)

    def _fresh(self, value: Any, cohort: int, fresh: dict[Any, Any]) -> Any:
        if isinstance(value, list):
            return [self._fresh(part, cohort, fresh) for part in value]
        if type(value) is int and value == self.recorded.cohort:
            return cohort
        if isinstance(value, uuid.UUID):
            return fresh.setdefault(value, uuid.uuid4())
        if isinstance(value, bytes) and len(value) >= 20:
            return fresh.setdefault(value, token_bytes(len(value)))
        return value


def create_floor(url: str, recordings: dict[str, Recorded]) -> Litestar:
    replays = {name: Replay(recorded) for name, recorded in recordings.items()}

    @asynccontextmanager
    async def pool(app: Litestar) -> AsyncIterator[None]:
        async with asyncpg.create_pool(url, min_size=2, max_size=10) as made:
            app.state.pool = made
            yield

    @get("/bare", sync_to_thread=False)
    def bare() -> str:
        return "bare"

    async def answer(request: Request[Any, Any, Any], name: str) -> Response[str]:
        replay = replays[name]
        async with request.app.state.pool.acquire() as connection:
            await replay.run(connection)
        return Response("x" * replay.recorded.size, status_code=replay.recorded.status, media_type="text/html")

    @get("/{name:str}")
    async def read(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[str]:
        return await answer(request, name)

    @post("/{name:str}")
    async def write(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[str]:
        await request.form()
        return await answer(request, name)

    return Litestar([bare, read, write], lifespan=[pool], openapi_config=None)


def main() -> None:
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    url, recordings = pickle.loads(file.read_bytes())
    app = create_floor(url, recordings)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
