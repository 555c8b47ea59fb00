"""Whether the clock is right enough to erase by (decision 24). What is erased by a wrong clock is lost, so the worker leaves
a trace of time in the database and compares every tick with it: with how long the machine has really run, and with the
database's own clock. While they disagree nothing that ends or erases by the clock is done; everything else goes on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

import structlog

from programmes.core.db import execute, fetchrow, fetchval, transaction

log = structlog.get_logger()
_Tick = TypeVar("_Tick", bound=Callable[..., object])
# `database`: its clock says another time; `step`: the machine has run for longer or shorter than the clock says; `gap`: the
# machine has been started anew, and the clock has gone on by more than anybody said is usual.
Doubt = Literal["database", "step", "gap"]
WHY: dict[Doubt, str] = {
    "database": "The database's clock says another time.",
    "step": "The clock has been set: the machine has run for another time than it says.",
    "gap": "The machine has been started anew, and the clock has gone on by more than is usual since the worker was last at"
    " work. It was away for long, or the clock is wrong.",
}
# Two machines' clocks are never quite the same; nothing is erased for being a few minutes older.
APART = timedelta(minutes=5)
# Of the time that has run: how far a clock may drift, or be put right little by little, beside one that only runs.
_DRIFT = 1000
# Between two traces. What a wrong clock could have done before is bounded by it no further.
_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Machine:
    """What no clock that is set can change: since when this machine runs (`boot`, a random name; empty where none is known),
    and for how many seconds, sleep too."""

    boot: str = ""
    seconds: int = 0


@dataclass(frozen=True)
class Trace:
    """The last moment (UTC) at which the clock was believed, and how the machine stood then; since when it is doubted."""

    at: datetime
    machine: Machine
    doubted_since: datetime | None = None
    doubt: Doubt | None = None


def doubt(trace: Trace | None, wall: datetime, database: datetime, machine: Machine, standstill: timedelta) -> Doubt | None:
    """Why a clock cannot be believed, or None. Pure.

    A machine that has run on all the while proves any standstill of the worker, however long. Of one that was started anew
    only a standstill up to `standstill` is believed.
    """
    if abs(wall - database) > APART:
        return "database"
    if trace is None:
        return None
    went, ran = wall - trace.at, timedelta(seconds=machine.seconds - trace.machine.seconds)
    if machine.boot and machine.boot == trace.machine.boot and ran >= timedelta():
        return "step" if abs(went - ran) > APART + ran / _DRIFT else None
    return None if -APART <= went <= standstill else "gap"


def this_machine() -> Machine:
    """As Linux tells it, to containers too; elsewhere nothing is known (man 5 proc: uptime, sys/kernel/random/boot_id)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return Machine(boot, int(float(Path("/proc/uptime").read_text().split()[0])))
    except (OSError, ValueError, IndexError):
        return Machine()


async def database_clock() -> datetime:
    """What time it is for the database's server."""
    found: datetime = await fetchval("select clock_timestamp()")
    return found


async def last() -> Trace | None:
    """The trace, or None where no worker has ever left one."""
    row = await fetchrow("select at, boot, seconds, doubted_since, doubt from clock_trace")
    return Trace(row["at"], Machine(row["boot"], row["seconds"]), row["doubted_since"], row["doubt"]) if row else None


async def is_doubted() -> bool:
    """Whether the worker doubts its clock now."""
    return bool(await fetchval("select exists (select from clock_trace where doubted_since is not null)"))


@dataclass(frozen=True)
class Witness:
    """What a clock is held against: the trace, the machine, the database. `standstill` as in `doubt`."""

    standstill: timedelta
    machine: Callable[[], Machine] = this_machine
    database: Callable[[], Awaitable[datetime]] = database_clock

    async def against(self, now: datetime) -> Doubt | None:
        """Why this time cannot be believed; leaves no trace."""
        return doubt(await last(), now, await self.database(), self.machine(), self.standstill)

    async def believes(self, now: datetime) -> bool:
        """Whether this time can be believed; leaves no trace. Not while that can't be found out."""
        try:
            return await self.against(now) is None
        except Exception as error:
            log.error("clock_not_held_against", error=type(error).__name__)
            return False

    async def doubts(self, now: datetime) -> Doubt | None:
        """Why this time cannot be believed, and note it; or leave a new trace. Says in the log when that changes."""
        before, found = await last(), await self.against(now)
        if found is None:
            if before and before.doubted_since:
                log.warning("clock_believed_again")
            if before is None or before.doubted_since or abs(now - before.at) >= _EVERY:
                await self._leave(now)
            return None
        if before is None or before.doubt != found:
            log.error("clock_doubted", why=found)
        if before is None:
            # There is no moment to go on from; the database's clock is the better one to begin with.
            await self._leave(await self.database())
        async with transaction():
            await execute(
                "update clock_trace set doubted_since = coalesce(doubted_since, $1), doubt = $2",
                await self.database(),
                found,
            )
        return found

    async def confirm(self, now: datetime) -> bool:
        """Somebody says that this is the time: what was before is no witness any more. False, and nothing is changed, where
        the database's clock says another one."""
        if abs(now - await self.database()) > APART:
            return False
        async with transaction():
            await self._leave(now)
            await execute("update clock_trace set confirmed_at = $1", now)
        return True

    async def _leave(self, at: datetime) -> None:
        machine = self.machine()
        async with transaction():
            await execute(
                """insert into clock_trace (id, at, boot, seconds) values (1, $1, $2, $3)
                   on conflict (id) do update set at = excluded.at, boot = excluded.boot, seconds = excluded.seconds,
                     doubted_since = null, doubt = null""",
                at,
                machine.boot,
                machine.seconds,
            )


_BY_THE_CLOCK: set[object] = set()


def by_a_sure_clock(tick: _Tick) -> _Tick:
    """Mark a tick that ends or erases something because it is late enough: it waits while the clock is doubted. A test
    follows every tick that is not marked, and fails if it comes to where keys are destroyed."""
    _BY_THE_CLOCK.add(tick)
    return tick


def needs_a_sure_clock(tick: object) -> bool:
    return tick in _BY_THE_CLOCK
