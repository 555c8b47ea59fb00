"""Whether this machine knows the zone of its people, and whether anything keeps its clock right."""

import ctypes
import struct
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from programmes.core.db import fetchval
from programmes.doctor.findings import Finding, Level, Patient

_ZONE = "Europe/Stockholm"
# As the law is now; a list of zones of another age would show other hours on every page.
_WINTER, _SUMMER = datetime(2027, 1, 15, 12, tzinfo=UTC), datetime(2027, 7, 15, 12, tzinfo=UTC)
# The kernel's own bound: from here on nothing has set the clock (man 2 adjtimex; systemd takes it so).
_UNKNOWN_US = 16_000_000


def zone_findings(where: str, winter: timedelta | None, summer: timedelta | None, mend: str) -> Iterator[Finding]:
    """What the zone's offsets are somewhere; None: it is not known there at all."""
    if winter is None or summer is None:
        yield Finding("time zone", "fault", f"{where} does not know {_ZONE}.", mend)
    elif (winter, summer) != (timedelta(hours=1), timedelta(hours=2)):
        told = f"{where} takes {_ZONE} to be {winter} and {summer} ahead of UTC in winter and summer."
        yield Finding("time zone", "fault", told, mend)
    else:
        yield Finding("time zone", "ok", f"{where} knows {_ZONE}.")


async def time_zone(patient: Patient) -> Sequence[Finding]:
    """The zone on this machine."""
    try:
        zone = ZoneInfo(_ZONE)
        offsets = (_WINTER.astimezone(zone).utcoffset(), _SUMMER.astimezone(zone).utcoffset())
    except (ZoneInfoNotFoundError, OSError):
        offsets = (None, None)
    return [*zone_findings("This machine", *offsets, "apt install tzdata (or pip install the locked tzdata), and restart.")]


async def database_zone(patient: Patient) -> Sequence[Finding]:
    """The zone in the database, which counts days by it."""
    known = await fetchval("select exists (select from pg_timezone_names where name = $1)", _ZONE)
    offsets: list[timedelta | None] = [None, None]
    if known:
        sql = "select ($1::timestamptz at time zone 'Europe/Stockholm') - ($1::timestamptz at time zone 'UTC')"
        offsets = [await fetchval(sql, moment) for moment in (_WINTER, _SUMMER)]
    mend = "Install tzdata on the database's machine, and restart PostgreSQL."
    return [*zone_findings("The database", offsets[0], offsets[1], mend)]


def kept_findings(off_us: int | None, demo: bool = False) -> Iterator[Finding]:
    """`off_us`: by how many microseconds the clock may be wrong, as the kernel believes; None where that can't be known."""
    check = "clock is kept"
    if off_us is None:
        yield Finding(check, "note", "Whether something keeps this machine's clock right cannot be seen from here.")
    elif off_us >= _UNKNOWN_US:
        level: Level = "note" if demo else "warning"
        mend = "apt install chrony (or systemd-timesyncd), and look: timedatectl. In a container: on the machine under it."
        yield Finding(check, level, "Nothing keeps this machine's clock right.", "" if demo else mend)
    else:
        yield Finding(check, "ok", "This machine's clock is kept right from the network.")


def kernels_bound() -> int | None:
    """The kernel's bound of how wrong the clock is, in microseconds. Nothing is set."""
    if not sys.platform.startswith("linux") or struct.calcsize("P") != 8:
        return None
    # struct timex, all of whose modes are 0: maxerror is its fourth field of eight bytes.
    told = ctypes.create_string_buffer(512)
    try:
        if ctypes.CDLL(None).adjtimex(told) < 0:
            return None
    except (OSError, AttributeError):
        return None
    return int(struct.unpack_from("q", told, 24)[0])


async def clock_is_kept(patient: Patient) -> Sequence[Finding]:
    """Whether a time service runs on this machine."""
    return [*kept_findings(kernels_bound(), patient.settings.demo)]
