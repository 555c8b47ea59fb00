"""`python -m drills.clocked serve|worker`: the `programmes` command by a clock that the drills can set.

The service itself takes its clock from nowhere but the computer (DESIGN 4), so a drill hands it another one, as tests do:
the computer's, moved by as many seconds as stand in the file `clock` of the folder it runs in. Of a whole machine that is
set (`machine` in that file) the database's clock jumps along.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from programmes import cli, worker
from programmes.core import clock_trace

FILE = "clock"


def _moved() -> tuple[timedelta, bool]:
    try:
        seconds, _, whole = Path(FILE).read_text().partition(" ")
    except FileNotFoundError:
        return timedelta(), False
    return timedelta(seconds=float(seconds)), whole.strip() == "machine"


class MovedClock:
    """The computer's clock, as it would be had it been set."""

    def now(self) -> datetime:
        return datetime.now(UTC) + _moved()[0]


async def _database_clock() -> datetime:
    by, whole = _moved()
    return await clock_trace.database_clock() + (by if whole else timedelta())


def _witness(standstill: timedelta) -> clock_trace.Witness:
    return clock_trace.Witness(standstill, database=_database_clock)


if __name__ == "__main__":
    setattr(cli, "SystemClock", MovedClock)  # noqa: B010
    setattr(worker, "Witness", _witness)  # noqa: B010
    sys.exit(cli.main())
