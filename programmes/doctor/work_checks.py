"""Whether the work is done: the worker, what waits, who can sign in, what the board has to decide, room on the disks, and
values of the example that nobody has put right."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

from programmes.core import clock_trace
from programmes.core.clock import local
from programmes.core.db import fetchrow
from programmes.doctor.findings import Finding, Level, Patient
from programmes.oversight.compliance import queries as compliance_queries
from programmes.oversight.status import metrics_queries
from programmes.settings import Settings

# It leaves a trace each minute.
_AWAY = timedelta(minutes=5)
_LATE = timedelta(hours=1)
_START = "Start it: systemctl start programmes-worker, or docker compose up -d worker. Its log says why it ended."


def worker_findings(trace: clock_trace.Trace | None, now: datetime) -> Iterator[Finding]:
    """Whether the worker is at work. One that doubts its clock leaves no trace (`clock`)."""
    check = "worker"
    if trace is None:
        yield Finding(check, "warning", "No worker has been at work yet: nothing is sent, offered or erased.", _START)
    elif trace.doubt is None and now - trace.at > _AWAY:
        told = f"The worker was last at work {local(trace.at):%Y-%m-%d %H:%M}: nothing is sent, offered or erased."
        yield Finding(check, "fault", told, _START)
    elif trace.doubt is None:
        yield Finding(check, "ok", "The worker is at work.")


async def worker(patient: Patient) -> Sequence[Finding]:
    """Whether the worker lives."""
    return [*worker_findings(await clock_trace.last(), patient.now)]


_WHAT = {
    "messages_late": "messages wait for more than ten minutes",
    "offers_late": "places wait to be passed on",
    "lists_due": "working lists are past the day of their erasure",
    "records_due": "records are due to be erased",
}


def queue_findings(counts: Mapping[str, int], oldest: timedelta, given_up: int) -> Iterator[Finding]:
    """`counts` as the metrics have them; `oldest`: how long one has waited; `given_up`: jobs that failed too often."""
    check = "waiting work"
    told = f"{counts['jobs']} jobs wait, the oldest for {int(oldest.total_seconds() // 60)} minutes."
    if counts["jobs_late"]:
        level: Level = "fault" if oldest > _LATE else "warning"
        mend = "See that the worker runs, and what its log says. If it only has much to do, it gets less by itself."
        yield Finding(check, level, told, mend)
    if given_up:
        mend = (
            "The worker's log says which (`job_held`). When that is mended: pgq failed, then pgq requeue with their numbers."
        )
        yield Finding(check, "warning", f"{given_up} jobs have failed as often as they may, and are held.", mend)
    for name, what in _WHAT.items():
        if counts[name] and name.endswith("_late"):
            mend = "See that the worker runs, and that mail and the gateway for texts are as they should be (above)."
            yield Finding(check, "warning", f"{counts[name]} {what}.", mend)
        elif counts[name]:
            mend = "A night's run of the worker does it, or programmes erase. Lists of open groups wait for their leaders."
            yield Finding(check, "note", f"{counts[name]} {what}.", mend)
    if not counts["jobs_late"] and not given_up:
        yield Finding(check, "ok", told)


async def waiting(patient: Patient) -> Sequence[Finding]:
    """How much waits, and for how long."""
    found = await metrics_queries.waiting(patient.now)
    row = await fetchrow("""select
        coalesce(now() - min(greatest(created, execute_after)) filter (where status = 'queued'), interval '0') as oldest,
        (count(*) filter (where status::text in ('failed', 'exception')))::int as given_up
      from pgqueuer where greatest(created, execute_after) <= now()""")
    assert row is not None
    return [*queue_findings(found.counts, row["oldest"], row["given_up"])]


def account_findings(administrators: int, coordinators: int, single_sign_on: bool) -> Iterator[Finding]:
    """Whether anybody can begin."""
    check = "accounts"
    add = 'programmes staff add NAME --name "…" --role coordinator --role administrator, with the owner\'s settings.'
    if single_sign_on:
        yield Finding(check, "ok", "Staff sign in by single sign-on.")
    elif not coordinators:
        yield Finding(check, "warning", "There is no coordinator: nobody can plan a start.", add)
    else:
        yield Finding(check, "ok", f"{coordinators} coordinators and {administrators} administrators can sign in.")


async def accounts(patient: Patient) -> Sequence[Finding]:
    """How many can sign in with a right to begin."""
    row = await fetchrow("""select (count(distinct s.id) filter (where r.role = 'administrator'))::int as administrators,
      (count(distinct s.id) filter (where r.role = 'coordinator'))::int as coordinators
      from staff s join staff_role r on r.staff_id = s.id where s.active""")
    assert row is not None
    single = patient.settings.single_sign_on is not None
    return [*account_findings(row["administrators"], row["coordinators"], single)]


def decision_findings(undecided: Sequence[str], reference: str, demo: bool = False) -> Iterator[Finding]:
    """Which exemptions from identity rest on no decision of the board yet."""
    check = "board decisions"
    level: Level = "note" if demo else "warning"
    if undecided:
        told = f"No decision of the board is noted for the exemption of {', '.join(undecided)}."
        mend = "A coordinator notes each at /personal/tolkningar when the board has decided."
        yield Finding(check, level, told, "" if demo else mend)
    if not reference:
        told = "No decision of the board on the working list and its retention is named."
        yield Finding(check, level, told, "" if demo else "Put its reference into PROGRAMMES_BOARD_DECISION.")
    if not undecided and reference:
        yield Finding(check, "ok", "Every exemption rests on a decision of the board.")


async def board_decisions(patient: Patient) -> Sequence[Finding]:
    """Whether the board has decided what the guideline leaves to it."""
    missing = [section for section, _ in (await compliance_queries.compliance(patient.now)).undecided]
    return [*decision_findings(missing, patient.settings.board_decision, patient.settings.demo)]


_FEW = 1 << 30


# What follows where one is full, by the name of its setting without `_folder`.
_WHEN_FULL = {
    "key": "On a full disk no key is made, and nobody gets a place.",
    "ballot_key": "On a full disk no ballot box is made, so that no new group can vote.",
    "log_key": "On a full disk nothing that staff looked at is sealed into the chain of the access log.",
    "backup": "On a full disk no backup of the database is made; nobody loses a place.",
    "key_backup": "On a full disk no copy of keys is made, so no backup either; nobody loses a place.",
}


@dataclass(frozen=True)
class Room:
    """A folder: what lies there, as in `_WHEN_FULL`, on which disk, and how many bytes are free on it."""

    what: str
    path: str
    disk: int
    free: int


def room_findings(rooms: Sequence[Room]) -> Iterator[Finding]:
    """What is said of each disk that has little room left, with what follows for each folder on it."""
    check, scarce = "room on disk", [room for room in rooms if room.free < _FEW]
    for disk in dict.fromkeys(room.disk for room in scarce):
        full = [room for room in scarce if room.disk == disk]
        left = min(room.free for room in full)
        told = f"{left >> 20} MB are free where {' and '.join(dict.fromkeys(room.path for room in full))} "
        told += f"{'lies' if len(full) == 1 else 'lie'}. {' '.join(dict.fromkeys(_WHEN_FULL[room.what] for room in full))}"
        mend = "Make room, or enlarge the volume."
        if any("key" in room.what for room in full):
            mend += " Never copy keys elsewhere for it."
        yield Finding(check, "fault" if left < _FEW // 8 else "warning", told, mend)
    if rooms and not scarce:
        least = min(room.free for room in rooms)
        yield Finding(check, "ok", f"{least >> 30} GB or more are free where keys and backups lie.")


async def room(patient: Patient) -> Sequence[Finding]:
    """Room where this part writes."""
    settings = patient.settings
    folders = {"key": settings.key_folder}
    if patient.worker:
        folders |= {
            "ballot_key": settings.ballot_key_folder,
            "log_key": settings.log_key_folder,
            "backup": settings.backup_folder,
            "key_backup": settings.key_backup_folder,
        }
    return [*room_findings([_room(what, path) for what, path in folders.items() if path.is_dir()])]


def _room(what: str, path: Path) -> Room:
    return Room(what, str(path), os.stat(path).st_dev, shutil.disk_usage(path).free)


def example_findings(settings: Settings, worker: bool = True) -> Iterator[Finding]:
    """What still stands as in deploy/env.example, or as nobody has set it. Web has no folder of backups."""
    if settings.demo:
        return
    check = "settings"
    still = [field.name for field in fields(settings) if "CHANGE-" in str(getattr(settings, field.name))]
    if still:
        told = f"A password is still the one of the example, which everybody can read: in {', '.join(still)}."
        mend = "Choose another one, and write it into the settings; of a role of the database: alter role … password '…'."
        yield Finding(check, "fault", told, mend)
    if settings.phone == Settings.phone:
        told, mend = (
            "The telephone number that people are shown is none.",
            "Set PROGRAMMES_PHONE, and look at the hours too.",
        )
        yield Finding(check, "warning", told, mend)
    relative = [
        str(path) for path in [settings.key_folder, *([settings.backup_folder] if worker else [])] if not path.is_absolute()
    ]
    if relative:
        told = f"Where {', '.join(relative)} lies depends on the folder that a command is started in."
        yield Finding(
            check, "warning", told, "Set the folders of keys and backups, each from the root (programmes settings)."
        )


async def example_values(patient: Patient) -> Sequence[Finding]:
    """Values that nobody has chosen."""
    return [*example_findings(patient.settings, patient.worker)]
