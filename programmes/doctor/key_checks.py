"""The checks of the three folders of keys: each by itself, and against the rows that need its keys."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from programmes.core import erasure, key_quarantine, lost_keys
from programmes.core.db import fetch, fetchrow, fetchval
from programmes.core.restore_marks import is_unconfirmed, restore_of
from programmes.core.restoring import no_restore_runs
from programmes.core.rotating import is_rotating
from programmes.core.sealing import KeyFolder, KeyGone, KeysAway, Kind, Receipts
from programmes.core.which_database import put_back_elsewhere
from programmes.doctor import row_keys
from programmes.doctor.findings import Finding, Patient
from programmes.doctor.folder_findings import damaged_of_service, folder_findings
from programmes.doctor.folders import look_at, receipt_lines
from programmes.evaluation.queries import waiting_sizes
from programmes.evaluation.rules import pool
from programmes.oversight.log import chain_rules
from programmes.oversight.log.anchor import Anchor, NoAnchor

_RECEIPTS_BACK = (
    "Put the newest whole copy in its place, as the worker's account: the file as it was copied elsewhere, or the one in the"
    " newest copy of person keys (persons-….age); what has been added here since is added to it. Only if there is no copy,"
    " take the damaged lines out by hand, and look again."
)
_RESTORE = "restore"


async def data_folder(database_url: str) -> Path | None:
    """Where the database keeps its data, if that is on this machine and can be known."""
    parts = urlsplit(database_url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    if not host.startswith("/") and host not in {"localhost", "127.0.0.1", "::1"}:
        return None
    with suppress(asyncpg.PostgresError):
        if told := await fetchval("select current_setting('data_directory')"):
            return Path(told)
    # The private server's socket lies beside its data.
    beside = Path(host).parent / "data"
    return beside if host.startswith("/") and beside.exists() else None


async def _folder(patient: Patient, name: str, folder: Path) -> list[Finding]:
    database = await data_folder(patient.settings.database_url) if patient.database else None
    running = patient.database and await is_rotating()
    facts = look_at(folder, database)
    # With a database that is said with what follows from it.
    service = [] if patient.database else damaged_of_service(name, facts)
    return [*folder_findings(name, facts, patient.settings.demo, running), *service]


async def key_folder(patient: Patient) -> Sequence[Finding]:
    """The folder of web and worker: entries, persons, services, public halves."""
    return await _folder(patient, "key folder", patient.settings.key_folder)


async def restore(patient: Patient) -> Sequence[Finding]:
    """Whether the worker waits for a backup that is put back, by the marks in the key folder."""
    state = restore_of(patient.settings.key_folder)
    if patient.database and await put_back_elsewhere(fetchval, patient.settings.key_folder):
        # Before what the worker has to do: it does not start here.
        begun = ", or that was begun and goes on or broke off" if state else ""
        told = f"This is the old database: a backup was put back into another database than this one{begun}. Web and worker"
        told += " refuse to start on this."
        mend = "Name the new one in every address; or, if this is the right one: programmes keys confirm --yes --instead."
        return [Finding(_RESTORE, "fault", told, mend)]
    if state == "restoring":
        told = (
            "A backup is being put back, or that broke off. Until it has been, whole, nothing that falls due is done, and no"
        )
        told += " job: nothing is sent, counted, ended or erased."
        mend = "Let the restore end; if it broke off, do it again. To go on with the database from before instead, name that"
        mend += " one in every address, and: programmes keys confirm --yes --instead."
        return [Finding(_RESTORE, "fault", told, mend)]
    if state == "restored":
        told = (
            "A backup has been put back, and what had been erased since is not erased again yet. Until it is, nothing that"
        )
        told += " falls due is done, and no job."
        mend = "Start the worker, which does it within seconds; if it cannot, its log says `tick_failed` of `erase_again`."
        return [Finding(_RESTORE, "fault", told, mend)]
    if is_unconfirmed(patient.settings.key_folder):
        told = (
            "A database has been put back, and nobody has said that it is the right one. Until then no key goes because it"
        )
        told += " has no row: with the wrong backup those would be the keys of everybody who has come since. Accounts,"
        told += " passwords, roles and second factors are those of its moment: who was deactivated since may sign in."
        mend = (
            "programmes staff list: deactivate who has left (programmes staff deactivate), and give new passwords where they"
            " were changed for a reason. Is everybody there who should be? Then: programmes keys confirm --yes. Else put the"
            " right backup back."
        )
        return [Finding(_RESTORE, "warning", told, mend)]
    if not (patient.settings.key_folder / "service" / "installation.key").exists():
        # No marks, for there is no folder: that is said of it.
        return []
    return [Finding(_RESTORE, "ok", "The worker waits for no backup that is put back.")]


async def ballot_key_folder(patient: Patient) -> Sequence[Finding]:
    if not patient.worker:
        return []
    return await _folder(patient, "ballot key folder", patient.settings.ballot_key_folder)


async def log_key_folder(patient: Patient) -> Sequence[Finding]:
    if not patient.worker:
        return []
    return await _folder(patient, "log key folder", patient.settings.log_key_folder)


# Opened at one look; of more a random part, another one each time. That a key is missing is counted of all (`keys_of_rows`).
MOST_OPENED = 500


async def keys_open(patient: Patient) -> Sequence[Finding]:
    """Whether keys open what lies under them: another one in its place, as long as it, shows nowhere else."""
    folder = patient.settings.key_folder
    if not (folder / "service" / "installation.key").exists():
        return []
    _, records = await records_open(patient)
    entries = await _tried(KeyFolder.there(folder), "entry", _ENTRIES)
    words = ("entry of working lists", "entries of working lists", row_keys.NO_BACKUP["entries"])
    return [records, _opening("entries", entries, words)]


_PERSONS = "select id, sealed from participant union all select id, sealed from partner_record"
_ENTRIES = "select key_id as id, sealed from enrolment where key_id is not null and sealed is not null"


_WRONG_KEY = (
    "No copy is put over a key that lies there. So stop web and worker, and move {folder}/person out of the folder. Put "
    "them back from the copy that was made with the backup that this database came from, by its moment: programmes restore "
    "--identity - --keys …/persons-….age (docs/operations.md, Put it back). A newer one has the keys from after an exchange "
    "(programmes keys rotate), which open nothing here. If this is said again, move them away again and take the copy "
    "before. Then cp -Rnp what was moved back to its place, for the keys that are newer than the copy. A record that opens "
    "with no copy is damaged itself: the newest backup has it as it was."
)


@dataclass(frozen=True)
class Tried:
    """Of how many rows it was tried, how many opened, and how many have a key that lies there and is not theirs. Of the rest
    no key lies there."""

    looked: int
    opened: int
    wrong: int


async def _tried(keys: KeyFolder, kind: Kind, every: str) -> Tried:
    rows = await fetch(f"select id, sealed from ({every}) as kept order by random() limit $1", MOST_OPENED)
    opened = wrong = 0
    for row in rows:
        with suppress(KeyGone, KeysAway):
            fits = keys.fits(kind, row["id"], row["sealed"])
            opened, wrong = opened + fits, wrong + (not fits)
    return Tried(len(rows), opened, wrong)


async def records_open(patient: Patient) -> tuple[Tried, Finding]:
    """How many protected records open, and what is to be said of it. Raises KeysAway where there is no folder."""
    keys = KeyFolder.there(patient.settings.key_folder)
    tried = await _tried(keys, "person", _PERSONS)
    words = ("protected record", "protected records", _WRONG_KEY.format(folder=keys.folder))
    return tried, _opening("records", tried, words)


def _opening(name: str, tried: Tried, words: tuple[str, str, str]) -> Finding:
    one, several, mend = words
    if tried.wrong:
        of = f" of {tried.looked} that were looked at" if tried.looked == MOST_OPENED else ""
        them = f"1 {one}{of} does" if tried.wrong == 1 else f"{tried.wrong} {several}{of} do"
        return Finding(name, "fault", f"{them} not open with the key that lies there.", mend)
    which = f"Each of {MOST_OPENED} {several}" if tried.looked == MOST_OPENED else f"Every {one}"
    return Finding(name, "ok", f"{which} that has its key opens.")


async def receipts(patient: Patient) -> Sequence[Finding]:
    """Whether the receipts are there that what has been erased must have left."""
    erased = """select exists (select from erasure_receipt)
                    or exists (select from retention_receipt where subject = 'protected_record')"""
    folder = patient.settings.key_folder
    try:
        list(Receipts(folder).read())
    except KeysAway as error:
        told = f"{error}. Until that is mended nothing is sealed, opened or erased, and the worker does not start."
        return [Finding("receipts", "fault", told, _RECEIPTS_BACK)]
    there = (folder / "receipts.jsonl").exists()
    noted = await fetchval("select receipts from restore_mark limit 1")
    other = noted is not None and not _begins_as(folder, noted)
    lines = receipt_lines(folder)
    # Where it is not the file that it was, a line that seems torn was a whole one.
    if damaged := lines.damaged + (lines.torn if other else 0):
        told = f"{damaged} {'lines' if damaged > 1 else 'line'} of {folder / 'receipts.jsonl'}"
        told += f" {'are' if damaged > 1 else 'is'} damaged: what was told there would not be erased again after a restore."
        return [Finding("receipts", "fault", told, _RECEIPTS_BACK)]
    if other:
        told = "receipts.jsonl is an older copy, an emptied or another file than the database knows of: what has been erased"
        told += " since would not be erased again after a restore."
        mend = "Take the file from the newest copy of the key folder. If there is none: programmes keys confirm --yes."
        return [Finding("receipts", "fault", told, mend)]
    if there and not (folder / "receipts.jsonl").stat().st_size and await fetchval(erased):
        told = (
            "The receipts of what had been erased are lost, as somebody has said: a backup from before would bring it back."
        )
        return [Finding("receipts", "note", told)]
    if there or not await fetchval(erased):
        return [Finding("receipts", "ok", "What has been erased has its receipts.")]
    told = "Something has been erased, and receipts.jsonl is not there: a restored backup would bring it back."
    mend = "Take the file from the newest copy of the key folder. If there is none: programmes keys confirm --yes."
    return [Finding("receipts", "fault", told, mend)]


def _begins_as(folder: Path, noted: bytes) -> bool:
    try:
        return Receipts(folder).begins_as(noted)
    except KeysAway:
        # Said by `receipts`.
        return True


async def aside(patient: Patient) -> Sequence[Finding]:
    """How many keys without a row are kept aside."""
    number = len(list(key_quarantine.aside(patient.settings.key_folder)))
    days = patient.settings.key_quarantine_days
    told = (
        f"{number} keys without a row lie aside, each for {days} days. If their rows are missing, put the right backup back."
    )
    return [Finding("keys aside", "note", told)] if number else []


async def small_groups(patient: Patient) -> Sequence[Finding]:
    """Whether small groups still wait that are enough to be mixed: the worker does it within seconds."""
    if not patient.worker:
        return []
    name, counted = "small groups", set(lost_keys.known(patient.settings.key_folder)["ballots"])
    # A restored backup may have brought boxes back that are counted. That receipts can't be read is said of the folder.
    with suppress(OSError):
        counted |= {receipt["key"] for receipt in Receipts(patient.settings.ballot_key_folder).read()}
    late = sorted(
        section
        for (section, _version), sizes in (await waiting_sizes()).items()
        if pool({ballot: answers for ballot, answers in sizes.items() if str(ballot) not in counted})
    )
    if not late:
        return [Finding(name, "ok", "No small groups wait that could be mixed.")]
    told = f"Small groups wait though they are enough to be mixed, in {', '.join(late)}."
    mend = "Start the worker. If a ballot key is missing, it is said above, and in its log (`ballot_key_missing`)."
    return [Finding(name, "fault", told, mend)]


async def log_keys(patient: Patient) -> Sequence[Finding]:
    """Whether the folder of the access log's chain is the one that this database's chain ends with."""
    if not patient.worker:
        return []
    name, folder = "log keys", patient.settings.log_key_folder
    restore = (
        "Take it from the newest copy, unpacked by the worker's account, not by root: age -d -i backup-identity.txt"
        f" …/log-….age | (umask 077; runuser -u programmes-worker -- tar xz -C {folder}); with containers as in"
        " docs/operations.md, Keys that are lost. Then programmes audit verify."
    )
    newest = await fetchrow("select position, mac from look_link order by position desc limit 1")
    if newest is None:
        return [Finding(name, "ok", "There is no chain yet.")]
    anchor = Anchor(folder)
    try:
        anchor.key()
        head = anchor.head()
    except NoAnchor as gone:
        return [Finding(name, "fault", f"The {gone.what} of the access log's chain is not in the folder.", restore)]
    mac = await fetchval("select mac from look_link where position = $1", head.position)
    if mac != head.mac and head != chain_rules.Head():
        return [
            Finding(
                name,
                "fault",
                "The chain in the database does not end as the folder says: another folder, or a restored database.",
                "programmes audit verify says where; after a restored backup programmes audit resume.",
            )
        ]
    broken = await fetchval("select min(broken_at) from chain_check")
    if broken is not None:
        told = f"The worker has found the chain broken at line {broken}."
        return [Finding(name, "fault", told, "programmes audit verify says what does not fit.")]
    return [Finding(name, "ok", "The chain in the database ends as its folder says.")]


async def waiting_jobs(patient: Patient) -> Sequence[Finding]:
    """How many jobs wait for a restore; and whether one runs whose mark is lost."""
    marked = bool(restore_of(patient.settings.key_folder))
    if not marked and not await no_restore_runs():
        told = (
            "A backup is being put back, and the mark of it is not in this key folder: the worker waits, and will not know"
        )
        told += " what to erase again."
        return [Finding(_RESTORE, "fault", told, "Is it the right folder? When the restore has ended: restart the worker.")]
    waiting = await fetchval("select count(*) from pgqueuer where status = 'queued'") if marked else 0
    return [Finding(_RESTORE, "note", f"{waiting} jobs wait for it.")] if waiting else []


async def destructions(patient: Patient) -> Sequence[Finding]:
    """Whether keys that were to be destroyed are."""
    waiting = await fetchval("select count(*) from key_destruction where intended_at < $1", patient.now - erasure.LATE)
    if waiting:
        return [
            Finding(
                "destruction of keys",
                "fault",
                f"{waiting} keys that are to be destroyed have waited for more than a minute.",
                "Start the worker, and see that it can write the key folder, and that nothing lies there in the place of a"
                " key or of a folder (said above of the key folder).",
            )
        ]
    return [Finding("destruction of keys", "ok", "Nothing waits to be destroyed.")]
