"""Whether there is a backup and it seems whole, whether one was put back, and whether copies of person keys go in time."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from programmes.core import backup_files, backup_trace
from programmes.core.backup_trace import BACKUP_IS_OLD, DRILL_IS_OLD, Seen
from programmes.core.clock import local
from programmes.core.db import fetchval
from programmes.doctor.findings import Finding, Level, Patient

# Then no copy of a person's key is left (DESIGN 6).
KEYS_KEPT = timedelta(days=7)
_BACKUP = "Run programmes backup, and see that it is run every night (docs/operations.md)."
_DRILL = "Run programmes restore --drill (docs/operations.md)."


def trace_findings(found: Mapping[str, Seen], now: datetime, demo: bool = False) -> Iterator[Finding]:
    """What the traces say at a moment. In a demo nothing of it matters."""
    yield _of("last backup", found.get("backup"), now, (BACKUP_IS_OLD, KEYS_KEPT), _BACKUP, demo)
    yield _of("last restore drill", found.get("drill"), now, (DRILL_IS_OLD, None), _DRILL, demo)


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


def exchange_findings(exchanged: datetime | None, backup: Seen | None, demo: bool = False) -> Iterator[Finding]:
    """Whether there is a backup from after the last exchange of keys."""
    done = backup.done_at if backup else None
    # Without any backup that is said, and there is none from before that wanted old copies.
    if demo or exchanged is None or done is None or done > exchanged:
        return
    told = f"Keys were exchanged (programmes keys rotate) at {local(exchanged):%Y-%m-%d %H:%M}, and no backup has gone well"
    told += " since: those from before open only with the copies of keys that were made with them."
    yield Finding("last backup", "warning", told, "Run programmes backup now (docs/operations.md, Other keys).")


# Rows lie under these. What forms carry is in no backup (`programmes.people.rotation_services`).
_EXCHANGED = """select max(at) from audit_entry
  where action = 'keys:rotate' and subject in ('keys/persons', 'keys/second-factor', 'keys/search')"""


async def backups(patient: Patient) -> Sequence[Finding]:
    """When there was a backup, and when one was put back."""
    seen, demo = await backup_trace.seen(), patient.settings.demo
    found = [*trace_findings(seen, patient.now, demo)]
    found += exchange_findings(await fetchval(_EXCHANGED), seen.get("backup"), demo)
    if left := await fetchval(f"select count(*) from ({backup_trace.REHEARSALS}) as found"):
        told = f"{left} databases of rehearsals are there: one runs, or was killed."
        found.append(Finding("last restore drill", "warning", told, "The next rehearsal removes them."))
    return found


def _days(paths: Sequence[Path]) -> str:
    return f"{local(backup_files.made_at(paths[-1])):%Y-%m-%d %H:%M}"


_FULL = "Make room where they lie (room on disk), then run programmes backup."


def copy_findings(kind: str, whole: Sequence[Path], broken: Sequence[Path]) -> Iterator[Finding]:
    """Copies of keys of one kind, the oldest first; those that are broken cannot be opened by anybody."""
    if not broken:
        return
    told = f"{len(broken)} copies of {kind} keys are empty, cut short or altered ({', '.join(path.name for path in broken)})"
    if not whole or backup_files.made_at(broken[-1]) > backup_files.made_at(whole[-1]):
        newest = f"the newest whole one is of {_days(whole)}" if whole else "none is whole"
        yield Finding("key copies", "fault", f"{told}; {newest}.", _FULL)
    else:
        mend = "Remove them, here and wherever they were copied to, or wait: they go as old ones do."
        yield Finding("key copies", "warning", f"{told}; the newest is whole, of {_days(whole)}.", mend)


async def key_copies(patient: Patient) -> Sequence[Finding]:
    """Whether copies of keys are whole, as far as it can be seen without opening them, and whether those of person keys
    outlive an erasure by more than seven days. Where they can be seen from here."""
    folder = patient.settings.key_backup_folder
    # What a killed run has left is a copy too.
    every = [*folder.glob("*persons-*.age")] if folder.is_dir() else []
    found = []
    if old := [path for path in every if patient.now.timestamp() - path.stat().st_mtime > KEYS_KEPT.total_seconds()]:
        told = f"{len(old)} copies of person keys are older than seven days: with them erased records could be read."
        found.append(Finding("key copies", "fault", told, f"{_BACKUP} It removes them; if it cannot, remove them by hand."))
    for kind, name in (("persons", "person"), ("log", "log")):
        copies = backup_files.key_copies_in(folder, kind)
        whole = [path for path in copies if await asyncio.to_thread(backup_files.seems_whole, path)]
        found += copy_findings(name, whole, [path for path in copies if path not in whole])
    if every and not found:
        return [Finding("key copies", "ok", "No copy of person keys is older than seven days, and all copies are whole.")]
    return found


# No backup takes longer: one that began within so long of the end of the newest that went well is that one, and the one of
# the night before is not.
_TAKES_AT_MOST = timedelta(hours=12)
# So long no copy of keys is removed for its age (`programmes.backup.places`).
_COPIES_LIE = timedelta(days=5)
_SETTING = {"backup files": "BACKUP_FOLDER", "key copies": "KEY_BACKUP_FOLDER"}


def absent_findings(patient: Patient, done: datetime) -> Iterator[Finding]:
    """Whether the backup that went well at a moment lies in its folder, and the copies of keys that were made with it: what
    lies there may be whole and yet not be all that was made."""
    sets = backup_files.sets_in(patient.settings.backup_folder)
    yield from _absent(patient, "backup files", "backup", patient.settings.backup_folder, sets, done)
    for kind, name in (("persons", "person"), ("log", "log")):
        copies = backup_files.key_copies_in(patient.settings.key_backup_folder, kind)
        # Of the log's the newest stays, however old.
        if kind == "log" or patient.now - done < _COPIES_LIE:
            at = patient.settings.key_backup_folder
            yield from _absent(patient, "key copies", f"copy of {name} keys", at, copies, done)


def _absent(patient: Patient, check: str, what: str, folder: Path, lie: Sequence[Path], done: datetime) -> Iterator[Finding]:
    if lie and backup_files.made_at(lie[-1]) >= done - _TAKES_AT_MOST:
        return
    made = f"{local(done):%Y-%m-%d %H:%M}"
    there = f"the newest there is of {_days(lie)}" if lie else f"no {what} is there"
    mend = (
        f"Is the volume mounted, and PROGRAMMES_{_SETTING[check]} right? Else fetch it from where it was copied to (its name"
    )
    mend += " as it was), or make another one now: programmes backup."
    told = f"The {what} of {made} is not in {folder}: {_state(folder) or there}."
    if patient.settings.demo:
        yield Finding(check, "note", told)
    else:
        yield Finding(check, "fault", told, mend)


def _state(folder: Path) -> str:
    """Why nothing can be seen in a folder; empty where it can be looked into."""
    try:
        os.listdir(folder)
    except FileNotFoundError:
        return "the folder is not there"
    except OSError as error:
        return f"the folder cannot be read by this account ({type(error).__name__})"
    return ""


async def backups_lie(patient: Patient) -> Sequence[Finding]:
    """Whether what the trace tells of lies there. Web sees neither folder."""
    seen = (await backup_trace.seen()).get("backup") if patient.worker else None
    return [*absent_findings(patient, seen.done_at)] if seen and seen.done_at else []


async def backup_set(patient: Patient) -> Sequence[Finding]:
    """Whether the newest backup lies there as its manifest says, and whether one was broken off."""
    found, folder = [], patient.settings.backup_folder
    sets = backup_files.sets_in(folder)
    if sets and (broken := backup_files.broken_in(sets[-1])):
        sound = [path for path in sets if not backup_files.broken_in(path)]
        newest = f"the newest that seems whole is of {_days(sound)}" if sound else "none seems whole"
        told = f"Of the backup {sets[-1].name} {', '.join(broken)} is empty, cut short, a link or not there; {newest}."
        found.append(Finding("backup files", "fault", told, f"{_FULL} See what the disk says of itself (dmesg)."))
    elif sets:
        found.append(Finding("backup files", "ok", f"The newest backup, {sets[-1].name}, lies there as its manifest says."))
    drafts = [p for at in (folder, patient.settings.key_backup_folder) for p in at.glob(f"{backup_files.DRAFT}*")]
    if drafts:
        told = f"{len(drafts)} files or folders of a backup that is not finished are there: one runs, or was killed."
        found.append(Finding("backup files", "warning", told, "The next programmes backup removes what a killed one left."))
    return found
