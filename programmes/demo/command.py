"""`programmes demo`: from nothing to a running, populated service, and back to nothing."""

import asyncio
import logging
import shutil
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import structlog

from programmes import private_server
from programmes.core.clock import Clock, SystemClock
from programmes.demo import processes
from programmes.demo.place import Claim, DemoError, Place, claim, stop_other
from programmes.private_server import PrivateServer, ServerError
from programmes.settings import Settings

_DATABASE, _DRAFT = "programmes", "programmes_loading"


def run(port: int, project: Path | None = None) -> int:
    """Serve the demo on `port` until Ctrl-C or SIGTERM; returns the exit code."""
    place = Place((project or Path.cwd()).resolve())
    try:
        with claim(place) as claimed:
            place.take_home()
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
    """Everything, until the first signal; later ones do not disturb the stopping."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _server(place) as server:
        await _unless(stop, _prepare(place, server, port, SystemClock()))
        if not stop.is_set():
            await _serve(place, place.settings(server, _DATABASE, port), port, claimed, stop)


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Do the work, or give it up when told to stop. A library in it may swallow being cancelled: then it is told again."""
    task, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
    while stop.is_set() and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
    told.cancel()
    if not task.cancelled() and not (stop.is_set() and task.exception()):
        await task


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
    # What loads it is half of the service, and only read when there is something to load.
    from programmes.demo import municipality

    # Told in leaps of days, a story outruns a reminder now and then: here that is no warning to anybody.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    await municipality.load(place, settings, clock.now(), _say)
    await _rename(server, _DRAFT, _DATABASE)


async def _migrate(settings: Settings, clock: Clock) -> None:
    from programmes.migrate import migrate
    from programmes.upgrading.errors import UpgradeError

    try:
        await migrate(settings, clock.now())
    except UpgradeError as error:
        raise DemoError(f"The database could not be brought to this release: {error}.") from error


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


async def _serve(place: Place, settings: Settings, port: int, claimed: Claim, stop: asyncio.Event) -> None:
    running: list[asyncio.subprocess.Process] = []
    try:
        _say("starting web and worker")
        web = await processes.start(settings, place.project, "serve", "--port", str(port))
        running.append(web)
        running.append(await processes.start(settings, place.project, "worker"))
        claimed.write([process.pid for process in running])
        await _unless(stop, _announce(place, settings, web))
        waiting = [asyncio.create_task(process.wait()) for process in running]
        waiting.append(asyncio.create_task(_set(stop)))
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            raise DemoError("A process ended by itself; what it said stands above. Everything has been stopped.")
    finally:
        await processes.stop(running)


async def _set(stop: asyncio.Event) -> int:
    return int(await stop.wait())


async def _announce(place: Place, settings: Settings, web: asyncio.subprocess.Process) -> None:
    """When the service answers, write the manifest and say what is where."""
    from programmes.demo import manifest

    await processes.wait_until_ready(settings.base_url, web, _say)
    for line in manifest.told(await manifest.write(place, settings, SystemClock().now())):
        _say(line)
