"""What a shorter rule would take with it, before anybody decides on it."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time

from programmes.core.clock import at_local
from programmes.core.retention import amount_of
from programmes.core.retention_rules import RULES, Subject, kept_since
from programmes.core.sealing import KeyFolder
from programmes.notices import queries as notices
from programmes.oversight.retention import queries, rules
from programmes.oversight.retention.rules import Archive
from programmes.oversight.retention.services import fates


@dataclass(frozen=True)
class Preview:
    """What the next nightly run, of the local day `night`, would erase by another rule (`goes`) and by the one in force
    (`anyway`), counted in records, boxes or lines. `waits`: records that are due by then and are held, or go to the archive
    first."""

    night: date
    goes: int
    anyway: int
    waits: int = 0


def mark_of(subject: Subject, amount: int, kept: int, found: Preview) -> str:
    """What tells what was shown, and of which number, from anything else."""
    return hashlib.sha256(repr((subject, amount, kept, found)).encode()).hexdigest()[:32]


async def is_shorter(subject: Subject, amount: int) -> bool:
    """Whether that keeps a class for a shorter time than the rule in force."""
    return amount < await amount_of(subject)


async def preview(subject: Subject, amount: int, archive: Archive, keys: KeyFolder, now: datetime) -> Preview:
    """Count, and erase nothing.

    Raises:
        KeysAway: the key folder cannot be used.
    """
    night = rules.next_night(await queries.last_night(), now)
    kept = await amount_of(subject)
    if subject != "protected_record":
        return Preview(night, await _older(subject, amount, night), await _older(subject, kept, night))
    at_night = max(now, at_local(night, time()))
    by_years = []
    for years in (amount, kept):
        due = list(await queries.due_by(night, years))
        by_years.append(list((await fates(due, archive, keys, at_night, years)).values()))
    wanted, today = by_years
    goes = wanted.count("erase")
    return Preview(night, goes, today.count("erase"), len(wanted) - goes)


async def _older(subject: Subject, amount: int, night: date) -> int:
    if subject == "ballots_unread":
        return sum(day <= night for day in await queries.ballots_due(amount))
    before = kept_since(night, amount, RULES[subject].unit)
    if subject == "notice":
        return await notices.sent_before(before)
    return await queries.older_than("access_log" if subject == "access_log" else "audit_entry", before)
