"""What every attack begins with: groups with slips in their hands, boxes that cost nothing, and the database's files."""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest

from programmes.core import codes
from programmes.core.clock import local_date
from programmes.core.db import engine
from programmes.evaluation import counting, services
from programmes.evaluation.keys import BallotKeys
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.attacks.disk import Disk
from tests.clock import FrozenClock
from tests.evaluation.conftest import ballot_keys, groups, robin  # noqa: F401


@pytest.fixture(scope="module")
async def disk(server: PrivateServer, owner: asyncpg.Connection) -> AsyncIterator[Disk]:
    """The database as who holds its disk sees it. Its extension lies in a schema of its own, and goes again."""
    await owner.execute("create schema if not exists attack; create extension if not exists pageinspect schema attack")
    yield Disk(server, owner)
    await owner.execute("drop schema attack cascade")


class Boxes:
    """Boxes with keys and slips, without the people and sessions of a group: many attacks need many of them."""

    def __init__(
        self, owner: asyncpg.Connection, ballots: BallotKeys, settings: Settings, clock: FrozenClock, workers: asyncpg.Pool
    ) -> None:
        self.owner, self.keys, self.settings, self.clock = owner, ballots, settings, clock
        self._workers, self._made = workers, 0

    async def open(self, slips: int, section: str = "2.1") -> tuple[UUID, list[str]]:
        """An open box with as many slips. It is called one of a far half-year, so that nothing closes it."""
        self._made += 1
        box, printed = uuid4(), [codes.new_code() for _ in range(slips)]
        self.keys.create(box)
        await self.owner.execute(
            """insert into ballot (id, section, half_year, form_version, state, slips, created_on)
               values ($1, $2, $3, 1, 'open', 0, $4)""",
            box,
            section,
            f"{2100 + self._made}-1",
            local_date(self.clock.now()),
        )
        await self.owner.fetchval("select issue_slips($1, $2)", box, sorted(codes.digest(code) for code in printed))
        return box, printed

    async def cast(self, printed: Sequence[str], answers: Sequence[Mapping[str, object]]) -> None:
        """One answer with each slip, as far as there are answers."""
        for code, given in zip(printed, answers, strict=False):
            assert await services.cast(code, given, self.settings.key_folder)

    async def count(self, box: UUID) -> str:
        """Close a box and count it, with the worker's code; the state that it comes to."""
        await self.owner.execute(
            "update ballot set state = 'closing', closed_on = $2 where id = $1", box, local_date(self.clock.now())
        )
        webs, engine().pool = engine().pool, self._workers
        try:
            await counting.count(box, self.keys, self.clock.now())
        finally:
            engine().pool = webs
        return str(await self.owner.fetchval("select state from ballot where id = $1", box))

    def text(self, row: asyncpg.Record) -> str:
        """What somebody wrote, in a row of `held_text`, by the worker's key."""
        return self.keys.texts.open(row["section"], row["key_id"], row["blob"])

    async def counted(self, answers: Sequence[Mapping[str, object]], section: str = "2.1") -> UUID:
        """A box in which these answers lay, closed and counted."""
        box, printed = await self.open(max(len(answers), 1), section)
        await self.cast(printed, answers)
        await self.count(box)
        return box


@pytest.fixture
def boxes(
    db: None,
    owner: asyncpg.Connection,
    ballot_keys: BallotKeys,  # noqa: F811
    settings: Settings,
    clock: FrozenClock,
    workers_lines: tuple[asyncpg.Connection, asyncpg.Pool],
) -> Boxes:
    return Boxes(owner, ballot_keys, settings, clock, workers_lines[1])
