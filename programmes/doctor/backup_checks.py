"""Whether there is a backup, whether one was ever put back, and whether copies of person keys go when they must."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from programmes.core import backup_trace
from programmes.core.backup_trace import Seen
from programmes.core.clock import local
from programmes.core.db import fetchval
from programmes.doctor.findings import Finding, Level, Patient

_NIGHTLY = timedelta(hours=26)
# Then no copy of a person's key is left (DESIGN 6).
KEYS_KEPT = timedelta(days=7)
_REHEARSED = timedelta(days=100)
_BACKUP = "Run programmes backup, and see that it is run every night (docs/operations.md)."
_DRILL = "Run programmes restore --drill (docs/operations.md)."


def trace_findings(found: Mapping[str, Seen], now: datetime, demo: bool = False) -> Iterator[Finding]:
    """What the traces say at a moment. In a demo nothing of it matters."""
    yield _of("last backup", found.get("backup"), now, (_NIGHTLY, KEYS_KEPT), _BACKUP, demo)
    yield _of("last restore drill", found.get("drill"), now, (_REHEARSED, None), _DRILL, demo)


def _of(
    check: str, seen: Seen | None, now: datetime, old: tuple[timedelta, timedelta | None], mend: str, demo: bool
) -> Finding:
    late, too_late = old
    done = seen.done_at if seen else None
    when = f"the last one that went well is of {local(done):%Y-%m-%d %H:%M}" if done else "none has ever gone well"
    level: Level = "ok"
    if seen and seen.failed:
        told, level = f"The newest one, of {local(seen.tried_at):%Y-%m-%d %H:%M}, failed; {when}.", "fault"
    elif done is None:
        told, level = "There has been none yet.", "warning"
    else:
        told = f"{when.capitalize()}."
        if now - done > late:
            level = "fault" if too_late and now - done > too_late else "warning"
    level = "note" if demo and level != "ok" else level
    return Finding(check, level, told, mend if level not in {"ok", "note"} else "")


async def backups(patient: Patient) -> Sequence[Finding]:
    """When there was a backup, and when one was put back."""
    found = [*trace_findings(await backup_trace.seen(), patient.now, patient.settings.demo)]
    if left := await fetchval("select count(*) from pg_database where starts_with(datname, 'programmes_drill_')"):
        told = f"{left} databases of rehearsals are there: one runs, or was killed."
        found.append(Finding("last restore drill", "warning", told, "The next rehearsal removes them."))
    return found


async def key_copies(patient: Patient) -> Sequence[Finding]:
    """Whether copies of person keys outlive an erasure by more than seven days, where they can be seen from here."""
    folder = patient.settings.key_backup_folder
    files = [*folder.glob("persons-*.age")] if folder.is_dir() else []
    old = [path for path in files if patient.now.timestamp() - path.stat().st_mtime > KEYS_KEPT.total_seconds()]
    if old:
        told = f"{len(old)} copies of person keys are older than seven days: with them erased records could be read."
        return [Finding("key copies", "fault", told, f"{_BACKUP} It removes them; if it cannot, remove them by hand.")]
    return [Finding("key copies", "ok", "No copy of person keys is older than seven days.")] if files else []
