"""The clock is set: days ahead, and days back; of web's and worker's machine only, or of the database's with it."""

import asyncio
import time

import asyncpg

from drills import clocked
from drills.scene import Drill, Fault, Scene

AHEAD, BACK = 5 * 86400, -3 * 86400
WRONG_SECONDS = 25.0
# What the clock must not bring about while it is doubted.
_ENDED = """
select (select count(*) from enrolment where state = 'expired') + (select count(*) from ballot where state <> 'open')
     + (select count(*) from notice where state = 'failed')
"""


async def _set(scene: Scene, seconds: int, whole: bool) -> Fault:
    """Set it, look for what has been ended by it, and put it right."""
    file = scene.house.folder / clocked.FILE
    owner = await asyncpg.connect(scene.house.settings.database_url)
    try:
        before = await owner.fetchval(_ENDED)
        began = time.monotonic()
        file.write_text(f"{seconds} {'machine' if whole else ''}")
        await asyncio.sleep(WRONG_SECONDS)
        # A worker that is started now has only what the last one left to hold the clock against.
        assert scene.house.worker
        scene.house.worker.kill()
        await asyncio.sleep(WRONG_SECONDS)
        file.unlink()
        ended = time.monotonic()
        after = await owner.fetchval(_ENDED)
    finally:
        file.unlink(missing_ok=True)
        await owner.close()
    # It does nothing that falls due for ten minutes after it has seen a clock jump; the other drills need not wait for that.
    scene.back.append(scene.house.worker.restart)
    wrong = (f"{after - before} things were ended by a wrong clock",) if after != before else ()
    return Fault(began, ended, in_flight=2, wrong=wrong)


DRILLS = (
    Drill("ahead", "the clock five days ahead, of web and worker", lambda scene: _set(scene, AHEAD, False)),
    Drill("machine", "the clock five days ahead, of the whole machine", lambda scene: _set(scene, AHEAD, True)),
    Drill("back", "the clock three days back, of the whole machine", lambda scene: _set(scene, BACK, True)),
)
