"""`programmes demo`: from nothing to a running, populated service, and back to nothing."""

import asyncio
import contextlib
import io
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from programmes import private_server
from programmes.core.clock import Clock, SystemClock
from programmes.demo import manifest, municipality, processes
from programmes.demo.place import Claim, DemoError, Place, claim, stop_other
from programmes.migrate import migrate
from programmes.private_server import PrivateServer, ServerError
from programmes.settings import Settings

_DATABASE, _DRAFT = "programmes", "programmes_loading"


def run(port: int, project: Path | None = None) -> int:
    """Serve the demo on `port` until Ctrl-C or SIGTERM; returns the exit code."""
    place = Place((project or Path.cwd()).resolve())
    try:
        with claim(place) as claimed:
            processes.ensure_port_free(port)
            asyncio.run(_until_stopped(place, port, claimed))
    except (DemoError, ServerError) as error:
        print(f"demo: {error}", flush=True)
        return 1
    print("demo: stopped. `make demo` goes on where you left, `make reset` removes everything.", flush=True)
    return 0


def reset(project: Path | None = None) -> int:
    """Stop a running demo and its private server, and remove data, keys and mail, wherever they lie."""
    place = Place((project or Path.cwd()).resolve())
    try:
        if place.data.exists():
            stop_other(place)
        private_server.remove(place.home)
    except (DemoError, ServerError) as error:
        print(f"demo: {error}", flush=True)
        return 1
    shutil.rmtree(place.data, ignore_errors=True)
    print("demo: the database, the keys and the mail are gone.", flush=True)
    return 0


def _say(line: str) -> None:
    print(f"demo: {line}", flush=True)


async def _until_stopped(place: Place, port: int, claimed: Claim) -> None:
    """Everything, in a task that the first signal cancels at any point; later ones do not disturb the stopping."""
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    with contextlib.suppress(asyncio.CancelledError):
        async with _server(place) as server:
            settings = place.settings(server, _DATABASE, port)
            await _prepare(place, server, port, SystemClock())
            await _serve(place, settings, port, claimed)


@asynccontextmanager
async def _server(place: Place) -> AsyncIterator[PrivateServer]:
    _say("starting a private PostgreSQL")
    server = await private_server.start(place.home)
    try:
        yield server
    finally:
        _say("stopping PostgreSQL")
        await asyncio.to_thread(server.stop)


async def _prepare(place: Place, server: PrivateServer, port: int, clock: Clock) -> None:
    """Have a loaded database at this release. It is loaded under another name, so that half a municipality is none."""
    if await _exists(server, _DATABASE):
        _say("bringing the database to this release; what was done in it stays")
        await _migrate(place.settings(server, _DATABASE, port), clock)
        return
    place.clear()
    await _drop(server, _DRAFT)
    await private_server.ensure_database(server, _DRAFT)
    settings = place.settings(server, _DRAFT, port)
    _say("making the tables and the three database roles")
    await _migrate(settings, clock)
    await municipality.load(place, settings, clock.now(), _say)
    await _rename(server, _DRAFT, _DATABASE)


async def _migrate(settings: Settings, clock: Clock) -> None:
    # Piccolo tells of every migration with pictures; here one line is enough.
    with contextlib.redirect_stdout(io.StringIO()):
        await migrate(settings, clock.now())


async def _statement(server: PrivateServer, sql: str, *args: object) -> object:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        return await connection.fetchval(sql, *args)
    finally:
        await connection.close()


async def _exists(server: PrivateServer, name: str) -> bool:
    return bool(await _statement(server, "select true from pg_database where datname = $1", name))


async def _drop(server: PrivateServer, name: str) -> None:
    await _statement(server, f'drop database if exists "{name}" with (force)')


async def _rename(server: PrivateServer, old: str, new: str) -> None:
    await _statement(server, f'alter database "{old}" rename to "{new}"')


async def _serve(place: Place, settings: Settings, port: int, claimed: Claim) -> None:
    running: list[asyncio.subprocess.Process] = []
    try:
        _say("starting web and worker")
        web = await processes.start(settings, place.project, "serve", "--port", str(port))
        running.append(web)
        running.append(await processes.start(settings, place.project, "worker"))
        claimed.write([process.pid for process in running])
        await processes.wait_until_ready(settings.base_url, web)
        written = await manifest.write(place, settings)
        for line in manifest.told(written):
            _say(line)
        ended = [asyncio.create_task(process.wait()) for process in running]
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        raise DemoError("A process ended by itself; what it said stands above. Everything is being stopped.")
    finally:
        await asyncio.shield(processes.stop(running))
