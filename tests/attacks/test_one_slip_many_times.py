"""Attack: one slip, used by many at the same moment."""

import asyncio

import asyncpg

from programmes.evaluation import services
from programmes.settings import Settings
from tests.attacks.conftest import Boxes
from tests.attacks.disk import WAITING
from tests.attacks.weakened import weakened
from tests.evaluation.conftest import GLAD

TIMES = 50
# As many connections as web has in these tests; the others come as soon as one of them is free.
MEET = 15


async def _all_at_once(code: str, owner: asyncpg.Connection, settings: Settings) -> list[bool]:
    """Fifty use the same slip. All that web has connections for wait at the box together, each past its first look at the
    slip, and are let go at once."""
    waiting = f"select count(*) {WAITING}"
    # They are let go where the transaction ends, and waited for where the group does.
    async with asyncio.TaskGroup() as group:  # noqa: SIM117
        async with owner.transaction():
            await owner.execute("select ballot_lock(id) from ballot where state = 'open'")
            sent = [group.create_task(services.cast(code, GLAD, settings.key_folder)) for _ in range(TIMES)]
            for _ in range(1000):
                if await owner.fetchval(waiting) >= MEET:
                    break
                await asyncio.sleep(0.005)
            assert await owner.fetchval(waiting) >= MEET, "they do not meet"
    return [task.result() for task in sent]


async def test_of_fifty_uses_of_a_slip_at_once_one_counts(
    boxes: Boxes, settings: Settings, owner: asyncpg.Connection
) -> None:
    _box, slips = await boxes.open(3)
    said = await _all_at_once(slips[0], owner, settings)
    assert (said.count(True), said.count(False)) == (1, TIMES - 1)
    assert await owner.fetchval("select count(*) from sealed_answer") == 1
    assert await owner.fetchval("select count(*) from slip") == 2


async def test_control_where_the_slip_is_not_taken_by_the_vote_itself_several_count(
    boxes: Boxes, settings: Settings, owner: asyncpg.Connection
) -> None:
    _box, slips = await boxes.open(3)
    async with weakened(owner, "not atomic"):
        said = await _all_at_once(slips[0], owner, settings)
    assert said.count(True) >= MEET
    assert await owner.fetchval("select count(*) from sealed_answer") == said.count(True)
