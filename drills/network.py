"""Between web and worker and their database: a slow network, a silent one, one that is cut."""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable

from drills.scene import Drill, Fault, Scene

SLOW_SECONDS, SILENT_SECONDS, CUT_SECONDS = 20.0, 40.0, 10.0
# Each way, for everything that is sent: a round trip takes four tenths of a second.
DELAY = 0.2


def through(url: str, port: int) -> str:
    """The address of the same database by way of a port of this machine."""
    scheme, _, rest = url.partition("://")
    who, _, after = rest.partition("@")
    database = after.strip("/").partition("?")[0]
    return f"{scheme}://{who}@127.0.0.1:{port}/{database}?sslmode=disable"


def _by_wire(fault: Callable[[Scene], Awaitable[Fault]]) -> Callable[[Scene], Awaitable[Fault]]:
    """The fault with a wire between, that is there before the fault and until all is well again."""

    async def does(scene: Scene) -> Fault:
        house, direct = scene.house, scene.house.settings
        await scene.load.stop()
        await scene.wire.start()
        house.settings = dataclasses.replace(
            direct,
            web_database_url=through(direct.web_database_url, scene.wire.port),
            worker_database_url=through(direct.worker_database_url, scene.wire.port),
        )
        await house.restart()
        scene.load.start()
        await asyncio.sleep(5)

        async def back() -> None:
            house.settings = direct
            await house.restart()
            await scene.wire.cut()

        scene.back.append(back)
        return await fault(scene)

    return does


async def _slow(scene: Scene) -> Fault:
    began = time.monotonic()
    scene.wire.delay = DELAY
    await asyncio.sleep(SLOW_SECONDS)
    scene.wire.delay = 0
    return Fault(began, time.monotonic(), in_flight=1)


async def _silent(scene: Scene) -> Fault:
    """Nothing passes, and nobody says so: longer than a request may take."""
    began = time.monotonic()
    scene.wire.silence(True)
    await asyncio.sleep(SILENT_SECONDS)
    scene.wire.silence(False)
    return Fault(began, time.monotonic(), in_flight=1)


async def _cut(scene: Scene) -> Fault:
    began = time.monotonic()
    await scene.wire.cut()
    await asyncio.sleep(CUT_SECONDS)
    await scene.wire.start()
    return Fault(began, time.monotonic(), in_flight=1)


DRILLS = (
    Drill("slow", "a slow network to the database (0.4 s a round trip)", _by_wire(_slow)),
    Drill("silent", "a silent network to the database", _by_wire(_silent)),
    Drill("cut", "a cut network to the database", _by_wire(_cut)),
)
