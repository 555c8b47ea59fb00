"""kill -9: of a web process, of the worker, of PostgreSQL; and PostgreSQL stopped in mid-air."""

import asyncio
import signal
import time

from drills.house import signal_postgres
from drills.scene import Drill, Fault, Scene
from programmes import private_server

TIMES, HUNG_SECONDS = 3, 40.0


async def _web(scene: Scene) -> Fault:
    """One, then the other, then the first again; each is started anew after a second."""
    began = time.monotonic()
    for turn in range(TIMES):
        scene.house.webs[turn % 2].kill()
        killed = time.monotonic()
        await asyncio.sleep(3)
        await scene.house.ready()
    return Fault(began, killed, silence=True)


async def _worker(scene: Scene) -> Fault:
    began = time.monotonic()
    worker = scene.house.worker
    assert worker
    for _ in range(TIMES):
        worker.kill()
        killed = time.monotonic()
        await asyncio.sleep(7)
    return Fault(began, killed, in_flight=TIMES)


async def _database(scene: Scene) -> Fault:
    """Every process of it at once, as when the machine loses its power, but for what the disk still holds."""
    began = time.monotonic()
    signal_postgres(scene.house.server.home, signal.SIGKILL)
    await asyncio.sleep(5)
    await private_server.start(scene.house.server.home)
    return Fault(began, time.monotonic(), in_flight=1)


async def _hung(scene: Scene) -> Fault:
    """It takes connections and answers nothing, for longer than a request may take."""
    began = time.monotonic()
    signal_postgres(scene.house.server.home, signal.SIGSTOP)
    await asyncio.sleep(HUNG_SECONDS)
    signal_postgres(scene.house.server.home, signal.SIGCONT)
    return Fault(began, time.monotonic(), in_flight=1)


DRILLS = (
    Drill("web", "kill -9 of a web process, three times", _web),
    Drill("worker", "kill -9 of the worker, three times", _worker),
    Drill("database", "kill -9 of PostgreSQL, all its processes", _database),
    Drill("hung", "a hung database (SIGSTOP)", _hung),
)
